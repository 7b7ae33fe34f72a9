"""Binance: documented answers become exact observations, and each known trap is refused or read right."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.base import Unavailable
from adapters.venues.binance import (
    FRESH,
    FRESH_COLD,
    Terms,
    parse_instruments,
    parse_liquidations,
    parse_open_interest,
    parse_premium,
    parse_ratio,
    parse_settled,
    parse_spot_volume,
    parse_terms,
    parse_volume,
)
from adapters.venues.binance_past import parse_past_open_interest
from adapters.venues.wire import Listed, Parsed, ParsedInstruments, ParsedLiquidations, Reason, by_symbol
from signals.model import Instrument, Liquidation, Metric, Observation, Side
from tests.adapters.venues.spoiled import assert_sound, assert_sound_closes, spoiled

PAYLOADS = Path(__file__).parents[3].parent / "shared" / "payloads"

NOW = datetime(2026, 11, 23, 14, 0, 0, 500_000, UTC)
AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
STAMP = 1_795_442_400_000
NEXT = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
NEXT_STAMP = 1_795_449_600_000
PAID_AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PAID_STAMP = 1_795_420_800_000
HOUR_MS = 3_600_000
STATISTICS_STAMP = 1_795_442_100_000
DAY = timedelta(hours=24)

BTC_INFO = {
    "symbol": "BTCUSDT", "pair": "BTCUSDT", "contractType": "PERPETUAL", "deliveryDate": 4_133_404_800_000,
    "onboardDate": 1_569_398_400_000, "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT",
    "marginAsset": "USDT", "underlyingType": "COIN", "underlyingSubType": ["PoW"],
}  # fmt: skip
PREMIUM = {
    "symbol": "BTCUSDT", "markPrice": "64000.00000000", "indexPrice": "64020.00000000",
    "estimatedSettlePrice": "64015.00000000", "lastFundingRate": "0.00008000", "interestRate": "0.00010000",
    "nextFundingTime": NEXT_STAMP, "time": STAMP,
}  # fmt: skip
DATED = PREMIUM | {
    "symbol": "BTCUSDT_261225", "lastFundingRate": "0.00000000", "interestRate": "0.00000000", "nextFundingTime": 0,
}  # fmt: skip
FUNDING_INFO = {
    "symbol": "1000PEPEUSDT", "adjustedFundingRateCap": "0.02000000", "adjustedFundingRateFloor": "-0.02000000",
    "fundingIntervalHours": 4, "disclaimer": False,
}  # fmt: skip
INTEREST = {"openInterest": "90000.000", "symbol": "BTCUSDT", "time": STAMP - 2_000}
TICKER = {
    "symbol": "BTCUSDT", "lastPrice": "64001.00", "volume": "150000.000", "quoteVolume": "9600000000.00",
    "openTime": STAMP - 24 * HOUR_MS, "closeTime": STAMP,
}  # fmt: skip
SPOT = TICKER | {"lastPrice": "64012.00", "volume": "18000.00000", "quoteVolume": "1152000000.00"}
SHARES = {
    "symbol": "BTCUSDT", "longShortRatio": "1.5000", "longAccount": "0.6000", "shortAccount": "0.4000",
    "timestamp": STATISTICS_STAMP,
}  # fmt: skip
PAID = {
    "symbol": "BTCUSDT", "fundingRate": "0.00007500", "fundingTime": PAID_STAMP, "markPrice": "63900.10000000",
    "rateType": "Regular",
}  # fmt: skip
PAST = {
    "symbol": "BTCUSDT", "sumOpenInterest": "89500.000", "sumOpenInterestValue": "5728000000.00",
    "CMCCirculatingSupply": "19900000", "timestamp": STATISTICS_STAMP,
}  # fmt: skip
ORDER = {
    "s": "BTCUSDT", "S": "SELL", "o": "LIMIT", "f": "IOC", "q": "1.500", "p": "63500.00", "ap": "63610.50",
    "X": "FILLED", "l": "0.500", "z": "1.500", "T": STAMP + 110,
}  # fmt: skip
CLOSED = {"e": "forceOrder", "E": STAMP + 120, "o": ORDER, "st": 1, "ps": "BTCUSDT"}
HEARTBEAT = {
    "stream": "!markPrice@arr",
    "data": [
        {"e": "markPriceUpdate", "E": STAMP, "s": "BTCUSDT", "p": "64000.00", "ap": "63995.00", "P": "64015.00",
         "i": "64020.00", "r": "0.00008000", "T": NEXT_STAMP, "st": 1}
    ],
}  # fmt: skip

SPOT_LEG = frozenset({Metric.VOLUME_SPOT_24H})
BTC = Listed(Instrument("binance", "BTCUSDT", "BTC", 1.0, SPOT_LEG))
PEPE = Listed(Instrument("binance", "1000PEPEUSDT", "PEPE", 1000.0, SPOT_LEG), contract=1000.0)
KNOWN = by_symbol([BTC, PEPE])
USUAL: dict[str, Terms] = {}
FOUR_HOURS = {"BTCUSDT": Terms(interval_h=4.0)}

LS_METRICS = (Metric.LS, Metric.LS_TOP, Metric.LS_POS)


def body(*rows: object) -> bytes:
    return json.dumps(rows).encode()


def exchange_info(*symbols: object) -> bytes:
    return json.dumps({"serverTime": STAMP, "rateLimits": [], "symbols": symbols}).encode()


def frame(data: object, stream: str = "!forceOrder@arr") -> bytes:
    return json.dumps({"stream": stream, "data": data}).encode()


def seen(metric: Metric, value: float, fresh: timedelta, at: datetime = AT, **more: object) -> Observation:
    return replace(Observation(metric, "binance", "BTCUSDT", "BTC", value, at, NOW, fresh), **more)


def values(parsed: Parsed) -> dict[Metric, float]:
    return {one.metric: one.value for one in parsed.observations}


def refused(parsed: Parsed | ParsedInstruments | ParsedLiquidations) -> list[tuple[str, str]]:
    return [(row.symbol, row.reason) for row in parsed.rejected]


def payload(name: str) -> dict[str, Any]:
    path = PAYLOADS / name
    if not path.exists():
        pytest.skip("the recorded payloads are not beside the project")
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_perpetual_is_listed_under_its_coin() -> None:
    parsed = parse_instruments(exchange_info(BTC_INFO), NOW)

    (listed,) = parsed.listed
    assert (listed.instrument.symbol, listed.instrument.coin, listed.contract) == ("BTCUSDT", "BTC", 1.0)
    assert (listed.inverse, listed.delists, parsed.rejected) == (False, None, ())
    assert listed.instrument.metrics == {
        Metric.PRICE, Metric.INDEX, Metric.FUNDING, Metric.FUNDING_SETTLED, Metric.OI_LEVEL, Metric.VOLUME_24H,
        Metric.VOLUME_SPOT_24H, Metric.LS, Metric.LS_TOP, Metric.LS_POS, Metric.LIQ_LONG, Metric.LIQ_SHORT,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("base", "coin", "multiplier"),
    [("1000PEPE", "PEPE", 1000.0), ("1MBABYDOGE", "BABYDOGE", 1e6), ("1000000MOG", "MOG", 1e6), ("1INCH", "1INCH", 1)],
)
def test_a_multiplier_in_the_name_is_coins_of_one_contract(base: str, coin: str, multiplier: float) -> None:
    (listed,) = parse_instruments(exchange_info(BTC_INFO | {"symbol": f"{base}USDT", "baseAsset": base}), NOW).listed

    assert (listed.instrument.coin, listed.instrument.multiplier, listed.contract) == (coin, multiplier, multiplier)


@pytest.mark.parametrize(
    "change",
    [
        {"contractType": "CURRENT_QUARTER", "symbol": "BTCUSDT_261225"},
        {"contractType": "TRADIFI_PERPETUAL", "symbol": "TSLAUSDT"},
        {"contractType": ""},
        {"status": "SETTLING"},
        {"status": "PENDING_TRADING"},
        {"underlyingType": "INDEX"},
        {"underlyingType": "EQUITY"},
        {"quoteAsset": "BTC"},
        {"quoteAsset": "USD"},
        {"quoteAsset": "BUSD"},
        {"deliveryDate": STAMP},
    ],
)
def test_what_is_no_living_perpetual_of_a_coin_against_a_dollar_is_left_out(change: dict[str, object]) -> None:
    parsed = parse_instruments(exchange_info(BTC_INFO | change), NOW)

    assert parsed == ParsedInstruments((), ())


def test_an_announced_end_is_kept() -> None:
    (listed,) = parse_instruments(exchange_info(BTC_INFO | {"deliveryDate": NEXT_STAMP}), NOW).listed

    assert listed.delists == NEXT


def test_one_of_the_instruments_of_a_coin_carries_the_spot_leg() -> None:
    usdc = BTC_INFO | {"symbol": "BTCUSDC", "quoteAsset": "USDC"}

    parsed = parse_instruments(exchange_info(usdc, BTC_INFO), NOW)

    carriers = [of.instrument.symbol for of in parsed.listed if Metric.VOLUME_SPOT_24H in of.instrument.metrics]
    assert [of.instrument.symbol for of in parsed.listed] == ["BTCUSDT", "BTCUSDC"]
    assert carriers == ["BTCUSDT"]


def test_a_contract_without_a_name_is_refused_beside_a_good_one() -> None:
    parsed = parse_instruments(exchange_info(BTC_INFO | {"baseAsset": ""}, {"symbol": "XUSDT"}, 7, BTC_INFO), NOW)

    assert [of.instrument.symbol for of in parsed.listed] == ["BTCUSDT"]
    assert refused(parsed) == [("BTCUSDT", Reason.MALFORMED), ("", Reason.MALFORMED), ("", Reason.MALFORMED)]


def test_the_premium_index_holds_both_prices_and_the_running_rate() -> None:
    parsed = parse_premium(body(PREMIUM, DATED), NOW, KNOWN, USUAL)

    rate = seen(Metric.FUNDING, 0.00008, FRESH, interval_h=8.0, next_at=NEXT, rate=0.00008)
    assert parsed.observations == (seen(Metric.PRICE, 64000, FRESH), seen(Metric.INDEX, 64020, FRESH), rate)
    assert refused(parsed) == [("BTCUSDT_261225", Reason.UNKNOWN_SYMBOL)]


def test_a_price_of_a_thousand_coins_is_told_per_coin() -> None:
    pepe = PREMIUM | {"symbol": "1000PEPEUSDT", "markPrice": "0.0085", "indexPrice": "0.0086"}

    parsed = parse_premium(body(pepe), NOW, KNOWN, USUAL)

    assert values(parsed)[Metric.PRICE] == pytest.approx(0.0000085)
    assert values(parsed)[Metric.INDEX] == pytest.approx(0.0000086)


def test_a_rate_of_four_hours_counts_twice_in_eight() -> None:
    parsed = parse_premium(body(PREMIUM | {"interestRate": "0.00005000"}), NOW, KNOWN, FOUR_HOURS)

    rate = seen(Metric.FUNDING, 0.00016, FRESH, interval_h=4.0, next_at=NEXT, rate=0.00008)
    assert parsed.observations[2] == rate


@pytest.mark.parametrize(
    ("change", "terms", "reason"),
    [
        ({"nextFundingTime": 0}, USUAL, Reason.NO_TIME),
        ({"nextFundingTime": ""}, USUAL, Reason.NO_TIME),
        ({"lastFundingRate": ""}, USUAL, Reason.EMPTY),
        ({"lastFundingRate": "NaN"}, USUAL, Reason.EMPTY),
        ({"lastFundingRate": "0.06"}, USUAL, Reason.OUT_OF_RANGE),
        ({"lastFundingRate": "0.021"}, {"BTCUSDT": Terms(8.0, -0.02, 0.02)}, Reason.OUT_OF_RANGE),
        ({"lastFundingRate": "-0.021"}, {"BTCUSDT": Terms(8.0, -0.02, 0.02)}, Reason.OUT_OF_RANGE),
        ({}, {"BTCUSDT": Terms(interval_h=None)}, Reason.NO_INTERVAL),
        ({"interestRate": "0.00005"}, USUAL, Reason.NO_INTERVAL),
        ({"interestRate": "0.0001"}, FOUR_HOURS, Reason.NO_INTERVAL),
        ({"interestRate": "", "nextFundingTime": STAMP + 5 * HOUR_MS}, FOUR_HOURS, Reason.NO_INTERVAL),
    ],
)
def test_a_rate_without_sound_terms_is_refused_and_the_prices_stay(
    change: dict[str, object], terms: dict[str, Terms], reason: Reason
) -> None:
    parsed = parse_premium(body(PREMIUM | change), NOW, KNOWN, terms)

    assert values(parsed) == {Metric.PRICE: 64000, Metric.INDEX: 64020}
    assert refused(parsed) == [("BTCUSDT", reason)]


@pytest.mark.parametrize("interest", ["0", "0.0001", "0.0002", "", None])
def test_an_interest_that_shows_no_other_interval_contradicts_nothing(interest: object) -> None:
    parsed = parse_premium(body(PREMIUM | {"interestRate": interest}), NOW, KNOWN, USUAL)

    assert values(parsed)[Metric.FUNDING] == 0.00008


@pytest.mark.parametrize(
    ("interest", "hours"),
    [("0.0000125", 1), ("0.000025", 2), ("0.00005", 4), ("0.000075", 6), ("0.0001", 8), ("0.0003", 24)],
)
def test_the_interest_shows_the_interval(interest: str, hours: float) -> None:
    soon = PREMIUM | {"interestRate": interest, "nextFundingTime": STAMP + HOUR_MS}

    funded = {
        claimed
        for claimed in (1.0, 2.0, 4.0, 6.0, 8.0, 24.0)
        if Metric.FUNDING in values(parse_premium(body(soon), NOW, KNOWN, {"BTCUSDT": Terms(claimed)}))
    }

    assert funded == {hours}


def test_a_negative_rate_stays_negative() -> None:
    parsed = parse_premium(body(PREMIUM | {"lastFundingRate": "-0.00012"}), NOW, KNOWN, USUAL)

    assert values(parsed)[Metric.FUNDING] == -0.00012


def test_terms_are_listed_for_symbols_that_differ() -> None:
    assert parse_terms(body(FUNDING_INFO)) == {"1000PEPEUSDT": Terms(4.0, -0.02, 0.02)}


@pytest.mark.parametrize("hours", [None, "", 3, 0, -4, "soon", 400])
def test_an_interval_that_cannot_be_is_unknown_and_not_eight_hours(hours: object) -> None:
    terms = parse_terms(body(FUNDING_INFO | {"fundingIntervalHours": hours}))

    assert terms["1000PEPEUSDT"].interval_h is None


@pytest.mark.parametrize("spoilt", [{"fundingIntervalHours": 4}, {"symbol": None}, 4, None])
def test_terms_of_nobody_spoil_the_answer(spoilt: object) -> None:
    with pytest.raises(Unavailable):
        parse_terms(body(FUNDING_INFO, spoilt))


def test_a_settled_rate_is_fresh_until_the_next_is_due() -> None:
    parsed = parse_settled(body(PAID), NOW, KNOWN, USUAL)

    nine_hours = timedelta(hours=9)
    rate = seen(Metric.FUNDING_SETTLED, 0.000075, nine_hours, PAID_AT, interval_h=8.0, rate=0.000075)
    assert parsed == Parsed((rate,), ())


def test_a_settled_rate_of_four_hours_counts_twice_in_eight() -> None:
    parsed = parse_settled(body(PAID), NOW, KNOWN, FOUR_HOURS)

    assert values(parsed) == {Metric.FUNDING_SETTLED: 0.00015}


def test_payments_that_lie_otherwise_apart_than_the_terms_say_are_refused() -> None:
    hours = (-16, -8, -4, 0)
    rows = [
        PAID | {"fundingTime": PAID_STAMP + h * HOUR_MS + 3, "fundingRate": f"0.000{i}"} for i, h in enumerate(hours)
    ]

    parsed = parse_settled(body(*rows), NOW, KNOWN, FOUR_HOURS)

    assert [one.rate for one in parsed.observations] == [0.0002, 0.0003]
    assert refused(parsed) == [("BTCUSDT", Reason.NO_INTERVAL)] * 2


def test_the_first_payment_of_an_answer_is_judged_by_the_step_after_it() -> None:
    rows = [PAID | {"fundingTime": PAID_STAMP - 8 * HOUR_MS}, PAID]

    parsed = parse_settled(body(*rows), NOW, KNOWN, USUAL)

    assert [one.at for one in parsed.observations] == [PAID_AT - timedelta(hours=8), PAID_AT]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rateType": "Special"}, Reason.NO_INTERVAL),
        ({"fundingRate": ""}, Reason.EMPTY),
        ({"fundingRate": "0.0501"}, Reason.OUT_OF_RANGE),
        ({"fundingTime": 0}, Reason.NO_TIME),
        ({"fundingTime": NEXT_STAMP}, Reason.FUTURE_TIME),
        ({"rateType": None}, Reason.MALFORMED),
    ],
)
def test_a_payment_that_cannot_be_is_refused(change: dict[str, object], reason: Reason) -> None:
    parsed = parse_settled(body(PAID | change), NOW, KNOWN, USUAL)

    assert parsed.observations == ()
    assert [row.reason for row in parsed.rejected] == [reason]


def test_open_interest_is_coins_and_as_fresh_as_it_is_asked() -> None:
    parsed = parse_open_interest(json.dumps(INTEREST).encode(), NOW, KNOWN, FRESH)

    assert parsed == Parsed((seen(Metric.OI_LEVEL, 90_000, FRESH, AT - timedelta(seconds=2)),), ())


def test_open_interest_in_thousands_of_coins_is_coins() -> None:
    pepe = INTEREST | {"symbol": "1000PEPEUSDT", "openInterest": "1500"}

    assert values(parse_open_interest(json.dumps(pepe).encode(), NOW, KNOWN, FRESH)) == {Metric.OI_LEVEL: 1_500_000}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"openInterest": ""}, Reason.EMPTY),
        ({"openInterest": None}, Reason.EMPTY),
        ({"openInterest": "-"}, Reason.EMPTY),
        ({"openInterest": "1e999"}, Reason.EMPTY),
        ({"openInterest": "-1"}, Reason.NEGATIVE),
        ({"time": None}, Reason.NO_TIME),
        ({"time": STAMP + HOUR_MS}, Reason.FUTURE_TIME),
        ({"symbol": "BTCUSD_PERP"}, Reason.UNKNOWN_SYMBOL),
    ],
)
def test_open_interest_that_cannot_be_is_refused(change: dict[str, object], reason: Reason) -> None:
    parsed = parse_open_interest(json.dumps(INTEREST | change).encode(), NOW, KNOWN, FRESH_COLD)

    assert parsed.observations == ()
    assert [row.reason for row in parsed.rejected] == [reason]


@pytest.mark.parametrize("stamp", [STAMP // 1000, STAMP, STAMP * 1000, str(STAMP)])
def test_seconds_and_their_thousandths_are_told_apart(stamp: object) -> None:
    parsed = parse_open_interest(json.dumps(INTEREST | {"time": stamp}).encode(), NOW, KNOWN, FRESH)

    assert [one.at for one in parsed.observations] == [AT]


def test_a_past_step_is_known_at_its_end() -> None:
    parsed = parse_past_open_interest(body(PAST, PAST | {"timestamp": ""}), NOW, KNOWN)

    assert parsed.observations == (seen(Metric.OI_LEVEL, 89_500, timedelta(minutes=5), AT),)
    assert refused(parsed) == [("BTCUSDT", Reason.NO_TIME)]


def test_volume_is_dollars_of_a_day() -> None:
    parsed = parse_volume(body(TICKER, TICKER | {"symbol": "BTCUSD_PERP"}), NOW, KNOWN)

    assert parsed.observations == (seen(Metric.VOLUME_24H, 9.6e9, timedelta(seconds=90), span=DAY),)
    assert refused(parsed) == [("BTCUSD_PERP", Reason.UNKNOWN_SYMBOL)]


def test_spot_volume_is_the_sum_of_all_pairs_with_a_dollar() -> None:
    usdc = SPOT | {"symbol": "BTCUSDC", "quoteVolume": "100000000", "closeTime": STAMP - 1_000}
    others = [SPOT | {"symbol": name} for name in ("ETHBTC", "BTCEUR", "BTCTRY", "WBTCUSDT", "BTCUSDTUSDT", "BTCBUSD")]

    parsed = parse_spot_volume(body(SPOT, usdc, *others), NOW, KNOWN)

    second_ago = AT - timedelta(seconds=1)
    assert parsed == Parsed((seen(Metric.VOLUME_SPOT_24H, 1.252e9, timedelta(seconds=90), second_ago, span=DAY),), ())


@pytest.mark.parametrize("name", ["PEPEUSDT", "1000PEPEUSDT", "PEPEFDUSD", "PEPEUSD1"])
def test_the_spot_leg_of_a_thousand_coins_is_found_and_not_multiplied(name: str) -> None:
    parsed = parse_spot_volume(body(SPOT | {"symbol": name}), NOW, KNOWN)

    assert [(one.symbol, one.value) for one in parsed.observations] == [("1000PEPEUSDT", 1.152e9)]


def test_a_halted_pair_does_not_age_the_others() -> None:
    halted = SPOT | {"symbol": "BTCFDUSD", "quoteVolume": "0.00", "closeTime": STAMP - 1000 * HOUR_MS}

    (leg,) = parse_spot_volume(body(SPOT, halted), NOW, KNOWN).observations

    assert (leg.value, leg.at) == (1.152e9, AT)


def test_a_coin_without_trades_on_spot_has_no_leg() -> None:
    assert parse_spot_volume(body(SPOT | {"quoteVolume": "0"}), NOW, KNOWN) == Parsed((), ())


def test_a_coin_with_two_instruments_has_one_spot_leg() -> None:
    bare = Listed(Instrument("binance", "BTCUSDC", "BTC", 1.0, frozenset()))

    parsed = parse_spot_volume(body(SPOT), NOW, by_symbol([BTC, bare]))

    assert [one.symbol for one in parsed.observations] == ["BTCUSDT"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"quoteVolume": ""}, Reason.EMPTY),
        ({"quoteVolume": "-1"}, Reason.EMPTY),
        ({"quoteVolume": "1e308"}, Reason.OUT_OF_RANGE),
        ({"quoteVolume": "1", "closeTime": ""}, Reason.NO_TIME),
    ],
)
def test_a_pair_that_cannot_be_read_leaves_no_sum(change: dict[str, object], reason: Reason) -> None:
    rows = SPOT | change, SPOT | {"symbol": "BTCUSDC", "quoteVolume": "1e308"}

    parsed = parse_spot_volume(body(*rows), NOW, KNOWN)

    assert parsed.observations == ()
    assert refused(parsed) == [("BTCUSDT", reason)]


@pytest.mark.parametrize("metric", LS_METRICS)
def test_a_ratio_is_the_quotient_of_its_shares(metric: Metric) -> None:
    parsed = parse_ratio(body(SHARES | {"longShortRatio": "9"}), NOW, KNOWN, metric)

    five_minutes_ago = AT - timedelta(minutes=5)
    (ratio,) = parsed.observations
    assert ratio == seen(metric, pytest.approx(1.5), timedelta(minutes=15), five_minutes_ago)


@pytest.mark.parametrize("shares", [("0.6", "0"), ("0", "0.4"), ("", "0.4"), ("0.6", None), ("-0.6", "-0.4")])
def test_shares_that_have_no_quotient_are_refused(shares: tuple[object, object]) -> None:
    parsed = parse_ratio(body(SHARES | {"longAccount": shares[0], "shortAccount": shares[1]}), NOW, KNOWN, Metric.LS)

    assert parsed.observations == ()
    assert refused(parsed) == [("BTCUSDT", Reason.EMPTY)]


@pytest.mark.parametrize(("order", "position"), [("SELL", Side.LONG), ("BUY", Side.SHORT)])
def test_a_forced_order_closes_the_other_side(order: str, position: Side) -> None:
    parsed = parse_liquidations(frame(CLOSED | {"o": ORDER | {"S": order}}), NOW, KNOWN)

    at = AT + timedelta(milliseconds=110)
    (closed,) = parsed.liquidations
    assert closed == Liquidation("binance", "BTCUSDT", "BTC", position, 1.5, 63_610.5, at, NOW, sampled=True)
    assert closed.usd == pytest.approx(95_415.75)
    assert parsed.rejected == ()


def test_a_forced_order_of_thousands_is_told_in_coins_at_the_price_of_one() -> None:
    order = ORDER | {"s": "1000PEPEUSDT", "z": "2000", "ap": "0.008"}

    (closed,) = parse_liquidations(frame({"e": "forceOrder", "o": order}), NOW, KNOWN).liquidations

    assert (closed.coins, closed.price, closed.usd) == (2_000_000, pytest.approx(0.000008), pytest.approx(16))


@pytest.mark.parametrize(
    "nothing",
    [
        {"result": None, "id": 1},
        {"id": 1, "error": {"code": 2, "msg": "unknown"}},
        {},
        HEARTBEAT,
        {"stream": "btcusdt@aggTrade", "data": CLOSED},
        {"stream": "!forceOrder@arr", "data": CLOSED | {"st": 2}},
        {"stream": "!forceOrder@arr", "data": CLOSED | {"st": "2"}},
    ],
)
def test_frames_about_other_things_hold_nothing(nothing: object) -> None:
    assert parse_liquidations(json.dumps(nothing).encode(), NOW, KNOWN) == ParsedLiquidations((), ())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"S": "LONG"}, Reason.NO_SIDE),
        ({"S": ""}, Reason.NO_SIDE),
        ({"z": ""}, Reason.EMPTY),
        ({"ap": None}, Reason.EMPTY),
        ({"z": "0"}, Reason.OUT_OF_RANGE),
        ({"ap": "-1"}, Reason.OUT_OF_RANGE),
        ({"T": 0}, Reason.NO_TIME),
        ({"T": STAMP + HOUR_MS}, Reason.FUTURE_TIME),
        ({"s": "BTCUSD_PERP"}, Reason.UNKNOWN_SYMBOL),
        ({"s": 5}, Reason.MALFORMED),
    ],
)
def test_a_forced_order_that_cannot_be_is_refused(change: dict[str, object], reason: Reason) -> None:
    parsed = parse_liquidations(frame(CLOSED | {"o": ORDER | change}), NOW, KNOWN)

    assert parsed.liquidations == ()
    assert [row.reason for row in parsed.rejected] == [reason]


def premium(answer: bytes) -> Parsed:
    return parse_premium(answer, NOW, KNOWN, USUAL)


def settled(answer: bytes) -> Parsed:
    return parse_settled(answer, NOW, KNOWN, USUAL)


LISTS = {
    "premium": (premium, PREMIUM),
    "settled": (settled, PAID),
    "past": (lambda answer: parse_past_open_interest(answer, NOW, KNOWN), PAST),
    "volume": (lambda answer: parse_volume(answer, NOW, KNOWN), TICKER),
    "spot": (lambda answer: parse_spot_volume(answer, NOW, KNOWN), SPOT),
    "ratio": (lambda answer: parse_ratio(answer, NOW, KNOWN, Metric.LS), SHARES),
}
"""The parsers of lists, each with a row."""

WRONG = [
    b"",
    b"<html><body>403 Forbidden</body></html>",
    b'[{"symbol":"BTCUSDT","ti',
    b'{"code":-1003,"msg":"Way too many requests; IP banned until 1795446000000."}',
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
]


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_an_answer_of_another_shape_is_refused_whole(wrong: bytes) -> None:
    parsers = [parse for parse, _ in LISTS.values()]
    parsers += [parse_terms, partial(parse_instruments, received=NOW)]
    parsers.append(partial(parse_open_interest, received=NOW, known=KNOWN, fresh_for=FRESH))

    for parse in parsers:
        with pytest.raises(Unavailable):
            parse(wrong)


@pytest.mark.parametrize("feed", LISTS)
def test_a_bad_row_costs_no_good_one(feed: str) -> None:
    parse, good = LISTS[feed]

    parsed = parse(body(7, None, {}, {"symbol": None}, good))

    assert parsed.observations
    assert refused(parsed) == [("", Reason.MALFORMED)] * 4


@pytest.mark.parametrize("feed", LISTS)
def test_a_row_of_bare_names_is_no_zero(feed: str) -> None:
    parse, _ = LISTS[feed]

    parsed = parse(body({"symbol": "BTCUSDT"}))

    assert parsed.observations == ()
    assert {symbol for symbol, _ in refused(parsed)} == {"BTCUSDT"}


@pytest.mark.parametrize("feed", LISTS)
@given(data=st.data())
def test_no_spoilt_list_gives_an_unsound_number(feed: str, data: st.DataObject) -> None:
    parse, good = LISTS[feed]
    answer = data.draw(spoiled(json.dumps([good, good | {"symbol": "1000PEPEUSDT"}])))

    try:
        parsed = parse(answer)
    except Unavailable:
        return
    assert_sound(parsed.observations, parsed.rejected, KNOWN)


@given(spoiled(json.dumps(INTEREST)))
def test_no_spoilt_open_interest_gives_an_unsound_number(answer: bytes) -> None:
    try:
        parsed = parse_open_interest(answer, NOW, KNOWN, FRESH)
    except Unavailable:
        return
    assert_sound(parsed.observations, parsed.rejected, KNOWN)


@given(spoiled(json.dumps([FUNDING_INFO, FUNDING_INFO | {"symbol": "BTCUSDT"}])))
def test_no_spoilt_terms_have_an_interval_that_cannot_be(answer: bytes) -> None:
    try:
        terms = parse_terms(answer)
    except Unavailable:
        return
    assert {of.interval_h for of in terms.values()} <= {None, 1.0, 2.0, 4.0, 6.0, 8.0, 24.0}


@given(spoiled(json.dumps({"serverTime": STAMP, "symbols": [BTC_INFO, BTC_INFO | {"baseAsset": "1000PEPE"}]})))
def test_no_spoilt_list_of_instruments_gives_one_without_a_name(answer: bytes) -> None:
    try:
        parsed = parse_instruments(answer, NOW)
    except Unavailable:
        return
    assert all(of.instrument.symbol and of.instrument.coin and of.contract >= 1 for of in parsed.listed)


@given(spoiled(frame(CLOSED).decode()))
def test_no_spoilt_frame_gives_an_unsound_close(answer: bytes) -> None:
    try:
        parsed = parse_liquidations(answer, NOW, KNOWN)
    except Unavailable:
        return
    assert_sound_closes(parsed.liquidations, parsed.rejected, KNOWN)


def test_a_recorded_list_of_contracts_holds_its_perpetuals_only() -> None:
    answer = payload("nautilus__binance__http_futures_market_exchange_info.json")["payload"]

    parsed = parse_instruments(json.dumps(answer).encode(), NOW)

    dated = {one["symbol"] for one in answer["symbols"] if one["contractType"] != "PERPETUAL"}
    assert dated
    assert [(of.instrument.symbol, of.instrument.coin, of.delists) for of in parsed.listed] == [
        ("BTCUSDT", "BTC", None),
        ("ETHUSDT", "ETH", None),
    ]
    assert parsed.rejected == ()


def test_a_documented_premium_index_is_read() -> None:
    answer = payload("nautilus__binance__http_futures_market_premium_index.json")["payload"]

    parsed = premium(body(answer))

    funding = parsed.observations[2]
    assert values(parsed) == {Metric.PRICE: 11793.63104562, Metric.INDEX: 11781.8049597, Metric.FUNDING: 0.00038246}
    assert funding.at == datetime(2020, 8, 14, 2, 1, 35, 2_000, UTC)
    assert funding.next_at == datetime(2020, 8, 14, 8, tzinfo=UTC)


def test_documented_payments_are_read() -> None:
    parsed = settled(body(*payload("nautilus__binance__http_futures_market_funding_rate.json")["payload"]))

    assert [(one.rate, one.at) for one in parsed.observations] == [
        (-0.0375, datetime(2019, 10, 9, 8, tzinfo=UTC)),
        (0.0001, datetime(2019, 10, 9, 16, tzinfo=UTC)),
    ]


def test_documented_open_interest_is_read() -> None:
    now = json.dumps(payload("nautilus__binance__http_futures_market_open_interest.json")["payload"]).encode()
    past = body(*payload("nautilus__binance__http_futures_market_open_interest_historical.json")["payload"])

    present = parse_open_interest(now, NOW, KNOWN, FRESH)
    steps = parse_past_open_interest(past, NOW, KNOWN)

    assert values(present) == {Metric.OI_LEVEL: 10659.509}
    assert [(one.value, one.at) for one in steps.observations] == [
        (20403.637, datetime(2020, 3, 2, 5, 50, tzinfo=UTC)),
        (20401.367, datetime(2020, 3, 2, 5, 55, tzinfo=UTC)),
    ]


def test_documented_tickers_count_dollars_only() -> None:
    futures = body(payload("nautilus__binance__http_futures_market_ticker_24hr.json")["payload"])
    against_bitcoin = body(payload("nautilus__binance__spot__http_json__ticker_24hr_response.json")["payload"])
    bnb = by_symbol([Listed(Instrument("binance", "BNBUSDT", "BNB", 1.0, SPOT_LEG))])

    assert values(parse_volume(futures, NOW, KNOWN)) == {Metric.VOLUME_24H: 15.3}
    assert parse_spot_volume(against_bitcoin, NOW, bnb) == Parsed((), ())


def test_a_documented_forced_order_closed_a_long() -> None:
    data = payload("nautilus__binance__futures__market_data_json__liquidation_stream.json")["payload"]

    (closed,) = parse_liquidations(frame(data), NOW, KNOWN).liquidations

    assert (closed.side, closed.coins, closed.price) == (Side.LONG, 0.014, 9910.12345678)
    assert closed.at == datetime(2019, 9, 9, 7, 34, 20, 893_000, UTC)


@pytest.mark.parametrize("name", ["mark_price_stream", "ticker_stream"])
def test_documented_frames_of_other_streams_hold_nothing(name: str) -> None:
    data = payload(f"nautilus__binance__futures__market_data_json__{name}.json")["payload"]

    assert parse_liquidations(frame(data, "!markPrice@arr"), NOW, KNOWN) == ParsedLiquidations((), ())


def test_of_the_recorded_frames_the_forced_order_alone_is_a_close_of_what_was_filled() -> None:
    frames = payload("tardis-node__binance-futures.json")["messages"]
    all_market = [one | {"stream": one["stream"].replace("btcusdt@forceOrder", "!forceOrder@arr")} for one in frames]

    parsed = [parse_liquidations(json.dumps(one).encode(), NOW, KNOWN) for one in all_market]

    (closed,) = [close for one in parsed for close in one.liquidations]
    assert (closed.side, closed.coins, closed.price) == (Side.SHORT, 0.014, 4706.04)
    assert not any(one.rejected for one in parsed)
