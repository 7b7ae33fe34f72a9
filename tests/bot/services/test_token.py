"""A token that Telegram stops accepting: nobody is sent anything, it is said, and all goes on once it is accepted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.chat.base import Place
from adapters.store.base import Fanned
from adapters.store.memory import MemoryStore
from bot.chats import TRIED_AGAIN, Around, opened_chats
from bot.clock import Clock
from bot.health import Health, Level
from bot.settings import Settings
from signals.rules.model import Rule
from tests import hurried
from tests.adapters.store.stories import MINUTE, T0, event, subscribed
from tests.bot.services.markets import running
from tests.fake_telegram.faults import UNAUTHORISED
from tests.fake_telegram.server import Server, serving
from tests.fake_telegram.world import World

WITHIN = 200.0
"""Seconds, which are short ones."""

REVOKED = "7000001:another"
ANN, BEN = Place("telegram", "42"), Place("telegram", "43")


@dataclass
class House:
    """Two people who hear of alerts and ask for things, in the chats of a whole process."""

    world: World
    server: Server
    store: MemoryStore
    health: Health
    rules: dict[Place, Rule]
    ended: list[str]

    async def alert(self, place: Place, note: str) -> None:
        """It fires there."""
        told = replace(event(self.rules[place], f"{place.id}{note}"), note=note)
        assert await self.store.fan_out("telegram", told, 9, T0) is Fanned.DONE

    async def until(self, so: Callable[[], object]) -> None:
        async with asyncio.timeout(WITHIN):
            while not so():  # noqa: ASYNC110 - it is what a person would see
                await asyncio.sleep(0.2)

    async def asks(self) -> None:
        """Wait until what people write is asked for."""
        await self.until(lambda: any(name == "getUpdates" for name, _ in self.world.calls))

    def read(self, place: Place, *words: str) -> list[str]:
        """Which of the words were to be read there, in the order of the messages."""
        texts = [taken.text for taken in self.world.taken if taken.chat == int(place.id)]
        return [word for text in texts for word in words if word in text]


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    store, wall, rules, ended = MemoryStore(), Clock(T0), dict[Place, Rule](), list[str]()
    world, health = World(lambda: wall.now().timestamp()), Health(wall.now)
    for place in (ANN, BEN):
        world.person(int(place.id))
        rules[place] = await subscribed(store, place, f"rule of {place}")
    async with serving(world) as server:
        settings, tokens = Settings(telegram_api=server.url), {"telegram": SecretStr(world.token)}
        around = Around(store, wall, wall, MINUTE, folder, "1", health)
        async with (
            opened_chats(settings, tokens, list(tokens), around) as chats,
            running(*chats.loops(ended.append).values()),  # type: ignore[arg-type] # they are coroutines
        ):
            yield House(world, server, store, health, rules, ended)


@pytest.mark.parametrize("revoked", [True, False])
def test_a_token_that_is_revoked_stops_both_ways_and_nothing_is_lost(tmp_path: Path, *, revoked: bool) -> None:
    async def live() -> None:
        async with house(tmp_path) as of:
            await of.asks()
            await of.alert(ANN, "first")
            await of.until(lambda: of.read(ANN, "first"))
            token, of.world.token = of.world.token, REVOKED if revoked else of.world.token

            await of.alert(ANN, "second")
            await of.alert(BEN, "third")
            if revoked:
                await of.until(lambda: of.server.unauthorised["sendMessage"] and of.server.unauthorised["getUpdates"])
            of.world.say(int(BEN.id), "/help")
            if revoked:
                await asyncio.sleep(1.5 * TRIED_AGAIN.total_seconds())
                level, said, tries = of.health.level, of.health.lines(), of.server.unauthorised.total()
                assert level is Level.RED
                assert "Telegram did not accept the bot's token: so for 1m" in said[0]
                assert "none is lost. Make a valid one, set it and start again." in said[0]
                assert 3 <= tries <= 6  # once a minute each way, and two that were on their way
                assert of.ended
                assert await of.store.quiet("telegram", T0) is None  # whoever starts with another token sends at once
            of.world.token = token
            await of.until(lambda: of.read(ANN, "second") and of.read(BEN, "third") and of.read(BEN, "/alert"))
            await of.until(lambda: of.health.level is Level.OK)

            assert of.read(ANN, "first", "second", "repeat") == ["first", "second"]
            assert of.read(BEN, "third", "repeat") == ["third"]
            assert revoked or not of.server.unauthorised

    hurried.run(live)


def test_it_is_said_also_where_nothing_waits_to_be_sent(tmp_path: Path) -> None:
    async def live() -> None:
        async with house(tmp_path) as of:
            await of.asks()
            of.world.token = REVOKED
            await of.until(lambda: of.health.level is Level.RED)

            assert "Telegram did not accept the bot's token" in of.health.lines()[0]
            assert of.ended == ["telegram"]

    hurried.run(live)


@pytest.mark.parametrize("refused", [True, False])
def test_an_answer_under_way_when_the_token_is_revoked_comes_once_when_it_is_accepted(
    tmp_path: Path, *, refused: bool
) -> None:
    async def live() -> None:
        async with house(tmp_path) as of:
            await of.asks()
            of.world.troubles["sendMessage"] += [UNAUTHORISED] * refused

            of.world.say(int(BEN.id), "/help")
            if refused:
                await of.until(lambda: of.health.level is Level.RED)
                assert of.read(BEN, "/alert") == []
            await of.until(lambda: of.read(BEN, "/alert"))
            of.world.say(int(ANN.id), "/help")
            await of.until(lambda: of.read(ANN, "/alert"))

            assert len([taken for taken in of.world.taken if taken.chat == int(BEN.id)]) == 1
            assert of.ended == ["telegram"] * refused

    hurried.run(live)
