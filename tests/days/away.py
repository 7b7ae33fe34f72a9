"""A store that is away at times, and of which replies are lost after all was done."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime
from functools import partial
from random import Random

from adapters.store.base import StoreUnavailable
from tests.days.judge import WatchedStore
from tests.days.schedule import Kind, Schedule

ANSWERS = 0.002
"""Seconds that it takes to answer."""

NOTICED = 0.2
"""Seconds until it is noticed that it does not."""

LOST = 0.15
"""How likely a reply is lost while replies are."""


class Unreliable:
    """Stands before the store and fails as the schedule says. `speed` is that of true time against the loop's."""

    def __init__(self, inner: WatchedStore, schedule: Schedule, true: Callable[[], datetime], speed: float) -> None:
        self._inner = inner
        self._schedule = schedule
        self._true = true
        self._speed = speed
        self._rng = Random(f"{len(schedule.faults)} replies")
        self.lost = 0

    def __getattr__(self, name: str) -> object:
        found = getattr(self._inner, name)
        if inspect.isasyncgenfunction(found):
            return partial(self._read, found)
        return partial(self._do, found) if inspect.iscoroutinefunction(found) else found

    async def _do(self, asked: Callable[..., Awaitable[object]], *said: object, **named: object) -> object:
        await asyncio.sleep(ANSWERS)
        await self._there()
        answer = await asked(*said, **named)
        if self._schedule.on(Kind.REPLIES, self._true()) and self._rng.random() < LOST:
            self.lost += 1
            raise StoreUnavailable("the reply was lost")
        return answer

    async def _read(self, asked: Callable[..., AsyncIterator[object]], *said: object) -> AsyncIterator[object]:
        await self._there()
        items = asked(*said)
        async with aclosing(items):  # type: ignore[type-var] # all of them are generators
            while True:
                left = self._schedule.until_next(Kind.STORE, self._true()).total_seconds() / self._speed
                try:
                    async with asyncio.timeout(left):
                        item = await anext(items)
                except TimeoutError:
                    raise StoreUnavailable("away") from None
                except StopAsyncIteration:
                    return
                yield item

    async def _there(self) -> None:
        if self._schedule.on(Kind.STORE, self._true()):
            await asyncio.sleep(NOTICED)
            raise StoreUnavailable("away")
