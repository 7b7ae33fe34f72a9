"""Which observations are believed: a tick of a hundred times the price, or a zero, is an error until it proves true."""

from collections.abc import Collection, Mapping
from statistics import median, median_high, median_low
from typing import TypeVar

from signals.model import Metric, Observation

K = TypeVar("K")

FAR = 5.0
"""So many times the reference, or its part of that size, is not believed."""

AGREE = 0.2
"""Relative difference within which a second word confirms a doubted one: bars of hours differ by more than ticks."""

LIKE = 0.1
"""Relative difference within which prices are of one coin."""

PRICES = frozenset({Metric.PRICE, Metric.INDEX})

STEADY = PRICES | {Metric.OI_LEVEL}
"""Levels that do not grow or shrink fivefold from one word to the next."""


def is_possible(seen: Observation) -> bool:
    """Whether the value can be one: nothing is traded at zero or below."""
    return seen.metric not in PRICES or seen.value > 0


def is_believed(seen: Observation, old: Observation | None, doubted: Observation | None) -> bool:
    """Whether a word is near enough to the last one believed, or confirms the one that was not."""
    if seen.metric not in STEADY or old is None or not old.value or is_near(seen.value, old.value):
        return True
    return doubted is not None and seen.value > 0 and abs(seen.value - doubted.value) <= AGREE * doubted.value


def is_near(value: float, reference: float) -> bool:
    """Whether a value lies within FAR of a reference above zero."""
    return reference / FAR < value < reference * FAR


def unlike_others(prices: Mapping[K, float], newcomers: Collection[K]) -> set[K]:
    """Those newcomers whose price is not within LIKE of the median of the others' prices; nobody who is alone.

    The others are those already known; where all are new, it is the median of all.
    """
    known = [price for who, price in prices.items() if who not in newcomers]
    middle = median(known or prices.values())
    return {who for who in newcomers if abs(prices[who] - middle) > LIKE * middle}


def strangers(prices: Mapping[K, float]) -> set[K]:
    """Whose price is far from the middle; of two halves that are far from each other nobody knows which is right."""
    if not prices:
        return set()
    least, most = min(prices.values()), max(prices.values())
    if is_near(least, most) and is_near(most, least):
        return set()
    middle = (median_low(prices.values()), median_high(prices.values()))
    return {who for who, price in prices.items() if not all(is_near(price, of) for of in middle)}
