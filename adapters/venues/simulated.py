"""A simulated market: six venues and eight coins, the same for everyone who names the same seed, start and acts."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from adapters.venues.acts import DEMO, Act
from adapters.venues.base import Batch, Cost, Feed, Label, Quality, Scope, Span, Unavailable
from adapters.venues.rounds import Rounds
from adapters.venues.silence import Silence
from adapters.venues.simulated_past import bars_before
from adapters.venues.simulation import COINS, EXCHANGES, FLOWS, HOUR, RATIOS_EVERY, Coin, Cube, Exchange, Simulation
from signals.model import Gap, Instrument, Kind, Liquidation, Metric, Observation, Pulse
from signals.panel import Panel
from signals.units import canonical, eight_hourly

__all__ = ["DEMO", "SimulatedMarket"]

STEP = timedelta(minutes=1)
FRESH = timedelta(seconds=90)
"""How long a level may be used: one missed minute does not matter, two do."""

_RATIOS = frozenset({Metric.LS, Metric.LS_TOP, Metric.LS_POS})
_RATES = frozenset({Metric.FUNDING, Metric.FUNDING_SETTLED})
_LIQUIDATIONS = frozenset({Metric.LIQ_LONG, Metric.LIQ_SHORT})
_PAIR = 2
"""Ratios live for two of their turns."""


class SimulatedMarket:
    """It begins at `start`, a whole minute, and never ends; the acts come again every four hours."""

    step = STEP
    label = Label.SIMULATED
    end = None
    settles = timedelta(0)
    waits = True

    def __init__(self, seed: int, start: datetime, acts: Sequence[Act]) -> None:
        self.start = start
        self._simulation = Simulation(seed, acts, _minute(start))
        self._hour = lru_cache(maxsize=2)(self._make_hour)

    def venues(self, clock: Callable[[], datetime]) -> Sequence["SimulatedVenue"]:
        """Its six venues, sorted by name."""
        return [SimulatedVenue(exchange, self, clock) for exchange in EXCHANGES]

    def watch(self, clock: Callable[[], datetime]) -> Rounds:
        """Ask them all at each moment."""
        return Rounds(self.venues(clock))

    def past(self) -> Sequence[Panel]:
        """Bars of 98 days, 8 days and 25 hours before the start, calm and in one piece with what comes."""
        return tuple(bars_before(self._simulation, self.start))

    def is_down(self, venue: str, at: datetime) -> bool:
        """Whether the plot has the venue silent at that moment."""
        return venue in self._simulation.down(_minute(at))

    def value(self, metric: Metric, venue: int, coin: int, at: datetime) -> float:
        """One exchange's value in the minute that ends then, in the metric's unit; both counted as in the tables."""
        minute = _minute(at)
        return float(self._hour(minute // HOUR)[metric][venue, minute % HOUR, coin])

    def _make_hour(self, hour: int) -> Mapping[Metric, Cube]:
        """All values of sixty minutes, made together because that costs as much as one."""
        minutes = np.arange(hour * HOUR, (hour + 1) * HOUR)
        cubes = dict(self._simulation.levels(minutes))
        for metric in FLOWS:
            shares = self._simulation.shares(metric)[:, np.newaxis, :]
            cubes[metric] = self._simulation.flow(metric, minutes) * shares
        return cubes


@dataclass(frozen=True, slots=True)
class _Listed:
    """An instrument and where its coin stands in the tables."""

    instrument: Instrument
    column: int


class SimulatedVenue:
    """One exchange of a simulated market, as of what the clock shows, in whole minutes."""

    label = Label.SIMULATED
    quality = Quality.BRONZE

    def __init__(self, exchange: Exchange, market: SimulatedMarket, clock: Callable[[], datetime]) -> None:
        self.name = exchange.name
        self.feeds = tuple(_feeds(exchange))
        self._exchange = exchange
        self._row = EXCHANGES.index(exchange)
        self._market = market
        self._clock = clock
        self._listed = [_Listed(_instrument(exchange, coin), column) for column, coin in enumerate(COINS)]

    async def instruments(self) -> Sequence[Instrument]:
        """All coins, always; raises Unavailable while the plot has the venue silent."""
        self._moment()
        return [listed.instrument for listed in self._listed]

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        """The feed's values in this minute; raises Unavailable while the plot has the venue silent."""
        del of
        at = self._moment()
        metrics = [metric for metric in Metric if metric in feed.metrics]
        seen = (self._seen(metric, listed, at) for metric in metrics for listed in self._listed)
        return Batch(self.name, feed.name, tuple(seen))

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        """None: forced closes come as sums of a minute."""
        del of
        return Silence()

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        """None: the market brings its past as bars."""
        del instrument, metric, span, step
        return Silence()

    def _moment(self) -> datetime:
        at = self._clock().replace(second=0, microsecond=0)
        if self._market.is_down(self.name, at):
            raise Unavailable(f"{self.name} does not answer")
        return at

    def _seen(self, metric: Metric, listed: _Listed, now: datetime) -> Observation:
        value = self._market.value(metric, self._row, listed.column, now)
        rate = round(value * self._exchange.interval_h / 8, 8) if metric in _RATES else None
        hours = float(self._exchange.interval_h) if metric in _RATES else None
        at = self._event_time(metric, now)
        return Observation(
            metric=metric,
            venue=self.name,
            symbol=listed.instrument.symbol,
            coin=listed.instrument.coin,
            value=value if rate is None or hours is None else eight_hourly(rate, hours),
            at=at,
            received=now,
            fresh_for=self._fresh_for(metric),
            span=STEP if metric.kind is Kind.SUM else timedelta(0),
            interval_h=hours,
            next_at=None if hours is None else _floored(now, self._interval) + self._interval,
            rate=rate,
            floor=metric in _LIQUIDATIONS and self._exchange.sampled,
        )

    @property
    def _interval(self) -> timedelta:
        return timedelta(hours=self._exchange.interval_h)

    def _event_time(self, metric: Metric, now: datetime) -> datetime:
        if metric is Metric.FUNDING_SETTLED:
            return _floored(now, self._interval)
        return _floored(now, RATIOS_EVERY * STEP) if metric in _RATIOS else now

    def _fresh_for(self, metric: Metric) -> timedelta:
        """A sum counts in its own minute alone, else it would count twice."""
        if metric.kind is Kind.SUM:
            return timedelta(0)
        if metric is Metric.FUNDING_SETTLED:
            return self._interval
        return _PAIR * RATIOS_EVERY * STEP if metric in _RATIOS else FRESH


def _feeds(exchange: Exchange) -> Iterator[Feed]:
    """Perpetuals every minute, ratios every five, each in one call."""
    yield Feed("perpetuals", exchange.metrics - _RATIOS, STEP, Cost("simulated", 1), Scope.BULK)
    if exchange.metrics & _RATIOS:
        yield Feed("ratios", exchange.metrics & _RATIOS, RATIOS_EVERY * STEP, Cost("simulated", 1), Scope.BULK)


def _instrument(exchange: Exchange, coin: Coin) -> Instrument:
    base = exchange.thousand * coin.thousands + coin.name
    name, multiplier = canonical(exchange.name, base)
    return Instrument(exchange.name, exchange.contract.format(base), name, multiplier, exchange.metrics)


def _minute(at: datetime) -> int:
    return round(at.timestamp()) // 60


def _floored(at: datetime, step: timedelta) -> datetime:
    return at - timedelta(seconds=at.timestamp() % step.total_seconds())
