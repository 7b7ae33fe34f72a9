"""Every platform of the registry keeps the promises of the contract, here on plain standard streams."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.chat.registry import PLATFORMS

ROOT = Path(__file__).parents[2]
CHILD = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args
from adapters.chat.base import Button, Delivery, Message, Outcome, Place, Table, Text, Tone
from adapters.chat.completion import no_words
from adapters.chat.registry import PLATFORMS, Wiring

NOW = datetime(2026, 1, 5, tzinfo=UTC)
name, history = sys.argv[1:]
platform = PLATFORMS[name](Wiring(lambda: NOW, Path(history), no_words, Path(history).with_name("charts")))
long = Message(
    Tone.FIRING, "i", (Text("MARK" + "x" * 10_000),), lines=((Text("\\x1b[2J\\ud800\\u202e"),),) * 50,
    table=Table(("a",), (("b", "c"),)), buttons=(Button("p", "/p"),) * 120, simulated=True,
)
outcome = asyncio.run(platform.send(Delivery("key", Place(name, "local"), long, NOW + timedelta(minutes=1))))
assert isinstance(outcome, get_args(Outcome)), outcome
assert platform.name == name, platform.name
print(type(outcome).__name__, file=sys.stderr)
"""


def send(name: str, history: Path, **streams: int) -> subprocess.CompletedProcess[str]:
    """One message, as long and hostile as can be, sent by a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", CHILD, name, str(history)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=streams.get("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_send_is_one_try_with_an_outcome_and_nothing_raw(name: str, tmp_path: Path) -> None:
    done = send(name, tmp_path / "history")

    assert done.stderr.split() == ["Sent"]
    assert done.stdout.count("MARK") == 1
    assert done.stdout.startswith("SIMULATED")
    assert not {"\x1b", "\u202e"} & set(done.stdout)


@pytest.mark.parametrize("name", PLATFORMS)
def test_that_nobody_reads_is_a_value(name: str, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    try:
        done = send(name, tmp_path / "history", stdout=writer)
    finally:
        os.close(writer)

    assert done.stderr.split()[:1] == ["Gone"]
