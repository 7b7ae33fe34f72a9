"""What followed a fired alert: its outcomes, from the closes of stored bars as they become known.

The procedure is that of studies: known at the close of a bar, entered at that close, and once more a bar later; the
outcome is the close a horizon later over that of the entry, less one. What nobody tells is unknown, and counted so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from signals.model import Metric
from signals.panel import Panel, decimal, to_ms
from signals.remembered import Remembered
from signals.study import whole_horizons

NEAR = timedelta(minutes=5)
"""A close that many minutes after a moment, less one instant, still tells its price: where shorter bars are gone."""

AGAIN = timedelta(hours=1)
"""After so long a price that was not there is looked for once more: bars of the past may have been filled in."""

GIVEN_UP = timedelta(days=8)
"""After so long it stays unknown: of that time only bars of an hour are kept."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What had followed a horizon later, as fractions: for an entry at once and a bar later; None is unknown.

    It could be known from `due` on.
    """

    horizon: timedelta
    due: datetime
    move: float | None
    later: float | None


def moments(of: Remembered) -> Sequence[datetime]:
    """The moments whose prices are kept: the alert's and a bar later, and both of them each horizon later."""
    spans = (timedelta(0), *whole_horizons(of.step))
    return [of.at + span + delay for span in spans for delay in (timedelta(0), of.step)]


def outcomes(of: Remembered) -> Sequence[Outcome]:
    """What followed, for each horizon that is a whole number of the market's bars; none before anybody looked."""
    if not of.prices:
        return []
    entry, later, *ends = of.prices
    return [
        Outcome(horizon, of.at + horizon, _moved(entry, end), _moved(later, end_later))
        for horizon, end, end_later in zip(whole_horizons(of.step), ends[::2], ends[1::2], strict=True)
    ]


def filled(of: Remembered, step: timedelta, now: datetime, close: Callable[[datetime], float | None]) -> Remembered:
    """The alert with the prices that can be known by now; what was known stays."""
    if not of.prices:
        of = replace(of, step=step)
        of = replace(of, prices=(None,) * len(moments(of)))
    found = (
        price if price is not None or at > now else close(at) for price, at in zip(of.prices, moments(of), strict=True)
    )
    return replace(of, prices=tuple(found))


def lacking(of: Remembered, now: datetime) -> Sequence[datetime]:
    """The moments that are over by now and whose price is not known; before anybody looked, that of the alert."""
    if not of.prices:
        return [of.at]
    return [at for price, at in zip(of.prices, moments(of), strict=True) if price is None and at <= now]


def next_look(of: Remembered, now: datetime) -> datetime | None:
    """When to look for its prices again, once somebody has; None where nothing more can be found out.

    A price and the one a bar later are looked for together.
    """
    told = moments(of)
    looks = [at for at in told if at > now and at - of.step in told]
    if lacking(of, now) and now < max(told) + GIVEN_UP:
        looks.append(now + AGAIN)
    return min(looks, default=None)


def close_at(bars: Sequence[Panel], coin: str, at: datetime) -> float | None:
    """The coin's close at that moment: that of the shortest bar which ends then, or less than NEAR after it."""
    for panel in bars:
        column = panel.column(coin)
        first, end = np.searchsorted(panel.times, (to_ms(at), to_ms(at + NEAR)))
        if column is None or first == end:
            continue
        closes = decimal(panel[Metric.PRICE][first:end, column : column + 1])[:, 0]
        known = closes[np.isfinite(closes) & (closes > 0)]
        if len(known):
            return float(known[0])
    return None


def _moved(start: float | None, end: float | None) -> float | None:
    return end / start - 1.0 if start is not None and end is not None else None
