"""Lanes: what comes from one chat is dealt with in order, chats beside each other."""

import asyncio
from collections.abc import Awaitable, Callable


class Lanes:
    """Work by chat, run in a task group."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        self._last: dict[int, asyncio.Task[None]] = {}

    def start(self, chat: int, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Do it behind what the chat has asked before."""
        task = self._group.create_task(_behind(self._last.get(chat), work))
        self._last[chat] = task
        task.add_done_callback(lambda done: self._forget(chat, done))
        return task

    def _forget(self, chat: int, done: asyncio.Task[None]) -> None:
        if self._last.get(chat) is done:
            del self._last[chat]


async def _behind(before: asyncio.Task[None] | None, work: Callable[[], Awaitable[None]]) -> None:
    if before is not None:
        await asyncio.wait([before])
    await work()
