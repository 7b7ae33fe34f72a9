"""Our side of `bench/prometheus.py`, in a process of its own: the same lines as rules, from a moment to a send."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.chat.base import Delivery, MenuEntry, Outcome, Place, Reception, Sent
from adapters.chat.pace import Pacer, pace_of
from adapters.store.base import Quota
from adapters.store.memory import MemoryStore
from adapters.venues.base import Label
from bot.clock import Clock
from bot.services.evaluator import Evaluator
from bot.services.fanout import Fanout
from bot.services.sender import Sender
from bot.services.voice import Voice
from bot.telling import told
from signals.aggregate import Cycle, Ledger, bar
from signals.model import ALL, Instrument, Metric, Observation, Unit
from signals.registry import SIGNALS
from signals.rules.model import Compare, Condition, Draft

A_PLACE = 50
MINUTE = timedelta(minutes=1)
START = datetime(2026, 1, 5, tzinfo=UTC)
VENUE = "binance"


class Chat:
    """A platform that notes when it was asked to send."""

    name = "telegram"

    def __init__(self) -> None:
        self.told: asyncio.Queue[float] = asyncio.Queue()

    async def send(self, _: Delivery) -> Outcome:
        """Taken at once."""
        self.told.put_nowait(time.perf_counter())
        return Sent("1")

    async def serve(self, _: Sequence[MenuEntry], __: Reception) -> None:
        """Nobody asks anything."""
        await asyncio.Event().wait()


class Market:
    """Funding of the coins on one venue, moment by moment."""

    def __init__(self, coins: int, calm: float) -> None:
        self.values = {f"C{coin}": calm for coin in range(coins)}
        self.at = START
        self._ledger = Ledger()
        metrics = frozenset({Metric.FUNDING})
        self._ledger.expect({Instrument(VENUE, coin, coin, 1.0, metrics) for coin in self.values})

    def next(self) -> Cycle:
        """The moment one minute later."""
        self.at += MINUTE
        at = self.at
        self._ledger.take([
            Observation(Metric.FUNDING, VENUE, coin, coin, value, at, at, 5 * MINUTE, interval_h=8.0, rate=value)
            for coin, value in self.values.items()
        ])  # fmt: skip
        cycle = self._ledger.read(at, Label.LIVE)
        return replace(cycle, bars=(bar(cycle, MINUTE),))


async def filled(lines: Mapping[int, tuple[int, float]]) -> MemoryStore:
    """A store with a rule for each line."""
    store, quota = MemoryStore(), Quota(rules=A_PLACE)
    for rule, (coin, line) in lines.items():
        condition = Condition("funding", timedelta(0), Compare.BELOW, line, line * 0.8, Unit.RATE_8H)
        draft = Draft((f"C{coin}",), ALL, (condition,), timedelta(0), None, once=False)
        await store.add(Place(Chat.name, str(rule // A_PLACE)), draft, str(rule), START, quota)
    return store


async def judged(store: MemoryStore, cycle: Cycle) -> float:
    """Seconds until the moment is judged and all of it written."""
    began = time.perf_counter()
    await store.close(cycle)
    while await store.judged() != cycle.at:  # noqa: ASYNC110 - the store tells nobody
        await asyncio.sleep(0)
    return time.perf_counter() - began


async def measured(lines: Mapping[int, tuple[int, float]], coins: int, calm: float, rounds: int) -> dict[str, float]:
    """Evaluation of a moment in which nobody fires, memory, and the time from a closed moment to the send."""
    store, chat, market = await filled(lines), Chat(), Market(coins, calm)
    wall = Clock(START)
    pacer = Pacer(pace_of(chat.name), asyncio.get_running_loop().time())
    sender = Sender(store, chat, "bench", wall, wall, Voice(told), pacer)
    loops = (Evaluator(store, SIGNALS, MINUTE).run, Fanout(store, [chat.name], wall.now).run, sender.run)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop()) for loop in loops]
        for _ in range(3):
            await judged(store, market.next())
        quiet = [await judged(store, market.next()) for _ in range(5)]
        delays = []
        for coin in range(rounds):
            market.values[f"C{coin}"] = lines[coin][1] - 1e-6
            cycle = market.next()
            began = time.perf_counter()
            await store.close(cycle)
            delays.append(await asyncio.wait_for(chat.told.get(), 60) - began)
        for task in tasks:
            task.cancel()
    return {
        "evaluation_ms": round(statistics.median(quiet) * 1000, 3),
        "memory_mb": resident(),
        "value_to_notification_ms": round(statistics.median(delays) * 1000, 1),
    }


def resident() -> float:
    """Megabytes of this process in memory."""
    page = Path("/proc/self/status").read_text(encoding="ascii")
    return round(float(page.split("VmRSS:")[1].split()[0]) / 1024, 1)


def main() -> None:
    """Lines as JSON in, figures as JSON out."""
    asked = json.load(sys.stdin)
    lines = {int(rule): (coin, line) for rule, (coin, line) in asked["lines"].items()}
    json.dump(asyncio.run(measured(lines, asked["coins"], asked["calm"], asked["rounds"])), sys.stdout)


if __name__ == "__main__":
    main()
