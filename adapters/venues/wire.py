"""What all parsers of venues share: bytes become rows, rows become observations, the unusable is refused by name.

Nothing here reads a clock, waits or logs. A bad row never ends a batch and never becomes 0; a bad envelope refuses
the whole answer.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias, TypeVar

import msgspec

from adapters.venues.base import Rejected, Unavailable
from adapters.venues.drafts import written
from adapters.venues.shapes import UNREADABLE, Decimal, reader
from signals.model import Instrument, Liquidation, Metric, Observation, Side
from signals.units import eight_hourly

T = TypeVar("T")

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
_AT_ONCE = timedelta(0)
_WHOLE = False
"""Of a sum that is not known to miss something."""
_EARLIEST, _LATEST = datetime(2017, 1, 1, tzinfo=UTC).timestamp(), datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_SCALES = tuple((units, _EARLIEST * units, _LATEST * units) for units in (1_000, 1, 1_000_000))
"""Units of a second, the usual one first, each with the least and the most that a moment counts in it."""


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
    except UNREADABLE:
        raise Unavailable(f"{venue} answered with something that is not the documented shape") from None


def number(said: Decimal) -> float | None:
    """The finite number; None for what stands for nothing: empty, null, `-`, NaN, infinity, or no number at all."""
    if isinstance(said, float):
        return said if math.isfinite(said) else None
    return _spelled(said)


def _spelled(said: Decimal) -> float | None:
    """A number that the quick reading of rows did not take."""
    if said is None or isinstance(said, bool):
        return None
    if isinstance(said, str) and ("_" in said or not said.isascii()):  # Python reads more than venues write
        return None
    try:
        value = float(said)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


@lru_cache(maxsize=1_000)  # the rows of an answer often share one moment, and their next fundings a few
def instant(said: Decimal) -> datetime | None:
    """The moment in seconds, milliseconds or microseconds, told apart by magnitude; None outside 2017 to 2100."""
    value = number(said)
    if value is None:
        return None
    for units, least, most in _SCALES:
        if least <= value < most:
            return datetime.fromtimestamp(value / units, UTC)
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

    def __post_init__(self) -> None:
        self._latest = self.received + AHEAD

    def listed(self, symbol: str) -> Listed | None:
        """The instrument; one that is not listed is refused."""
        found = self.known.get(symbol)
        if found is None:
            self.refuse(symbol, Reason.UNKNOWN_SYMBOL)
        return found

    def read(self, raws: Iterable[msgspec.Raw], shape: type[T]) -> Iterator[T]:
        """The rows of that shape; each other one is refused as malformed."""
        read = reader(shape)
        for raw in raws:
            found = read(raw)
            if found is None:
                self.refuse("", Reason.MALFORMED)
            else:
                yield found

    def refuse(self, symbol: str, reason: Reason) -> None:
        """Count a row out."""
        self.rejected.append(Rejected(symbol, reason))

    def level(self, metric: Metric, of: Listed, value: float | None, at: datetime | None, fresh_for: timedelta) -> None:
        """A value at an instant, in the metric's unit; it must be positive (prices, ratios) or not negative (sizes)."""
        if value == 0 and metric in _POSITIVE:
            self.refuse(of.instrument.symbol, Reason.OUT_OF_RANGE)
        else:
            self._add(metric, of, value, at, fresh_for, _AT_ONCE)

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
        self._add(metric, of, value, at, fresh_for, span)

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
        instrument = of.instrument
        if rate is None:
            self.refuse(instrument.symbol, Reason.EMPTY)
        elif interval_h not in INTERVALS_H:
            self.refuse(instrument.symbol, Reason.NO_INTERVAL)
        elif abs(rate) > MOST_PER_INTERVAL:
            self.refuse(instrument.symbol, Reason.OUT_OF_RANGE)
        elif at is None or at > self._latest:
            self.refuse(instrument.symbol, _untimely(at))
        else:
            self.observations.append(
                written(
                    metric,
                    self.venue,
                    instrument.symbol,
                    instrument.coin,
                    eight_hourly(rate, interval_h),
                    at,
                    self.received,
                    fresh_for,
                    _AT_ONCE,
                    interval_h,
                    next_at,
                    rate,
                    leg=instrument.leg if instrument.money or instrument.version > 1 else "",
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
        span: timedelta,
    ) -> None:
        instrument = of.instrument
        if value is not None and 0 <= value < math.inf and at is not None and at <= self._latest:
            self.observations.append(
                written(
                    metric,
                    self.venue,
                    instrument.symbol,
                    instrument.coin,
                    value,
                    at,
                    self.received,
                    fresh_for,
                    span,
                    None,  # by place, not by name: that costs a tenth less
                    None,
                    None,
                    _WHOLE,
                    instrument.leg if instrument.money or instrument.version > 1 else "",
                )
            )
        else:
            self.refuse(instrument.symbol, _flaw(value, at))


def _flaw(value: float | None, at: datetime | None) -> Reason:
    """What is wrong with an amount that was not taken."""
    if value is None:
        return Reason.EMPTY
    if value < 0:
        return Reason.NEGATIVE
    if not math.isfinite(value):  # a product of numbers that are each finite
        return Reason.OUT_OF_RANGE
    return _untimely(at)


def _untimely(at: datetime | None) -> Reason:
    return Reason.NO_TIME if at is None else Reason.FUTURE_TIME


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
