import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given

from adapters.venues import bybit
from adapters.venues.base import Rejected, Unavailable
from adapters.venues.wire import Known, Listed, Parsed, Reason, by_symbol
from signals.model import Instrument, Liquidation, Metric, Observation, Side
from tests.adapters.venues.spoiled import assert_sound, assert_sound_closes, spoiled

SHARED = Path(__file__).parents[4] / "shared" / "payloads"

TWO = datetime(2026, 11, 23, 14, tzinfo=UTC)
SENT = TWO + timedelta(milliseconds=50)
RECEIVED = TWO + timedelta(milliseconds=200)
FOUR = datetime(2026, 11, 23, 16, tzinfo=UTC)
STEP_START = TWO - timedelta(minutes=5)

SECONDS_30, SECONDS_90, MINUTES_15 = timedelta(seconds=30), timedelta(seconds=90), timedelta(minutes=15)
DAY = timedelta(days=1)

LISTED_METRICS = frozenset(
    {
        Metric.FUNDING_SETTLED,
        Metric.PRICE,
        Metric.INDEX,
        Metric.FUNDING,
        Metric.OI_LEVEL,
        Metric.VOLUME_24H,
        Metric.LS,
        Metric.LIQ_LONG,
        Metric.LIQ_SHORT,
    }
)
IN_TICKERS = {Metric.PRICE, Metric.INDEX, Metric.OI_LEVEL, Metric.VOLUME_24H, Metric.FUNDING}
WITH_SPOT = LISTED_METRICS | {Metric.VOLUME_SPOT_24H}

KNOWN: Known = by_symbol(
    [
        Listed(Instrument("bybit", "1000PEPEUSDT", "PEPE", 1000.0, WITH_SPOT), 1000.0),
        Listed(Instrument("bybit", "BTCPERP", "BTC", 1.0, LISTED_METRICS, money="USDC")),
        Listed(Instrument("bybit", "BTCUSDT", "BTC", 1.0, WITH_SPOT)),
    ]
)

CONTRACT = {
    "symbol": "BTCUSDT",
    "contractType": "LinearPerpetual",
    "status": "Trading",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "settleCoin": "USDT",
    "launchTime": "1584230400000",
    "deliveryTime": "0",
    "fundingInterval": 480,
    "isPreListing": False,
    "symbolType": "",
}
PEPE_CONTRACT = CONTRACT | {"symbol": "1000PEPEUSDT", "baseCoin": "1000PEPE", "symbolType": "innovation"}
USDC_CONTRACT = CONTRACT | {"symbol": "BTCPERP", "quoteCoin": "USDC", "settleCoin": "USDC"}

TICKER = {
    "symbol": "BTCUSDT",
    "lastPrice": "64002.00",
    "markPrice": "64000.00",
    "indexPrice": "64020.00",
    "openInterest": "50000.000",
    "openInterestValue": "3200000000.00",
    "singleOpenInterest": "25000.000",
    "singleOpenInterestValue": "1600000000.00",
    "turnover24h": "5000000000.0000",
    "volume24h": "78100.000",
    "fundingRate": "0.00006",
    "nextFundingTime": "1795449600000",
    "fundingIntervalHour": "8",
    "fundingCap": "0.005",
    "deliveryTime": "0",
    "curPreListingPhase": "",
}
PEPE_TICKER = TICKER | {
    "symbol": "1000PEPEUSDT",
    "markPrice": "0.0108",
    "indexPrice": "0.0109",
    "openInterest": "1800000",
    "singleOpenInterest": "900000",
    "turnover24h": "20000000",
    "fundingRate": "-0.00005",
    "fundingIntervalHour": "4",
}
DATED_TICKER = TICKER | {"symbol": "BTCUSDT-25DEC26", "fundingRate": "", "nextFundingTime": "0"}

PAIR = {"symbol": "BTCUSDT", "lastPrice": "64010.00", "turnover24h": "900000000.00", "volume24h": "14060.00"}
USDC_PAIR = PAIR | {"symbol": "BTCUSDC", "turnover24h": "30000000.00"}
PEPE_PAIR = PAIR | {"symbol": "PEPEUSDT", "turnover24h": "4000000.00"}
FOREIGN_PAIRS = [PAIR | {"symbol": f"BTC{quote}", "turnover24h": "7.5"} for quote in ("EUR", "BRL", "USDE", "")]

