"""The command line as a stranger types it: in a process of its own, or where that shows no more, in this one."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from bot.cli import main

ROOT = Path(__file__).parents[2]
PERPWATCH = (sys.executable, "-m", "bot.cli")
OURS = {name: value for name, value in os.environ.items() if not name.startswith("PERPWATCH_")}


def newcomer(home: Path) -> dict[str, str]:
    """An empty home, no settings."""
    return OURS | {"HOME": str(home), "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}


def perpwatch(environment: Mapping[str, str], *args: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """A real process, to its end."""
    return subprocess.run(
        [*PERPWATCH, *args], env=environment, capture_output=True, text=True, timeout=timeout, check=False, cwd="/"
    )


def typed(environment: Mapping[str, str], *args: str) -> Result:
    """The same command in this process, which spares the start of another; a traceback is an `exception`."""
    gone = {name: None for name in os.environ if name not in environment}
    return CliRunner().invoke(main, args, env=gone | dict(environment))


def is_spoken(done: Result) -> bool:
    """Whether it failed with a sentence, and not with a traceback."""
    return done.exit_code != 0 and isinstance(done.exception, SystemExit) and "Traceback" not in done.stderr
