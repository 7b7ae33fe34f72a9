"""`momentum`: open interest and price rise together, while longs pay a usual price for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from signals.divergence import OI_FLOOR, PRICE_FLOOR
from signals.features import SETTLES_IN, ago, change, is_same_market, last
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import Panel, Series, decimal
from signals.rules.model import Compare
from signals.shared import rank_of, spreads

WINDOW = timedelta(hours=4)
BASELINE = timedelta(days=8)
HOT = 0.95
"""Rank from which funding is too high for a calm rise."""


@dataclass(frozen=True, slots=True)
class Momentum:
    """The smaller of the two rises in own spreads; not above 0 unless funding is above zero and under its own 95th."""

    name: str = "momentum"
    title: str = "OI and price rise together"
    family: Family = Family.POSITIONING
    claim: Direction | None = Direction.UP
    unit: Unit = Unit.SPREADS
    sides: frozenset[str] = frozenset()
    windows: tuple[timedelta, ...] = (WINDOW,)
    needs: frozenset[Metric] = frozenset({Metric.PRICE, Metric.OI_LEVEL, Metric.FUNDING})
    basis: Metric = Metric.OI_LEVEL
    lookback: timedelta = timedelta(days=90)
    compare: Compare = Compare.ABOVE
    fire: float = 1.5
    clear: float = 0.75
    hold: timedelta = timedelta(minutes=15)

    def step(self, window: timedelta) -> timedelta:
        """5-minute bars; the past of funding is made of hours."""
        del window
        return timedelta(minutes=5)

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """Spreads of both rises over their own 8 days."""
        del side
        bars, hours = panel.at(self.step(window)), panel.at(timedelta(hours=1))
        count = len(bars.times) if rows is None else min(rows, len(bars.times))
        price = spreads(bars, Metric.PRICE, window, BASELINE, PRICE_FLOOR, count)
        smaller = np.minimum(spreads(bars, Metric.OI_LEVEL, window, BASELINE, OI_FLOOR, count), price)
        funding, rank = bars[Metric.FUNDING][len(bars.times) - count :], rank_of(panel, bars, Metric.FUNDING, count)
        same = is_same_market(bars, hours, ago(hours, bars, SETTLES_IN, count))
        calm = (funding > 0) & (rank < HOT)
        return np.where(np.isnan(rank) | ~same, np.nan, np.where(calm, smaller, np.minimum(smaller, 0.0)))

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """Both rises, what longs pay, and whether more accounts went long."""
        del side
        bars = panel.at(self.step(window))
        column = bars.column(coin)
        price = last(change(bars, Metric.PRICE, window, 1), column)
        oi = last(change(bars, Metric.OI_LEVEL, window, 1), column)
        funding = last(decimal(bars[Metric.FUNDING][-1:]), column)
        if column is None or price is None or oi is None or funding is None:
            return ()
        rank = last(rank_of(panel, bars, Metric.FUNDING, 1), column)
        return (
            Fact("price", price, Unit.FRACTION),
            Fact("OI in coins", oi, Unit.FRACTION),
            Fact("funding", funding, Unit.RATE_8H),
            *([] if rank is None else [Fact("rank of 90 days", rank, Unit.RANK)]),
            *_crowd(bars, column, window),
        )


def _crowd(bars: Panel, column: int, window: timedelta) -> Sequence[Fact]:
    """Confirmed where the ratio of accounts rose over the window too."""
    back = bars.bars(window)
    accounts = bars[Metric.LS][-back - 1 :, column].astype(np.float64)
    if len(accounts) <= back or not accounts[0] > 0 or not np.isfinite(accounts[-1]):
        return []
    rose = bool(accounts[-1] > accounts[0])
    said = "yes, longs / shorts rose too" if rose else "no, longs / shorts did not rise"
    return [Fact("confirmed by accounts", None, Unit.FRACTION, said)]
