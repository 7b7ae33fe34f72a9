"""Clients of venues on transports that are no network: fake venues, or answers that stand in the test."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from adapters.store.memory import MemoryStore
from adapters.venues.base import Feed, Venue
from adapters.venues.client import Endpoints, Wiring
from adapters.venues.transport import Request, Response, Socket, Transport
from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse
from tests.fake_venues.golden import AT
from tests.fake_venues.inprocess import InProcess
from tests.fake_venues.venue import FakeVenue

Answers = Callable[[Request], bytes | Response]


@dataclass
class Scripted:
    """Says what the test says, and remembers what it was asked."""

    answers: Answers
    asked: list[Request] = field(default_factory=list)

    async def fetch(self, request: Request) -> Response:
        self.asked.append(request)
        told = self.answers(request)
        return told if isinstance(told, Response) else Response(200, {}, told)

    def connect(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Socket]:
        raise AssertionError("nothing is streamed here")


@dataclass
class Overheard:
    """Passes calls on to another transport, and remembers what was asked."""

    transport: Transport
    asked: list[Request] = field(default_factory=list)

    async def fetch(self, request: Request) -> Response:
        self.asked.append(request)
        return await self.transport.fetch(request)

    def connect(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Socket]:
        return self.transport.connect(url, headers)


@dataclass
class Hand:
    """A clock that is turned by hand."""

    at: datetime = AT

    def now(self) -> datetime:
        return self.at

    def on(self, by: timedelta) -> None:
        self.at += by


def wiring(
    endpoints: Endpoints,
    transport: Transport,
    clock: Callable[[], datetime] = lambda: AT,
    store: MemoryStore | None = None,
    key: str = "",
) -> Wiring:
    """All that a client is put together from."""
    return Wiring(endpoints, transport, store or MemoryStore(), clock, random.Random(1), "main", key)


def overheard(fake: FakeVenue, clock: Callable[[], datetime] = lambda: AT) -> Overheard:
    """A transport to a fake venue, with what it was asked."""
    return Overheard(InProcess([fake], clock))


def by_metric(observations: Sequence[Observation], symbol: str) -> Mapping[Metric, Observation]:
    """What was said of one instrument."""
    return {seen.metric: seen for seen in observations if seen.symbol == symbol}


async def of(venue: Venue, symbol: str) -> Instrument:
    """One instrument of the venue."""
    return next(each for each in await venue.instruments() if each.symbol == symbol)


def feed(venue: Venue, name: str) -> Feed:
    """One feed of the venue."""
    return next(each for each in venue.feeds if each.name == name)


Heard: TypeAlias = Liquidation | Gap | Pulse


async def heard(venue: Venue, seconds: float) -> list[Heard]:
    """What the venue's stream says in that time; on the virtual loop that costs nothing."""
    items: list[Heard] = []

    async def listen() -> None:
        async for item in venue.liquidations(()):
            items.append(item)  # noqa: PERF401 - what comes before the end counts

    listening = asyncio.create_task(listen())
    await asyncio.sleep(seconds)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return items
