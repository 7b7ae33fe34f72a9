from datetime import timedelta
from math import isnan

import numpy as np
import pytest

from signals.crowdedlongs import CrowdedLongs
from signals.model import Metric
from signals.panel import Panel, Series
from tests.signals.hourly import CHECKED, NAN, QUARTER, holed, noise, rank
from tests.signals.panels import panel

SIGNAL, LEVEL = CrowdedLongs(), timedelta(0)


def market(accounts: Series, rates: Series) -> Panel:
    flat = np.ones(len(rates))
    return panel({Metric.LS: accounts, Metric.FUNDING: rates, Metric.PRICE: 100 * flat, Metric.OI_LEVEL: 1e6 * flat})


@pytest.mark.parametrize(
    ("part", "rate", "wanted"),
    [
        (1.0, 0.0003, 2.0),
        (0.95, 0.0003, 1.0),
        (0.96, 0.0003, 1.2),
        (0.9, 0.0003, 0.0),
        (0.1, 0.0003, 0.0),
        (1.0, 0.00029, 0.0),
        (1.0, -0.0003, 0.0),
        (1.0, NAN, NAN),
    ],
)
def test_longs_are_a_crowd_where_they_are_many_for_the_coin_and_pay(part: float, rate: float, wanted: float) -> None:
    below = round(part * QUARTER)
    accounts = np.concatenate([np.full(below, 1.0), np.full(QUARTER - below, 3.0), [2.0]])

    told = float(SIGNAL.score(market(accounts, np.full(QUARTER + 1, rate)), LEVEL, 1)[0, 0])

    assert told == pytest.approx(wanted, nan_ok=True, abs=0.005)


def test_it_equals_a_slow_calculation() -> None:
    accounts, rates = holed(2, np.exp(noise(2))), holed(3, noise(3, 0.0005))

    scores = SIGNAL.score(market(accounts, rates), LEVEL)[:, 0]

    wanted = []
    for row in CHECKED:
        own = rank(accounts, row)
        paid = min(2.0, max(0.0, 2 - (1 - own) / 0.05)) if rates[row] >= 0.0003 else 0.0
        wanted.append(NAN if isnan(own) or isnan(rates[row]) else paid)
    np.testing.assert_allclose(scores[list(CHECKED)], wanted, rtol=1e-6, atol=1e-9)
    assert np.isnan(wanted).any()
    assert np.nanmax(wanted) > 0
