"""How to ask a venue without offending it: budgets before a call, and what its refusals mean after it."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from adapters.store.base import VenueStore
from adapters.venues.base import Bucket, Cost
from adapters.venues.transport import Request, Response, Transport


@dataclass(frozen=True, slots=True)
class Manners:
    """What a venue allows, and how it says so; declared as data in the venue's file."""

    venue: str
    buckets: tuple[Bucket, ...]
    used: Callable[[Mapping[str, str]], Mapping[str, int]]
    ban: Callable[[Response, datetime], datetime | None]


class Share(StrEnum):
    """What a call is for, which decides how much of a limit it may use up."""

    POLL = "poll"
    HISTORY = "history"


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer, when it was there, and the digest of its bytes."""

    body: bytes
    received: datetime
    digest: bytes


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the header Retry-After allows the next call; None where it says nothing."""
    raise NotImplementedError


def banned_until(body: bytes) -> datetime | None:
    """The end of the ban that the body states as `banned until <ms>`."""
    raise NotImplementedError


class Api:
    """One venue's calls, within its budgets."""

    def __init__(
        self,
        manners: Manners,
        transport: Transport,
        store: VenueStore,
        clock: Callable[[], datetime],
        egress: str,
        rng: random.Random,
    ) -> None:
        raise NotImplementedError

    @property
    def requests(self) -> int:
        """The requests sent today, UTC."""
        raise NotImplementedError

    @property
    def skew(self) -> timedelta | None:
        """How far the venue's clock was ahead of ours when it last answered; None where it never said."""
        raise NotImplementedError

    async def banned(self) -> datetime | None:
        """Until when nothing is asked of the venue; None where it may be asked."""
        raise NotImplementedError

    async def call(self, request: Request, cost: Cost, share: Share = Share.POLL) -> Answer:
        """A good answer. Raises RateLimited, Banned, Unavailable or Refused."""
        raise NotImplementedError

    async def limits(self, limits: Mapping[str, int]) -> None:
        """Limits by bucket that the venue itself states; they count instead of the declared ones."""
        raise NotImplementedError
