"""Reads that are shared by those who ask at once."""

import asyncio

import pytest

from adapters.store.shared import Shared


class Slow:
    """A read that takes a while, counts how often it is done, and fails where it is told to."""

    def __init__(self) -> None:
        self.done = 0
        self.fails = False

    async def __call__(self) -> int:
        self.done += 1
        await asyncio.sleep(0.01)
        if self.fails:
            raise OSError("away")
        return self.done


async def test_who_asks_at_once_shares_a_read_and_who_asks_later_reads_anew() -> None:
    read = Slow()
    shared = Shared(read)

    assert await asyncio.gather(*(shared() for _ in range(100))) == [1] * 100
    assert await shared() == 2


async def test_who_goes_away_leaves_it_to_the_others() -> None:
    shared = Shared(Slow())
    first, second = asyncio.create_task(shared()), asyncio.create_task(shared())
    await asyncio.sleep(0)

    first.cancel()

    assert await second == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_failure_is_that_of_all_who_wait_and_the_next_one_tries_again() -> None:
    read = Slow()
    shared = Shared(read)
    read.fails = True

    found = await asyncio.gather(*(shared() for _ in range(3)), return_exceptions=True)

    assert [type(of) for of in found] == [OSError] * 3
    read.fails = False
    assert await shared() == 2
