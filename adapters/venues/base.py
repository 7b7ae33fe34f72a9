"""The contract of a venue and its errors."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from signals.model import Gap, Instrument, Liquidation, Metric, Observation
from signals.panel import Panel


class Quality(StrEnum):
    """How far an adapter has been proven; see docs/venues.md."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


class Label(StrEnum):
    """Where numbers come from. Everything that shows a SIMULATED number says so."""

    LIVE = "LIVE"
    REAL = "REAL"
    """Recorded from real markets."""
    SIMULATED = "SIMULATED"


class Scope(StrEnum):
    """Whether one call brings all instruments or each needs its own."""

    BULK = "bulk"
    EACH = "each"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call takes out of a venue's budget."""

    bucket: str
    weight: int


@dataclass(frozen=True, slots=True)
class Feed:
    """One thing a venue can be asked: what it brings, how often it is worth asking, what that costs."""

    name: str
    metrics: frozenset[Metric]
    every: timedelta
    cost: Cost
    scope: Scope


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was refused, with the reason in one word."""

    symbol: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The answer to one call: good observations and refused rows."""

    venue: str
    feed: str
    observations: tuple[Observation, ...]
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: after `start`, up to and including `end`."""

    start: datetime
    end: datetime


class Venue(Protocol):
    """A place that has market values: an exchange, a recording or a simulation."""

    @property
    def name(self) -> str:
        """The venue as in rules: `okx`."""
        ...

    @property
    def label(self) -> Label:
        """Live, real recorded or simulated."""
        ...

    @property
    def quality(self) -> Quality:
        """How far the adapter has been proven."""
        ...

    @property
    def feeds(self) -> Sequence[Feed]:
        """What can be asked. A metric in no feed is absent by design, not missing."""
        ...

    async def instruments(self) -> Sequence[Instrument]:
        """The instruments alive now, each with the metrics that it offers now."""
        ...

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        """The values known now. Bulk feeds ignore `of`."""
        ...

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap]:
        """Forced closes as they come; ends at once where the venue has no stream."""
        ...

    def history(self, instrument: Instrument, metric: Metric, span: Span) -> AsyncIterator[Observation]:
        """Past values in time order; ends at once where the venue keeps none."""
        ...


class MarketSource(Protocol):
    """A whole market that can be polled: live venues, a recording, or a simulation."""

    @property
    def step(self) -> timedelta:
        """The time between two moments that are closed: the shortest bar."""
        ...

    @property
    def label(self) -> Label:
        """What everything that shows its numbers must say."""
        ...

    @property
    def start(self) -> datetime:
        """The first moment that can be closed."""
        ...

    @property
    def end(self) -> datetime | None:
        """The last moment there is; None where it goes on."""
        ...

    def venues(self, clock: Callable[[], datetime]) -> Sequence[Venue]:
        """The venues, answering as of what the clock says."""
        ...

    def past(self) -> Sequence[Panel]:
        """Bars from before `start`, to warm windows up with; they are no news. Empty where there are none."""
        ...


class VenueError(Exception):
    """A venue could not answer; the subclass says what to do."""


class RateLimited(VenueError):
    """Wait `retry_after`, then ask again."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__(f"asked too often, wait {retry_after}")
        self.retry_after = retry_after


class Banned(VenueError):
    """Do not ask before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"banned until {until:%Y-%m-%d %H:%M:%S} UTC")
        self.until = until


class Unavailable(VenueError):
    """No answer now; try at the next turn."""


class Refused(VenueError):
    """It will not answer: region, key, or a changed contract. Asking again does not help."""


class BadRecording(Exception):
    """A recording cannot be used; the message is a sentence that names the cure."""
