"""Who joins a market: new versions of contracts, new contracts, and other coins of the same name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from math import isnan

import pytest

from adapters.store import codec
from signals.aggregate import Ledger, Reading
from signals.bars import Bars
from signals.cells import Cells, Vectors
from signals.features import change
from signals.model import ALL, Cell, Instrument, Metric, Observation
from signals.panel import Panel
from signals.registry import SIGNALS
from tests.signals.panels import HOUR, START, panel

MINUTE = timedelta(minutes=1)
NAN = float("nan")
PRICE, OI, FUNDING = Metric.PRICE, Metric.OI_LEVEL, Metric.FUNDING
OFFERED = frozenset({PRICE, OI, FUNDING})
SHARES = {"binance": 50.0, "okx": 30.0, "bybit": 20.0}


def listed(venue: str, symbol: str = "BTCUSDT", version: int = 1) -> Instrument:
    return Instrument(venue, symbol, "BTC", 1.0, OFFERED, version, "USDC" if symbol.endswith("USDC") else "")


EVERYBODY = [listed(venue) for venue in SHARES]


class Market:
    """A coin on three venues, minute by minute; `words` change or take away what a venue's contract says."""

    def __init__(self, roster: Iterable[Instrument] = EVERYBODY) -> None:
        self.minute = 0
        self.ledger, self.bars = Ledger(), Bars({MINUTE: 120})
        self.expect(roster)

    def expect(self, roster: Iterable[Instrument]) -> None:
        self.roster = [*roster]
        self.ledger.expect(self.roster)

    def close(self, words: Mapping[tuple[str, str], Mapping[Metric, float]] | None = None) -> Cells:
        self.minute += 1
        for one in self.roster:
            usual = {PRICE: 100.0, OI: SHARES.get(one.venue, 10.0), FUNDING: 1e-4}
            said = usual if words is None else words.get((one.venue, one.symbol), usual)
            self.ledger.take(self.said(one, metric, value) for metric, value in said.items())
        cycle = self.ledger.read(START + self.minute * MINUTE, "TEST")
        self.cycle = replace(cycle, bars=self.bars.close(cycle))
        return Cells(self.cycle, Vectors(self.bars.panel(), SIGNALS, rows=1), MINUTE)

    def said(self, of: Instrument, metric: Metric, value: float) -> Observation:
        at = START + self.minute * MINUTE
        return Observation(metric, of.venue, of.symbol, of.coin, value, at, at, MINUTE / 2, leg=of.leg)

    def reading(self, metric: Metric) -> Reading:
        return self.cycle.readings["BTC"][metric]


def value(cells: Cells, name: str, window: timedelta, venue: str = ALL) -> float | None:
    return cells.read(Cell("BTC", venue, name, window)).reading.value


# Versions


def test_a_new_version_is_compared_with_nothing_from_before_and_the_others_are() -> None:
    market = Market()
    for _ in range(5):
        market.close()
    market.expect([*EVERYBODY[:1], listed("okx", version=2), EVERYBODY[2]])
    for _ in range(3):
        cells = market.close({("okx", "BTCUSDT"): {PRICE: 100.0, OI: 300.0, FUNDING: 1e-4}})

    assert market.reading(OI).value == 370.0
    assert value(cells, "oi", 2 * MINUTE) == 0.0
    assert value(cells, "oi", 5 * MINUTE) == 0.0
    assert value(cells, "price", 5 * MINUTE) == 0.0
    assert value(cells, "oi", 5 * MINUTE, "okx") is None
    assert value(cells, "oi", 2 * MINUTE, "okx") == 0.0


def test_the_former_open_interest_weighs_until_the_new_version_tells_its_own() -> None:
    market = Market()
    market.close()
    market.expect([listed("binance", version=2), *EVERYBODY[1:]])

    market.close({("binance", "BTCUSDT"): {}})

    assert market.reading(FUNDING).coverage == 0.5
    assert market.reading(FUNDING).missing == ("binance",)
    market.close({("binance", "BTCUSDT"): {PRICE: 100.0, OI: 5.0, FUNDING: 1e-4}})
    assert market.reading(FUNDING).coverage == 1.0
    assert market.reading(OI).value == 55.0


