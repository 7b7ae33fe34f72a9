from datetime import timedelta
from math import isnan

import numpy as np
import pytest

from signals.fundingextreme import FundingExtreme
from signals.model import Metric
from signals.panel import Panel, Series
from tests.signals.hourly import CHECKED, NAN, QUARTER, ROWS, holed, noise, rank
from tests.signals.panels import panel

SIGNAL, LEVEL = FundingExtreme(), timedelta(0)


def market(rates: Series) -> Panel:
    return panel(
        {
            Metric.FUNDING: rates,
            Metric.PRICE: np.full(len(rates), 100.0),
            Metric.OI_LEVEL: np.full(len(rates), 1e6),
        }
    )


@pytest.mark.parametrize(
    ("rate", "usual", "high"),
    [
        (0.0004, 0.0001, 1.0),
        (0.0003, 0.0001, 1.0),
        (0.00029, 0.0001, 0.0),
        (0.0004, 0.0004, 0.0),
        (0.0004, 0.0005, 0.0),
        (-0.0003, 0.0001, -1.0),
        (-0.00029, 0.0001, 0.0),
        (-0.0004, -0.0005, 0.0),
        (NAN, 0.0001, NAN),
    ],
)
def test_a_rate_is_extreme_where_it_is_rare_large_and_on_that_side_of_zero(
    rate: float, usual: float, high: float
) -> None:
    of = market(np.append(np.full(QUARTER, usual), rate))

    told = [float(SIGNAL.score(of, LEVEL, 1, side)[0, 0]) for side in ("high", "low", "")]

    assert told == pytest.approx([high, -high, abs(high)], nan_ok=True)


def test_it_equals_a_slow_calculation() -> None:
    rates = holed(1, noise(1, 0.0002))

    scores = SIGNAL.score(market(rates), LEVEL, side="high")[:, 0]

    wanted = []
    for row in CHECKED:
        far = 2 * rank(rates, row) - 1
        large = abs(rates[row]) >= 0.0003 and (far > 0) == (rates[row] > 0)
        wanted.append(NAN if isnan(far) else far if large else 0.0)
    np.testing.assert_allclose(scores[list(CHECKED)], wanted, rtol=1e-9)
    assert np.nanmax(wanted) > 0.8
    assert np.nanmin(wanted) < -0.8
    assert len(scores) == ROWS
