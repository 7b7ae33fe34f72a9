"""A sender that is stopped just as it claims gives the entry back: nobody is told of a repeat that cannot be one."""

import asyncio
from datetime import datetime, timedelta

from adapters.store.base import Claim, Epoch, Idle
from adapters.store.memory import MemoryStore
from bot.clock import Clock
from tests import virtual
from tests.adapters.store.stories import LEASE, T0
from tests.bot.services.test_sender import Strict, chat, sender, waiting


class Slow(MemoryStore):
    """A store whose answers to a claim come a second after it was made."""

    async def claim(self, epoch: Epoch, now: datetime, lease: timedelta) -> Claim | Idle:
        claim = await super().claim(epoch, now, lease)
        await asyncio.sleep(1)
        return claim


def test_what_was_claimed_while_the_sender_was_stopped_is_given_back_as_surely_not_sent() -> None:
    async def live() -> tuple[Claim | Idle, list[str]]:
        store, platform, wall = Slow(), Strict(), Clock(T0)
        await waiting(store, chat(1))
        task = asyncio.create_task(sender(store, platform, wall)[0].run())
        await asyncio.sleep(0.5)
        task.cancel()
        await asyncio.wait([task])
        epoch = await store.lead("telegram", "next", wall.now(), LEASE)
        assert isinstance(epoch, Epoch)
        return await store.claim(epoch, wall.now(), LEASE), platform.keys

    claim, sent = virtual.run(live)

    assert isinstance(claim, Claim)
    assert claim.ambiguous == 0
    assert sent == []
