"""Conversions of units, names of coins, and how numbers are written for people.

Prose uses the minus sign U+2212; what people type back uses the hyphen (`typed`). What is unknown is said to be so.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import count
from typing import TYPE_CHECKING, TypeAlias, TypeVar, assert_never

from signals.model import Unit

if TYPE_CHECKING:
    from signals.panel import Series

HOURS_PER_YEAR = 24 * 365
FUNDING_INTERVALS_H = (1.0, 2.0, 4.0, 6.0, 8.0, 24.0)
"""Hours that one funding rate may cover."""


_Rates = TypeVar("_Rates", float, "Series")


def eight_hourly(rate: _Rates, interval_h: _Rates) -> _Rates:
    """A funding rate per interval, or many of them, as a fraction per 8 hours."""
    return rate * 8 / interval_h


def yearly(rate_8h: float) -> float:
    """A fraction per 8 hours as a simple fraction per year."""
    return rate_8h * HOURS_PER_YEAR / 8


_MULTIPLIER = re.compile(r"^(10{1,6})([A-Z][A-Z0-9]*)$", re.ASCII)
_NOT_MULTIPLIED = frozenset({"1INCH"})
_RENAMED = {"XBT": "BTC"}


def canonical(venue: str, base: str) -> tuple[str, float]:
    """The coin behind a venue's base name and how many coins one unit of it is: 1000PEPE is (PEPE, 1000)."""
    if base in _NOT_MULTIPLIED:
        return base, 1.0
    if venue == "hyperliquid" and re.match(r"^k[A-Z]", base):
        return base[1:], 1000.0
    name = base.upper()
    if name.startswith("1M") and len(name) > 2 and name[2].isalpha():
        return name[2:], 1_000_000.0
    found = _MULTIPLIER.match(name)
    if found:
        return found[2], float(found[1])
    return _RENAMED.get(name, name), 1.0


MINUS = "\u2212"
UNKNOWN = "unknown"
DASH = "\u2013"
"""What a table shows where nothing is known."""

_DIGITS = 4
"""At most so many digits that matter."""

Beside: TypeAlias = Sequence[float]
"""Other values of the same unit, from which a value is told apart."""

_SCALES = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))


def typed(text: str) -> str:
    """The text with ASCII hyphens, as people type it back."""
    return text.replace(MINUS, "-")


def number(value: float, places: int, *, signed: bool = False, beside: Beside = (), least: int = 1) -> str:
    """At most `places` decimals and four digits that matter; what is smaller than that keeps two digits, never 0.

    Below 1 it has `least` digits that matter, where it has so many. It has more where it would else be said to lie on
    another side of what is `beside` it, or to be the same.
    """
    given = Decimal(repr(value))
    if given.adjusted() < 0 and _round(given, places).adjusted() + places + 1 < least:
        places = least - 1 - given.adjusted()
    rounded = _apart(given, beside, lambda more: _short(given, places, more))
    return _sign(rounded, signed=signed) + f"{abs(rounded):,f}"


def _short(given: Decimal, places: int, more: int) -> Decimal:
    rounded = _round(given, max(0, min(places, _DIGITS - 1 - given.adjusted())) + more)
    if given and not rounded:
        return _round(given, 1 - given.adjusted() + more)
    if rounded.adjusted() > given.adjusted():
        return _round(rounded, max(0, min(places, _DIGITS - 1 - rounded.adjusted())) + more)
    return rounded


def _apart(given: Decimal, beside: Beside, rounded: Callable[[int], Decimal]) -> Decimal:
    """The number rounded with so many more digits that it lies where it lay before, seen from all that is beside it."""
    others = [Decimal(repr(other)) for other in beside]
    for more in count():
        shown = rounded(more)
        if shown == given or all(shown.compare(other) == given.compare(other) for other in others):
            return shown
    raise AssertionError("with all its digits it is itself")


def exact(value: float) -> str:
    """All digits of the shortest decimal that the value stands for, without spare zeros."""
    plain = f"{abs(Decimal(repr(value))):,f}"
    return _sign(Decimal(repr(value))) + (plain.rstrip("0").rstrip(".") if "." in plain else plain)


def percent(fraction: float, places: int, *, signed: bool = False, beside: Beside = (), least: int = 1) -> str:
    """A fraction as `−0.0121%`."""
    others = [_times_100(other) for other in beside]
    return number(_times_100(fraction), places, signed=signed, beside=others, least=least) + "%"


def rate(fraction: float, *, signed: bool = False, beside: Beside = ()) -> str:
    """A funding rate of one interval: four decimals of a percent."""
    return percent(fraction, 4, signed=signed, beside=beside)


def rate_year(fraction: float, beside: Beside = ()) -> str:
    """A yearly rate: one decimal of a percent."""
    return percent(fraction, 1, beside=beside)


def part(fraction: float, beside: Beside = ()) -> str:
    """A share as whole percents, `28%`; none and all are said of none and all alone."""
    return percent(fraction, 0, beside=(0.0, 1.0, *beside))


def scaled(value: float, beside: Beside = ()) -> str:
    """Three digits that matter with k, M or B: `2.74M`; below a thousand up to two decimals."""
    given = Decimal(repr(value))
    scale, letter = _scale_of(abs(given))
    shown = _apart(given, beside, lambda more: _three(given / scale, more) * scale)
    return _sign(given) + _plain(abs(shown) / scale) + letter


def money(dollars: float, *, floor: bool = False, beside: Beside = ()) -> str:
    """A sum as `$41.2M`; with `≥` where it is known to miss something."""
    text = scaled(dollars, beside)
    sign, size = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
    return ("≥" if floor else "") + f"{sign}${size}"


