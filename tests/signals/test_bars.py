"""Bars of few rows close just as bars of many, and take no room for what was never known."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from signals.aggregate import Cycle, Reading, Weighing
from signals.bars import Bars, enough_to_close
from signals.model import Metric
from signals.panel import Panel, resolutions
from tests.signals.panels import START

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HOURS = 3


def cycle(minute: int) -> Cycle:
    at = START + minute * MINUTE
    said: Mapping[Metric, float] = {Metric.PRICE: 100.0 + minute, Metric.LIQ_LONG: float(minute % 7)}
    of = {metric: Reading(value, at, ("okx",), (), 1.0, Weighing.ONE) for metric, value in said.items()}
    return Cycle(at, "TEST", {"BTC": of}, ())


def closed(bars: Bars) -> list[tuple[Panel, ...]]:
    return [bars.close(cycle(minute)) for minute in range(1, HOURS * 60 + 1)]


def test_who_keeps_just_enough_to_close_closes_the_same_bars() -> None:
    rows = resolutions(MINUTE)

    few, many = closed(Bars(enough_to_close(rows))), closed(Bars(rows))

    assert sum(len(bars) for bars in few) == sum(len(bars) for bars in many) == HOURS * (60 + 12 + 1)
    for one, other in zip(few, many, strict=True):
        for made, wanted in zip(one, other, strict=True):
            assert (made.step, made.coins, made.times.tolist()) == (wanted.step, wanted.coins, wanted.times.tolist())
            assert all(np.array_equal(made[m], wanted[m], equal_nan=True) for m in Metric)
    assert float(few[-1][-1][Metric.LIQ_LONG][0, 0]) == sum(minute % 7 for minute in range(121, 181))


def test_what_was_never_known_takes_no_room() -> None:
    bars = Bars(resolutions(MINUTE))

    closed(bars)

    assert {*bars.panel().matrices} == {Metric.PRICE, Metric.LIQ_LONG}
    assert np.isnan(bars.panel()[Metric.FUNDING]).all()
