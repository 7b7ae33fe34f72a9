"""What chance alone would do: the interval of a share, and how often events at other times would have done as well."""

from math import sqrt
from typing import NamedTuple

import numpy as np

from signals.panel import Marks, Series

DRAWS = 2_000
"""Circular shifts of one study."""

_Z = 1.959963984540054
"""Standard deviations of a normal distribution within which 95 % lie."""

_SAME = 1e-12
"""Shares closer than this are one."""


class Interval(NamedTuple):
    """Where a share lies with 95 %; both ends are fractions."""

    low: float
    high: float


def wilson(hits: float, count: int) -> Interval | None:
    """The Wilson 95 % interval of `hits` out of `count`; None of nothing. Hits of days may be parts of one."""
    if not count:
        return None
    share, square = hits / count, _Z**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = _Z / (1 + square / count) * sqrt(share * (1 - share) / count + square / (4 * count**2))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def shift_p(events: Marks, hits: Marks, usable: Marks, seed: int) -> float | None:
    """How often the same events, moved in time by chance, hit at least as large a share: rows x coins, by a seed.

    Each draw moves the events of all coins by the same number of rows, around the end to the beginning. What comes to
    lie on rows that are not `usable` does not count. One-sided, and never 0: (1 + as good) / (1 + draws). None where
    there is nothing to move.
    """
    rows = len(events)
    if rows < 2 or not events.any():
        return None
    moved = np.fft.rfft(events.astype(np.float64), axis=0).conj()
    good, counted = _met(moved, hits & usable, rows), _met(moved, usable, rows)
    share = np.where(counted > 0, good / np.maximum(counted, 1), np.nan)
    drawn = share[np.random.default_rng(seed).integers(1, rows, DRAWS)]
    drawn = drawn[np.isfinite(drawn)]
    return float((1 + (drawn >= share[0] - _SAME).sum()) / (1 + len(drawn)))


def _met(moved: "np.ndarray[tuple[int, ...], np.dtype[np.complex128]]", marks: Marks, rows: int) -> Series:
    """By the number of rows that events are moved on, how many of them come to lie on a mark."""
    spectrum = (moved * np.fft.rfft(marks.astype(np.float64), axis=0)).sum(axis=1)
    met: Series = np.rint(np.fft.irfft(spectrum, rows))
    return met
