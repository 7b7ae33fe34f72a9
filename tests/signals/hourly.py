"""Noisy hours of one coin, and ranks among them counted one by one."""

from collections.abc import Sequence
from math import isnan

import numpy as np

from signals.panel import Series

NAN = float("nan")
QUARTER = 90 * 24
ROWS = QUARTER + 140
CHECKED = range(1_900, ROWS, 7)


def holed(seed: int, values: Series) -> Series:
    """As it is stored, with a hole in every hundredth bar."""
    holes = np.random.default_rng(seed + 1_000).random(len(values)) < 0.01
    return np.where(holes, NAN, values.astype(np.float32).astype(np.float64))


def noise(seed: int, size: float = 1.0) -> Series:
    """Independent draws."""
    return np.random.default_rng(seed).normal(0, size, ROWS)


def walk(seed: int, size: float) -> Series:
    """A path around 100."""
    path: Series = 100 * np.exp(np.cumsum(noise(seed, size)))
    return path


def rank(values: Sequence[float] | Series, row: int) -> float:
    """The share of the 90 days before the row that lies below its value, ties by half; unknown with a tenth missing."""
    past = [v for v in values[max(0, row - QUARTER) : row] if not isnan(v)]
    if isnan(values[row]) or len(past) < 0.9 * QUARTER:
        return NAN
    return (sum(v < values[row] for v in past) + sum(v == values[row] for v in past) / 2) / len(past)
