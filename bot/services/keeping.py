"""Keeps one process alive: its loops, and the embedded server if that is its own."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import structlog

from adapters.store.base import StoreRefused
from adapters.store.embedded import Embedded
from bot.health import Health
from bot.services.runtime import FORGIVEN, RESTARTS, GivenUp, Loop, Watch, run_all

log = structlog.get_logger()

LOOK_AT_SERVER = 0.5
"""Seconds between looks at whether the embedded server is still there."""

BACK_WITHIN = 5.0
"""Seconds for which somebody else's server may be away: its owner starts it again."""

STANDS_STILL = 10.0
"""Seconds without a sign of life after which a loop that never waits longer is started again."""

ERASING = 30.0
POLLING = timedelta(minutes=1)


def limits(loops: Mapping[str, Loop], step: timedelta) -> Mapping[str, float]:
    """For how many seconds each of these loops may make no progress, where bars are so long; others may rest."""
    polling = (POLLING + 3 * step).total_seconds()
    known = dict.fromkeys(("evaluator", "evaluate", "fanout"), STANDS_STILL)
    known |= dict.fromkeys(("poller", "poll"), polling) | {"eraser": ERASING}
    known |= {name: STANDS_STILL for name in loops if name.endswith(" sender")}
    return {name: known[name] for name in loops if name in known}


async def until_stopped(
    loops: Mapping[str, Loop],
    stop: asyncio.Event,
    server: Embedded | None,
    watch: Watch | None = None,
    exit_after: float | None = None,
) -> None:
    """Run the loops until they are told to stop. Raises GivenUp, or StoreRefused where the server is gone for good."""
    watch = watch or Watch()
    async with asyncio.TaskGroup() as group:
        aside = [group.create_task(_end_after(exit_after, stop)), group.create_task(look_after(server, watch.health))]
        await run_all(loops, stop, watch)
        for task in aside:
            task.cancel()


async def look_after(server: Embedded | None, health: Health, back_within: float = BACK_WITHIN) -> None:
    """Start our own server again where it died, as soon as there is room for it; tell why another's is not there.

    Raises GivenUp where that does not help, and StoreRefused where another's server stays away.
    """
    deaths, away = list[float](), 0.0
    clock = asyncio.get_running_loop().time
    while server is not None:
        why = await asyncio.to_thread(server.gone)
        if why and server.owned:
            if filled := await _until_there_is_room(server, health):
                log.info("there is room on the disk again")
            else:
                deaths = [at for at in deaths if clock() - at < FORGIVEN] + [clock()]
                log.error("the store's server died and is started again", why=why)
            if len(deaths) >= RESTARTS:
                raise GivenUp(f"The store's server died {RESTARTS} times in {FORGIVEN / 60:.0f} minutes. {why}")
            server.start_again()  # here and not in a thread: it ends with the thread that started it
            await asyncio.to_thread(server.wait_until_ready)
            health.full = ""
            if not filled:
                health.server_restarted()
        elif why:
            away = away or clock()
            if clock() - away > back_within:
                raise StoreRefused(why)
        else:
            away = 0.0
            if not server.owned:
                _rests(await asyncio.to_thread(server.rests), health)
        await asyncio.sleep(LOOK_AT_SERVER)


def _rests(why: str, health: Health) -> None:
    """Tell why somebody else's server does not answer, once when that begins and once when it is over."""
    if why and not health.full:
        log.error("the store's server does not answer", why=why)
    elif health.full and not why:
        log.info("the store's server is back")
    health.full = why


async def _until_there_is_room(server: Embedded, health: Health) -> bool:
    """Wait until its disk has room for the server, which would end at its first write; whether that was lacking."""
    health.full = await asyncio.to_thread(server.lacks_room)
    if not health.full:
        return False
    log.error("the store's server ended and waits for room", why=health.full)
    while await asyncio.to_thread(server.lacks_room):  # noqa: ASYNC110 - a disk tells nobody
        await asyncio.sleep(LOOK_AT_SERVER)
    return True


async def _end_after(seconds: float | None, stop: asyncio.Event) -> None:
    if seconds is not None:
        await asyncio.sleep(seconds)
        stop.set()
