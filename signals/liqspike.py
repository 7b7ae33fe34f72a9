"""`liqspike`: liquidations far above this coin's normal.

Long liquidations are forced selling, short liquidations are forced buying. Sums are floors where a venue samples.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from signals.features import baseline, last, sum_of, total
from signals.model import Direction, Fact, Family, Metric, Side, Unit
from signals.panel import Panel, Series

WINDOW = timedelta(hours=1)
BASELINE = timedelta(days=30)
FLOOR_OF_OI = 0.00002
"""Least median: 0.2 basis points of open interest."""

ONE_SIDED = 0.7
"""Share of a sum from which it is called long or short."""

_BOTH = (Metric.LIQ_LONG, Metric.LIQ_SHORT)


@dataclass(frozen=True, slots=True)
class LiqSpike:
    """The hour's liquidations over the median hour of the 30 days before it."""

    name: str = "liqspike"
    title: str = "liquidations far above normal"
    family: Family = Family.LIQUIDATION
    claim: Direction | None = None
    unit: Unit = Unit.MULTIPLE
    sides: frozenset[str] = frozenset(Side)
    windows: tuple[timedelta, ...] = (WINDOW,)
    needs: frozenset[Metric] = frozenset({*_BOTH, Metric.OI_LEVEL, Metric.PRICE})
    basis: Metric = Metric.LIQ_LONG
    lookback: timedelta = BASELINE + WINDOW
    fire: float = 20.0
    clear: float = 5.0
    hold: timedelta = timedelta(0)

    def step(self, window: timedelta) -> timedelta:
        """Judged on the shortest bars; its baseline is made of hours."""
        del window
        return timedelta(minutes=1)

    def score(self, panel: Panel, window: timedelta, rows: int | None = None) -> Series:
        """Multiple of the median; a median under the floor counts as the floor."""
        bars = panel.at(self.step(window))
        count = len(bars.times) if rows is None else min(rows, len(bars.times))
        now = total(bars, _BOTH, window, count)
        usual = _usual(panel, window, count)
        oi_usd = bars[Metric.OI_LEVEL][-count:].astype(np.float64) * bars[Metric.PRICE][-count:]
        least = np.where(oi_usd > 0, FLOOR_OF_OI * oi_usd, np.nan)
        return now / np.maximum(usual, least)

    def evidence(self, panel: Panel, coin: str, window: timedelta) -> Sequence[Fact]:
        """The sum, its side, the median it is held against, and the span that was really summed."""
        bars = panel.at(self.step(window))
        column = bars.column(coin)
        both = last(total(bars, _BOTH, window, 1), column)
        longs = last(total(bars, [Metric.LIQ_LONG], window, 1), column)
        usual = last(_usual(panel, window, 1), column)
        if both is None or longs is None or usual is None:
            return ()
        span = max(window, bars.step)
        return (
            Fact("liquidated", both, Unit.USD),
            *([Fact("side", longs / both, Unit.FRACTION, _side(longs, both))] if both else []),
            Fact("median of 30 days", usual, Unit.USD),
            Fact("sum over", span / timedelta(hours=1), Unit.HOURS),
        )


def _usual(panel: Panel, window: timedelta, rows: int) -> Series:
    """For each of the last rows the median sum of the 30 days that end where its own window begins."""
    bars, hours = panel.at(timedelta(minutes=1)), panel.at(WINDOW)
    own = round(max(window, bars.step).total_seconds() * 1000)
    stops = np.searchsorted(hours.times, bars.times[len(bars.times) - rows :] - own, side="right")
    middle, _ = baseline(sum_of(hours, _BOTH), BASELINE // hours.step, stops.astype(np.int64))
    return middle


def _side(longs: float, both: float) -> str:
    if longs / both >= ONE_SIDED:
        return "long positions: forced selling"
    if (both - longs) / both >= ONE_SIDED:
        return "short positions: forced buying"
    return "both sides"
