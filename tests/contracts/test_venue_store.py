"""What every store promises of venues: budgets are never exceeded, and no ban is forgotten or shortened."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.store import embedded, keys
from adapters.store.base import Store, StoreUnavailable
from adapters.store.client import Client
from adapters.store.memory import MemoryStore
from adapters.store.registry import open_store
from adapters.venues.base import Health, Quality
from tests.adapters.store.proxy import proxied
from tests.servers import DEBIAN, emptied, redis_server, valkey

NO_DEBIAN = pytest.mark.skipif(DEBIAN is None, reason="redis-server is not on PATH; CI installs it")
T0 = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
BUCKET = "binance/fapi@home"
VENUE = "binance@home"
SERVERS: dict[str, Callable[[Path], AbstractContextManager[str]]] = {"embedded": valkey, "redis-server": redis_server}
ON_SERVERS = ["embedded", pytest.param("redis-server", marks=NO_DEBIAN)]


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    await emptied(url)
    opened = await open_store(url)
    yield opened
    await opened.aclose()


async def spend(
    store: Store, weight: int = 1, most: int = 10, now: datetime = T0, bucket: str = BUCKET
) -> datetime | None:
    return await store.spend(bucket, {VENUE}, weight, most, MINUTE, now)


async def spent(store: Store, now: datetime = T0) -> int:
    """What is spent in that window, found out by asking: the least `most` of which nothing more is given."""
    for most in range(1_000):
        if await store.spend(BUCKET, (), 0, most, MINUTE, now) is None:
            return most
    raise AssertionError("more than a test spends")


# budgets


async def test_a_budget_is_spent_up_to_the_most_and_no_further(store: Store) -> None:
    given = [await spend(store, 3) for _ in range(3)]

    assert given == [None] * 3
    assert await spend(store, 2) == T0 + MINUTE
    assert await spend(store, 1) is None
    assert await spend(store, 1) == T0 + MINUTE


async def test_what_is_refused_is_not_spent(store: Store) -> None:
    await spend(store, 8)

    for _ in range(5):
        await spend(store, 3)

    assert await spent(store) == 8


async def test_a_window_begins_at_whole_multiples_of_its_length_and_is_new_at_its_end(store: Store) -> None:
    await spend(store, 10, now=T0 + 59 * SECOND)

    assert await spend(store, now=T0 + 59.999 * SECOND) == T0 + MINUTE
    assert await spend(store, 10, now=T0 + MINUTE) is None
    assert await spend(store, now=T0 + MINUTE) == T0 + 2 * MINUTE


async def test_windows_of_five_seconds_have_their_own_ends(store: Store) -> None:
    first = await store.spend("bybit/ip@home", (), 480, 480, 5 * SECOND, T0 + 7 * SECOND)
    again = await store.spend("bybit/ip@home", (), 1, 480, 5 * SECOND, T0 + 8 * SECOND)

    assert first is None
    assert again == T0 + 10 * SECOND


async def test_buckets_do_not_share_their_budgets(store: Store) -> None:
    await spend(store, 10)

    assert await spend(store, 10, bucket="binance/data@home") is None
    assert await spend(store, 10, bucket="binance/fapi@elsewhere") is None


async def test_what_the_venue_counted_counts_where_it_is_more(store: Store) -> None:
    await spend(store, 2)

    await store.raise_spent(BUCKET, 9, MINUTE, T0 + SECOND)

    assert await spent(store) == 9
    assert await spend(store, 2) == T0 + MINUTE


async def test_what_the_venue_counted_does_not_count_where_it_is_less(store: Store) -> None:
    await spend(store, 9)

    await store.raise_spent(BUCKET, 2, MINUTE, T0 + SECOND)

    assert await spent(store) == 9


async def test_a_correction_stays_in_its_window(store: Store) -> None:
    await spend(store, 3)

    await store.raise_spent(BUCKET, 10, MINUTE, T0 - SECOND)
    await store.raise_spent(BUCKET, 10, MINUTE, T0 + MINUTE)

    assert await spent(store) == 3


async def test_a_correction_asked_twice_is_one(store: Store) -> None:
    for _ in range(2):
        await store.raise_spent(BUCKET, 7, MINUTE, T0)

    assert await spent(store) == 7


# blocks


async def test_nothing_is_blocked_at_first(store: Store) -> None:
    assert await store.blocked(VENUE, T0) is None


async def test_a_blocked_bucket_gives_nothing_before_the_end_and_again_at_it(store: Store) -> None:
    end = T0 + 7 * SECOND
    await store.block(BUCKET, end)

    assert await spend(store) == end
    assert await spend(store, now=end - 0.001 * SECOND) == end
    assert await store.blocked(BUCKET, T0) == end
    assert await spend(store, now=end) is None
    assert await store.blocked(BUCKET, end) is None


async def test_a_blocked_venue_stops_all_its_buckets_and_no_other_venue(store: Store) -> None:
    await store.block(VENUE, T0 + 3 * MINUTE)

    assert await spend(store) == T0 + 3 * MINUTE
    assert await spend(store, bucket="binance/data@home") == T0 + 3 * MINUTE
    assert await store.spend("bybit/ip@home", {"bybit@home"}, 1, 10, MINUTE, T0) is None


async def test_a_block_takes_nothing_out_of_the_budget(store: Store) -> None:
    await store.block(VENUE, T0 + SECOND)

    await spend(store, 4)

    assert await spent(store) == 0


async def test_an_earlier_end_does_not_shorten_a_block(store: Store) -> None:
    await store.block(VENUE, T0 + 2 * MINUTE)

    await store.block(VENUE, T0 + MINUTE)

    assert await store.blocked(VENUE, T0) == T0 + 2 * MINUTE


async def test_a_later_end_makes_a_block_longer(store: Store) -> None:
    await store.block(VENUE, T0 + MINUTE)

    await store.block(VENUE, T0 + 2 * MINUTE)

    assert await spend(store) == T0 + 2 * MINUTE


async def test_the_last_of_several_ends_is_when_to_ask_again(store: Store) -> None:
    await spend(store, 10)
    await store.block(BUCKET, T0 + 30 * SECOND)
    assert await spend(store) == T0 + MINUTE

    await store.block(VENUE, T0 + 90 * SECOND)

    assert await spend(store) == T0 + 90 * SECOND


async def test_a_block_ends_by_the_callers_clock_alone(store: Store) -> None:
    """The server's own clock says that these ends are long past, or far away."""
    past, future = T0 - timedelta(days=9_000), T0 + timedelta(days=9_000)

    await store.block("old", past + MINUTE)
    await store.block("new", future + MINUTE)

    assert await store.blocked("old", past) == past + MINUTE
    assert await store.spend("old", (), 1, 10, MINUTE, past) == past + MINUTE
    assert await store.blocked("new", future) == future + MINUTE
    assert await store.spend("new", (), 1, 10, MINUTE, future + MINUTE) is None


