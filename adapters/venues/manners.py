"""How to ask a venue without offending it: budgets before a call, and what its refusals mean after it.

Nothing is sent that the store has not granted, and the end of a ban is in the store before anything else happens:
neither a restart nor another process with the same address asks before it.
"""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from hashlib import blake2b
from typing import TypeVar

import msgspec

from adapters.store.base import StoreError
from adapters.store.venue_port import VenueStore
from adapters.venues.base import Banned, Bucket, Cost, RateLimited, Refused, Unavailable, VenueError
from adapters.venues.patience import Circuit, pause
from adapters.venues.transport import Request, Response, Transport

T = TypeVar("T")

FULL = 90
"""Percent of a limit above which nothing more is asked in its window, when the venue itself says so."""

REFUSED_FOR = timedelta(hours=1)
"""How long a venue is left alone that refuses our region or key."""

SHORTEST_BAN = timedelta(minutes=1)
"""A ban whose stated end is over while the venue still speaks of it."""

LONGEST_WAIT = timedelta(days=7)
"""No venue bans an address for longer; what says so is not believed."""

WILDEST_CLOCK = timedelta(days=1)
"""How far a venue's clock may be from ours to be believed."""

SAME_MOMENT = timedelta(seconds=2)
"""A venue's clock, which is given in whole seconds, may differ by so much and still mean the present."""

STORED_TO = timedelta(milliseconds=1)
"""How exactly a store keeps the end of a block."""

_SECONDS = re.compile(r"\d{1,12}(\.\d{1,6})?", re.ASCII)
_UNTIL = re.compile(rb"banned until (\d{13})(?!\d)")
_CODE = re.compile(rb'"(?:code|retCode|label)"\s*:\s*"?(-?[0-9A-Z_]{1,32})\b')
_limits = msgspec.json.Decoder(dict[str, int])


@dataclass(frozen=True, slots=True)
class Manners:
    """What a venue allows, and how it says so; declared as data in the venue's file.

    A venue that documents none of it says no with status 429 alone, which everyone's answers are read for.

    `used` is the weight by bucket that the headers of an answer to a call from a bucket say is used in the present
    window, empty where they say nothing. `ban` is the end of a ban of the whole venue, where an answer means one.
    `limited` is whether an answer without status 429 means the same.
    """

    venue: str
    buckets: tuple[Bucket, ...]
    used: Callable[[str, Mapping[str, str]], Mapping[str, int]] = lambda _bucket, _headers: {}
    ban: Callable[[Response, datetime], datetime | None] = lambda _response, _now: None
    limits: Callable[[str, Mapping[str, str]], Mapping[str, int]] = lambda _bucket, _headers: {}
    limited: Callable[[Response], bool] = lambda _: False


class Share(StrEnum):
    """What a call is for, which decides how much of a limit may be used up by it and all before it."""

    POLL = "poll"
    HISTORY = "history"


CEILINGS: Mapping[Share, int] = {Share.POLL: 80, Share.HISTORY: 40}
"""Percent of a limit."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer, when it was there, and the digest of its bytes."""

    body: bytes
    received: datetime
    digest: bytes


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the header Retry-After allows the next call; None where it says nothing, or a moment that is over."""
    said = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(said):
        wait = timedelta(seconds=min(float(said), LONGEST_WAIT.total_seconds()))
    elif (until := _http_date(said)) is not None:
        wait = min(until - (told_time(headers) or now), LONGEST_WAIT)
    else:
        return None
    return now + wait if wait > timedelta(0) else None


def banned_until(body: bytes) -> datetime | None:
    """The end of the ban that the body states as `banned until <ms>`."""
    found = _UNTIL.search(body)
    return datetime.fromtimestamp(int(found[1]) / 1000, UTC) if found else None


def told_time(headers: Mapping[str, str]) -> datetime | None:
    """The venue's time, in whole seconds; None where it says none, or a cache gave its old answer again."""
    return _http_date(headers.get("date", "")) if headers.get("age", "0") == "0" else None


