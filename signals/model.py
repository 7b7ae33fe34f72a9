"""The words of the market: metrics with their units, instruments, observations, cells and facts.

Rates and ratios are fractions, money is US dollars, sizes are base coins, times are aware UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

ALL = "all"
"""The venue part of a cell that aggregates over venues."""

AGGREGATORS = frozenset({"coinglass"})
"""Venues whose numbers already contain other venues: used only where no single venue offers the metric."""


class Unit(StrEnum):
    """What a number counts."""

    USD = "usd"
    COINS = "coins"
    RATE_8H = "rate_8h"
    """Fraction per 8 hours."""
    RATE_YEAR = "rate_year"
    """Fraction per year, simple."""
    FRACTION = "fraction"
    """A change or a share; 0.01 is 1 %."""
    RATIO = "ratio"
    MULTIPLE = "multiple"
    SPREADS = "spreads"
    """Own robust standard deviations."""
    VOTES = "votes"
    RANK = "rank"
    HOURS = "hours"
    STATE = "state"
    """On, 1, or off, 0: what no number is compared with."""


class Yardstick(StrEnum):
    """By what a cell's value is measured: itself, or the coin's own past."""

    VALUE = ""
    RANK = "p"
    """Share of the coin's last 90 days that lies below it, 0 to 1."""
    SPREADS = "z"
    """Own robust standard deviations above its own middle."""
    MULTIPLE = "x"
    """Times its own usual sum."""


class Kind(StrEnum):
    """How a metric behaves in time."""

    LEVEL = "level"
    """The value at an instant."""
    SUM = "sum"
    """What was added over a span that ends at the event time."""
    SET = "set"
    """Who is in a sum."""


class Metric(StrEnum):
    """What is measured. The names are those of the rule language."""

    PRICE = "price"
    INDEX = "index"
    FUNDING = "funding"
    FUNDING_SETTLED = "funding.settled"
    FUNDING_APR = "funding.apr"
    FUNDING_SPREAD = "funding.spread"
    OI = "oi"
    """Change of open interest in coins over a window; its level is OI_LEVEL."""
    OI_LEVEL = "oi.level"
    OI_USD = "oi.usd"
    OI_EXPECTED = "oi.expected"
    """Last known open interest of all venues that should answer, in coins: the yardstick of coverage."""
    LS = "ls"
    LS_TOP = "ls.top"
    LS_POS = "ls.pos"
    TAKER = "taker"
    TAKER_BUY = "taker.buy"
    TAKER_SELL = "taker.sell"
    LIQ = "liq"
    LIQ_LONG = "liq.long"
    LIQ_SHORT = "liq.short"
    LIQ_HEARD = "liq.heard"
    """Whose liquidations are in the sums, and who of them tells a sample: see `heard.py`."""
    VOLUME = "volume"
    VOLUME_SPOT = "volume.spot"
    VOLUME_PAIRED = "volume.paired"
    """Futures volume of just those venues that also have a spot leg."""
    VOLUME_24H = "volume.24h"
    """Futures volume of the last 24 hours, as live venues tell it: a level that rolls on, which is never summed up."""
    VOLUME_SPOT_24H = "volume.spot.24h"
    VOLUME_PAIRED_24H = "volume.paired.24h"
    RATIO = "ratio"
    BASIS = "basis"

    @property
    def unit(self) -> Unit:
        """The one unit in which this metric is stored, compared and shown."""
        return _SHAPES[self][0]

    @property
    def kind(self) -> Kind:
        """Whether values add up over a window or stand at an instant."""
        return _SHAPES[self][1]


_SHAPES: Mapping[Metric, tuple[Unit, Kind]] = {
    Metric.PRICE: (Unit.USD, Kind.LEVEL),
    Metric.INDEX: (Unit.USD, Kind.LEVEL),
    Metric.FUNDING: (Unit.RATE_8H, Kind.LEVEL),
    Metric.FUNDING_SETTLED: (Unit.RATE_8H, Kind.LEVEL),
    Metric.FUNDING_APR: (Unit.RATE_YEAR, Kind.LEVEL),
    Metric.FUNDING_SPREAD: (Unit.RATE_8H, Kind.LEVEL),
    Metric.OI: (Unit.FRACTION, Kind.LEVEL),
    Metric.OI_LEVEL: (Unit.COINS, Kind.LEVEL),
    Metric.OI_USD: (Unit.USD, Kind.LEVEL),
    Metric.OI_EXPECTED: (Unit.COINS, Kind.LEVEL),
    Metric.LS: (Unit.RATIO, Kind.LEVEL),
    Metric.LS_TOP: (Unit.RATIO, Kind.LEVEL),
    Metric.LS_POS: (Unit.RATIO, Kind.LEVEL),
    Metric.TAKER: (Unit.RATIO, Kind.LEVEL),
    Metric.TAKER_BUY: (Unit.USD, Kind.SUM),
    Metric.TAKER_SELL: (Unit.USD, Kind.SUM),
    Metric.LIQ: (Unit.USD, Kind.SUM),
    Metric.LIQ_LONG: (Unit.USD, Kind.SUM),
    Metric.LIQ_SHORT: (Unit.USD, Kind.SUM),
    Metric.LIQ_HEARD: (Unit.STATE, Kind.SET),
    Metric.VOLUME: (Unit.USD, Kind.SUM),
    Metric.VOLUME_SPOT: (Unit.USD, Kind.SUM),
    Metric.VOLUME_PAIRED: (Unit.USD, Kind.SUM),
    Metric.VOLUME_24H: (Unit.USD, Kind.LEVEL),
    Metric.VOLUME_SPOT_24H: (Unit.USD, Kind.LEVEL),
    Metric.VOLUME_PAIRED_24H: (Unit.USD, Kind.LEVEL),
    Metric.RATIO: (Unit.RATIO, Kind.LEVEL),
    Metric.BASIS: (Unit.FRACTION, Kind.LEVEL),
}

