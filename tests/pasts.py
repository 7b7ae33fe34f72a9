"""A venue with a past that is made of a seed: it stands for any venue at the contract."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from adapters.venues.base import Batch, Feed, Label, Quality, Refused, Span, VenueError
from adapters.venues.silence import Silence
from signals.model import Gap, Instrument, Kind, Liquidation, Metric, Observation, Pulse
from signals.panel import to_ms

HOUR = timedelta(hours=1)
KEPT = frozenset({Metric.PRICE, Metric.OI_LEVEL, Metric.LS, Metric.VOLUME, Metric.FUNDING_SETTLED})
_LEVELS: Mapping[Metric, float] = {
    Metric.PRICE: 100.0,
    Metric.OI_LEVEL: 50_000.0,
    Metric.LS: 1.5,
    Metric.VOLUME: 1e6,
    Metric.FUNDING_SETTLED: 0.0001,
}
INTERVAL_H = 8.0
PAGE = 100
"""Values that come without waiting."""


def of(venue: str, symbol: str, coin: str, multiplier: float = 1.0, metrics: frozenset[Metric] = KEPT) -> Instrument:
    return Instrument(venue, symbol, coin, multiplier, metrics)


def value(instrument: Instrument, metric: Metric, at: datetime) -> float:
    """What was true at that moment: near the usual, different for each contract and time."""
    rng = Random(f"{instrument.venue} {instrument.symbol} {metric} {to_ms(at)}")
    return _LEVELS[metric] * rng.uniform(0.98, 1.02)


@dataclass
class Past:
    """`keeps` are the metrics of which it has a past, `listed` when contracts began, `troubles` errors to raise first.

    `price` replaces the seeded price of a contract; `asked` counts how often the past of something was asked for.
    """

    name: str
    contracts: Sequence[Instrument]
    keeps: frozenset[Metric] = KEPT
    listed: Mapping[str, datetime] = field(default_factory=dict)
    troubles: list[VenueError] = field(default_factory=list)
    after: int = 0
    """Values of a page that come before a trouble does."""
    holes: frozenset[datetime] = frozenset()
    """Times of which nothing is known."""
    refuses: str = ""
    """The contract at which it is over."""
    price: Callable[[Instrument, datetime], float] | None = None
    asked: list[tuple[str, Metric, Span, timedelta]] = field(default_factory=list)
    label: Label = Label.LIVE
    quality: Quality = Quality.BRONZE
    feeds: Sequence[Feed] = ()

    async def instruments(self) -> Sequence[Instrument]:
        return self.contracts

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        return Batch(self.name, feed.name, ())

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        return Silence()

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        self.asked.append((instrument.symbol, metric, span, step))
        if instrument.symbol == self.refuses:
            raise Refused("enough")
        kept = metric in self.keeps and (step >= timedelta(minutes=5) or metric in (Metric.PRICE, Metric.VOLUME))
        return self._told(instrument, metric, span, step) if kept else Silence()

    async def _told(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        each = timedelta(hours=INTERVAL_H) if metric is Metric.FUNDING_SETTLED else step
        ms = round(each.total_seconds() * 1000)
        at = span.start + timedelta(milliseconds=ms - to_ms(span.start) % ms)
        told = 0
        while at <= span.end:
            if self.troubles and told == self.after:
                raise self.troubles.pop(0)
            if at >= self.listed.get(instrument.symbol, at) and at not in self.holes:
                yield self.seen(instrument, metric, at, each)
                told += 1
                if told % PAGE == 0:
                    await asyncio.sleep(0)
            at += each

    def seen(self, instrument: Instrument, metric: Metric, at: datetime, each: timedelta) -> Observation:
        """The value at the end of a bar of that length."""
        paid = metric is Metric.FUNDING_SETTLED
        known = value(instrument, metric, at)
        if metric is Metric.PRICE and self.price is not None:
            known = self.price(instrument, at)
        return Observation(
            metric,
            instrument.venue,
            instrument.symbol,
            instrument.coin,
            known,
            at,
            at,
            each,
            span=each if metric.kind is Kind.SUM else timedelta(0),
            interval_h=INTERVAL_H if paid else None,
            rate=known if paid else None,
        )
