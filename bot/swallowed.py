"""What a mute has held back so far, and whether what it waits for is over."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from adapters.store.alert_port import Kept
from adapters.store.base import Final
from adapters.store.place_settings import Mute
from bot.gates import EVERYTHING, muted
from signals.event import Event
from signals.rules.lifecycle import Change, Phase
from signals.rules.model import Rule

LISTED = 5
"""Alerts named when a mute ends."""

LOOKED_BACK = 500
"""Alerts of a place that are looked through."""

Ends = Mapping[str, tuple[Final, str]]


def ends_of(outcomes: Iterable[tuple[str, Final, str]]) -> Ends:
    """Per alert how it ended and why, of a place's outcomes."""
    return {entry.rpartition(":")[2]: (outcome, why) for entry, outcome, why in outcomes}


def fared(event: Event, ends: Ends) -> str:
    """What became of the message that tells an event, in words."""
    outcome, why = ends.get(event.id, (None, ""))
    return "on its way" if outcome is None else _FARED[outcome] + (f" ({why})" if why else "")


_FARED: Mapping[Final, str] = {
    Final.SENT: "sent",
    Final.EXPIRED: "too old when its turn came",
    Final.SKIPPED: "held back",
    Final.UNKNOWN: "perhaps sent",
    Final.DEAD: "refused by the platform",
}


def swallowed(mute: Mute, events: Sequence[Event], ends: Ends) -> Sequence[Event]:
    """The alerts that the mute held back, oldest first."""
    by_it = (Final.SKIPPED, muted(mute.subject))
    return sorted(
        (event for event in events if event.at >= mute.from_ and ends.get(event.id) == by_it),
        key=lambda event: (event.at, event.id),
    )


def coin_of(track: str) -> str:
    """The coin of a track: of a crossing either way each coin has two."""
    return track.rstrip("+-")


def is_about(mute: Mute, rule: Rule, coin: str) -> bool:
    """Whether the mute holds alerts of that rule on that coin."""
    return mute.subject in (EVERYTHING, f"#{rule.number}", rule.draft.condition.name, coin)


def going_on(mute: Mute, rules: Sequence[Rule], states: Iterable[Kept]) -> Sequence[str]:
    """The coins on which an episode goes on that was on when the mute began."""
    by_id = {rule.id: rule for rule in rules}
    on = []
    for kept in states:
        state, rule, coin = kept.state, by_id.get(kept.subject[0]), coin_of(kept.subject[1])
        firing = Phase.FIRING in (state.phase, state.beneath) or state.phase is Phase.RECOVERING
        if rule is None or not firing or state.fired_at is None or state.fired_at > mute.from_:
            continue
        if is_about(mute, rule, coin):
            on.append(coin)
    return list(dict.fromkeys(on))


def ended_at(mute: Mute, events: Sequence[Event]) -> datetime:
    """When a mute without a time was over: as the last of its episodes ended, else as it began."""
    over = (
        event.at for event in events if event.change is Change.RESOLVED and event.fired_at <= mute.from_ <= event.at
    )
    return max(over, default=mute.from_)
