"""The dry run: what a draft would have told over stored bars, by the very verdicts, policy and phases of live.

A span is judged on the shortest bars that reach back over it, and says which. What bars cannot hold is left out: who
was silent in between, and what came and went within a bar.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from signals.base import Signal
from signals.episodes import stretches, told_of
from signals.judge import policy
from signals.numbers import LEVEL
from signals.panel import Panel, to_ms
from signals.rules.lifecycle import Change, Policy, Transition, Verdict
from signals.rules.model import Condition, Draft
from signals.stage import Scene, scene, stages, work
from signals.verdicts import MET, UNKNOWN, VERDICTS, Codes

WEEK, DAY = timedelta(days=7), timedelta(days=1)
SPANS = (WEEK, 30 * DAY, 90 * DAY)

BUDGET = 2_000_000_000
"""Nanoseconds or so of work: beyond it fewer coins are judged."""

_STRETCH = 45_000
"""What a stretch of bars that are met costs, in the same."""


@dataclass(frozen=True, slots=True)
class Span:
    """What a draft would have told in the last so many days, judged on bars of `step`.

    `fires` are per coin, of those that fired. `known` is the share of bars that could be judged. `silence` is the
    longest time in which no coin fired. `messages` are firings, reminders and ends.
    """

    span: timedelta
    step: timedelta
    first: datetime
    last: datetime
    fires: Mapping[str, int]
    messages: int
    silence: timedelta
    known: float

    @property
    def fired(self) -> int:
        """How often it would have fired, on all coins together."""
        return sum(self.fires.values())

    def rate(self, count: int, per: timedelta) -> float | None:
        """So many in the span as so many per time that could be judged; None where nothing could."""
        return count * (per / self.span) / self.known if self.known else None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another draft, and how often a week it would have fired on the longest span; None where that is unknown."""

    draft: Draft
    a_week: float | None


@dataclass(frozen=True, slots=True)
class Present:
    """The last bar of a coin: the value of each condition, what all say together, and since when they are met."""

    values: tuple[float | None, ...]
    verdict: Verdict
    true_since: datetime | None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A dry run. `spans` hold None where bars do not reach; `reach` is how far back any coin could be judged.

    `coins` of the `asked` ones were judged: evenly chosen where all would take too long, and then rates are scaled to
    all. Rates rest on the longest span there is. A draft that fires `once` is judged as if armed again each time.
    """

    at: datetime
    asked: int
    coins: tuple[str, ...]
    spans: Mapping[timedelta, Span | None]
    reach: timedelta
    a_week: float | None
    messages_a_day: float | None
    without_hold: Neighbour
    neighbours: tuple[Neighbour, ...]
    present: Mapping[str, Present]

    @property
    def longest(self) -> Span | None:
        """The longest span that could be judged."""
        return _longest(self.spans)

    @property
    def already_true_since(self) -> datetime | None:
        """Since when it is met, on the coin on which that is longest; None where it is not."""
        return min((p.true_since for p in self.present.values() if p.true_since is not None), default=None)


def rehearse(
    draft: Draft,
    coins: Sequence[str],
    panel: Panel,
    signals: Mapping[str, Signal],
    at: datetime,
    budget: int = BUDGET,
    neighbours: Sequence[Draft] = (),
) -> Rehearsal:
    """Judge the draft on those coins over the bars that were closed by `at`, within about so much work.

    `neighbours` differ from it in lines and times alone.
    """
    others = (replace(draft, hold=LEVEL), *neighbours)
    by_span = stages(draft, panel.known_by(to_ms(at)), signals, SPANS, at)
    on = {stage.panel.step: stage for stage in by_span.values()}  # of each the longest span: spans rise
    on_longest = by_span[SPANS[-1]]
    chosen = _some(coins, budget / 2, sum(work(draft, stage, signals) for stage in on.values()))
    scenes = {step: scene(draft, stage, chosen, signals) for step, stage in on.items()}
    begun = sum(stretches(one.codes) for each in scenes.values() for one in each.tracks)
    apart = len({_as(other, on_longest.panel.step) for other in (draft, *others)})
    chosen = _some(chosen, budget / 2, begun * _STRETCH * apart / max(1, len(chosen)))
    scenes = {step: each.only(chosen) for step, each in scenes.items()}
    lives = {step: _told(draft, each) for step, each in scenes.items()}
    steps = {span: stage.panel.step for span, stage in by_span.items()}
    spans = {span: _span(span, scenes[step], lives[step], at) for span, step in steps.items()}
    longest, share = _longest(spans), len(chosen) / max(1, len(coins))

    def a_week(other: Draft) -> float | None:
        if longest is None:
            return None
        if _as(other, longest.step) == _as(draft, longest.step):
            return longest.rate(longest.fired, WEEK / share)
        again = scenes[steps[longest.span]].under(other, signals)
        judged = _span(longest.span, again, _told(other, again), at)
        return judged.rate(judged.fired, WEEK / share) if judged else None

    said = tuple(Neighbour(other, a_week(other)) for other in others)
    return Rehearsal(
        at=at,
        asked=len(coins),
        coins=chosen,
        spans=spans,
        reach=max((at - each.first for each in scenes.values() if each.first is not None), default=LEVEL),
        a_week=longest.rate(longest.fired, WEEK / share) if longest else None,
        messages_a_day=longest.rate(longest.messages, DAY / share) if longest else None,
        without_hold=said[0],
        neighbours=said[1:],
        present={coin: _present([scenes[step] for step in sorted(scenes)], coin) for coin in chosen},
    )


@dataclass(frozen=True, slots=True)
class Course:
    """One coin over a span, on bars of `step`: what the draft's first condition was, and all that would be told."""

    step: timedelta
    times: tuple[datetime, ...]
    values: tuple[float | None, ...]
    told: tuple[Transition, ...]


