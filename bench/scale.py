"""Ten million subscribers as a simulation: how many bots they need, how late what is, what stores and senders carry.

What a step costs is measured first, on the embedded store of this machine. Then one bot is played on virtual time
(bench/crowd.py): its sender, lanes, gates and pace are those of the product, against a platform that takes everything.
Bots are alike, so one stands for all. What comes to it are these assumptions:

- Everybody is a private chat with rules of their own: no channel, which reaches any number with one message, helps.
- Chats are divided evenly over bots, each with its own pace (29 messages a second on Telegram) and its own lanes.
- A chat hears of so many alerts a day at random moments, and of each one's end a quarter of an hour later.
- Once the market moves: in that share of all chats one to six alerts fire in one moment, and end fifteen minutes later.
- Five minutes before that the digests of some chats come due, all in one moment.
- A chat asks for something so often a day, and one of twenty that the move concerns in the five minutes after it.

Evaluation is not part of it; see bench/million.py.
"""

import argparse
import asyncio
import logging
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import structlog

from adapters.chat.base import Place
from adapters.chat.pace import PACES
from adapters.store import keys
from adapters.store.base import Claim, Fanned, Saved
from adapters.store.batch import Final
from adapters.store.client import Client
from adapters.store.redis import RedisStore
from adapters.store.replies import raw
from bench.crowd import PLATFORM, Class, Coming, Seen, lived
from bench.delivery import A_CALL, opened
from bench.measure import Figures, report
from bot.services.fanout import PAGE
from bot.services.sender import LEASE
from tests.adapters.store.stories import MANY, T0, TTL, draft, event

PEOPLE = 10_000_000
BOTS = (50, 100, 200, 400)
HOURS, A_DAY = 1.5, 2.0
MOVES_AT, MOVED, MOST_MOVED, CALM_AFTER = 1800.0, 0.2, 6, 900.0
DIGESTS_AT, DIGESTS = 1500.0, 0.1
ASKS_A_DAY, ASK, ASK_WITHIN = 1.0, 0.05, 300.0
LATE = 120.0
"""Seconds after which an alert says why it is late."""

MEASURED, PAIRS = 20_000, 500
AT_A_TIME = 2
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
        for first in range(0, MEASURED, A_CALL):
            many = [word for number in range(first, first + A_CALL) for word in (0, str(10**9 + number))]
            await client.do("ZADD", subscribers, *many)
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


def coming(chats: int, rng: np.random.Generator) -> Sequence[Coming]:
    """What reaches which chat of one bot, in order of time."""
    days = HOURS * HOUR / DAY
    found = list[Coming]()
    for at, chat in _at_random(chats * A_DAY * days, chats, rng):
        found += [Coming(at, chat, Class.ALERT), Coming(at + CALM_AFTER, chat, Class.ALERT, began=at)]
    moved = rng.choice(chats, round(chats * MOVED), replace=False).tolist()
    for chat, many in zip(moved, rng.integers(1, MOST_MOVED + 1, len(moved)).tolist(), strict=True):
        found += [Coming(MOVES_AT, chat, Class.ALERT)] * many
        found += [Coming(MOVES_AT + CALM_AFTER, chat, Class.ALERT, began=MOVES_AT)] * many
    for chat in rng.choice(chats, round(chats * DIGESTS), replace=False).tolist():
        found.append(Coming(DIGESTS_AT, chat, Class.DIGEST))
    for at, chat in _at_random(chats * ASKS_A_DAY * days, chats, rng):
        found.append(Coming(at, chat, Class.REPLY))
    for chat in moved[: round(len(moved) * ASK)]:
        found.append(Coming(MOVES_AT + float(rng.uniform(0.0, ASK_WITHIN)), chat, Class.REPLY))
    return sorted(found, key=lambda one: one.at)


def _at_random(mean: float, chats: int, rng: np.random.Generator) -> Iterable[tuple[float, int]]:
    """About so many moments, each with a chat."""
    many = rng.poisson(mean)
    return zip(rng.uniform(0.0, HOURS * HOUR, many).tolist(), rng.integers(0, chats, many).tolist(), strict=True)


