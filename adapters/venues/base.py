"""The contract of a venue and its errors."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse
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
class Bucket:
    """What a venue allows to one address: `limit` weight in each `window`, counted by its clock."""

    name: str
    limit: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call takes out of a venue's budget."""

    bucket: str
    weight: int


@dataclass(frozen=True, slots=True)
class Feed:
    """One thing a venue can be asked: what it brings, how often it is worth asking, what that costs.

    Of a feed asked for each instrument, the hot ones are asked every `every` and the others every `cold`; without
    `cold` all are asked alike, at most the `most` hottest. A sweep starts `after` each whole `every` of the clock and
    is spread over it at no more than `pace` calls a second.
    """

    name: str
    metrics: frozenset[Metric]
    every: timedelta
    cost: Cost
    scope: Scope
    cold: timedelta | None = None
    most: int | None = None
    after: timedelta | None = None
    pace: float | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was refused, with the reason in one word."""

    symbol: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The answer to one call: good observations and refused rows. Equal digests mean equal bytes."""

    venue: str
    feed: str
    observations: tuple[Observation, ...]
    rejected: tuple[Rejected, ...] = ()
    digest: bytes = b""


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

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        """Forced closes as they come, and how far they are complete; ends at once where the venue has no stream."""
        ...

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        """Past values at the ends of bars of that length, in time order; ends at once where the venue keeps none."""
        ...


@dataclass(frozen=True, slots=True)
class Health:
    """How one venue is doing.

    `down_since` and `why` are of a trouble that lasts; `banned_until` of a ban. `answered` is its last good answer.
    `stream_at` is how far its stream of liquidations is complete, None without a stream. `requests` are those of today,
    UTC; `refused` counts what was not used since the start, by reason.
    """

    venue: str
    quality: Quality
    answered: datetime | None = None
    down_since: datetime | None = None
    why: str = ""
    banned_until: datetime | None = None
    stream_at: datetime | None = None
    requests: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a market said up to a moment: who should answer, what was observed since the one before, and how it is."""

    instruments: tuple[Instrument, ...]
    observations: tuple[Observation, ...]
    health: tuple[Health, ...] = ()


class Watch(Protocol):
    """A market that is being watched."""

    async def run(self) -> None:
        """Keep asking and listening, until cancelled."""
        ...

    async def gather(self, at: datetime) -> Gathered:
        """What is known at that moment; what was observed later waits for the next one."""
        ...

    def health(self) -> Sequence[Health]:
        """How its live venues are doing; empty for a market that is played."""
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

    @property
    def settles(self) -> timedelta:
        """How long after a moment everything that belongs to it has arrived."""
        ...

    @property
    def waits(self) -> bool:
        """Whether a moment that was missed can still be closed later: a recording waits, the world does not."""
        ...

    def venues(self, clock: Callable[[], datetime]) -> Sequence[Venue]:
        """The venues, answering as of what the clock says."""
        ...

    def watch(self, clock: Callable[[], datetime]) -> Watch:
        """Watch those venues."""
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
