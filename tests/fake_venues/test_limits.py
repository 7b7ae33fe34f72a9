"""Each fake venue limits, refuses and bans in its own words, and counts what it was asked."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from tests.fake_venues.everyone import everyone
from tests.fake_venues.golden import golden
from tests.fake_venues.record import Record
from tests.fake_venues.shapes import Asked, Told
from tests.fake_venues.venue import FakeVenue

AT = datetime(2026, 11, 23, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def get(path: str, **query: str) -> Asked:
    return Asked("GET", path, query, b"", {"cg-api-key": "a key"})


PREMIUM = get("/fapi/v1/premiumIndex")
HOT = {
    "binance": (PREMIUM, 240, 429),
    "bybit": (get("/v5/market/tickers", category="linear"), 600, 403),
    "okx": (get("/api/v5/public/mark-price", instType="SWAP"), 10, 429),
    "gate": (get("/api/v4/futures/usdt/contracts"), 200, 429),
    "bitget": (get("/api/v2/mix/market/account-long-short", symbol="BTCUSDT", period="5m"), 1, 429),
    "hyperliquid": (Asked("POST", "/info", {}, b'{"type":"metaAndAssetCtxs"}'), 60, 429),
    "coinglass": (get("/api/futures/open-interest/exchange-list", symbol="BTC"), 30, 429),
}
WINDOWS = {
    "binance": MINUTE,
    "okx": 2 * SECOND,
    "gate": 10 * SECOND,
    "bitget": SECOND,
    "hyperliquid": MINUTE,
    "coinglass": MINUTE,
}


def venues(record: Record | None = None) -> Mapping[str, FakeVenue]:
    return everyone(golden(), (), record)


def said(told: Told) -> object:
    return json.loads(told.body)


@pytest.mark.parametrize("venue", HOT)
def test_a_venue_answers_as_often_as_it_allows_and_not_once_more(venue: str) -> None:
    asked, most, refusal = HOT[venue]
    fake = venues()[venue]

    answered = [fake.answer(asked, AT).status for _ in range(most)]

    assert set(answered) == {200}
    assert fake.answer(asked, AT).status == refusal


@pytest.mark.parametrize("venue", WINDOWS)
def test_a_new_window_starts_anew(venue: str) -> None:
    asked, most, _ = HOT[venue]
    fake = venues()[venue]
    for _ in range(most + 1):
        fake.answer(asked, AT)

    assert fake.answer(asked, AT + WINDOWS[venue]).status == 200


def test_binance_tells_the_used_weight_and_how_long_to_wait() -> None:
    fake = venues()["binance"]

    first = fake.answer(PREMIUM, AT)
    refused = [fake.answer(PREMIUM, AT + 20 * SECOND) for _ in range(240)][-1]

    assert first.headers["x-mbx-used-weight-1m"] == "10"
    assert refused.status == 429
    assert refused.headers["retry-after"] == "40"


def test_binance_bans_who_goes_on_and_says_until_when() -> None:
    fake = venues()["binance"]
    for _ in range(250):
        fake.answer(PREMIUM, AT)

    banned = fake.answer(PREMIUM, AT)

    until = AT + 2 * MINUTE
    assert banned.status == 418
    assert banned.headers["retry-after"] == "120"
    assert said(banned) == {
        "code": -1003,
        "msg": f"Way too many requests; IP banned until {int(until.timestamp() * 1000)}.",
    }
    assert fake.answer(get("/api/v3/ticker/24hr"), until - SECOND).status == 418
    assert fake.answer(PREMIUM, until).status == 200


def test_bybit_stops_everything_for_ten_minutes() -> None:
    fake = venues()["bybit"]
    asked = HOT["bybit"][0]
    for _ in range(601):
        told = fake.answer(asked, AT)

    assert (told.status, told.body) == (403, b"access too frequent")
    assert fake.answer(asked, AT + 10 * MINUTE - SECOND).status == 403
    assert fake.answer(asked, AT + 10 * MINUTE).status == 200


def test_bybit_gate_and_coinglass_tell_what_is_left() -> None:
    fakes = venues()

    bybit = fakes["bybit"].answer(HOT["bybit"][0], AT).headers
    gate = fakes["gate"].answer(HOT["gate"][0], AT).headers
    coinglass = fakes["coinglass"].answer(HOT["coinglass"][0], AT).headers

    assert (bybit["x-bapi-limit"], bybit["x-bapi-limit-status"]) == ("600", "599")
    assert bybit["x-bapi-limit-reset-timestamp"] == str(int((AT + 5 * SECOND).timestamp() * 1000))
    assert (gate["x-gate-ratelimit-limit"], gate["x-gate-ratelimit-requests-remain"]) == ("200", "199")
    assert gate["x-gate-ratelimit-reset-timestamp"] == str(int((AT + 10 * SECOND).timestamp()))
    assert (coinglass["api-key-max-limit"], coinglass["api-key-use-limit"]) == ("30", "1")


def test_a_long_answer_of_hyperliquid_weighs_more() -> None:
    fake = venues()["hyperliquid"]
    start = int((AT - timedelta(days=20)).timestamp() * 1000)
    asked = Asked("POST", "/info", {}, f'{{"type":"fundingHistory","coin":"BTC","startTime":{start}}}'.encode())

    told = fake.answer(asked, AT)

    rows = json.loads(told.body)
    assert len(rows) == 20 * 24
    assert fake.record.served[-1].weight == 20 + len(rows) // 20


def test_endpoints_have_buckets_of_their_own_where_the_venue_says_so() -> None:
    fakes = venues()
    okx = [fakes["okx"].answer(HOT["okx"][0], AT) for _ in range(11)][-1]
    gate = [fakes["gate"].answer(HOT["gate"][0], AT) for _ in range(201)][-1]

    assert (okx.status, gate.status) == (429, 429)
    assert fakes["okx"].answer(get("/api/v5/public/open-interest", instType="SWAP"), AT).status == 200
    assert fakes["gate"].answer(get("/api/v4/futures/usdt/tickers"), AT).status == 200


WRONG = (
    ("binance", get("/fapi/v1/openInterest"), 400, -1102),
    ("binance", get("/fapi/v1/openInterest", symbol="NOUSDT"), 400, -1121),
    ("binance", get("/fapi/v1/klines", symbol="BTCUSDT", interval="7x"), 400, -1120),
    ("binance", get("/fapi/v1/fundingRate", limit="1001"), 400, -1130),
    ("bybit", get("/v5/market/tickers", category="lunar"), 200, 10001),
    ("bybit", get("/v5/market/funding/history", category="linear", symbol="BTCUSDT", startTime="1"), 200, 10001),
    ("bybit", get("/v5/market/instruments-info", category="linear", limit="1001"), 200, 10001),
    ("okx", get("/api/v5/public/funding-rate"), 400, "50014"),
    ("okx", get("/api/v5/public/funding-rate", instId="NO-USDT-SWAP"), 200, "51001"),
    ("okx", get("/api/v5/public/instruments"), 400, "51000"),
    ("gate", get("/api/v4/futures/usdt/contract_stats", contract="NO_USDT"), 400, "CONTRACT_NOT_FOUND"),
    ("gate", get("/api/v4/futures/usdt/liq_orders", **{"from": "1", "to": "3602"}), 400, "INVALID_PARAM_VALUE"),
    ("bitget", get("/api/v2/mix/market/tickers"), 400, "40019"),
    ("bitget", get("/api/v2/mix/market/account-long-short", symbol="NOUSDT"), 400, "40034"),
    ("coinglass", Asked("GET", "/api/futures/funding-rate/exchange-list"), 200, "400"),
)


@pytest.mark.parametrize(("venue", "asked", "status", "code"), WRONG)
def test_a_wrong_request_is_refused_in_the_venues_words(venue: str, asked: Asked, status: int, code: int | str) -> None:
    told = venues()[venue].answer(asked, AT)

    answer = json.loads(told.body)
    assert told.status == status
    assert answer.get("code", answer.get("retCode", answer.get("label"))) == code


def test_hyperliquid_refuses_what_it_cannot_read() -> None:
    fake = venues()["hyperliquid"]

    assert fake.answer(Asked("POST", "/info", {}, b'{"type":"unheard"}'), AT).status == 422
    assert fake.answer(Asked("POST", "/info", {}, b"not json"), AT).status == 422
    assert fake.answer(get("/info"), AT).status == 404


def test_bybit_lists_in_pages() -> None:
    market = everyone(golden())["bybit"]
    first = json.loads(market.answer(get("/v5/market/instruments-info", category="linear", limit="1"), AT).body)

    assert len(first["result"]["list"]) == 1
    assert first["result"]["nextPageCursor"] == ""


def test_requests_are_counted_without_the_names_of_symbols() -> None:
    record = Record()
    binance = venues(record)["binance"]
    binance.answer(get("/fapi/v1/openInterest", symbol="BTCUSDT"), AT)
    binance.answer(get("/fapi/v1/openInterest", symbol="1000PEPEUSDT"), AT)
    binance.answer(get("/api/v3/ticker/24hr"), AT)

    assert dict(record.calls) == {
        ("binance", "GET", "/fapi/v1/openInterest", "symbol=*"): 2,
        ("binance", "GET", "/api/v3/ticker/24hr", ""): 1,
    }
    assert record.most_a_minute() == {"binance fapi": 2, "binance spot": 80}
    assert [served.status for served in record.served] == [200, 200, 200]


def test_what_distinguishes_calls_is_kept() -> None:
    record = Record()
    fakes = venues(record)
    fakes["bybit"].answer(get("/v5/market/tickers", category="spot"), AT)
    fakes["okx"].answer(get("/api/v5/public/funding-rate", instId="ANY"), AT)
    fakes["okx"].answer(get("/api/v5/public/funding-rate", instId="BTC-USDT-SWAP"), AT)
    fakes["hyperliquid"].answer(HOT["hyperliquid"][0], AT)

    assert [call[3] for call in record.calls] == ["category=spot", "instId=ANY", "instId=*", "type=metaAndAssetCtxs"]


def test_connections_are_limited_too() -> None:
    okx = venues()["okx"]
    asked = get("/ws/v5/public")

    opened = [okx.connect(asked, AT) for _ in range(4)]

    assert [isinstance(each, Told) for each in opened] == [False, False, False, True]
