"""Latest values and bars on a Redis-protocol server: one blob a moment, one packed row a bar."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime, timedelta
from hashlib import sha1

import numpy as np

from adapters.store import codec, keys
from adapters.store.bars import MOST_CYCLES, filled, kept_rows, kept_since, rows_of
from adapters.store.client import BLOCK_MS, Client, Reply, Word
from adapters.store.replies import entries, listed, pairs, raw, read, text
from adapters.store.shared import Shared
from adapters.store.shelf import Shelf
from signals.aggregate import Cycle
from signals.glance import Glance
from signals.model import Metric
from signals.panel import Matrix, Panel, blank, stack, to_ms

PAGE = 32
"""Bars of the past that are joined and written at once: with hundreds of coins each is some 75 kB."""

CUT = 128
"""Bars that the server looks through at once: few enough that nobody else waits for long."""


_STAMP = 8
"""Bytes before a glance that say which moment it is of."""


class RedisMarkets:
    """The market port."""

    _client: Client
    _shelf: Shelf
    _newest: Shared[Cycle | None]
    _seen: Shared[tuple[Cycle, Glance] | None]
    _looked: tuple[Cycle, Glance] | None = None
    _last: tuple[str, Cycle] | None = None
    """The last moment that was read, under its id: nobody changes it, so it is fetched and decoded once."""

    async def close(self, cycle: Cycle, judged: datetime | None = None) -> None:
        kept = kept_rows(cycle.bars)
        of_bars: list[Word] = []
        for panel in cycle.bars:
            of_bars += [_seconds(panel.step), kept[panel.step], int(panel.times[-1]), codec.bars([panel])]
        await self._client.step(
            "close",
            [keys.CYCLES, keys.STEPS, *(keys.bars(panel.step) for panel in cycle.bars)],
            to_ms(cycle.at),
            codec.moment(cycle),
            codec.bars(cycle.bars),
            MOST_CYCLES,
            to_ms(kept_since(cycle, judged)),
            *of_bars,
        )

    async def latest(self) -> Cycle | None:
        return await self._newest()

    async def look(self, glance: Glance) -> None:
        await self._client.do("SET", keys.GLANCE, to_ms(glance.at).to_bytes(_STAMP, "big") + codec.glance(glance))

    async def looked(self) -> tuple[Cycle, Glance] | None:
        return await self._seen()

    async def _read_looked(self) -> tuple[Cycle, Glance] | None:
        """What was seen last, read and decoded once a moment."""
        stamp = raw(await self._client.do("GETRANGE", keys.GLANCE, 0, _STAMP - 1))
        if not stamp:
            return None
        if self._looked is None or to_ms(self._looked[1].at) != int.from_bytes(stamp, "big"):
            stored = raw(await self._client.do("GET", keys.GLANCE) or b"")
            glance = codec.read_glance(stored[_STAMP:])
            cycle = None if glance is None else await self._moment(glance.at)
            self._looked = None if glance is None or cycle is None else (cycle, glance)
        return self._looked

    async def _moment(self, at: datetime) -> Cycle | None:
        """That moment, where it is still kept: the last one, as a rule."""
        latest = await self.latest()
        if latest is not None and latest.at == at:
            return latest
        found = entries(await self._client.do("XRANGE", keys.CYCLES, to_ms(at), to_ms(at)))
        return next((codec.read_moment(fields["m"]) for _, fields in found), None)

    async def _read_newest(self) -> Cycle | None:
        since = "-" if self._last is None else f"({self._last[0]}"
        for id_, fields in entries(await self._client.do("XREVRANGE", keys.CYCLES, "+", since, "COUNT", 1)):
            self._last = id_, codec.read_moment(fields["m"])
        return None if self._last is None else self._last[1]

    async def cycles(self, after: datetime | None) -> AsyncIterator[Cycle]:
        last = f"{to_ms(after)}-0" if after else "0-0"
        while True:
            asked = ("XREAD", "COUNT", 8, "BLOCK", BLOCK_MS, "STREAMS", keys.CYCLES, last)
            for id_, fields in read(await self._client.wait(*asked)):
                last = id_
                yield codec.read_moment(fields["m"], codec.read_bars(fields["b"]))

    async def panel(
        self, step: timedelta, metrics: Collection[Metric], rows: int, coins: tuple[str, ...] | None = None
    ) -> Panel:
        if coins == ():
            return blank(step)
        what: list[Word] = [len(metrics), *metrics, *(coins or ())]
        found: list[Reply] = []
        # the newest first: what is closed meanwhile moves bars into the next stretch, and none out of it
        for last in range(-1, -rows - 1, -CUT):
            first = max(last - CUT + 1, -rows)
            found[:0] = listed(await self._client.step("bars", [keys.bars(step)], first, last, *what))
        return await asyncio.to_thread(lambda: stack([_stretch(each, step) for each in found], step, rows))

    async def at_hand(
        self, step: timedelta, metrics: Collection[Metric], rows: int, coins: tuple[str, ...] | None = None
    ) -> Panel:
        return await self._shelf.panel(step, metrics, rows, coins)

    async def extend(self, bars: Sequence[Panel]) -> None:
        kept = kept_rows(bars)
        for panel in bars:
            for start in range(0, len(panel.times), PAGE):
                page = panel.rows(start, start + PAGE)
                while not await self._extend(page, kept[panel.step]):
                    pass  # somebody else changed one of its bars meanwhile: join them anew

    async def _extend(self, page: Panel, kept: int) -> bool:
        """Join the page with what is there and write what that changed; False where it is not there any more."""
        key = keys.bars(page.step)
        first, last = int(page.times[0]), int(page.times[-1])
        stored = pairs(await self._client.do("ZRANGEBYSCORE", key, first, last, "WITHSCORES"))
        before = {int(float(text(at))): raw(blob) for blob, at in stored}
        words: list[Word] = []
        for at, row in rows_of(page):
            blob = before.get(at)
            joined_row = filled(None if blob is None else codec.read_bars(blob)[0], row)
            if joined_row is not None:
                words += [at, "" if blob is None else _hash(blob), codec.bars([joined_row])]
        where = [keys.CYCLES, keys.STEPS, key, keys.BACKFILLED]
        return not words or bool(await self._client.step("extend", where, _seconds(page.step), kept, *words))

    async def backfilled(self) -> int:
        return int(raw(await self._client.do("GET", keys.BACKFILLED) or b"0"))

    async def steps(self) -> Sequence[timedelta]:
        found = listed(await self._client.do("SMEMBERS", keys.STEPS))
        return sorted(timedelta(seconds=float(text(step))) for step in found)


def _stretch(reply: Reply, step: timedelta) -> Panel:
    """Bars over the same coins, as the script gives them."""
    times, coins, *slots = map(raw, listed(reply))
    at, names = np.array(times.split(), np.int64), tuple(coins.decode().split("\n")) if coins else ()
    whole: dict[Metric, Matrix] = {}
    legs: dict[Metric, dict[str, Matrix]] = {}
    for slot, rows in zip(slots[::2], slots[1::2], strict=True):
        metric, _, venue = slot.decode().partition("\n")
        matrix = codec.matrix(rows, (len(at), len(names)))
        if venue:
            legs.setdefault(Metric(metric), {})[venue] = matrix
        else:
            whole[Metric(metric)] = matrix
    return Panel(at, names, step, whole, legs)


def _seconds(step: timedelta) -> str:
    return f"{step.total_seconds():g}"


def _hash(blob: bytes) -> str:
    return sha1(blob, usedforsecurity=False).hexdigest()
