"""Events reach every platform, also one whose process does not run, and none waits for another."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from datetime import datetime

import pytest

from adapters.chat.base import Place
from adapters.store.alert_port import Commit
from adapters.store.base import Epoch, Fanned, RuleChange, Saved, Store, StoreUnavailable
from adapters.store.client import Client
from adapters.store.memory import MemoryStore
from adapters.store.registry import MEMORY, open_store
from bot.clock import Clock
from bot.services.fanout import Fanout
from signals.event import Event
from signals.rules.model import Rule
from tests import virtual
from tests.adapters.store.stories import MANY, T0, TTL, draft, event, firing, subscribed
from tests.bot.services.markets import running
from tests.servers import valkey

PLACES = (Place("terminal", "local"), Place("telegram", "7"), Place("telegram", "-100.4"), Place("discord", "-9"))
PLATFORMS = ("terminal", "telegram", "discord")


@pytest.fixture(scope="module", params=["memory", "embedded"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "memory":
        yield MEMORY
        return
    with valkey(tmp_path_factory.mktemp("store")) as found:
        yield found


@pytest.fixture
async def stores(url: str) -> AsyncIterator[Sequence[Store]]:
    """What two processes have of one store."""
    if url == MEMORY:
        store = await open_store(url)
        yield store, store
        return
    client = Client(url)
    await client.do("FLUSHALL")
    await client.aclose()
    opened = await open_store(url), await open_store(url)
    yield opened
    for each in opened:
        await each.aclose()


async def waiting(store: Store, many: Sequence[int]) -> None:
    """Until so many entries wait in the places."""
    async with asyncio.timeout(10):
        while [await store.waiting(place) for place in PLACES] != list(many):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)


async def behind(store: Store) -> bool:
    """Whether some event is not dealt with."""
    async with aclosing(store.events()) as events:  # type: ignore[type-var] # it is a generator
        try:
            await asyncio.wait_for(anext(events), 0.1)
        except TimeoutError:
            return False
    return True


async def fired(store: Store, rule: Rule, number: int) -> None:
    told = event(rule, f"{rule.place[-2:]}{number}")
    at = T0 + number * TTL
    await store.commit(Commit((rule.id, "ETH"), 1, number, at, firing(at), told))


async def test_lanes_of_platforms_that_do_not_run_fill_and_no_event_stays_behind(stores: Sequence[Store]) -> None:
    commands, fanout = stores
    async with running(Fanout(fanout, PLATFORMS, Clock(T0).now).run):
        added = [await commands.add(place, draft(), f"{place}", T0, MANY) for place in PLACES]
        rules = [one.rule for one in added if isinstance(one, Saved)]
        for number in range(2):
            for rule in rules:
                await fired(commands, rule, number)
        await waiting(commands, (2, 2, 2, 2))
        async with asyncio.timeout(10):
            while await behind(commands):
                pass


async def test_each_platform_has_a_leader_of_its_own(stores: Sequence[Store]) -> None:
    one, other = stores
    led = [
        await store.lead(name, f"{n}", T0, TTL) for n, (store, name) in enumerate(zip(stores, PLATFORMS, strict=False))
    ]

    assert [type(each) for each in led] == [Epoch, Epoch]
    assert not isinstance(await other.lead("terminal", "1", T0, TTL), Epoch)
    assert isinstance(await one.lead("discord", "0", T0, TTL), Epoch)


def test_a_platform_that_has_not_heard_of_a_rule_yet_delays_no_other_one() -> None:
    async def live() -> tuple[int, int]:
        store = MemoryStore()
        rule = await subscribed(store)
        task = asyncio.create_task(Fanout(store, ["telegram", "terminal"], Clock(T0).now).expand(event(rule)))
        await asyncio.sleep(5)
        early = await store.waiting(PLACES[0])
        await store.subscribe("telegram", RuleChange(rule.change, rule.id, rule))
        await task
        return early, await store.waiting(PLACES[0])

    assert virtual.run(live) == (1, 1)


def test_an_event_of_the_newest_rule_waits_until_its_platform_has_heard_of_it() -> None:
    async def live() -> list[int]:
        store, place = MemoryStore(), PLACES[1]
        added = await store.add(place, draft(), "1", T0, MANY)
        assert isinstance(added, Saved)
        task = asyncio.create_task(Fanout(store, PLATFORMS, Clock(T0).now).expand(event(added.rule)))
        waiting = []
        for platform in ("terminal", "discord", "telegram"):
            await asyncio.sleep(1)
            assert not task.done()
            await store.subscribe(platform, RuleChange(added.rule.change, added.rule.id, added.rule))
            waiting.append(await store.waiting(place))
        await task
        return [*waiting, await store.waiting(place)]

    assert virtual.run(live) == [0, 0, 0, 1]


def test_an_event_that_one_platform_did_not_take_is_given_again_and_comes_once() -> None:
    class Away(MemoryStore):
        away = "telegram"

        async def fan_out(self, platform: str, event: Event, page: int, now: datetime) -> Fanned:
            if platform == self.away:
                raise StoreUnavailable("away")
            return await super().fan_out(platform, event, page, now)

    async def live() -> list[int]:
        store = Away()
        added = [await store.add(place, draft(), f"{place}", T0, MANY) for place in PLACES]
        for one in added:
            assert isinstance(one, Saved)
            await fired(store, one.rule, 0)
        fanout = Fanout(store, PLATFORMS, Clock(T0).now)
        with pytest.raises(BaseExceptionGroup):
            await fanout.run()
        store.away = ""
        async with running(fanout.run):
            await asyncio.sleep(1)
        assert not await behind(store)
        return [await store.waiting(place) for place in PLACES]

    assert virtual.run(live) == [1, 1, 1, 1]