ACCOUNTS = {"symbol": "BTCUSDT", "buyRatio": "0.55", "sellRatio": "0.45", "timestamp": "1795442100000"}
PAID = {"symbol": "BTCUSDT", "fundingRate": "0.00005", "fundingRateTimestamp": "1795420800000"}
OPEN_INTEREST = {"openInterest": "49800.00000000", "singleOpenInterest": "24900", "timestamp": "1795442100000"}

LONG_CLOSED = {"T": 1795442400110, "s": "BTCUSDT", "S": "Buy", "v": "0.750", "p": "63420.00"}
SHORT_CLOSED = {"T": 1795442400130, "s": "BTCUSDT", "S": "Sell", "v": "0.100", "p": "64510.00"}
PEPE_CLOSED = {"T": 1795442400150, "s": "1000PEPEUSDT", "S": "Buy", "v": "5000", "p": "0.0106"}


def answer(*rows: object, category: str | None = "linear", time: object = 1795442400050, **result: object) -> bytes:
    inside = {"list": list(rows), **result} | ({"category": category} if category else {})
    return json.dumps({"retCode": 0, "retMsg": "OK", "result": inside, "retExtInfo": {}, "time": time}).encode()


def frame(*rows: object, topic: str = "allLiquidation.BTCUSDT") -> bytes:
    return json.dumps({"topic": topic, "type": "snapshot", "ts": 1795442400500, "data": list(rows)}).encode()


def level(metric: Metric, value: float, symbol: str = "BTCUSDT", **more: object) -> Observation:
    coin = KNOWN[symbol].instrument.coin
    given: dict = {"at": SENT, "received": RECEIVED, "fresh_for": SECONDS_30} | more
    return Observation(metric, "bybit", symbol, coin, value, **given)


def values(parsed: Parsed) -> Mapping[tuple[str, Metric], float]:
    return {(seen.symbol, seen.metric): seen.value for seen in parsed.observations}


def test_the_list_holds_what_trades_with_its_multiplier_and_one_carrier_of_spot_volume_per_coin() -> None:
    body = answer(CONTRACT, PEPE_CONTRACT, USDC_CONTRACT, nextPageCursor="")

    parsed = bybit.parse_instruments(body, RECEIVED)

    assert by_symbol(parsed.listed) == KNOWN
    assert parsed.rejected == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"contractType": "LinearFutures", "symbol": "BTCUSDT-25DEC26", "deliveryTime": "1798185600000"},
        {"contractType": "InversePerpetual", "settleCoin": "BTC", "symbol": "BTCUSD"},
        {"status": "PreLaunch"},
        {"status": "Closed"},
        {"isPreListing": True},
        {"settleCoin": "BTC"},
        {"settleCoin": "EUR"},
        {"symbolType": "stock"},
        {"symbolType": "xstocks"},
        {"symbolType": "commodity"},
        {"symbolType": "forex"},
        {"symbolType": "something new"},
        {"deliveryTime": "1795442400000"},
    ],
    ids=str,
)
def test_contracts_of_other_kinds_are_neither_listed_nor_refused(changed: dict) -> None:
    parsed = bybit.parse_instruments(answer(CONTRACT | changed, PEPE_CONTRACT), RECEIVED)

    assert [of.instrument.symbol for of in parsed.listed] == ["1000PEPEUSDT"]
    assert parsed.rejected == ()


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"baseCoin": ""}, Rejected("BTCUSDT", Reason.EMPTY)),
        ({"baseCoin": None}, Rejected("", Reason.MALFORMED)),
        ({"symbol": ""}, Rejected("", Reason.EMPTY)),
        ({"status": 1}, Rejected("", Reason.MALFORMED)),
    ],
    ids=str,
)
def test_a_contract_that_cannot_be_read_is_refused_alone(changed: dict, refused: Rejected) -> None:
    parsed = bybit.parse_instruments(answer(CONTRACT | changed, PEPE_CONTRACT), RECEIVED)

    assert [of.instrument.symbol for of in parsed.listed] == ["1000PEPEUSDT"]
    assert parsed.rejected == (refused,)


def test_an_announced_end_is_known() -> None:
    parsed = bybit.parse_instruments(answer(CONTRACT | {"deliveryTime": "1795449600000"}), RECEIVED)

    assert [of.delists for of in parsed.listed] == [FOUR]


