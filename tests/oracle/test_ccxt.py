"""ccxt as an oracle: it reads the same answers, and every value that it reads otherwise is a listed difference."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.adapters.venues import answers
from tests.adapters.venues.answers import BTC, ETH, PEPE, SOL, Coin, body
from tests.adapters.venues.readers import Reader, others, refresh
from tests.oracle import ours, theirs
from tests.oracle.differences import DIFFERENCES, Difference, table
from tests.oracle.facts import Field, Odd, odds

Json: TypeAlias = Any

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"

COINS = (BTC, ETH, PEPE, SOL)
RECORDED_COINS = (
    BTC, ETH, Coin("BNB", 4, 600.0), Coin("BSV", 5, 245.0), Coin("WNCG", 6, 2.17, contract=1.0),
    Coin("PIPPIN", 7, 0.02), Coin("SOS", 8, 1e-6),
)  # fmt: skip

NOT_FED = {
    ("binance", "ls.top"), ("binance", "ls.pos"), ("bybit", "settled"), ("bybit", "cursor"), ("okx", "ls.top"),
    ("okx", "ls.pos"), ("okx", "settled"), ("gate", "settled"), ("gate", "closes by unknown"),
    ("gate", "closes by position"), ("bitget", "settled"), ("hyperliquid", "settled"),
}  # fmt: skip
"""Calls that ccxt reads without a parser of its own, or like one that is compared."""


@dataclass(frozen=True, slots=True)
class Case:
    """An answer, who reads it on our side, and the coins that are ccxt's markets."""

    reader: Reader
    answer: bytes
    coins: tuple[Coin, ...] = COINS

    @property
    def name(self) -> str:
        return f"{self.reader.venue} {self.reader.call}"

    def odds(self) -> Sequence[Odd]:
        """Everything that the two sides read differently."""
        venue = self.reader.venue
        exchange = theirs.exchange_of(venue, self.coins)
        read = list(theirs.CALLS[venue, self.reader.call](exchange, json.loads(self.answer)))
        mine = ours.facts(self.reader.read(self.answer))
        return list(odds(venue, mine, theirs.facts(exchange, read), ours.counted(self.reader.known)))


def readers(coins: tuple[Coin, ...]) -> Sequence[Reader]:
    return [*refresh(coins), *others(coins)]


def named(venue: str, call: str, coins: tuple[Coin, ...] = COINS) -> Reader:
    return next(reader for reader in readers(coins) if (reader.venue, reader.call) == (venue, call))


def documented() -> list[Case]:
    fed = [reader for reader in readers(COINS) if (reader.venue, reader.call) in theirs.CALLS]
    return [*(Case(reader, reader.answer) for reader in fed), *variations()]


def variations() -> list[Case]:
    """Rows of before two fields were added, and an interval that has changed since the markets were listed."""
    tickers = named("bybit", "tickers")
    before = json.loads(tickers.answer)
    added = ("singleOpenInterest", "singleOpenInterestValue", "fundingIntervalHour")
    before["result"]["list"] = [
        {key: value for key, value in row.items() if key not in added} for row in before["result"]["list"]
    ]
    listed_before = tuple(replace(coin, hours=8) for coin in COINS)
    return [
        Case(tickers, body(before)),
        Case(tickers, tickers.answer, coins=listed_before),
        *(
            Case(named("bybit", "past oi"), body(answers.bybit_open_interest(coin)), coins=COINS)
            for coin in (ETH, PEPE)
        ),
    ]  # fmt: skip


def explained(odd: Odd) -> list[Difference]:
    return [difference for difference in DIFFERENCES if difference.explains(odd)]


@cache
def all_odds() -> tuple[Odd, ...]:
    return tuple(odd for case in documented() for odd in case.odds())


@pytest.mark.parametrize("case", documented(), ids=lambda case: case.name)
def test_what_ccxt_reads_otherwise_is_a_listed_difference(case: Case) -> None:
    assert [odd for odd in case.odds() if not explained(odd)] == []


