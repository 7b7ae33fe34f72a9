"""`fundingcross`: funding changes sign.

Below and above are told apart by a dead band around zero, and count once a rate has stayed beyond it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from signals.features import are_silent, is_same_market
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import ENOUGH, Matrix, Panel, Series, decimal
from signals.rules.model import Compare

BAND = 0.00002
"""A rate no further from zero than this has no sign."""

DWELL = timedelta(minutes=15)
"""How long a rate must stay beyond the band before it stands on that side."""

NEWS = timedelta(hours=24)
"""How long after it last stood on the other side a change of sign is news."""

LONGEST = timedelta(hours=8)
"""Longer bars do not tell when a sign changed."""

_Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FundingCross:
    """The rate beyond the band on the side it came to, within a day of having stood on the other."""

    name: str = "fundingcross"
    title: str = "funding changed sign"
    family: Family = Family.FUNDING
    claim: Direction | None = None
    unit: Unit = Unit.FRACTION
    sides: frozenset[str] = frozenset(Direction)
    windows: tuple[timedelta, ...] = (timedelta(0),)
    needs: frozenset[Metric] = frozenset({Metric.FUNDING})
    basis: Metric = Metric.FUNDING
    lookback: timedelta = NEWS + DWELL
    compare: Compare = Compare.ABOVE
    fire: float = 0.0
    clear: float = -BAND / 2
    hold: timedelta = timedelta(0)

    def step(self, window: timedelta) -> timedelta:
        """Judged on the shortest bars."""
        del window
        return timedelta(minutes=1)

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """How far the rate is beyond the band on its new side; without a change as far below zero as the band is wide.

        Of a side only changes to that side count. A change between which venues joined or left is unknown.
        """
        bars = panel.at(self.step(window))
        count = len(bars.times) if rows is None else min(rows, len(bars.times))
        if bars.step > LONGEST:
            return np.full((count, len(bars.coins)), np.nan)
        rates = decimal(bars[Metric.FUNDING][len(bars.times) - count :])
        way, since = _changed(bars, count)
        wanted = {Direction.UP: way > 0, Direction.DOWN: way < 0}[Direction(side)] if side else way != 0
        score = np.where(wanted, np.maximum(way * rates, 0.0), 0.0) - BAND
        told = _is_told(bars, count) & ((way == 0) | is_same_market(bars, bars, since))
        return np.where(told, score, np.nan)

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """The rate, and how long ago it last stood on the other side."""
        del side
        bars = panel.at(self.step(window))
        column = bars.column(coin)
        if column is None or not len(bars.times) or bars.step > LONGEST:
            return ()
        own = bars.only(column)
        rate = float(decimal(own[Metric.FUNDING][-1:])[0, 0])
        way, since = (int(of[0, 0]) for of in _changed(own, 1))
        if not np.isfinite(rate):
            return ()
        told = [Fact("funding", rate, Unit.RATE_8H, "longs pay shorts" if rate > 0 else "shorts pay longs")]
        if way:
            was = "below zero" if way > 0 else "above zero"
            hours = (int(bars.times[-1]) - int(bars.times[since])) / (timedelta(hours=1) / timedelta(milliseconds=1))
            told.append(Fact(f"since it stood {was}", hours, Unit.HOURS))
        return told


def _changed(bars: Panel, count: int) -> tuple[_Rows, _Rows]:
    """For each last row the way in which the sign changed within a day, 0 for none, and where it last was other.

    A bar in which a venue was silent tells no sign: the rate may have moved by who was silent alone.
    """
    way, since = np.zeros((count, len(bars.coins)), np.int64), np.full((count, len(bars.coins)), -1, np.int64)
    span = bars.bars(NEWS)
    sides = _sides(bars, min(len(bars.times), count + span))
    above, below = sides > 0, sides < 0
    both = np.flatnonzero(above.any(axis=0) & below.any(axis=0))
    if not len(both) or not count:
        return way, since
    up, down = (_last(of[:, both], count) for of in (above, below))
    now = np.arange(len(sides) - count, len(sides))[:, np.newaxis]
    rose = (up > down) & (down > now - span) & (down >= 0)
    fell = (down > up) & (up > now - span) & (up >= 0)
    way[:, both] = rose.astype(np.int64) - fell
    before = len(bars.times) - len(sides)
    since[:, both] = np.where(rose, down, np.where(fell, up, -1)) + np.where(rose | fell, before, 0)
    return way, since


def _sides(bars: Panel, count: int) -> npt.NDArray[np.int8]:
    """On which side the rate stood in each of the last rows: 1 above, -1 below, 0 on none."""
    if bars.kept is None:
        return _stood_on(bars, count)
    times = bars.times[len(bars.times) - count :]
    return bars.kept.rows(("side of funding", bars.step), times, bars.coins, lambda fresh: _stood_on(bars, fresh))


def _stood_on(bars: Panel, count: int) -> npt.NDArray[np.int8]:
    dwell = bars.bars(DWELL)
    tail = bars.tail(count + dwell)
    rates = tail[Metric.FUNDING]
    whole = np.isfinite(rates) & ~are_silent(tail, len(rates))
    above, below = whole & (rates > np.float32(BAND)), whole & (rates < np.float32(-BAND))
    up, down = (_stood(of, whole, dwell)[len(rates) - count :] for of in (above, below))
    return up.astype(np.int8) - down


def _stood(beyond: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_], bars: int) -> npt.NDArray[np.bool_]:
    """Where all that is known of the last bars, and enough of them and the last one, is beyond."""
    there, told = _counted(beyond, bars), _counted(known, bars)
    stood: npt.NDArray[np.bool_] = beyond & (there == told) & (told >= ENOUGH * bars)
    return stood


def _counted(of: npt.NDArray[np.bool_], bars: int) -> npt.NDArray[np.int32]:
    """How many of the last bars, fewer at the beginning."""
    sums = np.cumsum(of, axis=0, dtype=np.int32)
    counted = sums.copy()
    counted[bars:] -= sums[:-bars]
    return counted


def _last(of: npt.NDArray[np.bool_], count: int) -> _Rows:
    """For each of the last rows the last row up to it where it was so, -1 if none was."""
    if count == 1:
        return np.where(of.any(axis=0), len(of) - 1 - np.argmax(of[::-1], axis=0), -1)[np.newaxis]
    rows = np.where(of, np.arange(len(of), dtype=np.int64)[:, np.newaxis], -1)
    last: _Rows = np.maximum.accumulate(rows, axis=0)
    return last[-count:]


def _is_told(bars: Panel, count: int) -> npt.NDArray[np.bool_]:
    """Whether the rate is known now and in enough of the bars in which a change would be news."""
    span = bars.bars(NEWS)
    tail: Matrix = bars[Metric.FUNDING][max(0, len(bars.times) - count - span) :]
    known = np.isfinite(tail)
    if count == 1:
        enough = known[-span:].sum(axis=0, keepdims=True) >= ENOUGH * span
    else:
        enough = _counted(known, span)[len(tail) - count :] >= ENOUGH * span
    told: npt.NDArray[np.bool_] = known[len(tail) - count :] & enough
    return told
