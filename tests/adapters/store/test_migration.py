"""Data that an older perpwatch wrote is read by this one; that of a newer one is left alone."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.chat.base import Place
from adapters.store import codec, keys
from adapters.store.alert_port import Commit, Committed, Kept
from adapters.store.base import Behind, Full, Quota, RuleChange, Saved, StoreRefused
from adapters.store.client import Client
from adapters.store.migration import SCHEMA
from adapters.store.place_settings import Mute, PlaceSettings, usual
from adapters.store.redis import open_redis
from signals.model import ALL, Unit
from signals.rules.model import Compare, Condition, Draft
from tests.adapters.store.stories import HOME, MANY, MINUTE, T0, draft, firing
from tests.servers import valkey

OTHER = Place("telegram", "-100123.45")
RECORDED = ("schema_1.json", "schema_1_with_sentences.json")
"""Every key of a store, as commands: one written by the last version with schema 1, one by an earlier one."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("store")) as found:
        yield found


@pytest.fixture(params=RECORDED)
async def url(server: str, request: pytest.FixtureRequest) -> str:
    recorded = json.loads(Path(__file__).with_name(request.param).read_text(encoding="ascii"))
    client = Client(server)
    await client.do("FLUSHALL")
    for command in recorded:
        await client.do(*(word.encode("latin-1") for word in command))
    await client.aclose()
    return server


ZERO, QUARTER, HOUR = timedelta(0), timedelta(minutes=15), timedelta(hours=1)
PRICE = Draft(
    ("BTC", "ETH"),
    ALL,
    (Condition("price", ZERO, Compare.ABOVE, 70_000.0, 69_930.0, Unit.USD),),
    ZERO,
    None,
    once=True,
)
OI = Draft(
    ("*",),
    ALL,
    (Condition("oi", 4 * HOUR, Compare.BELOW, -0.03, -0.024, Unit.FRACTION),),
    5 * MINUTE,
    HOUR,
    once=False,
)
LONG_SHORT = Draft(
    ("BTC",), "okx", (Condition("ls", ZERO, Compare.ABOVE, 3.0, 2.85, Unit.RATIO),), QUARTER, HOUR, once=False
)
LIQUIDATIONS = Draft(
    ("*",), ALL, (Condition("liq", HOUR, Compare.ABOVE, 1e7, 5e6, Unit.USD, own_clear=True),), ZERO, HOUR, once=False
)


async def test_rules_of_the_older_version_say_what_they_said(url: str) -> None:
    store = await open_redis(url)

    rules = await store.of(HOME)
    assert [(rule.number, rule.revision, rule.paused, rule.created, rule.change) for rule in rules] == [
        (1, 1, False, T0, 1),
        (2, 1, False, T0 + 2 * MINUTE, 3),
    ]
    assert [rule.draft for rule in rules] == [draft(), PRICE]
    assert [rule.draft for rule in await store.of(OTHER)] == [OI, LONG_SHORT, LIQUIDATIONS]
    await store.aclose()


async def test_what_else_was_stored_is_still_there(url: str) -> None:
    store = await open_redis(url)
    rule = (await store.of(HOME))[0]

    long_since = datetime(1970, 1, 1, tzinfo=UTC)
    assert await store.settings(HOME) == PlaceSettings(
        stopped=True, mutes=(Mute("ETH", T0 + MINUTE, long_since), Mute("*", T0, long_since))
    )
    later = firing(T0 + MINUTE)
    assert await store.states_of([rule.id]) == [Kept((rule.id, "ETH"), 1, 2, later)]
    assert await store.judged() == T0 + MINUTE
    assert [one.id for one in await store.recent([rule.id], 9)] == ["AAAA"]
    over = Commit((rule.id, "ETH"), 1, 2, T0 + 2 * MINUTE, None, None)
    assert await store.commit(over) == [Committed.OK]
    await store.aclose()


