import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given

from adapters.venues import bitget
from adapters.venues.base import Rejected, Unavailable
from adapters.venues.wire import Known, Listed, Parsed, Reason, by_symbol
from signals.model import Instrument, Liquidation, Metric, Observation, Side
from tests.adapters.venues.spoiled import assert_sound, assert_sound_closes, spoiled

TWO = datetime(2026, 11, 23, 14, tzinfo=UTC)
TOLD = TWO - timedelta(milliseconds=50)
RECEIVED = TWO + timedelta(milliseconds=200)
FOUR = datetime(2026, 11, 23, 16, tzinfo=UTC)
EIGHT = datetime(2026, 11, 23, 8, tzinfo=UTC)
STEP_START = TWO - timedelta(minutes=5)

SECONDS_30, SECONDS_90, MINUTES_15 = timedelta(seconds=30), timedelta(seconds=90), timedelta(minutes=15)
DAY = timedelta(days=1)

METRICS = frozenset(
    {
        Metric.PRICE,
        Metric.INDEX,
        Metric.FUNDING,
        Metric.FUNDING_SETTLED,
        Metric.OI_LEVEL,
        Metric.VOLUME_24H,
        Metric.VOLUME_SPOT_24H,
        Metric.LS_TOP,
        Metric.LS_POS,
        Metric.LIQ_LONG,
        Metric.LIQ_SHORT,
    }
)
IN_TICKERS = {Metric.PRICE, Metric.INDEX, Metric.OI_LEVEL, Metric.VOLUME_24H}

KNOWN: Known = by_symbol(
    [
        Listed(Instrument("bitget", "1000BONKUSDT", "BONK", 1000.0, METRICS), 1000.0),
        Listed(Instrument("bitget", "BTCUSDT", "BTC", 1.0, METRICS)),
    ]
)

CONTRACT = {
    "symbol": "BTCUSDT",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "supportMarginCoins": ["USDT"],
    "sizeMultiplier": "0.0001",
    "symbolType": "perpetual",
    "symbolStatus": "normal",
    "offTime": "-1",
    "launchTime": "",
    "deliveryTime": "",
    "fundInterval": "8",
    "isRwa": "NO",
}
BONK_CONTRACT = CONTRACT | {"symbol": "1000BONKUSDT", "baseCoin": "1000BONK", "sizeMultiplier": "10"}

TICKER = {
    "symbol": "BTCUSDT",
    "lastPr": "64001.0",
    "ts": "1795442399950",
    "baseVolume": "60000",
    "quoteVolume": "3840000000",
    "usdtVolume": "3840000000",
    "indexPrice": "64020.0",
    "markPrice": "64000.0",
    "fundingRate": "-0.00001",
    "holdingAmount": "20000",
    "deliveryTime": None,
    "deliveryStatus": "",
}
BONK_TICKER = TICKER | {
    "symbol": "1000BONKUSDT",
    "markPrice": "0.016",
    "indexPrice": "0.0161",
    "holdingAmount": "750000",
    "usdtVolume": "1200000",
}

RATE = {
    "symbol": "BTCUSDT",
    "fundingRate": "-0.00001",
    "fundingRateInterval": "8",
    "nextUpdate": "1795449600000",
    "minFundingRate": "-0.003",
    "maxFundingRate": "0.003",
}
BONK_RATE = RATE | {"symbol": "1000BONKUSDT", "fundingRate": "0.00005", "fundingRateInterval": "4"}

PAIR = {
    "symbol": "BTCUSDT",
    "lastPr": "64009.0",
    "baseVolume": "5000",
    "quoteVolume": "320000000",
    "usdtVolume": "320000000",
    "ts": "1795442399950",
}
USDC_PAIR = PAIR | {"symbol": "BTCUSDC", "usdtVolume": "1500000", "ts": "1795442399000"}
BONK_PAIR = PAIR | {"symbol": "BONKUSDT", "usdtVolume": "640000"}
FOREIGN_PAIRS = [PAIR | {"symbol": f"BTC{quote}"} for quote in ("EUR", "BRL", "")]

