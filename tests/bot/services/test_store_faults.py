"""What a store can suffer, a row each on a real server: it is said in words, nothing crashes, is lost or doubled."""

import resource
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.store.base import StoreError, StoreRefused
from adapters.store.client import Client
from adapters.store.redis import open_redis
from adapters.store.replies import raw
from bot.health import Level
from bot.services.runtime import GivenUp
from tests.bot.services.houses import BACK, NOTICED, house
from tests.servers import DEBIAN, redis_server

FILLED, SLOWLY = 4_500, 500
"""Keys that a loading server reads, and microseconds for each: it answers once in about a thousand of them."""

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"

OPTIONS = ("--appendonly", "yes", "--enable-debug-command", "yes")

Turn = Callable[[Client], Awaitable[None]]
needs_a_redis = pytest.mark.skipif(DEBIAN is None, reason="redis-server is not on PATH; CI installs it")


def sets(name: str, value: str) -> Turn:
    async def turn(client: Client) -> None:
        await client.do("CONFIG", "SET", name, value)

    return turn


def says(*words: str) -> Turn:
    async def turn(client: Client) -> None:
        await client.do(*words)

    return turn


def files_of_at_most(size: int | None) -> Turn:
    """No file of the server may be larger from now on, counted from what its log is now: a full disk for its log."""

    async def turn(client: Client) -> None:
        said = raw(await client.do("INFO", "everything")).decode().split("\r\n")
        known = dict(line.split(":", 1) for line in said if ":" in line)
        most = resource.RLIM_INFINITY if size is None else int(known["aof_current_size"]) + size
        resource.prlimit(int(known["process_id"]), resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    return turn


async def reads_its_file_again(client: Client) -> None:
    """As after a start with a large file: for seconds every answer is that it is loading."""
    await client.do("CONFIG", "SET", "key-load-delay", SLOWLY)
    with suppress(StoreError):  # it answers when it is done, which is later than we wait
        await client.do("DEBUG", "LOADAOF")


def user_of_the_page(password: str) -> Sequence[str]:
    """The command that the page names."""
    [said] = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("ACL SETUSER perpwatch")]
    return said.replace("PASSWORD", password).split()


async def nothing(_: Client) -> None:
    """It mends itself."""


@dataclass(frozen=True)
class Fault:
    """A row: how the server breaks and is mended, how bad that is, and what is said of it."""

    number: str
    what: str
    breaks: Turn
    mends: Turn
    level: Level
    words: str


FAULTS = (
    Fault("12", "full", sets("maxmemory", "1"), sets("maxmemory", "0"), Level.RED, "is out of memory"),
    Fault(
        "13", "a replica", says("REPLICAOF", "127.0.0.1", "1"), says("REPLICAOF", "NO", "ONE"), Level.RED,
        "is a read-only replica",
    ),
    Fault("13", "loading", reads_its_file_again, nothing, Level.DEGRADED, "is still loading its data"),
    Fault(
        "13", "alone", sets("min-replicas-to-write", "1"), sets("min-replicas-to-write", "0"), Level.RED,
        "has fewer replicas",
    ),
    Fault("15", "disk full", files_of_at_most(0), files_of_at_most(None), Level.RED, "cannot write to its disk"),
)  # fmt: skip


@needs_a_redis
@pytest.mark.parametrize("fault", FAULTS, ids=lambda of: f"{of.number} {of.what}")
async def test_a_fault_of_the_store_is_said_and_costs_nothing_but_time(tmp_path: Path, fault: Fault) -> None:
    with redis_server(tmp_path, *OPTIONS) as url:
        async with house(url) as of:
            client = Client(url)
            await client.many([("SET", f"{{u}}filler{number}", "x") for number in range(FILLED)])
            await of.alert("ONE")
            await of.sent("ONE")
            await of.alert("TWO")

            await fault.breaks(client)
            await of.until(lambda: of.health.level is fault.level and fault.words in of.health.lines()[0], NOTICED)
            said: Sequence[str] = of.health.lines()
            await fault.mends(client)
            await of.alert("THREE")
            await of.sent("ONE", "TWO", "THREE")
            await of.until(lambda: of.health.level is Level.OK, BACK)

            assert "since" in said[0]
            await client.aclose()


@needs_a_redis
async def test_what_the_user_of_the_store_may_not_do_ends_the_process_in_words(tmp_path: Path) -> None:
    async def service(url: str) -> None:
        async with house(url) as of:
            client = Client(url)
            await client.do("ACL", "SETUSER", "default", "-evalsha", "-eval")
            await client.aclose()
            await of.until(lambda: False, NOTICED)

    with redis_server(tmp_path) as url, pytest.raises(BaseExceptionGroup) as ended:
        await service(url)

    assert ended.group_contains(GivenUp, match="may not run a command that perpwatch needs; docs/operations.md")


@needs_a_redis
async def test_a_user_of_the_store_with_no_more_rights_than_the_page_says_is_enough(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url:
        client = Client(url)
        await client.do(*user_of_the_page("secret"))
        user = url.replace("unix://", "unix://perpwatch:secret@")

        async with house(user) as of:
            await of.alert("ONE")
            await of.sent("ONE")

        wrong = url.replace("unix://", "unix://perpwatch:another@")
        with pytest.raises(StoreRefused, match="refuses the user name or the password") as refused:
            await open_redis(wrong)
        assert "another" not in str(refused.value)
        own = Client(user)
        for forbidden in (("FLUSHALL",), ("KEYS", "*"), ("CONFIG", "SET", "maxmemory", "1"), ("GET", "other")):
            with pytest.raises(StoreRefused):
                await own.do(*forbidden)
        await own.aclose()
        await client.aclose()
