"""The record of a question: what followed it, in the values of a study, and the verdict on them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from signals.chance import Interval
from signals.model import Direction

FEW = 20
"""Events below which nothing is concluded; an edge needs as many distinct days."""


class Finding(StrEnum):
    """The verdict, in the words that people read. No other is ever given."""

    TOO_FEW = "too few"
    EDGE = "edge seen"
    NO_EDGE = "no proven edge"


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed the events for one way to enter; fractions. Shares and moves are None where there was no event.

    `days` are the distinct UTC days on which the events became known. `on_events` is the interval of the share of hits;
    `on_days` that of days, each counting once with the share of its events that hit: coins move together, so that is
    the honest one.
    `best` is furthest in the claimed direction, `worst` furthest against it.
    """

    events: int
    days: int
    hits: int
    share: float | None
    on_events: Interval | None
    on_days: Interval | None
    median: float | None
    mean: float | None
    worst: float | None
    best: float | None


@dataclass(frozen=True, slots=True)
class Study:
    """What followed the events of a rule on these coins, between the first and the last judged bar.

    `entry` is at the close of an event's bar, `later` of the same events one bar on. `open` counts events whose outcome
    is not known. `base_rate` is the share of hits among `bars` judged ones. `no_data` is the share of bars that could
    not be judged, of those between each coin's first close and its last. `p` is by circular shift, one-sided, for the
    entry.
    """

    coins: tuple[str, ...]
    direction: Direction
    horizon: timedelta
    step: timedelta
    first: datetime | None
    last: datetime | None
    bars: int
    no_data: float
    base_rate: float | None
    entry: Followed
    later: Followed
    open: int
    p: float | None

    @property
    def finding(self) -> Finding:
        """The verdict."""
        return finding(self.entry, self.later, self.base_rate)

    @property
    def is_first_bar_only(self) -> bool:
        """Whether the effect is gone for who enters one bar later."""
        return is_above(self.entry, self.base_rate) and not is_above(self.later, self.base_rate)


def finding(entry: Followed, later: Followed, base_rate: float | None) -> Finding:
    """The verdict on an entry at once and one bar later."""
    if entry.events < FEW:
        return Finding.TOO_FEW
    proven = entry.days >= FEW and is_above(entry, base_rate) and is_above(later, base_rate)
    return Finding.EDGE if proven else Finding.NO_EDGE


def is_above(of: Followed, base_rate: float | None) -> bool:
    """Whether the interval on days lies above the base rate."""
    return of.on_days is not None and base_rate is not None and of.on_days.low > base_rate