def course(
    draft: Draft, coin: str, panel: Panel, signals: Mapping[str, Signal], at: datetime, span: timedelta
) -> Course:
    """How the draft went on the coin in the span before `at`, by the bars and verdicts of a dry run."""
    stage = stages(draft, panel.known_by(to_ms(at)), signals, (span,), at)[span]
    on = scene(draft, stage, (coin,), signals)
    since = at - span
    first = next((row for row, time in enumerate(on.times) if time > since), len(on.times))
    values = on.numbers[0][0][first:, 0].tolist()
    return Course(
        on.step,
        on.times[first:],
        tuple(None if np.isnan(value) else value for value in values),
        tuple(one for one in _told(draft, on)[coin] if one.at > since),
    )


def _some(coins: Sequence[str], budget: float, each: float) -> tuple[str, ...]:
    """As many coins as the budget allows, evenly chosen, but one at least."""
    count = min(len(coins), max(1, int(budget / each) if each else len(coins)))
    return tuple(coins[place * len(coins) // count] for place in range(count))


def _longest(spans: Mapping[timedelta, Span | None]) -> Span | None:
    return next((of for span in reversed(SPANS) if (of := spans[span]) is not None), None)


def _as(draft: Draft, step: timedelta) -> tuple[Sequence[Condition], Policy]:
    """What of a draft decides what is told on bars of that length."""
    return draft.conditions, replace(policy(draft, step), once=False)


def _told(draft: Draft, on: Scene) -> Mapping[str, Sequence[Transition]]:
    """What is told of each coin, oldest first."""
    _, rule = _as(draft, on.step)
    return {
        coin: sorted((told for one in on.tracks for told in told_of(on.times, one, j, rule)), key=lambda told: told.at)
        for j, coin in enumerate(on.coins)
    }


def _span(span: timedelta, on: Scene, told: Mapping[str, Sequence[Transition]], at: datetime) -> Span | None:
    """The part of a scene that lies in the span; None where its bars do not reach back that far."""
    since, first = at - span, on.first
    if first is None or first > since + on.step:
        return None
    rows = [row for row, time in enumerate(on.times) if time > since]
    known = np.mean([(one.codes[rows] != UNKNOWN).mean() for one in on.tracks])
    within = {coin: [one for one in of if one.at > since] for coin, of in told.items()}
    fired = {coin: [one.at for one in of if one.change is Change.FIRED] for coin, of in within.items()}
    moments = [since, *sorted(time for of in fired.values() for time in of), at]
    return Span(
        span=span,
        step=on.step,
        first=on.times[rows[0]],
        last=on.times[rows[-1]],
        fires={coin: len(of) for coin, of in fired.items() if of},
        messages=sum(one.change is not Change.GREW for of in within.values() for one in of),
        silence=max(later - earlier for earlier, later in pairwise(moments)),
        known=float(known),
    )


def _present(scenes: Sequence[Scene], coin: str) -> Present:
    """The last bar of the shortest bars, and since when it is met, by longer ones where the shorter do not reach."""
    finest, column = scenes[0], scenes[0].coins.index(coin)
    if not finest.times:
        return Present((), Verdict.UNKNOWN, None)
    last = tuple(float(values[-1, column]) for values, _ in finest.numbers)
    code = min(int(one.codes[-1, column]) for one in finest.tracks)
    since = None
    for on in scenes if code == MET else ():
        started = _met_since(on.tracks[0].codes[:, on.coins.index(coin)])
        if started is None:
            break
        since = on.times[started] if since is None else min(since, on.times[started])
        if started:
            break
    return Present(tuple(None if np.isnan(x) else x for x in last), VERDICTS[code], since)


def _met_since(codes: Codes) -> int | None:
    """Where the stretch of met bars that the codes end with begins; one unknown bar in it passes."""
    met = codes == MET
    if not len(met) or not met[-1]:
        return None
    met[1:-1] |= (codes[1:-1] == UNKNOWN) & met[:-2] & met[2:]
    others = np.flatnonzero(~met)
    return int(others[-1]) + 1 if len(others) else 0