async def test_a_block_to_a_fraction_of_a_millisecond_is_never_rounded_down(store: Store) -> None:
    end = T0 + timedelta(microseconds=1_400)
    await store.block(VENUE, end)

    kept = await store.blocked(VENUE, T0)

    assert kept is not None
    assert end <= kept <= end + timedelta(milliseconds=1)
    assert await spend(store, now=end - timedelta(microseconds=1)) is not None


# what was found out


async def test_what_was_learned_is_given_back_until_something_newer_is(store: Store) -> None:
    assert await store.learned("binance/limits") is None

    await store.learn("binance/limits", b"\x00\xff first")
    await store.learn("gate/size", b"")
    await store.learn("binance/limits", b"second")

    assert await store.learned("binance/limits") == b"second"
    assert await store.learned("gate/size") == b""


async def test_how_venues_are_doing_is_given_back_whole(store: Store) -> None:
    assert list(await store.reported()) == []
    fine = Health("okx", Quality.SILVER, answered=T0, stream_at=T0, requests=7, refused={"empty": 2})
    banned = Health(
        "binance", Quality.BRONZE, down_since=T0, why="banned", banned_until=T0 + MINUTE, requests=12, refused={}
    )

    await store.report([fine])
    await store.report([fine, banned])

    assert list(await store.reported()) == [fine, banned]


# several at once


