"""The venues of the trial: they tell the truth, unless the schedule has them do otherwise."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from adapters.venues.base import Batch, Cost, Feed, Label, Quality, Scope, Span, Unavailable
from adapters.venues.rounds import Rounds
from adapters.venues.silence import Silence
from signals.model import Gap, Instrument, Kind, Liquidation, Metric, Observation, Pulse
from signals.panel import Panel
from tests.days.schedule import COINS, START, VENUES, Fault, Schedule
from tests.days.schedule import Kind as Wrong
from tests.days.truth import Truth

STEP = timedelta(minutes=5)
FRESH = timedelta(minutes=7)
"""How long a level may be used: one missed answer does not matter."""

METRICS = (Metric.PRICE, Metric.FUNDING, Metric.OI_LEVEL, Metric.LIQ_LONG, Metric.LIQ_SHORT)
FEED = Feed("all", frozenset(METRICS), STEP, Cost("days", 1), Scope.BULK)
SLIPPED = {Metric.PRICE: 1000.0, Metric.OI_LEVEL: 3000.0}
"""By how much a venue is off that slips: one of the two."""


@dataclass(frozen=True)
class Market:
    """Live venues, as far as the service can tell; `true` is the time that no clock of the service changes."""

    truth: Truth
    schedule: Schedule
    true: Callable[[], datetime]
    step = STEP
    label = Label.LIVE
    start = START
    end = None
    settles = timedelta(0)
    waits = False

    def venues(self, clock: Callable[[], datetime]) -> Sequence["Venue"]:
        """All of them, sorted by name."""
        return [Venue(name, self, clock) for name in VENUES]

    def watch(self, clock: Callable[[], datetime]) -> Rounds:
        """Ask them all at each moment."""
        return Rounds(self.venues(clock))

    def past(self) -> Sequence[Panel]:
        """None: windows fill while it runs."""
        return ()


class Venue:
    """One of them; `clock` is what the service takes the time for."""

    label = Label.LIVE
    quality = Quality.BRONZE
    feeds = (FEED,)

    def __init__(self, name: str, market: Market, clock: Callable[[], datetime]) -> None:
        self.name = name
        self._market = market
        self._clock = clock

    async def instruments(self) -> Sequence[Instrument]:
        """All coins, always."""
        self._answers()
        return [Instrument(self.name, f"{coin}USDT", coin, 1.0, frozenset(METRICS)) for coin in COINS]

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        """What it says now."""
        at = self._answers()
        stale = self._wrong(Wrong.STALE)
        seen = [self._seen(metric, coin, stale.since if stale else at) for metric in METRICS for coin in COINS]
        left_out = self._wrong(Wrong.PARTIAL)
        return Batch(self.name, feed.name, tuple(o for o in seen if not (left_out and is_left_out(left_out, o.coin))))

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        """None: forced closes come as sums."""
        return Silence()

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        """None is kept."""
        return Silence()

    def _answers(self) -> datetime:
        at = self._market.true()
        if self._market.schedule.on(Wrong.DOWN, at, self.name, "all"):
            raise Unavailable(f"{self.name} does not answer")
        return at

    def _wrong(self, kind: Wrong) -> Fault | None:
        return self._market.schedule.on(kind, self._market.true(), self.name)

    def _seen(self, metric: Metric, coin: str, now: datetime) -> Observation:
        at = now.replace(second=0, microsecond=0)
        if metric.kind is Kind.SUM:
            at -= timedelta(minutes=at.minute % 5)
        value = self._market.truth.of_venue(self.name, metric, coin, at)
        slipped = self._wrong(Wrong.SLIP)
        if slipped is not None and metric is slipped_metric(slipped):
            value *= SLIPPED[metric]
        is_rate, is_sum = metric is Metric.FUNDING, metric.kind is Kind.SUM
        return Observation(
            metric,
            self.name,
            f"{coin}USDT",
            coin,
            value,
            at,
            max(self._clock(), at),
            timedelta(0) if is_sum else FRESH,
            STEP if is_sum else timedelta(0),
            8.0 if is_rate else None,
            None,
            value if is_rate else None,
        )


def slipped_metric(fault: Fault) -> Metric:
    """What the venue is wrong about."""
    return list(SLIPPED)[fault.draw < 0.5]


def is_left_out(fault: Fault, coin: str) -> bool:
    """Whether the venue says nothing of the coin."""
    return (crc32(coin.encode()) + int(fault.draw * 100)) % 2 == 0
