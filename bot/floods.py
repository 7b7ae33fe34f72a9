"""Floods: how many commands one person may send, so that nobody slows down the others."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

MINUTE, A_MINUTE = timedelta(minutes=1), 20
"""Commands of one person in any minute."""

HEAVY_EVERY = timedelta(seconds=5)
"""How often one person may ask for something that is slow."""

HEAVY = frozenset({"chart", "export", "import", "backtest"})
"""Commands that are slow."""

REMEMBERED = 10_000
"""People of whom it is known when they last asked."""


@dataclass(slots=True)
class _Person:
    asked: deque[datetime] = field(default_factory=lambda: deque(maxlen=A_MINUTE))
    heavy: datetime | None = None


class Floods:
    """Counts what people ask for; who has not asked for longest is forgotten first."""

    def __init__(self) -> None:
        self._people: OrderedDict[str, _Person] = OrderedDict()

    def wait(self, person: str, command: str, now: datetime) -> timedelta | None:
        """How long that person must wait with that command; None where it may go on, and then it is counted."""
        of = self._people.setdefault(person, _Person())
        self._people.move_to_end(person)
        if len(self._people) > REMEMBERED:
            self._people.popitem(last=False)
        free = [of.asked[0] + MINUTE] if len(of.asked) == A_MINUTE else []
        free += [of.heavy + HEAVY_EVERY] if of.heavy and command in HEAVY else []
        if free and max(free) > now:
            return max(free) - now
        of.asked.append(now)
        of.heavy = now if command in HEAVY else of.heavy
        return None
