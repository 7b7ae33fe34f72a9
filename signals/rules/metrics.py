"""What can be compared: each metric with its windows, hold, clear band and the way its values are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from signals.base import Signal
from signals.model import Metric, Unit
from signals.rules import durations
from signals.rules.model import Compare
from signals.rules.values import Form

LEVEL = timedelta(0)
"""The window of what is true at an instant."""

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_ALL = tuple(_MINUTE * n for n in (1, 5, 15, 30, 60, 120, 240, 480, 720, 1440, 4320, 10080))
_FROM_5M = _ALL[1:]
_FROM_1H = _ALL[4:]

PRICE = "price"
"""The one metric that is a level without and a move with a window."""

ASKED = (_MINUTE * 15, _HOUR, _HOUR * 4, _HOUR * 24)
"""Windows that are offered where one is missing."""


@dataclass(frozen=True, slots=True)
class Band:
    """How far on the calm side of its line a condition ends: a share of the line's size, at least a floor."""

    share: Decimal
    floor: Decimal = Decimal(0)

    def clear(self, line: float, compare: Compare) -> float:
        """The level that ends what a line begins."""
        exact = Decimal(repr(line))
        width = max(self.floor, abs(exact) * self.share)
        return float(exact + width if compare.downward else exact - width)


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing to compare. `window` is the default among `windows`; None means that it must be said."""

    name: str
    unit: Unit
    hold: timedelta
    band: Band
    windows: tuple[timedelta, ...] = (LEVEL,)
    window: timedelta | None = LEVEL
    extra: frozenset[Form] = frozenset()
    """Forms beside those of its unit."""
    signal: Signal | None = None

    @property
    def forms(self) -> frozenset[Form]:
        """How its values may be written."""
        return FORMS[self.unit] | self.extra

    @property
    def negative(self) -> bool:
        """True where its values can be below zero."""
        return RANGES[self.unit][0] < 0

    @property
    def is_level(self) -> bool:
        """True where it takes no window."""
        return self.windows == (LEVEL,)


FORMS: Mapping[Unit, frozenset[Form]] = {
    Unit.USD: frozenset({Form.MONEY, Form.SUM}),
    Unit.COINS: frozenset({Form.COINS}),
    Unit.RATE_8H: frozenset({Form.PERCENT, Form.BP}),
    Unit.RATE_YEAR: frozenset({Form.PERCENT}),
    Unit.FRACTION: frozenset({Form.PERCENT}),
    Unit.RATIO: frozenset({Form.PLAIN}),
    Unit.MULTIPLE: frozenset({Form.TIMES}),
    Unit.SPREADS: frozenset({Form.PLAIN}),
    Unit.VOTES: frozenset({Form.PLAIN}),
    Unit.RANK: frozenset({Form.PLAIN}),
    Unit.HOURS: frozenset({Form.PLAIN}),
}

RANGES: Mapping[Unit, tuple[float, float]] = {
    Unit.USD: (0, 1e12),
    Unit.COINS: (0, 1e15),
    Unit.RATE_8H: (-1, 1),
    Unit.RATE_YEAR: (-1095, 1095),
    Unit.FRACTION: (-1, 1000),
    Unit.RATIO: (0, 1e6),
    Unit.MULTIPLE: (0, 1e6),
    Unit.SPREADS: (-1e6, 1e6),
    Unit.VOTES: (-100, 100),
    Unit.RANK: (-1, 1),
    Unit.HOURS: (0, 1e6),
}
"""Beyond these a line can never be reached, or nobody could mean it."""

_TENTH, _FIFTH, _TWENTIETH, _HUNDREDTH, _THOUSANDTH = map(Decimal, ("0.1", "0.2", "0.05", "0.01", "0.001"))
_FUNDING = Band(_TENTH, Decimal("0.00002"))
_BP = frozenset({Form.BP})


def _sum(metric: Metric, windows: tuple[timedelta, ...], window: timedelta) -> Measure:
    return Measure(metric.value, Unit.USD, LEVEL, Band(_FIFTH), windows, window)


_ROWS = (
    Measure("funding", Unit.RATE_8H, _MINUTE * 15, _FUNDING),
    Measure("funding.settled", Unit.RATE_8H, LEVEL, _FUNDING),
    Measure("funding.apr", Unit.RATE_YEAR, _MINUTE * 15, Band(_TENTH, Decimal("0.02"))),
    Measure("oi", Unit.FRACTION, _MINUTE * 5, Band(_FIFTH), _FROM_5M, _HOUR * 4),
    Measure("oi.level", Unit.COINS, _MINUTE * 5, Band(_HUNDREDTH)),
    Measure("oi.usd", Unit.USD, _MINUTE * 5, Band(_HUNDREDTH)),
    Measure("ls", Unit.RATIO, _MINUTE * 15, Band(_TWENTIETH)),
    Measure("ls.top", Unit.RATIO, _MINUTE * 15, Band(_TWENTIETH)),
    Measure("ls.pos", Unit.RATIO, _MINUTE * 15, Band(_TWENTIETH)),
    Measure("taker", Unit.RATIO, _MINUTE * 15, Band(_TWENTIETH), _FROM_5M, _HOUR),
    _sum(Metric.LIQ, _ALL, _MINUTE * 15),
    _sum(Metric.LIQ_LONG, _ALL, _MINUTE * 15),
    _sum(Metric.LIQ_SHORT, _ALL, _MINUTE * 15),
    Measure("ratio", Unit.RATIO, _MINUTE * 30, Band(Decimal("0.15"), _HUNDREDTH), _FROM_1H, _HOUR * 24),
    Measure(PRICE, Unit.USD, LEVEL, Band(_THOUSANDTH), extra=frozenset({Form.PLAIN})),
    Measure("basis", Unit.FRACTION, _MINUTE * 5, Band(_TENTH, Decimal("0.0001")), extra=_BP),
    _sum(Metric.VOLUME, _FROM_5M, _HOUR),
)

METRICS: Mapping[str, Measure] = {measure.name: measure for measure in _ROWS}
"""What a metric means where no window, or its own, is said."""

PRICE_MOVE = Measure(PRICE, Unit.FRACTION, LEVEL, Band(_FIFTH), _ALL, None)
"""What the price means with a window, which must be said."""

MOVERS: Mapping[str, Measure] = {"oi": METRICS["oi"], PRICE: PRICE_MOVE}
"""What rises, falls and moves."""


def of_signal(signal: Signal) -> Measure:
    """A signal as something to compare: its own band, as a share of the line where its fire level has a size."""
    fire, clear = Decimal(repr(signal.fire)), Decimal(repr(signal.clear))
    width = abs(fire - clear)
    band = Band(width / abs(fire)) if fire else Band(Decimal(0), width)
    windows = tuple(signal.windows)
    return Measure(signal.name, signal.unit, signal.hold, band, windows, windows[0], signal=signal)


def listed(measure: Measure) -> tuple[str, ...]:
    """Its windows as they are typed."""
    return tuple(durations.written(window) for window in sorted(measure.windows))
