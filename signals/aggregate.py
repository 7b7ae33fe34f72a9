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

from signals.asked import ADDED, Asked, Key, asked_of, by_coin, names_of
from signals.model import PAIRED, Instrument, Kind, Metric, Observation
from signals.panel import LEGS, STORED, Matrix, Panel, to_ms
from signals.plausible import PRICES, is_believed, is_near, is_possible, strangers, unlike_others

MIN_COVERAGE = 0.8
"""Share of the last known open interest that must be present and fresh."""

POINTS_TO_REJOIN = 2
"""Fresh cycles in a row after which a venue that was away counts again."""

AHEAD = timedelta(seconds=5)
"""How far an event time may lie ahead of the time it was received at; beyond that a clock or its unit is wrong."""

_NO_SPAN = timedelta(0)


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
    former: dict[tuple[str, str], float] = field(default_factory=dict)
    """Open interest of an instrument as another contract, in coins: its weight until it tells its own."""
    quarantined: frozenset[tuple[str, str]] = frozenset()
    """Instruments whose price never did: another multiplier, or another coin of the same name."""
    _plan: tuple[tuple[str, tuple[Asked, ...]], ...] = ()
    _quoted: Mapping[Metric, tuple[tuple[Key, ...], ...]] = field(default_factory=lambda: dict.fromkeys(PRICES, ()))
    _with_price: int = 0
    _sorted: tuple[Key, ...] = ()

    def expect(self, instruments: Iterable[Instrument]) -> None:
        """From now on these should answer; what others said, or they as another contract, is forgotten."""
        before, self.instruments = self.instruments, {(i.venue, i.symbol): i for i in instruments}
        same = [i for key, i in self.instruments.items() if key not in before or before[key].version == i.version]
        alive = {(i.venue, i.symbol, m) for i in same for m in i.metrics}
        self.acquainted &= {(i.venue, i.symbol) for i in same}
        others = self.instruments.keys() - {(i.venue, i.symbol) for i in same}
        weights = {key: self._known((*key, Metric.OI_LEVEL)) for key in self.former.keys() & self.instruments | others}
        self.former = {key: oi for key, oi in weights.items() if oi is not None}
        self.last = {key: seen for key, seen in self.last.items() if key in alive}
        self.returning = {key: n for key, n in self.returning.items() if key in alive}
        self.doubted = {key: seen for key, seen in self.doubted.items() if key in alive}
        self._sorted = ()
        self._plan = self._planned()
        quoted = [i for i in self.instruments.values() if Metric.PRICE in i.metrics]
        self._with_price = len(quoted)
        self._quoted = {metric: by_coin(self.instruments.values(), metric) for metric in PRICES}

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
            doubted = self.doubted.pop(key, None) if self.doubted else None
            if is_believed(seen, old, doubted):
                if seen.metric is Metric.PRICE and old is not None and not is_near(seen.value, old.value):
                    self._rebase(key[:2])
                self.last[key] = self._on_its_base(seen) if self.rebased else seen
                if old is None:
                    self._sorted = ()
            else:
                self.doubted[key] = seen

    def _rebase(self, of: tuple[str, str]) -> None:
        """The coin was split or merged: its numbers belong to another series from now on."""
        self.rebased[of] = self.rebased.get(of, 0) + 1
        again = {key for key in self.last if key[:2] == of}
        self.last = {key: seen for key, seen in self.last.items() if key not in again}
        self._sorted = ()
        self.returning.update(dict.fromkeys(again, 0))

    def _on_its_base(self, seen: Observation) -> Observation:
        times = self.rebased.get((seen.venue, seen.symbol))
        return replace(seen, leg=f"{seen.leg or seen.venue}#rebased{times}") if times else seen

    def read(self, at: datetime, label: str) -> Cycle:
        """Close the moment `at`: one reading per coin and metric that at least one venue should give."""
        fresh = {key for key, seen in self.last.items() if seen.at <= at <= seen.at + seen.fresh_for}
        self._meet(fresh)
        counted = self._counted(fresh)
        readings = {
            coin: {asked.metric: self._reading(asked, counted, fresh, at) for asked in of} for coin, of in self._plan
        }
        if len(self._sorted) != len(self.last):
            self._sorted = tuple(sorted(self.last))
        believed = (
            [key for key in self._sorted if key[:2] not in self.quarantined] if self.quarantined else self._sorted
        )
        return Cycle(at, label, readings, tuple([self.last[key] for key in believed]))

    def _planned(self) -> tuple[tuple[str, tuple[Asked, ...]], ...]:
        """By coin and metric who should answer: those in quarantine are of another coin, so nobody misses them."""
        coins: dict[str, list[Instrument]] = {}
        for key, instrument in self.instruments.items():
            if key not in self.quarantined:
                coins.setdefault(instrument.coin, []).append(instrument)
        return tuple((coin, tuple(asked_of(coins[coin]))) for coin in sorted(coins))

    def _counted(self, fresh: set[Key]) -> set[Key]:
        """The keys that are fresh and have been back long enough."""
        strange = self._strange(fresh)
        here = fresh - strange if strange else fresh
        if self.quarantined:
            here = {key for key in here if key[:2] not in self.quarantined}
        waiting = set()
        for key in [key for key in self.returning if key in here]:
            self.returning[key] += 1
            if self.returning[key] < POINTS_TO_REJOIN:
                waiting.add(key)
            else:
                del self.returning[key]
        if len(here) < len(self.last):
            self.returning.update((key, 0) for key in self.last if key not in here)
        return here - waiting if waiting else here

    def _prices(self, metric: Metric, fresh: set[Key]) -> Iterator[dict[Key, float]]:
        """What is said of each coin's price now, by whom."""
        for keys in self._quoted[metric]:
            yield {key: self.last[key].value for key in keys if key in fresh}

    def _meet(self, fresh: set[Key]) -> None:
        """Get acquainted with newcomers whose price agrees with their coin's others, or who are alone."""
        if len(self.acquainted) == self._with_price and not self.quarantined:
            return
        far: set[tuple[str, str]] = set()
        known: set[tuple[str, str]] = set()
        for said in self._prices(Metric.PRICE, fresh):
            of = {key[:2]: price for key, price in said.items()}
            known |= of.keys()
            newcomers = of.keys() - self.acquainted
            if newcomers:
                unlike = unlike_others(of, newcomers)
                self.acquainted |= newcomers - unlike
                far |= unlike
        quarantined = frozenset(far | (self.quarantined - known - self.acquainted))
        if quarantined != self.quarantined:
            self.quarantined = quarantined
            self._plan = self._planned()

    def _strange(self, fresh: set[Key]) -> set[Key]:
        """The keys of prices that are far from those of the other venues."""
        return {key for metric in PRICES for said in self._prices(metric, fresh) for key in strangers(said)}

    def _reading(self, asked: Asked, counted: set[Key], fresh: set[Key], at: datetime) -> Reading:
        last, keys, interest = self.last, asked.keys, asked.interest
        there = counted if len(keys) > 1 else fresh  # who is alone counts at once
        everybody = there.issuperset(keys)
        if there.isdisjoint(keys):
            held = self._held(asked) if not last.keys().isdisjoint(keys) else None
            return Reading(None, at, (), asked.venues, 0.0, Weighing.ONE, held=held)
        present = keys if everybody else tuple(key for key in keys if key in there)
        coverage = 1.0 if everybody else self._coverage(set(present), asked)
        seen = [last[key] for key in present]
        weights: Sequence[float | None] = ()
        if len(seen) > 1 and not asked.adds:
            known = interest if everybody else [oi for key, oi in zip(keys, interest, strict=True) if key in there]
            weights = [last[oi].value if oi in counted else None for oi in known]
        value, weighing = combine(asked.metric, [o.value for o in seen], weights)
        return Reading(
            value=value if coverage >= MIN_COVERAGE else None,
            at=max([o.at for o in seen], default=at),
            venues=asked.venues if everybody else names_of(present),
            missing=() if everybody else names_of(key for key in keys if key not in there),
            coverage=coverage,
            weighing=weighing,
            floor=asked.adds and any(o.floor for o in seen),
            span=max([o.span for o in seen], default=_NO_SPAN) if asked.adds else _NO_SPAN,
            held=None if everybody else self._held(asked),
        )

    def _held(self, asked: Asked) -> float | None:
        """A level over everybody's last word, weighted by the last known open interest."""
        if asked.metric.kind is Kind.SUM:
            return None
        known = [(self.last.get(key), self._known(oi)) for key, oi in zip(asked.keys, asked.interest, strict=True)]
        words = [(seen.value, oi) for seen, oi in known if seen is not None]
        return combine(asked.metric, [value for value, _ in words], [oi for _, oi in words])[0]

    def _known(self, key: Key) -> float | None:
        """The last known open interest under that key."""
        seen = self.last.get(key)
        return seen.value if seen else self.former.get(key[:2])

    def _coverage(self, present: set[Key], asked: Asked) -> float:
        known = [(key in present, self._known(oi)) for key, oi in zip(asked.keys, asked.interest, strict=True)]
        if any(oi is None for _, oi in known) or not sum(oi or 0.0 for _, oi in known):
            return len(present) / len(asked.keys)
        return sum(oi or 0.0 for there, oi in known if there) / sum(oi or 0.0 for _, oi in known)


