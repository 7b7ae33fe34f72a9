from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.aggregate import Cycle, Ledger, Reading, Weighing, bar, combine
from signals.model import Instrument, Metric, Observation
from signals.panel import Panel
from signals.units import eight_hourly, yearly
from tests.signals.panels import START

MINUTE = timedelta(minutes=1)
M = frozenset({Metric.PRICE, Metric.FUNDING, Metric.OI_LEVEL})
GOLDEN = {
    "binance": (90_000.0, 8e-5),
    "bybit": (25_000.0, 6e-5),
    "okx": (30_000.0, 4e-5),
    "gate": (12_000.0, 10e-5),
    "bitget": (20_000.0, -1e-5),
    "hyperliquid": (40_000.0, 10e-5),
}
"""Open interest in coins and 8h-equivalent per venue: the golden case of the venue pages."""


def instrument(venue: str, metrics: Iterable[Metric] = M) -> Instrument:
    return Instrument(venue, "BTCUSDT", "BTC", 1.0, frozenset(metrics))


def seen(venue: str, metric: Metric, value: float, minute: int = 0, fresh: timedelta = MINUTE / 2) -> Observation:
    at = START + minute * MINUTE
    return Observation(metric, venue, "BTCUSDT", "BTC", value, at, at, fresh)


def golden(minute: int = 0, *, without: str = "") -> list[Observation]:
    return [
        observation
        for venue, (oi, rate) in GOLDEN.items()
        if venue != without
        for observation in (seen(venue, Metric.OI_LEVEL, oi, minute), seen(venue, Metric.FUNDING, rate, minute))
    ]


def ledger() -> Ledger:
    book = Ledger()
    book.expect(instrument(venue) for venue in GOLDEN)
    return book


def read(book: Ledger, metric: Metric, minute: int = 0) -> Reading:
    return book.read(START + minute * MINUTE, "TEST").readings["BTC"][metric]


def test_the_golden_case_of_six_venues() -> None:
    book = ledger()

    book.take(golden())

    cycle = book.read(START, "TEST").readings["BTC"]
    assert cycle[Metric.OI_LEVEL].value == 217_000
    assert cycle[Metric.FUNDING].value == pytest.approx(6.8664e-5, rel=1e-4)
    assert yearly(cycle[Metric.FUNDING].value or 0) == pytest.approx(0.075187, rel=1e-4)
    assert cycle[Metric.FUNDING].weighing is Weighing.OI
    assert cycle[Metric.FUNDING].coverage == 1.0


def test_without_its_largest_venue_the_number_is_withheld_and_without_a_small_one_it_stands() -> None:
    large, small = ledger(), ledger()
    for book in (large, small):
        book.take(golden())

    large.take(golden(1, without="binance"))
    small.take(golden(1, without="bybit"))

    dark, fine = read(large, Metric.FUNDING, 1), read(small, Metric.FUNDING, 1)
    assert dark.value is None
    assert dark.coverage == pytest.approx(0.585, abs=1e-3)
    assert dark.missing == ("binance",)
    assert fine.value is not None
    assert fine.coverage == pytest.approx(0.885, abs=1e-3)


@pytest.mark.parametrize(("metric", "held"), [(Metric.FUNDING, 6.8664e-5), (Metric.OI_LEVEL, 217_000)])
def test_a_level_also_says_what_it_would_be_had_the_missing_stayed_at_their_last_word(
    metric: Metric, held: float
) -> None:
    book = ledger()
    book.take(golden())
    whole = read(book, metric)
    book.take(golden(1, without="bybit"))

    part = read(book, metric, 1)

    assert whole.held is None
    assert part.held == pytest.approx(held, rel=1e-4)
    assert part.value != pytest.approx(held, rel=1e-4)


def test_a_venue_that_comes_back_counts_from_its_second_point_on() -> None:
    book = ledger()
    book.take(golden())
    book.read(START, "TEST")
    book.take(golden(1, without="bybit"))
    book.read(START + MINUTE, "TEST")

    first: list[str] = []
    second: list[str] = []
    for minute, said in ((2, first), (3, second)):
        book.take(golden(minute))
        said.extend(read(book, Metric.OI_LEVEL, minute).venues)

    assert "bybit" not in first
    assert "bybit" in second


def test_nobody_silent_is_zero() -> None:
    book = ledger()

    silent = read(book, Metric.OI_LEVEL)

    assert silent.value is None
    assert silent.coverage == 0.0
    assert set(silent.missing) == set(GOLDEN)


def test_rates_without_open_interest_are_an_unweighted_mean_and_say_so() -> None:
    book = Ledger()
    book.expect(instrument(v, [Metric.FUNDING]) for v in ("binance", "okx"))

    book.take([seen("binance", Metric.FUNDING, 1e-4), seen("okx", Metric.FUNDING, 3e-4)])

    assert read(book, Metric.FUNDING).value == pytest.approx(2e-4)
    assert read(book, Metric.FUNDING).weighing is Weighing.MEAN


def test_prices_without_open_interest_are_their_median() -> None:
    book = Ledger()
    book.expect(instrument(v, [Metric.PRICE]) for v in ("a", "b", "c"))

    book.take([seen("a", Metric.PRICE, 100), seen("b", Metric.PRICE, 101), seen("c", Metric.PRICE, 109)])

    assert read(book, Metric.PRICE).value == 101
    assert read(book, Metric.PRICE).weighing is Weighing.MEDIAN


