"""Budgets, blocks and what was found out about venues on a Redis-protocol server."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from adapters.store import codec, keys
from adapters.store.base import window_end, window_number
from adapters.store.client import Client
from adapters.store.replies import number, raw
from adapters.venues.base import Health
from signals.panel import from_ms, to_ms

KEPT_WINDOWS = 2
"""Windows after which what was spent in one is forgotten."""


class RedisVenues:
    """The port of venues."""

    _client: Client

    async def spend(
        self, bucket: str, within: Collection[str], weight: int, most: int, window: timedelta, now: datetime
    ) -> datetime | None:
        counted = window_number(window, now)
        answer = await self._client.step(
            "spend",
            [keys.spent(bucket), keys.block(bucket), *(keys.block(name) for name in within)],
            weight,
            most,
            counted,
            to_ms(window_end(counted, window)),
            to_ms(now),
            _kept(window),
        )
        until = number(answer)
        return from_ms(until) if until else None

    async def raise_spent(self, bucket: str, weight: int, window: timedelta, now: datetime) -> None:
        counted = window_number(window, now)
        await self._client.step("raise_spent", [keys.spent(bucket)], weight, counted, _kept(window))

    async def block(self, name: str, until: datetime) -> None:
        await self._client.step("block", [keys.block(name)], to_ms(until))

    async def blocked(self, name: str, now: datetime) -> datetime | None:
        stored = await self._client.do("GET", keys.block(name))
        until = from_ms(int(raw(stored))) if stored else now
        return until if until > now else None

    async def learn(self, name: str, what: bytes) -> None:
        await self._client.do("SET", keys.learned(name), what)

    async def learned(self, name: str) -> bytes | None:
        stored = await self._client.do("GET", keys.learned(name))
        return None if stored is None else raw(stored)

    async def report(self, health: Sequence[Health]) -> None:
        await self._client.do("SET", keys.HEALTH, codec.encode(tuple(health)))

    async def reported(self) -> Sequence[Health]:
        stored = await self._client.do("GET", keys.HEALTH)
        return codec.read_health(raw(stored)) if stored else ()


def _kept(window: timedelta) -> int:
    return max(1, KEPT_WINDOWS * round(window.total_seconds()))
