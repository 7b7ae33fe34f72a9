"""What is forgotten is gone within a minute, while the other loops are at work."""

import asyncio

from adapters.chat.base import Place
from adapters.store.alert_port import Commit
from adapters.store.memory import MemoryStore
from bot.clock import Clock
from bot.services.eraser import Eraser
from bot.services.evaluator import Evaluator
from bot.services.fanout import Fanout
from signals.registry import SIGNALS
from tests import virtual
from tests.adapters.store.stories import MINUTE, T0, event, firing
from tests.bot.services.markets import asked, running

ANN = Place("terminal", "7711223344")


def test_the_id_of_a_forgotten_place_is_in_nothing_within_a_minute() -> None:
    async def live() -> tuple[bool, str, int | None]:
        store, wall = MemoryStore(), Clock(T0)
        rule, other = await asked(store, place=ANN), await asked(store)
        evaluator = Evaluator(store, SIGNALS, MINUTE)
        async with running(Fanout(store, ["terminal"], wall.now).run, Eraser(store, wall.now).run, evaluator.run):
            await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule)))
            await asyncio.sleep(1)
            waited = await store.waiting(ANN) == 1
            await store.erase(ANN, wall.now())
            await asyncio.sleep(1)
            await store.commit(Commit((rule.id, "ETH"), 1, 1, T0 + MINUTE, firing(T0 + MINUTE), event(rule, "LATE")))
            await asyncio.sleep(58)
            held = repr({**vars(store), "engine": evaluator._engine.revision(rule.id)})
        return waited, held, evaluator._engine.revision(other.id)

    waited, held, stays = virtual.run(live)

    assert waited
    assert ANN.id not in held
    assert stays == 1


def test_a_forgetting_that_was_interrupted_is_finished_by_the_next_process_whatever_the_clock_of_who_asked() -> None:
    async def live() -> list[int]:
        store, at = MemoryStore(), [T0]
        await asked(store, place=ANN)
        await store.erase(ANN, T0 + 9999 * MINUTE)
        left = []
        eraser = Eraser(store, lambda: at[-1])
        for seconds in (0, 10, 15, 21):
            at.append(T0 + seconds / 60 * MINUTE)
            await eraser.round()
            left.append(len(await store.erasing()))
        return left

    assert virtual.run(live) == [1, 1, 1, 0]
