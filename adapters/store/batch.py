"""What is claimed together: entries of one lane, and how each of them ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

from signals.event import Event
from signals.living import is_living
from signals.notice import Notice
from signals.rules.lifecycle import Change

FOLDED_FROM, FOLDED_MOST = 4, 20
"""So many entries that wait in one lane become one message."""

BACKLOG, BACKLOG_FROM = timedelta(minutes=2), 2
"""In a lane whose turn has not come for so long, already so many do: who waits longest is not told in pieces."""

LET_IN_AT_ONCE = 10
"""Notices that can wait and enter their lanes together, when no alert is due."""

REVIVED = "r"
"""What marks an entry that an operator had sent again."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One entry, and what it tells; None where that no longer decodes or has expired."""

    entry: str
    told: Event | Notice | None

    @property
    def revived(self) -> bool:
        """Whether an operator had it sent again: then it does not expire."""
        return self.entry.split(":")[-2].endswith(REVIVED)


def as_one(first: Sequence[Waiting]) -> Sequence[Waiting]:
    """Of the first entries of a lane those that become one message: the same each time."""
    alone = next((at for at, one in enumerate(first) if _stands_alone(one.told)), len(first))
    least = FOLDED_FROM if len(first) >= FOLDED_FROM else BACKLOG_FROM  # fewer come together only where it is late
    return first[:alone] if alone >= least else first[:1]


def folded_from(waited: timedelta) -> int:
    """How many entries become one message in a lane that has been due for so long."""
    return BACKLOG_FROM if waited > BACKLOG else FOLDED_FROM


def _stands_alone(told: Event | Notice | None) -> bool:
    """A notice does, and an alert whose message will be changed in its place."""
    return isinstance(told, Notice) or (told is not None and told.change is Change.FIRED and is_living(told.name))


def lane_entry(place_id: str, sequence: int, event_id: str, mark: str = "") -> str:
    """One alert waiting for one place; entries of a place sort by age."""
    return f"{place_id}:{sequence:012x}{mark}:{event_id}"


class Final(StrEnum):
    """How an entry ended; exactly one per entry."""

    SENT = "sent"
    EXPIRED = "expired"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    DEAD = "dead"


Ends: TypeAlias = Mapping[str, tuple[Final, str]]
"""Per entry how it ended, and why."""

ALIKE: Ends = {}
"""All entries ended as the batch did."""


def expired_in(ends: Ends) -> int:
    """How many of them expired."""
    return sum(outcome is Final.EXPIRED for outcome, _ in ends.values())