ACCOUNTS = {
    "longAccountRatio": "0.58",
    "shortAccountRatio": "0.42",
    "longShortAccountRatio": "0.0138",
    "ts": "1795442100000",
}
POSITIONS = {
    "longPositionRatio": "0.52",
    "shortPositionRatio": "0.48",
    "longShortPositionRatio": "1.08",
    "ts": "1795442100000",
}
PAID = {"symbol": "BTCUSDT", "fundingRate": "-0.000008", "fundingTime": "1795420800000"}

LONG_CLOSED = {"symbol": "BTCUSDT", "side": "buy", "price": "63600", "amount": "31800", "ts": "1795442400110"}
SHORT_CLOSED = {"symbol": "BTCUSDT", "side": "sell", "price": "64500", "amount": "6450", "ts": "1795442400120"}
BONK_CLOSED = {"symbol": "1000BONKUSDT", "side": "sell", "price": "0.016", "amount": "800", "ts": "1795442400130"}
ETH_CLOSED = {"symbol": "ETHUSDT", "side": "sell", "price": "3210", "amount": "6420", "ts": "1795442400200"}


def answer(*rows: object, time: object = 1795442400000) -> bytes:
    return json.dumps({"code": "00000", "msg": "success", "requestTime": time, "data": list(rows)}).encode()


def frame(*rows: object, channel: str = "liquidation", of: str = "usdt-futures") -> bytes:
    arg = {"instType": of, "topic": channel}
    return json.dumps({"action": "update", "arg": arg, "data": list(rows), "ts": 1795442401000}).encode()


def said(metric: Metric, value: float, symbol: str = "BTCUSDT", **more: object) -> Observation:
    coin = KNOWN[symbol].instrument.coin
    given: dict = {"at": TOLD, "received": RECEIVED, "fresh_for": SECONDS_30} | more
    return Observation(metric, "bitget", symbol, coin, value, **given)


def values(parsed: Parsed) -> Mapping[tuple[str, Metric], float]:
    return {(seen.symbol, seen.metric): seen.value for seen in parsed.observations}


def test_the_list_holds_what_trades_and_no_step_of_sizes_is_taken_for_a_contract_size() -> None:
    parsed = bitget.parse_instruments(answer(CONTRACT, BONK_CONTRACT), RECEIVED)

    assert by_symbol(parsed.listed) == KNOWN
    assert parsed.rejected == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"symbolType": "delivery", "symbol": "BTCUSDT261225"},
        {"symbolStatus": "maintain"},
        {"symbolStatus": "off"},
        {"symbolStatus": "limit_open"},
        {"quoteCoin": "USD"},
        {"isRwa": "YES"},
        {"isRwa": "yes"},
        {"isRwa": True},
        {"isRwa": "something new"},
        {"offTime": "1795442400000"},
    ],
    ids=str,
)
def test_contracts_of_other_kinds_are_neither_listed_nor_refused(changed: dict) -> None:
    parsed = bitget.parse_instruments(answer(CONTRACT | changed, BONK_CONTRACT), RECEIVED)

    assert [of.instrument.symbol for of in parsed.listed] == ["1000BONKUSDT"]
    assert parsed.rejected == ()


@pytest.mark.parametrize("rwa", ["NO", "no", False, "false", "", None])
def test_what_is_not_of_the_real_world_is_crypto_however_it_is_written(rwa: object) -> None:
    parsed = bitget.parse_instruments(answer(CONTRACT | {"isRwa": rwa}), RECEIVED)

    assert [of.instrument.symbol for of in parsed.listed] == ["BTCUSDT"]


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"baseCoin": ""}, Rejected("BTCUSDT", Reason.EMPTY)),
        ({"baseCoin": None}, Rejected("", Reason.MALFORMED)),
        ({"symbol": ""}, Rejected("", Reason.EMPTY)),
        ({"isRwa": 7}, Rejected("", Reason.MALFORMED)),
    ],
    ids=str,
)
def test_a_contract_that_cannot_be_read_is_refused_alone(changed: dict, refused: Rejected) -> None:
    parsed = bitget.parse_instruments(answer(CONTRACT | changed, BONK_CONTRACT), RECEIVED)

    assert [of.instrument.symbol for of in parsed.listed] == ["1000BONKUSDT"]
    assert parsed.rejected == (refused,)


