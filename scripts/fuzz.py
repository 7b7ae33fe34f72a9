"""A million spoiled answers through all parsers of venues, on all cores, from a seed."""
# ruff: noqa: INP001 - a script, not a package

import json
import os
import sys
import time
from collections.abc import Sequence
from multiprocessing import get_context

import click

from tests.adapters.venues.fuzz import Fuzzer, Tally, summary
from tests.adapters.venues.shared import OF_VENUE

AT_ONCE = 5_000
"""Answers that a process reads before it reports."""


def read(task: tuple[int, Sequence[str], int, int]) -> Tally:
    """The answers of one stretch of numbers."""
    seed, venues, first, last = task
    return Fuzzer(seed, venues).run(range(first, last))


@click.command()
@click.option("--seed", default=1, show_default=True, help="What all answers are made from.")
@click.option("--payloads", default=1_000_000, show_default=True, help="How many.")
@click.option("--venue", "venues", multiple=True, type=click.Choice(sorted(OF_VENUE)), help="Only those of this venue.")
@click.option("--first", default=0, help="The number of the first answer; with --payloads 1 it makes a failure again.")
def main(seed: int, payloads: int, venues: tuple[str, ...], first: int) -> None:
    """Read spoiled answers and print one JSON report; exit code 1 if one is read wrongly or takes too long."""
    began = time.perf_counter()
    asked = venues or tuple(OF_VENUE)
    last = first + payloads
    tasks = [(seed, asked, start, min(start + AT_ONCE, last)) for start in range(first, last, AT_ONCE)]
    whole = Tally()
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        for tally in pool.imap_unordered(read, tasks):
            whole.add(tally)
    report = {**summary(whole, seed), "venues": asked, "seconds": round(time.perf_counter() - began, 1)}
    click.echo(json.dumps(report, indent=2))
    sys.exit(1 if whole.faults else 0)


if __name__ == "__main__":
    main()
