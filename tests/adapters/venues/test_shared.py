"""Recorded and documented answers: each file has a test, and what stands in it beside that is read right, too."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from adapters.venues import binance, coinglass, okx, okx_past
from adapters.venues.base import Unavailable
from adapters.venues.wire import FRESH, Listed, ParsedInstruments, Rejected, by_symbol
from signals.model import Instrument, Metric
from tests.adapters.venues.answers import body
from tests.adapters.venues.shared import FOLDER, OF_VENUE, files, said

Json: TypeAlias = Any

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
BTC = by_symbol([Listed(Instrument("binance", "BTCUSDT", "BTC", 1.0, frozenset()))])
SWAP = by_symbol(
    [Listed(Instrument("okx", "BTC-USDT-SWAP", "BTC", 1.0, frozenset({Metric.VOLUME_SPOT_24H})), contract=0.01)]
)


def of(name: str) -> list[Json]:
    """What the file says."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip("the recorded payloads are not beside the project")
    return list(said(path))


@pytest.mark.parametrize("venue", OF_VENUE)
def test_each_file_of_a_venue_is_read_by_a_test_of_it(venue: str) -> None:
    if not FOLDER.is_dir():
        pytest.skip("the recorded payloads are not beside the project")
    here = Path(__file__).parent
    tests = "".join((here / name).read_text(encoding="utf-8") for name in (f"test_{venue}.py", "test_shared.py"))

    assert [path.name for path in files(venue) if path.name not in tests] == []


def test_every_file_is_of_a_venue_that_is_known() -> None:
    known = {path for venue in OF_VENUE for path in files(venue)}

    assert sorted(path.name for path in set(FOLDER.glob("*.json")) - known) == []


def test_the_budget_in_a_recorded_list_of_contracts_is_the_one_that_counts() -> None:
    (answer,) = of("nautilus__binance__http_futures_market_exchange_info.json")

    assert binance.parse_weight_limit(body(answer)) == 6_000


@pytest.mark.parametrize(
    "name",
    [
        "nautilus__binance__futures__market_data_json__mark_price_stream.json",
        "nautilus__binance__futures__market_data_json__ticker_stream.json",
    ],
)
def test_a_documented_push_is_no_answer_to_a_question(name: str) -> None:
    (push,) = of(name)

    with pytest.raises(Unavailable):
        binance.parse_premium(body(push), NOW, BTC, {})
    assert binance.parse_premium(body([push]), NOW, BTC, {}).rejected == (Rejected("", "malformed"),)


def test_recorded_open_interest_without_a_time_is_refused() -> None:
    (message,) = [one for one in of("tardis-node__binance-futures.json") if "openInterest" in one["stream"]]

    timed = binance.parse_open_interest(body(message["data"] | {"time": 1_584_059_031_421}), NOW, BTC, FRESH)
    untimed = binance.parse_open_interest(body(message["data"]), NOW, BTC, FRESH)

    assert [one.value for one in timed.observations] == [26_286.181]
    assert (untimed.observations, untimed.rejected) == ((), (Rejected("BTCUSDT", "no-time"),))


def test_a_pushed_rate_of_okx_reads_like_an_answered_one() -> None:
    (frame,) = of("nautilus__okx__ws_funding_rate.json")

    (rate,) = okx.parse_funding(body({"code": "0", "data": frame["data"]}), NOW, SWAP).observations

    due = datetime(2025, 4, 14, 0, 25, 49, 506_000, UTC)
    assert (rate.metric, rate.rate, rate.interval_h) == (Metric.FUNDING, 0.0001, 8.0)
    assert (rate.value, rate.next_at, rate.at) == (0.0001, due, due)


def test_a_pushed_ticker_of_okx_spot_is_money_and_nothing_of_perpetuals() -> None:
    (frame,) = of("nautilus__okx__ws_tickers.json")
    answer = body({"code": "0", "data": frame["data"]})

    (volume,) = okx.parse_spot_volume(answer, NOW, SWAP).observations

    assert (volume.metric, volume.coin, volume.value) == (Metric.VOLUME_SPOT_24H, "BTC", 2_222.0)
    assert volume.at == datetime(2020, 8, 10, 2, 26, 23, 85_000, UTC)
    assert okx.parse_volume(answer, NOW, SWAP).observations == ()


def test_two_recorded_rates_of_okx_and_one_before_them_tell_an_interval() -> None:
    (answer,) = of("nautilus__okx__http_get_funding_rate_history.json")
    newest, older = answer["data"]
    before = older | {"fundingTime": str(2 * int(older["fundingTime"]) - int(newest["fundingTime"]))}

    paid = okx_past.parse_settled(body({"code": "0", "data": [newest, older, before]}), NOW, SWAP).observations

    assert [(one.rate, one.interval_h, one.at) for one in paid] == [
        (0.00015, 8.0, datetime(2024, 1, 1, tzinfo=UTC)),
        (-0.00002, 8.0, datetime(2023, 12, 31, 16, tzinfo=UTC)),
    ]


def test_the_vendors_example_of_arbitrage_is_no_list_of_rates() -> None:
    funding, arbitrage = of("coinglass_doc_examples.json")

    assert len(coinglass.parse_instruments(body(funding), NOW).listed) == 1
    with pytest.raises(Unavailable):
        coinglass.parse_instruments(body(arbitrage), NOW)
    assert coinglass.parse_instruments(body({"code": "0", "data": [arbitrage]}), NOW) == ParsedInstruments((), ())


def test_each_file_says_where_it_is_from() -> None:
    for path in FOLDER.glob("*.json"):
        assert json.loads(path.read_text(encoding="utf-8"))["provenance"]
