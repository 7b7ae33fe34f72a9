"""Observations of many venues become one view per coin, each number with its venue set and its coverage.

A `Ledger` remembers the last observation of every instrument that should answer; `read` turns it into readings.
Unknown is None, never 0: a missing venue lowers the coverage, and below MIN_COVERAGE the value is withheld.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import TypeAlias

import numpy as np

from signals.model import AGGREGATORS, OBSERVED, PAIRED, ROLLING, Instrument, Kind, Metric, Observation
from signals.panel import LEGS, STORED, Matrix, Panel, to_ms
from signals.plausible import PRICES, is_believed, is_near, is_possible, strangers, unlike_others

MIN_COVERAGE = 0.8
"""Share of the last known open interest that must be present and fresh."""

_ADDED = frozenset({Metric.OI_LEVEL, *ROLLING.values()})
"""Levels that add up over venues."""

POINTS_TO_REJOIN = 2
"""Fresh cycles in a row after which a venue that was away counts again."""

AHEAD = timedelta(seconds=5)
"""How far an event time may lie ahead of the time it was received at; beyond that a clock or its unit is wrong."""

Key: TypeAlias = tuple[str, str, Metric]
"""Venue, symbol, metric."""


class Weighing(StrEnum):
    """How several venues became one number."""

    OI = "weighted by open interest"
    MEAN = "unweighted mean"
    MEDIAN = "median"
    SUM = "sum"
    ONE = "one venue"


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one coin with what it rests on.

    `value` is None when unknown. `venues` are those in it, `missing` those that should be. `coverage` is 0..1.
    `floor` marks a sum that is known to miss something; `span` is what a sum covers. `held` is what a level would
    be had all who are missing stayed at their last word; None where nobody is missing.
    """

    value: float | None
    at: datetime
    venues: tuple[str, ...]
    missing: tuple[str, ...]
    coverage: float
    weighing: Weighing
    floor: bool = False
    span: timedelta = timedelta(0)
    held: float | None = None


