"""Phases and events on a Redis-protocol server: state and event move in one script."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog

from adapters.store import codec, keys
from adapters.store.alert_port import FIRES_KEPT, FORGOT, NOTHING, OTHER_PARTS, Commit, Committed, Effort, Kept, Mark
from adapters.store.base import OtherParts, StoreUnavailable
from adapters.store.client import BLOCK_MS, Word
from adapters.store.dead_port import DEAD_FOR, DeadEvent
from adapters.store.paging import members
from adapters.store.redis_records import RedisRecords, kept_of
from adapters.store.replies import entries, listed, pairs, raw, read, text
from signals.event import Event
from signals.panel import from_ms, to_ms
from signals.part import WHOLE, Part, parts
from signals.rules.lifecycle import AlertState, Change

log = structlog.get_logger()

TOLD_FOR = timedelta(days=90)
"""How long a rule's events are kept for looking back."""

GONE_FOR = timedelta(days=2)
"""How long it is remembered that older revisions of a rule cannot act."""

RULES_A_PAGE = 500


class RedisAlerts(RedisRecords):
    """The port of phases and events."""

    _given: dict[str, str]
    """Event id -> its entry in the stream, for those given by `events` and not yet acked."""

    async def state(self, rule_id: str, track: str, revision: int) -> tuple[int, AlertState]:
        stored = await self._client.do("HGET", keys.states(rule_id), track)
        kept = codec.read_kept((rule_id, track), raw(stored)) if stored else None
        return (kept.version, kept.state) if kept and kept.revision == revision else (0, AlertState())

    async def states(self) -> AsyncIterator[Sequence[Kept]]:
        async for rules in members(self._client, keys.STATES, RULES_A_PAGE):
            yield await self.states_of(rules)

    async def states_of(self, rule_ids: Collection[str]) -> Sequence[Kept]:
        stored = await self._client.many([("HGETALL", keys.states(rule)) for rule in rule_ids])
        return [
            codec.read_kept((rule, text(track)), raw(state))
            for rule, reply in zip(rule_ids, stored, strict=True)
            for track, state in pairs(reply)
        ]

    async def commit(self, *each: Commit, part: Part = WHOLE) -> Sequence[Committed]:
        calls = [(_where(one, part, await self._digest(one.subject[0])), _said(one)) for one in each]
        return [Committed(text(answer)) for answer in await self._client.steps("commit", calls)]

    async def forget(self, rule_id: str, before: int | None) -> None:
        where = [keys.states(rule_id), keys.STATES, keys.told(rule_id), keys.fires(rule_id)]
        where.append(keys.floor(await self._digest(rule_id)))
        upto = "gone" if before is None else before
        await self._client.step("forget", where, rule_id, upto, GONE_FOR // timedelta(seconds=1))

    async def judged(self) -> datetime | None:
        of_each = await self._client.do("MGET", *(keys.judged(part) for part in parts(await self.parts())))
        return min((from_ms(int(text(of))) for of in listed(of_each)), default=None) if all(listed(of_each)) else None

    async def parts(self) -> int:
        stored = await self._client.do("GET", keys.PARTS)
        return int(text(stored)) if stored else WHOLE.of

    async def left(self, part: Part = WHOLE) -> tuple[datetime | None, Mark]:
        at, mark = listed(await self._client.do("MGET", keys.judged(part), keys.mark(part)))
        return from_ms(int(text(at))) if at else None, codec.read_mark(raw(mark)) if mark else NOTHING

    async def mark_judged(
        self, at: datetime, mark: Mark = NOTHING, part: Part = WHOLE, known: datetime | None = None
    ) -> None:
        where = [keys.judged(part), keys.mark(part), keys.PARTS]
        said = to_ms(at), codec.encode(mark), part.of, "" if known is None else to_ms(known)
        answer = text(await self._client.step("mark_judged", where, *said))
        if answer == "parts":
            raise OtherParts(OTHER_PARTS.format(of=part.of))
        if answer == "lost":
            raise StoreUnavailable(FORGOT)

    async def share_out(self, before: int, of: int, judged: datetime | None, mark: Mark) -> None:
        where = [keys.PARTS, *(key for part in parts(of) for key in (keys.judged(part), keys.mark(part)))]
        at = "" if judged is None else to_ms(judged)
        await self._client.step("share_out", where, before, of, at, codec.encode(mark))

    async def report_effort(self, of: Effort) -> None:
        await self._client.do("SET", keys.effort(of.part), codec.encode(of))

    async def efforts(self) -> Sequence[Effort]:
        stored = await self._client.do("MGET", *(keys.effort(part) for part in parts(await self.parts())))
        return [codec.read_effort(raw(of)) for of in listed(stored) if of]

    async def events(self) -> AsyncIterator[Event]:
        last = "0-0"
        while True:
            asked = ("XREAD", "COUNT", 100, "BLOCK", BLOCK_MS, "STREAMS", keys.EVENTS, last)
            for id_, fields in read(await self._client.wait(*asked)):
                last = id_
                event = _read(fields["e"])
                if event is None:
                    kept = DEAD_FOR // timedelta(milliseconds=1)
                    await self._client.step("bury_event", [keys.EVENTS, keys.DEAD_EVENTS], id_, kept)
                    log.error("an event cannot be read and nobody is told of it; see `perpwatch outbox`", number=id_)
                    continue
                self._given[event.id] = id_
                yield event

    async def ack(self, event: Event) -> None:
        id_ = self._given.get(event.id)
        if id_ is not None:
            await self._client.do("XDEL", keys.EVENTS, id_)
            del self._given[event.id]

    async def dead_events(self) -> Sequence[DeadEvent]:
        found = entries(await self._client.do("XRANGE", keys.DEAD_EVENTS, "-", "+"))
        return [DeadEvent(id_, from_ms(int(id_.partition("-")[0])), len(of["e"])) for id_, of in found]

    async def revive_event(self, event: DeadEvent) -> bool:
        return await self._client.step("revive_event", [keys.DEAD_EVENTS, keys.EVENTS], event.id) == 1

    async def recent(self, rule_ids: Collection[str], limit: int) -> Sequence[Event]:
        asked = [("XREVRANGE", keys.told(rule), "+", "-", "COUNT", limit) for rule in rule_ids]
        found = [_read(fields["e"]) for reply in await self._client.many(asked) for _, fields in entries(reply)]
        told = [event for event in found if event is not None]
        return sorted(told, key=lambda event: (event.at, event.id), reverse=True)[:limit]

    async def fires(self, rule_ids: Collection[str], since: datetime) -> Mapping[str, Sequence[datetime]]:
        stored = await self._client.many([("LRANGE", keys.fires(rule), 0, -1) for rule in rule_ids])
        times = [[datetime.fromtimestamp(int(text(at)), UTC) for at in listed(reply)] for reply in stored]
        return {rule: [at for at in of if at >= since] for rule, of in zip(rule_ids, times, strict=True)}


def _where(one: Commit, part: Part, digest: str) -> Sequence[str]:
    """The keys of that step."""
    rule_id, _ = one.subject
    own = [keys.told(rule_id), keys.fires(rule_id), keys.judged(part), keys.floor(digest)]
    ever = [keys.alerts(_place_of(rule_id)), keys.FOLLOWED]
    return [keys.states(rule_id), keys.STATES, keys.EVENTS, *own, *ever]


def _said(one: Commit) -> Sequence[Word]:
    """What the step is told of a commit."""
    rule_id, track = one.subject
    event = one.event
    fires = event is not None and event.change is Change.FIRED
    return [
        track,
        rule_id,
        one.revision,
        one.version,
        to_ms(one.at),
        event.id if event else "",
        codec.state(one.state) if one.state else b"",
        codec.encode(event) if event else b"",
        0 if event and event.shadow else 1,
        1 if fires else 0,
        TOLD_FOR // timedelta(milliseconds=1),
        FIRES_KEPT,
        0 if event and event.change is Change.GREW else 1,
        *kept_of(event if fires else None, _place_of(rule_id)),
    ]


def _place_of(rule_id: str) -> str:
    return rule_id.rpartition("/")[0]


def _read(stored: bytes) -> Event | None:
    """The event; None where this version cannot read it."""
    try:
        return codec.read_event(stored)
    except codec.Unreadable:
        return None
