"""Long polling: an update is confirmed when it has been dealt with, so that a sudden end loses none.

What is still being dealt with when others wait is kept in a note before it is confirmed, and taken up after a start.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import TypeAlias
from urllib.parse import urlencode

import msgspec
import structlog
from telegram.error import Conflict, InvalidToken, NetworkError, TelegramError

from adapters.chat.base import Barred, Notes
from adapters.chat.notes import note
from adapters.chat.telegram.outcomes import BARRED, UNAUTHORISED, wait_of
from adapters.chat.telegram.request import LIBRARY_URL, Flooded, Request
from adapters.chat.telegram.updates import WANTED

log = structlog.get_logger()

Raw: TypeAlias = Mapping[str, object]
Take: TypeAlias = Callable[[Raw], "asyncio.Task[None] | None"]
"""Begins to deal with an update; None where there is nothing to do."""

WAIT = 25
"""Seconds that Telegram holds a question open while nothing comes."""

GRACE = 0.1
"""Seconds that the next question waits for what came with the last one."""

MOST = 300
"""Updates that are dealt with at a time; more wait at Telegram."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
KEPT = timedelta(hours=24)
FINISHING = 2.0
"""Seconds that answers under way may take when we stop; what takes longer is asked again after the start."""

PARTING = 3.0
"""Seconds that the last confirmation may take."""

NOT_FOUND_TOO_OFTEN = 3


class Backoff:
    """Pauses after failures, each twice as long as the one before; a token that is refused ends it."""

    def __init__(self) -> None:
        self._pause = FIRST_PAUSE
        self._not_found = 0

    def worked(self) -> None:
        """The last call went well."""
        if self._pause > FIRST_PAUSE:
            log.info("telegram answers again")
        self._pause, self._not_found = FIRST_PAUSE, 0

    async def failed(self, error: TelegramError) -> None:
        """Wait before the next try. Raises Barred where trying again is of no use."""
        if isinstance(error, InvalidToken):
            self._not_found += 1
            if UNAUTHORISED.search(error.message) or self._not_found >= NOT_FOUND_TOO_OFTEN:
                raise Barred(BARRED) from None
        if self._pause == FIRST_PAUSE:
            log.warning("telegram does not answer", reason=_reason(error))
        pause = wait_of(error).total_seconds() if isinstance(error, Flooded) else self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        await asyncio.sleep(pause)


class Polling:
    """Asks for updates until cancelled."""

    def __init__(self, request: Request, notes: Notes, bot: int) -> None:
        self._request = request
        self._notes = notes
        self._note = f"telegram:unanswered:{bot}"
        self._offset = 0
        self._under_way: dict[int, tuple[Raw, asyncio.Task[None]]] = {}
        self._noted: frozenset[int] = frozenset()
        self._resumed: frozenset[int] = frozenset()
        self._answered = asyncio.Event()
        self._turn = asyncio.Lock()

    async def run(self, take: Take) -> None:
        """Deal with all that comes. Raises Barred."""
        backoff = Backoff()
        await self._resume(take)
        forgetting = asyncio.create_task(self._forget())
        try:
            while True:
                await self._settle()  # asking confirms what came before
                try:
                    for raw in await self._ask(self._offset, WAIT):
                        self._offset = _number(raw) + 1
                        if _number(raw) not in self._resumed:
                            self._begin(raw, take)
                except TelegramError as error:
                    await backoff.failed(error)
                else:
                    backoff.worked()
        finally:
            forgetting.cancel()
            await self._part()

    def _begin(self, raw: Raw, take: Take) -> None:
        number, task = _number(raw), take(raw)
        if task is not None:
            self._under_way[number] = (raw, task)
            task.add_done_callback(partial(self._ended, number))

    def _ended(self, number: int, done: asyncio.Task[None]) -> None:
        if is_dealt_with(done):
            self._under_way.pop(number, None)
            if number in self._noted:
                self._answered.set()

    async def _settle(self) -> None:
        """Wait a little for what has just come; what takes longer is noted before it is confirmed."""
        fresh = [task for number, (_, task) in self._under_way.items() if number not in self._noted]
        if fresh:
            await asyncio.wait(fresh, timeout=GRACE)
        while len(self._under_way) >= MOST:
            await asyncio.wait([task for _, task in self._under_way.values()], return_when=asyncio.FIRST_COMPLETED)
        if self._noted != self._under_way.keys():
            async with self._turn:
                self._noted = frozenset(self._under_way)
                await self._notes.write(self._note, self._left(), KEPT)

    async def _forget(self) -> None:
        """Note what is left as soon as something of it is dealt with: nobody is answered again after a sudden end."""
        while True:
            await self._answered.wait()
            self._answered.clear()
            async with self._turn:
                await note(self._notes, self._note, self._left(), KEPT)

    def _left(self) -> str:
        """What was noted and is still under way."""
        left = [raw for number, (raw, _) in self._under_way.items() if number in self._noted]
        return msgspec.json.encode(left).decode()

    async def _resume(self, take: Take) -> None:
        """Take up what was confirmed but not dealt with."""
        kept = await self._notes.read(self._note)
        left = msgspec.json.decode(kept or "[]", type=list[dict[str, object]])
        self._noted = self._resumed = frozenset(_number(raw) for raw in left)  # it may come once more from Telegram
        for raw in left:
            self._begin(raw, take)

    async def _part(self) -> None:
        """Let answers be finished and confirm what was dealt with, so that nothing is answered twice after a start."""
        if self._under_way:
            await asyncio.wait([task for _, task in self._under_way.values()], timeout=FINISHING)
        offset = min([self._offset, *self._under_way])
        if not self._noted <= self._under_way.keys():
            await note(self._notes, self._note, self._left(), KEPT)
        with contextlib.suppress(TelegramError, TimeoutError):
            async with asyncio.timeout(PARTING):
                if offset:
                    await self._ask(offset, 0, limit=1)

    async def _ask(self, offset: int, wait: int, limit: int = 100) -> list[dict[str, object]]:
        """What has come from that number on; all before it is confirmed by asking. Raises TelegramError."""
        query = {"offset": offset, "timeout": wait, "limit": limit, "allowed_updates": _WANTED}
        answer = await self._request.post(
            f"{LIBRARY_URL}/getUpdates?{urlencode({k: v for k, v in query.items() if v})}", read_timeout=wait + 10.0
        )
        if not isinstance(answer, list):
            raise NetworkError("an answer without updates")
        return answer


def is_dealt_with(task: asyncio.Task[None]) -> bool:
    """Whether an update need not come again: else it was given up, or its answer met a token that is refused."""
    return task.done() and not task.cancelled() and task.exception() is None


_WANTED = msgspec.json.encode(WANTED).decode()


def _number(raw: Raw) -> int:
    number = raw.get("update_id")
    if not isinstance(number, int):
        raise NetworkError("an update without a number")
    return number


def _reason(error: TelegramError) -> str:
    return "another process asks with the same token" if isinstance(error, Conflict) else error.message
