"""Who may use which command where, as both fronts and the service behind them really answer."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from adapters.chat.discord_tree import aims
from bot.commands.base import Command
from bot.commands.registry import COMMANDS
from tests.both.house import DAN, DORA, FORUM, GROUP, OLGA, OTTO, TINA, TOM, TOPIC, House, house
from tests.both.shown import on_discord
from tests.fake_discord.world import Body

YES, ALONE, NO, NOT_THERE = "yes", "alone", "no", "–"
"""Answered for all who read there; to that person alone; refused in words; not offered there."""

HIDDEN = 64
"""The flag of an answer that only the one who asked sees."""

REFUSED = ("Only those who look after", "Only operators", "answers invited people only", "do not look after the place")

Try: TypeAlias = Callable[[House, Command], Awaitable[str]]


def _on_telegram(person: int, chat: int | None = None, **more: int) -> Try:
    async def tried(home: House, command: Command) -> str:
        said = await home.says(f"/{command.spec.name}", person, chat, **more)
        return NO if _refuses(said.text) else YES

    return tried


def _on_discord(person: int, *, server: bool = False, about: bool = False) -> Try:
    async def tried(home: House, command: Command) -> str:
        if about and not aims(command):
            return NOT_THERE
        needed = {parameter.name: "1" for parameter in command.spec.parameters if parameter.required}
        where, of = (home.channel if server or about else None), (home.channel if about else None)
        return _seen(await home.asks(command.spec.name, person, where, of, **needed))

    return tried


def _seen(said: Body) -> str:
    if _refuses(on_discord(said)):
        return NO
    return ALONE if int(str(said.get("flags") or 0)) & HIDDEN else YES


def _refuses(text: str) -> bool:
    return any(words in text for words in REFUSED)


OPEN: Mapping[str, Mapping[str, Try]] = {
    "Telegram": {
        "private: a person": _on_telegram(TINA),
        "private: operator": _on_telegram(OTTO),
        "group: member": _on_telegram(TINA, GROUP),
        "group: admin": _on_telegram(TOM, GROUP),
        "group: anonymous admin": _on_telegram(TOM, GROUP, as_chat=GROUP),
        "group: operator": _on_telegram(OTTO, GROUP),
        "topic: member": _on_telegram(TINA, FORUM, topic=TOPIC),
        "topic: admin": _on_telegram(TOM, FORUM, topic=TOPIC),
    },
    "Discord": {
        "direct: a person": _on_discord(DAN),
        "direct: operator": _on_discord(OLGA),
        "server: member": _on_discord(DAN, server=True),
        "server: manager": _on_discord(DORA, server=True),
        "server: operator": _on_discord(OLGA, server=True),
        "channel: member": _on_discord(DAN, about=True),
        "channel: manager": _on_discord(DORA, about=True),
        "channel: operator": _on_discord(OLGA, about=True),
    },
}
"""Who does what where, on a service that answers everybody. `channel` is the option of that name."""

CLOSED: Mapping[str, Mapping[str, Try]] = {
    "Telegram": {"private: not invited": _on_telegram(TINA), "group: not invited": _on_telegram(TOM, GROUP)},
    "Discord": {"direct: not invited": _on_discord(DAN), "server: not invited": _on_discord(DORA, server=True)},
}
"""The same where only invited people are answered."""

AIMED = ("channel by /use: admin", "channel by /use: admin no more")

CHANNEL = -1003

Cells: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By platform, column and command."""


def measured() -> Cells:
    """Every command by everybody everywhere."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measured(Path(folder)))


async def _measured(folder: Path) -> Cells:
    found: dict[str, dict[str, Mapping[str, str]]] = {platform: {} for platform in OPEN}
    async with house(folder) as home:
        for platform, columns in OPEN.items():
            found[platform] |= {name: await _column(home, tries) for name, tries in columns.items()}
        found["Telegram"] |= await _aimed(home)
    async with house(folder, invited_only=True) as home:
        for platform, columns in CLOSED.items():
            found[platform] |= {name: await _column(home, tries) for name, tries in columns.items()}
    return found


async def _column(home: House, tries: Try) -> Mapping[str, str]:
    cells = {}
    for name, command in COMMANDS.items():
        await home.later(seconds=6)
        cells[name] = await tries(home, command)
    return cells


async def _aimed(home: House) -> Mapping[str, Mapping[str, str]]:
    """Commands of an admin of a channel, which act on it; and of one who has ceased to be."""
    channel = home.telegram.channel(CHANNEL, "perps", **{f"p{TOM}": "administrator"})
    said = await home.says("/use @perps", TOM)
    assert "perps" in said.text, said.text
    first = await _column(home, _on_telegram(TOM))
    channel.members[TOM] = "member"
    await home.later(minutes=2)
    return dict(zip(AIMED, (first, await _column(home, _on_telegram(TOM))), strict=True))


def table(cells: Cells) -> str:
    """Both tables as a page shows them."""
    return "\n\n".join(f"### {platform}\n\n{_rows(columns)}" for platform, columns in cells.items())


def _rows(columns: Mapping[str, Mapping[str, str]]) -> str:
    head: Sequence[str] = ("command", *columns)
    lines = [head, ["---"] * len(head)]
    lines += [[f"`/{name}`", *(cells[name] for cells in columns.values())] for name in COMMANDS]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def measured_table() -> str:
    """The tables, measured anew."""
    return table(measured())
