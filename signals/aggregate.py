"""Observations of many venues become one view per coin, each number with its venue set and its coverage.

A `Ledger` remembers the last observation of every instrument that should answer; `read` turns it into readings.
Unknown is None, never 0: a missing venue lowers the coverage, and below MIN_COVERAGE the value is withheld.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from math import isnan
from operator import mul
from statistics import median
from typing import TypeAlias

import numpy as np

from signals import heard
from signals.asked import ADDED, Asked, asked_of, by_coin, names_of
from signals.drafts import drafted
from signals.model import PAIRED, Instrument, Kind, Metric, Observation
from signals.panel import LEGS, STORED, Matrix, Panel, to_ms
from signals.plausible import PRICES, strangers, unlike_others
from signals.seats import Key, Seat, Who, Word, settle

MIN_COVERAGE = 0.8
"""Share of the last known open interest that must be present and fresh."""

AHEAD = timedelta(seconds=5)
"""How far an event time may lie ahead of the time it was received at; beyond that a clock or its unit is wrong."""


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


_written = drafted(Reading)

Readings: TypeAlias = Mapping[str, Mapping[Metric, Reading]]
"""Per coin and observed metric."""


@dataclass(frozen=True)
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

    def told(self, coin: str, metric: Metric) -> Sequence[Observation]:
        """The last observation of each instrument of that coin, fresh or not."""
        return self._told.get((coin, metric), ())

    @cached_property
    def venues(self) -> Sequence[str]:
        """The venues that say anything, or should, sorted."""
        readings = [reading for of in self.readings.values() for reading in of.values()]
        sets = {(reading.venues, reading.missing) for reading in readings}
        return sorted({name for venues, missing in sets for name in (*venues, *missing)})

    @cached_property
    def _told(self) -> Mapping[tuple[str, Metric], Sequence[Observation]]:
        found = defaultdict[tuple[str, Metric], list[Observation]](list)
        for seen in self.known:
            found[seen.coin, seen.metric].append(seen)
        return dict(found)


def is_fresh(seen: Observation, at: datetime) -> bool:
    """Whether the value may be used at that moment."""
    return seen.at <= at <= seen.at + seen.fresh_for


class Ledger:
    """The last word of every instrument on every metric, who should answer, and who is on the way back.

    `quarantined` are instruments whose price was never that of their coin's others: another multiplier, or another
    coin of the same name.
    """

    def __init__(self) -> None:
        self.quarantined: frozenset[Who] = frozenset()
        self._seats: dict[Who, Seat] = {}
        self._words: dict[Key, Word] = {}
        self._heard: list[Word] = []
        self._quoted: Mapping[Metric, tuple[tuple[Word, ...], ...]] = dict.fromkeys(PRICES, ())
        self._rebased: dict[Who, int] = {}
        self._acquainted = True
        self._plan: tuple[tuple[str, tuple[Asked, ...]], ...] = ()

    @property
    def last(self) -> Mapping[Key, Observation]:
        """The last believed words, in order."""
        return {key: word.seen for key, word in self._words.items() if word.seen is not None}

    def expect(self, instruments: Iterable[Instrument]) -> None:
        """From now on these should answer; what others said, or they as another contract, is forgotten."""
        listed = {(i.venue, i.symbol): i for i in instruments}
        self._rebased |= {who: seat.rebased for who, seat in self._seats.items() if seat.rebased}
        self._seats = {who: self._seat(who, instrument) for who, instrument in listed.items()}
        words = [word for seat in self._seats.values() for word in seat.words.values()]
        self._words = {word.key: word for word in sorted(words, key=lambda word: word.key)}
        self._quoted = {metric: by_coin(self._seats.values(), metric) for metric in PRICES}
        self._acquainted = False
        self._plan = self._planned()

    def _seat(self, who: Who, instrument: Instrument) -> Seat:
        """The instrument's seat: that of the same contract, else a new one, with the weight of the one before."""
        old = self._seats.get(who)
        if old is not None and old.instrument.version == instrument.version:
            if old.former is not None:
                old.former = old.known_interest
            old.offer(instrument)
            return old
        seat = Seat(instrument, self._rebased.get(who, 0), quarantined=who in self.quarantined)
        seat.former = old.known_interest if old is not None else None
        return seat

    def take(self, observations: Iterable[Observation]) -> None:
        """Remember what is newer than what is known and believed; unknown instruments and times to come are dropped."""
        words = self._words
        for seen in observations:
            word = words.get((seen.venue, seen.symbol, seen.metric))
            if word is not None and (seen.at <= seen.received or seen.at - seen.received <= AHEAD):
                word.hear(seen)

    def read(self, at: datetime, label: str) -> Cycle:
        """Close the moment `at`: one reading per coin and metric that at least one venue should give."""
        self._heard = [word for word in self._words.values() if word.seen is not None]
        self._meet(at)
        settle(self._heard, at, self._strange(at))
        for seat in self._seats.values():
            seat.weigh()
        readings = {coin: {asked.metric: _reading(asked, at) for asked in of} for coin, of in self._plan}
        known = [word.seen for word in self._heard if word.seen is not None and not word.seat.quarantined]
        return Cycle(at, label, readings, tuple(known))

    def _planned(self) -> tuple[tuple[str, tuple[Asked, ...]], ...]:
        """By coin and metric who should answer: those in quarantine are of another coin, so nobody misses them."""
        coins: dict[str, list[Seat]] = {}
        for seat in self._seats.values():
            if not seat.quarantined:
                coins.setdefault(seat.instrument.coin, []).append(seat)
        return tuple((coin, tuple(asked_of(coins[coin]))) for coin in sorted(coins))

    def _prices(self, metric: Metric, at: datetime) -> Iterator[dict[Word, float]]:
        """What is said of each coin's price now, by whom."""
        for words in self._quoted[metric]:
            yield {word: word.value for word in words if word.since <= at <= word.until}

    def _meet(self, at: datetime) -> None:
        """Get acquainted with newcomers whose price agrees with their coin's others, or who are alone."""
        if self._acquainted and not self.quarantined:
            return
        far: set[Who] = set()
        known: set[Who] = set()
        for said in self._prices(Metric.PRICE, at):
            of = {word.seat: price for word, price in said.items()}
            known |= {seat.who for seat in of}
            newcomers = {seat for seat in of if not seat.acquainted}
            if newcomers:
                unlike = unlike_others(of, newcomers)
                far |= {seat.who for seat in unlike}
                for seat in newcomers - unlike:
                    seat.acquainted = True
        acquainted = {who for who, seat in self._seats.items() if seat.acquainted}
        self._acquainted = all(s.acquainted for s in self._seats.values() if Metric.PRICE in s.words)
        self._separate(frozenset(far | (self.quarantined - known - acquainted)))

    def _separate(self, quarantined: frozenset[Who]) -> None:
        """Keep these apart from their coins, and nobody else."""
        if quarantined != self.quarantined:
            self.quarantined = quarantined
            for who, seat in self._seats.items():
                seat.quarantined = who in quarantined
            self._plan = self._planned()

    def _strange(self, at: datetime) -> set[Word]:
        """The words on prices that are far from those of the other venues."""
        return {word for metric in PRICES for said in self._prices(metric, at) for word in strangers(said)}


