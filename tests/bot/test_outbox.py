"""`perpwatch outbox` on a real store, as an operator types it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from adapters.store import keys
from adapters.store.alert_port import Commit
from adapters.store.base import MAX_TRIES, Final, Store
from adapters.store.client import Client
from adapters.store.redis import open_redis
from tests.adapters.store.stories import HOME, LEASE, T0, claimed, event, firing, first, lead, queued, subscribed
from tests.e2e.strangers import is_spoken, newcomer, typed
from tests.servers import valkey

REFUSED = "refused: can't parse entities"


def on(url: str, do: Callable[[Store], Awaitable[None]]) -> None:
    async def done() -> None:
        store = await open_redis(url)
        try:
            await do(store)
        finally:
            await store.aclose()

    asyncio.run(done())


async def refused(store: Store) -> None:
    await queued(store, "AAAA", "BBBB")
    epoch = await lead(store)
    for _ in range(MAX_TRIES):
        await store.retry(await claimed(store, epoch), T0, certain=True, poison=True, reason=REFUSED)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("store")) as url:
        yield url


@pytest.fixture
def url(server: str) -> str:
    async def emptied() -> None:
        client = Client(server)
        await client.do("FLUSHALL")
        await client.aclose()

    asyncio.run(emptied())
    return server


@pytest.fixture
def environment(url: str, tmp_path: Path) -> dict[str, str]:
    return newcomer(tmp_path) | {"PERPWATCH_REDIS_URL": url}


def test_a_store_without_dead_letters_says_so(environment: dict[str, str]) -> None:
    assert typed(environment, "outbox").output == "No dead letters: nothing was given up.\n"
    assert "nothing to send again" in typed(environment, "outbox", "replay", "--all").output


def test_a_dead_letter_is_listed_with_its_reason_read_and_sent_again_once(
    environment: dict[str, str], url: str
) -> None:
    on(url, refused)

    listed = typed(environment, "outbox").output.splitlines()
    (facts,) = map(json.loads, typed(environment, "outbox", "list", "--json").output.splitlines())
    shown = typed(environment, "outbox", "read", facts["id"]).output
    replays = [typed(environment, "outbox", "replay", facts["id"]).output for _ in range(2)]

    assert listed[0].startswith(f"{facts['id']}  2")
    assert f"UTC  terminal:local  A-AAAA ETH · funding below your line  {REFUSED}" in listed[0]
    assert listed[1].startswith("1 dead letter; they are kept for 14d.")
    assert (facts["place"], facts["alert"], facts["reason"]) == ("terminal:local", "AAAA", REFUSED)
    assert "Line: below −0.01%" in shown
    assert replays[0] == f"{facts['id']}: waits to be sent again.\n"
    assert "no such dead letter" in replays[1]

    async def look(store: Store) -> None:
        epoch = await lead(store)
        assert (await claimed(store, epoch)).event == event((await store.of(HOME))[0], "BBBB")
        assert await store.waiting(HOME) == 2

    on(url, look)


def test_what_is_typed_wrong_is_said_in_a_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    for words in (("read", "telegram:1-0"), ("replay",), ("replay", "--all", "telegram:1-0")):
        assert is_spoken(typed(environment, "outbox", *words))
    nobody = newcomer(tmp_path) | {"PERPWATCH_DATA": str(tmp_path / "none")}
    assert "No perpwatch runs" in typed(nobody, "outbox").output


def test_an_event_that_cannot_be_read_stops_no_other_and_can_be_fanned_out_again(
    environment: dict[str, str], url: str
) -> None:
    async def told(store: Store) -> None:
        client = Client(url)
        rule = await subscribed(store)
        await client.do("XADD", keys.EVENTS, "*", "e", b"\x93 not an event")
        await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule)))
        (found,) = await first(store.events(), 1)
        assert found == event(rule)
        await store.ack(found)
        assert await client.do("XLEN", keys.EVENTS) == 0
        await client.aclose()

    on(url, told)

    line, *_ = typed(environment, "outbox").output.splitlines()
    name = line.split()[0]
    assert name.startswith("event:")
    assert "cannot be read (14 bytes)" in line
    assert "Nobody was told of it" in typed(environment, "outbox", "read", name).output
    assert "waits to be sent again" in typed(environment, "outbox", "replay", name).output
    assert typed(environment, "outbox").output == "No dead letters: nothing was given up.\n"

    async def again() -> None:
        client = Client(url)
        assert await client.do("XLEN", keys.EVENTS) == 1
        await client.aclose()

    asyncio.run(again())


def test_a_body_that_cannot_be_read_is_a_dead_letter_and_the_lane_goes_on(url: str) -> None:
    async def claim_it(store: Store) -> None:
        client = Client(url)
        await queued(store, "AAAA", "BBBB")
        await client.do("SET", keys.body("terminal", "AAAA"), b"junk")
        claim = await claimed(store, await lead(store))
        assert claim.batch[0].told is None
        await store.finish(claim, Final.DEAD, "it cannot be read", "", T0)
        (letter,) = await store.dead("terminal")
        assert (letter.told, letter.reason) == (None, "it cannot be read")
        following = await store.claim(await lead(store), T0, LEASE)
        assert following.batch[0].told == event((await store.of(HOME))[0], "BBBB")  # type: ignore[union-attr] # a claim
        await client.aclose()

    on(url, claim_it)
