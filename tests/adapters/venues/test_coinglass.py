"""CoinGlass: percent become fractions, totals stay out of sums, and what it refuses or holds too long is no number."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given

from adapters.venues.base import Refused, Unavailable
from adapters.venues.coinglass import parse_funding, parse_instruments, parse_open_interest
from adapters.venues.wire import Known, Listed, Parsed, ParsedInstruments, Reason, by_symbol
from signals.aggregate import Ledger
from signals.model import Instrument, Metric, Observation
from tests.adapters.venues.spoiled import assert_sound, spoiled

PAYLOADS = Path(__file__).parents[3].parent / "shared" / "payloads"

NOW = datetime(2026, 11, 23, 14, 0, 0, 500_000, UTC)
NEXT = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
NEXT_STAMP = 1_795_449_600_000
HOUR_MS = 3_600_000
OFFERED = frozenset({Metric.FUNDING, Metric.OI_LEVEL})

RATE = {"exchange": "Binance", "funding_rate_interval": 8, "funding_rate": 0.008, "next_funding_time": NEXT_STAMP}
COIN_MARGINED = RATE | {"funding_rate": -0.0018}
BTC = {"symbol": "BTC", "stablecoin_margin_list": [RATE], "token_margin_list": [COIN_MARGINED]}
TOTAL = {"exchange": "All", "symbol": "BTC", "open_interest_usd": 12_608_000_000, "open_interest_quantity": 197_000}
INTEREST = TOTAL | {"exchange": "Binance", "open_interest_usd": 5_760_000_000, "open_interest_quantity": 90_000}

KNOWN = by_symbol([
    Listed(Instrument("coinglass", "Binance:BTC", "BTC", 1.0, OFFERED)),
    Listed(Instrument("coinglass", "MEXC:BTC", "BTC", 1.0, OFFERED)),
    Listed(Instrument("coinglass", "Binance:1000PEPE", "PEPE", 1000.0, OFFERED), contract=1000.0),
])  # fmt: skip


def answer(*rows: object, **envelope: object) -> bytes:
    return json.dumps({"code": "0", "msg": "success", "data": rows} | envelope).encode()


def funding(**change: object) -> Parsed:
    return parse_funding(answer(BTC | {"stablecoin_margin_list": [RATE | change]}), NOW, KNOWN)


def refused(parsed: Parsed | ParsedInstruments) -> list[tuple[str, str]]:
    return [(row.symbol, row.reason) for row in parsed.rejected]


def test_each_coin_on_each_exchange_is_an_instrument() -> None:
    mexc = RATE | {"exchange": "MEXC"}
    pepe = {"symbol": "1000PEPE", "stablecoin_margin_list": [RATE], "token_margin_list": []}

    parsed = parse_instruments(answer(BTC | {"stablecoin_margin_list": [RATE, mexc]}, pepe), NOW)

    assert {of.instrument.symbol: of for of in parsed.listed} == KNOWN
    assert parsed.rejected == ()


@pytest.mark.parametrize(
    "nameless",
    [BTC | {"symbol": ""}, BTC | {"stablecoin_margin_list": [RATE | {"exchange": ""}]}, {"symbol": 5}, "BTC"],
)
def test_what_has_no_name_is_refused_beside_what_has_one(nameless: object) -> None:
    parsed = parse_instruments(answer(nameless, BTC), NOW)

    assert [of.instrument.symbol for of in parsed.listed] == ["Binance:BTC"]
    assert refused(parsed) == [("", Reason.MALFORMED)]


@pytest.mark.parametrize("none", [{"stablecoin_margin_list": []}, {"stablecoin_margin_list": None}])
def test_a_coin_that_is_margined_in_coins_alone_is_left_out(none: dict[str, object]) -> None:
    assert parse_instruments(answer(BTC | none), NOW) == ParsedInstruments((), ())


def test_a_rate_in_percent_is_a_fraction() -> None:
    parsed = parse_funding(answer(BTC), NOW, KNOWN)

    rate = pytest.approx(0.00008)
    expected = Observation(
        metric=Metric.FUNDING, venue="coinglass", symbol="Binance:BTC", coin="BTC", value=rate, at=NOW, received=NOW,
        fresh_for=timedelta(seconds=90), interval_h=8.0, next_at=NEXT, rate=rate,
    )  # fmt: skip
    assert parsed == Parsed((expected,), ())


@pytest.mark.parametrize(("hours", "eight_hourly"), [(8, -0.00994), (4, -0.01988), ("1", -0.07952)])
def test_a_rate_is_of_the_interval_beside_it(hours: object, eight_hourly: float) -> None:
    parsed = funding(funding_rate=-0.994, funding_rate_interval=hours, next_funding_time=NEXT_STAMP - HOUR_MS)

    assert [(one.value, one.rate) for one in parsed.observations] == [
        (pytest.approx(eight_hourly), pytest.approx(-0.00994))
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"funding_rate": None}, Reason.EMPTY),
        ({"funding_rate": ""}, Reason.EMPTY),
        ({"funding_rate": "NaN"}, Reason.EMPTY),
        ({"funding_rate": 5.1}, Reason.OUT_OF_RANGE),
        ({"funding_rate_interval": None}, Reason.NO_INTERVAL),
        ({"funding_rate_interval": 0}, Reason.NO_INTERVAL),
        ({"funding_rate_interval": 3}, Reason.NO_INTERVAL),
        ({"funding_rate_interval": 1}, Reason.NO_INTERVAL),
        ({"next_funding_time": None}, Reason.NO_TIME),
        ({"next_funding_time": 0}, Reason.NO_TIME),
        ({"next_funding_time": NEXT_STAMP - 3 * HOUR_MS}, Reason.NO_TIME),
    ],
)
def test_a_rate_that_cannot_be_is_refused(change: dict[str, object], reason: Reason) -> None:
    parsed = funding(**change)

    assert parsed.observations == ()
    assert refused(parsed) == [("Binance:BTC", reason)]


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=90)])
def test_a_funding_that_was_due_a_moment_ago_is_no_old_one(late: timedelta) -> None:
    due = NOW - late

    assert [one.next_at for one in funding(next_funding_time=due.timestamp() * 1000).observations] == [due]


def test_the_next_funding_may_be_told_in_seconds() -> None:
    assert [one.next_at for one in funding(next_funding_time=NEXT_STAMP // 1000).observations] == [NEXT]


def test_open_interest_is_coins_and_the_total_stays_out() -> None:
    parsed = parse_open_interest(answer(TOTAL, INTEREST), NOW, KNOWN)

    three_minutes = timedelta(minutes=3)
    expected = Observation(Metric.OI_LEVEL, "coinglass", "Binance:BTC", "BTC", 90_000, NOW, NOW, three_minutes)
    assert parsed == Parsed((expected,), ())


def test_open_interest_in_thousands_of_coins_is_coins() -> None:
    parsed = parse_open_interest(answer(INTEREST | {"symbol": "1000PEPE", "open_interest_quantity": 7}), NOW, KNOWN)

    assert [(one.coin, one.value) for one in parsed.observations] == [("PEPE", 7000)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"open_interest_quantity": None}, Reason.EMPTY),
        ({"open_interest_quantity": "-"}, Reason.EMPTY),
        ({"open_interest_quantity": -1}, Reason.NEGATIVE),
        ({"exchange": "Nobody"}, Reason.UNKNOWN_SYMBOL),
        ({"symbol": "ETH"}, Reason.UNKNOWN_SYMBOL),
        ({"symbol": None}, Reason.MALFORMED),
    ],
)
def test_open_interest_that_cannot_be_is_refused(change: dict[str, object], reason: Reason) -> None:
    parsed = parse_open_interest(answer(INTEREST | change), NOW, KNOWN)

    assert parsed.observations == ()
    assert [row.reason for row in parsed.rejected] == [reason]


def test_its_rows_enter_no_sum_with_a_venue_that_is_read_itself() -> None:
    book = Ledger()
    own = Instrument("binance", "BTCUSDT", "BTC", 1.0, frozenset({Metric.OI_LEVEL}))
    book.expect([own, *(of.instrument for of in KNOWN.values())])
    book.take(parse_open_interest(answer(TOTAL, INTEREST), NOW, KNOWN).observations)
    book.take([Observation(Metric.OI_LEVEL, "binance", "BTCUSDT", "BTC", 91_000, NOW, NOW, timedelta(minutes=3))])

    reading = book.read(NOW, "LIVE").readings["BTC"][Metric.OI_LEVEL]

    assert (reading.value, reading.venues) == (91_000, ("binance",))


def test_a_bad_row_costs_no_good_one() -> None:
    rates = parse_funding(answer(7, None, {}, BTC | {"stablecoin_margin_list": [None, {}, RATE]}), NOW, KNOWN)
    interest = parse_open_interest(answer(7, None, {}, INTEREST), NOW, KNOWN)

    assert len(rates.observations) == len(interest.observations) == 1
    assert refused(rates) == [("", Reason.MALFORMED)] * 5
    assert refused(interest) == [("", Reason.MALFORMED)] * 3


PARSERS: dict[str, Callable[[bytes], Parsed | ParsedInstruments]] = {
    "instruments": partial(parse_instruments, received=NOW),
    "funding": partial(parse_funding, received=NOW, known=KNOWN),
    "open interest": partial(parse_open_interest, received=NOW, known=KNOWN),
}

WRONG = [
    b"",
    b"<html><body>502 Bad Gateway</body></html>",
    b'{"code":"0","msg":"success","data":[{"sym',
    b'{"code":"0","msg":"success"}',
    b'{"code":"0","msg":"success","data":{}}',
    b'{"msg":"success","data":[]}',
    b'{"code":null,"data":[]}',
    b"[]",
    b"\xff\xfe",
    b"[" * 100_000,
]


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_an_answer_of_another_shape_is_refused_whole(
    parse: Callable[[bytes], Parsed | ParsedInstruments], wrong: bytes
) -> None:
    with pytest.raises(Unavailable):
        parse(wrong)


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@pytest.mark.parametrize("code", ["429", 500, "40001", "", "00", "0 "])
def test_an_answer_that_says_no_is_refused_whole_though_it_has_rows(
    parse: Callable[[bytes], Parsed | ParsedInstruments], code: object
) -> None:
    with pytest.raises(Unavailable, match="check its plan"):
        parse(answer(BTC, INTEREST, code=code))


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@pytest.mark.parametrize(
    "said",
    [{"code": "401"}, {"code": 30001}, {"code": "400", "msg": "API key missing."}, {"code": "40001", "msg": "KEY"}],
)
def test_an_answer_that_says_the_key_is_wrong_says_which_setting_to_mend(
    parse: Callable[[bytes], Parsed | ParsedInstruments], said: dict[str, object]
) -> None:
    with pytest.raises(Refused, match="PERPWATCH_COINGLASS_KEY"):
        parse(answer(BTC, INTEREST, **said))


def test_a_request_that_has_nothing_but_its_key_is_wrong_because_of_the_key() -> None:
    wrong = answer(code="400", msg="Invalid.")

    for parse in (parse_funding, lambda body, at, _: parse_instruments(body, at)):
        with pytest.raises(Refused):
            parse(wrong, NOW, KNOWN)
    with pytest.raises(Unavailable):
        parse_open_interest(wrong, NOW, KNOWN)


def test_what_a_refusal_says_is_cut_short() -> None:
    with pytest.raises(Unavailable, match=r"code '12345678': check"):
        parse_funding(answer(code="123456789" * 1000), NOW, KNOWN)


def test_success_may_be_a_number() -> None:
    assert parse_funding(answer(BTC, code=0), NOW, KNOWN).observations


@given(spoiled(answer(BTC, BTC | {"symbol": "1000PEPE"}).decode()))
def test_no_spoilt_rates_give_an_unsound_number(body: bytes) -> None:
    assert_harmless(partial(parse_funding, body, NOW, KNOWN), KNOWN)


@given(spoiled(answer(TOTAL, INTEREST, INTEREST | {"symbol": "1000PEPE"}).decode()))
def test_no_spoilt_open_interest_gives_an_unsound_number(body: bytes) -> None:
    assert_harmless(partial(parse_open_interest, body, NOW, KNOWN), KNOWN)


@given(spoiled(answer(BTC, BTC | {"symbol": "1000PEPE"}).decode()))
def test_no_spoilt_list_gives_an_instrument_without_a_name(body: bytes) -> None:
    try:
        parsed = parse_instruments(body, NOW)
    except (Refused, Unavailable):
        return
    assert all(of.instrument.coin and of.contract >= 1 for of in parsed.listed)


def assert_harmless(parse: Callable[[], Parsed], known: Known) -> None:
    try:
        parsed = parse()
    except (Refused, Unavailable):
        return
    assert_sound(parsed.observations, parsed.rejected, known)


def test_the_vendors_example_is_read() -> None:
    path = PAYLOADS / "coinglass_doc_examples.json"
    if not path.exists():
        pytest.skip("the documented payloads are not beside the project")
    body = json.dumps(json.loads(path.read_text(encoding="utf-8"))["funding_exchange_list"]).encode()
    then = datetime(2025, 4, 21, 3, tzinfo=UTC)

    listed = parse_instruments(body, then).listed
    parsed = parse_funding(body, then, by_symbol(listed))

    (rate,) = parsed.observations
    assert (rate.symbol, rate.coin, rate.interval_h) == ("Binance:BTC", "BTC", 8.0)
    assert rate.value == pytest.approx(0.00007343)
    assert rate.next_at == datetime(2025, 4, 21, 8, tzinfo=UTC)