def test_no_word_of_an_older_version_is_doubt_or_proof_of_the_new_one() -> None:
    market = Market()
    market.close()
    market.close({("okx", "BTCUSDT"): {OI: 3_000.0}})
    market.expect([EVERYBODY[0], listed("okx", version=2), EVERYBODY[2]])

    assert market.ledger.quarantined == frozenset()
    assert ("okx", "BTCUSDT", OI) not in market.ledger.last
    market.close({("okx", "BTCUSDT"): {PRICE: 100.0, OI: 30_000.0}})
    assert market.reading(OI).value == 30_070.0


def test_legs_of_versions_outlive_the_store_and_a_restart() -> None:
    market = Market([EVERYBODY[0], listed("okx", version=2), EVERYBODY[2]])
    for _ in range(6):
        market.close()
    kept = codec.read_bars(codec.bars([market.bars.panel()]))
    again = Market(market.roster)
    again.minute = market.minute
    for bars in kept:
        again.bars.append(bars)
    again.ledger.take(codec.read_moment(codec.moment(market.cycle)).known)

    cells = again.close({("okx", "BTCUSDT"): {PRICE: 100.0, OI: 33.0, FUNDING: 1e-4}})

    assert value(cells, "oi", 5 * MINUTE) == pytest.approx(0.03)
    assert value(cells, "oi", 5 * MINUTE, "okx") == pytest.approx(0.1)


# Newcomers


OTHER = listed("gate")
HOMONYM = {PRICE: 0.1, OI: 1e6, FUNDING: -0.01}


@pytest.mark.parametrize("from_the_start", [True, False])
def test_another_coin_of_that_name_counts_nowhere_and_is_told(from_the_start: bool) -> None:
    market = Market([*EVERYBODY, OTHER] if from_the_start else EVERYBODY)
    if not from_the_start:
        market.close()
        market.expect([*EVERYBODY, OTHER])

    market.close({("gate", "BTCUSDT"): HOMONYM})

    assert market.ledger.quarantined == {("gate", "BTCUSDT")}
    for metric, wanted in ((PRICE, 100.0), (OI, 100.0), (FUNDING, 1e-4)):
        reading = market.reading(metric)
        assert (reading.value, reading.coverage, reading.missing) == (wanted, 1.0, ())
    assert all(seen.venue != "gate" for seen in market.cycle.known)
    assert market.bars.panel()[Metric.OI_EXPECTED][-1, 0] == 100.0
    assert "gate" not in market.bars.panel().legs[OI]


def test_it_stays_out_while_it_is_silent_and_counts_once_it_agrees() -> None:
    market = Market()
    market.close()
    market.expect([*EVERYBODY, OTHER])
    market.close({("gate", "BTCUSDT"): HOMONYM})

    market.close({("gate", "BTCUSDT"): {OI: 1e6}})
    assert market.ledger.quarantined == {("gate", "BTCUSDT")}
    for _ in range(4):  # a jump is confirmed once, and who was away is back from the second word on
        market.close({("gate", "BTCUSDT"): {PRICE: 101.0, OI: 10.0}})

    assert market.ledger.quarantined == frozenset()
    assert market.reading(OI).value == 110.0


def test_who_is_alone_is_never_another_coin() -> None:
    market = Market([OTHER])

    market.close({("gate", "BTCUSDT"): HOMONYM})

    assert market.reading(PRICE).value == 0.1
    assert market.ledger.quarantined == frozenset()


def test_two_that_disagree_from_the_start_are_both_out_until_a_third_decides() -> None:
    market = Market([EVERYBODY[0], OTHER])
    market.close({("gate", "BTCUSDT"): HOMONYM})

    assert {who for who, _ in market.ledger.quarantined} == {"binance", "gate"}
    market.expect([*EVERYBODY[:2], OTHER])
    market.close({("gate", "BTCUSDT"): HOMONYM})
    market.close({("gate", "BTCUSDT"): HOMONYM})

    assert market.ledger.quarantined == {("gate", "BTCUSDT")}
    assert market.reading(PRICE).venues == ("binance", "okx")


def test_who_should_answer_from_the_start_and_does_not_is_missing() -> None:
    market = Market()

    market.close({("binance", "BTCUSDT"): {}})

    assert market.reading(OI).missing == ("binance",)
    assert market.reading(OI).coverage == pytest.approx(2 / 3)