def _reading(asked: Asked, at: datetime) -> Reading:
    """What is said of one metric of one coin."""
    words = asked.words
    if len(words) > 1:
        present = [word for word in words if word.counts]
    else:
        present = [word for word in words if word.is_fresh(at)]  # who is alone counts at once
    if len(present) == len(words):
        return _told(asked, present)
    if not present:
        return _written(None, at, (), asked.venues, 0.0, Weighing.ONE, held=_held(asked))
    told, coverage = _told(asked, present), _coverage(present, words)
    return _written(
        told.value if coverage >= MIN_COVERAGE else None,
        told.at,
        names_of(present),
        names_of([word for word in words if not word.counts]),
        coverage,
        told.weighing,
        told.floor,
        told.span,
        _held(asked),
    )


def _told(asked: Asked, words: Sequence[Word]) -> Reading:
    """What these words say together, if nobody else should answer."""
    values = [word.value for word in words]
    at = max([word.since for word in words])
    if not asked.adds:
        value, weighing = combine(asked.metric, values, [word.seat.weight for word in words])
        return _written(value, at, asked.venues, (), 1.0, weighing)
    value, weighing = combine(asked.metric, values, ())
    seen = [word.seen for word in words if word.seen is not None]
    floor, span = True in [o.floor for o in seen], max([o.span for o in seen])
    return _written(value, at, asked.venues, (), 1.0, weighing, floor, span)


def _held(asked: Asked) -> float | None:
    """A level over everybody's last word, weighted by the last known open interest."""
    known = [word for word in asked.words if word.seen is not None]
    if not known or asked.metric.kind is Kind.SUM:
        return None
    return combine(asked.metric, [word.value for word in known], [word.seat.stake for word in known])[0]


def _coverage(present: Sequence[Word], expected: Sequence[Word]) -> float:
    """The share of the last known open interest that is present; of the instruments where it is not known of all."""
    stakes = [word.seat.stake for word in expected]
    whole = 0.0 if None in stakes else sum([stake or 0.0 for stake in stakes])
    return sum([word.seat.stake or 0.0 for word in present]) / whole if whole else len(present) / len(expected)


