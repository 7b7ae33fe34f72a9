"""The loops of the Procfile as processes of their own, on one store: any may be killed, nothing is lost or invented."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.store.base import Claim, Epoch, Final, Quota, Store
from adapters.store.redis import open_redis
from adapters.venues.recording import Recording
from bot.replay import Replay
from signals.event import Event
from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.model import Problem
from tests.adapters.store.stories import HOME, LEASE, T0
from tests.bot.services.markets import story
from tests.servers import DEBIAN, redis_server, valkey

ROOT = Path(__file__).parents[2]
SENTENCES = ("ETH funding.settled < -0.01%", "* price 4h rises by 0.4%", "ETH volume 4h > $2B")
WITHIN = 150.0
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@contextmanager
def process(url: str, folder: Path, parts: int, *words: str) -> "Iterator[subprocess.Popen[bytes]]":
    """One loop as the Procfile starts it, with that many evaluators; killed with SIGKILL in the end."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PERPWATCH_")}
    own |= {"PERPWATCH_REDIS_URL": url, "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    own |= {"PERPWATCH_PARTS": str(parts)}
    with (folder / f"{words[0]}.log").open("ab") as log:
        started = subprocess.Popen([sys.executable, "-m", "bot.cli", *words], env=own, stdout=log, stderr=log)
        try:
            yield started
        finally:
            started.kill()
            started.wait()


async def ask(store: Store, coins: tuple[str, ...]) -> None:
    for sentence in SENTENCES:
        draft = parse(sentence, Vocabulary(coins, ("binance", "okx"), SIGNALS, T0, UTC))
        assert not isinstance(draft, Problem)
        await store.add(HOME, draft, sentence, T0, Quota(50))


async def until(met: Callable[[], Coroutine[None, None, bool]], what: str) -> None:
    """Other processes do it, so the real clock is looked at."""
    deadline = time.monotonic() + WITHIN
    while not await met():
        assert time.monotonic() < deadline, f"{what} did not come"
        await asyncio.sleep(0.02)


async def judged_by(store: Store, moment: datetime) -> None:
    async def so() -> bool:
        at = await store.judged()
        return at is not None and at >= moment

    await until(so, f"judging {moment}")


async def delivered(store: Store, count: int) -> list[Event]:
    """What waits for the place, in the order in which it would be sent."""

    async def so() -> bool:
        return await store.waiting(HOME) >= count

    await until(so, f"entry {count}")
    epoch = await store.lead("terminal", "test", LATER, LEASE)
    assert isinstance(epoch, Epoch)
    found = []
    while isinstance(claim := await store.claim(epoch, LATER, LEASE), Claim):
        events = [one.told for one in claim.batch if isinstance(one.told, Event)]
        assert len(events) == len(claim.batch)
        found += events
        await store.finish(claim, Final.SENT, "", "m", LATER)
    return found


def told(events: list[Event]) -> list[tuple[datetime, str, str, str, float]]:
    return [(e.at, e.coin, e.sentence, e.change, e.value) for e in events]


async def lived(
    url: str, market: Recording, folder: Path, evaluators: Sequence[str], *deaths: tuple[str, float]
) -> list[Event]:
    """The market played through processes, some of which are killed and started again; what was queued."""
    expected = len(list(Replay(market, SENTENCES, SIGNALS).run(None, None)))
    store = await open_redis(url)
    await ask(store, market.coins)
    words = {
        "poll": ("poll", "--recording", str(market.path), "--speed", "36000"),
        **dict.fromkeys(evaluators, ("evaluate",)),
        "fanout": ("fanout",),
    }

    def start(name: str) -> "subprocess.Popen[bytes]":
        return alive.enter_context(process(url, folder, len(evaluators), *words[name]))

    with ExitStack() as alive:
        running = {name: start(name) for name in words}
        for name, hours in deaths:
            await judged_by(store, market.start + timedelta(hours=hours))
            running[name].kill()
            running[name].wait()
            running[name] = start(name)
        await judged_by(store, market.end)
        found = await delivered(store, expected)
    await store.aclose()
    return found


WHOLE, PARTS = ("evaluate",), ("evaluate", "evaluate again")
DEATHS = (("evaluate", 20.0), ("poll", 34.0), ("fanout", 40.0), ("evaluate", 41.0), ("evaluate", 66.0))


async def test_processes_that_die_on_one_store_tell_just_what_replay_tells(tmp_path: Path) -> None:
    market = story(tmp_path)
    expected = [played.event for played in Replay(market, SENTENCES, SIGNALS).run(None, None)]
    with valkey(tmp_path / "store") as url:
        found = await lived(url, market, tmp_path, WHOLE, *DEATHS)

    assert len(expected) > 5
    assert sorted(told(found)) == sorted(told(expected))
    logs = "".join((tmp_path / f"{name}.log").read_text() for name in ("poll", "evaluate", "fanout"))
    assert "Traceback" not in logs


@pytest.mark.skipif(DEBIAN is None, reason="redis-server is not on PATH; CI installs it")
async def test_the_same_holds_on_a_plain_redis_server_with_evaluators_that_share_the_coins_out(tmp_path: Path) -> None:
    market = story(tmp_path)
    expected = [played.event for played in Replay(market, SENTENCES, SIGNALS).run(None, None)]
    with redis_server(tmp_path / "store", "--appendonly", "yes") as url:
        found = await lived(url, market, tmp_path, PARTS, *((name, 30.0) for name in PARTS))

    assert sorted(told(found)) == sorted(told(expected))
