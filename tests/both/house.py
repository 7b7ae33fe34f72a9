"""The whole chat side in one process: both real fronts on their invented platforms, one dispatcher, one small market.

The market and the wall's clock stand still but for what a test lets pass, so that both people see the same moment.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from pydantic import SecretStr

from adapters.chat.base import ChatPlatform, Invocation, Message
from adapters.store.base import Store
from bot.chats import Around, Chats, opened_chats
from bot.clock import AS_FAST_AS_IT_GOES, Clock
from bot.commands.registry import COMMANDS
from bot.services.once import Once
from bot.settings import Settings
from tests.bot.commands.desks import HERE, NOW, STEP, desk_with_past
from tests.both.shown import buttons
from tests.fake_discord.online import own_addresses
from tests.fake_discord.server import FakeDiscord, fake_discord
from tests.fake_discord.world import MANAGE, MEMBER, Body
from tests.fake_discord.world import Message as Posted
from tests.fake_telegram.server import serving
from tests.fake_telegram.world import Taken, World

TINA, TOM, OTTO = 42, 43, 9
DAN, DORA, OLGA = 222_222_222_222_222_222, 111_111_111_111_111_111, 999_999_999_999_999_999
"""On Telegram and on Discord: somebody, who looks after the group or the server, and who operates the service."""

GROUP, FORUM, TOPIC = -1001, -1002, 7
DISCORD_TOKEN = f"NDIyMjIyMjIyMjIyMjIyMjIy.GfAkE1.{'d' * 38}"
PATIENCE = 20.0


@dataclass
class House:
    """What a test does with it: people write and press, and read what is said to them."""

    telegram: World
    discord: FakeDiscord
    chats: Chats
    clock: Clock
    channel: int
    """The channel of the server."""
    asked: int = field(default=0)

    @property
    def store(self) -> Store:
        """Where rules and settings are kept."""
        return self.chats.around.store

    def front(self, name: str) -> ChatPlatform:
        """One of the fronts."""
        return self.chats.fronts[name]

    async def later(self, **span: float) -> None:
        """So much time passes."""
        await self.clock.until(self.clock.now() + timedelta(**span))

    # --- Telegram

    async def says(self, text: str, person: int = TINA, chat: int | None = None, **more: object) -> Taken:
        """Somebody writes; the answer."""
        return await self._taken(lambda: self.telegram.say(person, text, chat, **more), text)  # type: ignore[arg-type]

    async def presses(self, on: Taken, label: str, person: int = TINA) -> Taken:
        """Somebody presses a button; the answer below it or in its place."""
        return await self._taken(lambda: self.telegram.press(person, on, label), label)

    async def popup(self, does: Callable[[], object]) -> str:
        """What is shown above the chat to who presses."""
        before = len(self.telegram.popups)
        does()
        await self.until(lambda: len(self.telegram.popups) > before, "a press is acknowledged")
        return self.telegram.popups[before][1] or ""

    async def _taken(self, does: Callable[[], object], what: str) -> Taken:
        before = len(self.telegram.taken)
        does()
        await self.until(lambda: len(self.telegram.taken) > before, f"the answer to {what[:80]}")
        return self.telegram.taken[before]

    async def until(self, there: Callable[[], object], what: str) -> None:
        """Wait until it is so; what never becomes so fails the test."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not there():  # noqa: ASYNC110  what is waited for is told by no event
                    await asyncio.sleep(0.002)
        assert there(), f"never: {what}"

    # --- Discord

    async def asks(
        self, name: str, /, who: int = DAN, where: int | None = None, about: int | None = None, **options: str
    ) -> Body:
        """Somebody uses a command, in direct messages if nowhere else, perhaps about a channel; the answer."""
        room = where or self.discord.world.room(who)
        asked = await self.discord.command(room, who, name, about, **options)
        return await self.discord.answered(asked, within=PATIENCE)

    async def clicks(self, under: Body, label: str, person: int = DAN, where: int | None = None) -> Body:
        """Somebody presses a button under that answer; the answer to it."""
        custom_id = next(str(b["custom_id"]) for b in buttons(under) if b["label"] == label)
        return await self.clicks_id(custom_id, person, where, under)

    async def clicks_id(
        self, custom_id: str, person: int = DAN, where: int | None = None, under: Body | None = None
    ) -> Body:
        """Somebody's app says that this was pressed."""
        room = where or self.discord.world.room(person)
        on = Posted(self.discord.world.new_id(), room, under or {})
        return await self.discord.answered(await self.discord.press(on, person, custom_id), within=PATIENCE)

    # --- the terminal

    async def types(self, line: str) -> Message:
        """Somebody at the terminal types; the answer."""
        name, _, arguments = line.removeprefix("/").partition(" ")
        self.asked += 1
        at = self.clock.now()
        return await self.chats.dispatcher.answer(
            Invocation(HERE, "local", name, arguments.strip(), f"terminal:{self.asked}", at, owner=True)
        )


@asynccontextmanager
async def house(folder: Path, *, invited_only: bool = False, store: Store | None = None) -> AsyncIterator[House]:
    """Both fronts serve meanwhile. Tom and Dora look after groups and the server; Otto and Olga operate.

    A `store` that is given holds the market already.
    """
    clock = Clock(NOW, AS_FAST_AS_IT_GOES)
    telegram = World(lambda: clock.now().timestamp())
    for person in (TINA, TOM, OTTO):
        telegram.person(person)
    for group, forum in ((GROUP, False), (FORUM, True)):
        members = {f"p{TINA}": "member", f"p{TOM}": "administrator", f"p{OTTO}": "member"}
        telegram.group(group, forum=forum, **members).topics.add(TOPIC)
    with own_addresses():
        async with serving(telegram) as server, fake_discord() as discord:
            discord.world.token = DISCORD_TOKEN
            guild = discord.world.server("perps", "alerts")
            guild.members |= {DORA: MEMBER | MANAGE, DAN: MEMBER, OLGA: MEMBER}
            (channel,) = guild.channels
            settings = Settings(
                telegram_api=server.url,
                discord_api=discord.api,
                discord_gateway=discord.gateway_url,
                operators=f"telegram:{OTTO},discord:{OLGA}",
                invited_only=invited_only,
            )
            tokens = {"telegram": SecretStr(telegram.token), "discord": SecretStr(DISCORD_TOKEN)}
            around = Around(store or (await desk_with_past()).store, clock, clock, STEP, folder, "0.1.0")
            async with opened_chats(settings, tokens, list(tokens), around) as chats:
                home = House(telegram, discord, chats, clock, channel)
                async with _served(home):
                    yield home


@asynccontextmanager
async def _served(home: House) -> AsyncIterator[None]:
    reception = Once(home.chats.dispatcher)
    serving_ = [asyncio.create_task(of.serve(list(COMMANDS.values()), reception)) for of in home.chats.fronts.values()]
    try:
        await home.until(home.discord.gateway.ready.is_set, "Discord is connected")
        await home.until(lambda: home.telegram.calls[-1:] and home.telegram.calls[-1][0] == "getUpdates", "Telegram is")
        yield
    finally:
        for task in serving_:
            task.cancel()
        await asyncio.gather(*serving_, return_exceptions=True)
