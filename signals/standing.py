"""Where a cell stood, for whoever judges next: what the readings of the last judged moment do not say again."""

from dataclasses import dataclass

from signals.model import Cell


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered of a cell: where it stood when it was known last, and when it had news, known news, a value.

    Times are in microseconds.
    """

    cell: Cell
    low: float
    high: float
    moment: int
    lit: int
    known_at: int
