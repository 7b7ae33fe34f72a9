"""The port of dead letters: what a platform refused too often or what cannot be read, kept for an operator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from adapters.chat.base import Place
from signals.event import Event
from signals.notice import Notice

DEAD_FOR = timedelta(days=14)
"""How long a dead letter is kept."""

DEAD_LISTED = 1000
"""Dead letters of one platform that are listed, the newest."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One entry that was given up, when and why. `told` is None where what it told cannot be read."""

    id: str
    place: Place
    entry: str
    at: datetime
    reason: str
    told: Event | Notice | None


@dataclass(frozen=True, slots=True)
class DeadEvent:
    """An event that could not be read when it was to be fanned out: nobody was told of it."""

    id: str
    at: datetime
    size: int
    """Bytes."""


class DeadLetters(Protocol):
    """Dead letters of each platform, and dead events; each can be brought back once."""

    async def dead(self, platform: str) -> Sequence[DeadLetter]:
        """The dead letters of a platform, oldest first."""
        ...

    async def revive(self, letter: DeadLetter, now: datetime) -> bool:
        """Put it at the end of its lane, where it does not expire; false where that was done before."""
        ...

    async def dead_events(self) -> Sequence[DeadEvent]:
        """The events that could not be read, oldest first."""
        ...

    async def revive_event(self, event: DeadEvent) -> bool:
        """Have it fanned out again, as when another version can read it; false where that was done before."""
        ...
