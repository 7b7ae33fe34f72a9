"""The phases of a rule on one coin: `advance` is the whole decision, pure, one judged moment at a time.

| phase | MET | BETWEEN | CALM | UNKNOWN |
|---|---|---|---|---|
| idle | pending, or firing if hold is 0 | idle | idle | idle |
| pending | firing once held | idle | idle | the hold stands still; idle at the second |
| firing | reminded if worse and due | firing | recovering, or idle if calm is 0 | no data at the second |
| recovering | firing | the calm starts again | idle once calm | the calm stands still; no data at the second |
| no data | what is beneath, and this bar only arms | same | same | no data |

What an idle rule could remember of the dark is a property of its cells: `Seen.lapsed` says it. So a bar that leaves
the verdict as it was leaves the state as it was, until `due`: whoever judges may skip it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import TypeAlias

from signals.drafts import drafted

ZERO = timedelta(0)


class Phase(StrEnum):
    """Where a rule stands on one coin."""

    IDLE = "idle"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    NO_DATA = "no data"


class Verdict(StrEnum):
    """What one bar says about a condition."""

    MET = "met"
    BETWEEN = "between"
    """Past the clear level, not past the line."""
    CALM = "calm"
    UNKNOWN = "unknown"
    """Nobody says, too few do, or what would compute it cannot."""


class Change(StrEnum):
    """What people are told of. Of a living rule each episode is one message: what GREW is told in its place."""

    FIRED = "fired"
    GREW = "grew"
    REMINDED = "reminded"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a condition must hold, how long it must be calm to end, how often it repeats.

    `gap` is the time without a known bar after which the past does not count: the next known bar only arms.
    `crossing` is a moment: it needs a sample on the other side, has no reminders, and nobody is told of its end.
    A `living` rule tells how it grows at every `repeat`, instead of reminders.
    """

    hold: timedelta
    calm: timedelta
    repeat: timedelta | None
    gap: timedelta
    once: bool = False
    crossing: bool = False
    living: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One moment judged: its time, its verdict, and how far past the line it is, in bands.

    `before` is the rule's previous judged moment. `lapsed` marks the first known bar after the dark.
    """

    at: datetime
    verdict: Verdict
    excess: float = 0.0
    before: datetime | None = None
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class AlertState:
    """Where one rule stands on one coin.

    `at` is when it was last looked at. `armed` is false until the first known bar after creation; `waiting` is true
    while a condition that was already met then has not yet let go. `since` is when the phase's clock started, `dark`
    how long it stood still, `unknown_since` since when it stands still. `beneath` is what NO_DATA lies over.
    `fired_at` names the episode. `done` ends a `once` rule.
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


_state = drafted(AlertState)


@dataclass(frozen=True, slots=True)
class Transition:
    """A change that people are told of. `since` is when the condition first held in this episode."""

    change: Change
    at: datetime
    since: datetime
    fired_at: datetime


Step: TypeAlias = tuple[AlertState, Transition | None]


def advance(state: AlertState, seen: Seen, policy: Policy) -> Step:
    """The state after one more moment, and what to tell. A moment that is not newer than the last changes nothing."""
    if state.done or (state.at is not None and seen.at <= state.at):
        return state, None
    if seen.verdict is Verdict.UNKNOWN:
        return _unknown(state, seen, policy), None
    if not state.armed or seen.lapsed or state.phase is Phase.NO_DATA:
        return _armed(state, seen, policy), None
    if state.waiting:
        return replace(state, at=seen.at, waiting=seen.verdict is Verdict.MET), None
    return _JUDGED[state.phase](_lit(state, seen.at), seen, policy)


def is_plain(state: AlertState, verdict: Verdict) -> bool:
    """Whether the verdict alone says the state: idle, and waiting just where the condition is met."""
    idle = state.phase is Phase.IDLE and state.armed and not state.done
    return idle and verdict is not Verdict.UNKNOWN and state.waiting is (verdict is Verdict.MET)


