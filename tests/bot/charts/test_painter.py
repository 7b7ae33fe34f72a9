"""The painter: a picture within its time or none, the same one only once, and no process that outlives it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from adapters.chat.base import Picture
from bot.charts.painter import Bounds, Painter
from tests.bot.charts.charts import chart

QUICK = (sys.executable, "-P", "-m", "tests.bot.charts.quick_worker")
ROOT = Path(__file__).parents[3]
LONG = 30.0
"""Seconds that no test waits for in vain: other people's work may slow the machine down."""


def quick(deadline: float = LONG, *, stuck: float = LONG, kept: int = 10_000) -> Painter:
    return Painter(Bounds(deadline, stuck=stuck, kept=kept), QUICK)


def said_by(picture: Picture | None) -> tuple[int, int]:
    """The number of the process, and how often it was asked."""
    assert picture is not None
    process, asked, _ = picture.png.decode().split(" ", 2)
    return int(process), int(asked)


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(LONG):
        while not is_so():  # noqa: ASYNC110 - another process tells
            await asyncio.sleep(0.01)


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_chart_becomes_a_picture_with_its_name_and_its_words() -> None:
    async with Painter(Bounds(LONG)) as painter:
        picture = await painter.paint(chart(1e-4, 2e-4))

    assert picture is not None
    assert picture.png.startswith(b"\x89PNG")
    assert (picture.name, picture.alt) == ("ETH-funding.png", "in words")


async def test_equal_charts_are_drawn_once_also_when_asked_for_together() -> None:
    async with quick() as painter:
        together = await asyncio.gather(*(painter.paint(chart(1e-4, title="slow")) for _ in range(20)))
        again = await painter.paint(chart(1e-4, title="slow"))
        other = await painter.paint(chart(2e-4))

    assert {said_by(picture) for picture in (*together, again)} == {said_by(together[0])}
    assert said_by(other) == (said_by(together[0])[0], 2)


async def test_no_more_are_drawn_at_once_than_there_is_room_for() -> None:
    async with quick() as painter:
        drawn = await asyncio.gather(*(painter.paint(chart(1e-4, title=f"slow {n}")) for n in range(6)))

    assert len({said_by(picture)[0] for picture in drawn}) == Bounds().at_a_time
    assert max(said_by(picture)[1] for picture in drawn) >= 3


async def test_a_picture_that_is_late_is_not_waited_for_and_the_loop_never_stands_still() -> None:
    async with quick(0.1) as painter:
        ticks, started = 0, time.monotonic()
        waiting = asyncio.create_task(painter.paint(chart(1e-4, title="sleeps")))
        while not waiting.done():
            await asyncio.sleep(0.005)
            ticks += 1
        took = time.monotonic() - started

    assert await waiting is None
    assert took < 5
    assert ticks >= 3


async def test_a_late_picture_is_there_when_it_is_asked_for_again() -> None:
    async with quick(0.05) as painter:
        first = await painter.paint(chart(1e-4, title="slow"))
        await until(lambda: not painter._jobs)
        again = await painter.paint(chart(1e-4, title="slow"))

    assert first is None
    assert again is None or said_by(again)[1] == 1


async def test_after_a_process_is_killed_the_next_picture_comes_from_another() -> None:
    async with quick() as painter:
        first, _ = said_by(await painter.paint(chart(1e-4)))
        os.kill(first, signal.SIGKILL)
        await until(lambda: not any(idle.lives for idle in painter._idle if idle.number == first))
        second, asked = said_by(await painter.paint(chart(2e-4)))
        died = await painter.paint(chart(3e-4, title="dies"))
        third, _ = said_by(await painter.paint(chart(4e-4)))

    assert (died, asked) == (None, 1)
    assert len({first, second, third}) == 3


async def test_a_chart_that_cannot_be_drawn_harms_no_other() -> None:
    async with quick() as painter:
        failed = await painter.paint(chart(1e-4, title="fails"))
        next_ = await painter.paint(chart(2e-4))

    assert failed is None
    assert said_by(next_)[1] == 2


async def test_a_process_that_is_stuck_is_ended() -> None:
    async with quick(stuck=3) as painter:
        first, _ = said_by(await painter.paint(chart(1e-4)))
        stuck = await painter.paint(chart(1e-4, title="sleeps"))

        assert stuck is None
        assert not lives(first)


async def test_no_process_outlives_the_painter_whatever_it_does() -> None:
    async with quick() as painter:
        idle, _ = said_by(await painter.paint(chart(1e-4)))
        busy = asyncio.create_task(painter.paint(chart(1e-4, title="sleeps")))
        other = asyncio.create_task(painter.paint(chart(2e-4, title="sleeps")))
        await until(lambda: len(painter._workers) == 2)
        workers: Sequence[int] = painter.processes

    assert (await busy, await other) == (None, None)
    assert idle in workers
    assert not any(lives(process) for process in workers)
    assert await painter.paint(chart(9e-4)) is None


async def test_a_process_is_ready_before_the_first_picture_where_one_may_be_asked_for() -> None:
    async with quick() as painter:
        assert not painter._workers
        painter.warm()
        painter.warm()
        await until(lambda: bool(painter._idle))
        painter.warm()
        warmed = painter.processes

        assert warmed == [said_by(await painter.paint(chart(1e-4)))[0]]


async def test_with_the_first_picture_another_process_gets_ready() -> None:
    async with quick() as painter:
        painter.warm()
        await until(lambda: bool(painter._idle))
        await painter.paint(chart(1e-4))

        await until(lambda: len(painter._idle) == Bounds().at_a_time)


async def test_a_process_that_is_ready_is_taken_before_one_that_has_just_started() -> None:
    async with quick() as painter:
        painter.warm()
        await until(lambda: bool(painter._idle))
        (ready,) = painter.processes
        painter._have(2)
        await until(lambda: len(painter._idle) == 2)

        assert said_by(await painter.paint(chart(1e-4)))[0] == ready


async def test_what_draws_knows_no_token_and_no_key_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "secret")
    async with quick() as painter:
        picture = await painter.paint(chart(1e-4))

    assert picture is not None
    assert b"PYTHONPATH" in picture.png
    assert b"TOKEN" not in picture.png


async def test_pictures_are_kept_within_bounds_the_last_used_ones() -> None:
    async with quick() as painter:
        size = len((await painter.paint(chart(1e-4)) or Picture(b"", "", "")).png)
    async with quick(kept=2 * size + 10) as painter:
        await painter.paint(chart(1e-4))
        await painter.paint(chart(2e-4))
        await painter.paint(chart(1e-4))
        await painter.paint(chart(3e-4))
        again, dropped = await painter.paint(chart(1e-4)), await painter.paint(chart(2e-4))

    assert said_by(again)[1] == 1
    assert said_by(dropped)[1] == 4


ORPHAN = """
import asyncio, os, signal
from bot.charts.painter import Bounds, Painter
from tests.bot.charts.charts import chart
from tests.bot.charts.test_painter import QUICK, said_by
async def main():
    painter = Painter(Bounds(30), QUICK)
    print(said_by(await painter.paint(chart(1e-4)))[0], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


def test_what_draws_ends_when_the_service_is_killed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ORPHAN],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=False,
    )

    worker, started = int(done.stdout), time.monotonic()
    while lives(worker) and time.monotonic() - started < 10:
        time.sleep(0.02)
    assert done.returncode == -signal.SIGKILL
    assert not lives(worker)
