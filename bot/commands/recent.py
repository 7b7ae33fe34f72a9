"""What was found out about the last closed moment: once, for whoever asks until the next one is closed."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from typing import TypeVar, cast

from signals.aggregate import Cycle

_Found = TypeVar("_Found")


class Recent:
    """What several people ask of one moment is found out for the first of them; those who come meanwhile wait for it.

    Only what belongs to the moment alone may be kept here: nothing of a place, and none of its settings.
    """

    def __init__(self) -> None:
        self._at: datetime | None = None
        self._found: dict[Hashable, asyncio.Task[object]] = {}

    async def of(self, cycle: Cycle, what: Hashable, find: Callable[[], Awaitable[_Found]]) -> _Found:
        """What `find` comes to about that moment; where it fails, whoever waits meets that and the next one tries."""
        if cycle.at != self._at:
            self._at, self._found = cycle.at, {}
        here = self._found
        if what not in here:
            here[what] = asyncio.create_task(_begun(find))
            here[what].add_done_callback(lambda task: here.pop(what) if _failed(task) else None)
        return cast("_Found", await asyncio.shield(here[what]))  # who goes away leaves it to the others


async def _begun(find: Callable[[], Awaitable[object]]) -> object:
    return await find()


def _failed(task: asyncio.Task[object]) -> bool:
    return task.cancelled() or task.exception() is not None
