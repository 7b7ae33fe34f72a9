"""Who follows the changes of rules: what is paused or edited begins anew, and who fell too far behind loads again."""

import asyncio
from collections.abc import Sequence

import pytest

from adapters.store.alert_port import Commit, Committed
from adapters.store.base import Quota, Saved
from adapters.store.memory import MemoryStore
from bot.clock import Clock
from bot.services.evaluator import Evaluator
from bot.services.fanout import Fanout
from signals.registry import SIGNALS
from signals.rules.model import Rule
from tests import virtual
from tests.adapters.store.stories import HOME, MINUTE, T0, draft, event, firing
from tests.bot.services.markets import asked, running, until


def test_a_fan_out_that_fell_too_far_behind_still_knows_every_rule() -> None:
    async def live() -> tuple[int, int]:
        store = MemoryStore(changes_kept=1)
        rule = await asked(store)
        await asked(store, "BTC price > 1")
        await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule)))

        async def delivered() -> bool:
            return await store.waiting(HOME) == 1

        async with running(Fanout(store, ["terminal"], Clock(T0).now).run):
            await until(delivered)
            later = await asked(store, "SOL price > 1")
            await asyncio.sleep(1)
        return await store.applied("terminal"), later.change

    applied, last = virtual.run(live)

    assert applied == last


@pytest.mark.parametrize("what", ["edit", "pause"])
def test_states_of_an_older_revision_are_dropped_and_cannot_come_back(what: str) -> None:
    async def live() -> Sequence[Committed]:
        store = MemoryStore()
        rule = await asked(store)
        old = Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule))
        await store.commit(old)

        async def forgotten() -> bool:
            return not await store.states_of([rule.id])

        async with running(Evaluator(store, SIGNALS, MINUTE).run):
            await asyncio.sleep(1)
            await changed(store, rule, what)
            await until(forgotten)
        return await store.commit(Commit((rule.id, "ETH"), 1, 0, T0 + MINUTE, firing(T0 + MINUTE), None))

    assert virtual.run(live) == [Committed.OLD]


async def changed(store: MemoryStore, rule: Rule, what: str) -> None:
    """Another revision of the rule."""
    if what == "edit":
        assert isinstance(await store.edit(rule.id, HOME, draft(), 1, "2", T0, Quota(50)), Saved)
    else:
        assert isinstance(await store.pause(rule.id, HOME, "2", T0, paused=True), Saved)
