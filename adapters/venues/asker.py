"""Asks one live venue in time: each feed at its turn and within its deadline, few calls at once, and no call twice."""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from adapters.venues.base import Banned, Batch, Feed, RateLimited, Refused, Rejected, Scope, VenueError
from adapters.venues.client import LiveVenue
from adapters.venues.schedule import ANSWER_WITHIN, Call, Schedule
from adapters.venues.troubles import Troubles
from adapters.venues.wire import Reason
from signals.model import Instrument

log = structlog.get_logger()

AT_ONCE = 8
"""Calls in flight to one venue."""

INSTRUMENTS_EVERY = timedelta(minutes=10)
SOON = timedelta(minutes=1)
"""When to list again after a failure, or for a symbol that was never heard of."""

LOOK = 0.5
"""Longest sleep in seconds: what is due may change meanwhile."""

INSTRUMENTS = "instruments"


class Asker:
    """One venue's calls. `accept` takes every answer and says why it is doubted, None where it is not."""

    def __init__(
        self,
        venue: LiveVenue,
        accept: Callable[[Feed, Batch], str | None],
        clock: Callable[[], datetime],
        start: datetime,
        troubles: Troubles,
    ) -> None:
        self.venue = venue
        self.refused: Counter[str] = Counter()
        """How many rows and answers were not used, by reason."""
        self.answered: datetime | None = None
        self.banned_until: datetime | None = None
        self._accept = accept
        self._clock = clock
        self._troubles = troubles
        self._start = start
        self._feeds = {feed.name: feed for feed in venue.feeds}
        self._schedule = Schedule(venue.feeds, start)
        self._list_at = start
        self._failing: set[str] = set()
        self._unheard_of: set[str] = set()
        self._places = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Ask for as long as it is wanted."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._wait()
                now = self._clock()
                if now >= self._list_at:
                    await self._list(now)
                while self.venue.client.roster.known and (call := self._schedule.take(self._clock())) is not None:
                    await self._places.acquire()
                    group.create_task(self._ask(call))

    def rank(self, symbols: Sequence[str], hot: Collection[str]) -> None:
        """The instruments, the most important first, and which of them are hot."""
        self._schedule.rank(symbols, hot, self._clock())

    def shifted(self, by: timedelta) -> None:
        """The clock was wrong: what is due moves with it."""
        self._list_at += by
        self._schedule.shift(by)

    async def _wait(self) -> None:
        """Until something is due, or for a short while."""
        due = min(self._list_at, self._schedule.next_due() or self._list_at)
        waits = (due - self._clock()).total_seconds()
        await asyncio.sleep(min(LOOK, max(0.01, waits)))

    async def _list(self, now: datetime) -> None:
        try:
            await self.venue.instruments()
        except VenueError as error:
            self._list_at = max(now + SOON, _not_before(error, now) or now)
            self._fails(INSTRUMENTS, error)
        else:
            self._list_at = now + INSTRUMENTS_EVERY
            self._works(INSTRUMENTS)

    async def _ask(self, call: Call) -> None:
        feed = replace(self._feeds[call.feed], every=self._schedule.period(call))
        not_before: datetime | None = None
        try:
            async with asyncio.timeout(ANSWER_WITHIN * feed.every.total_seconds()):
                batch = await self.venue.snapshot(feed, self._of(call))
        except VenueError as error:
            not_before = _not_before(error, self._clock())
            if feed.scope is Scope.BULK or isinstance(error, Banned | Refused):
                self._fails(feed.name, error)
            self.refused["no-answer"] += 1
        except TimeoutError:
            if feed.scope is Scope.BULK:
                self._fails(feed.name, TimeoutError("no answer in time"))
            self.refused["too-late"] += 1
        else:
            self._answered(feed, batch)
        finally:
            self._places.release()
            self._schedule.again(call, self._clock(), not_before)

    def _of(self, call: Call) -> list[Instrument]:
        known = self.venue.client.roster.known
        return [known[call.symbol].instrument] if call.symbol in known else []

    def _answered(self, feed: Feed, batch: Batch) -> None:
        self.answered = self._clock()
        doubt = self._accept(feed, batch)
        if doubt is not None:
            self.refused[doubt] += 1
            self._fails(feed.name, ValueError(f"an answer was not believed: {doubt}"))
            return
        self.refused.update(row.reason for row in batch.rejected if row.reason != Reason.UNKNOWN_SYMBOL)
        self._heard_of(batch.rejected)
        if feed.scope is Scope.BULK:
            self._works(feed.name)

    def _heard_of(self, rejected: Iterable[Rejected]) -> None:
        """A symbol that is in no list and was never met before: perhaps it was just listed."""
        unknown = {row.symbol for row in rejected if row.reason == Reason.UNKNOWN_SYMBOL}
        if unknown - self._unheard_of:
            self._unheard_of |= unknown
            self._list_at = min(self._list_at, self._clock() + SOON)

    def _fails(self, what: str, error: Exception) -> None:
        self._failing.add(what)
        if isinstance(error, Banned):
            self.banned_until = error.until
        self._troubles.begin(self.venue.name, self._clock(), str(error))

    def _works(self, what: str) -> None:
        self._failing.discard(what)
        if not self._failing:
            self._troubles.end(self.venue.name, self._clock())


def _not_before(error: VenueError, now: datetime) -> datetime | None:
    """When it makes sense to ask again, where the venue said so."""
    match error:
        case RateLimited():
            return now + error.retry_after
        case Banned():
            return error.until
        case _:
            return None