@pytest.mark.parametrize("listed", DIFFERENCES, ids=lambda one: f"{one.venue} {one.field}: {one.theirs}")
def test_a_listed_difference_still_occurs(listed: Difference) -> None:
    assert [odd for odd in all_odds() if listed.explains(odd)]


def test_open_interest_of_bybit_before_one_side_was_told_is_half_of_what_ccxt_reads() -> None:
    past = named("bybit", "past oi")
    before = json.loads(past.answer)
    del before["result"]["list"][0]["singleOpenInterest"]

    (odd,) = Case(past, body(before)).odds()

    assert (odd.field, odd.theirs, odd.ours) == (Field.OI, 4_166.6, 2_083.3)


def test_no_difference_is_excused_twice() -> None:
    assert [odd for odd in all_odds() if len(explained(odd)) > 1] == []


def test_every_call_is_compared_or_said_not_to_be() -> None:
    calls = {(reader.venue, reader.call) for reader in readers(COINS) if reader.venue != "coinglass"}

    assert {(venue, call) for venue, call in calls if call != "instruments"} == set(theirs.CALLS) | NOT_FED
    assert not set(theirs.CALLS) & NOT_FED


@pytest.mark.parametrize("venue", theirs.CLASSES)
def test_both_sides_read_something_of_every_kind(venue: str) -> None:
    """Two sides that read nothing agree, too."""
    alike: set[Field] = set()
    for case in documented():
        if case.reader.venue == venue:
            exchange = theirs.exchange_of(venue, case.coins)
            read = list(theirs.CALLS[venue, case.reader.call](exchange, json.loads(case.answer)))
            mine, other = ours.facts(case.reader.read(case.answer)), theirs.facts(exchange, read)
            alike |= {field for symbol, field in mine.keys() & other.keys()}

    assert {Field.COIN, Field.PRICE, Field.INDEX, Field.RATE, Field.INTERVAL, Field.NEXT, Field.SPOT} <= alike


@pytest.mark.parametrize(
    "odd",
    [
        Odd("bybit", Field.OI, "BTCUSDT", 3.0, 1.0, None),
        Odd("binance", Field.SIDE, "BTCUSDT #1", "buy", "long", None),
        Odd("okx", Field.OI, "BTC-USDT-SWAP", 1.0, 1.0, None),
        Odd("bitget", Field.RATIO, "BTCUSDT", 1.38, 0.0138, None),
        Odd("binance", Field.PRICE, "BTCUSDT", 64_000.0, 64.0, None),
        Odd("okx", Field.RATE, "BTC-USDT-SWAP", None, 0.0001, None),
    ],
    ids=lambda odd: f"{odd.venue} {odd.field}",
)
def test_another_difference_of_a_listed_value_is_not_excused(odd: Odd) -> None:
    assert explained(odd) == []


def test_the_list_is_a_table_with_a_reason_in_each_row() -> None:
    head, rule, *rows = [line.strip("|").split("|") for line in table().splitlines()]

    assert [cell.strip() for cell in head] == ["venue", "value", "ccxt", "ours", "reason"]
    assert {len(row) for row in [head, rule, *rows]} == {5}
    assert all(cell.strip() for row in rows for cell in row)
    told = {
        (venue, value.strip()) for row in rows for venue in row[0].strip().split(", ") for value in row[1].split(",")
    }
    assert told == {(one.venue, one.field.value) for one in DIFFERENCES}


# Recorded and documented by vendors: test input only, which may be absent


def _listed(rows: Json) -> list[Json]:
    return rows if isinstance(rows, list) else [rows]


def _bybit(said: Mapping[str, Any]) -> object:
    rows = _listed(said["data"])
    return {"retCode": 0, "result": {"category": "linear", "list": rows}, "time": said["ts"]}


def _okx(said: Mapping[str, Any]) -> object:
    return {"code": "0", "data": said["data"]}


