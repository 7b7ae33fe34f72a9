"""Drift: a rule that fires far more often than it used to."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import sqrt
from statistics import median

WEEK = timedelta(days=7)
WEEKS, LEAST_WEEKS = 4, 2
"""Weeks before this one that say what is usual, and how few of them will do."""

SPAN = WEEK * (WEEKS + 1)

LEAST_FIRES, TIMES, SPREADS = 10, 3.0, 3.0
"""Fires a week below which nothing is said, times the usual, and spreads of a chance count above it."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How often it fired in the last week, and how often in a usual one of the weeks before."""

    this_week: int
    usual: float


def drift(fires: Sequence[datetime], created: datetime, at: datetime) -> Drift | None:
    """Whether a rule that fired then, oldest first, has drifted by `at`; None also where it is too young to tell."""
    edges = [at - WEEK * back for back in range(WEEKS + 1, -1, -1)]
    places = [bisect_left(fires, edge) for edge in edges]
    counts = [stop - start for start, stop in pairwise(places)]
    before = [count for count, start in zip(counts[:-1], edges, strict=False) if start >= created]
    if len(before) < LEAST_WEEKS:
        return None
    usual, this_week = float(median(before)), counts[-1]
    far = this_week > max(usual * TIMES, usual + SPREADS * sqrt(max(usual, 1.0)))
    return Drift(this_week, usual) if far and this_week >= LEAST_FIRES else None