def played(bots: int, people: int) -> Seen:
    """What becomes of one of so many bots."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    chats = people // bots
    return lived(chats, coming(chats, np.random.default_rng(7)))


def rows_of(bots: int, people: int, seen: Seen, cost: Costs) -> Mapping[str, Figures]:
    """The whole from one bot, and how late it is with what, in the order in which that goes."""
    pace, name, ended = PACES[PLATFORM].whole.every, f"{bots} bots", seen.ends.total()
    most, lanes, ahead = bots / pace, np.array(seen.lanes), np.array(seen.ahead)
    whole = {
        "chats_a_bot": people // bots,
        "messages_a_second_of_all": round(most),
        "entries": ended,
        "messages": seen.messages,
        "expired_percent": round(100 * seen.ends[Final.EXPIRED] / ended, 2),
        "longest_queue": seen.most_waiting,
        "lanes_of_one_percent": round(100 * float((lanes == 1).mean()), 2),
        "claims_of_several_percent": round(100 * seen.folded / lanes.size, 2),
        "longest_lane": int(lanes.max()),
        "younger_went_first_p99_s": round(float(np.percentile(ahead, 99)), 1),
        "younger_went_first_max_s": round(float(ahead.max()), 1),
        "store_cores_at_full_pace": round(most * cost.pair, 2),
        "store_cores_to_expand_a_move_in_10_s": round(people * MOVED * cost.expand / 10, 2),
        "waiting_of_all_mb": round(seen.most_waiting * bots * cost.entry / MEGABYTE),
    }
    calm = [took for at, took in seen.waits[Class.ALERT] if at < DIGESTS_AT]
    later = [took for at, took in seen.waits[Class.ALERT] if at >= DIGESTS_AT]
    return {
        name: whole,
        f"{name}: replies": lateness([took for _, took in seen.waits[Class.REPLY]]),
        f"{name}: alerts, calm": lateness(calm),
        f"{name}: alerts, since the move": lateness(later),
        f"{name}: digests": lateness([took for _, took in seen.waits[Class.DIGEST]]),
    }


def lateness(waits: Sequence[float]) -> Figures:
    """How long what was sent had waited."""
    took = np.array(waits)
    return {
        "sent": took.size,
        "p50_s": round(float(np.percentile(took, 50)), 3),
        "p99_s": round(float(np.percentile(took, 99)), 3),
        "max_s": round(float(took.max()), 3),
        "late_percent": round(100 * float((took > LATE).mean()), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=PEOPLE)
    people = parser.parse_args().people
    began, load = time.perf_counter(), os.getloadavg()[0]
    cost = asyncio.run(costs())
    with ProcessPoolExecutor(AT_A_TIME) as pool:
        each = list(pool.map(played, BOTS, [people] * len(BOTS)))
    rows = dict[str, Figures]()
    for bots, seen in zip(BOTS, each, strict=True):
        rows |= rows_of(bots, people, seen, cost)
    report(
        "scale",
        "how many bots ten million private chats need, and what stores carry; a simulation on stated assumptions",
        rows,
        simulated=True,
        people=people,
        alerts_a_day_and_chat=A_DAY,
        share_that_moves_at_once=MOVED,
        alerts_at_most_of_a_chat_that_moves=MOST_MOVED,
        ends_after_s=CALM_AFTER,
        digests_of=DIGESTS,
        digests_before_s=MOVES_AT - DIGESTS_AT,
        asks_a_day_and_chat=ASKS_A_DAY,
        share_of_the_moved_that_asks=ASK,
        hours=HOURS,
        telegram_a_second_and_bot=round(1 / PACES[PLATFORM].whole.every),
        measured_expand_us=round(cost.expand * 1e6, 2),
        measured_claim_and_finish_us=round(cost.pair * 1e6, 1),
        measured_bytes_an_entry=round(cost.entry),
        load_before=round(load, 2),
        took_s=round(time.perf_counter() - began, 1),
    )


if __name__ == "__main__":
    main()
