from dataclasses import replace
from datetime import timedelta
from math import isnan

import numpy as np
import pytest

from signals.heard import code
from signals.liqcluster import LiqCluster
from signals.model import Metric
from signals.panel import Panel, Series
from tests.signals.hourly import NAN, holed, noise, walk
from tests.signals.panels import panel

SIGNAL, WEEK = LiqCluster(), timedelta(days=7)
BARS, DAY = 7 * 24, 24
FARTHEST = 0.0225
GATE, BOTH = code([("gate", False)]), code([("gate", False), ("okx", False)])


def market(price: Series, longs: Series, shorts: Series) -> Panel:
    return panel({Metric.PRICE: price, Metric.LIQ_LONG: longs, Metric.LIQ_SHORT: shorts})


@pytest.mark.parametrize(
    ("at", "share", "lately", "wanted"),
    [
        (100.0, 0.05, 102.0, 0.0),
        (100.0, 0.049, 102.0, FARTHEST),
        (100.0, 0.5, 100.5, FARTHEST),
        (100.5, 0.5, 102.0, 0.005),
        (99.75, 0.5, 102.0, 0.0025),
        (100.49, 0.5, 102.0, 0.0049),
        (101.99, 0.5, 98.0, 0.0199),
        (103.0, 0.5, 98.0, FARTHEST),
    ],
)
def test_the_price_comes_back_to_where_many_were_liquidated(
    at: float, share: float, lately: float, wanted: float
) -> None:
    """One old bar at that price has that share; the rest was far away; within the day the price was elsewhere."""
    price = np.concatenate([np.full(BARS, 150.0), np.full(DAY - 1, lately), [100.0]])
    longs = np.concatenate([np.full(BARS, (1 - share) / (BARS - 1)), np.zeros(DAY)])
    price[50], longs[50] = at, share

    told = float(SIGNAL.score(market(price, longs, np.zeros(BARS + DAY)), WEEK, 1)[0, 0])

    assert told == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize(("unknown", "is_known"), [(16, True), (17, False)])
def test_a_week_of_which_a_tenth_is_unknown_has_no_level(unknown: int, *, is_known: bool) -> None:
    price, longs = np.full(BARS + DAY, 100.0), np.ones(BARS + DAY)
    longs[:unknown] = NAN

    told = SIGNAL.score(market(price, longs, np.zeros(BARS + DAY)), WEEK, 1)

    assert bool(np.isfinite(told[0, 0])) == is_known


@pytest.mark.parametrize(
    ("joined", "at", "told"),
    [(0, 8, 0.0), (16, 8, 0.0), (16, 160, FARTHEST), (17, 8, NAN), (151, 160, NAN), (152, 160, 0.0), (BARS, 160, 0.0)],
)
def test_a_week_within_which_a_venue_joins_has_no_levels_until_most_of_it_is_told_by_the_same(
    joined: int, at: int, told: float
) -> None:
    """Many were liquidated in one hour of the week; a venue was heard in the last so many hours of it."""
    price = np.concatenate([np.full(BARS, 150.0), np.full(DAY - 1, 102.0), [100.0]])
    longs = np.concatenate([np.full(BARS, 0.9 / (BARS - 1)), np.zeros(DAY)])
    price[at], longs[at] = 100.0, 0.1
    heard = np.full(BARS + DAY, GATE)
    heard[BARS - joined : BARS] = BOTH
    of = market(price, longs, np.zeros(BARS + DAY))
    of = replace(of, matrices={**of.matrices, Metric.LIQ_HEARD: heard.astype(np.float32)[:, np.newaxis]})

    assert SIGNAL.score(of, WEEK, 1)[0, 0] == pytest.approx(told, abs=1e-6, nan_ok=True)


def test_it_equals_a_slow_calculation() -> None:
    price = holed(11, walk(11, 0.004))
    longs, shorts = (holed(seed, np.exp(noise(seed, 1.5))) for seed in (12, 13))

    scores = SIGNAL.score(market(price[:700], longs[:700], shorts[:700]), WEEK)[:, 0]

    wanted, rows = [], range(BARS + DAY - 1, 700, 3)
    for row in rows:
        now, lately = price[row], [p for p in price[row - DAY + 1 : row + 1] if not isnan(p)]
        old = range(row - BARS - DAY + 1, row - DAY + 1)
        told = [(price[i] / now - 1, longs[i] + shorts[i]) for i in old if not isnan(price[i] + longs[i] + shorts[i])]
        if isnan(now) or len(told) < 0.9 * BARS or len(lately) < 0.9 * DAY:
            wanted.append(NAN)
            continue
        nearest, whole = FARTHEST, sum(s for _, s in told)
        for half in range(-16, 15):
            level = [(at, s) for at, s in told if half * 0.00125 <= at < (half + 2) * 0.00125]
            closed = sum(s for _, s in level)
            if closed and closed >= 0.05 * whole:
                at = sum(at * s for at, s in level) / closed
                away = max(abs(p / now - 1 - at) for p in lately)
                nearest = min(nearest, abs(at)) if away >= 0.01 else nearest
        wanted.append(nearest)
    np.testing.assert_allclose(scores[list(rows)], wanted, atol=1e-6)
    assert np.isnan(wanted).any()
    assert len(np.unique(wanted)) > 4