OBSERVED = (
    Metric.PRICE,
    Metric.INDEX,
    Metric.FUNDING,
    Metric.FUNDING_SETTLED,
    Metric.OI_LEVEL,
    Metric.LS,
    Metric.LS_TOP,
    Metric.LS_POS,
    Metric.TAKER_BUY,
    Metric.TAKER_SELL,
    Metric.LIQ_LONG,
    Metric.LIQ_SHORT,
    Metric.VOLUME,
    Metric.VOLUME_SPOT,
    Metric.VOLUME_24H,
    Metric.VOLUME_SPOT_24H,
)
"""What venues deliver. Everything else is computed from these."""


ROLLING: Mapping[Metric, Metric] = {
    Metric.VOLUME: Metric.VOLUME_24H,
    Metric.VOLUME_SPOT: Metric.VOLUME_SPOT_24H,
    Metric.VOLUME_PAIRED: Metric.VOLUME_PAIRED_24H,
}
"""What stands for a day's sum of a volume where no bars of it are known."""

PAIRED: Mapping[Metric, tuple[Metric, Metric]] = {
    Metric.VOLUME_SPOT: (Metric.VOLUME, Metric.VOLUME_PAIRED),
    Metric.VOLUME_SPOT_24H: (Metric.VOLUME_24H, Metric.VOLUME_PAIRED_24H),
}
"""To each spot leg its futures leg, and what the latter is called on just the venues that have both."""


class Family(StrEnum):
    """Groups of signals that react to the same thing."""

    POSITIONING = "positioning"
    FUNDING = "funding"
    LIQUIDATION = "liquidation"
    CROWD = "crowd"
    STRUCTURE = "structure"


class Direction(StrEnum):
    """Where the lore says the price goes next: tested, never asserted."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Instrument:
    """One perpetual on one venue, with what it offers; a new version starts a new baseline.

    `money` tells a venue's second contract on a coin from the first: what it is quoted in, where that is not usual.
    """

    venue: str
    symbol: str
    coin: str
    multiplier: float
    metrics: frozenset[Metric]
    version: int = 1
    money: str = ""

    @property
    def leg(self) -> str:
        """The series that its numbers belong to, comparable with no other: of its venue, its money and its version."""
        money = f"/{self.money}" if self.money else ""
        return f"{self.venue}{money}{f'#{self.version}' if self.version > 1 else ''}"


@dataclass(frozen=True, slots=True)
class Observation:
    """One value of one instrument.

    `value` is finite and in `metric.unit`: per coin after the multiplier, rates as 8-hour equivalents.
    `at` is the venue's instant, `received` ours; the value may be used until `at + fresh_for`.
    `span` is what a sum covers, zero for a level. `interval_h`, `next_at` and the raw `rate` per interval
    come with funding only. `floor` marks a sum that is known to miss something. `leg` is that of the instrument,
    empty where it is just its venue.
    """

    metric: Metric
    venue: str
    symbol: str
    coin: str
    value: float
    at: datetime
    received: datetime
    fresh_for: timedelta
    span: timedelta = timedelta(0)
    interval_h: float | None = None
    next_at: datetime | None = None
    rate: float | None = None
    floor: bool = False
    leg: str = ""


class Side(StrEnum):
    """The position that was closed."""

    LONG = "long"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class Liquidation:
    """One forced close; `side` is the position, never the order."""

    venue: str
    symbol: str
    coin: str
    side: Side
    coins: float
    price: float
    at: datetime
    received: datetime
    sampled: bool

    @property
    def usd(self) -> float:
        """Dollars closed."""
        return self.coins * self.price


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in a stream: what happened in it is unknown, not zero."""

    venue: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Pulse:
    """A stream has delivered everything up to that moment."""

    venue: str
    at: datetime


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """The address of one judged number. `name` is a metric or a signal, `side` a signal's; `window` 0 for a level."""

    coin: str
    venue: str
    name: str
    window: timedelta
    yardstick: Yardstick = Yardstick.VALUE
    side: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A number with its unit, for people: `label` names it, `text` says it where no number can."""

    label: str
    value: float | None
    unit: Unit
    text: str = ""
