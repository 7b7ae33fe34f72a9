"""What must not be forgotten of venues, on a Redis-protocol server: one counter a window, one end a block.

A block has no time to live: whether it is over is decided by the caller's clock, never by the server's. There are
few names, so few blocks.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from adapters.store import codec, keys
from adapters.store.client import Client
from adapters.store.replies import raw, text
from adapters.venues.base import Health
from signals.panel import from_ms

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class RedisVenues:
    """The port of venues."""

    _client: Client

    async def spend(
        self, bucket: str, within: Collection[str], weight: int, most: int, window: timedelta, now: datetime
    ) -> datetime | None:
        start, length = _window(window, now)
        blocks = [keys.block(name) for name in (bucket, *within)]
        named = [keys.spent(bucket, length, start), *blocks]
        counts = (weight, most, _floor(now), start + length, 2 * length)
        again = text(await self._client.step("spend", named, *counts))
        return from_ms(int(again)) if again else None

    async def raise_spent(self, bucket: str, weight: int, window: timedelta, now: datetime) -> None:
        start, length = _window(window, now)
        await self._client.step("raise_spent", [keys.spent(bucket, length, start)], weight, 2 * length)

    async def block(self, name: str, until: datetime) -> None:
        await self._client.step("block", [keys.block(name)], _ceiling(until))

    async def blocked(self, name: str, now: datetime) -> datetime | None:
        ends = await self._client.do("GET", keys.block(name))
        until = from_ms(int(text(ends))) if ends else now
        return until if until > now else None

    async def learn(self, name: str, what: bytes) -> None:
        await self._client.do("SET", keys.learned(name), what)

    async def learned(self, name: str) -> bytes | None:
        stored = await self._client.do("GET", keys.learned(name))
        return None if stored is None else raw(stored)

    async def report(self, health: Sequence[Health]) -> None:
        await self._client.do("SET", keys.HEALTH, codec.encode(health))

    async def reported(self) -> Sequence[Health]:
        stored = await self._client.do("GET", keys.HEALTH)
        return codec.read_health(raw(stored)) if stored else []


def _window(window: timedelta, now: datetime) -> tuple[int, int]:
    """Where the window of that moment begins, and how long it is, in milliseconds."""
    length = window // _MS
    return _floor(now) // length * length, length


def _floor(at: datetime) -> int:
    return (at - _EPOCH) // _MS


def _ceiling(at: datetime) -> int:
    """The end of a block is never before what was asked for."""
    return -((_EPOCH - at) // _MS)
