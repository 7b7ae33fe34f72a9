"""The runtime: keeps loops alive, starts those again that fail or stand still, and stops them in order."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from adapters.pulse import Pulse, watched_by
from adapters.store.base import Fenced, StoreError, StoreUnavailable
from bot.health import Health

log = structlog.get_logger()

RESTARTS = 3
"""Failures of one loop within FORGIVEN seconds that end the process."""

FORGIVEN = 600.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0

LOOK = 0.5
"""Seconds between looks at whether a loop makes progress."""

WINK = 1 / 16
"""Seconds after which the event loop should wake up again: by how much later it does is its lag."""

STOOD_STILL = 1.0
"""Seconds without a wink after which the whole process did nothing."""

SETTLED = 5.0
"""Seconds after which a loop that shows no signs of life, and need not, is taken to work."""

ENDS_WITHIN = 40.0
"""Seconds that a loop has to end once it is told to: a sender may still be sending."""


class GivenUp(Exception):
    """A loop failed too often; the process should end and be started again."""


class StoodStill(Exception):
    """A loop made no progress for longer than it may."""


Loop = Callable[[], Awaitable[None]]


@dataclass
class Watch:
    """Who is told how the loops are, and for how many seconds each of them may make no progress; others may rest."""

    health: Health = field(default_factory=lambda: Health(lambda: datetime.fromtimestamp(0, UTC)))
    limits: Mapping[str, float] = field(default_factory=dict)
    pulses: dict[str, Pulse] = field(default_factory=dict)


async def run_all(loops: Mapping[str, Loop], stop: asyncio.Event, watch: Watch | None = None) -> None:
    """Run the loops until `stop` is set, restarting those that fail. Raises GivenUp when one fails too often."""
    watch = watch or Watch()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_keep_alive(name, loop, stop, watch), name=name) for name, loop in loops.items()]
        looks = [group.create_task(look(watch)) for look in (_look, _wink)]
        await stop.wait()
        for task in (*tasks, *looks):
            task.cancel()


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set the event on SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows has no such handlers; Ctrl-C still raises there
            loop.add_signal_handler(number, stop.set)


async def _keep_alive(name: str, loop: Loop, stop: asyncio.Event, watch: Watch) -> None:
    """A loop that ends by itself stays ended; a store that is away is waited for; other failures are counted."""
    failures: list[float] = []
    pause = FIRST_PAUSE
    clock = asyncio.get_running_loop().time
    while not stop.is_set():  # a loop whose cancellation was lost in a failure is not started again either
        started = clock()
        try:
            await _watched(name, loop, watch)
        except* (StoreUnavailable, Fenced) as away:
            watch.health.waits(name, _first(away))
            if pause == FIRST_PAUSE:
                log.warning("store away", loop=name, error=str(_first(away)))
        except* GivenUp:
            raise
        except* Exception as error:  # a loop's outer edge: one failed turn must not end the service
            failures = [at for at in failures if clock() - at < FORGIVEN] + [clock()]
            first = _first(error)
            watch.health.restarted(name, str(first) if isinstance(first, StoodStill) else type(first).__name__)
            log.exception("loop failed", loop=name, failures=len(failures))
            if len(failures) >= RESTARTS:
                why = f". {first}" if isinstance(first, StoreError) else ""
                raise GivenUp(f"{name} failed {RESTARTS} times in {FORGIVEN / 60:.0f} minutes{why}") from error
        else:
            return
        finally:
            watch.pulses.pop(name, None)
        pause = FIRST_PAUSE if clock() - started > LONGEST_PAUSE * 8 else min(pause * 2, LONGEST_PAUSE)
        await asyncio.sleep(pause)


async def _watched(name: str, loop: Loop, watch: Watch) -> None:
    """The loop to its end. Raises StoodStill where it makes no progress, and what it fails with."""
    clock, limit = asyncio.get_running_loop().time, watch.limits.get(name)
    pulse = watch.pulses[name] = Pulse(clock)
    context = copy_context()
    context.run(watched_by, pulse)
    task = asyncio.create_task(_run(loop), name=name, context=context)
    began = clock()
    try:
        while not task.done():
            at = clock()
            await asyncio.wait({task}, timeout=LOOK)
            if clock() - at > 2 * LOOK:
                pulse.forgive(clock() - at)  # the whole process stood still: no loop is to blame
            if pulse.beaten or clock() - began > SETTLED:
                watch.health.works(name)
            part, age = pulse.oldest()
            if limit is not None and age > limit and not task.done():
                raise StoodStill(f"{f'its part {part!r}' if part else 'it'} made no progress for {age:.0f} s")
    finally:
        await _ended(name, task)
    await task


async def _ended(name: str, task: asyncio.Task[None]) -> None:
    """Wait until the loop is really over: two of one kind must not run. Raises GivenUp where it does not end."""
    if not task.done():
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=ENDS_WITHIN)
        if not done:
            raise GivenUp(f"{name} cannot be stopped")
    if not task.cancelled():
        task.exception()  # it is looked at, so that nobody calls it forgotten


async def _look(watch: Watch) -> None:
    """Tell how old the signs of life are."""
    while True:
        watch.health.aged({name: pulse.oldest()[1] for name, pulse in watch.pulses.items() if pulse.beaten})
        await asyncio.sleep(LOOK)


async def _wink(watch: Watch) -> None:
    """Tell how late the event loop wakes up, and that the whole process stood still."""
    clock, health = asyncio.get_running_loop().time, watch.health
    slow = False
    while True:
        at = clock()
        await asyncio.sleep(WINK)
        took = clock() - at
        health.woke(max(took - WINK, 0.0))
        if took > STOOD_STILL:
            log.warning("the process stood still", seconds=round(took, 1))
            health.stood_still(took)
        elif health.is_slow and not slow:
            log.warning("the event loop is late", seconds=round(health.lag, 3))
        elif slow and not health.is_slow:
            log.info("the event loop is in time again")
        slow = health.is_slow


def _run(loop: Loop) -> Coroutine[None, None, None]:
    async def run() -> None:
        await loop()

    return run()


def _first(group: BaseExceptionGroup[Exception]) -> Exception:
    """One of the errors, however deep it lies."""
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
