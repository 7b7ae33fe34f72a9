"""`perpwatch history`: the public past of one venue as recordings, one for each UTC day; stopped, it goes on later."""

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import numpy as np

from adapters.venues import writing
from adapters.venues.base import Refused, Span, Unavailable, Venue
from adapters.venues.lookback import Patience
from adapters.venues.recording import COLUMNS
from adapters.venues.table import RATE
from bot.past import FIRST, METRICS, STEPS, BadRequest, Shown, Wanted, chosen, named
from bot.phrases import METRICS as CALLED
from bot.phrases import venue as venue_called
from signals.model import Instrument, Metric
from signals.panel import Instants, Series

SETTLES = timedelta(minutes=15)
"""How long after its end a bar may be asked for: statistics come some minutes late."""

BARS = 1000
"""Bars of a coin that are asked for together: about what one call brings."""

_DAY = timedelta(days=1)
_UNFINISHED = ".unfinished"


@dataclass
class _Found:
    """What was found of one metric: per coin the first bar, and how many of the bars since then."""

    first: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)


class History:
    """One run: asks for what is not there yet, oldest first, and writes each day when it is whole."""

    def __init__(self, venue: Venue, wanted: Wanted, clock: Callable[[], datetime], shown: Shown) -> None:
        self._venue = venue
        self._wanted = wanted
        self._shown = shown
        self._patience = Patience(clock, shown.waits)
        self._until = _floor(clock() - SETTLES, wanted.step)
        self._metrics = tuple(metric for name in wanted.metrics for metric in METRICS[name])
        self._found = {metric: _Found() for metric in self._metrics}
        self._step = next(name for name, step in STEPS.items() if step == wanted.step)

    async def run(self) -> Sequence[str]:
        """Write what is missing; returns what could not be had, one sentence each. Raises BadRequest."""
        try:
            return await self._run()
        except Unavailable as error:
            raise BadRequest(
                f"{venue_called(self._wanted.venue)} does not answer ({error}). Run the same command again to go on."
            ) from None
        except Refused as error:
            raise BadRequest(f"{error}. What was written stays.") from None
        except OSError as error:
            raise BadRequest(
                f"{self._wanted.folder} cannot be written: {error.strerror or error}. Choose another --out folder."
            ) from None

    async def _run(self) -> Sequence[str]:
        coins = self._contracts(await self._patience.ask(self._venue.instruments))
        self._wanted.folder.mkdir(parents=True, exist_ok=True)
        blocks = list(_blocks([day for day in self._days() if not self._is_there(day)], self._wanted.step, self._until))
        self._shown.begin(len(blocks) * len(coins))
        for block in blocks:
            await self._fetch(block, coins)
        shutil.rmtree(self._wanted.folder / _UNFINISHED, ignore_errors=True)
        return list(self._lacking())

    def _contracts(self, instruments: Sequence[Instrument]) -> Mapping[str, Sequence[Instrument]]:
        listed = sorted({of.coin for of in instruments})
        if not listed:
            raise BadRequest(f"{venue_called(self._wanted.venue)} lists no perpetuals now. Try again later.")
        wanted = chosen("--coins", ",".join(self._wanted.coins), listed) if self._wanted.coins else listed
        return writing.by_name([of for of in instruments if of.coin in wanted])

    def _days(self) -> Iterator[datetime]:
        day = self._wanted.since
        while day < self._until:
            yield day
            day += _DAY

    def _path(self, day: datetime) -> Path:
        return self._wanted.folder / f"{self._wanted.venue}-{self._step}-{day:%Y-%m-%d}.parquet"

    def _is_there(self, day: datetime) -> bool:
        """Whether the whole day was written. Raises BadRequest where something else was."""
        path = self._path(day)
        said = writing.said_by(path) if path.exists() else {}
        if said and said.get("asked") != self._asked:
            raise BadRequest(
                f"{path} holds other coins or metrics ({said.get('asked', 'unknown')}). Choose another --out folder."
            )
        return said.get("until") == _stamp(day + _DAY)

    @property
    def _asked(self) -> str:
        return f"{','.join(sorted(self._wanted.metrics))} of {','.join(sorted(self._wanted.coins)) or 'all coins'}"

    async def _fetch(self, block: "_Block", coins: Mapping[str, Sequence[Instrument]]) -> None:
        """Ask for every coin, keep each answer until all are there, and write the days."""
        spool = _Spool(self._wanted.folder / _UNFINISHED / block.key(self._asked))
        found: dict[str, Mapping[str, Series]] = {}
        for name, contracts in coins.items():
            kept = spool.load(name)
            found[name] = kept if kept is not None else await self._ask(block, contracts)
            if kept is None:
                spool.save(name, found[name])
            self._count(block, name, found[name])
            self._shown.done(f"{name} {block.span.start:%Y-%m-%d} to {block.span.end:%Y-%m-%d}")
        for day in block.days:
            self._write(block, day, found)
        spool.clear()

    async def _ask(self, block: "_Block", contracts: Sequence[Instrument]) -> Mapping[str, Series]:
        times, parts = block.times, []
        for of in contracts:
            seen = []
            for metric in self._metrics:
                late = writing.LATE if metric is Metric.FUNDING_SETTLED else timedelta(0)
                span = Span(block.span.start, block.span.end + late)
                seen += await self._patience.look_back(self._venue, of, metric, span, block.step)
            parts.append(writing.columns(of, seen, times, block.step))
        return writing.together(parts)

    def _write(self, block: "_Block", day: datetime, found: Mapping[str, Mapping[str, Series]]) -> None:
        rows = block.rows(day)
        cut = {name: {column: series[rows] for column, series in of.items()} for name, of in found.items()}
        said = {
            "source": f"{venue_called(self._wanted.venue)}, its public history",
            "asked": self._asked,
            "until": _stamp(min(day + _DAY, block.span.end)),
        }
        made = writing.table(self._wanted.venue, block.times[rows], cut, block.step, said)
        if made.num_rows:
            writing.write(self._path(day), made)
            self._shown.wrote(self._path(day))

    def _count(self, block: "_Block", name: str, of: Mapping[str, Series]) -> None:
        for metric, found in self._found.items():
            found.asked.add(name)
            series = of.get(_column(metric))
            known = np.flatnonzero(np.isfinite(series)) if series is not None else np.empty(0, np.int64)
            if len(known):
                found.first.setdefault(name, int(block.times[known[0]]))
                found.known[name] = found.known.get(name, 0) + len(known)

    def _lacking(self) -> Iterator[str]:
        name = venue_called(self._wanted.venue)
        for metric, found in self._found.items():
            called, nothing = CALLED[metric], sorted(found.asked - set(found.first))
            if not found.asked:
                continue
            if not found.first:
                yield f"{called}: not kept by {name} in steps of {self._step}"
                continue
            first = datetime.fromtimestamp(min(found.first.values()) / 1000, UTC)
            if first > self._wanted.since + _DAY:
                yield f"{called}: only since {first:%Y-%m-%d %H:%M} UTC; {name} gave nothing older"
            if nothing:
                yield f"{called}: nothing of {named(nothing)}"


