"""Yardsticks: a number held against the coin's own past, as a rank, in spreads, or as a multiple of the usual sum.

| yardstick | past | its bars |
|---|---|---|
| rank | 90 days; of a score 60, because before them its own baseline lies | hours |
| spreads | 8 days up to a window of 4 hours, else and for levels 90 days | 5 minutes; hours |
| multiple | 30 days, up to where the sum's own window begins | hours |

A window shorter than those bars is held against what shorter bars keep: 8 days of 5 minutes, a day of minutes.
Everything is compared as precisely as bars are, so that a value ties with itself in the past.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias, assert_never

import numpy as np
import numpy.typing as npt

from signals import features
from signals.base import Signal
from signals.heard import Heard, Lacking, heard_in
from signals.kept import Kept
from signals.model import Metric, Yardstick
from signals.numbers import DAY, HOUR, LEVEL, MINUTE, SUMS, Number, bars_of, values
from signals.panel import Instants, Matrix, Panel, Series
from signals.shared import middle_in, normal_in, on_own, shares_in
from signals.units import yearly

Signals: TypeAlias = Mapping[str, Signal]

FIVE = timedelta(minutes=5)
_SHORT = timedelta(hours=4)
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The past that a number is held against: bars of at least that length, over that span."""

    step: timedelta
    span: timedelta


_RANK, _RANK_OF_SCORE = Baseline(HOUR, 90 * DAY), Baseline(HOUR, 60 * DAY)
_SPREADS, _SPREADS_OF_SHORT = Baseline(HOUR, 90 * DAY), Baseline(FIVE, 8 * DAY)
_MULTIPLE = Baseline(HOUR, 30 * DAY)
_OF_MINUTES, _OF_FIVE_MINUTES = Baseline(MINUTE, DAY), Baseline(FIVE, 8 * DAY)


def baseline_of(yardstick: Yardstick, number: Number, signals: Signals) -> Baseline:
    """What past the yardstick takes of that number."""
    if number.name in signals:
        return _RANK_OF_SCORE
    if LEVEL < number.window < FIVE:
        return _OF_MINUTES
    if LEVEL < number.window < HOUR:
        return _OF_FIVE_MINUTES
    match yardstick:
        case Yardstick.MULTIPLE:
            return _MULTIPLE
        case Yardstick.SPREADS:
            return _SPREADS_OF_SHORT if LEVEL < number.window <= _SHORT else _SPREADS
        case _:
            return _RANK


def fits(yardstick: Yardstick, number: Number) -> bool:
    """Whether the number can be held against that: usual sums are of sums, and scores are ranked only."""
    match yardstick:
        case Yardstick.MULTIPLE:
            return number.name in SUMS
        case Yardstick.SPREADS:
            return number.name in FLOORS or _closes(number)
        case _:
            return True


@dataclass(frozen=True, slots=True)
class Floor:
    """The least spread of a number: in its own unit, or as a share of its own middle."""

    least: float = 0.0
    share: float = 0.0


_RATE, _COUNT = Floor(0.00001), Floor(share=0.003)
_RATIO = Floor(0.01)
FLOORS: Mapping[str, Floor] = {
    Metric.PRICE: Floor(0.002),
    Metric.OI: Floor(0.003),
    Metric.FUNDING: _RATE,
    Metric.FUNDING_SETTLED: _RATE,
    Metric.FUNDING_APR: Floor(yearly(0.00001)),
    Metric.BASIS: _RATE,
    Metric.OI_LEVEL: _COUNT,
    Metric.OI_USD: _COUNT,
    Metric.LS: _RATIO,
    Metric.LS_TOP: _RATIO,
    Metric.LS_POS: _RATIO,
    Metric.TAKER: _RATIO,
    Metric.RATIO: Floor(0.001),
    Metric.VOLUME: Floor(share=0.01),
    Metric.VOLUME_SPOT: Floor(share=0.01),
}
"""Half of many series is one and the same value: without a floor every tick of them would be infinitely far away.

Liquidations have that of their multiple instead: 0.2 basis points of open interest.
"""