@pytest.mark.parametrize(
    ("base", "coin", "multiplier"),
    [
        ("1000BONK", "BONK", 1e3),
        ("1000000MOG", "MOG", 1e6),
        ("SHIB1000", "SHIB", 1e3),
        ("1INCH", "1INCH", 1.0),
        ("ETH", "ETH", 1.0),
    ],
)
def test_multiplied_names_become_coins(base: str, coin: str, multiplier: float) -> None:
    parsed = bybit.parse_instruments(answer(CONTRACT | {"baseCoin": base}), RECEIVED)

    (of,) = parsed.listed
    assert (of.instrument.coin, of.instrument.multiplier, of.contract) == (coin, multiplier, multiplier)


@pytest.mark.parametrize(("written", "cursor"), [("page%3D2", "page%3D2"), ("", None), (None, None)])
def test_the_cursor_says_whether_there_is_another_page(written: str | None, cursor: str | None) -> None:
    assert bybit.parse_cursor(answer(CONTRACT, nextPageCursor=written)) == cursor


def test_one_ticker_gives_price_index_open_interest_of_one_side_volume_and_funding() -> None:
    parsed = bybit.parse_tickers(answer(TICKER), RECEIVED, KNOWN)

    assert parsed.observations == (
        level(Metric.PRICE, 64_000.0),
        level(Metric.INDEX, 64_020.0),
        level(Metric.OI_LEVEL, 25_000.0),
        level(Metric.VOLUME_24H, 5e9, fresh_for=SECONDS_90, span=DAY),
        level(Metric.FUNDING, 0.00006, interval_h=8.0, next_at=FOUR, rate=0.00006),
    )
    assert parsed.rejected == ()


def test_a_ticker_of_a_thousand_coins_is_per_coin_and_its_rate_per_eight_hours() -> None:
    parsed = bybit.parse_tickers(answer(PEPE_TICKER), RECEIVED, KNOWN)

    assert parsed.observations == (
        level(Metric.PRICE, 0.0000108, "1000PEPEUSDT"),
        level(Metric.INDEX, 0.0000109, "1000PEPEUSDT"),
        level(Metric.OI_LEVEL, 900_000_000.0, "1000PEPEUSDT"),
        level(Metric.VOLUME_24H, 2e7, "1000PEPEUSDT", fresh_for=SECONDS_90, span=DAY),
        level(Metric.FUNDING, -0.0001, "1000PEPEUSDT", interval_h=4.0, next_at=FOUR, rate=-0.00005),
    )


@pytest.mark.parametrize("single", [{}, {"singleOpenInterest": ""}, {"singleOpenInterest": None}], ids=str)
def test_where_one_side_is_not_given_both_sides_are_halved(single: dict) -> None:
    older = {name: value for name, value in TICKER.items() if not name.startswith("single")}

    parsed = bybit.parse_tickers(answer(older | single), RECEIVED, KNOWN)

    assert values(parsed)["BTCUSDT", Metric.OI_LEVEL] == 25_000.0


@pytest.mark.parametrize(
    ("changed", "lost", "reason"),
    [
        ({"markPrice": ""}, Metric.PRICE, Reason.EMPTY),
        ({"markPrice": "0"}, Metric.PRICE, Reason.OUT_OF_RANGE),
        ({"markPrice": "-64000"}, Metric.PRICE, Reason.NEGATIVE),
        ({"indexPrice": "1e999"}, Metric.INDEX, Reason.EMPTY),
        ({"indexPrice": None}, Metric.INDEX, Reason.EMPTY),
        ({"turnover24h": "NaN"}, Metric.VOLUME_24H, Reason.EMPTY),
        ({"turnover24h": "-"}, Metric.VOLUME_24H, Reason.EMPTY),
        ({"openInterest": "", "singleOpenInterest": ""}, Metric.OI_LEVEL, Reason.EMPTY),
        ({"singleOpenInterest": "-25000"}, Metric.OI_LEVEL, Reason.NEGATIVE),
        ({"fundingRate": ""}, Metric.FUNDING, Reason.EMPTY),
        ({"fundingIntervalHour": ""}, Metric.FUNDING, Reason.NO_INTERVAL),
        ({"fundingIntervalHour": "480"}, Metric.FUNDING, Reason.NO_INTERVAL),
        ({"fundingRate": "0", "nextFundingTime": "0"}, Metric.FUNDING, Reason.NO_TIME),
        ({"nextFundingTime": ""}, Metric.FUNDING, Reason.NO_TIME),
        ({"fundingRate": "0.006"}, Metric.FUNDING, Reason.OUT_OF_RANGE),
        ({"fundingRate": "-0.006"}, Metric.FUNDING, Reason.OUT_OF_RANGE),
        ({"fundingRate": "0.06", "fundingCap": ""}, Metric.FUNDING, Reason.OUT_OF_RANGE),
    ],
    ids=str,
)
def test_what_is_no_value_is_refused_by_name_and_the_rest_of_its_row_counts(
    changed: dict, lost: Metric, reason: Reason
) -> None:
    parsed = bybit.parse_tickers(answer(TICKER | changed), RECEIVED, KNOWN)

    assert {metric for _, metric in values(parsed)} == IN_TICKERS - {lost}
    assert parsed.rejected == (Rejected("BTCUSDT", reason),)


