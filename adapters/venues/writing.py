"""Writes recordings in the canonical form: values of one venue's contracts become rows of bars, whole files or none."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from adapters.venues.base import Label, Span
from adapters.venues.recording import COLUMNS
from adapters.venues.table import INTERVAL, NUMBERS, PRICE, RATE, SCHEMA
from signals.model import Instrument, Kind, Metric, Observation
from signals.panel import Instants, Matrix, Series, to_ms
from signals.units import canonical

LATE = timedelta(seconds=5)
"""What is stamped so shortly after the end of a bar belongs to it: payments and closes are some milliseconds late."""

_OI = COLUMNS[Metric.OI_LEVEL]
_ADDED = frozenset({_OI, COLUMNS[Metric.VOLUME]})
"""What contracts of one coin have together; the rest is that of the first of them."""

_MARGINS = ("USDT", "USDC")
"""Whose contract of a coin comes first."""

_LONGEST_INTERVAL_H = 24.0
_PREFIX = "perpwatch."


def name_of(of: Instrument) -> str | None:
    """What the coin of a contract is called in a recording, so that reading finds coin and multiplier again."""
    names = (of.coin, f"{of.multiplier:.0f}{of.coin}", f"1M{of.coin}", f"k{of.coin}")
    return next((name for name in names if canonical(of.venue, name) == (of.coin, of.multiplier)), None)


def by_name(instruments: Sequence[Instrument]) -> Mapping[str, Sequence[Instrument]]:
    """The contracts by the name under which they are recorded, sorted, the first one of each first."""
    found: dict[str, list[Instrument]] = {}
    for of in sorted(instruments, key=_rank):
        name = name_of(of)
        if name is not None:
            found.setdefault(name, []).append(of)
    return dict(sorted(found.items()))


def _rank(of: Instrument) -> tuple[int, str]:
    margin = next((n for n, margin in enumerate(_MARGINS) if margin in of.symbol), len(_MARGINS))
    return margin, of.symbol


def ends(span: Span, step: timedelta) -> Instants:
    """The ends of the bars in a span, in Unix milliseconds."""
    each = _ms(step)
    return np.arange(to_ms(span.start) + each, to_ms(span.end) + 1, each, dtype=np.int64)


def columns(of: Instrument, seen: Sequence[Observation], times: Instants, step: timedelta) -> Mapping[str, Series]:
    """A contract's values by column as the file holds them: the last one of each bar, NaN where there is none."""
    found: dict[str, Series] = {}
    for one in seen:
        row = (to_ms(one.at) - _ms(LATE) - int(times[0])) // _ms(step) + 1
        if not 0 <= row < len(times) or (one.metric.kind is Kind.SUM and one.span != step):
            continue
        written = {column: value for column, value in _written(of, one) if _can_stand(column, value)}
        if one.metric is Metric.FUNDING_SETTLED and len(written) < 2:
            continue
        for column, value in written.items():
            found.setdefault(column, np.full(len(times), np.nan))[row] = value
    return found


def _written(of: Instrument, seen: Observation) -> Iterator[tuple[str, float]]:
    match seen.metric:
        case Metric.FUNDING_SETTLED:
            if seen.rate is not None and seen.interval_h is not None:
                yield RATE, seen.rate
                yield INTERVAL, seen.interval_h
        case Metric.PRICE:
            yield PRICE, seen.value * of.multiplier
        case Metric.OI_LEVEL:
            yield _OI, seen.value / of.multiplier
        case metric:
            if metric in COLUMNS:
                yield COLUMNS[metric], seen.value


def _can_stand(column: str, value: float) -> bool:
    """Whether a recording may hold it: one bad number would make the whole file unreadable."""
    match column:
        case _ if not np.isfinite(value):
            return False
        case _ if column == RATE:
            return abs(value) <= 1
        case _ if column == INTERVAL:
            return 0 < value <= _LONGEST_INTERVAL_H
        case _ if column == PRICE:
            return value > 0
        case _:
            return value >= 0


def together(contracts: Sequence[Mapping[str, Series]]) -> Mapping[str, Series]:
    """One coin's columns of those of its contracts: sums of what adds up, else those of the first that has any."""
    found: dict[str, Series] = {}
    for of in contracts:
        for column, series in of.items():
            if column not in found and column != INTERVAL:
                found[column] = _sum([c[column] for c in contracts if column in c]) if column in _ADDED else series
                if column == RATE:
                    found[INTERVAL] = of[INTERVAL]
    return found


def _sum(parts: Sequence[Series]) -> Series:
    """The sum at each bar; unknown where one is missing between its first and its last value."""
    known = np.isfinite(np.array(parts))
    there = np.maximum.accumulate(known, axis=1) & np.maximum.accumulate(known[:, ::-1], axis=1)[:, ::-1]
    whole = known.any(axis=0) & (known | ~there).all(axis=0)
    total: Series = np.where(whole, np.where(known, np.array(parts), 0.0).sum(axis=0), np.nan)
    return total


def table(
    venue: str, times: Instants, coins: Mapping[str, Mapping[str, Series]], step: timedelta, said: Mapping[str, str]
) -> pa.Table:
    """The canonical table of these coins' columns; bars of which nothing is known have no row."""
    names = sorted(coins)
    known = np.zeros((len(times), len(names)), np.bool_)
    for j, name in enumerate(names):
        for series in coins[name].values():
            known[:, j] |= np.isfinite(series)
    rows, places = np.nonzero(known)
    data = {
        "time": stored(pa.timestamp("ms", tz="UTC"), times[rows], None),
        "venue": pa.array([venue] * len(rows), pa.string()),
        "symbol": pa.array([names[place] for place in places.tolist()], pa.string()),
    }
    for column in NUMBERS:
        values = np.full(known.shape, np.nan)
        for j, name in enumerate(names):
            if column in coins[name]:
                values[:, j] = coins[name][column]
        picked = values[rows, places]
        data[column] = stored(pa.float64(), picked, np.isfinite(picked))
    metadata = {
        "schema": SCHEMA,
        "label": Label.REAL,
        "bar_seconds": f"{step.total_seconds():.0f}",
        "funding": "settled",
    }
    return pa.table(data, metadata={_PREFIX + key: text for key, text in {**metadata, **said}.items()})


def stored(
    kind: pa.DataType,
    values: Instants | Series | Matrix,
    known: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | None",
) -> pa.Array:
    """The values as they lie in memory, null where not known: pyarrow's own way from numpy imports pandas."""
    mask = None if known is None else pa.py_buffer(np.packbits(known, bitorder="little").tobytes())
    return pa.Array.from_buffers(kind, len(values), [mask, pa.py_buffer(np.ascontiguousarray(values).tobytes())])


def write(path: Path, of: pa.Table) -> None:
    """Put the file there as a whole, in place of the one that was there."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            parquet.write_table(of, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def said_by(path: Path) -> Mapping[str, str]:
    """What a file says of itself; nothing where it is none that can be read."""
    try:
        raw = parquet.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError):
        return {}
    texts = {key.decode(errors="replace"): text.decode(errors="replace") for key, text in raw.items()}
    return {key.removeprefix(_PREFIX): text for key, text in texts.items() if key.startswith(_PREFIX)}


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
