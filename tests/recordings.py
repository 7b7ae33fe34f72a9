"""Recordings in the canonical form, written for tests. They are invented and say so: SIMULATED."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import sin
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
from pyarrow import parquet

from adapters.venues.table import NUMBERS

Row: TypeAlias = Mapping[str, object]

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
TYPES: Mapping[str, pa.DataType] = {
    "time": pa.timestamp("ms", tz="UTC"),
    "venue": pa.string(),
    "symbol": pa.string(),
    **dict.fromkeys(NUMBERS, pa.float64()),
}


def table(rows: Sequence[Row], **metadata: str) -> pa.Table:
    """The canonical table of the rows as they come; columns that a row leaves out are null. Bars are hours."""
    said = {"bar_seconds": "3600", "label": "SIMULATED", "source": "invented for a test"} | metadata
    columns = {name: pa.array([row.get(name) for row in rows], kind) for name, kind in TYPES.items()}
    return pa.table(columns, metadata={f"perpwatch.{key}": text for key, text in said.items()})


def write(path: Path, rows: Sequence[Row], **metadata: str) -> Path:
    """A canonical file with the rows as they come."""
    parquet.write_table(table(rows, **metadata), path)
    return path


def funding_story(path: Path) -> Path:
    """Four days of hours, ETH and BTC on two venues; ETH's settled funding falls far below -0.01 % and comes back."""
    return write(path, list(_story()))


_STORY = {"ETH": 4 * (0.0001,) + 4 * (-0.0004,) + 5 * (0.0001,), "BTC": 13 * (0.0001,)}
"""One settled rate every eight hours, from the start on."""

_SIZES = {"BTC": (91_000.0, 90_000.0), "ETH": (3_100.0, 1_800_000.0)}
"""Price in USD and open interest in coins."""


def _story() -> Iterator[Row]:
    for hour in range(1, 97):
        for venue in ("binance", "okx"):
            for coin in ("BTC", "ETH"):
                yield _hour(hour, venue, coin)


def _hour(hour: int, venue: str, coin: str) -> Row:
    price, oi = _SIZES[coin]
    settles = hour % 8 == 0
    return {
        "time": START + hour * HOUR,
        "venue": venue,
        "symbol": coin,
        "price": price * (1 + 0.01 * sin(hour / 9)),
        "open_interest": oi * (1 + 0.01 * sin(hour / 7)),
        "futures_volume_usd": 4e8 * (1.2 + sin(hour / 3)),
        "spot_volume_usd": 6e7 * (1.2 + sin(hour / 4)),
        "funding_rate": _STORY[coin][hour // 8] if settles else None,
        "funding_interval_hours": 8.0 if settles else None,
    }
