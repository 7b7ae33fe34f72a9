"""What is known of each judged cell, in columns: its value now, where it stood last, and when it was known.

Number 0 is no cell: its value is 0 and never moves.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import isnan, nan
from typing import Protocol

import numpy as np

from signals.cells import Seen
from signals.index import Flags, Floats, Numbers
from signals.judge import MISSED_BARS
from signals.model import Cell
from signals.standing import Standing

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
NEVER = -(2**62)
NOWHERE = 0


def to_ticks(at: datetime) -> int:
    """Microseconds since 1970: exact, so that times can be compared in columns."""
    return (at - _EPOCH) // _TICK


@lru_cache(1024)
def from_ticks(ticks: int) -> datetime | None:
    """The time of so many microseconds; None of NEVER."""
    return None if ticks == NEVER else _EPOCH + ticks * _TICK


@lru_cache(64)
def length_of(ticks: int) -> timedelta:
    """So many microseconds."""
    return ticks * _TICK


class Source(Protocol):
    """Says what cells say at one moment."""

    def read(self, cell: Cell) -> Seen:
        """The cell's value with what it rests on."""
        ...


@dataclass(frozen=True, slots=True)
class Readings:
    """What all cells say at one moment, by cell: NaN is unknown. `ends` and `steps` are in microseconds."""

    values: Floats
    held: Floats
    ends: Numbers
    steps: Numbers


