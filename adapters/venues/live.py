"""Live venues as one market: they are asked and listened to all the time, and gathered moment by moment."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from adapters.store.base import VenueStore
from adapters.venues.asker import Asker
from adapters.venues.base import Batch, Feed, Gathered, Health, Label
from adapters.venues.board import Board
from adapters.venues.client import LiveVenue
from adapters.venues.intake import Intake
from adapters.venues.tally import Tally
from adapters.venues.troubles import Troubles
from signals.model import Instrument, Metric, Observation
from signals.panel import Panel

log = structlog.get_logger()

STEP = timedelta(minutes=1)
SETTLES = timedelta(seconds=5)
"""Streams push every second or so, and hearts beat every three: by then a minute is complete, or it never will be."""

RANK_EVERY = timedelta(minutes=5)
HOT = 100
"""Coins with the largest open interest, which are asked most often; those with a rule come on top."""

WATCHED = "watched"
"""Where the evaluator keeps the names of coins that have rules."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LiveMarket:
    """The venues of the settings, from the next whole minute on."""

    step = STEP
    label = Label.LIVE
    end = None
    settles = SETTLES

    def __init__(self, venues: Sequence[LiveVenue], store: VenueStore, clock: Callable[[], datetime]) -> None:
        self.start = _EPOCH + ((clock() - _EPOCH) // STEP + 1) * STEP
        self.vigil = Vigil(venues, store, clock, self.start)
        self._venues = venues

    def venues(self, clock: Callable[[], datetime]) -> Sequence[LiveVenue]:
        """The venues; they answer as of now."""
        del clock
        return self._venues

    def watch(self, clock: Callable[[], datetime]) -> "Vigil":
        """The one watch over them."""
        del clock
        return self.vigil

    def past(self) -> Sequence[Panel]:
        """Nothing at once: the past is asked for in the background."""
        return ()


class Vigil:
    """Keeps asking and listening to venues, and gathers what belongs to each moment."""

    def __init__(
        self, venues: Sequence[LiveVenue], store: VenueStore, clock: Callable[[], datetime], first: datetime
    ) -> None:
        self._venues = venues
        self._store = store
        self._clock = clock
        self._board = Board(first, STEP)
        self._intake = Intake()
        self._tally = Tally()
        self._troubles = Troubles()
        self._restored = False
        now = clock()
        self._askers = {venue.name: Asker(venue, self._accept, clock, now, self._troubles) for venue in venues}

    async def run(self) -> None:
        """Ask and listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            for asker in self._askers.values():
                group.create_task(asker.run())
            for venue in self._venues:
                group.create_task(self._listen(venue))
            group.create_task(self._rank())

    async def gather(self, at: datetime) -> Gathered:
        """The instruments that should answer, and the last words of each up to that moment."""
        if not self._restored:
            for venue in self._venues:
                await venue.client.restore()
            self._restored = True
        instruments = tuple(i for venue in self._venues for i in venue.client.roster.instruments(at))
        closed = self._tally.close(at, instruments, self._clock())
        return Gathered(instruments, (*self._board.take(at), *closed), self.health())

    def health(self) -> tuple[Health, ...]:
        """How each venue is doing now."""
        return tuple(self._health(venue) for venue in self._venues)

    async def _listen(self, venue: LiveVenue) -> None:
        """Count the venue's forced closes, for ever."""
        async for item in venue.liquidations(()):
            self._tally.take(item)

    async def _rank(self) -> None:
        """Tell each venue's asker who matters most, now and every few minutes."""
        while True:
            watched = await self._watched()
            for venue in self._venues:
                ranked = self._ranked(venue)
                self._askers[venue.name].rank(*ranked, watched)
            await asyncio.sleep(RANK_EVERY.total_seconds())