def price(dollars: float, beside: Beside = ()) -> str:
    """A price level: whole dollars from 1,000 on, below that four digits that matter."""
    given = Decimal(repr(dollars))
    places = 0 if abs(given) >= 1000 else max(2, _DIGITS - 1 - given.adjusted()) if given else 2
    shown = _apart(given, beside, lambda more: _round(given, places + more))
    return _sign(given) + f"${abs(shown):,f}"


def coins(amount: float, coin: str, beside: Beside = ()) -> str:
    """An amount as `2.74M ETH`."""
    return f"{scaled(amount, beside)} {coin}".rstrip()


def duration(span: timedelta) -> str:
    """The two largest units that are not zero and lie side by side: `5h 10m`; negative spans count as none."""
    parts = _split(span)
    first = next((i for i, (count, _) in enumerate(parts) if count), len(parts) - 1)
    shown = [parts[first], *[p for p in parts[first + 1 : first + 2] if p[0]]]
    return " ".join(f"{count}{letter}" for count, letter in shown)


def age(span: timedelta) -> str:
    """The largest unit alone, rounded down: `2s`, `3m`, `5d`; negative spans count as none."""
    return duration(span).split(" ")[0]


def quantity(value: float | None, unit: Unit, coin: str = "", beside: Beside = ()) -> str:
    """A value in its unit, for people; `unknown` for None. Moves carry their sign, levels only a minus.

    What it is held against is `beside` it: it never reads as on a line, or on the other side, where it is not.
    """
    if value is None:
        return UNKNOWN
    return coins(value, coin, beside) if unit is Unit.COINS else _WRITTEN[unit](value, beside)


def level(value: float, unit: Unit, coin: str = "") -> str:
    """A line that a person drew, with all its digits: `−0.01%`, `$65,000`, `2.4M ETH`."""
    match unit:
        case Unit.USD:
            return f"${exact_scaled(value)}" if value >= 0 else f"{MINUS}${exact_scaled(-value)}"
        case Unit.COINS:
            return f"{exact_scaled(value)} {coin}".rstrip()
        case Unit.RATE_8H | Unit.FRACTION:
            return exact(_times_100(value)) + "%"
        case Unit.RATE_YEAR:
            return exact(_times_100(value)) + "% a year"
        case Unit.MULTIPLE:
            return exact(value) + "x"
        case Unit.RANK:
            return "p" + exact(_times_100(value))
        case Unit.HOURS:
            return duration(timedelta(hours=value))
        case Unit.STATE:
            return _WRITTEN[unit](value, ())
        case Unit.RATIO | Unit.SPREADS | Unit.VOTES:
            return exact(value)
        case _ as never:
            assert_never(never)


_SMALL_MOVE = 0.01
"""Moves below one percent are shown with two decimals."""

_WRITTEN: Mapping[Unit, Callable[[float, Beside], str]] = {
    Unit.USD: lambda value, beside: money(value, beside=beside),
    Unit.RATE_8H: lambda value, beside: f"{rate(value, beside=beside)} per 8h",
    Unit.RATE_YEAR: lambda value, beside: f"{rate_year(value, beside)} a year",
    Unit.FRACTION: lambda value, beside: percent(
        value, 2 if abs(value) < _SMALL_MOVE else 1, signed=True, beside=beside, least=2
    ),
    Unit.RATIO: lambda value, beside: number(value, 2, beside=beside),
    Unit.MULTIPLE: lambda value, beside: f"{number(value, 1, beside=beside)}x",
    Unit.SPREADS: lambda value, beside: f"{number(value, 2, beside=beside)} own spreads",
    Unit.VOTES: lambda value, _: f"{exact(round(value, 2))} vote{'' if value == 1 else 's'}",
    Unit.RANK: part,
    Unit.HOURS: lambda value, _: duration(timedelta(hours=value)),
    Unit.STATE: lambda value, _: "on" if value else "off",
}


def exact_scaled(value: float) -> str:
    """All digits, from a million on with the largest of M and B that leaves at most three decimals."""
    size = Decimal(repr(value))
    for scale, letter in _SCALES[:2]:
        share = size / scale
        if abs(share) >= 1 and share == _round(share, 3):
            return exact(float(share)) + letter
    return exact(value)


def _times_100(fraction: float) -> float:
    return float(Decimal(repr(fraction)) * 100)


def _round(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)


def _scale_of(size: Decimal) -> tuple[Decimal, str]:
    """By what a size is divided, and its letter: the smallest that leaves less than a thousand."""
    if _three(size) < 1000:
        return Decimal(1), ""
    return next((of for of in reversed(_SCALES) if _three(size / of[0]) < 1000), _SCALES[0])


def _three(value: Decimal, more: int = 0) -> Decimal:
    """Rounded to three digits that matter, at most two decimals unless it is below 0.01; and some more."""
    if not value:
        return value
    places = 2 - value.adjusted()
    return _round(value, max(0, places if value.adjusted() < -2 else min(2, places)) + more)


def _plain(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _sign(value: Decimal, *, signed: bool = False) -> str:
    return MINUS if value < 0 else "+" if signed and value > 0 else ""


def _split(span: timedelta) -> tuple[tuple[int, str], ...]:
    seconds = max(0, int(span.total_seconds()))
    minutes, hours = seconds // 60, seconds // 3600
    return (hours // 24, "d"), (hours % 24, "h"), (minutes % 60, "m"), (seconds % 60, "s")
