"""A Telegram front before a fake Bot API, and what a test does with both."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from adapters.chat.base import Delivery, Message, Place
from adapters.chat.telegram.settings import TelegramSettings
from tests.fake_telegram.desk import MENU, Clock, Entry, Notes, Reception
from tests.fake_telegram.server import Server, serving
from tests.fake_telegram.world import World

if TYPE_CHECKING:
    from adapters.chat.telegram.front import Telegram

PATIENCE = 5.0


@dataclass
class Stage:
    """The front, the world that it speaks to, and what is around it."""

    world: World
    server: Server
    front: "Telegram"
    clock: Clock
    notes: Notes
    settings: TelegramSettings
    reception: Reception = field(default_factory=Reception)

    async def send(self, message: Message, to: str = "42", **more: str) -> object:
        deadline = self.clock.at + timedelta(seconds=60)
        return await self.front.send(Delivery("key", Place("telegram", to), message, deadline, **more))

    @asynccontextmanager
    async def served(self, menu: tuple[Entry, ...] = MENU) -> AsyncIterator[None]:
        """The front serves meanwhile; in the end it is stopped as the service stops it."""
        task = asyncio.create_task(self.front.serve(menu, self.reception))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def until(self, there: Callable[[], object]) -> None:
        """Wait until it is so; what never becomes so fails the test."""
        async with asyncio.timeout(PATIENCE):
            while not there():  # noqa: ASYNC110  what is waited for is told by no event
                await asyncio.sleep(0.003)

    async def texts(self, number: int) -> list[str]:
        """What the bot has said, once there are so many messages."""
        await self.until(lambda: len(self.world.taken) >= number)
        return [taken.text for taken in self.world.taken]


StageOf = Callable[..., AbstractAsyncContextManager[Stage]]


@asynccontextmanager
async def staged(**settings: object) -> AsyncIterator[Stage]:
    """A stage with one person, 42; `limited` and the fields of the settings may be given."""
    from adapters.chat.telegram.front import Telegram  # noqa: PLC0415 - the other fronts' tests do without it

    clock = Clock()
    world = World(clock.seconds, limited=bool(settings.pop("limited", False)))
    world.person(42)
    async with serving(world) as server:
        known = replace(TelegramSettings(world.token, server.url), **settings)  # type: ignore[arg-type]
        notes = Notes(clock)
        front = Telegram(known, notes, clock.now, clock.now)
        stage = Stage(world, server, front, clock, notes, known)
        try:
            yield stage
        finally:
            server.release.set()
            await front.aclose()
