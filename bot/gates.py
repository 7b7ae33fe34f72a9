"""Gates: what may hold an alert back on its way to a place. The first that does leaves its name."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias

from adapters.store.place_settings import Mute, PlaceSettings
from signals.event import Event
from signals.rules.model import Rule

EVERYTHING = "*"
"""What a mute of all is called."""

SHADOW = "shadow"
STOPPED = "stopped"

Gate: TypeAlias = Callable[[Event, Rule, PlaceSettings, datetime], str]


def shut(event: Event, rule: Rule | None, settings: PlaceSettings, now: datetime) -> str:
    """The name of the gate that holds this alert back, or nothing. Without its rule nobody asks for it any more."""
    if rule is None:
        return "unsubscribed"
    return next((name for gate in GATES if (name := gate(event, rule, settings, now))), "")


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


GATES: Sequence[Gate] = (_shadow, _stopped, _muted)
"""In the order in which they are asked."""
