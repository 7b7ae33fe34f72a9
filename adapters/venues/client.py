"""What the clients of live venues share: what they are put together from, their instruments, calls and stream."""

import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from adapters.store.base import StoreError
from adapters.store.venue_port import VenueStore
from adapters.venues.base import Batch, Feed, Unavailable, Venue
from adapters.venues.manners import Answer, Api, Manners, Share
from adapters.venues.roster import Roster, Turn
from adapters.venues.streams import Channel, Stream
from adapters.venues.transport import Request, Transport
from adapters.venues.wire import Known, Listed, Parsed
from signals.model import Gap, Instrument, Liquidation, Pulse

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a venue is: base URLs of its calls, of its spot market, and of its stream; empty where it has none."""

    rest: str
    spot: str = ""
    ws: str = ""

    @property
    def hosts(self) -> frozenset[str]:
        """The base URLs, and nothing else may be asked."""
        return frozenset({self.rest, self.spot, self.ws} - {""})


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a live venue is put together from. `key` is its secret, empty where none is needed."""

    endpoints: Endpoints
    transport: Transport
    store: VenueStore
    clock: Callable[[], datetime]
    rng: random.Random
    egress: str
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """How a feed is asked and read."""

    path: str
    params: Mapping[str, str]
    parse: Callable[[bytes, datetime, Known], Parsed]


class Client:
    """One venue's calls, instruments and stream."""

    def __init__(self, manners: Manners, wiring: Wiring) -> None:
        self.endpoints = wiring.endpoints
        self.roster = Roster(manners.venue)
        self.api = Api(manners, wiring.transport, wiring.store, wiring.clock, wiring.egress, wiring.rng)
        self.streaming: Stream | None = None
        """The stream that is read, once it is."""
        self._venue = manners.venue
        self._wiring = wiring

    @property
    def now(self) -> datetime:
        """The present."""
        return self._wiring.clock()

    async def restore(self) -> Sequence[Instrument]:
        """The instruments as they were known before a restart: they are expected before the venue first answers."""
        known = await self.learned(self._name_of_roster)
        if known is not None:
            self.roster.load(known)
        return self.roster.instruments(self.now)

    async def ask(self, feed: Feed, request: Request) -> Answer:
        """The answer to a call of that feed."""
        return await self.api.call(request, feed.cost)

    async def look_up(self, feed: Feed, request: Request) -> Answer:
        """The answer to a call for the past, from what the present leaves of the budget."""
        return await self.api.call(request, feed.cost, Share.HISTORY)

    async def enroll(self, listed: Iterable[Listed]) -> Sequence[Instrument]:
        """Take over a list of instruments, keep it, and say what changed. Raises Unavailable for a cut one."""
        first = not self.roster.known
        for note in self.roster.update(listed):
            if not (first and note.turn is Turn.JOINED):
                log.info("instrument", turn=note.turn, venue=self._venue, symbol=note.of.instrument.symbol)
        await self.learn(self._name_of_roster, self.roster.dump())
        return self.roster.instruments(self.now)

    async def learn(self, name: str, what: bytes) -> None:
        """Keep what was found out over restarts. Raises Unavailable where the store does not answer."""
        try:
            await self._wiring.store.learn(name, what)
        except StoreError:
            raise Unavailable(f"the store does not answer, so nothing is kept of {self._venue}") from None

    async def learned(self, name: str) -> bytes | None:
        """What was found out; None where nothing was. Raises Unavailable where the store does not answer."""
        try:
            return await self._wiring.store.learned(name)
        except StoreError:
            raise Unavailable(f"the store does not answer, so {self._venue} is not asked") from None

    def batch(self, feed: Feed, answer: Answer, parsed: Parsed) -> Batch:
        """What was parsed of the answer."""
        return Batch(self._venue, feed.name, parsed.observations, parsed.rejected, answer.digest)

    def stream(self, channel: Channel, path: str = "") -> AsyncIterator[Liquidation | Gap | Pulse]:
        """The forced closes of that channel, for as long as they are wanted."""
        wiring, url = self._wiring, self.endpoints.ws + path
        self.streaming = Stream(channel, url, wiring.transport, lambda: self.roster.known, wiring.clock, wiring.rng)
        return self.streaming.items()

    @property
    def _name_of_roster(self) -> str:
        return f"roster/{self._venue}"


class LiveVenue(Venue, Protocol):
    """A venue that is asked over the network."""

    @property
    def client(self) -> Client:
        """Its calls, instruments and stream."""
        ...
