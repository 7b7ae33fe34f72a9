"""A whole service with a million rules: its start, its memory, its moments, its loop, and an edit until it is judged.

The market is the demo's, a moment every five seconds instead of a minute. Its eight coins carry all the rules, so each
line has far more neighbours than in a market of hundreds of coins. People's places are on a platform that is not
served here: alerts are decided, written and fanned out, and nothing is sent.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random

from pydantic import SecretStr

from adapters.chat.base import Place
from adapters.store import embedded, keys
from adapters.store.alert_port import Effort
from adapters.store.base import Quota, Saved, Store, rule_id
from adapters.store.client import Client
from adapters.store.packed import pack
from adapters.store.registry import open_store
from adapters.venues.simulated import DEMO, SimulatedMarket
from adapters.venues.simulation import COINS, EXCHANGES
from bench.measure import Figures, report
from bench.rulebook import used
from bot import app, demo
from bot.settings import Settings
from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.model import Draft, Problem, Rule

MADE, JUST_MADE = demo.START - timedelta(days=30), demo.START + timedelta(minutes=1)
"""When the rules were made: long before the service is started, or at the first moment that it judges."""

SPEED = 12.0
PLACES_AT_ONCE = 50
SIZES = (1, 1, 2, 2, 3, 5, 8, 13, 20, 50)
"""How many rules places have."""

SENTENCES = (
    *["price > {price}", "price < {price}"] * 12,
    *["funding < -0.01%", "funding > 0.02%"] * 6,
    *["price 1h moves by 2%", "price 4h falls by 3%", "price 24h rises by 5%", "oi 4h falls by 3%"] * 4,
    *["liq 1h > $5M", "liq.long 15m > $2M", "ls > 2", "taker 1h < 0.8", "ratio < 0.2"] * 2,
    *["negfunding", "liqspike > 20x", "divergence > 1.5", "funding < p5", "oi 4h < z-3"],
    *["funding crosses 0%", "price 1h falls by 1% and oi 1h falls by 1%"],
)
"""What people ask for, as often as it stands here: two in three want a price or a funding rate."""

WIDE, ONE_IN = ("*", "watchlist"), 100
LOOK = 0.002
LIVE = 2.0
"""Seconds after which an edit is to be in every moment that is closed from then on."""
PATIENCE = 600
"""Seconds for the first moment."""
MEGABYTE = 1_000_000


def drafts() -> Sequence[Draft]:
    """Each sentence on each coin, and now and then on every coin or on the watchlist."""
    coins, venues = [coin.name for coin in COINS], [of.name for of in EXCHANGES]
    words = Vocabulary(coins, venues, SIGNALS, demo.START, UTC)
    found = []
    for coin in COINS:
        price = f"{coin.price:.8f}".rstrip("0").rstrip(".")
        for sentence in SENTENCES:
            said = f"{coin.name} {sentence.format(price=price)}"
            draft = parse(said, words)
            assert not isinstance(draft, Problem), f"{said} is no rule"
            found.append(draft)
    return found


def rules(total: int, made: datetime = MADE) -> Iterator[list[tuple[Place, Rule]]]:
    """The rules of each place: usual sentences, each with a line of its own."""
    random, usual, left, number = Random(1), drafts(), total, 0
    while left:
        number += 1
        place, size = Place("telegram", str(100_000_000 + number)), min(random.choice(SIZES), left)
        left -= size
        yield [
            (place, Rule(rule_id(place, n), str(place), n, 1, own(random.choice(usual), random), made, 0))
            for n in range(1, size + 1)
        ]


def own(draft: Draft, random: Random) -> Draft:
    """The draft with a line of its own, up to half as far again or as near, and its clear level with it."""
    by = random.lognormvariate(0.0, 0.2)
    conditions = tuple(
        of if of.stock else replace(of, line=of.line * by, clear=of.clear * by) for of in draft.conditions
    )
    coins = (random.choice(WIDE),) if random.randrange(ONE_IN) == 0 and len(conditions) == 1 else draft.coins
    return replace(draft, coins=coins, conditions=conditions)


async def fill(url: str, total: int, made: datetime) -> Figures:
    """Write the rules as a server has them after months."""
    client, places = Client(url), rules(total, made)
    async with aclosing(client):
        before, count = await used(client), 0
        while batch := list(islice(places, PLACES_AT_ONCE)):
            count += len(batch)
            writes: list[list[str | bytes | int | float]] = []
            for of in batch:
                place = of[0][0]
                writes.append(["SADD", keys.PLACES, str(place)])
                writes.append(["HSET", keys.rules(place), *(w for _, rule in of for w in (rule.number, pack(rule)))])
            await client.many(writes)
        return {"rules": total, "places": count, "bytes_a_rule": round((await used(client) - before) / total, 1)}


async def serve(url: str, speed: float, folder: Path) -> None:
    """`perpwatch run --demo` on that store without the tour, beside somebody who notes how late he wakes."""
    lags, pauses = list[tuple[float, float, float]](), list[tuple[float, float]]()
    gc.callbacks.append(partial(note_pause, pauses))
    watch = asyncio.create_task(note(lags))
    market = app.played(SimulatedMarket(demo.SEED, demo.START, DEMO))
    plan = app.Plan(market, speed, folder / "history")
    await app.run(Settings(redis_url=SecretStr(url)), app.Storage(url, None), plan)
    watch.cancel()
    cpu = time.process_time()
    (folder / "lags").write_text(json.dumps({"lags": lags, "pauses": pauses, "cpu": cpu}), encoding="utf-8")


def note_pause(pauses: list[tuple[float, float]], phase: str, _: Mapping[str, int]) -> None:
    """When a look for garbage began, and in the end the CPU that it took."""
    if phase == "start":
        pauses.append((time.monotonic(), time.process_time()))
    else:
        at, began = pauses[-1]
        pauses[-1] = at, time.process_time() - began


async def note(lags: list[tuple[float, float, float]]) -> None:
    """How late a sleeper wakes, with when that was and how much CPU the process used meanwhile.

    On a machine that others use too the loop is late for want of a core: CPU says what the service itself held it up.
    """
    while True:
        asleep, used_before = time.monotonic(), time.process_time()
        await asyncio.sleep(LOOK)
        now = time.monotonic()
        lags.append((now, now - asleep - LOOK, time.process_time() - used_before))


async def watched(
    store: Store, seconds: float
) -> tuple[Sequence[tuple[float, Effort]], Sequence[float], Sequence[int]]:
    """Each moment's effort as the service says it, with when it was seen; how long edits took to be judged; late ones.

    For so many seconds from the first moment on.
    """
    efforts, took, late = dict[datetime, tuple[float, Effort]](), list[float](), list[int]()
    async with asyncio.timeout(PATIENCE):
        while not await store.efforts():  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.05)
    edits, until = asyncio.create_task(edit(store, took, late)), time.monotonic() + seconds
    while time.monotonic() < until:
        (effort,) = await store.efforts()
        efforts.setdefault(effort.at, (time.monotonic(), effort))
        await asyncio.sleep(0.05)
    edits.cancel()
    return list(efforts.values()), took, late


async def edit(store: Store, took: list[float], late: list[int]) -> None:
    """Save a rule and edit it again and again.

    From the answer until a moment was judged with it; late are those that the first moment closed two seconds after
    the answer was judged without.
    """
    place, quota, random, number = Place("telegram", "1"), Quota(50), Random(2), 0
    said = await store.add(place, drafts()[0], "first", demo.START, quota)
    while isinstance(said, Saved):
        began, number, closed, is_late = time.monotonic(), number + 1, None, False
        while True:
            judged, change = await store.judged(), (await store.left())[1].change or 0
            if change >= said.rule.change:
                break
            is_late = is_late or (closed is not None and judged is not None and judged > closed)
            if closed is None and time.monotonic() - began > LIVE and (latest := await store.latest()) is not None:
                closed = latest.at
            await asyncio.sleep(0.01)
        late += [said.rule.change] if is_late else []
        took.append(time.monotonic() - began)
        await asyncio.sleep(random.uniform(0.5, 2.5))
        other = own(said.rule.draft, random)
        said = await store.edit(said.rule.id, place, other, said.rule.revision, f"{number}", demo.START, quota)
    raise AssertionError("the rule was not saved")


async def measured(url: str, server: int | None, options: argparse.Namespace, folder: Path) -> dict[str, Figures]:
    """Fill the store, run the service on it in a process of its own, and look at both from outside."""
    filled = await fill(url, options.rules, JUST_MADE if options.just_made else MADE)
    words = [sys.executable, "-P", "-m", "bench.million", "--serve", url, "--folder", str(folder)]
    words += ["--speed", str(options.speed)]
    began = time.monotonic()
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, stdin=quiet, stdout=quiet) as run:  # noqa: ASYNC220 - nobody else waits
        store = await open_store(url)
        efforts, edits, late = await watched(store, options.seconds)
        memory, peak = status_mb(run.pid, "VmRSS"), status_mb(run.pid, "VmHWM")
        await store.aclose()
        run.terminate()
        if await asyncio.to_thread(run.wait, 60):
            raise AssertionError("the service failed")
    first = efforts[0][0]
    left = json.loads((folder / "lags").read_text(encoding="utf-8"))
    pauses = [cpu for at, cpu in left["pauses"] if at > first]
    cpu = sum(row[2] for row in left["lags"] if row[0] <= first)
    client = Client(url)
    data = await used(client)
    await client.aclose()
    return {
        "store": {
            **filled,
            "used_mb": round(data / MEGABYTE, 1),
            "process_mb": status_mb(server, "VmRSS") if server else None,
        },
        "service": {
            "seconds_until_it_judged": round(first - began, 1),
            "memory_mb": memory,
            "peak_memory_mb": peak,
            "cpu_s_until_it_judged": round(cpu, 1),
            "cpu_s": round(left["cpu"], 1),
        },
        "moments": of_moments([effort for _, effort in efforts[1:]]),
        "loop until it judged": of_loop([row for row in left["lags"] if row[0] <= first]),
        "loop later": {
            **of_loop([row for row in left["lags"] if row[0] > first]),
            "longest_garbage_ms": share([cpu * 1000 for cpu in pauses], 1.0),
        },
        "edit until judged": {
            "edits": len(edits),
            "not_live_within_2_s": len(late),
            "median_s": round(statistics.median(edits), 2),
            "longest_s": round(max(edits), 2),
        },
    }


def of_moments(efforts: Sequence[Effort]) -> Figures:
    """What judging took, the first moment left out: it only arms."""
    took = [effort.took / timedelta(milliseconds=1) for effort in efforts]
    touched = [float(effort.counts.touched) for effort in efforts]
    last = efforts[-1].counts
    return {
        "moments": len(took),
        "p50_ms": share(took, 0.5),
        "p99_ms": share(took, 0.99),
        "touched_p50": share(touched, 0.5),
        "touched_p99": share(touched, 0.99),
        "written_p50": share([float(effort.committed) for effort in efforts], 0.5),
        "kept_states": last.kept,
        "cells": last.cells,
        "keys": last.keys,
        "index_mb": round(last.bytes / MEGABYTE, 1),
    }


def share(of: Sequence[float], part: float) -> float:
    """The value below which that part lies."""
    return round(sorted(of)[min(int(part * len(of)), len(of) - 1)], 1)


def of_loop(lags: Sequence[tuple[float, float, float]]) -> Figures:
    """How late the loop was, and how much of that was the service's own work."""
    late, busy = [row[1] * 1000 for row in lags], [row[2] * 1000 for row in lags]
    return {
        "longest_lag_ms": share(late, 1.0),
        "p99_lag_ms": share(late, 0.99),
        "longest_cpu_ms": share(busy, 1.0),
        "p99_cpu_ms": share(busy, 0.99),
    }


def status_mb(pid: int, row: str) -> float:
    """A row of a process's status, in megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith(row)) * 1024 / MEGABYTE, 1)


def main() -> None:
    """Measure on an embedded store of its own."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rules", type=int, default=1_000_000)
    options.add_argument("--seconds", type=float, default=120.0, help="how long it judges")
    options.add_argument("--speed", type=float, default=SPEED, help="market seconds a second")
    options.add_argument("--just-made", action="store_true", help="nobody has judged the rules before")
    options.add_argument("--serve", help=argparse.SUPPRESS)
    options.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve:
        asyncio.run(serve(given.serve, given.speed, given.folder))
        return
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = embedded.start(folder)
        try:
            rows = asyncio.run(measured(server.url, server.pid, given, folder))
        finally:
            server.stop()
    goal = "an edit is judged within 2 s, the loop never still for 100 ms"
    report("million", goal, rows, load_before=round(load, 1), load_after=round(os.getloadavg()[0], 1))


if __name__ == "__main__":
    main()
