"""The meaning of a sign is what closes agree on that are found in the stream and in the list."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.calibration import WAITING, Calibration, Close, Sign, verdict, votes

AT = datetime(2026, 11, 23, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def close(size: float, seconds: float = 0.0, contract: str = "BTC_USDT") -> Close:
    return Close(contract, size, AT + seconds * SECOND)


def many(count: int, meaning: int, first: int = 0) -> tuple[list[Close], list[Close]]:
    """So many closes as streamed and as listed; `meaning` 1 streams the position's sign, -1 the order's."""
    listed = [close((-1) ** n * (n + 1), 10 * n) for n in range(first, first + count)]
    return [Close(each.contract, meaning * each.size, each.at) for each in listed], listed


@pytest.mark.parametrize(
    ("streamed", "sign"),
    [(-1200.0, Sign.ORDER), (1200.0, Sign.POSITION)],
)
def test_a_long_in_the_list_tells_what_the_streamed_sign_means(streamed: float, sign: Sign) -> None:
    assert votes([close(streamed, 0.7)], [close(1200.0)]) == {sign: 1}


@pytest.mark.parametrize(("seconds", "found"), [(2.0, 1), (-2.0, 1), (2.1, 0), (-2.1, 0)])
def test_both_times_may_be_two_seconds_apart(seconds: float, found: int) -> None:
    assert votes([close(-5, seconds)], [close(5)]).total() == found


@pytest.mark.parametrize("other", [close(6), close(5, contract="ETH_USDT")])
def test_another_size_or_contract_is_another_close(other: Close) -> None:
    assert votes([close(-5)], [other]) == Counter()


def test_a_close_that_fits_a_long_and_a_short_does_not_count() -> None:
    assert votes([close(-5)], [close(5), close(-5, 1)]) == Counter()


def test_parts_of_contracts_are_compared_as_decimals() -> None:
    assert votes([close(-0.1 - 0.2)], [close(0.3)]) == {Sign.ORDER: 1}


@pytest.mark.parametrize(
    ("order", "position", "sign"),
    [
        (20, 0, Sign.ORDER),
        (0, 20, Sign.POSITION),
        (19, 0, Sign.UNKNOWN),
        (19, 1, Sign.ORDER),
        (18, 2, Sign.UNKNOWN),
        (95, 5, Sign.ORDER),
        (94, 6, Sign.UNKNOWN),
        (0, 0, Sign.UNKNOWN),
    ],
)
def test_twenty_closes_must_be_found_and_nineteen_of_twenty_must_agree(order: int, position: int, sign: Sign) -> None:
    assert verdict(Counter({Sign.ORDER: order, Sign.POSITION: position})) is sign


@given(st.integers(20, 60), st.sampled_from([1, -1]))
def test_whatever_the_stream_means_is_found_out(count: int, meaning: int) -> None:
    calibration = Calibration()
    streamed, listed = many(count, meaning)
    calibration.saw(streamed)

    found = calibration.compare(listed, AT + timedelta(hours=1))

    assert found is (Sign.POSITION if meaning == 1 else Sign.ORDER)
    assert calibration.sign is found


def test_closes_of_several_hours_add_up_and_each_counts_once() -> None:
    calibration = Calibration()
    for hour in range(2):
        streamed, listed = many(10, -1, first=10 * hour)
        calibration.saw(streamed)
        calibration.saw(streamed)
        sign = calibration.compare(listed, AT + timedelta(hours=1))
        assert sign is (Sign.UNKNOWN if hour == 0 else Sign.ORDER)


def test_a_close_that_the_list_cannot_hold_yet_waits_for_the_next_list() -> None:
    calibration = Calibration()
    streamed, listed = many(20, -1)
    calibration.saw(streamed)

    assert calibration.compare([], AT - 3 * SECOND) is Sign.UNKNOWN
    assert calibration.compare(listed, AT + timedelta(hours=1)) is Sign.ORDER


def test_only_so_many_closes_wait_and_the_oldest_are_let_go() -> None:
    calibration = Calibration()
    streamed, listed = many(20, -1)
    calibration.saw(streamed)
    calibration.saw([close(n, 10_000, "ETH_USDT") for n in range(1, WAITING + 1)])

    assert calibration.compare(listed, AT + timedelta(hours=9)) is Sign.UNKNOWN
