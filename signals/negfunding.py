"""`negfunding`: shorts pay longs.

The score is the running funding rate itself, per 8 hours. Neutral is about +0.01 % on most venues, not 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from signals.features import last, share_below
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import Instants, Panel, Series, decimal
from signals.rules.model import Compare
from signals.units import yearly

NOTABLE = -0.0001
EXTREME = -0.0005
NEUTRAL = 0.0001
OWN_LOW = 0.01
"""Share of the coin's own 90 days at or under which a rate is extreme for it."""

_HOUR = timedelta(hours=1)
_SETTLED_EVERY = timedelta(hours=8)
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
    compare: Compare = Compare.BELOW
    fire: float = NOTABLE
    clear: float = -0.00005
    hold: timedelta = timedelta(minutes=15)

    def step(self, window: timedelta) -> timedelta:
        """Judged on the shortest bars."""
        del window
        return timedelta(minutes=1)

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """The running rate per 8 hours."""
        del side
        bars = panel.at(self.step(window))
        return decimal(bars[Metric.FUNDING][-rows if rows else None :])

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """Grade, yearly rate, rank, how long below zero, and what was really paid."""
        del side
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
    """The grade of a rate below zero, and the rate's rank."""
    column = hours.column(coin)
    wanted = hours.bars(_DAYS)
    past = decimal(hours[Metric.FUNDING][-wanted:, column]) if column is not None else np.empty(0)
    rank = share_below(past, rate, wanted)
    own_low = bool(np.isfinite(rank)) and rank <= OWN_LOW
    grade = "extreme" if rate < EXTREME or own_low else "notable" if rate < NOTABLE else "mild"
    facts = [Fact("grade", None, Unit.FRACTION, grade)] if rate < 0 else []
    if np.isfinite(rank):
        facts.append(Fact("rank of 90 days", rank, Unit.RANK))
    return facts


def _below_zero(bars: Panel, hours: Panel, coin: str) -> Sequence[Fact]:
    """How long in a row; where the short bars do not reach its start, the hours before them tell."""
    start = _below_since(bars, coin)
    if start is None:
        return []
    if start < int(bars.times[0]):
        before = _below_since(hours.known_by(start + _ms(bars.step)), coin)
        start = start if before is None else min(start, before)
    return [Fact("below zero for", (int(bars.times[-1]) - start) / _ms(_HOUR), Unit.HOURS)]


def _below_since(panel: Panel, coin: str) -> int | None:
    """Where the bars below zero that the panel ends with begin; one unknown bar between two of them passes."""
    column = panel.column(coin)
    rates = panel[Metric.FUNDING][:, column] if column is not None else np.empty(0)
    if not len(rates) or not rates[-1] < 0:
        return None
    below = rates < 0
    below[1:-1] |= np.isnan(rates[1:-1]) & below[:-2] & below[2:]
    others = np.flatnonzero(~below)
    first = int(others[-1]) + 1 if len(others) else 0
    return int(panel.times[first]) - _ms(panel.step)


def _ms(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))


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
    in_a_row = _below_in_a_row(hours.times[: known[-1] + 1], settled) if hours.step <= _SETTLED_EVERY else 0
    if in_a_row:
        facts.append(Fact("settled below zero", float(in_a_row), Unit.VOTES, f"{in_a_row} settlements in a row"))
    return facts


def _below_in_a_row(times: Instants, settled: Series) -> int:
    """Settlements below zero up to the last one known; an unknown one ends the row."""
    on_grid = np.flatnonzero(times % _ms(_SETTLED_EVERY) == 0)
    others = np.flatnonzero(~(settled[on_grid] < 0))
    return len(on_grid) - (int(others[-1]) + 1 if len(others) else 0)
