from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.bars import Bars, roll
from signals.model import Metric
from signals.panel import Buffer, Panel, decimal, from_ms, resolutions, stack, to_ms
from tests.signals.panels import HOUR, START, panel

MINUTE = timedelta(minutes=1)


def row(at: int, **coins: float) -> Panel:
    values = np.array([list(coins.values())], np.float32)
    return Panel(np.array([to_ms(START + at * HOUR)]), tuple(coins), HOUR, {Metric.PRICE: values})


def test_a_buffer_keeps_the_last_rows_and_fills_holes_with_unknown() -> None:
    buffer = Buffer(HOUR, 3)

    for at in (1, 2, 4):
        buffer.append(row(at, BTC=at))

    kept = buffer.panel()
    assert [from_ms(t) for t in kept.times.tolist()] == [START + h * HOUR for h in (2, 3, 4)]
    assert kept[Metric.PRICE][:, 0].tolist() == [2.0, pytest.approx(np.nan, nan_ok=True), 4.0]


def test_a_row_that_is_not_newer_changes_nothing() -> None:
    buffer = Buffer(HOUR, 5)
    buffer.append(row(2, BTC=2))

    buffer.append(row(2, BTC=99))
    buffer.append(row(1, BTC=99))

    assert buffer.panel()[Metric.PRICE].tolist() == [[2.0]]


def test_a_coin_that_comes_later_is_unknown_before() -> None:
    buffer = Buffer(HOUR, 5)

    buffer.append(row(1, BTC=1))
    buffer.append(row(2, ETH=20, BTC=2))

    kept = buffer.panel()
    assert kept.coins == ("BTC", "ETH")
    assert np.isnan(kept[Metric.PRICE][0, 1])
    assert kept[Metric.PRICE][1].tolist() == [2.0, 20.0]


def test_a_hole_longer_than_the_buffer_starts_anew() -> None:
    buffer = Buffer(HOUR, 3)
    buffer.append(row(1, BTC=1))

    buffer.append(row(100, BTC=100))

    assert buffer.panel()[Metric.PRICE].tolist() == [[100.0]]


@given(st.lists(st.integers(1, 60), min_size=1, max_size=40, unique=True), st.integers(1, 20))
def test_a_buffer_equals_the_tail_of_everything(hours: list[int], rows: int) -> None:
    hours.sort()

    kept = stack([row(h, BTC=h) for h in hours], HOUR, rows)

    grid = range(hours[0], hours[-1] + 1)
    wanted = [float(h) if h in hours else np.nan for h in grid][-rows:]
    gaps = [b - a for a, b in pairwise(hours)]
    if not gaps or max(gaps) <= rows:
        np.testing.assert_array_equal(kept[Metric.PRICE][:, 0], np.array(wanted, np.float32))
    assert kept[Metric.PRICE][-1, 0] == hours[-1]


def test_a_coarser_bar_takes_levels_at_its_end_and_adds_sums() -> None:
    minutes = panel({Metric.PRICE: [1, 2, 3, 4, 5], Metric.LIQ_LONG: [10, 20, 30, 40, 50]}, MINUTE)

    five = roll(minutes, 5 * MINUTE, START + 5 * MINUTE)

    assert five[Metric.PRICE].tolist() == [[5.0]]
    assert five[Metric.LIQ_LONG].tolist() == [[150.0]]
    assert five.leg(Metric.PRICE, "binance").tolist() == [[5.0]]


def test_a_sum_with_too_few_of_its_bars_is_unknown_and_so_is_a_level_without_its_last() -> None:
    nan = float("nan")
    minutes = panel({Metric.PRICE: [1, 2, 3, 4, nan], Metric.LIQ_LONG: [10, nan, 30, 40, 50]}, MINUTE)

    five = roll(minutes, 5 * MINUTE, START + 5 * MINUTE)

    assert np.isnan(five[Metric.PRICE]).all()
    assert np.isnan(five[Metric.LIQ_LONG]).all()


def test_an_hour_with_nine_tenths_of_its_minutes_is_the_sum_of_what_is_known() -> None:
    values = np.ones(60)
    values[:6] = np.nan

    hour = roll(panel({Metric.LIQ_LONG: values}, MINUTE), HOUR, START + HOUR)

    assert hour[Metric.LIQ_LONG].tolist() == [[54.0]]


def test_until_hides_later_rows_at_every_resolution() -> None:
    minutes = panel({Metric.PRICE: np.arange(120)}, MINUTE)
    hours = panel({Metric.PRICE: np.arange(2)}, HOUR)
    market = Panel(minutes.times, minutes.coins, MINUTE, minutes.matrices, minutes.legs, {HOUR: hours})

    before = market.until(90)

    assert len(before.times) == 90
    assert len(before.at(HOUR).times) == 1


def test_at_gives_the_next_longer_bars_there_are() -> None:
    four_hours = panel({Metric.PRICE: [1.0]}, 4 * HOUR)

    assert four_hours.at(MINUTE) is four_hours
    assert four_hours.at(timedelta(days=1)) is four_hours


def test_resolutions_follow_the_shortest_bar() -> None:
    assert list(resolutions(MINUTE)) == [MINUTE, 5 * MINUTE, HOUR]
    assert list(resolutions(4 * HOUR)) == [4 * HOUR]
    assert resolutions(HOUR)[HOUR] == 98 * 24


@given(st.floats(-1, 1, allow_nan=False).map(lambda x: float(f"{x:.6g}")))
def test_stored_decimals_come_back_exactly(value: float) -> None:
    stored = np.array([[value]], np.float32)

    back = decimal(stored)[0, 0]

    assert back == value or abs(value) < 1e-37


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_stored_decimal_is_the_shortest_that_is_stored_so(value: float) -> None:
    stored = np.array([[value]], np.float32)

    assert decimal(stored)[0, 0] == float(str(stored[0, 0]))


def test_all_resolutions_have_the_same_coins_in_the_same_columns() -> None:
    """After a restart hours know a coin that left long ago, and minutes one that came today."""
    bars = Bars({MINUTE: 10, HOUR: 10})
    bars.append(row(1, GONE=1, BTC=2))
    bars.append(replace(row(1, NEW=3, BTC=4), step=MINUTE))

    kept = bars.panel()

    assert kept.coins == kept.at(HOUR).coins == ("GONE", "BTC", "NEW")
    np.testing.assert_array_equal(kept[Metric.PRICE], [[np.nan, 4, 3]])
    np.testing.assert_array_equal(kept.at(HOUR)[Metric.PRICE], [[1, 2, np.nan]])


def test_some_coins_are_taken_in_their_order_and_others_are_unknown() -> None:
    market = replace(row(1, BTC=1, ETH=2), others={2 * HOUR: row(2, ETH=3, BTC=4)})

    some = market.of(("ETH", "SOL"))

    assert some.coins == some.at(2 * HOUR).coins == ("ETH", "SOL")
    np.testing.assert_array_equal(some[Metric.PRICE], [[2, np.nan]])
    np.testing.assert_array_equal(some.others[2 * HOUR][Metric.PRICE], [[3, np.nan]])
    assert market.of(market.coins) is market


def test_a_market_without_its_finer_bars_is_that_of_the_longer_ones() -> None:
    market = replace(row(1, BTC=1), step=MINUTE, others={HOUR: row(2, BTC=2), 4 * HOUR: row(3, BTC=3)})

    coarse = market.without_finer(5 * MINUTE)

    assert coarse[Metric.PRICE].tolist() == [[2.0]]
    assert list(coarse.others) == [4 * HOUR]
