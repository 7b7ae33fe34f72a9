"""Conversions of units, names of coins, and how numbers are written for people."""

import re

HOURS_PER_YEAR = 24 * 365
FUNDING_INTERVALS_H = (1.0, 2.0, 4.0, 6.0, 8.0, 24.0)
"""Hours that one funding rate may cover."""


def eight_hourly(rate: float, interval_h: float) -> float:
    """A funding rate per interval as a fraction per 8 hours."""
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
