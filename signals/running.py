"""Medians and spreads of windows that move on: kept in order, instead of put in order again for every row."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, MutableSequence, Sequence
from math import isfinite
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

_Series: TypeAlias = npt.NDArray[np.float64]
_NAN = float("nan")


class Ordered:
    """The known values of a window, in order. A list holds them quickly, an array in a quarter of the room."""

    __slots__ = ("_values",)

    def __init__(self, values: MutableSequence[float]) -> None:
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    def take(self, values: Iterable[float]) -> None:
        """Let in those of these that are known."""
        for value in values:
            if value == value:  # noqa: PLR0124 - only NaN differs from itself
                insort(self._values, value)

    def drop(self, values: Iterable[float]) -> None:
        """Let go those of these that are known, each of which was let in."""
        for value in values:
            if value == value:  # noqa: PLR0124 - the same
                del self._values[bisect_left(self._values, value)]

    def share_below(self, value: float) -> float:
        """The share of those there are, of which there must be one, that lies below a value, mid-rank for ties."""
        below, upto = bisect_left(self._values, value), bisect_right(self._values, value)
        return (below + 0.5 * (upto - below)) / len(self._values)

    def median(self) -> float:
        """The middle of those there are, of which there must be one."""
        count = len(self._values)
        return (self._values[(count - 1) // 2] + self._values[count // 2]) / 2

    def deviation(self, median: float) -> float:
        """The median distance from their median."""
        count = len(self._values)
        low = self._away(median, (count - 1) // 2)
        return low if count % 2 else (low + self._away(median, count // 2)) / 2

    def _away(self, median: float, place: int) -> float:
        """The distance in that place, by size: the nearest lie side by side, so the narrowest stretch is sought."""
        ordered = self._values
        low, high = 0, len(ordered) - 1 - place
        while low < high:
            at = (low + high) // 2
            if ordered[at + place] - median >= median - ordered[at]:
                high = at
            else:
                low = at + 1
        best = max(median - ordered[low], ordered[low + place] - median)
        return best if low == 0 else min(best, max(median - ordered[low - 1], ordered[low - 1 + place] - median))


def told(windows: Sequence[Ordered], least: float, *, spread: bool) -> tuple[_Series, _Series]:
    """Median and median deviation of each window, 1 x windows; unknown with fewer than `least`."""
    each = [_of_window(window, least, spread=spread) for window in windows]
    both = np.array(each, np.float64).reshape((len(windows), 2)).T
    return both[:1], both[1:]


def running(
    series: _Series, bars: int, least: float, stops: npt.NDArray[np.int64], *, spread: bool
) -> tuple[_Series, _Series]:
    """For each stop, none before the last: median and median deviation of the known among the `bars` rows before it.

    Unknown with fewer than `least`; deviations only where asked for.
    """
    out, each = np.full((2, len(stops), series.shape[1]), np.nan), stops.tolist()
    for column in range(series.shape[1]):
        windows = _windows(series[:, column].tolist(), bars, each)
        of = [_of_window(window, least, spread=spread) for window in windows]
        out[:, :, column] = np.array(of, np.float64).reshape((len(each), 2)).T
    return out[0], out[1]


def shares_below(series: _Series, bars: int, least: float, stops: npt.NDArray[np.int64], x: _Series) -> _Series:
    """For each row of values, whose stops rise, the share of the `bars` rows before its stop that lies below it.

    Unknown with fewer than `least` known ones, and where the value is unknown.
    """
    out, each = np.full(x.shape, np.nan), stops.tolist()
    for column in range(x.shape[1]):
        windows = _windows(series[:, column].tolist(), bars, each)
        of = (
            window.share_below(value) if len(window) >= max(least, 1) and isfinite(value) else _NAN
            for window, value in zip(windows, x[:, column].tolist(), strict=True)
        )
        out[:, column] = [*of]
    return out


def _windows(values: Sequence[float], bars: int, stops: Sequence[int]) -> Iterator[Ordered]:
    """The `bars` values before each stop, as one window that moves on; look at it before the next."""
    ordered, start, stop = Ordered([]), 0, 0
    for end in stops:
        first = max(0, end - bars)
        ordered.take(values[max(stop, first) : end])
        ordered.drop(values[start : min(first, stop)])
        start, stop = first, end
        yield ordered


def _of_window(ordered: Ordered, least: float, *, spread: bool) -> tuple[float, float]:
    if len(ordered) < max(least, 1):
        return _NAN, _NAN
    median = ordered.median()
    return median, ordered.deviation(median) if spread else _NAN
