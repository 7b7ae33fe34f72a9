"""Commands from a hundred people at a time on a warm store: how long until the finished message of each front.

A market of 500 coins on six venues in the embedded store, with all bars that it keeps. `alone` is one command after
another with what each costs in CPU; `together` are a hundred people who ask, read the answer, and ask again.
"""

import argparse
import asyncio
import contextlib
import itertools
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TypeAlias

from adapters.chat.base import Invocation, Message, Place
from adapters.chat.discord.buttons import panel
from adapters.chat.discord.dress import dressed
from adapters.chat.discord.markup import page
from adapters.chat.presses import ANSWER
from adapters.chat.telegram.buttons import keyboards
from adapters.chat.telegram.markup import caption, pages
from adapters.store import embedded
from adapters.store.base import Quota, Store
from adapters.store.redis import open_redis
from bench.markets import END, VENUES, market
from bench.measure import Figures, report
from bot.charts.painter import Painter
from bot.observing import KeptBars
from bot.services.dispatcher import Dispatcher
from signals.aggregate import Cycle, Reading, Weighing
from signals.cells import Vectors
from signals.model import Metric, Observation
from signals.panel import resolutions
from signals.questions import usual
from signals.recorded import ALL_COINS
from signals.registry import SIGNALS
from signals.rules.canonical import question
from signals.shown import look, shown

MINUTE = timedelta(minutes=1)
PLAIN = ("/funding {c}", "/funding", "/oi {c}", "/ls {c}", "/liq {c}", "/alerts", "/settings", "/help")
PLAIN += ("/watchlist", "/top", "/status", "/delete 1", "/mute {c} 2h", "/ratio {c}", "/signals {c}", "/signals")
PLAIN += ("/oi", "/liq", "/ratio", "/ls", "/top oi", "/top liq", "/top ratio", "/digest", "/alerts {c}", "/track")
PLAIN += ("/subscribe negfunding {c}", "/track negfunding {c}")
DEEP = ("/alert {c} funding < -0.01%", "/backtest {c} funding < -0.01%")
"""Dry runs read months of bars, within two seconds: see bench/answers.py."""

CHARTS = ("/chart funding {c} 7d", "/chart price {c} 24h", "/chart oi {c} 7d", "/chart funding {c} 30d")
READING, LOOKING = (0.5, 2.0), (5.0, 8.0)
"""Seconds between an answer and the same person's next question; nobody may ask for a chart more often than that."""

TOLD = (Metric.FUNDING, Metric.FUNDING_SETTLED, Metric.OI_LEVEL, Metric.LS, Metric.PRICE, Metric.INDEX, Metric.VOLUME)
TOLD += (Metric.VOLUME_24H, Metric.LS_TOP, Metric.LS_POS)

Ask: TypeAlias = Callable[[Invocation], Awaitable[Message]]
Present: TypeAlias = Callable[[Message], object]


def by_telegram(message: Message) -> object:
    """What Telegram is sent."""
    shown = caption(message) if message.picture is not None else None
    return shown or pages(message), keyboards(message.buttons, ANSWER, "bot", shared=False)


def by_discord(message: Message) -> object:
    """What Discord is sent."""
    under = panel(message.buttons, ANSWER)
    return dressed(page(message, missing=under.missing), under)


FRONTS: Mapping[str, Present] = {"dispatcher": lambda message: message, "telegram": by_telegram, "discord": by_discord}


def moment(coins: int) -> Cycle:
    """A moment as live venues make one: ten numbers of each coin, each told by six venues."""
    last = market(coins, MINUTE, 1)
    row = {metric: matrix[0].tolist() for metric, matrix in last.matrices.items()}
    told = {metric: row.get(metric, [1.0 + n / coins for n in range(coins)]) for metric in TOLD} | row
    kept = timedelta(minutes=2)
    known = tuple(
        Observation(
            metric, venue, f"{coin}USDT", coin, told[metric][column], END, END, kept,
            interval_h=8.0 if metric is Metric.FUNDING else None, rate=0.0001 if metric is Metric.FUNDING else None,
        )
        for venue in VENUES for column, coin in enumerate(last.coins) for metric in TOLD
    )  # fmt: skip
    readings = {
        coin: {metric: Reading(of[column], END, VENUES, (), 1.0, Weighing.MEAN) for metric, of in told.items()}
        for column, coin in enumerate(last.coins)
    }
    return Cycle(END, "SIMULATED", readings, known, (last,))


async def fill(store: Store, coins: int) -> None:
    """The market with all its bars, closed at its end and looked at."""
    bars = {step: market(coins, step, rows) for step, rows in resolutions(MINUTE).items()}
    for of in bars.values():
        await store.extend([of])
    await store.close(moment(coins))
    vectors = Vectors(replace(bars.pop(MINUTE), others=bars), SIGNALS, rows=1)
    await store.look(look(vectors, shown(MINUTE, SIGNALS), END))
    kept = KeptBars(store, {of.name: of for of in SIGNALS})
    for signal in SIGNALS:  # the records of one coin stand for those of all, which takes the service an hour to make
        draft = usual(signal)
        one = (await kept.made_of(draft, ("C000",), END))["C000"]
        coins_and_all = {f"C{number:03}": one for number in range(coins)} | {ALL_COINS: one}
        await store.keep_records("SIMULATED", question(draft), coins_and_all)


