"""The threshold index: every line as a float64 key, found by what a value passed on its way.

A key k says `value >= k`: just below a line is the line itself, just above it the next float. So a verdict depends on
how many keys lie at or below the value, and only rules with a key between the old and the new value can change.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from math import inf, isnan, nextafter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from signals.rules.model import Compare, Condition

Floats: TypeAlias = NDArray[np.float64]
Slots: TypeAlias = NDArray[np.uint32]
Numbers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

SMALLEST_MERGE = 8_192
"""Keys that may wait beside the sorted ones, at least; a quarter of those may wait as well."""


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
        low, high = now[0][of], now[1][of]
        hits = np.flatnonzero((low < self._low[: self._count]) | (high >= self._high[: self._count]))
        found = []
        for cursor in hits.tolist():
            cell, shelf = int(self._cell[cursor]), int(self._shelf[cursor])
            here = float(now[0][cell]), float(now[1][cell])
            there = float(was[0][cell]), float(was[1][cell])
            hull = here if isnan(there[0]) else (min(here[0], there[0]), max(here[1], there[1]))
            passed = self._between(shelf, *hull)
            if len(passed):
                found.append((cell, passed))
            self._low[cursor], self._high[cursor] = self._around(shelf, here[0]) if here[0] == here[1] else (inf, -inf)
        return found

    def merge(self, alive: Flags, *, at_once: bool = False) -> None:
        """Sort the keys that wait in among the others, when they are many; drop those of dropped rules by the way."""
        if not self._waiting or (not at_once and self._waiting < max(SMALLEST_MERGE, len(self._keys) // 4)):
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

    def _segment(self, shelf: int) -> tuple[int, int]:
        if shelf + 1 >= len(self._start):
            return 0, 0
        return int(self._start[shelf]), int(self._start[shelf + 1])

    def _between(self, shelf: int, low: float, high: float) -> Sequence[int]:
        """The slots of the keys above the one and not above the other."""
        start, end = self._segment(shelf)
        keys = self._keys[start:end]
        first, last = np.searchsorted(keys, (low, high), side="right")
        found: list[int] = self._slots[start + first : start + last].tolist()
        new = self._sorted(shelf)
        found += [slot for _, slot in new[_right_of(new, low) : _right_of(new, high)]]
        return found

    def _around(self, shelf: int, value: float) -> tuple[float, float]:
        """The nearest key at or below a value, and the nearest above."""
        start, end = self._segment(shelf)
        keys = self._keys[start:end]
        at = int(np.searchsorted(keys, value, side="right"))
        below, above = float(keys[at - 1]) if at else -inf, float(keys[at]) if at < len(keys) else inf
        new = self._sorted(shelf)
        at = _right_of(new, value)
        return max(below, new[at - 1][0] if at else -inf), min(above, new[at][0] if at < len(new) else inf)

    def _sorted(self, shelf: int) -> list[tuple[float, int]]:
        new = self._new.get(shelf, [])
        new.sort()
        return new


def _right_of(new: Sequence[tuple[float, int]], value: float) -> int:
    return bisect_right(new, (value, inf))
