"""Cells: every judged number of one moment, computed when it is asked for and then kept.

Levels come from the moment's readings in full precision; moves, sums, ratios and scores come from bars. By a yardstick
all of them are as precise as bars, because their past is.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from math import isfinite, nan

import numpy as np

from signals.aggregate import Cycle, Reading, Weighing, combine, is_fresh
from signals.base import Signal
from signals.glance import Glance, Row
from signals.lacks import Lack, Why, never
from signals.model import ALL, ROLLING, Cell, Fact, Kind, Metric, Observation, Yardstick
from signals.numbers import DAY, HOUR, LEVEL, SUMS, Number, bars_of, level, needs, number_of, values
from signals.panel import ENOUGH, Marks, Panel, Series, from_ms, to_ms
from signals.trust import Grade, grade, structure, structures
from signals.units import yearly
from signals.yardsticks import Measured, Memory, baseline_of, measure


class Vectors:
    """What is computed from one panel over all coins, each once; `rows` as in features: 1 live, None in replay.

    Bars that end by `past` may have been filled in afterwards: windows reach into them, but none that ends there is
    judged. `memory` carries what is known of the past from one moment to the next.
    """

    def __init__(
        self,
        panel: Panel,
        signals: Sequence[Signal],
        rows: int | None,
        past: datetime | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.memory = memory or Memory()
        self.panel = panel.keeping(self.memory.kept) if rows == 1 else panel
        self.signals = {signal.name: signal for signal in signals}
        self._rows = rows
        self._past = past
        self.columns = {coin: column for column, coin in enumerate(panel.coins)}
        self._known: dict[tuple[Number, Yardstick], tuple[Panel, Series]] = {}
        self._rows_at: dict[tuple[Number, Yardstick], Row] = {}
        self._holes: dict[Number, tuple[datetime, Marks]] = {}
        self._structures: tuple[Series, Series] | None = None

    def value(self, cell: Cell, at: datetime) -> tuple[float | None, datetime, timedelta]:
        """The value in the last bar closed by `at`, that bar's end, and the bar's length."""
        row = self.row(number_of(cell), at, cell.yardstick)
        column = self.columns.get(cell.coin)
        if row.values is None or column is None:
            return None, at, row.step
        value = row.values[column]
        return (value if isfinite(value) else None), row.end, row.step

    def row(self, number: Number, at: datetime, yardstick: Yardstick = Yardstick.VALUE) -> Row:
        """The number of all coins in the last bar closed by `at`."""
        key = (number, yardstick)
        if (row := self._rows_at.get(key)) is None or row.at != at:
            row = self._rows_at[key] = self._row(*key, at)
        return row

    def recall(self, glance: Glance) -> None:
        """Take over what was computed when somebody looked at a moment."""
        self._rows_at = {(Number(*over), Yardstick.VALUE): row for over, row in glance.rows.items()}
        self._holes = {Number(*over): (glance.at, marks) for over, marks in glance.holes.items()}
        self._structures = glance.ratio, glance.rank

    def structures(self) -> tuple[Series, Series]:
        """Each coin's ratio of spot to futures volume, and its rank, at the end of the last hour."""
        hours = self.panel.at(HOUR)
        ratio, rank = self.memory.kept.told("structures", hours.times, hours.coins, lambda: structures(hours))
        return ratio, rank

    def structure(self, coin: str, at: datetime) -> tuple[float, float]:
        """The same of one coin at `at`, unknown of a coin that no bar has seen."""
        known, column = self._structures, self.columns.get(coin)
        if column is None:
            return nan, nan
        if known is None:
            known, column = structures(self.panel.at(HOUR).known_by(to_ms(at)).only(column)), 0
        return float(known[0][column]), float(known[1][column])

    def held_against(self, number: Number, yardstick: Yardstick, row: Series, at: datetime) -> Series:
        """What one row of values is by the yardstick, at the end of the last bar closed by `at`; a level at `at`."""
        bars = bars_of(self.panel, number, self.signals).known_by(to_ms(at))
        if not len(bars.times):
            return np.full(len(row), np.nan)
        end = to_ms(at) if number.window == LEVEL and number.name not in self.signals else int(bars.times[-1])
        of = Measured(number, np.array([end], np.int64), row[np.newaxis], bars)
        measured: Series = measure(yardstick, of, self.panel, self.signals, self.memory)[0]
        return measured

    def has_holes(self, cell: Cell, at: datetime) -> bool:
        """Whether a sum over the cell's window that ends by `at` lacks a bar, and so is a floor."""
        return bool(self.holes(number_of(cell), at)[self.columns[cell.coin]])

    def holes(self, number: Number, at: datetime) -> Marks:
        """The same of all coins."""
        if (known := self._holes.get(number)) is None or known[0] != at:
            bars = bars_of(self.panel, number, self.signals)
            stop = int(np.searchsorted(bars.times, to_ms(at), side="right"))
            window = slice(max(0, stop - bars.bars(number.window)), stop)
            lacks = np.any([np.isnan(bars[metric][window]).any(axis=0) for metric in SUMS[number.name]], axis=0)
            known = self._holes[number] = (at, lacks)
        return known[1]

    def history(self, cell: Cell, at: datetime) -> Lack | None:
        """What past of its window or its yardstick the cell needs and has, where that is too little."""
        number, column = number_of(cell), self.columns.get(cell.coin)
        bars = bars_of(self.panel, number, self.signals).known_by(to_ms(at))
        reach = timedelta(0)
        if column is not None and len(bars.times):
            known = np.any([np.isfinite(bars[metric][:, column]) for metric in needs(number, self.signals)], axis=0)
            reach = at - from_ms(int(bars.times[int(np.argmax(known))])) + bars.step if known.any() else reach
        if reach < ENOUGH * number.window:
            return Lack(Why.HISTORY, number.window, reach)
        if cell.yardstick is Yardstick.VALUE or column is None:
            return None
        of = baseline_of(cell.yardstick, number, self.signals)
        past = self.memory.past(self.panel, number, of, self.signals)
        (stop,) = past.stops(np.array([to_ms(at)], np.int64), None).tolist()
        has = int(np.isfinite(past.window(stop)[:, column]).sum()) * past.step
        return Lack(Why.HISTORY, of.span, has) if has < ENOUGH * of.span else None

    def as_of(self, at: datetime) -> Panel:
        """The panel as it was known at that moment."""
        return self.panel.known_by(to_ms(at))

    def _row(self, number: Number, yardstick: Yardstick, at: datetime) -> Row:
        """The last bar closed by `at` of all coins; without values where it is too old or no news."""
        if (number, yardstick) not in self._known:
            self._known[number, yardstick] = self._compute(number, yardstick)
        bars, series = self._known[number, yardstick]
        row = int(np.searchsorted(bars.times, to_ms(at), side="right")) - 1
        row_in_series = row - (len(bars.times) - len(series))
        end = from_ms(int(bars.times[row])) if row >= 0 else at
        if row < 0 or row_in_series < 0 or at - end >= bars.step:
            return Row(at, at, bars.step, None)
        is_news = self._past is None or end > self._past
        return Row(at, end, bars.step, series[row_in_series].tolist() if is_news else [nan] * series.shape[1])

    def _compute(self, number: Number, yardstick: Yardstick) -> tuple[Panel, Series]:
        if yardstick is Yardstick.VALUE:
            bars = bars_of(self.panel, number, self.signals)
            return bars, values(self.panel, number, self.signals, self._rows)
        if (number, Yardstick.VALUE) not in self._known:
            self._known[number, Yardstick.VALUE] = self._compute(number, Yardstick.VALUE)
        bars, series = self._known[number, Yardstick.VALUE]
        of = Measured(number, bars.times[len(bars.times) - len(series) :], series, bars)
        return bars, measure(yardstick, of, self.panel, self.signals, self.memory)


