"""One look at a live venue: every call once, its stream for a while, and a day of its past."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from adapters.venues.base import Feed, Scope, Span, VenueError
from adapters.venues.client import LiveVenue
from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse, Side

LISTENS = 60.0
"""Seconds of a stream."""

PAST = timedelta(hours=24)
HOUR = timedelta(hours=1)
COINS = ("BTC", "ETH", "SOL")
"""Who is asked about where a call is about one instrument: the first of them that the venue lists."""


@dataclass(frozen=True, slots=True)
class Called:
    """One call: how many values of which metrics it brought, what was refused and why, or why there was no answer."""

    name: str
    took: timedelta
    values: Mapping[Metric, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    failed: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether it was answered, with values where values were asked for, and nothing in it was malformed."""
        return not self.failed and "malformed" not in self.refused


@dataclass(frozen=True, slots=True)
class Heard:
    """What a stream said: forced closes by side, heartbeats, gaps; or why there was nothing."""

    sides: Mapping[Side, int] = field(default_factory=dict)
    beats: int = 0
    gaps: int = 0
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that one look at a venue showed."""

    venue: str
    at: datetime
    listed: int
    called: tuple[Called, ...]
    heard: Heard | None
    past: Mapping[Metric, int | None]
    """Values of the last day by the hour; None where the call failed."""


async def look_at(venue: LiveVenue, clock: Callable[[], datetime], listens: float = LISTENS) -> Look:
    """Make each call once, listen to the stream, and look up a day of the past. Raises nothing of the venue's."""
    started = clock()
    first, instruments = await _listed(venue, clock)
    calls = [first]
    if instruments:
        calls += [await _called(venue, feed, instruments, clock) for feed in venue.feeds]
    heard = await _heard(venue, listens) if _streams(instruments) else None
    past = {metric: await _past(venue, instruments, metric, started) for metric in _kept(instruments)}
    return Look(venue.name, started, len(instruments), tuple(calls), heard, past)


async def _listed(venue: LiveVenue, clock: Callable[[], datetime]) -> tuple[Called, Sequence[Instrument]]:
    since = clock()
    try:
        found = await venue.instruments()
    except VenueError as error:
        return Called("instruments", clock() - since, failed=str(error)), ()
    return Called("instruments", clock() - since), found


async def _called(
    venue: LiveVenue, feed: Feed, instruments: Sequence[Instrument], clock: Callable[[], datetime]
) -> Called:
    of = instruments if feed.scope is Scope.BULK else [_typical(instruments)]
    since = clock()
    try:
        batch = await venue.snapshot(feed, of)
    except VenueError as error:
        return Called(feed.name, clock() - since, failed=str(error))
    values = Counter(seen.metric for seen in batch.observations)
    return Called(feed.name, clock() - since, values, Counter(row.reason for row in batch.rejected))


async def _heard(venue: LiveVenue, listens: float) -> Heard:
    sides: Counter[Side] = Counter()
    beats = gaps = 0
    try:
        async with asyncio.timeout(listens):
            async for item in venue.liquidations(()):
                match item:
                    case Liquidation():
                        sides[item.side] += 1
                    case Pulse():
                        beats += 1
                    case Gap():
                        gaps += 1
    except TimeoutError:
        pass
    except VenueError as error:
        return Heard(sides, beats, gaps, str(error))
    return Heard(sides, beats, gaps, "" if beats else "no heartbeat")


async def _past(venue: LiveVenue, instruments: Sequence[Instrument], metric: Metric, now: datetime) -> int | None:
    end = datetime.fromtimestamp(now.timestamp() // HOUR.total_seconds() * HOUR.total_seconds(), UTC)
    try:
        return await _count(venue.history(_typical(instruments), metric, Span(end - PAST, end), HOUR))
    except VenueError:
        return None


async def _count(values: AsyncIterator[Observation]) -> int:
    number = 0
    async for _ in values:
        number += 1
    return number


def _typical(instruments: Sequence[Instrument]) -> Instrument:
    known = [i for coin in COINS for i in instruments if i.coin == coin]
    return (known or list(instruments))[0]


def _streams(instruments: Sequence[Instrument]) -> bool:
    return any(Metric.LIQ_LONG in i.metrics for i in instruments)


def _kept(instruments: Sequence[Instrument]) -> Sequence[Metric]:
    """What may have a past: nothing where there is no instrument to ask about."""
    wanted = (Metric.PRICE, Metric.OI_LEVEL, Metric.FUNDING_SETTLED, Metric.LS, Metric.VOLUME)
    return wanted if instruments else ()
