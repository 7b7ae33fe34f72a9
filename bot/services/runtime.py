"""The runtime: keeps loops alive, and stops them in order."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Mapping

import structlog

from adapters.store.base import Fenced, StoreUnavailable

log = structlog.get_logger()

RESTARTS = 3
"""Failures of one loop within FORGIVEN seconds that end the process."""

FORGIVEN = 600.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0


class GivenUp(Exception):
    """A loop failed too often; the process should end and be started again."""


async def run_all(loops: Mapping[str, Callable[[], Awaitable[None]]], stop: asyncio.Event) -> None:
    """Run the loops until `stop` is set, restarting those that fail. Raises GivenUp when one fails too often."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_keep_alive(name, loop, stop), name=name) for name, loop in loops.items()]
        await stop.wait()
        for task in tasks:
            task.cancel()


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set the event on SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows has no such handlers; Ctrl-C still raises there
            loop.add_signal_handler(number, stop.set)


async def _keep_alive(name: str, loop: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """A loop that ends by itself stays ended; a store that is away is waited for; other failures are counted."""
    failures: list[float] = []
    pause = FIRST_PAUSE
    clock = asyncio.get_running_loop().time
    while not stop.is_set():  # a loop whose cancellation was lost in a failure is not started again either
        started = clock()
        try:
            await loop()
        except* (StoreUnavailable, Fenced) as away:
            if pause == FIRST_PAUSE:
                log.warning("store away", loop=name, error=str(away.exceptions[0]))
        except* Exception as error:  # a loop's outer edge: one failed turn must not end the service
            failures = [at for at in failures if clock() - at < FORGIVEN] + [clock()]
            log.exception("loop failed", loop=name, failures=len(failures))
            if len(failures) >= RESTARTS:
                raise GivenUp(f"{name} failed {RESTARTS} times in {FORGIVEN / 60:.0f} minutes") from error
        else:
            return
        pause = FIRST_PAUSE if clock() - started > LONGEST_PAUSE * 2 else min(pause * 2, LONGEST_PAUSE)
        await asyncio.sleep(pause)
