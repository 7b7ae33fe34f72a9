"""Notices in words: what a mute held back, what a shadow would have told, and a rule that fires unlike itself."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from adapters.store.place_settings import Mute
from bot.conditions import measured
from bot.gates import EVERYTHING
from bot.phrases import count, moment
from bot.swallowed import LISTED
from bot.wording import headline
from signals.drift import Drift
from signals.event import Event
from signals.notice import About, Notice, notice_id
from signals.rules.canonical import canonical
from signals.rules.lifecycle import Change
from signals.rules.model import Draft, Rule
from signals.units import duration

COINS_NAMED = 5


@dataclass(frozen=True, slots=True)
class Told:
    """The place that is told, its zone, and where its numbers come from."""

    name: str
    zone: tzinfo
    label: str


def sample(place: str, seen: str, rule: Rule | None, held: str, at: datetime, label: str) -> Notice:
    """A marked sample, of one rule or of none; `held` names the gate that would hold a real alert now."""
    said = [
        f"An alert of rule #{rule.number} comes to this place the same way:"
        if rule
        else "Alerts come to this place the same way."
    ]
    gate = [f"A real one would be held back now: {held}."] if held else []
    return Notice(
        id=notice_id(About.SAMPLE, place, seen),
        about=About.SAMPLE,
        at=at,
        label=label,
        headline="Test · nothing happened on the market",
        lines=(*said, *gate),
        typed=(canonical(rule.draft),) if rule else (),
    )


def mute_over(place: Told, mute: Mute, end: datetime, held: Sequence[Event]) -> Notice:
    """What a mute held back."""
    lines = [f"{moment(event.at, end, place.zone)} · {headline(event)}" for event in held[-LISTED:]]
    more = len(held) - len(lines)
    said = f"{count(len(held), 'alert')} left out" if held else "no alert was left out"
    return Notice(
        id=notice_id(About.MUTE, place.name, mute.subject, mute.from_.isoformat()),
        about=About.MUTE,
        at=end,
        label=place.label,
        headline=f"{_named(mute.subject)} no longer muted: {said}",
        lines=(*([f"{more} before these:"] if more > 0 else []), *lines),
        buttons=(("Rules", "/alerts"),),
    )


def shadow_over(rule: Rule, end: datetime, events: Sequence[Event], label: str) -> Notice:
    """What a rule in shadow would have told, with the button that arms it."""
    changes = Counter(event.change for event in events)
    coins = Counter(event.coin for event in events if event.change is Change.FIRED)
    by_coin = ", ".join(f"{coin} {times}" for coin, times in coins.most_common(COINS_NAMED))
    span = duration(rule.draft.shadow or timedelta(0))
    parts = (
        f"fired {count(changes[Change.FIRED], 'time')}{f' ({by_coin})' if by_coin else ''}",
        count(changes[Change.REMINDED], "reminder"),
        count(changes[Change.RESOLVED], "end"),
    )
    return Notice(
        id=notice_id(About.SHADOW, rule.id, str(rule.revision)),
        about=About.SHADOW,
        at=end,
        label=label,
        headline=f"Rule #{rule.number}: its shadow of {span} is over",
        lines=(
            f"It would have sent {count(len(events), 'message')}: {', '.join(parts)}.",
            "It goes on in silence until you arm it.",
        ),
        typed=(canonical(rule.draft),),
        buttons=(
            ("Arm", f"/arm {rule.number}"),
            ("Change", f"/edit #{rule.number}"),
            ("Delete", f"/delete {rule.number}"),
        ),
    )


def ended(rule: Rule, end: datetime, label: str) -> Notice:
    """That a rule with an end is over, whatever it was about."""
    return Notice(
        id=notice_id(About.ENDED, rule.id, str(rule.revision)),
        about=About.ENDED,
        at=end,
        label=label,
        headline=f"Rule #{rule.number} ended: its time is over",
        lines=("It is judged no more, and nothing more is told of what fired. It still counts among your rules.",),
        typed=(canonical(rule.draft),),
        buttons=(("Change", f"/edit #{rule.number}"), ("Delete", f"/delete {rule.number}")),
    )


def drift_id(rule: Rule, at: datetime) -> str:
    """The id of the notice on a rule's drift: one a week."""
    year, week, _ = at.isocalendar()
    return notice_id(About.DRIFT, rule.id, str(rule.revision), f"{year}-{week}")


def drifted(rule: Rule, found: Drift, at: datetime, label: str) -> Notice:
    """That a rule fires far more often than it used to, with a line that would not have."""
    usual = f"{found.usual:g} are usual" if found.usual else "none is usual"
    better, then = [], []
    if found.tighter is not None:
        better = [(f"Raise to {_line(found.tighter)}", f"/edit #{rule.number} {canonical(found.tighter)}")]
        then = [f"At {_line(found.tighter)} it would have fired {count(found.then or 0, 'time')}."]
    return Notice(
        id=drift_id(rule, at),
        about=About.DRIFT,
        at=at,
        label=label,
        headline=f"Rule #{rule.number} fired {found.fired} times in 7 days; {usual}",
        lines=(*then, "It goes on as it is. This is said once a week at most."),
        typed=(canonical(rule.draft),),
        buttons=(*better, ("Mute 24h", f"/mute #{rule.number} 24h"), ("Change", f"/edit #{rule.number}")),
    )


def _line(draft: Draft) -> str:
    """Where the first condition with a line fires."""
    of = draft.condition
    return measured(of.yardstick, of.line, of.unit, "")


def _named(subject: str) -> str:
    return (
        "Everything is"
        if subject == EVERYTHING
        else f"Rule {subject} is"
        if subject.startswith("#")
        else f"{subject} is"
    )
