"""`cascade`: liquidations drive the price, and the price drives liquidations.

A cascade of longs is forced selling, one of shorts forced buying: a squeeze.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

import numpy as np
import numpy.typing as npt

from signals.features import change, last, share_below, total
from signals.heard import OWN, counting
from signals.model import Direction, Fact, Family, Metric, Side, Unit
from signals.panel import ENOUGH, Panel, Series
from signals.rules.model import Compare

WINDOW = timedelta(minutes=15)
"""Over which open interest falls and the price moves, and after which a cascade that does not go on is over."""

BURST = timedelta(minutes=5)
HOT_PART = 0.6
"""Part of a burst's bars that are hot: 3 of 5."""

RARE = 0.005
"""A bar is hot where fewer than this part of the bars of the coin's own past had more liquidated."""

CLOSED = -0.03
"""Change of open interest in coins at or under which positions were closed."""

PAST = timedelta(hours=23)
"""The coin's own past that a bar is held against: with what lies behind it, minutes of a day are enough."""

BEFORE = timedelta(minutes=30)
"""How long before the row that past ends, so that a cascade is not held against itself."""

FRAGILE = 0.9
"""Rank of open interest at the start, in its own 90 days, from which the market was fragile."""

_QUARTER, _HOUR, _MINUTE = timedelta(days=90), timedelta(hours=1), timedelta(minutes=1)

LONGEST = timedelta(minutes=5)

_BOTH = (Metric.LIQ_LONG, Metric.LIQ_SHORT)
_Marks = npt.NDArray[np.bool_]
_Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cascade:
    """On while within 15 minutes liquidations were hot, open interest fell by 3 % and the price went along."""

    name: str = "cascade"
    title: str = "cascade of liquidations"
    family: Family = Family.LIQUIDATION
    claim: Direction | None = None
    unit: Unit = Unit.STATE
    sides: frozenset[str] = frozenset(Side)
    windows: tuple[timedelta, ...] = (timedelta(0),)
    needs: frozenset[Metric] = frozenset({*_BOTH, Metric.OI_LEVEL, Metric.PRICE})
    basis: Metric = Metric.LIQ_LONG
    lookback: timedelta = PAST + BEFORE
    compare: Compare = Compare.ABOVE
    fire: float = 0.5
    clear: float = 0.25
    hold: timedelta = timedelta(0)

    def step(self, window: timedelta) -> timedelta:
        """Judged on the shortest bars, over WINDOW."""
        del window
        return _MINUTE

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """1 while it goes on, else 0; unknown on bars longer than 5 minutes, or while a part of the span is unknown."""
        del window
        bars = panel.at(_MINUTE)
        count = len(bars.times) if rows is None else min(rows, len(bars.times))
        if bars.step > LONGEST or not count:
            return np.full((count, len(bars.coins)), np.nan)
        span, asked = bars.bars(WINDOW), count + bars.bars(WINDOW) - 1
        longs, shorts = (total(bars, [of], BURST, asked) for of in _BOTH)
        oi, price = (change(bars, of, WINDOW, asked) for of in (Metric.OI_LEVEL, Metric.PRICE))
        fell, rose = (price < 0) & (longs > shorts), (price > 0) & (shorts > longs)
        with_side = {Side.LONG: fell, Side.SHORT: rose}[Side(side)] if side else fell | rose
        moved, known = with_side & (oi <= CLOSED), np.isfinite(longs + shorts + oi + price)
        moved, known = (_windows(of, count, span) for of in (moved, known))
        on, is_told = _lit(bars, moved)
        return np.where(is_told & known.all(axis=2), on.astype(np.float64), np.nan)

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """What was closed and how OI and price moved, over WINDOW, and over `window` besides where it has gone on."""
        bars = panel.at(self.step(window))
        column = bars.column(coin)
        if column is None or bars.step > LONGEST:
            return ()
        own, span = bars.only(column), bars.bars(WINDOW + window) * bars.step
        longs, shorts = (last(total(own, [of], span, 1), 0) for of in _BOTH)
        oi, price = (last(change(own, of, span, 1), 0) for of in (Metric.OI_LEVEL, Metric.PRICE))
        if longs is None or shorts is None:
            return ()
        moves = (Fact("OI in coins", oi, Unit.FRACTION), Fact("price", price, Unit.FRACTION))
        return (
            Fact(
                "liquidated", longs + shorts, Unit.USD, _forced(side or (Side.LONG if longs >= shorts else Side.SHORT))
            ),
            *([Fact("side", longs / (longs + shorts), Unit.FRACTION, "longs")] if longs + shorts else []),
            *(move for move in moves if move.value is not None),
            *_fragile(own, panel, coin, span),
        )


