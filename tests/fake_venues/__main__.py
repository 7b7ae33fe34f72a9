"""Run the fake venues as a process: it prints the settings to use, and at its end writes what it was asked."""

import argparse
import asyncio
import contextlib
import json
import random
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.fake_venues.everyone import everyone
from tests.fake_venues.faults import Fault, bad_days
from tests.fake_venues.market import VENUES, seeded
from tests.fake_venues.record import Record
from tests.fake_venues.server import serving, settings

NONE, RANDOM = "none", "random"


def wall_clock() -> datetime:
    """Now."""
    return datetime.now(UTC)  # noqa: TID251  the process that stands for the outside world


async def run(args: argparse.Namespace, clock: Callable[[], datetime]) -> None:
    """Serve until a signal comes or the time is up; then write the report."""
    start = clock()
    market = seeded(args.seed, args.coins, start, args.lively)
    record = Record()
    faults = _faults(args, start)
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    async with serving(everyone(market, faults, record).values(), clock) as endpoints:
        for name, value in settings(endpoints).items():
            _say(f"{name}={value}")
        _say("")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), args.hours * 3600)
    report = {"seed": args.seed, "start": start.isoformat(), "end": clock().isoformat(), "record": record.report()}
    report["faults"] = [_described(fault) for fault in faults if fault.since <= clock()]
    args.report.write_text(json.dumps(report, indent=1), encoding="utf-8")


def _faults(args: argparse.Namespace, start: datetime) -> Sequence[Fault]:
    if args.faults == NONE:
        return ()
    return bad_days(random.Random(args.seed), VENUES, start, timedelta(hours=args.hours))


def _described(fault: Fault) -> dict[str, str]:
    return {
        "venue": fault.venue,
        "kind": str(fault.kind),
        "since": fault.since.isoformat(),
        "until": fault.until.isoformat(),
    }


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def parsed(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fake_venues", description=__doc__)
    parser.add_argument("--seed", type=int, default=7, help="what the market and the faults are made of")
    parser.add_argument("--coins", type=int, default=60, help="how many coins trade")
    parser.add_argument("--faults", choices=(NONE, RANDOM), default=NONE, help="what goes wrong")
    parser.add_argument("--lively", type=float, default=1.0, help="how much all values move; 0 stands still")
    parser.add_argument("--hours", type=float, default=72.0, help="when it ends by itself")
    parser.add_argument("--report", type=Path, default=Path("fake-venues.json"), help="where the report is written")
    return parser.parse_args(words)


if __name__ == "__main__":
    asyncio.run(run(parsed(), wall_clock))
