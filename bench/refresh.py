"""One refresh of 3,600 records into the store and back: one blob a moment against one hash a record."""

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.store import embedded
from adapters.store.client import Client
from adapters.store.redis import open_redis
from bench.measure import race, report
from signals.aggregate import Cycle
from signals.model import Metric, Observation

RECORDS = 3_600
ROUNDS = 9
START = datetime(2026, 1, 5, tzinfo=UTC)


def records(at: datetime) -> tuple[Observation, ...]:
    """What 600 coins at six venues say at once."""
    return tuple(
        Observation(
            Metric.FUNDING, f"venue{n % 6}", f"C{n // 6}USDT", f"C{n // 6}", 0.0001 * n, at, at, timedelta(minutes=2),
            interval_h=8.0, next_at=at, rate=0.0001 * n,
        )
        for n in range(RECORDS)
    )  # fmt: skip


NOW = records(START)


class Blobs:
    """Our way: the moment as one blob."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self._run = loop.run_until_complete
        self._store = self._run(open_redis(url))
        self._at = START

    def __call__(self) -> list[float]:
        """One refresh."""
        self._at += timedelta(minutes=1)
        self._run(self._store.close(Cycle(self._at, "SIMULATED", {}, NOW, ())))
        latest = self._run(self._store.latest())
        assert latest is not None
        return [seen.value for seen in latest.known]

    def end(self) -> None:
        """Let go of the store."""
        self._run(self._store.aclose())


class Hashes:
    """The usual way: a hash per record, written and read in one pipeline each."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self._run = loop.run_until_complete
        self._client = Client(url)

    def __call__(self) -> list[float]:
        """One refresh."""
        seen = NOW
        self._run(self._client.many([("HSET", self._key(o), *self._fields(o)) for o in seen]))
        found = self._run(self._client.many([("HGETALL", self._key(o)) for o in seen]))
        values = []
        for reply in found:
            assert isinstance(reply, list)
            record = dict(zip(reply[::2], reply[1::2], strict=True))
            values.append(float(record[b"value"]))
        return values

    def end(self) -> None:
        """Let go of the store."""
        self._run(self._client.aclose())

    @staticmethod
    def _key(of: Observation) -> str:
        return f"latest:{of.venue}:{of.symbol}:{of.metric}"

    @staticmethod
    def _fields(of: Observation) -> list[str]:
        pairs = {
            "coin": of.coin,
            "value": repr(of.value),
            "at": of.at.isoformat(),
            "received": of.received.isoformat(),
            "fresh_for": str(of.fresh_for.total_seconds()),
            "interval_h": str(of.interval_h),
            "next_at": str(of.next_at),
            "rate": repr(of.rate),
        }
        return [word for pair in pairs.items() for word in pair]


def main() -> None:
    loop = asyncio.new_event_loop()
    with tempfile.TemporaryDirectory() as name:
        server = embedded.start(Path(name))
        blobs, hashes = Blobs(server.url, loop), Hashes(server.url, loop)
        rows = race({"one blob": blobs, "hash per record": hashes}, ROUNDS)
        blobs.end()
        hashes.end()
        server.stop()
    loop.close()
    ratio = float(rows["hash per record"]["cpu_ms"] or 0) / float(rows["one blob"]["cpu_ms"] or 1)
    report(
        "refresh", "at most 12 ms CPU, at least 20 times less", rows, records=RECORDS, times_less_cpu=round(ratio, 1)
    )


if __name__ == "__main__":
    main()
