"""`divergence`: price rises while open interest falls.

Open interest is judged in coins: with price +5 % and OI in dollars +2 %, coins fell 2.9 %; dollars hide it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from signals.features import change, last, ratio, total
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import Panel, Series, decimal
from signals.rules.model import Compare
from signals.shared import moved, spreads
from signals.units import part

LEAST_MOVE = 0.01
"""Both moves must be at least this large."""

PRICE_FLOOR = 0.002
OI_FLOOR = 0.003
"""Least own spread: half of a quiet market's moves are nothing, and nothing must not make one infinite."""

SHORTS_DOMINATE = 0.6

_SHORT_WINDOWS = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Divergence:
    """The smaller of the two moves in own spreads; not above 0 unless price is up and OI down by 1 % at least."""

    name: str = "divergence"
    title: str = "OI falls while price rises"
    family: Family = Family.POSITIONING
    claim: Direction | None = Direction.DOWN
    unit: Unit = Unit.SPREADS
    sides: frozenset[str] = frozenset()
    windows: tuple[timedelta, ...] = (timedelta(hours=4), timedelta(hours=1), timedelta(hours=24))
    needs: frozenset[Metric] = frozenset({Metric.PRICE, Metric.OI_LEVEL})
    basis: Metric = Metric.OI_LEVEL
    lookback: timedelta = timedelta(days=91)
    compare: Compare = Compare.ABOVE
    fire: float = 1.5
    clear: float = 0.75
    hold: timedelta = timedelta(minutes=5)

    def step(self, window: timedelta) -> timedelta:
        """5-minute bars up to 4 hours, else hours."""
        return timedelta(minutes=5) if window <= _SHORT_WINDOWS else timedelta(hours=1)

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """Spreads of both moves over their own 8 days (90 days for a day's window)."""
        del side
        bars = panel.at(self.step(window))
        span = timedelta(days=8 if window <= _SHORT_WINDOWS else 90)
        count = len(bars.times) if rows is None else min(rows, len(bars.times))
        price, oi = (moved(bars, of, window, count) for of in (Metric.PRICE, Metric.OI_LEVEL))
        rose = spreads(bars, Metric.PRICE, window, span, PRICE_FLOOR, count)
        smaller = np.minimum(rose, -spreads(bars, Metric.OI_LEVEL, window, span, OI_FLOOR, count))
        apart = (price >= LEAST_MOVE) & (oi <= -LEAST_MOVE)
        return np.where(apart, smaller, np.minimum(smaller, 0.0))

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """Both moves, and the likely cause."""
        del side
        bars = panel.at(self.step(window))
        column = bars.column(coin)
        price = last(change(bars, Metric.PRICE, window, 1), column)
        oi = last(change(bars, Metric.OI_LEVEL, window, 1), column)
        if column is None or price is None or oi is None:
            return ()
        return (
            Fact("price", price, Unit.FRACTION),
            Fact("OI in coins", oi, Unit.FRACTION),
            Fact("likely cause", None, Unit.FRACTION, _cause(bars, column, window)),
        )


def _cause(bars: Panel, column: int, window: timedelta) -> str:
    shorts = last(total(bars, [Metric.LIQ_SHORT], window, 1), column)
    both = last(total(bars, [Metric.LIQ_LONG, Metric.LIQ_SHORT], window, 1), column)
    if shorts is not None and both and shorts / both >= SHORTS_DOMINATE:
        return f"short covering: {part(shorts / both)} of liquidations were shorts"
    back = bars.bars(window)
    funding = decimal(bars[Metric.FUNDING][-back - 1 :, column])
    if len(funding) == back + 1 and funding[0] < 0 and funding[-1] > funding[0]:
        return "short covering: funding came up from below zero"
    spot = ratio(bars, window)[:, column]
    if len(spot) > back and spot[-1] > spot[-1 - back]:
        return "spot-led: the share of spot volume rose"
    return "cause unclear"
