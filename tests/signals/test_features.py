from datetime import timedelta
from math import isnan
from statistics import median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.features import change, median_of, ratio, share_below, taker, total, z
from signals.model import Metric
from tests.signals.panels import HOUR, panel

NAN = float("nan")


def test_a_change_is_taken_over_the_venues_present_at_both_ends() -> None:
    legs = {
        Metric.OI_LEVEL: {"binance": [90_000, 90_900], "bybit": [20_000, NAN]},
        Metric.PRICE: {"binance": [1, 1]},
    }
    market = panel({Metric.OI_LEVEL: [110_000, 90_900], Metric.OI_EXPECTED: [110_000, 110_900]}, legs=legs)

    moved = change(market, Metric.OI_LEVEL, HOUR)

    assert np.isnan(moved[0, 0])
    assert moved[1, 0] == pytest.approx(0.01)


def test_a_change_is_unknown_where_the_matched_venues_hold_too_little_of_the_open_interest() -> None:
    legs = {Metric.OI_LEVEL: {"binance": [70_000, 70_700], "bybit": [30_000, NAN]}}
    market = panel({Metric.OI_LEVEL: [100_000, 70_700], Metric.OI_EXPECTED: [100_000, 100_700]}, legs=legs)

    assert np.isnan(change(market, Metric.OI_LEVEL, HOUR)).all()


def test_dollars_hide_what_coins_show() -> None:
    market = panel({Metric.PRICE: [100, 105], Metric.OI_LEVEL: [1000, 1000 * 1.02 / 1.05]})

    assert change(market, Metric.OI_LEVEL, HOUR)[1, 0] == pytest.approx(-0.0286, abs=1e-4)


def test_a_day_needs_a_row_exactly_a_day_earlier() -> None:
    values = np.arange(1, 51, dtype=float)
    values[10] = NAN
    market = panel({Metric.PRICE: values})

    moved = change(market, Metric.PRICE, timedelta(days=1))[:, 0]

    assert np.isnan(moved[:24]).all()
    assert np.isnan(moved[34])
    assert moved[24] == pytest.approx(24.0)


def test_a_change_shorter_than_a_bar_is_unknown_and_a_sum_is_one_bar() -> None:
    market = panel({Metric.PRICE: [1, 2, 3], Metric.LIQ_LONG: [5, 6, 7]}, 4 * HOUR)

    assert np.isnan(change(market, Metric.PRICE, HOUR)).all()
    assert total(market, [Metric.LIQ_LONG], HOUR)[:, 0].tolist() == [5, 6, 7]


def test_a_window_needs_nine_tenths_of_its_bars() -> None:
    values = np.ones(20)
    values[3] = NAN
    market = panel({Metric.LIQ_LONG: values})

    assert total(market, [Metric.LIQ_LONG], 10 * HOUR)[9:, 0].tolist() == [9, 9, 9, 9, 10, 10, 10, 10, 10, 10, 10]
    assert np.isnan(total(market, [Metric.LIQ_LONG], 5 * HOUR)[4:8]).all()


def test_spot_over_futures_uses_bars_where_both_legs_are_known() -> None:
    market = panel({Metric.VOLUME_SPOT: [1.9e6, NAN], Metric.VOLUME_PAIRED: [18.7e6, 5e6]})

    assert ratio(market, HOUR)[0, 0] == pytest.approx(0.1016, abs=1e-4)
    assert np.isnan(ratio(market, HOUR)[1, 0])


def test_taker_buys_over_sells() -> None:
    market = panel({Metric.TAKER_BUY: [400.0], Metric.TAKER_SELL: [500.0]})

    assert taker(market, HOUR)[0, 0] == pytest.approx(0.8)


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(NAN)), min_size=1, max_size=30))
def test_the_median_is_that_of_the_known(values: list[float]) -> None:
    known = [v for v in values if not isnan(v)]

    got = median_of(np.array([values]))[0]

    assert got == pytest.approx(median(known)) if known else np.isnan(got)


def brute_z(values: list[float], bars: int, floor: float) -> list[float]:
    out = []
    for t, value in enumerate(values):
        past = [v for v in values[max(0, t - bars) : t] if not isnan(v)]
        if len(past) < max(30, 0.9 * bars) or isnan(value):
            out.append(NAN)
            continue
        middle = median(past)
        spread = 1.4826 * median(abs(v - middle) for v in past)
        out.append((value - middle) / max(spread, floor))
    return out


@given(st.integers(0, 2**32 - 1), st.integers(30, 50), st.integers(1, 60))
def test_z_equals_a_slow_calculation_on_any_number_of_last_rows(seed: int, bars: int, rows: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(90) < 0.05, NAN, rng.normal(0, 0.01, 90))

    got = z(values[:, np.newaxis], bars, 0.002, rows)[:, 0]

    np.testing.assert_allclose(got, brute_z(values.tolist(), bars, 0.002)[-rows:], rtol=1e-9)


def test_a_flat_baseline_is_floored_and_never_infinite() -> None:
    values = np.zeros(60)
    values[-1] = 0.004

    assert z(values[:, np.newaxis], 48, 0.002, 1)[0, 0] == pytest.approx(2.0)


def test_shares_count_ties_half_and_need_history() -> None:
    past = np.array([1.0] * 20 + [2.0] * 20)

    assert share_below(past, 2.0, 40) == 0.75
    assert share_below(past, 1.5, 40) == 0.5
    assert np.isnan(share_below(past, 1.5, 60))
    assert np.isnan(share_below(past, NAN, 40))
