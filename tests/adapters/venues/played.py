"""A venue at the level of bytes: it plays answers from a script, and notes when it was asked for what."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from adapters.store.venue_port import VenueStore
from adapters.venues.base import Bucket, Cost, Unavailable, VenueError
from adapters.venues.manners import Answer, Api, Manners, Share, banned_until, retry_after
from adapters.venues.transport import Request, Response, Socket
from tests import virtual

T = TypeVar("T")
T0 = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
ASKED = Request("https://api.example.org/v1/x")


def ok(body: bytes = b"{}", **headers: str) -> Response:
    return said(200, body, **headers)


def said(status: int, body: bytes = b"", **headers: str) -> Response:
    """An answer; headers with `_` for `-`."""
    return Response(status, {name.replace("_", "-").lower(): value for name, value in headers.items()}, body)


@dataclass
class Played:
    """The next answer of the script each time, the last one for ever; `takes` is how long an answer needs."""

    script: list[Response | VenueError] = field(default_factory=lambda: [ok()])
    takes: timedelta = timedelta(0)
    sent: list[datetime] = field(default_factory=list)
    clock: Callable[[], datetime] = lambda: T0

    async def fetch(self, request: Request) -> Response:
        self.sent.append(self.clock())
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        await asyncio.sleep(self.takes.total_seconds())
        if isinstance(answer, VenueError):
            raise answer
        return answer

    def connect(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Socket]:
        raise Unavailable("it has no stream")


def used(bucket: str, headers: Mapping[str, str]) -> Mapping[str, int]:
    del bucket
    weight = headers.get("x-used-weight")
    return {} if weight is None else {"main": int(weight)}


def ban(response: Response, now: datetime) -> datetime | None:
    """Like Binance, and like Bybit."""
    if response.status == 418:
        ends = (retry_after(response.headers, now), banned_until(response.body), now + 2 * MINUTE)
        return max(end for end in ends if end is not None)
    if response.status == 403 and b"access too frequent" in response.body:
        return now + 10 * MINUTE
    return None


MANNERS = Manners("binance", (Bucket("main", 100, MINUTE), Bucket("data", 1_000, 5 * MINUTE)), used, ban)


@dataclass
class Desk:
    """An api on a virtual clock, which `ahead` sets."""

    store: VenueStore
    venue: Played
    manners: Manners = MANNERS
    egress: str = "home"
    ahead: timedelta = timedelta(0)
    seed: int = 1

    def __post_init__(self) -> None:
        self.venue.clock = self.clock
        self.api = self.another()

    def clock(self) -> datetime:
        return T0 + self.ahead + timedelta(seconds=asyncio.get_running_loop().time())

    def another(self) -> Api:
        """What a restart, or a second process, has."""
        return Api(self.manners, self.venue, self.store, self.clock, self.egress, random.Random(self.seed))

    async def call(self, weight: int = 1, bucket: str = "main", share: Share = Share.POLL) -> Answer:
        return await self.api.call(ASKED, Cost(bucket, weight), share)

    async def failure(self, weight: int = 1, bucket: str = "main", share: Share = Share.POLL) -> VenueError | None:
        """What the call raises; None where it is answered."""
        try:
            await self.call(weight, bucket, share)
        except VenueError as error:
            return error
        return None

    async def failures(self, count: int) -> Sequence[VenueError | None]:
        """The same of so many calls at once."""
        return await asyncio.gather(*(self.failure() for _ in range(count)))

    async def wait_until(self, at: datetime) -> None:
        await asyncio.sleep((at - self.clock()).total_seconds())


def virtually(main: Callable[[], Awaitable[T]]) -> T:
    return virtual.run(main)
