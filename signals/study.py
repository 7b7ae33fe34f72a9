"""The study: what followed the events of a rule, against what follows any moment. One procedure for every record.

Known at the close of a bar, entered at that close; the outcome is the close a horizon later over that close, less one.
Events of one coin do not overlap: after one the next counts only when the horizon has passed. A hit has the claimed
sign. The base rate is the share of all judged bars of the same coins with that sign, each coin weighing as much as it
has events. Bars that could not be judged are left out of everything, and their share is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from signals.cases import apart, has_sign, outcomes
from signals.chance import Interval, shift_p, wilson
from signals.model import Direction
from signals.panel import Instants, Marks, Series, from_ms

HORIZONS = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))

FEW = 20
"""Events below which nothing is concluded; an edge needs as many distinct days."""

SEED = 1
"""Of the circular shifts, where nobody names another."""

_DAY_MS = 86_400_000


class Finding(StrEnum):
    """The verdict, in the words that people read. No other is ever given."""

    TOO_FEW = "too few"
    EDGE = "edge seen"
    NO_EDGE = "no proven edge"


@dataclass(frozen=True, slots=True)
class Observed:
    """A rule on bars: times of their ends, and rows x coins the closes, where it could be judged, and its events."""

    ends: Instants
    coins: tuple[str, ...]
    step: timedelta
    closes: Series
    known: Marks
    events: Marks

    def of(self, coin: str) -> "Observed":
        """One of its coins."""
        one = [self.coins.index(coin)]
        return Observed(self.ends, (coin,), self.step, self.closes[:, one], self.known[:, one], self.events[:, one])


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed the events for one way to enter; fractions. Shares and moves are None where there was no event.

    `days` are the distinct UTC days on which the events became known. `on_events` is the interval of the share of hits;
    `on_days` that of days, each counting once with the share of its events that hit: coins move together, so that is
    the honest one.
    `best` is furthest in the claimed direction, `worst` furthest against it.
    """

    events: int
    days: int
    hits: int
    share: float | None
    on_events: Interval | None
    on_days: Interval | None
    median: float | None
    mean: float | None
    worst: float | None
    best: float | None


@dataclass(frozen=True, slots=True)
class Study:
    """What followed the events of a rule on these coins, between the first and the last judged bar.

    `entry` is at the close of an event's bar, `later` of the same events one bar on. `open` counts events whose outcome
    is not known. `base_rate` is the share of hits among `bars` judged ones. `no_data` is the share of bars that could
    not be judged, of those between each coin's first close and its last. `p` is by circular shift, one-sided, for the
    entry.
    """

    coins: tuple[str, ...]
    direction: Direction
    horizon: timedelta
    step: timedelta
    first: datetime | None
    last: datetime | None
    bars: int
    no_data: float
    base_rate: float | None
    entry: Followed
    later: Followed
    open: int
    p: float | None

    @property
    def finding(self) -> Finding:
        """The verdict."""
        return finding(self.entry, self.later, self.base_rate)

    @property
    def is_first_bar_only(self) -> bool:
        """Whether the effect is gone for who enters one bar later."""
        return is_above(self.entry, self.base_rate) and not is_above(self.later, self.base_rate)


def study(of: Observed, direction: Direction, horizon: timedelta, seed: int = SEED) -> Study:
    """The study of a rule's events. The horizon is a whole number of bars, one at least; else ValueError."""
    span = horizon // of.step
    if span < 1 or horizon % of.step:
        raise ValueError(f"a horizon of {horizon} is no whole number of bars of {of.step}")
    now, later = outcomes(of.closes, span), outcomes(of.closes, span, delay=1)
    events = apart(of.events & of.known, span)
    usable = of.known & np.isfinite(now)
    hits = has_sign(now, direction)
    rows, columns = np.nonzero(events & usable)
    days = of.ends[rows] // _DAY_MS
    judged = np.flatnonzero(of.known.any(axis=1))
    return Study(
        coins=of.coins,
        direction=direction,
        horizon=horizon,
        step=of.step,
        first=from_ms(int(of.ends[judged[0]])) if len(judged) else None,
        last=from_ms(int(of.ends[judged[-1]])) if len(judged) else None,
        bars=int(usable.sum()),
        no_data=_no_data(of),
        base_rate=_base_rate(hits, usable, events & usable),
        entry=followed(days, now[rows, columns], direction),
        later=followed(days, later[rows, columns], direction),
        open=int((events & ~usable).sum()),
        p=shift_p(events & usable, hits, usable, seed),
    )


def followed(days: Instants, moves: Series, direction: Direction) -> Followed:
    """What followed single events: the UTC day of each, as a number, and its outcome; unknown ones do not count."""
    known = np.isfinite(moves)
    days, moves = days[known], moves[known]
    if not len(moves):
        return Followed(0, 0, 0, None, None, None, None, None, None, None)
    hits = has_sign(moves, direction)
    _, day, on_day = np.unique(days, return_inverse=True, return_counts=True)
    day_hits = float((np.bincount(day, hits) / on_day).sum())
    furthest = (float(moves.min()), float(moves.max()))
    worst, best = furthest if direction is Direction.UP else furthest[::-1]
    return Followed(
        events=len(moves),
        days=len(on_day),
        hits=int(hits.sum()),
        share=float(hits.mean()),
        on_events=wilson(int(hits.sum()), len(moves)),
        on_days=wilson(day_hits, len(on_day)),
        median=float(np.median(moves)),
        mean=float(moves.mean()),
        worst=worst,
        best=best,
    )


def finding(entry: Followed, later: Followed, base_rate: float | None) -> Finding:
    """The verdict on an entry at once and one bar later."""
    if entry.events < FEW:
        return Finding.TOO_FEW
    proven = entry.days >= FEW and is_above(entry, base_rate) and is_above(later, base_rate)
    return Finding.EDGE if proven else Finding.NO_EDGE


def is_above(of: Followed, base_rate: float | None) -> bool:
    """Whether the interval on days lies above the base rate."""
    return of.on_days is not None and base_rate is not None and of.on_days.low > base_rate


def whole_horizons(step: timedelta) -> Sequence[timedelta]:
    """The horizons that are a whole number of such bars."""
    return [horizon for horizon in HORIZONS if horizon >= step and not horizon % step]


def _base_rate(hits: Marks, usable: Marks, events: Marks) -> float | None:
    """The share of hits among usable bars, of each coin by its number of events; of all bars where there is none."""
    count = usable.sum(axis=0)
    weight = np.where(count > 0, events.sum(axis=0) if events.any() else count, 0)
    if not weight.any():
        return None
    share = (hits & usable).sum(axis=0) / np.maximum(count, 1)
    return float((share * weight).sum() / weight.sum())


def _no_data(of: Observed) -> float:
    priced = np.isfinite(of.closes)
    listed = np.maximum.accumulate(priced, axis=0) & np.maximum.accumulate(priced[::-1], axis=0)[::-1]
    return float((listed & ~of.known).sum() / listed.sum()) if listed.any() else 1.0
