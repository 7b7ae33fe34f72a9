"""The command line starts without the packages that only some of its commands need."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_command_line_loads_nothing_that_only_some_commands_need() -> None:
    heavy = {"telegram", "discord", "pandas", "pyarrow", "prompt_toolkit", "aiohttp", "matplotlib", "PIL"}
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


POLL = """
import os, signal, sys, threading
from bot.cli import main
threading.Timer(2, os.kill, (os.getpid(), signal.SIGTERM)).start()
main(["poll"], standalone_mode=False)
print("aiohttp" in sys.modules, "pyarrow" in sys.modules, "pandas" in sys.modules)
"""


def test_polling_live_venues_loads_no_reader_of_files(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    settings = {f"PERPWATCH_VENUE_BINANCE_{of}": nowhere for of in ("REST", "SPOT")}
    settings |= {"PERPWATCH_VENUE_BINANCE_WS": "ws://127.0.0.1:9", "PERPWATCH_VENUES": "binance"}

    done = subprocess.run(
        [sys.executable, "-c", POLL],
        env=os.environ | settings | {"PYTHONPATH": str(ROOT), "PERPWATCH_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout == "True False False\n"
