"""`ratiocollapse`: futures detach from spot, so that other signals are worth less.

The coin's own ratio is the measure: over all venues a usual value of one coin is a collapse of another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from signals.features import ago, is_same_market, last, ranks, ratio
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import Matrix, Panel, Series
from signals.rules.model import Compare
from signals.shared import days_ratio, middle_before

WINDOW = timedelta(hours=24)
USUAL = timedelta(days=30)
PAST = timedelta(days=90)
SHRUNK = 0.7
"""A ratio above this part of its usual one has not collapsed, however rare."""

NOT_LOW = 0.5
"""The rank that counts as the least of a ratio that has not shrunk so far."""

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RatioCollapse:
    """The rank of the day's spot / futures ratio in its own 90 days, where it is 0.7 of its own usual one or less."""

    name: str = "ratiocollapse"
    title: str = "futures detach from spot"
    family: Family = Family.STRUCTURE
    claim: Direction | None = None
    unit: Unit = Unit.RANK
    sides: frozenset[str] = frozenset()
    windows: tuple[timedelta, ...] = (WINDOW,)
    needs: frozenset[Metric] = frozenset({Metric.VOLUME_SPOT})
    basis: Metric = Metric.VOLUME_SPOT
    lookback: timedelta = PAST + WINDOW
    compare: Compare = Compare.AT_MOST
    fire: float = 0.05
    clear: float = 0.15
    hold: timedelta = timedelta(minutes=30)

    def step(self, window: timedelta) -> timedelta:
        """5-minute bars; its past is made of hours."""
        del window
        return timedelta(minutes=5)

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """The rank, at least NOT_LOW where the ratio has not shrunk; unknown where venues joined or left in 30 days."""
        del side
        bars, hours = panel.at(self.step(window)), panel.at(_HOUR)
        count = len(bars.times) if rows is None else min(rows, len(bars.times))
        now, stops = ratio(bars, window, count), _stops(hours, bars, count)
        past = _past(hours, window, count)
        usual = _usual(past, hours, stops)
        rank = ranks(past, hours.bars(PAST), stops, now)
        same = is_same_market(bars, hours, ago(hours, bars, USUAL, count))
        known = np.isfinite(rank) & np.isfinite(usual) & same
        return np.where(known, np.where(now <= SHRUNK * usual, rank, np.maximum(rank, NOT_LOW)), np.nan)

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """The ratio, what it is usually, and how much larger futures are than spot."""
        del side
        bars, whole = panel.at(self.step(window)), panel.at(_HOUR)
        column = bars.column(coin)
        now = last(ratio(bars, window, 1), column)
        if column is None or now is None:
            return ()
        hours = whole.only(column)
        past, stops = _past(hours, window, 1), _stops(hours, bars, 1)
        usual = last(_usual(past, hours, stops), 0)
        rank = last(ranks(past, hours.bars(PAST), stops, np.array([[now]])), 0)
        return (
            Fact("spot / futures volume", now, Unit.RATIO, "the same venues on both legs"),
            *([] if usual is None else [Fact("median of 30 days", usual, Unit.RATIO)]),
            *([] if rank is None else [Fact("rank of 90 days", rank, Unit.RANK)]),
            *([Fact("futures / spot", 1 / now, Unit.MULTIPLE)] if now > 0 else []),
        )


def _stops(hours: Panel, bars: Panel, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """How many hours lie before each of the last rows."""
    return np.searchsorted(hours.times, bars.times[len(bars.times) - count :], side="left").astype(np.int64)


def _past(hours: Panel, window: timedelta, count: int) -> Matrix:
    """The ratio of the days that end in each hour, all that the last rows are held against; unknown before them."""
    return days_ratio(hours, window, min(len(hours.times), hours.bars(PAST) + count + 1))


def _usual(past: Matrix, hours: Panel, stops: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Series:
    """The median of the 30 days before each stop."""
    return middle_before(
        hours, "usual ratio", stops, hours.bars(USUAL), lambda start, stop: past[start:stop].astype(np.float64)
    )