Readings: TypeAlias = Mapping[str, Mapping[Metric, Reading]]
"""Per coin and observed metric."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """One closed moment of the market: what is judged together.

    `known` are the last observations of all instruments that should answer, fresh or not; `bars` are the bars
    that this moment closed, one row each, finest first.
    """

    at: datetime
    label: str
    readings: Readings
    known: tuple[Observation, ...]
    bars: tuple[Panel, ...] = ()


def is_fresh(seen: Observation, at: datetime) -> bool:
    """Whether the value may be used at that moment."""
    return seen.at <= at <= seen.at + seen.fresh_for


@dataclass
class Ledger:
    """The last observation per instrument and metric, who should answer, and who is on the way back."""

    instruments: dict[tuple[str, str], Instrument] = field(default_factory=dict)
    last: dict[Key, Observation] = field(default_factory=dict)
    returning: dict[Key, int] = field(default_factory=dict)
    doubted: dict[Key, Observation] = field(default_factory=dict)
    acquainted: set[tuple[str, str]] = field(default_factory=set)
    """Instruments whose price once agreed with those of their coin's others."""
    rebased: dict[tuple[str, str], int] = field(default_factory=dict)
    """How often an instrument's price went on at another size."""
    quarantined: frozenset[tuple[str, str]] = frozenset()
    """Instruments whose price never did: another multiplier, or another coin of the same name."""

    def expect(self, instruments: Iterable[Instrument]) -> None:
        """From now on these should answer; what others said, or they as another contract, is forgotten."""
        before, self.instruments = self.instruments, {(i.venue, i.symbol): i for i in instruments}
        same = [i for key, i in self.instruments.items() if key not in before or before[key].version == i.version]
        alive = {(i.venue, i.symbol, m) for i in same for m in i.metrics}
        self.acquainted &= {(i.venue, i.symbol) for i in same}
        self.last = {key: seen for key, seen in self.last.items() if key in alive}
        self.returning = {key: n for key, n in self.returning.items() if key in alive}
        self.doubted = {key: seen for key, seen in self.doubted.items() if key in alive}

    def take(self, observations: Iterable[Observation]) -> None:
        """Remember what is newer than what is known and believed; unknown instruments and times to come are dropped."""
        for seen in observations:
            instrument = self.instruments.get((seen.venue, seen.symbol))
            if instrument is None or seen.metric not in instrument.metrics or seen.at - seen.received > AHEAD:
                continue
            key = (seen.venue, seen.symbol, seen.metric)
            old = self.last.get(key)
            if not is_possible(seen) or (old is not None and seen.at <= old.at):
                continue
            if is_believed(seen, old, self.doubted.pop(key, None)):
                if seen.metric is Metric.PRICE and old is not None and not is_near(seen.value, old.value):
                    self._rebase(key[:2])
                self.last[key] = self._on_its_base(seen)
            else:
                self.doubted[key] = seen

    def _rebase(self, of: tuple[str, str]) -> None:
        """The coin was split or merged: its numbers belong to another series from now on."""
        self.rebased[of] = self.rebased.get(of, 0) + 1
        again = {key for key in self.last if key[:2] == of}
        self.last = {key: seen for key, seen in self.last.items() if key not in again}
        self.returning.update(dict.fromkeys(again, 0))

    def _on_its_base(self, seen: Observation) -> Observation:
        times = self.rebased.get((seen.venue, seen.symbol))
        return replace(seen, leg=f"{seen.leg or seen.venue}#rebased{times}") if times else seen

    def read(self, at: datetime, label: str) -> Cycle:
        """Close the moment `at`: one reading per coin and metric that at least one venue should give."""
        counted = self._counted(at)
        coins: dict[str, list[Instrument]] = {}
        for key, instrument in self.instruments.items():
            if key not in self.quarantined:  # it is of another coin, so nobody misses it
                coins.setdefault(instrument.coin, []).append(instrument)
        readings = {coin: self._coin(coins[coin], counted, at) for coin in sorted(coins)}
        return Cycle(at, label, readings, tuple(self.last[key] for key in sorted(self.last)))

    def _counted(self, at: datetime) -> set[Key]:
        """The keys that are fresh and have been back long enough."""
        counted: set[Key] = set()
        strange = self._strange(at)
        self._meet(at)
        for key, seen in self.last.items():
            if key in strange or key[:2] in self.quarantined or not is_fresh(seen, at):
                self.returning[key] = 0
                continue
            if key in self.returning:
                self.returning[key] += 1
                if self.returning[key] < POINTS_TO_REJOIN:
                    continue
                del self.returning[key]
            counted.add(key)
        return counted

    def _meet(self, at: datetime) -> None:
        """Get acquainted with newcomers whose price agrees with their coin's others, or who are alone."""
        prices: dict[str, dict[tuple[str, str], float]] = {}
        for (venue, symbol, metric), seen in self.last.items():
            if metric is Metric.PRICE and is_fresh(seen, at):
                prices.setdefault(seen.coin, {})[venue, symbol] = seen.value
        far: set[tuple[str, str]] = set()
        for of in prices.values():
            fresh = of.keys() - self.acquainted
            if fresh:
                unlike = unlike_others(of, fresh)
                self.acquainted |= fresh - unlike
                far |= unlike
        known = {key for of in prices.values() for key in of}
        self.quarantined = frozenset(far | (self.quarantined - known - self.acquainted))

    def _strange(self, at: datetime) -> set[Key]:
        """The keys of prices that are far from those of the other venues."""
        said: dict[tuple[str, Metric], dict[Key, float]] = {}
        for key, seen in self.last.items():
            if seen.metric in PRICES and is_fresh(seen, at):
                said.setdefault((seen.coin, seen.metric), {})[key] = seen.value
        return {key for prices in said.values() for key in strangers(prices)}

    def _coin(self, instruments: Sequence[Instrument], counted: set[Key], at: datetime) -> Mapping[Metric, Reading]:
        readings: dict[Metric, Reading] = {}
        for metric in OBSERVED:
            expected = _single(i for i in instruments if metric in i.metrics)
            if expected:
                readings[metric] = self._reading(metric, expected, counted, at)
        return readings

    def _reading(self, metric: Metric, expected: Sequence[Instrument], counted: set[Key], at: datetime) -> Reading:
        alone = len(expected) == 1
        present = [i for i in expected if self._present(i, metric, counted, at, alone=alone)]
        seen = [self.last[i.venue, i.symbol, metric] for i in present]
        coverage = self._coverage(present, expected)
        weights = [self._fresh_oi(i, counted) for i in present]
        value, weighing = combine(metric, [o.value for o in seen], weights)
        return Reading(
            value=value if coverage >= MIN_COVERAGE else None,
            at=max((o.at for o in seen), default=at),
            venues=_names(present),
            missing=_names(i for i in expected if i not in present),
            coverage=coverage,
            weighing=weighing,
            floor=any(o.floor for o in seen),
            span=max((o.span for o in seen), default=timedelta(0)),
            held=self._held(metric, expected) if len(present) < len(expected) else None,
        )

    def _held(self, metric: Metric, expected: Sequence[Instrument]) -> float | None:
        """A level over everybody's last word, weighted by the last known open interest."""
        if metric.kind is Kind.SUM:
            return None
        known = [(self.last.get((i.venue, i.symbol, metric)), self._known_oi(i)) for i in expected]
        words = [(seen.value, oi) for seen, oi in known if seen is not None]
        return combine(metric, [value for value, _ in words], [oi for _, oi in words])[0]

    def _present(self, i: Instrument, metric: Metric, counted: set[Key], at: datetime, *, alone: bool) -> bool:
        key = (i.venue, i.symbol, metric)
        seen = self.last.get(key)
        return key in counted or (alone and seen is not None and is_fresh(seen, at))

    def _fresh_oi(self, i: Instrument, counted: set[Key]) -> float | None:
        key = (i.venue, i.symbol, Metric.OI_LEVEL)
        return self.last[key].value if key in counted else None

    def _known_oi(self, i: Instrument) -> float | None:
        seen = self.last.get((i.venue, i.symbol, Metric.OI_LEVEL))
        return seen.value if seen else None

    def _coverage(self, present: Sequence[Instrument], expected: Sequence[Instrument]) -> float:
        known = [self._known_oi(i) for i in expected]
        if any(oi is None for oi in known) or not sum(oi or 0.0 for oi in known):
            return len(present) / len(expected)
        return sum(self._known_oi(i) or 0.0 for i in present) / sum(oi or 0.0 for oi in known)


