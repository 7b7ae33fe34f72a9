"""Numbers of all coins, bar by bar: what levels, moves, sums, ratios and scores were on stored bars."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from signals import features
from signals.base import Signal, latest
from signals.model import ALL, ROLLING, Cell, Metric
from signals.panel import STORED, Matrix, Panel, Series
from signals.units import yearly

LEVEL = timedelta(0)
DAY = timedelta(days=1)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

SUMS: Mapping[str, tuple[Metric, ...]] = {
    Metric.LIQ: (Metric.LIQ_LONG, Metric.LIQ_SHORT),
    Metric.LIQ_LONG: (Metric.LIQ_LONG,),
    Metric.LIQ_SHORT: (Metric.LIQ_SHORT,),
    Metric.VOLUME: (Metric.VOLUME,),
    Metric.VOLUME_SPOT: (Metric.VOLUME_SPOT,),
}
"""What is added up over a window, and of which bars."""

VOLUMES: Mapping[str, Metric] = {
    metric.value: metric for metric in (Metric.VOLUME, Metric.VOLUME_SPOT, Metric.VOLUME_PAIRED)
}
MOVES: Mapping[str, Metric] = {Metric.OI: Metric.OI_LEVEL, Metric.PRICE: Metric.PRICE}
QUOTIENTS: Mapping[str, Callable[[Panel, timedelta, int | None], Series]] = {
    Metric.RATIO: features.ratio,
    Metric.TAKER: features.taker,
}


_OPEN = frozenset({Metric.OI_LEVEL, Metric.OI_EXPECTED, Metric.PRICE})
_MADE_OF: Mapping[str, frozenset[Metric]] = {
    Metric.FUNDING_APR: frozenset({Metric.FUNDING}),
    Metric.OI_USD: _OPEN,
    Metric.BASIS: frozenset({Metric.PRICE, Metric.INDEX}),
    Metric.OI: _OPEN,
    Metric.PRICE: _OPEN,
    Metric.LIQ: frozenset({Metric.LIQ_LONG, Metric.LIQ_SHORT, Metric.LIQ_HEARD}) | _OPEN,
    Metric.LIQ_LONG: frozenset({Metric.LIQ_LONG, Metric.LIQ_HEARD}) | _OPEN,
    Metric.LIQ_SHORT: frozenset({Metric.LIQ_SHORT, Metric.LIQ_HEARD}) | _OPEN,
    Metric.TAKER: frozenset({Metric.TAKER_BUY, Metric.TAKER_SELL}),
    Metric.VOLUME: frozenset({Metric.VOLUME, Metric.VOLUME_24H}),
    Metric.VOLUME_SPOT: frozenset({Metric.VOLUME_SPOT, Metric.VOLUME_SPOT_24H}),
    Metric.VOLUME_PAIRED: frozenset({Metric.VOLUME_PAIRED, Metric.VOLUME_PAIRED_24H}),
    Metric.RATIO: frozenset(
        {metric for of in (Metric.VOLUME_SPOT, Metric.VOLUME_PAIRED) for metric in (of, ROLLING[of])}
    ),
}


class Number(NamedTuple):
    """What a cell measures, of any coin: its address without the coin and the yardstick."""

    name: str
    window: timedelta = LEVEL
    venue: str = ALL
    side: str = ""


def number_of(cell: Cell) -> Number:
    """What the cell measures."""
    return Number(cell.name, cell.window, cell.venue, cell.side)


def needs(number: Number, signals: Mapping[str, Signal]) -> frozenset[Metric]:
    """The metrics of bars that it, and what it is held against, are computed from."""
    if number.name in signals:
        return signals[number.name].needs | {Metric.OI_EXPECTED, Metric.LIQ_HEARD}
    return _MADE_OF.get(number.name, frozenset({Metric(number.name)} & set(STORED)))


def bars_of(panel: Panel, number: Number, signals: Mapping[str, Signal]) -> Panel:
    """The bars on which it is judged: the shortest that reach back over its window."""
    if number.name in signals:
        return panel.at(signals[number.name].step(number.window))
    return panel.at(MINUTE if number.window <= DAY else HOUR)


def values(panel: Panel, number: Number, signals: Mapping[str, Signal], rows: int | None = None) -> Series:
    """What it was on its bars, rows x coins, unknown where they cannot tell; with `rows`, only so many last ones.

    As precise as bars are. Of one venue only prices and open interest are kept, so the rest is unknown.
    """
    bars = bars_of(panel, number, signals)
    if number.name in signals and number.venue == ALL:
        signal, window, side = signals[number.name], number.window, number.side
        return latest(signal, panel, window, side) if rows == 1 else signal.score(panel, window, rows, side)
    if number.window == LEVEL:
        own = bars.tail(len(bars.times) if rows is None else rows)
        own = own if number.venue == ALL else _alone(own, number.venue)
        return level(number.name, {metric: own[metric] for metric in needs(number, signals) or STORED[:1]})
    own = bars if number.venue == ALL else only(bars, number.venue)
    if number.name in MOVES:
        return features.change(own, MOVES[number.name], number.window, rows, lone=number.venue != ALL)
    if number.venue == ALL and number.name in VOLUMES:
        return features.volume(bars, VOLUMES[number.name], number.window, rows)
    if number.venue == ALL and number.name in SUMS:
        return features.total(bars, SUMS[number.name], number.window, rows)
    if number.venue == ALL and number.name in QUOTIENTS:
        return QUOTIENTS[number.name](bars, number.window, rows)
    return np.full((len(bars.times) if rows is None else min(rows, len(bars.times)), len(bars.coins)), np.nan)


def only(bars: Panel, venue: str) -> Panel:
    """The panel as if that venue were the whole market, for moves."""
    own = {name for by in bars.legs.values() for name in by if re.split("[/#]", name)[0] == venue}
    legs = {metric: {name: bars.leg(metric, name) for name in sorted(own)} for metric in bars.legs}
    oi = _summed(legs.get(Metric.OI_LEVEL, {}), bars.shape)
    price = _summed(legs.get(Metric.PRICE, {}), bars.shape)
    whole = {Metric.PRICE: price, Metric.OI_LEVEL: oi, Metric.OI_EXPECTED: oi}
    return Panel(bars.times, bars.coins, bars.step, whole, legs)


def level(name: str, parts: Mapping[Metric, Matrix]) -> Series:
    """A level, made of those that bars keep."""
    match name:
        case Metric.FUNDING_APR:
            return yearly(1.0) * parts[Metric.FUNDING].astype(np.float64)
        case Metric.OI_USD:
            return parts[Metric.OI_LEVEL].astype(np.float64) * parts[Metric.PRICE]
        case Metric.BASIS:
            mark, index = parts[Metric.PRICE].astype(np.float64), parts[Metric.INDEX].astype(np.float64)
            return np.where(index > 0, (mark - index) / np.where(index > 0, index, 1.0), np.nan)
        case _:
            kept = parts.get(Metric(name))
            return np.full(next(iter(parts.values())).shape, np.nan) if kept is None else kept.astype(np.float64)


def _alone(bars: Panel, venue: str) -> Panel:
    """What bars keep of one venue's levels: open interest, and the price where it has one contract on a coin."""
    own = only(bars, venue)
    known = np.sum([np.isfinite(leg) for leg in own.legs.get(Metric.PRICE, {}).values()], axis=0)
    price = np.where(known == 1, own[Metric.PRICE], np.nan).astype(np.float32)
    return Panel(bars.times, bars.coins, bars.step, {Metric.OI_LEVEL: own[Metric.OI_LEVEL], Metric.PRICE: price})


def _summed(legs: Mapping[str, Matrix], shape: tuple[int, int]) -> Matrix:
    """The legs added up where any is known: their sum is looked at for being known alone, or as a weight."""
    total, known = np.zeros(shape), np.zeros(shape, np.bool_)
    for leg in legs.values():
        known |= np.isfinite(leg)
        total += np.nan_to_num(leg)
    summed: Matrix = np.where(known, total, np.nan).astype(np.float32)
    return summed
