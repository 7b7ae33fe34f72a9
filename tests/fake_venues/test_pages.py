"""The past comes in pages: cut, ordered, bounded and aligned as each venue does it."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from tests.fake_venues.everyone import everyone
from tests.fake_venues.market import seeded
from tests.fake_venues.shapes import Asked, ms

AT = datetime(2026, 11, 23, 14, 3, 20, tzinfo=UTC)
NOW = ms(AT)
MARKET = seeded(5, 20, AT)
MINUTE, STEP, HOUR, DAY = 60_000, 300_000, 3_600_000, 86_400_000
OKX = "/api/v5/"
MIX = "/api/v2/mix/market/"


def read(venue: str, path: str, **query: str | int) -> Any:  # noqa: ANN401  JSON
    body, method = b"", "GET"
    if venue == "hyperliquid":
        method, body, query = "POST", json.dumps(query).encode(), {}
    told = everyone(MARKET)[venue].answer(Asked(method, path, {k: str(v) for k, v in query.items()}, body), AT)
    return json.loads(told.body)


def candles(interval: str, start: int) -> Any:  # noqa: ANN401  JSON
    request = {"coin": "BTC", "interval": interval, "startTime": start, "endTime": NOW}
    asked = Asked("POST", "/info", {}, json.dumps({"type": "candleSnapshot", "req": request}).encode())
    return json.loads(everyone(MARKET)["hyperliquid"].answer(asked, AT).body)


def test_bars_of_all_venues_tell_the_same_prices() -> None:
    start, end = NOW // HOUR * HOUR - 5 * HOUR, NOW // HOUR * HOUR - 1
    closes = {
        "binance": [
            (row[0], row[4])
            for row in read("binance", "/fapi/v1/klines", symbol="BTCUSDT", interval="1h", startTime=start, endTime=end)
        ],
        "bybit": [
            (row[0], row[4])
            for row in read(
                "bybit", "/v5/market/kline", category="linear", symbol="BTCUSDT", interval="60", start=start, end=end
            )["result"]["list"]
        ],
        "okx": [
            (row[0], row[4])
            for row in read(
                "okx",
                f"{OKX}market/history-candles",
                instId="BTC-USDT-SWAP",
                bar="1H",
                before=start - 1,
                after=end + 1,
            )["data"]
        ],
        "gate": [
            (row["t"] * 1000, row["c"])
            for row in read(
                "gate",
                "/api/v4/futures/usdt/candlesticks",
                contract="BTC_USDT",
                interval="1h",
                **{"from": start // 1000, "to": end // 1000},
            )
        ],
        "bitget": [
            (row[0], row[4])
            for row in read(
                "bitget",
                f"{MIX}history-candles",
                symbol="BTCUSDT",
                productType="usdt-futures",
                granularity="1H",
                startTime=start,
                endTime=end,
            )["data"]
        ],
        "hyperliquid": [(row["t"], row["c"]) for row in candles("1h", start) if row["t"] <= end],
    }

    expected = sorted((int(opens), float(close)) for opens, close in closes["binance"])
    assert [opens for opens, _ in expected] == [*range(start, end, HOUR)]
    for venue, found in closes.items():
        numbers = sorted((int(opens), float(close)) for opens, close in found)
        assert [opens for opens, _ in numbers] == [opens for opens, _ in expected], venue
        for (_, one), (_, other) in zip(numbers, expected, strict=True):
            assert one == pytest.approx(other, rel=1e-3)


def test_bars_come_newest_first_or_oldest_first_as_documented() -> None:
    bybit = read("bybit", "/v5/market/kline", category="linear", symbol="BTCUSDT", interval="1", limit=3)
    okx = read("okx", f"{OKX}market/candles", instId="BTC-USDT-SWAP", limit=3)
    binance = read("binance", "/fapi/v1/klines", symbol="BTCUSDT", interval="1m", limit=3)

    last = NOW // MINUTE * MINUTE
    newest_first = [last, last - MINUTE, last - 2 * MINUTE]
    assert [int(row[0]) for row in bybit["result"]["list"]] == newest_first
    assert [int(row[0]) for row in okx["data"]] == newest_first
    assert [row[8] for row in okx["data"]] == ["0", "1", "1"]
    assert [row[0] for row in binance] == newest_first[::-1]


def test_bars_of_six_hours_open_by_the_day_of_hong_kong_unless_utc_is_asked_for() -> None:
    def opens(bar: str) -> int:
        return int(read("okx", f"{OKX}market/history-candles", instId="BTC-USDT-SWAP", bar=bar)["data"][0][0])

    assert (opens("6H") + 8 * HOUR) % DAY % (6 * HOUR) == 0
    assert opens("1D") % DAY == 16 * HOUR
    assert opens("1Dutc") % DAY == 0


def test_open_interest_of_bybit_is_paged_by_cursor_without_holes() -> None:
    asked: dict[str, str | int] = {"category": "linear", "symbol": "BTCUSDT", "intervalTime": "5min", "limit": 50}
    asked |= {"startTime": NOW - 150 * STEP, "endTime": NOW}
    times: list[int] = []
    while True:
        result = read("bybit", "/v5/market/open-interest", **asked)["result"]
        times += [int(row["timestamp"]) for row in result["list"]]
        if not result["nextPageCursor"]:
            break
        asked["cursor"] = result["nextPageCursor"]

    last = NOW // STEP * STEP - STEP
    assert times == [last - number * STEP for number in range(149)]


def test_funding_of_bybit_is_paged_by_its_end() -> None:
    end, times = NOW, list[int]()
    for _ in range(3):
        rows = read("bybit", "/v5/market/funding/history", category="linear", symbol="BTCUSDT", endTime=end, limit=10)[
            "result"
        ]["list"]
        times += [int(row["fundingRateTimestamp"]) for row in rows]
        end = times[-1] - 1

    assert len(times) == 30
    assert {one - other for one, other in pairwise(times)} == {8 * HOUR}


def test_funding_of_okx_and_bitget_is_paged_backwards() -> None:
    first = read("okx", f"{OKX}public/funding-rate-history", instId="BTC-USDT-SWAP", limit=5)["data"]
    oldest = first[-1]["fundingTime"]
    second = read("okx", f"{OKX}public/funding-rate-history", instId="BTC-USDT-SWAP", limit=5, after=oldest)["data"]
    pages = [
        read(
            "bitget",
            f"{MIX}history-fund-rate",
            symbol="BTCUSDT",
            productType="USDT-FUTURES",
            pageSize=5,
            pageNo=number,
        )["data"]
        for number in (1, 2)
    ]

    assert int(second[0]["fundingTime"]) == int(oldest) - 8 * HOUR
    assert int(pages[1][0]["fundingTime"]) == int(pages[0][-1]["fundingTime"]) - 8 * HOUR


def test_all_funding_of_binance_comes_ascending_a_thousand_at_a_time() -> None:
    start = NOW - 20 * DAY

    rows = read("binance", "/fapi/v1/fundingRate", startTime=start, endTime=NOW, limit=1000)

    times = [row["fundingTime"] for row in rows]
    assert times == sorted(times)
    assert len(rows) == 1000
    assert start <= times[0] < start + HOUR


def test_hyperliquid_tells_five_hundred_hours_and_five_thousand_candles() -> None:
    start = NOW - 40 * DAY

    paid = read("hyperliquid", "/info", type="fundingHistory", coin="BTC", startTime=start)
    bars = candles("1m", start)

    assert len(paid) == 500
    assert start <= paid[0]["time"] < start + HOUR
    assert {one["time"] % HOUR for one in paid} == {76}
    assert len(bars) == 5_000
    assert bars[-1]["t"] == NOW // MINUTE * MINUTE


def test_statistics_reach_back_as_far_as_documented() -> None:
    far = NOW - 60 * DAY
    refused = everyone(MARKET)["binance"].answer(
        Asked("GET", "/futures/data/openInterestHist", {"symbol": "BTCUSDT", "period": "5m", "startTime": str(far)}), AT
    )
    okx = read(
        "okx",
        f"{OKX}rubik/stat/contracts/open-interest-history",
        instId="BTC-USDT-SWAP",
        period="5m",
        begin=far,
        end=NOW - 1_400 * STEP,
    )["data"]

    assert refused.status == 400
    assert len(okx) == 41
    assert all(len(row) == 4 for row in okx)


def test_gate_refuses_too_many_points_and_a_limit_beside_a_span() -> None:
    path = "/api/v4/futures/usdt/candlesticks"
    long = read("gate", path, contract="BTC_USDT", interval="1m", **{"from": NOW // 1000 - 2_001 * 60})
    both = read("gate", path, contract="BTC_USDT", limit=5, **{"from": NOW // 1000 - 600})

    assert long["label"] == both["label"] == "INVALID_PARAM_VALUE"


def test_liquidation_orders_of_gate_have_opposite_signs_and_lie_in_the_hour() -> None:
    end = NOW // 1000
    rows = read("gate", "/api/v4/futures/usdt/liq_orders", limit=1000, **{"from": end - 3_600, "to": end})

    assert len(rows) > 500
    assert all(float(row["size"]) * float(row["order_size"]) < 0 for row in rows)
    assert all(end - 3_600 <= row["time"] <= end for row in rows)
    assert [row["time"] for row in rows] == sorted((row["time"] for row in rows), reverse=True)


def test_the_sums_of_gate_are_those_of_its_orders() -> None:
    step = (NOW // STEP * STEP - STEP) // 1000
    orders = read(
        "gate", "/api/v4/futures/usdt/liq_orders", limit=1000, **{"from": step, "to": step + STEP // 1000 - 1}
    )
    symbol = max({row["contract"] for row in orders}, key=[row["contract"] for row in orders].count)
    contracts = {row["name"]: row for row in read("gate", "/api/v4/futures/usdt/contracts")}

    (stats,) = read("gate", "/api/v4/futures/usdt/contract_stats", contract=symbol, interval="5m", limit=1)

    size = float(contracts[symbol]["quanto_multiplier"])
    worth = {"long": 0.0, "short": 0.0}
    for row in orders:
        if row["contract"] == symbol:
            side = "long" if float(row["size"]) > 0 else "short"
            worth[side] += abs(float(row["size"])) * size * float(row["fill_price"])
    assert stats["time"] == step
    assert stats["long_liq_usd_new"] == pytest.approx(worth["long"], abs=0.02)
    assert stats["short_liq_usd_new"] == pytest.approx(worth["short"], abs=0.02)


def test_liquidations_of_bitget_are_paged_by_cursor() -> None:
    first = read("bitget", "/api/v3/market/liquidations", limit=20)["data"]
    second = read("bitget", "/api/v3/market/liquidations", limit=20, cursor=first["cursor"])["data"]

    times = [int(row["ts"]) for row in (*first["list"], *second["list"])]
    assert len(times) == 40
    assert times == sorted(times, reverse=True)
    assert times[0] <= NOW
