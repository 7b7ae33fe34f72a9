"""A front that is connected to the small Discord, for tests of a front and of all fronts."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.chat.base import Delivery, MenuEntry, Message, Outcome, Place
from adapters.chat.discord.front import Discord
from adapters.chat.discord.settings import DiscordSettings
from tests.fake_discord.hearing import MENU, Heard, Remembered, Vocabulary, Wall
from tests.fake_discord.server import FakeDiscord, fake_discord
from tests.fake_discord.world import MANAGE, MEMBER, TOKEN

NOW = datetime(2026, 1, 5, tzinfo=UTC)
ANN, BOB = 111_111_111_111_111_111, 222_222_222_222_222_222
"""Who manages the server, and who is only there."""


@contextmanager
def own_addresses() -> Iterator[None]:
    """Afterwards the client speaks to Discord's own addresses again: they are one pair a process."""
    api, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = api, yarl.URL(str(gateway))


@dataclass
class Online:
    """A front on the small Discord, with a server that has one channel."""

    fake: FakeDiscord
    front: Discord
    heard: Heard
    notes: Remembered
    wall: Wall
    channel: int
    serving: asyncio.Task[None]
    logs: list[structlog.typing.EventDict]

    @property
    def place(self) -> Place:
        """The channel."""
        return Place("discord", f"-{self.channel}")

    async def send(self, of: Message, key: str = "key", to: Place | None = None, seconds: float = 30.0) -> Outcome:
        """One try to send the message to the channel."""
        deadline = self.wall.at + timedelta(seconds=seconds)
        return await self.front.send(Delivery(key, to or self.place, of, deadline))

    @property
    def shown(self) -> list[str]:
        """The text of each message that was taken, with its markup."""
        return [str(of.body.get("embeds")) for of in self.fake.world.log]

    def close_place(self) -> None:
        """The channel refuses from now on, as one does that we may not see any more."""
        self.fake.world.closed[self.channel] = (403, 50001)

    async def ready(self) -> None:
        """Wait for the connection; fails with the front if that ends."""
        waiting = asyncio.ensure_future(self.fake.gateway.ready.wait())
        async with asyncio.timeout(10):
            await asyncio.wait({waiting, self.serving}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if self.serving.done():
            await self.serving


@asynccontextmanager
async def online(
    heard: Heard | None = None, *, waits: bool = True, menu: Sequence[MenuEntry] = MENU, operators: Sequence[int] = ()
) -> AsyncIterator[Online]:
    """The front is connected, and leaves at the end."""
    heard, notes, wall = heard or Heard(), Remembered(), Wall(NOW)
    with own_addresses(), structlog.testing.capture_logs() as logs:
        async with fake_discord() as fake:
            server = fake.world.server("perps", "alerts")
            server.members |= {ANN: MEMBER | MANAGE, BOB: MEMBER}
            (channel,) = server.channels
            operate = frozenset(map(str, operators))
            settings = DiscordSettings(TOKEN, fake.api, fake.gateway_url, operate)
            front = Discord(settings, notes, Vocabulary(), wall, wall)
            serving = asyncio.create_task(front.serve(menu, heard))
            line = Online(fake, front, heard, notes, wall, channel, serving, logs)
            try:
                if waits:
                    await line.ready()
                yield line
            finally:
                line.serving.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await line.serving
