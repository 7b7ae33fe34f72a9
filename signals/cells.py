"""Cells: every judged number of one moment, computed when it is asked for and then kept.

Levels come from the moment's readings in full precision; moves, sums, ratios and scores come from bars.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from signals import features
from signals.aggregate import Cycle, Reading, Weighing, combine, is_fresh
from signals.base import Signal
from signals.model import ALL, ROLLING, Cell, Kind, Metric, Observation
from signals.panel import Matrix, Panel, Series, from_ms, to_ms
from signals.units import yearly

_ZERO = timedelta(0)
_DAY = timedelta(days=1)
_SHORTEST, _HOUR = timedelta(minutes=1), timedelta(hours=1)

_SUMS: Mapping[str, tuple[Metric, ...]] = {
    Metric.LIQ: (Metric.LIQ_LONG, Metric.LIQ_SHORT),
    Metric.LIQ_LONG: (Metric.LIQ_LONG,),
    Metric.LIQ_SHORT: (Metric.LIQ_SHORT,),
    Metric.VOLUME: (Metric.VOLUME,),
    Metric.VOLUME_SPOT: (Metric.VOLUME_SPOT,),
}
_VOLUMES: Mapping[str, Metric] = {metric.value: metric for metric in (Metric.VOLUME, Metric.VOLUME_SPOT)}
_MOVES: Mapping[str, Metric] = {Metric.OI: Metric.OI_LEVEL, Metric.PRICE: Metric.PRICE}
_QUOTIENTS: Mapping[str, tuple[Callable[[Panel, timedelta, int | None], Series], Metric]] = {
    Metric.RATIO: (features.ratio, Metric.VOLUME_SPOT),
    Metric.TAKER: (features.taker, Metric.TAKER_BUY),
}


class Vectors:
    """What is computed from one panel over all coins, each once; `rows` as in features: 1 live, None in replay.

    Bars that end by `past` may have been filled in afterwards: windows reach into them, but none that ends there is
    judged.
    """

    def __init__(self, panel: Panel, signals: Sequence[Signal], rows: int | None, past: datetime | None = None) -> None:
        self.panel = panel
        self.signals = {signal.name: signal for signal in signals}
        self._rows = rows
        self._past = past
        self._columns = {coin: column for column, coin in enumerate(panel.coins)}
        self._known: dict[tuple[str, timedelta, str], tuple[Panel, Series]] = {}

    def value(self, cell: Cell, at: datetime) -> tuple[float | None, datetime, timedelta]:
        """The value in the last bar closed by `at`, that bar's end, and the bar's length."""
        key = (cell.name, cell.window, cell.venue)
        if key not in self._known:
            self._known[key] = self._compute(*key)
        bars, series = self._known[key]
        row = int(np.searchsorted(bars.times, to_ms(at), side="right")) - 1
        row_in_series = row - (len(bars.times) - len(series))
        column = self._columns.get(cell.coin) if bars.coins is self.panel.coins else bars.column(cell.coin)
        if row < 0 or row_in_series < 0 or column is None or at - from_ms(int(bars.times[row])) >= bars.step:
            return None, at, bars.step
        end, value = from_ms(int(bars.times[row])), float(series[row_in_series, column])
        is_news = self._past is None or end > self._past
        return (value if is_news and np.isfinite(value) else None), end, bars.step

    def has_holes(self, cell: Cell, at: datetime) -> bool:
        """Whether a sum over the cell's window that ends by `at` lacks a bar, and so is a floor."""
        bars = self._bars(cell.window)
        column = bars.column(cell.coin)
        stop = int(np.searchsorted(bars.times, to_ms(at), side="right"))
        window = slice(max(0, stop - bars.bars(cell.window)), stop)
        return any(np.isnan(bars[metric][window, column]).any() for metric in _SUMS[cell.name])

    def as_of(self, at: datetime) -> Panel:
        """The panel as it was known at that moment."""
        return self.panel.known_by(to_ms(at))

    def _compute(self, name: str, window: timedelta, venue: str) -> tuple[Panel, Series]:
        signal = self.signals.get(name)
        if signal is not None:
            return self.panel.at(signal.step(window)), signal.score(self.panel, window, self._rows)
        bars = self._bars(window)
        if venue != ALL:
            bars = _only(bars, venue)
        if name in _MOVES:
            return bars, features.change(bars, _MOVES[name], window, self._rows, lone=venue != ALL)
        if name in _VOLUMES and venue == ALL:
            return bars, features.volume(bars, _VOLUMES[name], window, self._rows)
        if name in _SUMS and venue == ALL:
            return bars, features.total(bars, _SUMS[name], window, self._rows)
        if name in _QUOTIENTS and venue == ALL:
            return bars, _QUOTIENTS[name][0](bars, window, self._rows)
        return bars, np.full((len(bars.times), len(bars.coins)), np.nan)

    def _bars(self, window: timedelta) -> Panel:
        return self.panel.at(_SHORTEST if window <= _DAY else _HOUR)


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

    def read(self, cell: Cell) -> Seen:
        """The cell's value with what it rests on; the value is None where it is unknown.

        A sum that misses a venue now, or a bar of its window, is a floor.
        A level that is fresh holds at the moment itself, whenever it was observed; a window ends with its last bar.
        """
        if cell.name in self._vectors.signals or cell.window > _ZERO:
            return self._from_bars(cell)
        level = self._level_at(cell) if cell.venue != ALL else self._level(cell.coin, cell.name)
        return Seen(replace(level, at=self.cycle.at), self._step)

    def panel(self, at: datetime) -> Panel:
        """The market's bars as they were known at that moment."""
        return self._vectors.as_of(at)

    def known(self, coin: str, metric: Metric) -> Sequence[Observation]:
        """Each instrument's last observation, fresh or not."""
        return [seen for seen in self.cycle.known if seen.coin == coin and seen.metric is metric]

    def basis_of(self, cell: Cell) -> Metric:
        """The observed metric that decides which venues and what coverage a cell rests on."""
        signal = self._vectors.signals.get(cell.name)
        if signal is not None:
            return signal.basis
        basis = _BASIS.get(cell.name) or Metric(cell.name)
        offered = self.cycle.readings.get(cell.coin, {})
        rolls = basis not in offered and ROLLING.get(basis, basis) in offered
        return ROLLING[basis] if rolls else basis

    def _from_bars(self, cell: Cell) -> Seen:
        value, at, step = self._vectors.value(cell, self.cycle.at)
        basis = self.basis_of(cell)
        of = self._reading(cell.coin, basis)
        venues = of.venues if cell.venue == ALL else (cell.venue,)
        seen = replace(of, value=value, at=at, span=cell.window, venues=venues, held=self._held(cell, basis, of))
        if cell.name in _SUMS and basis.kind is Kind.SUM:
            partial = bool(of.missing) or (value is not None and self._vectors.has_holes(cell, at))
            seen = replace(seen, span=max(cell.window, step), floor=of.floor or partial)
        return Seen(seen, step)

    def _held(self, cell: Cell, basis: Metric, of: Reading) -> float | None:
        """What a level from bars would be had all who are missing stayed at their last word."""
        if cell.window == _DAY and cell.name == Metric.RATIO and basis is ROLLING[Metric.VOLUME_SPOT]:
            return self._held_ratio(cell.coin, of)
        signal = self._vectors.signals.get(cell.name)
        is_level = basis in ROLLING.values() if signal is None else signal.unit is basis.unit
        return of.held if is_level else None

    def _held_ratio(self, coin: str, spot: Reading) -> float | None:
        paired = spot.venues + spot.missing
        futures = sum(o.value for o in self.known(coin, ROLLING[Metric.VOLUME]) if o.venue in paired)
        return spot.held / futures if spot.held is not None and futures else None

    def _level(self, coin: str, name: str) -> Reading:
        match name:
            case Metric.FUNDING_APR:
                of = self._reading(coin, Metric.FUNDING)
                return replace(of, value=_yearly(of.value), held=_yearly(of.held))
            case Metric.FUNDING_SPREAD:
                return self._spread(coin)
            case Metric.OI_USD:
                return self._joined(coin, Metric.OI_LEVEL, Metric.PRICE, lambda oi, price: oi * price)
            case Metric.BASIS:
                return self._joined(coin, Metric.INDEX, Metric.PRICE, lambda index, mark: (mark - index) / index)
            case _:
                return self._reading(coin, Metric(name))

    def _joined(self, coin: str, one: Metric, other: Metric, of: Callable[[float, float], float]) -> Reading:
        first, second = self._reading(coin, one), self._reading(coin, other)
        known = first.value is not None and second.value is not None
        value = of(first.value or 0.0, second.value or 0.0) if known else None
        ends = [r.value if r.held is None else r.held for r in (first, second)]
        away = known and (first.held is not None or second.held is not None)
        held = of(ends[0] or 0.0, ends[1] or 0.0) if away else None
        return replace(first, value=value, coverage=min(first.coverage, second.coverage), held=held)

    def _spread(self, coin: str) -> Reading:
        of = self._reading(coin, Metric.FUNDING)
        rates = [o.value for o in self.known(coin, Metric.FUNDING) if is_fresh(o, self.cycle.at)]
        known = of.value is not None and len(rates) > 1
        return replace(of, value=max(rates) - min(rates) if known else None, held=None)

    def _level_at(self, cell: Cell) -> Reading:
        metric = Metric.FUNDING if cell.name == Metric.FUNDING_APR else Metric(cell.name)
        own = self._known_at(cell.coin, cell.venue, metric)
        away = cell.venue in self._reading(cell.coin, metric).missing  # silent, doubted, or not back for long enough
        if not own or away or not all(is_fresh(seen, self.cycle.at) for seen in own):
            return replace(_nothing(self.cycle.at), missing=(cell.venue,))
        interest = {o.symbol: o.value for o in self._known_at(cell.coin, cell.venue, Metric.OI_LEVEL)}
        value, weighing = combine(metric, [o.value for o in own], [interest.get(o.symbol) for o in own])
        told = _yearly(value) if cell.name == Metric.FUNDING_APR else value
        floor, span = any(o.floor for o in own), max(o.span for o in own)
        return Reading(told, max(o.at for o in own), (cell.venue,), (), 1.0, weighing, floor, span)

    def _known_at(self, coin: str, venue: str, metric: Metric) -> Sequence[Observation]:
        """The last words of a venue's instruments on a coin."""
        if self._by_venue is None:
            self._by_venue = {}
            for seen in self.cycle.known:
                self._by_venue.setdefault((seen.coin, seen.venue, seen.metric), []).append(seen)
        return self._by_venue.get((coin, venue, metric), ())

    def _reading(self, coin: str, metric: Metric) -> Reading:
        return self.cycle.readings.get(coin, {}).get(metric) or _nothing(self.cycle.at)


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


def _only(bars: Panel, venue: str) -> Panel:
    """The panel as if that venue were the whole market, for moves."""
    own = {name for by in bars.legs.values() for name in by if re.split("[/#]", name)[0] == venue}
    legs = {metric: {name: bars.leg(metric, name) for name in sorted(own)} for metric in bars.legs}
    oi = _summed(legs.get(Metric.OI_LEVEL, {}), bars.shape)
    price = _summed(legs.get(Metric.PRICE, {}), bars.shape)
    whole = {Metric.PRICE: price, Metric.OI_LEVEL: oi, Metric.OI_EXPECTED: oi}
    return Panel(bars.times, bars.coins, bars.step, whole, legs)


def _summed(legs: Mapping[str, Matrix], shape: tuple[int, int]) -> Matrix:
    """The legs added up where any is known: their sum is looked at for being known alone, or as a weight."""
    total, known = np.zeros(shape), np.zeros(shape, np.bool_)
    for leg in legs.values():
        known |= np.isfinite(leg)
        total += np.nan_to_num(leg)
    summed: Matrix = np.where(known, total, np.nan).astype(np.float32)
    return summed
