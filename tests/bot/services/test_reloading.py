"""An evaluator that is started again, as after each outage of the store, leaves nothing of its former life behind."""

import asyncio
import weakref
from pathlib import Path

from adapters.store.memory import MemoryStore
from bot.services.evaluator import Evaluator
from signals.registry import SIGNALS
from tests import virtual
from tests.bot.services.markets import asked, played, running, story


class Loop:
    """Something that refers to itself, as a failure does that names the frame in which it was caught."""

    def __init__(self) -> None:
        self.itself = self


def test_what_became_garbage_while_rules_were_laid_aside_is_gone_once_they_are_loaded_again(tmp_path: Path) -> None:
    market = story(tmp_path)

    async def live() -> None:
        store = MemoryStore()
        await asked(store)
        await played(market, store, market.start + 3 * market.step)
        old = Loop()
        seen = weakref.ref(old)
        for alive in (True, False):
            async with running(Evaluator(store, SIGNALS, market.step).run):
                await asyncio.sleep(1)
            assert (seen() is not None) == alive
            old = None  # type: ignore[assignment] # from now on only its own reference is left

    virtual.run(live)