async def test_life_goes_on_where_it_stood(url: str) -> None:
    store = await open_redis(url)
    wide = await store.of(OTHER)

    added = await store.add(HOME, draft(), "new", T0, MANY)
    assert isinstance(added, Saved)
    assert added.rule.number == 4
    edited = await store.edit(wide[0].id, OTHER, wide[2].draft, 1, "edit", T0, Quota(50, every_coin=2))
    assert isinstance(edited, Saved)
    assert await store.add(OTHER, wide[0].draft, "wide", T0, Quota(50, every_coin=2)) == Full(2, "every_coin")
    await store.aclose()


async def test_who_has_read_all_changes_reads_on_and_who_has_not_loads_again(url: str) -> None:
    store = await open_redis(url)
    added = await store.add(HOME, draft(), "new", T0, MANY)
    assert isinstance(added, Saved)

    async with asyncio.timeout(10), aclosing(store.changes(7)) as source:  # type: ignore[type-var] # it is a generator
        assert await anext(source) == RuleChange(9, added.rule.id, added.rule)
    async with aclosing(store.changes(6)) as late:  # type: ignore[type-var] # as above
        with pytest.raises(Behind):
            await anext(late)
    await store.aclose()


async def test_a_migration_may_be_done_by_two_at_once_and_again(url: str) -> None:
    stores = await asyncio.gather(*(open_redis(url) for _ in range(3)))
    once = await stores[0].of(HOME), await stores[0].of(OTHER), await stores[0].last_change()
    client = Client(url)
    await client.do("SET", keys.SCHEMA, 1)
    edited = await stores[0].edit(once[0][0].id, HOME, draft("other"), 1, "edit", T0, MANY)
    assert isinstance(edited, Saved)

    again = await open_redis(url)

    assert await again.of(HOME) == [edited.rule, *once[0][1:]]
    assert await again.of(OTHER) == once[1]
    assert once[2] == 8
    assert await client.do("GET", keys.SCHEMA) == str(SCHEMA).encode()
    for open_ in (*stores, again, client):
        await open_.aclose()


async def test_settings_of_the_version_before_this_one_are_kept_each_by_itself(server: str) -> None:
    client = Client(server)
    await client.do("FLUSHALL")
    await client.do("SET", keys.SCHEMA, 2)
    mutes = (Mute("#1", None, T0), Mute("ETH", T0 + MINUTE, T0))
    old = {"stopped": False, "mutes": [{"subject": m.subject, "until": m.until, "from_": m.from_} for m in mutes]}
    await client.do("SET", keys.settings(OTHER), codec.encode(old))

    store = await open_redis(server)

    assert await store.settings(OTHER) == replace(usual(OTHER), mutes=mutes)
    assert await client.do("HKEYS", keys.settings(OTHER)) == [b"mutes"]
    assert await client.do("GET", keys.SCHEMA) == str(SCHEMA).encode()
    for open_ in (store, client):
        await open_.aclose()


async def test_what_was_changed_since_it_was_read_is_not_overwritten(server: str) -> None:
    client = Client(server)
    await client.do("HSET", "{u}rules:x", "1", "edited")
    await client.do("SET", "{u}settings:x", "edited")
    await client.do("HSET", "{u}settings:y", "stopped", "edited")

    await client.step("migrate_field", ["{u}rules:x"], "1", "old", "new")
    await client.step("migrate_field", ["{u}rules:x"], "2", "old", "new")
    await client.step("migrate_settings", ["{u}settings:x"], "old", "stopped", "new")
    await client.step("migrate_settings", ["{u}settings:y"], "old", "stopped", "new")

    assert await client.do("HGETALL", "{u}rules:x") == [b"1", b"edited"]
    assert await client.do("GET", "{u}settings:x") == b"edited"
    assert await client.do("HGETALL", "{u}settings:y") == [b"stopped", b"edited"]
    await client.aclose()


async def test_data_of_a_newer_version_are_refused_and_left_alone(server: str) -> None:
    client = Client(server)
    await client.do("FLUSHALL")
    await client.do("SET", keys.SCHEMA, SCHEMA + 1)

    with pytest.raises(StoreRefused, match="newer perpwatch"):
        await open_redis(server)

    assert await client.do("GET", keys.SCHEMA) == str(SCHEMA + 1).encode()
    await client.aclose()
