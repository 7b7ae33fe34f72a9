"""The whole service as an operator runs it: seconds from its start to the first answer, and its memory after a while.

The venues are fakes in a process of their own; the store is a server of its own that holds the rules already.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from adapters.chat.base import Place
from adapters.store import embedded
from adapters.store.base import Quota
from adapters.store.registry import open_store
from bench.demo import resident_mb
from bench.measure import report
from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.model import Draft

COINS, RULES, EACH = 600, 10_000, 50
RUNS_FOR = 90
GOAL_MB = 400


async def filled(url: str, coins: int) -> None:
    """Every place has its rules on coins that the fakes trade."""
    at = datetime(2026, 1, 5, tzinfo=UTC)
    store = await open_store(url)
    known = Vocabulary([f"C{number:03}" for number in range(coins)] + ["BTC", "ETH"], ["binance"], SIGNALS, at, UTC)
    for number in range(RULES):
        draft = parse(f"{('BTC', 'ETH')[number % 2]} funding < -0.{number % 90 + 10:02}%", known)
        assert isinstance(draft, Draft)
        place = Place("telegram", str(1 + number // EACH))
        await store.add(place, draft, f"bench:{number}", at, Quota(EACH))
    await store.aclose()


def served(venues: "subprocess.Popen[str]") -> Mapping[str, str]:
    """The settings that the fakes print."""
    assert venues.stdout is not None
    lines = iter(venues.stdout.readline, "\n")
    return dict(line.rstrip().split("=", 1) for line in lines)


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        server = embedded.start(Path(home, "store"))
        asyncio.run(filled(server.url, COINS))
        fakes = [sys.executable, "-m", "tests.fake_venues", "--coins", str(COINS), "--report", str(Path(home, "asked"))]
        with subprocess.Popen(fakes, stdout=subprocess.PIPE, text=True) as venues:
            own = {"HOME": home, "PERPWATCH_REDIS_URL": server.url, "PERPWATCH_DATA": str(Path(home, "data"))}
            environment = {k: v for k, v in os.environ.items() if not k.startswith("PERPWATCH_")} | own | served(venues)
            words = [sys.executable, "-m", "bot.cli", "run", "--exit-after", str(RUNS_FOR)]
            began = time.monotonic()
            with subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
            ) as run:
                assert run.stdin is not None
                assert run.stdout is not None
                run.stdin.write("/about\n")
                run.stdin.flush()
                answered = next((time.monotonic() - began for line in run.stdout if "perpwatch" in line), None)
                time.sleep(RUNS_FOR - 10)
                run.stdin.write("/status\n")
                run.stdin.flush()
                peak = resident_mb(run.pid)
                status = run.communicate(timeout=60)[0]
            venues.terminate()
        server.stop()
    report(
        "service",
        f"memory of the service at most {GOAL_MB} MB with {COINS} coins on six venues and {RULES:,} rules",
        {},
        seconds_to_first_answer=round(answered or 0, 2),
        peak_mb=round(peak, 1),
        status=" | ".join(status.splitlines()[-8:]),
    )


if __name__ == "__main__":
    main()
