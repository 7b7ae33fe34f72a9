"""Live venues as one market: they are asked and listened to all the time, and gathered moment by moment."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat

import structlog

from adapters.store.venue_port import WATCHED, VenueStore
from adapters.venues.asker import Asker
from adapters.venues.base import Batch, Feed, Gathered, Health, Label
from adapters.venues.board import Board
from adapters.venues.client import LiveVenue
from adapters.venues.intake import Intake
from adapters.venues.intervals import CONFLICT, Intervals
from adapters.venues.ranking import Ranking
from adapters.venues.tally import Tally
from adapters.venues.troubles import Troubles
from adapters.venues.watchdogs import Channels, Sides
from signals.model import Instrument, Liquidation, Metric, Observation
from signals.panel import Panel

log = structlog.get_logger()

STEP = timedelta(minutes=1)
SETTLES = timedelta(seconds=5)
"""Streams push every second or so, and hearts beat every three: by then a minute is complete, or it never will be."""

RANK_EVERY = timedelta(minutes=5)
RANK_SOON = timedelta(seconds=5)
"""While a venue has not listed its instruments: what is asked for each of them waits for its first rank."""

RANK_AGAIN = timedelta(seconds=75)
"""After the first rank, which may know of nobody's open interest: by then each was asked for once."""

LOOK_AT_CLOCK = 5.0
"""Seconds between looks at the clock."""

UNTIL_COMPARED = 30.0
"""Seconds after which every venue that answers was compared with the corrected clock."""