def test_a_vendors_sum_is_never_added_to_single_venues() -> None:
    book = Ledger()
    book.expect([instrument("coinglass", [Metric.OI_LEVEL]), instrument("binance", [Metric.OI_LEVEL])])

    book.take([seen("coinglass", Metric.OI_LEVEL, 1000), seen("binance", Metric.OI_LEVEL, 300)])

    assert read(book, Metric.OI_LEVEL).value == 300
    assert read(book, Metric.OI_LEVEL).venues == ("binance",)


def test_a_vendors_sum_stands_where_no_single_venue_offers_the_metric() -> None:
    book = Ledger()
    book.expect([instrument("coinglass", [Metric.OI_LEVEL]), instrument("binance", [Metric.PRICE])])

    book.take([seen("coinglass", Metric.OI_LEVEL, 1000)])

    assert read(book, Metric.OI_LEVEL).value == 1000


def test_observations_of_unknown_instruments_or_undeclared_metrics_are_dropped() -> None:
    book = Ledger()
    book.expect([instrument("binance", [Metric.PRICE])])

    book.take([seen("okx", Metric.PRICE, 1), seen("binance", Metric.OI_LEVEL, 1)])

    assert book.last == {}


def test_an_older_observation_never_replaces_a_newer_one() -> None:
    book = ledger()

    book.take([seen("okx", Metric.PRICE, 2, minute=1), seen("okx", Metric.PRICE, 1, minute=0)])

    assert book.last["okx", "BTCUSDT", Metric.PRICE].value == 2


@pytest.mark.parametrize(("seconds", "kept"), [(0, 1), (5, 1), (6, 0), (86_400, 0)])
def test_an_observation_of_a_time_to_come_is_dropped_and_blocks_nothing(seconds: int, kept: int) -> None:
    book, said = ledger(), seen("okx", Metric.PRICE, 1)

    book.take([replace(said, at=said.at + timedelta(seconds=seconds))])
    assert len(book.last) == kept
    book.take([seen("okx", Metric.PRICE, 2, minute=1)])

    assert book.last["okx", "BTCUSDT", Metric.PRICE].value == 2


def close(book: Ledger, minute: int = 0) -> tuple[Cycle, Panel]:
    cycle = book.read(START + minute * MINUTE, "TEST")
    return cycle, bar(cycle, MINUTE)


def test_a_bar_keeps_each_venues_open_interest_and_what_was_expected() -> None:
    book = ledger()
    book.take(golden())
    close(book)
    book.take(golden(1, without="bybit"))

    _, row = close(book, 1)

    assert row[Metric.OI_LEVEL].tolist() == [[192_000.0]]
    assert row[Metric.OI_EXPECTED].tolist() == [[217_000.0]]
    assert row.leg(Metric.OI_LEVEL, "binance").tolist() == [[90_000.0]]
    assert np.isnan(row.leg(Metric.OI_LEVEL, "bybit")).all()


def test_a_venue_without_a_spot_leg_leaves_both_legs_of_the_ratio() -> None:
    book = Ledger()
    both, futures = [Metric.VOLUME, Metric.VOLUME_SPOT], [Metric.VOLUME]
    book.expect([instrument("binance", both), instrument("hyperliquid", futures)])
    book.take(
        replace(seen(venue, metric, value), span=MINUTE)
        for venue, metric, value in (
            ("binance", Metric.VOLUME, 18.7e6),
            ("binance", Metric.VOLUME_SPOT, 1.9e6),
            ("hyperliquid", Metric.VOLUME, 5e6),
        )
    )

    _, row = close(book)

    assert row[Metric.VOLUME][0, 0] == pytest.approx(23.7e6)
    assert row[Metric.VOLUME_SPOT][0, 0] / row[Metric.VOLUME_PAIRED][0, 0] == pytest.approx(0.1016, abs=1e-4)


def test_the_same_economics_at_any_interval_give_the_same_rate() -> None:
    assert eight_hourly(0.0000125, 1) == pytest.approx(0.0001)
    assert eight_hourly(-0.000037, 8) == -0.000037
    assert yearly(eight_hourly(0.0001, 8)) == pytest.approx(0.1095)
    assert yearly(eight_hourly(0.0001, 4)) == pytest.approx(0.219)
    assert yearly(eight_hourly(0.0001, 1)) == pytest.approx(0.876)


@given(st.floats(-0.01, 0.01), st.lists(st.floats(0.1, 1e9), min_size=2, max_size=9))
def test_venues_that_agree_have_just_that_mean_whatever_their_weights(value: float, weights: list[float]) -> None:
    mean, weighing = combine(Metric.FUNDING, [value] * len(weights), weights)
    plain, _ = combine(Metric.FUNDING, [value] * len(weights), [None] * len(weights))

    assert (mean, plain) == (value, value)
    assert weighing is Weighing.OI


@pytest.mark.parametrize("metric", [Metric.PRICE, Metric.OI_LEVEL])
def test_who_goes_on_at_another_size_is_another_series_and_stays_it_over_a_restart(metric: Metric) -> None:
    book = ledger()
    for minute, value in enumerate((100.0, 100.0, 3e5, 3e5, 3e5)):
        book.take([seen("okx", metric, value, minute)])
    known = book.read(START + 4 * MINUTE, "TEST").known

    again = ledger()
    again.take(known)
    again.take([seen("okx", metric, 3e5, 5)])

    after = again.read(START + 5 * MINUTE, "TEST").known
    assert [o.leg for o in (*known, *after)] == ["okx#rebased1", "okx#rebased1"]
