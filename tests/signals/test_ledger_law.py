"""The ledger, which looks at each word once, comes to what a plain one comes to: to the last bit, whatever happens."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.aggregate import Ledger, bar
from signals.model import Instrument, Kind, Metric, Observation
from signals.panel import Panel
from tests.signals.panels import START
from tests.signals.plain_ledger import PlainLedger, plain_bar

MINUTE = timedelta(minutes=1)
MOMENTS = 12
OFFERED = (
    Metric.PRICE,
    Metric.INDEX,
    Metric.FUNDING,
    Metric.OI_LEVEL,
    Metric.LIQ_LONG,
    Metric.VOLUME_24H,
    Metric.VOLUME_SPOT_24H,
)
CONTRACTS = (
    ("binance", "BTCUSDT", "BTC"),
    ("binance", "BTCUSDC", "BTC"),
    ("okx", "BTC", "BTC"),
    ("gate", "BTC", "BTC"),
    ("gate", "XBT", "BTC"),
    ("coinglass", "BTC", "BTC"),
    ("okx", "ETH", "ETH"),
    ("gate", "ETH", "ETH"),
    ("okx", "PEPE", "PEPE"),
)


class World:
    """Markets in which everything that happens at all happens often; the generator decides what."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.offers = {one: frozenset(m for m in OFFERED if random.random() < 0.8) for one in CONTRACTS}
        self.versions = dict.fromkeys(CONTRACTS, 1)
        self.scale = {one: random.choice([1.0, 1.0, 1.0, 1.5]) for one in CONTRACTS}

    def roster(self) -> list[Instrument]:
        for one in CONTRACTS:
            if self.random.random() < 0.05:
                self.versions[one] += 1
            if self.random.random() < 0.05:
                self.offers[one] = frozenset(m for m in OFFERED if self.random.random() < 0.8)
        living = [one for one in CONTRACTS if self.random.random() < 0.9]
        self.random.shuffle(living)
        return [
            Instrument(*one, 1.0, self.offers[one], self.versions[one], "USDC" if "USDC" in one[1] else "")
            for one in living
        ]

    def said(self, roster: list[Instrument], moment: int) -> Iterator[Observation]:
        for of in roster:
            one = (of.venue, of.symbol, of.coin)
            if self.random.random() < 0.03:
                self.scale[one] *= self.random.choice([0.1, 1.5, 10.0])
            if self.random.random() < 0.1:
                continue
            for metric in OFFERED:
                if self.random.random() < 0.9:
                    yield self.word(of, metric, moment)

    def word(self, of: Instrument, metric: Metric, moment: int) -> Observation:
        value = 100.0 * self.random.uniform(0.98, 1.02) * self.scale[of.venue, of.symbol, of.coin]
        if self.random.random() < 0.03:
            value *= self.random.choice([0.0, 0.01, 7.0, 100.0])
        late = timedelta(seconds=self.random.choice([0, 0, 0, 1, 50, 70, -6, -61]))
        return Observation(
            metric, of.venue, of.symbol, of.coin, value, START + moment * MINUTE - late, START + moment * MINUTE,
            fresh_for=self.random.choice([MINUTE / 2, MINUTE / 2, 3 * MINUTE]),
            span=MINUTE * self.random.choice([1, 2]) if metric.kind is Kind.SUM else timedelta(0),
            floor=self.random.random() < 0.1,
            leg=of.leg,
        )  # fmt: skip


def same(one: Panel, other: Panel) -> bool:
    return one.coins == other.coins and all(
        np.array_equal(one[metric], other[metric], equal_nan=True) for metric in {*one.matrices, *other.matrices}
    )


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_ledger_and_its_bars_are_those_of_a_plain_calculation(seed: int) -> None:
    world, ledger, plain = World(Random(seed)), Ledger(), PlainLedger()
    roster: list[Instrument] = []

    for moment in range(MOMENTS):
        if not roster or world.random.random() < 0.2:
            roster = world.roster()
            ledger.expect(roster)
            plain.expect(roster)
        said = [*world.said(roster, moment)]
        ledger.take(said)
        plain.take(said)
        at = START + moment * MINUTE
        cycle, expected = ledger.read(at, "TEST"), plain.read(at, "TEST")

        assert ledger.last == plain.last
        assert ledger.quarantined == plain.quarantined
        assert cycle == expected
        made, wanted = bar(cycle, MINUTE), plain_bar(cycle, MINUTE)
        assert same(made, wanted)
        for metric, by in wanted.legs.items():
            assert made.legs[metric].keys() == by.keys()
            for name in by:
                assert np.array_equal(made.leg(metric, name), by[name], equal_nan=True), (metric, name)
