"""Every fault does what it says, while it lasts, where it is said to."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fake_venues.everyone import everyone
from tests.fake_venues.faults import JUNK, STREAM, Fault, Kind, bad_days
from tests.fake_venues.market import VENUES, seeded
from tests.fake_venues.shapes import Asked, Told, ms
from tests.fake_venues.venue import FakeVenue

AT = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MARKET = seeded(5, 130, AT)
LATER = AT + 2 * MINUTE
PREMIUM = "/fapi/v1/premiumIndex"
TICKERS = Asked("GET", "/v5/market/tickers", {"category": "linear"})


def fault(venue: str, kind: Kind, **more: Any) -> Fault:  # noqa: ANN401  whatever the fault has
    return Fault(venue, kind, AT, AT + 10 * MINUTE, **more)


def fakes(*faults: Fault) -> Mapping[str, FakeVenue]:
    return everyone(MARKET, faults)


def binance(*faults: Fault, at: datetime = LATER, path: str = PREMIUM, **query: str) -> Told:
    return fakes(*faults)["binance"].answer(Asked("GET", path, query), at)


def rows(told: Told) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(told.body)
    return found


def by_symbol(told: Told) -> dict[str, dict[str, Any]]:
    return {row["symbol"]: row for row in rows(told)}


@pytest.mark.parametrize(
    ("kind", "value", "status"),
    [
        (Kind.TOO_MANY, 20, 429),
        (Kind.BANNED, None, 418),
        (Kind.REGION, None, 451),
        (Kind.FORBIDDEN, None, 403),
        (Kind.BROKEN, None, 503),
        (Kind.BROKEN, 502, 502),
        (Kind.HTML, None, 200),
        (Kind.HTML, 403, 403),
    ],
)
def test_a_venue_refuses_while_the_fault_lasts(kind: Kind, value: float | None, status: int) -> None:
    wrong = fault("binance", kind, value=value)

    assert binance(wrong, at=AT - MINUTE).status == 200
    assert binance(wrong, at=AT).status == status
    assert binance(wrong, at=AT + 10 * MINUTE).body.startswith(b"[{")


def test_a_429_comes_with_a_time_to_wait_and_without() -> None:
    assert binance(fault("binance", Kind.TOO_MANY, value=20)).headers["retry-after"] == "20"
    assert "retry-after" not in binance(fault("binance", Kind.TOO_MANY)).headers


def test_a_ban_says_until_when() -> None:
    told = binance(fault("binance", Kind.BANNED))

    assert f"banned until {ms(AT + 10 * MINUTE)}." in json.loads(told.body)["msg"]


def test_bybit_is_asked_too_frequently() -> None:
    told = fakes(fault("bybit", Kind.FREQUENT))["bybit"].answer(TICKERS, LATER)

    assert (told.status, told.body) == (403, b"access too frequent")


def test_html_and_cut_answers_are_no_json() -> None:
    for kind in (Kind.HTML, Kind.TRUNCATED):
        with pytest.raises(ValueError, match=r"."):
            json.loads(binance(fault("binance", kind)).body)


def test_an_answer_may_never_come_or_come_slowly() -> None:
    never, slow = binance(fault("binance", Kind.TIMEOUT)), binance(fault("binance", Kind.DRIP, value=1_000))

    late = binance(fault("binance", Kind.LATE, value=3))

    assert never.never
    assert late.takes == timedelta(seconds=3)
    assert slow.takes == timedelta(seconds=len(slow.body) / 1_000)


def test_a_fault_holds_for_its_path_and_venue_alone() -> None:
    wrong = fault("binance", Kind.BROKEN, path="ticker")

    assert binance(wrong).status == 200
    assert binance(wrong, path="/fapi/v1/ticker/24hr").status == 503
    assert fakes(wrong)["bybit"].answer(TICKERS, LATER).status == 200


def test_a_stale_body_is_the_same_bytes() -> None:
    wrong = fault("binance", Kind.STALE_BODY)

    assert binance(wrong, at=LATER).body == binance(wrong, at=LATER + MINUTE).body
    assert binance(at=LATER).body != binance(at=LATER + MINUTE).body


def test_stale_times_stand_still_while_values_move() -> None:
    wrong = fault("binance", Kind.STALE_TIMES)
    one, other = (by_symbol(binance(wrong, at=at))["BTCUSDT"] for at in (LATER, LATER + MINUTE))

    assert one["time"] == other["time"] == ms(AT)
    assert one["markPrice"] != other["markPrice"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Kind.AHEAD, ms(LATER) + 3_600_000),
        (Kind.SECONDS, ms(LATER) // 1000),
        (Kind.MICROSECONDS, ms(LATER) * 1000),
    ],
)
def test_times_are_wrong(kind: Kind, expected: int) -> None:
    assert by_symbol(binance(fault("binance", kind)))["BTCUSDT"]["time"] == expected


def test_lists_are_cut() -> None:
    whole = len(rows(binance()))
    first_page = len(rows(binance(fault("binance", Kind.FIRST_PAGE))))
    contracts = Asked("GET", "/api/v4/futures/usdt/contracts")
    gate = fakes(fault("gate", Kind.HUNDRED, path="contracts"))["gate"]

    assert len(rows(binance(fault("binance", Kind.PARTIAL)))) == pytest.approx(0.4 * whole, abs=1)
    assert first_page == pytest.approx(whole / 2, abs=1)
    assert len(rows(gate.answer(contracts, LATER))) == 100
    assert len(rows(gate.answer(replace(contracts, path="/api/v4/futures/usdt/tickers"), LATER))) > 100


@pytest.mark.parametrize("junk", JUNK)
def test_junk_stands_where_numbers_should_be(junk: str | None) -> None:
    told = binance(fault("binance", Kind.JUNK, junk=junk, coins=None, share=0.3))

    sound, spoiled = by_symbol(binance()), by_symbol(told)
    changed = [symbol for symbol, row in spoiled.items() if row != sound[symbol]]
    expected = float("inf") if junk == "@raw 1e999" else junk
    assert 0.15 * len(sound) < len(changed) < 0.45 * len(sound)
    assert {spoiled[symbol]["markPrice"] for symbol in changed} == {expected}
    assert all(spoiled[symbol]["time"] == sound[symbol]["time"] for symbol in changed)


def test_keys_are_missing_or_more_than_documented() -> None:
    less = by_symbol(binance(fault("binance", Kind.MISSING_KEYS)))["BTCUSDT"]
    more = by_symbol(binance(fault("binance", Kind.EXTRA_KEYS)))["BTCUSDT"]

    assert "markPrice" not in less
    assert more["new_in_2027"] == "soon"
    assert more["markPrice"]


def test_single_keys_may_be_missing_as_before_june_2026() -> None:
    keys = frozenset({"singleOpenInterest", "singleOpenInterestValue"})
    told = fakes(fault("bybit", Kind.MISSING_KEYS, keys=keys))["bybit"].answer(TICKERS, LATER)

    row = json.loads(told.body)["result"]["list"][0]
    assert not keys & row.keys()
    assert row["openInterest"]


def test_hyperliquid_has_a_context_too_many() -> None:
    asked = Asked("POST", "/info", {}, b'{"type":"metaAndAssetCtxs"}')
    names, contexts = json.loads(fakes(fault("hyperliquid", Kind.SHIFTED))["hyperliquid"].answer(asked, LATER).body)

    assert len(contexts) == len(names["universe"]) + 1


def test_a_delisted_row_vanishes_and_then_there_is_an_error_with_status_200() -> None:
    wrong = fault("binance", Kind.DELISTED, coins=frozenset({"ETH"}))

    assert "ETHUSDT" not in by_symbol(binance(wrong))
    told = binance(wrong, path="/fapi/v1/openInterest", symbol="ETHUSDT")
    assert (told.status, json.loads(told.body)["code"]) == (200, -4108)


def test_a_tenth_of_all_is_delisted() -> None:
    whole, left = len(rows(binance())), len(rows(binance(fault("binance", Kind.MASS_DELISTING))))

    assert 0.8 * whole < left < 0.97 * whole


def test_a_coin_is_redenominated() -> None:
    wrong = fault("okx", Kind.REDENOMINATED, coins=frozenset({"ETH"}))
    asked = Asked("GET", "/api/v5/public/mark-price", {"instType": "SWAP", "instId": "ETH-USDT-SWAP"})
    size = replace(asked, path="/api/v5/public/open-interest")
    states = replace(asked, path="/api/v5/public/instruments")

    def read(key: str, request: Asked, *faults: Fault) -> str:
        return str(json.loads(fakes(*faults)["okx"].answer(request, LATER).body)["data"][0][key])

    assert float(read("markPx", asked, wrong)) == pytest.approx(float(read("markPx", asked)) / 1000)
    assert float(read("oiCcy", size, wrong)) == pytest.approx(float(read("oiCcy", size)) * 1000)
    assert (read("state", states), read("state", states, wrong)) == ("live", "rebase")


def test_a_contract_becomes_ten_times_as_large() -> None:
    wrong = fault("gate", Kind.CONTRACT_SIZE, coins=frozenset({"BTC"}))
    asked = Asked("GET", "/api/v4/futures/usdt/contracts")
    sound, changed = (
        next(row for row in rows(fakes(*faults)["gate"].answer(asked, LATER)) if row["name"] == "BTC_USDT")
        for faults in ((), (wrong,))
    )

    assert float(changed["quanto_multiplier"]) == 10 * float(sound["quanto_multiplier"])
    assert float(changed["position_size"]) == pytest.approx(float(sound["position_size"]) / 10, rel=1e-6)


@pytest.mark.parametrize("hours", [4, 1])
def test_an_interval_changes_at_an_equal_rate_of_8_hours(hours: int) -> None:
    wrong = fault("bybit", Kind.INTERVAL, coins=frozenset({"BTC"}), value=hours)
    asked = replace(TICKERS, query={"category": "linear", "symbol": "BTCUSDT"})
    sound, changed = (
        json.loads(fakes(*faults)["bybit"].answer(asked, LATER).body)["result"]["list"][0] for faults in ((), (wrong,))
    )

    assert (sound["fundingIntervalHour"], changed["fundingIntervalHour"]) == ("8", str(hours))
    assert float(changed["fundingRate"]) * 8 / hours == pytest.approx(float(sound["fundingRate"]), rel=1e-3)
    assert int(changed["nextFundingTime"]) == (ms(LATER) // (hours * 3_600_000) + 1) * hours * 3_600_000


def test_binance_lists_a_changed_interval_late() -> None:
    interval = fault("binance", Kind.INTERVAL, coins=frozenset({"BTC"}), value=4)
    late = replace(fault("binance", Kind.LATE_INFO, coins=frozenset({"BTC"})), until=LATER)

    def listed(at: datetime) -> bool:
        return "BTCUSDT" in by_symbol(binance(interval, late, at=at, path="/fapi/v1/fundingInfo"))

    assert by_symbol(binance(interval))["BTCUSDT"]["interestRate"] == "0.00005000"
    assert (listed(LATER - MINUTE), listed(LATER)) == (False, True)


def test_a_tick_is_a_hundred_times_too_high_and_a_price_is_zero() -> None:
    coins = frozenset({"BTC"})
    sound = float(by_symbol(binance())["BTCUSDT"]["markPrice"])
    tick = by_symbol(binance(fault("binance", Kind.TICK, coins=coins)))["BTCUSDT"]
    zero = by_symbol(binance(fault("binance", Kind.ZERO_PRICE, coins=coins)))["BTCUSDT"]

    assert float(tick["markPrice"]) == pytest.approx(100 * sound)
    assert float(tick["indexPrice"]) < 2 * sound
    assert float(zero["markPrice"]) == 0


def test_in_maintenance_prices_and_volumes_stand_still_and_times_go_on() -> None:
    wrong = fault("binance", Kind.MAINTENANCE)
    one, other = (by_symbol(binance(wrong, at=at))["BTCUSDT"] for at in (LATER, LATER + MINUTE))

    assert one["markPrice"] == other["markPrice"]
    assert other["time"] - one["time"] == 60_000


def test_headers_say_that_nearly_all_is_used() -> None:
    assert binance(fault("binance", Kind.NEARLY_USED)).headers["x-mbx-used-weight-1m"] == "2280"


def test_every_fault_of_a_bad_day_is_known_to_somebody() -> None:
    faults = bad_days(random.Random(3), VENUES, AT, timedelta(hours=12))

    again = bad_days(random.Random(3), VENUES, AT, timedelta(hours=12))
    assert faults == again
    assert {each.venue for each in faults} == set(VENUES)
    assert len({each.kind for each in faults}) > 15
    assert STREAM & {each.kind for each in faults}
