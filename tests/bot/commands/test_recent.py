"""What was found out about a moment is found out once, and never kept beyond it."""

import asyncio
from datetime import timedelta

import pytest

from bot.commands.recent import Recent
from signals.aggregate import Cycle
from tests.bot.commands.desks import NOW

MOMENT = Cycle(NOW, "SIMULATED", {}, ())
NEXT = Cycle(NOW + timedelta(minutes=1), "SIMULATED", {}, ())


class Counted:
    """Finds out slowly, and counts how often it had to."""

    def __init__(self) -> None:
        self.times = 0
        self.go_on = asyncio.Event()
        self.fails = False

    async def __call__(self) -> int:
        self.times += 1
        mine = self.times
        await self.go_on.wait()
        if self.fails:
            raise LookupError
        return mine


async def test_who_asks_the_same_at_once_or_later_gets_what_the_first_one_found() -> None:
    recent, find = Recent(), Counted()

    asked = [asyncio.create_task(recent.of(MOMENT, "a", find)) for _ in range(3)]
    await asyncio.sleep(0)
    find.go_on.set()

    assert await asyncio.gather(*asked) == [1, 1, 1]
    assert await recent.of(MOMENT, "a", find) == 1
    assert await recent.of(MOMENT, "b", find) == 2


async def test_the_next_moment_is_found_out_anew() -> None:
    recent, find = Recent(), Counted()
    find.go_on.set()

    assert [await recent.of(of, "a", find) for of in (MOMENT, NEXT, NEXT)] == [1, 2, 2]


async def test_who_goes_away_leaves_it_to_the_others() -> None:
    recent, find = Recent(), Counted()
    first, second = (asyncio.create_task(recent.of(MOMENT, "a", find)) for _ in range(2))
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.sleep(0)
    find.go_on.set()

    assert await second == 1


async def test_what_failed_is_tried_again() -> None:
    recent, find = Recent(), Counted()
    find.go_on.set()
    find.fails = True
    with pytest.raises(LookupError):
        await recent.of(MOMENT, "a", find)
    await asyncio.sleep(0)

    find.fails = False

    assert await recent.of(MOMENT, "a", find) == 2
