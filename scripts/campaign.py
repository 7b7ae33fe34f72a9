"""Long trials of the whole service as its users run it, with a report as JSON."""
# ruff: noqa: INP001, S603 - a script, not a package; it starts our own programs

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from tests.crash.command import cluster, crash
from tests.days.command import days

ROOT = Path(__file__).resolve().parents[1]

NEVER = (
    "BTC funding < -0.5%",
    "ETH funding > 1%",
    "* price 5m moves by 8%",
    "* oi 5m moves by 30%",
    "BTC oi 5m falls by 5%",
    "SOL basis < -5%",
    "BTC liq 5m > $100M",
    "ETH ls > 50",
    "BTC ratio 24h < 0.001",
)
"""Rules that the calm market of the fakes never meets, and that faults would: each firing is a false alert."""

ASKED_EVERY = 15.0
QUESTIONS = ("/funding BTC", "/oi ETH", "/liq BTC", "/ratio SOL", "/status")

LIMITS_A_MINUTE = {
    "binance fapi": 2_400,
    "binance spot": 6_000,
    "binance funding": 500,
    "binance data": 1_000,
    "hyperliquid overall": 1_200,
}
"""What each venue allows in a minute, or in the longer window that it counts by; we stay below four fifths."""

_ALERT = re.compile(r"  A-[0-9A-Z]{4}$")
"""How the first line of an alert ends, whatever it says."""

_AGE = re.compile(r"^(\d+)([smhd])$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
OLDEST_SHOWN_AS_FRESH = 180 + 75
"""Seconds: the longest that a value may be used, and the time until the next moment is closed."""


@dataclass
class Trial:
    """What was seen so far."""

    fired: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


@click.group()
def main() -> None:
    """Long trials of the whole service."""


@main.command()
@click.option("--minutes", type=float, default=10.0, help="How long the service runs.")
@click.option("--seed", type=int, default=7, help="What the market and its faults are made of.")
@click.option("--coins", type=int, default=60, help="How many coins the fake venues trade.")
def venues(minutes: float, seed: int, coins: int) -> None:
    """Run the service against fake venues with random faults: no false alert, no stale number, no limit passed."""
    with tempfile.TemporaryDirectory(prefix="perpwatch-campaign-") as folder:
        report = Path(folder) / "fakes.json"
        with _fakes(seed, coins, report) as places, _service(places, Path(folder) / "data") as service:
            trial = _watch(service, minutes)
        result = _judged(trial, json.loads(report.read_text(encoding="utf-8")), minutes, seed, coins)
        log = Path(folder) / "data" / "perpwatch.log"
        result["log"] = Counter(_event(line) for line in log.read_text(encoding="utf-8").splitlines())
    click.echo(json.dumps(result, indent=1))
    sys.exit(0 if result["sound"] else 1)


@contextmanager
def _fakes(seed: int, coins: int, report: Path) -> Iterator[Mapping[str, str]]:
    """The fake venues as a process; gives the settings that put them in the places of the real ones."""
    words = [sys.executable, "-m", "tests.fake_venues", "--seed", str(seed), "--coins", str(coins)]
    words += ["--faults", "random", "--report", str(report)]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield dict(line.strip().split("=", 1) for line in iter(_line_of(process), "\n"))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _line_of(process: subprocess.Popen[str]) -> Callable[[], str]:
    output = process.stdout
    if output is None:
        raise AssertionError("its output is a pipe")
    return output.readline


@contextmanager
def _service(places: Mapping[str, str], data: Path) -> Iterator[subprocess.Popen[str]]:
    """The service in a terminal of its own: lines in, text out."""
    data.mkdir()
    said = (data / "said.txt").open("w", encoding="utf-8")
    environment = os.environ | dict(places) | {"PERPWATCH_DATA": str(data)}
    words = [sys.executable, "-P", "-m", "bot.cli", "run"]
    process = subprocess.Popen(
        words, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=said, stderr=subprocess.STDOUT, text=True
    )
    process.said = data / "said.txt"  # type: ignore[attr-defined] # where it writes
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        said.close()


def _watch(service: subprocess.Popen[str], minutes: float) -> Trial:
    """Set the rules, ask questions all the time, and read what is said."""
    trial, until = Trial(), time.monotonic() + minutes * 60
    time.sleep(75)
    _type(service, [f"/import {'; '.join(NEVER)}", "1"])
    rng = random.Random(1)  # noqa: S311 - which question comes next is no secret
    while time.monotonic() < until and service.poll() is None:
        _type(service, [rng.choice(QUESTIONS)])
        time.sleep(ASKED_EVERY)
    if service.poll() is not None:
        trial.errors.append(f"the service ended with {service.returncode}")
    _read(service.said.read_text(encoding="utf-8"), trial)  # type: ignore[attr-defined] # set above
    return trial


def _type(service: subprocess.Popen[str], lines: Sequence[str]) -> None:
    if service.stdin is None:
        raise AssertionError("its input is a pipe")
    for line in lines:
        service.stdin.write(f"{line}\n")
        service.stdin.flush()
        time.sleep(0.2)


def _read(said: str, trial: Trial) -> None:
    for line in said.splitlines():
        if _ALERT.search(line):
            trial.fired.append(line)
        if "Traceback" in line or "Error" in line:
            trial.errors.append(line)
        trial.answers[line.split(" ")[0]] += 1
        cells = line.split()
        age = _AGE.match(cells[-1]) if cells else None
        if age and cells[0] in {"Binance", "Bybit", "OKX", "Gate", "Bitget", "Hyperliquid"}:
            seconds = int(age[1]) * _SECONDS[age[2]]
            trial.answers["ages read"] += 1
            if seconds > OLDEST_SHOWN_AS_FRESH:
                trial.stale.append(line)


def _judged(trial: Trial, fakes: dict, minutes: float, seed: int, coins: int) -> dict:
    record = fakes["record"]
    most = record["most_weight_a_minute"]
    passed = {name: most[name] for name, limit in LIMITS_A_MINUTE.items() if most.get(name, 0) > 0.8 * limit}
    return {
        "minutes": minutes,
        "seed": seed,
        "coins": coins,
        "faults": Counter(fault["kind"] for fault in fakes["faults"]),
        "false_alerts": trial.fired,
        "stale_shown_as_fresh": trial.stale,
        "errors": trial.errors,
        "most_weight_a_minute": most,
        "over_four_fifths": passed,
        "requests": sum(record["served"].values()),
        "connections": record["connections"],
        "ages_read": trial.answers["ages read"],
        "sound": not (trial.fired or trial.stale or trial.errors or passed) and trial.answers["ages read"] > 0,
    }


def _event(line: str) -> str:
    """What a line of the log is about, and the venue: `time level event key=value ...` without the rest."""
    words = line.split()[2:]
    plain = [word for word in words if "=" not in word]
    return " ".join([*plain[:4], *(word for word in words if word.startswith("venue="))])


main.add_command(crash)
main.add_command(cluster)
main.add_command(days)


if __name__ == "__main__":
    main()
