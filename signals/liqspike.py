"""`liqspike`: liquidations far above this coin's normal.

Long liquidations are forced selling, short liquidations are forced buying. Sums are floors where a venue samples.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from signals.features import last, least_liquidated, sum_of, total
from signals.heard import heard_in
from signals.model import Direction, Fact, Family, Metric, Side, Unit
from signals.panel import Panel, Series
from signals.rules.model import Compare
from signals.shared import middle_before

WINDOW = timedelta(hours=1)
BASELINE = timedelta(days=30)
ONE_SIDED = 0.7
"""Share of a sum from which it is called long or short."""

_BOTH = (Metric.LIQ_LONG, Metric.LIQ_SHORT)
_CLOSED: Mapping[str, Sequence[Metric]] = {"": _BOTH, Side.LONG: _BOTH[:1], Side.SHORT: _BOTH[1:]}


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
    compare: Compare = Compare.ABOVE
    fire: float = 20.0
    clear: float = 5.0
    hold: timedelta = timedelta(0)

    def step(self, window: timedelta) -> timedelta:
        """Judged on the shortest bars; its baseline is made of hours."""
        del window
        return timedelta(minutes=1)

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """Multiple of the median; a median under the floor counts as the floor.

        Of a side: its own sum over its own median, 0 where it has less than ONE_SIDED of the hour's liquidations.
        """
        bars = panel.at(self.step(window))
        count = len(bars.times) if rows is None else min(rows, len(bars.times))
        closed = _CLOSED[side]
        now = total(bars, closed, window, count)
        score = now / np.maximum(_usual(panel, window, count, closed), least_liquidated(bars, count))
        if not side:
            return score
        both = total(bars, _BOTH, window, count)
        score = np.where(np.isfinite(both), score, np.nan)
        return np.where((now < ONE_SIDED * both) | (both == 0), np.minimum(score, 0.0), score)

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """The sum, its side, the median it is held against, and the span that was really summed."""
        bars = panel.at(self.step(window))
        column = bars.column(coin)
        both = last(total(bars, _BOTH, window, 1), column)
        longs = last(total(bars, [Metric.LIQ_LONG], window, 1), column)
        usual = last(_usual(panel, window, 1, _CLOSED[side]), column)
        if both is None or longs is None or usual is None:
            return ()
        span = max(window, bars.step)
        closed = {"": both, Side.LONG: longs, Side.SHORT: both - longs}[side]
        return (
            Fact(f"{side} liquidated".lstrip(), closed, Unit.USD),
            *([Fact("side", longs / both, Unit.FRACTION, _side(longs, both))] if both else []),
            Fact("median of 30 days", usual, Unit.USD),
            Fact("sum over", span / timedelta(hours=1), Unit.HOURS),
        )


def _usual(panel: Panel, window: timedelta, rows: int, closed: Sequence[Metric]) -> Series:
    """For each of the last rows the median sum of the 30 days that end where its own window begins.

    Of hours in which all were heard whose liquidations are in the window; three days of such must be there.
    """
    bars, hours = panel.at(timedelta(minutes=1)), panel.at(WINDOW)
    own = round(max(window, bars.step).total_seconds() * 1000)
    stops = np.searchsorted(hours.times, bars.times[len(bars.times) - rows :] - own, side="right")
    return middle_before(
        hours,
        ("liquidated", *closed),
        stops.astype(np.int64),
        BASELINE // hours.step,
        lambda start, stop: sum_of(hours.rows(start, stop), closed),
        heard_in(bars, bars.bars(window), rows, hours, 1),
    )


def _side(longs: float, both: float) -> str:
    if longs / both >= ONE_SIDED:
        return "long positions: forced selling"
    if (both - longs) / both >= ONE_SIDED:
        return "short positions: forced buying"
    return "both sides"