def test_an_announced_end_is_known() -> None:
    parsed = bitget.parse_instruments(answer(CONTRACT | {"offTime": "1795449600000"}), RECEIVED)

    assert [of.delists for of in parsed.listed] == [FOUR]


def test_one_ticker_gives_price_index_open_interest_and_volume() -> None:
    parsed = bitget.parse_tickers(answer(TICKER), RECEIVED, KNOWN)

    assert parsed.observations == (
        said(Metric.PRICE, 64_000.0),
        said(Metric.INDEX, 64_020.0),
        said(Metric.OI_LEVEL, 20_000.0),
        said(Metric.VOLUME_24H, 3.84e9, fresh_for=SECONDS_90, span=DAY),
    )
    assert parsed.rejected == ()


def test_a_ticker_of_a_thousand_coins_is_per_coin() -> None:
    parsed = bitget.parse_tickers(answer(BONK_TICKER), RECEIVED, KNOWN)

    assert parsed.observations == (
        said(Metric.PRICE, 0.000016, "1000BONKUSDT"),
        said(Metric.INDEX, 0.0161 / 1000, "1000BONKUSDT"),
        said(Metric.OI_LEVEL, 750_000_000.0, "1000BONKUSDT"),
        said(Metric.VOLUME_24H, 1.2e6, "1000BONKUSDT", fresh_for=SECONDS_90, span=DAY),
    )


@pytest.mark.parametrize(
    ("changed", "lost", "reason"),
    [
        ({"markPrice": ""}, Metric.PRICE, Reason.EMPTY),
        ({"markPrice": "0"}, Metric.PRICE, Reason.OUT_OF_RANGE),
        ({"markPrice": "-64000"}, Metric.PRICE, Reason.NEGATIVE),
        ({"indexPrice": "1e999"}, Metric.INDEX, Reason.EMPTY),
        ({"indexPrice": None}, Metric.INDEX, Reason.EMPTY),
        ({"usdtVolume": "NaN"}, Metric.VOLUME_24H, Reason.EMPTY),
        ({"usdtVolume": "-"}, Metric.VOLUME_24H, Reason.EMPTY),
        ({"holdingAmount": ""}, Metric.OI_LEVEL, Reason.EMPTY),
        ({"holdingAmount": "-1"}, Metric.OI_LEVEL, Reason.NEGATIVE),
    ],
    ids=str,
)
def test_what_is_no_value_is_refused_by_name_and_the_rest_of_its_row_counts(
    changed: dict, lost: Metric, reason: Reason
) -> None:
    parsed = bitget.parse_tickers(answer(TICKER | changed), RECEIVED, KNOWN)

    assert {metric for _, metric in values(parsed)} == IN_TICKERS - {lost}
    assert parsed.rejected == (Rejected("BTCUSDT", reason),)


@pytest.mark.parametrize(
    ("ts", "reason"),
    [
        ("1795446000000", Reason.FUTURE_TIME),
        ("", Reason.NO_TIME),
        (None, Reason.NO_TIME),
        ("0", Reason.NO_TIME),
    ],
)
def test_a_row_without_a_possible_time_gives_nothing(ts: object, reason: Reason) -> None:
    parsed = bitget.parse_tickers(answer(TICKER | {"ts": ts}), RECEIVED, KNOWN)

    assert parsed == Parsed((), (Rejected("BTCUSDT", reason),) * 4)


