"""A glance: what the numbers that people ask for were at one moment, of all coins, without the bars behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from signals.panel import Marks, Series

Over: TypeAlias = tuple[str, timedelta]
"""The name of a number, over all venues, and its window."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a moment reads of a number: the values of all coins in the bar that ends at `end`; None without such a bar.

    NaN is unknown.
    """

    at: datetime
    end: datetime
    step: timedelta
    values: list[float] | None


@dataclass(frozen=True, slots=True)
class Glance:
    """What was seen at a moment: rows of all coins, in their order."""

    at: datetime
    coins: tuple[str, ...]
    rows: Mapping[Over, Row]
    holes: Mapping[Over, Marks]
    """For each sum, whether it lacks a bar and so is a floor."""
    ratio: Series
    """Spot / futures volume of a day, at the end of the last hour."""
    rank: Series
    """Its place among the hours of 90 days, from 0 to 1."""
