"""One refresh of six venues with 500 coins each, parsed and normalised: ours against ccxt on the same answers."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from bench import venues_ours, venues_theirs
from bench.measure import Figures, race, report
from tests.adapters.venues.answers import Coin, market
from tests.adapters.venues.readers import Reader, refresh
from tests.oracle import ours, theirs
from tests.oracle.differences import DIFFERENCES
from tests.oracle.facts import odds

COINS, PAIRS, ROUNDS = 500, 2_000, 9
SNAPSHOT, SNAPSHOT_ROUNDS = 600, 25
SNAPSHOTS = (
    ("binance", "premium"), ("bybit", "tickers"), ("okx", "funding"), ("gate", "contracts"), ("bitget", "tickers"),
    ("hyperliquid", "contexts"),
)  # fmt: skip
"""The widest answer of each venue."""

Answer: TypeAlias = tuple[str, str, bytes]

WEIGH = """
import sys
from pathlib import Path
{load}
for path in sorted(Path(sys.argv[1]).iterdir()):
    _, venue, call = path.name.split(" ")
    read(venue, call, path.read_bytes())
status = Path("/proc/self/status")
words = status.read_text().split() if status.exists() else []
print(words[words.index("VmHWM:") + 1] if "VmHWM:" in words else "")
"""
"""Prints the most memory that it ever held, in KiB; nothing where that is not told."""

LOADS = {
    "reading no answer": "read = lambda venue, call, body: None",
    "ours": f"""
from bench.venues_ours import opened
from tests.adapters.venues.answers import market
read = opened(market({COINS}))
""",
    "ccxt": f"""
from bench.venues_theirs import opened
from tests.adapters.venues.answers import market
read = opened(market({COINS}), {PAIRS})
""",
}


def agreed(readers: Sequence[Reader], coins: tuple[Coin, ...], pairs: int) -> int:
    """How many values both sides read; raises unless all are the same but for the differences that are listed."""
    read = venues_theirs.opened(coins, pairs)
    count = 0
    for reader in readers:
        exchange = theirs.exchange_of(reader.venue, coins, pairs)
        mine = ours.facts(reader.read(reader.answer))
        other = theirs.facts(exchange, read(reader.venue, reader.call, reader.answer))
        both = {key: mine[key] for key in mine.keys() & other.keys() if None not in (mine[key], other[key])}
        odd = odds(reader.venue, both, {key: other[key] for key in both}, ours.counted(reader.known))
        unlisted = [one for one in odd if not any(listed.explains(one) for listed in DIFFERENCES)]
        if unlisted:
            raise AssertionError(f"{unlisted[0]} is read otherwise: the times mean nothing")
        count += len(both)
    return count


def all_of(read: Callable[[str, str, bytes], object], answers: Sequence[Answer]) -> Callable[[], int]:
    """Reads every answer; returns how many."""

    def run() -> int:
        for venue, call, body in answers:
            read(venue, call, body)
        return len(answers)

    return run


def weighed(answers: Sequence[Answer]) -> Mapping[str, int | None]:
    """MiB at the most of a process that loads one side and reads every answer."""
    with tempfile.TemporaryDirectory() as folder:
        for n, (venue, call, body) in enumerate(answers):
            (Path(folder) / f"{n:04d} {venue} {call}").write_bytes(body)
        said = {
            name: subprocess.run(
                [sys.executable, "-c", WEIGH.format(load=load), folder], capture_output=True, text=True, check=True
            ).stdout.strip()
            for name, load in LOADS.items()
        }
    return {name: round(int(kibibytes) / 1024) if kibibytes else None for name, kibibytes in said.items()}


def snapshots() -> Mapping[str, Figures]:
    """The widest answer of each venue about so many coins, alone."""
    found: dict[str, Figures] = {}
    for reader in refresh(market(SNAPSHOT)):
        if (reader.venue, reader.call) in SNAPSHOTS:
            name = f"{SNAPSHOT} rows of {reader.venue} {reader.call}"
            found |= race({name: all_of(lambda *_, r=reader: r.read(r.answer), [("", "", b"")])}, SNAPSHOT_ROUNDS)
    return found


def main() -> None:
    coins = market(COINS)
    readers = refresh(coins, PAIRS)
    compared = agreed(readers, coins, PAIRS)
    answers = [(reader.venue, reader.call, reader.answer) for reader in readers]
    sides = {"ours": venues_ours.opened(coins), "ccxt": venues_theirs.opened(coins, PAIRS)}
    rows = race({name: all_of(read, answers) for name, read in sides.items()}, ROUNDS)
    alone = snapshots()
    peaks = weighed(answers)
    report(
        "venues",
        "at least 4 times less CPU than ccxt; a snapshot of 600 rows in at most 5 ms of CPU",
        {name: figures | {"peak_mib": peaks[name]} for name, figures in rows.items()} | alone,
        ccxt=theirs.VERSION,
        answers=len(answers),
        megabytes=round(sum(len(body) for _, _, body in answers) / 1e6, 2),
        values_that_agree=compared,
        times_less_cpu=round(float(rows["ccxt"]["cpu_ms"] or 0) / float(rows["ours"]["cpu_ms"] or 1), 1),
        slowest_snapshot_cpu_ms=max(float(figures["cpu_ms"] or 0) for figures in alone.values()),
        peak_mib_reading_no_answer=peaks["reading no answer"],
    )


if __name__ == "__main__":
    main()
