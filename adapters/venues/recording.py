"""A recorded market: a canonical Parquet file, played as venues or frame by frame, both from the same rows."""

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from adapters.venues.base import Batch, Cost, Feed, Label, Quality, Rejected, Scope, Span
from adapters.venues.rounds import Rounds
from adapters.venues.silence import Silence
from adapters.venues.table import INTERVAL, RATE, Table
from signals.lone import Sheets
from signals.model import AGGREGATORS, Gap, Instrument, Kind, Liquidation, Metric, Observation, Pulse
from signals.panel import Instants, Panel, Series, from_ms, to_ms
from signals.units import canonical, eight_hourly

COLUMNS: Mapping[Metric, str] = {
    Metric.PRICE: "price",
    Metric.OI_LEVEL: "open_interest",
    Metric.LS: "long_short_accounts",
    Metric.LS_TOP: "long_short_top_accounts",
    Metric.LS_POS: "long_short_top_positions",
    Metric.LIQ_LONG: "liquidated_long_usd",
    Metric.LIQ_SHORT: "liquidated_short_usd",
    Metric.VOLUME: "futures_volume_usd",
    Metric.VOLUME_SPOT: "spot_volume_usd",
    Metric.TAKER_BUY: "taker_buy_usd",
    Metric.TAKER_SELL: "taker_sell_usd",
}
"""Open interest in dollars is left out: coins are never derived from it here."""

FLOORS = frozenset({Metric.LIQ_LONG, Metric.LIQ_SHORT})
"""Streams of liquidations are samples, so their sums are at least the numbers in the file."""

RATES = frozenset({Metric.FUNDING, Metric.FUNDING_SETTLED})

_DAY = timedelta(days=1)
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Frame:
    """One moment of a recording; `instruments` is None where they are those of the frame before."""

    at: datetime
    instruments: tuple[Instrument, ...] | None
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class _Contract:
    """One venue's symbol and the coins that one unit of it stands for."""

    venue: str
    symbol: str
    coin: str
    multiplier: float


