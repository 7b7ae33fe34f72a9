"""Which answers are believed: no cut lists, and no copies of an old answer. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from adapters.venues.base import Batch, Feed, Scope
from adapters.venues.shrinking import Shrinking
from signals.model import Metric

_NOW_AND_THEN = frozenset({Metric.FUNDING_SETTLED})
"""What is told of some instruments at a time, however many there are."""

SAME = 3
"""Equal answers in a row that are a copy, if prices moved elsewhere meanwhile. Prices are equal whatever their times:
a venue that is in maintenance may repeat its last ones with new stamps, and hundreds of prices do not stand still."""


class Doubt(StrEnum):
    """Why an answer is not believed."""

    SHORT = "short-list"
    """It holds far fewer rows than the one before."""
    COPY = "copy"
    """It is byte for byte, or price for price, what was said before, while prices moved at other venues."""


@dataclass
class _Heard:
    """What one feed of one venue has said so far."""

    shrinking: Shrinking = field(default_factory=Shrinking)
    digest: bytes = b""
    prices: Mapping[str, float] = field(default_factory=dict)
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
        prices = {of.symbol: of.value for of in batch.observations if of.metric is Metric.PRICE}
        if (batch.digest and batch.digest == heard.digest) or (prices and prices == heard.prices):
            heard.times += 1
            return Doubt.COPY if heard.times >= SAME and self._moved_elsewhere(batch.venue, heard.since) else None
        moved = any(heard.prices.get(symbol, value) != value for symbol, value in prices.items())
        heard.digest, heard.prices, heard.since, heard.times = batch.digest, prices, now, 1
        if not heard.shrinking.accepts(len({seen.symbol for seen in batch.observations})):
            return Doubt.SHORT
        if moved:
            self._moved[batch.venue] = now
        return None

    def _moved_elsewhere(self, venue: str, since: datetime | None) -> bool:
        return since is not None and any(at > since for other, at in self._moved.items() if other != venue)
