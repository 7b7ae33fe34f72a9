"""`fundingextreme`: funding unusually high or low for this coin, and large.

The rank is taken among the coin's own 90 days, so a coin that always pays much is not extreme by paying much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from signals.features import SETTLES_IN, ago, is_same_market, last
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import Panel, Series, decimal
from signals.rules.model import Compare
from signals.shared import rank_of
from signals.units import yearly

LEAST = 0.0003
"""A rate nearer to zero than this is not extreme, however rare."""

HIGH, LOW = "high", "low"


@dataclass(frozen=True, slots=True)
class FundingExtreme:
    """Twice the distance of the rate's rank from the middle; 0 where the rate is small or on the other side of zero."""

    name: str = "fundingextreme"
    title: str = "funding is extreme for this coin"
    family: Family = Family.FUNDING
    claim: Direction | None = None
    unit: Unit = Unit.RANK
    sides: frozenset[str] = frozenset({HIGH, LOW})
    windows: tuple[timedelta, ...] = (timedelta(0),)
    needs: frozenset[Metric] = frozenset({Metric.FUNDING})
    basis: Metric = Metric.FUNDING
    lookback: timedelta = timedelta(days=90)
    compare: Compare = Compare.AT_LEAST
    fire: float = 0.98
    clear: float = 0.90
    hold: timedelta = timedelta(minutes=15)

    def step(self, window: timedelta) -> timedelta:
        """Judged on the shortest bars; its past is made of hours."""
        del window
        return timedelta(minutes=1)

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """From 0 in the middle to 1 at the highest, or at the lowest; of a side, that end is 1 and the other -1."""
        bars = panel.at(self.step(window))
        count = len(bars.times) if rows is None else min(rows, len(bars.times))
        rates, hours = decimal(bars[Metric.FUNDING][len(bars.times) - count :]), panel.at(timedelta(hours=1))
        distance = 2 * rank_of(panel, bars, Metric.FUNDING, count) - 1
        large = (np.abs(rates) >= LEAST) & (np.sign(rates) == np.sign(distance))
        same = is_same_market(bars, hours, ago(hours, bars, SETTLES_IN, count))
        signed = np.where(np.isnan(distance) | ~same, np.nan, np.where(large, distance, 0.0))
        return {HIGH: signed, LOW: -signed}.get(side, np.abs(signed)) + 0.0

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """The rate, its rank, and what it is a year."""
        del side
        bars = panel.at(self.step(window))
        column = bars.column(coin)
        rate = last(decimal(bars[Metric.FUNDING][-1:]), column)
        if rate is None:
            return ()
        rank = last(rank_of(panel, bars, Metric.FUNDING, 1), column)
        return (
            Fact("funding", rate, Unit.RATE_8H, "longs pay shorts" if rate > 0 else "shorts pay longs"),
            *([] if rank is None else [Fact("rank of 90 days", rank, Unit.RANK)]),
            Fact("a year", yearly(rate), Unit.RATE_YEAR),
        )
