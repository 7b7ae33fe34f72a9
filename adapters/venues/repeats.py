"""Which forced closes were told before, by the venue's identity of each and its place among equals. Pure."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import datetime, timedelta

from signals.model import Liquidation


class Repeats:
    """Remembers closes for a while of event time: frames come again after a reconnect, and over two connections."""

    def __init__(self, key: Callable[[Liquidation], Hashable], remembered: timedelta) -> None:
        self._key = key
        self._remembered = remembered
        self._seen: dict[tuple[Hashable, int], datetime] = {}
        self._forgotten_at: datetime | None = None

    def fresh(self, frame: Iterable[Liquidation], now: datetime) -> Iterator[Liquidation]:
        """Those of one frame that were not told before: two equal ones are two, the same frame again none."""
        self._forget(now)
        ordinals: Counter[Hashable] = Counter()
        for item in frame:
            key = self._key(item)
            place = (key, ordinals[key])
            ordinals[key] += 1
            if place not in self._seen:
                self._seen[place] = item.at
                yield item

    def _forget(self, now: datetime) -> None:
        """Let go of what is too old to come again, now and then."""
        if self._forgotten_at is None or now - self._forgotten_at > self._remembered / 10:
            self._forgotten_at = now
            oldest = now - 2 * self._remembered
            self._seen = {place: at for place, at in self._seen.items() if at > oldest}