def is_steady(state: AlertState, seen: Seen, policy: Policy) -> bool:
    """Whether more moments like this one would leave the state as it is, until it is due."""
    match state.phase, seen.verdict:
        case Phase.PENDING, Verdict.MET:
            return True
        case Phase.FIRING, Verdict.MET:
            reminder = reminder_due(state, policy)
            worse = policy.living or is_worse(seen.excess, state.told_excess)
            return reminder is None or seen.at < reminder or not worse
        case Phase.FIRING, Verdict.BETWEEN:
            return True
        case Phase.RECOVERING, Verdict.CALM:
            return state.since is not None
        case Phase.RECOVERING, Verdict.BETWEEN:
            return state.since is None
        case ((Phase.PENDING | Phase.FIRING | Phase.RECOVERING), Verdict.UNKNOWN):
            return state.unknown_since is not None
        case ((Phase.IDLE | Phase.NO_DATA), Verdict.UNKNOWN):
            return True
        case _:
            return False


def has_moved(before: AlertState, after: AlertState) -> bool:
    """Whether more changed than when it was last looked at."""
    return _ALL_BUT_TIME(before) != _ALL_BUT_TIME(after)


_ALL_BUT_TIME = attrgetter(*(field.name for field in fields(AlertState) if field.name != "at"))


def retold(state: AlertState, told_excess: float) -> AlertState:
    """The same state, told that far past the line."""
    return _as(state, state.at, told_excess)


def due(state: AlertState, policy: Policy) -> datetime | None:
    """When a state changes, or may, though the verdict stays; None where it never does."""
    if state.unknown_since is not None:
        return state.unknown_since + policy.gap
    if state.since is not None and state.phase in (Phase.PENDING, Phase.RECOVERING):
        return state.since + state.dark + (policy.hold if state.phase is Phase.PENDING else policy.calm)
    return reminder_due(state, policy)


def reminder_due(state: AlertState, policy: Policy) -> datetime | None:
    """From when on a firing rule that is worse by one band, or grows, says so; None where it does not."""
    repeats = policy.repeat is not None and not policy.crossing and (policy.living or not policy.once)
    if state.phase is not Phase.FIRING or not repeats or state.told_at is None or policy.repeat is None:
        return None
    return state.told_at + policy.repeat


def sleep(state: AlertState, seen: Seen, policy: Policy) -> tuple[datetime | None, bool] | None:
    """Until when more moments like this one leave the state as it is, and whether a worse one would not.

    None where the next moment like this one may already change it.
    """
    if not is_steady(state, seen, policy):
        return None
    due_at = due(state, policy)
    if due_at is None or due_at > seen.at:
        return due_at, False
    return (None, seen.verdict is Verdict.MET) if due_at == reminder_due(state, policy) else None


def is_worse(excess: float, told_excess: float) -> bool:
    """Whether it is by a whole band further past the line than when it was told last."""
    return excess - told_excess >= 1.0


def _idle(state: AlertState, seen: Seen, policy: Policy) -> Step:
    if seen.verdict is not Verdict.MET:
        return _as(state, seen.at, state.told_excess), None
    if policy.hold:
        return replace(state, at=seen.at, phase=Phase.PENDING, since=seen.at), None
    return _fired(state, seen, seen.at)


def _pending(state: AlertState, seen: Seen, policy: Policy) -> Step:
    if seen.verdict is not Verdict.MET:
        return replace(state, at=seen.at, phase=Phase.IDLE, since=None, dark=ZERO), None
    since = state.since or seen.at
    if seen.at - since - state.dark < policy.hold:
        return _as(state, seen.at, state.told_excess), None
    return _fired(state, seen, since)


def _firing(state: AlertState, seen: Seen, policy: Policy) -> Step:
    if seen.verdict is Verdict.MET:
        return _remind(state, seen, policy)
    if seen.verdict is Verdict.CALM:
        return _calmed(state, seen, policy, seen.at)
    return _as(state, seen.at, state.told_excess), None


def _recovering(state: AlertState, seen: Seen, policy: Policy) -> Step:
    if seen.verdict is Verdict.MET:
        return replace(state, at=seen.at, phase=Phase.FIRING, since=None, dark=ZERO), None
    if seen.verdict is Verdict.CALM:
        return _calmed(state, seen, policy, state.since or seen.at)
    return replace(state, at=seen.at, since=None, dark=ZERO), None


