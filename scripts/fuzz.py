"""A million spoiled answers of venues, or lines for the rule language, on all cores, from a seed."""
# ruff: noqa: INP001 - a script, not a package

import json
import os
import sys
import time
from collections.abc import Sequence
from multiprocessing import get_context

import click

from tests.adapters.venues import fuzz as answers
from tests.adapters.venues.shared import OF_VENUE
from tests.signals.rules import fuzz as rules

AT_ONCE = 5_000
"""Answers or lines that a process reads before it reports."""


def read(task: tuple[int, Sequence[str], int, int]) -> answers.Tally:
    """The answers of one stretch of numbers."""
    seed, venues, first, last = task
    return answers.Fuzzer(seed, venues).run(range(first, last))


def read_lines(task: tuple[int, int, int]) -> rules.Tally:
    """The lines of one stretch of numbers."""
    seed, first, last = task
    return rules.Fuzzer(seed).run(range(first, last))


@click.command()
@click.argument("what", type=click.Choice(["answers", "rules"]), default="answers")
@click.option("--seed", default=1, show_default=True, help="What all answers and lines are made from.")
@click.option("--payloads", default=1_000_000, show_default=True, help="How many.")
@click.option("--venue", "venues", multiple=True, type=click.Choice(sorted(OF_VENUE)), help="Only of this venue.")
@click.option("--first", default=0, help="The number of the first one; with --payloads 1 it makes a failure again.")
def main(what: str, seed: int, payloads: int, venues: tuple[str, ...], first: int) -> None:
    """Read spoiled answers, or lines, and print one JSON report; exit code 1 if one is read wrongly."""
    began = time.perf_counter()
    starts = range(first, first + payloads, AT_ONCE)
    stretches = [(start, min(start + AT_ONCE, first + payloads)) for start in starts]
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        if what == "rules":
            lines = rules.Tally()
            for told in pool.imap_unordered(read_lines, [(seed, *stretch) for stretch in stretches]):
                lines.add(told)
            report, failed = {**rules.summary(lines, seed)}, bool(lines.faults)
        else:
            asked, whole = venues or tuple(OF_VENUE), answers.Tally()
            for tally in pool.imap_unordered(read, [(seed, asked, *stretch) for stretch in stretches]):
                whole.add(tally)
            report, failed = {**answers.summary(whole, seed), "venues": asked}, bool(whole.faults)
    click.echo(json.dumps({**report, "seconds": round(time.perf_counter() - began, 1)}, indent=2))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
