"""Lanes of waiting entries on a Redis-protocol server: steps A2 to A6, each one script."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count

from adapters.chat.base import Place, place_of
from adapters.store import codec, keys
from adapters.store.base import MAX_TRIES, Changed, Claim, Epoch, Fanned, Fenced, Held, Idle, WatchChange
from adapters.store.batch import (
    ALIKE,
    BACKLOG,
    BACKLOG_FROM,
    FOLDED_FROM,
    FOLDED_MOST,
    LET_IN_AT_ONCE,
    Ends,
    Final,
    Waiting,
    as_one,
    expired_in,
)
from adapters.store.client import BLOCK_MS, Client, Reply, Word
from adapters.store.dead_port import DEAD_FOR, DEAD_LISTED, DeadLetter
from adapters.store.paging import names_like
from adapters.store.replies import entries, listed, number, raw, read, text
from signals.event import Event
from signals.notice import Notice
from signals.panel import from_ms, to_ms
from signals.rules.model import Rule

BODY_FOR = timedelta(days=7)
MESSAGES_FOR = timedelta(days=30)
OUTCOMES_FOR = timedelta(days=30)
A_PAGE = 500
_MS = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)


class RedisOutboxes:
    """The port of deliveries."""

    _client: Client
    _calls: "count[int]"
    """Numbers claims, so that one whose reply was lost can be asked again."""

    async def subscribe(self, platform: str, change: Changed) -> None:
        applied = keys.of_platform(platform, "applied")
        if isinstance(change, WatchChange):
            await self._client.step("mark_applied", [applied], change.number)
            return
        place = place_of(change.rule.place) if change.rule else None
        to = "" if place is None else place.id if place.platform == platform else "-"
        where = [applied, keys.subscribers(platform, change.rule_id)]
        await self._client.step("subscribe", where, change.number, to)

    async def subscribe_all(self, platform: str, change: int, rules: AsyncIterator[Sequence[Rule]]) -> None:
        async for page in rules:
            own = [(rule.id, place) for rule in page if (place := place_of(rule.place)).platform == platform]
            await self._client.many([("ZADD", keys.subscribers(platform, id_), 0, place.id) for id_, place in own])
        await self._drop_subscribers(platform)
        await self._client.step("mark_applied", [keys.of_platform(platform, "applied")], change)

    async def _drop_subscribers(self, platform: str) -> None:
        """Those of rules that are gone: their removal may be among the changes that were missed."""
        prefix = keys.subscribers(platform, "")
        names = [name async for name in names_like(self._client, f"{prefix}*", A_PAGE)]
        for start in range(0, len(names), A_PAGE):
            page = names[start : start + A_PAGE]
            rules = [name.removeprefix(prefix).rpartition("/") for name in page]
            asked = [("HEXISTS", keys.rules(place_of(place)), number) for place, _, number in rules]
            there = await self._client.many(asked)
            await self._client.many([("DEL", name) for name, found in zip(page, there, strict=True) if not found])

    async def applied(self, platform: str) -> int:
        stored = await self._client.do("GET", keys.of_platform(platform, "applied"))
        return int(text(stored)) if stored else 0

    async def fan_out(self, platform: str, event: Event, page: int, now: datetime) -> Fanned:
        answer = await self._client.step(
            "fan_out",
            [
                keys.expanded(platform, event.id),
                keys.subscribers(platform, event.rule_id),
                *_keys(platform, "lane", "ready", "seq"),
                keys.body(platform, event.id),
                *_keys(platform, "applied", "wake"),
            ],
            event.id,
            page,
            to_ms(now),
            codec.encode(event),
            event.change_number,
            BODY_FOR // _SECOND,
            BODY_FOR // _SECOND,
        )
        return Fanned(text(answer))

    async def post(self, place: Place, notice: Notice, now: datetime) -> bool:
        platform = place.platform
        where = [
            keys.expanded(platform, notice.id),
            *_keys(platform, "lane", "ready", "seq"),
            keys.body(platform, notice.id),
            *_keys(platform, "low", "wake"),
        ]
        said = codec.encode(notice), BODY_FOR // _SECOND, 1 if notice.can_wait else 0
        return await self._client.step("post", where, notice.id, place.id, to_ms(now), *said) == 1

    async def wakes(self, platform: str) -> AsyncIterator[None]:
        last = "0-0"
        while True:
            asked = ("XREAD", "BLOCK", BLOCK_MS, "STREAMS", keys.of_platform(platform, "wake"), last)
            for id_, _ in read(await self._client.wait(*asked)):
                last = id_
                yield

    async def lead(self, platform: str, owner: str, now: datetime, ttl: timedelta) -> Epoch | Held:
        where = _keys(platform, "leader", "epoch", "infl", "ready")
        epoch, until = listed(await self._client.step("lead", where, owner, to_ms(now), to_ms(now + ttl)))
        if text(epoch) == "0":
            return Held(from_ms(int(text(until))) - now)
        return Epoch(platform, owner, int(text(epoch)))

    async def renew(self, epoch: Epoch, now: datetime, ttl: timedelta) -> bool:
        return await self._lead_on(epoch, str(to_ms(now + ttl)))

    async def resign(self, epoch: Epoch) -> None:
        await self._lead_on(epoch, "")

    async def _lead_on(self, epoch: Epoch, until: str) -> bool:
        where = _keys(epoch.platform, "leader", "epoch")
        return await self._client.step("renew", where, epoch.owner, str(epoch.number), until) == 1

    async def claim(self, epoch: Epoch, now: datetime, lease: timedelta) -> Claim | Idle:
        names = ("epoch", "ready", "lane", "infl", "last", "tries", "missed", "low", "seq")
        when = next(self._calls), to_ms(now), to_ms(now + lease)
        late = BACKLOG // _MS, BACKLOG_FROM
        asked = (str(epoch.number), *when, FOLDED_FROM, FOLDED_MOST, LET_IN_AT_ONCE, *late)
        answer = [
            text(word) for word in listed(await self._client.step("claim", _keys(epoch.platform, *names), *asked))
        ]
        match answer:
            case ["go", place, ambiguous, tries, missed, since, *entries_]:
                batch = await self._bodies(epoch.platform, entries_)
                of, size = tuple(as_one(batch)), len(batch)
                counts = int(ambiguous), int(tries), size, int(missed)
                return Claim(epoch, Place(epoch.platform, place), of, from_ms(int(since)), *counts)
            case ["idle", due]:
                return Idle(from_ms(int(float(due))) if due else None)
            case _:
                raise Fenced("another sender leads this platform now")

    async def _bodies(self, platform: str, entries_: Sequence[str]) -> Sequence[Waiting]:
        stored = await self._client.many([("GET", _body(platform, entry)) for entry in entries_])
        return [Waiting(entry, _read(told)) for entry, told in zip(entries_, stored, strict=True)]

    async def finish(
        self,
        claim: Claim,
        outcome: Final,
        reason: str,
        message_id: str,
        next_due: datetime,
        apart: Ends = ALIKE,
    ) -> int:
        platform, place = claim.epoch.platform, claim.place
        ends = [(one.entry, *apart.get(one.entry, (outcome, reason))) for one in claim.batch]
        episodes = [one.told.episode if isinstance(one.told, Event) else "-" for one in claim.batch]
        of_each = zip(ends, episodes, strict=True)
        where = [(_body(platform, entry), keys.messages(platform, episode)) for (entry, *_), episode in of_each]
        left = await self._client.step(
            "finish",
            [
                *_keys(platform, "ready", "lane", "infl", "tries", "missed", "dlq"),
                keys.outcomes(place),
                *(key for pair in where for key in pair),
            ],
            place.id,
            str(claim.epoch.number),
            to_ms(next_due),
            message_id,
            claim.missed + expired_in(apart) if outcome is Final.SENT else 0,
            OUTCOMES_FOR // _MS,
            OUTCOMES_FOR // _SECOND,
            MESSAGES_FOR // _SECOND,
            DEAD_FOR // _MS,
            *(word for end in ends for word in end),
        )
        return number(left)

    async def retry(
        self, claim: Claim, not_before: datetime, *, certain: bool, poison: bool = False, reason: str = ""
    ) -> Final | None:
        platform, tries = claim.epoch.platform, claim.tries + 1 if poison else claim.tries
        names = ("ready", "lane", "infl", "tries", "dlq")
        entries_ = [one.entry for one in claim.batch]
        answer = await self._client.step(
            "retry",
            [*_keys(platform, *names), keys.outcomes(claim.place), *(_body(platform, entry) for entry in entries_)],
            claim.place.id,
            str(claim.epoch.number),
            claim.ambiguous,
            claim.size,
            to_ms(not_before),
            0 if certain else 1,
            tries,
            1 if poison and tries >= MAX_TRIES else 0,
            reason,
            OUTCOMES_FOR // _MS,
            OUTCOMES_FOR // _SECOND,
            DEAD_FOR // _MS,
            to_ms(claim.since),
            *entries_,
        )
        return Final.DEAD if text(answer) else None

    async def dead(self, platform: str) -> Sequence[DeadLetter]:
        asked = ("XREVRANGE", keys.of_platform(platform, "dlq"), "+", "-", "COUNT", DEAD_LISTED)
        return [_dead(platform, id_, of) for id_, of in entries(await self._client.do(*asked))][::-1]

    async def revive(self, letter: DeadLetter, now: datetime) -> bool:
        platform, id_ = letter.place.platform, letter.entry.rpartition(":")[2]
        where = [*_keys(platform, "dlq", "lane", "ready", "seq"), keys.body(platform, id_), *_keys(platform, "wake")]
        what = letter.id, letter.place.id, id_, to_ms(now), BODY_FOR // _SECOND
        return await self._client.step("revive", where, *what) == 1

    async def message_of(self, place: Place, episode: str) -> str | None:
        stored = await self._client.do("HGET", keys.messages(place.platform, episode), place.id)
        return text(stored) if stored else None

    async def waiting(self, place: Place) -> int:
        lane = keys.of_platform(place.platform, "lane")
        low = keys.of_platform(place.platform, "low")
        asked: Sequence[Sequence[Word]] = [
            ("ZLEXCOUNT", lane, f"[{place.id}:", f"({place.id};"),
            ("ZRANGE", low, 0, -1),
        ]
        found, behind = await self._client.many(asked)
        return number(found) + sum(text(one).rpartition(":")[0] == place.id for one in listed(behind))

    async def outcomes(self, place: Place, limit: int) -> Sequence[tuple[str, Final, str]]:
        found = entries(await self._client.do("XREVRANGE", keys.outcomes(place), "+", "-", "COUNT", limit))
        return [(of["entry"].decode(), Final(of["outcome"].decode()), of["reason"].decode()) for _, of in found]


def _keys(platform: str, *names: str) -> list[str]:
    return [keys.of_platform(platform, name) for name in names]


def _body(platform: str, entry: str) -> str:
    """Where the text of what an entry tells is."""
    return keys.body(platform, entry.rpartition(":")[2])


def _read(stored: Reply) -> Event | Notice | None:
    try:
        return codec.read_told(raw(stored)) if stored else None
    except codec.Unreadable:
        return None


def _dead(platform: str, id_: str, of: Mapping[str, bytes]) -> DeadLetter:
    entry, at = of["entry"].decode(), from_ms(int(id_.partition("-")[0]))
    place = Place(platform, entry.partition(":")[0])
    return DeadLetter(id_, place, entry, at, of["reason"].decode(), _read(of["body"]))
