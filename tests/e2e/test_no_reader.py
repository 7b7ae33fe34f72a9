"""Standard output and errors that nobody reads, that are full, or that are closed: the service lives."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.chat.base import Place
from adapters.store.redis import open_redis
from tests.bot.services.markets import HOME, SENTENCE, asked
from tests.fake_telegram.server import serving
from tests.fake_telegram.world import World
from tests.recordings import funding_story
from tests.servers import valkey

ROOT = Path(__file__).parents[2]
FULL = Path("/dev/full")
TINA = Place("telegram", "42")
WITHIN = 60.0


def _left() -> int:
    """A pipe whose reader has left."""
    reads, writes = os.pipe()
    os.close(reads)
    return writes


OUTPUTS: Mapping[str, Callable[[], int] | None] = {
    "read": lambda: os.open(os.devnull, os.O_WRONLY),
    "left": _left,
    "full": lambda: os.open(FULL, os.O_WRONLY),
    "closed": None,
}


@contextmanager
def process(environment: Mapping[str, str], output: str, *words: str) -> "Iterator[subprocess.Popen[bytes]]":
    """perpwatch, whose standard output and errors are such."""
    opened = OUTPUTS[output]
    to = opened() if opened is not None else None
    program = [sys.executable, "-P", "-m", "bot.cli", *words]
    if to is None:
        program = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *program]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PERPWATCH_")}
    own |= {"PYTHONPATH": str(ROOT), **environment}
    started = subprocess.Popen(program, env=own, stdin=subprocess.DEVNULL, stdout=to, stderr=to)
    if to is not None:
        os.close(to)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
async def test_whoever_reads_what_is_printed_or_does_not_alerts_reach_the_chats(tmp_path: Path, output: str) -> None:
    world = World(asyncio.get_running_loop().time)
    world.person(int(TINA.id))
    recording = funding_story(tmp_path / "story.parquet")
    with valkey(tmp_path / "store") as url:
        store = await open_redis(url)
        for place in (HOME, TINA):
            await asked(store, place=place)
        async with serving(world) as server:
            environment = {
                "HOME": str(tmp_path),
                "PERPWATCH_REDIS_URL": url,
                "PERPWATCH_TELEGRAM_API": server.url,
                "TELEGRAM_TOKEN": world.token,
            }
            words = ("run", "--recording", str(recording), "--speed", "144000")
            with process(environment, output, *words) as service:
                async with asyncio.timeout(WITHIN):
                    while not (world.taken and await store.outcomes(HOME, 9)):
                        assert service.poll() is None, "it has ended"
                        await asyncio.sleep(0.05)
                service.send_signal(signal.SIGTERM)
                ended = await asyncio.to_thread(service.wait, WITHIN)
        outcomes = [str(outcome) for _, outcome, _ in await store.outcomes(HOME, 9)]
        await store.aclose()

    assert ended == 0
    assert SENTENCE in world.taken[0].text
    assert outcomes[-1] == ("skipped" if output in ("left", "full") else "sent")
