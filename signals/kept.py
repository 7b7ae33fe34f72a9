"""What was computed from bars and stays true while bars come: signals that ask for the same share it.

It belongs to bars whose closed rows never change. Where they do, as after a backfill, a new one is needed.
"""

from collections.abc import Callable, Hashable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

_Times: TypeAlias = npt.NDArray[np.int64]
_Series: TypeAlias = npt.NDArray[np.float64]


class Kept:
    """Series by what they are of; each is asked for with the ends of its bars, their coins, and how to compute it."""

    def __init__(self) -> None:
        self._told: dict[Hashable, tuple[Hashable, tuple[_Series, ...]]] = {}
        self._rows: dict[Hashable, tuple[tuple[str, ...], _Times, _Series]] = {}

    def told(
        self, key: Hashable, times: _Times, coins: tuple[str, ...], compute: Callable[[], tuple[_Series, ...]]
    ) -> tuple[_Series, ...]:
        """What is true as long as the last bar is the last: computed once for all who ask."""
        now = (times[-1:].tobytes(), len(times), coins)
        known = self._told.get(key)
        if known is None or known[0] != now:
            known = self._told[key] = (now, compute())
        return known[1]

    def rows(self, key: Hashable, times: _Times, coins: tuple[str, ...], compute: Callable[[int], _Series]) -> _Series:
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
        elif fresh:
            series = np.concatenate([known[2][len(known[2]) - len(times) + fresh :], compute(fresh)])
        else:
            series = known[2][len(known[2]) - len(times) :]
        self._rows[key] = (coins, times.copy(), series)
        return series
