"""Some hours of the whole service through faults of every kind: true alerts, told once, and none lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DAYS, SEED, OFTEN = 0.6, 2, 3.0


def history() -> dict[str, object]:
    """The report of a short one, which runs in a process of its own: there the same seed is the same history."""
    words = [sys.executable, "-P", "-m", "tests.days", str(DAYS), str(SEED), str(OFTEN)]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240)
    assert done.stdout, done.stderr
    report: dict[str, object] = json.loads(done.stdout)
    return report


def test_hours_full_of_faults_tell_what_is_true_once_and_lose_nothing() -> None:
    report = history()

    assert report["wrong"] == {}
    faults, told = report["faults"], report["told"]
    assert isinstance(faults, dict)
    assert isinstance(told, int)
    assert len(faults) >= 8
    assert told > 5
