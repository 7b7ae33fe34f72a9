"""Axes: round positions for values and for times, and how they are written."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from signals.model import Unit
from signals.units import MINUS, exact

Tick = tuple[float, str]
"""A position and what is written there."""

_ROUND = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_LETTERS = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))
_PERCENT = frozenset({Unit.RATE_8H, Unit.RATE_YEAR, Unit.FRACTION})

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_STEPS = (
    *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * n for n in (1, 2, 3, 4, 6, 8, 12)),
    *(_DAY * n for n in (1, 2, 3, 5, 7, 10, 14, 21, 30, 60, 90, 180, 365, 730)),
)
_MONDAY = datetime(2001, 1, 1, tzinfo=UTC)


def ticks(low: float, high: float, unit: Unit, *, is_price: bool, sized: bool, most: int) -> Sequence[Tick]:
    """Round values within the range, at most so many, in one scale; `sized` does not say on which side of zero."""
    if unit is Unit.STATE:
        return [(value, word) for value, word in ((0.0, "off"), (1.0, "on")) if low <= value <= high]
    part, before, behind = _written(max(abs(low), abs(high)), unit, is_price=is_price)
    first, last = Decimal(repr(low)) / part, Decimal(repr(high)) / part
    step = _step((last - first) / most)
    multiples = range(math.ceil(first / step), math.floor(last / step) + 1)
    told = ((n * step, abs(n * step) if sized else n * step) for n in multiples)
    return [(float(value * part), _label(shown, before, behind)) for value, shown in told]


def _step(least: Decimal) -> Decimal:
    """The smallest round number that is not less."""
    power = Decimal(1).scaleb(least.adjusted())
    return next(of * power for of in _ROUND if of * power >= least)


def _written(size: float, unit: Unit, *, is_price: bool) -> tuple[Decimal, str, str]:
    """What one on the axis stands for, and what is written before and behind it."""
    if unit in _PERCENT:
        return Decimal("0.01"), "", "%"
    if unit is Unit.RANK:
        return Decimal("0.01"), "p", ""
    before = "$" if unit is Unit.USD else ""
    if unit in (Unit.USD, Unit.COINS) and not is_price:
        part, letter = next(((part, letter) for part, letter in _LETTERS if size >= part), (Decimal(1), ""))
        return part, before, letter
    return Decimal(1), before, {Unit.MULTIPLE: "x", Unit.HOURS: "h"}.get(unit, "")


def _label(value: Decimal, before: str, behind: str) -> str:
    if not value:
        return f"{before}0{behind if behind == '%' else ''}"
    return f"{MINUS if value < 0 else ''}{before}{exact(float(abs(value)))}{behind}"


def times(first: datetime, last: datetime, most: int) -> Sequence[tuple[datetime, str]]:
    """Round moments of UTC between the two, at most so many: hours, and at midnight the day."""
    step = next((step for step in _STEPS if (last - first) / step <= most), _STEPS[-1])
    start = _MONDAY + -((_MONDAY - first) // step) * step
    found = [start + n * step for n in range(most + 2) if first <= start + n * step <= last]
    return [(at, _said(at)) for at in found]


def _said(at: datetime) -> str:
    return f"{at.day} {at:%b}" if at.time() == datetime.min.time() else f"{at:%H:%M}"
