"""One whole refresh of six venues with 500 coins each: read, aggregated, closed into the store; ccxt only reads it."""

import asyncio
import gc
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from adapters.store import embedded
from adapters.store.redis import open_redis
from adapters.venues.base import Label
from adapters.venues.wire import Parsed
from bench import venues_theirs
from bench.measure import race, report
from bench.venues import COINS, PAIRS, agreed, all_of
from signals.aggregate import Ledger, bar
from signals.model import Observation
from tests.adapters.venues.answers import market
from tests.adapters.venues.readers import Reader, refresh

MINUTE = timedelta(minutes=1)
ROUNDS = 9


class Ours:
    """The way of the poller: parse, take, read, make bars, write. Each round is one minute later for the store."""

    def __init__(self, readers: Sequence[Reader], url: str, loop: asyncio.AbstractEventLoop) -> None:
        self._readers = readers
        self._run = loop.run_until_complete
        self._store = self._run(open_redis(url))
        words = [seen for reader in readers for seen in _observations(reader)]
        self._at = self._now = max(seen.at for seen in words) + timedelta(seconds=1)
        self._before = [replace(seen, at=seen.at - MINUTE) for seen in words]
        self._ledger = Ledger()

    def prepare(self) -> None:
        """Take up a ledger that closed the moment before: the answers are always those of one moment."""
        self._ledger = Ledger()
        self._ledger.expect({of.instrument for reader in self._readers for of in reader.known.values()})
        self._ledger.take(self._before)
        self._ledger.read(self._now - MINUTE, Label.LIVE)
        gc.collect()  # the ledger of the round before is no part of what is measured

    def __call__(self) -> int:
        """One refresh after another; returns how many answers it read."""
        for reader in self._readers:
            self._ledger.take(_observations(reader))
        cycle = self._ledger.read(self._now, Label.LIVE)
        bars = (bar(cycle, MINUTE),)
        self._at += MINUTE
        self._run(self._store.close(replace(cycle, at=self._at, bars=bars)))
        return len(self._readers)

    def known(self) -> int:
        """How many readings of the last moment are known."""
        latest = self._run(self._store.latest())
        assert latest is not None
        return sum(reading.value is not None for of in latest.readings.values() for reading in of.values())

    def end(self) -> None:
        """Let go of the store."""
        self._run(self._store.aclose())


def _observations(reader: Reader) -> Sequence[Observation]:
    """What an answer says of the present; lists of instruments and terms say nothing."""
    read = reader.read(reader.answer)
    return read.observations if isinstance(read, Parsed) else ()


def main() -> None:
    coins = market(COINS)
    readers = list(refresh(coins, PAIRS))
    compared = agreed(readers, coins, PAIRS)
    answers = [(reader.venue, reader.call, reader.answer) for reader in readers]
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        server = embedded.start(Path(folder))
        try:
            ours = Ours(readers, server.url, runner.get_loop())
            rivals = {"ours": ours, "ccxt": all_of(venues_theirs.opened(coins, PAIRS), answers)}
            rows = race(rivals, ROUNDS, ours.prepare)
            known = ours.known()
            ours.end()
        finally:
            server.stop()
    report(
        "live",
        "a whole refresh in at most a quarter of the CPU that ccxt needs to read it",
        rows,
        answers=len(answers),
        values_that_agree=compared,
        readings_known=known,
        times_less_cpu=round(float(rows["ccxt"]["cpu_ms"] or 0) / float(rows["ours"]["cpu_ms"] or 1), 1),
    )


if __name__ == "__main__":
    main()