@pytest.mark.parametrize("ts", [1795442400, "1795442400000", "1795442400000000"])
def test_seconds_milliseconds_and_microseconds_are_told_apart(ts: object) -> None:
    parsed = bitget.parse_tickers(answer(TICKER | {"ts": ts}), RECEIVED, KNOWN)

    assert {seen.at for seen in parsed.observations} == {TWO}


def test_what_is_not_listed_or_broken_is_refused_beside_what_counts() -> None:
    parsed = bitget.parse_tickers(answer(TICKER | {"symbol": "TSLAUSDT"}, [], {}, TICKER), RECEIVED, KNOWN)

    assert {symbol for symbol, _ in values(parsed)} == {"BTCUSDT"}
    assert parsed.rejected == (
        Rejected("TSLAUSDT", Reason.UNKNOWN_SYMBOL),
        Rejected("", Reason.MALFORMED),
        Rejected("", Reason.MALFORMED),
    )


def test_a_rate_is_per_its_own_interval_and_stored_per_eight_hours() -> None:
    parsed = bitget.parse_funding(answer(RATE, BONK_RATE), RECEIVED, KNOWN)

    assert parsed.observations == (
        said(Metric.FUNDING, -0.00001, at=TWO, interval_h=8.0, next_at=FOUR, rate=-0.00001),
        said(Metric.FUNDING, 0.0001, "1000BONKUSDT", at=TWO, interval_h=4.0, next_at=FOUR, rate=0.00005),
    )
    assert parsed.rejected == ()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"fundingRate": ""}, Reason.EMPTY),
        ({"fundingRate": "NaN"}, Reason.EMPTY),
        ({"fundingRateInterval": ""}, Reason.NO_INTERVAL),
        ({"fundingRateInterval": None}, Reason.NO_INTERVAL),
        ({"fundingRateInterval": "28800"}, Reason.NO_INTERVAL),
        ({"fundingRate": "0", "nextUpdate": "0"}, Reason.NO_TIME),
        ({"nextUpdate": ""}, Reason.NO_TIME),
        ({"fundingRate": "0.0031"}, Reason.OUT_OF_RANGE),
        ({"fundingRate": "-0.0031"}, Reason.OUT_OF_RANGE),
        ({"fundingRate": "0.06", "minFundingRate": "", "maxFundingRate": ""}, Reason.OUT_OF_RANGE),
        ({"symbol": "TSLAUSDT"}, Reason.UNKNOWN_SYMBOL),
    ],
    ids=str,
)
def test_a_rate_that_is_not_certain_is_refused(changed: dict, reason: Reason) -> None:
    row = RATE | changed

    parsed = bitget.parse_funding(answer(row), RECEIVED, KNOWN)

    assert parsed == Parsed((), (Rejected(row["symbol"], reason),))


@pytest.mark.parametrize("rate", [-0.003, 0.003, 0.0, -0.00000001])
def test_a_rate_up_to_its_caps_is_believed(rate: float) -> None:
    parsed = bitget.parse_funding(answer(RATE | {"fundingRate": rate}), RECEIVED, KNOWN)

    assert values(parsed) == {("BTCUSDT", Metric.FUNDING): rate}


def test_spot_volume_adds_the_pairs_against_dollars_and_is_as_old_as_the_oldest() -> None:
    parsed = bitget.parse_spot_volume(answer(PAIR, USDC_PAIR, BONK_PAIR, *FOREIGN_PAIRS), RECEIVED, KNOWN)

    assert parsed.observations == (
        said(Metric.VOLUME_SPOT_24H, 640_000.0, "1000BONKUSDT", fresh_for=SECONDS_90, span=DAY),
        said(Metric.VOLUME_SPOT_24H, 321_500_000.0, at=TWO - timedelta(seconds=1), fresh_for=SECONDS_90, span=DAY),
    )
    assert parsed.rejected == ()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"usdtVolume": ""}, Reason.EMPTY),
        ({"usdtVolume": "-1"}, Reason.EMPTY),
        ({"ts": ""}, Reason.NO_TIME),
    ],
    ids=str,
)
def test_spot_volume_of_which_a_part_is_unknown_is_unknown(changed: dict, reason: Reason) -> None:
    parsed = bitget.parse_spot_volume(answer(PAIR, USDC_PAIR | changed, BONK_PAIR), RECEIVED, KNOWN)

    assert values(parsed) == {("1000BONKUSDT", Metric.VOLUME_SPOT_24H): 640_000.0}
    assert parsed.rejected == (Rejected("BTCUSDT", reason),)


