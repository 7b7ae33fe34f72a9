"""Real Redis-protocol servers for tests."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.store import embedded
from adapters.store.redis import open_client
from adapters.store.registry import MEMORY

DEBIAN = shutil.which("redis-server")


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """The embedded server on a folder of its own."""
    server = embedded.start(folder)
    try:
        yield server.url
    finally:
        server.stop()


@contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[str]:
    """A plain redis-server on a unix socket, as an operator would run it."""
    if DEBIAN is None:
        raise AssertionError("look at DEBIAN first")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "redis.sock"
    words = [DEBIAN, "--port", "0", "--unixsocket", str(path), "--dir", str(folder), "--save", "", *options]
    process = subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        restore_signals=False,  # a file that may not grow is then an error and not its end
    )
    try:
        url = f"unix://{path}"
        until = time.monotonic() + 10
        while not _answers(path) and time.monotonic() < until:
            time.sleep(0.01)
        yield url
    finally:
        process.terminate()
        process.wait(10)


async def emptied(url: str) -> None:
    """Whatever a test before left there is away."""
    if url == MEMORY:
        return
    client = await open_client(url)
    for primary in await client.primaries():
        await primary.do("FLUSHALL")
    await client.aclose()


def _answers(path: Path) -> bool:
    """Whether somebody listens there: the file is there a little earlier."""
    with socket.socket(socket.AF_UNIX) as line:
        return line.connect_ex(str(path)) == 0
