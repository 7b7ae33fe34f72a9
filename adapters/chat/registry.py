"""The chat platforms by name, each imported when it is opened: their packages cost memory."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from adapters.chat.base import ChatPlatform, Notes, Words
from adapters.chat.discord.settings import DiscordSettings
from adapters.chat.identity import Identity
from adapters.chat.pace import Kind, Pacer
from adapters.chat.telegram.settings import TelegramSettings


def unheard(platform: str, until: datetime | None) -> None:
    """Nobody wants to know whether anything is heard."""
    del platform, until


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a platform is opened with: the market's moment, the clock of deadlines, and the words that it completes.

    `notes` gives each platform a place for what it keeps for itself; the terminal has files: `history`, `pictures`.
    `pacers` hand out the slots of platforms, for what is not sent by their senders. `deaf` is told until when nothing
    that people say on a platform is heard, and None once it is.
    """

    now: Callable[[], datetime]
    history: Path
    words: Words
    wall: Callable[[], datetime]
    notes: Callable[[str], Notes]
    pictures: Path
    pacers: Mapping[str, Pacer] = field(default_factory=dict)
    telegram: TelegramSettings | None = None
    discord: DiscordSettings | None = None
    deaf: Callable[[str, datetime | None], None] = unheard


def _terminal(wiring: Wiring) -> ChatPlatform:
    from adapters.chat.gallery import Gallery  # noqa: PLC0415 - the same
    from adapters.chat.terminal import Terminal  # noqa: PLC0415 - fronts load only when opened

    return Terminal(wiring.now, wiring.history, wiring.words, gallery=Gallery(wiring.pictures))


def _telegram(wiring: Wiring) -> ChatPlatform:
    from adapters.chat.telegram.front import Telegram  # noqa: PLC0415 - the same

    if wiring.telegram is None:
        raise ValueError("Telegram is opened with its settings")
    turn = partial(wiring.pacers["telegram"].slot, Kind.REPLY)
    return Telegram(wiring.telegram, wiring.notes("telegram"), wiring.now, wiring.wall, turn)


def _discord(wiring: Wiring) -> ChatPlatform:
    from adapters.chat.discord.front import Discord  # noqa: PLC0415 - the same

    if wiring.discord is None:
        raise ValueError("Discord is opened with its settings")
    return Discord(
        wiring.discord, wiring.notes("discord"), wiring.words, wiring.now, wiring.wall, partial(wiring.deaf, "discord")
    )


PLATFORMS: Mapping[str, Callable[[Wiring], ChatPlatform]] = {
    "terminal": _terminal,
    "telegram": _telegram,
    "discord": _discord,
}


async def _telegram_identity(settings: TelegramSettings) -> Identity:
    from adapters.chat.telegram.identity import identity  # noqa: PLC0415 - the same

    return await identity(settings)


async def _discord_identity(settings: DiscordSettings) -> Identity:
    from adapters.chat.discord.identity import identity  # noqa: PLC0415 - the same

    return await identity(settings)


def identities(
    telegram: TelegramSettings | None, discord: DiscordSettings | None
) -> Mapping[str, Callable[[], Awaitable[Identity]]]:
    """How each platform that has a token is asked who its bot is. What is asked raises Unidentified."""
    asked: dict[str, Callable[[], Awaitable[Identity]]] = {}
    if telegram is not None:
        asked["telegram"] = partial(_telegram_identity, telegram)
    if discord is not None:
        asked["discord"] = partial(_discord_identity, discord)
    return asked
