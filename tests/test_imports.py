"""The command line starts without the packages that only some of its commands need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("package", ["telegram", "discord", "pandas", "prompt_toolkit", "aiohttp"])
def test_the_command_line_does_not_load(package: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, bot.cli; print({package!r} in sys.modules)"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout == "False\n"
