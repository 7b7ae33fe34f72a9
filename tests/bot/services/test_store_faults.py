"""What a store can suffer, a row each on a real server: it is said in words, nothing crashes, is lost or doubled."""

import asyncio
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adapters.chat.pace import Pacer, pace_of
from adapters.store import embedded
from adapters.store.base import Final, Store, StoreError, StoreRefused
from adapters.store.client import Client
from adapters.store.redis import open_redis
from adapters.store.replies import raw
from bot.app import opened
from bot.clock import Clock
from bot.health import Health, Level
from bot.services.fanout import Fanout
from bot.services.keeping import limits, until_stopped
from bot.services.runtime import GivenUp, Watch
from bot.services.sender import Sender
from bot.services.voice import Voice
from bot.telling import told
from signals.rules.model import Rule
from tests.adapters.store.stories import HOME, MINUTE, T0, event, subscribed
from tests.bot.services.test_delivery import Chat
from tests.servers import DEBIAN, redis_server

NOTICED, BACK = 10.0, 5.0
"""Seconds within which a fault must be noticed, and be over once its cause is."""

FILLED, SLOWLY = 4_500, 500
"""Keys that a loading server reads, and microseconds for each: it answers once in about a thousand of them."""

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"

OPTIONS = ("--appendonly", "yes", "--enable-debug-command", "yes")

Turn = Callable[[Client], Awaitable[None]]
needs_a_redis = pytest.mark.skipif(DEBIAN is None, reason="redis-server is not on PATH; CI installs it")


@dataclass
class House:
    """Fan-out and sender of a chat on the store at `url`, looked after as in the service."""

    url: str
    store: Store
    rule: Rule
    chat: Chat
    health: Health

    async def alert(self, id_: str) -> None:
        """One more alert waits in the lane as soon as the store takes it."""
        async with asyncio.timeout(NOTICED):
            while True:
                with suppress(StoreError):
                    await self.store.fan_out("terminal", event(self.rule, id_), 10, T0)
                    return
                await asyncio.sleep(0.1)

    async def until(self, so: Callable[[], bool], within: float) -> None:
        async with asyncio.timeout(within):
            while not so():  # noqa: ASYNC110 - it is what a person would see
                await asyncio.sleep(0.02)

    async def sent(self, *ids: str) -> None:
        await self.until(lambda: [one.key.rpartition(":")[2] for one in self.chat.sent] == [*ids], BACK)


@asynccontextmanager
async def house(url: str, server: embedded.Embedded | None = None) -> AsyncIterator[House]:
    async with opened(url) as store:
        chat, wall = Chat(), Clock(T0)
        health = Health(wall.now)
        rule = await subscribed(store)
        await store.change(HOME, lambda of: replace(of, budget=None), "none")
        pacer = Pacer(pace_of("terminal"), asyncio.get_running_loop().time())
        sender = Sender(store, chat, "main", wall, wall, Voice(told), pacer)
        loops = {"fanout": Fanout(store, ["terminal"], wall.now).run, "terminal sender": sender.run}
        async with asyncio.TaskGroup() as group:
            stop, watch = asyncio.Event(), Watch(health, limits(loops, MINUTE))
            group.create_task(until_stopped(loops, stop, server, watch))
            yield House(url, store, rule, chat, health)
            stop.set()
        ends = [outcome for _, outcome, _ in await store.outcomes(HOME, 99)]
        assert ends == [Final.SENT] * len(chat.sent)


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


def largest(folder: Path) -> int:
    """Bytes of the largest file in it."""
    return max(file.stat().st_size for file in folder.rglob("*") if file.is_file())


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


async def test_a_full_disk_of_the_own_store_ends_the_process_in_words_and_loses_nothing(tmp_path: Path) -> None:
    server = embedded.start(tmp_path)
    most = 0

    async def no_room() -> None:
        """For each server that is started."""
        while True:
            if server.pid is not None:
                with suppress(ProcessLookupError):
                    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
            await asyncio.sleep(0.005)

    async def service() -> None:
        nonlocal most
        async with house(server.url, server) as of:
            await of.alert("ONE")
            await of.sent("ONE")
            while not await of.store.outcomes(HOME, 9):  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.01)
            most = largest(tmp_path)
            full = asyncio.create_task(no_room())
            try:
                await of.until(lambda: False, 3 * NOTICED)
            finally:
                full.cancel()

    try:
        with pytest.raises(BaseExceptionGroup) as ended:
            await service()
    finally:
        server.stop()
    assert ended.group_contains(GivenUp, match="store's server died 3 times in 10 minutes")

    again = embedded.start(tmp_path)
    try:
        store = await open_redis(again.url)
        assert [outcome for _, outcome, _ in await store.outcomes(HOME, 9)] == [Final.SENT]
        await store.aclose()
    finally:
        again.stop()
