"""Streams that only seem alive: dead channels with live hearts, and sides that look inverted."""

from datetime import datetime, timedelta

import pytest

from adapters.venues.watchdogs import DEAF_AFTER, ELSEWHERE, EVENTS, MINUTE, Channels, Deaf, Sides
from signals.model import Gap, Liquidation, Pulse, Side

AT = datetime.fromisoformat("2026-11-23T14:00:00+00:00")
SECOND = timedelta(seconds=1)


def closed(venue: str, at: datetime, side: Side = Side.LONG) -> Liquidation:
    return Liquidation(venue, "BTCUSDT", "BTC", side, 1.0, 64_000.0, at, at, sampled=False)


def after(minutes: float, elsewhere: int = ELSEWHERE, spacing: float = 60.0, *, pulse: bool = True) -> Channels:
    """`okx` told ten closes so many seconds apart until AT, and others so many in the time after that."""
    channels = Channels()
    for n in range(10):
        channels.take(closed("okx", AT - n * spacing * SECOND))
    for n in range(elsewhere):
        channels.take(closed("bybit", AT + (n + 1) * minutes * MINUTE / (elsewhere + 1)))
    channels.take(Pulse("okx", AT + (minutes if pulse else minutes - 1.1) * MINUTE))
    return channels


def deaf(channels: Channels, minutes: float) -> list[Deaf]:
    return [*channels.deaf(AT + minutes * MINUTE)]


def test_a_channel_is_deaf_after_a_quarter_of_an_hour_in_which_others_told_many_closes() -> None:
    assert deaf(after(15), 15) == [Deaf("okx", AT, is_news=True)]


@pytest.mark.parametrize(
    ("channels", "minutes"),
    [
        (after(14.9), 14.9),
        (after(15, elsewhere=ELSEWHERE - 1), 15),
        (after(15, pulse=False), 15),
        (after(19, spacing=120), 19),
    ],
)
def test_a_channel_is_not_deaf_too_soon_nor_alone_nor_without_a_heart_nor_where_closes_are_rare(
    channels: Channels, minutes: float
) -> None:
    assert deaf(channels, minutes) == []


def test_where_closes_are_rare_ten_usual_spacings_are_waited_for() -> None:
    assert deaf(after(20, spacing=120), 20) == [Deaf("okx", AT, is_news=True)]


def test_closes_of_the_day_before_tell_nothing_of_the_usual_spacing() -> None:
    channels = after(15)
    channels = Channels()
    for n in range(20):
        channels.take(closed("okx", AT - timedelta(hours=25) - n * timedelta(hours=2)))
    channels.take(Pulse("okx", AT))
    for n in range(ELSEWHERE):
        channels.take(closed("bybit", AT + n * SECOND))
    channels.take(Pulse("okx", AT + 15 * MINUTE))
    assert [each.venue for each in deaf(channels, 15)] == ["okx"]


def test_a_deaf_channel_is_news_once_and_is_given_its_time_again() -> None:
    channels = after(15)
    assert [each.is_news for each in deaf(channels, 15)] == [True]
    assert deaf(channels, 16) == []

    for n in range(ELSEWHERE):
        channels.take(closed("bybit", AT + 16 * MINUTE + n * SECOND))
    channels.take(Pulse("okx", AT + 30 * MINUTE))
    assert deaf(channels, 30) == [Deaf("okx", AT + 15 * MINUTE, is_news=False)]

    channels.take(closed("okx", AT + 31 * MINUTE))
    for n in range(ELSEWHERE):
        channels.take(closed("bybit", AT + 32 * MINUTE + n * SECOND))
    channels.take(Pulse("okx", AT + 46 * MINUTE))
    assert [each.is_news for each in deaf(channels, 46)] == [True]


def test_after_a_hole_silence_counts_anew() -> None:
    channels = after(15)
    channels.take(Gap("okx", AT, AT + 10 * MINUTE))
    assert deaf(channels, 15) == []


def test_a_channel_that_never_told_a_close_counts_from_its_first_pulse() -> None:
    channels = Channels()
    channels.take(Pulse("gate", AT))
    for n in range(ELSEWHERE):
        channels.take(closed("bybit", AT + (n + 1) * SECOND))
    channels.take(Pulse("gate", AT + DEAF_AFTER))
    assert deaf(channels, 15) == [Deaf("gate", AT, is_news=True)]


def judged(right: int, wrong: int, *, falls: bool = True, sides: Sides | None = None, start: int = 0) -> list[str]:
    """Who looks inverted after so many closes on the side that lost, and on the other."""
    sides = sides or Sides()
    lost, won = (Side.LONG, Side.SHORT) if falls else (Side.SHORT, Side.LONG)
    at = AT + start * MINUTE
    sides.close(at, {("okx", "BTCUSDT"): 100.0})
    for side in [lost] * right + [won] * wrong:
        sides.take(closed("okx", at + 30 * SECOND, side))
    return [*sides.close(at + MINUTE, {("okx", "BTCUSDT"): 99.0 if falls else 101.0})]


@pytest.mark.parametrize("falls", [True, False])
def test_sides_look_inverted_where_fewer_than_two_in_five_lost(falls: bool) -> None:
    assert judged(79, EVENTS - 79, falls=falls) == ["okx"]
    assert judged(80, EVENTS - 80, falls=falls) == []
    assert judged(0, EVENTS - 1, falls=falls) == []


def test_inverted_sides_are_told_once_until_they_were_right_again() -> None:
    sides = Sides()
    assert judged(0, EVENTS, sides=sides) == ["okx"]
    assert judged(0, EVENTS, sides=sides, start=2) == []
    assert judged(EVENTS, 0, sides=sides, start=4) == []
    assert judged(0, EVENTS, sides=sides, start=6) == ["okx"]


def test_without_two_prices_a_minute_apart_nothing_is_compared() -> None:
    sides = Sides()
    for prices, at in (({("okx", "BTCUSDT"): 100.0}, AT), ({("okx", "BTCUSDT"): 99.0}, AT + 5 * MINUTE)):
        for _ in range(EVENTS):
            sides.take(closed("okx", at - SECOND, Side.SHORT))
        assert sides.close(at, prices) == []


def test_an_unmoved_price_takes_no_side() -> None:
    sides = Sides()
    for n in range(3):
        for _ in range(EVENTS):
            sides.take(closed("okx", AT + n * MINUTE - SECOND, Side.SHORT))
        assert sides.close(AT + n * MINUTE, {("okx", "BTCUSDT"): 100.0}) == []
