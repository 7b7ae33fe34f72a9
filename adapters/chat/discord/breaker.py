"""The breaker: too many refusals in a short time would have our address banned, so we rest before that."""

from collections import deque
from datetime import datetime, timedelta

REFUSALS = frozenset({401, 403, 429})
"""Answers that count towards a ban of the address: 10,000 of them in 10 minutes."""

MOST = 100
WITHIN = timedelta(minutes=10)


class Breaker:
    """Counts refusals; with `MOST` of them `WITHIN` a span nothing is sent until the oldest are past."""

    def __init__(self) -> None:
        self._refused: deque[datetime] = deque(maxlen=MOST)
        self._until: datetime | None = None

    def answered(self, status: int, now: datetime) -> None:
        """Take note of one answer of the platform."""
        if status in REFUSALS:
            self._refused.append(now)

    def pause(self, until: datetime) -> None:
        """Send nothing before that; a longer pause that is on stays."""
        self._until = until if self._until is None else max(self._until, until)

    def rest(self, now: datetime) -> timedelta | None:
        """How long nothing may be sent; None where the way is free."""
        full = len(self._refused) == MOST
        ends = [self._until] if self._until is not None else []
        ends += [self._refused[0] + WITHIN] if full else []
        rest = max((end - now for end in ends), default=timedelta(0))
        return rest if rest > timedelta(0) else None