def _of_channel(name: str) -> Callable[[Mapping[str, Any]], list[object]]:
    return lambda file: [_okx(said) for said in file["messages"] if said.get("arg", {}).get("channel") == name]


def _of_topic(name: str, write: Callable[[Json], object]) -> Callable[[Mapping[str, Any]], list[object]]:
    return lambda file: [write(said) for said in file["messages"] if str(said.get("topic")).startswith(name)]


def _gate_tickers(file: Mapping[str, Any]) -> list[object]:
    rows = [said["result"] for said in file["messages"] if said["channel"] == "futures.tickers"]
    return [_listed(row) for row in rows if not (isinstance(row, list) and isinstance(row[0], list))]


def _alone(file: Mapping[str, Any]) -> list[object]:
    return [file["payload"]]


def _in_a_list(file: Mapping[str, Any]) -> list[object]:
    return [_listed(file["payload"])]


def _forced(file: Mapping[str, Any]) -> list[object]:
    return [{"stream": "!forceOrder@arr", "data": file["payload"]}]


def _tardis_forced(file: Mapping[str, Any]) -> list[object]:
    frames = [said for said in file["messages"] if "forceOrder" in said.get("stream", "")]
    return [{"stream": "!forceOrder@arr", "data": said["data"]} for said in frames]


RECORDED: Sequence[tuple[str, str, str, Callable[[Mapping[str, Any]], list[object]]]] = (
    ("nautilus__binance__http_futures_market_premium_index.json", "binance", "premium", _in_a_list),
    ("nautilus__binance__http_futures_market_funding_rate.json", "binance", "settled", _in_a_list),
    ("nautilus__binance__http_futures_market_open_interest.json", "binance", "oi", _alone),
    ("nautilus__binance__http_futures_market_open_interest_historical.json", "binance", "past oi", _in_a_list),
    ("nautilus__binance__http_futures_market_ticker_24hr.json", "binance", "volume", _in_a_list),
    ("nautilus__binance__futures__market_data_json__liquidation_stream.json", "binance", "closes", _forced),
    ("tardis-node__binance-futures.json", "binance", "closes", _tardis_forced),
    ("nautilus__bybit__ws_ticker_linear.json", "bybit", "tickers", lambda file: [_bybit(file["payload"])]),
    ("tardis-node__bybit.json", "bybit", "tickers", _of_topic("tickers.BTCUSDT", _bybit)),
    ("tardis-node__bybit.json", "bybit", "closes", _of_topic("allLiquidation.", lambda said: said)),
    ("nautilus__okx__http_get_mark_price.json", "okx", "mark", _alone),
    ("nautilus__okx__ws_funding_rate.json", "okx", "funding", lambda file: [_okx(file["payload"])]),
    ("tardis-node__okex-swap.json", "okx", "volume", _of_channel("tickers")),
    ("tardis-node__okex-swap.json", "okx", "oi", _of_channel("open-interest")),
    ("tardis-node__okex-swap.json", "okx", "index", _of_channel("index-tickers")),
    ("tardis-node__gate-io-futures.json", "gate", "volume", _gate_tickers),
)


@pytest.mark.parametrize(("name", "venue", "call", "inside"), RECORDED, ids=lambda value: value)
def test_what_ccxt_reads_otherwise_in_a_recorded_answer_is_a_listed_difference(
    name: str, venue: str, call: str, inside: Callable[[Mapping[str, Any]], list[object]]
) -> None:
    path = PAYLOADS / name
    if not path.exists():
        pytest.skip("the recorded payloads are not beside the project")
    reader = named(venue, call, RECORDED_COINS)
    said = [body(one) for one in inside(json.loads(path.read_text(encoding="utf-8")))]

    assert said
    for answer in said:
        listed = Case(reader, answer, RECORDED_COINS).odds()
        assert [odd for odd in listed if odd.of is not None and not explained(odd)] == []
