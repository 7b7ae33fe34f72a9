"""Sessions on Discord's gateway are counted: however often the connection breaks, the token is not used up."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import discord
import msgspec
import pytest
from discord.gateway import KeepAliveHandler
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from adapters.chat.base import Sent
from adapters.chat.discord.front import Discord
from adapters.chat.discord.sessions import AT_ONCE, DAY, MOST, Sessions, Spent, next_start
from adapters.chat.discord.settings import DiscordSettings
from adapters.store.front_port import PlatformNotes
from adapters.store.memory import MemoryStore
from bot.chats import Around, opened_chats
from bot.clock import Clock
from bot.health import Health, Level
from bot.settings import Settings
from tests.bot.services.markets import running
from tests.fake_discord.faults import Fault
from tests.fake_discord.hearing import MENU, Heard, Remembered, Vocabulary, Wall, message
from tests.fake_discord.online import NOW, Online, online
from tests.fake_discord.world import APPLICATION, TOKEN

HOUR = timedelta(hours=1)
KEY = f"discord:sessions:{APPLICATION}"
PATIENCE = 10.0


def begun(*ago: timedelta) -> Sequence[datetime]:
    return sorted(NOW - each for each in ago)


@pytest.mark.parametrize(
    ("before", "waits"),
    [
        ([], timedelta(0)),
        ([HOUR / 60] * (AT_ONCE - 1), timedelta(0)),
        ([HOUR / 60] * AT_ONCE, DAY / 10 - HOUR / 60),
        ([3 * HOUR] * AT_ONCE, timedelta(0)),
        ([HOUR * 25] * 100, timedelta(0)),
        ([HOUR * 23] * (AT_ONCE - 1) + [HOUR], DAY / 10 - HOUR),
    ],
)
def test_ten_begin_at_once_and_the_next_ones_are_spread_over_a_day(before: list[timedelta], waits: timedelta) -> None:
    assert next_start(begun(*before), NOW) == NOW + waits


@given(st.lists(st.floats(0, 8 * 3600), min_size=30, max_size=60))
def test_within_any_day_there_are_twenty_at_most_whenever_they_are_wanted(pauses: list[float]) -> None:
    at, all_of_them = NOW, list[datetime]()
    for pause in pauses:
        at = next_start(all_of_them, at + timedelta(seconds=pause))
        all_of_them.append(at)

    assert max(sum(since <= at < since + DAY for at in all_of_them) for since in all_of_them) <= MOST


def kept(line: Online) -> list[datetime]:
    return msgspec.json.decode(line.notes.kept[KEY][0], type=list[datetime])


def spent(notes: Remembered, number: int) -> None:
    """A former process has begun so many sessions just now."""
    times = [NOW - timedelta(seconds=n) for n in range(number, 0, -1)]
    notes.kept[KEY] = msgspec.json.encode(times).decode(), DAY


async def until(so: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not so():  # noqa: ASYNC110 - it is what a person would see
            await asyncio.sleep(0.01)


def asked(line: Online) -> bool:
    """Whether Discord was asked how many sessions it grants."""
    return any(path == "/gateway/bot" for _, path, _ in line.fake.rest.requests)


async def test_each_session_is_noted_and_one_that_resumes_is_none() -> None:
    async with online() as line:
        await line.fake.gateway.drop()
        await line.fake.answered(await line.fake.command(line.channel, 1, "funding"))

        assert len(line.fake.gateway.resumed) == 1
        assert kept(line) == [NOW]


@pytest.mark.parametrize("number", [AT_ONCE, AT_ONCE - 1])
async def test_a_process_that_starts_again_and_again_waits_and_sends_alerts_meanwhile(number: int) -> None:
    async with online(waits=False) as line:
        line.serving.cancel()
        wall, heard = Wall(NOW), Heard()
        health = Health(wall)
        notes = Remembered()
        spent(notes, number)
        told: list[datetime | None] = []

        def deaf(until: datetime | None) -> None:
            told.append(until)
            health.deaf("discord", until)

        settings = DiscordSettings(TOKEN, line.fake.api, line.fake.gateway_url)
        front = Discord(settings, notes, Vocabulary(), wall, wall, deaf)
        line.front, line.wall = front, wall
        before = len(line.fake.gateway.identified)
        line.serving = asyncio.create_task(front.serve(MENU, heard))
        if number == AT_ONCE:
            await until(lambda: told)
            sent, level, (said,) = await line.send(message("alert")), health.level, health.lines()

            assert isinstance(sent, Sent)
            assert level is Level.DEGRADED
            assert said.startswith("⚠ Discord is not listened to before 05 Jan 02:23 UTC: too many connections were")
            assert len(line.fake.gateway.identified) == before
            wall.at += DAY / 10
        await line.ready()

        assert len(line.fake.gateway.identified) == before + 1
        assert health.level is Level.OK
        assert told == ([NOW - timedelta(seconds=1) + DAY / 10, None] if number == AT_ONCE else [])
        assert len(msgspec.json.decode(notes.kept[KEY][0], type=list[datetime])) == number + 1


@pytest.mark.parametrize("left", [20, 21])
async def test_where_discord_grants_few_more_we_wait_until_it_grants_all_again(left: int) -> None:
    async with online(waits=False) as line:
        line.fake.rest.starts_left = left
        if left == 20:
            await until(lambda: asked(line))
            await asyncio.sleep(0.1)
            sent = await line.send(message("alert"))

            assert isinstance(sent, Sent)
            assert line.fake.gateway.identified == []
            line.wall.at += HOUR
        await line.ready()

        assert len(line.fake.gateway.identified) == 1


async def test_that_discord_does_not_say_how_many_more_it_grants_holds_up_nothing() -> None:
    async with online(waits=False) as line:
        line.fake.faults.put("GET", "/gateway/bot", *[Fault(404, body={"message": "no such route"})])
        await line.ready()

        assert len(line.fake.gateway.identified) == 1


async def test_a_session_that_ends_when_no_other_may_begin_is_waited_for_and_not_begun() -> None:
    async with online() as line:
        spent(line.notes, AT_ONCE)
        line.fake.gateway.forgets = True
        line.fake.gateway.ready.clear()
        await line.fake.gateway.drop()
        await until(lambda: any("not listened to" in of["event"] for of in line.logs))
        await until(lambda: not any(isinstance(thread, KeepAliveHandler) for thread in threading.enumerate()))

        assert len(line.fake.gateway.identified) == 1
        line.wall.at += DAY / 10
        await line.ready()
        assert len(line.fake.gateway.identified) == 2


async def test_sessions_are_counted_also_while_notes_cannot_be_kept() -> None:
    wall = Wall(NOW)
    sessions = Sessions(Remembered(broken=True), wall, lambda _: None)
    client = discord.Client(intents=discord.Intents.none())
    for _ in range(AT_ONCE):
        await sessions.begin(client)
        wall.at += timedelta(seconds=1)

    with pytest.raises(Spent):
        await sessions.begin(client)
    wall.at += DAY / 10
    await sessions.begin(client)


async def test_another_process_with_the_token_is_counted_too() -> None:
    notes, wall = Remembered(), Wall(NOW)
    ours, theirs = (Sessions(notes, wall, lambda _: None) for _ in range(2))
    client = discord.Client(intents=discord.Intents.none())
    for _ in range(AT_ONCE // 2):
        for each in (ours, theirs):
            wall.at += timedelta(seconds=1)
            await each.begin(client)

    with pytest.raises(Spent):
        await ours.begin(client)


async def test_that_discord_is_not_listened_to_reaches_the_health_of_the_process(tmp_path: Path) -> None:
    async with online() as line:
        store, wall = MemoryStore(), Clock(NOW)
        health, notes = Health(wall.now), PlatformNotes(store, "discord")
        times = [NOW - timedelta(seconds=n) for n in range(AT_ONCE, 0, -1)]
        await notes.write(KEY, msgspec.json.encode(times).decode(), DAY)
        settings = Settings(discord_api=line.fake.api, discord_gateway=line.fake.gateway_url)
        around = Around(store, wall, wall, timedelta(minutes=1), tmp_path, "1", health)
        tokens = {"discord": SecretStr(TOKEN)}
        async with (
            opened_chats(settings, tokens, list(tokens), around) as chats,
            running(*chats.loops(lambda _: None).values()),  # type: ignore[arg-type] # they are coroutines
        ):
            await until(lambda: health.level is Level.DEGRADED)
            said = " ".join(health.lines())

    assert "Discord is not listened to before 05 Jan 02:23 UTC" in said
