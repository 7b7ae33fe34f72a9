"""The record of a question: what followed it on stored bars, by the one procedure of studies; and after live alerts.

It is judged on the bars that reach back furthest. What followed alerts that were told is counted apart from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

import numpy as np

from signals.aftermath import AGAIN, outcomes
from signals.base import Signal
from signals.model import Direction, Metric
from signals.numbers import LEVEL, Number, needs
from signals.occurrences import occurrences
from signals.panel import Panel, to_ms
from signals.record import Finding, Followed, Study, finding
from signals.remembered import Remembered
from signals.rules.model import Draft
from signals.study import DAY_MS, Observed, followed, study, whole_horizons

ALL_COINS = "*"
"""Stands for all coins together."""

TOLD = timedelta(hours=24)
"""The horizon that is told where there is room for one; of longer bars there is none."""


def tells(draft: Draft, step: timedelta, shortest: timedelta) -> bool:
    """Whether bars of that length can judge it: a sum of one longer bar is another number, unless there is no other."""
    return step == shortest or all(of.window == LEVEL or of.window >= step for of in draft.conditions)


def metrics_of(draft: Draft, signals: Mapping[str, Signal]) -> frozenset[Metric]:
    """What bars must hold for it: what it is judged on, and the price that outcomes are made of."""
    numbers = [Number(of.name, of.window) for of in draft.conditions]
    return frozenset({Metric.PRICE}).union(*(needs(number, signals) for number in numbers))


def observed(draft: Draft, coins: tuple[str, ...], panel: Panel, signals: Mapping[str, Signal]) -> Observed | None:
    """Where it was in force, on the longest bars of the panel that can judge it; None where none can."""
    steps = sorted({panel.step, *panel.others})
    usable = [step for step in reversed(steps) if tells(draft, step, steps[0]) and len(panel.at(step).times)]
    found = (occurrences(draft, coins, panel.without_finer(step), signals) for step in usable)
    return next((seen for seen in found if seen.known.any()), None)


def joined(parts: Sequence[Observed]) -> Observed:
    """The same question on bars of one length of several groups of coins, as one, where all of them have bars."""
    ends = reduce(np.intersect1d, [of.ends for of in parts])
    rows = [np.isin(of.ends, ends) for of in parts]
    return Observed(
        ends,
        tuple(coin for of in parts for coin in of.coins),
        parts[0].step,
        np.concatenate([of.closes[at] for of, at in zip(parts, rows, strict=True)], axis=1),
        np.concatenate([of.known[at] for of, at in zip(parts, rows, strict=True)], axis=1),
        np.concatenate([of.events[at] for of, at in zip(parts, rows, strict=True)], axis=1),
    )


def records(of: Observed, direction: Direction) -> Mapping[str, tuple[Study, ...]]:
    """By coin the study for each horizon, also where there was no case; under ALL_COINS that of all together."""
    return {ALL_COINS: recorded(of, direction), **{coin: recorded(of.of(coin), direction) for coin in of.coins}}


def recorded(of: Observed, direction: Direction) -> tuple[Study, ...]:
    """The study for each horizon that is a whole number of its bars, the shortest first."""
    return tuple(study(of, direction, horizon) for horizon in whole_horizons(of.step))


def told_of(studies: Sequence[Study]) -> Study | None:
    """The one that is told where there is room for one."""
    return next((of for of in studies if of.horizon == TOLD), studies[-1] if studies else None)


@dataclass(frozen=True, slots=True)
class Lived:
    """What followed alerts that were told, a horizon later: `entry` at once, `later` a bar on.

    `open` cases are not that old yet, or not looked at; of `unknown` ones no bar tells. `first` is the oldest one.
    """

    direction: Direction
    horizon: timedelta
    first: datetime | None
    entry: Followed
    later: Followed
    open: int
    unknown: int

    @property
    def cases(self) -> int:
        """All that count, with those whose outcome is not known."""
        return self.entry.events + self.open + self.unknown

    def finding(self, base_rate: float | None) -> Finding:
        """The verdict against what followed any moment on stored bars of the same coins."""
        return finding(self.entry, self.later, base_rate)


def lived(cases: Sequence[Remembered], direction: Direction, horizon: timedelta, now: datetime) -> Lived:
    """What followed these alerts. On one coin they do not overlap: the next one counts a horizon later."""
    free, days, moves = dict[str, datetime](), list[int](), list[tuple[float | None, float | None]]()
    first, not_yet, unknown = None, 0, 0
    for of in sorted(cases, key=lambda case: case.at):
        told = next((one for one in outcomes(of) if one.horizon == horizon), None)
        if of.at < free.get(of.coin, of.at) or (of.prices and told is None):  # bars longer than the horizon tell none
            continue
        first, free[of.coin] = first or of.at, of.at + horizon
        is_early = told is None or now < told.due + AGAIN
        not_yet += (told is None or told.move is None) and is_early
        unknown += told is not None and told.move is None and not is_early
        if told is not None:
            days.append(to_ms(of.at) // DAY_MS)
            moves.append((told.move, told.later))
    known = np.array(moves, np.float64).reshape(-1, 2)
    at = np.array(days, np.int64)
    entry, later = (followed(at, known[:, way], direction) for way in (0, 1))
    return Lived(direction, horizon, first, entry, later, not_yet, unknown)
