"""The budget of a place: so many alerts a day, the best ones where its past tells which those are."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from signals.event import Event
from signals.model import Unit
from signals.rules.lifecycle import Change
from signals.rules.model import Loudness
from signals.trust import Grade

LOOKED_BACK = timedelta(days=30)
LEAST_PAST = timedelta(days=7)
"""Of a shorter past nothing can be said: first come, first served."""

EVERY = 0.0
"""The bar that every score reaches."""

_TRUST = {Grade.NORMAL: 1.0, Grade.UNKNOWN: 0.75, Grade.REDUCED: 0.5, Grade.LOW: 0.25}
_USUAL_RARITY = 0.5


def counts(event: Event) -> bool:
    """Whether the alert is one of those that are counted: growth and an end belong to their firing."""
    return event.change not in (Change.GREW, Change.RESOLVED)


def score(event: Event) -> float:
    """How much an alert is worth, 0 to 1: its trust, times how rare it is for its coin and how far past its line."""
    trust = _TRUST[Grade.NORMAL if event.ungated else Grade(event.trust)]
    rank = next((fact.value for fact in event.facts if fact.unit is Unit.RANK and fact.value is not None), None)
    rarity = _USUAL_RARITY if rank is None else abs(2 * rank - 1)
    value = abs(event.value) if event.absolute else event.value
    past, band = abs(value - event.line), abs(event.line - event.clear)
    size = past / (past + band) if past + band > 0 else 0.0
    return trust * (rarity + size) / 2


def bar(told: Sequence[Event], first: datetime | None, most: int, now: datetime) -> float:
    """The score that about `most` alerts a day have reached; every one does while the past is shorter than a week.

    `told` are the last alerts of the place, `first` is when the first one of LOOKED_BACK came.
    """
    if first is None or now - first < LEAST_PAST:
        return EVERY
    past = [event for event in told if counts(event) and event.loudness is not Loudness.LOUD]
    past = [event for event in past if event.at >= now - LOOKED_BACK]
    days = (now - min((event.at for event in past), default=now)) / timedelta(days=1)
    best = sorted(map(score, past), reverse=True)
    room = max(1, int(most * days))
    return best[room - 1] if room < len(best) else EVERY