def test_a_rate_at_the_cap_and_one_of_another_interval_are_believed() -> None:
    body = answer(TICKER | {"fundingRate": "-0.005", "fundingIntervalHour": "1"})

    parsed = bybit.parse_tickers(body, RECEIVED, KNOWN)

    assert values(parsed)["BTCUSDT", Metric.FUNDING] == -0.04


def test_a_dated_future_is_no_perpetual_and_a_broken_row_no_reason_to_lose_the_others() -> None:
    parsed = bybit.parse_tickers(answer(DATED_TICKER, [], {"symbol": 1}, TICKER), RECEIVED, KNOWN)

    assert parsed.observations == bybit.parse_tickers(answer(TICKER), RECEIVED, KNOWN).observations
    assert parsed.rejected == (
        Rejected("BTCUSDT-25DEC26", Reason.UNKNOWN_SYMBOL),
        Rejected("", Reason.MALFORMED),
        Rejected("", Reason.MALFORMED),
    )


@pytest.mark.parametrize("time", [1795442400, "1795442400000", 1795442400000000])
def test_seconds_milliseconds_and_microseconds_are_told_apart(time: object) -> None:
    parsed = bybit.parse_tickers(answer(TICKER, time=time), RECEIVED, KNOWN)

    assert {seen.at for seen in parsed.observations} == {TWO}


@pytest.mark.parametrize(
    ("time", "reason"),
    [(1795446000000, Reason.FUTURE_TIME), (None, Reason.NO_TIME), ("", Reason.NO_TIME), (0, Reason.NO_TIME)],
)
def test_an_answer_without_a_possible_time_gives_nothing(time: object, reason: Reason) -> None:
    parsed = bybit.parse_tickers(answer(TICKER, time=time), RECEIVED, KNOWN)

    assert parsed == Parsed((), (Rejected("BTCUSDT", reason),) * 5)


def test_spot_volume_adds_the_pairs_against_dollars_once_per_coin() -> None:
    body = answer(PAIR, USDC_PAIR, PEPE_PAIR, *FOREIGN_PAIRS, category="spot")

    parsed = bybit.parse_spot_volume(body, RECEIVED, KNOWN)

    assert sorted(parsed.observations, key=lambda seen: seen.symbol) == [
        level(Metric.VOLUME_SPOT_24H, 4e6, "1000PEPEUSDT", fresh_for=SECONDS_90, span=DAY),
        level(Metric.VOLUME_SPOT_24H, 930_000_000.0, "BTCUSDT", fresh_for=SECONDS_90, span=DAY),
    ]
    assert parsed.rejected == ()


@pytest.mark.parametrize("turnover", ["", None, "NaN", "-1"])
def test_spot_volume_of_which_a_part_is_unknown_is_unknown(turnover: object) -> None:
    body = answer(PAIR, USDC_PAIR | {"turnover24h": turnover}, PEPE_PAIR, category="spot")

    parsed = bybit.parse_spot_volume(body, RECEIVED, KNOWN)

    assert values(parsed) == {("1000PEPEUSDT", Metric.VOLUME_SPOT_24H): 4e6}
    assert parsed.rejected == (Rejected("BTCUSDT", Reason.EMPTY),)


def test_a_pair_that_is_listed_twice_is_counted_once() -> None:
    parsed = bybit.parse_spot_volume(answer(PAIR, PAIR, category="spot"), RECEIVED, KNOWN)

    assert values(parsed) == {("BTCUSDT", Metric.VOLUME_SPOT_24H): 900_000_000.0}


