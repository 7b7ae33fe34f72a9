"""Delivery: what a message costs, what a strict platform sees, one event for 100,000 places, and the wait for a claim.

`sends` is CPU, pace and memory with nobody limiting, ours against python-telegram-bot with its AIORateLimiter, over a
loopback Bot API that must have taken the same texts of both. `strict` is a burst against the limits of Telegram.
`fanout` is one event for many places, while a second client pings. `claim` is the time from the call that commits a
transition until a sender has claimed it, with the real loops on the embedded store; `polled` is the same without wakes.
"""

import argparse
import asyncio
import json
import logging
import multiprocessing
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import structlog

from adapters.chat.base import Delivery, Outcome, Place, Sent
from adapters.chat.pace import Pace, Pacer
from adapters.store import embedded, keys
from adapters.store.alert_port import Commit, Committed
from adapters.store.base import Claim, Epoch, Fanned, Idle, Saved
from adapters.store.client import Client
from adapters.store.redis import RedisStore
from bench.delivery_sends import FIRST, RIVALS
from bench.measure import Figures, report
from bot.clock import Clock
from bot.services.fanout import PAGE, Fanout
from bot.services.sender import Sender
from bot.services.voice import Voice
from bot.telling import told
from tests.adapters.store.stories import MANY, T0, draft, event, firing

ROOT = Path(__file__).parents[1]
ROUNDS, CHATS, BURST = 3, 600, 300
PLACES = 100_000
EVENTS, POLLED = 1000, 100
A_CALL = 1000
MILLISECOND = timedelta(milliseconds=1)


