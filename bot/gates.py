"""Gates: what may hold an alert back on its way to a place. The first that does leaves its name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from adapters.store.place_settings import Mute, Noise, PlaceSettings
from bot.hours import is_quiet
from bot.zones import zone_of
from signals.event import Event
from signals.notice import About, Notice
from signals.rules.lifecycle import Change
from signals.rules.model import Loudness, Rule
from signals.trust import Grade

EVERYTHING = "*"
"""What a mute of all is called."""

SHADOW = "shadow"
STOPPED = "stopped"
BARRED = "barred by an operator"
ACKED = "acked"
RESOLVED_OFF = "resolved off"
NOT_LOUD = "only loud alerts"
QUIET = "quiet hours"
OVER_BUDGET = "over budget"
IN_CASCADE = "said by the cascade"
IN_WAVE = "one of many coins"
UNTOLD = "its first message was not sent"
UNSUBSCRIBED = "unsubscribed"

Gate: TypeAlias = Callable[[Event, Rule, PlaceSettings, datetime], str]


@dataclass(frozen=True, slots=True)
class Passage:
    """Whether an alert goes through: `held` names the gate that holds it back; `silent`: it comes without sound."""

    held: str = ""
    silent: bool = False


def passage(event: Event, rule: Rule | None, settings: PlaceSettings, now: datetime) -> Passage:
    """How the gates let this alert through, but for the budget. Without its rule nobody asks for it any more."""
    if rule is None:
        return Passage(UNSUBSCRIBED)
    held = next((name for gate in GATES if (name := gate(event, rule, settings, now))), "")
    return Passage(held, silent=not held and _is_silent(event, settings, now))


def passage_of_notice(notice: Notice, settings: PlaceSettings) -> Passage:
    """How they let a notice through: a stopped place hears only what was asked for to see that the way is free."""
    if settings.barred:
        return Passage(BARRED)
    if settings.gone:
        return Passage(gone(settings.gone))
    return Passage(STOPPED if settings.stopped and notice.about is not About.SAMPLE else "")


def silences(mute: Mute, event: Event, now: datetime) -> bool:
    """Whether the mute holds this alert: until its end, or through the episodes that were on when it began."""
    if mute.subject not in subjects(event):
        return False
    return mute.holds(now) and (mute.until is not None or event.fired_at <= mute.from_)


def subjects(event: Event) -> frozenset[str]:
    """What the alert can be muted by."""
    return frozenset({EVERYTHING, event.coin, event.name, f"#{event.rule_number}"})


def muted(subject: str) -> str:
    """How the gate of a mute is called."""
    return f"muted {subject}"


def gone(reason: str) -> str:
    """How the gate of a place that cannot be written to is called."""
    return f"gone: {reason}"


def quiet_now(settings: PlaceSettings, now: datetime) -> bool:
    """Whether it is quiet in the place."""
    return settings.quiet is not None and is_quiet(settings.quiet, zone_of(settings.zone), now)


def _is_silent(event: Event, settings: PlaceSettings, now: datetime) -> bool:
    """Whether it is told without sound, beyond what always is."""
    if event.loudness is Loudness.LOUD:
        return False
    ranked_down = event.trust == Grade.LOW and not event.ungated and settings.noise is Noise.NORMAL
    return ranked_down or quiet_now(settings, now)


def _barred(event: Event, rule: Rule, settings: PlaceSettings, now: datetime) -> str:
    del event, rule, now
    return BARRED if settings.barred else ""


def _gone(event: Event, rule: Rule, settings: PlaceSettings, now: datetime) -> str:
    del event, rule, now
    return gone(settings.gone) if settings.gone else ""


def _shadow(event: Event, rule: Rule, settings: PlaceSettings, now: datetime) -> str:
    """A rule in shadow is judged and not sent, until somebody arms it."""
    del event, settings, now
    return "" if rule.draft.shadow is None else SHADOW


def _stopped(event: Event, rule: Rule, settings: PlaceSettings, now: datetime) -> str:
    del event, rule, now
    return STOPPED if settings.stopped else ""


def _muted(event: Event, rule: Rule, settings: PlaceSettings, now: datetime) -> str:
    del rule
    return next((muted(mute.subject) for mute in settings.mutes if silences(mute, event, now)), "")


def _acked(event: Event, rule: Rule, settings: PlaceSettings, now: datetime) -> str:
    """Somebody has seen the episode: it is not called to mind again; that it is over is told."""
    del rule, now
    return ACKED if event.change is Change.REMINDED and event.episode in settings.acked else ""


def _resolved(event: Event, rule: Rule, settings: PlaceSettings, now: datetime) -> str:
    del rule, now
    return RESOLVED_OFF if event.change is Change.RESOLVED and not settings.resolved else ""


def _noise(event: Event, rule: Rule, settings: PlaceSettings, now: datetime) -> str:
    del rule, now
    return NOT_LOUD if settings.noise is Noise.LOUD and event.loudness is not Loudness.LOUD else ""


def _quiet(event: Event, rule: Rule, settings: PlaceSettings, now: datetime) -> str:
    """What is not loud waits for the summary at the end of quiet hours; a message that grows makes no sound."""
    del rule
    if event.change is Change.GREW:
        return ""
    waits = settings.quiet is not None and not settings.quiet.silent and event.loudness is not Loudness.LOUD
    return QUIET if waits and quiet_now(settings, now) else ""


GATES: Sequence[Gate] = (_barred, _gone, _shadow, _stopped, _muted, _acked, _resolved, _noise, _quiet)
"""In the order in which they are asked; the budget comes last, for what it lets through is counted."""
