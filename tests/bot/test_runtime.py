import asyncio
from itertools import pairwise

import pytest

from adapters.store.base import StoreUnavailable
from bot.services.runtime import GivenUp, run_all
from tests.virtual import run


def test_loops_run_until_they_are_told_to_stop() -> None:
    ended: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("forever")

    async def main() -> float:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(5, stop.set)
        await run_all({"forever": forever}, stop)
        return asyncio.get_running_loop().time()

    assert run(main) == 5.0
    assert ended == ["forever"]


def test_a_store_that_is_away_is_waited_for_however_long() -> None:
    tries: list[float] = []

    async def main() -> None:
        stop = asyncio.Event()

        async def away() -> None:
            tries.append(asyncio.get_running_loop().time())
            if len(tries) == 100:
                stop.set()
            raise StoreUnavailable("away")

        await run_all({"away": away}, stop)

    run(main)

    assert len(tries) == 100
    assert max(b - a for a, b in pairwise(tries)) <= 2.001


def test_a_loop_that_fails_three_times_in_a_row_ends_the_process() -> None:
    failures: list[int] = []

    async def broken() -> None:
        failures.append(1)
        raise ValueError("a bug")

    async def main() -> None:
        await run_all({"broken": broken}, asyncio.Event())

    with pytest.raises(ExceptionGroup) as caught:
        run(main)

    assert len(failures) == 3
    assert caught.group_contains(GivenUp, match="broken failed 3 times")


def test_a_loop_that_ends_by_itself_stays_ended() -> None:
    runs: list[int] = []

    async def once() -> None:
        runs.append(1)

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(60, stop.set)
        await run_all({"once": once}, stop)

    run(main)

    assert runs == [1]


def test_a_loop_that_loses_its_cancellation_in_a_failure_is_not_started_again() -> None:
    starts: list[int] = []

    async def stubborn() -> None:
        starts.append(1)
        try:
            await asyncio.sleep(3600)
        finally:
            raise StoreUnavailable("the store went first")

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(5, stop.set)
        await run_all({"stubborn": stubborn}, stop)

    run(main)

    assert len(starts) == 1