def _single(instruments: Iterable[Instrument]) -> list[Instrument]:
    """Single venues where there are any; a vendor's sum only where there are none."""
    found = list(instruments)
    singles = [i for i in found if i.venue not in AGGREGATORS]
    return singles or found


def _names(instruments: Iterable[Instrument]) -> tuple[str, ...]:
    return tuple(sorted({i.venue for i in instruments}))


def combine(metric: Metric, values: Sequence[float], weights: Sequence[float | None]) -> tuple[float | None, Weighing]:
    """One number of several: sums add, the rest is weighted by OI where all have it, else mean or median."""
    if not values:
        return None, Weighing.ONE
    if metric.kind is Kind.SUM or metric in _ADDED:
        return sum(values), Weighing.SUM if len(values) > 1 else Weighing.ONE
    if len(values) == 1:
        return values[0], Weighing.ONE
    known = [w for w in weights if w is not None]
    if len(known) == len(values) and sum(known) > 0:
        return _between(values, sum(v * w for v, w in zip(values, known, strict=True)) / sum(known)), Weighing.OI
    if metric in (Metric.PRICE, Metric.INDEX):
        return median(values), Weighing.MEDIAN
    return _between(values, sum(values) / len(values)), Weighing.MEAN


def _between(values: Sequence[float], mean: float) -> float:
    """The mean without the rounding that would push it past all its values: equal values have just that mean."""
    return min(max(mean, min(values)), max(values))


def bar(cycle: Cycle, step: timedelta) -> Panel:
    """The bar of the finest resolution that ends with this cycle: one row over its coins."""
    coins = tuple(cycle.readings)
    column = {coin: j for j, coin in enumerate(coins)}
    whole: dict[Metric, Matrix] = {m: _row(len(coins)) for m in STORED}
    for coin, readings in cycle.readings.items():
        for metric, reading in readings.items():
            if metric in whole and reading.value is not None:
                whole[metric][0, column[coin]] = reading.value
    legs: dict[Metric, dict[str, Matrix]] = {m: {} for m in LEGS}
    paired = _Paired()
    for seen in cycle.known:
        asked = cycle.readings.get(seen.coin, {}).get(seen.metric)
        if asked is None or seen.venue not in asked.venues + asked.missing:
            continue
        j = column[seen.coin]
        if seen.metric is Metric.OI_LEVEL:
            whole[Metric.OI_EXPECTED][0, j] = np.nansum([whole[Metric.OI_EXPECTED][0, j], seen.value])
        if seen.venue not in asked.venues or not is_fresh(seen, cycle.at):
            continue
        if seen.metric in legs:
            leg = legs[seen.metric].setdefault(seen.leg or seen.venue, _row(len(coins)))
            leg[0, j] = np.nansum([leg[0, j], seen.value]) if seen.metric is Metric.OI_LEVEL else seen.value
        paired.add(seen)
    for coin, metric, total in paired.totals(cycle.readings):
        whole[metric][0, column[coin]] = total
    return Panel(np.array([to_ms(cycle.at)], np.int64), coins, step, whole, legs)


_VOLUMES = frozenset({leg for spot, (futures, _) in PAIRED.items() for leg in (spot, futures)})


class _Paired:
    """Futures volume of the venues that have a spot leg too."""

    def __init__(self) -> None:
        self._legs: dict[tuple[str, str, Metric], float] = {}

    def add(self, seen: Observation) -> None:
        if seen.metric in _VOLUMES:
            key = (seen.coin, seen.venue, seen.metric)
            self._legs[key] = self._legs.get(key, 0.0) + seen.value

    def totals(self, readings: Readings) -> Iterator[tuple[str, Metric, float]]:
        for coin, of in readings.items():
            for spot, (futures, both) in PAIRED.items():
                reading = of.get(spot)
                if reading is None or reading.value is None:
                    continue
                legs = [self._legs.get((coin, venue, futures)) for venue in reading.venues]
                if legs and all(leg is not None for leg in legs):
                    yield coin, both, sum(leg or 0.0 for leg in legs)


def _row(coins: int) -> Matrix:
    return np.full((1, coins), np.nan, np.float32)
