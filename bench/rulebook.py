"""A million rules from the store into an engine that judges them: time, loop lag, and bytes a rule on both sides."""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from adapters.chat.base import Place
from adapters.store import embedded, keys
from adapters.store.base import rule_id
from adapters.store.client import Client
from adapters.store.packed import pack
from adapters.store.redis import RedisStore, open_redis
from adapters.store.rulebook import Rulebook
from bench.measure import Figures, report
from bot.services.evaluator import AT_ONCE
from signals.engine import Engine
from signals.model import ALL, Unit
from signals.rules.model import Compare, Condition, Draft, Rule

A_PLACE = 50
"""Rules in one place."""
PLACES_AT_ONCE = 50
START = datetime(2026, 1, 5, tzinfo=UTC)
COINS = tuple(f"COIN{n}" for n in range(600))


def rule(place: Place, number: int, change: int) -> Rule:
    """A usual rule of one condition, each with its own line."""
    line = -0.0001 - change * 1e-10
    condition = Condition("funding", timedelta(0), Compare.BELOW, line, line * 0.8, Unit.RATE_8H)
    times = timedelta(minutes=15), timedelta(hours=1)
    draft = Draft((COINS[change % len(COINS)],), ALL, (condition,), *times, once=False)
    return Rule(rule_id(place, number), str(place), number, 1, draft, START, change)


def commands(places: int) -> Iterator[list[str | bytes | int | float]]:
    """One write for each place, and the set of places."""
    for n in range(places):
        place = Place("telegram", str(100_000_000 + n))
        fields: list[str | bytes | int | float] = []
        for number in range(1, A_PLACE + 1):
            fields += [number, pack(rule(place, number, n * A_PLACE + number))]
        yield ["HSET", keys.rules(place), *fields]
        yield ["SADD", keys.PLACES, str(place)]


async def fill(client: Client, places: int) -> int:
    """Write the rules; returns the bytes that the server took for them."""
    before = await used(client)
    todo = commands(places)
    while batch := list(islice(todo, PLACES_AT_ONCE)):
        await client.many(batch)
    return await used(client) - before


async def used(client: Client) -> int:
    """Bytes that the server uses."""
    said = await client.do("INFO", "memory")
    assert isinstance(said, bytes)
    return int(said.split(b"used_memory:")[1].split()[0])


async def load(store: RedisStore) -> tuple[Engine, Rulebook, float, float]:
    """An engine from the store's pages, the seconds that it took, and the longest that the loop stood still."""
    book, lags = Rulebook(), [0.0]
    engine = Engine({}, book)
    watch = asyncio.create_task(lag(lags))
    began = time.perf_counter()
    async for page in store.stored():
        for start in range(0, len(page), AT_ONCE):
            engine.load(page[start : start + AT_ONCE])
            await asyncio.sleep(0)
    took = time.perf_counter() - began
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch
    return engine, book, took, max(lags)


async def lag(lags: list[float]) -> None:
    """How late a sleeper wakes."""
    while True:
        asleep = time.perf_counter()
        await asyncio.sleep(0.002)
        lags.append(time.perf_counter() - asleep - 0.002)


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def measured(url: str, places: int) -> Figures:
    """Fill, load, compare, and count."""
    store = await open_redis(url)
    client = Client(url)
    total = places * A_PLACE
    taken = await fill(client, places)
    before, cpu = resident(), time.process_time()
    engine, book, took, stood = await load(store)
    cpu, grown = time.process_time() - cpu, resident() - before
    last = Place("telegram", str(100_000_000 + places - 1))
    slot = book.slot(rule_id(last, A_PLACE))
    if len(book) != total or slot is None or book.rule(slot) != rule(last, A_PLACE, total):
        raise AssertionError("the book does not hold what was stored")
    await client.aclose()
    await store.aclose()
    return {
        "rules": total,
        "load_s": round(took, 2),
        "load_cpu_s": round(cpu, 2),
        "longest_loop_lag_ms": round(stood * 1000, 1),
        "packed_bytes_a_rule": len(pack(book.rule(slot))),
        "engine_bytes_a_rule": round(engine.counts.bytes / total, 1),
        "server_bytes_a_rule": round(taken / total, 1),
        "process_bytes_a_rule": round(grown / total, 1),
    }


def main() -> None:
    """Measure on an embedded store of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--places", type=int, default=20_000, help="places of 50 rules each")
    places = options.parse_args().places
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start(Path(folder))
        try:
            figures = asyncio.run(measured(server.url, places))
        finally:
            server.stop()
    report("rulebook", "a million rules in <= 20 s, the loop never still for 100 ms", {"store to engine": figures})


if __name__ == "__main__":
    main()
