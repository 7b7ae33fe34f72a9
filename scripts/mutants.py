"""Seeded faults: each one, put into a copy of the tree, must make one of its tests fail."""
# ruff: noqa: INP001 - a script, not a package

import os
import shutil
import subprocess
import sys
import tempfile
import time
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
    """In `file`, `old` becomes `new`; then at least one of `tests` must fail. `of` is the list that it stands in."""

    of: str
    name: str
    file: str
    old: str
    new: str
    tests: Sequence[str]


@dataclass(frozen=True, slots=True)
class Trial:
    """How one fault fared, in a word or a sentence, and how many seconds its tests took."""

    mutant: Mutant
    killed: bool
    says: str
    took: float = 0.0


def mutants(path: Path) -> list[Mutant]:
    """The faults of that list."""
    return [Mutant(path.name, **row) for row in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]]


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
    began = time.monotonic()
    try:
        done = subprocess.run(  # noqa: S603 - our own tests
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return Trial(mutant, killed=True, says="killed by time", took=PATIENCE)
    took = time.monotonic() - began
    if done.returncode == FAILED:
        return Trial(mutant, killed=True, says="killed", took=took)
    if done.returncode == 0:
        return Trial(mutant, killed=False, says="survived", took=took)
    return Trial(mutant, killed=False, says=f"its tests did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


@click.command()
@click.option("-k", "text", default="", metavar="TEXT", help="Only faults whose name, file or list contains it.")
def main(text: str) -> None:
    """Try every seeded fault, two at a time; exit code 1 if one is not noticed."""
    known = [mutant for path in LISTS for mutant in mutants(path)]
    chosen = [m for m in known if any(text in words for words in (m.name, m.file, m.of))]
    survivors = 0
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for trial in pool.map(try_out, chosen):
            survivors += not trial.killed
            click.echo(f"{'ok  ' if trial.killed else 'FIX '} {trial.mutant.name}: {trial.says}, {trial.took:.0f} s")
    click.echo(f"{len(chosen) - survivors} of {len(chosen)} faults killed")
    sys.exit(1 if survivors or not chosen else 0)


if __name__ == "__main__":
    main()
