"""The store takes half a second for every word: whoever asks is told in time that it was heard, and is answered."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.chat.base import Invocation, Place, Tone
from adapters.store.base import Quota, Store
from adapters.store.registry import open_store
from bot.commands.registry import COMMANDS
from bot.services.dispatcher import Dispatcher
from signals.registry import SIGNALS
from tests.adapters.store.proxy import Slow, slowed
from tests.bot.commands.desks import HERE, NOW, STEP, desk_with_past, seen
from tests.both.house import DAN, DORA, PATIENCE, TINA, House, house
from tests.both.shown import buttons, on_discord
from tests.both.test_facts import options
from tests.fake_discord.world import Body, Interaction
from tests.fake_discord.world import Message as Posted
from tests.servers import valkey

SLOW, SECOND = 0.5, 1.0
AT_A_TIME = 8
ANNOUNCED = 5
"""The kind of a first response that says that the answer will come."""


@asynccontextmanager
async def house_on_a_line(folder: Path) -> AsyncIterator[tuple[House, Slow]]:
    """The whole chat side on a store, and the line to it, which a test makes slow."""
    with valkey(folder / "store") as url:
        async with slowed(url) as (slow_url, line):
            store = await open_store(slow_url)
            await desk_with_past(store=store)
            async with house(folder, store=store) as home:
                yield home, line
                line.wait = 0.0
            await store.aclose()


async def test_every_interaction_of_discord_is_acknowledged_within_a_second(tmp_path: Path) -> None:
    async with house_on_a_line(tmp_path) as (home, line):
        drafted = await home.asks("alert", rule="ETH funding < -0.01% for 15m")
        line.wait = SLOW
        asked = {label: await pressed(home, drafted, label) for label in ("Adjust", "Cancel")}
        asked["typing"] = await heard(await home.discord.types(home.discord.world.room(DAN), DAN, "alert", "rule", "E"))
        asked["funding"] = await used(home, "funding", DAN + 1)
        told, cancelled = [await home.discord.answered(asked[name], within=PATIENCE) for name in ("funding", "Cancel")]
        names = [name for name in COMMANDS if name != "funding"]
        for first in range(0, len(names), AT_A_TIME):
            some = names[first : first + AT_A_TIME]
            found = await asyncio.gather(*(used(home, name, DORA - names.index(name)) for name in some))
            asked |= dict(zip(some, found, strict=True))

    assert {name: of.acknowledged for name, of in asked.items() if (of.acknowledged or 9.0) >= SECOND} == {}
    assert asked["funding"].kind == ANNOUNCED
    assert "ETH running funding" in on_discord(told)
    assert "nothing was saved" in on_discord(cancelled)


async def used(home: House, name: str, person: int) -> Interaction:
    """A person of their own uses the command's example; it was acknowledged."""
    line = COMMANDS[name].spec.example.partition(" ")[2]
    room = home.discord.world.room(person)
    return await heard(await home.discord.command(room, person, name, None, **options(COMMANDS[name].spec, line)))


async def pressed(home: House, under: Body, label: str) -> Interaction:
    """Dan presses a button under that answer; it was acknowledged."""
    custom_id = next(str(leaf["custom_id"]) for leaf in buttons(under) if leaf["label"] == label)
    on = Posted(home.discord.world.new_id(), home.discord.world.room(DAN), under)
    return await heard(await home.discord.press(on, DAN, custom_id))


async def heard(of: Interaction) -> Interaction:
    """The same when there is a first response to it."""
    async with asyncio.timeout(PATIENCE):
        await of.tried.wait()
    return of


async def test_a_press_on_telegram_is_acknowledged_before_its_answer_is_there(tmp_path: Path) -> None:
    async with house_on_a_line(tmp_path) as (home, line):
        drafted = await home.says("/alert ETH funding < -0.01% for 15m")
        line.wait = SLOW
        before, start = len(home.telegram.taken), time.monotonic()
        shown = await home.popup(lambda: home.telegram.press(TINA, drafted, "Cancel"))
        took, taken = time.monotonic() - start, len(home.telegram.taken)
        await home.until(lambda: len(home.telegram.taken) > before, "the answer")
        cancelled = home.telegram.taken[before]

    assert (shown, taken) == ("", before)
    assert took < SECOND
    assert "nothing was saved" in cancelled.text


@pytest.mark.parametrize("line_of", ["/funding ETH", "/signals ETH", "/mute ETH 2h"])
async def test_a_hundred_who_ask_at_once_are_all_answered(tmp_path: Path, line_of: str) -> None:
    """None is told that the store does not answer, and nobody waits for those before him."""
    with valkey(tmp_path / "store") as url:
        async with slowed(url) as (slow_url, line), open_slow(slow_url) as store:
            market = await desk_with_past(store=store)
            await store.look(await seen(market))
            ask = Dispatcher(store, SIGNALS, lambda: NOW, NOW, "0", lambda _: Quota(50), STEP).answer
            name, _, arguments = line_of.removeprefix("/").partition(" ")
            places = [Place("telegram", str(number)) for number in range(100)]
            await ask(Invocation(HERE, "local", "funding", "ETH", "first", NOW))  # months of hours are read once
            line.wait, began = SLOW, time.monotonic()
            told = await asyncio.gather(
                *(ask(Invocation(p, p.id, name, arguments, f"u:{p}", NOW, owner=True)) for p in places)
            )
            took = time.monotonic() - began
            line.wait = 0.0

    assert {of.tone for of in told} == {Tone.ANSWER}
    assert took < 24 * SLOW


@asynccontextmanager
async def open_slow(url: str) -> AsyncIterator[Store]:
    store = await open_store(url)
    yield store
    await store.aclose()
