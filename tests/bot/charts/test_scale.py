"""Axes: round positions inside the range, each written so that it can be told from its neighbours."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts.scale import ticks, times
from signals.model import Unit

LEVELS = st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: round(value, 6))
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("unit", "low", "high", "is_price", "labels"),
    [
        (Unit.RATE_8H, -0.00013, 0.00011, False, ["−0.01%", "−0.005%", "0%", "0.005%", "0.01%"]),
        (Unit.USD, 3_350.0, 3_460.0, True, ["$3,360", "$3,380", "$3,400", "$3,420", "$3,440", "$3,460"]),
        (Unit.USD, 0.99, 1.013, True, ["$0.99", "$0.995", "$1", "$1.005", "$1.01"]),
        (Unit.USD, -4e6, 9e6, False, ["−$2.5M", "$0", "$2.5M", "$5M", "$7.5M"]),
        (Unit.USD, 180_000.0, 420_000.0, False, ["$200k", "$250k", "$300k", "$350k", "$400k"]),
        (Unit.COINS, 2_740_000.0, 2_748_000.0, False, ["2.74M", "2.742M", "2.744M", "2.746M", "2.748M"]),
        (Unit.RATIO, 0.1, 0.32, False, ["0.1", "0.15", "0.2", "0.25", "0.3"]),
        (Unit.RANK, 0.0, 1.0, False, ["p0", "p20", "p40", "p60", "p80", "p100"]),
        (Unit.MULTIPLE, 0.0, 24.0, False, ["0", "5x", "10x", "15x", "20x"]),
        (Unit.STATE, -0.1, 1.1, False, ["off", "on"]),
    ],
)
def test_values_are_written_as_everywhere_else_without_what_the_title_says(
    unit: Unit, low: float, high: float, is_price: bool, labels: list[str]
) -> None:
    assert [said for _, said in ticks(low, high, unit, is_price=is_price, sized=False, most=6)] == labels


def test_sizes_on_both_sides_of_zero_have_no_sign() -> None:
    shown = ticks(-6e6, 6e6, Unit.USD, is_price=False, sized=True, most=5)

    assert [said for _, said in shown] == ["$5M", "$2.5M", "$0", "$2.5M", "$5M"]
    assert [value for value, _ in shown] == [-5e6, -2.5e6, 0, 2.5e6, 5e6]


@given(LEVELS, st.floats(1e-6, 1e9), st.sampled_from([unit for unit in Unit if unit is not Unit.STATE]), st.booleans())
def test_there_are_a_few_inside_the_range_and_no_two_are_written_alike(
    low: float, span: float, unit: Unit, is_price: bool
) -> None:
    high = low + max(span, abs(low) * 1e-6)

    shown = ticks(low, high, unit, is_price=is_price, sized=False, most=6)

    assert 2 <= len(shown) <= 7
    assert all(low <= value <= high for value, _ in shown)
    assert len({said for _, said in shown}) == len(shown)


@given(st.integers(1, 4_000_000), st.integers(0, 10_000))
def test_moments_are_round_and_few(minutes: int, back: int) -> None:
    last = NOON - timedelta(minutes=back)

    shown = times(last - timedelta(minutes=minutes), last, 5)

    assert len(shown) <= 6
    assert all(last - timedelta(minutes=minutes) <= at <= last for at, _ in shown)
    assert len(shown) >= 1 or minutes < 3


def test_hours_are_written_as_such_and_midnight_as_its_day() -> None:
    day = times(NOON - timedelta(days=1), NOON, 5)
    month = times(NOON - timedelta(days=30), NOON, 5)

    assert [said for _, said in day] == ["12:00", "18:00", "5 Jan", "06:00", "12:00"]
    assert [said for _, said in month] == ["8 Dec", "15 Dec", "22 Dec", "29 Dec", "5 Jan"]
