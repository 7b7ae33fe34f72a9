"""The chat platforms by name, each imported when it is opened: their packages cost memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from adapters.chat.base import ChatPlatform, Notes, Words
from adapters.chat.discord_settings import DiscordSettings
from adapters.chat.telegram_settings import TelegramSettings


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a platform is opened with: the market's moment, where it may keep a file, the words that it completes.

    `wall` is the clock of deadlines, `notes` what fronts keep for themselves; each platform but the terminal has its
    settings.
    """

    now: Callable[[], datetime]
    history: Path
    words: Words
    wall: Callable[[], datetime] | None = None
    notes: Notes | None = None
    telegram: TelegramSettings | None = None
    discord: DiscordSettings | None = None


def _terminal(wiring: Wiring) -> ChatPlatform:
    from adapters.chat.terminal import Terminal  # noqa: PLC0415 - fronts load only when opened

    return Terminal(wiring.now, wiring.history, wiring.words)


def _telegram(wiring: Wiring) -> ChatPlatform:
    from adapters.chat.telegram import Telegram  # noqa: PLC0415 - the same

    if wiring.telegram is None or wiring.notes is None:
        raise ValueError("Telegram is opened with its settings and with notes")
    return Telegram(wiring.telegram, wiring.notes, wiring.now, wiring.wall or wiring.now)


def _discord(wiring: Wiring) -> ChatPlatform:
    from adapters.chat.discord import Discord  # noqa: PLC0415 - the same

    if wiring.discord is None or wiring.notes is None:
        raise ValueError("Discord is opened with its settings and with notes")
    return Discord(wiring.discord, wiring.notes, wiring.words, wiring.now, wiring.wall or wiring.now)


PLATFORMS: Mapping[str, Callable[[Wiring], ChatPlatform]] = {
    "terminal": _terminal,
    "telegram": _telegram,
    "discord": _discord,
}
