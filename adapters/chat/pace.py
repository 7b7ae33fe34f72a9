"""How fast a platform may be written to: limits as data, slots that are handed out one at a time, replies first."""

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import inf

from adapters.chat.base import Place


@dataclass(frozen=True, slots=True)
class Limit:
    """One message each so many seconds, and so many at once after a rest."""

    every: float
    burst: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """What one platform takes: of everybody together, of a private chat, and of a shared one."""

    whole: Limit | None = None
    chat: Limit | None = None
    group: Limit | None = None

    def of(self, place: Place) -> Limit | None:
        """The limit of that place alone."""
        return self.group if place.shared else self.chat


PACES: Mapping[str, Pace] = {
    "telegram": Pace(Limit(1 / 29), Limit(1.1), Limit(3.5, burst=1)),
    "discord": Pace(Limit(1 / 45)),
}
"""Platforms that have limits, each a little slower than what it says; Discord's channels are paced by its library."""

UNLIMITED = Limit(0.0)

START = 1.0
"""Seconds before the first message of a process: it shares none with the process before."""

ROW = 2
"""Replies that may go ahead of a waiting alert."""

GENERAL = 5.0
"""Two places refused within so many seconds: it is not the places."""


FEW, OLD = 10_000, 60.0
"""Chats whose limits are remembered, and the seconds after which the older ones may be dropped."""


class Slots:
    """The slots of one limit: in any window at most `floor(window / every) + 1 + burst`."""

    def __init__(self, limit: Limit, free: float = -inf) -> None:
        self._limit = limit
        self.free = free
        """From this moment on a slot is there at once."""

    def wait(self, now: float) -> float:
        """Take the next slot; the seconds until it is there."""
        slot = max(self.free, now)
        self.free = max(self.free, now - self._limit.burst * self._limit.every) + self._limit.every
        return slot - now


class Kind(StrEnum):
    """What a slot is for."""

    REPLY = "reply"
    ALERT = "alert"


class Pacer:
    """Hands out the slots of one platform to its front and its sender. `start` is the loop's time at which it is made.

    A reply goes ahead of alerts, but while alerts wait at most two of three slots are for replies.
    """

    def __init__(self, pace: Pace, start: float) -> None:
        self._pace = pace
        self._whole = Slots(pace.whole, start + START) if pace.whole else Slots(UNLIMITED)
        self._chats: dict[str, Slots] = {}
        self._waiting: Mapping[Kind, deque[asyncio.Future[None]]] = {kind: deque() for kind in Kind}
        self._timer: asyncio.TimerHandle | None = None
        self._row = 0
        """Replies since the last alert."""
        self._refused: tuple[str, float, float] = ("", -inf, -inf)
        """The chat that was refused last, when, and until when it was told to wait."""

    async def slot(self, kind: Kind, place: Place) -> None:
        """Wait for a slot. A reply does not wait for its chat's own limit, but alerts then wait for it."""
        while True:
            await self._slot(kind)
            chat, now = self._chat(place), _now()
            if chat is None:
                return
            if kind is Kind.REPLY or chat.free <= now:
                chat.wait(now)
                return
            await asyncio.sleep(chat.free - now)

    def waiting(self, kind: Kind) -> int:
        """How many wait for a slot."""
        return len(self._waiting[kind])

    def gap(self, place: Place) -> timedelta:
        """How long nothing more can be sent to the place."""
        chat = self._chat(place)
        return timedelta(seconds=max(0.0, chat.free - _now())) if chat else timedelta(0)

    def rest(self, place: Place, length: timedelta) -> None:
        """Nothing to that place for so long: it said so."""
        chat = self._chats.setdefault(_name(place), Slots(self._pace.of(place) or UNLIMITED))
        chat.free = max(chat.free, _now() + length.total_seconds())

    def rest_all(self, length: timedelta) -> None:
        """Nothing to anybody for so long."""
        self._whole.free = max(self._whole.free, _now() + length.total_seconds())

    def refused(self, place: Place, length: timedelta) -> timedelta | None:
        """A place said to wait so long. The time for which all must wait, where that is the second one of late."""
        now, name = _now(), _name(place)
        until = now + length.total_seconds()
        self.rest(place, length)
        before, at, ends = self._refused
        general = name != before and now - at <= GENERAL
        self._refused = name, now, max(until, ends) if general else until
        if not general:
            return None
        self.rest_all(rest := timedelta(seconds=max(until, ends) - now))
        return rest

    def _chat(self, place: Place) -> Slots | None:
        name, now = _name(place), _now()
        if len(self._chats) > FEW:
            self._chats = {of: slots for of, slots in self._chats.items() if slots.free > now - OLD}
        limit = self._pace.of(place)
        if limit is None:
            return self._chats.get(name)
        return self._chats.setdefault(name, Slots(limit))

    async def _slot(self, kind: Kind) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting[kind].append(turn)
        self._grant()
        try:
            await turn
        except asyncio.CancelledError:
            with suppress(ValueError):  # it was its turn just now
                self._waiting[kind].remove(turn)
            raise

    def _grant(self) -> None:
        """Give the slot that is there to whose turn it is, and look again when the next one is."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while waiting := self._next():
            now = _now()
            if self._whole.free > now:
                self._timer = asyncio.get_running_loop().call_at(self._whole.free, self._grant)
                return
            turn = waiting.popleft()
            if not turn.done():
                self._whole.wait(now)
                turn.set_result(None)
                self._row = self._row + 1 if waiting is self._waiting[Kind.REPLY] else 0

    def _next(self) -> "deque[asyncio.Future[None]] | None":
        replies, alerts = self._waiting[Kind.REPLY], self._waiting[Kind.ALERT]
        if replies and not (alerts and self._row >= ROW):
            return replies
        return alerts or None


def pace_of(platform: str) -> Pace:
    """The pace of a platform; one without limits takes everything at once."""
    return PACES.get(platform, Pace())


def _name(place: Place) -> str:
    """The chat of the place: topics of one chat share its limit."""
    return place.id.partition(".")[0]


def _now() -> float:
    return asyncio.get_running_loop().time()
