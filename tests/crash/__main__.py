"""One trial with its report as JSON: python -m tests.crash --kills 300 --seed 1."""

import gc
import json
import sys
import tempfile
from pathlib import Path

import click

from tests.crash.campaign import Mode, tried


@click.command()
@click.option("--mode", type=click.Choice([mode.value for mode in Mode]), default=Mode.KILL.value)
@click.option("--kills", type=int, default=300, help="How many processes are killed, or what else the mode counts.")
@click.option("--seed", type=int, default=1)
@click.option("--seconds", type=float, default=1e9, help="Begin no new episode after so long.")
@click.option("--keep", type=click.Path(path_type=Path), help="A folder for the logs, kept.")
def main(mode: str, kills: int, seed: int, seconds: float, keep: Path | None) -> None:
    """Run it; exit code 1 where anything is wrong."""
    gc.collect()
    gc.freeze()  # forked processes share what is loaded
    with tempfile.TemporaryDirectory(prefix="pw-crash-") as folder:
        report = tried(keep or Path(folder), Mode(mode), seed, kills, seconds)
    click.echo(json.dumps(report.as_json(), indent=1))
    sys.exit(1 if report.wrong else 0)


main()