@dataclass(frozen=True, slots=True)
class Seen:
    """A cell's reading, with the length of the bar on which it stands."""

    reading: Reading
    step: timedelta


class Cells:
    """The cells of one closed moment. `step` is the time between moments."""

    def __init__(self, cycle: Cycle, vectors: Vectors, step: timedelta) -> None:
        self.cycle = cycle
        self._vectors = vectors
        self._step = step
        self._by_venue: dict[tuple[str, str, str], list[Observation]] | None = None
        self._measured: dict[tuple[Number, Yardstick], tuple[Series, Series]] = {}
        self._structures: dict[str, Grade] = {}
        self._evidence: dict[tuple[str, str, timedelta, str], Sequence[Fact]] = {}
        """Many are told of one coin at one moment: it is worked out once."""

    def read(self, cell: Cell) -> Seen:
        """The cell's value with what it rests on; the value is None where it is unknown.

        A sum that misses a venue now, or a bar of its window, is a floor.
        A level that is fresh holds at the moment itself, whenever it was observed; a window ends with its last bar.
        """
        if self._is_from_bars(cell):
            return self._from_bars(cell)
        level = replace(self._level(cell.coin, cell.venue, cell.name), at=self.cycle.at)
        if cell.yardstick is not Yardstick.VALUE:
            value, held = (self._of(row, cell.coin) for row in self._levels_by(number_of(cell), cell.yardstick))
            level = replace(level, value=None if level.value is None else value, held=held)
        return Seen(level, self._step)

    def evidence(self, signal: Signal, coin: str, window: timedelta, side: str) -> Sequence[Fact]:
        """What the signal's score of that coin rests on now."""
        asked = signal.name, coin, window, side
        if asked not in self._evidence:
            self._evidence[asked] = signal.evidence(self.present, coin, window, side)
        return self._evidence[asked]

    def trust(self, coin: str, coverage: float, venues: int) -> Grade:
        """How far the market's structure supports a reading of that coin, on so many venues with that coverage."""
        if coin not in self._structures:
            self._structures[coin] = structure(*self._vectors.structure(coin, self.cycle.at))
        return grade(self._structures[coin], coverage, venues)

    @cached_property
    def present(self) -> Panel:
        """The market's bars as they were known at the moment itself."""
        return self.panel(self.cycle.at)

    def panel(self, at: datetime) -> Panel:
        """The market's bars as they were known at that moment."""
        return self._vectors.as_of(at)

    def known(self, coin: str, metric: Metric) -> Sequence[Observation]:
        """Each instrument's last observation, fresh or not."""
        return self.cycle.told(coin, metric)

    def lack(self, cell: Cell) -> Lack | None:
        """Why the cell is unknown; None where it is known."""
        seen = self.read(cell)
        if seen.reading.value is not None:
            return None
        of = never(number_of(cell), cell.yardstick, self._offered(cell), seen.step, self._vectors.signals)
        return of or self._vectors.history(cell, self.cycle.at) or Lack(Why.SILENT)

    def _offered(self, cell: Cell) -> Collection[Metric]:
        """What the market, or the cell's venue, has told of the coin."""
        if cell.venue == ALL:
            return self.cycle.readings.get(cell.coin, {}).keys()
        return {seen.metric for seen in self.cycle.known if (seen.coin, seen.venue) == (cell.coin, cell.venue)}

    def basis_of(self, cell: Cell) -> Metric:
        """The observed metric that decides which venues and what coverage a cell rests on."""
        signal = self._vectors.signals.get(cell.name)
        basis = signal.basis if signal is not None else _BASIS.get(cell.name) or Metric(cell.name)
        offered = self.cycle.readings.get(cell.coin, {})
        rolls = basis not in offered and ROLLING.get(basis, basis) in offered
        return ROLLING[basis] if rolls else basis

    def _is_from_bars(self, cell: Cell) -> bool:
        return cell.name in self._vectors.signals or cell.window > LEVEL

    def _levels_by(self, number: Number, yardstick: Yardstick) -> tuple[Series, Series]:
        """A level of all coins by the yardstick: what it is, and what it would be had the missing stayed."""
        if (number, yardstick) not in self._measured:
            now, held = self._as_bars(number)
            measured = self._vectors.held_against(number, yardstick, now, self.cycle.at)
            stayed = np.isfinite(held).any()
            by_held = self._vectors.held_against(number, yardstick, held, self.cycle.at) if stayed else held
            self._measured[number, yardstick] = measured, by_held
        return self._measured[number, yardstick]

    def _as_bars(self, number: Number) -> tuple[Series, Series]:
        """A level of all coins, now and held, of parts that are as precise as those of bars."""
        parts = _PARTS.get(number.name) or (Metric(number.name),)
        read = [[self._level(coin, number.venue, part) for part in parts] for coin in self._vectors.columns]
        words = [[[o.value, o.value if o.held is None else o.held] for o in of] for of in read]
        away = np.array([all(o.held is None for o in of) for of in read], np.bool_)
        told = np.array(words, np.float32).reshape(len(read), len(parts), 2)
        now, held = (
            level(number.name, {part: told[np.newaxis, :, i, end] for i, part in enumerate(parts)})[0] for end in (0, 1)
        )
        return now, np.where(away, np.nan, held)

    def _of(self, row: Series, coin: str) -> float | None:
        column = self._vectors.columns.get(coin)
        return float(row[column]) if column is not None and np.isfinite(row[column]) else None

    def _held_by(self, cell: Cell, basis: Metric) -> float | None:
        """A held level from bars by the cell's yardstick: of all coins at once, as they miss a venue together."""
        number = number_of(cell)
        if (number, cell.yardstick) not in self._measured:
            told = [self._held(replace(cell, coin=c), basis, self._reading(c, basis)) for c in self._vectors.columns]
            held = np.array(told, np.float64)
            by = self._vectors.held_against(number, cell.yardstick, held, self.cycle.at)
            self._measured[number, cell.yardstick] = held, by
        return self._of(self._measured[number, cell.yardstick][1], cell.coin)

    def _from_bars(self, cell: Cell) -> Seen:
        value, at, step = self._vectors.value(cell, self.cycle.at)
        value = None if self._misses_a_level(cell) else value
        basis = self.basis_of(cell)
        of = self._reading(cell.coin, basis)
        venues = of.venues if cell.venue == ALL else (cell.venue,)
        held = self._held(cell, basis, of)
        if held is not None and cell.yardstick is not Yardstick.VALUE:
            held = self._held_by(cell, basis)
        seen = replace(of, value=value, at=at, span=cell.window, venues=venues, held=held)
        if cell.name in SUMS and basis.kind is Kind.SUM:
            partial = bool(of.missing) or (value is not None and self._vectors.has_holes(cell, at))
            seen = replace(seen, span=max(cell.window, step), floor=of.floor or partial)
        return Seen(seen, step)

    def _held(self, cell: Cell, basis: Metric, of: Reading) -> float | None:
        """What a level from bars would be had all who are missing stayed at their last word."""
        if cell.window == DAY and cell.name == Metric.RATIO and basis is ROLLING[Metric.VOLUME_SPOT]:
            return self._held_ratio(cell.coin, of)
        signal = self._vectors.signals.get(cell.name)
        is_level = basis in ROLLING.values() if signal is None else signal.unit is basis.unit and not signal.lookback
        return of.held if is_level else None

    def _misses_a_level(self, cell: Cell) -> bool:
        """Whether a score that compares a level with its past lacks a venue: it could move by who is silent alone."""
        signal = self._vectors.signals.get(cell.name)
        if signal is None or not signal.lookback:
            return False
        return any(self._reading(cell.coin, of).held is not None for of in signal.needs & _COMPARED)

    def _held_ratio(self, coin: str, spot: Reading) -> float | None:
        paired = spot.venues + spot.missing
        futures = sum(o.value for o in self.known(coin, ROLLING[Metric.VOLUME]) if o.venue in paired)
        return spot.held / futures if spot.held is not None and futures else None

    def _level(self, coin: str, venue: str, name: str) -> Reading:
        def of(metric: Metric) -> Reading:
            return self._reading(coin, metric) if venue == ALL else self._reading_at(coin, venue, metric)

        match name:
            case Metric.FUNDING_APR:
                funding = of(Metric.FUNDING)
                return replace(funding, value=_yearly(funding.value), held=_yearly(funding.held))
            case Metric.FUNDING_SPREAD:
                return self._spread(coin) if venue == ALL else _nothing(self.cycle.at)
            case Metric.OI_USD:
                return _joined(of(Metric.OI_LEVEL), of(Metric.PRICE), lambda oi, price: oi * price)
            case Metric.BASIS:
                return _joined(of(Metric.INDEX), of(Metric.PRICE), lambda index, mark: (mark - index) / index)
            case _:
                return of(Metric(name))

    def _spread(self, coin: str) -> Reading:
        of = self._reading(coin, Metric.FUNDING)
        rates = [o.value for o in self.known(coin, Metric.FUNDING) if is_fresh(o, self.cycle.at)]
        return replace(
            of, value=max(rates) - min(rates) if of.value is not None and len(rates) > 1 else None, held=None
        )

    def _reading_at(self, coin: str, venue: str, metric: Metric) -> Reading:
        own = self._known_at(coin, venue, metric)
        away = venue in self._reading(coin, metric).missing  # silent, doubted, or not back for long enough
        if not own or away or not all(is_fresh(seen, self.cycle.at) for seen in own):
            return replace(_nothing(self.cycle.at), missing=(venue,))
        interest = {o.symbol: o.value for o in self._known_at(coin, venue, Metric.OI_LEVEL)}
        value, weighing = combine(metric, [o.value for o in own], [interest.get(o.symbol) for o in own])
        floor, span = any(o.floor for o in own), max(o.span for o in own)
        return Reading(value, max(o.at for o in own), (venue,), (), 1.0, weighing, floor, span)

    def _known_at(self, coin: str, venue: str, metric: Metric) -> Sequence[Observation]:
        """The last words of a venue's instruments on a coin."""
        if self._by_venue is None:
            self._by_venue = {}
            for seen in self.cycle.known:
                self._by_venue.setdefault((seen.coin, seen.venue, seen.metric), []).append(seen)
        return self._by_venue.get((coin, venue, metric), ())

    def _reading(self, coin: str, metric: Metric) -> Reading:
        return self.cycle.readings.get(coin, {}).get(metric) or _nothing(self.cycle.at)


