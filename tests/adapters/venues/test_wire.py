"""What all parsers of venues share."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.base import Unavailable
from adapters.venues.shapes import Decimal
from adapters.venues.wire import envelope, instant, number, share_ratio


@pytest.mark.parametrize(
    ("written", "value"),
    [("0.0001", 0.0001), ("-5", -5.0), (" 7 ", 7.0), ("1e-5", 1e-5), (3, 3.0), (0.5, 0.5), ("0", 0.0)],
)
def test_numbers_are_read_as_venues_write_them(written: Decimal, value: float) -> None:
    assert number(written) == value


@pytest.mark.parametrize(
    "written",
    [None, "", "-", "NaN", "inf", "-Infinity", "1e999", "1_000", "\u0661\u0662", "0x10", "1,000", True, 10**400],
)
def test_what_is_no_finite_number_is_nothing_and_never_zero(written: Decimal) -> None:
    assert number(written) is None


@given(st.text())
def test_no_text_is_ever_a_number_that_is_not_finite(text: str) -> None:
    value = number(text)

    assert value is None or abs(value) < float("inf")


@pytest.mark.parametrize("written", [1_795_442_400, "1795442400000", 1_795_442_400_000_000])
def test_seconds_milliseconds_and_microseconds_are_told_apart(written: Decimal) -> None:
    assert instant(written) == datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize("written", [0, -1, "", None, 12, 10**30])
def test_a_time_outside_of_the_market_is_none(written: Decimal) -> None:
    assert instant(written) is None


def test_shares_are_divided_and_never_by_zero() -> None:
    assert share_ratio("0.58", "0.42") == pytest.approx(0.58 / 0.42)
    assert share_ratio("0.58", "0") is None
    assert share_ratio("", "0.42") is None


@pytest.mark.parametrize("body", [b"<html>busy</html>", b'{"a": [1, 2', b"", b"\xff\xfe", b'{"a": "x"}'])
def test_an_answer_of_another_shape_is_refused_whole(body: bytes) -> None:
    with pytest.raises(Unavailable, match="okx answered with something that is not the documented shape"):
        envelope(body, dict[str, int], "okx")
