from datetime import timedelta
from math import isnan
from statistics import median

import numpy as np
import pytest

from signals.model import Metric
from signals.momentum import Momentum
from signals.panel import Panel, Series
from tests.signals.hourly import CHECKED, NAN, QUARTER, holed, noise, rank, walk
from tests.signals.panels import panel

SIGNAL, WINDOW = Momentum(), timedelta(hours=4)


def market(price: Series, oi: Series, rates: Series) -> Panel:
    return panel({Metric.PRICE: price, Metric.OI_LEVEL: oi, Metric.FUNDING: rates})


@pytest.mark.parametrize(
    ("price", "oi", "rate", "usual", "wanted"),
    [
        (0.01, 0.03, 0.0001, 0.0001, 5.0),
        (0.02, 0.015, 0.0001, 0.0001, 5.0),
        (0.01, 0.03, 0.0002, 0.0001, 0.0),
        (0.01, 0.03, 0.0, 0.0001, 0.0),
        (0.01, 0.03, -0.0001, 0.0001, 0.0),
        (-0.01, 0.03, 0.0001, 0.0001, -5.0),
        (0.01, -0.03, 0.0001, 0.0001, -10.0),
        (0.01, -0.03, -0.0001, 0.0001, -10.0),
        (0.01, 0.03, NAN, 0.0001, NAN),
        (NAN, 0.03, 0.0001, 0.0001, NAN),
        (0.01, NAN, 0.0001, 0.0001, NAN),
    ],
)
def test_the_smaller_rise_counts_while_longs_pay_a_usual_price(
    price: float, oi: float, rate: float, usual: float, wanted: float
) -> None:
    flat = np.ones(QUARTER)
    of = market(
        np.append(100 * flat, 100 * (1 + price)),
        np.append(1e6 * flat, 1e6 * (1 + oi)),
        np.append(usual * flat, rate),
    )

    assert float(SIGNAL.score(of, WINDOW, 1)[0, 0]) == pytest.approx(wanted, nan_ok=True, abs=0.001)


def spreads(values: Series, row: int, floor: float) -> float:
    moves = [values[i] / values[i - 4] - 1 for i in range(row - 192, row + 1)]
    past = [move for move in moves[:-1] if not isnan(move)]
    if len(past) < 0.9 * 192:
        return NAN
    middle = median(past)
    return (moves[-1] - middle) / max(1.4826 * median(abs(move - middle) for move in past), floor)


def test_it_equals_a_slow_calculation() -> None:
    price, oi, rates = holed(6, walk(6, 0.01)), holed(7, 1e4 * walk(7, 0.01)), holed(8, 1e-4 + noise(8, 1e-4))

    scores = SIGNAL.score(market(price, oi, rates), WINDOW)[:, 0]

    wanted = []
    for row in CHECKED:
        both = (spreads(price, row, 0.002), spreads(oi, row, 0.003))
        own = rank(rates, row)
        calm = rates[row] > 0 and own < 0.95
        wanted.append(NAN if isnan(own) or any(map(isnan, both)) else min(both) if calm else min(*both, 0.0))
    np.testing.assert_allclose(scores[list(CHECKED)], wanted, rtol=1e-4, atol=1e-4)
    assert np.isnan(wanted).any()
    assert np.nanmax(wanted) > 0.5


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ([1.0, 3.0, 3.0, 3.0, 2.0], "yes, longs / shorts rose too"),
        ([2.0, 1.0, 1.0, 0.5, 1.0], "no, longs / shorts did not rise"),
        ([1.0, 1.0, 1.0, 1.0, 1.0], "no, longs / shorts did not rise"),
        ([NAN, 1.0, 1.0, 1.0, 2.0], None),
        ([1.0, 1.0, 1.0, 1.0, NAN], None),
    ],
)
def test_the_accounts_confirm_it_where_their_ratio_rose_over_the_whole_window(
    accounts: list[float], said: str | None
) -> None:
    flat = np.ones(QUARTER + 1)
    ratio = np.append(1.5 * flat[: QUARTER - 4], accounts)
    of = panel({Metric.PRICE: flat, Metric.OI_LEVEL: flat, Metric.FUNDING: 1e-4 * flat, Metric.LS: ratio})

    facts = {fact.label: fact.text for fact in SIGNAL.evidence(of, of.coins[0], WINDOW)}

    assert facts.get("confirmed by accounts") == said
