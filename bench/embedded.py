"""How long the embedded server takes to start, and what a kill -9 of its owner costs."""

import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from adapters.store import embedded
from adapters.store.client import Client
from bench.measure import report

ROUNDS = 9
WRITES = 500
KILLS = 9

OWNER = """
import asyncio, sys
from pathlib import Path
from adapters.store import embedded
from adapters.store.client import Client

async def count(url):
    client = Client(url)
    while True:
        print(await client.do("INCR", "acknowledged"), flush=True)

asyncio.run(count(embedded.start(Path(sys.argv[1])).url))
"""


def start_up(folder: Path) -> float:
    """Seconds of one start; the stop is not counted."""
    began = time.perf_counter()
    server = embedded.start(folder)
    took = time.perf_counter() - began
    server.stop()
    return took


async def write(url: str, count: int) -> None:
    client = Client(url)
    for number in range(count):
        await client.do("SET", f"key-{number}", "x" * 200)
    await client.aclose()


async def acknowledged(url: str) -> int:
    client = Client(url)
    found = await client.do("GET", "acknowledged")
    await client.aclose()
    return int(found) if isinstance(found, bytes) else 0


def kill_once(folder: Path) -> tuple[int, float]:
    """Writes lost of those acknowledged before the owner was killed, and the seconds of the next start."""
    with subprocess.Popen([sys.executable, "-c", OWNER, str(folder)], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        last = 0
        for _ in range(WRITES):
            last = int(owner.stdout.readline())
        owner.kill()
        last = max([last, *(int(line) for line in owner.stdout if line.strip().isdigit())])
    began = time.perf_counter()
    server = embedded.start(folder)
    took = time.perf_counter() - began
    found = asyncio.run(acknowledged(server.url))
    server.stop()
    return last - min(last, found), took


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        empty, full, killed = (Path(name) / part for part in ("empty", "full", "killed"))
        server = embedded.start(full)
        asyncio.run(write(server.url, WRITES))
        server.stop()
        starts = {"empty folder": empty, f"{WRITES} writes to replay": full}
        took = {name: [start_up(folder) for _ in range(ROUNDS)] for name, folder in starts.items()}
        deaths = [kill_once(killed) for _ in range(KILLS)]
    report(
        "embedded",
        "start within 200 ms; a kill -9 of the owner loses no acknowledged write",
        {name: {"wall_ms": round(median(times) * 1000, 1), "rounds": ROUNDS} for name, times in took.items()},
        kills=KILLS,
        acknowledged_writes_lost=sum(lost for lost, _ in deaths),
        slowest_start_after_kill_ms=round(max(took for _, took in deaths) * 1000, 1),
    )


if __name__ == "__main__":
    main()