_COMPARED = frozenset({Metric.FUNDING, Metric.FUNDING_SETTLED, Metric.LS})
"""Levels over venues that are held against their own past as one series."""

_PARTS: Mapping[str, tuple[Metric, ...]] = {
    Metric.FUNDING_APR: (Metric.FUNDING,),
    Metric.OI_USD: (Metric.OI_LEVEL, Metric.PRICE),
    Metric.BASIS: (Metric.INDEX, Metric.PRICE),
}
"""Of what levels a level is made."""

_BASIS: Mapping[str, Metric] = {
    Metric.OI: Metric.OI_LEVEL,
    Metric.OI_USD: Metric.OI_LEVEL,
    Metric.LIQ: Metric.LIQ_LONG,
    Metric.RATIO: Metric.VOLUME_SPOT,
    Metric.TAKER: Metric.TAKER_BUY,
    Metric.BASIS: Metric.INDEX,
    Metric.FUNDING_APR: Metric.FUNDING,
    Metric.FUNDING_SPREAD: Metric.FUNDING,
}


def _yearly(rate: float | None) -> float | None:
    return None if rate is None else yearly(rate)


def _nothing(at: datetime) -> Reading:
    return Reading(None, at, (), (), 0.0, Weighing.ONE)


def _joined(first: Reading, second: Reading, of: Callable[[float, float], float]) -> Reading:
    known = first.value is not None and second.value is not None
    value = of(first.value or 0.0, second.value or 0.0) if known else None
    ends = [r.value if r.held is None else r.held for r in (first, second)]
    away = known and (first.held is not None or second.held is not None)
    held = of(ends[0] or 0.0, ends[1] or 0.0) if away else None
    missing = first.missing or second.missing
    return replace(first, value=value, missing=missing, coverage=min(first.coverage, second.coverage), held=held)
