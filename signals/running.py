"""Medians and spreads of a window that moves on: kept in order, instead of put in order again for every row."""

from bisect import bisect_left, insort
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from signals.panel import Series


def running(
    series: Series, bars: int, least: float, stops: npt.NDArray[np.int64], *, spread: bool
) -> tuple[Series, Series]:
    """For each stop, none before the last: median and median deviation of the known among the `bars` rows before it.

    Unknown with fewer than `least`; deviations only where asked for.
    """
    middle, away = (np.full((len(stops), series.shape[1]), np.nan) for _ in range(2))
    each = stops.tolist()
    for column in range(series.shape[1]):
        values = series[:, column].tolist()
        told, apart = _of_one(values, bars, least, each, spread=spread)
        middle[:, column] = told
        if spread:
            away[:, column] = apart
    return middle, away


def _of_one(
    values: Sequence[float], bars: int, least: float, stops: Sequence[int], *, spread: bool
) -> tuple[list[float], list[float]]:
    ordered: list[float] = []
    start = stop = 0
    middle, away, nan = list[float](), list[float](), float("nan")
    for end in stops:
        first = max(0, end - bars)
        for value in values[max(stop, first) : end]:
            if value == value:  # noqa: PLR0124 - only NaN differs from itself
                insort(ordered, value)
        for value in values[start : min(first, stop)]:
            if value == value:  # noqa: PLR0124 - the same
                del ordered[bisect_left(ordered, value)]
        start, stop = first, end
        count = len(ordered)
        known = count >= least and count > 0
        median = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2 if known else nan
        middle.append(median)
        if spread:
            away.append(_median_deviation(ordered, median) if known else nan)
    return middle, away


def _median_deviation(ordered: Sequence[float], median: float) -> float:
    count = len(ordered)
    low = _deviation(ordered, median, (count - 1) // 2)
    return low if count % 2 else (low + _deviation(ordered, median, count // 2)) / 2


def _deviation(ordered: Sequence[float], median: float, place: int) -> float:
    """The deviation in that place, by size: the nearest ones lie side by side, so the narrowest stretch is sought."""
    low, high = 0, len(ordered) - 1 - place
    while low < high:
        at = (low + high) // 2
        if ordered[at + place] - median >= median - ordered[at]:
            high = at
        else:
            low = at + 1
    best = max(median - ordered[low], ordered[low + place] - median)
    return best if low == 0 else min(best, max(median - ordered[low - 1], ordered[low - 1 + place] - median))
