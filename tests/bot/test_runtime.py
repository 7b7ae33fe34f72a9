import asyncio
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from adapters.pulse import beat, part_of_loop
from adapters.store.base import StoreUnavailable
from bot.health import Health, Level
from bot.services.runtime import ENDS_WITHIN, WINK, GivenUp, Watch, run_all
from tests.virtual import VirtualLoop, run

AT = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


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


def watch(limit: float = 10.0) -> Watch:
    return Watch(Health(lambda: AT), {"loop": limit})


async def beats(every: float) -> None:
    while True:
        beat()
        await asyncio.sleep(every)


def test_a_loop_that_makes_progress_in_time_is_left_alone_also_where_it_is_slow() -> None:
    starts: list[float] = []

    async def slow() -> None:
        starts.append(1)
        await beats(9.0)

    async def main() -> Level:
        stop, looked = asyncio.Event(), watch()
        asyncio.get_running_loop().call_later(600, stop.set)
        await run_all({"loop": slow}, stop, looked)
        return looked.health.level

    assert run(main) is Level.OK
    assert len(starts) == 1


def test_a_loop_that_stands_still_is_started_again_and_three_times_end_the_process() -> None:
    starts: list[float] = []

    async def still() -> None:
        starts.append(asyncio.get_running_loop().time())
        beat()
        await asyncio.Event().wait()

    looked = watch()

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(60, stop.set)
        await run_all({"loop": still}, stop, looked)

    with pytest.raises(ExceptionGroup) as caught:
        run(main)

    assert caught.group_contains(GivenUp, match="loop failed 3 times")
    assert all(10.0 <= later - at <= 12.0 for at, later in pairwise(starts))
    assert looked.health.lines() == ["⚠ loop was started again 3 times in 10 minutes: it made no progress for 10 s."]


def test_one_part_of_a_loop_that_stands_still_is_not_hidden_by_another_that_lives() -> None:
    starts: list[float] = []

    async def follow() -> None:
        part_of_loop("rules")
        await asyncio.Event().wait()

    async def half() -> None:
        starts.append(1)
        async with asyncio.TaskGroup() as group:
            group.create_task(follow())
            await beats(1.0)

    looked = watch()

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(15, stop.set)
        await run_all({"loop": half}, stop, looked)

    run(main)

    assert len(starts) == 2
    assert "its part 'rules' made no progress" in looked.health.lines()[0]


def test_a_loop_without_a_limit_may_rest() -> None:
    starts: list[float] = []

    async def resting() -> None:
        starts.append(1)
        await asyncio.sleep(3600)

    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(1800, stop.set)
        await run_all({"rests": resting}, stop, watch())

    run(main)

    assert len(starts) == 1


def test_a_loop_that_cannot_be_stopped_ends_the_process() -> None:
    async def deaf() -> None:
        end = asyncio.get_running_loop().time() + 10 * ENDS_WITHIN
        while asyncio.get_running_loop().time() < end:
            try:
                await asyncio.sleep(end)
            except asyncio.CancelledError:
                continue

    async def main() -> None:
        await run_all({"loop": deaf}, asyncio.Event(), watch())

    with pytest.raises(ExceptionGroup) as caught:
        run(main)

    assert caught.group_contains(GivenUp, match="loop cannot be stopped")


def test_where_the_whole_process_stood_still_that_is_said_and_no_loop_is_blamed() -> None:
    starts: list[float] = []

    async def lively() -> None:
        starts.append(1)
        await asyncio.sleep(0.3)
        await beats(0.9)

    async def main() -> Health:
        stop, looked, loop = asyncio.Event(), watch(1.0), asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.call_later(9.0, stop.set)
        loop.call_later(0.6, loop.stand_still, 5.0)
        await run_all({"loop": lively}, stop, looked)
        return looked.health

    health = run(main)

    assert len(starts) == 1
    assert health.level is Level.DEGRADED
    assert health.lines()[0].startswith("⚠ This process stood still 1 time, up to 5 s: this computer was too busy")


async def held_up(seconds: float) -> Health:
    """How a process is that does nothing for so long, two minutes later than it began, and just after."""
    stop, looked, loop = asyncio.Event(), watch(), asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.call_later(120.01, loop.stand_still, seconds)
    loop.call_later(121.0, stop.set)
    await run_all({"loop": lambda: beats(1.0)}, stop, looked)
    return looked.health


@pytest.mark.parametrize("blocked", [0.2, 0.6])
def test_an_event_loop_that_something_blocks_is_measured_and_told(blocked: float) -> None:
    health = run(lambda: held_up(blocked))

    assert blocked - WINK <= health.lag <= blocked + 1e-9
    (said,) = health.lines()
    assert said.startswith(f"⚠ This process was held up for as long as {1000 * health.lag:.0f} ms within the last min")


@pytest.mark.parametrize("blocked", [0.0, 0.09])
def test_an_event_loop_that_wakes_in_time_is_no_news(blocked: float) -> None:
    health = run(lambda: held_up(blocked))

    assert health.lag <= blocked + 1e-6
    assert health.level is Level.OK
    assert health.lines()[0].startswith("1 loop alive")


def test_a_lag_is_told_for_a_minute_and_logged_when_it_begins_and_when_it_ends() -> None:
    async def main() -> tuple[float, float]:
        stop, looked, loop = asyncio.Event(), watch(), asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        for at in (0.01, 20.01):
            loop.call_later(at, loop.stand_still, 0.3)
        seen: list[float] = []
        loop.call_later(75.0, lambda: seen.append(looked.health.lag))
        loop.call_later(90.0, stop.set)
        await run_all({"loop": lambda: beats(1.0)}, stop, looked)
        return seen[0], looked.health.lag

    with capture_logs() as logs:
        then, at_the_end = run(main)

    assert then > 0.2
    assert at_the_end < 0.001
    assert [line["event"] for line in logs] == ["the event loop is late", "the event loop is in time again"]
