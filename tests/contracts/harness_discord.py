"""Discord for the contract of platforms: the real front before a small Discord."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from adapters.chat.base import ChatPlatform, Place
from adapters.chat.completion import no_words
from adapters.chat.discord.settings import DiscordSettings
from adapters.chat.registry import PLATFORMS, Wiring
from tests.fake_discord.hearing import Heard, Remembered
from tests.fake_discord.online import BOB, own_addresses
from tests.fake_discord.server import FakeDiscord, fake_discord
from tests.fake_discord.world import TOKEN, Json

NOW = datetime(2026, 1, 5, tzinfo=UTC)


class Harness:
    """One person, in direct messages with the bot; one connection is there from the start, for what is sent."""

    here = Place("discord", str(BOB))

    def __init__(self, platform: ChatPlatform, fake: FakeDiscord) -> None:
        self.platform = platform
        self._fake = fake
        self._room = fake.world.room(BOB)

    def arrived(self) -> str:
        """What people can read."""
        answers = [of.answer for of in self._fake.world.interactions.values() if of.answer is not None]
        return "\n".join(_read(body.get("embeds")) for body in [of.body for of in self._fake.world.log] + answers)

    def nobody_reads(self) -> None:
        """From now on."""
        self._fake.world.closed[self._room] = (403, 50007)

    async def say(self, line: str) -> None:
        """The person types, when the connection is there that the test asks for."""
        async with asyncio.timeout(5):
            await self._fake.gateway.connected(2)
        name, _, coin = line.removeprefix("/").partition(" ")
        await self._fake.command(self._room, BOB, name, coin=coin)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Harness]:
    """The platform as the registry opens it."""
    with own_addresses():
        async with fake_discord() as fake:
            settings = DiscordSettings(TOKEN, fake.api, fake.gateway_url)
            notes = Remembered()
            platform = PLATFORMS["discord"](
                Wiring(
                    lambda: NOW,
                    folder / "history",
                    no_words,
                    lambda: NOW,
                    lambda _: notes,
                    folder / "charts",
                    discord=settings,
                )
            )
            serving = asyncio.create_task(platform.serve([], Heard()))
            await fake.gateway.connected(1)
            try:
                yield Harness(platform, fake)
            finally:
                serving.cancel()
                with suppress(asyncio.CancelledError):
                    await serving


def _read(embeds: Json) -> str:
    """The words of embeds."""
    found = [embed for embed in embeds if isinstance(embed, dict)] if isinstance(embeds, list) else []
    return "\n".join(str(embed.get(part) or "") for embed in found for part in ("title", "description"))