@dataclass(frozen=True, slots=True)
class Past:
    """What a number was on the bars of its baseline, of which `count` lie in it; stored as precisely as bars are."""

    times: Instants
    coins: tuple[str, ...]
    step: timedelta
    count: int
    series: Matrix

    def stops(self, ends: Instants, within: timedelta | None) -> npt.NDArray[np.int64]:
        """For each end of a value how many rows lie before it; with `within`, before the span that it covers."""
        if within is None:
            return np.searchsorted(self.times, ends, side="left").astype(np.int64)
        return np.searchsorted(self.times, ends - within // _MS, side="right").astype(np.int64)

    def window(self, stop: int) -> Matrix:
        """The rows of the baseline before a stop."""
        return self.series[max(0, stop - self.count) : stop]

    def rows(self, start: int, stop: int) -> Series:
        """Some of its rows."""
        return self.series[start:stop].astype(np.float64)

    def ranks(self, x: Series, stops: npt.NDArray[np.int64]) -> Series:
        """The share of the past that lies below each value, mid-rank for ties."""
        return features.ranks(self.series, self.count, stops, x)

    def middle(self, stops: npt.NDArray[np.int64]) -> Series:
        """The median of the past before each stop."""
        each, where = np.unique(stops, return_inverse=True)
        return features.middle(*self._last(each))[where]

    def normal(self, stops: npt.NDArray[np.int64]) -> tuple[Series, Series]:
        """Median and spread of the past before each stop."""
        each, where = np.unique(stops, return_inverse=True)
        middle, spread = features.baseline(*self._last(each))
        return middle[where], spread[where]

    def _last(self, stops: npt.NDArray[np.int64]) -> tuple[Series, int, npt.NDArray[np.int64]]:
        """The rows that baselines before those stops reach into, and the stops among them."""
        start, stop = (max(0, int(stops[0]) - self.count), int(stops[-1])) if len(stops) else (0, 0)
        return self.series[start:stop].astype(np.float64), self.count, stops - start


class Memory:
    """What was computed of the past and stays true while bars come: kept from one moment to the next.

    It belongs to bars whose closed rows never change. Where they do, as after a backfill, a new one is needed.
    """

    def __init__(self) -> None:
        self.kept = Kept()
        self._pasts: dict[tuple[Number, Baseline], Past] = {}

    def past(self, panel: Panel, number: Number, of: Baseline, signals: Signals) -> Past:
        """The number on the bars of the baseline; only rows that were not known before are computed."""
        coarse = panel.without_finer(of.step)
        bars = bars_of(coarse, number, signals)
        known = self._pasts.get((number, of))
        fresh = len(bars.times) if known is None else _fresh(known, bars)
        if known is None or fresh or len(known.times) != len(bars.times):
            series = np.full(bars.shape, np.nan, np.float32)
            old = len(bars.times) - fresh
            if known is not None and old:
                series[:old] = known.series[len(known.series) - old :]
            if fresh:
                series[old:] = values(coarse, number, signals, fresh)
            known = Past(bars.times.copy(), bars.coins, bars.step, of.span // bars.step, series)
            self._pasts[number, of] = known
        return known

    def usual(
        self, number: Number, yardstick: Yardstick, past: Past, stops: npt.NDArray[np.int64], heard: Heard | None
    ) -> tuple[Series, ...]:
        """Before each stop the median, and for spreads the spread; kept of a single one: most moments ask again."""
        in_spreads = yardstick is Yardstick.SPREADS
        tell = normal_in if in_spreads else middle_in
        if len(stops) != 1:
            plain = past.normal(stops) if in_spreads else (past.middle(stops),)
            return plain if heard is None else on_own(plain, heard, stops, past.count, past.rows, tell)
        key, times = ("usual", number, yardstick), past.times[: stops[0]]

        def told() -> tuple[Series, ...]:
            windows = self.kept.ordered(key, times, past.coins, past.count, past.rows)
            return features.normal_of(windows, past.count) if in_spreads else (features.middle_of(windows, past.count),)

        known = self.kept.told(key, times, past.coins, told)
        if heard is None:
            return known
        own, needed = ("own", *key), heard.needed.tobytes()
        return self.kept.told(
            own, times, past.coins, lambda: on_own(known, heard, stops, past.count, past.rows, tell), needed
        )


def _fresh(known: Past, bars: Panel) -> int:
    """How many of the last rows are new: all where coins came, or where the bars begin anew."""
    old = int(np.searchsorted(bars.times, known.times[-1], side="right")) if len(known.times) else 0
    same = known.coins == bars.coins and len(known.times) >= old
    if not same or not np.array_equal(known.times[len(known.times) - old :], bars.times[:old]):
        return len(bars.times)
    return len(bars.times) - old


@dataclass(frozen=True, slots=True)
class Measured:
    """Values of one number with the ends of their bars, to be held against its past. `bars` are those they stand on."""

    number: Number
    ends: Instants
    values: Series
    bars: Panel


def measure(yardstick: Yardstick, of: Measured, panel: Panel, signals: Signals, memory: Memory) -> Series:
    """The values by the yardstick, rows x coins; row t uses bars up to its own end only; NaN without enough past."""
    if not fits(yardstick, of.number):
        return np.full(of.values.shape, np.nan)
    baseline = baseline_of(yardstick, of.number, signals)
    past = memory.past(panel, of.number, baseline, signals)
    stored = of.values.astype(np.float32).astype(np.float64)
    heard = _heard(of, bars_of(panel.without_finer(baseline.step), of.number, signals)) if _closes(of.number) else None
    match yardstick:
        case Yardstick.VALUE:
            return of.values
        case Yardstick.RANK:
            stops = past.stops(of.ends, None)
            plain = past.ranks(of.values, stops)

            def ranked(window: Series, lacking: Lacking) -> tuple[Series]:
                return (shares_in(window, stored[lacking.row, lacking.columns]),)

            return plain if heard is None else on_own([plain], heard, stops, past.count, past.rows, ranked)[0]
        case Yardstick.SPREADS:
            middle, spread = memory.usual(of.number, yardstick, past, past.stops(of.ends, None), heard)
            return (stored - middle) / np.maximum(spread, _least_spread(of, middle))
        case Yardstick.MULTIPLE:
            own = max(of.number.window, of.bars.step)
            (middle,) = memory.usual(of.number, yardstick, past, past.stops(of.ends, own), heard)
            usual = (
                np.maximum(middle, features.least_liquidated(of.bars, len(stored))) if _closes(of.number) else middle
            )
            return np.where(usual > 0, stored / np.where(usual > 0, usual, 1.0), np.nan)
    assert_never(yardstick)


def _heard(of: Measured, past: Panel) -> Heard | None:
    """Whose liquidations are in the values, and in the sums of the past."""
    window = of.number.window
    return heard_in(of.bars, of.bars.bars(window), len(of.values), past, past.bars(window))


def _closes(number: Number) -> bool:
    return Metric.LIQ_LONG in SUMS.get(number.name, ()) or Metric.LIQ_SHORT in SUMS.get(number.name, ())


def _least_spread(of: Measured, middle: Series) -> Series:
    if _closes(of.number):
        return features.least_liquidated(of.bars, len(middle))
    floor = FLOORS[of.number.name]
    return np.maximum(floor.least, floor.share * np.abs(middle))
