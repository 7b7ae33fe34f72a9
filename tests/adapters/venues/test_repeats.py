"""Closes are told once, however often their frames come."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.bybit_client import CHANNEL
from adapters.venues.repeats import Repeats
from signals.model import Liquidation, Side

AT = datetime.fromisoformat("2026-11-23T14:00:00+00:00")
TEN = timedelta(minutes=10)


def closed(coins: float, at: datetime = AT) -> Liquidation:
    return Liquidation("bybit", "BTCUSDT", "BTC", Side.LONG, coins, 1.0, at, at, sampled=False)


def repeats() -> Repeats:
    return Repeats(CHANNEL.key, TEN)


@given(st.lists(st.lists(st.integers(1, 4), max_size=6), max_size=12))
def test_of_equal_closes_as_many_are_told_as_one_frame_ever_held(frames: list[list[int]]) -> None:
    known = repeats()
    told = [item.coins for frame in frames for item in known.fresh([closed(n) for n in frame], AT)]
    for n in range(1, 5):
        assert told.count(n) == max((frame.count(n) for frame in frames), default=0)


def test_a_close_is_remembered_for_as_long_as_it_may_come_again() -> None:
    known = repeats()
    assert len([*known.fresh([closed(1)], AT)]) == 1
    for minutes in range(11):
        assert [*known.fresh([closed(1)], AT + timedelta(minutes=minutes))] == []


def test_what_is_too_old_to_come_again_is_let_go_of() -> None:
    known = repeats()
    for minutes in range(600):
        at = AT + timedelta(minutes=minutes)
        assert len([*known.fresh([closed(1, at)], at)]) == 1
    assert len(known._seen) <= 22
