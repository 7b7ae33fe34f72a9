"""Phases and events on a Redis-protocol server: state and event move in one script."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime, timedelta

from adapters.store import codec, keys
from adapters.store.base import Committed, Subject
from adapters.store.client import BLOCK_MS, Client
from adapters.store.replies import entries, listed, pairs, raw, read, text
from signals.event import Event
from signals.panel import from_ms, to_ms
from signals.rules.lifecycle import AlertState

TOLD_FOR = timedelta(days=90)
"""How long a rule's events are kept for looking back."""


class RedisAlerts:
    """The port of phases and events."""

    _client: Client
    _given: dict[str, str]
    """Event id -> its entry in the stream, for those given by `events` and not yet acked."""

    async def state(self, rule_id: str, coin: str) -> tuple[int, AlertState]:
        stored = await self._client.do("HGET", keys.states(rule_id), coin)
        return _state(raw(stored)) if stored else (0, AlertState())

    async def states(self) -> Sequence[tuple[Subject, int, AlertState]]:
        rules = [text(rule) for rule in listed(await self._client.do("SMEMBERS", keys.STATES))]
        stored = await self._client.many([("HGETALL", keys.states(rule)) for rule in rules])
        return [
            ((rule, text(coin)), *_state(raw(state)))
            for rule, reply in zip(rules, stored, strict=True)
            for coin, state in pairs(reply)
        ]

    async def commit(self, rule_id: str, coin: str, version: int, state: AlertState, event: Event | None) -> Committed:
        if state.at is None:
            raise ValueError("a state without a time cannot be committed")
        answer = await self._client.step(
            "commit",
            [keys.states(rule_id), keys.STATES, keys.EVENTS, keys.told(rule_id)],
            coin,
            rule_id,
            version,
            to_ms(state.at),
            event.id if event else "",
            codec.encode(state),
            codec.encode(event) if event else b"",
            TOLD_FOR // timedelta(milliseconds=1),
        )
        return Committed(text(answer))

    async def forget(self, rule_id: str) -> None:
        await self._client.step("forget", [keys.states(rule_id), keys.STATES, keys.told(rule_id)], rule_id)

    async def judged(self) -> datetime | None:
        stored = await self._client.do("GET", keys.JUDGED)
        return from_ms(int(text(stored))) if stored else None

    async def mark_judged(self, at: datetime) -> None:
        await self._client.step("mark_judged", [keys.JUDGED], to_ms(at))

    async def events(self) -> AsyncIterator[Event]:
        last = "0-0"
        while True:
            asked = ("XREAD", "COUNT", 100, "BLOCK", BLOCK_MS, "STREAMS", keys.EVENTS, last)
            for id_, fields in read(await self._client.wait(*asked)):
                last = id_
                event = codec.read_event(fields["e"])
                self._given[event.id] = id_
                yield event

    async def ack(self, event: Event) -> None:
        id_ = self._given.get(event.id)
        if id_ is not None:
            await self._client.do("XDEL", keys.EVENTS, id_)
            del self._given[event.id]

    async def recent(self, rule_ids: Collection[str], limit: int) -> Sequence[Event]:
        asked = [("XREVRANGE", keys.told(rule), "+", "-", "COUNT", limit) for rule in rule_ids]
        told = [
            codec.read_event(fields["e"]) for reply in await self._client.many(asked) for _, fields in entries(reply)
        ]
        return sorted(told, key=lambda event: (event.at, event.id), reverse=True)[:limit]


def _state(stored: bytes) -> tuple[int, AlertState]:
    version, _, _, state = stored.split(b" ", 3)
    return int(version), codec.read_state(state)
