"""A chat's connection is there until everything is sent that goes over it."""

import asyncio
from contextlib import suppress

import pytest

from bot.services.outlive import outlive
from tests import virtual


def test_what_is_served_ends_at_once_when_nothing_is_being_sent_and_else_behind_it() -> None:
    async def live(*, sending: bool) -> float:
        loop, sent, ended = asyncio.get_running_loop(), asyncio.Event(), list[float]()

        async def serve() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(loop.time())

        if not sending:
            sent.set()
        task = asyncio.create_task(outlive(serve(), sent))
        await asyncio.sleep(1)
        loop.call_later(5, sent.set)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return ended[0]

    assert [virtual.run(lambda sending=sending: live(sending=sending)) for sending in (False, True)] == [1.0, 6.0]


def test_what_is_served_may_end_or_fail_by_itself() -> None:
    async def ends() -> None:
        await asyncio.sleep(1)

    async def fails() -> None:
        raise OSError

    virtual.run(lambda: outlive(ends(), asyncio.Event()))
    with pytest.raises(OSError):  # noqa: PT011 - it has no words
        virtual.run(lambda: outlive(fails(), asyncio.Event()))
