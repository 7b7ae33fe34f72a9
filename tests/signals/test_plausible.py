import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.model import Metric, Observation
from signals.plausible import is_believed, is_possible, strangers
from tests.signals.panels import HOUR, START


def said(value: float, metric: Metric = Metric.PRICE) -> Observation:
    return Observation(metric, "okx", "BTCUSDT", "BTC", value, START, START, HOUR)


@pytest.mark.parametrize(
    ("metric", "value", "possible"),
    [
        (Metric.PRICE, 1e-9, True),
        (Metric.PRICE, 0.0, False),
        (Metric.PRICE, -1.0, False),
        (Metric.INDEX, 0.0, False),
        (Metric.OI_LEVEL, 0.0, True),
        (Metric.FUNDING, -0.01, True),
        (Metric.LIQ_LONG, 0.0, True),
    ],
)
def test_nothing_is_traded_at_zero_or_below(metric: Metric, value: float, possible: bool) -> None:
    assert is_possible(said(value, metric)) is possible


@pytest.mark.parametrize(
    ("metric", "old", "doubted", "new", "believed"),
    [
        (Metric.PRICE, None, None, 1e9, True),
        (Metric.PRICE, 100.0, None, 499.0, True),
        (Metric.PRICE, 100.0, None, 500.0, False),
        (Metric.PRICE, 100.0, None, 20.1, True),
        (Metric.PRICE, 100.0, None, 20.0, False),
        (Metric.PRICE, 100.0, 500.0, 600.0, True),
        (Metric.PRICE, 100.0, 500.0, 601.0, False),
        (Metric.PRICE, 100.0, 1000.0, 10_000.0, False),
        (Metric.PRICE, 100.0, 10_000.0, 101.0, True),
        (Metric.OI_LEVEL, 100.0, None, 0.0, False),
        (Metric.OI_LEVEL, 100.0, 0.0, 0.0, False),
        (Metric.OI_LEVEL, 100.0, 10.0, 10.0, True),
        (Metric.OI_LEVEL, 0.0, None, 100.0, True),
        (Metric.FUNDING, 0.0001, None, 0.01, True),
        (Metric.LIQ_LONG, 10.0, None, 1e6, True),
        (Metric.LIQ_LONG, 1e6, None, 0.0, True),
    ],
)
def test_a_fivefold_level_is_believed_once_a_second_word_confirms_it_and_a_zero_never(
    metric: Metric,
    old: float | None,
    doubted: float | None,
    new: float,
    believed: bool,
) -> None:
    before, before_that = (None if value is None else said(value, metric) for value in (doubted, old))

    assert is_believed(said(new, metric), before_that, before) is believed


@pytest.mark.parametrize(
    ("prices", "strange"),
    [
        ({}, ""),
        ({"a": 100.0}, ""),
        ({"a": 100.0, "b": 499.0}, ""),
        ({"a": 100.0, "b": 500.0}, "ab"),
        ({"a": 100.0, "b": 101.0, "c": 505.0}, "c"),
        ({"a": 100.0, "b": 101.0, "c": 20.0}, "c"),
        ({"a": 100.0, "b": 101.0, "c": 100_000.0}, "c"),
        ({"a": 100.0, "b": 101.0, "c": 600.0, "d": 601.0}, "abcd"),
        ({"a": 100.0, "b": 101.0, "c": 1e9, "d": 99.0, "e": 1e-9}, "ce"),
    ],
)
def test_who_is_far_from_the_middle_is_a_stranger(prices: dict[str, float], strange: str) -> None:
    assert strangers(prices) == set(strange)


@given(st.lists(st.floats(100, 499), min_size=1, max_size=9))
def test_nobody_is_a_stranger_where_all_prices_are_near(prices: list[float]) -> None:
    assert strangers(dict(enumerate(prices))) == set()