def combine(metric: Metric, values: Sequence[float], weights: Sequence[float | None]) -> tuple[float | None, Weighing]:
    """One number of several: sums add, the rest is weighted by OI where all have it, else mean or median."""
    if not values:
        return None, Weighing.ONE
    if metric in ADDED:
        return sum(values), Weighing.SUM if len(values) > 1 else Weighing.ONE
    if len(values) == 1:
        return values[0], Weighing.ONE
    known = [w for w in weights if w is not None]
    if len(known) == len(values) and (whole := sum(known)) > 0:
        return _between(values, sum(map(mul, values, known)) / whole), Weighing.OI
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
    column = {coin: j for j, coin in enumerate(coins)}
    for coin, told in _heard(cycle).items():
        whole[Metric.LIQ_HEARD][column[coin]] = heard.code(told)
    legs = _in_parts(cycle, column, whole)
    by_leg = {metric: {name: _row(of) for name, of in by.items()} for metric, by in legs.items()}
    times = np.array([to_ms(cycle.at)], np.int64)
    return Panel(times, coins, step, {metric: _row(of) for metric, of in whole.items()}, by_leg)


def _heard(cycle: Cycle) -> Mapping[str, Sequence[tuple[str, bool]]]:
    """Whose liquidations are in the sums of each coin, and whether they are a sample."""
    found = defaultdict[str, list[tuple[str, bool]]](list)
    for seen in cycle.known:
        if seen.metric is Metric.LIQ_LONG and is_fresh(seen, cycle.at):
            reading = cycle.readings.get(seen.coin, _NOTHING).get(Metric.LIQ_LONG)
            if reading is not None and seen.venue in reading.venues:
                found[seen.coin].append((seen.venue, seen.floor))
    return found


def _in_parts(
    cycle: Cycle, column: Mapping[str, int], whole: Mapping[Metric, list[float]]
) -> Mapping[Metric, Mapping[str, list[float]]]:
    """The legs of a bar; what all venues were expected to hold, and paired volumes, are filled into the whole."""
    unknown, expected = [_NAN] * len(column), whole[Metric.OI_EXPECTED]
    parts: dict[Metric, dict[str, list[float]]] = {metric: defaultdict(unknown.copy) for metric in _IN_PARTS}
    broken: set[tuple[Metric, str, int]] = set()  # a leg of which a part is silent would seem to have shrunk
    for seen in cycle.known:
        metric, venue = seen.metric, seen.venue
        asked = cycle.readings.get(seen.coin, _NOTHING).get(metric) if metric in _IN_PARTS else None
        if asked is None:
            continue
        j, there = column[seen.coin], venue in asked.venues
        name = (seen.leg or venue) if metric in LEGS else venue
        if metric is Metric.OI_LEVEL and (there or venue in asked.missing):
            expected[j] = _plus(expected[j], seen.value)
        if there and is_fresh(seen, cycle.at):
            part = parts[metric][name]
            part[j] = seen.value if metric is Metric.PRICE else _plus(part[j], seen.value)
        else:
            broken.add((metric, name, j))
    legs = {metric: parts[metric] for metric in LEGS}
    for metric, name, j in broken:
        if name in legs.get(metric, _NO_ROWS):
            legs[metric][name][j] = _NAN
    for coin, metric, total in _paired(cycle.readings, column, parts):
        whole[metric][column[coin]] = total
    return legs


_NAN = float("nan")
_NOTHING: Mapping[Metric, Reading] = {}
_NO_ROWS: Mapping[str, Sequence[float]] = {}
_IN_PARTS = frozenset({*LEGS, *(leg for spot, (futures, _) in PAIRED.items() for leg in (spot, futures))})
"""What bars also hold in parts: by leg, or on just the venues that have both volumes."""


def _plus(total: float, value: float) -> float:
    """The sum; an unknown total begins with the value."""
    return value if total != total else total + value  # noqa: PLR0124 - only NaN differs from itself


def _paired(
    readings: Readings, column: Mapping[str, int], parts: Mapping[Metric, Mapping[str, Sequence[float]]]
) -> Iterator[tuple[str, Metric, float]]:
    """Futures volume of the venues that have a spot leg too, by coin and the metric that holds it."""
    for coin, of in readings.items():
        for spot, (futures, both) in PAIRED.items():
            reading = of.get(spot)
            if reading is None or reading.value is None:
                continue
            traded = [parts[futures][venue][column[coin]] for venue in reading.venues if venue in parts[futures]]
            if traded and len(traded) == len(reading.venues) and not any(map(isnan, traded)):
                yield coin, both, sum(traded)


def _row(values: Sequence[float]) -> Matrix:
    return np.array([values], np.float32)
