"""Gate: documented answers become exact observations, and each known trap is refused or read right."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from adapters.venues.base import Unavailable
from adapters.venues.gate import (
    Sign,
    parse_contracts,
    parse_instruments,
    parse_liquidations,
    parse_long_short,
    parse_settled,
    parse_spot_volume,
    parse_volume,
)
from adapters.venues.wire import Known, Listed, Parsed, ParsedLiquidations, Reason, by_symbol
from signals.model import Instrument, Liquidation, Metric, Observation, Side
from tests.adapters.venues.spoiled import assert_sound, assert_sound_closes, spoiled

PAYLOADS = Path(__file__).parents[3].parent / "shared" / "payloads"

NOW = datetime(2026, 11, 23, 14, 0, 2, tzinfo=UTC)
HALF_MINUTE, QUARTER = timedelta(seconds=30), timedelta(minutes=15)
VOLUME = {"fresh_for": timedelta(seconds=90), "span": timedelta(days=1)}
SYMBOL = "BTC_USDT"

CONTRACT = {
    "name": SYMBOL, "type": "direct", "quanto_multiplier": "0.0001", "mark_price": "64000", "index_price": "64020",
    "last_price": "64001", "funding_rate": "0.0001", "funding_interval": 28800, "funding_next_apply": 1795449600,
    "interest_rate": "0.0003", "position_size": "120000000", "in_delisting": False, "status": "trading",
    "contract_type": "", "enable_decimal": False, "config_change_time": 1790000000,
}  # fmt: skip
TICKER = {
    "contract": SYMBOL, "last": "64001", "total_size": "120000000", "volume_24h": "500000000",
    "volume_24h_base": "50000", "volume_24h_quote": "3200000000", "volume_24h_settle": "3200000000",
    "mark_price": "64000", "index_price": "64020", "funding_rate": "0.0001", "funding_rate_indicative": "0.0001",
}  # fmt: skip
SPOT = {"currency_pair": SYMBOL, "last": "64007", "base_volume": "3000", "quote_volume": "192000000"}
STATS = {
    "time": 1795442100, "lsr_taker": 0.9, "lsr_account": 1.3, "top_lsr_account": 1.1, "top_lsr_size": "1.05",
    "long_liq_usd_new": 76000, "short_liq_usd_new": 6400, "long_users": "5200", "short_users": "4000",
}  # fmt: skip
PAID = [{"t": 1795420800 - 28800 * back, "r": rate} for back, rate in enumerate(("0.0001", "0.00005", "-0.00002"))]
CLOSED = [
    {"price": "63600", "size": "-1200", "time": 1795442400110, "contract": SYMBOL},
    {"price": "63590", "size": "-80", "time": 1795442400470, "contract": SYMBOL},
]
OLDER = {"contract": SYMBOL, "price": "63580", "time": 1795442401532, "size": -23}

BTC = Listed(Instrument("gate", SYMBOL, "BTC", 1.0, frozenset({Metric.VOLUME_SPOT_24H})), contract=0.0001)
KNOWN = by_symbol([BTC])


def answer(*rows: object) -> bytes:
    return json.dumps(rows).encode()


def frame(result: object, channel: str = "futures.public_liquidates", event: str = "update") -> bytes:
    push = {"time": 1795442400, "time_ms": 1795442400900, "channel": channel, "event": event, "result": result}
    return json.dumps(push).encode()


def seen(metric: Metric, value: float, **more: object) -> Observation:
    rest: dict[str, Any] = {"at": NOW, "received": NOW, "fresh_for": HALF_MINUTE} | more
    return Observation(metric, "gate", SYMBOL, "BTC", value, **rest)


def refused(parsed: Parsed | ParsedLiquidations) -> list[str]:
    return [row.reason for row in parsed.rejected]


def test_a_contract_is_listed_with_its_size() -> None:
    (listed,) = parse_instruments(answer(CONTRACT), NOW).listed

    assert (listed.instrument.symbol, listed.instrument.coin, listed.contract) == (SYMBOL, "BTC", 0.0001)
    assert {Metric.OI_LEVEL, Metric.FUNDING_SETTLED, Metric.VOLUME_SPOT_24H} < listed.instrument.metrics
    assert Metric.TAKER_BUY not in listed.instrument.metrics


@pytest.mark.parametrize(("sign", "offered"), [(Sign.UNKNOWN, False), (Sign.ORDER, True), (Sign.POSITION, True)])
def test_liquidations_are_offered_only_where_their_sides_can_be_told(sign: Sign, offered: bool) -> None:
    (listed,) = parse_instruments(answer(CONTRACT), NOW, sign).listed

    assert ({Metric.LIQ_LONG, Metric.LIQ_SHORT} <= listed.instrument.metrics) is offered
    assert (Metric.LIQ_SHORT in listed.instrument.metrics) is offered


@pytest.mark.parametrize(
    "change",
    [
        {"in_delisting": True, "delisting_time": 1796000000},
        {"status": "delisted"},
        {"type": "inverse"},
        {"name": "BTC_USD"},
        {"name": "_USDT"},
        {"contract_type": "stocks"},
        {"contract_type": "metals"},
    ],
    ids=str,
)
def test_what_is_no_living_perpetual_on_a_coin_is_passed_over(change: dict[str, Any]) -> None:
    parsed = parse_instruments(answer(CONTRACT | change), NOW)

    assert (parsed.listed, parsed.rejected) == ((), ())


@pytest.mark.parametrize(
    ("size", "reason"),
    [("", Reason.EMPTY), (None, Reason.EMPTY), ("0", Reason.OUT_OF_RANGE), ("-1", Reason.OUT_OF_RANGE)],
)
def test_a_contract_without_a_usable_size_is_refused(size: str | None, reason: Reason) -> None:
    parsed = parse_instruments(answer(CONTRACT | {"quanto_multiplier": size}), NOW)

    assert (parsed.listed, [row.reason for row in parsed.rejected]) == ((), [reason])


def test_a_contract_row_becomes_prices_a_rate_and_one_sided_coins() -> None:
    parsed = parse_contracts(answer(CONTRACT), NOW, KNOWN)

    due = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    assert parsed == Parsed(
        (
            seen(Metric.PRICE, 64000.0),
            seen(Metric.INDEX, 64020.0),
            seen(Metric.OI_LEVEL, 12000.0),
            seen(Metric.FUNDING, 0.0001, interval_h=8.0, next_at=due, rate=0.0001),
        ),
        (),
    )


@pytest.mark.parametrize(("seconds", "rate_8h"), [(28800, 0.0001), (14400, 0.0002), ("3600", 0.0008)])
def test_the_interval_is_in_seconds_and_spreads_the_rate(seconds: object, rate_8h: float) -> None:
    parsed = parse_contracts(answer(CONTRACT | {"funding_interval": seconds}), NOW, KNOWN)

    assert parsed.observations[-1].value == pytest.approx(rate_8h)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"funding_interval": 0}, Reason.NO_INTERVAL),
        ({"funding_interval": 8}, Reason.NO_INTERVAL),
        ({"funding_interval": ""}, Reason.NO_INTERVAL),
        ({"funding_rate": ""}, Reason.EMPTY),
        ({"funding_rate": "0.01", "funding_interval": "x"}, Reason.NO_INTERVAL),
        ({"funding_rate": "0.06"}, Reason.OUT_OF_RANGE),
        ({"position_size": ""}, Reason.EMPTY),
        ({"position_size": "-5"}, Reason.NEGATIVE),
        ({"mark_price": "0"}, Reason.OUT_OF_RANGE),
        ({"mark_price": "NaN"}, Reason.EMPTY),
        ({"index_price": "1e999"}, Reason.EMPTY),
    ],
    ids=str,
)
def test_one_bad_field_is_refused_and_the_other_three_count(change: dict[str, Any], reason: Reason) -> None:
    parsed = parse_contracts(answer(CONTRACT | change), NOW, KNOWN)

    assert (len(parsed.observations), refused(parsed)) == (3, [reason])


def test_a_contract_that_is_not_listed_is_counted_out_once() -> None:
    parsed = parse_contracts(answer(CONTRACT | {"name": "AAPLX_USDT"}, CONTRACT), NOW, KNOWN)

    assert (len(parsed.observations), refused(parsed)) == (4, [Reason.UNKNOWN_SYMBOL])


def test_volume_is_the_money_of_a_day() -> None:
    assert parse_volume(answer(TICKER), NOW, KNOWN) == Parsed((seen(Metric.VOLUME_24H, 3.2e9, **VOLUME),), ())


def test_spot_volume_is_that_of_the_coin_against_usdt() -> None:
    others = [SPOT | {"currency_pair": pair} for pair in ("BTC_USDC", "BTC_EUR", "ETH_BTC", "BTC3L_USDT", "ETH_USDT")]
    parsed = parse_spot_volume(answer(*others, SPOT), NOW, KNOWN)

    assert parsed == Parsed((seen(Metric.VOLUME_SPOT_24H, 1.92e8, **VOLUME),), ())


def test_the_three_ratios_have_the_time_of_their_row() -> None:
    parsed = parse_long_short(answer(STATS), NOW, BTC)

    at = {"at": datetime(2026, 11, 23, 13, 55, tzinfo=UTC), "fresh_for": QUARTER}
    expected = (seen(Metric.LS, 1.3, **at), seen(Metric.LS_TOP, 1.1, **at), seen(Metric.LS_POS, 1.05, **at))
    assert parsed == Parsed(expected, ())


@pytest.mark.parametrize(
    ("change", "ratio"),
    [({"lsr_account": 0.013}, 1.3), ({"long_users": ""}, 1.3), ({"short_users": "0", "lsr_account": "1.2"}, 1.2)],
)
def test_the_ratio_of_accounts_is_counted_anew_where_accounts_are_told(change: dict[str, Any], ratio: float) -> None:
    parsed = parse_long_short(answer(STATS | change), NOW, BTC)

    assert parsed.observations[0].value == pytest.approx(ratio)


def test_paid_rates_have_the_hours_since_the_one_before() -> None:
    parsed = parse_settled(answer(*PAID), NOW, BTC)

    newest, older = parsed.observations
    at = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    assert newest == seen(
        Metric.FUNDING_SETTLED, 0.0001, at=at, fresh_for=timedelta(hours=8), interval_h=8.0, rate=0.0001
    )
    assert (older.rate, older.at) == (0.00005, at - timedelta(hours=8))
    assert refused(parsed) == [Reason.NO_INTERVAL]


def test_a_single_paid_rate_does_not_tell_its_interval() -> None:
    parsed = parse_settled(answer(PAID[0]), NOW, BTC)

    assert (parsed.observations, refused(parsed)) == ((), [Reason.NO_INTERVAL])


def test_closes_count_in_coins_and_all_of_one_frame_count() -> None:
    parsed = parse_liquidations(frame(CLOSED), NOW, KNOWN, Sign.ORDER)

    at = [datetime(2026, 11, 23, 14, 0, 0, ms * 1000, UTC) for ms in (110, 470)]
    assert parsed == ParsedLiquidations(
        (
            Liquidation("gate", SYMBOL, "BTC", Side.LONG, pytest.approx(0.12), 63600.0, at[0], NOW, sampled=False),
            Liquidation("gate", SYMBOL, "BTC", Side.LONG, pytest.approx(0.008), 63590.0, at[1], NOW, sampled=False),
        ),
        (),
    )


def test_until_the_sign_is_known_no_close_has_a_side() -> None:
    parsed = parse_liquidations(frame(CLOSED), NOW, KNOWN)

    assert (parsed.liquidations, refused(parsed)) == ((), [Reason.NO_SIDE] * 2)


@pytest.mark.parametrize(
    ("size", "sign", "side"),
    [
        ("-5", Sign.ORDER, Side.LONG),
        ("5", Sign.ORDER, Side.SHORT),
        ("-5", Sign.POSITION, Side.SHORT),
        ("5", Sign.POSITION, Side.LONG),
    ],
)
def test_the_sign_is_read_as_was_found_out(size: str, sign: Sign, side: Side) -> None:
    (closed,) = parse_liquidations(frame([OLDER | {"size": size}]), NOW, KNOWN, sign).liquidations

    assert (closed.side, closed.coins) == (side, pytest.approx(0.0005))


@pytest.mark.parametrize("result", [OLDER, [OLDER]], ids=["bare", "list"])
def test_a_bare_close_is_read_like_a_list_of_one(result: object) -> None:
    (closed,) = parse_liquidations(frame(result), NOW, KNOWN, Sign.ORDER).liquidations

    assert (closed.coins, closed.price) == (pytest.approx(0.0023), 63580.0)
    assert closed.at == datetime(2026, 11, 23, 14, 0, 1, 532_000, UTC)


def test_a_close_stamped_in_seconds_is_of_the_same_second() -> None:
    (closed,) = parse_liquidations(frame([OLDER | {"time": 1795442401}]), NOW, KNOWN, Sign.ORDER).liquidations

    assert closed.at == datetime(2026, 11, 23, 14, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"size": "0"}, Reason.OUT_OF_RANGE),
        ({"size": ""}, Reason.NO_SIDE),
        ({"price": ""}, Reason.EMPTY),
        ({"price": "0"}, Reason.OUT_OF_RANGE),
        ({"time": 0}, Reason.NO_TIME),
        ({"time": 1795446000000}, Reason.FUTURE_TIME),
        ({"contract": "ETH_USDT"}, Reason.UNKNOWN_SYMBOL),
        ({"contract": None}, Reason.MALFORMED),
    ],
)
def test_a_bad_close_is_refused_and_the_good_one_beside_it_counts(change: dict[str, Any], reason: Reason) -> None:
    parsed = parse_liquidations(frame([OLDER | change, CLOSED[0]]), NOW, KNOWN, Sign.ORDER)

    assert [closed.price for closed in parsed.liquidations] == [63600.0]
    assert refused(parsed) == [reason]


@pytest.mark.parametrize(
    "other",
    [
        frame({"status": "success"}, event="subscribe"),
        frame([{"contract": SYMBOL, "last": "64001"}], channel="futures.tickers"),
        b'{"type":"upgrade","msg":"the connection will be closed"}',
        b'{"time":1795442400,"channel":"futures.pong","event":"","result":null}',
    ],
)
def test_other_frames_hold_no_liquidation(other: bytes) -> None:
    assert parse_liquidations(other, NOW, KNOWN, Sign.ORDER) == ParsedLiquidations((), ())


@pytest.mark.parametrize(
    "body",
    [b"<html>busy</html>", b"", answer(CONTRACT)[:-9], b'{"label":"TOO_MANY_REQUESTS","message":"slow down"}', b"\xff"],
)
def test_an_answer_that_is_none_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(Unavailable, match="gate answered with"):
        parse_contracts(body, NOW, KNOWN)


def test_recorded_tickers_are_read_and_are_no_liquidations() -> None:
    path = PAYLOADS / "tardis-node__gate-io-futures.json"
    if not path.exists():
        pytest.skip("the recorded payloads are not beside the project")
    messages = json.loads(path.read_text(encoding="utf-8"))["messages"]
    bsv = Listed(Instrument("gate", "BSV_USDT", "BSV", 1.0, frozenset()), contract=0.01)

    volumes = [parse_volume(answer(*rows), NOW, by_symbol([BTC, bsv])) for rows in map(flat, messages)]

    found = [(one.symbol, one.value) for parsed in volumes for one in parsed.observations]
    assert found == [("BSV_USDT", 3_251_280.0), (SYMBOL, 360_157_621.0)]
    assert {parse_liquidations(json.dumps(each).encode(), NOW, KNOWN) for each in messages} == {
        ParsedLiquidations((), ())
    }


def flat(message: dict[str, Any]) -> list[Any]:
    """The rows of a recorded frame, whose result is a row, a list of rows, or a list in a list."""
    result = message["result"]
    while isinstance(result, list) and result and isinstance(result[0], list):
        result = result[0]
    return result if isinstance(result, list) else [result]


ANSWERS: dict[Callable[[bytes, datetime, Known], Parsed], bytes] = {
    parse_contracts: answer(CONTRACT, CONTRACT | {"name": "X_USDT"}),
    parse_volume: answer(TICKER),
    parse_spot_volume: answer(SPOT),
    lambda body, now, _: parse_long_short(body, now, BTC): answer(STATS),
    lambda body, now, _: parse_settled(body, now, BTC): answer(*PAID),
}


@pytest.mark.parametrize("parse", ANSWERS, ids=["contracts", "volume", "spot volume", "long/short", "settled"])
def test_no_spoiled_answer_gives_a_wrong_value(parse: Callable[[bytes, datetime, Known], Parsed]) -> None:
    @given(spoiled(ANSWERS[parse].decode()))
    def harmless(body: bytes) -> None:
        try:
            parsed = parse(body, NOW, KNOWN)
        except Unavailable:
            return
        assert_sound(parsed.observations, parsed.rejected, KNOWN)

    harmless()


@given(spoiled(answer(CONTRACT).decode()))
def test_no_spoiled_list_gives_an_unusable_contract(body: bytes) -> None:
    try:
        listed = parse_instruments(body, NOW).listed
    except Unavailable:
        return

    assert all(of.instrument.coin and 0 < of.contract < math.inf for of in listed)


@pytest.mark.parametrize("result", [CLOSED, OLDER], ids=["list", "bare"])
def test_no_spoiled_frame_gives_a_wrong_liquidation(result: object) -> None:
    @given(spoiled(frame(result).decode()))
    def harmless(body: bytes) -> None:
        try:
            parsed = parse_liquidations(body, NOW, KNOWN, Sign.ORDER)
        except Unavailable:
            return
        assert_sound_closes(parsed.liquidations, parsed.rejected, KNOWN)

    harmless()