def dispatcher(store: Store, painter: Painter | None) -> Dispatcher:
    """As the service has it."""
    return Dispatcher(store, SIGNALS, lambda: END, END, "0", lambda _: Quota(50), MINUTE, painter=painter)


class People:
    """Who asks what, the same on every run."""

    def __init__(self, coins: int, lines: Sequence[str], pauses: tuple[float, float] = READING) -> None:
        self._pauses = pauses
        self._coins = coins
        self._lines = lines
        self._random = Random(5)
        self._number = itertools.count()

    def ask(self, person: int, line: str = "") -> Invocation:
        """The next question of that person; any line where none is named."""
        said = (line or self._random.choice(self._lines)).format(c=f"C{self._random.randrange(self._coins):03}")
        name, _, arguments = said.removeprefix("/").partition(" ")
        place = Place("telegram", str(1000 + person))
        seen = f"bench:{next(self._number)}"
        return Invocation(place, place.id, name, arguments, seen, END, operator=True, owner=True)

    def pause(self) -> float:
        """Seconds for which an answer is read."""
        return self._random.uniform(*self._pauses)


async def alone(ask: Ask, people: People, lines: Sequence[str], present: Present, times: int) -> Mapping[str, Figures]:
    """One after another: what each line costs."""
    rows = {}
    for line in lines:
        walls, cpus = [], []
        for turn in range(times + 1):
            asked = people.ask(0, line)
            wall, cpu = time.perf_counter(), time.process_time()
            present(await ask(asked))
            if turn:  # the first one warms up
                walls.append(time.perf_counter() - wall)
                cpus.append(time.process_time() - cpu)
        rows[line] = {"cpu_ms": _ms(statistics.median(cpus)), "wall_ms": _ms(statistics.median(walls))}
    return rows


async def together(
    ask: Ask, people: People, present: Present, crowd: int, each: int
) -> tuple[Figures, Mapping[str, float]]:
    """A crowd that asks, reads and asks again: the times of all answers, and the longest of each command."""
    took, longest = list[float](), defaultdict[str, float](float)
    cpu, began = time.process_time(), time.perf_counter()

    async def one(person: int) -> None:
        for _ in range(each):
            await asyncio.sleep(people.pause())
            asked = people.ask(person)
            before = time.perf_counter()
            present(await ask(asked))
            took.append(time.perf_counter() - before)
            longest[asked.name] = max(longest[asked.name], took[-1])

    await asyncio.gather(*(one(person) for person in range(crowd)))
    spent, lasted = time.process_time() - cpu, time.perf_counter() - began
    cuts = statistics.quantiles(took, n=100)
    figures = {
        "answers": len(took),
        "a_second": round(len(took) / lasted),
        "p50_ms": _ms(cuts[49]),
        "p99_ms": _ms(cuts[98]),
        "max_ms": _ms(max(took)),
        "cpu_ms_each": _ms(spent / len(took)),
        "busy": round(spent / lasted, 2),
    }
    return figures, {name: _ms(of) for name, of in sorted(longest.items(), key=lambda of: -of[1])}


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


@asynccontextmanager
async def warm_store(folder: str, coins: int):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """The embedded store with the market."""
    server = embedded.start(Path(folder))
    try:
        store = await open_redis(server.url)
        await fill(store, coins)
        yield store
        await store.aclose()
    finally:
        server.stop()


async def measured(folder: str, coins: int, crowd: int, each: int) -> Mapping[str, Figures]:
    """Every front without charts, then with them."""
    rows: dict[str, Figures] = {}
    async with warm_store(folder, coins) as store:
        ask = dispatcher(store, None).answer
        rows |= await alone(ask, People(coins, PLAIN), PLAIN + DEEP, FRONTS["dispatcher"], 5)
        for name, present in FRONTS.items():
            rows[f"together {name}"], worst = await together(ask, People(coins, PLAIN), present, crowd, each)
            rows[f"longest {name}"] = worst
        async with Painter() as painter:
            ask = dispatcher(store, painter).answer
            rows |= await alone(ask, People(coins, CHARTS), CHARTS, FRONTS["telegram"], 5)
            for name in ("telegram", "discord"):
                people = People(coins, CHARTS, LOOKING)
                rows[f"charts {name}"], _ = await together(ask, people, FRONTS[name], crowd, 2)
    return rows


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--coins", type=int, default=500)
    options.add_argument("--people", type=int, default=100)
    options.add_argument("--each", type=int, default=10)
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(KeyboardInterrupt):
        rows = asyncio.run(measured(folder, args.coins, args.people, args.each))
        report("chats", "p99 <= 20 ms without a chart, <= 400 ms with one", rows, coins=args.coins, people=args.people)


if __name__ == "__main__":
    main()
