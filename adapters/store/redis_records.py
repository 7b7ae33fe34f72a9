"""Fired alerts and what followed them, on a Redis-protocol server."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from adapters.chat.base import Place, place_of
from adapters.store import codec, keys
from adapters.store.client import Word
from adapters.store.paging import fields
from adapters.store.record_port import RECORDS_FOR, Followed, Made
from adapters.store.redis_salted import Salted
from adapters.store.replies import listed, pairs, raw, text
from signals.event import Event
from signals.panel import to_ms
from signals.remembered import Remembered, as_case, remembered

A_PAGE = 1000


class RedisRecords(Salted):
    """The port of the record."""

    async def followed(self, upto: datetime, limit: int) -> Sequence[Followed]:
        asked = ("ZRANGEBYSCORE", keys.FOLLOWED, "-inf", to_ms(upto), "LIMIT", 0, limit)
        due = [text(name).split(" ", 1) for name in listed(await self._client.do(*asked))]
        stored = await self._client.many([("HGET", keys.alerts(place), episode) for episode, place in due])
        away = [followed(place, episode) for (episode, place), of in zip(due, stored, strict=True) if of is None]
        await self._client.many([("ZREM", keys.FOLLOWED, name) for name in away])
        return [
            Followed(place_of(place), codec.read_remembered(raw(of)), raw(of))
            for (_, place), of in zip(due, stored, strict=True)
            if of is not None
        ]

    async def follow(self, of: Followed, alert: Remembered, again: datetime | None, case_of: str = "") -> None:
        place = str(of.place)
        await self._client.step(
            "follow",
            [keys.alerts(place), keys.FOLLOWED, keys.cases(alert.label, case_of, alert.coin)],
            alert.episode,
            followed(place, alert.episode),
            of.stored,
            codec.remembered(alert),
            "" if again is None else to_ms(again),
            to_ms(alert.at),
            codec.remembered(as_case(alert, case_of)) if case_of else b"",
        )

    async def remembered(self, place: Place, begins: str) -> Sequence[Remembered]:
        found = dict[str, Remembered]()
        async for page in fields(self._client, keys.alerts(str(place)), A_PAGE, f"{begins}*"):
            found |= {text(name): codec.read_remembered(raw(of)) for name, of in pairs([*page])}
        return sorted(found.values(), key=lambda alert: (alert.at, alert.episode))

    async def cases(self, label: str, case_of: str, coins: Collection[str]) -> Sequence[Remembered]:
        stored = await self._client.many([("HVALS", keys.cases(label, case_of, coin)) for coin in coins])
        known = [codec.read_remembered(raw(of)) for each in stored for of in listed(each)]
        return sorted(known, key=lambda case: (case.at, case.coin))

    async def keep_records(self, label: str, question: str, made: Mapping[str, Made]) -> None:
        said = [word for coin, of in made.items() for word in (coin, codec.encode(of))]
        where, lives = [keys.records(label, question)], RECORDS_FOR // timedelta(milliseconds=1)
        await self._client.step("keep_records", where, lives, *said)

    async def records(self, label: str, question: str) -> Mapping[str, Made]:
        stored = await self._client.do("HGETALL", keys.records(label, question))
        known = {text(coin): codec.read_made(raw(of)) for coin, of in pairs(stored)}
        return {coin: made for coin, made in known.items() if made is not None}

    async def records_of(self, label: str, asked: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Made]:
        stored = await self._client.many([("HGET", keys.records(label, question), coin) for question, coin in asked])
        known = {one: codec.read_made(raw(of)) for one, of in zip(asked, stored, strict=True) if of is not None}
        return {one: made for one, made in known.items() if made is not None}


def followed(place: str, episode: str) -> str:
    """How an alert is called among those that are followed up; an episode has no blank."""
    return f"{episode} {place}"


def kept_of(event: Event | None, place: str) -> Sequence[Word]:
    """What the step that fires an alert is told of what is kept of it."""
    if event is None:
        return ["", b"", "", 0]
    return [event.episode, codec.remembered(remembered(event)), followed(place, event.episode), to_ms(event.at)]
