"""What was computed from bars and stays true while bars come: signals that ask for the same share it.

It belongs to bars whose closed rows never change. Where they do, as after a backfill, a new one is needed.
"""

from array import array
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple, TypeAlias, TypeVar, cast

import numpy as np
import numpy.typing as npt

from signals.running import Ordered

_Times: TypeAlias = npt.NDArray[np.int64]
_Series: TypeAlias = npt.NDArray[np.float64]
_Stored = TypeVar("_Stored", bound=np.generic)

FEW = 4
"""So many bars move a window on; more of them begin it anew."""


class _Window(NamedTuple):
    """Bars that follow each other, from the end of the first to that of the last, in order by coin."""

    coins: tuple[str, ...]
    first: int
    last: int
    length: int
    ordered: Sequence[Ordered]


class Kept:
    """Series by what they are of; each is asked for with the ends of its bars, their coins, and how to compute it."""

    def __init__(self) -> None:
        self._told: dict[Hashable, tuple[Hashable, tuple[_Series, ...]]] = {}
        self._rows: dict[Hashable, tuple[tuple[str, ...], _Times, npt.NDArray[np.generic]]] = {}
        self._windows: dict[Hashable, _Window] = {}

    def told(
        self,
        key: Hashable,
        times: _Times,
        coins: tuple[str, ...],
        compute: Callable[[], tuple[_Series, ...]],
        given: Hashable = None,
    ) -> tuple[_Series, ...]:
        """What is true as long as the last bar is the last, and that is given: computed once for all who ask."""
        now = (times[-1:].tobytes(), len(times), coins, given)
        known = self._told.get(key)
        if known is None or known[0] != now:
            known = self._told[key] = (now, compute())
        return known[1]

    def rows(
        self, key: Hashable, times: _Times, coins: tuple[str, ...], compute: Callable[[int], npt.NDArray[_Stored]]
    ) -> npt.NDArray[_Stored]:
        """One row for each of these last bars; `compute` is asked for so many last ones as are not known yet."""
        known = self._rows.get(key)
        fresh = len(times)
        if known is not None and known[0] == coins and len(times):
            old = int(np.searchsorted(known[1], times[0]))
            same = known[1][old:]
            if len(same) and len(same) <= len(times) and np.array_equal(same, times[: len(same)]):
                fresh = len(times) - len(same)
        if known is None or fresh == len(times):
            series = compute(len(times))
        else:
            before = cast("npt.NDArray[_Stored]", known[2])  # what is kept under a key was computed for it
            before = before[len(before) - len(times) + fresh :]
            series = np.concatenate([before, compute(fresh)]) if fresh else before
        self._rows[key] = (coins, times.copy(), series)
        return series

    def ordered(
        self, key: Hashable, times: _Times, coins: tuple[str, ...], bars: int, rows: Callable[[int, int], _Series]
    ) -> Sequence[Ordered]:
        """The last `bars` of these bars, each coin's in order; `rows` is asked for those from one place up to another.

        It is asked for what came and what left since the last time, and for all of them where that is much.
        """
        start, stop = max(0, len(times) - bars), len(times)
        known = self._windows.get(key)
        old = None if known is None else _places(known, times, coins)
        if known is None or old is None or stop - old[1] > FEW:
            ordered: Sequence[Ordered] = [_in_order(column) for column in rows(start, stop).T]
        else:
            ordered = known.ordered
            came, left = rows(old[1], stop).T.tolist(), rows(old[0], start).T.tolist()
            for window, new, gone in zip(ordered, came, left, strict=True):
                window.take(new)
                window.drop(gone)
        if stop:
            self._windows[key] = _Window(coins, int(times[start]), int(times[-1]), stop - start, ordered)
        return ordered


def _places(known: _Window, times: _Times, coins: tuple[str, ...]) -> tuple[int, int] | None:
    """From where to where a window's bars lie among these; None where they are not all there."""
    start, last = np.searchsorted(times, [known.first, known.last]).tolist()
    whole = last < len(times) and (int(times[start]), int(times[last])) == (known.first, known.last)
    return (start, last + 1) if whole and known.coins == coins and last + 1 - start == known.length else None


def _in_order(column: _Series) -> Ordered:
    return Ordered(array("d", np.sort(column[np.isfinite(column)]).tobytes()))
