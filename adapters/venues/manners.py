"""The manners of asking: never more than a venue allows, never during a ban, and less after every refusal."""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from hashlib import blake2b

from adapters.store.base import VenueStore, window_end, window_number
from adapters.venues.base import Banned, Bucket, Cost, RateLimited, Refused, Unavailable
from adapters.venues.transport import Request, Response, Transport


class Share(StrEnum):
    """For what a call is made."""

    POLL = "poll"
    HISTORY = "history"
    """Takes only what the present leaves."""


CEILINGS: Mapping[Share, float] = {Share.POLL: 0.8, Share.HISTORY: 0.4}
"""The share of a limit up to which calls are made at all."""

STOP_AT = 0.9
"""The share of a limit at which a venue's own count stops a bucket until its window ends."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds to pause after a refusal without a time, doubled with each; the pause is drawn from zero up to that."""

FAILURES = 5
"""Failures in a row after which a venue is only probed now and then."""

REGION_CLOSED_FOR = timedelta(hours=1)
"""How long a venue is left alone that refuses this region or key."""

_OK, _FORBIDDEN, _TOO_MANY, _LEGAL = 200, 403, 429, 451
_BANNED_UNTIL = re.compile(rb"banned until (\d{13})")


@dataclass(frozen=True, slots=True)
class Manners:
    """What one venue allows, and how its answers tell of that.

    `used` is the weight per bucket that the headers of an answer to a call from a bucket say is spent in the present
    window. `ban` is the end of a ban of the whole address, None where a response is none.
    """

    venue: str
    buckets: tuple[Bucket, ...]
    used: Callable[[str, Mapping[str, str]], Mapping[str, int]]
    ban: Callable[[Response, datetime], datetime | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a venue said, when it was received, and a digest by which equal bodies are known."""

    body: bytes
    received: datetime
    digest: bytes


class Api:
    """One venue's calls from one address."""

    def __init__(
        self,
        manners: Manners,
        transport: Transport,
        store: VenueStore,
        clock: Callable[[], datetime],
        egress: str,
        rng: random.Random,
    ) -> None:
        self.requests = 0
        """Calls made today, UTC."""
        self.skew: timedelta | None = None
        """How far the venue's clock was ahead of ours in its last answer; None where it said none."""
        self._manners = manners
        self._buckets = {bucket.name: bucket for bucket in manners.buckets}
        self._transport = transport
        self._store = store
        self._clock = clock
        self._egress = egress
        self._rng = rng
        self._refusals: dict[str, int] = {}
        self._failures = 0
        self._resting_until: datetime | None = None
        self._day = clock().date()

    async def call(self, request: Request, cost: Cost, share: Share = Share.POLL) -> Answer:
        """The answer. Raises RateLimited or Banned, without asking where that is known before; Unavailable; Refused."""
        await self._spend(cost, share)
        self._count()
        try:
            response = await self._transport.fetch(request)
        except Unavailable:
            self._failed()
            raise
        return await self._read(response, cost)

    async def limits(self, limits: Mapping[str, int]) -> None:
        """From now on these limits hold, which the venue stated itself."""
        for name, limit in limits.items():
            known = self._buckets[name]
            self._buckets[name] = Bucket(name, limit, known.window)

    async def _spend(self, cost: Cost, share: Share) -> None:
        """Take the cost out of the budget, or say when to come again. A block of the venue is a ban."""
        now, bucket = self._clock(), self._buckets[cost.bucket]
        if self._resting_until is not None and now < self._resting_until:
            raise Unavailable(f"{self._manners.venue} failed {self._failures} times in a row and is left alone")
        most = int(bucket.limit * CEILINGS[share])
        until = await self._store.spend(self._name(bucket.name), [self._name()], cost.weight, most, bucket.window, now)
        if until is None:
            return
        banned = await self._store.blocked(self._name(), now)
        raise Banned(banned) if banned is not None else RateLimited(until - now)

    async def _read(self, response: Response, cost: Cost) -> Answer:
        now = self._clock()
        banned = self._manners.ban(response, now)
        if banned is not None:
            await self._store.block(self._name(), banned)
            raise Banned(banned)
        self._compare_clocks(response, now)
        await self._correct(response, cost, now)
        if response.status == _TOO_MANY:
            raise await self._refused(response, cost.bucket, now)
        if response.status in (_FORBIDDEN, _LEGAL):
            await self._store.block(self._name(), now + REGION_CLOSED_FOR)
            raise Refused(f"{self._manners.venue} refuses this region, address or key (HTTP {response.status})")
        if response.status != _OK:
            self._failed()
            raise Unavailable(f"{self._manners.venue} answered with HTTP {response.status}")
        self._failures, self._resting_until = 0, None
        self._refusals.pop(cost.bucket, None)
        return Answer(response.body, now, blake2b(response.body, digest_size=8).digest())

    async def _correct(self, response: Response, cost: Cost, now: datetime) -> None:
        """The larger of our count and the venue's holds; a bucket that is nearly empty rests until its window ends."""
        for name, spent in self._manners.used(cost.bucket, response.headers).items():
            bucket = self._buckets[name]
            await self._store.raise_spent(self._name(name), spent, bucket.window, now)
            if spent > STOP_AT * bucket.limit:
                end = window_end(window_number(bucket.window, now), bucket.window)
                await self._store.block(self._name(name), end)

    async def _refused(self, response: Response, bucket: str, now: datetime) -> RateLimited:
        """Block the bucket for as long as the venue says, else longer with each refusal in a row."""
        times = self._refusals[bucket] = self._refusals.get(bucket, 0) + 1
        until = retry_after(response.headers, now) or now + self._pause(times)
        await self._store.block(self._name(bucket), until)
        return RateLimited(until - now)

    def _failed(self) -> None:
        """Count a failure; from some number on only every now and then a call is let through."""
        self._failures += 1
        if self._failures >= FAILURES:
            self._resting_until = self._clock() + self._pause(self._failures - FAILURES + 1)

    def _pause(self, times: int) -> timedelta:
        most = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(times, 10))
        return timedelta(seconds=self._rng.uniform(0, most))

    def _compare_clocks(self, response: Response, now: datetime) -> None:
        told = _date(response.headers.get("date", ""))
        self.skew = None if told is None else told - now

    def _count(self) -> None:
        today = self._clock().date()
        self.requests = 1 if today != self._day else self.requests + 1
        self._day = today

    def _name(self, bucket: str = "") -> str:
        return f"{self._manners.venue}{'/' if bucket else ''}{bucket}@{self._egress}"


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When a venue says to come again, in seconds or as a date; None where it does not say, or not in the future."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit() and len(said) < 8:
        return now + timedelta(seconds=int(said))
    date = _date(said)
    return date if date is not None and date > now else None


def banned_until(body: bytes) -> datetime | None:
    """The time in "banned until" of a body; None where it holds none."""
    found = _BANNED_UNTIL.search(body)
    return datetime.fromtimestamp(int(found[1]) / 1000, UTC) if found else None


def _date(text: str) -> datetime | None:
    """A date of HTTP, which tells whole seconds."""
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else None
