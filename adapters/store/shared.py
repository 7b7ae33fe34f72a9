"""A read that many ask for at once is done once: whoever comes while it is on its way is told what it brings."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """One read, shared by those who wait for it. What fails, fails for all of them; the next who asks tries again."""

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._under_way: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        """What the read brings."""
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._once())
            self._under_way.add_done_callback(self._done)
        return await asyncio.shield(self._under_way)  # who goes away leaves it to the others

    async def _once(self) -> T:
        return await self._read()

    def _done(self, task: "asyncio.Task[T]") -> None:
        self._under_way = None
        if not task.cancelled():
            task.exception()  # somebody who waited has heard of it, or has gone away
