"""Ten million subscribers as a simulation: how many bots they need, how late alerts are, what stores and senders carry.

What a step costs is measured first, on the embedded store of this machine. The rest is arithmetic on these assumptions:

- Everybody is a private chat with rules of their own: no channel, which reaches any number with one message, helps.
- Chats are divided evenly over bots, each with its own pace (29 messages a second on Telegram) and its own lanes.
- A chat hears of so many alerts a day at random moments, and of each one's end a quarter of an hour later.
- Once in the simulated hours the market moves: that share of all chats fires in one moment, and all end fifteen minutes
  later.
- Due first goes first; four or more that wait in a chat become one message; after 30 minutes an alert is not sent.

Bots are alike, so one is simulated slot by slot and stands for all. Evaluation is not part of it; see bench/million.py.
"""

import argparse
import asyncio
import os
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from adapters.chat.base import Place
from adapters.chat.pace import PACES
from adapters.store import keys
from adapters.store.base import Claim, Fanned, Saved
from adapters.store.batch import FOLDED_FROM, FOLDED_MOST, Final
from adapters.store.client import Client
from adapters.store.redis import RedisStore
from adapters.store.replies import raw
from bench.delivery import opened
from bench.measure import Figures, report
from bot.services.fanout import PAGE
from bot.services.sender import LEASE
from bot.telling import EXPIRES
from tests.adapters.store.stories import MANY, T0, TTL, draft, event

PEOPLE = 10_000_000
BOTS = (25, 50, 100, 200, 400)
A_DAY, MOVED, CALM_AFTER = 2.0, 0.2, 900.0
HOURS, MOVES_AT = 3.0, 3600.0
MEASURED, PAIRS = 20_000, 500
LATE = 120.0
DAY, HOUR, MEGABYTE = 86_400.0, 3_600.0, 1_000_000.0


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured: seconds of the server for a lane entry and for a message, and bytes of an entry."""

    expand: float
    pair: float
    entry: float


async def costs() -> Costs:
    """One event for many places, then some of their messages claimed and finished, one after the other."""
    async with opened(RedisStore) as (store, server):
        client = Client(server.url)
        saved = await store.add(Place("telegram", "1"), draft(), "1", T0, MANY)
        assert isinstance(saved, Saved)
        subscribers = keys.subscribers("telegram", saved.rule.id)
        await client.many([("ZADD", subscribers, 0, str(10**9 + number)) for number in range(MEASURED)])
        told = replace(event(saved.rule), change_number=0)
        memory, began = await used(client), busy(server.pid)
        while await store.fan_out("telegram", told, PAGE, T0) is not Fanned.DONE:
            pass
        expand, entry = busy(server.pid) - began, await used(client) - memory
        epoch = await store.lead("telegram", "bench", T0, TTL)
        began = busy(server.pid)
        for _ in range(PAIRS):
            claim = await store.claim(epoch, T0, LEASE)
            assert isinstance(claim, Claim)
            await store.finish(claim, Final.SENT, "", "1", T0 + LEASE)
        pair = busy(server.pid) - began
        await client.aclose()
        return Costs(expand / MEASURED, pair / PAIRS, entry / MEASURED)


async def used(client: Client) -> int:
    """Bytes that the server's data take."""
    lines = raw(await client.do("INFO", "everything")).decode().split("\r\n")
    return int(dict(line.split(":", 1) for line in lines if ":" in line)["used_memory"])


def busy(pid: int | None) -> float:
    """Seconds of CPU that the process has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def arrivals(chats: int, rng: np.random.Generator) -> list[tuple[float, int]]:
    """When which chat has something to hear, in order of time."""
    seconds = HOURS * HOUR
    fired = rng.uniform(0.0, seconds, rng.poisson(chats * A_DAY * seconds / DAY))
    who = rng.integers(0, chats, fired.size)
    moved = rng.choice(chats, round(chats * MOVED), replace=False)
    at = np.concatenate([fired, fired + CALM_AFTER, np.full(moved.size, MOVES_AT)])
    at = np.concatenate([at, np.full(moved.size, MOVES_AT + CALM_AFTER)])
    chat = np.concatenate([who, who, moved, moved])
    order = np.argsort(at, kind="stable")
    return list(zip(at[order].tolist(), chat[order].tolist(), strict=True))


def simulated(chats: int, pace: float, rng: np.random.Generator) -> dict[str, float]:
    """One bot with so many chats, slot by slot."""
    coming = deque(arrivals(chats, rng))
    heard, messages, expired, longest = len(coming), 0, 0, 0
    lanes: dict[int, deque[float]] = {}
    due: deque[int] = deque()
    waits: list[float] = []
    waiting, now, expires = 0, 0.0, EXPIRES.total_seconds()
    while coming or due:
        if not due:
            now = max(now, coming[0][0])
        while coming and coming[0][0] <= now:
            at, chat = coming.popleft()
            lane = lanes.setdefault(chat, deque())
            if not lane:
                due.append(chat)
            lane.append(at)
            waiting += 1
        longest = max(longest, waiting)
        chat = due.popleft()
        lane = lanes[chat]
        count = min(len(lane), FOLDED_MOST) if len(lane) >= FOLDED_FROM else 1
        batch = [lane.popleft() for _ in range(count)]
        waiting -= count
        fresh = [now - at for at in batch if now - at <= expires]
        expired += count - len(fresh)
        waits += fresh
        if lane:
            due.append(chat)
        if fresh:
            messages, now = messages + 1, now + pace
    took = np.array(waits)
    return {
        "heard": heard,
        "messages": messages,
        "expired_percent": round(100 * expired / heard, 2),
        "late_percent": round(100 * float((took > LATE).sum()) / heard, 2),
        "wait_p50_s": round(float(np.percentile(took, 50)), 2),
        "wait_p99_s": round(float(np.percentile(took, 99)), 1),
        "wait_max_s": round(float(took.max()), 1),
        "longest_queue": longest,
    }


def row(bots: int, people: int, cost: Costs) -> Figures:
    """All bots, from one of them."""
    pace = PACES["telegram"].whole.every
    of_one = simulated(people // bots, pace, np.random.default_rng(7))
    most = bots / pace
    return of_one | {
        "chats_a_bot": people // bots,
        "messages_a_second_of_all": round(most),
        "store_cores_at_full_pace": round(most * cost.pair, 2),
        "store_cores_to_expand_a_move_in_10_s": round(people * MOVED * cost.expand / 10, 2),
        "waiting_of_all_mb": round(of_one["longest_queue"] * bots * cost.entry / MEGABYTE),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=PEOPLE)
    people = parser.parse_args().people
    began, load = time.perf_counter(), os.getloadavg()[0]
    cost = asyncio.run(costs())
    rows: Mapping[str, Figures] = {f"{bots} bots": row(bots, people, cost) for bots in BOTS}
    report(
        "scale",
        "how many bots ten million private chats need, and what stores carry; a simulation on stated assumptions",
        rows,
        simulated=True,
        people=people,
        alerts_a_day_and_chat=A_DAY,
        share_that_moves_at_once=MOVED,
        ends_after_s=CALM_AFTER,
        hours=HOURS,
        telegram_a_second_and_bot=round(1 / PACES["telegram"].whole.every),
        measured_expand_us=round(cost.expand * 1e6, 2),
        measured_claim_and_finish_us=round(cost.pair * 1e6, 1),
        measured_bytes_an_entry=round(cost.entry),
        load_before=round(load, 2),
        took_s=round(time.perf_counter() - began, 1),
    )


if __name__ == "__main__":
    main()