class Recording:
    """A market from a file. It has a moment for every bar between its first and its last row, holes included."""

    settles = timedelta(0)
    waits = True

    def __init__(self, path: Path, table: Table, span: tuple[datetime, datetime] | None = None) -> None:
        self.path = path
        self.start, self.end = span or (from_ms(int(table.times[0])), from_ms(int(table.times[-1])))
        """The times of its first and its last row."""
        self._table = table
        self._contracts, self._of_row = _contracts(table)
        self._values = _values(table, self._multipliers())
        self._first, self._until = _offered(table, self._values, self._of_row, len(self._contracts))
        self._seen_at = lru_cache(maxsize=1)(self._observations)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def source(self) -> str:
        """Where the file says that it comes from."""
        return self._table.source

    @property
    def coins(self) -> Sequence[str]:
        """Every coin of the file, sorted."""
        return sorted({contract.coin for contract in self._contracts})

    @property
    def step(self) -> timedelta:
        """The length of its bars."""
        return self._table.step

    @property
    def label(self) -> Label:
        """REAL or SIMULATED, as the file says."""
        return self._table.label

    def times(self) -> Sequence[datetime]:
        """Every moment from the first row to the last, also those without rows."""
        return [self.start + self.step * n for n in range((self.end - self.start) // self.step + 1)]

    def frames(self, start: datetime | None, end: datetime | None) -> Iterator[Frame]:
        """Every moment from `start` to `end`, both included; None means the recording's own."""
        before: npt.NDArray[np.bool_] | None = None
        for at in self.times():
            if (start is not None and at < start) or (end is not None and at > end):
                continue
            offers = self._offers(to_ms(at))
            same = before is not None and np.array_equal(offers, before)
            before = offers
            yield Frame(at, None if same else self._instruments(offers), self._seen_at(at))

    def venues(self, clock: Callable[[], datetime]) -> Sequence["RecordedVenue"]:
        """Its venues, sorted by name."""
        return [RecordedVenue(name, self, clock) for name in self._table.venue.known]

    def watch(self, clock: Callable[[], datetime]) -> Rounds:
        """Ask them all at each moment."""
        return Rounds(self.venues(clock))

    def past(self) -> Sequence[Panel]:
        """Nothing is known from before a recording."""
        return ()

    def instruments(self, at: datetime) -> Sequence[Instrument]:
        """Who should answer at that moment, sorted by venue and symbol.

        A metric is offered from its first value in the file until its last one is not fresh any more: a hole is
        missing data, but what had not begun, or had ended for good, was never promised. Only this list looks
        ahead to the last value; no value does.
        """
        return self._instruments(self._offers(to_ms(at)))

    def observations(self, at: datetime) -> Sequence[Observation]:
        """What became known exactly at that moment."""
        return self._seen_at(at)

    def metrics(self, venue: str) -> frozenset[Metric]:
        """What the venue offers at any time of the file."""
        own = [n for n, contract in enumerate(self._contracts) if contract.venue == venue]
        ever = self._first[own] <= self._until[own]
        return frozenset(metric for column, metric in enumerate(self._values) if ever[:, column].any())

    def of(self, coins: Collection[str]) -> "Recording":
        """The same market as if it had these coins alone; its moments are the same."""
        wanted = np.array([contract.coin in coins for contract in self._contracts], np.bool_)
        return Recording(self.path, self._table.rows(wanted[self._of_row]), (self.start, self.end))

    def sheets(self) -> Sheets:
        """What those contracts said that tell of their coin alone, at every moment."""
        coins = [contract.coin for contract in self._contracts]
        lone = [n for n, coin in enumerate(coins) if coins.count(coin) == 1]
        column = np.full(len(coins), -1)
        column[lone] = np.arange(len(lone))
        times = np.arange(to_ms(self.start), to_ms(self.end) + 1, self.step // timedelta(milliseconds=1))
        row, place = np.searchsorted(times, self._table.times), column[self._of_row]
        told = place >= 0

        def sheet(values: Series) -> Series:
            series = np.full((len(times), len(lone)), np.nan)
            series[row[told], place[told]] = values[told]
            return series

        return Sheets(
            times.astype(np.int64),
            tuple(coins[n] for n in lone),
            tuple(self._contracts[n].venue for n in lone),
            self.step,
            {metric: sheet(values) for metric, values in self._values.items()},
            {Metric.FUNDING_SETTLED: sheet(self._table.numbers[INTERVAL] * _HOUR_MS)},
        )

    def refused(self, at: datetime) -> Sequence[tuple[str, Rejected]]:
        """The funding rates of that moment that are unusable without their interval, by venue."""
        rows = self._rows(at)
        rates, hours = (self._table.numbers[name][rows] for name in (RATE, INTERVAL))
        lost = np.flatnonzero(np.isfinite(rates) & np.isnan(hours)) + rows.start
        contracts = [self._contracts[self._of_row[row]] for row in lost.tolist()]
        return [(contract.venue, Rejected(contract.symbol, "no-interval")) for contract in contracts]

    def _multipliers(self) -> Series:
        return np.array([contract.multiplier for contract in self._contracts])[self._of_row]

    def _rows(self, at: datetime) -> slice:
        ms = to_ms(at)
        start, stop = np.searchsorted(self._table.times, [ms, ms + 1])
        return slice(int(start), int(stop))

    def _offers(self, ms: int) -> npt.NDArray[np.bool_]:
        offers: npt.NDArray[np.bool_] = (self._first <= ms) & (ms <= self._until)
        return offers

    def _instruments(self, offers: npt.NDArray[np.bool_]) -> tuple[Instrument, ...]:
        metrics = tuple(self._values)
        listed = []
        for number in np.flatnonzero(offers.any(axis=1)).tolist():
            one = self._contracts[number]
            own = frozenset(metrics[column] for column in np.flatnonzero(offers[number]).tolist())
            listed.append(Instrument(one.venue, one.symbol, one.coin, one.multiplier, own))
        return tuple(listed)

    def _observations(self, at: datetime) -> tuple[Observation, ...]:
        rows = self._rows(at)
        return tuple(
            self._observation(metric, rows.start + offset, at)
            for metric, values in self._values.items()
            for offset in np.flatnonzero(np.isfinite(values[rows])).tolist()
        )

    def _observation(self, metric: Metric, row: int, at: datetime) -> Observation:
        one = self._contracts[self._of_row[row]]
        is_print = metric is Metric.FUNDING_SETTLED
        hours = float(self._table.numbers[INTERVAL][row]) if metric in RATES else None
        interval = timedelta(hours=hours) if hours is not None and is_print else timedelta(0)
        return Observation(
            metric=metric,
            venue=one.venue,
            symbol=one.symbol,
            coin=one.coin,
            value=float(self._values[metric][row]),
            at=at,
            received=at,
            fresh_for=interval,
            span=self.step if metric.kind is Kind.SUM else timedelta(0),
            interval_h=hours,
            next_at=at + interval if is_print else None,
            rate=float(self._table.numbers[RATE][row]) if metric in RATES else None,
            floor=metric in FLOORS,
        )


class RecordedVenue:
    """One venue of a recording: it answers with the rows of the very moment that the clock shows."""

    def __init__(self, name: str, recording: Recording, clock: Callable[[], datetime]) -> None:
        self._recording = recording
        self._clock = clock
        self.name = name
        self.label = recording.label
        self.quality = Quality.BRONZE
        self.feeds = (Feed("rows", recording.metrics(name), recording.step, Cost("file", 0), Scope.BULK),)

    async def instruments(self) -> Sequence[Instrument]:
        """Who should answer at this moment; see Recording.instruments."""
        return [i for i in self._recording.instruments(self._clock()) if i.venue == self.name]

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        """The rows of this moment; empty in a hole."""
        del of
        at = self._clock()
        seen = tuple(o for o in self._recording.observations(at) if o.venue == self.name)
        refused = tuple(row for venue, row in self._recording.refused(at) if venue == self.name)
        return Batch(self.name, feed.name, seen, refused)

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        """None: a recording keeps their sums."""
        del of
        return Silence()

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        """None: a recording is played, not looked up."""
        del instrument, metric, span, step
        return Silence()


def open_recording(path: Path) -> Recording:
    """The recording in a file; raises BadRecording with a sentence that names the cure."""
    from adapters.venues.canonical import read  # noqa: PLC0415 - it loads pyarrow, which only recordings need

    return Recording(path, read(path))


def _contracts(table: Table) -> tuple[Sequence[_Contract], npt.NDArray[np.int64]]:
    """Every instrument of the file, sorted by venue and symbol, and which one each row is about."""
    symbols = len(table.symbol.known)
    found, of_row = np.unique(table.venue.codes * symbols + table.symbol.codes, return_inverse=True)
    names = [(table.venue.known[n // symbols], table.symbol.known[n % symbols]) for n in found.tolist()]
    return [_Contract(venue, symbol, *canonical(venue, symbol)) for venue, symbol in names], of_row


def _values(table: Table, multipliers: Series) -> Mapping[Metric, Series]:
    """Each metric's values by row, in its own unit and per coin; NaN where the row says nothing."""
    values = {metric: table.numbers[column] for metric, column in COLUMNS.items()}
    values[Metric.PRICE] = values[Metric.PRICE] / multipliers
    values[Metric.OI_LEVEL] = values[Metric.OI_LEVEL] * multipliers
    running = _is_running(table)
    rates = eight_hourly(table.numbers[RATE], table.numbers[INTERVAL])
    values[Metric.FUNDING] = np.where(running, rates, np.nan)
    values[Metric.FUNDING_SETTLED] = np.where(running, np.nan, rates)
    return {metric: column for metric, column in values.items() if np.isfinite(column).any()}


def _is_running(table: Table) -> npt.NDArray[np.bool_]:
    """Which rows hold the running rate of their moment: a vendor's mean, daily snapshots, and files that say so."""
    vendor = np.array([name in AGGREGATORS for name in table.venue.known])[table.venue.codes]
    running: npt.NDArray[np.bool_] = vendor | (table.step >= _DAY if table.running is None else table.running)
    return running


def _offered(
    table: Table, values: Mapping[Metric, Series], of_row: npt.NDArray[np.int64], contracts: int
) -> tuple[Instants, Instants]:
    """By contract and metric the time of the first value, and until when the last one may be used."""
    first = np.full((contracts, len(values)), np.iinfo(np.int64).max)
    until = np.full((contracts, len(values)), np.iinfo(np.int64).min)
    for column, (metric, series) in enumerate(values.items()):
        rows = np.flatnonzero(np.isfinite(series))
        fresh = table.numbers[INTERVAL][rows] * _HOUR_MS if metric is Metric.FUNDING_SETTLED else np.zeros(len(rows))
        np.minimum.at(first[:, column], of_row[rows], table.times[rows])
        np.maximum.at(until[:, column], of_row[rows], table.times[rows] + fresh.astype(np.int64))
    return first, until
