"""Which answers are believed: no cut lists, and no copies of an old answer. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from adapters.venues.base import Batch, Feed, Scope
from adapters.venues.shrinking import Shrinking
from signals.model import Metric

_NOW_AND_THEN = frozenset({Metric.FUNDING_SETTLED})
"""What is told of some instruments at a time, however many there are."""

SAME = 3
"""Equal answers in a row that are a copy, if prices moved elsewhere meanwhile."""


class Doubt(StrEnum):
    """Why an answer is not believed."""

    SHORT = "short-list"
    """It holds far fewer rows than the one before."""
    COPY = "copy"
    """It is byte for byte what was said before, while prices moved at other venues."""


@dataclass
class _Heard:
    """What one feed of one venue has said so far."""

    shrinking: Shrinking = field(default_factory=Shrinking)
    digest: bytes = b""
    since: datetime | None = None
    times: int = 0


class Intake:
    """Judges the bulk answers of all venues, in the order in which they come."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, str], _Heard] = {}
        self._moved: dict[str, datetime] = {}

    def doubt(self, feed: Feed, batch: Batch, now: datetime) -> Doubt | None:
        """Why the answer must not be used; None where it may."""
        if feed.scope is not Scope.BULK or feed.metrics <= _NOW_AND_THEN:
            return None
        heard = self._heard.setdefault((batch.venue, batch.feed), _Heard())
        if batch.digest and batch.digest == heard.digest:
            heard.times += 1
            return Doubt.COPY if heard.times >= SAME and self._moved_elsewhere(batch.venue, heard.since) else None
        heard.digest, heard.since, heard.times = batch.digest, now, 1
        if not heard.shrinking.accepts(len({seen.symbol for seen in batch.observations})):
            return Doubt.SHORT
        if Metric.PRICE in feed.metrics:
            self._moved[batch.venue] = now
        return None

    def _moved_elsewhere(self, venue: str, since: datetime | None) -> bool:
        return since is not None and any(at > since for other, at in self._moved.items() if other != venue)