@dataclass(frozen=True, slots=True)
class _Block:
    """Days that lie side by side and are asked for together."""

    days: tuple[datetime, ...]
    step: timedelta
    until: datetime

    @property
    def span(self) -> Span:
        return Span(self.days[0], min(self.days[-1] + _DAY, self.until))

    @property
    def times(self) -> Instants:
        return writing.ends(self.span, self.step)

    def rows(self, day: datetime) -> slice:
        start = (day - self.days[0]) // self.step
        return slice(start, start + _DAY // self.step)

    def key(self, asked: str) -> str:
        """A name for what is asked for: another question finds no answers of this one."""
        words = f"{self.span.start} {self.span.end} {self.step} {asked}"
        return sha256(words.encode()).hexdigest()[:16]


def _blocks(days: Sequence[datetime], step: timedelta, until: datetime) -> Iterator[_Block]:
    """Days in the order to be asked for; the boundaries are those of any other run, and today comes alone and last."""
    many = max(1, BARS * step // _DAY)
    whole = [day for day in days if day + _DAY <= until]
    neighbours = groupby(enumerate(whole), lambda one: (one[1] - one[0] * _DAY, one[1].toordinal() // many))
    for _, group in neighbours:
        yield _Block(tuple(day for _, day in group), step, until)
    for day in days[len(whole) :]:
        yield _Block((day,), step, until)


class _Spool:
    """Answers of a block that is not complete yet, one file a coin."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, name: str) -> Mapping[str, Series] | None:
        """The coin's columns; None where they are not there, or not whole."""
        try:
            with np.load(self._path(name), allow_pickle=False) as kept:
                return {column: kept[column] for column in kept.files}
        except (OSError, ValueError, zipfile.BadZipFile):
            return None

    def save(self, name: str, of: Mapping[str, Series]) -> None:
        """Keep the coin's columns."""
        self._folder.mkdir(parents=True, exist_ok=True)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for column, series in of.items():
                with archive.open(f"{column}.npy", "w") as file:
                    np.lib.format.write_array(file, series, allow_pickle=False)
        part = self._path(name).with_suffix(".part")
        part.write_bytes(packed.getvalue())
        part.replace(self._path(name))

    def clear(self) -> None:
        """The block is written: nothing needs to be kept."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name.encode().hex()}.npz"


def _column(metric: Metric) -> str:
    return RATE if metric is Metric.FUNDING_SETTLED else COLUMNS[metric]


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%MZ}"


def _floor(at: datetime, step: timedelta) -> datetime:
    return FIRST + (at - FIRST) // step * step
