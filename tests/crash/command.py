"""The trial as commands."""

import gc
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from tests.crash.campaign import Campaign, Clustered, Mode
from tests.crash.cancels import give_up
from tests.crash.cuts import cut

CUTS, CANCELS = "cuts", "cancels"
MODES = [*(mode.value for mode in Mode if mode is not Mode.CLUSTER), CUTS, CANCELS]
BEFORE_CUTS = 100
"""Processes that are killed to write the file that is then cut."""


@click.command()
@click.option("--mode", type=click.Choice(MODES), default=Mode.KILL.value)
@click.option("--kills", type=int, default=300, help="How many processes are killed, or whatever the mode counts.")
@click.option("--seed", type=int, default=1, help="What the market, its faults and the deaths are drawn from.")
@click.option("--parts", type=int, default=1, help="Evaluators that share the coins out.")
@click.option("--seconds", type=float, default=1e9, help="Begin no new episode after so long.")
@click.option("--keep", type=click.Path(path_type=Path), help="An empty folder for the logs, kept.")
def crash(mode: str, kills: int, seed: int, parts: int, seconds: float, keep: Path | None) -> None:
    """Kill the real loops at named points: nothing may be lost, invented, told twice or out of order.

    Modes: kill; store (its server is killed besides); term (senders are asked to end in the middle of sends); quiet
    (nothing goes wrong, steps are asked for twice); cuts (the store's file is cut at any byte); cancels (calls of the
    store's client are given up at any moment).
    """
    _reported(keep, lambda folder: {"mode": mode, **_tried(folder, mode, kills, seed, parts, seconds)})


@click.command()
@click.option("--kills", type=int, default=300, help="How many processes are killed; primaries are lost all the while.")
@click.option("--seed", type=int, default=1, help="What the market, its faults and the deaths are drawn from.")
@click.option("--cut", type=float, default=0.0, help="Seconds before its death in which a primary has no replica.")
@click.option("--copies", type=int, default=0, help="The servers' min-replicas-to-write.")
@click.option("--parts", type=int, default=2, help="Evaluators that share the coins out.")
@click.option("--seconds", type=float, default=1e9, help="Begin no new episode after so long.")
@click.option("--keep", type=click.Path(path_type=Path), help="An empty folder for the logs, kept.")
def cluster(kills: int, seed: int, cut: float, copies: int, parts: int, seconds: float, keep: Path | None) -> None:
    """The same on a cluster of three primaries with a replica each, of which one after the other is lost.

    Whatever a lost primary had acknowledged and its replica was never told is read from its file: what that cost is
    reported apart. Everything else that is lost, invented, told twice or out of order is wrong.
    """
    on = Clustered(cut, copies)
    _reported(keep, lambda folder: Campaign(folder, Mode.CLUSTER, seed, on, parts).run(kills, seconds).as_json())


def _reported(keep: Path | None, tried: Callable[[Path], dict[str, object]]) -> None:
    """Try it in a folder and print what came of it; the process ends with 1 where something is wrong."""
    gc.collect()
    gc.freeze()  # forked processes share what is loaded
    with tempfile.TemporaryDirectory(prefix="pw-crash-") as made:
        folder = keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        report = tried(folder)
    click.echo(json.dumps(report, indent=1))
    sys.exit(0 if report["sound"] else 1)


def _tried(folder: Path, mode: str, count: int, seed: int, parts: int, seconds: float) -> dict[str, object]:
    if mode == CANCELS:
        seen = give_up(folder, count, seed)
        return {"seed": seed, **seen, "sound": seen["crossed"] == 0 and seen["answered"] > 0}
    if mode == CUTS:
        report = Campaign(folder, Mode.KILL, seed).run(BEFORE_CUTS, seconds).as_json()
        done, wrong = cut(folder / "store", folder, count, seed)
        return report | {"cuts": done, "torn": wrong[:80], "sound": report["sound"] and not wrong}
    return Campaign(folder, Mode(mode), seed, of=parts).run(count, seconds).as_json()
