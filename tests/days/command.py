"""The trial as a command: each seed in a process of its own, so that the same seed is the same history."""

import json
import logging
import os
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

import click
import structlog

from tests import virtual
from tests.days.check import checked
from tests.days.memory import report
from tests.days.schedule import Schedule
from tests.days.service import Service
from tests.days.truth import drawn

ROOT = Path(__file__).parents[2]
SHOWN = 20
"""What is wrong of one kind, at most."""


def played(seed: int, days: float, often: float = 1.0) -> dict[str, object]:
    """The report of one seed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began, service = time.process_time(), Service(seed, Schedule(seed, days, often), drawn(seed, days))
    virtual.run(service.run)
    found, took = checked(service), time.process_time() - began
    return {
        "seed": seed,
        "days": days,
        "faults": Counter(fault.kind.value for fault in service.schedule.faults),
        **service.counts,
        "lost replies": service.lost_replies,
        **found.counts,
        "wrong": {kind: said[:SHOWN] for kind, said in found.wrong.items()},
        "sound": not found.wrong,
        "days_a_minute": round(days / took * 60, 1),
        "again": f"scripts/campaign days --days {days:g} --often {often:g} --first {seed} --seeds 1",
    }


@click.command()
@click.option("--days", type=float, default=72.0, help="How many days of the market.")
@click.option("--seeds", type=int, default=10, help="How many histories.")
@click.option("--first", type=int, default=1, help="The first seed.")
@click.option("--often", type=float, default=1.0, help="How many times as often as usual things go wrong.")
@click.option("--memory", is_flag=True, help="Nothing goes wrong, and memory is measured each quarter of a day.")
def days(days: float, seeds: int, first: int, often: float, memory: bool) -> None:
    """The whole service on virtual time through days of random faults: alerts are true, told once, and none is lost.

    One line of JSON for each seed, with the command that plays it again.
    """
    one = _memory if memory else partial(_one, often=often)
    sound = [one(days, seed) for seed in range(first, first + seeds)]
    sys.exit(0 if all(sound) else 1)


def _memory(days: float, seed: int) -> bool:
    found = report(seed, days)
    click.echo(json.dumps(found))
    return bool(found["sound"])


def _one(days: float, seed: int, often: float) -> bool:
    words = [sys.executable, "-P", "-m", "tests.days", str(days), str(seed), str(often)]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "0"}, stdout=subprocess.PIPE, text=True, check=False
    )
    said = done.stdout or json.dumps({"seed": seed, "sound": False, "wrong": {"ended": [str(done.returncode)]}})
    click.echo(said.strip())
    return done.returncode == 0
