"""`perpwatch history` as a stranger meets it: real processes, real connections, a fake venue on this computer."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.strangers import OURS, PERPWATCH, ROOT, is_spoken, newcomer, perpwatch, typed


@pytest.fixture(scope="module")
def venues(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The settings that put the fake venues in the places of the real ones, while they serve."""
    report = tmp_path_factory.mktemp("fakes") / "report.json"
    words = [sys.executable, "-m", "tests.fake_venues", "--coins", "3", "--report", str(report)]
    process = subprocess.Popen(words, env=OURS | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "\n")
    settings = dict(line.strip().split("=", 1) for line in lines)
    yield {name: value for name, value in settings.items() if "_BYBIT_" in name}
    process.send_signal(signal.SIGTERM)
    process.wait(20)
    process.stdout.close()


@pytest.fixture
def environment(tmp_path: Path, venues: Mapping[str, str]) -> dict[str, str]:
    return newcomer(tmp_path / "home") | dict(venues) | {"PERPWATCH_VENUES": "bybit"}


def test_the_past_is_written_told_and_replayed(environment: dict[str, str], tmp_path: Path) -> None:
    asked = ("history", "Bybit", "--coins", "btc,ETH", "--since", "2d", "--out", str(tmp_path / "out"))

    first = perpwatch(environment, *asked)
    files = sorted((tmp_path / "out").glob("*.parquet"))
    again = typed(environment, *asked)
    replayed = typed(environment, "replay", str(files[0]), "--rule", "BTC price 1h falls by 0.01%", "--json")

    assert first.returncode == 0, first.stderr
    assert f"{len(files)} files written to {tmp_path / 'out'}." in first.stdout
    assert "not had: long/short top accounts: not kept by Bybit in steps of 1h" in first.stdout
    assert "BTC" in first.stderr
    assert len(files) in (2, 3)
    assert again.exit_code == 0
    assert "1 file written" in again.stdout or "0 files written" in again.stdout
    assert [json.loads(line)["coin"] for line in replayed.stdout.splitlines()][:1] == ["BTC"]
    assert "Traceback" not in first.stderr + again.stderr + replayed.stderr


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("bybti",), "Did you mean bybit?"),
        (("mtgox",), "there is no 'mtgox' here. Known are binance"),
        (("bybit", "--coins", "BTV"), "--coins: there is no 'BTV' here. Did you mean BTC?"),
        (("bybit", "--metrics", "price,io"), "--metrics: there is no 'io' here"),
        (("bybit", "--since", "yesterday"), "--since 'yesterday' is no time"),
        (("bybit", "--since", "2d", "--coins", "BTC", "--out", "/dev/null/x"), "cannot be written"),
        (("bybit", "--step", "7m"), "7m"),
        ((), "VENUE"),
    ],
)
def test_a_mistake_is_one_sentence_with_a_cure(environment: dict[str, str], args: tuple[str, ...], says: str) -> None:
    done = typed(environment, "history", *args)

    assert is_spoken(done)
    assert says in done.stderr


def test_stopped_by_hand_it_says_how_to_go_on_and_leaves_whole_files(
    environment: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ["history", "bybit", "--since", "60d", "--step", "5m", "--out", str(out)]
    process = subprocess.Popen(
        [*PERPWATCH, *words],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - a shell's job may ignore it
    )
    until = time.monotonic() + 60
    while not list(out.glob("*.parquet")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 130
    assert said.splitlines()[-1] == "Stopped. Run the same command again to go on."
    assert "Traceback" not in said
    assert {path.suffix for path in out.iterdir() if path.is_file()} == {".parquet"}
    assert typed(environment, "replay", str(next(out.glob("*.parquet"))), "--rule", "price > $1").exit_code == 0
