"""`liqcluster`: the price comes back to a level where many were liquidated.

The levels are observed liquidations, at the price of the bar in which they were; nothing is estimated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from signals.features import last, sum_of
from signals.heard import evenly
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import ENOUGH, Matrix, Panel, Series
from signals.rules.model import Compare
from signals.units import part

BIN = 0.0025
"""Width of a level, as a part of the price now. It lies where the liquidations in it lie on average."""

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
"""Levels that are looked at to each side."""

FARTHEST = BIN * (_FAR + 1)
"""The score where there is no cluster among them."""

_HALF = BIN / 2
_HALVES = 2 * _FAR
"""Levels begin at each half of one, so that no level falls apart between two."""

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
    compare: Compare = Compare.BELOW
    fire: float = 0.005
    clear: float = 0.01
    hold: timedelta = timedelta(0)

    def step(self, window: timedelta) -> timedelta:
        """5-minute bars, which reach back over the week."""
        del window
        return timedelta(minutes=5)

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """The distance to the nearest such level; FARTHEST where there is none."""
        del side
        bars = panel.at(self.step(window))
        count = len(bars.times) if rows is None else min(rows, len(bars.times))
        return _nearest(bars, window, count)[0]

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """The level with its part of what was liquidated, and the price."""
        del side
        bars = panel.at(self.step(window))
        column = bars.column(coin)
        if column is None or not len(bars.times):
            return ()
        own = bars.only(column)
        level, share = (last(of, 0) for of in _nearest(own, window, 1)[1:])
        price = last(own[Metric.PRICE], 0)
        if level is None or share is None or price is None:
            return ()
        return (
            Fact("observed level", price * (1 + level), Unit.USD, f"with {part(share)} of a week's liquidations"),
            Fact("price now", price, Unit.USD, "after it was 1% away within the last day"),
        )


def _nearest(bars: Panel, window: timedelta, count: int) -> tuple[Series, Series, Series]:
    """For each last row the distance of the nearest cluster, and where there is one its place and its share."""
    found = [np.full((count, len(bars.coins)), np.nan) for _ in range(3)]
    week, apart, stop = bars.bars(window), bars.bars(APART), len(bars.times)
    first = max(stop - count, week + apart - 1)
    if bars.step > LONGEST or first >= stop:
        return found[0], found[1], found[2]
    begin = first - week - apart + 1
    prices = bars[Metric.PRICE][begin:]
    sums, heard = sum_of(bars, _BOTH, stop - begin), bars.matrices.get(Metric.LIQ_HEARD)
    for row in range(first, stop):
        end = row - begin + 1
        past = slice(end - week - apart, end - apart)
        old = sums[past] if heard is None else np.where(evenly(heard[begin:][past]), sums[past], np.nan)
        told = _of_row(prices[end - week - apart : end], old, apart)
        for of, told_of in zip(found, told, strict=True):
            of[row - (stop - count)] = told_of
    return found[0], found[1], found[2]


def _of_row(prices: Matrix, sums: Series, apart: int) -> tuple[Series, Series, Series]:
    """One row: distance, place and share by coin. `sums` end `apart` bars before the prices do."""
    week, now = len(sums), prices[-1].astype(np.float64)
    old = np.where(np.isfinite(prices[:week]), sums, np.nan)
    known = np.isfinite(old)
    whole = np.where(known, old, 0.0).sum(axis=0)
    held, at = _levels(prices[:week], old, now)
    lately = prices[-apart:]
    low, high = np.fmin.reduce(lately, axis=0) / now - 1, np.fmax.reduce(lately, axis=0) / now - 1
    is_cluster = (held > 0) & (held >= SHARE * whole) & (np.maximum(at - low, high - at) >= AWAY)
    distance = np.where(is_cluster, np.abs(at), FARTHEST)
    nearest = np.argmin(distance, axis=0)
    told = (known.sum(axis=0) >= ENOUGH * week) & (np.isfinite(lately).sum(axis=0) >= ENOUGH * apart) & np.isfinite(now)
    each = np.arange(len(now))
    is_there = told & is_cluster[nearest, each]
    return (
        np.where(told, distance[nearest, each], np.nan),
        np.where(is_there, at[nearest, each], np.nan),
        np.where(is_there, held[nearest, each] / np.where(whole > 0, whole, 1.0), np.nan),
    )


def _levels(prices: Matrix, sums: Series, now: Series) -> tuple[Series, Series]:
    """What was liquidated in each level around the price now, and where on average: levels x coins."""
    reach = _HALVES * _HALF
    row, column = np.nonzero((prices > now * (1 - reach)) & (prices < now * (1 + reach)) & (sums > 0))
    place, of = prices[row, column] / now[column] - 1, sums[row, column]
    halves = np.clip(np.floor(place / _HALF).astype(np.int64) + _HALVES, 0, 2 * _HALVES - 1)
    keys, shape = halves * len(now) + column, (2 * _HALVES, len(now))
    each, weighed = (
        np.bincount(keys, by, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
        for by in (of, of * place)
    )
    held: Series = each[:-1] + each[1:]
    at: Series = (weighed[:-1] + weighed[1:]) / np.where(held > 0, held, 1.0)
    return held, at
