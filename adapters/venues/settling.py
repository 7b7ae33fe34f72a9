"""What was paid at venues that do not say so in time: their last estimate before the payment. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from adapters.venues.wire import Parsed
from signals.model import Metric, Observation

LAST = timedelta(seconds=60)
"""How long before a payment its last estimate may have been made."""


class Settling:
    """Remembers the running rates of one venue until they are due."""

    def __init__(self) -> None:
        self._running: dict[str, Observation] = {}

    def with_paid(self, parsed: Parsed) -> Parsed:
        """The same with what has been paid since: told once, by the first rate that is due at a later time."""
        return replace(parsed, observations=(*parsed.observations, *self._paid(parsed.observations)))

    def _paid(self, observations: Sequence[Observation]) -> Iterator[Observation]:
        for seen in observations:
            if seen.metric is not Metric.FUNDING or seen.next_at is None:
                continue
            before = self._running.get(seen.symbol)
            if before is not None and before.next_at is not None and before.next_at < seen.next_at:
                yield from _settled(before, seen)
            if seen.at <= seen.next_at:
                self._running[seen.symbol] = seen


def _settled(before: Observation, seen: Observation) -> Iterator[Observation]:
    """The payment that came between the two; none where the estimate is too old for it, or the time is yet to come."""
    due, hours = before.next_at, before.interval_h
    if due is not None and hours is not None and due - before.at <= LAST and due <= seen.received:
        yield replace(
            before,
            metric=Metric.FUNDING_SETTLED,
            at=due,
            received=seen.received,
            fresh_for=timedelta(hours=hours),
            next_at=None,
        )
