"""`/alert` through the embedded store with all bars that it keeps: how long it takes, how long the loop stands still.

Of 600 coins, or of as many as are named behind it.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from adapters.chat.base import Invocation, Place
from adapters.store import embedded
from adapters.store.base import Quota, Store
from adapters.store.redis import open_redis
from bench.markets import END, VENUES, market
from bench.measure import Figures, report
from bot.services.dispatcher import Dispatcher
from signals.aggregate import Cycle, Reading, Weighing
from signals.panel import resolutions
from signals.registry import SIGNALS

COINS = int(sys.argv[1]) if len(sys.argv) > 1 else 600
MINUTE = timedelta(minutes=1)
HERE = Place("terminal", "local")
LINES = (
    "C007 funding < -0.01% for 15m every 1h",
    "C007 price 1h moves by 2%",
    "C007 funding < p5",
    "C007 liqspike",
    "* funding < -0.01%",
    "* price 1h moves by 2%",
)
EVERY = 0.005
"""Seconds between looks at whether the loop runs."""


async def fill(store: Store) -> None:
    """The market with all its bars, closed at its end."""
    for step, rows in resolutions(MINUTE).items():
        await store.extend([market(COINS, step, rows)])
    last = market(COINS, MINUTE, 1)
    row = {metric: matrix[0].tolist() for metric, matrix in last.matrices.items()}
    readings = {
        coin: {metric: Reading(of[column], END, VENUES, (), 1.0, Weighing.MEAN) for metric, of in row.items()}
        for column, coin in enumerate(last.coins)
    }
    await store.close(Cycle(END, "SIMULATED", readings, (), (last,)))


async def longest_wait(waits: list[float]) -> None:
    """Note how late the loop comes back, each time."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(EVERY)
        waits.append(time.perf_counter() - before - EVERY)


async def ask(store: Store, sentence: str, seen: str) -> Figures:
    """One answer: its seconds, the CPU of this process, and the longest time that the loop stood still."""
    dispatcher = Dispatcher(store, SIGNALS, lambda: END, END, "0", lambda _: Quota(50), MINUTE, timedelta(minutes=1))
    waits: list[float] = []
    beside = asyncio.create_task(longest_wait(waits))
    await asyncio.sleep(0.05)
    waits.clear()
    wall, cpu = time.perf_counter(), time.process_time()
    said = await dispatcher.answer(Invocation(HERE, "local", "alert", sentence, seen, END, operator=True))
    took, spent = time.perf_counter() - wall, time.process_time() - cpu
    beside.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await beside
    run = dict(said.data).get("dry_run")
    if not isinstance(run, dict):
        raise AssertionError(  # noqa: TRY004 - not a wrong type, but a wrong answer
            f"{sentence}: there was no dry run, so its time means nothing: {said}"
        )
    return {
        "wall_ms": round(took * 1000),
        "cpu_ms": round(spent * 1000),
        "loop_stood_ms": round(max(waits) * 1000),
        "coins": len(run["coins"]),  # type: ignore[arg-type] # a list of names
    }


async def measured(folder: str) -> Mapping[str, Figures]:
    """Every line twice, the second time told: a person who asks is seldom the first."""
    with contextlib.closing(_Stopped(folder)) as server:
        store = await open_redis(server.url)
        await fill(store)
        rows = {}
        for number, sentence in enumerate(LINES):
            await ask(store, sentence, f"first:{number}")
            rows[sentence] = await ask(store, sentence, f"second:{number}")
        await store.aclose()
        return rows


class _Stopped:
    """An embedded server that is stopped at the end."""

    def __init__(self, folder: str) -> None:
        self._server = embedded.start(Path(folder))
        self.url = self._server.url

    def close(self) -> None:
        self._server.stop()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measured(folder))
    report("answers", "at most 2 s, the loop never still for 100 ms", rows, coins=COINS)


if __name__ == "__main__":
    main()
