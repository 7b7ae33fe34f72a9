"""What Discord can do to an alert, a row each through the real sender and front: shown once, whatever happens."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from adapters.chat.base import Place
from adapters.chat.pace import Pace, Pacer
from adapters.store.base import Fanned, Final
from adapters.store.memory import MemoryStore
from bot.clock import Clock
from bot.services.sender import Sender
from bot.services.voice import Voice
from bot.telling import told
from tests.adapters.store.stories import T0, event, subscribed
from tests.bot.services.markets import running
from tests.fake_discord.faults import Fault, limited
from tests.fake_discord.online import NOW, online

SPEED = 30.0
"""How much faster waits pass than for people."""

WITHIN = 15.0
TAKEN = Fault(cut=True, taken=True)


@dataclass(frozen=True)
class Row:
    """What the next sends meet, how many seconds a nonce lives, how the alert ends, and how often it is shown."""

    number: str
    meets: Sequence[Fault]
    ends: Final = Final.SENT
    shown: int = 1
    nonces: float = 120.0
    gone: str = ""


ROWS = (
    Row("29 no answer", [TAKEN]),
    Row("29 no answer three times", [TAKEN] * 3),
    Row("29 lost before it arrived", [Fault(cut=True)]),
    Row("29 an error that hid a success", [Fault(502, taken=True)]),
    Row("29 a bucket that is full", [limited(0.2)]),
    Row("29 no answer, then a full bucket", [TAKEN, limited(0.2)]),
    Row("30 the wall before Discord", [limited(1.0, via=False)]),
    Row("32 a channel that is hidden", [Fault(403, 50001)], Final.SKIPPED, 0, gone="the bot cannot see the channel"),
    Row("32 a right is missing", [Fault(403, 50013)], Final.SKIPPED, 0, gone="the bot may not write in the channel"),
    Row("32 a channel that is deleted", [Fault(404, 10003)], Final.SKIPPED, 0, gone="the channel was deleted"),
    Row("33 no answer, and the nonce forgotten", [TAKEN, *[Fault(cut=True)] * 12], nonces=0.0),
    Row("27 never taken", [Fault(400, 50035)] * 5, Final.DEAD, 0),
)  # fmt: skip


async def ended(store: MemoryStore, place: Place, count: int) -> Sequence[Final]:
    async with asyncio.timeout(WITHIN):
        while len(found := await store.outcomes(place, 99)) < count:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)
    return [outcome for _, outcome, _ in found[::-1]]


@pytest.mark.parametrize("row", ROWS, ids=lambda of: of.number)
async def test_a_fault_of_a_send_ends_as_it_must_and_nothing_is_shown_twice(row: Row) -> None:
    async with online() as line:
        store, wall, market = MemoryStore(), Clock(NOW, SPEED), Clock(T0, SPEED)
        place = line.place
        rule = await subscribed(store, place)
        await store.change(place, lambda of: replace(of, budget=None), "budget")
        line.fake.world.nonces = row.nonces
        line.fake.faults.put("POST", "/channels/*/messages", *row.meets)
        pacer = Pacer(Pace(), asyncio.get_running_loop().time())
        sender = Sender(store, line.front, "main", wall, market, Voice(told, expires=timedelta(days=9)), pacer)

        async def pass_time() -> None:
            while True:
                line.wall.at = wall.now()
                await asyncio.sleep(0.005)

        async with running(sender.run, pass_time):
            assert await store.fan_out("discord", event(rule, "ONE"), 9, NOW) is Fanned.DONE
            ends = await ended(store, place, 1)

        assert ends == [row.ends]
        assert len(line.shown) == row.shown
        assert (await store.settings(place)).gone.partition(":")[0] == row.gone
        assert await store.of(place) == [rule]
        assert len(await store.dead("discord")) == (row.ends is Final.DEAD)
