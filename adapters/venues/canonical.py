"""The canonical form of a recording: one Parquet table, read whole or refused with a sentence that names the cure."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import parquet

from adapters.venues.base import BadRecording, Label
from adapters.venues.table import INTERVAL, KEYS, NUMBERS, PRICE, RATE, SCHEMA, Names, Table
from signals.panel import Instants, Series, to_ms

_ABOVE_ZERO = (PRICE, INTERVAL)
_EARLIEST, _LATEST = datetime(2009, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_SHORTEST, _LONGEST = 60, 86_400
_DAY_H = 24
_UTC_MS = pa.timestamp("ms", tz="UTC")
_STRINGS = (pa.string(), pa.large_string())
_LABELS = (Label.REAL, Label.SIMULATED)
_FUNDING = ("running", "settled")


def read(path: Path) -> Table:
    """The table of a file; raises BadRecording for everything that is not the canonical form."""
    raw = _load(path)
    for check in _CHECKS:
        complaint = check(raw)
        if complaint is not None:
            raise BadRecording(f"{path}: {complaint}")
    said = _metadata(raw)
    funding = said.get("funding")
    return Table(
        label=Label(said["label"]),
        source=said.get("source", "unknown"),
        step=timedelta(seconds=int(said["bar_seconds"])),
        running=None if funding is None else funding == "running",
        times=_times(raw),
        venue=_names(raw, "venue"),
        symbol=_names(raw, "symbol"),
        numbers={name: _numbers(raw, name) for name in NUMBERS},
    )


def _load(path: Path) -> pa.Table:
    if path.is_dir():
        raise BadRecording(f"{path} is a folder. Name one Parquet file in it.")
    if not path.is_file():
        raise BadRecording(f"{path} does not exist. Check the name of the recording.")
    try:
        with parquet.ParquetFile(path) as file:
            table = file.read(columns=[*KEYS, *NUMBERS])
        table.validate(full=True)
    except PermissionError:
        raise BadRecording(f"{path} may not be read. Give this user the right to read it.") from None
    except (pa.ArrowException, OSError):
        raise BadRecording(
            f"{path} is no Parquet file, or it is damaged or cut off. Copy it again from where it came from."
        ) from None
    return table


def _columns(raw: pa.Table) -> str | None:
    wrong = [name for name in (*KEYS, *NUMBERS) if raw.schema.names.count(name) != 1]
    if not wrong:
        return None
    return f"{_listed(wrong)} must be there once each. Write all 17 columns of the canonical form, null where unknown."


def _types(raw: pa.Table) -> str | None:
    if raw.schema.field("time").type != _UTC_MS:
        return f"time is {raw.schema.field('time').type}. Store it as timestamp[ms, UTC]."
    names = [name for name in ("venue", "symbol") if raw.schema.field(name).type not in _STRINGS]
    if names:
        return f"{_listed(names)} must be strings. Store them as Parquet strings."
    numbers = [name for name in NUMBERS if raw.schema.field(name).type != pa.float64()]
    return f"{_listed(numbers)} must be float64. Store them as float64, null where unknown." if numbers else None


def _said(raw: pa.Table) -> str | None:
    said = _metadata(raw)
    if said.get("schema", SCHEMA) != SCHEMA:
        return f"it has schema version {said['schema']}. This perpwatch reads version {SCHEMA}: use a newer one."
    if said.get("label") not in _LABELS:
        return "its metadata perpwatch.label must be REAL or SIMULATED. Say where the numbers come from."
    if said.get("funding", "settled") not in _FUNDING:
        return "its metadata perpwatch.funding must be running or settled. Say which, or leave it out."
    seconds = said.get("bar_seconds", "")
    if not (seconds.isascii() and seconds.isdigit() and _fits_a_day(int(seconds[:9]))):
        return (
            "its metadata perpwatch.bar_seconds must be the length of its bars: a divisor of a day in whole seconds, "
            f"{_SHORTEST} to {_LONGEST}. Write the file with it."
        )
    return None


def _fits_a_day(seconds: int) -> bool:
    return _SHORTEST <= seconds <= _LONGEST and _LONGEST % seconds == 0


def _rows(raw: pa.Table) -> str | None:
    if not raw.num_rows:
        return "it has no rows. Record something, or choose another file."
    wrong = [name for name in KEYS if raw.column(name).null_count]
    wrong += [name for name in ("venue", "symbol") if not wrong and "" in _names(raw, name).known]
    return f"{_listed(wrong)} must be known in every row. Leave out rows without." if wrong else None


def _finite(raw: pa.Table) -> str | None:
    for name in NUMBERS:
        column = _numbers(raw, name)
        if np.isinf(column).any():
            return f"{name} is infinite in a row. Write null for what is unknown."
        if int(np.isnan(column).sum()) > raw.column(name).null_count:
            return f"{name} is NaN in a row. Write null for what is unknown."
    return None


def _signs(raw: pa.Table) -> str | None:
    for name in NUMBERS:
        if name in _ABOVE_ZERO and (_numbers(raw, name) <= 0).any():
            return f"{name} is not above 0 in a row. Write null for what is unknown."
        if name != RATE and (_numbers(raw, name) < 0).any():
            return f"{name} is below 0 in a row. Write null for what is unknown."
    if (np.abs(_numbers(raw, RATE)) > 1).any():
        return f"{RATE} is beyond 1 in a row. Write rates as fractions per interval: 0.01 % is 0.0001."
    if (_numbers(raw, INTERVAL) > _DAY_H).any():
        return f"{INTERVAL} is above {_DAY_H} in a row. Write the hours that one rate covers."
    return None


def _grid(raw: pa.Table) -> str | None:
    times = _times(raw)
    if times.min() < to_ms(_EARLIEST) or times.max() >= to_ms(_LATEST):
        return f"a time lies outside {_EARLIEST.year} to {_LATEST.year}. Store time in milliseconds since 1970."
    seconds = int(_metadata(raw)["bar_seconds"])
    if (times % (seconds * 1000)).any():
        return f"a time is no multiple of its {seconds} s bars in UTC. Label every row by the end of its bar."
    return None


def _order(raw: pa.Table) -> str | None:
    venue, symbol = _names(raw, "venue"), _names(raw, "symbol")
    keys = (_times(raw), venue.codes, symbol.codes)
    same = np.ones(raw.num_rows - 1, np.bool_)
    sorted_ = np.zeros(raw.num_rows - 1, np.bool_)
    for key in keys:
        steps = np.diff(key)
        sorted_ |= same & (steps > 0)
        same &= steps == 0
    if same.any():
        return "two rows have the same time, venue and symbol. Keep one of them."
    return None if sorted_.all() else "its rows are not sorted. Sort them by time, venue and symbol."


_CHECKS: Sequence[Callable[[pa.Table], str | None]] = (
    _columns,
    _types,
    _said,
    _rows,
    _finite,
    _signs,
    _grid,
    _order,
)
"""In this order: each relies on those before it."""


def _metadata(raw: pa.Table) -> dict[str, str]:
    """What the file says of itself, without the prefix."""
    texts = {
        key.decode(errors="replace"): text.decode(errors="replace") for key, text in (raw.schema.metadata or {}).items()
    }
    return {key.removeprefix("perpwatch."): text for key, text in texts.items() if key.startswith("perpwatch.")}


def _times(raw: pa.Table) -> Instants:
    return plain(raw.column("time").cast(pa.int64()).combine_chunks()).astype(np.int64, copy=False)


def _names(raw: pa.Table, column: str) -> Names:
    encoded = raw.column(column).combine_chunks().dictionary_encode()
    names: list[str] = [name.as_py() for name in encoded.dictionary]
    known = sorted(names)
    rank = np.array([known.index(name) for name in names], np.int64)
    return Names(tuple(known), rank[plain(encoded.indices).astype(np.int64)])


def _numbers(raw: pa.Table, column: str) -> Series:
    """The numbers of a column; NaN where the file says null."""
    stored = raw.column(column).combine_chunks()
    known = plain(stored.is_valid().cast(pa.uint8()))
    return np.where(known == 1, plain(stored).astype(np.float64, copy=False), np.nan)


def plain(stored: pa.Array) -> npt.NDArray[np.generic]:
    """The values of an array as they lie there, anything where null.

    Through DLPack, because pyarrow's own ways to numpy import pandas: a second and 60 MB at every start.
    """
    _, values = stored.buffers()
    unmasked = pa.Array.from_buffers(stored.type, len(stored), [None, values], offset=stored.offset)
    return np.from_dlpack(unmasked)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
