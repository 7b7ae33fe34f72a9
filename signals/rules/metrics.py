"""What can be compared: each metric with its windows, hold, clear band and the way its values are written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from signals.base import Signal
from signals.model import Metric, Unit, Yardstick
from signals.rules.model import Compare, Condition
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
    """How far on the calm side of its line a condition ends: a share of the line's size, at least a floor.

    `crossing` is the floor where the line is crossed: a share of a line at zero would be no band.
    """

    share: Decimal
    floor: Decimal = Decimal(0)
    crossing: Decimal = Decimal(0)

    def width(self, line: Decimal, *, crossed: bool) -> Decimal:
        """The distance from the line to the level that ends what it begins."""
        return max(self.floor, self.crossing if crossed else Decimal(0), abs(line) * self.share)


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing to compare. `window` is the default among `windows`; None means that it must be said."""

    name: str
    unit: Unit
    hold: timedelta
    band: Band
    windows: tuple[timedelta, ...] = (LEVEL,)
    window: timedelta | None = LEVEL
    yardsticks: frozenset[Yardstick] = frozenset()
    """By what else than itself it can be compared."""
    extra: frozenset[Form] = frozenset()
    """Forms beside those of its unit."""
    signal: Signal | None = None
    yardstick: Yardstick = Yardstick.VALUE

    @property
    def forms(self) -> frozenset[Form]:
        """How its values may be written."""
        own = OWN_PAST.get(self.yardstick)
        return frozenset({own.form}) if own else FORMS[self.unit] | self.extra

    @property
    def all_forms(self) -> frozenset[Form]:
        """How its values by any yardstick may be written."""
        return self.forms | {OWN_PAST[yardstick].form for yardstick in self.yardsticks}

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest line that can be reached."""
        own = OWN_PAST.get(self.yardstick)
        return own.range if own else RANGES[self.unit]

    @property
    def negative(self) -> bool:
        """True where its values can be below zero."""
        return self.range[0] < 0

    @property
    def is_level(self) -> bool:
        """True where it takes no window."""
        return self.windows == (LEVEL,)

    def by(self, yardstick: Yardstick) -> "Measure":
        """The same thing measured by its own past; itself where that is not offered."""
        if yardstick not in self.yardsticks:
            return self
        own = OWN_PAST[yardstick]
        return replace(self, unit=own.unit, band=own.band, extra=frozenset(), yardstick=yardstick)

    def clear(self, line: float, compare: Compare, *, crossed: bool = False) -> float:
        """The level that ends what a line begins: half way to the end of the range where its band reaches there."""
        exact = Decimal(repr(line))
        width = self.band.width(exact, crossed=crossed)
        least, most = self.range
        if compare.downward:
            level, end = exact + width, Decimal(most)
            beyond = level >= end
        else:
            level, end = exact - width, Decimal(least)
            beyond = level <= end
        return float((exact + end) / 2 if beyond else level) + 0.0


@dataclass(frozen=True, slots=True)
class OwnPast:
    """How a value is compared by a yardstick: what it counts, how it is written, where it ends, what it can reach."""

    unit: Unit
    form: Form
    band: Band
    range: tuple[float, float]


OWN_PAST: Mapping[Yardstick, OwnPast] = {
    Yardstick.RANK: OwnPast(Unit.RANK, Form.RANK, Band(Decimal(0), Decimal("0.02")), (0, 1)),
    Yardstick.SPREADS: OwnPast(Unit.SPREADS, Form.ZSCORE, Band(Decimal(0), Decimal("0.5")), (-1e6, 1e6)),
    Yardstick.MULTIPLE: OwnPast(Unit.MULTIPLE, Form.TIMES, Band(Decimal("0.2")), (0, 1e6)),
}
"""The yardsticks beside the value itself."""

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
    Unit.STATE: frozenset(),
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
    Unit.STATE: (0, 1),
}
"""Beyond these a line can never be reached, or nobody could mean it."""

_TENTH, _FIFTH, _TWENTIETH, _HUNDREDTH, _THOUSANDTH = map(Decimal, ("0.1", "0.2", "0.05", "0.01", "0.001"))
_FUNDING = Band(_TENTH, Decimal("0.00002"))
_BP = frozenset({Form.BP})
_RANKED = frozenset({Yardstick.RANK})
_USUAL = _RANKED | {Yardstick.SPREADS}
_SUMMED = _USUAL | {Yardstick.MULTIPLE}


def _level(name: str, unit: Unit, hold: timedelta, band: Band, extra: frozenset[Form] = frozenset()) -> Measure:
    return Measure(name, unit, hold, band, yardsticks=_USUAL, extra=extra)


def _sum(metric: Metric, windows: tuple[timedelta, ...], window: timedelta) -> Measure:
    return Measure(metric.value, Unit.USD, LEVEL, Band(_FIFTH), windows, window, _SUMMED)


_OI_BAND = Band(_FIFTH, crossing=Decimal("0.003"))
_PRICE_BAND = Band(_FIFTH, crossing=Decimal("0.002"))
"""Their crossings end no nearer than the least spread that own spreads are counted with."""

_ROWS = (
    _level("funding", Unit.RATE_8H, _MINUTE * 15, _FUNDING),
    _level("funding.settled", Unit.RATE_8H, LEVEL, _FUNDING),
    _level("funding.apr", Unit.RATE_YEAR, _MINUTE * 15, Band(_TENTH, Decimal("0.02"))),
    Measure("oi", Unit.FRACTION, _MINUTE * 5, _OI_BAND, _FROM_5M, _HOUR * 4, _USUAL),
    _level("oi.level", Unit.COINS, _MINUTE * 5, Band(_HUNDREDTH)),
    _level("oi.usd", Unit.USD, _MINUTE * 5, Band(_HUNDREDTH)),
    _level("ls", Unit.RATIO, _MINUTE * 15, Band(_TWENTIETH)),
    _level("ls.top", Unit.RATIO, _MINUTE * 15, Band(_TWENTIETH)),
    _level("ls.pos", Unit.RATIO, _MINUTE * 15, Band(_TWENTIETH)),
    Measure("taker", Unit.RATIO, _MINUTE * 15, Band(_TWENTIETH), _FROM_5M, _HOUR, _USUAL),
    _sum(Metric.LIQ, _ALL, _MINUTE * 15),
    _sum(Metric.LIQ_LONG, _ALL, _MINUTE * 15),
    _sum(Metric.LIQ_SHORT, _ALL, _MINUTE * 15),
    Measure("ratio", Unit.RATIO, _MINUTE * 30, Band(Decimal("0.15"), _HUNDREDTH), _FROM_1H, _HOUR * 24, _USUAL),
    Measure(PRICE, Unit.USD, LEVEL, Band(_THOUSANDTH), extra=frozenset({Form.PLAIN})),
    _level("basis", Unit.FRACTION, _MINUTE * 5, Band(_TENTH, Decimal("0.0001")), _BP),
    _sum(Metric.VOLUME, _FROM_5M, _HOUR),
)

METRICS: Mapping[str, Measure] = {measure.name: measure for measure in _ROWS}
"""What a metric means where no window, or its own, is said."""

PRICE_MOVE = Measure(PRICE, Unit.FRACTION, LEVEL, _PRICE_BAND, _ALL, None, _USUAL)
"""What the price means with a window, which must be said."""

MOVERS: Mapping[str, Measure] = {"oi": METRICS["oi"], PRICE: PRICE_MOVE}
"""What rises, falls and moves."""


def of_signal(signal: Signal) -> Measure:
    """A signal as something to compare: its own band, as a share of the line where its fire level has a size."""
    fire, clear = Decimal(repr(signal.fire)), Decimal(repr(signal.clear))
    width = abs(fire - clear)
    band = Band(width / abs(fire)) if fire else Band(Decimal(0), width)
    windows = tuple(signal.windows)
    yardsticks = frozenset[Yardstick]() if signal.unit is Unit.STATE else _RANKED
    return Measure(signal.name, signal.unit, signal.hold, band, windows, windows[0], yardsticks, signal=signal)


def measure_of(condition: Condition, signals: Mapping[str, Signal]) -> Measure:
    """What a condition compares, by its yardstick."""
    if condition.name in signals:
        return of_signal(signals[condition.name]).by(condition.yardstick)
    moved = condition.name == PRICE and condition.window != LEVEL
    return (PRICE_MOVE if moved else METRICS[condition.name]).by(condition.yardstick)
