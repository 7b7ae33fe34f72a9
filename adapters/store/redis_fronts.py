"""Notes, addresses, who is allowed in, and forgetting a place, on a Redis-protocol server."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from adapters.chat.base import Place, place_of
from adapters.store import codec, keys
from adapters.store.base import StoreRefused
from adapters.store.client import Word
from adapters.store.paging import names_like
from adapters.store.redis_alerts import GONE_FOR, RedisAlerts
from adapters.store.replies import entries, listed, pairs, raw, text
from signals.panel import from_ms, to_ms

NUMBER_FOR = GONE_FOR + timedelta(days=1)
"""How long the number of an erased place is remembered: longer than its rules may be judged."""

A_PAGE = 1000
ALL_EVENTS = 1_000_000
_MS = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)


class RedisFronts(RedisAlerts):
    """The port of fronts."""

    _changes_kept: int

    async def note(self, platform: str, key: str) -> str | None:
        stored = await self._client.do("GET", keys.note(platform, key))
        return text(stored) if stored is not None else None

    async def keep_note(self, platform: str, key: str, text: str, lives: timedelta) -> None:
        await self._client.do("SET", keys.note(platform, key), text, "PX", max(1, lives // _MS))

    async def readdress(self, place: Place, address: Place) -> None:
        await self._client.step("readdress", [_addresses(place.platform)], place.id, address.id)

    async def addresses(self, platform: str) -> Mapping[str, str]:
        stored = await self._client.do("HGETALL", _addresses(platform))
        return {text(place): text(address) for place, address in pairs(stored)}

    async def allow(self, who: Place) -> None:
        await self._client.step("let_in", [keys.ALLOWED, keys.DENIED], str(who))

    async def deny(self, who: Place) -> None:
        await self._client.step("let_in", [keys.DENIED, keys.ALLOWED], str(who))

    async def allowed(self) -> frozenset[Place]:
        return await self._places(keys.ALLOWED)

    async def denied(self) -> frozenset[Place]:
        return await self._places(keys.DENIED)

    async def _places(self, key: str) -> frozenset[Place]:
        return frozenset(place_of(text(name)) for name in listed(await self._client.do("SMEMBERS", key)))

    async def quieten(self, platform: str, until: datetime) -> None:
        await self._client.step("block", [keys.of_platform(platform, "quiet")], to_ms(until))

    async def quiet(self, platform: str, now: datetime) -> datetime | None:
        ends = await self._client.do("GET", keys.of_platform(platform, "quiet"))
        until = from_ms(int(text(ends))) if ends else now
        return until if until > now else None

    async def erase(self, place: Place, at: datetime) -> None:
        await self._client.do("HSET", keys.ERASING, str(place), to_ms(at))
        await self._sweep(place)

    async def erasing(self) -> Mapping[Place, datetime]:
        stored = await self._client.do("HGETALL", keys.ERASING)
        return {place_of(text(name)): from_ms(int(text(at))) for name, at in pairs(stored)}

    async def erased(self, place: Place) -> None:
        await self._sweep(place)
        await self._drop_changes(place)
        await self._client.do("HDEL", keys.ERASING, str(place))
        with suppress(StoreRefused):  # who may not, or does so already: the file is rewritten when it has grown
            await self._rewrite()

    async def _rewrite(self) -> None:
        """Let each server write its file anew, without what was deleted."""
        for primary in await self._client.primaries():
            if b"aof_enabled:1" in raw(await primary.do("INFO", "persistence")):
                await primary.do("BGREWRITEAOF")

    async def _sweep(self, place: Place) -> None:
        """Everything but changes: first what is in use, then each key that is named after the place."""
        rule_ids = {f"{place}/{text(number)}" for number in listed(await self._client.do("HKEYS", keys.rules(place)))}
        where = [keys.rules(place), keys.NUMBERS, keys.PLACES, keys.WATCHLISTS, keys.CHANGES, keys.drafts(place)]
        where += [keys.settings(place), keys.number(await self._digest(str(place))), keys.ALLOWED, keys.DENIED]
        await self._client.step("erase_place", where, str(place), self._changes_kept, NUMBER_FOR // _SECOND)
        names = [name async for name in names_like(self._client, f"*{_literal(str(place))}*", A_PAGE)]
        names = [name for name in names if _mentions(name, str(place))]
        rule_ids |= {id_ for name in names if (id_ := keys.rule_of(name))}
        ids, episodes = await self._told_of(place, rule_ids)
        for rule_id in sorted(rule_ids):
            await self.forget(rule_id, None)
        await self._erase_lane(place)
        platform = place.platform
        away = [*names, *(key(platform, id_) for id_ in sorted(ids) for key in (keys.body, keys.expanded))]
        await self._many([("DEL", key) for key in away])
        await self._many([("HDEL", keys.messages(platform, of), place.id) for of in sorted(ids | episodes)])
        await self._drop_events(place)
        await self._drop_notes(place)

    async def _told_of(self, place: Place, rule_ids: Iterable[str]) -> tuple[set[str], set[str]]:
        """The ids and the episodes of what was told to the place, or waits for it."""
        told = [event for rule_id in rule_ids for event in await self.recent([rule_id], ALL_EVENTS)]
        lane = keys.of_platform(place.platform, "lane")
        waiting = listed(await self._client.do("ZRANGEBYLEX", lane, f"[{place.id}:", f"({place.id};"))
        done = entries(await self._client.do("XRANGE", keys.outcomes(place), "-", "+"))
        lanes = [*(text(entry) for entry in waiting), *(of["entry"].decode() for _, of in done)]
        ids = {event.id for event in told} | {entry.rpartition(":")[2] for entry in lanes}
        return ids, {event.episode for event in told}

    async def _erase_lane(self, place: Place) -> None:
        names = ("lane", "ready", "infl", "tries", "last", "addresses", "missed", "low")
        where = [keys.of_platform(place.platform, name) for name in names]
        await self._client.step("erase_lane", [*where, keys.outcomes(place)], place.id)
        dead = keys.of_platform(place.platform, "dlq")
        pages = self._entries(dead)
        ids = [id_ async for page in pages for id_, of in page if of["entry"].startswith(f"{place.id}:".encode())]
        if ids:
            await self._client.step("rewrite", [dead], "-", "", *ids)

    async def _drop_events(self, place: Place) -> None:
        """Events that nobody has fanned out yet."""
        ids = [id_ async for page in self._entries(keys.EVENTS) for id_, of in page if _is_of(of["e"], place)]
        await self._client.step("rewrite", [keys.EVENTS], "-", "", *ids)
        name = str(place).encode()  # what cannot be read may be of any place that it names
        dead = [id_ async for page in self._entries(keys.DEAD_EVENTS) for id_, of in page if name in of["e"]]
        await self._client.step("rewrite", [keys.DEAD_EVENTS], "-", "", *dead)

    async def _drop_changes(self, place: Place) -> None:
        """All changes up to the last one of the place: who has not read that one must load everything again anyway."""
        pages = self._entries(keys.CHANGES)
        ids = [id_ async for page in pages for id_, of in page if _changed(of) == str(place)]
        if ids:
            await self._client.step("rewrite", [keys.CHANGES], f"({ids[-1]}", "erased")

    async def _drop_notes(self, place: Place) -> None:
        found = [name async for name in names_like(self._client, keys.note(place.platform, "*"), A_PAGE)]
        for start in range(0, len(found), A_PAGE):
            page = found[start : start + A_PAGE]
            texts = await self._client.many([("GET", name) for name in page])
            said = [f"{name} {text(of or b'')}" for name, of in zip(page, texts, strict=True)]
            away = [name for name, of in zip(page, said, strict=True) if _mentions(of, place.id)]
            await self._many([("DEL", name) for name in away])

    async def _entries(self, key: str) -> AsyncIterator[Sequence[tuple[str, dict[str, bytes]]]]:
        """The entries of a stream in pages."""
        first = "-"
        while page := list(entries(await self._client.do("XRANGE", key, first, "+", "COUNT", A_PAGE))):
            yield page
            first = f"({page[-1][0]}"

    async def _many(self, commands: Sequence[Sequence[Word]]) -> None:
        for start in range(0, len(commands), A_PAGE):
            await self._client.many(commands[start : start + A_PAGE])


def _is_of(stored: bytes, place: Place) -> bool:
    """Whether that event is of a rule of the place."""
    if str(place).encode() not in stored:
        return False
    try:
        return codec.read_event(stored).rule_id.rpartition("/")[0] == str(place)
    except codec.Unreadable:  # whoever fans it out says so
        return False


def _changed(fields: Mapping[str, bytes]) -> str:
    """The place whose rule or watchlist that change is of."""
    return (fields.get("place") or fields.get("id", b"").rpartition(b"/")[0]).decode()


def _mentions(text: str, name: str) -> bool:
    """Whether the name stands there, and not as a part of a longer one."""
    return re.search(keys.mention(name), text) is not None


def _literal(name: str) -> str:
    """A pattern of the server that matches just that."""
    return re.sub(r"([\[\]*?\\])", r"\\\1", name)


def _addresses(platform: str) -> str:
    return keys.of_platform(platform, "addresses")
