"""A chat whose fan-out and sender run on a real server, looked after as in the service."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from adapters.chat.pace import Pacer, pace_of
from adapters.store.base import Final, Store, StoreError
from adapters.store.embedded import Embedded
from bot.app import opened
from bot.clock import Clock
from bot.health import Health
from bot.services.fanout import Fanout
from bot.services.keeping import limits, until_stopped
from bot.services.runtime import Watch
from bot.services.sender import Sender
from bot.services.voice import Voice
from bot.telling import told
from signals.rules.model import Rule
from tests.adapters.store.stories import HOME, MINUTE, T0, event, subscribed
from tests.bot.services.test_delivery import Chat

NOTICED, BACK = 10.0, 5.0
"""Seconds within which trouble must be noticed, and be over once its cause is."""


@dataclass
class House:
    """The store, a rule on it, who is told of its alerts, and how the loops are."""

    store: Store
    rule: Rule
    chat: Chat
    health: Health

    async def alert(self, id_: str) -> None:
        """One more alert waits in the lane as soon as the store takes it."""
        async with asyncio.timeout(NOTICED):
            while True:
                with suppress(StoreError):
                    await self.store.fan_out("terminal", event(self.rule, id_), 10, T0)
                    return
                await asyncio.sleep(0.1)

    async def until(self, so: Callable[[], bool], within: float) -> None:
        """Wait until a person would see that."""
        async with asyncio.timeout(within):
            while not so():  # noqa: ASYNC110 - it is what a person would see
                await asyncio.sleep(0.02)

    async def sent(self, *ids: str) -> None:
        """Wait until these alerts were sent, in that order, and no others."""
        await self.until(lambda: [one.key.rpartition(":")[2] for one in self.chat.sent] == [*ids], BACK)


@asynccontextmanager
async def house(url: str, server: Embedded | None = None) -> AsyncIterator[House]:
    """One on the store at `url`, whose server is ours where it is given; what it was sent is all that was queued."""
    async with opened(url) as store:
        chat, wall = Chat(), Clock(T0)
        health = Health(wall.now)
        rule = await subscribed(store)
        await store.change(HOME, lambda of: replace(of, budget=None), "none")
        pacer = Pacer(pace_of("terminal"), asyncio.get_running_loop().time())
        sender = Sender(store, chat, "main", wall, wall, Voice(told), pacer)
        loops = {"fanout": Fanout(store, ["terminal"], wall.now).run, "terminal sender": sender.run}
        async with asyncio.TaskGroup() as group:
            stop, watch = asyncio.Event(), Watch(health, limits(loops, MINUTE))
            group.create_task(until_stopped(loops, stop, server, watch))
            yield House(store, rule, chat, health)
            stop.set()
        ends = [outcome for _, outcome, _ in await store.outcomes(HOME, 99)]
        assert ends == [Final.SENT] * len(chat.sent)
