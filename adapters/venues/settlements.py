"""What was paid, where a venue does not say so: the last estimate just before the payment. Pure, and provisional."""

from dataclasses import replace
from datetime import timedelta

from signals.model import Metric, Observation

BEFORE = timedelta(seconds=60)
"""How old the last estimate may be at the payment."""

LATE = timedelta(hours=1)
"""How long after the next payment the last one may still be used."""


class Settlements:
    """The running rates of instruments whose venues do not say what was paid."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], Observation] = {}

    def take(self, seen: Observation) -> Observation | None:
        """The payment that lies between the last word and this one; None where there is none, or its rate is unknown."""
        key = (seen.venue, seen.symbol)
        before = self._last.get(key)
        self._last[key] = seen
        if before is None or before.next_at is None or before.interval_h is None or seen.at < before.next_at:
            return None
        if before.at < before.next_at - BEFORE:
            return None
        return replace(
            before,
            metric=Metric.FUNDING_SETTLED,
            at=before.next_at,
            received=seen.received,
            fresh_for=timedelta(hours=before.interval_h) + LATE,
            next_at=None,
        )
