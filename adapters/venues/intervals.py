"""Whether the interval that a venue states for its funding is the one it keeps. Pure.

A rate of 0.01 % is twice as much every four hours as every eight: a wrong interval is a wrong rate. The step from one
funding to the next is the independent witness; while it contradicts the stated interval the rate is unknown.
"""

from dataclasses import dataclass
from datetime import datetime

from adapters.venues.wire import hours_between
from signals.model import Observation

CONFLICT = "interval-conflict"
"""The reason of a rate that is withheld."""

WORDS = 2
"""So many words in a row must contradict before a rate is withheld."""


@dataclass(frozen=True, slots=True)
class IntervalChanged:
    """One rate covers another number of hours from now on. Nothing fires because of it."""

    venue: str
    symbol: str
    before: float
    after: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Word:
    """What becomes of a rate: whether it may be used, and whether its interval has changed."""

    is_believed: bool
    changed: IntervalChanged | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """The last word about an instrument, the step that was seen at its last funding, and contradictions in a row."""

    interval_h: float
    next_at: datetime
    step: float | None = None
    contradicted: int = 0


class Intervals:
    """The intervals of all instruments, word by word."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Known] = {}

    def weigh(self, seen: Observation) -> Word:
        """Whether to use a running rate."""
        if seen.interval_h is None or seen.next_at is None:
            return Word(is_believed=True)
        key = (seen.venue, seen.symbol)
        before = self._known.get(key)
        if before is None:
            self._known[key] = _Known(seen.interval_h, seen.next_at)
            return Word(is_believed=True)
        step = _step(before, seen.interval_h, seen.next_at)
        contradicted = before.contradicted + 1 if step not in (None, seen.interval_h) else 0
        self._known[key] = _Known(seen.interval_h, seen.next_at, step, contradicted)
        changed = None
        if seen.interval_h != before.interval_h:
            changed = IntervalChanged(seen.venue, seen.symbol, before.interval_h, seen.interval_h, seen.at)
        return Word(contradicted < WORDS, changed)


def _step(before: _Known, interval_h: float, next_at: datetime) -> float | None:
    """The hours between the last two fundings: None until one was seen, and where several passed unseen."""
    if next_at == before.next_at:
        return before.step if interval_h == before.interval_h else None
    hours = hours_between(before.next_at, next_at)
    missed = hours is not None and hours > interval_h and hours % interval_h == 0
    return None if hours is None or hours <= 0 or missed else hours
