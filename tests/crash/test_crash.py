"""Real loops in processes that are killed where it hurts: nothing is lost, invented, told twice or out of order."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.market import PLATFORMS
from tests.crash.points import NAMED

ROOT = Path(__file__).parents[2]
SEED = 7


def trial(mode: str, count: int, seed: int = SEED, parts: int = 1) -> dict[str, object]:
    """The report of one trial, which runs in a process of its own: it forks."""
    words = [
        sys.executable,
        "-P",
        "-m",
        "tests.crash",
        "crash",
        "--mode",
        mode,
        "--kills",
        str(count),
        "--seed",
        str(seed),
        "--parts",
        str(parts),
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.stdout, done.stderr
    report: dict[str, object] = json.loads(done.stdout)
    return report


@pytest.mark.skipif(sys.platform != "linux", reason="its processes die with their parent, which only Linux can do")
def test_three_hundred_deaths_at_named_points_lose_and_double_nothing() -> None:
    report = trial("kill", 300)

    assert report["wrong"] == {}
    assert isinstance(report["killed"], int)
    assert report["killed"] >= 300
    kills = report["kills"]
    assert isinstance(kills, dict)
    named = {name for names in NAMED.values() for name in names}
    assert len(named & kills.keys()) >= 15
    counts = report["counts"]
    assert isinstance(counts, dict)
    assert all(counts[platform]["changed"] for platform in PLATFORMS)


@pytest.mark.skipif(sys.platform != "linux", reason="the same")
def test_evaluators_that_share_the_coins_out_and_lose_their_leases_lose_and_double_nothing() -> None:
    report = trial("kill", 60, parts=2)

    assert report["wrong"] == {}
    assert isinstance(report["killed"], int)
    assert report["killed"] >= 60


@pytest.mark.parametrize(("mode", "count"), [("quiet", 100), ("term", 30), ("store", 10)])
def test_without_deaths_nothing_repeats_also_where_senders_are_asked_to_end_and_the_store_dies(
    mode: str, count: int
) -> None:
    assert trial(mode, count)["wrong"] == {}
