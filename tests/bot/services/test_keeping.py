"""The service while its store is stopped, killed, full or read-only: noticed, said in words, and nothing lost after."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.chat.base import Invocation
from adapters.chat.rendering import render
from adapters.store import embedded
from adapters.store.base import StoreRefused, StoreUnavailable
from adapters.store.client import Client
from adapters.store.embedded import Embedded
from bot.clock import Clock
from bot.health import Health, Level
from bot.services.dispatcher import Dispatcher
from bot.services.keeping import LOOK_AT_SERVER, look_after
from bot.services.runtime import GivenUp
from signals.registry import SIGNALS
from tests.adapters.store.stories import HOME, MANY, MINUTE, T0
from tests.bot.services.houses import BACK, NOTICED, House, house
from tests.disks import A_BLOCK, fill, small_disk
from tests.logs import logged_to

DISK = 8_000_000


@asynccontextmanager
async def own_house(folder: Path) -> AsyncIterator[tuple[House, Embedded]]:
    """One with a server of its own on that folder."""
    server = embedded.start(folder)
    try:
        async with house(server.url, server) as of:
            yield of, server
    finally:
        server.stop()


async def answer(of: House, name: str, seen: str) -> str:
    """What a person is answered."""
    dispatcher = Dispatcher(of.store, SIGNALS, lambda: T0, T0, "1", lambda _: MANY, MINUTE, health=of.health)
    said = await dispatcher.answer(Invocation(HOME, HOME.id, name, "", f"{name} {seen}", T0))
    return render(said, colour=False)


async def test_a_server_that_is_killed_is_started_again_and_nothing_is_lost(tmp_path: Path) -> None:
    async with own_house(tmp_path) as (of, server):
        await of.alert("ONE")
        await of.sent("ONE")
        assert of.health.level is Level.OK
        assert server.pid is not None

        os.kill(server.pid, signal.SIGKILL)
        await of.alert("TWO")
        await of.sent("ONE", "TWO")

        assert of.health.level is Level.DEGRADED
        assert "⚠ The store's server died and was started again 1 time in 10 minutes." in of.health.lines()


async def test_a_server_that_stands_still_is_noticed_and_its_return_too(tmp_path: Path) -> None:
    async with own_house(tmp_path) as (of, server):
        await of.alert("ONE")
        await of.sent("ONE")
        assert server.pid is not None

        os.kill(server.pid, signal.SIGSTOP)
        await of.until(lambda: of.health.level is not Level.OK, NOTICED)
        said = " ".join(of.health.lines())
        os.kill(server.pid, signal.SIGCONT)
        await of.alert("TWO")
        await of.sent("ONE", "TWO")
        await of.until(lambda: of.health.level is Level.OK, BACK)

        assert "does not answer" in said
        assert "Alerts that were decided wait in the store; none is lost." in said


async def test_on_a_full_disk_the_store_rests_until_there_is_room_and_nothing_is_lost(tmp_path: Path) -> None:
    with small_disk(tmp_path, DISK) as folder, logged_to(folder / "perpwatch.log"):
        async with own_house(folder) as (of, server):
            client, told = Client(server.url), list[str]()

            for id_ in ("ONE", "TWO", "THREE"):  # a server that dies so often in other ways ends the process
                filler = fill(folder)
                with pytest.raises(StoreUnavailable):
                    await client.do("SET", "{x}large", bytes(2 * A_BLOCK))
                await of.until(
                    lambda: of.health.level is Level.RED and "Waiting" in " ".join(of.health.lines()), NOTICED
                )
                answers = [await answer(of, line, id_) for line in ("status", "alerts")]
                assert server.gone()
                filler.unlink()
                await of.alert(id_)
                told.append(id_)
                await of.sent(*told)
                await of.until(lambda: of.health.level is Level.OK, BACK)

                assert all(f"The disk of {folder} is full. Make room" in said for said in answers)
                assert "none is lost" in answers[0]
            await client.aclose()


@asynccontextmanager
async def house_of_another(folder: Path) -> AsyncIterator[tuple[House, Embedded]]:
    """One that is attached to the server which somebody else owns and looks after."""
    owner = embedded.start(folder)
    owning = asyncio.create_task(look_after(owner, Health(Clock(T0).now)))
    try:
        attached = embedded.start(folder)
        assert not attached.owned
        async with house(attached.url, attached) as of:
            yield of, owner
    finally:
        owning.cancel()
        owner.stop()


async def test_who_is_attached_to_a_store_on_a_full_disk_names_the_cause_until_there_is_room(tmp_path: Path) -> None:
    with small_disk(tmp_path, DISK) as folder, capture_logs() as logs:
        async with house_of_another(folder) as (of, owner):
            client = Client(owner.url)

            filler = fill(folder)
            with pytest.raises(StoreUnavailable):
                await client.do("SET", "{x}large", bytes(2 * A_BLOCK))
            await of.until(lambda: of.health.level is Level.RED and "Waiting" in " ".join(of.health.lines()), NOTICED)
            said = await answer(of, "status", "full")
            filler.unlink()
            await of.alert("ONE")
            await of.sent("ONE")
            await of.until(lambda: of.health.level is Level.OK, BACK)
            await client.aclose()

            assert f"The disk of {folder} is full. Make room" in said
            assert "none is lost" in said
            ours = ("the store's server does not answer", "the store's server is back")
            told = [line for line in logs if line["event"] in ours]
            assert tuple(line["event"] for line in told) == ours
            assert told[0]["why"] == f"The disk of {folder} is full. Make room; nothing that was acknowledged is lost."


async def test_who_is_attached_to_a_store_that_is_away_on_a_disk_with_room_speaks_of_no_disk(tmp_path: Path) -> None:
    async with house_of_another(tmp_path) as (of, owner):
        assert owner.pid is not None

        os.kill(owner.pid, signal.SIGSTOP)
        await of.until(lambda: of.health.level is not Level.OK, NOTICED)
        level, said = of.health.level, " ".join(of.health.lines())
        with pytest.raises(TimeoutError):
            await of.until(lambda: "disk" in " ".join(of.health.lines()), 3.0)
        os.kill(owner.pid, signal.SIGCONT)
        await of.until(lambda: of.health.level is Level.OK, BACK)

        assert level is Level.DEGRADED
        assert "does not answer" in said


async def test_a_disk_that_is_nearly_full_stops_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path, DISK) as folder:
        async with own_house(folder) as (of, server):
            before = server.pid
            fill(folder, leaving=2 * embedded.LEAST_ROOM)

            await of.alert("ONE")
            await of.sent("ONE")

            assert of.health.level is Level.OK
            assert server.pid == before


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
    watching = asyncio.create_task(look_after(attached, Health(Clock(T0).now), back_within=0.2))
    assert owner.pid is not None

    os.kill(owner.pid, signal.SIGKILL)
    await asyncio.sleep(1.3)
    while not owner.gone():  # noqa: ASYNC110 - its process is still ending
        await asyncio.sleep(0.01)
    owner.start_again()
    owner.wait_until_ready()
    assert not watching.done()

    owner.stop()
    async with asyncio.timeout(10):
        with pytest.raises(StoreRefused, match="so this one ends too"):
            await watching


async def test_who_is_attached_waits_a_while_for_the_next_owner(tmp_path: Path) -> None:
    owner = embedded.start(tmp_path)
    attached = embedded.start(tmp_path)
    watching = asyncio.create_task(look_after(attached, Health(Clock(T0).now), back_within=60.0))

    owner.stop()
    await asyncio.sleep(3 * LOOK_AT_SERVER)
    assert attached.gone()
    assert not watching.done()
    following = embedded.start(tmp_path)
    try:
        assert not attached.gone()
        assert not watching.done()
    finally:
        following.stop()
        watching.cancel()
        await asyncio.wait({watching})
