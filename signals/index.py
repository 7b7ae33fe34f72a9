"""The threshold index: every line as a float64 key, found by what a value passed on its way.

A key k says `value >= k`: just below a line is the line itself, just above it the next float. So a verdict depends on
how many keys lie at or below the value, and only rules with a key between the old and the new value can change.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from math import inf, nextafter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from signals.rules.model import Compare, Condition

Floats: TypeAlias = NDArray[np.float64]
Slots: TypeAlias = NDArray[np.uint32]
Numbers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

SMALLEST_MERGE = 8_192
"""Keys that may wait beside the sorted ones while rules come, at least; a quarter of those may wait as well."""

BETWEEN_MOMENTS = 512
"""Keys that may wait when the market moves: each costs a little at every moment."""


def line_keys(condition: Condition) -> tuple[float, ...]:
    """Where a growing value begins or ceases to be past the line."""
    strict = condition.compare in (Compare.ABOVE, Compare.AT_MOST)
    return _signed(condition, nextafter(condition.line, inf) if strict else condition.line)


def clear_keys(condition: Condition) -> tuple[float, ...]:
    """Where a growing value begins or ceases to be calm."""
    return _signed(condition, nextafter(condition.clear, inf) if condition.compare.downward else condition.clear)


def _signed(condition: Condition, key: float) -> tuple[float, ...]:
    """The key for values, of one that is for sizes where the size of a move is compared."""
    if not condition.absolute:
        return (key + 0.0,)
    return (nextafter(-key, inf) + 0.0, key) if key > 0 else ()


class Index:
    """Sorted keys on shelves, and cursors: where a cell's value stands on a shelf.

    A cell's own rules have a shelf of their own; rules on every coin share one, on which each coin has its cursor.
    """

    def __init__(self) -> None:
        self._keys: Floats = np.empty(0, np.float64)
        self._slots: Slots = np.empty(0, np.uint32)
        self._start: Numbers = np.zeros(1, np.int64)
        self._new: dict[int, list[tuple[float, int]]] = {}
        self._waiting = 0
        self._cursors: list[list[int]] = []
        self._count = 0
        self._cell: Numbers = np.empty(64, np.int64)
        self._shelf: Numbers = np.empty(64, np.int64)
        self._low: Floats = np.empty(64, np.float64)
        self._high: Floats = np.empty(64, np.float64)

    @property
    def size(self) -> int:
        """Keys, those of dropped rules included."""
        return len(self._keys) + self._waiting

    @property
    def bytes(self) -> int:
        """What keys, slots and cursors take."""
        cursors = self._cell.nbytes + self._shelf.nbytes + self._low.nbytes + self._high.nbytes
        return self._keys.nbytes + self._slots.nbytes + self._start.nbytes + cursors

    def shelf(self) -> int:
        """A new empty shelf."""
        self._cursors.append([])
        return len(self._cursors) - 1

    def follow(self, cell: int, shelf: int) -> None:
        """Let a cell's value move on a shelf."""
        if self._count == len(self._cell):
            size = 2 * self._count
            self._cell, self._shelf = np.resize(self._cell, size), np.resize(self._shelf, size)
            self._low, self._high = np.resize(self._low, size), np.resize(self._high, size)
        at = self._count
        self._cell[at], self._shelf[at], self._low[at], self._high[at] = cell, shelf, inf, -inf
        self._cursors[shelf].append(at)
        self._count += 1

    def add(self, shelf: int, keys: Iterable[float], slot: int) -> None:
        """Put a rule's keys on a shelf; whoever stands there looks around anew."""
        waiting = self._new.setdefault(shelf, [])
        for key in keys:
            waiting.append((key, slot))
            self._waiting += 1
        for cursor in self._cursors[shelf]:
            self._low[cursor], self._high[cursor] = inf, -inf

    def crossed(self, was: tuple[Floats, Floats], now: tuple[Floats, Floats]) -> list[tuple[int, Sequence[int]]]:
        """Per cell that passed keys the slots of these; `was` and `now` are lowest and highest value of each cell.

        A value that is not a number moves nothing; one that may be any of several is looked at again the next time.
        """
        of = self._cell[: self._count]
        hits = np.flatnonzero((now[0][of] < self._low[: self._count]) | (now[1][of] >= self._high[: self._count]))
        if not len(hits):
            return []
        cells, shelves = self._cell[hits], self._shelf[hits]
        low, high = now[0][cells], now[1][cells]
        bottom, top = np.fmin(low, was[0][cells]), np.fmax(high, was[1][cells])
        both = self._search(np.concatenate([shelves, shelves]), np.concatenate([bottom, top]))
        first, last = both[: len(hits)], both[len(hits) :]
        self._stand(hits, shelves, np.where(low == top, last, first), low == high)
        found: list[tuple[int, Sequence[int]]] = [
            (cell, self._slots[start:end].tolist())
            for cell, start, end in zip(*(of[last > first].tolist() for of in (cells, first, last)), strict=True)
        ]
        for at, shelf in enumerate(shelves.tolist() if self._new else ()):
            found += self._passed_new(int(hits[at]), shelf, float(bottom[at]), float(top[at]), float(low[at]))
        return found

    def merge(self, alive: Flags, most: int | None = None) -> None:
        """Sort the keys that wait in among the others, when more than `most` wait; drop those of dropped rules."""
        if self._waiting <= (max(SMALLEST_MERGE, len(self._keys) // 4) if most is None else most):
            return
        shelves = np.repeat(np.arange(len(self._start) - 1), np.diff(self._start))
        kept = alive[self._slots]
        keys, slots, shelves = self._keys[kept], self._slots[kept], shelves[kept]
        lists = [(shelf, np.array(sorted(new))) for shelf, new in sorted(self._new.items()) if new]
        fresh_keys = np.concatenate([new[:, 0] for _, new in lists])
        fresh_slots = np.concatenate([new[:, 1] for _, new in lists]).astype(np.uint32)
        bounds = np.searchsorted(shelves, np.arange(len(self._cursors) + 1))
        at = np.concatenate([
            bounds[shelf] + np.searchsorted(keys[bounds[shelf] : bounds[shelf + 1]], new[:, 0])
            for shelf, new in lists
        ])  # fmt: skip
        self._keys, self._slots = np.insert(keys, at, fresh_keys), np.insert(slots, at, fresh_slots)
        added = np.zeros(len(self._cursors) + 1, np.int64)
        for shelf, new in lists:
            added[shelf + 1] = len(new)
        self._start = bounds + np.cumsum(added)
        self._new, self._waiting = {}, 0

    def _ends(self, shelves: Numbers) -> tuple[Numbers, Numbers]:
        """Where the sorted keys of shelves begin and end; shelves that are newer than the last merge have none."""
        most = len(self._start) - 1
        return self._start[np.minimum(shelves, most)], self._start[np.minimum(shelves + 1, most)]

    def _search(self, shelves: Numbers, values: Floats) -> Numbers:
        """Behind the last key of each shelf that is not above its value: halving for all of them at once."""
        first, last = self._ends(shelves)
        while (open_ := first < last).any():
            middle = (first + last) >> 1
            is_right = open_ & (self._keys[np.minimum(middle, len(self._keys) - 1)] <= values)
            first, last = np.where(is_right, middle + 1, first), np.where(open_ & ~is_right, middle, last)
        return first

    def _stand(self, cursors: Numbers, shelves: Numbers, at: Numbers, sure: Flags) -> None:
        """Let cursors stand between the keys before and at those positions; unsure ones look around the next time."""
        first, last = self._ends(shelves)
        below, above = np.full(len(at), -inf), np.full(len(at), inf)
        below[at > first] = self._keys[at[at > first] - 1]
        above[at < last] = self._keys[at[at < last]]
        self._low[cursors], self._high[cursors] = np.where(sure, below, inf), np.where(sure, above, -inf)

    def _passed_new(
        self, cursor: int, shelf: int, bottom: float, top: float, value: float
    ) -> Iterator[tuple[int, Sequence[int]]]:
        """The same among the keys of a shelf that are not merged yet."""
        new = self._sorted(shelf)
        passed = [slot for _, slot in new[_right_of(new, bottom) : _right_of(new, top)]]
        if passed:
            yield int(self._cell[cursor]), passed
        if new and self._low[cursor] <= self._high[cursor]:
            at = _right_of(new, value)
            self._low[cursor] = max(self._low[cursor], new[at - 1][0] if at else -inf)
            self._high[cursor] = min(self._high[cursor], new[at][0] if at < len(new) else inf)

    def _sorted(self, shelf: int) -> list[tuple[float, int]]:
        new = self._new.get(shelf, [])
        new.sort()
        return new


def _right_of(new: Sequence[tuple[float, int]], value: float) -> int:
    return bisect_right(new, (value, inf))
