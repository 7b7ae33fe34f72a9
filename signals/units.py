"""Conversions of units, names of coins, and how numbers are written for people.

Prose uses the minus sign U+2212; what people type back uses the hyphen (`typed`). What is unknown is said to be so.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, TypeVar, assert_never

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

_SCALES = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))


def typed(text: str) -> str:
    """The text with ASCII hyphens, as people type it back."""
    return text.replace(MINUS, "-")


def number(value: float, places: int, *, signed: bool = False) -> str:
    """At most `places` decimals and four digits that matter; what is smaller than that keeps two digits, never 0."""
    given = Decimal(repr(value))
    rounded = _round(given, max(0, min(places, _DIGITS - 1 - given.adjusted())))
    if given and not rounded:
        rounded = _round(given, 1 - given.adjusted())
    elif rounded.adjusted() > given.adjusted():
        rounded = _round(rounded, max(0, min(places, _DIGITS - 1 - rounded.adjusted())))
    return _sign(rounded, signed=signed) + f"{abs(rounded):,f}"


def exact(value: float) -> str:
    """All digits of the shortest decimal that the value stands for, without spare zeros."""
    plain = f"{abs(Decimal(repr(value))):,f}"
    return _sign(Decimal(repr(value))) + (plain.rstrip("0").rstrip(".") if "." in plain else plain)


def percent(fraction: float, places: int, *, signed: bool = False) -> str:
    """A fraction as `−0.0121%`."""
    return number(_times_100(fraction), places, signed=signed) + "%"


def rate(fraction: float, *, signed: bool = False) -> str:
    """A funding rate of one interval: four decimals of a percent."""
    return percent(fraction, 4, signed=signed)


def rate_year(fraction: float) -> str:
    """A yearly rate: one decimal of a percent."""
    return percent(fraction, 1)


def scaled(value: float) -> str:
    """Three digits that matter with k, M or B: `2.74M`; below a thousand up to two decimals."""
    size = abs(Decimal(repr(value)))
    for scale, letter in reversed(_SCALES):
        if _three(size / scale) < 1000 or letter == "B":
            if _three(size) < 1000:
                break
            return _sign(Decimal(repr(value))) + _plain(_three(size / scale)) + letter
    return _sign(Decimal(repr(value))) + _plain(_three(size))


def money(dollars: float, *, floor: bool = False) -> str:
    """A sum as `$41.2M`; with `≥` where it is known to miss something."""
    text = scaled(dollars)
    sign, size = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
    return ("≥" if floor else "") + f"{sign}${size}"


def price(dollars: float) -> str:
    """A price level: whole dollars from 1,000 on, below that four digits that matter."""
    size = abs(dollars)
    exact_size = Decimal(repr(size))
    places = 0 if size >= 1000 else max(2, _DIGITS - 1 - exact_size.adjusted()) if exact_size else 2
    return ("" if dollars >= 0 else MINUS) + f"${_round(exact_size, places):,f}"


def coins(amount: float, coin: str) -> str:
    """An amount as `2.74M ETH`."""
    return f"{scaled(amount)} {coin}".rstrip()


def duration(span: timedelta) -> str:
    """The two largest units that are not zero and lie side by side: `5h 10m`; negative spans count as none."""
    parts = _split(span)
    first = next((i for i, (count, _) in enumerate(parts) if count), len(parts) - 1)
    shown = [parts[first], *[p for p in parts[first + 1 : first + 2] if p[0]]]
    return " ".join(f"{count}{letter}" for count, letter in shown)


def age(span: timedelta) -> str:
    """The largest unit alone, rounded down: `2s`, `3m`, `5d`; negative spans count as none."""
    return duration(span).split(" ")[0]


def quantity(value: float | None, unit: Unit, coin: str = "") -> str:
    """A value in its unit, for people; `unknown` for None. Moves carry their sign, levels only a minus."""
    if value is None:
        return UNKNOWN
    return coins(value, coin) if unit is Unit.COINS else _WRITTEN[unit](value)


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
            return _WRITTEN[unit](value)
        case Unit.RATIO | Unit.SPREADS | Unit.VOTES:
            return exact(value)
        case _ as never:
            assert_never(never)


_SMALL_MOVE = 0.01
"""Moves below one percent are shown with two decimals."""

_WRITTEN: Mapping[Unit, Callable[[float], str]] = {
    Unit.USD: money,
    Unit.RATE_8H: lambda value: f"{rate(value)} per 8h",
    Unit.RATE_YEAR: lambda value: f"{rate_year(value)} a year",
    Unit.FRACTION: lambda value: percent(value, 2 if abs(value) < _SMALL_MOVE else 1, signed=True),
    Unit.RATIO: lambda value: number(value, 2),
    Unit.MULTIPLE: lambda value: f"{number(value, 1)}x",
    Unit.SPREADS: lambda value: f"{number(value, 2)} own spreads",
    Unit.VOTES: lambda value: f"{exact(round(value, 2))} vote{'' if value == 1 else 's'}",
    Unit.RANK: lambda value: percent(value, 0),
    Unit.HOURS: lambda value: duration(timedelta(hours=value)),
    Unit.STATE: lambda value: "on" if value else "off",
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


def _three(value: Decimal) -> Decimal:
    """Rounded to three digits that matter, at most two decimals unless it is below 0.01."""
    if not value:
        return value
    places = 2 - value.adjusted()
    return _round(value, places if value.adjusted() < -2 else min(2, places)) if places >= 0 else _round(value, 0)


def _plain(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _sign(value: Decimal, *, signed: bool = False) -> str:
    return MINUS if value < 0 else "+" if signed and value > 0 else ""


def _split(span: timedelta) -> tuple[tuple[int, str], ...]:
    seconds = max(0, int(span.total_seconds()))
    minutes, hours = seconds // 60, seconds // 3600
    return (hours // 24, "d"), (hours % 24, "h"), (minutes % 60, "m"), (seconds % 60, "s")
