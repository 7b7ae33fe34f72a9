"""How far the market's structure supports a reading: shown beside every alert, never hidden in its score."""

from datetime import timedelta
from enum import StrEnum

import numpy as np

from signals.features import LEAST_BARS, ratio
from signals.panel import ENOUGH, Panel, Series

LOW_RANK = 0.05
REDUCED_RANK = 0.15
LOW_RATIO = 0.02
ENOUGH_COVERAGE = 0.8
ENOUGH_VENUES = 2

_DAY = timedelta(days=1)
_HISTORY = timedelta(days=90)


class Grade(StrEnum):
    """From the coin's own spot / futures ratio, the coverage and the number of venues."""

    NORMAL = "normal"
    REDUCED = "reduced"
    LOW = "low"
    UNKNOWN = "unknown"


def structures(hours: Panel) -> tuple[Series, Series]:
    """Of each coin the ratio of spot to futures volume over a day at the panel's end, and its rank, mid-rank for ties.

    The rank is the share of the hours of 90 days that lie below; unknown unless ENOUGH of them are known.
    """
    wanted = hours.bars(_HISTORY)
    series = ratio(hours, _DAY, wanted + 1)
    if not len(series):
        return np.full(len(hours.coins), np.nan), np.full(len(hours.coins), np.nan)
    past, now = series[:-1], series[-1]
    known = np.isfinite(past).sum(axis=0)
    below = (past < now).sum(axis=0) + 0.5 * (past == now).sum(axis=0)
    told = np.isfinite(now) & (known >= max(LEAST_BARS, ENOUGH * wanted))
    return now, np.where(told, below / np.maximum(known, 1), np.nan)


def structure(ratio_now: float, rank: float) -> Grade:
    """The grade of what a coin's spot and futures say alone."""
    if np.isnan(ratio_now):
        return Grade.UNKNOWN
    if ratio_now < LOW_RATIO:
        return Grade.LOW
    if np.isnan(rank):
        return Grade.UNKNOWN
    if rank <= LOW_RANK:
        return Grade.LOW
    return Grade.REDUCED if rank <= REDUCED_RANK else Grade.NORMAL


def grade(of_structure: Grade, coverage: float, venues: int) -> Grade:
    """The grade of a reading that rests on that structure, and on that many venues with that coverage."""
    rests_on_little = coverage < ENOUGH_COVERAGE or venues < ENOUGH_VENUES
    return Grade.REDUCED if of_structure is Grade.NORMAL and rests_on_little else of_structure
