"""A platform of the trial: it takes messages and writes them down, and fails as the schedule says."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from adapters.chat.base import (
    Delivery,
    Limited,
    Outcome,
    Refusal,
    Retry,
    Sent,
)
from adapters.chat.discord.front import nonce_of
from tests.crash.history import Attempt
from tests.days.schedule import Kind, Schedule
from tests.platforms import WrittenTo, is_poison

SOON = timedelta(seconds=1)
SLOW = 0.3
"""Seconds that an answer takes at most."""

DROPPED, CUT = 0.01, 0.01
"""How likely a message is lost, or its answer, while all is well."""

MARK = "alert "
"""What stands before the ids of alerts in a headline of the trial."""


class Wire(WrittenTo):
    """One that is called `discord` knows a nonce again. What it took is in `log`, times are those of the loop."""

    def __init__(self, name: str, schedule: Schedule, true: Callable[[], datetime], seed: int) -> None:
        self._name = name
        self._schedule = schedule
        self._true = true
        self._rng = Random(f"{seed} {name}")
        self._known: dict[str, int] = {}
        self._ids = 0
        self.log: list[Attempt] = []
        self.early: list[str] = []
        self._rests: dict[str, float] = {}

    @property
    def name(self) -> str:
        """That of its places."""
        return self._name

    async def send(self, delivery: Delivery) -> Outcome:
        """One try."""
        ids = tuple(delivery.message.headline[0].text.removeprefix(MARK).split())
        self._look_at_rest(delivery.to.id)
        await asyncio.sleep(self._rng.random() * SLOW)
        at, drawn = self._true(), self._rng.random()
        if any(map(is_poison, ids)):
            return self._did(delivery, ids, "refused") or Refusal("poison")
        if self._schedule.on(Kind.FLOOD, at, self._name):
            return self._limit(delivery, ids, Limited.EVERYBODY, "")
        if drawn < 0.7 and self._schedule.on(Kind.LIMITED, at, str(delivery.to)):
            return self._limit(delivery, ids, Limited.PLACE, delivery.to.id)
        if self._schedule.on(Kind.SILENT, at, self._name):
            self._did(delivery, ids, "taken" if drawn < 0.5 else "dropped")
            await asyncio.sleep(1e6)
        troubled = self._schedule.on(Kind.TROUBLE, at, self._name) is not None
        if drawn < (0.4 if troubled else DROPPED):
            return self._did(delivery, ids, "dropped") or Retry(SOON, certain=False, reason="trouble")
        self._did(delivery, ids, "taken")
        if drawn < (0.7 if troubled else DROPPED + CUT):
            return Retry(SOON, certain=False, reason="no answer")
        return Sent(str(self._ids))

    def _limit(self, delivery: Delivery, ids: tuple[str, ...], whom: Limited, rests: str) -> Outcome:
        """Refuse it, and remember until when nobody, or nobody there, may ask."""
        after = timedelta(seconds=round(self._rng.uniform(2, 40)))
        self._rests[rests] = asyncio.get_running_loop().time() + after.total_seconds()
        self._did(delivery, ids, "limited")
        return Retry(after, certain=True, reason="limited", limited=whom)

    def _look_at_rest(self, place: str) -> None:
        now = asyncio.get_running_loop().time()
        for who in ("", place):
            if now < self._rests.get(who, 0.0) - 0.001:
                self.early.append(f"{place} {self._rests[who] - now:.1f} s before its rest was over at {self._true()}")

    def _did(self, delivery: Delivery, ids: tuple[str, ...], did: str) -> None:
        nonce = nonce_of(delivery)
        self._ids += 1
        if did == "taken" and self._name == "discord" and not delivery.edits:
            did = "known" if nonce in self._known else "taken"
            self._known.setdefault(nonce, self._ids)
        now, repeat = asyncio.get_running_loop().time(), bool(delivery.message.icon)
        shown = delivery.edits or str(self._ids)
        self.log.append(Attempt(delivery.to.id, nonce, ids, repeat, did, now, 0, shown, delivery.edits or ""))
