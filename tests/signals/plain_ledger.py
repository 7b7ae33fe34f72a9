"""The ledger and its bars as one would write them down at first: keys, sets and sums, and nothing kept that follows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median_high, median_low

import numpy as np

from signals.aggregate import AHEAD, MIN_COVERAGE, Cycle, Reading, combine, is_fresh
from signals.heard import STREAMS
from signals.model import AGGREGATORS, OBSERVED, PAIRED, ROLLING, Instrument, Kind, Metric, Observation
from signals.panel import LEGS, STORED, Matrix, Panel, to_ms
from signals.plausible import PRICES, is_believed, is_near, is_possible, unlike_others
from signals.seats import POINTS_TO_REJOIN, Key, Who

ADDED = {Metric.OI_LEVEL, *ROLLING.values()}


class PlainLedger:
    """What `Ledger` promises, slowly."""

    def __init__(self) -> None:
        self.instruments: dict[Who, Instrument] = {}
        self.last: dict[Key, Observation] = {}
        self.returning: dict[Key, int] = {}
        self.doubted: dict[Key, Observation] = {}
        self.acquainted: set[Who] = set()
        self.rebased: dict[Who, int] = {}
        self.former: dict[Who, float] = {}
        self.quarantined: frozenset[Who] = frozenset()

    def expect(self, instruments: Iterable[Instrument]) -> None:
        before, self.instruments = self.instruments, {(i.venue, i.symbol): i for i in instruments}
        same = {who for who, i in self.instruments.items() if who not in before or before[who].version == i.version}
        alive = {(*who, metric) for who in same for metric in self.instruments[who].metrics}
        weights = {who: self.interest(who) for who in self.instruments if who in self.former or who not in same}
        self.former = {who: oi for who, oi in weights.items() if oi is not None}
        self.acquainted &= same
        self.last = {key: seen for key, seen in self.last.items() if key in alive}
        self.returning = {key: n for key, n in self.returning.items() if key in alive}
        self.doubted = {key: seen for key, seen in self.doubted.items() if key in alive}

    def take(self, observations: Iterable[Observation]) -> None:
        for seen in observations:
            who, key = (seen.venue, seen.symbol), (seen.venue, seen.symbol, seen.metric)
            old = self.last.get(key)
            offered = who in self.instruments and seen.metric in self.instruments[who].metrics
            newer = old is None or seen.at > old.at
            if not (offered and newer and is_possible(seen)) or seen.at - seen.received > AHEAD:
                continue
            if not is_believed(seen, old, self.doubted.pop(key, None)):
                self.doubted[key] = seen
                continue
            sized = seen.metric in (Metric.PRICE, Metric.OI_LEVEL)
            if sized and old is not None and old.value and not is_near(seen.value, old.value):
                self.rebased[who] = self.rebased.get(who, 0) + 1
                for other in [other for other in self.last if other[:2] == who]:
                    del self.last[other]
                    self.returning[other] = 0
            times = self.rebased.get(who)
            self.last[key] = replace(seen, leg=f"{seen.leg or seen.venue}#rebased{times}") if times else seen

    def read(self, at: datetime, label: str) -> Cycle:
        fresh = {key for key, seen in self.last.items() if is_fresh(seen, at)}
        self.meet({key[:2]: self.last[key].value for key in fresh if key[2] is Metric.PRICE})
        here = {key for key in fresh - self.strange(fresh) if key[:2] not in self.quarantined}
        self.returning |= dict.fromkeys(self.last.keys() - here, -1)
        self.returning = {key: n + 1 if key in here or n < 0 else n for key, n in self.returning.items()}
        self.returning = {key: n for key, n in self.returning.items() if n < POINTS_TO_REJOIN}
        counted = here - self.returning.keys()
        coins = sorted({i.coin for who, i in self.instruments.items() if who not in self.quarantined})
        readings = {coin: self.readings(coin, counted, fresh, at) for coin in coins}
        known = [self.last[key] for key in sorted(self.last) if key[:2] not in self.quarantined]
        return Cycle(at, label, readings, tuple(known))

    def meet(self, prices: Mapping[Who, float]) -> None:
        far: set[Who] = set()
        for coin in {i.coin for i in self.instruments.values()}:
            of = {who: price for who, price in prices.items() if self.instruments[who].coin == coin}
            newcomers = of.keys() - self.acquainted
            unlike = unlike_others(of, newcomers) if newcomers else set()
            self.acquainted |= newcomers - unlike
            far |= unlike
        self.quarantined = frozenset(far | (self.quarantined - prices.keys() - self.acquainted))

    def strange(self, fresh: set[Key]) -> set[Key]:
        found = set()
        for key in fresh:
            if key[2] in PRICES:
                coin = self.last[key].coin
                said = [self.last[k].value for k in fresh if k[2] is key[2] and self.last[k].coin == coin]
                middles = (median_low(said), median_high(said))
                if not all(is_near(self.last[key].value, middle) for middle in middles):
                    found.add(key)
        return found

    def readings(self, coin: str, counted: set[Key], fresh: set[Key], at: datetime) -> Mapping[Metric, Reading]:
        found = {}
        whose = [who for who, i in self.instruments.items() if i.coin == coin and who not in self.quarantined]
        for metric in OBSERVED:
            offered = [who for who in whose if metric in self.instruments[who].metrics]
            asked = [who for who in offered if who[0] not in AGGREGATORS] or offered
            if asked:
                found[metric] = self.reading(metric, asked, counted if len(asked) > 1 else fresh, counted, at)
        return found

    def reading(
        self, metric: Metric, asked: Sequence[Who], there: set[Key], counted: set[Key], at: datetime
    ) -> Reading:
        present = [who for who in asked if (*who, metric) in there]
        away = [who for who in asked if who not in present]
        seen = [self.last[*who, metric] for who in present]
        weights = [self.interest(who) if (*who, Metric.OI_LEVEL) in counted else None for who in present]
        value, weighing = combine(metric, [o.value for o in seen], weights)
        coverage = self.coverage(present, asked)
        adds = metric.kind is Kind.SUM or metric in ADDED
        return Reading(
            value=value if coverage >= MIN_COVERAGE else None,
            at=max((o.at for o in seen), default=at),
            venues=tuple(sorted({venue for venue, _ in present})),
            missing=tuple(sorted({venue for venue, _ in away})),
            coverage=coverage,
            weighing=weighing,
            floor=adds and any(o.floor for o in seen),
            span=max((o.span for o in seen if adds), default=timedelta(0)),
            held=self.held(metric, asked) if away else None,
        )

    def held(self, metric: Metric, asked: Sequence[Who]) -> float | None:
        if metric.kind is Kind.SUM:
            return None
        spoke = [who for who in asked if (*who, metric) in self.last]
        return combine(metric, [self.last[*who, metric].value for who in spoke], [self.interest(who) for who in spoke])[
            0
        ]

    def interest(self, who: Who) -> float | None:
        seen = self.last.get((*who, Metric.OI_LEVEL))
        return seen.value if seen else self.former.get(who)

    def coverage(self, present: Sequence[Who], asked: Sequence[Who]) -> float:
        known = {who: self.interest(who) for who in asked}
        whole = sum(oi or 0.0 for oi in known.values())
        if None in known.values() or not whole:
            return len(present) / len(asked)
        return sum(known[who] or 0.0 for who in present) / whole


def plain_bar(cycle: Cycle, step: timedelta) -> Panel:
    """What `bar` promises, coin by coin."""
    coins = tuple(cycle.readings)
    whole: dict[Metric, Matrix] = {metric: unknown(coins) for metric in STORED}
    legs: dict[Metric, dict[str, Matrix]] = {metric: {} for metric in LEGS}
    for j, (coin, readings) in enumerate(cycle.readings.items()):
        for metric, reading in readings.items():
            whole[metric][0, j] = np.nan if reading.value is None else reading.value
        expected = [seen for seen in cycle.known if seen.coin == coin and seen.metric in readings]
        interest = [
            seen.value
            for seen in expected
            if seen.metric is Metric.OI_LEVEL
            and seen.venue in {*readings[seen.metric].venues, *readings[seen.metric].missing}
        ]
        whole[Metric.OI_EXPECTED][0, j] = sum(interest) if interest else np.nan
        liquidated = readings.get(Metric.LIQ_LONG)
        bits = 0
        for seen in expected if liquidated is not None else ():
            if seen.metric is Metric.LIQ_LONG and counts(cycle, seen):
                bits |= 1024 if seen.venue not in STREAMS else (1 if seen.floor else 3) * 4 ** STREAMS.index(seen.venue)
        whole[Metric.LIQ_HEARD][0, j] = bits or np.nan
        for metric in LEGS:
            for name, values in parts(cycle, expected, metric).items():
                row = legs[metric].setdefault(name, unknown(coins))
                row[0, j] = (
                    np.nan
                    if None in values
                    else float(sum(v or 0.0 for v in values))
                    if metric is Metric.OI_LEVEL
                    else values[-1] or 0.0
                )
        for spot, (futures, both) in PAIRED.items():
            venues = readings[spot].venues if spot in readings and readings[spot].value is not None else ()
            traded = [
                sum(s.value for s in expected if s.metric is futures and s.venue == venue and counts(cycle, s))
                for venue in venues
                if any(s.metric is futures and s.venue == venue and counts(cycle, s) for s in expected)
            ]
            if venues and len(traded) == len(venues):
                whole[both][0, j] = sum(traded)

    return Panel(np.array([to_ms(cycle.at)]), coins, step, whole, legs)


def parts(cycle: Cycle, expected: Sequence[Observation], metric: Metric) -> Mapping[str, Sequence[float | None]]:
    """The values of each leg of one coin, None for who is silent; no leg of which all are silent."""
    found: dict[str, list[float | None]] = {}
    for seen in expected:
        if seen.metric is metric:
            found.setdefault(seen.leg or seen.venue, []).append(seen.value if counts(cycle, seen) else None)
    return {name: values for name, values in found.items() if any(value is not None for value in values)}


def counts(cycle: Cycle, seen: Observation) -> bool:
    return seen.venue in cycle.readings[seen.coin][seen.metric].venues and is_fresh(seen, cycle.at)


def unknown(coins: Sequence[str]) -> Matrix:
    return np.full((1, len(coins)), np.nan, np.float32)
