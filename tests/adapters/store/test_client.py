"""The client never repeats a write by itself, asks steps again, and speaks in sentences without secrets."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.store import client as factory
from adapters.store import keys
from adapters.store.alert_port import Commit, Committed
from adapters.store.base import Idle, Saved, StoreRefused, StoreUnavailable
from adapters.store.client import Client
from adapters.store.redis import RedisStore, open_redis
from tests.adapters.store.proxy import proxied, saying
from tests.adapters.store.stories import (
    HOME,
    LEASE,
    MANY,
    MINUTE,
    T0,
    claimed,
    draft,
    event,
    firing,
    lead,
    queued,
    saved,
)
from tests.descriptors import none_left
from tests.servers import DEBIAN, emptied, redis_server, valkey

SECRET = "hunter2-canary"

LONG = 500
"""Commands of somebody who asks and asks, which is over before long where he cannot be stopped."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("store")) as found:
        yield found


async def test_a_command_whose_reply_was_cut_was_executed_once(url: str, tmp_path: Path) -> None:
    async with proxied(url, tmp_path) as (line, proxy):
        client, straight = Client(line), Client(url)
        await straight.do("DEL", "once")
        await client.do("PING")
        proxy.cut_replies, proxy.after = 1, b"INCR"

        with pytest.raises(StoreUnavailable, match="does not answer"):
            await client.do("INCR", "once")

        assert await straight.do("GET", "once") == b"1"
        await client.aclose()
        await straight.aclose()


@pytest.mark.parametrize("cut", [1, 2])
async def test_a_step_whose_reply_was_cut_is_asked_again_and_acts_once(url: str, tmp_path: Path, cut: int) -> None:
    async with proxied(url, tmp_path) as (line, proxy):
        straight = Client(url)
        await straight.do("FLUSHALL")
        store = await open_redis(line)
        proxy.cut_replies, proxy.after = cut, b"EVAL"

        saved = await store.add(HOME, draft(), "update-1", T0, MANY)

        assert isinstance(saved, Saved)
        assert saved.rule.number == 1
        assert await store.of(HOME) == [saved.rule]
        assert proxy.cut_replies == 0
        await store.aclose()
        await straight.aclose()


@pytest.mark.parametrize("cut", [1, 2])
async def test_many_commits_whose_reply_was_cut_are_asked_again_and_each_acts_once(
    url: str, tmp_path: Path, cut: int
) -> None:
    async with proxied(url, tmp_path) as (line, proxy):
        await emptied(url)
        straight = await open_redis(url)
        store = await open_redis(line)
        rules = [await saved(straight, draft(), f"{cut} {n}") for n in range(3)]
        commits = [Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule, f"E{rule.number}")) for rule in rules]
        proxy.cut_replies, proxy.after = cut, b"EVAL"

        assert {*await store.commit(*commits)} <= {Committed.OK, Committed.ALREADY}

        assert [len(await straight.recent([rule.id], 9)) for rule in rules] == [1] * 3
        assert proxy.cut_replies == 0
        await store.aclose()
        await straight.aclose()


async def test_a_server_that_forgot_our_scripts_is_told_them_again(url: str) -> None:
    await emptied(url)
    store, client = await open_redis(url), Client(url)
    await store.mark_judged(T0)
    rule = await saved(store, draft(), "forgot")
    await client.do("SCRIPT", "FLUSH")

    await store.mark_judged(T0 + MINUTE)
    await client.do("SCRIPT", "FLUSH")
    commits = [Commit((rule.id, coin), 1, 0, T0 + 2 * MINUTE, firing(), None) for coin in ("BTC", "ETH")]

    assert await store.commit(*commits) == [Committed.OK, Committed.OK]
    assert await store.judged() == T0 + MINUTE
    await store.aclose()
    await client.aclose()


async def test_a_server_that_never_answers_is_given_up_on_in_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        async with asyncio.timeout(10):
            with pytest.raises(StoreUnavailable, match="does not answer"):
                await client.do("GET", "anything")
        await client.aclose()


async def test_without_a_file_left_to_open_the_store_is_away_and_then_back(url: str) -> None:
    client = Client(url)
    with none_left(), pytest.raises(StoreUnavailable, match="does not answer"):
        await client.do("SET", "opened", "1")

    await client.do("SET", "opened", "2")
    assert await client.do("GET", "opened") == b"2"
    await client.aclose()


