"""The processes of the trial: each runs one real loop of the service on the real store until it dies."""

import asyncio
import ctypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

import structlog

from adapters.chat.pace import Pace, Pacer
from adapters.store import keys
from adapters.store.base import Fanned, Quota, Saved, StoreUnavailable
from adapters.store.redis import RedisStore
from adapters.store.replies import number
from bot.clock import Clock
from bot.services.evaluator import Evaluator
from bot.services.fanout import Fanout
from bot.services.judging import Judging
from bot.services.runtime import run_all, stop_on_signals
from bot.services.sender import Sender
from bot.services.voice import Voice
from signals.aggregate import Cycle
from signals.event import Event
from tests.adapters.store.stories import T0
from tests.crash.market import CHANGING, HOUR, PLATFORMS, draft
from tests.crash.points import Line, Point, nowhere
from tests.crash.tide import Tide
from tests.crash.wire import Chances, Front, Server, said

WALL_SPEED = 20.0
"""How much faster leases run out than they do for people: ten seconds of a lead are half a second."""

EVERY = 0.03
"""Seconds between two moments."""

PAGE = 2
"""Places of a page of the fan-out: few, so that there are pages between which one can die."""

AHEAD, WAITING = 6, 12
"""Moments that may wait to be judged, and entries to be sent, before the next moment is closed."""

QUOTA = Quota(rules=10_000, every_coin=3)
KEPT_RULES = 5
MOST_FILES = 1024
_PR_SET_PDEATHSIG = 1
prctl = ctypes.CDLL(None).prctl


@dataclass(frozen=True)
class Setting:
    """What all processes of one trial share. `began` is the monotonic second at which its clocks showed T0."""

    url: str
    folder: Path
    seed: int
    began: float
    chances: Chances
    twice: float = 0.0
    slow_clock: bool = False
    clustered: bool = False
    parts: int = 1
    """Evaluators that share the coins out."""

    def clock(self, speed: float) -> Clock:
        """A clock that shows the same in every process."""
        return Clock(T0 + timedelta(seconds=(time.monotonic() - self.began) * speed), speed)

    def wall(self) -> Clock:
        return self.clock(1.0 if self.slow_clock else WALL_SPEED)


class Store(RedisStore):
    """The store, with short pages."""

    async def fan_out(self, platform: str, event: Event, page: int, now: datetime) -> Fanned:
        return await super().fan_out(platform, event, min(page, PAGE), now)


T = TypeVar("T")


@dataclass(frozen=True)
class Process:
    """What one of them works with."""

    setting: Setting
    store: Store
    point: Point
    name: str


Work = Callable[[Process], Coroutine[None, None, None]]


async def evaluate(of: Process) -> None:
    """As `perpwatch evaluate` does."""
    judging = Judging(
        of.store,
        of.setting.parts,
        f"{of.name} {os.getpid()}",
        of.setting.wall(),
        lambda part: Evaluator(of.store, [Tide()], HOUR, part),
    )
    await _kept_alive(of.name, judging.run)


async def fan_out(of: Process) -> None:
    """The fan-out of both platforms."""
    await _kept_alive(of.name, lambda: Fanout(of.store, PLATFORMS, of.setting.wall().now).run())


async def send(of: Process) -> None:
    """The sender of a platform; the last word of its name is its instance."""
    platform, owner = of.name.split()[1:]
    front = Front(platform, of.setting.folder, of.point)
    market = of.setting.clock(HOUR.total_seconds() / EVERY)
    voice = Voice(said, expires=timedelta(days=10_000))

    async def live() -> None:
        pacer = Pacer(Pace(), asyncio.get_running_loop().time())
        await Sender(of.store, front, owner, of.setting.wall(), market, voice, pacer).run()

    await _kept_alive(of.name, live)