def test_a_second_contract_of_a_venue_moves_nothing_when_it_comes_or_falls_silent() -> None:
    second = listed("binance", "BTCUSDC")
    market = Market()
    for _ in range(3):
        market.close()
    market.expect([*EVERYBODY, second])
    for _ in range(3):
        cells = market.close({("binance", "BTCUSDC"): {PRICE: 100.0, OI: 20.0, FUNDING: 1e-4}})
    assert market.reading(OI).value == 120.0
    assert value(cells, "oi", 4 * MINUTE) == 0.0
    assert value(cells, "oi", 2 * MINUTE, "binance") == 0.0
    assert value(cells, "oi", 4 * MINUTE, "binance") is None

    cells = market.close({("binance", "BTCUSDC"): {}})

    assert value(cells, "oi", 2 * MINUTE) == 0.0
    assert value(cells, "oi", 2 * MINUTE, "binance") is None


def test_a_leg_of_two_contracts_is_known_only_whole() -> None:
    twin = listed("binance", "1000BTCUSDT")
    market = Market([*EVERYBODY, twin])
    market.close({("binance", "1000BTCUSDT"): {PRICE: 100.0, OI: 7.0}})
    market.close({("binance", "1000BTCUSDT"): {}})

    leg = market.bars.panel().leg(OI, "binance")[:, 0]

    assert leg[0] == 57.0
    assert isnan(leg[1])


# Coverage of changes


def moved(legs: Mapping[str, Sequence[float]], expected: Sequence[float], *, lone: bool = False) -> float:
    rows = [[x for x in at if not isnan(x)] for at in zip(*legs.values(), strict=True)]
    columns = {OI: [sum(row) for row in rows], Metric.OI_EXPECTED: expected, PRICE: [100.0] * len(rows)}
    prices = {name: [NAN if isnan(x) else 100.0 for x in leg] for name, leg in legs.items()}
    market: Panel = panel(columns, legs={OI: legs, PRICE: prices})
    return float(change(market, OI, HOUR, lone=lone)[-1, 0])


@pytest.mark.parametrize(
    ("legs", "expected", "known"),
    [
        ({"a": [50, 55], "b": [NAN, 50]}, [50, 105], True),
        ({"a": [50, 55], "b": [NAN, 50]}, [100, 105], False),
        ({"a": [50, 55], "b": [50, NAN]}, [100, 55], True),
        ({"a": [50, 55], "b": [50, NAN]}, [100, 105], False),
        ({"a": [50, 55], "b": [NAN, 50], "c": [10, 11]}, [70, 116], True),
        ({"a": [50, 55], "b": [NAN, 50], "c": [NAN, 10]}, [60, 115], True),
        ({"a": [50, 55], "b": [NAN, 50], "c": [NAN, 20]}, [70, 125], False),
        ({"a": [50, 55], "b": [50, NAN], "b#2": [NAN, 500]}, [100, 555], True),
        ({"a": [50, 55], "b": [NAN, 50]}, [NAN, 105], False),
    ],
)
def test_who_joined_or_left_by_plan_is_expected_at_neither_end_and_the_silent_are(
    legs: Mapping[str, Sequence[float]], expected: Sequence[float], known: bool
) -> None:
    assert moved(legs, expected) == (pytest.approx(0.1) if known else pytest.approx(NAN, nan_ok=True))


def test_of_a_lone_venue_both_ends_must_hold_the_same_contracts() -> None:
    assert moved({"a": [50, 55], "b": [NAN, 10]}, [50, 65], lone=True) == pytest.approx(0.1)
    assert isnan(moved({"a": [50, 55], "b": [NAN, 50]}, [50, 105], lone=True))


def test_a_price_that_falls_silent_is_no_planned_leave_though_the_open_interest_goes_on() -> None:
    legs = {OI: {"a": [50.0, 50.0], "b": [50.0, 50.0]}, PRICE: {"a": [100.0, 110.0], "b": [100.0, NAN]}}
    columns = {OI: [100.0, 100.0], PRICE: [100.0, 110.0], Metric.OI_EXPECTED: [100.0, 100.0]}

    assert isnan(change(panel(columns, legs=legs), PRICE, HOUR)[-1, 0])
    gone = {OI: {"a": [50.0, 50.0], "b": [50.0, NAN]}, PRICE: legs[PRICE]}
    left = change(panel({**columns, Metric.OI_EXPECTED: [100.0, 50.0]}, legs=gone), PRICE, HOUR)
    assert left[-1, 0] == pytest.approx(0.1)
