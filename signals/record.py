"""The record of a question: what followed it before, as it is shown beside an alert and kept until it is made anew."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from signals.model import Direction


@dataclass(frozen=True, slots=True)
class Record:
    """What followed a question on a coin, or on several, one horizon later: a study in the numbers that are told.

    Shares and moves are fractions, None where there was no case; ends of intervals come in pairs. `base_rate` is the
    share of all judged bars with a hit. `later_share` and `later_on_days` are those of an entry one bar later, and
    `first_bar_only` says that the effect is gone by then. `finding` is the verdict. `open` cases have no outcome yet,
    or none that is known; `no_data` is the share of bars that could not be judged.
    """

    horizon: timedelta
    direction: Direction
    coins: int
    step: timedelta
    first: datetime | None
    last: datetime | None
    bars: int
    cases: int
    days: int
    hits: int
    share: float | None
    on_events: tuple[float, float] | None
    on_days: tuple[float, float] | None
    base_rate: float | None
    median: float | None
    mean: float | None
    worst: float | None
    best: float | None
    later_share: float | None
    later_on_days: tuple[float, float] | None
    first_bar_only: bool
    p: float | None
    open: int
    no_data: float
    finding: str
