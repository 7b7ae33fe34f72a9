"""How far the market's structure supports a reading: shown beside every alert, never hidden in its score."""

from datetime import timedelta
from enum import StrEnum

import numpy as np

from signals.features import last, ratio, share_below
from signals.panel import Panel

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


def structure(panel: Panel, coin: str) -> Grade:
    """The grade of what a coin's spot and futures say alone, at the panel's end."""
    hours = panel.at(timedelta(hours=1))
    column, wanted = hours.column(coin), hours.bars(_HISTORY)
    if column is None:
        return Grade.UNKNOWN
    series = ratio(hours.only(column), _DAY, wanted + 1)
    now = last(series, 0)
    if now is None:
        return Grade.UNKNOWN
    if now < LOW_RATIO:
        return Grade.LOW
    rank = share_below(series[:-1, 0], now, wanted)
    if np.isnan(rank):
        return Grade.UNKNOWN
    if rank <= LOW_RANK:
        return Grade.LOW
    return Grade.REDUCED if rank <= REDUCED_RANK else Grade.NORMAL


def grade(of_structure: Grade, coverage: float, venues: int) -> Grade:
    """The grade of a reading that rests on that structure, and on that many venues with that coverage."""
    rests_on_little = coverage < ENOUGH_COVERAGE or venues < ENOUGH_VENUES
    return Grade.REDUCED if of_structure is Grade.NORMAL and rests_on_little else of_structure