async def test_cancelled_calls_never_mix_replies_up(url: str) -> None:
    client = Client(url)
    names = [f"key-{n}" for n in range(40)]
    for name in names:
        await client.do("SET", name, name)

    for turn in range(30):
        calls = [asyncio.create_task(client.do("GET", name)) for name in names]
        await asyncio.sleep(0)
        for number, call in enumerate(calls):
            if (number + turn) % 3:
                call.cancel()
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert all(said == name.encode() for name, said in zip(names, found, strict=True) if isinstance(said, bytes))

    await client.aclose()


async def test_a_cancellation_is_never_lost_in_the_middle_of_a_command(url: str) -> None:
    client = Client(url)  # commands that wait travel alone, on lines of their own
    await client.wait("PING")

    async def answered() -> None:
        for _ in range(LONG):
            await client.wait("SET", "heartbeat", "x" * 1000)

    async def refused() -> None:
        for _ in range(LONG):
            with contextlib.suppress(StoreRefused):
                await client.wait("NO-SUCH-COMMAND", "x" * 1000)

    for asking in (answered, refused):
        for steps in range(120):
            busy = asyncio.create_task(asking())
            for _ in range(steps):
                await asyncio.sleep(0)
            busy.cancel()
            await asyncio.wait([busy])
            assert busy.cancelled(), f"a cancellation after {steps} steps was lost"

    await client.aclose()


@pytest.mark.parametrize("known", [True, False])
async def test_a_cancellation_that_comes_while_nothing_is_awaited_is_not_lost(url: str, known: bool) -> None:
    client = Client(url)
    await client.wait("PING")

    async def busy() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()  # as a signal does that arrives in the middle of a computation
        await client.wait("SET" if known else "NO-SUCH-COMMAND", "key", "x" * 1000)

    for _ in range(20):
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(busy())
    await client.aclose()


@pytest.mark.parametrize("pasted", [f"123456:{SECRET}", "localhost:6379", "", f"https://example.org/{SECRET}", "redis"])
def test_what_is_no_url_of_a_store_is_refused_without_repeating_it(pasted: str) -> None:
    with pytest.raises(StoreRefused, match="PERPWATCH_REDIS_URL is not the URL of a store") as refused:
        factory.connect(pasted)

    assert SECRET not in str(refused.value)


def test_a_port_that_is_no_number_is_refused_in_words() -> None:
    with pytest.raises(StoreRefused, match="a port or a database that is no number"):
        factory.connect("redis://localhost:64a/0")


async def test_nobody_there_is_said_with_the_address_and_never_the_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(StoreUnavailable, match=f"at 127.0.0.1:{port} does not answer") as error:
        await open_redis(f"redis://someone:{SECRET}@127.0.0.1:{port}/0")

    assert SECRET not in str(error.value)
    assert SECRET not in repr(error.value)


async def test_a_redis_that_is_too_old_is_refused_by_its_version() -> None:
    said = b"redis_version:6.2.14\r\nmaxmemory_policy:noeviction\r\n"
    async with saying({b"INFO": b"$%d\r\n%s\r\n" % (len(said), said)}) as port:
        with pytest.raises(StoreRefused, match=r"Redis 6\.2\.14; perpwatch needs Redis 7\.0 or newer"):
            await open_redis(f"redis://127.0.0.1:{port}/0")


async def test_a_store_that_evicts_is_refused() -> None:
    said = b"redis_version:7.2.4\r\nmaxmemory_policy:allkeys-lru\r\n"
    async with saying({b"INFO": b"$%d\r\n%s\r\n" % (len(said), said)}) as port:
        with pytest.raises(StoreRefused, match="Set maxmemory-policy noeviction"):
            await open_redis(f"redis://127.0.0.1:{port}/0")