_JUDGED: Mapping[Phase, Callable[[AlertState, Seen, Policy], Step]] = {
    Phase.IDLE: _idle,
    Phase.PENDING: _pending,
    Phase.FIRING: _firing,
    Phase.RECOVERING: _recovering,
}


def _fired(state: AlertState, seen: Seen, since: datetime) -> Step:
    fired = replace(
        state,
        at=seen.at,
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
    at = reminder_due(state, policy)
    worse = policy.living or is_worse(seen.excess, state.told_excess)
    if at is None or seen.at < at or not worse:
        return _as(state, seen.at, state.told_excess), None
    told = replace(state, at=seen.at, told_at=seen.at, told_excess=seen.excess)
    return told, _transition(Change.GREW if policy.living else Change.REMINDED, told, seen.at)


def _calmed(state: AlertState, seen: Seen, policy: Policy, since: datetime) -> Step:
    if seen.at - since - state.dark < policy.calm:
        return replace(state, at=seen.at, phase=Phase.RECOVERING, since=since), None
    told = None if policy.crossing else _transition(Change.RESOLVED, state, seen.at)
    return AlertState(at=seen.at, armed=True, done=policy.once), told


def _transition(change: Change, state: AlertState, at: datetime) -> Transition:
    if state.fired_at is None or state.met_since is None:
        raise AssertionError("an episode that was never fired cannot go on or end")
    return Transition(change, at, state.met_since, state.fired_at)


def _unknown(state: AlertState, seen: Seen, policy: Policy) -> AlertState:
    """Clocks stand still; once nothing was known for the whole gap they are lost."""
    if state.phase is Phase.IDLE:
        return _as(state, seen.at, state.told_excess)
    since = state.unknown_since or seen.before or seen.at
    if state.phase is Phase.NO_DATA or seen.at - since >= policy.gap:
        return _dark(state, seen.at)
    return replace(state, at=seen.at, unknown_since=since)


def _dark(state: AlertState, at: datetime) -> AlertState:
    """No data, over what it hides: an episode goes on beneath, a running hold or calm is lost."""
    beneath = _beneath(state)
    phase = Phase.IDLE if beneath is Phase.IDLE else Phase.NO_DATA
    return replace(state, phase=phase, at=at, beneath=beneath, since=None, dark=ZERO, unknown_since=None)


def _beneath(state: AlertState) -> Phase:
    if state.phase is Phase.NO_DATA:
        return state.beneath
    return Phase.FIRING if state.phase in (Phase.FIRING, Phase.RECOVERING) else Phase.IDLE


def _armed(state: AlertState, seen: Seen, policy: Policy) -> AlertState:
    """The state that a first known bar only arms. A rule that is true at its very first one waits until it is not.

    So does a crossing at each: what was crossed in the dark was not seen to be crossed.
    """
    beneath = _beneath(state)
    waits = state.waiting or not state.armed or (policy.crossing and beneath is Phase.IDLE)
    return replace(
        state,
        phase=beneath,
        at=seen.at,
        beneath=Phase.IDLE,
        armed=True,
        waiting=seen.verdict is Verdict.MET and waits,
        since=None,
        dark=ZERO,
        unknown_since=None,
    )


def _lit(state: AlertState, at: datetime) -> AlertState:
    """The state after one unknown bar between known ones: running clocks stood still meanwhile."""
    if state.unknown_since is None:
        return state
    lost = at - state.unknown_since
    return replace(state, unknown_since=None, dark=state.dark + lost if state.since else state.dark)


def _as(state: AlertState, at: datetime | None, told_excess: float) -> AlertState:
    """The same state at another moment, or told otherwise: what most looks end in, without the cost of `replace`."""
    return _state(
        state.phase,
        at,
        state.armed,
        state.waiting,
        state.since,
        state.dark,
        state.unknown_since,
        state.beneath,
        state.met_since,
        state.fired_at,
        state.told_at,
        told_excess,
        state.done,
    )
