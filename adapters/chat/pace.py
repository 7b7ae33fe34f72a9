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


UNLIMITED = Limit(0.0)


@dataclass(frozen=True, slots=True)
class Pace:
    """What one platform takes: of everybody together, in one chat, and in a shared one besides."""

    whole: Limit = UNLIMITED
    chat: Limit = UNLIMITED
    group: Limit = UNLIMITED

    def of(self, place: Place) -> tuple[Limit, ...]:
        """The limits of that place alone."""
        return (self.chat, self.group) if place.shared else (self.chat,)


PACES: Mapping[str, Pace] = {
    "telegram": Pace(Limit(1 / 29), Limit(1.1), Limit(3.5, burst=1)),
    "discord": Pace(Limit(1 / 45)),
}
"""Platforms that have limits, each a little slower than what it says; Discord's channels are paced by its library."""

START = 1.0
"""Seconds before the first message of a process: it shares none with the process before."""

ROW = 2
"""Replies that may go ahead of a waiting alert."""

SOON = 0.001
"""Seconds that are not waited for: stores keep moments to that."""

GENERAL = 5.0
"""Two places refused within so many seconds: it is not the places."""


FEW, OLD = 10_000, 60.0
"""Chats whose limits are remembered, and the seconds after which the older ones may be dropped."""


class Slots:
    """The slots of limits: in any window at most `floor(window / every) + 1 + burst`, for each of them."""

    def __init__(self, *limits: Limit, rests: float = -inf) -> None:
        self._limits = limits
        self._free = [-inf for _ in limits]
        self.rests = rests
        """There is no slot before that moment."""

    @property
    def free(self) -> float:
        """From this moment on a slot is there at once."""
        return max(self.rests, *self._free)

    def wait(self, now: float) -> float:
        """Take the next slot; the seconds until it is there."""
        slot = max(self.free, now)
        each = zip(self._free, self._limits, strict=True)
        self._free = [max(free, slot - limit.burst * limit.every) + limit.every for free, limit in each]
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
        self._whole = Slots(pace.whole, rests=start + START if pace.whole != UNLIMITED else -inf)
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
            if kind is Kind.REPLY or chat.free - now <= SOON:
                chat.wait(now)
                return
            await asyncio.sleep(chat.free - now)

    def gap(self, place: Place) -> timedelta:
        """How long nothing more can be sent to the place."""
        chat = self._chat(place)
        seconds = chat.free - _now()
        return timedelta(seconds=seconds if seconds > SOON else 0.0)

    def rest(self, place: Place, length: timedelta) -> None:
        """Nothing to that place for so long: it said so."""
        chat = self._chat(place)
        chat.rests = max(chat.rests, _now() + length.total_seconds())

    def rest_all(self, length: timedelta) -> None:
        """Nothing to anybody for so long."""
        self._whole.rests = max(self._whole.rests, _now() + length.total_seconds())

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

    def _chat(self, place: Place) -> Slots:
        name, old = _name(place), _now() - OLD
        if name not in self._chats and len(self._chats) > FEW:
            self._chats = {of: slots for of, slots in self._chats.items() if slots.free > old}
        return self._chats.setdefault(name, Slots(*self._pace.of(place)))

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
