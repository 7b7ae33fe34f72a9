"""What must not be forgotten of venues, in memory."""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from adapters.store import keys
from adapters.venues.base import Health

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MemoryVenues:
    """Budgets, bans, and what was found out."""

    def __init__(self) -> None:
        super().__init__()
        self._spent: dict[tuple[str, timedelta, datetime], int] = {}
        """Per bucket and window, by where the window began; the last ones only."""
        self._blocks: dict[str, datetime] = {}
        self._learned: dict[str, bytes] = {}
        self._health: tuple[Health, ...] = ()

    async def spend(
        self, bucket: str, within: Collection[str], weight: int, most: int, window: timedelta, now: datetime
    ) -> datetime | None:
        start = _start(window, now)
        spent = self._spent.get((bucket, window, start), 0) + weight
        ends = [end for name in (bucket, *within) if (end := self._blocks.get(name, now)) > now]
        if spent > most:
            ends.append(start + window)
        if ends:
            return max(ends)
        self._count(bucket, window, start, spent)
        return None

    async def raise_spent(self, bucket: str, weight: int, window: timedelta, now: datetime) -> None:
        start = _start(window, now)
        if weight > self._spent.get((bucket, window, start), 0):
            self._count(bucket, window, start, weight)

    async def block(self, name: str, until: datetime) -> None:
        self._blocks[name] = max(until, self._blocks.get(name, until))

    async def blocked(self, name: str, now: datetime) -> datetime | None:
        until = self._blocks.get(name, now)
        return until if until > now else None

    async def learn(self, name: str, what: bytes) -> None:
        self._learned[name] = what

    async def learned(self, name: str) -> bytes | None:
        return self._learned.get(name)

    async def report(self, health: Sequence[Health]) -> None:
        self._health = tuple(health)

    async def reported(self) -> Sequence[Health]:
        return self._health

    def _erase_spent(self, name: str) -> None:
        """What was spent and blocked under names that hold this one."""
        named = re.compile(keys.mention(name))
        self._spent = {key: spent for key, spent in self._spent.items() if not named.search(key[0])}
        self._blocks = {key: until for key, until in self._blocks.items() if not named.search(key)}

    def _count(self, bucket: str, window: timedelta, start: datetime, spent: int) -> None:
        for old in [of for of in self._spent if of[:2] == (bucket, window) and of[2] < start - window]:
            del self._spent[old]
        self._spent[bucket, window, start] = spent


def _start(window: timedelta, now: datetime) -> datetime:
    return now - (now - _EPOCH) % window
