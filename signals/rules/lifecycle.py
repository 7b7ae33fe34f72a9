"""The phases of a rule on one coin: `advance` is the whole decision, pure, one bar at a time.

| phase | MET | BETWEEN | CALM | UNKNOWN | FAILED |
|---|---|---|---|---|---|
| idle | pending, or firing if hold is 0 | idle | idle | no data at the second in a row | error |
| pending | firing once held | idle | idle | the hold stands still; no data at the second | error |
| firing | reminded if worse and due | firing | recovering, or idle if calm is 0 | no data at the second | error |
| recovering | firing | the calm starts again | idle once calm | the calm stands still; no data at the second | error |
| no data, error | what is beneath, and this bar only arms | same | same | no data | error |
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

ZERO = timedelta(0)


class Phase(StrEnum):
    """Where a rule stands on one coin."""

    IDLE = "idle"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    NO_DATA = "no data"
    ERROR = "error"


class Verdict(StrEnum):
    """What one bar says about a condition."""

    MET = "met"
    BETWEEN = "between"
    """Past the clear level, not past the line."""
    CALM = "calm"
    UNKNOWN = "unknown"
    FAILED = "failed"
    """Judging raised."""


class Change(StrEnum):
    """What people are told of."""

    FIRED = "fired"
    REMINDED = "reminded"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a condition must hold, how long it must be calm to end, how often it repeats.

    `gap` is the silence in event time after which the past does not count: the next known bar only arms.
    """

    hold: timedelta
    calm: timedelta
    repeat: timedelta | None
    gap: timedelta
    once: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One bar judged: its event time, its verdict, and how far past the line it is, in bands."""

    at: datetime
    verdict: Verdict
    excess: float = 0.0


@dataclass(frozen=True, slots=True)
class AlertState:
    """Where one rule stands on one coin.

    `armed` is false until the first known bar after creation; `waiting` is true while a condition that was
    already met then has not yet let go. `since` is when the phase's clock started, `dark` how long it stood
    still. `beneath` is what NO_DATA or ERROR lies over. `fired_at` names the episode. `done` ends a `once` rule.
    """

    phase: Phase = Phase.IDLE
    at: datetime | None = None
    armed: bool = False
    waiting: bool = False
    since: datetime | None = None
    dark: timedelta = ZERO
    unknown_since: datetime | None = None
    beneath: Phase = Phase.IDLE
    met_since: datetime | None = None
    fired_at: datetime | None = None
    told_at: datetime | None = None
    told_excess: float = 0.0
    done: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """A change that people are told of. `since` is when the condition first held in this episode."""

    change: Change
    at: datetime
    since: datetime
    fired_at: datetime


Step: TypeAlias = tuple[AlertState, Transition | None]

_DARK = (Phase.NO_DATA, Phase.ERROR)


def advance(state: AlertState, seen: Seen, policy: Policy) -> Step:
    """The state after one more bar, and what to tell. A bar that is not newer than the last changes nothing."""
    if state.done or (state.at is not None and seen.at <= state.at):
        return state, None
    if state.at is not None and seen.at - state.at > policy.gap:
        state = _dark(state, Phase.NO_DATA)
    before, state = state.at, replace(state, at=seen.at)
    if seen.verdict is Verdict.FAILED:
        return _dark(state, Phase.ERROR), None
    if seen.verdict is Verdict.UNKNOWN:
        return _unknown(state, before), None
    if not state.armed or state.phase in _DARK:
        return _armed(state, seen.verdict), None
    if state.waiting:
        return replace(_lit(state), waiting=seen.verdict is Verdict.MET), None
    return _JUDGED[state.phase](_lit(state), seen, policy)


def _idle(state: AlertState, seen: Seen, policy: Policy) -> Step:
    if seen.verdict is not Verdict.MET:
        return state, None
    return _held(replace(state, phase=Phase.PENDING, since=seen.at), seen, policy)


def _pending(state: AlertState, seen: Seen, policy: Policy) -> Step:
    if seen.verdict is not Verdict.MET:
        return replace(state, phase=Phase.IDLE, since=None, dark=ZERO), None
    return _held(state, seen, policy)


def _firing(state: AlertState, seen: Seen, policy: Policy) -> Step:
    if seen.verdict is Verdict.MET:
        return _remind(state, seen, policy)
    if seen.verdict is Verdict.CALM:
        return _calmed(replace(state, phase=Phase.RECOVERING, since=seen.at), seen, policy)
    return state, None


def _recovering(state: AlertState, seen: Seen, policy: Policy) -> Step:
    if seen.verdict is Verdict.MET:
        return replace(state, phase=Phase.FIRING, since=None, dark=ZERO), None
    if seen.verdict is Verdict.CALM:
        return _calmed(replace(state, since=state.since or seen.at), seen, policy)
    return replace(state, since=None, dark=ZERO), None


_JUDGED: Mapping[Phase, Callable[[AlertState, Seen, Policy], Step]] = {
    Phase.IDLE: _idle,
    Phase.PENDING: _pending,
    Phase.FIRING: _firing,
    Phase.RECOVERING: _recovering,
}


def _held(state: AlertState, seen: Seen, policy: Policy) -> Step:
    since = state.since or seen.at
    if seen.at - since - state.dark < policy.hold:
        return state, None
    fired = replace(
        state,
        phase=Phase.FIRING,
        since=None,
        dark=ZERO,
        met_since=since,
        fired_at=seen.at,
        told_at=seen.at,
        told_excess=seen.excess,
    )
    return fired, Transition(Change.FIRED, seen.at, since, seen.at)


def _remind(state: AlertState, seen: Seen, policy: Policy) -> Step:
    if policy.repeat is None or state.told_at is None or policy.once:
        return state, None
    if seen.at - state.told_at < policy.repeat or seen.excess < state.told_excess + 1.0:
        return state, None
    told = replace(state, told_at=seen.at, told_excess=seen.excess)
    return told, _transition(Change.REMINDED, told, seen.at)


def _calmed(state: AlertState, seen: Seen, policy: Policy) -> Step:
    if seen.at - (state.since or seen.at) - state.dark < policy.calm:
        return state, None
    told = _transition(Change.RESOLVED, state, seen.at)
    over = AlertState(at=seen.at, armed=True, done=policy.once)
    return over, told


def _transition(change: Change, state: AlertState, at: datetime) -> Transition:
    if state.fired_at is None or state.met_since is None:
        raise AssertionError("an episode that was never fired cannot go on or end")
    return Transition(change, at, state.met_since, state.fired_at)


def _unknown(state: AlertState, before: datetime | None) -> AlertState:
    if state.phase in _DARK or state.unknown_since is not None:
        return _dark(state, Phase.NO_DATA)
    return replace(state, unknown_since=before or state.at)


def _dark(state: AlertState, phase: Phase) -> AlertState:
    """No data or error, over what it hides: an episode goes on beneath, a running hold or calm is lost."""
    if state.phase in _DARK:
        beneath = state.beneath
    else:
        beneath = Phase.FIRING if state.phase in (Phase.FIRING, Phase.RECOVERING) else Phase.IDLE
    return replace(state, phase=phase, beneath=beneath, since=None, dark=ZERO, unknown_since=None)


def _armed(state: AlertState, verdict: Verdict) -> AlertState:
    """The state that a first known bar only arms. A rule that is true at its very first one waits until it is not."""
    return replace(
        state,
        phase=state.beneath,
        beneath=Phase.IDLE,
        armed=True,
        waiting=verdict is Verdict.MET and (state.waiting or not state.armed),
        unknown_since=None,
    )


def _lit(state: AlertState) -> AlertState:
    """The state after one unknown bar between known ones: running clocks stood still meanwhile."""
    if state.unknown_since is None or state.at is None:
        return state
    lost = state.at - state.unknown_since
    return replace(state, unknown_since=None, dark=state.dark + lost if state.since else state.dark)
