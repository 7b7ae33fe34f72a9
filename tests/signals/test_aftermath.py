"""What followed an alert is what a study counts of the same bar; what nobody tells stays unknown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.aftermath import GIVEN_UP, NEAR, close_at, filled, lacking, moments, next_look, outcomes
from signals.cases import outcomes as counted
from signals.model import Metric, Unit, Yardstick
from signals.panel import Panel, decimal, to_ms
from signals.remembered import Remembered
from signals.study import whole_horizons

T0 = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALERT = Remembered(
    "A7FK", 1, 1, "ETH negfunding for 15m every 1h", "ETH", T0, -1e-4, Unit.RATE_8H, Yardstick.VALUE, "LIVE"
)


def bars(step: timedelta, prices: list[float], first: datetime = T0, coin: str = "ETH") -> Panel:
    times = np.array([to_ms(first + step * row) for row in range(len(prices))], np.int64)
    matrix = np.array(prices, np.float32).reshape(-1, 1)
    return Panel(times, (coin,), step, {Metric.PRICE: matrix}, {})


def after(alert: Remembered, step: timedelta, now: datetime, *panels: Panel) -> Remembered:
    return filled(alert, step, now, partial(close_at, panels, alert.coin))


@given(
    st.lists(st.one_of(st.just(float("nan")), st.floats(1, 9)), min_size=40, max_size=60),
    st.sampled_from([HOUR, 4 * HOUR, DAY]),
)
def test_outcomes_are_those_of_a_study_on_the_same_bars(prices: list[float], step: timedelta) -> None:
    panel = bars(step, prices)
    alert = after(ALERT, step, T0 + 99 * DAY, panel)

    for one in outcomes(alert):
        span = one.horizon // step
        closes = decimal(panel[Metric.PRICE])
        for got, delay in ((one.move, 0), (one.later, 1)):
            expected = counted(closes, span, delay)[0, 0]
            assert got == (None if np.isnan(expected) else pytest.approx(expected, rel=1e-12))


@pytest.mark.parametrize("step", [MINUTE, 5 * MINUTE, HOUR, 4 * HOUR, DAY])
def test_only_horizons_that_are_whole_bars_are_looked_at(step: timedelta) -> None:
    alert = after(ALERT, step, T0)

    assert [of.horizon for of in outcomes(alert)] == whole_horizons(step)
    assert [of.due - T0 for of in outcomes(alert)] == whole_horizons(step)
    assert set(moments(alert)) == {
        T0 + span + more for span in (0 * HOUR, *whole_horizons(step)) for more in (0 * HOUR, step)
    }


def test_nothing_is_known_before_its_time() -> None:
    panel = bars(MINUTE, [100.0 + minute for minute in range(1500)])
    alert = after(ALERT, MINUTE, T0 + HOUR, panel)

    assert [of.move for of in outcomes(alert)] == [pytest.approx(0.6), None, None]
    assert [of.later for of in outcomes(alert)] == [None, None, None]


def test_what_is_known_stays_when_its_bars_are_gone() -> None:
    alert = after(ALERT, MINUTE, T0 + 9 * HOUR, bars(MINUTE, [100.0] * 300))

    again = after(alert, MINUTE, T0 + 30 * HOUR, bars(MINUTE, [300.0] * 300, T0 + 23 * HOUR))

    assert [of.move for of in outcomes(again)] == [0.0, 0.0, 2.0]


def test_a_gap_is_unknown_and_not_what_stands_beside_it() -> None:
    prices = [100.0] * 60 + [float("nan")] * 30 + [100.0] * 1500
    alert = after(ALERT, MINUTE, T0 + 2 * DAY, bars(MINUTE, prices), bars(HOUR, [1.0] * 3))

    assert [of.move for of in outcomes(alert)] == [0.01 - 1, 0.0, 0.0]
    without_hours = after(ALERT, MINUTE, T0 + 2 * DAY, bars(MINUTE, prices))
    assert [of.move for of in outcomes(without_hours)] == [None, 0.0, 0.0]
    assert lacking(without_hours, T0 + 2 * DAY) == [T0 + HOUR, T0 + HOUR + MINUTE]


@pytest.mark.parametrize(("late", "price"), [(0 * MINUTE, 7.0), (NEAR - MINUTE, 7.0), (NEAR, None), (-MINUTE, None)])
def test_a_close_tells_a_moment_that_is_just_before_it(late: timedelta, price: float | None) -> None:
    assert close_at([bars(5 * MINUTE, [7.0], T0 + late)], "ETH", T0) == price


def test_the_shortest_bar_that_knows_tells_and_another_coin_never() -> None:
    panels = [bars(MINUTE, [float("nan"), 1.0]), bars(HOUR, [2.0]), bars(MINUTE, [3.0], coin="BTC")]

    assert close_at(panels, "ETH", T0) == 1.0
    assert close_at(panels[1:], "ETH", T0) == 2.0
    assert close_at(panels[2:], "ETH", T0) is None
    assert close_at([bars(MINUTE, [0.0])], "ETH", T0) is None


def test_it_is_looked_at_when_a_price_and_the_one_a_bar_later_are_there() -> None:
    panel, seen, now = bars(MINUTE, [100.0] * 1500), [], T0
    alert = after(ALERT, MINUTE, now, panel)
    while (again := next_look(alert, now)) is not None:
        now = again
        seen.append(now - T0)
        alert = after(alert, MINUTE, now, panel)

    assert seen == [MINUTE, HOUR + MINUTE, 4 * HOUR + MINUTE, DAY + MINUTE]
    assert lacking(alert, now) == []


def test_what_is_lacking_is_looked_for_each_hour_until_it_is_given_up() -> None:
    end = T0 + DAY + MINUTE
    alert = after(ALERT, MINUTE, end)

    assert next_look(after(ALERT, MINUTE, T0), T0) == T0 + MINUTE
    assert next_look(alert, T0 + 2 * HOUR) == T0 + 3 * HOUR
    assert next_look(alert, end + GIVEN_UP - MINUTE) == end + GIVEN_UP - MINUTE + HOUR
    assert next_look(alert, end + GIVEN_UP) is None


def test_before_anybody_looked_its_own_price_is_lacking_and_no_outcome_is_told() -> None:
    assert lacking(ALERT, T0 + DAY) == [T0]
    assert outcomes(ALERT) == []
    assert replace(ALERT, prices=(None,)) != ALERT
