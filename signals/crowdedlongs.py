"""`crowdedlongs`: many accounts are long for this coin, and they pay much for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from signals.crowd import FIVE, accounts, weighed
from signals.features import last
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import Panel, Series, decimal
from signals.rules.model import Compare
from signals.shared import rank_of

MANY_LONGS = 0.95
"""Rank of longs / shorts at or over which the crowd is long."""

PAYS = 0.0003
"""What longs pay at least where they are a crowd, per 8 hours."""


@dataclass(frozen=True, slots=True)
class CrowdedLongs:
    """Running funding at +0.03 % per 8 hours or more, and many longs for this coin."""

    name: str = "crowdedlongs"
    title: str = "longs are crowded and pay"
    family: Family = Family.CROWD
    claim: Direction | None = Direction.DOWN
    unit: Unit = Unit.VOTES
    sides: frozenset[str] = frozenset()
    windows: tuple[timedelta, ...] = (timedelta(0),)
    needs: frozenset[Metric] = frozenset({Metric.FUNDING, Metric.LS})
    basis: Metric = Metric.LS
    lookback: timedelta = timedelta(days=90)
    compare: Compare = Compare.AT_LEAST
    fire: float = 1.0
    clear: float = 0.5
    hold: timedelta = timedelta(minutes=15)

    def step(self, window: timedelta) -> timedelta:
        """5-minute bars; the past of the ratio is of hours."""
        del window
        return FIVE

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """0 while they do not pay; else 2 with the ratio at its highest, 1 at its 95th percentile, 0 under the 90th."""
        del side
        bars = panel.at(self.step(window))
        count = len(bars.times) if rows is None else min(rows, len(bars.times))
        rates = decimal(bars[Metric.FUNDING][len(bars.times) - count :])
        rank = rank_of(panel, bars, Metric.LS, count)
        return weighed(panel, bars, rates >= PAYS, np.where(np.isnan(rates), np.nan, 1 - rank) / (1 - MANY_LONGS))

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """Which ratio, its rank, and the running rate."""
        del side
        bars = panel.at(self.step(window))
        rate = last(decimal(bars[Metric.FUNDING][-1:]), bars.column(coin))
        paid = [] if rate is None else [Fact("funding", rate, Unit.RATE_8H)]
        return (*accounts(panel, bars, coin), *paid)
