"""Seeded faults: each one, put into a copy of the tree, must make one of its tests fail."""
# ruff: noqa: INP001 - a script, not a package

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
LISTS = (ROOT / "tests" / "mutants.toml", *sorted((ROOT / "tests" / "mutants.d").glob("*.toml")))
COPIED = ("bot", "signals", "adapters", "tests", "scripts", "docs", "pyproject.toml", "README.md", "CHANGELOG.md")
AT_A_TIME = 2
PATIENCE = 300
"""Seconds for the tests of one fault: one that hangs the tests is seen, too."""

FAILED = 1
"""What pytest ends with if tests failed; any other end says nothing about the fault."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """In `file`, `old` becomes `new`; then at least one of `tests` must fail."""

    name: str
    file: str
    old: str
    new: str
    tests: Sequence[str]


@dataclass(frozen=True, slots=True)
class Trial:
    """How one fault fared, in a word or a sentence."""

    mutant: Mutant
    killed: bool
    says: str


def mutants(text: str) -> list[Mutant]:
    """The faults listed in that TOML."""
    return [Mutant(**row) for row in tomllib.loads(text)["mutant"]]


def changed(mutant: Mutant, source: str) -> str | None:
    """The source with the fault in it; None unless the place is there exactly once."""
    return source.replace(mutant.old, mutant.new) if source.count(mutant.old) == 1 else None


def try_out(mutant: Mutant) -> Trial:
    """Seed the fault in a copy and run its tests there."""
    source = changed(mutant, (ROOT / mutant.file).read_text(encoding="utf-8"))
    if source is None:
        return Trial(mutant, killed=False, says=f"its place does not stand exactly once in {mutant.file}")
    with tempfile.TemporaryDirectory(prefix="perpwatch-mutant-") as folder:
        copy = Path(folder) / "tree"
        _copy(copy)
        (copy / mutant.file).write_text(source, encoding="utf-8")
        return _tested(mutant, copy)


def _copy(to: Path) -> None:
    to.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, to / name)
    shared = ROOT.parent / "shared"
    if shared.is_dir():
        (to.parent / "shared").symlink_to(shared)


def _tested(mutant: Mutant, copy: Path) -> Trial:
    command = [sys.executable, "-P", "-m", "pytest", "-x", "-p", "no:cacheprovider", *mutant.tests]
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - our own tests
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Trial(mutant, killed=True, says="killed by time")
    if done.returncode == FAILED:
        return Trial(mutant, killed=True, says="killed")
    if done.returncode == 0:
        return Trial(mutant, killed=False, says="survived")
    return Trial(mutant, killed=False, says=f"its tests did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


@click.command()
@click.option("-k", "text", default="", metavar="TEXT", help="Only faults whose name or file contains it.")
def main(text: str) -> None:
    """Try every seeded fault, two at a time; exit code 1 if one is not noticed."""
    known = [mutant for path in LISTS for mutant in mutants(path.read_text(encoding="utf-8"))]
    chosen = [m for m in known if text in m.name or text in m.file]
    survivors = 0
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for trial in pool.map(try_out, chosen):
            survivors += not trial.killed
            click.echo(f"{'ok  ' if trial.killed else 'FIX '} {trial.mutant.name}: {trial.says}")
    click.echo(f"{len(chosen) - survivors} of {len(chosen)} faults killed")
    sys.exit(1 if survivors or not chosen else 0)


if __name__ == "__main__":
    main()
