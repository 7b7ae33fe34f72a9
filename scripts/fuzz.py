"""Spoiled answers of venues, lines for the rule language, or histories of the engine, on all cores, from a seed."""
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
from tests.signals import fuzz as engine
from tests.signals.rules import fuzz as rules

AT_ONCE = 5_000
"""Answers or lines that a process reads before it reports."""
HISTORIES_AT_ONCE = 250


def read(task: tuple[int, Sequence[str], int, int]) -> answers.Tally:
    """The answers of one stretch of numbers."""
    seed, venues, first, last = task
    return answers.Fuzzer(seed, venues).run(range(first, last))


def read_lines(task: tuple[int, int, int]) -> rules.Tally:
    """The lines of one stretch of numbers."""
    seed, first, last = task
    return rules.Fuzzer(seed).run(range(first, last))


def judge(task: tuple[int, int, int]) -> engine.Tally:
    """The histories of one stretch of numbers."""
    seed, first, last = task
    return engine.run(seed, range(first, last))


@click.command()
@click.argument("what", type=click.Choice(["answers", "rules", "engine"]), default="answers")
@click.option("--seed", default=1, show_default=True, help="What everything is made from.")
@click.option("--payloads", "--runs", default=1_000_000, show_default=True, help="How many.")
@click.option("--venue", "venues", multiple=True, type=click.Choice(sorted(OF_VENUE)), help="Only of this venue.")
@click.option("--first", default=0, help="The number of the first one; with --payloads 1 it makes a failure again.")
def main(what: str, seed: int, payloads: int, venues: tuple[str, ...], first: int) -> None:
    """Read spoiled answers or lines, or judge histories, and print one JSON report; exit code 1 if one goes wrong."""
    began = time.perf_counter()
    at_once = HISTORIES_AT_ONCE if what == "engine" else AT_ONCE
    starts = range(first, first + payloads, at_once)
    stretches = [(start, min(start + at_once, first + payloads)) for start in starts]
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        if what == "rules":
            lines = rules.Tally()
            for told in pool.imap_unordered(read_lines, [(seed, *stretch) for stretch in stretches]):
                lines.add(told)
            report, failed = {**rules.summary(lines, seed)}, bool(lines.faults)
        elif what == "engine":
            judged = engine.Tally()
            for tally in pool.imap_unordered(judge, [(seed, *stretch) for stretch in stretches]):
                judged.add(tally)
            report, failed = {**engine.summary(judged, seed)}, bool(judged.different)
        else:
            asked, whole = venues or tuple(OF_VENUE), answers.Tally()
            for tally in pool.imap_unordered(read, [(seed, asked, *stretch) for stretch in stretches]):
                whole.add(tally)
            report, failed = {**answers.summary(whole, seed), "venues": asked}, bool(whole.faults)
    click.echo(json.dumps({**report, "seconds": round(time.perf_counter() - began, 1)}, indent=2))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
