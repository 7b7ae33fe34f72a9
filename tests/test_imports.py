"""The command line starts without the packages that only some of its commands need."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_command_line_loads_nothing_that_only_some_commands_need() -> None:
    heavy = {"telegram", "discord", "pandas", "prompt_toolkit", "aiohttp"}
    done = subprocess.run(
        [sys.executable, "-c", "import sys, bot.cli; print(*sys.modules)"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    loaded = set(done.stdout.split())
    assert "bot.cli" in loaded
    assert not heavy & loaded
