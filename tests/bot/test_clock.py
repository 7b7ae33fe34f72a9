import asyncio
from datetime import UTC, datetime, timedelta
from itertools import islice

from bot.clock import AS_FAST_AS_IT_GOES, Clock, grid
from tests.virtual import run

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_market_time_runs_as_many_times_faster_as_asked() -> None:
    async def main() -> datetime:
        clock = Clock(START, speed=60)
        clock.now()
        await asyncio.sleep(30)
        return clock.now()

    assert run(main) == START + 30 * MINUTE


def test_waiting_for_an_instant_takes_its_share_of_real_time() -> None:
    async def main() -> tuple[datetime, float]:
        clock = Clock(START, speed=120)
        await clock.until(START + 4 * MINUTE)
        return clock.now(), asyncio.get_running_loop().time()

    assert run(main) == (START + 4 * MINUTE, 2.0)


def test_a_past_instant_is_not_waited_for() -> None:
    async def main() -> float:
        await Clock(START).until(START - MINUTE)
        return asyncio.get_running_loop().time()

    assert run(main) == 0.0


def test_as_fast_as_it_goes_is_wherever_it_was_waited_for() -> None:
    async def main() -> tuple[datetime, float]:
        clock = Clock(START, AS_FAST_AS_IT_GOES)
        await clock.until(START + timedelta(days=400))
        return clock.now(), asyncio.get_running_loop().time()

    assert run(main) == (START + timedelta(days=400), 0.0)


def test_the_grid_begins_after_its_start_and_keeps_to_whole_steps() -> None:
    four_hours = timedelta(hours=4)

    assert list(islice(grid(START, four_hours), 2)) == [START + four_hours, START + 2 * four_hours]
    assert next(grid(START + MINUTE, four_hours)) == START + four_hours


def test_who_waits_on_a_clock_that_is_shifted_wakes_by_the_new_time() -> None:
    async def main(by: timedelta) -> float:
        clock = Clock(START)
        waiting = asyncio.ensure_future(clock.until(START + 10 * MINUTE))
        await asyncio.sleep(60)
        clock.shift(by)
        await waiting
        return asyncio.get_running_loop().time()

    assert 300 <= run(lambda: main(5 * MINUTE)) <= 301
    assert 900 <= run(lambda: main(-5 * MINUTE)) <= 901
