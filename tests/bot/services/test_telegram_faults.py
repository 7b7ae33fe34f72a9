"""What Telegram can do to an alert, a row each through the real sender and front: how it ends, and who sees what."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.chat.base import Place
from adapters.chat.pace import Pace, Pacer
from adapters.chat.telegram.front import Telegram
from adapters.chat.telegram.settings import TelegramSettings
from adapters.store import embedded, keys
from adapters.store.base import Fanned, Final, Store
from adapters.store.client import Client
from adapters.store.memory import MemoryStore
from adapters.store.redis import open_redis
from bot.clock import Clock
from bot.services.sender import Sender
from bot.services.voice import Voice
from bot.telling import told
from signals.rules.model import Rule
from tests.adapters.store.stories import T0, event, subscribed
from tests.bot.services.markets import running
from tests.descriptors import none_left
from tests.fake_telegram.desk import Clock as Still
from tests.fake_telegram.desk import Notes
from tests.fake_telegram.faults import (
    BLOCKED,
    DEACTIVATED,
    KICKED,
    NO_WRITING,
    STRANGER,
    Refused,
    Trouble,
    bad,
    flooded,
)
from tests.fake_telegram.server import serving
from tests.fake_telegram.world import World

SPEED = 30.0
"""How much faster waits pass than for people."""

WITHIN = 10.0
ANN, BEN = Place("telegram", "42"), Place("telegram", "43")


@dataclass
class House:
    """Two people with a rule each, and the sender of their alerts."""

    store: Store
    world: World
    rules: dict[Place, Rule]

    async def alert(self, place: Place, id_: str) -> None:
        """It fires there."""
        assert await self.store.fan_out("telegram", event(self.rules[place], f"{place.id}{id_}"), 9, T0) is Fanned.DONE

    async def ends(self, place: Place, count: int) -> Sequence[Final]:
        """How the alerts of the place ended, the first one first, once there are so many."""
        async with asyncio.timeout(WITHIN):
            while len(found := await self.store.outcomes(place, 99)) < count:  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.01)
        return [outcome for _, outcome, _ in found[::-1]]

    def read(self, place: Place) -> Sequence[str]:
        """What is to be read there."""
        return [taken.text for taken in self.world.taken if taken.chat == int(place.id)]


@asynccontextmanager
async def house(store: Store) -> AsyncIterator[House]:
    still, wall = Still(), Clock(T0, SPEED)
    world = World(still.seconds)
    rules = {}
    for place in (ANN, BEN):
        world.person(int(place.id))
        rules[place] = await subscribed(store, place, f"rule of {place}")
        await store.change(place, lambda of: replace(of, budget=None), f"budget of {place}")
    async with serving(world) as server:
        front = Telegram(TelegramSettings(world.token, server.url), Notes(still), wall.now, wall.now)
        pacer = Pacer(Pace(), asyncio.get_running_loop().time())
        try:
            voice = Voice(told, expires=timedelta(days=9))
            async with running(Sender(store, front, "main", wall, wall, voice, pacer).run):
                yield House(store, world, rules)
        finally:
            await front.aclose()


@dataclass(frozen=True)
class Fault:
    """A row: what the next send meets, how it ends, how often it can be read, and whether the last one says so."""

    number: str
    meets: Sequence[Refused | Trouble]
    ends: Final
    copies: int
    labelled: bool = False
    waits: float = 0.0
    """Seconds for which nothing is tried."""


AGAIN = Trouble.CUT_BEFORE
FAULTS = (
    Fault("18 the answer is lost", [Trouble.CUT_AFTER], Final.SENT, 2, labelled=True),
    Fault("18 the answer is lost three times", [Trouble.CUT_AFTER] * 3, Final.SENT, 4, labelled=True),
    Fault("19 a wait of seconds", [flooded(1)], Final.SENT, 1, waits=SPEED),
    Fault("21 a gateway in trouble", [Trouble.BAD_GATEWAY], Final.SENT, 1, labelled=True),
    Fault("21 a page instead of an answer", [Trouble.HTML], Final.SENT, 2, labelled=True),
    Fault("21 half an answer", [Trouble.CUT_BODY], Final.SENT, 2, labelled=True),
    Fault("21 lost before it arrived", [AGAIN], Final.SENT, 1, labelled=True),
    Fault("21 lost, then a wait", [AGAIN, flooded(1)], Final.SENT, 1, labelled=True),
    Fault("27 markup that is not understood", [bad("can't parse entities")], Final.SENT, 1),
    Fault("27 never taken", [bad("message text is not liked")] * 10, Final.DEAD, 0),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda of: of.number)
async def test_a_fault_of_a_send_ends_as_it_must_and_the_lane_goes_on(fault: Fault) -> None:
    async with house(MemoryStore()) as of:
        of.world.troubles["sendMessage"].extend(fault.meets)
        clock = asyncio.get_running_loop().time
        began = clock()

        await of.alert(ANN, "ONE")
        first = await of.ends(ANN, 1)
        took = (clock() - began) * SPEED
        await of.alert(ANN, "TWO")
        await of.alert(BEN, "ONE")

        assert first == [fault.ends]
        assert await of.ends(ANN, 2) == [fault.ends, Final.SENT]
        assert await of.ends(BEN, 1) == [Final.SENT]
        copies, [after] = of.read(ANN)[:-1], of.read(ANN)[-1:]
        assert len(copies) == fault.copies
        assert ["repeat" in text for text in copies[1:]] == [True] * (len(copies) - 1 if copies else 0)
        assert not copies or ("repeat" in copies[-1]) == fault.labelled
        assert "repeat" not in after
        assert took >= fault.waits
        assert len(await of.store.dead("telegram")) == (fault.ends is Final.DEAD)


async def test_without_a_file_left_to_open_nothing_is_sent_and_nothing_lost() -> None:
    async with house(MemoryStore()) as of:
        with none_left():
            await of.alert(ANN, "ONE")
            await asyncio.sleep(20 / SPEED)  # several tries
            before = list(of.world.taken), await of.store.outcomes(ANN, 9)

        assert await of.ends(ANN, 1) == [Final.SENT]
        assert before == ([], [])
        [text] = of.read(ANN)
        assert "repeat" not in text


@pytest.mark.parametrize(
    ("refuses", "why"),
    [
        (BLOCKED, "blocked by the person"),
        (KICKED, "removed from the chat"),
        (DEACTIVATED, "the account is deactivated"),
        (STRANGER, "the person has not started the chat"),
        (NO_WRITING, "not allowed to write there"),
        (bad("chat not found"), "the chat is not found"),
    ],
    ids=lambda of: of if isinstance(of, str) else "",
)
async def test_a_place_that_is_gone_is_noted_with_its_reason_and_keeps_its_rules(refuses: Refused, why: str) -> None:
    async with house(MemoryStore()) as of:
        of.world.chats[int(ANN.id)].refuses = refuses

        await of.alert(ANN, "ONE")
        await of.alert(BEN, "ONE")

        assert await of.ends(ANN, 1) == [Final.SKIPPED]
        assert await of.ends(BEN, 1) == [Final.SENT]
        assert (await of.store.settings(ANN)).gone == why
        assert await of.store.of(ANN) == [of.rules[ANN]]
        assert await of.store.dead("telegram") == []
        assert of.read(ANN) == []


async def test_a_group_that_becomes_another_is_told_there_once_and_in_order() -> None:
    async with house(MemoryStore()) as of:
        group, new = Place("telegram", "-500"), -1000500
        of.world.group(-500)
        of.rules[group] = await subscribed(of.store, group, "rule of the group")
        of.world.migrate(-500, new)

        await of.alert(group, "ONE")
        await of.alert(group, "TWO")

        assert await of.ends(group, 2) == [Final.SENT, Final.SENT]
        assert [taken.chat for taken in of.world.taken] == [new, new]


async def test_what_is_longer_than_a_message_is_one_message() -> None:
    async with house(MemoryStore()) as of:
        long = replace(event(of.rules[ANN], "LONG"), note="every word counts, <b> & more " * 300)

        await of.store.fan_out("telegram", long, 9, T0)
        await of.alert(ANN, "ONE")

        assert await of.ends(ANN, 2) == [Final.SENT, Final.SENT]
        assert len(of.read(ANN)) == 2
        assert all(len(text) <= 4096 for text in of.read(ANN))


async def test_an_alert_that_cannot_be_read_or_told_is_a_dead_letter_and_the_lane_goes_on(tmp_path: Path) -> None:
    server = embedded.start(tmp_path)
    try:
        store = await open_redis(server.url)
        client = Client(server.url)
        rule = await subscribed(store, ANN, f"rule of {ANN}")
        assert await store.fan_out("telegram", event(rule, "42ONE"), 9, T0) is Fanned.DONE
        await client.do("SET", keys.body("telegram", "42ONE"), b"\xc1 no alert of ours")
        async with house(store) as of:
            await of.alert(ANN, "TWO")

            assert await of.ends(ANN, 2) == [Final.DEAD, Final.SENT]
            [letter] = await store.dead("telegram")
            assert letter.reason == "the stored alert cannot be read"
            assert len(of.read(ANN)) == 1
        await client.aclose()
        await store.aclose()
    finally:
        server.stop()
