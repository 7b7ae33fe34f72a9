"""Our parsers read everything that the fake venues say, and reject only what is not ours by its kind."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import parse_qsl

import pytest

from adapters.venues import binance, bitget, bybit, coinglass, gate, hyperliquid, okx, okx_past
from adapters.venues.base import Rejected
from adapters.venues.wire import Known, Parsed, ParsedInstruments, Reason, by_symbol
from signals.model import Metric
from tests.fake_venues.contracts import Contract, Kind
from tests.fake_venues.everyone import everyone
from tests.fake_venues.market import Market, seeded
from tests.fake_venues.shapes import Asked, ms
from tests.fake_venues.venue import FakeVenue

AT = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
LATER = timedelta(seconds=1)
MARKET = seeded(11, 80, AT)
USDT_FUTURES = "productType=USDT-FUTURES"
CONTEXTS = '{"type":"metaAndAssetCtxs"}'


@dataclass(frozen=True, slots=True)
class Bulk:
    """A call that brings all instruments, how we read it, and which of ours it must tell."""

    venue: str
    path: str
    query: str
    parse: Callable[[bytes, datetime, Known], Parsed]
    metrics: frozenset[Metric]
    body: str = ""


LISTS = {
    "binance": ("/fapi/v1/exchangeInfo", "", "", binance.parse_instruments),
    "bybit": ("/v5/market/instruments-info", "category=linear&limit=1000", "", bybit.parse_instruments),
    "okx": ("/api/v5/public/instruments", "instType=SWAP", "", okx.parse_instruments),
    "gate": ("/api/v4/futures/usdt/contracts", "", "", gate.parse_instruments),
    "bitget": ("/api/v2/mix/market/contracts", USDT_FUTURES, "", bitget.parse_instruments),
    "hyperliquid": ("/info", "", CONTEXTS, hyperliquid.parse_instruments),
}


def fakes(market: Market = MARKET) -> Mapping[str, FakeVenue]:
    return everyone(market)


def body(fake: FakeVenue, path: str, query: str = "", post: str = "", at: datetime = AT) -> bytes:
    headers = {"cg-api-key": "a key"}
    asked = Asked("POST" if post else "GET", path, dict(parse_qsl(query)), post.encode(), headers)
    told = fake.answer(asked, at)
    assert told.status == 200, told.body
    return told.body


def known(venue: str, fake: FakeVenue) -> Known:
    path, query, post, parse = LISTS[venue]
    found: ParsedInstruments = parse(body(fake, path, query, post), AT + LATER)
    assert not found.rejected
    return by_symbol(found.listed)


def living(venue: str) -> dict[str, Contract]:
    return {of.symbol: of for of in MARKET.contracts(venue) if of.alive}


def unexpected(rejected: Sequence[Rejected], venue: str) -> list[Rejected]:
    """All but rows of contracts that are none of ours."""
    ours = living(venue)
    return [each for each in rejected if each.reason != Reason.UNKNOWN_SYMBOL or each.symbol in ours]


@pytest.mark.parametrize("venue", LISTS)
def test_the_living_perpetuals_are_listed_and_nothing_else(venue: str) -> None:
    listed = known(venue, fakes()[venue])

    assert listed.keys() == living(venue).keys()
    for symbol, of in living(venue).items():
        found = listed[symbol]
        assert found.instrument.coin in {of.coin, "NEIRO" if of.coin == "NEIROETH" else of.coin}
        assert found.contract == pytest.approx(of.size * (of.multiplier if venue != "okx" else 1))
        assert found.inverse == (of.kind is Kind.INVERSE)
        if venue not in {"hyperliquid", "gate"}:
            assert (found.delists is not None) == (of.kind is Kind.LEAVING)


def terms() -> Mapping[str, binance.Terms]:
    return binance.parse_terms(body(fakes()["binance"], "/fapi/v1/fundingInfo"))


def premium(told: bytes, at: datetime, table: Known) -> Parsed:
    return binance.parse_premium(told, at, table, terms())


BULK = (
    Bulk("binance", "/fapi/v1/premiumIndex", "", premium, frozenset({Metric.PRICE, Metric.INDEX, Metric.FUNDING})),
    Bulk("binance", "/fapi/v1/ticker/24hr", "", binance.parse_volume, frozenset({Metric.VOLUME_24H})),
    Bulk("binance", "/api/v3/ticker/24hr", "", binance.parse_spot_volume, frozenset()),
    Bulk(
        "bybit",
        "/v5/market/tickers",
        "category=linear",
        bybit.parse_tickers,
        frozenset({Metric.PRICE, Metric.INDEX, Metric.FUNDING, Metric.OI_LEVEL, Metric.VOLUME_24H}),
    ),
    Bulk("bybit", "/v5/market/tickers", "category=spot", bybit.parse_spot_volume, frozenset()),
    Bulk("okx", "/api/v5/public/mark-price", "instType=SWAP", okx.parse_mark, frozenset({Metric.PRICE})),
    Bulk("okx", "/api/v5/public/funding-rate", "instId=ANY", okx.parse_funding, frozenset({Metric.FUNDING})),
    Bulk("okx", "/api/v5/public/open-interest", "instType=SWAP", okx.parse_open_interest, frozenset({Metric.OI_LEVEL})),
    Bulk("okx", "/api/v5/market/tickers", "instType=SWAP", okx.parse_volume, frozenset({Metric.VOLUME_24H})),
    Bulk("okx", "/api/v5/market/tickers", "instType=SPOT", okx.parse_spot_volume, frozenset()),
    Bulk("okx", "/api/v5/market/index-tickers", "quoteCcy=USDT", okx.parse_index, frozenset()),
    Bulk(
        "gate",
        "/api/v4/futures/usdt/contracts",
        "",
        gate.parse_contracts,
        frozenset({Metric.PRICE, Metric.INDEX, Metric.FUNDING, Metric.OI_LEVEL}),
    ),
    Bulk("gate", "/api/v4/futures/usdt/tickers", "", gate.parse_volume, frozenset({Metric.VOLUME_24H})),
    Bulk("gate", "/api/v4/spot/tickers", "", gate.parse_spot_volume, frozenset()),
    Bulk(
        "bitget",
        "/api/v2/mix/market/tickers",
        USDT_FUTURES,
        bitget.parse_tickers,
        frozenset({Metric.PRICE, Metric.INDEX, Metric.OI_LEVEL, Metric.VOLUME_24H}),
    ),
    Bulk(
        "bitget",
        "/api/v2/mix/market/current-fund-rate",
        USDT_FUTURES,
        bitget.parse_funding,
        frozenset({Metric.FUNDING}),
    ),
    Bulk("bitget", "/api/v2/spot/market/tickers", "", bitget.parse_spot_volume, frozenset()),
    Bulk(
        "hyperliquid",
        "/info",
        "",
        hyperliquid.parse_contexts,
        frozenset({Metric.PRICE, Metric.INDEX, Metric.FUNDING, Metric.OI_LEVEL, Metric.VOLUME_24H}),
        CONTEXTS,
    ),
    Bulk("hyperliquid", "/info", "", hyperliquid.parse_spot_volume, frozenset(), '{"type":"spotMetaAndAssetCtxs"}'),
)


@pytest.mark.parametrize("call", BULK, ids=lambda each: f"{each.venue} {each.path} {each.query}{each.body}")
def test_a_bulk_answer_is_read_whole(call: Bulk) -> None:
    fake = fakes()[call.venue]
    table = known(call.venue, fake)

    parsed = call.parse(body(fake, call.path, call.query, call.body), AT + LATER, table)

    assert unexpected(parsed.rejected, call.venue) == []
    assert parsed.observations
    for metric in call.metrics:
        assert {each.symbol for each in parsed.observations if each.metric is metric} == table.keys()


@pytest.mark.parametrize("call", BULK, ids=lambda each: f"{each.venue} {each.path} {each.query}{each.body}")
def test_what_is_read_is_what_the_market_is(call: Bulk) -> None:
    fake = fakes()[call.venue]
    quotes = MARKET.quotes(call.venue, ms(AT))
    of = {each.symbol: each for each in MARKET.contracts(call.venue)}

    parsed = call.parse(body(fake, call.path, call.query, call.body), AT + LATER, known(call.venue, fake))

    for each in parsed.observations:
        quote, contract = quotes[each.symbol], of[each.symbol]
        expected = {
            Metric.PRICE: quote.mark / contract.multiplier,
            Metric.INDEX: quote.index / contract.multiplier,
            Metric.FUNDING: quote.rate * 8 / contract.hours,
            Metric.OI_LEVEL: quote.oi,
            Metric.VOLUME_24H: quote.volume_usd,
        }
        if each.metric in expected:
            assert each.value == pytest.approx(expected[each.metric], rel=2e-3, abs=1e-8), each
        if each.metric is Metric.FUNDING:
            assert each.interval_h == contract.hours
            assert each.next_at is not None
            assert ms(each.next_at) == quote.next_ms


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx", "gate", "bitget", "hyperliquid"])
def test_spot_volume_is_that_of_all_dollar_pairs_of_the_coin(venue: str) -> None:
    call = next(each for each in BULK if each.venue == venue and each.parse.__name__ == "parse_spot_volume")
    fake = fakes()[venue]
    pairs = [pair for pair in MARKET.spot(venue, ms(AT)) if pair.quote != "BTC"]

    parsed = call.parse(body(fake, call.path, call.query, call.body), AT + LATER, known(venue, fake))

    by_coin = {each.coin: each.value for each in parsed.observations if each.metric is Metric.VOLUME_SPOT_24H}
    assert by_coin["BTC"] == pytest.approx(sum(pair.volume_quote for pair in pairs if pair.base == "BTC"))
    assert len(by_coin) >= (30 if venue != "hyperliquid" else 1)


STATISTICS = (
    (
        "binance",
        "/futures/data/globalLongShortAccountRatio",
        "symbol=BTCUSDT&period=5m&limit=1",
        partial(binance.parse_ratio, metric=Metric.LS),
    ),
    (
        "binance",
        "/futures/data/topLongShortAccountRatio",
        "symbol=BTCUSDT&period=5m&limit=1",
        partial(binance.parse_ratio, metric=Metric.LS_TOP),
    ),
    (
        "binance",
        "/futures/data/topLongShortPositionRatio",
        "symbol=BTCUSDT&period=5m&limit=1",
        partial(binance.parse_ratio, metric=Metric.LS_POS),
    ),
    ("bybit", "/v5/market/account-ratio", "category=linear&symbol=BTCUSDT&period=5min&limit=1", bybit.parse_ls),
    (
        "bitget",
        "/api/v2/mix/market/account-long-short",
        "symbol=BTCUSDT&period=5m",
        partial(bitget.parse_ls_top, symbol="BTCUSDT"),
    ),
    (
        "bitget",
        "/api/v2/mix/market/position-long-short",
        "symbol=BTCUSDT&period=5m",
        partial(bitget.parse_ls_pos, symbol="BTCUSDT"),
    ),
)


@pytest.mark.parametrize(("venue", "path", "query", "parse"), STATISTICS)
def test_a_ratio_is_that_of_the_market(
    venue: str, path: str, query: str, parse: Callable[[bytes, datetime, Known], Parsed]
) -> None:
    fake = fakes()[venue]
    of = next(each for each in MARKET.contracts(venue) if each.symbol == "BTCUSDT")

    (told,) = parse(body(fake, path, query), AT + LATER, known(venue, fake)).observations

    quote = MARKET.history(venue, (of,), (ms(AT) // 300_000 * 300_000 - 300_000,))[0][0]
    expected = {Metric.LS: quote.ls, Metric.LS_TOP: quote.ls_top, Metric.LS_POS: quote.ls_pos}
    assert told.value == pytest.approx(expected[told.metric], rel=1e-3)


def test_statistics_of_one_instrument_on_okx_and_gate_are_read() -> None:
    venues = fakes()
    swap = known("okx", venues["okx"])["BTC-USDT-SWAP"]
    contract = known("gate", venues["gate"])["BTC_USDT"]
    ratios = "/api/v5/rubik/stat/contracts/long-short-account-ratio-contract"

    ratio = okx.parse_ratio(body(venues["okx"], ratios, "instId=BTC-USDT-SWAP&period=5m"), AT + LATER, swap, Metric.LS)
    stats = gate.parse_long_short(
        body(venues["gate"], "/api/v4/futures/usdt/contract_stats", "contract=BTC_USDT&interval=5m&limit=3"),
        AT + LATER,
        contract,
    )

    assert [*ratio.rejected, *stats.rejected] == []
    assert len(ratio.observations) == 100
    assert {each.metric for each in stats.observations} == {Metric.LS, Metric.LS_TOP, Metric.LS_POS}


def test_settled_rates_are_read_from_every_history() -> None:
    venues = fakes()
    tables = {venue: known(venue, venues[venue]) for venue in ("binance", "bybit", "okx", "bitget", "hyperliquid")}
    day = ms(AT) - 3 * 86_400_000
    bulk = f"startTime={day}&limit=1000"

    read = {
        "binance": binance.parse_settled(
            body(venues["binance"], "/fapi/v1/fundingRate", bulk), AT + LATER, tables["binance"], terms()
        ),
        "bybit": bybit.parse_settled(
            body(venues["bybit"], "/v5/market/funding/history", f"category=linear&symbol=BTCUSDT&endTime={ms(AT)}"),
            AT + LATER,
            tables["bybit"],
        ),
        "okx": okx_past.parse_settled(
            body(venues["okx"], "/api/v5/public/funding-rate-history", "instId=BTC-USDT-SWAP"),
            AT + LATER,
            tables["okx"],
        ),
        "gate": gate.parse_settled(
            body(venues["gate"], "/api/v4/futures/usdt/funding_rate", "contract=BTC_USDT"),
            AT + LATER,
            known("gate", venues["gate"])["BTC_USDT"],
        ),
        "bitget": bitget.parse_settled(
            body(venues["bitget"], "/api/v2/mix/market/history-fund-rate", f"symbol=BTCUSDT&{USDT_FUTURES}"),
            AT + LATER,
            tables["bitget"],
        ),
        "hyperliquid": hyperliquid.parse_settled(
            body(venues["hyperliquid"], "/info", "", f'{{"type":"fundingHistory","coin":"BTC","startTime":{day}}}'),
            AT + LATER,
            tables["hyperliquid"],
        ),
    }

    for venue, parsed in read.items():
        symbols = [each for each in parsed.observations if each.coin == "BTC"]
        by = {each.symbol: each for each in MARKET.contracts(venue)}
        assert len(symbols) >= 5, venue
        for each in symbols:
            assert each.rate == pytest.approx(
                MARKET.rate_at(by[each.symbol], ms(each.at) // 60_000 * 60_000), abs=2e-8
            ), venue


def test_open_interest_of_one_symbol_is_read_now_and_in_the_past() -> None:
    venues = fakes()
    binance_table, bybit_table = known("binance", venues["binance"]), known("bybit", venues["bybit"])
    now = body(venues["binance"], "/fapi/v1/openInterest", "symbol=1000PEPEUSDT")
    past = body(venues["bybit"], "/v5/market/open-interest", "category=linear&symbol=BTCUSDT&intervalTime=5min&limit=9")

    (told,) = binance.parse_open_interest(now, AT + LATER, binance_table, timedelta(seconds=30)).observations
    steps = bybit.parse_open_interest(past, AT + LATER, bybit_table)

    assert told.value == pytest.approx(MARKET.quotes("binance", ms(AT))["1000PEPEUSDT"].oi, rel=1e-6)
    assert len(steps.observations) == 9
    assert not steps.rejected


def test_coinglass_tells_the_same_rates_and_sizes() -> None:
    fake = fakes()["coinglass"]
    rates = body(fake, "/api/futures/funding-rate/exchange-list")
    table = by_symbol(coinglass.parse_instruments(rates, AT + LATER).listed)

    funding = coinglass.parse_funding(rates, AT + LATER, table)
    sizes = coinglass.parse_open_interest(
        body(fake, "/api/futures/open-interest/exchange-list", "symbol=BTC"), AT + LATER, table
    )

    assert [*funding.rejected, *sizes.rejected] == []
    quotes = MARKET.quotes("binance", ms(AT))
    assert {each.symbol: each.value for each in sizes.observations}["Binance:BTC"] == pytest.approx(
        quotes["BTCUSDT"].oi, rel=1e-6
    )
    assert {each.symbol: each.rate for each in funding.observations}["Binance:BTC"] == pytest.approx(
        quotes["BTCUSDT"].rate, abs=1e-9
    )


def test_no_answer_holds_what_json_does_not_know() -> None:
    for venue, (path, query, post, _) in LISTS.items():
        text = body(fakes()[venue], path, query, post)

        json.loads(text, parse_constant=pytest.fail)
