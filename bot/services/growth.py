"""Growth: the one message of a living event, changed in its place while it goes on.

An edit is of the episode's newest event alone: whatever comes later says all that the earlier would have said.
"""

from dataclasses import replace

from adapters.chat.base import Place
from adapters.chat.pace import Limit, Slots
from adapters.store.base import Store
from signals.event import Event
from signals.living import is_living
from signals.notice import Notice
from signals.rules.lifecycle import Change

EDITS = Limit(10.0, burst=3)
"""A place's messages are changed so often at most: every change is a call that an alert has to wait for."""

SUPERSEDED = "a newer one says more"
UNTOLD = "its first message was not sent"
TOO_SOON = "changed a moment ago"
REFUSED = "its message cannot be changed"

FEW = 10_000
"""Places whose last changes are remembered."""


def last_of(told: Event | Notice) -> Event | None:
    """The last growth of what ends there: its message is changed once more before the end is said."""
    ends = isinstance(told, Event) and told.change is Change.RESOLVED and is_living(told.name)
    return replace(told, change=Change.GREW) if isinstance(told, Event) and ends else None


class Growth:
    """What became of living events in the places of one platform."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._edits: dict[Place, Slots] = {}

    async def held(self, event: Event, place: Place, now: float) -> str:
        """Why this growth is not told there, as nothing of it is lost by that; empty where it is. `now` in seconds."""
        if event.change is not Change.GREW:
            return ""
        _, state = await self._store.state(event.rule_id, event.coin, event.revision)
        if (state.fired_at, state.told_at) != (event.fired_at, event.at):
            return SUPERSEDED
        if await self._store.message_of(place, event.episode) is None:
            return UNTOLD
        edits = self._of(place)
        if edits.free > now:
            return TOO_SOON
        edits.wait(now)
        return ""

    async def edits(self, told: Event | Notice, place: Place) -> str | None:
        """The message in whose place it is told."""
        if not isinstance(told, Event) or told.change is not Change.GREW:
            return None
        return await self._store.message_of(place, told.episode)

    def _of(self, place: Place) -> Slots:
        while len(self._edits) > FEW:
            del self._edits[next(iter(self._edits))]
        return self._edits.setdefault(place, Slots(EDITS))
