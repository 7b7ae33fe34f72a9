"""People's rules and settings on a Redis-protocol server: each effect is one script whose first key is the update."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime

from adapters.chat.base import Place, place_of
from adapters.store import codec, keys
from adapters.store.base import Full, PlaceSettings, RuleChange, Saved, rule_id
from adapters.store.client import BLOCK_MS, Client, Reply
from adapters.store.replies import entries, listed, pairs, raw, read, text
from signals.rules.model import Draft, Rule

SEEN_FOR = 172_800
"""Seconds that an update is remembered; platforms repeat theirs for a day."""


class RedisRules:
    """The port of rules and settings."""

    _client: Client

    async def add(self, place: Place, draft: Draft, seen: str, at: datetime, limit: int) -> Saved | Full:
        written = codec.draft(draft, at)
        where = [keys.seen("add", seen), keys.rules(place), keys.NUMBERS, keys.PLACES, keys.CHANGES]
        answer = text(
            await self._client.step("add_rule", where, str(place), limit, written, SEEN_FOR, rule_id_before(place))
        )
        if answer == "full":
            return Full(limit)
        number, change = map(int, answer.split())
        return Saved(codec.read_rule(rule_id(place, number), str(place), number, change, written))

    async def remove(self, rule_id: str, place: Place, seen: str) -> bool:
        before, _, number = rule_id.rpartition("/")
        if before != str(place):
            return False
        where = [keys.seen("remove", seen), keys.rules(place), keys.CHANGES]
        return text(await self._client.step("remove_rule", where, str(place), number, rule_id, SEEN_FOR)) == "1"

    async def of(self, place: Place) -> Sequence[Rule]:
        return sorted(_rules(place, await self._client.do("HGETALL", keys.rules(place))), key=lambda rule: rule.number)

    async def everything(self) -> tuple[int, Sequence[Rule]]:
        last = entries(await self._client.do("XREVRANGE", keys.CHANGES, "+", "-", "COUNT", 1))
        change = next((_number(id_) for id_, _ in last), 0)
        places = [place_of(text(place)) for place in listed(await self._client.do("SMEMBERS", keys.PLACES))]
        stored = await self._client.many([("HGETALL", keys.rules(place)) for place in places])
        return change, [rule for place, reply in zip(places, stored, strict=True) for rule in _rules(place, reply)]

    async def changes(self, since: int) -> AsyncIterator[RuleChange]:
        while True:
            asked = ("XREAD", "COUNT", 100, "BLOCK", BLOCK_MS, "STREAMS", keys.CHANGES, f"{since}-0")
            for id_, fields in read(await self._client.wait(*asked)):
                since = _number(id_)
                yield _change(since, fields)

    async def settings(self, place: Place) -> PlaceSettings:
        stored = await self._client.do("GET", keys.settings(place))
        return codec.read_settings(raw(stored)) if stored else PlaceSettings()

    async def set(self, place: Place, settings: PlaceSettings, seen: str) -> None:
        where = [keys.seen("set", seen), keys.settings(place)]
        await self._client.step("set_settings", where, codec.encode(settings), SEEN_FOR)


def rule_id_before(place: Place) -> str:
    """The id of a place's rules up to their number."""
    return rule_id(place, 0)[:-1]


def _rules(place: Place, stored: Reply) -> Iterator[Rule]:
    for field, value in pairs(stored):
        number = int(text(field))
        change, _, written = raw(value).partition(b" ")
        yield codec.read_rule(rule_id(place, number), str(place), number, int(change), written)


def _change(number: int, fields: Mapping[str, bytes]) -> RuleChange:
    id_, place, written = fields["id"].decode(), fields["place"].decode(), fields["rule"]
    of = int(id_.rpartition("/")[2])
    return RuleChange(number, id_, codec.read_rule(id_, place, of, number, written) if written else None)


def _number(id_: str) -> int:
    return int(id_.partition("-")[0])