def _forced(side: str) -> str:
    return "forced selling" if side == Side.LONG else "forced buying: a squeeze"


def _fragile(own: Panel, panel: Panel, coin: str, span: timedelta) -> Sequence[Fact]:
    """Whether open interest was high for this coin when it began."""
    hours, back = panel.at(_HOUR), own.bars(span)
    column = hours.column(coin)
    if column is None or len(own.times) <= back:
        return ()
    began = int(own.times[-1 - back])
    stop = int(np.searchsorted(hours.times, began, side="left"))
    past = hours[Metric.OI_LEVEL][:stop, column].astype(np.float64)
    wanted = hours.bars(_QUARTER)
    rank = share_below(past[-wanted:], float(own[Metric.OI_LEVEL][-1 - back, 0]), wanted)
    return (Fact("fragile before", rank, Unit.RANK, "OI at the start"),) if rank >= FRAGILE else ()


def _lit(bars: Panel, moved: _Marks) -> tuple[_Marks, _Marks]:
    """For each last row whether a burst was hot at one of the bars that moved; whether the row's past is known.

    `moved` is rows x coins x bars of the row's span. All bars that a row looks at are held against one and the same
    past, that of the row: against those of its bars in which all were heard who are in what is looked at, if they are
    OWN of it.
    """
    count, _, span = moved.shape
    burst, length, before = bars.bars(BURST), bars.bars(PAST), bars.bars(BEFORE)
    looked, stop = span + burst - 1, len(bars.times)
    begin = max(0, stop - count - before - length)
    own = bars.rows(begin, stop)
    both = np.add(own[Metric.LIQ_LONG], own[Metric.LIQ_SHORT], dtype=np.float64)
    ends = np.arange(stop - count + 1, stop + 1) - begin
    past = np.maximum(ends - before - length, 0), np.maximum(ends - before, 0)
    here = np.maximum(ends - looked, 0)
    seen = np.isfinite(both)
    known, lately = _counted(seen, *past), _counted(seen, here, ends)
    told = (known >= ENOUGH * length) & (lately == (ends - here)[:, np.newaxis])
    heard = own.matrices.get(Metric.LIQ_HEARD)
    on = np.zeros(told.shape, np.bool_)
    for row, coin in zip(*np.nonzero(moved.any(axis=2) & told), strict=True):
        now, then = slice(here[row], ends[row]), slice(past[0][row], past[1][row])
        counts = seen[then, coin]
        if heard is not None:
            counts = counts & counting(heard[now, coin], heard[then, coin])
        usual = both[then, coin][counts]
        if len(usual) < OWN * length:
            told[row, coin] = False
            continue
        hot = (both[now, coin] > _edge(usual)).astype(np.int64)
        bursts = np.convolve(hot, np.ones(burst, np.int64), "valid") >= ceil(HOT_PART * burst)
        on[row, coin] = (bursts & moved[row, coin]).any()
    return on, told


def _counted(of: _Marks, starts: _Rows, stops: _Rows) -> _Rows:
    """How many are marked from each start to its stop, starts x coins."""
    if len(stops) == 1:
        return np.count_nonzero(of[starts[0] : stops[0]], axis=0, keepdims=True).astype(np.int64)
    sums = np.concatenate([np.zeros((1, of.shape[1]), np.int64), of.cumsum(axis=0)])
    counted: _Rows = sums[stops] - sums[starts]
    return counted


def _edge(usual: Series) -> float:
    """What a hot bar exceeds: so many of the usual ones that no more than RARE of them are larger."""
    place = len(usual) - 1 - int(RARE * len(usual))
    return float(np.partition(usual, place)[place])


def _windows(of: _Marks, count: int, span: int) -> _Marks:
    """For each last row the marks of its span, rows x coins x bars; what lies before the first bar is not so."""
    short = count + span - 1 - len(of)
    wide = np.concatenate([np.zeros((short, of.shape[1]), np.bool_), of]) if short > 0 else of
    return np.lib.stride_tricks.sliding_window_view(wide, span, axis=0)