class Api:
    """The fake Bot API in a process of its own."""

    def __init__(self, chats: int, *, limited: bool) -> None:
        words = [sys.executable, "-P", "-m", "tests.fake_telegram", "--person", str(FIRST), "--people", str(chats)]
        self._process = subprocess.Popen(
            words if limited else [*words, "--unlimited"],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        said = json.loads(self._process.stdout.readline())
        self.url, self.token = said["telegram_url"], said["telegram_token"]
        self._lines: list[str] = []
        self._reading = threading.Thread(target=self._lines.extend, args=[self._process.stdout])
        self._reading.start()

    def ended(self) -> tuple[Sequence[tuple[int, str]], int]:
        """Who was told what, sorted, and how many calls were refused."""
        time.sleep(0.2)  # it says what it took twenty times a second
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        self._reading.join()
        lines = [json.loads(line) for line in self._lines]
        return sorted((line["chat"], line["text"]) for line in lines[:-1]), lines[-1]["refused"]


def sent(who: str, chats: int, *, paced: bool) -> tuple[dict[str, float], Sequence[tuple[int, str]]]:
    """One run of one rival, and what was taken."""
    api = Api(chats, limited=paced)
    words = [sys.executable, "-P", "-m", "bench.delivery_sends", who, api.url, api.token, str(chats)]
    done = subprocess.run(
        [*words, "paced" if paced else "free"],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    taken, refused = api.ended()
    return json.loads(done.stdout.splitlines()[-1]) | {"refused": refused}, taken


def sends(rounds: int, chats: int, *, paced: bool) -> Mapping[str, Figures]:
    """Every rival in turns; what was taken must be the same."""
    rows: dict[str, list[dict[str, float]]] = {who: [] for who in RIVALS}
    wanted = None
    for _ in range(rounds):
        for who, of in rows.items():
            row, taken = sent(who, chats, paced=paced)
            assert len(taken) == chats, f"{who}: {len(taken)} of {chats} messages arrived"
            wanted = wanted or taken
            assert taken == wanted, f"{who} sent something else"
            of.append(row)
    return {who: _sends(of, chats) for who, of in rows.items()}


def _sends(rows: Sequence[Mapping[str, float]], chats: int) -> Figures:
    def median(name: str) -> float:
        return statistics.median(row[name] for row in rows)

    return {
        "cpu_us_per_message": round(median("cpu_s") / chats * 1e6),
        "messages_per_s": round(median("pace"), 1),
        "all_in_s": round(median("wall_s"), 2),
        "refused": round(median("refused")),
        "lost": 0,
        "grown_mb": round(median("peak_mb") - median("before_mb"), 1),
        "rounds": len(rows),
    }


@asynccontextmanager
async def opened(kind: type[RedisStore]) -> AsyncIterator[tuple[RedisStore, embedded.Embedded]]:
    """A store on an embedded server of its own, as the service runs it."""
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start(Path(folder))
        store = kind(Client(server.url))
        try:
            yield store, server
        finally:
            await store.aclose()
            server.stop()


def pings(path: str, line: Connection) -> None:
    """Ask over and over until told to stop, from a process of its own; sends the longest wait in milliseconds."""
    longest, count = 0.0, 0
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        line.send("ready")
        while not line.poll():
            began = time.perf_counter()
            server.sendall(b"PING\r\n")
            server.recv(16)
            longest, count = max(longest, time.perf_counter() - began), count + 1
            time.sleep(0.0005)
    line.send((longest * 1000, count))


async def fanout(places: int) -> Figures:
    """One event for that many places."""
    async with opened(RedisStore) as (store, server):
        saved = await store.add(Place("telegram", "1"), draft(), "1", T0, MANY)
        assert isinstance(saved, Saved)
        subscribers, client = keys.subscribers("telegram", saved.rule.id), Client(server.url)
        for first in range(0, places, A_CALL):
            many = [word for number in range(first, first + A_CALL) for word in (0, str(10**9 + number))]
            await client.do("ZADD", subscribers, *many)
        told_of = replace(event(saved.rule), change_number=0)
        await client.do("CONFIG", "SET", "slowlog-log-slower-than", 1000)
        await client.do("CONFIG", "SET", "slowlog-max-len", places)
        ours, theirs = multiprocessing.Pipe()
        pinging = multiprocessing.get_context("spawn").Process(target=pings, args=(urlsplit(server.url).path, theirs))
        pinging.start()
        await asyncio.to_thread(ours.recv)
        await client.do("SLOWLOG", "RESET")
        began, pages = time.perf_counter(), 1
        while await store.fan_out("telegram", told_of, PAGE, T0) is not Fanned.DONE:
            pages += 1
        took = time.perf_counter() - began
        ours.send("stop")
        longest, count = await asyncio.to_thread(ours.recv)
        pinging.join()
        slow = await client.do("SLOWLOG", "GET", pages + 10)
        assert isinstance(slow, list)
        assert await client.do("ZCARD", keys.of_platform("telegram", "lane")) == places
        await client.aclose()
        return {
            "places": places,
            "a_page": PAGE,
            "pages": pages,
            "seconds": round(took, 3),
            "places_per_s": round(places / took),
            "longest_ping_ms": round(longest, 2),
            "pings": count,
            "longest_command_ms": round(max((one[2] for one in slow), default=0) / 1000, 2),  # type: ignore[index,operator]
        }


class Timed(RedisStore):
    """A store that notes when an entry was claimed."""

    claimed: "asyncio.Queue[tuple[str, float]]"

    async def claim(self, epoch: Epoch, now: datetime, lease: timedelta) -> Claim | Idle:
        """As any store, with the time."""
        found = await super().claim(epoch, now, lease)
        if isinstance(found, Claim):
            self.claimed.put_nowait((found.entry.rpartition(":")[2], time.perf_counter()))
        return found


class Asleep(Timed):
    """The same, and nothing wakes anybody."""

    async def wakes(self, _: str) -> AsyncIterator[None]:
        """Never."""
        await asyncio.Event().wait()
        yield


class Taking:
    """A platform that takes everything at once."""

    name = "telegram"

    async def send(self, _: Delivery) -> Outcome:
        """Taken."""
        return Sent("1")


async def claims(kind: type[Timed], number: int) -> Figures:
    """Milliseconds from the call that commits until the claim, for transitions that come one by one."""
    async with opened(kind) as (store, _):
        assert isinstance(store, Timed)
        store.claimed = asyncio.Queue()
        rules = []
        for n in range(number):
            saved = await store.add(Place("telegram", str(FIRST + n)), draft(), str(n), T0, MANY)
            assert isinstance(saved, Saved)
            rules.append(saved.rule)
        wall, rng, waits = Clock(T0), Random(7), list[float]()
        pacer = Pacer(Pace(), asyncio.get_running_loop().time())
        sender = Sender(store, Taking(), "bench", wall, wall, Voice(told), pacer)
        async with asyncio.TaskGroup() as group:
            loops = [group.create_task(loop()) for loop in (Fanout(store, ["telegram"], wall.now).run, sender.run)]
            while await store.applied("telegram") < number:  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.1)
            for n, rule in enumerate(rules):
                await asyncio.sleep(rng.uniform(0.0, 0.03))
                at = T0 + n * MILLISECOND
                told_of = event(rule, f"E{n:06}", at)
                began = time.perf_counter()
                done = await store.commit(Commit((rule.id, "ETH"), rule.revision, 0, at, firing(at), told_of))
                assert done == [Committed.OK]
                async with asyncio.timeout(30):
                    id_, when = await store.claimed.get()
                assert id_ == told_of.id
                waits.append((when - began) * 1000)
            for loop in loops:
                loop.cancel()
        waits.sort()
        return {
            "transitions": number,
            "p50_ms": round(waits[number // 2], 2),
            "p99_ms": round(waits[number * 99 // 100], 2),
            "max_ms": round(waits[-1], 2),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parts = ("sends", "strict", "fanout", "claim")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(parts)}; all where none is named")
    wanted = parser.parse_args().parts or parts
    rows: dict[str, Figures] = {}
    load = os.getloadavg()[0]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if "sends" in wanted:
        rows |= {f"sends: {who}": row for who, row in sends(ROUNDS, CHATS, paced=False).items()}
    if "strict" in wanted:
        rows |= {f"strict: {who}": row for who, row in sends(1, BURST, paced=True).items()}
    if "fanout" in wanted:
        rows["fanout"] = asyncio.run(fanout(PLACES))
    if "claim" in wanted:
        rows["claim"] = asyncio.run(claims(Timed, EVENTS))
        rows["claim: polled"] = asyncio.run(claims(Asleep, POLLED))
    report(
        "delivery",
        "sends: >= 6x less CPU; strict: 0 lost, 0 refused, >= 28/s; fanout: >= 50,000/s, never blocked over 50 ms; "
        "claim: p99 <= 10 ms",
        rows,
        equal_messages=True,
        load_before=round(load, 2),
    )


if __name__ == "__main__":
    main()
