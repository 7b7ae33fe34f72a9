"""Charts through the embedded store: how long a command with its picture takes, what it costs, where memory goes.

Every picture is of another coin or span, so that nothing is found in the cache, unless a row says otherwise.
"""

import asyncio
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

from adapters.chat.base import Invocation, Message, Place
from adapters.store import embedded
from adapters.store.base import Quota, Store
from adapters.store.redis import open_redis
from bench.answers import COINS, EVERY, fill, longest_wait
from bench.markets import END
from bench.measure import Figures, report
from bot.charts.painter import Painter
from bot.services.dispatcher import Dispatcher
from signals.registry import SIGNALS

MINUTE = timedelta(minutes=1)
TOPICS = ("funding", "oi", "ls", "liq", "ratio")
SPANS = ("6h", "24h", "3d", "7d", "30d")
USERS, ALONE = 100, 40
THINKS = (5.0, 15.0)
"""Seconds between an answer and the next question of the same person."""

LASTS = 30.0


def mebibytes(process: int) -> int:
    """Resident memory, 0 where the system does not tell."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
    return 0


class Asked:
    """One run of questions: seconds of each answer, and how many had their picture."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self.dispatcher = dispatcher
        self.took: list[float] = []
        self.pictures, self.unanswered = 0, 0

    async def ask(self, number: int, line: str) -> Message:
        """One answer, timed; one without a chart is counted as not answered."""
        started = time.perf_counter()
        said = await self.dispatcher.answer(
            Invocation(Place("telegram", str(number)), "p", "chart", line, f"{number}:{line}", END)
        )
        self.took.append(time.perf_counter() - started)
        self.pictures += said.picture is not None
        self.unanswered += said.chart is None
        return said

    def figures(self, waits: Sequence[float]) -> Figures:
        """What the run came to."""
        ordered = sorted(self.took)
        return {
            "answers": len(ordered),
            "with_picture": self.pictures,
            "unanswered": self.unanswered,
            "p50_ms": round(statistics.median(ordered) * 1000),
            "p99_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000),
            "loop_stood_ms": round(max(waits) * 1000),
        }


def line(number: int) -> str:
    """A question that nobody has asked yet."""
    coin = number % COINS
    return f"{TOPICS[number % len(TOPICS)]} C{coin:03} {SPANS[number // COINS % len(SPANS)]}"


async def alone(of: Asked) -> None:
    """One after another."""
    for number in range(ALONE):
        await of.ask(number, line(number))


async def people(of: Asked) -> None:
    """People who read each answer before they ask again."""
    rng, end, asked = Random(7), time.perf_counter() + LASTS, iter(range(1_000, 10_000))

    async def person() -> None:
        await asyncio.sleep(rng.uniform(0, THINKS[1]))
        while time.perf_counter() < end:
            number = next(asked)
            await of.ask(number, line(number))
            await asyncio.sleep(rng.uniform(*THINKS))

    await asyncio.gather(*(person() for _ in range(USERS)))


async def at_once(of: Asked) -> None:
    """All in the same moment, each another chart."""
    await asyncio.gather(*(of.ask(number, line(20_000 + number)) for number in range(USERS)))


async def at_once_the_same(of: Asked) -> None:
    """All in the same moment, of five charts."""
    await asyncio.gather(*(of.ask(number, line(30_000 + number % 5)) for number in range(USERS)))


async def measured(store: Store) -> dict[str, Figures]:
    rows: dict[str, Figures] = {}
    async with Painter() as painter:
        dispatcher = Dispatcher(store, SIGNALS, lambda: END, END, "0", lambda _: Quota(50), MINUTE, painter=painter)
        before = mebibytes(os.getpid())
        painter.warm()
        warmed = Asked(dispatcher)
        while not warmed.pictures:
            await warmed.ask(0, line(40_000))
        for run in (alone, people, at_once, at_once_the_same):
            of, waits = Asked(dispatcher), list[float]()
            beside = asyncio.create_task(longest_wait(waits))
            await asyncio.sleep(10 * EVERY)
            waits.clear()
            await run(of)
            beside.cancel()
            rows[run.__name__] = of.figures(waits)
        workers = painter.processes
        rows["memory"] = {
            "service_before_mib": before,
            "service_after_mib": mebibytes(os.getpid()),
            "workers": len(workers),
            "largest_worker_mib": max(map(mebibytes, workers), default=0),
        }
    return rows


def drawing() -> Figures:
    """Drawing alone, in a process of its own kind: CPU of one picture."""
    from bot.charts.draw import draw  # noqa: PLC0415 - after the service's memory was measured
    from bot.charts.theme import CARD  # noqa: PLC0415 - the same
    from bot.charts.worker import FIRST  # noqa: PLC0415 - the same

    draw(FIRST, CARD)
    turns = []
    for _ in range(20):
        started = time.process_time()
        draw(FIRST, CARD)
        turns.append(time.process_time() - started)
    return {"cpu_ms": round(statistics.median(turns) * 1000, 1)}


async def through_the_store(folder: str) -> dict[str, Figures]:
    server = embedded.start(Path(folder))
    try:
        store = await open_redis(server.url)
        await fill(store)
        rows = await measured(store)
        await store.aclose()
        return rows
    finally:
        server.stop()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(through_the_store(folder))
    rows["drawing"] = drawing()
    report("charts", "p99 at most 400 ms with 100 people, the loop never still for 100 ms", rows, coins=COINS)


if __name__ == "__main__":
    main()
