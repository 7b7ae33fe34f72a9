"""OKX: documented answers become exact observations, and each known trap is refused or read right."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from adapters.venues.base import Unavailable
from adapters.venues.okx import (
    parse_funding,
    parse_index,
    parse_instruments,
    parse_liquidations,
    parse_mark,
    parse_open_interest,
    parse_ratio,
    parse_spot_volume,
    parse_volume,
)
from adapters.venues.okx_past import parse_settled
from adapters.venues.wire import Known, Listed, Parsed, ParsedLiquidations, Reason, by_symbol
from signals.model import Instrument, Liquidation, Metric, Observation, Side
from tests.adapters.venues.spoiled import assert_sound, assert_sound_closes, spoiled

PAYLOADS = Path(__file__).parents[3].parent / "shared" / "payloads"

NOW = datetime(2026, 11, 23, 14, 0, 0, 500_000, UTC)
AT = datetime(2026, 11, 23, 13, 59, 59, 900_000, UTC)
TS = "1795442399900"
DAY = timedelta(days=1)
HALF_MINUTE = timedelta(seconds=30)
SYMBOL = "BTC-USDT-SWAP"

BTC = {
    "instType": "SWAP", "instId": SYMBOL, "uly": "BTC-USDT", "instFamily": "BTC-USDT", "settleCcy": "USDT",
    "ctVal": "0.01", "ctMult": "1", "ctValCcy": "BTC", "ctType": "linear", "listTime": "1573557408000",
    "expTime": "", "state": "live", "ruleType": "normal", "instCategory": "1",
}  # fmt: skip
INVERSE = BTC | {
    "instId": "BTC-USD-SWAP", "uly": "BTC-USD", "settleCcy": "BTC", "ctVal": "100", "ctValCcy": "USD",
    "ctType": "inverse",
}  # fmt: skip
MARK = {"instType": "SWAP", "instId": SYMBOL, "markPx": "64000", "ts": TS}
INDEX = {"instId": "BTC-USDT", "idxPx": "64020", "ts": TS}
FUNDING = {
    "instType": "SWAP", "instId": SYMBOL, "method": "current_period", "fundingRate": "0.0000200000000000",
    "nextFundingRate": "", "fundingTime": "1795449600000", "nextFundingTime": "1795464000000",
    "minFundingRate": "-0.00375", "maxFundingRate": "0.00375", "settState": "settled",
    "settFundingRate": "0.0000300000000000", "premium": "0.0001", "ts": TS,
}  # fmt: skip
INTEREST = {"instType": "SWAP", "instId": SYMBOL, "oi": "3000000", "oiCcy": "30000", "oiUsd": "1920000000", "ts": TS}
TICKER = {"instType": "SWAP", "instId": SYMBOL, "last": "64001", "vol24h": "4000000", "volCcy24h": "40000", "ts": TS}
SPOT = {"instType": "SPOT", "instId": "BTC-USDT", "last": "64008", "vol24h": "8000", "volCcy24h": "512000000", "ts": TS}
RATIO = ["1795442100000", "1.2500"]
TAKER = ["1795442100000", "500000", "400000"]
PAID = [
    {"instId": SYMBOL, "fundingRate": "0.0000310", "realizedRate": "0.0000300", "fundingTime": "1795435200000"},
    {"instId": SYMBOL, "fundingRate": "0.0000500", "realizedRate": "0.0000400", "fundingTime": "1795420800000"},
    {"instId": SYMBOL, "fundingRate": "0.0000600", "realizedRate": "0.0000500", "fundingTime": "1795406400000"},
]
DETAILS = [
    {"side": "sell", "posSide": "long", "bkPx": "63400", "bkLoss": "0", "sz": "130", "ccy": "", "ts": "1795442400110"},
    {"side": "buy", "posSide": "net", "bkPx": "64600", "bkLoss": "0", "sz": "20", "ccy": "", "ts": "1795442400050"},
]
CLOSED = {"instType": "SWAP", "instId": SYMBOL, "instFamily": "BTC-USDT", "uly": "BTC-USDT", "details": DETAILS}

LINEAR = Listed(Instrument("okx", SYMBOL, "BTC", 1.0, frozenset({Metric.VOLUME_SPOT_24H})), contract=0.01)
COIN_MARGINED = Listed(Instrument("okx", "BTC-USD-SWAP", "BTC", 1.0, frozenset()), contract=100.0, inverse=True)
KNOWN = by_symbol([LINEAR, COIN_MARGINED])


def answer(*rows: object, **envelope: object) -> bytes:
    return json.dumps({"code": "0", "msg": "", "data": rows} | envelope).encode()


def frame(*rows: object, channel: str = "liquidation-orders") -> bytes:
    return json.dumps({"arg": {"channel": channel, "instType": "SWAP"}, "data": rows}).encode()


def seen(metric: Metric, value: float, fresh: timedelta = HALF_MINUTE, **more: object) -> Observation:
    return Observation(metric, "okx", SYMBOL, "BTC", value, **({"at": AT, "received": NOW, "fresh_for": fresh} | more))


def refused(parsed: Parsed | ParsedLiquidations) -> list[str]:
    return [row.reason for row in parsed.rejected]


def payload(name: str) -> dict[str, Any]:
    path = PAYLOADS / name
    if not path.exists():
        pytest.skip("the recorded payloads are not beside the project")
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_linear_and_an_inverse_perpetual_are_listed_with_their_contracts() -> None:
    parsed = parse_instruments(answer(BTC, INVERSE), NOW)

    linear, inverse = parsed.listed
    assert (linear.instrument.symbol, linear.instrument.coin, linear.contract) == (SYMBOL, "BTC", 0.01)
    assert (inverse.instrument.symbol, inverse.instrument.coin, inverse.contract) == ("BTC-USD-SWAP", "BTC", 100.0)
    assert (linear.inverse, inverse.inverse) == (False, True)
    assert linear.instrument.metrics - inverse.instrument.metrics == {Metric.INDEX, Metric.VOLUME_SPOT_24H}
    assert linear.delists is None
    assert parsed.rejected == ()


def test_an_announced_end_and_a_contract_multiplier_are_kept() -> None:
    (listed,) = parse_instruments(answer(BTC | {"ctMult": "10", "expTime": "1796000000000"}), NOW).listed

    assert listed.contract == pytest.approx(0.1)
    assert listed.delists == datetime(2026, 11, 30, 0, 53, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "change",
    [
        {"instType": "FUTURES", "instId": "BTC-USDT-261225"},
        {"state": "suspend"},
        {"state": "rebase"},
        {"ruleType": "pre_market"},
        {"ruleType": "rebase_contract"},
        {"instCategory": "3"},
        {"settleCcy": "EUR"},
        {"ctType": ""},
    ],
    ids=str,
)
def test_what_is_no_living_perpetual_on_a_coin_is_passed_over(change: dict[str, str]) -> None:
    parsed = parse_instruments(answer(BTC | change, INVERSE), NOW)

    assert [of.instrument.symbol for of in parsed.listed] == ["BTC-USD-SWAP"]
    assert parsed.rejected == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ctVal": ""}, Reason.EMPTY),
        ({"ctMult": None}, Reason.EMPTY),
        ({"ctVal": "0"}, Reason.OUT_OF_RANGE),
        ({"ctVal": "-1"}, Reason.OUT_OF_RANGE),
        ({"ctVal": "1e308", "ctMult": "1e308"}, Reason.OUT_OF_RANGE),
        ({"ctValCcy": "USD"}, Reason.MALFORMED),
        ({"instId": 7}, Reason.MALFORMED),
        ({"instId": "", "ctValCcy": ""}, Reason.MALFORMED),
    ],
)
def test_a_perpetual_without_a_usable_contract_is_refused(change: dict[str, Any], reason: Reason) -> None:
    parsed = parse_instruments(answer(BTC | change), NOW)

    assert parsed.listed == ()
    assert [row.reason for row in parsed.rejected] == [reason]


@pytest.mark.parametrize(
    ("parse", "row", "expected"),
    [
        (parse_mark, MARK, [seen(Metric.PRICE, 64000.0)]),
        (parse_index, INDEX, [seen(Metric.INDEX, 64020.0)]),
        (parse_open_interest, INTEREST, [seen(Metric.OI_LEVEL, 30000.0)]),
        (parse_volume, TICKER, [seen(Metric.VOLUME_24H, 2_560_040_000.0, timedelta(seconds=90), span=DAY)]),
        (parse_spot_volume, SPOT, [seen(Metric.VOLUME_SPOT_24H, 512_000_000.0, timedelta(seconds=90), span=DAY)]),
    ],
)
def test_a_documented_row_becomes_its_observation(
    parse: Callable[[bytes, datetime, Known], Parsed], row: object, expected: list[Observation]
) -> None:
    parsed = parse(answer(row), NOW, KNOWN)

    assert parsed == Parsed(tuple(expected), ())


def test_the_forecast_is_spread_over_its_interval_and_the_paid_rate_is_another_series() -> None:
    forecast, paid = parse_funding(answer(FUNDING), NOW, KNOWN).observations

    due = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    assert forecast == seen(Metric.FUNDING, 0.00004, interval_h=4.0, next_at=due, rate=0.00002)
    assert paid == seen(Metric.FUNDING_SETTLED, 0.00006, interval_h=4.0, rate=0.00003)


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"nextFundingTime": ""}, [Reason.NO_INTERVAL, Reason.NO_INTERVAL]),
        ({"fundingRate": "0", "fundingTime": "0", "nextFundingTime": "0", "settState": ""}, [Reason.NO_INTERVAL]),
        ({"nextFundingTime": "1795460400000", "settState": ""}, [Reason.NO_INTERVAL]),
        ({"fundingRate": "0.0038", "settState": ""}, [Reason.OUT_OF_RANGE]),
        ({"fundingRate": "-0.0038", "settState": ""}, [Reason.OUT_OF_RANGE]),
        ({"fundingRate": "0.06", "maxFundingRate": "", "settState": ""}, [Reason.OUT_OF_RANGE]),
        ({"fundingRate": "", "settState": ""}, [Reason.EMPTY]),
        ({"instId": "DOGE-USDT-SWAP"}, [Reason.UNKNOWN_SYMBOL]),
        ({"ts": "1795446000000", "settState": ""}, [Reason.FUTURE_TIME]),
        ({"ts": "", "settState": ""}, [Reason.NO_TIME]),
    ],
    ids=str,
)
def test_a_rate_that_cannot_be_relied_on_is_refused(change: dict[str, str], reasons: list[Reason]) -> None:
    parsed = parse_funding(answer(FUNDING | change), NOW, KNOWN)

    assert (parsed.observations, refused(parsed)) == ((), reasons)


def test_an_expiring_contract_among_the_rates_is_passed_over_in_silence() -> None:
    parsed = parse_funding(answer(FUNDING | {"instType": "FUTURES", "instId": "X-USDT-261225"}), NOW, KNOWN)

    assert parsed == Parsed((), ())


@pytest.mark.parametrize("state", ["processing", ""])
def test_a_rate_that_is_still_being_paid_is_not_settled(state: str) -> None:
    parsed = parse_funding(answer(FUNDING | {"settState": state}), NOW, KNOWN)

    assert [one.metric for one in parsed.observations] == [Metric.FUNDING]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"oiCcy": "3000000"}, Reason.OUT_OF_RANGE),
        ({"oi": "30000"}, Reason.OUT_OF_RANGE),
        ({"oiCcy": ""}, Reason.EMPTY),
        ({"oi": "", "oiCcy": "-1"}, Reason.NEGATIVE),
    ],
)
def test_contracts_are_never_taken_for_coins(change: dict[str, str], reason: Reason) -> None:
    parsed = parse_open_interest(answer(INTEREST | change), NOW, KNOWN)

    assert (parsed.observations, refused(parsed)) == ((), [reason])


@pytest.mark.parametrize(
    ("parse", "row"),
    [(parse_mark, MARK), (parse_open_interest, INTEREST), (parse_volume, TICKER), (parse_settled, PAID[0])],
)
def test_a_perpetual_that_is_not_listed_is_counted_out(
    parse: Callable[[bytes, datetime, Known], Parsed], row: dict[str, Any]
) -> None:
    parsed = parse(answer(row | {"instId": "AAPL-USDT-SWAP"}), NOW, KNOWN)

    assert (parsed.observations, refused(parsed)) == ((), [Reason.UNKNOWN_SYMBOL])


def test_the_coins_of_an_inverse_perpetual_are_as_stated_whatever_its_contracts() -> None:
    row = INTEREST | {"instId": "BTC-USD-SWAP", "oi": "640000", "oiCcy": "1000"}
    (interest,) = parse_open_interest(answer(row), NOW, KNOWN).observations

    assert (interest.symbol, interest.coin, interest.value) == ("BTC-USD-SWAP", "BTC", 1000.0)


@pytest.mark.parametrize(
    ("parse", "row"),
    [
        (parse_volume, SPOT | {"instId": SYMBOL}),
        (parse_spot_volume, TICKER | {"instId": "BTC-USDT"}),
        (parse_spot_volume, SPOT | {"instId": "BTC-EUR"}),
        (parse_spot_volume, SPOT | {"instId": "ETH-USDT"}),
        (parse_spot_volume, SPOT | {"instId": "ETH-BTC"}),
        (parse_spot_volume, SPOT | {"instId": "BTC-USD"}),
        (parse_index, INDEX | {"instId": "ETH-USDT"}),
    ],
)
def test_the_other_leg_a_foreign_quote_and_an_unwatched_coin_are_passed_over(
    parse: Callable[[bytes, datetime, Known], Parsed], row: object
) -> None:
    assert parse(answer(row), NOW, KNOWN) == Parsed((), ())


def test_a_coin_sold_by_the_thousand_is_priced_and_counted_by_the_piece() -> None:
    parsed = parse_instruments(answer(BTC | {"instId": "1000PEPE-USDT-SWAP", "ctValCcy": "1000PEPE"}), NOW)
    known = by_symbol(parsed.listed)

    price = parse_mark(answer(MARK | {"instId": "1000PEPE-USDT-SWAP", "markPx": "0.0108"}), NOW, known)
    interest = parse_open_interest(answer(INTEREST | {"instId": "1000PEPE-USDT-SWAP"}), NOW, known)
    spot = parse_spot_volume(answer(SPOT | {"instId": "PEPE-USDT"}), NOW, known)

    assert (price.observations[0].coin, price.observations[0].value) == ("PEPE", pytest.approx(0.0000108))
    assert interest.observations[0].value == 30_000_000.0
    assert spot.observations[0].value == 512_000_000.0


@pytest.mark.parametrize("metric", [Metric.LS, Metric.LS_TOP, Metric.LS_POS])
def test_a_ratio_is_stamped_with_its_row(metric: Metric) -> None:
    parsed = parse_ratio(answer(RATIO), NOW, LINEAR, metric)

    at = datetime(2026, 11, 23, 13, 55, tzinfo=UTC)
    assert parsed == Parsed((seen(metric, 1.25, timedelta(minutes=15), at=at),), ())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["1795442100000", "0"], Reason.OUT_OF_RANGE),
        (["1795442100000", ""], Reason.EMPTY),
        (["", "1.25"], Reason.NO_TIME),
        (["1795442100000"], Reason.MALFORMED),
        ({"ts": "1795442100000", "ratio": "1.25"}, Reason.MALFORMED),
    ],
)
def test_a_ratio_that_says_nothing_is_refused(row: object, reason: Reason) -> None:
    parsed = parse_ratio(answer(row), NOW, LINEAR, Metric.LS)

    assert (parsed.observations, refused(parsed)) == ((), [reason])


def test_the_realized_rate_is_the_one_paid_over_the_hours_since_the_one_before() -> None:
    parsed = parse_settled(answer(*PAID), NOW, KNOWN)

    at, fresh = datetime(2026, 11, 23, 12, 0, tzinfo=UTC), timedelta(hours=4)
    newest = seen(Metric.FUNDING_SETTLED, 0.00006, fresh, at=at, interval_h=4.0, rate=0.00003)
    assert parsed.observations[0] == newest
    assert [one.rate for one in parsed.observations] == [0.00003, 0.00004]
    assert refused(parsed) == [Reason.NO_INTERVAL]


def test_a_liquidation_names_the_position_and_counts_coins() -> None:
    parsed = parse_liquidations(frame(CLOSED), NOW, KNOWN)

    first, second = (datetime(2026, 11, 23, 14, 0, 0, ms * 1000, UTC) for ms in (110, 50))
    assert parsed == ParsedLiquidations(
        (
            Liquidation("okx", SYMBOL, "BTC", Side.LONG, pytest.approx(1.3), 63400.0, first, NOW, sampled=True),
            Liquidation("okx", SYMBOL, "BTC", Side.SHORT, pytest.approx(0.2), 64600.0, second, NOW, sampled=True),
        ),
        (),
    )


@pytest.mark.parametrize(
    ("position", "order", "side"),
    [
        ("long", "sell", Side.LONG),
        ("short", "buy", Side.SHORT),
        ("net", "sell", Side.LONG),
        ("net", "buy", Side.SHORT),
    ],
)
def test_the_side_is_the_position_that_was_closed(position: str, order: str, side: Side) -> None:
    detail = DETAILS[0] | {"posSide": position, "side": order}
    (closed,) = parse_liquidations(frame(CLOSED | {"details": [detail]}), NOW, KNOWN).liquidations

    assert closed.side is side


def test_contracts_of_an_inverse_perpetual_are_dollars() -> None:
    row = {"instId": "BTC-USD-SWAP", "details": [DETAILS[0] | {"sz": "317", "bkPx": "63400"}]}
    (closed,) = parse_liquidations(frame(row), NOW, KNOWN).liquidations

    assert closed.coins == pytest.approx(0.5)
    assert closed.usd == pytest.approx(31_700.0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"posSide": "long", "side": "buy"}, Reason.NO_SIDE),
        ({"posSide": ""}, Reason.NO_SIDE),
        ({"sz": ""}, Reason.EMPTY),
        ({"sz": "0"}, Reason.OUT_OF_RANGE),
        ({"sz": "-1"}, Reason.OUT_OF_RANGE),
        ({"bkPx": "0"}, Reason.OUT_OF_RANGE),
        ({"ts": ""}, Reason.NO_TIME),
        ({"ts": "1795446000000"}, Reason.FUTURE_TIME),
        ({"side": 1}, Reason.MALFORMED),
    ],
)
def test_a_bad_close_is_refused_and_the_good_one_beside_it_counts(change: dict[str, Any], reason: Reason) -> None:
    row = CLOSED | {"details": [DETAILS[0] | change, DETAILS[1]]}
    parsed = parse_liquidations(frame(row), NOW, KNOWN)

    assert [closed.side for closed in parsed.liquidations] == [Side.SHORT]
    assert refused(parsed) == [reason]


@pytest.mark.parametrize(
    "other",
    [
        b"pong",
        b'{"id":"1","event":"subscribe","arg":{"channel":"liquidation-orders","instType":"SWAP"},"connId":"c1"}',
        b'{"event":"notice","code":"64008","msg":"restart","connId":"c1"}',
        frame(TICKER, channel="tickers"),
        frame({"odd": 1}, channel="open-interest"),
        b'{"table":"swap/liquidation","data":[{"size":"8","price":"3.5","type":"3","instrument_id":"BTC-USD-SWAP"}]}',
    ],
)
def test_other_frames_hold_no_liquidation(other: bytes) -> None:
    assert parse_liquidations(other, NOW, KNOWN) == ParsedLiquidations((), ())


@pytest.mark.parametrize(
    "body",
    [
        b"<html>busy</html>",
        b"",
        answer(MARK)[:-9],
        answer(code="50011", msg="Too Many Requests"),
        answer(MARK, code="1"),
        answer(data=None),
        answer(data={}),
        b"[]",
        b"\xff\xfe",
    ],
)
def test_an_answer_that_is_none_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(Unavailable, match="okx answered with"):
        parse_mark(body, NOW, KNOWN)


@pytest.mark.parametrize("written", ["", None, "-", "NaN", "1e999", "Infinity", "sixty"])
def test_a_price_that_is_no_number_is_refused_and_the_good_row_beside_it_counts(written: str | None) -> None:
    parsed = parse_mark(answer(MARK | {"markPx": written}, MARK), NOW, KNOWN)

    assert parsed.observations == (seen(Metric.PRICE, 64000.0),)
    assert refused(parsed) == [Reason.EMPTY]


def test_a_time_in_seconds_is_told_from_milliseconds() -> None:
    (price,) = parse_mark(answer(MARK | {"ts": 1795442399}), NOW, KNOWN).observations

    assert price.at == datetime(2026, 11, 23, 13, 59, 59, tzinfo=UTC)


def test_recorded_instruments_are_listed() -> None:
    body = json.dumps(payload("nautilus__okx__http_get_instruments_swap.json")["payload"]).encode()
    parsed = parse_instruments(body, NOW)

    listed = {of.instrument.symbol: (of.instrument.coin, of.contract, of.inverse) for of in parsed.listed}
    assert listed == {
        "BTC-USD-SWAP": ("BTC", 100.0, True),
        "ETH-USDT-SWAP": ("ETH", 0.1, False),
        "BTC-USDT-SWAP": ("BTC", 0.01, False),
    }
    assert parsed.rejected == ()


def test_a_recorded_mark_price_is_read() -> None:
    body = json.dumps(payload("nautilus__okx__http_get_mark_price.json")["payload"]).encode()
    parsed = parse_mark(body, NOW, KNOWN)

    at = datetime(2025, 4, 14, 0, 25, 49, 506_000, UTC)
    assert parsed == Parsed((seen(Metric.PRICE, 84660.1, at=at),), ())


def test_a_recorded_history_of_two_rates_does_not_tell_their_interval() -> None:
    body = json.dumps(payload("nautilus__okx__http_get_funding_rate_history.json")["payload"]).encode()
    parsed = parse_settled(body, NOW, KNOWN)

    assert (parsed.observations, refused(parsed)) == ((), [Reason.NO_INTERVAL] * 2)


@pytest.mark.parametrize("name", ["nautilus__okx__ws_funding_rate.json", "nautilus__okx__ws_tickers.json"])
def test_recorded_frames_of_other_channels_hold_no_liquidation(name: str) -> None:
    assert parse_liquidations(json.dumps(payload(name)["payload"]).encode(), NOW, KNOWN) == ParsedLiquidations((), ())


def test_all_recorded_frames_of_another_decade_hold_no_liquidation() -> None:
    frames = [json.dumps(message).encode() for message in payload("tardis-node__okex-swap.json")["messages"]]

    assert len(frames) == 13
    assert {parse_liquidations(each, NOW, KNOWN) for each in frames} == {ParsedLiquidations((), ())}


def test_recorded_rows_of_other_channels_read_like_answers() -> None:
    known = by_symbol(
        Listed(Instrument("okx", f"{coin}-USDT-SWAP", coin, 1.0, frozenset())) for coin in ("WNCG", "SOS")
    )
    of: dict[str, list[Any]] = {}
    for message in payload("tardis-node__okex-swap.json")["messages"]:
        of.setdefault(message.get("arg", {}).get("channel", "retired"), []).extend(message["data"])

    (interest,) = parse_open_interest(answer(*of["open-interest"]), NOW, known).observations
    (index,) = parse_index(answer(*of["index-tickers"]), NOW, known).observations
    volume = parse_volume(answer(*of["tickers"]), NOW, known).observations
    funding = parse_funding(answer(*of["funding-rate"]), NOW, known)

    assert interest.value == 644_195.0
    assert index.value == 2.1675
    assert [one.value for one in volume] == [pytest.approx(1_746_881.331)] * 2  # 803,940 x 2.1729, and again
    assert (funding.observations, refused(funding)) == ((), [Reason.NO_INTERVAL, Reason.EMPTY])


ANSWERS = {
    parse_mark: answer(MARK),
    parse_index: answer(INDEX),
    parse_funding: answer(FUNDING),
    parse_open_interest: answer(INTEREST, INTEREST | {"instId": "BTC-USD-SWAP"}),
    parse_volume: answer(TICKER),
    parse_spot_volume: answer(SPOT),
    parse_settled: answer(*PAID),
    parse_liquidations: frame(CLOSED, CLOSED | {"instId": "BTC-USD-SWAP"}),
}


def assert_harmless(parse: Callable[[bytes], Parsed | ParsedLiquidations], body: bytes) -> None:
    try:
        parsed = parse(body)
    except Unavailable:
        return
    if isinstance(parsed, Parsed):
        assert_sound(parsed.observations, parsed.rejected, KNOWN)
    else:
        assert_sound_closes(parsed.liquidations, parsed.rejected, KNOWN)


@pytest.mark.parametrize("parse", ANSWERS, ids=lambda parse: parse.__name__)
def test_no_spoiled_answer_gives_a_wrong_value(parse: Callable[[bytes, datetime, Known], Parsed]) -> None:
    @given(spoiled(ANSWERS[parse].decode()))
    def harmless(body: bytes) -> None:
        assert_harmless(lambda body: parse(body, NOW, KNOWN), body)

    harmless()


@given(spoiled(answer(BTC, INVERSE).decode()))
def test_no_spoiled_list_gives_an_unusable_contract(body: bytes) -> None:
    try:
        listed = parse_instruments(body, NOW).listed
    except Unavailable:
        return

    assert all(of.instrument.coin and 0 < of.contract < math.inf for of in listed)


@given(spoiled(answer(RATIO).decode()))
def test_no_spoiled_answer_gives_a_wrong_ratio(body: bytes) -> None:
    assert_harmless(lambda body: parse_ratio(body, NOW, LINEAR, Metric.LS), body)
