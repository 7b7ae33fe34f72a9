"""The threshold index: every line as a float64 key, found by what a value passed on its way.

A key k says `value >= k`: just below a line is the line itself, just above it the next float. So a verdict depends on
how many keys lie at or below the value, and only rules with a key between the old and the new value can change.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import chain
from math import inf, nextafter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from signals.rules.model import Compare, Condition

Floats: TypeAlias = NDArray[np.float64]
Slots: TypeAlias = NDArray[np.uint32]
Numbers: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

_NOBODY: tuple[Numbers, Slots] = np.empty(0, np.int64), np.empty(0, np.uint32)

SMALLEST_MERGE = 8_192
"""Keys that may wait beside the sorted ones while rules come, at least; a quarter of those may wait as well."""

LARGEST_MERGE = 65_536
"""Keys that may wait at most: nobody waits long for a merge."""

BETWEEN_MOMENTS = 512
"""Keys that may wait when the market moves: each costs a little at every moment."""


def line_keys(condition: Condition) -> tuple[float, ...]:
    """Where a growing value begins or ceases to be past the line."""
    return keys_of(condition.compare, condition.line, sized=condition.absolute)


def keys_of(compare: Compare, line: float, *, sized: bool) -> tuple[float, ...]:
    """`line_keys` of a condition with that line, on the size of a move or on values."""
    return _signed(nextafter(line, inf) if compare in _STRICT else line, sized=sized)


# members by names of their own: a class is slow to give them
_STRICT = (Compare.ABOVE, Compare.AT_MOST)


def clear_keys(condition: Condition) -> tuple[float, ...]:
    """Where a growing value begins or ceases to be calm."""
    key = nextafter(condition.clear, inf) if condition.compare.downward else condition.clear
    return _signed(key, sized=condition.absolute)


def _signed(key: float, *, sized: bool) -> tuple[float, ...]:
    """The key for values, of one that is for sizes where the size of a move is compared."""
    if not sized:
        return (key + 0.0,)
    return (nextafter(-key, inf) + 0.0, key) if key > 0 else ()


class Index:
    """Sorted keys on shelves, and cells whose values move on them: of each only the nearest key on either side is seen.

    A cell's own rules have a shelf of their own; rules on every coin share one, on which each coin has its cell.
    """

    def __init__(self) -> None:
        self._keys: Floats = np.array([inf])
        """Sorted on each shelf; behind all of them one that is on none."""
        self._slots: Slots = np.zeros(1, np.uint32)
        self._start: Numbers = np.zeros(64, np.int64)
        """Where the keys of each shelf begin, which end where those of the next one begin."""
        self._new_shelves, self._new_keys, self._new_slots = array("q"), array("d"), array("I")
        """Keys that wait to be merged, as they came."""
        self._new: dict[int, list[tuple[float, int]]] | None = {}
        """The same by shelf, sorted; None until somebody asks."""
        self._stirred: set[int] = set()
        """Shelves whose cells look around anew the next time."""
        self._on: list[list[int]] = []
        """The cells on each shelf."""
        self._count = 0
        self._cell: Numbers = np.empty(64, np.int64)
        """A cell and a shelf it is on, pair by pair."""
        self._shelf: Numbers = np.empty(64, np.int64)
        self._reach = 0
        """Cells up to the last one that is followed."""
        self._floor: Floats = np.full(64, -inf)
        """Per cell the nearest key below on any shelf, and the nearest above: within them nobody is passed."""
        self._ceiling: Floats = np.full(64, inf)
        self._is_out: Flags = np.empty(64, np.bool_)
        self._is_above: Flags = np.empty(64, np.bool_)

    @property
    def size(self) -> int:
        """Keys, those of dropped rules included."""
        return len(self._keys) - 1 + len(self._new_keys)

    @property
    def bytes(self) -> int:
        """What keys, slots and cells take."""
        cells = self._cell.nbytes + self._shelf.nbytes + self._floor.nbytes + self._ceiling.nbytes
        return self._keys.nbytes + self._slots.nbytes + self._start.nbytes + cells

    def shelf(self) -> int:
        """A new empty shelf."""
        self._on.append([])
        if len(self._on) == len(self._start):
            self._start = np.concatenate([self._start, np.full(len(self._on), len(self._keys) - 1)])
        return len(self._on) - 1

    def follow(self, cell: int, shelf: int) -> None:
        """Let a cell's value move on a shelf."""
        if self._count == len(self._cell):
            size = 2 * self._count
            self._cell, self._shelf = np.resize(self._cell, size), np.resize(self._shelf, size)
        while cell >= len(self._floor):
            more = len(self._floor)
            self._floor = np.concatenate([self._floor, np.full(more, -inf)])
            self._ceiling = np.concatenate([self._ceiling, np.full(more, inf)])
            self._is_out, self._is_above = np.empty(2 * more, np.bool_), np.empty(2 * more, np.bool_)
        self._cell[self._count], self._shelf[self._count] = cell, shelf
        self._count, self._reach = self._count + 1, max(self._reach, cell + 1)
        self._on[shelf].append(cell)
        self._stir([cell])

    def add(self, shelf: int, keys: Iterable[float], slot: int) -> None:
        """Put a rule's keys on a shelf; whoever stands there looks around anew."""
        for key in keys:
            self._new_shelves.append(shelf)
            self._new_keys.append(key)
            self._new_slots.append(slot)
        self._new = None
        if shelf not in self._stirred:
            self._stirred.add(shelf)
            self._stir(self._on[shelf])

    def crossed(self, was: tuple[Floats, Floats], now: tuple[Floats, Floats]) -> tuple[Numbers, Slots]:
        """For every key that was passed the cell and the slot; `was` and `now` are lowest and highest value of each.

        A value that is not a number moves nothing; one that may be any of several is looked at again the next time.
        """
        self._stirred.clear()
        n = self._reach
        is_out = np.less(now[0][:n], self._floor[:n], out=self._is_out[:n])
        is_out |= np.greater_equal(now[1][:n], self._ceiling[:n], out=self._is_above[:n])
        if not np.logical_or.reduce(is_out):  # `any` says the same, and takes as long as all that is above
            return _NOBODY
        (pairs,) = is_out[self._cell[: self._count]].nonzero()
        return self._passed(self._cell[pairs], self._shelf[pairs], was, now) if len(pairs) else _NOBODY

    def _passed(
        self, cells: Numbers, shelves: Numbers, was: tuple[Floats, Floats], now: tuple[Floats, Floats]
    ) -> tuple[Numbers, Slots]:
        """`crossed` by these cells, each on all of its shelves: afterwards they stand where the values are."""
        low, high = now[0][cells], now[1][cells]
        bottom, top = np.fmin(low, was[0][cells]), np.fmax(high, was[1][cells])
        both = self._behind(np.concatenate([shelves, shelves]), np.concatenate([bottom, top]))
        first, last = both[: len(cells)], both[len(cells) :]
        stands, within = np.where(low == top, last, first), (low > bottom) & (low < top)
        if np.logical_or.reduce(within):
            stands[within] = self._behind(shelves[within], low[within])
        floor, ceiling = self._between(shelves, stands)
        counts = last - first
        ends = counts.cumsum()
        passed, slots = cells.repeat(counts), self._slots[np.arange(ends[-1]) + (last - ends).repeat(counts)]
        if self._new_keys:
            rows = zip(shelves.tolist(), bottom.tolist(), top.tolist(), low.tolist(), strict=True)
            new, floors, ceilings = zip(*(self._passed_new(*row) for row in rows), strict=True)
            floor, ceiling = np.maximum(floor, floors), np.minimum(ceiling, ceilings)
            passed = np.append(passed, cells.repeat([len(of) for of in new]))
            slots = np.append(slots, np.array([*chain.from_iterable(new)], np.uint32))
        floor[low != high] = inf
        self._floor[cells], self._ceiling[cells] = -inf, inf
        np.maximum.at(self._floor, cells, floor)
        np.minimum.at(self._ceiling, cells, ceiling)
        return passed, slots

    def merge(self, alive: Flags, most: int | None = None) -> None:
        """Sort the keys that wait in among the others, when more than `most` wait; drop those of dropped rules."""
        usual = max(SMALLEST_MERGE, min(len(self._keys) // 4, LARGEST_MERGE))
        if len(self._new_keys) <= (usual if most is None else most):
            return
        kept = alive[self._slots]
        kept[-1] = True
        if not kept.all():
            self._keys, self._slots = self._keys[kept], self._slots[kept]
            self._start = np.concatenate([[0], kept.cumsum()])[self._start]
        shelves, keys, slots = np.array(self._new_shelves), np.array(self._new_keys), np.array(self._new_slots)
        order = np.lexsort((keys, shelves))
        shelves, keys, slots = shelves[order], keys[order], slots[order]
        at = self._behind(shelves, keys)
        self._keys, self._slots = np.insert(self._keys, at, keys), np.insert(self._slots, at, slots)
        self._start += np.searchsorted(shelves, np.arange(len(self._start)))
        self._new_shelves, self._new_keys, self._new_slots = array("q"), array("d"), array("I")
        self._new = None

    def _behind(self, shelves: Numbers, values: Floats) -> Numbers:
        """Behind the last key of each shelf that is not above its value: halving for all of them at once."""
        found, last = self._start[shelves], self._start[shelves + 1]
        step = 1 << int((last - found).max()).bit_length()
        while step := step >> 1:
            ahead = np.minimum(found + step, last)
            np.copyto(found, ahead, where=self._keys[ahead - 1] <= values)
        return found

    def _between(self, shelves: Numbers, stands: Numbers) -> tuple[Floats, Floats]:
        """The keys of each shelf before and behind that place."""
        below = np.where(stands > self._start[shelves], self._keys[stands - 1], -inf)
        above = np.where(stands < self._start[shelves + 1], self._keys[stands], inf)
        return below, above

    def _passed_new(self, shelf: int, bottom: float, top: float, value: float) -> tuple[list[int], float, float]:
        """Among the keys of a shelf that are not merged yet: whose slots are passed, and the value's nearest keys."""
        keys = self._sorted(shelf)
        at = _right_of(keys, value)
        below, above = keys[at - 1][0] if at else -inf, keys[at][0] if at < len(keys) else inf
        return [slot for _, slot in keys[_right_of(keys, bottom) : _right_of(keys, top)]], below, above

    def _stir(self, cells: Sequence[int]) -> None:
        """Let cells look around at the next value, whatever it is."""
        self._floor[cells], self._ceiling[cells] = inf, -inf

    def _sorted(self, shelf: int) -> list[tuple[float, int]]:
        if self._new is None:
            self._new = {}
            for at, key, slot in zip(self._new_shelves, self._new_keys, self._new_slots, strict=True):
                self._new.setdefault(at, []).append((key, slot))
            for new in self._new.values():
                new.sort()
        return self._new.get(shelf, [])


def _right_of(new: Sequence[tuple[float, int]], value: float) -> int:
    return bisect_right(new, (value, inf))
