"""People's rules and settings on a Redis-protocol server: each effect is one script whose first key is the update."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from adapters.chat.base import Place, place_of
from adapters.store import codec, keys
from adapters.store.base import (
    DRAFTS_FOR,
    Behind,
    Changed,
    Full,
    Gone,
    KeptDraft,
    Moved,
    New,
    Quota,
    RuleChange,
    Saved,
    WatchChange,
    rule_id,
)
from adapters.store.client import BLOCK_MS, Reply
from adapters.store.packed import Packed, every_coin, marks, pack_draft, pack_kept, seconds_at, unpack, unpack_kept
from adapters.store.paging import fields, members
from adapters.store.place_settings import Coins, PlaceSettings, Watching
from adapters.store.redis_salted import Salted
from adapters.store.replies import entries, pairs, raw, read, text
from signals.loading import Stored
from signals.panel import to_ms
from signals.rules.model import Draft, Rule

SEEN_FOR = 172_800
"""Seconds that an update is remembered; platforms repeat theirs for a day."""

ADMITTED_FOR = 172_800
"""Seconds that the entries of a day are counted: longer than a day lasts anywhere."""

PLACES_A_PAGE = 10
"""Places whose rules are read at once: few enough that nobody else waits for long."""

WATCHLISTS_A_PAGE = 500


class RedisRules(Salted):
    """The port of rules and settings."""

    _changes_kept: int

    async def add(self, place: Place, draft: Draft, seen: str, at: datetime, quota: Quota) -> Saved | Full:
        added = await self.add_all(place, [New(draft)], (), seen, at, quota)
        return added if isinstance(added, Full) else Saved(added[0])

    async def add_all(
        self, place: Place, new: Sequence[New], watched: tuple[str, ...], seen: str, at: datetime, quota: Quota
    ) -> Sequence[Rule] | Full:
        where = [
            keys.seen("add", place, seen),
            keys.rules(place),
            keys.NUMBERS,
            keys.PLACES,
            keys.CHANGES,
            keys.WATCHLISTS,
            keys.number(await self._digest(str(place))),
        ]
        most = (quota.rules, quota.every_coin, quota.watched)
        said = (str(place), seconds_at(at), *most, self._changes_kept, SEEN_FOR, " ".join(watched))
        rules = [word for each in new for word in (marks(each.draft, paused=each.paused), pack_draft(each.draft))]
        answer = raw(await self._client.step("add_rules", where, *said, *rules))
        return _full(answer, quota) or list(_each(place, answer))

    async def edit(
        self, rule_id: str, place: Place, draft: Draft, revision: int, seen: str, at: datetime, quota: Quota
    ) -> Saved | Full | Gone | Moved:
        number = _number_in(rule_id, place)
        if number is None:
            return Gone()
        where = [keys.seen("edit", place, seen), keys.rules(place), keys.CHANGES]
        said = (number, rule_id, revision, seconds_at(at), every_coin(draft), pack_draft(draft), quota.every_coin)
        answer = raw(await self._client.step("edit_rule", where, *said, self._changes_kept, SEEN_FOR))
        if (full := _full(answer, quota)) is not None:
            return full
        word, _, stored = answer.partition(b" ")
        if word == b"gone":
            return Gone()
        rule = _rule(place, number, stored)
        return Saved(rule) if word == b"saved" else Moved(rule)

    async def pause(self, rule_id: str, place: Place, seen: str, at: datetime, *, paused: bool) -> Saved | Gone:
        number = _number_in(rule_id, place)
        if number is None:
            return Gone()
        where = [keys.seen("pause", place, seen), keys.rules(place), keys.CHANGES]
        said = (number, rule_id, int(paused), seconds_at(at), self._changes_kept, SEEN_FOR)
        word, _, stored = raw(await self._client.step("pause_rule", where, *said)).partition(b" ")
        return Saved(_rule(place, number, stored)) if word == b"saved" else Gone()

    async def remove(self, rule_id: str, place: Place, seen: str) -> bool:
        number = _number_in(rule_id, place)
        if number is None:
            return False
        where = [keys.seen("remove", place, seen), keys.rules(place), keys.CHANGES, keys.PLACES]
        said = (number, rule_id, self._changes_kept, SEEN_FOR, str(place))
        return text(await self._client.step("remove_rule", where, *said)) == "1"

    async def of(self, place: Place) -> Sequence[Rule]:
        found = _stored(place, await self._client.do("HGETALL", keys.rules(place)))
        return [each.rule() for each in sorted(found, key=lambda each: each.number)]

    async def last_change(self) -> int:
        last = entries(await self._client.do("XREVRANGE", keys.CHANGES, "+", "-", "COUNT", 1))
        return next((_number(id_) for id_, _ in last), 0)

    async def copied(self) -> bool:
        return await self._client.copied(keys.COPIED)

    async def rules(self) -> AsyncIterator[Sequence[Rule]]:
        async for page in self.stored():
            yield [each.rule() for each in page]

    async def stored(self) -> AsyncIterator[Sequence[Stored]]:
        async for names in members(self._client, keys.PLACES, PLACES_A_PAGE):
            places = [place_of(name) for name in names]
            stored = await self._client.many([("HGETALL", keys.rules(place)) for place in places])
            yield [each for place, reply in zip(places, stored, strict=True) for each in _stored(place, reply)]

    async def changes(self, since: int) -> AsyncIterator[Changed]:
        found = list[tuple[str, dict[str, bytes]]]()
        while True:
            if not found and await self._has_lost(since):
                raise Behind(f"The store has lost changes up to number {since}.")
            asked = ("XREAD", "COUNT", 100, "BLOCK", BLOCK_MS, "STREAMS", keys.CHANGES, f"{since}-0")
            found = [*read(await self._client.wait(*asked))]
            for id_, said in found:
                since = _next(id_, since)
                change = _change(since, said)
                if change is not None:
                    yield change

    async def _has_lost(self, known: int) -> bool:
        """Whether a change that is known is not there any more; if so, numbers go on behind it."""
        return bool(known) and await self._client.step("keep_number", [keys.CHANGES], known, self._changes_kept) == 1

    async def changed(self, since: int, upto: int) -> Sequence[Changed]:
        found = []
        for id_, said in entries(await self._client.do("XRANGE", keys.CHANGES, f"({since}-0", f"{upto}-0")):
            since = _next(id_, since)
            change = _change(since, said)
            if change is not None:
                found.append(change)
        if since < upto:
            raise Behind(f"The changes after number {since} are no longer kept.")
        return found

    async def watchlist(self, place: Place) -> tuple[str, ...]:
        stored = await self._client.do("HGET", keys.WATCHLISTS, str(place))
        return _coins(stored) if stored else ()

    async def watch(self, place: Place, how: Watching, seen: str, quota: Quota) -> Coins | Full:
        where = [keys.seen("watch", place, seen), keys.WATCHLISTS, keys.CHANGES]
        while True:
            before = await self.watchlist(place)
            coins = how(before)
            said = (str(place), " ".join(coins), len(coins), quota.watched, self._changes_kept, SEEN_FOR)
            answer = raw(await self._client.step("watch", where, *said, " ".join(before)))
            word, _, stored = answer.partition(b" ")
            if word != b"moved":
                return _coins(stored) if word == b"ok" else Full(quota.watched, "watched")

    async def watchlists(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        async for page in fields(self._client, keys.WATCHLISTS, WATCHLISTS_A_PAGE):
            found |= {text(place): _coins(coins) for place, coins in pairs(list(page))}
        return found

    async def keep_draft(
        self, place: Place, token: str, kept: KeptDraft, at: datetime, quota: Quota, lives: timedelta = DRAFTS_FOR
    ) -> Full | None:
        said = (token, pack_kept(kept), to_ms(at + lives), to_ms(at), quota.drafts)
        answer = await self._client.step("keep_draft", [keys.drafts(place)], *said, DRAFTS_FOR // timedelta(seconds=1))
        return None if answer else Full(quota.drafts, "drafts")

    async def draft(self, place: Place, token: str, at: datetime) -> KeptDraft | None:
        stored = await self._client.do("HGET", keys.drafts(place), token)
        ends, _, kept = raw(stored or b"0").partition(b" ")
        return unpack_kept(kept) if int(ends) > to_ms(at) else None

    async def drop_draft(self, place: Place, token: str, seen: str) -> None:
        await self._client.step("drop_draft", [keys.seen("drop", place, seen), keys.drafts(place)], token, SEEN_FOR)

    async def settings(self, place: Place) -> PlaceSettings:
        return codec.read_settings(await self._settings(place), place)

    async def change(self, place: Place, how: Callable[[PlaceSettings], PlaceSettings], seen: str) -> PlaceSettings:
        where = [keys.seen("change", place, seen), keys.settings(place)]
        while True:
            stored = await self._settings(place)
            stood = codec.read_settings(stored, place)
            new = codec.settings(how(stood), stood)
            said = [word for name, value in new.items() for word in (name, stored.get(name, b""), value)]
            if await self._client.step("change_settings", where, SEEN_FOR, *said) == 1:
                return await self.settings(place)

    async def _settings(self, place: Place) -> Mapping[str, bytes]:
        return {text(name): raw(value) for name, value in pairs(await self._client.do("HGETALL", keys.settings(place)))}

    async def admit(self, place: Place, day: date, entry: str, most: int | None) -> bool:
        said = (day.isoformat(), entry, "" if most is None else most, ADMITTED_FOR)
        return await self._client.step("admit", [keys.admitted(place)], *said) == 1

    async def _revision(self, rule_id: str) -> int | None:
        """The revision that is stored now; None where the rule is gone."""
        name, _, number = rule_id.rpartition("/")
        place = place_of(name)
        stored = await self._client.do("HGET", keys.rules(place), number)
        return _rule(place, int(number), raw(stored)).revision if stored else None


def _full(answer: bytes, quota: Quota) -> Full | None:
    """The quota that the answer names, if it names one."""
    match answer:
        case b"rules":
            return Full(quota.rules, "rules")
        case b"every_coin":
            return Full(quota.every_coin, "every_coin")
        case b"watched":
            return Full(quota.watched, "watched")
        case _:
            return None


def _number_in(rule_id: str, place: Place) -> int | None:
    """The number of the rule in that place; None where the id is no rule of it."""
    before, _, number = rule_id.rpartition("/")
    return int(number) if before == str(place) and number.isascii() and number.isdigit() else None


def _rule(place: Place, number: int, stored: bytes) -> Rule:
    return unpack(rule_id(place, number), str(place), number, stored)


def _stored(place: Place, reply: Reply) -> Iterator[Packed]:
    name = str(place)
    for field, value in pairs(reply):
        number = int(raw(field))
        yield Packed(rule_id(name, number), name, number, raw(value))


def _each(place: Place, answer: bytes) -> Iterator[Rule]:
    """The rules, each of which stands behind its number and its length."""
    while answer:
        number, length, answer = answer.split(b" ", 2)
        yield _rule(place, int(number), answer[: int(length)])
        answer = answer[int(length) :]


def _coins(stored: Reply) -> tuple[str, ...]:
    return tuple(text(stored).split())


def _change(number: int, fields: Mapping[str, bytes]) -> Changed | None:
    """The change; None for the mark that a migration sets."""
    if "coins" in fields:
        before, coins = _coins(fields.get("before", b"")), _coins(fields["coins"])
        return WatchChange(number, fields["place"].decode(), before, coins)
    if "id" not in fields:
        return None
    id_, stored = fields["id"].decode(), fields["rule"]
    place, _, of = id_.rpartition("/")
    return RuleChange(number, id_, _rule(place_of(place), int(of), stored) if stored else None)


def _next(id_: str, since: int) -> int:
    """The number of the change, which must be the next one."""
    if _number(id_) != since + 1:
        raise Behind(f"The changes after number {since} are no longer kept.")
    return since + 1


def _number(id_: str) -> int:
    return int(id_.partition("-")[0])
