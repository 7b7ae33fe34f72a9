"""A store that has lost what it acknowledged, as after a failover: who knew of it begins again from what there is."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime
from pathlib import Path

import pytest

from adapters.store.base import Behind, Saved, StoreUnavailable
from adapters.store.redis import RedisStore, open_redis
from adapters.store.replies import listed, raw, text
from bot.services.evaluator import Evaluator
from bot.services.fanout import Fanout
from signals.registry import SIGNALS
from signals.rules.model import Rule
from tests.adapters.store.stories import HOME, MANY, T0, event, first
from tests.bot.services.markets import running
from tests.crash.market import HOUR, Market, draft
from tests.servers import valkey


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[RedisStore]:
    with valkey(tmp_path / "store") as url:
        opened = await open_redis(url)
        yield opened
        await opened.aclose()


async def kept(store: RedisStore, tag: str) -> dict[str, bytes]:
    """All keys of that tag as they are."""
    names = [text(name) for name in listed(await store._client.do("KEYS", f"{{{tag}}}*"))]
    return {name: raw(await store._client.do("DUMP", name)) for name in names}


async def lose(store: RedisStore, tag: str, before: dict[str, bytes]) -> None:
    """As they were then."""
    for name in listed(await store._client.do("KEYS", f"{{{tag}}}*")):
        await store._client.do("DEL", raw(name))
    for name, dumped in before.items():
        await store._client.do("RESTORE", name, 0, dumped)


async def saved(store: RedisStore, seen: str) -> Rule:
    added = await store.add(HOME, draft("AAA"), seen, T0, MANY)
    assert isinstance(added, Saved)
    return added.rule


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(5):
        while not await holds():  # noqa: ASYNC110 - others act
            await asyncio.sleep(0.01)


async def test_who_knows_a_change_that_was_lost_loads_again_and_the_next_change_is_news(store: RedisStore) -> None:
    await saved(store, "one")
    before = await kept(store, "u")
    last = await saved(store, "two")
    await lose(store, "u", before)

    with pytest.raises(Behind):
        await first(store.changes(last.change), 1)

    again = await saved(store, "three")
    assert again.change > last.change
    async with aclosing(store.changes(last.change)) as changes:
        assert (await anext(changes)).number == again.change


async def test_a_rule_that_is_saved_after_a_loss_is_told_and_a_lost_one_holds_nobody_up(store: RedisStore) -> None:
    await saved(store, "one")
    before = await kept(store, "u")
    lost = [await saved(store, f"lost {n}") for n in range(3)]
    async with running(Fanout(store, [HOME.platform], lambda: T0).run):
        await eventually(lambda: _applied(store, lost[-1].change))
    await lose(store, "u", before)
    ahead = event(lost[-1], "AAAA")
    async with asyncio.timeout(5):
        await Fanout(store, ["telegram"], lambda: T0).expand(ahead)
    async with running(Fanout(store, [HOME.platform], lambda: T0).run):
        await eventually(lambda: _knows(store, lost[-1].change))
        new = await saved(store, "after")

        await eventually(lambda: _applied(store, new.change))
        await Fanout(store, [HOME.platform], lambda: T0)._expand_on(HOME.platform, event(new, "BBBB"))

    assert new.change > lost[-1].change
    assert await store.waiting(HOME) == 1


async def _knows(store: RedisStore, change: int) -> bool:
    return await store.last_change() == change


async def _applied(store: RedisStore, change: int) -> bool:
    return await store.applied(HOME.platform) == change


async def test_moments_that_were_judged_and_lost_are_judged_again_with_the_same_ids(store: RedisStore) -> None:
    rule = await saved(store, "one")
    market = Market(3)
    market.go_on(40)
    fired = next(n for n, coin, _ in market.flips if coin == "AAA")
    evaluator = Evaluator(store, SIGNALS, HOUR)
    await evaluator._load()
    for cycle in market.cycles[: fired - 1]:
        await store.close(cycle)
        await evaluator.judge(cycle)
    before = await kept(store, "e0")
    await store.close(market.cycles[fired - 1])
    (told,) = await evaluator.judge(market.cycles[fired - 1])
    await lose(store, "e0", before)
    assert await store.recent([rule.id], 9) == []
    await store.close(market.cycles[fired])

    with pytest.raises(StoreUnavailable, match="judged again"):
        await evaluator.judge(market.cycles[fired])

    async with running(evaluator.run):
        await eventually(lambda: _judged(store, market.cycles[fired].at))
    assert [event.id for event in await store.recent([rule.id], 9)] == [told.event.id if told.event else ""]


async def _judged(store: RedisStore, at: datetime) -> bool:
    return await store.judged() == at