def test_long_short_of_accounts_is_divided_here() -> None:
    parsed = bybit.parse_ls(answer(ACCOUNTS, category=None, nextPageCursor=""), RECEIVED, KNOWN)

    assert parsed.observations == (level(Metric.LS, 0.55 / 0.45, at=STEP_START, fresh_for=MINUTES_15),)
    assert parsed.rejected == ()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"sellRatio": "0"}, Reason.EMPTY),
        ({"buyRatio": ""}, Reason.EMPTY),
        ({"timestamp": ""}, Reason.NO_TIME),
        ({"symbol": "ETHUSDT"}, Reason.UNKNOWN_SYMBOL),
    ],
    ids=str,
)
def test_long_short_without_both_shares_a_time_and_an_instrument_is_refused(changed: dict, reason: Reason) -> None:
    row = ACCOUNTS | changed

    parsed = bybit.parse_ls(answer(row, category=None), RECEIVED, KNOWN)

    assert parsed == Parsed((), (Rejected(row["symbol"], reason),))


def test_an_empty_list_is_no_value_and_no_error() -> None:
    assert bybit.parse_ls(answer(category=None), RECEIVED, KNOWN) == Parsed((), ())


def paid(*hours: int) -> list[dict]:
    return [PAID | {"fundingRateTimestamp": str(1795420800000 + hour * 3_600_000)} for hour in hours]


def test_a_settled_rate_covers_the_step_before_it() -> None:
    parsed = bybit.parse_settled(answer(*paid(0, -4, -8)), RECEIVED, KNOWN)

    at = datetime(2026, 11, 23, 8, tzinfo=UTC)
    four = timedelta(hours=4)
    rest: dict = {"fresh_for": four, "interval_h": 4.0, "rate": 0.00005}
    assert parsed.observations == (
        level(Metric.FUNDING_SETTLED, 0.0001, at=at, **rest),
        level(Metric.FUNDING_SETTLED, 0.0001, at=at - four, **rest),
    )
    assert parsed.rejected == (Rejected("BTCUSDT", Reason.NO_INTERVAL),)


@pytest.mark.parametrize(
    ("hours", "known"),
    [
        ((0,), []),
        ((0, -8), []),
        ((0, -4, -8, -16, -20, -24), [0, -4, -16, -20]),
        ((0, -4, -8, -16, -24), [0, -4, -8, -16]),
    ],
    ids=["one alone", "a lone step", "a missing row", "a changed interval"],
)
def test_a_lone_step_between_settlements_proves_no_interval(hours: tuple[int, ...], known: list[int]) -> None:
    parsed = bybit.parse_settled(answer(*paid(*hours)), RECEIVED, KNOWN)

    base = datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert [(seen.at - base) // timedelta(hours=1) for seen in parsed.observations] == known
    assert {row.reason for row in parsed.rejected} == {Reason.NO_INTERVAL}


def test_past_open_interest_is_of_one_side() -> None:
    older = {"openInterest": "50200", "timestamp": "1795441800000"}

    parsed = bybit.parse_open_interest(answer(OPEN_INTEREST, older, symbol="BTCUSDT"), RECEIVED, KNOWN)

    assert parsed.observations == (
        level(Metric.OI_LEVEL, 24_900.0, at=STEP_START, fresh_for=MINUTES_15),
        level(Metric.OI_LEVEL, 25_100.0, at=STEP_START - timedelta(minutes=5), fresh_for=MINUTES_15),
    )


def test_past_open_interest_of_what_is_not_listed_is_refused() -> None:
    parsed = bybit.parse_open_interest(answer(OPEN_INTEREST, symbol="ETHUSDT"), RECEIVED, KNOWN)

    assert parsed == Parsed((), (Rejected("ETHUSDT", Reason.UNKNOWN_SYMBOL),))


def test_a_frame_gives_all_its_forced_closes_by_the_side_of_the_position() -> None:
    parsed = bybit.parse_liquidations(frame(LONG_CLOSED, SHORT_CLOSED, PEPE_CLOSED), RECEIVED, KNOWN)

    def closed(symbol: str, coin: str, side: Side, coins: float, price: float, ms: int) -> Liquidation:
        at = TWO + timedelta(milliseconds=ms)
        return Liquidation("bybit", symbol, coin, side, coins, price, at, RECEIVED, sampled=False)

    assert parsed.liquidations == (
        closed("BTCUSDT", "BTC", Side.LONG, 0.75, 63_420.0, 110),
        closed("BTCUSDT", "BTC", Side.SHORT, 0.1, 64_510.0, 130),
        closed("1000PEPEUSDT", "PEPE", Side.LONG, 5_000_000.0, 0.0106 / 1000, 150),
    )
    assert parsed.rejected == ()


def test_two_equal_closes_in_one_frame_are_two() -> None:
    parsed = bybit.parse_liquidations(frame(LONG_CLOSED, LONG_CLOSED), RECEIVED, KNOWN)

    assert len(parsed.liquidations) == 2


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"S": ""}, Reason.NO_SIDE),
        ({"S": "buy"}, Reason.NO_SIDE),
        ({"v": ""}, Reason.EMPTY),
        ({"v": "0"}, Reason.OUT_OF_RANGE),
        ({"p": None}, Reason.EMPTY),
        ({"T": 0}, Reason.NO_TIME),
        ({"T": 1795446000000}, Reason.FUTURE_TIME),
        ({"s": "ETHUSDT"}, Reason.UNKNOWN_SYMBOL),
    ],
    ids=str,
)
def test_a_close_of_which_a_part_is_unusable_is_refused_alone(changed: dict, reason: Reason) -> None:
    row = LONG_CLOSED | changed

    parsed = bybit.parse_liquidations(frame(row, SHORT_CLOSED), RECEIVED, KNOWN)

    assert [closed.side for closed in parsed.liquidations] == [Side.SHORT]
    assert parsed.rejected == (Rejected(row["s"], reason),)


