"""Kill -9 between question and answer: after the next start both are answered once, and nothing is done twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.chat.discord.unanswered import NOTE
from adapters.store.base import Place, Store
from adapters.store.registry import open_store
from tests.adapters.store.proxy import slowed
from tests.both.evening import evening
from tests.both.house import DAN, TINA
from tests.both.shown import on_discord
from tests.recordings import funding_story
from tests.servers import valkey

SLOW = 0.4
"""Seconds for each reply of the store: long enough that nobody is answered before the end."""

LINE = "subscribe negfunding ETH"


@asynccontextmanager
async def seen(url: str) -> AsyncIterator[Store]:
    """What is in the store, without the slow line."""
    store = await open_store(url)
    try:
        yield store
    finally:
        await store.aclose()


async def test_what_was_asked_before_kill_9_is_answered_once_after_the_next_start(tmp_path: Path) -> None:
    market = ("--recording", str(funding_story(tmp_path / "story.parquet")), "--speed", "3600")
    with valkey(tmp_path / "store") as url:
        async with seen(url) as store, slowed(url) as (slow, line), evening(tmp_path, PERPWATCH_REDIS_URL=slow) as both:
            async with both.running(*market):
                await market_is_there(store)
                line.wait = SLOW
                both.telegram.say(TINA, f"/{LINE}")
                name, _, arguments = LINE.partition(" ")
                signal, coins = arguments.split()
                room = both.discord.world.room(DAN)
                asked = await both.discord.command(room, DAN, name, signal=signal, coins=coins)
                await until_noted(store, asked.token)
                await both.kill()
            unanswered = (asked.said.is_set(), len(both.telegram.taken))
            line.wait = 0.0
            async with both.running(*market):
                answered = await both.discord.answered(asked, within=60)
                await both.until(lambda: both.telegram.taken, "Tina's answer")
                await both.says("/alerts")
            rules = [len(await store.of(Place(name, str(of)))) for name, of in (("telegram", TINA), ("discord", DAN))]

    assert unanswered == (False, 0)
    assert "Rule #1 saved" in on_discord(answered)
    assert ["Rule #1 saved" in of.text for of in both.telegram.taken] == [True, False]
    assert rules == [1, 1]


async def market_is_there(store: Store) -> None:
    async with asyncio.timeout(60):
        while await store.latest() is None:  # noqa: ASYNC110  it is another process that closes the first moment
            await asyncio.sleep(0.02)


async def until_noted(store: Store, token: str) -> None:
    """The store knows that it is waited for."""
    async with asyncio.timeout(20):
        said = ""
        while token not in said:
            await asyncio.sleep(0.02)
            said = await store.note("discord", NOTE) or ""