async def test_what_is_no_redis_at_all_is_refused_in_words() -> None:
    async with saying({b"": b"HTTP/1.1 400 Bad Request\r\n\r\n"}) as port:
        with pytest.raises(StoreRefused, match="Is it a Redis"):
            await open_redis(f"redis://127.0.0.1:{port}/0")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"-OOM command not allowed when used memory > 'maxmemory'.\r\n", "out of memory"),
        (b"-MISCONF Errors writing to the AOF file: No space left on device\r\n", "cannot write to its disk"),
        (b"-NOREPLICAS Not enough good replicas to write.\r\n", "min-replicas-to-write"),
        (b"-READONLY You can't write against a read only replica.\r\n", "read-only replica"),
        (b"-NOPERM this user has no permissions to run the 'evalsha' command\r\n", "may not run a command"),
        (b"-NOAUTH Authentication required.\r\n", "user name or the password"),
    ],
)
async def test_what_a_server_refuses_is_said_with_the_cure(said: bytes, words: str) -> None:
    async with saying({b"EVALSHA": said}) as port:
        client = Client(f"redis://127.0.0.1:{port}/0")

        with pytest.raises((StoreRefused, StoreUnavailable), match=words) as alone:
            await client.step("mark_judged", [keys.judged()], 1)
        with pytest.raises(alone.type, match=words):
            await client.steps("mark_judged", [([keys.judged()], ["1"])] * 2)

        await client.aclose()


@pytest.mark.skipif(DEBIAN is None, reason="redis-server is not on PATH; CI installs it")
@pytest.mark.parametrize("user", [f":{SECRET}@", ""])
async def test_a_wrong_password_is_said_without_repeating_it(tmp_path: Path, user: str) -> None:
    with redis_server(tmp_path, "--requirepass", "right") as line:
        with pytest.raises(StoreRefused, match="refuses the user name or the password") as refused:
            await open_redis(line.replace("unix://", f"unix://{user}"))
        store = await open_redis(line.replace("unix://", "unix://:right@"))
        await store.aclose()

    assert SECRET not in str(refused.value)


async def test_data_of_a_newer_version_are_left_alone(url: str) -> None:
    client = Client(url)
    await client.do("SET", keys.SCHEMA, 99)
    try:
        with pytest.raises(StoreRefused, match="newer perpwatch"):
            await open_redis(url)
        assert await client.do("GET", keys.SCHEMA) == b"99"
    finally:
        await client.do("DEL", keys.SCHEMA)
        await client.aclose()


async def test_a_claim_whose_reply_was_cut_is_given_again_and_is_not_ambiguous(url: str, tmp_path: Path) -> None:
    straight = Client(url)
    await straight.do("FLUSHALL")
    async with proxied(url, tmp_path) as (line, proxy):
        store = await open_redis(line)
        await queued(store, "AAAA")
        epoch = await lead(store)
        assert isinstance(await store.claim(epoch, T0 - MINUTE, LEASE), Idle)  # the server knows the script from now on
        proxy.cut_replies, proxy.after = 1, b"EVALSHA"

        claim = await claimed(store, epoch)

        assert claim.ambiguous == 0
        assert proxy.cut_replies == 0
        await store.aclose()
    await straight.aclose()


async def test_a_sender_with_nothing_to_do_writes_nothing(url: str) -> None:
    client, store = Client(url), await open_redis(url)
    await client.do("FLUSHALL")
    epoch = await lead(store)
    await store.claim(epoch, T0, LEASE)
    before = await _changes(client)

    for _ in range(20):
        assert await store.claim(epoch, T0, LEASE) == Idle(None)

    assert await _changes(client) == before
    await store.aclose()
    await client.aclose()


async def _changes(client: Client) -> str:
    """Bytes of the append-only file: every write lengthens it."""
    said = await client.do("INFO", "persistence")
    assert isinstance(said, bytes)
    return next(line for line in said.decode().splitlines() if line.startswith("aof_current_size"))


async def test_how_safe_the_store_keeps_things_is_said(url: str) -> None:
    store = await open_redis(url)
    info = await store.info()
    assert (info.product, info.durable) == ("Valkey", True)
    await store.aclose()


@pytest.mark.skipif(DEBIAN is None, reason="redis-server is not on PATH; CI installs it")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--appendonly", "yes", "--appendfsync", "everysec"), "about a second"),
        (("--appendonly", "yes", "--appendfsync", "no"), "what the system had not written"),
        (("--appendonly", "no"), "appendonly is off"),
    ],
)
async def test_a_store_that_may_forget_says_what_it_may_cost(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    with redis_server(tmp_path, *options) as line:
        store: RedisStore = await open_redis(line)
        info = await store.info()
        await store.aclose()

    assert (info.product, info.durable) == ("Redis", False)
    assert words in info.detail
