"""The archive: a folder with one Parquet file of bars for each day and length, and one of alerts for each day.

A day's file is written whole or not at all, when the day is over, and never again. Bars are kept as they were judged:
one row per bar and coin, one column per metric and per leg, null where unknown.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from adapters.venues.base import BadRecording
from adapters.venues.canonical import plain
from adapters.venues.writing import said_by, stored, write
from signals.event import Event
from signals.model import Metric
from signals.panel import Matrix, Panel, stack, to_ms
from signals.rules.notes import cut
from signals.units import duration

DAY = timedelta(days=1)
ALERTS = "alerts"

_FORM = "1"
_PREFIX = "perpwatch."
_LEG = "@"
_NAMED = re.compile(r"(alerts|bars-[0-9a-z]+)-(\d{4}-\d{2}-\d{2})\.parquet", re.ASCII)
_METRICS = {metric.value: metric for metric in Metric}
_MS = timedelta(milliseconds=1)


def kind_of(step: timedelta) -> str:
    """What files of bars of that length begin with: `bars-1h`."""
    return f"bars-{duration(step).replace(' ', '')}"


def path_of(folder: Path, kind: str, day: datetime) -> Path:
    """The file of a day; its name is made of what it is and when alone."""
    return folder / f"{kind}-{day:%Y-%m-%d}.parquet"


def days_of(folder: Path, kind: str) -> Sequence[datetime]:
    """The days that are there, oldest first."""
    found = [named for path in folder.glob("*.parquet") if (named := _NAMED.fullmatch(path.name))]
    return sorted(datetime.fromisoformat(named[2]).replace(tzinfo=UTC) for named in found if named[1] == kind)


def write_bars(folder: Path, day: datetime, bars: Panel, label: str) -> Path:
    """Put the bars of a day there."""
    bars = bars.of(tuple(sorted(bars.coins)))
    known_ones = {_column(*slot): matrix for slot, matrix in bars.slots() if np.isfinite(matrix).any()}
    slots = dict(sorted(known_ones.items()))
    known = np.zeros(bars.shape, np.bool_)
    for matrix in slots.values():
        known |= np.isfinite(matrix)
    rows, columns = np.nonzero(known)
    data = {
        "time": stored(pa.timestamp("ms", tz="UTC"), bars.times[rows], None),
        "coin": pa.array([bars.coins[column] for column in columns.tolist()], pa.string()),
        **{name: _numbers(matrix[rows, columns]) for name, matrix in slots.items()},
    }
    said = {"bar_seconds": f"{bars.step.total_seconds():.0f}", "label": label, "coins": json.dumps(list(bars.coins))}
    return _write(path_of(folder, kind_of(bars.step), day), data, said)


def write_alerts(folder: Path, day: datetime, events: Sequence[Event], label: str) -> Path:
    """Put the alerts of a day there: what was said of the market, and nothing about who had asked for it.

    Rules of several people that say the same are one.
    """
    told = sorted({(e.at, e.coin, cut(e.sentence).sentence.strip(), str(e.change)): e for e in events}.items())
    when = pa.timestamp("ms", tz="UTC")
    data = {
        "time": pa.array([e.at for _, e in told], when),
        "coin": pa.array([e.coin for _, e in told], pa.string()),
        "rule": pa.array([sentence for (_, _, sentence, _), _ in told], pa.string()),
        "change": pa.array([str(e.change) for _, e in told], pa.string()),
        "fired": pa.array([e.fired_at for _, e in told], when),
        "value": pa.array([e.value for _, e in told], pa.float64()),
        "line": pa.array([e.line for _, e in told], pa.float64()),
        "unit": pa.array([str(e.unit) for _, e in told], pa.string()),
        "venues": pa.array([",".join(e.venues) for _, e in told], pa.string()),
        "coverage": pa.array([e.coverage for _, e in told], pa.float64()),
        "trust": pa.array([e.trust for _, e in told], pa.string()),
    }
    return _write(path_of(folder, ALERTS, day), data, {"label": label})


def _write(path: Path, data: Mapping[str, pa.Array], said: Mapping[str, str]) -> Path:
    metadata = {_PREFIX + key: text for key, text in {"archive": _FORM, **said}.items()}
    write(path, pa.table(dict(data), metadata=metadata))
    return path


def _numbers(values: Matrix) -> pa.Array:
    return stored(pa.float32(), values, np.isfinite(values))


def _column(metric: Metric, venue: str | None) -> str:
    return metric.value if venue is None else f"{metric.value}{_LEG}{venue}"


@dataclass(frozen=True, slots=True)
class Shelf:
    """What an archive holds: its label, its coins and venues, and by length of bars the files, oldest first."""

    folder: Path
    label: str
    coins: Sequence[str]
    venues: Sequence[str]
    files: Mapping[timedelta, Sequence[Path]]

    def bars(self, step: timedelta, metrics: Collection[Metric], coins: Collection[str]) -> Panel:
        """The bars of that length, with just those metrics and their legs, and of just those coins."""
        return stack((_read(path, step, metrics, coins) for path in self.files[step]), step, _ALL)


_ALL = 100_000_000
"""Rows: more than any archive has."""


def look(folder: Path) -> Shelf:
    """What the archive in that folder holds. Raises BadRecording where it is none."""
    files: dict[timedelta, list[Path]] = {}
    labels, coins, venues = set[str](), set[str](), set[str]()
    for path in sorted(folder.glob("bars-*.parquet")):
        if _NAMED.fullmatch(path.name) is None:
            continue
        said = said_by(path)
        if said.get("archive") != _FORM:
            raise BadRecording(f"{path} is no file of an archive, or it is damaged. Take it out of the folder.")
        files.setdefault(timedelta(seconds=int(said["bar_seconds"])), []).append(path)
        labels.add(said["label"])
        coins |= set(json.loads(said["coins"]))
        venues |= {venue for _, venue in _slots(path) if venue is not None}
    if not files:
        raise BadRecording(f"{folder} holds no archive. Name a recording, or a folder that perpwatch archive wrote.")
    if len(labels) > 1:
        raise BadRecording(f"{folder} holds {' and '.join(sorted(labels))} bars. Keep each market in its own folder.")
    return Shelf(folder, labels.pop(), sorted(coins), sorted(venues), dict(sorted(files.items())))


def _slots(path: Path) -> Iterator[tuple[Metric, str | None]]:
    for name in parquet.read_schema(path).names:
        metric, _, venue = name.partition(_LEG)
        if metric in _METRICS:
            yield _METRICS[metric], venue or None


def _read(path: Path, step: timedelta, metrics: Collection[Metric], coins: Collection[str]) -> Panel:
    slots = [slot for slot in _slots(path) if slot[0] in metrics]
    table = parquet.ParquetFile(path).read(["time", "coin", *(_column(*slot) for slot in slots)])
    encoded = table.column("coin").combine_chunks().dictionary_encode()
    names: list[str] = [name.as_py() for name in encoded.dictionary]
    wanted = np.array([name in coins for name in names], np.bool_)
    code = plain(encoded.indices).astype(np.int64)
    kept = wanted[code]
    at = plain(table.column("time").cast(pa.int64()).combine_chunks()).astype(np.int64)[kept]
    if not len(at):
        return Panel(np.empty(0, np.int64), (), step, {})
    times = np.arange(at.min(), at.max() + 1, step // _MS, dtype=np.int64)
    place = (np.searchsorted(times, at), (np.cumsum(wanted) - 1)[code[kept]])
    whole: dict[Metric, Matrix] = {}
    legs: dict[Metric, dict[str, Matrix]] = {}
    for metric, venue in slots:
        column = table.column(_column(metric, venue)).combine_chunks()
        known = plain(column.is_valid().cast(pa.uint8())) == 1
        matrix = np.full((len(times), int(wanted.sum())), np.nan, np.float32)
        matrix[place] = np.where(known, plain(column), np.nan)[kept]
        if venue is None:
            whole[metric] = matrix
        else:
            legs.setdefault(metric, {})[venue] = matrix
    chosen = tuple(name for name, is_wanted in zip(names, wanted.tolist(), strict=True) if is_wanted)
    return Panel(times, chosen, step, whole, legs)


def part_of(bars: Panel, day: datetime) -> Panel:
    """The bars that end within that day, or at its end."""
    start, stop = np.searchsorted(bars.times, [to_ms(day), to_ms(day + DAY)], side="right")
    return bars.rows(int(start), int(stop))
