"""Whether streams that seem alive can be believed: channels that say nothing, and sides that look inverted. Pure."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from signals.model import Gap, Liquidation, Pulse, Side

DEAF_AFTER = timedelta(minutes=15)
"""Without a close for so long a channel may be dead,"""
SPACINGS = 10
"""or for so many of its usual spacings, where that is longer,"""
ELSEWHERE = 50
"""if so many closes came from other venues meanwhile."""

DAY = timedelta(hours=24)
ALIVE = timedelta(minutes=1)
"""How old the last pulse of a live stream may be."""

REMEMBERED = 2_000
"""Closes of a venue: so many in a day are so near each other that only DEAF_AFTER counts."""

EVENTS = 200
"""Last closes of a venue whose sides are compared with what the price did."""
INVERTED = 0.4
"""Share of closes on the losing side below which a venue's sides look inverted,"""
SOUND = 0.5
"""and from which on they do not any more."""

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Deaf:
    """A channel that says nothing though its heart beats: since when, and whether that is news."""

    venue: str
    since: datetime
    is_news: bool


@dataclass
class _Channel:
    """What one venue's stream said: when it last began anew, its last pulse, and the times of its closes."""

    since: datetime | None = None
    pulse: datetime | None = None
    told: bool = False
    closes: deque[datetime] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def patience(self, now: datetime) -> timedelta:
        """How long it may say nothing."""
        lately = sorted(at for at in self.closes if at > now - DAY)
        spacings = [(later - earlier).total_seconds() for earlier, later in pairwise(lately)]
        return max(DEAF_AFTER, timedelta(seconds=SPACINGS * median(spacings))) if spacings else DEAF_AFTER


class Channels:
    """The streams of all venues, compared with each other."""

    def __init__(self) -> None:
        self._of: dict[str, _Channel] = {}

    def take(self, item: Liquidation | Gap | Pulse) -> None:
        """Remember that a stream spoke; after a hole its silence counts anew."""
        of = self._of.setdefault(item.venue, _Channel())
        match item:
            case Pulse():
                of.since, of.pulse = of.since or item.at, item.at
            case Gap():
                of.since = max(of.since or item.until, item.until)
            case Liquidation():
                of.since = max(of.since or item.at, item.at)
                of.closes.append(item.at)
                of.told = False

    def deaf(self, now: datetime) -> Sequence[Deaf]:
        """The channels to subscribe to anew; each is asked for once in its time of patience, and is news once."""
        found = [*self._deaf(now)]
        for each in found:
            self._of[each.venue].since, self._of[each.venue].told = now, True
        return found

    def _deaf(self, now: datetime) -> Iterator[Deaf]:
        for venue, of in self._of.items():
            since = of.since
            if since is None or of.pulse is None or now - of.pulse > ALIVE or now - since < of.patience(now):
                continue
            if self._elsewhere(venue, since) >= ELSEWHERE:
                yield Deaf(venue, since, is_news=not of.told)

    def _elsewhere(self, venue: str, since: datetime) -> int:
        return sum(at > since for other, of in self._of.items() if other != venue for at in of.closes)


class Sides:
    """Whether the side that a venue calls closed is the one that lost: longs when prices fall."""

    def __init__(self) -> None:
        self._waiting: list[Liquidation] = []
        self._prices: Mapping[tuple[str, str], float] = {}
        self._priced: datetime | None = None
        self._right: dict[str, deque[bool]] = {}
        self._told: set[str] = set()

    def take(self, item: Liquidation) -> None:
        """Remember a close until its minute ends."""
        self._waiting.append(item)

    def close(self, at: datetime, prices: Mapping[tuple[str, str], float]) -> Sequence[str]:
        """Compare the closes of the minute that ends then with the prices by venue and symbol; who looks inverted."""
        before = self._prices if self._priced == at - MINUTE else {}
        for item in self._waiting:
            if at - MINUTE < item.at <= at:
                self._compare(item, before, prices)
        self._waiting = [item for item in self._waiting if item.at > at]
        self._prices, self._priced = prices, at
        return [*self._inverted()]

    def _compare(
        self, item: Liquidation, before: Mapping[tuple[str, str], float], after: Mapping[tuple[str, str], float]
    ) -> None:
        key = (item.venue, item.symbol)
        was, became = before.get(key), after.get(key)
        if was is None or became is None or was == became:
            return
        lost = Side.LONG if became < was else Side.SHORT
        self._right.setdefault(item.venue, deque(maxlen=EVENTS)).append(item.side is lost)

    def _inverted(self) -> Iterator[str]:
        for venue, right in self._right.items():
            share = sum(right) / len(right)
            if len(right) == EVENTS and share < INVERTED and venue not in self._told:
                self._told.add(venue)
                yield venue
            elif share >= SOUND:
                self._told.discard(venue)
