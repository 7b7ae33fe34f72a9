"""An evening of the whole service: both chats and the market on this computer, `perpwatch run` a process of its own."""

import asyncio
import os
import re
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.both.house import DAN, DISCORD_TOKEN, TINA
from tests.both.shown import buttons, on_discord
from tests.e2e.strangers import newcomer
from tests.fake_discord.server import FakeDiscord, fake_discord
from tests.fake_discord.world import Body
from tests.fake_discord.world import Message as Posted
from tests.fake_telegram.server import serving
from tests.fake_telegram.world import Taken, World

PATIENCE = 120.0
LOOK = 5.0
"""Seconds between questions that wait for something: people may ask twenty times a minute."""

ALERT = re.compile(r"A-[0-9A-Z]{4,16}")
SECRET = 20
"""Letters from which a part of a token is a secret: shorter ones are ids."""


@dataclass
class Evening:
    """Both chats with a person in each, and the service between them, which is started and stopped by the test."""

    telegram: World
    discord: FakeDiscord
    environment: Mapping[str, str]
    folder: Path
    process: Process | None = None
    printed: bytearray = field(default_factory=bytearray)
    killed: bool = False

    # --- the service

    @asynccontextmanager
    async def running(self, *words: str) -> AsyncIterator[None]:
        """The service serves both chats meanwhile; in the end SIGTERM stops it, and it goes with success."""
        times = len(self.discord.gateway.sessions) + 1
        asked = len(self.telegram.calls)
        command = (sys.executable, "-P", "-m", "bot.cli", "run", *words)
        self.killed = False
        log = (self.folder / "printed.txt").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            *command, env=self.environment, stdin=PIPE, stdout=log, stderr=log
        )
        log.close()
        try:
            await self.until(lambda: len(self.discord.gateway.sessions) >= times, "Discord is connected")
            await self.until(lambda: "getUpdates" in self._called(asked), "Telegram is asked for updates")
            yield
        finally:
            if self.process.returncode is None:
                self.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(30):
                code = await self.process.wait()
        assert code == (-signal.SIGKILL if self.killed else 0), self.output()

    async def kill(self) -> None:
        """The service ends at once, as by kill -9."""
        if self.process is None:
            raise AssertionError("the service is not there")
        self.killed = True
        self.process.kill()
        await self.process.wait()

    def _called(self, since: int) -> Sequence[str]:
        return [method for method, _ in self.telegram.calls[since:]]

    def output(self) -> str:
        """What the service printed."""
        return (self.folder / "printed.txt").read_text(encoding="utf-8")

    async def until(self, there: Callable[[], object], what: str, within: float = PATIENCE) -> None:
        """Wait until it is so; what never becomes so fails the test with what was printed."""
        end = time.monotonic() + within
        while not there():
            over = time.monotonic() >= end or (self.process is not None and self.process.returncode is not None)
            assert not over, f"{what}: never\n{self.output()[-3000:]}"
            await asyncio.sleep(0.02)

    # --- Telegram

    async def says(self, text: str) -> Taken:
        """Tina writes that; the answer."""
        return await self._next(lambda: self.telegram.say(TINA, text), text)

    async def presses(self, on: Taken, label: str) -> Taken:
        """Tina presses a button; the answer, which may stand in the place of what was there."""
        return await self._next(lambda: self.telegram.press(TINA, on, label), label)

    async def _next(self, does: Callable[[], object], what: str) -> Taken:
        before = len(self.telegram.taken)
        does()
        await self.until(lambda: len(self.telegram.taken) > before, f"Telegram answers {what}")
        return self.telegram.taken[before]

    def told_tina(self) -> Sequence[tuple[str, Taken]]:
        """The alerts that Tina got, each with its id: none of her answers has one in its first line."""
        found = [(ALERT.search(taken.text.partition("\n")[0]), taken) for taken in self.telegram.taken]
        return [(id_[0], taken) for id_, taken in found if id_]

    # --- Discord

    async def asks(self, name: str, **options: str) -> Body:
        """Dan uses a command in his direct messages; the answer."""
        room = self.discord.world.room(DAN)
        interaction = await self.discord.command(room, DAN, name, **options)
        return await self.discord.answered(interaction, within=PATIENCE)

    async def clicks(self, under: Body, label: str) -> Body:
        """Dan presses a button under that answer; the answer to it."""
        custom_id = next(str(b["custom_id"]) for b in buttons(under) if b["label"] == label)
        room = self.discord.world.room(DAN)
        on = Posted(self.discord.world.new_id(), room, under)
        return await self.discord.answered(await self.discord.press(on, DAN, custom_id), within=PATIENCE)

    def wrote_dan(self) -> Sequence[Posted]:
        """What Dan got without asking: answers come with what he did, and not by themselves."""
        room = self.discord.world.room(DAN)
        return [of for of in self.discord.world.log if of.channel == room]

    def told_dan(self) -> Sequence[tuple[str, Posted]]:
        """The alerts that Dan got, each with its id."""
        found = [(ALERT.search(on_discord(of.body)), of) for of in self.wrote_dan()]
        return [(id_[0], of) for id_, of in found if id_]


@asynccontextmanager
async def evening(folder: Path, **settings: str) -> AsyncIterator[Evening]:
    """Both chats are there; `settings` are more variables of the service's environment."""
    telegram = World(time.time, limited=True)  # noqa: TID251  the world outside
    telegram.person(TINA, "Tina")
    async with serving(telegram) as server, fake_discord() as discord:
        discord.world.token = DISCORD_TOKEN
        own = {
            "PERPWATCH_DATA": str(folder / "data"),
            "PERPWATCH_TELEGRAM_API": server.url,
            "PERPWATCH_DISCORD_API": discord.api,
            "PERPWATCH_DISCORD_GATEWAY": discord.gateway_url,
            "TELEGRAM_TOKEN": telegram.token,
            "DISCORD_TOKEN": DISCORD_TOKEN,
        }
        kept = {name: value for name, value in newcomer(folder).items() if not name.endswith("_TOKEN")}
        environment = {**kept, **own, **settings, "PATH": os.environ["PATH"]}
        yield Evening(telegram, discord, environment, folder)
    assert leaks(folder, telegram.token, DISCORD_TOKEN) == []


def leaks(folder: Path, *tokens: str) -> list[str]:
    """The files below the folder that hold a token or its secret part: the log, what was printed, the store."""
    parts = {part.encode() for token in tokens for part in (token, *re.split(r"[:.]", token)) if len(part) >= SECRET}
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files
    return [str(path.relative_to(folder)) for path in files if any(part in path.read_bytes() for part in parts)]