def combine(metric: Metric, values: Sequence[float], weights: Sequence[float | None]) -> tuple[float | None, Weighing]:
    """One number of several: sums add, the rest is weighted by OI where all have it, else mean or median."""
    if not values:
        return None, Weighing.ONE
    if metric.kind is Kind.SUM or metric in ADDED:
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
    whole: dict[Metric, list[float]] = {metric: [_NAN] * len(coins) for metric in STORED}
    for j, readings in enumerate(cycle.readings.values()):
        for metric, reading in readings.items():
            if reading.value is not None:
                whole[metric][j] = reading.value
    legs = _in_parts(cycle, {coin: j for j, coin in enumerate(coins)}, whole)
    by_leg = {metric: {name: _row(of) for name, of in by.items()} for metric, by in legs.items()}
    times = np.array([to_ms(cycle.at)], np.int64)
    return Panel(times, coins, step, {metric: _row(of) for metric, of in whole.items()}, by_leg)


def _in_parts(
    cycle: Cycle, column: Mapping[str, int], whole: Mapping[Metric, list[float]]
) -> Mapping[Metric, Mapping[str, list[float]]]:
    """The legs of a bar; what all venues were expected to hold, and paired volumes, are filled into the whole."""
    legs: dict[Metric, dict[str, list[float]]] = {metric: {} for metric in LEGS}
    traded: dict[tuple[str, str, Metric], float] = {}
    broken: set[tuple[Metric, str, int]] = set()  # a leg of which a part is silent would seem to have shrunk
    for seen in cycle.known:
        if seen.metric not in _IN_PARTS:
            continue
        asked = cycle.readings.get(seen.coin, _NOTHING).get(seen.metric)
        if asked is None:
            continue
        j, there = column[seen.coin], seen.venue in asked.venues
        if seen.metric is Metric.OI_LEVEL and (there or seen.venue in asked.missing):
            whole[Metric.OI_EXPECTED][j] = _plus(whole[Metric.OI_EXPECTED][j], seen.value)
        if not there or not is_fresh(seen, cycle.at):
            broken.add((seen.metric, seen.leg or seen.venue, j))
            continue
        if seen.metric in legs:
            leg = legs[seen.metric].setdefault(seen.leg or seen.venue, [_NAN] * len(column))
            leg[j] = _plus(leg[j], seen.value) if seen.metric is Metric.OI_LEVEL else seen.value
        else:
            key = (seen.coin, seen.venue, seen.metric)
            traded[key] = traded.get(key, 0.0) + seen.value
    for metric, name, j in broken:
        if name in legs.get(metric, {}):
            legs[metric][name][j] = _NAN
    for coin, metric, total in _paired(cycle.readings, traded):
        whole[metric][column[coin]] = total
    return legs


_NAN = float("nan")
_NOTHING: Mapping[Metric, Reading] = {}
_IN_PARTS = frozenset({*LEGS, *(leg for spot, (futures, _) in PAIRED.items() for leg in (spot, futures))})
"""What bars also hold in parts: by leg, or on just the venues that have both volumes."""


def _plus(total: float, value: float) -> float:
    """The sum; an unknown total begins with the value."""
    return value if total != total else total + value  # noqa: PLR0124 - only NaN differs from itself


def _paired(readings: Readings, traded: Mapping[tuple[str, str, Metric], float]) -> Iterator[tuple[str, Metric, float]]:
    """Futures volume of the venues that have a spot leg too, by coin and the metric that holds it."""
    for coin, of in readings.items():
        for spot, (futures, both) in PAIRED.items():
            reading = of.get(spot)
            if reading is None or reading.value is None:
                continue
            legs = [traded.get((coin, venue, futures)) for venue in reading.venues]
            if legs and all(leg is not None for leg in legs):
                yield coin, both, sum(leg or 0.0 for leg in legs)


def _row(values: Sequence[float]) -> Matrix:
    return np.array([values], np.float32)
