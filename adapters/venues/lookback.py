"""Looking into a venue's past with patience: it waits where it is told to, and goes on where it was."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from adapters.venues.base import Banned, RateLimited, Span, Unavailable, Venue
from signals.model import Instrument, Metric, Observation

T = TypeVar("T")

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (2, 8, 30, 60))
"""How long to wait after each answer in a row that did not come; then it is given up."""

LEAST = timedelta(seconds=1)
"""The shortest wait, whatever a venue says."""

LOOK = timedelta(seconds=30)
"""How often to look at the clock while waiting: it may have been corrected."""


def say_nothing(until: datetime, why: str) -> None:
    """Wait without a word."""
    del until, why


@dataclass(frozen=True, slots=True)
class Patience:
    """Waits for venues; `tell` hears until when and why before each wait, `pauses` follow answers that do not come."""

    clock: Callable[[], datetime]
    tell: Callable[[datetime, str], None] = say_nothing
    pauses: Sequence[timedelta] = PAUSES

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """The answer, asked for until it comes. Raises Unavailable after some tries, and Refused."""
        failures = 0
        while True:
            try:
                return await question()
            except RateLimited as error:
                await self._wait(self.clock() + error.retry_after, str(error))
            except Banned as error:
                await self._wait(error.until, str(error))
            except Unavailable as error:
                if failures == len(self.pauses):
                    raise
                await self._wait(self.clock() + self.pauses[failures], str(error))
                failures += 1

    async def look_back(
        self, venue: Venue, of: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> list[Observation]:
        """All that the venue kept of that, in time order; what had come before an interruption is not asked again."""
        found: list[Observation] = []

        async def rest() -> bool:
            """Take what comes; tells whether it came to its end, so that progress renews the patience."""
            since, before = (found[-1].at if found else span.start), len(found)
            try:
                async for seen in venue.history(of, metric, Span(since, span.end), step):
                    if since < seen.at <= span.end:
                        found.append(seen)  # noqa: PERF401 - what came before an interruption must stay
            except Unavailable:
                if len(found) == before:
                    raise
                return False
            return True

        while not await self.ask(rest):
            pass
        return found

    async def _wait(self, until: datetime, why: str) -> None:
        until = max(until, self.clock() + LEAST)
        self.tell(until, why)
        while (left := until - self.clock()) > timedelta(0):  # noqa: ASYNC110 - the clock may be corrected meanwhile
            await asyncio.sleep(min(left, LOOK).total_seconds())