def test_a_coin_without_a_pair_has_no_spot_volume_and_is_not_refused() -> None:
    assert bitget.parse_spot_volume(answer(*FOREIGN_PAIRS), RECEIVED, KNOWN) == Parsed((), ())


def test_the_shares_of_accounts_are_divided_here_and_the_vendors_ratio_is_not_believed() -> None:
    parsed = bitget.parse_ls_top(answer(ACCOUNTS), RECEIVED, KNOWN, "BTCUSDT")

    assert parsed.observations == (said(Metric.LS_TOP, 0.58 / 0.42, at=STEP_START, fresh_for=MINUTES_15),)
    assert parsed.rejected == ()


def test_positions_are_another_ratio_than_accounts() -> None:
    parsed = bitget.parse_ls_pos(answer(POSITIONS), RECEIVED, KNOWN, "BTCUSDT")

    assert parsed.observations == (said(Metric.LS_POS, 0.52 / 0.48, at=STEP_START, fresh_for=MINUTES_15),)


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_several_rows_the_newest_counts_in_whatever_order_they_come(newest_first: bool) -> None:
    older = ACCOUNTS | {"longAccountRatio": "0.7", "shortAccountRatio": "0.3", "ts": "1795441800000"}
    rows = [ACCOUNTS, older] if newest_first else [older, ACCOUNTS]

    parsed = bitget.parse_ls_top(answer(*rows), RECEIVED, KNOWN, "BTCUSDT")

    assert values(parsed) == {("BTCUSDT", Metric.LS_TOP): 0.58 / 0.42}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"shortAccountRatio": "0"}, Reason.EMPTY),
        ({"longAccountRatio": ""}, Reason.EMPTY),
        ({"ts": ""}, Reason.NO_TIME),
        ({"ts": "1795446000000"}, Reason.FUTURE_TIME),
    ],
    ids=str,
)
def test_long_short_without_both_shares_and_a_time_is_refused(changed: dict, reason: Reason) -> None:
    parsed = bitget.parse_ls_top(answer(ACCOUNTS | changed), RECEIVED, KNOWN, "BTCUSDT")

    assert parsed == Parsed((), (Rejected("BTCUSDT", reason),))


def test_an_empty_list_says_not_offered_which_is_no_value_and_no_error() -> None:
    assert bitget.parse_ls_top(answer(), RECEIVED, KNOWN, "BTCUSDT") == Parsed((), ())


def test_long_short_of_what_is_not_listed_is_refused() -> None:
    parsed = bitget.parse_ls_top(answer(ACCOUNTS), RECEIVED, KNOWN, "ETHUSDT")

    assert parsed == Parsed((), (Rejected("ETHUSDT", Reason.UNKNOWN_SYMBOL),))


def paid(*hours: int) -> list[dict]:
    return [PAID | {"fundingTime": str(1795420800000 + hour * 3_600_000)} for hour in hours]


def test_a_settled_rate_covers_the_step_before_it() -> None:
    parsed = bitget.parse_settled(answer(*paid(0, -8, -16)), RECEIVED, KNOWN)

    eight = timedelta(hours=8)
    rest: dict = {"fresh_for": eight, "interval_h": 8.0, "rate": -0.000008}
    assert parsed.observations == (
        said(Metric.FUNDING_SETTLED, -0.000008, at=EIGHT, **rest),
        said(Metric.FUNDING_SETTLED, -0.000008, at=EIGHT - eight, **rest),
    )
    assert parsed.rejected == (Rejected("BTCUSDT", Reason.NO_INTERVAL),)