MOST_SKEW = timedelta(seconds=3)
"""How far the venues' clocks may be from ours: they tell whole seconds, and answers take their time."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LiveMarket:
    """The venues of the settings, from the next whole minute on. `aside` runs beside the watch: a warm start."""

    step = STEP
    label = Label.LIVE
    end = None
    settles = SETTLES
    waits = False

    def __init__(
        self,
        venues: Sequence[LiveVenue],
        store: VenueStore,
        clock: Callable[[], datetime],
        correct: Callable[[timedelta], None],
        aside: Callable[[], Coroutine[None, None, None]] | None = None,
    ) -> None:
        self.start = _EPOCH + ((clock() - _EPOCH) // STEP + 1) * STEP
        self.vigil = Vigil(venues, store, clock, correct, self.start, aside)
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
        self,
        venues: Sequence[LiveVenue],
        store: VenueStore,
        clock: Callable[[], datetime],
        correct: Callable[[timedelta], None],
        first: datetime,
        aside: Callable[[], Coroutine[None, None, None]] | None = None,
    ) -> None:
        self._venues = venues
        self._store = store
        self._clock = clock
        self._correct = correct
        self._aside = aside
        self._board = Board(first, STEP)
        self._intake = Intake()
        self._tally = Tally()
        self._channels = Channels()
        self._sides = Sides()
        self._troubles = Troubles()
        self._ranking = Ranking()
        self._intervals = Intervals()
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
            group.create_task(self._keep_time())
            if self._aside is not None:
                group.create_task(self._aside())

    async def gather(self, at: datetime) -> Gathered:
        """The instruments that should answer, and the last words of each up to that moment."""
        if not self._restored:
            for venue in self._venues:
                await venue.client.restore()
            self._restored = True
        instruments = tuple(i for venue in self._venues for i in venue.client.roster.instruments(at))
        observed = self._board.take(at)
        closed = self._tally.close(at, self._heard(at, instruments), self._clock())
        self._doubt_streams(at, observed)
        return Gathered(instruments, (*observed, *closed), self.health())

    def health(self) -> tuple[Health, ...]:
        """How each venue is doing now."""
        return tuple(self._health(venue) for venue in self._venues)

    async def _listen(self, venue: LiveVenue) -> None:
        """Count the venue's forced closes, for ever."""
        async for item in venue.liquidations(()):
            self._tally.take(item)
            self._channels.take(item)
            if isinstance(item, Liquidation):
                self._sides.take(item)

    def _heard(self, at: datetime, instruments: Sequence[Instrument]) -> Sequence[Instrument]:
        """Those whose forced closes were told for the whole minute that ends then; of others nothing is known."""
        streams = {venue.name: venue.client.streaming for venue in self._venues}
        since = {name: stream.heard for name, stream in streams.items() if stream is not None}
        return [of for of in instruments if of.venue not in since or since[of.venue].get(of.symbol, at) <= at - STEP]

    def _doubt_streams(self, at: datetime, observed: Sequence[Observation]) -> None:
        """Connect dead channels anew, and say so once; tell the operator of sides that look inverted."""
        streams = {venue.name: venue.client.streaming for venue in self._venues}
        for deaf in self._channels.deaf(self._clock()):
            stream = streams.get(deaf.venue)
            if deaf.is_news:
                log.warning("stream says nothing though its heart beats", venue=deaf.venue, since=deaf.since)
            if stream is not None:
                stream.resubscribe(deaf.since)
        prices = {(seen.venue, seen.symbol): seen.value for seen in observed if seen.metric is Metric.PRICE}
        for venue in self._sides.close(at, prices):
            log.warning("side of liquidations looks inverted", venue=venue)

    async def _rank(self) -> None:
        """Tell each venue's asker who matters most, now and every few minutes."""
        pauses = chain([RANK_AGAIN], repeat(RANK_EVERY))
        while True:
            watched = await self._watched()
            for venue in self._venues:
                symbols, hot = self._ranking.of(venue.client.roster.instruments(self._clock()), watched)
                self._askers[venue.name].rank(symbols, hot)
            listed = all(venue.client.roster.known for venue in self._venues)
            await asyncio.sleep((next(pauses) if listed else RANK_SOON).total_seconds())

    async def _keep_time(self) -> None:
        """Follow the venues' clocks where this computer's is wrong: it may have been set, or have slept."""
        while True:
            await asyncio.sleep(LOOK_AT_CLOCK)
            ahead = off([venue.client.api.skew for venue in self._venues])
            if ahead is not None:
                log.warning("clock corrected", by=str(ahead), venues=len(self._venues))
                self._correct(ahead)
                self._follow(ahead)
                await asyncio.sleep(UNTIL_COMPARED)

    def _follow(self, ahead: timedelta) -> None:
        """Whatever was planned or remembered by the wrong clock moves with it, or is forgotten."""
        for venue in self._venues:
            venue.client.api.shifted(ahead)
            self._askers[venue.name].shifted(ahead)
            if venue.client.streaming is not None:
                venue.client.streaming.shifted(ahead)
        self._tally.forget()

    async def _watched(self) -> frozenset[str]:
        """The coins that have rules, as the evaluator last said."""
        said = await self._store.learned(WATCHED)
        return frozenset(said.decode().split()) if said else frozenset()

    def _accept(self, feed: Feed, batch: Batch) -> str | None:
        """Put the answer on the board; why not, where it is not believed."""
        doubt = self._intake.doubt(feed, batch, self._clock())
        if doubt is None:
            believed = tuple(self._believed(batch))
            self._ranking.take(believed)
            self._board.put(believed)
        return doubt

    def _believed(self, batch: Batch) -> Iterator[Observation]:
        """The observations without rates of a doubtful interval."""
        for seen in batch.observations:
            if seen.metric is not Metric.FUNDING:
                yield seen
                continue
            word = self._intervals.weigh(seen)
            if word.changed is not None:
                log.info("funding interval changed", venue=seen.venue, symbol=seen.symbol, hours=seen.interval_h)
            if word.is_believed:
                yield seen
            else:
                self._askers[seen.venue].refused[CONFLICT] += 1

    def _health(self, venue: LiveVenue) -> Health:
        asker, trouble = self._askers[venue.name], self._troubles.of(venue.name)
        streaming = venue.client.streaming
        return Health(
            venue.name,
            venue.quality,
            answered=asker.answered,
            down_since=trouble.since if trouble else None,
            why=trouble.why if trouble else "",
            banned_until=asker.banned_until,
            stream_at=self._tally.complete_until(venue.name),
            requests=venue.client.api.requests,
            refused=dict(asker.refused + (streaming.lost if streaming else Counter())),
        )


def off(skews: Sequence[timedelta | None]) -> timedelta | None:
    """How far our clock is behind those of the venues; None where it is near, or where too few of them agree."""
    known = sorted(skew for skew in skews if skew is not None)
    if not known:
        return None
    middle = known[len(known) // 2]
    agree = sum(abs(skew - middle) <= MOST_SKEW for skew in known)
    enough = agree * 2 > len(known) and agree * 2 >= len(skews)
    return middle if abs(middle) > MOST_SKEW and enough else None
