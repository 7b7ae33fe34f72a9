"""Where a cell stood, for whoever judges next: what the readings of the last judged moment do not say again."""

from dataclasses import dataclass
from datetime import timedelta

from signals.model import Cell

RECENT = timedelta(days=2)
"""How long what is unknown now is remembered over a restart: longer than the longest bar."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered of a cell: where it stood when it was known last, and when it had news, and known news.

    Times are in microseconds.
    """

    cell: Cell
    low: float
    high: float
    moment: int
    lit: int