def test_one_settlement_alone_says_no_interval() -> None:
    parsed = bitget.parse_settled(answer(PAID), RECEIVED, KNOWN)

    assert parsed == Parsed((), (Rejected("BTCUSDT", Reason.NO_INTERVAL),))


def test_a_frame_gives_all_its_forced_closes_by_the_side_of_the_position_and_in_money() -> None:
    parsed = bitget.parse_liquidations(frame(LONG_CLOSED, SHORT_CLOSED, BONK_CLOSED, ETH_CLOSED), RECEIVED, KNOWN)

    def closed(symbol: str, coin: str, side: Side, coins: float, price: float, ms: int) -> Liquidation:
        at = TWO + timedelta(milliseconds=ms)
        return Liquidation("bitget", symbol, coin, side, coins, price, at, RECEIVED, sampled=True)

    assert parsed.liquidations == (
        closed("BTCUSDT", "BTC", Side.LONG, 0.5, 63_600.0, 110),
        closed("BTCUSDT", "BTC", Side.SHORT, 0.1, 64_500.0, 120),
        closed("1000BONKUSDT", "BONK", Side.SHORT, 50_000_000.0, 0.000016, 130),
    )
    assert [one.usd for one in parsed.liquidations] == pytest.approx([31_800.0, 6_450.0, 800.0])
    assert parsed.rejected == (Rejected("ETHUSDT", Reason.UNKNOWN_SYMBOL),)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"side": ""}, Reason.NO_SIDE),
        ({"side": "long"}, Reason.NO_SIDE),
        ({"amount": ""}, Reason.EMPTY),
        ({"amount": "0"}, Reason.OUT_OF_RANGE),
        ({"amount": "-5"}, Reason.OUT_OF_RANGE),
        ({"price": None}, Reason.EMPTY),
        ({"price": "0"}, Reason.EMPTY),
        ({"ts": "0"}, Reason.NO_TIME),
        ({"ts": "1795446000000"}, Reason.FUTURE_TIME),
    ],
    ids=str,
)
def test_a_close_of_which_a_part_is_unusable_is_refused_alone(changed: dict, reason: Reason) -> None:
    parsed = bitget.parse_liquidations(frame(LONG_CLOSED | changed, SHORT_CLOSED), RECEIVED, KNOWN)

    assert [closed.side for closed in parsed.liquidations] == [Side.SHORT]
    assert parsed.rejected == (Rejected("BTCUSDT", reason),)


@pytest.mark.parametrize(
    "pushed",
    [
        b"pong",
        b'{"event":"subscribe","arg":{"instType":"usdt-futures","topic":"liquidation"},"connId":"c1"}',
        b'{"event":"error","code":30001,"msg":"unknown channel"}',
        b'{"action":"snapshot","arg":{"instType":"usdt-futures","topic":"ticker"},"data":[{"markPrice":"64000.0"}]}',
        frame(LONG_CLOSED, of="coin-futures"),
        frame(LONG_CLOSED, channel="ticker"),
    ],
)
def test_frames_without_forced_closes_of_our_contracts_give_none(pushed: bytes) -> None:
    parsed = bitget.parse_liquidations(pushed, RECEIVED, KNOWN)

    assert (parsed.liquidations, parsed.rejected) == ((), ())


