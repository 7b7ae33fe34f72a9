"""What all parsers of venues share: bytes become rows, rows become observations, the unusable is refused by name.

Nothing here reads a clock, waits or logs. A bad row never ends a batch and never becomes 0; a bad envelope refuses
the whole answer.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias, TypeVar

import msgspec

from adapters.venues.base import Rejected, Unavailable
from signals.model import Instrument, Liquidation, Metric, Observation, Side
from signals.units import eight_hourly

T = TypeVar("T")

Decimal: TypeAlias = str | int | float | None
"""How venues write numbers: decimal strings, numbers, empty strings, null."""

FRESH = timedelta(seconds=30)
"""How long prices, running rates and open interest may be used, which are asked every 10 seconds."""

VOLUME_FRESH = timedelta(seconds=90)
RATIO_FRESH = timedelta(minutes=15)
"""Ratios and takers are counted in steps of 5 minutes."""

DAY = timedelta(hours=24)
"""What volumes and their tickers cover."""

AHEAD = timedelta(seconds=5)
"""How far a venue's clock may be ahead of ours."""

MOST_PER_INTERVAL = 0.05
"""The largest funding rate of one interval that is believed, where a venue states no cap."""

INTERVALS_H = frozenset({1.0, 2.0, 4.0, 6.0, 8.0, 24.0})
"""Hours that one funding rate may cover."""

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_UNITS_A_SECOND = (1, 1_000, 1_000_000)
_EARLIEST, _LATEST = datetime(2017, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Reason(StrEnum):
    """Why a row was refused."""

    MALFORMED = "malformed"
    """Not the shape that is documented."""
    EMPTY = "empty"
    """The number is missing."""
    NEGATIVE = "negative"
    OUT_OF_RANGE = "out-of-range"
    UNKNOWN_SYMBOL = "unknown-symbol"
    NO_TIME = "no-time"
    FUTURE_TIME = "future-time"
    NO_INTERVAL = "no-interval"
    NO_SIDE = "no-side"


@dataclass(frozen=True, slots=True)
class Listed:
    """An instrument as a venue lists it.

    `contract` is the base coins of one contract, after the multiplier, or its US dollars where `inverse`;
    `delists` is an announced end.
    """

    instrument: Instrument
    contract: float = 1.0
    inverse: bool = False
    delists: datetime | None = None


Known: TypeAlias = Mapping[str, Listed]
"""The venue's living perpetuals by symbol."""

Leg: TypeAlias = tuple[float | None, datetime | None]
"""What was traded in a spot pair in US dollars, and as of when."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one answer held: good observations, and refused rows each with its reason."""

    observations: tuple[Observation, ...]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class ParsedInstruments:
    """The living perpetuals of one list, and refused rows; rows of other kinds of contracts are no refusals."""

    listed: tuple[Listed, ...]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class ParsedLiquidations:
    """The forced closes of one frame, and refused rows."""

    liquidations: tuple[Liquidation, ...]
    rejected: tuple[Rejected, ...]


def envelope(body: bytes, shape: type[T], venue: str) -> T:
    """The answer as that shape; raises Unavailable for HTML, truncated JSON, or a changed contract."""
    try:
        return msgspec.json.decode(body, type=shape, strict=False)
    except _UNREADABLE:
        raise Unavailable(f"{venue} answered with something that is not the documented shape") from None


def row(raw: msgspec.Raw, shape: type[T]) -> T | None:
    """One row as that shape; None where it is not."""
    try:
        return msgspec.json.decode(raw, type=shape, strict=False)
    except _UNREADABLE:
        return None


def number(written: Decimal) -> float | None:
    """The finite number; None for what stands for nothing: empty, null, `-`, NaN, infinity, or no number at all."""
    if written is None or isinstance(written, bool):
        return None
    if isinstance(written, str) and ("_" in written or not written.isascii()):  # Python reads more than venues write
        return None
    try:
        value = float(written)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def instant(written: Decimal) -> datetime | None:
    """The moment in seconds, milliseconds or microseconds, told apart by magnitude; None outside 2017 to 2100."""
    value = number(written)
    if value is None or value <= 0:
        return None
    for units in _UNITS_A_SECOND:
        seconds = value / units
        if _EARLIEST.timestamp() <= seconds < _LATEST.timestamp():
            return datetime.fromtimestamp(seconds, UTC)
    return None


def hours_between(earlier: datetime | None, later: datetime | None) -> float | None:
    """The time between two fundings in hours, to the minute: venues stamp them some milliseconds late."""
    if earlier is None or later is None:
        return None
    return round((later - earlier) / _MINUTE) / 60


@dataclass
class Rows:
    """Collects one answer: every value passes the same checks on its way in, with what is refused beside it."""

    venue: str
    received: datetime
    known: Known
    observations: list[Observation] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def listed(self, symbol: str) -> Listed | None:
        """The instrument; one that is not listed is refused."""
        found = self.known.get(symbol)
        if found is None:
            self.refuse(symbol, Reason.UNKNOWN_SYMBOL)
        return found

    def read(self, raws: Iterable[msgspec.Raw], shape: type[T]) -> Iterator[T]:
        """The rows of that shape; each other one is refused as malformed."""
        for raw in raws:
            found = row(raw, shape)
            if found is None:
                self.refuse("", Reason.MALFORMED)
            else:
                yield found

    def refuse(self, symbol: str, reason: Reason) -> None:
        """Count a row out."""
        self.rejected.append(Rejected(symbol, reason))

    def level(self, metric: Metric, of: Listed, value: float | None, at: datetime | None, fresh_for: timedelta) -> None:
        """A value at an instant, in the metric's unit; it must be positive (prices, ratios) or not negative (sizes)."""
        if value is not None and value == 0 and metric in _POSITIVE:
            self.refuse(of.instrument.symbol, Reason.OUT_OF_RANGE)
            return
        self._add(metric, of, value, at, fresh_for)

    def total(
        self,
        metric: Metric,
        of: Listed,
        value: float | None,
        at: datetime | None,
        span: timedelta,
        fresh_for: timedelta,
    ) -> None:
        """A sum over the span that ends at `at`."""
        self._add(metric, of, value, at, fresh_for, span=span)

    def rate(
        self,
        metric: Metric,
        of: Listed,
        rate: float | None,
        interval_h: float | None,
        at: datetime | None,
        next_at: datetime | None,
        fresh_for: timedelta,
    ) -> None:
        """A funding rate as fraction per interval; stored as its 8-hour equivalent beside the raw one."""
        symbol = of.instrument.symbol
        if rate is None:
            self.refuse(symbol, Reason.EMPTY)
        elif interval_h not in INTERVALS_H:
            self.refuse(symbol, Reason.NO_INTERVAL)
        elif abs(rate) > MOST_PER_INTERVAL:
            self.refuse(symbol, Reason.OUT_OF_RANGE)
        elif (timed := self._time(symbol, at)) is not None:
            self.observations.append(
                Observation(
                    metric=metric,
                    venue=self.venue,
                    symbol=symbol,
                    coin=of.instrument.coin,
                    value=eight_hourly(rate, interval_h),
                    at=timed,
                    received=self.received,
                    fresh_for=fresh_for,
                    interval_h=interval_h,
                    next_at=next_at,
                    rate=rate,
                    leg=_leg(of.instrument),
                )
            )

    def ended(self, symbol: str, start: Decimal, step: timedelta) -> datetime | None:
        """When a bar that began then was over; one that is not over yet is passed over, one without a start refused."""
        began = instant(start)
        if began is None:
            self.refuse(symbol, Reason.NO_TIME)
        return began + step if began is not None and began + step <= self.received else None

    def parsed(self) -> Parsed:
        """What was collected."""
        return Parsed(tuple(self.observations), tuple(self.rejected))

    def _add(
        self,
        metric: Metric,
        of: Listed,
        value: float | None,
        at: datetime | None,
        fresh_for: timedelta,
        span: timedelta = timedelta(0),
    ) -> None:
        symbol = of.instrument.symbol
        if value is None:
            self.refuse(symbol, Reason.EMPTY)
        elif value < 0:
            self.refuse(symbol, Reason.NEGATIVE)
        elif not math.isfinite(value):  # a product of numbers that are each finite
            self.refuse(symbol, Reason.OUT_OF_RANGE)
        elif (timed := self._time(symbol, at)) is not None:
            coin = of.instrument.coin
            self.observations.append(
                Observation(
                    metric,
                    self.venue,
                    symbol,
                    coin,
                    value,
                    timed,
                    self.received,
                    fresh_for,
                    span,
                    leg=_leg(of.instrument),
                )
            )

    def _time(self, symbol: str, at: datetime | None) -> datetime | None:
        if at is None:
            self.refuse(symbol, Reason.NO_TIME)
        elif at > self.received + AHEAD:
            self.refuse(symbol, Reason.FUTURE_TIME)
        else:
            return at
        return None


def _leg(of: Instrument) -> str:
    """The leg of an instrument, empty where it is just its venue."""
    return of.leg if of.money or of.version > 1 else ""


_POSITIVE = frozenset({Metric.PRICE, Metric.INDEX, Metric.LS, Metric.LS_TOP, Metric.LS_POS})


def settled(rows: Rows, paid: Iterable[tuple[str, Decimal, Decimal]]) -> None:
    """Funding that was paid, as (symbol, rate, time), where rows do not say what time a rate covers.

    That is the step before it, and only if a step beside that is equal: a missing row looks like a longer interval.
    """
    known = [(of, number(rate), instant(at)) for symbol, rate, at in paid if (of := rows.listed(symbol)) is not None]
    times: dict[str, set[datetime]] = {}
    for of, _, at in known:
        if at is not None:
            times.setdefault(of.instrument.symbol, set()).add(at)
    hours = {symbol: _regular_steps(sorted(when)) for symbol, when in times.items()}
    for of, rate, at in known:
        covers = hours[of.instrument.symbol].get(at) if at is not None else None
        rows.rate(Metric.FUNDING_SETTLED, of, rate, covers, at, None, timedelta(hours=covers or 0))


def _regular_steps(times: Sequence[datetime]) -> Mapping[datetime, float]:
    """The hours from one time to the next, at the next, where the step before or after is as long."""
    steps = [hours_between(before, after) for before, after in pairwise(times)]
    beside = [steps[max(i - 1, 0) : i] + steps[i + 1 : i + 2] for i in range(len(steps))]
    return {at: step for at, step, near in zip(times[1:], steps, beside, strict=True) if step and step in near}


def per_coin(price: Decimal, of: Listed) -> float | None:
    """The price of one coin in US dollars: 1000PEPE is quoted by the thousand."""
    quoted = number(price)
    return None if quoted is None else quoted / of.instrument.multiplier


def in_coins(size: Decimal, of: Listed) -> float | None:
    """A size in contracts of a linear perpetual as base coins."""
    contracts = number(size)
    return None if contracts is None else contracts * of.contract


def product(*parts: float | None) -> float | None:
    """All parts multiplied; None where one is missing."""
    present = [part for part in parts if part is not None]
    return math.prod(present) if len(present) == len(parts) else None


def spot_volume(rows: Rows, traded: Mapping[str, Leg], quotes: Sequence[str], fresh_for: timedelta) -> None:
    """24 h of spot volume of each coin over its pairs, named coin and quote, told by one instrument that carries it.

    A coin without a pair has no spot leg, one with an unreadable pair has no sum, and the oldest leg dates the sum.
    """
    carriers = {of.instrument.coin: of for of in rows.known.values() if Metric.VOLUME_SPOT_24H in of.instrument.metrics}
    for of in carriers.values():
        legs = [traded[pair] for pair in _pairs(of.instrument, quotes) if pair in traded]
        volumes = [volume for volume, _ in legs if volume is not None and volume >= 0]
        times = [at for _, at in legs if at is not None]
        if legs:
            whole = sum(volumes) if len(volumes) == len(legs) else None
            oldest = min(times) if len(times) == len(legs) else None
            rows.total(Metric.VOLUME_SPOT_24H, of, whole, oldest, _DAY, fresh_for)


def _pairs(of: Instrument, quotes: Sequence[str]) -> Iterator[str]:
    """What the pairs of a coin would be called: spot, too, lists some coins by the thousand or the million."""
    many = () if of.multiplier == 1 else (f"{of.multiplier:.0f}{of.coin}", f"1M{of.coin}")
    for base in (of.coin, *many):
        yield from (base + quote for quote in quotes)


def share_ratio(longs: Decimal, shorts: Decimal) -> float | None:
    """Long share / short share, always recomputed; None where either is missing or there are no shorts."""
    above, below = number(longs), number(shorts)
    return above / below if above is not None and below is not None and above > 0 and below > 0 else None


def liquidation(
    rows: Rows,
    of: Listed,
    side: Side | None,
    size: tuple[float | None, float | None],
    at: datetime | None,
    *,
    sampled: bool,
) -> Liquidation | None:
    """One forced close of `size` (coins, price in US dollars per coin); None, and refused, where a part is unusable."""
    coins, price = size
    symbol = of.instrument.symbol
    if side is None:
        rows.refuse(symbol, Reason.NO_SIDE)
    elif coins is None or price is None:
        rows.refuse(symbol, Reason.EMPTY)
    elif coins <= 0 or price <= 0 or not math.isfinite(coins * price):
        rows.refuse(symbol, Reason.OUT_OF_RANGE)
    elif at is None:
        rows.refuse(symbol, Reason.NO_TIME)
    elif at > rows.received + AHEAD:
        rows.refuse(symbol, Reason.FUTURE_TIME)
    else:
        instrument = of.instrument
        return Liquidation(rows.venue, symbol, instrument.coin, side, coins, price, at, rows.received, sampled)
    return None


def by_symbol(listed: Iterable[Listed]) -> Known:
    """The table that parsers look symbols up in."""
    return {of.instrument.symbol: of for of in listed}