class Api:
    """One venue's calls from one address, within the venue's budgets."""

    def __init__(
        self,
        manners: Manners,
        transport: Transport,
        store: VenueStore,
        clock: Callable[[], datetime],
        egress: str,
        rng: random.Random,
    ) -> None:
        self._manners = manners
        self._transport = transport
        self._store = store
        self._clock = clock
        self._egress = egress
        self._rng = rng
        self._buckets = {bucket.name: bucket for bucket in manners.buckets}
        self._limits_known = False
        self._circuit = Circuit(rng)
        self._limited: dict[str, tuple[int, datetime]] = {}
        """Refusals in a row by bucket, and until when the last one held."""
        self._unwritten: dict[str, datetime] = {}
        """Blocks that the store does not have yet."""
        self._refusal: tuple[datetime, str] | None = None
        self._sent: tuple[date, int] = (date.min, 0)
        self._skew: timedelta | None = None

    @property
    def requests(self) -> int:
        """The requests sent today, UTC."""
        day, count = self._sent
        return count if day == self._clock().date() else 0

    @property
    def skew(self) -> timedelta | None:
        """How far the venue's clock was ahead of ours when it last answered; None where it never said."""
        return self._skew

    def shifted(self, by: timedelta) -> None:
        """Our clock was corrected by so much."""
        self._skew = None if self._skew is None else self._skew - by

    async def banned(self) -> datetime | None:
        """Until when nothing is asked of the venue; None where it may be asked."""
        return await self._stored(self._store.blocked(self._venue, self._clock()))

    async def call(self, request: Request, cost: Cost, share: Share = Share.POLL) -> Answer:
        """A good answer. Raises RateLimited, Banned, Unavailable or Refused; nothing is asked twice."""
        if self._circuit.refuses(self._clock()):
            raise Unavailable(f"{self._manners.venue} does not answer; it is tried again within a minute")
        tries = self._circuit.begin()
        try:
            await self._take(cost, share)
            sent = self._clock()
            response = await self._fetched(request, sent, tries=tries)
            return await self._judged(response, cost, sent)
        finally:
            if tries:
                self._circuit.end()

    async def limits(self, limits: Mapping[str, int]) -> None:
        """Limits by bucket that the venue itself states; they count instead of the declared ones, also later on."""
        await self._know_limits()
        before = dict(self._buckets)
        self._override(limits)
        if self._buckets != before:
            known = {name: bucket.limit for name, bucket in self._buckets.items()}
            await self._stored(self._store.learn(self._learned_as, msgspec.json.encode(known)))

    # before a call

    async def _take(self, cost: Cost, share: Share) -> None:
        """Take the cost out of the budget, or say until when there is none."""
        await self._write_blocks()
        await self._know_limits()
        bucket = self._buckets[cost.bucket]
        most = max(1, bucket.limit * CEILINGS[share] // 100)
        if cost.weight > most:
            raise Refused(f"{self._manners.venue} gives {most} for this in {bucket.window}; a call costs {cost.weight}")
        now = self._clock()
        key, within = self._key(bucket.name), {self._venue}
        again = await self._stored(self._store.spend(key, within, cost.weight, most, bucket.window, now))
        if again is not None:
            raise await self._not_granted(again, now)

    async def _not_granted(self, again: datetime, now: datetime) -> VenueError:
        banned = await self._stored(self._store.blocked(self._venue, now))
        if banned is None:
            return RateLimited(again - now)
        if self._refusal is not None and banned <= self._refusal[0] + STORED_TO:
            return Refused(self._refusal[1])
        return Banned(banned)

    async def _know_limits(self) -> None:
        if not self._limits_known:
            learned = await self._stored(self._store.learned(self._learned_as))
            self._override(_read_limits(learned))
            self._limits_known = True

    def _override(self, limits: Mapping[str, int]) -> None:
        for name, limit in limits.items():
            if name in self._buckets and limit > 0:
                self._buckets[name] = replace(self._buckets[name], limit=limit)

    # the call

    async def _fetched(self, request: Request, sent: datetime, *, tries: bool) -> Response:
        self._sent = (sent.date(), self.requests + 1)
        try:
            response = await self._transport.fetch(request)
        except (Unavailable, asyncio.CancelledError):  # a call that was given up had no answer either
            self._circuit.failed(self._clock(), tried=tries)
            raise
        if response.status >= 500:
            self._circuit.failed(self._clock(), tried=tries)
        else:
            self._circuit.answered()
        return response

    # after a call

    async def _judged(self, response: Response, cost: Cost, sent: datetime) -> Answer:
        now = self._clock()
        theirs = self._their_time(response, now)
        ban = self._manners.ban(response, theirs)
        if ban is not None:
            left = ban - theirs if ban > theirs else SHORTEST_BAN
            raise Banned(await self._block(self._venue, now + left, now))
        await self.limits(self._manners.limits(cost.bucket, response.headers))
        await self._correct(response, cost, now)
        status = response.status
        if status == 429 or self._manners.limited(response):
            raise RateLimited(await self._slowed(response, cost.bucket, sent, now) - now)
        if 200 <= status < 300:
            self._limited.pop(cost.bucket, None)
            return Answer(response.body, now, blake2b(response.body, digest_size=8).digest())
        if status in (401, 403, 451):
            raise await self._turned_away(status, now)
        raise Unavailable(f"{self._manners.venue} answered with HTTP {status}{_code(response.body)}")

    def _their_time(self, response: Response, now: datetime) -> datetime:
        """The venue's time, by which it counts the ends of its bans; ours where it says none that is believed."""
        said = told_time(response.headers)
        if said is None:
            return now
        self._skew = said - now
        return said if abs(self._skew) <= WILDEST_CLOCK else now

    async def _correct(self, response: Response, cost: Cost, now: datetime) -> None:
        """Count what the venue counted: in the window that it meant, where the answer came just after its end."""
        said = told_time(response.headers)
        at = said if said is not None and abs(said - now) <= SAME_MOMENT else now
        for name, used in self._manners.used(cost.bucket, response.headers).items():
            bucket = self._buckets[name]  # `used` names what is declared beside it
            await self._stored(self._store.raise_spent(self._key(name), used, bucket.window, at))
            if used * 100 > bucket.limit * FULL:
                await self._block(self._key(name), _end_of_window(bucket.window, at), now)

    async def _slowed(self, response: Response, bucket: str, sent: datetime, now: datetime) -> datetime:
        """When the bucket may be used again. Calls that were under way together are refused once, not many times."""
        times, held = self._limited.get(bucket, (0, sent))
        times += 1 if sent >= held else 0
        until = retry_after(response.headers, now) or now + pause(times, self._rng)
        self._limited[bucket] = (times, max(until, held))
        return await self._block(self._key(bucket), until, now)

    async def _turned_away(self, status: int, now: datetime) -> Refused:
        said = f"{self._manners.venue} refuses this region or key (HTTP {status}); it is tried again in an hour"
        until = await self._block(self._venue, now + REFUSED_FOR, now)
        self._refusal = (until, said)
        return Refused(said)

    # the store

    async def _block(self, name: str, until: datetime, now: datetime) -> datetime:
        """Block the name, and remember it until the store has it."""
        until = min(until, now + LONGEST_WAIT)
        self._unwritten[name] = max(until, self._unwritten.get(name, until))
        await self._write_blocks()
        return until

    async def _write_blocks(self) -> None:
        for name, until in list(self._unwritten.items()):
            await self._stored(self._store.block(name, until))
            if self._unwritten.get(name) == until:
                del self._unwritten[name]

    async def _stored(self, asked: Awaitable[T]) -> T:
        try:
            return await asked
        except StoreError:
            pass
        raise Unavailable(f"the store does not answer, so {self._manners.venue} is not asked")

    @property
    def _venue(self) -> str:
        return f"{self._manners.venue}@{self._egress}"

    @property
    def _learned_as(self) -> str:
        return f"{self._manners.venue}/limits"

    def _key(self, bucket: str) -> str:
        return f"{self._manners.venue}/{bucket}@{self._egress}"


def _end_of_window(window: timedelta, at: datetime) -> datetime:
    return at - (at - datetime(1970, 1, 1, tzinfo=UTC)) % window + window


def _http_date(said: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(said)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read_limits(learned: bytes | None) -> Mapping[str, int]:
    """The limits that were learned; none where those bytes are of another version."""
    try:
        return _limits.decode(learned or b"{}")
    except msgspec.DecodeError:
        return {}


def _code(body: bytes) -> str:
    """The venue's own code for what is wrong, and no more of its words."""
    found = _CODE.search(body[:1_000])
    return f" (code {found[1].decode()})" if found else ""
