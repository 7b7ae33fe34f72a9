"""`negfunding`: shorts pay longs.

The score is the running funding rate itself, per 8 hours. Neutral is about +0.01 % on most venues, not 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from signals.features import last, share_below
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import Panel, Series, decimal, from_ms
from signals.units import yearly

NOTABLE = -0.0001
EXTREME = -0.0005
NEUTRAL = 0.0001

_HOUR = timedelta(hours=1)
_DAYS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class NegFunding:
    """Funding below -0.01 % per 8 hours, held for 15 minutes; ends above -0.005 %."""

    name: str = "negfunding"
    title: str = "shorts pay longs"
    family: Family = Family.FUNDING
    claim: Direction | None = Direction.UP
    unit: Unit = Unit.RATE_8H
    sides: frozenset[str] = frozenset()
    windows: tuple[timedelta, ...] = (timedelta(0),)
    needs: frozenset[Metric] = frozenset({Metric.FUNDING})
    basis: Metric = Metric.FUNDING
    lookback: timedelta = timedelta(0)
    fire: float = NOTABLE
    clear: float = -0.00005
    hold: timedelta = timedelta(minutes=15)

    def step(self, window: timedelta) -> timedelta:
        """Judged on the shortest bars."""
        del window
        return timedelta(minutes=1)

    def score(self, panel: Panel, window: timedelta, rows: int | None = None) -> Series:
        """The running rate per 8 hours."""
        bars = panel.at(self.step(window))
        return decimal(bars[Metric.FUNDING][-rows if rows else None :])

    def evidence(self, panel: Panel, coin: str, window: timedelta) -> Sequence[Fact]:
        """Grade, yearly rate, rank, how long below zero, and what was really paid."""
        bars = panel.at(self.step(window))
        rate = last(self.score(panel, window, 1), bars.column(coin))
        if rate is None:
            return ()
        hours = panel.at(_HOUR)
        return (
            *_grade(hours, coin, rate),
            Fact("a year", yearly(rate), Unit.RATE_YEAR),
            Fact("from neutral", rate - NEUTRAL, Unit.RATE_8H, "neutral is about +0.01%"),
            *_below_zero(bars, hours, coin),
            *_settled(hours, coin),
        )


def _grade(hours: Panel, coin: str, rate: float) -> Sequence[Fact]:
    column = hours.column(coin)
    wanted = hours.bars(_DAYS)
    past = hours[Metric.FUNDING][-wanted:, column].astype(np.float64) if column is not None else np.empty(0)
    rank = share_below(past, rate, wanted)
    own_low = bool(np.isfinite(rank)) and rank <= 0.01
    grade = "extreme" if rate < EXTREME or own_low else "notable" if rate < NOTABLE else "mild"
    facts = [Fact("grade", None, Unit.FRACTION, grade)]
    if np.isfinite(rank):
        facts.append(Fact("rank of 90 days", rank, Unit.RANK))
    return facts


def _below_zero(bars: Panel, hours: Panel, coin: str) -> Sequence[Fact]:
    """How long in a row, from the bars that reach further back."""
    longest = max((_run(p, coin) for p in (bars, hours)), default=timedelta(0))
    return [Fact("below zero for", longest / _HOUR, Unit.HOURS)] if longest else []


def _run(panel: Panel, coin: str) -> timedelta:
    column = panel.column(coin)
    if column is None:
        return timedelta(0)
    negative = panel[Metric.FUNDING][:, column] < 0
    not_below = np.flatnonzero(~negative)
    return (len(negative) - 1 - (int(not_below[-1]) if len(not_below) else -1)) * panel.step


def _settled(hours: Panel, coin: str) -> Sequence[Fact]:
    """The last settled rate, and for how many settlements of the 8-hour grid in a row it was negative."""
    column = hours.column(coin)
    if column is None:
        return []
    settled = decimal(hours[Metric.FUNDING_SETTLED][:, column])
    known = np.flatnonzero(np.isfinite(settled))
    if not len(known):
        return []
    facts = [Fact("last settled", float(settled[known[-1]]), Unit.RATE_8H)]
    on_grid = [i for i in known.tolist() if from_ms(int(hours.times[i])).hour % 8 == 0]
    in_a_row = 0
    for i in reversed(on_grid):
        if settled[i] >= 0:
            break
        in_a_row += 1
    if in_a_row:
        facts.append(Fact("settled below zero", float(in_a_row), Unit.VOTES, f"{in_a_row} settlements in a row"))
    return facts
