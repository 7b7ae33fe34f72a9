"""Forced closes become sums of a minute, by their event times; a minute that was not heard in full is unknown. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import assert_never

from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse, Side

MINUTE = timedelta(minutes=1)
METRICS: Mapping[Side, Metric] = MappingProxyType({Side.LONG: Metric.LIQ_LONG, Side.SHORT: Metric.LIQ_SHORT})

LATE = "late"
"""The reason of a close that came after its minute was closed."""


@dataclass
class _Stream:
    """One venue's stream: how far it is complete, its holes, and what it said of minutes that are still open."""

    complete: datetime | None = None
    begun: datetime | None = None
    gaps: list[Gap] = field(default_factory=list)
    sums: dict[tuple[str, Side, datetime], float] = field(default_factory=dict)
    sampled: bool = False
    closed: datetime | None = None

    def is_known(self, at: datetime) -> bool:
        """Whether the minute that ends at that moment was heard from its beginning to its end."""
        start = at - MINUTE
        if self.complete is None or self.begun is None or self.begun > start or self.complete < at:
            return False
        return not any(gap.since < at and gap.until > start for gap in self.gaps)


class Tally:
    """The forced closes of all venues, minute by minute."""

    def __init__(self) -> None:
        self.dropped: Counter[tuple[str, str]] = Counter()
        """How many closes were not counted, by venue and reason."""
        self._streams: dict[str, _Stream] = {}

    def take(self, item: Liquidation | Gap | Pulse) -> None:
        """Count a close in its minute, or learn how far a stream is complete and where it is not."""
        of = self._streams.setdefault(item.venue, _Stream())
        match item:
            case Pulse():
                of.begun = of.begun or item.at
                of.complete = max(of.complete or item.at, item.at)
            case Gap():
                of.gaps.append(item)
            case Liquidation():
                self._count(of, item)
            case _ as never:
                assert_never(never)

    def forget(self) -> None:
        """The clock was wrong: streams count as complete from their next pulse on."""
        self._streams.clear()

    def complete_until(self, venue: str) -> datetime | None:
        """How far that venue's stream is complete; None where it never spoke."""
        of = self._streams.get(venue)
        return of.complete if of else None

    def close(self, at: datetime, instruments: Sequence[Instrument], received: datetime) -> tuple[Observation, ...]:
        """The sums of the minute that ends then, of every instrument whose stream was heard in full."""
        known = {venue for venue, of in self._streams.items() if of.is_known(at)}
        sums = tuple(
            self._sum(instrument, side, at, received)
            for instrument in instruments
            if instrument.venue in known
            for side, metric in METRICS.items()
            if metric in instrument.metrics
        )
        for of in self._streams.values():
            _forget(of, at)
        return sums

    def _count(self, of: _Stream, item: Liquidation) -> None:
        end = _end_of_minute(item.at)
        if of.closed is not None and end <= of.closed:
            self.dropped[item.venue, LATE] += 1
            return
        key = (item.symbol, item.side, end)
        of.sums[key] = of.sums.get(key, 0.0) + item.usd
        of.sampled = item.sampled

    def _sum(self, instrument: Instrument, side: Side, at: datetime, received: datetime) -> Observation:
        of = self._streams[instrument.venue]
        return Observation(
            metric=METRICS[side],
            venue=instrument.venue,
            symbol=instrument.symbol,
            coin=instrument.coin,
            value=of.sums.get((instrument.symbol, side, at), 0.0),
            at=at,
            received=received,
            fresh_for=timedelta(0),
            span=MINUTE,
            floor=of.sampled,
        )


def _end_of_minute(at: datetime) -> datetime:
    """The end of the minute that holds the instant; a whole minute ends the one before it."""
    floor = at.replace(second=0, microsecond=0)
    return floor if floor == at else floor + MINUTE


def _forget(of: _Stream, at: datetime) -> None:
    of.closed = at
    of.sums = {key: usd for key, usd in of.sums.items() if key[2] > at}
    of.gaps = [gap for gap in of.gaps if gap.until > at]