@pytest.mark.parametrize(
    "pushed",
    [
        '{"success":true,"ret_msg":"","conn_id":"c1","req_id":"1","op":"subscribe"}',
        '{"success":true,"ret_msg":"pong","conn_id":"c1","req_id":"","op":"ping"}',
        '{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","markPrice":"64000.00"},"ts":1795442400100}',
        '{"topic":"liquidation.BTCUSDT","data":{"symbol":"BTCUSDT","side":"Sell","price":"64000","size":"1"}}',
        '{"topic":"allLiquidation.BTCUSDT","data":[]}',
    ],
)
def test_frames_without_forced_closes_give_none(pushed: str) -> None:
    parsed = bybit.parse_liquidations(pushed.encode(), RECEIVED, KNOWN)

    assert (parsed.liquidations, parsed.rejected) == ((), ())


ANSWERS: Mapping[str, tuple[Callable[[bytes, datetime, Known], Parsed], bytes]] = {
    "tickers": (bybit.parse_tickers, answer(TICKER, PEPE_TICKER, DATED_TICKER)),
    "spot volume": (bybit.parse_spot_volume, answer(PAIR, USDC_PAIR, PEPE_PAIR, *FOREIGN_PAIRS, category="spot")),
    "long/short": (bybit.parse_ls, answer(ACCOUNTS, category=None)),
    "settled": (bybit.parse_settled, answer(*paid(0, -8, -16))),
    "open interest": (bybit.parse_open_interest, answer(OPEN_INTEREST, symbol="BTCUSDT")),
}

BAD_ENVELOPES = {
    "nothing": b"",
    "a page of HTML": b"<html><body>403 Forbidden</body></html>",
    "another success code": b'{"retCode":10006,"retMsg":"Too many visits!","result":{},"time":1795442400050}',
    "an inside without a list": b'{"retCode":0,"result":{"category":"linear"},"time":1795442400050}',
    "no inside": b'{"retCode":0,"time":1795442400050}',
    "an array": b"[]",
    "bottomless nesting": b'{"retCode":0,"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "bytes that are no text": b"\xff\xfe{}",
}


@pytest.mark.parametrize("feed", ANSWERS)
@pytest.mark.parametrize("body", BAD_ENVELOPES.values(), ids=BAD_ENVELOPES)
def test_a_bad_envelope_refuses_the_whole_answer(feed: str, body: bytes) -> None:
    parse, _ = ANSWERS[feed]

    with pytest.raises(Unavailable, match="bybit"):
        parse(body, RECEIVED, KNOWN)


