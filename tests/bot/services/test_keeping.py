"""The service while its store is stopped, killed, full or read-only: noticed, said in words, and nothing lost after."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from adapters.chat.pace import Pacer, pace_of
from adapters.store import embedded
from adapters.store.base import Final, Store, StoreRefused
from adapters.store.client import Client
from bot.app import opened
from bot.clock import Clock
from bot.health import Health, Level
from bot.services.fanout import Fanout
from bot.services.keeping import limits, look_after, until_stopped
from bot.services.runtime import GivenUp, Watch
from bot.services.sender import Sender, Voice
from bot.telling import told
from signals.rules.model import Rule
from tests.adapters.store.stories import HOME, MINUTE, T0, event, subscribed
from tests.bot.services.test_delivery import Chat

NOTICED, BACK = 10.0, 5.0
"""Seconds within which trouble must be noticed, and be over once its cause is."""


@dataclass
class House:
    """A real server, and fan-out and sender on it, looked after as in the service."""

    server: embedded.Embedded
    store: Store
    rule: Rule
    chat: Chat
    health: Health

    async def alert(self, id_: str) -> None:
        """One more alert waits to be fanned out, put there by another connection."""
        async with asyncio.timeout(NOTICED):
            while True:
                with suppress(Exception):
                    await self.store.fan_out("terminal", event(self.rule, id_), 10, T0)
                    return
                await asyncio.sleep(0.1)

    async def until(self, so: Callable[[], bool], within: float) -> float:
        clock = asyncio.get_running_loop().time
        began = clock()
        async with asyncio.timeout(within):
            while not so():  # noqa: ASYNC110 - it is what a person would see
                await asyncio.sleep(0.05)
        return clock() - began

    async def sent(self, count: int) -> float:
        return await self.until(lambda: len(self.chat.sent) == count, BACK)


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    server = embedded.start(folder)
    try:
        async with opened(server.url) as store:
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
                yield House(server, store, rule, chat, health)
                stop.set()
            ends = [outcome for _, outcome, _ in await store.outcomes(HOME, 99)]
            assert ends == [Final.SENT] * len(chat.sent)
    finally:
        server.stop()


async def test_a_server_that_is_killed_is_started_again_and_nothing_is_lost(tmp_path: Path) -> None:
    async with house(tmp_path) as of:
        await of.alert("ONE")
        await of.sent(1)
        assert of.health.level is Level.OK
        assert of.server.pid is not None

        os.kill(of.server.pid, signal.SIGKILL)
        await of.alert("TWO")
        took = await of.sent(2)

        assert took < BACK
        assert of.health.level is Level.DEGRADED
        assert "⚠ The store's server died and was started again 1 time in 10 minutes." in of.health.lines()


async def test_a_server_that_stands_still_is_noticed_and_its_return_too(tmp_path: Path) -> None:
    async with house(tmp_path) as of:
        await of.alert("ONE")
        await of.sent(1)
        assert of.server.pid is not None

        os.kill(of.server.pid, signal.SIGSTOP)
        await of.until(lambda: of.health.level is not Level.OK, NOTICED)
        said = " ".join(of.health.lines())
        os.kill(of.server.pid, signal.SIGCONT)
        await of.alert("TWO")
        await of.sent(2)
        await of.until(lambda: of.health.level is Level.OK, BACK)

        assert "does not answer" in said
        assert "Alerts that were decided wait in the store; none is lost." in said


async def full(client: Client) -> None:
    await client.do("CONFIG", "SET", "maxmemory", "1")


async def empty(client: Client) -> None:
    await client.do("CONFIG", "SET", "maxmemory", "0")


async def replica(client: Client) -> None:
    await client.do("REPLICAOF", "127.0.0.1", "1")


async def primary(client: Client) -> None:
    await client.do("REPLICAOF", "NO", "ONE")


async def alone(client: Client) -> None:
    await client.do("CONFIG", "SET", "min-replicas-to-write", "1")


async def enough(client: Client) -> None:
    await client.do("CONFIG", "SET", "min-replicas-to-write", "0")


Turn = Callable[[Client], Awaitable[None]]


@pytest.mark.parametrize(
    ("breaks", "mends", "words"),
    [
        (full, empty, "out of memory"),
        (replica, primary, "read-only replica"),
        (alone, enough, "fewer replicas"),
    ],
)
async def test_a_store_that_takes_no_writes_turns_the_service_red_and_crashes_nothing(
    tmp_path: Path, breaks: Turn, mends: Turn, words: str
) -> None:
    async with house(tmp_path) as of:
        await of.alert("ONE")
        await of.sent(1)
        client = Client(of.server.url)
        await of.alert("TWO") if breaks is not full else None

        await breaks(client)
        await of.until(lambda: of.health.level is Level.RED, NOTICED)
        said: Sequence[str] = of.health.lines()
        await mends(client)
        await of.alert("THREE")
        await of.until(lambda: of.chat.sent[-1].key.endswith("THREE"), BACK)
        await of.until(lambda: of.health.level is Level.OK, BACK)

        assert words in said[0]
        assert "since" in said[0]
        await client.aclose()


async def test_a_server_that_dies_again_and_again_ends_the_process_in_words(tmp_path: Path) -> None:
    server = embedded.start(tmp_path)

    async def kill() -> None:
        while True:
            if server.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(server.pid, signal.SIGKILL)
            await asyncio.sleep(0.2)

    killer = asyncio.create_task(kill())
    try:
        async with asyncio.timeout(30):
            with pytest.raises((GivenUp, StoreRefused), match=r"died 3 times in 10 minutes|could not start"):
                await look_after(server, Health(Clock(T0).now))
    finally:
        killer.cancel()
        server.stop()


async def test_who_is_attached_outlives_a_restart_of_the_server_and_not_the_end_of_its_owner(tmp_path: Path) -> None:
    owner = embedded.start(tmp_path)
    attached = embedded.start(tmp_path)
    assert not attached.owned
    watching = asyncio.create_task(look_after(attached, Health(Clock(T0).now), back_within=1.5))
    assert owner.pid is not None

    os.kill(owner.pid, signal.SIGKILL)
    await asyncio.sleep(0.7)
    while not owner.gone():  # noqa: ASYNC110 - its process is still ending
        await asyncio.sleep(0.01)
    owner.start_again()
    owner.wait_until_ready()
    await asyncio.sleep(1.5)
    assert not watching.done()

    owner.stop()
    async with asyncio.timeout(10):
        with pytest.raises(StoreRefused, match="so this one ends too"):
            await watching
