"""One market stands behind all venues, and what is told to happen in it happens."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.fake_venues.contracts import Contract, Kind
from tests.fake_venues.market import VENUES, Market, seeded
from tests.fake_venues.moves import (
    Move,
    funding_to,
    liquidations,
    positions_closed,
    price_up,
    ratio_to,
    spot_collapses,
    volume_times,
)
from tests.fake_venues.shapes import ms
from tests.fake_venues.values import Quote

AT = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
BEFORE, AFTER = AT + timedelta(minutes=1), AT + timedelta(minutes=20)
START = AT + timedelta(minutes=2)
CALM = seeded(5, 60, AT)


def main(venue: str, coin: str = "BTC", market: Market = CALM) -> Contract:
    return next(of for of in market.contracts(venue) if of.coin == coin and of.kind is Kind.PERPETUAL)


def quote(market: Market, venue: str, at: datetime, coin: str = "BTC") -> Quote:
    return market.quotes(venue, ms(at))[main(venue, coin, market).symbol]


def test_all_venues_agree_about_a_price_to_basis_points() -> None:
    for coin in ("BTC", "ETH", "PEPE", "1INCH"):
        marks = [quote(CALM, venue, AT, coin).mark / main(venue, coin).multiplier for venue in VENUES]

        assert max(marks) / min(marks) - 1 < 0.002


def test_the_same_seed_is_the_same_market_and_another_is_not() -> None:
    again, other = seeded(5, 60, AT), seeded(6, 60, AT)

    assert again.quotes("okx", ms(AFTER)) == CALM.quotes("okx", ms(AFTER))
    assert other.quotes("okx", ms(AFTER)) != CALM.quotes("okx", ms(AFTER))


def test_the_past_is_what_was_told_then() -> None:
    for venue in VENUES:
        of = main(venue)
        told = CALM.quotes(venue, ms(AT))[of.symbol]

        (then,) = CALM.history(venue, (of,), (ms(AT),))[0]

        assert (then.mark, then.oi, then.rate) == pytest.approx((told.mark, told.oi, told.rate))


def test_venues_have_intervals_of_their_own() -> None:
    hours = {of.hours for venue in VENUES for of in CALM.contracts(venue)}

    assert hours == {1, 2, 4, 8}
    assert {of.hours for of in CALM.contracts("hyperliquid")} == {1}


def test_a_homonym_of_gate_has_another_price() -> None:
    here, there = quote(CALM, "binance", AT, "NEIRO").mark, quote(CALM, "gate", AT, "NEIROETH").mark

    assert main("gate", "NEIROETH").base == "NEIRO"
    assert there > 10 * here


def test_five_hundred_coins_trade() -> None:
    market = seeded(1, 500, AT)

    assert len([of for of in market.contracts("binance") if of.kind is Kind.PERPETUAL]) == 501
    assert len([of for of in market.contracts("okx") if of.alive]) > 200


MOVES = (
    (price_up(2, START, 10), lambda each: each.mark, 1.02),
    (price_up(-30, START, 10), lambda each: each.index, 0.7),
    (positions_closed(10, START, 10), lambda each: each.oi, 0.9),
    (volume_times(3, START, 10), lambda each: each.volume_usd, 3.0),
)


@pytest.mark.parametrize(("move", "value", "factor"), MOVES)
def test_a_move_happens_on_all_venues_and_to_its_coin_alone(
    move: Move, value: Callable[[Quote], float], factor: float
) -> None:
    moved = CALM.but(move)

    for venue in VENUES:
        before, after = (value(quote(moved, venue, at)) / value(quote(CALM, venue, at)) for at in (BEFORE, AFTER))
        assert before == pytest.approx(1)
        assert after == pytest.approx(factor, rel=1e-6)
        assert value(quote(moved, venue, AFTER, "ETH")) == value(quote(CALM, venue, AFTER, "ETH"))


def test_a_move_is_half_done_in_the_middle() -> None:
    half = CALM.but(price_up(2, START, 10))
    at = START + timedelta(minutes=5)

    assert quote(half, "okx", at).mark == pytest.approx(1.01 * quote(CALM, "okx", at).mark)


def test_a_move_may_be_on_some_venues_only() -> None:
    moved = CALM.but(positions_closed(10, START, 1, venues=("okx",)))

    assert quote(moved, "okx", AFTER).oi < 0.95 * quote(CALM, "okx", AFTER).oi
    assert quote(moved, "bybit", AFTER).oi == quote(CALM, "bybit", AFTER).oi


def test_rates_and_ratios_go_where_they_are_told_to() -> None:
    moved = CALM.but(funding_to(-3e-4, START, 5), ratio_to(2.5, START, 5))

    for venue in VENUES:
        found = quote(moved, venue, AFTER)
        assert found.rate * 8 / main(venue).hours == pytest.approx(-3e-4)
        assert (found.ls, found.ls_top, found.ls_pos) == pytest.approx((2.5, 2.5, 2.5))


def test_spot_collapses_while_futures_go_on() -> None:
    moved = CALM.but(spot_collapses(80, START, 5))

    def traded(market: Market) -> float:
        return sum(pair.volume_quote for pair in market.spot("binance", ms(AFTER)) if pair.base == "BTC")

    assert traded(moved) == pytest.approx(0.2 * traded(CALM))
    assert quote(moved, "binance", AFTER).volume_usd == quote(CALM, "binance", AFTER).volume_usd


def test_liquidations_are_as_many_and_as_large_as_told() -> None:
    told = CALM.but(liquidations("short", 1e6, START, 2, 50, ("ETH",), ("bybit",)))

    extra = [each for each in told.forced("bybit", ms(AT), ms(AFTER)) if each.number]

    assert len(extra) == 50
    assert {each.position for each in extra} == {"short"}
    assert sum(each.coins * each.price for each in extra) == pytest.approx(1e6, rel=1e-3)
    assert all(ms(START) < each.at_ms < ms(START) + 120_000 for each in extra)
    assert not [each for each in told.forced("okx", ms(AT), ms(AFTER)) if each.number]


def test_forced_closes_are_the_same_however_the_time_is_cut() -> None:
    told = CALM.but(liquidations("long", 1e6, START, 3))
    first, last = ms(AT), ms(AT) + 600_000

    pieces = [each for at in range(first, last, 777) for each in told.forced("gate", at, min(last, at + 777))]

    assert pieces == [*told.forced("gate", first, last)]


def test_mostly_the_side_is_closed_that_the_price_hurts() -> None:
    forced = CALM.forced("bybit", ms(AT), ms(AT) + 1_800_000)
    hurt = 0
    for each in forced:
        before, now = (
            row[0].mark for row in CALM.history("bybit", (each.contract,), (each.at_ms - 60_000, each.at_ms))
        )
        hurt += (now <= before) == (each.position == "long")

    assert len(forced) > 250
    assert hurt > 0.7 * len(forced)


def test_a_market_that_is_not_lively_stands_still() -> None:
    still = seeded(5, 20, AT, lively=0)

    one, other = still.quotes("okx", ms(AT))["ETH-USDT-SWAP"], still.quotes("okx", ms(AFTER))["ETH-USDT-SWAP"]

    assert one == other