class Columns:
    """The cells that rules read, each under its number. Grows by doubling; numbers stay."""

    def __init__(self) -> None:
        self._heard = 0
        """Numbers below that were read at the last judged moment."""
        self.cells: list[Cell | None] = [None]
        self.coins = [""]
        """By number the cell's coin."""
        self._numbers: dict[Cell, int] = {}
        self._steps: dict[timedelta, int] = {}
        self.value, self.held = np.zeros(64), np.zeros(64)
        self.low, self.high = np.zeros(64), np.zeros(64)
        """Lowest and highest value now; NaN where unknown."""
        self.last_low, self.last_high = np.zeros(64), np.zeros(64)
        """The same when the cell was known last."""
        self.end, self.step = np.zeros(64, np.int64), np.zeros(64, np.int64)
        self.moment, self.before = np.full(64, NEVER), np.full(64, NEVER)
        """The last judged moment with news of the cell, and the one before it."""
        self.is_blank = True
        """No moment was judged yet: nothing is known to have stood anywhere."""
        self.lit = np.full(64, NEVER)
        """The last judged moment with news that was known."""
        self._places = np.zeros(0, np.int64)
        self._recalled = np.zeros(64, np.bool_)
        self.new, self.lapsed = np.zeros(64, np.bool_), np.zeros(64, np.bool_)

    def __len__(self) -> int:
        return len(self.cells)

    def places(self) -> Numbers:
        """By number the place of the cell's coin among all coins in the order of their names."""
        if len(self._places) < len(self.coins):
            place = {coin: n for n, coin in enumerate(sorted(set(self.coins)))}
            self._places = np.array([place[coin] for coin in self.coins])
        return self._places

    def number(self, cell: Cell) -> int | None:
        """The cell's number, if any rule reads it."""
        return self._numbers.get(cell)

    def add(self, cell: Cell) -> int:
        """A number for a new cell of which nothing is known."""
        number = self._numbers[cell] = len(self.cells)
        self.cells.append(cell)
        self.coins.append(cell.coin)
        if number == len(self.value):
            self._grow()
        for column in (self.value, self.held, self.low, self.high, self.last_low, self.last_high):
            column[number] = nan
        for times in (self.end, self.moment, self.before, self.lit):
            times[number] = NEVER
        return number

    def read(self, source: Source) -> Readings:
        """All cells at that moment."""
        return self._readings(source, 0)

    @property
    def is_behind(self) -> bool:
        """Whether cells came since the last judged moment."""
        return self._heard < len(self.cells)

    def begin(self, at: int, source: Source) -> None:
        """Let the cells that came since the last judged moment stand where it, which says that, left them."""
        first = self._heard
        self._take(first, at, self._readings(source, first), afresh=True)
        self._settle(first)

    def take(self, at: int, said: Readings, *, afresh: bool = False) -> None:
        """Make these readings the present ones: what was unheard of for too long is unknown, whatever it said last.

        The first bar of a cell is news if it ends just now; `afresh`, after a restart, every bar was when it ended.
        """
        self._take(0, at, said, afresh=afresh)

    def _readings(self, source: Source, first: int) -> Readings:
        values, held, ends, steps = zip(*self._rows(source, first), strict=True)
        return Readings(np.array(values), np.array(held), np.array(ends, np.int64), np.array(steps, np.int64))

    def _take(self, first: int, at: int, said: Readings, *, afresh: bool) -> None:
        """What `take` does, of the cells from that number on."""
        n = len(self.cells)
        self._heard = n
        value, held, low, high = self.value[first:n], self.held[first:n], self.low[first:n], self.high[first:n]
        end, moment, lit = self.end[first:n], self.moment[first:n], self.lit[first:n]
        new = (said.ends > end) & (moment < at)
        if not afresh:
            new &= (end != NEVER) | (said.ends == at)
        self.new[first:n] = new
        self.before[first:n] = moment
        now = np.where(self._recalled[first:n], moment, np.minimum(at, said.ends)) if afresh else at
        np.copyto(moment, now, where=new)
        since = at - MISSED_BARS * said.steps
        known = (said.values == said.values) & (moment >= since)
        known[: max(0, 1 - first)] = True  # number 0, where it is among them
        unknown = ~known
        for column, of in ((value, said.values), (held, said.held)):
            column[:] = of
            np.copyto(column, nan, where=unknown)
        low[:], high[:] = value, value
        both = ~np.isnan(held)
        if both.any():
            np.minimum(value, held, out=low, where=both)
            np.maximum(value, held, out=high, where=both)
        new &= known
        self.lapsed[first:n] = new & (lit < since)
        np.copyto(lit, moment, where=new)
        np.maximum(said.ends, end, out=end)
        self.step[first:n] = said.steps

    def settle(self) -> None:
        """The moment is judged: where a cell is known it stands there now."""
        self.is_blank = False
        self._settle(0)

    def _settle(self, first: int) -> None:
        n = len(self.cells)
        known = self.value[first:n] == self.value[first:n]
        np.copyto(self.last_low[first:n], self.low[first:n], where=known)
        np.copyto(self.last_high[first:n], self.high[first:n], where=known)

    def knew(self, numbers: Iterable[int]) -> bool:
        """Whether each of these cells was ever known, or is now."""
        return not any(isnan(self.last_low.item(n)) and isnan(self.value.item(n)) for n in numbers)

    def are_known(self, numbers: Iterable[int]) -> bool:
        """Whether each of these cells is known now: at the last judged moment, or at the one that is judged."""
        return all(self.value[n] == self.value[n] for n in numbers)

    def are_dark(self, numbers: Numbers) -> Flags:
        """Whether each of these cells was known once and is not now."""
        return np.isnan(self.value[numbers]) & ~np.isnan(self.last_low[numbers])

    def standings(self, at: int, since: int, absent: Collection[str]) -> Sequence[Standing]:
        """What the readings of that moment would not say again, of cells that were known since then.

        Of absent coins, which the moment does not name, that is all.
        """
        n = len(self.cells)
        known = self.value[:n] == self.value[:n]
        odd = self.moment[:n] != np.minimum(at, self.end[:n])
        odd |= np.where(known, self.lit[:n] != self.moment[:n], self.lit[:n] > since)
        if absent:
            odd |= [cell is not None and cell.coin in absent for cell in self.cells]
        found = []
        for number in np.flatnonzero(odd).tolist():
            cell = self.cells[number]
            if cell is not None:
                times = int(self.moment[number]), int(self.lit[number])
                found.append(Standing(cell, float(self.last_low[number]), float(self.last_high[number]), *times))
        return found

    def recall(self, of: Standing) -> None:
        """Let the cell have been known as it was, if any rule reads it."""
        number = self._numbers.get(of.cell)
        if number is None:
            return
        self.last_low[number], self.last_high[number] = of.low, of.high
        self.is_blank = False
        self.moment[number], self.lit[number] = of.moment, of.lit
        self._recalled[number] = True

    def _rows(self, source: Source, first: int) -> Iterator[tuple[float, float, int, int]]:
        for cell in self.cells[first:]:
            if cell is None:
                yield 0.0, nan, NEVER, 0
                continue
            seen = source.read(cell)
            reading = seen.reading
            value = nan if reading.value is None else reading.value + 0.0
            held = nan if reading.held is None else reading.held + 0.0
            if seen.step not in self._steps:
                self._steps[seen.step] = seen.step // _TICK
            yield value, held, to_ticks(reading.at), self._steps[seen.step]

    def _grow(self) -> None:
        size = 2 * len(self.value)
        for name in ("value", "held", "low", "high", "last_low", "last_high"):
            setattr(self, name, np.resize(getattr(self, name), size))
        for name in ("end", "step", "moment", "before", "lit", "new", "lapsed", "_recalled"):
            setattr(self, name, np.resize(getattr(self, name), size))


def times_of(columns: Columns, numbers: Sequence[int]) -> tuple[bool, datetime | None, bool, timedelta]:
    """Of a rule that reads these cells: whether there is news, its previous moment, whether one lapsed, its step."""
    news, before, lapsed, step = False, NEVER, False, 2**62
    for n in numbers:
        news, lapsed = news or columns.new.item(n), lapsed or columns.lapsed.item(n)
        before, step = max(before, columns.before.item(n)), min(step, columns.step.item(n))
    return news, from_ticks(before), lapsed, length_of(step)
