"""The threshold index: every line as a float64 key, found by what a value passed on its way.

A key k says `value >= k`: just below a line is the line itself, just above it the next float. So a verdict depends on
how many keys lie at or below the value, and only rules with a key between the old and the new value can change.
"""

from array import array
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
    """Sorted keys on shelves, and cursors: where a cell's value stands on a shelf.

    A cell's own rules have a shelf of their own; rules on every coin share one, on which each coin has its cursor.
    """

    def __init__(self) -> None:
        self._keys: Floats = np.empty(0, np.float64)
        self._slots: Slots = np.empty(0, np.uint32)
        self._start: Numbers = np.zeros(1, np.int64)
        self._new_shelves, self._new_keys, self._new_slots = array("q"), array("d"), array("I")
        """Keys that wait to be merged, as they came."""
        self._new: dict[int, list[tuple[float, int]]] | None = {}
        """The same by shelf, sorted; None until somebody asks."""
        self._stirred: set[int] = set()
        """Shelves whose cursors look around anew the next time."""
        self._cursors: list[list[int]] = []
        self._count = 0
        self._cell: Numbers = np.empty(64, np.int64)
        self._shelf: Numbers = np.empty(64, np.int64)
        self._low: Floats = np.empty(64, np.float64)
        self._high: Floats = np.empty(64, np.float64)
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
        return len(self._keys) + len(self._new_keys)

    @property
    def bytes(self) -> int:
        """What keys, slots and cursors take."""
        cursors = self._cell.nbytes + self._shelf.nbytes + self._low.nbytes + self._high.nbytes
        cursors += self._floor.nbytes + self._ceiling.nbytes
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
        while cell >= len(self._floor):
            more = len(self._floor)
            self._floor = np.concatenate([self._floor, np.full(more, -inf)])
            self._ceiling = np.concatenate([self._ceiling, np.full(more, inf)])
            self._is_out, self._is_above = np.empty(2 * more, np.bool_), np.empty(2 * more, np.bool_)
        at = self._count
        self._cell[at], self._shelf[at] = cell, shelf
        self._cursors[shelf].append(at)
        self._count, self._reach = at + 1, max(self._reach, cell + 1)
        self._stir(at)

    def add(self, shelf: int, keys: Iterable[float], slot: int) -> None:
        """Put a rule's keys on a shelf; whoever stands there looks around anew."""
        for key in keys:
            self._new_shelves.append(shelf)
            self._new_keys.append(key)
            self._new_slots.append(slot)
        self._new = None
        if shelf not in self._stirred:
            self._stirred.add(shelf)
            for cursor in self._cursors[shelf]:
                self._stir(cursor)

    def crossed(self, was: tuple[Floats, Floats], now: tuple[Floats, Floats]) -> tuple[Numbers, Slots]:
        """For every key that was passed the cell and the slot; `was` and `now` are lowest and highest value of each.

        A value that is not a number moves nothing; one that may be any of several is looked at again the next time.
        """
        self._stirred.clear()
        n = self._reach
        is_out = np.less(now[0][:n], self._floor[:n], out=self._is_out[:n])
        is_out |= np.greater_equal(now[1][:n], self._ceiling[:n], out=self._is_above[:n])
        if not is_out.any():
            return _NOBODY
        hits = np.flatnonzero(is_out[self._cell[: self._count]])
        return self._passed(hits, was, now) if len(hits) else _NOBODY

    def _passed(self, hits: Numbers, was: tuple[Floats, Floats], now: tuple[Floats, Floats]) -> tuple[Numbers, Slots]:
        """`crossed` by these cursors, all of each of their cells: afterwards they stand where the values are."""
        cells, shelves = self._cell[hits], self._shelf[hits]
        low, high = now[0][cells], now[1][cells]
        bottom, top = np.fmin(low, was[0][cells]), np.fmax(high, was[1][cells])
        both = self._search(np.concatenate([shelves, shelves]), np.concatenate([bottom, top]))
        first, last = both[: len(hits)], both[len(hits) :]
        stands, within = np.where(low == top, last, first), (low > bottom) & (low < top)
        if within.any():
            stands[within] = self._search(shelves[within], low[within])
        self._stand(hits, shelves, stands, low == high)
        counts = last - first
        behind = np.cumsum(counts)
        at = np.arange(behind[-1]) + np.repeat(last - behind, counts)
        passed, slots = np.repeat(cells, counts), self._slots[at]
        if self._new_keys:
            new = [
                (int(cells[n]), slot)
                for n, shelf in enumerate(shelves.tolist())
                for slot in self._passed_new(int(hits[n]), shelf, float(bottom[n]), float(top[n]), float(low[n]))
            ]
            more = np.array(new, np.int64).reshape(-1, 2)
            passed, slots = np.append(passed, more[:, 0]), np.append(slots, more[:, 1].astype(np.uint32))
        self._floor[cells], self._ceiling[cells] = -inf, inf
        np.maximum.at(self._floor, cells, self._low[hits])
        np.minimum.at(self._ceiling, cells, self._high[hits])
        return passed, slots

    def merge(self, alive: Flags, most: int | None = None) -> None:
        """Sort the keys that wait in among the others, when more than `most` wait; drop those of dropped rules."""
        usual = max(SMALLEST_MERGE, min(len(self._keys) // 4, LARGEST_MERGE))
        if len(self._new_keys) <= (usual if most is None else most):
            return
        count = len(self._cursors)
        shelves, keys, slots = np.repeat(np.arange(len(self._start) - 1), np.diff(self._start)), self._keys, self._slots
        kept = alive[slots]
        if not kept.all():
            shelves, keys, slots = shelves[kept], keys[kept], slots[kept]
        start = np.searchsorted(shelves, np.arange(count + 1))
        new = np.array(self._new_shelves), np.array(self._new_keys), np.array(self._new_slots)
        order = np.lexsort(new[::-1])
        new_shelves, new_keys, new_slots = (of[order] for of in new)
        new_start = np.searchsorted(new_shelves, np.arange(count + 1))
        at = np.concatenate([
            start[shelf] + np.searchsorted(
                keys[start[shelf] : start[shelf + 1]], new_keys[new_start[shelf] : new_start[shelf + 1]]
            )
            for shelf in np.flatnonzero(np.diff(new_start)).tolist()
        ])  # fmt: skip
        self._keys, self._slots = np.insert(keys, at, new_keys), np.insert(slots, at, new_slots)
        self._start = start + new_start
        self._new_shelves, self._new_keys, self._new_slots = array("q"), array("d"), array("I")
        self._new = None

    def _ends(self, shelves: Numbers) -> tuple[Numbers, Numbers]:
        """Where the sorted keys of shelves begin and end; shelves that are newer than the last merge have none."""
        most = len(self._start) - 1
        return self._start[np.minimum(shelves, most)], self._start[np.minimum(shelves + 1, most)]

    def _search(self, shelves: Numbers, values: Floats) -> Numbers:
        """Behind the last key of each shelf that is not above its value: halving for all of them at once."""
        found, last = self._ends(shelves)
        step = 1 << int((last - found).max()).bit_length()
        while step := step >> 1:
            ahead = np.minimum(found + step, last)
            np.copyto(found, ahead, where=self._keys[ahead - 1] <= values)
        return found

    def _stand(self, cursors: Numbers, shelves: Numbers, at: Numbers, sure: Flags) -> None:
        """Let cursors stand between the keys before and at those positions; unsure ones look around the next time."""
        first, last = self._ends(shelves)
        below, above = np.full(len(at), -inf), np.full(len(at), inf)
        below[at > first] = self._keys[at[at > first] - 1]
        above[at < last] = self._keys[at[at < last]]
        self._low[cursors], self._high[cursors] = np.where(sure, below, inf), np.where(sure, above, -inf)

    def _passed_new(self, cursor: int, shelf: int, bottom: float, top: float, value: float) -> Iterator[int]:
        """The same among the keys of a shelf that are not merged yet."""
        new = self._sorted(shelf)
        yield from (slot for _, slot in new[_right_of(new, bottom) : _right_of(new, top)])
        if new and self._low[cursor] <= self._high[cursor]:
            at = _right_of(new, value)
            self._low[cursor] = max(self._low[cursor], new[at - 1][0] if at else -inf)
            self._high[cursor] = min(self._high[cursor], new[at][0] if at < len(new) else inf)

    def _stir(self, cursor: int) -> None:
        """Let a cursor look around at the next value, whatever it is."""
        self._low[cursor], self._high[cursor] = inf, -inf
        self._floor[self._cell[cursor]], self._ceiling[self._cell[cursor]] = inf, -inf

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