@pytest.mark.parametrize("feed", ANSWERS)
def test_an_answer_that_ends_early_is_refused_whole(feed: str) -> None:
    parse, body = ANSWERS[feed]

    with pytest.raises(Unavailable):
        parse(body[: len(body) * 2 // 3], RECEIVED, KNOWN)


@pytest.mark.parametrize("feed", ["tickers", "spot volume", "settled", "open interest"])
@pytest.mark.parametrize("category", ["inverse", "option", None])
def test_an_answer_about_other_contracts_is_refused_whole(feed: str, category: str | None) -> None:
    parse, _ = ANSWERS[feed]

    with pytest.raises(Unavailable, match="instead of"):
        parse(answer(TICKER, symbol="BTCUSDT", category=category), RECEIVED, KNOWN)


def test_spot_is_not_read_as_futures_nor_futures_as_spot() -> None:
    with pytest.raises(Unavailable, match="about spot instead of linear"):
        bybit.parse_tickers(answer(PAIR, category="spot"), RECEIVED, KNOWN)
    with pytest.raises(Unavailable, match="about linear instead of spot"):
        bybit.parse_spot_volume(answer(TICKER), RECEIVED, KNOWN)


@given(body=spoiled(ANSWERS["tickers"][1].decode()))
def test_no_spoiled_answer_gives_a_wrong_ticker(body: bytes) -> None:
    check("tickers", body)


@given(body=spoiled(ANSWERS["spot volume"][1].decode()))
def test_no_spoiled_answer_gives_a_wrong_spot_volume(body: bytes) -> None:
    check("spot volume", body)


@given(body=spoiled(ANSWERS["settled"][1].decode()))
def test_no_spoiled_answer_gives_a_wrong_settled_rate(body: bytes) -> None:
    check("settled", body)


@given(body=spoiled(ANSWERS["long/short"][1].decode()))
def test_no_spoiled_answer_gives_a_wrong_long_short(body: bytes) -> None:
    check("long/short", body)


@given(body=spoiled(ANSWERS["open interest"][1].decode()))
def test_no_spoiled_answer_gives_a_wrong_open_interest(body: bytes) -> None:
    check("open interest", body)


@given(body=spoiled(answer(CONTRACT, PEPE_CONTRACT, USDC_CONTRACT).decode()))
def test_no_spoiled_list_gives_a_nameless_instrument(body: bytes) -> None:
    try:
        parsed = bybit.parse_instruments(body, RECEIVED)
    except Unavailable:
        return

    for of in parsed.listed:
        assert of.instrument.symbol
        assert of.instrument.coin
        assert of.contract == of.instrument.multiplier


@given(body=spoiled(frame(LONG_CLOSED, SHORT_CLOSED, PEPE_CLOSED).decode()))
def test_no_spoiled_frame_gives_a_wrong_liquidation(body: bytes) -> None:
    try:
        parsed = bybit.parse_liquidations(body, RECEIVED, KNOWN)
    except Unavailable:
        return

    assert_sound_closes(parsed.liquidations, parsed.rejected, KNOWN)


def recorded(name: str) -> dict:
    """One file of recorded payloads, which are no part of the project."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip("the recorded payloads are not on this machine")
    return json.loads(path.read_text(encoding="utf-8"))


def perpetual(symbol: str, coin: str) -> Listed:
    return Listed(Instrument("bybit", symbol, coin, 1.0, WITH_SPOT))


def at_ms(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def as_answer(pushed: dict) -> bytes:
    """A pushed ticker as the list of tickers, whose rows have the same shape."""
    return answer(pushed["data"], time=pushed["ts"])


@pytest.mark.parametrize(
    ("name", "coins"),
    [
        ("nautilus__bybit__http_get_instruments_linear.json", ["BTC", "ETH"]),
        ("nautilus__bybit__http_get_instruments_inverse.json", []),
    ],
)
def test_recorded_lists_hold_linear_perpetuals_until_their_end(name: str, coins: list[str]) -> None:
    body = json.dumps(recorded(name)["payload"]).encode()

    before, after = (bybit.parse_instruments(body, datetime(2023, month, 31, tzinfo=UTC)) for month in (10, 12))

    assert [of.instrument.coin for of in before.listed] == coins
    assert {of.delists for of in before.listed} <= {datetime(2023, 12, 14, 22, 13, 20, tzinfo=UTC)}
    assert (after.listed, before.rejected, after.rejected) == ((), (), ())
    assert bybit.parse_cursor(body) is None


def test_a_recorded_ticker_without_one_side_is_halved() -> None:
    pushed = recorded("nautilus__bybit__ws_ticker_linear.json")["payload"]

    parsed = bybit.parse_tickers(as_answer(pushed), at_ms(pushed["ts"]), KNOWN)

    assert {metric: value for (_, metric), value in values(parsed).items()} == {
        Metric.PRICE: 17_217.33,
        Metric.INDEX: 17_227.36,
        Metric.OI_LEVEL: 34_372.3805,
        Metric.VOLUME_24H: 1_570_383_121.943499,
        Metric.FUNDING: -0.000212,
    }
    assert {seen.next_at for seen in parsed.observations} == {None, datetime(2023, 1, 9, 16, tzinfo=UTC)}
    assert parsed.rejected == ()


def test_two_recorded_settlements_are_too_few_to_know_their_interval() -> None:
    body = json.dumps(recorded("nautilus__bybit__http_get_funding_history.json")["payload"]).encode()

    parsed = bybit.parse_settled(body, RECEIVED, KNOWN)

    assert parsed == Parsed((), (Rejected("BTCUSDT", Reason.NO_INTERVAL),) * 2)


def test_documented_open_interest_of_an_inverse_contract_is_refused() -> None:
    body = json.dumps(recorded("bybit_doc_open_interest_single_side.json")["payload"]).encode()

    with pytest.raises(Unavailable, match="about inverse instead of linear"):
        bybit.parse_open_interest(body, RECEIVED, by_symbol([perpetual("BTCUSD", "BTC")]))


def test_documented_sides_are_each_half_of_both() -> None:
    said = recorded("bybit_doc_open_interest_single_side.json")["payload"]["result"]["list"]

    parsed = bybit.parse_open_interest(answer(*said, symbol="BTCUSDT"), RECEIVED, KNOWN)

    assert [seen.value for seen in parsed.observations] == [31_955_346.0] * 3 + [31_971_156.0] * 2
    assert [float(row["openInterest"]) / 2 for row in said] == pytest.approx([s.value for s in parsed.observations])


def test_recorded_frames_hold_the_forced_closes_of_the_topic_of_today_alone() -> None:
    frames = [json.dumps(pushed).encode() for pushed in recorded("tardis-node__bybit.json")["messages"]]
    known = by_symbol([perpetual("PIPPINUSDT", "PIPPIN"), perpetual("GALAUSDT", "GALA"), perpetual("BTCUSDT", "BTC")])

    parsed = [bybit.parse_liquidations(body, RECEIVED, known) for body in frames]

    at = datetime(2025, 2, 25, 10, 43, 27, 110_000, tzinfo=UTC)
    closed = Liquidation("bybit", "PIPPINUSDT", "PIPPIN", Side.SHORT, 2846.0, 0.02456, at, RECEIVED, sampled=False)
    assert [one for of in parsed for one in of.liquidations] == [closed, closed]
    assert [row for of in parsed for row in of.rejected] == []


def test_recorded_tickers_give_what_they_say_and_no_rate_without_its_interval() -> None:
    pushed = [p for p in recorded("tardis-node__bybit.json")["messages"] if p["topic"].startswith("tickers.")]

    parsed = [bybit.parse_tickers(as_answer(one), RECEIVED, KNOWN) for one in pushed]

    assert [value for of in parsed for value in values(of).items()] == [
        (("BTCUSDT", Metric.PRICE), 28_552.81),
        (("BTCUSDT", Metric.INDEX), 28_562.25),
        (("BTCUSDT", Metric.OI_LEVEL), 26_387.264),
        (("BTCUSDT", Metric.VOLUME_24H), 4_273_027_716.4294),
    ]
    assert [(row.symbol, row.reason) for of in parsed for row in of.rejected] == [
        ("BTCUSD", Reason.UNKNOWN_SYMBOL),
        ("BTCUSD", Reason.UNKNOWN_SYMBOL),
        ("BTCUSDU23", Reason.UNKNOWN_SYMBOL),
        ("BTCUSDU23", Reason.UNKNOWN_SYMBOL),
        ("BTCUSDT", Reason.NO_INTERVAL),
    ]


def check(feed: str, body: bytes) -> None:
    parse, _ = ANSWERS[feed]
    try:
        parsed = parse(body, RECEIVED, KNOWN)
    except Unavailable:
        return

    assert_sound(parsed.observations, parsed.rejected, KNOWN)
