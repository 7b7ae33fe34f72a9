"""`crowdedshorts`: few accounts are long for this coin, and shorts have paid time after time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from signals.crowd import FIVE, HOUR, accounts, weighed
from signals.features import ago, are_silent
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import Panel, Series, decimal
from signals.rules.model import Compare
from signals.shared import rank_of

FEW_LONGS = 0.20
"""Rank of longs / shorts at or under which the crowd is short."""

IN_A_ROW = 3
"""Settlements below zero in a row, on the 8-hour grid."""

GRID = timedelta(hours=8)
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class CrowdedShorts:
    """Settled funding below zero three times in a row, and few longs for this coin."""

    name: str = "crowdedshorts"
    title: str = "shorts are crowded and pay"
    family: Family = Family.CROWD
    claim: Direction | None = Direction.UP
    unit: Unit = Unit.VOTES
    sides: frozenset[str] = frozenset()
    windows: tuple[timedelta, ...] = (timedelta(0),)
    needs: frozenset[Metric] = frozenset({Metric.FUNDING_SETTLED, Metric.LS})
    basis: Metric = Metric.LS
    lookback: timedelta = timedelta(days=90)
    compare: Compare = Compare.AT_LEAST
    fire: float = 1.0
    clear: float = 0.5
    hold: timedelta = timedelta(minutes=15)

    def step(self, window: timedelta) -> timedelta:
        """5-minute bars; settlements and the past of the ratio are of hours."""
        del window
        return FIVE

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """0 while they do not pay; else 2 where the ratio is lowest, 1 at its 20th percentile, 0 from the 40th on."""
        del side
        bars, hours = panel.at(self.step(window)), panel.at(HOUR)
        count = len(bars.times) if rows is None else min(rows, len(bars.times))
        paid, told = _paid(hours, ago(hours, bars, timedelta(0), count)[:, 0])
        rank = rank_of(panel, bars, Metric.LS, count)
        return weighed(panel, bars, paid, np.where(told, rank, np.nan) / FEW_LONGS)

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """Which ratio, its rank, and the last settled rate."""
        del side
        hours = panel.at(HOUR)
        column = hours.column(coin)
        settled = decimal(hours[Metric.FUNDING_SETTLED][:, column]) if column is not None else np.empty(0)
        known = settled[np.isfinite(settled)]
        in_a_row = bool(len(known)) and bool(_paid(hours, np.array([len(hours.times) - 1]))[0][0, column])
        text = f"the last {IN_A_ROW} all below zero" if in_a_row else ""
        paid = [Fact("last settled", float(known[-1]), Unit.RATE_8H, text)] if len(known) else []
        return (*accounts(panel, panel.at(self.step(window)), coin), *paid)


def _paid(hours: Panel, at: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """By hours up to each row: whether IN_A_ROW settlements of the grid were below zero, and whether that is known.

    One known rate that is not below zero since the first of them is enough to say no. Hours in which a venue was
    silent tell nothing.
    """
    shape = (len(at), len(hours.coins))
    nothing = np.zeros(shape, np.bool_)
    grid = np.flatnonzero(hours.times % (GRID // _MS) == 0)
    if hours.step > GRID or not len(at):
        return nothing, nothing
    first = max(0, int(at.min()) - IN_A_ROW * hours.bars(GRID))
    settled = hours[Metric.FUNDING_SETTLED][first:].copy()
    settled[are_silent(hours, len(settled))] = np.nan
    on_grid = np.searchsorted(grid, at, side="right")
    whole = on_grid >= IN_A_ROW
    paid, told = nothing.copy(), nothing.copy()
    for row in np.unique(at[whole]):
        own = grid[: np.searchsorted(grid, row, side="right")][-IN_A_ROW:]
        above = (settled[own[0] - first : row + 1 - first] >= 0).any(axis=0)
        below = (settled[own - first] < 0).all(axis=0)
        paid[at == row], told[at == row] = below & ~above, above | below
    return paid, told
