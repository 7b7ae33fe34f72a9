"""The past as the live path would have made it: what venues kept becomes bars through the same ledger. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from signals.aggregate import Ledger, bar
from signals.model import ROLLING, Instrument, Kind, Metric, Observation
from signals.panel import Instants, Matrix, Panel, Series, from_ms, to_ms

FRESH = timedelta(seconds=30)
"""How long a value of the past may be used, as live ones are: a bar that is missing stays unknown."""

RATIO_FRESH = timedelta(minutes=15)
"""Ratios are counted in steps of 5 minutes, live too."""

VOLUME_FRESH = timedelta(seconds=90)
"""Volumes of a day are asked less often."""

_DAY = timedelta(days=1)
_RATIOS = frozenset({Metric.LS, Metric.LS_TOP, Metric.LS_POS})


@dataclass(frozen=True, slots=True)
class Told:
    """One metric of one contract in the past: times in Unix milliseconds, values, and how long each may be used in ms.

    `span` is what a sum covers, zero for a level.
    """

    of: Instrument
    metric: Metric
    times: Instants
    values: Series
    fresh: Instants
    span: timedelta = timedelta(0)


def told(of: Instrument, metric: Metric, seen: Sequence[Observation], step: timedelta) -> Told:
    """What a venue kept in bars of `step`, in time order, without all that bars do not need."""
    sums = metric.kind is Kind.SUM
    fit = [one for one in seen if not sums or one.span == step]
    return Told(
        of,
        metric,
        np.array([to_ms(one.at) for one in fit], np.int64),
        np.array([one.value for one in fit], np.float64),
        np.array([_ms(_fresh_for(one)) for one in fit], np.int64),
        step if sums else timedelta(0),
    )


def rolling(of: Told) -> Told:
    """A day's sums of a volume at the end of each of its bars, where all bars of that day are known."""
    each, back = _ms(of.span), _ms(_DAY)
    first = np.searchsorted(of.times, of.times - back, side="right")
    count = np.arange(len(of.times)) - first + 1
    totals = np.concatenate([[0.0], np.cumsum(of.values)])
    whole = count == back // each
    times = of.times[whole]
    sums = (totals[1:] - totals[first])[whole]
    return Told(of.of, ROLLING[of.metric], times, sums, np.full(len(times), _ms(VOLUME_FRESH), np.int64))


def lived(past: Sequence[Told], instruments: Sequence[Instrument], times: Instants, step: timedelta) -> Iterator[Panel]:
    """The bars that end at these times, one row each.

    Everybody is expected from its first price on, or all the time where it has none: what was not listed yet was not
    missing, and what a venue does not keep is.
    """
    begins = {of: _begin(of, past) for of in instruments}
    order = _in_time(past, int(times[0]) if len(times) else 0)
    ledger, next_one, there = Ledger(), 0, -1
    for ms in times.tolist():
        alive = [of for of in instruments if begins[of] <= ms]
        if len(alive) != there:
            there = len(alive)
            ledger.expect(alive)
        stop = int(np.searchsorted(order.times, ms, side="right"))
        ledger.take(_observation(past[order.who[n]], order.which[n]) for n in range(next_one, stop))
        next_one = stop
        yield bar(ledger.read(from_ms(ms), ""), step)


def beside(panels: Sequence[Panel]) -> Panel:
    """Panels of the same bars and different coins as one; what is unknown of all coins is left out."""
    first = panels[0]
    coins = tuple(coin for panel in panels for coin in panel.coins)
    metrics = dict.fromkeys(m for panel in panels for m in panel.matrices)
    legs = dict.fromkeys((m, v) for panel in panels for m, by in panel.legs.items() for v in by)
    whole = {m: np.concatenate([panel[m] for panel in panels], axis=1) for m in metrics}
    parts = {(m, v): np.concatenate([panel.leg(m, v) for panel in panels], axis=1) for m, v in legs}
    by_metric: dict[Metric, dict[str, Matrix]] = {}
    for (metric, venue), matrix in parts.items():
        if np.isfinite(matrix).any():
            by_metric.setdefault(metric, {})[venue] = matrix
    return Panel(first.times, coins, first.step, {m: x for m, x in whole.items() if np.isfinite(x).any()}, by_metric)


def ends(until: datetime, keep: timedelta, step: timedelta) -> Instants:
    """The ends of the bars of the last `keep` before and at `until`, in Unix milliseconds."""
    each = _ms(step)
    last = to_ms(until) // each * each
    return np.arange(last - _ms(keep) // each * each + each, last + 1, each, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Order:
    """All that was told in time order: when, by whom, and which of its values."""

    times: Instants
    who: Sequence[int]
    which: Sequence[int]


def _in_time(past: Sequence[Told], since: int) -> _Order:
    """All that may still be used at that time or later."""
    times = np.concatenate([np.empty(0, np.int64), *(one.times for one in past)])
    who = np.concatenate([np.empty(0, np.int64), *(np.full(len(one.times), n) for n, one in enumerate(past))])
    which = np.concatenate([np.empty(0, np.int64), *(np.arange(len(one.times)) for one in past)])
    until = np.concatenate([np.empty(0, np.int64), *(one.times + one.fresh for one in past)])
    order = np.argsort(times, kind="stable")
    order = order[until[order] >= since]
    return _Order(times[order], who[order].tolist(), which[order].tolist())


def _begin(of: Instrument, past: Sequence[Told]) -> int:
    prices = [one.times for one in past if one.of == of and one.metric is Metric.PRICE and len(one.times)]
    return min((int(times[0]) for times in prices), default=0)


def _observation(of: Told, n: int) -> Observation:
    at = from_ms(int(of.times[n]))
    fresh = timedelta(milliseconds=int(of.fresh[n]))
    who = of.of
    return Observation(of.metric, who.venue, who.symbol, who.coin, float(of.values[n]), at, at, fresh, of.span)


def _fresh_for(seen: Observation) -> timedelta:
    if seen.metric is Metric.FUNDING_SETTLED:
        return seen.fresh_for
    return RATIO_FRESH if seen.metric in _RATIOS else FRESH


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
