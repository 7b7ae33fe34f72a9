"""The poller: asks venues in time, closes each moment, and writes it with its bars."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from adapters.store.base import AlertStore, MarketStore
from adapters.venues.base import Feed, MarketSource, Unavailable, Venue, VenueError
from bot.clock import AS_FAST_AS_IT_GOES, Clock, grid
from signals.aggregate import Cycle, Ledger
from signals.bars import Bars
from signals.model import Instrument, Observation
from signals.panel import STORED, resolutions

log = structlog.get_logger()

INSTRUMENTS_EVERY = timedelta(minutes=5)
IN_SIGHT = 30
"""Moments that the evaluator may be behind when a market is played as fast as it goes; stores keep twice as many."""

LOOK_AGAIN = 0.01
"""Seconds between looks at how far it is."""

ANSWER_WITHIN = 20.0
"""Seconds that one venue may take; it delays nobody else."""


class PollerStore(MarketStore, AlertStore, Protocol):
    """The ports that the poller uses."""


class Poller:
    """Reads one market source into the store, moment by moment. `at` is the moment that is being closed."""

    def __init__(self, source: MarketSource, store: PollerStore, clock: Clock) -> None:
        self.at = source.start
        self._closed: datetime | None = None
        self._warm = False
        self._source = source
        self._store = store
        self._clock = clock
        self._venues = source.venues(lambda: self.at)
        self._ledger = Ledger()
        self._bars = Bars(resolutions(source.step))
        self._listed: dict[str, tuple[Instrument, ...]] = {}
        self._listed_at: datetime | None = None
        self._asked: dict[tuple[str, str], datetime] = {}
        self._down: dict[str, datetime] = {}

    async def run(self) -> None:
        """Close moment after moment until the source ends or the task is cancelled."""
        if not self._warm:
            await self.warm_up()
        for at in grid(self._closed or self._source.start, self._source.step):
            if self._source.end is not None and at > self._source.end:
                log.info("recording ended", at=self.at)
                return
            await self._clock.until(at)
            if self._clock.speed == AS_FAST_AS_IT_GOES:
                await self._keep_in_sight(at)
            await self.close(at)

    async def close(self, at: datetime) -> Cycle:
        """Ask what is due, aggregate, and write the moment `at` with the bars that it closes."""
        self.at = at
        await self._list_instruments(at)
        answers = await asyncio.gather(*(self._ask(venue, at) for venue in self._venues))
        self._ledger.take(seen for answer in answers for seen in answer)
        cycle = self._ledger.read(at, self._source.label)
        cycle = replace(cycle, bars=self._bars.close(cycle))
        await self._store.close(cycle)
        self._closed = at
        return cycle

    async def warm_up(self) -> None:
        """Take up where the store ends; a market never seen before brings its past along, and its first moment."""
        latest = await self._store.latest()
        if latest is None:
            await self._store.extend(self._source.past())
        for step, rows in self._bars.rows.items():
            self._bars.append(await self._store.panel(step, STORED, rows))
        if latest is None:
            await self.close(self._source.start)
        else:
            self.at = self._closed = latest.at
            await self._list_instruments(latest.at)
            self._ledger.take(latest.known)
        self._warm = True

    async def _keep_in_sight(self, at: datetime) -> None:
        """Wait for the evaluator where no clock paces us, so that no moment is dropped before it was judged."""
        behind = self._source.step * IN_SIGHT
        while at - (await self._store.judged() or self._source.start) > behind:  # noqa: ASYNC110 - it may be elsewhere
            await asyncio.sleep(LOOK_AGAIN)

    async def _list_instruments(self, at: datetime) -> None:
        if self._listed_at is not None and at - self._listed_at < INSTRUMENTS_EVERY:
            return
        self._listed_at = at
        for venue in self._venues:
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    self._listed[venue.name] = tuple(await venue.instruments())
            except (VenueError, TimeoutError) as error:
                self._trouble(venue.name, at, error)
        self._ledger.expect(i for listed in self._listed.values() for i in listed)

    async def _ask(self, venue: Venue, at: datetime) -> Sequence[Observation]:
        """What the venue says now to every feed that is due; nothing where it does not answer."""
        due = [feed for feed in venue.feeds if self._is_due(venue, feed, at)]
        seen: list[Observation] = []
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                for feed in due:
                    batch = await venue.snapshot(feed, self._listed.get(venue.name, ()))
                    seen += batch.observations
                    self._asked[venue.name, feed.name] = at
        except (VenueError, TimeoutError) as error:
            self._trouble(venue.name, at, error)
        else:
            self._recovered(venue.name, at)
        return seen

    def _is_due(self, venue: Venue, feed: Feed, at: datetime) -> bool:
        asked = self._asked.get((venue.name, feed.name))
        return asked is None or at - asked >= feed.every

    def _trouble(self, name: str, at: datetime, error: Exception) -> None:
        if name not in self._down:
            self._down[name] = at
            said = str(error) if isinstance(error, VenueError) else str(Unavailable("no answer in time"))
            log.warning("venue down", venue=name, at=at, error=said)

    def _recovered(self, name: str, at: datetime) -> None:
        since = self._down.pop(name, None)
        if since is not None:
            log.info("venue recovered", venue=name, down_for=str(at - since))