async def change(of: Process) -> None:
    """Somebody who makes a rule and takes the oldest away, for ever; an update comes until it is confirmed."""
    confirmed = of.setting.folder / "confirmed"

    async def live() -> None:
        while True:
            update, made = map(int, confirmed.read_text().split()) if confirmed.exists() else (0, 0)
            update += 1
            added = await of.store.add(CHANGING, draft("AAA" if update % 2 else "BBB"), f"add {update}", T0, QUOTA)
            assert isinstance(added, Saved)
            number = added.rule.number
            assert number == made + 1 or (of.setting.clustered and number <= made), f"update {update} made {number}"
            if number > KEPT_RULES:
                gone = f"{CHANGING}/{number - KEPT_RULES}"
                assert await of.store.remove(gone, CHANGING, f"remove {update}")
            _replace(confirmed, f"{update} {number}")
            of.point("update confirmed")
            await asyncio.sleep(0.1)

    await _kept_alive(of.name, live)


def feed(cycles: Sequence[Cycle]) -> Work:
    """The poller: these moments, one after the other, from where the store is; then it ends."""

    async def close(of: Process) -> None:
        latest = await _patiently(of.store.latest)
        for cycle in cycles:
            if latest is not None and cycle.at <= latest.at:
                continue
            while await _patiently(lambda at=cycle.at: _is_behind(of.store, at)):  # noqa: ASYNC110 - others act
                await asyncio.sleep(EVERY)
            await _patiently(lambda cycle=cycle: of.store.close(cycle))
            await asyncio.sleep(EVERY)

    return close


async def _is_behind(store: Store, at: datetime) -> bool:
    """Whether the others have enough to do."""
    lanes = [("ZCARD", keys.of_platform(platform, "lane")) for platform in PLATFORMS]
    many = sum(map(number, await store._client.many([*lanes, ("XLEN", keys.EVENTS)])))
    return many > WAITING or at - (await store.judged() or T0) > AHEAD * HOUR


def serve(platform: str) -> Work:
    """A platform."""

    async def live(of: Process) -> None:
        await Server(platform, of.setting.folder, of.setting.chances, of.setting.seed).run()

    return live


def fork(work: Work, setting: Setting, name: str, point: Point = nowhere, log: int = 3) -> int:
    """The process number of a new process that does this work; of open files it keeps the log alone.

    It has let go of all others once this returns, locks among them.
    """
    parent, (let_go, holds) = os.getpid(), os.pipe()
    number = os.fork()
    if number:
        os.close(holds)
        os.read(let_go, 1)
        os.close(let_go)
        return number
    code = 1
    try:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            os.closerange(3, log)
            os.closerange(log + 1, MOST_FILES)
            _log_into(setting.folder / "errors")
            asyncio.run(_main(work, setting, name, point))
            code = 0
    except BaseException:  # noqa: BLE001 - the last edge of a forked process: nothing of its parent may run on here
        with (setting.folder / "errors").open("a") as errors:
            errors.write(f"{name} ended\n")
            traceback.print_exc(file=errors)
    finally:
        os._exit(code)


def stands(folder: Path) -> Path:
    """The file into which each process writes where all that it does stands, once it gets SIGUSR1."""
    return folder / "stands"


def _says_where_it_stands(name: str, file: Path) -> None:
    def tell() -> None:
        with file.open("a") as out:
            out.write(f"=== {name}\n")
            for task in asyncio.all_tasks():
                task.print_stack(file=out)

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell)


async def _main(work: Work, setting: Setting, name: str, point: Point) -> None:
    _says_where_it_stands(name, stands(setting.folder))
    rng = Random(f"{setting.seed} {name} {os.getpid()}")
    store = Store(Line(setting.url, point, setting.twice, rng, cluster=setting.clustered))
    await work(Process(setting, store, point, name))
    await store.aclose()


async def _kept_alive(name: str, loop: Callable[[], Awaitable[None]]) -> None:
    """As the service keeps its loops alive, until a signal."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    await run_all({name: loop}, stop)


async def _patiently(do: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await do()
        except StoreUnavailable:
            await asyncio.sleep(0.02)


def _replace(file: Path, text: str) -> None:
    """The file with another text, at no moment without one."""
    new = file.with_suffix(".new")
    new.write_text(text)
    new.replace(file)


def _log_into(file: Path) -> None:
    """Errors of the loops into that file; all else is not told."""
    stream = file.open("a", buffering=1)
    sys.stderr = stream
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.dev.ConsoleRenderer(colors=False)],
        wrapper_class=structlog.make_filtering_bound_logger(40),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
