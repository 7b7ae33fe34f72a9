"""Commands that many ask for at once leave together: a slow line then takes as long for a hundred as for one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

C = TypeVar("C")
R = TypeVar("R")

MOST = 200
"""Commands on one line at a time, so that nobody waits for long behind the answers to others."""


@dataclass(frozen=True, slots=True)
class _Asked(Generic[C, R]):
    """Commands of one who asks, and where the replies are awaited."""

    commands: Sequence[C]
    answer: "asyncio.Future[Sequence[R | Exception]]"


class Together(Generic[C, R]):
    """So many lines to a server; what is asked while all of them are busy leaves as soon as one is free.

    `send` has commands answered in their order, each by its reply or by what the server refused it with. Where it
    fails, all who were on that line are told so.
    """

    def __init__(self, send: Callable[[Sequence[C]], Awaitable[Sequence[R | Exception]]], lines: int) -> None:
        self._send = send
        self._free = lines
        self._waiting: list[_Asked[C, R]] = []
        self._out = set[asyncio.Task[None]]()
        self._leaves = False
        """Whether a line is about to take what waits."""

    async def ask(self, *commands: C) -> Sequence[R]:
        """Their replies. Raises the first refusal, or what the line failed with."""
        answer: asyncio.Future[Sequence[R | Exception]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Asked(commands, answer))
        self._leave()
        replies = list[R]()
        for reply in await answer:
            if isinstance(reply, Exception):
                raise reply
            replies.append(reply)
        return replies

    async def aclose(self) -> None:
        """Let go of what is under way."""
        for task in self._out:
            task.cancel()
        await asyncio.gather(*self._out, return_exceptions=True)

    def _leave(self) -> None:
        if self._waiting and self._free and not self._leaves:
            self._free -= 1
            self._leaves = True
            task = asyncio.create_task(self._line())
            self._out.add(task)
            task.add_done_callback(self._back)

    def _back(self, task: "asyncio.Task[None]") -> None:
        self._out.discard(task)
        self._free += 1
        self._leave()

    async def _line(self) -> None:
        self._leaves = False
        on_board = self._board()
        self._leave()
        if not on_board:
            return
        try:
            replies = iter(await self._send([command for asked in on_board for command in asked.commands]))
        except BaseException as error:  # whatever it is, those who wait for it must hear of it
            _fail(on_board, error)
            if isinstance(error, Exception):
                return
            raise
        for asked in on_board:
            own = [next(replies) for _ in asked.commands]
            if not asked.answer.done():  # who went away is told nothing
                asked.answer.set_result(own)

    def _board(self) -> Sequence[_Asked[C, R]]:
        """Those that have waited longest, as many as a line takes."""
        count = took = 0
        for asked in self._waiting:
            if took and count + len(asked.commands) > MOST:
                break
            count, took = count + len(asked.commands), took + 1
        some, self._waiting = self._waiting[:took], self._waiting[took:]
        return [asked for asked in some if not asked.answer.done()]


def _fail(on_board: Sequence[_Asked[C, R]], error: BaseException) -> None:
    for asked in on_board:
        if asked.answer.done():
            continue
        if isinstance(error, asyncio.CancelledError):
            asked.answer.cancel()
        else:
            asked.answer.set_exception(error)
