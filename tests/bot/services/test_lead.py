"""The right to do what one process does at a time: nobody believes to have it for longer than the store says."""

import asyncio
from datetime import datetime, timedelta

from adapters.store.base import Epoch, Held
from adapters.store.memory import MemoryStore
from bot.clock import Clock
from bot.services.lead import LEADERSHIP, Lead
from tests import virtual
from tests.adapters.store.stories import T0

SECOND = timedelta(seconds=1)


class Slow(MemoryStore):
    """A store that gives and renews the lead at once, and says so late."""

    late = 6 * SECOND

    async def lead(self, platform: str, owner: str, now: datetime, ttl: timedelta) -> Epoch | Held:
        given = await super().lead(platform, owner, now, ttl)
        await asyncio.sleep(self.late.total_seconds())
        return given

    async def renew(self, epoch: Epoch, now: datetime, ttl: timedelta) -> bool:
        renewed = await super().renew(epoch, now, ttl)
        await asyncio.sleep(self.late.total_seconds())
        return renewed


def test_a_lead_counts_from_when_it_was_asked_for_however_late_the_answer_comes() -> None:
    async def live() -> list[bool]:
        store, wall = Slow(), Clock(T0)
        own, other = (Lead(store, "telegram", name, wall) for name in ("own", "other"))
        sure = []
        for ask in (own.take, own.take, own.keep):
            await ask()
            for wait in (LEADERSHIP - store.late, SECOND):
                await asyncio.sleep(wait.total_seconds())
                sure.append(own.is_sure)
        store.late = timedelta(0)
        assert await other.take() is not None
        return [*sure, own.is_sure]

    assert virtual.run(live) == [True, False] * 3 + [False]
