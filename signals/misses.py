"""The nearest miss: on which bar a rule that did not fire came closest, and for how long it held at most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from signals.base import Signal
from signals.judge import tracks
from signals.panel import Marks, Panel, Series, to_ms
from signals.rules.model import Compare, Condition, Draft
from signals.stage import Scene, scene, stages, work
from signals.verdicts import MET, UNKNOWN

BUDGET = 4_000_000_000
"""Nanoseconds or so of work: beyond it fewer coins are looked at."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One condition on a bar, and how far it was from its line in the condition's unit: 0 where it was past it."""

    condition: Condition
    value: float
    short: float

    @property
    def met(self) -> bool:
        """Whether it was past its line."""
        return _is_past(self.condition, self.value)


@dataclass(frozen=True, slots=True)
class Miss:
    """A bar on which all conditions were known and not all of them met, closer than on any other bar."""

    coin: str
    at: datetime
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """The longest time for which all conditions were met: from the close of its first bar to that of its last."""

    coin: str
    first: datetime
    last: datetime
    from_the_start: bool
    """Whether they were met already on the first bar that was looked at, or that was known."""


@dataclass(frozen=True, slots=True)
class Misses:
    """How a rule came close on some of the `asked` coins, on the bars that ended after `since`.

    `known` is the share of these bars that could be judged. `nearest` and `held` are None where there was no such bar.
    """

    since: datetime
    scene: Scene
    asked: int
    known: float
    nearest: Miss | None
    held: Held | None


def misses(
    draft: Draft, coins: Sequence[str], panel: Panel, signals: Mapping[str, Signal], since: datetime, at: datetime
) -> Misses | None:
    """How close the draft came after `since`, up to `at`, within about so much work; None where no bar was closed."""
    span = at - since
    stage = stages(draft, panel.known_by(to_ms(at)), signals, (span,), at)[span]
    count = min(len(coins), max(1, BUDGET // max(1, work(draft, stage, signals))))
    on = scene(draft, stage, tuple(coins[place * len(coins) // count] for place in range(count)), signals)
    first = next((row for row, time in enumerate(on.times) if time > since), len(on.times))
    if first == len(on.times):
        return None
    codes = [one.codes[first:] for one in on.tracks]
    ways = [track.conditions for track in tracks(draft, signals)]
    numbers = [values[first:] for values, _ in on.numbers]
    times = on.times[first:]
    near = [_nearest(way, numbers, code == MET) for way, code in zip(ways, codes, strict=True)]
    distance, way = min(((found[0], number) for number, found in enumerate(near)), default=(np.inf, 0))
    held = max((_longest(code == MET, code != UNKNOWN) for code in codes), key=lambda found: found[0])
    row, column = near[way][1]
    return Misses(
        since=since,
        scene=on,
        asked=len(coins),
        known=float(np.mean([(code != UNKNOWN).mean() for code in codes])),
        nearest=_miss(on.coins[column], times[row], ways[way], [values[row, column] for values in numbers])
        if np.isfinite(distance)
        else None,
        held=Held(on.coins[held[3]], times[held[1]], times[held[2]], held[4]) if held[0] else None,
    )


def _nearest(way: Sequence[Condition], numbers: Sequence[Series], met: Marks) -> tuple[float, tuple[int, int]]:
    """The least distance in bands, and where: of bars that are known and not met."""
    total = np.sum([_short(of, values) / _band(of) for of, values in zip(way, numbers, strict=True)], axis=0)
    total[met | np.isnan(total)] = np.inf
    place = int(np.argmin(total))
    row, column = divmod(place, total.shape[1])
    return float(total[row, column]), (row, column)


def _short(of: Condition, values: Series) -> Series:
    """How far values are from the line, in its unit; 0 past it, NaN where unknown."""
    seen = np.abs(values) if of.absolute else values
    return np.maximum(0.0, (of.line - seen) * (-1.0 if of.compare.downward else 1.0))


def _band(of: Condition) -> float:
    """What a distance is held against, so that those of several conditions may be added."""
    return abs(of.line - of.clear) or abs(of.line) or 1.0


def _is_past(of: Condition, value: float) -> bool:
    seen = abs(value) if of.absolute else value
    reached = seen == of.line and of.compare in (Compare.AT_MOST, Compare.AT_LEAST)
    return reached or (seen < of.line if of.compare.downward else seen > of.line)


def _miss(coin: str, at: datetime, way: Sequence[Condition], values: Sequence[float]) -> Miss:
    legs = (Leg(of, float(value), float(_short(of, np.array(value)))) for of, value in zip(way, values, strict=True))
    return Miss(coin, at, tuple(legs))


def _longest(met: Marks, known: Marks) -> tuple[int, int, int, int, bool]:
    """The most bars in a row that are met: how many, first and last, on which coin; whether none before was known."""
    row = np.arange(len(met))[:, np.newaxis]
    broken = np.maximum.accumulate(np.where(met, -1, row), axis=0)
    length = row - broken
    last, column = divmod(int(np.argmax(length)), met.shape[1])
    first = last - int(length[last, column]) + 1
    return int(length[last, column]), first, last, column, not known[:first, column].any()
