"""What was announced before a sudden end is answered by the next process, once, or said to have come too late."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from adapters.chat.discord import client
from adapters.chat.discord.front import Discord
from adapters.chat.discord.settings import DiscordSettings
from adapters.chat.discord.unanswered import NOTE, Announced, Unanswered
from tests.fake_discord.hearing import MENU, Heard, Remembered, Vocabulary
from tests.fake_discord.online import BOB, Online, online
from tests.fake_discord.world import TOKEN, Interaction

STUCK = 600.0
"""Seconds for an answer that never comes, as in a process that is killed."""


@pytest.fixture(autouse=True)
def sudden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the answers of a process that is no more."""
    monkeypatch.setattr(client, "GRACE", timedelta(0))


@asynccontextmanager
async def next_process(line: Online, heard: Heard) -> AsyncIterator[Remembered]:
    """Another process on the same bot, with the notes as they were when the last one ended."""
    notes = Remembered(kept=dict(line.notes.kept))
    settings = DiscordSettings(TOKEN, line.fake.api, line.fake.gateway_url, frozenset())
    front = Discord(settings, notes, Vocabulary(), line.wall, line.wall)
    before = len(line.fake.gateway.sessions)
    serving = asyncio.create_task(front.serve(MENU, heard))
    try:
        async with asyncio.timeout(10):
            while len(line.fake.gateway.sessions) == before:  # noqa: ASYNC110  a session rings no bell
                await asyncio.sleep(0.01)
        yield notes
        line.notes.kept = notes.kept
    finally:
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def until_noted(notes: Remembered, what: str) -> None:
    async with asyncio.timeout(5):
        while what not in notes.kept.get(NOTE, ("",))[0]:  # noqa: ASYNC110  a note rings no bell
            await asyncio.sleep(0.01)


async def announced(line: Online) -> Interaction:
    """Bob asks for funding, and is told that the answer will come."""
    asked = await line.fake.command(line.channel, BOB, "funding", coin="ETH")
    await until_noted(line.notes, asked.token)
    return asked


async def said(line: Online, asked: Interaction) -> str:
    return str((await line.fake.answered(asked)).get("embeds"))


async def test_an_answer_that_was_announced_is_given_by_the_next_process_once() -> None:
    async with online(Heard(takes=STUCK)) as line:
        asked, later = await announced(line), Heard()
        async with next_process(line, later) as notes:
            given = await said(line, asked)
            await until_noted(notes, "[]")
        async with next_process(line, unasked := Heard()):
            assert await line.fake.gateway.ready.wait()
            await asyncio.sleep(0.2)
        follow_ups = [
            path for method, path, _ in line.fake.rest.requests if (method, "@original" in path) == ("PATCH", True)
        ]

    assert "funding ETH" in given
    (first,), (again,) = line.heard.asked, later.asked
    assert again == first
    assert unasked.asked == []
    assert len(follow_ups) == 1


async def test_a_question_that_ended_two_processes_is_said_to_be_too_late() -> None:
    async with online(Heard(takes=STUCK)) as line:
        asked = await announced(line)
        async with next_process(line, second := Heard(takes=STUCK)) as notes:
            await second.begun.wait()
            await until_noted(notes, '"again":true')
            line.notes.kept = dict(notes.kept)
        async with next_process(line, third := Heard()):
            await said(line, asked)

    assert [(of.name, of.arguments) for of in third.asked] == [("late", "/funding ETH")]


async def test_an_answer_that_discord_does_not_take_any_more_is_tried_once() -> None:
    async with online(Heard(takes=STUCK)) as line:
        asked = await announced(line)
        line.fake.world.interactions.pop(asked.token)
        async with next_process(line, later := Heard()) as notes:
            await until_noted(notes, "[]")

    assert len(later.asked) == 1


@pytest.mark.parametrize(("takes", "written"), [(0.0, False), (0.9, True)])
async def test_only_what_is_announced_is_noted_and_what_was_given_no_more(takes: float, written: bool) -> None:
    async with online(Heard(takes=takes)) as line:
        asked = await line.fake.command(line.channel, BOB, "funding", coin="ETH")
        await line.fake.answered(asked)
        if written:
            await until_noted(line.notes, "[]")

    assert (NOTE in line.notes.kept) is written


class Hurrying(Remembered):
    """Notes of which each is written in half the time of the one before."""

    async def write(self, key: str, text: str, lives: timedelta) -> None:
        """As a store does that was busy."""
        took, self.takes = self.takes, self.takes / 2
        await asyncio.sleep(took)
        self.kept[key] = (text, lives)


async def test_what_is_noted_last_is_what_is_still_waited_for() -> None:
    notes = Hurrying(takes=0.1)
    async with online() as line:
        await line.fake.answered(await line.fake.command(line.channel, BOB, "funding"))
        (asked,) = line.heard.asked
    waiting = Unanswered(notes)

    await asyncio.gather(*(waiting.keep(f"t{n}", asked) for n in range(5)), *(waiting.gave(f"t{n}") for n in range(4)))

    assert await Unanswered(notes).left() == [Announced("t4", asked)]
    assert await waiting.left() == []
