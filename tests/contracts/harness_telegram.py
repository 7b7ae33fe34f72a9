"""Telegram for the contract of platforms: the real front before a fake Bot API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.chat.base import ChatPlatform, Place
from adapters.chat.completion import no_words
from adapters.chat.pace import Pace, Pacer
from adapters.chat.registry import PLATFORMS, Wiring
from adapters.chat.telegram.front import Telegram
from adapters.chat.telegram.settings import TelegramSettings
from tests.fake_telegram.desk import Clock, Notes
from tests.fake_telegram.faults import BLOCKED
from tests.fake_telegram.server import serving
from tests.fake_telegram.world import World


class Harness:
    """One person, 42."""

    here = Place("telegram", "42")

    def __init__(self, platform: ChatPlatform, world: World) -> None:
        self.platform = platform
        self._world = world

    def arrived(self) -> str:
        """What people can read."""
        return "\n".join(taken.text for taken in self._world.taken)

    def nobody_reads(self) -> None:
        """From now on."""
        self._world.chats[42].refuses = BLOCKED

    async def say(self, line: str) -> None:
        """The person types."""
        self._world.say(42, line)
        await asyncio.sleep(0)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Harness]:
    """The platform as the registry opens it."""
    clock = Clock()
    world = World(clock.seconds)
    world.person(42)
    async with serving(world) as server:
        settings = TelegramSettings(world.token, server.url)
        platform = PLATFORMS["telegram"](
            Wiring(
                clock.now,
                folder / "history",
                no_words,
                clock.now,
                lambda _: Notes(clock),
                folder / "charts",
                pacers={"telegram": Pacer(Pace(), 0.0)},
                telegram=settings,
            )
        )
        assert isinstance(platform, Telegram)
        try:
            yield Harness(platform, world)
        finally:
            await platform.aclose()
