"""Whose liquidations are in a sum: it is held only against sums in which all of them were heard as well.

Bars keep it as one number: of each venue in STREAMS a bit for what it tells, and one for telling it in full; of all
others together one bit. Of bars that do not say it, nothing is held against them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from signals.model import Metric
from signals.panel import ENOUGH, Marks, Matrix, Panel, Series

STREAMS = ("binance", "bybit", "okx", "gate", "bitget")
"""Venues with a stream of liquidations, each in its place for good: stored bars name them by it."""

OWN = 0.1
"""Part of a baseline that must have heard all who are in the sum: three days of 30."""

_OTHERS = 1 << 2 * len(STREAMS)
_EVERYBODY = 2 * _OTHERS - 1

Codes = npt.NDArray[np.int64]


def code(told: Iterable[tuple[str, bool]]) -> int:
    """The number for these venues, each with whether it tells a sample only."""
    sample = {venue: 1 << 2 * place for place, venue in enumerate(STREAMS)}
    whole = 0
    for venue, is_sample in told:
        bit = sample.get(venue, _OTHERS)
        whole |= bit if is_sample or bit == _OTHERS else 3 * bit
    return whole


def in_most(matrix: Matrix) -> Matrix:
    """Who was heard in ENOUGH of these bars, as the row of the bar that they make; unknown where none says it."""
    told = np.isfinite(matrix)
    count = told.sum(axis=0)
    codes, heard = _codes(matrix, unknown=0), np.zeros(matrix.shape[1], np.int64)
    for bit in (1 << place for place in range(_EVERYBODY.bit_length())):
        heard += np.where(np.count_nonzero(codes & bit, axis=0) >= ENOUGH * count, bit, 0)
    row: Matrix = np.where(count > 0, heard, np.nan).astype(np.float32)[np.newaxis]
    return row


def counting(now: Matrix, past: Matrix) -> Marks:
    """Which bars of one coin's past these bars may be held against: those that lack nobody who is in one of these.

    Where a bar of the past does not say it, it counts.
    """
    needed = np.bitwise_or.reduce(_codes(now, unknown=0))
    counts: Marks = (needed & ~_codes(past, unknown=_EVERYBODY)) == 0
    return counts


def evenly(told: Matrix) -> Marks:
    """Which bars may be weighed against each other, bars x coins: in them is nobody but who was heard in ENOUGH of all.

    Where a bar does not say it, it may.
    """
    counts = np.ones(told.shape, np.bool_)
    mixed = np.flatnonzero((told != told[-1]).any(axis=0))
    if len(mixed):
        own = told[:, mixed]
        counts[:, mixed] = (_codes(own, unknown=0) & ~_codes(in_most(own), unknown=_EVERYBODY)) == 0
    return counts


@dataclass(frozen=True, slots=True)
class Lacking:
    """Coins in whose past some bars lack somebody who is in the value of that row; which bars count for them.

    `counts` is bars from start to stop x those columns.
    """

    row: int
    start: int
    stop: int
    columns: npt.NDArray[np.int64]
    counts: Marks


@dataclass(frozen=True, slots=True)
class Heard:
    """Who is in the values, rows x coins, and the bars of the past, whose own values are sums over `window` of them."""

    needed: Codes
    past: Panel
    window: int

    def lacking(self, stops: npt.NDArray[np.int64], bars: int) -> Iterator[Lacking]:
        """For each row the coins of whose `bars` before its stop some do not count, where there are any."""
        in_all, last = np.empty(0, np.int64), -1
        for row, stop in enumerate(stops.tolist()):
            start = max(0, stop - bars)
            if stop != last:
                in_all, last = self._in_all(start, stop), stop
            columns = np.flatnonzero(self.needed[row] & ~in_all)
            if len(columns):
                before = self._before(start, stop)[:, columns]
                yield Lacking(row, start, stop, columns, (self.needed[row, columns] & ~before) == 0)

    def _in_all(self, start: int, stop: int) -> Codes:
        """Who was heard in all of these bars."""

        def told() -> tuple[Series, ...]:
            return (np.bitwise_and.reduce(self._before(start, stop), axis=0, initial=_EVERYBODY).astype(np.float64),)

        past, key = self.past, ("heard", self.past.step, self.window, stop - start)
        known = told() if past.kept is None else past.kept.told(key, past.times[:stop], past.coins, told)
        return known[0].astype(np.int64)

    def _before(self, start: int, stop: int) -> Codes:
        first = max(0, start - self.window + 1)
        codes = _codes(self.past[Metric.LIQ_HEARD][first:stop], unknown=_EVERYBODY)
        return _over(np.bitwise_and, codes, self.window, stop - start)


def heard_in(values: Panel, window: int, rows: int, past: Panel, past_window: int) -> Heard | None:
    """Who is in the last rows of sums over `window` bars, to be held against such over `past_window` bars of a past.

    None where bars do not say it.
    """
    if not all(Metric.LIQ_HEARD in panel.matrices for panel in (values, past)):
        return None
    told = values[Metric.LIQ_HEARD][max(0, len(values.times) - rows - window + 1) :]
    return Heard(_over(np.bitwise_or, _codes(told, unknown=0), window, rows), past, past_window)


def _codes(matrix: Matrix, *, unknown: int) -> Codes:
    return np.where(np.isfinite(matrix), matrix, unknown).astype(np.int64)


def _over(join: np.ufunc, codes: Codes, window: int, rows: int) -> Codes:
    """Of the last rows what the codes of their window are together, as far back as there are any."""
    if rows == 1:
        joined: Codes = join.reduce(codes[-window:], axis=0)[np.newaxis]
        return joined
    short = max(0, rows + window - 1 - len(codes))
    nobody = np.full((short, codes.shape[1]), 0 if join is np.bitwise_or else _EVERYBODY, np.int64)
    wide = np.concatenate([nobody, codes])
    out = wide[len(wide) - rows :].copy()
    for back in range(1, window):
        join(out, wide[len(wide) - rows - back : len(wide) - back], out=out)
    return out
