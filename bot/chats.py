"""The chats of one process: which platforms are open, and the loops that answer and send in each of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog
from pydantic import SecretStr

from adapters.chat.base import Barred, ChatPlatform, Limited
from adapters.chat.discord.settings import DiscordSettings
from adapters.chat.pace import Pacer, pace_of
from adapters.chat.registry import PLATFORMS, Wiring
from adapters.chat.telegram.settings import TelegramSettings, Webhook
from adapters.store.base import Store
from adapters.store.front_port import PlatformNotes
from bot.charts.painter import Painter
from bot.charts.pictures import Illustrator
from bot.choices import choices
from bot.clock import Clock
from bot.commands.registry import COMMANDS
from bot.floods import Floods
from bot.health import Health
from bot.services.dispatcher import Dispatcher, Doors
from bot.services.once import Once
from bot.services.outlive import outlive
from bot.services.sender import Sender
from bot.services.voice import Voice
from bot.settings import Settings
from bot.telling import told
from signals.registry import SIGNALS

log = structlog.get_logger()

TRIED_AGAIN = timedelta(minutes=1)
"""How long a platform that will not have us is left alone."""

Loops = dict[str, Callable[[], Awaitable[None]]]


@dataclass(frozen=True, slots=True)
class Around:
    """What chats stand in: the store, both clocks, the shortest bar, and a folder for the terminal's files."""

    store: Store
    market: Clock
    wall: Clock
    step: timedelta
    folder: Path
    version: str
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class Chats:
    """Open platforms with who answers in them and who paints for them."""

    settings: Settings
    around: Around
    fronts: Mapping[str, ChatPlatform]
    pacers: Mapping[str, Pacer]
    dispatcher: Dispatcher
    illustrator: Illustrator
    barred: list[str] = field(default_factory=list)
    """Why platforms will not have us, in sentences."""

    def loops(self, ended: Callable[[str], None]) -> Loops:
        """A sender and an ear for each platform; `ended` is told which one is left or will not have us."""
        found: Loops = {}
        for name, front in self.fronts.items():
            sent, sender = asyncio.Event(), self._sender(front)
            sent.set()
            if self.around.health is not None:
                self.around.health.watch(name, sender.stillness)
            found[f"{name} sender"] = partial(self._send, sender, sent)
            found[name] = partial(self._serve, front, sender, sent, ended)
        return found

    def _sender(self, front: ChatPlatform) -> Sender:
        """One for the life of the process: it knows what was sent while the store was away."""
        of, voice = self.around, Voice(told, self.illustrator, timedelta(minutes=self.settings.expire_minutes))
        return Sender(of.store, front, self.settings.instance, of.wall, of.market, voice, self.pacers[front.name])

    async def _send(self, sender: Sender, sent: asyncio.Event) -> None:
        sent.clear()
        try:
            await sender.run()
        finally:
            sent.set()

    async def _serve(
        self, front: ChatPlatform, sender: Sender, sent: asyncio.Event, ended: Callable[[str], None]
    ) -> None:
        """Until it is left. Where we are barred nothing is sent either, and both are tried again until they work."""
        while True:
            try:
                await outlive(front.serve(list(COMMANDS.values()), Once(self.dispatcher)), sent)
            except Barred as barred:
                if str(barred) not in self.barred:
                    log.warning("a platform will not have us", platform=front.name, why=str(barred))
                    self.barred.append(str(barred))
                ended(front.name)
                await sender.stillness.begin(TRIED_AGAIN, Limited.TOKEN)
                await self.around.wall.until(self.around.wall.now() + TRIED_AGAIN)
            else:
                ended(front.name)
                return


@asynccontextmanager
async def opened_chats(
    settings: Settings, tokens: Mapping[str, SecretStr], names: Sequence[str], around: Around
) -> AsyncIterator[Chats]:
    """These platforms, opened with the tokens that they need, and closed at the end."""
    async with AsyncExitStack() as stack:
        painter = await stack.enter_async_context(Painter())
        start = asyncio.get_running_loop().time()
        pacers = {name: Pacer(pace_of(name), start) for name in names}
        wiring = _wiring(settings, tokens, around, pacers)
        fronts = {name: PLATFORMS[name](wiring) for name in names}
        for front in fronts.values():
            stack.push_async_callback(front.aclose)
        dispatcher = Dispatcher(
            around.store,
            SIGNALS,
            around.market.now,
            around.market.now(),
            around.version,
            settings.quota,
            around.step,
            doors=Doors(settings.operates, settings.invited_only),
            fronts=fronts,
            floods=Floods(),
            painter=painter,
            health=around.health,
        )
        illustrator = Illustrator(painter, around.store, SIGNALS, around.step)
        yield Chats(settings, around, fronts, pacers, dispatcher, illustrator)


def _wiring(settings: Settings, tokens: Mapping[str, SecretStr], around: Around, pacers: Mapping[str, Pacer]) -> Wiring:
    return Wiring(
        now=around.market.now,
        wall=around.wall.now,
        words=choices(around.store, SIGNALS),
        notes=partial(PlatformNotes, around.store),
        history=around.folder / "history",
        pictures=around.folder / "charts",
        deaf=(around.health or Health(around.wall.now)).deaf,
        pacers=pacers,
        telegram=telegram_of(settings, tokens),
        discord=discord_of(settings, tokens),
    )


def telegram_of(settings: Settings, tokens: Mapping[str, SecretStr]) -> TelegramSettings | None:
    """What Telegram is opened with, where its token is set."""
    token = tokens.get("telegram")
    if token is None:
        return None
    proxy, secret = settings.telegram_proxy, settings.telegram_webhook_secret
    webhook = None
    if settings.telegram_webhook is not None and secret is not None:
        host, _, port = settings.telegram_listen.rpartition(":")
        webhook = Webhook(settings.telegram_webhook, secret.get_secret_value(), host, int(port))
    return TelegramSettings(
        token.get_secret_value(),
        settings.telegram_api,
        proxy.get_secret_value() if proxy else None,
        settings.operators_of("telegram"),
        webhook,
    )


def discord_of(settings: Settings, tokens: Mapping[str, SecretStr]) -> DiscordSettings | None:
    """What Discord is opened with, where its token is set."""
    token = tokens.get("discord")
    if token is None:
        return None
    return DiscordSettings(
        token.get_secret_value(), settings.discord_api, settings.discord_gateway, settings.operators_of("discord")
    )
