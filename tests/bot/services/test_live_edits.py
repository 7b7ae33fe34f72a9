"""A rule that people make, change or take away is judged so within two seconds: with a real server, in real time."""

import asyncio
from datetime import timedelta
from pathlib import Path

from adapters.store.base import Quota
from adapters.store.redis import open_redis
from bot.services.evaluator import Evaluator
from signals.registry import SIGNALS
from tests.adapters.store.stories import T0, draft
from tests.bot.services.markets import HOME, asked, running
from tests.servers import valkey

MINUTE = timedelta(minutes=1)
SOON = 2.0


def test_a_change_of_a_rule_is_live_within_two_seconds(tmp_path: Path) -> None:
    async def live(url: str) -> None:
        store = await open_redis(url)
        evaluator = Evaluator(store, SIGNALS, MINUTE)

        async def seen(rule_id: str, revision: int | None) -> None:
            async with asyncio.timeout(SOON):
                while evaluator._engine.revision(rule_id) != revision:  # noqa: ASYNC110 - the engine tells nobody
                    await asyncio.sleep(0.01)

        async with running(evaluator.run):
            rule = await asked(store)
            await seen(rule.id, 1)
            await store.edit(rule.id, HOME, draft(), 1, "2", T0, Quota(50))
            await seen(rule.id, 2)
            await store.remove(rule.id, HOME, "3")
            await seen(rule.id, None)
        await store.aclose()

    with valkey(tmp_path) as url:
        asyncio.run(live(url))
