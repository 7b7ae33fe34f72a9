"""Hyperliquid: documented answers become exact observations, and each known trap is refused or read right."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from adapters.venues.base import Unavailable
from adapters.venues.hyperliquid import parse_contexts, parse_instruments, parse_settled, parse_spot_volume
from adapters.venues.wire import Known, Listed, Parsed, Reason, by_symbol
from signals.model import Instrument, Metric, Observation
from tests.adapters.venues.spoiled import assert_sound, spoiled

PAYLOADS = Path(__file__).parents[3].parent / "shared" / "payloads"

NOW = datetime(2026, 11, 23, 14, 0, 2, tzinfo=UTC)
NEXT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
VOLUME = {"fresh_for": timedelta(seconds=90), "span": timedelta(days=1)}

NAMES = [
    {"name": "BTC", "szDecimals": 5, "maxLeverage": 40},
    {"name": "OLD", "szDecimals": 1, "maxLeverage": 3, "isDelisted": True},
    {"name": "kPEPE", "szDecimals": 0, "maxLeverage": 10},
]
BTC = {
    "funding": "0.0000125", "openInterest": "40000.0", "prevDayPx": "63500.0", "dayNtlVlm": "1500000000.0",
    "premium": "0.0001", "oraclePx": "64020.0", "markPx": "64000.0", "midPx": "64000.5",
    "impactPxs": ["64000.0", "64001.0"], "dayBaseVlm": "23437.5",
}  # fmt: skip
OLD = {
    "funding": "0.0", "openInterest": "0.0", "prevDayPx": "1.0", "dayNtlVlm": "0.0", "premium": None,
    "oraclePx": "1.0", "markPx": "1.0", "midPx": None, "impactPxs": None, "dayBaseVlm": "0.0",
}  # fmt: skip
PEPE = {
    "funding": "-0.00001", "openInterest": "900000000.0", "prevDayPx": "0.0105", "dayNtlVlm": "20000000.0",
    "premium": "0.0", "oraclePx": "0.0109", "markPx": "0.0108", "midPx": "0.0108", "dayBaseVlm": "1850000000.0",
}  # fmt: skip
TOKENS = [
    {"name": "USDC", "index": 0, "fullName": None},
    {"name": "UBTC", "index": 1, "fullName": "Unit Bitcoin"},
    {"name": "USDH", "index": 2, "fullName": "Another dollar"},
]
PAIRS = [
    {"name": "@142", "tokens": [1, 0], "index": 142, "isCanonical": False},
    {"name": "@143", "tokens": [1, 2], "index": 143, "isCanonical": False},
]
SPOT = [
    {"coin": "@142", "dayNtlVlm": "60000000.0", "markPx": "64005.0", "midPx": "64005.5", "prevDayPx": "63500.0"},
    {"coin": "@143", "dayNtlVlm": "7000000.0", "markPx": "64005.0"},
]
PAID = [
    {"coin": "BTC", "fundingRate": "0.0000125", "premium": "0.0001", "time": 1795438800076},
    {"coin": "BTC", "fundingRate": "-0.0000081", "time": 1795442400003},
]


def listed(symbol: str, coin: str, multiplier: float = 1.0) -> Listed:
    return Listed(Instrument("hyperliquid", symbol, coin, multiplier, frozenset({Metric.VOLUME_SPOT_24H})), multiplier)


KNOWN = by_symbol([listed("BTC", "BTC"), listed("kPEPE", "PEPE", 1000.0)])


def answer(names: list[Any], contexts: list[Any]) -> bytes:
    return json.dumps([{"universe": names, "marginTables": [], "collateralToken": 0}, contexts]).encode()


def spot_answer(tokens: list[Any], pairs: list[Any], contexts: list[Any]) -> bytes:
    return json.dumps([{"tokens": tokens, "universe": pairs}, contexts]).encode()


def seen(metric: Metric, value: object, **more: object) -> Observation:
    rest: dict[str, Any] = {"at": NOW, "received": NOW, "fresh_for": timedelta(seconds=30)} | more
    return Observation(metric, "hyperliquid", "BTC", "BTC", value, **rest)


def refused(parsed: Parsed) -> list[str]:
    return [row.reason for row in parsed.rejected]


def payload(name: str) -> Any:  # noqa: ANN401 - JSON of any shape
    path = PAYLOADS / name
    if not path.exists():
        pytest.skip("the recorded payloads are not beside the project")
    return json.loads(path.read_text(encoding="utf-8"))["payload"]


def test_living_perpetuals_are_listed_and_a_lower_case_k_counts_thousands() -> None:
    parsed = parse_instruments(answer(NAMES, [BTC, OLD, PEPE]), NOW)

    found = [(of.instrument.symbol, of.instrument.coin, of.instrument.multiplier, of.contract) for of in parsed.listed]
    assert found == [("BTC", "BTC", 1.0, 1.0), ("kPEPE", "PEPE", 1000.0, 1000.0)]
    assert parsed.rejected == ()


def test_only_coins_with_a_spot_token_offer_spot_volume_and_none_offers_liquidations() -> None:
    btc, pepe = parse_instruments(answer(NAMES, [BTC, OLD, PEPE]), NOW).listed

    assert btc.instrument.metrics - pepe.instrument.metrics == {Metric.VOLUME_SPOT_24H}
    assert not {Metric.LIQ_LONG, Metric.LS, Metric.TAKER_BUY} & btc.instrument.metrics


def test_a_perpetual_of_another_dex_is_not_listed() -> None:
    parsed = parse_instruments(answer([NAMES[0], {"name": "xyz:BTC"}], [BTC, BTC]), NOW)

    assert [of.instrument.symbol for of in parsed.listed] == ["BTC"]


def test_a_context_becomes_prices_coins_dollars_and_an_hourly_rate() -> None:
    parsed = parse_contexts(answer(NAMES[:1], [BTC]), NOW, KNOWN)

    assert parsed == Parsed(
        (
            seen(Metric.PRICE, 64000.0),
            seen(Metric.INDEX, 64020.0),
            seen(Metric.OI_LEVEL, 40000.0),
            seen(Metric.VOLUME_24H, 1.5e9, **VOLUME),
            seen(Metric.FUNDING, pytest.approx(0.0001), interval_h=1.0, next_at=NEXT, rate=0.0000125),
        ),
        (),
    )


def test_contexts_belong_to_names_by_position_with_the_delisted_still_among_them() -> None:
    parsed = parse_contexts(answer(NAMES, [BTC, OLD, PEPE]), NOW, KNOWN)

    pepe = {one.metric: one for one in parsed.observations if one.symbol == "kPEPE"}
    assert {one.symbol for one in parsed.observations} == {"BTC", "kPEPE"}
    assert pepe[Metric.PRICE].value == pytest.approx(0.0000108)
    assert pepe[Metric.INDEX].value == pytest.approx(0.0000109)
    assert pepe[Metric.OI_LEVEL].value == 9e11
    assert pepe[Metric.VOLUME_24H].value == 2e7
    assert pepe[Metric.FUNDING].value == pytest.approx(-0.00008)
    assert parsed.rejected == ()


@pytest.mark.parametrize("contexts", [[BTC, OLD], [BTC, OLD, PEPE, PEPE], []])
def test_lists_of_different_lengths_are_refused_as_a_whole(contexts: list[Any]) -> None:
    body = answer(NAMES, contexts)

    with pytest.raises(Unavailable, match="3 names and"):
        parse_contexts(body, NOW, KNOWN)
    with pytest.raises(Unavailable, match="3 names and"):
        parse_instruments(body, NOW)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"markPx": "0.0"}, Reason.OUT_OF_RANGE),
        ({"markPx": None}, Reason.EMPTY),
        ({"oraclePx": "NaN"}, Reason.EMPTY),
        ({"openInterest": "-1"}, Reason.NEGATIVE),
        ({"openInterest": ""}, Reason.EMPTY),
        ({"dayNtlVlm": "1e999"}, Reason.EMPTY),
        ({"funding": ""}, Reason.EMPTY),
        ({"funding": "0.0501"}, Reason.OUT_OF_RANGE),
    ],
    ids=str,
)
def test_one_bad_field_is_refused_and_the_other_four_count(change: dict[str, Any], reason: Reason) -> None:
    parsed = parse_contexts(answer(NAMES[:1], [BTC | change]), NOW, KNOWN)

    assert (len(parsed.observations), refused(parsed)) == (4, [reason])


@pytest.mark.parametrize(
    ("name", "context", "reason"),
    [
        ({"name": "NEW"}, BTC, Reason.UNKNOWN_SYMBOL),
        ({"name": 7}, BTC, Reason.MALFORMED),
        (NAMES[0], ["BTC"], Reason.MALFORMED),
        (NAMES[0], None, Reason.MALFORMED),
    ],
)
def test_a_bad_row_is_refused_and_the_good_one_behind_it_keeps_its_context(
    name: object, context: object, reason: Reason
) -> None:
    parsed = parse_contexts(answer([name, NAMES[2]], [context, PEPE]), NOW, KNOWN)

    assert {one.symbol for one in parsed.observations} == {"kPEPE"}
    assert refused(parsed) == [reason]


def test_just_before_the_hour_the_next_funding_is_seconds_away() -> None:
    late = datetime(2026, 11, 23, 23, 59, 58, tzinfo=UTC)
    parsed = parse_contexts(answer(NAMES[:1], [BTC]), late, KNOWN)

    assert parsed.observations[-1].next_at == datetime(2026, 11, 24, tzinfo=UTC)


def test_spot_volume_is_that_of_the_bridged_coin_against_usdc() -> None:
    parsed = parse_spot_volume(spot_answer(TOKENS, PAIRS, SPOT), NOW, KNOWN)

    assert parsed == Parsed((seen(Metric.VOLUME_SPOT_24H, 6e7, **VOLUME),), ())


@pytest.mark.parametrize(
    "token",
    [
        {"name": "BTC", "index": 1, "fullName": "Unit Bitcoin"},
        {"name": "UBTC", "index": 1, "fullName": "Ultra Bitcoin"},
        {"name": "UBTC", "index": 1, "fullName": None},
    ],
)
def test_a_token_that_only_has_the_name_of_a_coin_is_passed_over(token: dict[str, Any]) -> None:
    parsed = parse_spot_volume(spot_answer([TOKENS[0], token], PAIRS[:1], SPOT[:1]), NOW, KNOWN)

    assert parsed == Parsed((), ())


def test_spot_volume_that_is_no_number_is_refused() -> None:
    parsed = parse_spot_volume(spot_answer(TOKENS, PAIRS, [SPOT[0] | {"dayNtlVlm": ""}]), NOW, KNOWN)

    assert (parsed.observations, refused(parsed)) == ((), [Reason.EMPTY])


def test_a_paid_rate_covers_one_hour_though_its_stamp_is_late() -> None:
    first, second = parse_settled(json.dumps(PAID).encode(), NOW, KNOWN).observations

    at = datetime(2026, 11, 23, 13, 0, 0, 76_000, UTC)
    rest = {"fresh_for": timedelta(hours=1), "interval_h": 1.0}
    assert first == seen(Metric.FUNDING_SETTLED, pytest.approx(0.0001), at=at, rate=0.0000125, **rest)
    assert second.value == pytest.approx(-0.0000648)


@pytest.mark.parametrize("parse", [parse_contexts, parse_spot_volume, parse_settled], ids=lambda each: each.__name__)
@pytest.mark.parametrize("body", [b"<html>busy</html>", b"", b'[{"universe":[', b"null", b'{"error":"busy"}', b"\xff"])
def test_an_answer_that_is_none_is_refused_as_a_whole(
    parse: Callable[[bytes, datetime, Known], Parsed], body: bytes
) -> None:
    with pytest.raises(Unavailable, match="hyperliquid answered with"):
        parse(body, NOW, KNOWN)


def test_recorded_names_that_are_not_said_to_be_delisted_are_alive() -> None:
    meta = payload("nautilus__hyperliquid__http_meta_perp_sample.json")
    parsed = parse_instruments(answer(meta["universe"], [BTC, BTC, BTC]), NOW)

    assert [of.instrument.coin for of in parsed.listed] == ["BTC", "ETH", "ATOM"]


def test_a_recorded_list_of_names_without_contexts_is_refused() -> None:
    with pytest.raises(Unavailable):
        parse_contexts(json.dumps(payload("nautilus__hyperliquid__http_meta_perp_sample.json")).encode(), NOW, KNOWN)


def test_recorded_names_of_other_dexes_are_not_listed() -> None:
    dexes = payload("nautilus__hyperliquid__http_all_perp_metas_non_usdc_collateral.json")
    names = [name for dex in dexes for name in dex["universe"]]
    parsed = parse_instruments(answer(names, [BTC] * len(names)), NOW)

    assert [of.instrument.symbol for of in parsed.listed] == ["BTC"]
    with pytest.raises(Unavailable):
        parse_instruments(json.dumps(dexes).encode(), NOW)


def test_a_documented_history_of_rates_is_read() -> None:
    body = json.dumps(payload("nautilus__hyperliquid__http_funding_history.json")).encode()
    parsed = parse_settled(body, NOW, KNOWN)

    assert [one.rate for one in parsed.observations] == [0.0000125, -0.0000081, 0.0000033]
    assert [one.value for one in parsed.observations] == [pytest.approx(x) for x in (0.0001, -0.0000648, 0.0000264)]
    assert [one.at.hour for one in parsed.observations] == [1, 2, 3]
    assert parsed.rejected == ()


ANSWERS: dict[Callable[[bytes, datetime, Known], Parsed], bytes] = {
    parse_contexts: answer(NAMES, [BTC, OLD, PEPE]),
    parse_spot_volume: spot_answer(TOKENS, PAIRS, SPOT),
    parse_settled: json.dumps(PAID).encode(),
}


@pytest.mark.parametrize("parse", ANSWERS, ids=lambda parse: parse.__name__)
def test_no_spoiled_answer_gives_a_wrong_value(parse: Callable[[bytes, datetime, Known], Parsed]) -> None:
    @given(spoiled(ANSWERS[parse].decode()))
    def harmless(body: bytes) -> None:
        try:
            parsed = parse(body, NOW, KNOWN)
        except Unavailable:
            return
        assert_sound(parsed.observations, parsed.rejected, KNOWN)

    harmless()


@given(spoiled(answer(NAMES, [BTC, OLD, PEPE]).decode()))
def test_no_spoiled_list_gives_a_nameless_instrument(body: bytes) -> None:
    try:
        listed = parse_instruments(body, NOW).listed
    except Unavailable:
        return

    assert all(of.instrument.coin and ":" not in of.instrument.symbol for of in listed)
