"""`liqcluster`: the price comes back to a level where many were liquidated.

The levels are observed liquidations, at the price of the bar in which they were; nothing is estimated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from signals.features import last, sum_of
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import ENOUGH, Panel, Series

BIN = 0.0025
"""Width of a level, as a part of the price now."""

SHARE = 0.05
"""Part of the week's liquidations that makes a level a cluster."""

WEEK = timedelta(days=7)
APART = timedelta(days=1)
"""A level is older than this, and the price was away from it within this."""

AWAY = 0.01
"""How far the price must have been from a level to come back to it."""

LONGEST = timedelta(hours=1)
"""The close of a longer bar does not tell at what price its liquidations were."""

_FAR = 8
"""Levels that are looked at to each side; further ones count as one more away."""

_BOTH = (Metric.LIQ_LONG, Metric.LIQ_SHORT)


@dataclass(frozen=True, slots=True)
class LiqCluster:
    """How far the price is from the nearest cluster that it comes back to, as a part of itself."""

    name: str = "liqcluster"
    title: str = "price is back where many were liquidated"
    family: Family = Family.LIQUIDATION
    claim: Direction | None = None
    unit: Unit = Unit.FRACTION
    sides: frozenset[str] = frozenset()
    windows: tuple[timedelta, ...] = (WEEK,)
    needs: frozenset[Metric] = frozenset({*_BOTH, Metric.PRICE})
    basis: Metric = Metric.LIQ_LONG
    lookback: timedelta = WEEK + APART
    fire: float = 0.005
    clear: float = 0.01
    hold: timedelta = timedelta(0)

    def step(self, window: timedelta) -> timedelta:
        """5-minute bars, which reach back over the week."""
        del window
        return timedelta(minutes=5)

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """The distance to the middle of the nearest such level; the greatest that is looked at where there is none."""
        del side
        bars = panel.at(self.step(window))
        count = len(bars.times) if rows is None else min(rows, len(bars.times))
        return _nearest(bars, window, count)[0]

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """The level, its distance, and its part of what was liquidated."""
        del side
        bars = panel.at(self.step(window))
        column = bars.column(coin)
        if column is None or not len(bars.times):
            return ()
        own = bars.only(column)
        distance, level, share = (last(of, 0) for of in _nearest(own, window, 1))
        price = last(own[Metric.PRICE], 0)
        if distance is None or level is None or share is None or price is None:
            return ()
        return (
            Fact("observed level", price * (1 + level), Unit.USD),
            Fact("price is away by", distance, Unit.FRACTION),
            Fact("liquidated there", share, Unit.FRACTION, "of the week before the last day"),
        )


def _nearest(bars: Panel, window: timedelta, count: int) -> tuple[Series, Series, Series]:
    """For each last row the distance of the nearest cluster, and where there is one its place and its share."""
    found = [np.full((count, len(bars.coins)), np.nan) for _ in range(3)]
    week, apart, stop = bars.bars(window), bars.bars(APART), len(bars.times)
    first = max(stop - count, week + apart - 1)
    if bars.step > LONGEST or first >= stop:
        return found[0], found[1], found[2]
    begin = first - week - apart + 1
    prices = bars[Metric.PRICE][begin:].astype(np.float64)
    sums = sum_of(bars.rows(begin, stop), _BOTH)
    for row in range(first, stop):
        end = row - begin + 1
        told = _of_row(prices[end - week - apart : end], sums[end - week - apart : end - apart], apart)
        for of, told_of in zip(found, told, strict=True):
            of[row - (stop - count)] = told_of
    return found[0], found[1], found[2]


def _of_row(prices: Series, sums: Series, apart: int) -> tuple[Series, Series, Series]:
    """One row: distance, place and share by coin. `sums` end `apart` bars before the prices do."""
    week, now = len(sums), prices[-1]
    places = prices[:week] / now - 1
    known = np.isfinite(places) & np.isfinite(sums)
    levels = np.rint(places / BIN)
    near = known & (np.abs(levels) <= _FAR) & (sums > 0)
    row, column = np.nonzero(near)
    wide = 2 * _FAR + 1
    keys = column * wide + levels[row, column].astype(np.int64) + _FAR
    held = np.bincount(keys, sums[row, column], minlength=len(now) * wide).reshape(len(now), wide)
    whole = np.where(known, sums, 0.0).sum(axis=0)
    shares = held / np.where(whole > 0, whole, 1.0)[:, np.newaxis]
    at = BIN * np.arange(-_FAR, _FAR + 1)
    lately = prices[-apart:] / now - 1
    low, high = np.fmin.reduce(lately, axis=0), np.fmax.reduce(lately, axis=0)
    was_away = np.maximum(at - low[:, np.newaxis], high[:, np.newaxis] - at) >= AWAY
    is_cluster = (shares >= SHARE) & was_away
    distance = np.where(is_cluster, np.abs(at), BIN * (_FAR + 1))
    nearest = np.argmin(distance, axis=1)
    told = (known.sum(axis=0) >= ENOUGH * week) & (np.isfinite(lately).sum(axis=0) >= ENOUGH * apart) & np.isfinite(now)
    each = np.arange(len(now))
    is_there = told & is_cluster[each, nearest]
    return (
        np.where(told, distance[each, nearest], np.nan),
        np.where(is_there, at[nearest], np.nan),
        np.where(is_there, shares[each, nearest], np.nan),
    )