@pytest.fixture(params=ON_SERVERS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with SERVERS[request.param](tmp_path / "store") as found:
        yield found


async def test_two_clients_that_spend_at_once_never_exceed_the_most(server: str) -> None:
    one, other = await open_store(server), await open_store(server)

    answers = await asyncio.gather(*(spend(who, 3, 100) for _ in range(40) for who in (one, other)))

    assert answers.count(None) == 33
    assert await spent(one) == 99
    await asyncio.gather(one.aclose(), other.aclose())


async def test_a_spending_whose_reply_was_lost_counts_too_much_rather_than_too_little(
    server: str, tmp_path: Path
) -> None:
    direct = await open_store(server)
    await spend(direct, 0)  # the server knows the script, so that a reply is lost and not a question
    async with proxied(server, tmp_path) as (line, proxy):
        store = await open_store(line)
        proxy.after, proxy.cut_replies = b"EVALSHA", 1

        taken = await spend(store, 3)

        await store.aclose()
    assert taken is None
    assert await spent(direct) == 6
    await direct.aclose()


async def test_a_block_whose_reply_was_lost_is_kept(server: str, tmp_path: Path) -> None:
    direct = await open_store(server)
    await direct.block(VENUE, T0)
    async with proxied(server, tmp_path) as (line, proxy):
        store = await open_store(line)
        proxy.after, proxy.cut_replies = b"EVALSHA", 1

        await store.block(VENUE, T0 + MINUTE)

        await store.aclose()
    assert await direct.blocked(VENUE, T0) == T0 + MINUTE
    await direct.aclose()


async def test_counters_expire_and_blocks_stay(server: str) -> None:
    store, client = await open_store(server), Client(server)
    await spend(store)
    await store.block(VENUE, T0)
    start = T0.timestamp() * 1000

    left = await client.do("PTTL", keys.spent(BUCKET, 60_000, int(start)))
    stays = await client.do("PTTL", keys.block(VENUE))

    assert isinstance(left, int)
    assert 60_000 < left <= 120_000
    assert stays == -1
    await store.aclose()
    await client.aclose()


async def test_a_block_and_what_was_spent_survive_a_kill_of_the_embedded_server(tmp_path: Path) -> None:
    first = embedded.start(tmp_path)
    assert first.pid is not None
    store = await open_store(first.url)
    await spend(store, 10)
    await store.block(BUCKET, T0 + 10 * SECOND)
    await store.block(VENUE, T0 + 3 * MINUTE)
    os.kill(first.pid, signal.SIGKILL)
    with pytest.raises(StoreUnavailable):
        await spend(store, now=T0)
    await store.aclose()
    first.stop()

    again = embedded.start(tmp_path)

    store = await open_store(again.url)
    try:
        assert await store.blocked(VENUE, T0) == T0 + 3 * MINUTE
        assert await store.blocked(BUCKET, T0) == T0 + 10 * SECOND
        assert await spend(store, now=T0 + 3 * MINUTE) is None
        assert await spent(store, T0 + 10 * SECOND) == 10
    finally:
        await store.aclose()
        again.stop()


# both stores are one


EVENTS = st.lists(
    st.tuples(st.sampled_from(["spend", "raise", "block", "block venue"]), st.integers(0, 12), st.integers(0, 180_000)),
    max_size=30,
)


@given(EVENTS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_every_store_answers_as_the_one_in_memory(url: str, events: list[tuple[str, int, int]]) -> None:
    await emptied(url)
    store, model = await open_store(url), MemoryStore()
    try:
        for what, weight, at in sorted(events, key=lambda event: event[2]):
            assert await told(store, what, weight, at) == await told(model, what, weight, at)
    finally:
        await store.aclose()


async def told(store: Store, what: str, weight: int, at: int) -> datetime | None:
    now = T0 + timedelta(milliseconds=at)
    match what:
        case "spend":
            return await spend(store, weight, now=now)
        case "raise":
            await store.raise_spent(BUCKET, weight, MINUTE, now)
        case "block":
            await store.block(BUCKET, now + weight * 5 * SECOND)
        case _:
            await store.block(VENUE, now + weight * 5 * SECOND)
    return await store.blocked(VENUE, now)