ANSWERS: Mapping[str, tuple[Callable[[bytes, datetime, Known], Parsed], bytes]] = {
    "tickers": (bitget.parse_tickers, answer(TICKER, BONK_TICKER)),
    "funding": (bitget.parse_funding, answer(RATE, BONK_RATE)),
    "spot volume": (bitget.parse_spot_volume, answer(PAIR, USDC_PAIR, BONK_PAIR, *FOREIGN_PAIRS)),
    "top accounts": (partial(bitget.parse_ls_top, symbol="BTCUSDT"), answer(ACCOUNTS, ACCOUNTS)),
    "top positions": (partial(bitget.parse_ls_pos, symbol="BTCUSDT"), answer(POSITIONS)),
    "settled": (bitget.parse_settled, answer(*paid(0, -8, -16))),
}

BAD_ENVELOPES = {
    "nothing": b"",
    "a page of HTML": b"<html><body>403 Forbidden</body></html>",
    "another success code": b'{"code":"40034","msg":"Parameter does not exist","requestTime":1795442400000,"data":[]}',
    "a number as code": b'{"code":0,"requestTime":1795442400000,"data":[]}',
    "data that is null": b'{"code":"00000","requestTime":1795442400000,"data":null}',
    "data that is no list": b'{"code":"00000","requestTime":1795442400000,"data":{}}',
    "an array": b"[]",
    "bottomless nesting": b'{"code":"00000","data":[],"more":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "bytes that are no text": b"\xff\xfe{}",
}


@pytest.mark.parametrize("feed", ANSWERS)
@pytest.mark.parametrize("body", BAD_ENVELOPES.values(), ids=BAD_ENVELOPES)
def test_a_bad_envelope_refuses_the_whole_answer(feed: str, body: bytes) -> None:
    parse, _ = ANSWERS[feed]

    with pytest.raises(Unavailable, match="bitget"):
        parse(body, RECEIVED, KNOWN)


@pytest.mark.parametrize("feed", ANSWERS)
def test_an_answer_that_ends_early_is_refused_whole(feed: str) -> None:
    parse, body = ANSWERS[feed]

    with pytest.raises(Unavailable):
        parse(body[: len(body) * 2 // 3], RECEIVED, KNOWN)


@given(body=spoiled(ANSWERS["tickers"][1].decode()))
def test_no_spoiled_answer_gives_a_wrong_ticker(body: bytes) -> None:
    check("tickers", body)


@given(body=spoiled(ANSWERS["funding"][1].decode()))
def test_no_spoiled_answer_gives_a_wrong_rate(body: bytes) -> None:
    check("funding", body)


@given(body=spoiled(ANSWERS["spot volume"][1].decode()))
def test_no_spoiled_answer_gives_a_wrong_spot_volume(body: bytes) -> None:
    check("spot volume", body)


@given(body=spoiled(ANSWERS["top accounts"][1].decode()))
def test_no_spoiled_answer_gives_a_wrong_long_short(body: bytes) -> None:
    check("top accounts", body)


@given(body=spoiled(ANSWERS["settled"][1].decode()))
def test_no_spoiled_answer_gives_a_wrong_settled_rate(body: bytes) -> None:
    check("settled", body)


@given(body=spoiled(answer(CONTRACT, BONK_CONTRACT).decode()))
def test_no_spoiled_list_gives_a_nameless_instrument(body: bytes) -> None:
    try:
        parsed = bitget.parse_instruments(body, RECEIVED)
    except Unavailable:
        return

    for of in parsed.listed:
        assert of.instrument.symbol
        assert of.instrument.coin
        assert of.contract == of.instrument.multiplier


@given(body=spoiled(frame(LONG_CLOSED, SHORT_CLOSED, BONK_CLOSED).decode()))
def test_no_spoiled_frame_gives_a_wrong_liquidation(body: bytes) -> None:
    try:
        parsed = bitget.parse_liquidations(body, RECEIVED, KNOWN)
    except Unavailable:
        return

    assert_sound_closes(parsed.liquidations, parsed.rejected, KNOWN)


def check(feed: str, body: bytes) -> None:
    parse, _ = ANSWERS[feed]
    try:
        parsed = parse(body, RECEIVED, KNOWN)
    except Unavailable:
        return

    assert_sound(parsed.observations, parsed.rejected, KNOWN)
