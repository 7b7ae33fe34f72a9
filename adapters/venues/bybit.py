"""Bybit's linear perpetuals: price, index, funding, open interest, volumes, long/short of all accounts, liquidations.

Sizes are base coins, turnover is quote money at par, rates are fractions of the interval in the same row. Liquidations
are complete, pushed every 500 ms; they name the position's side and the bankruptcy price. Not offered: top traders,
takers. Inverse contracts are refused: there `openInterest` is US dollars.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from adapters.venues.base import Unavailable
from adapters.venues.shapes import Decimal
from adapters.venues.spot import spot_volume
from adapters.venues.wire import (
    DAY,
    FRESH,
    RATIO_FRESH,
    VOLUME_FRESH,
    Known,
    Listed,
    Parsed,
    ParsedInstruments,
    ParsedLiquidations,
    Reason,
    Rows,
    envelope,
    in_coins,
    instant,
    liquidation,
    number,
    per_coin,
    settled,
    share_ratio,
)
from signals.model import Instrument, Liquidation, Metric, Side
from signals.units import canonical

NAME = "bybit"

METRICS = frozenset(
    {
        Metric.PRICE,
        Metric.INDEX,
        Metric.FUNDING,
        Metric.FUNDING_SETTLED,
        Metric.OI_LEVEL,
        Metric.VOLUME_24H,
        Metric.LS,
        Metric.LIQ_LONG,
        Metric.LIQ_SHORT,
    }
)
"""What each perpetual has; the one that is settled in `SPOT_CARRIER` also carries its coin's spot volume."""

SPOT_CARRIER = "USDT"
PAR = ("USDT", "USDC")
"""Quotes that are taken as US dollars."""

LINEAR, SPOT_MARKET = "linear", "spot"
_CRYPTO = frozenset({"", "innovation", "adventure"})
_SWAPPED_BASES = {"SHIB1000": "1000SHIB"}
_SIDES: Mapping[str, Side] = {"Buy": Side.LONG, "Sell": Side.SHORT}
"""The position that was closed, as documented for `allLiquidation`: the older `liquidation` topic is not read."""
LIQUIDATIONS = "allLiquidation."


class _Answer(msgspec.Struct, rename="camel"):
    ret_code: int
    result: msgspec.Raw
    time: Decimal = None


class _Result(msgspec.Struct, rename="camel"):
    rows: list[msgspec.Raw] = msgspec.field(name="list")
    category: str = ""
    symbol: str = ""
    next_page_cursor: str | None = None


class _Contract(msgspec.Struct, rename="camel"):
    symbol: str
    contract_type: str
    status: str
    base_coin: str
    settle_coin: str
    delivery_time: Decimal = None
    is_pre_listing: bool = False
    symbol_type: str = ""


class _Ticker(msgspec.Struct, rename="camel"):
    symbol: str
    mark_price: Decimal = None
    index_price: Decimal = None
    open_interest: Decimal = None
    single_open_interest: Decimal = None
    turnover24h: Decimal = None
    funding_rate: Decimal = None
    funding_interval_hour: Decimal = None
    funding_cap: Decimal = None
    next_funding_time: Decimal = None


class _Pair(msgspec.Struct, rename="camel"):
    symbol: str
    turnover24h: Decimal = None


class _Accounts(msgspec.Struct, rename="camel"):
    symbol: str
    buy_ratio: Decimal = None
    sell_ratio: Decimal = None
    timestamp: Decimal = None


class _Settled(msgspec.Struct, rename="camel"):
    symbol: str
    funding_rate: Decimal = None
    funding_rate_timestamp: Decimal = None


class _OpenInterest(msgspec.Struct, rename="camel"):
    open_interest: Decimal = None
    single_open_interest: Decimal = None
    timestamp: Decimal = None


class _Bar(msgspec.Struct, array_like=True):
    """The start of a bar, its prices, and with klines what was traded in coins and in dollars."""

    start: Decimal
    open: Decimal = None
    high: Decimal = None
    low: Decimal = None
    close: Decimal = None
    volume: Decimal = None
    turnover: Decimal = None


class _Frame(msgspec.Struct):
    topic: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")


class _Closed(msgspec.Struct):
    symbol: str = msgspec.field(name="s")
    side: str = msgspec.field(name="S", default="")
    size: Decimal = msgspec.field(name="v", default=None)
    price: Decimal = msgspec.field(name="p", default=None)
    at: Decimal = msgspec.field(name="T", default=None)


@dataclass(frozen=True, slots=True)
class _Opened:
    """The inside of an answer that succeeded, with the venue's instant."""

    result: _Result
    at: datetime | None


def parse_instruments(body: bytes, received: datetime) -> ParsedInstruments:
    """One page of the list: crypto perpetuals that trade now, settled in US dollars at par."""
    rows = Rows(NAME, received, {})
    contracts = rows.read(_open(body).result.rows, _Contract)
    listed = [_listed(rows, contract) for contract in contracts if _is_ours(contract)]
    return ParsedInstruments(tuple(of for of in listed if of is not None), tuple(rows.rejected))


def parse_cursor(body: bytes) -> str | None:
    """What to ask the next page of a list with; None on the last page."""
    return _open(body).result.next_page_cursor or None


def parse_tickers(body: bytes, received: datetime, known: Known) -> Parsed:
    """Prices, funding, open interest and 24 h volume of all perpetuals, as of the answer's own time."""
    rows = Rows(NAME, received, known)
    opened = _open(body, LINEAR)
    for ticker in rows.read(opened.result.rows, _Ticker):
        of = rows.listed(ticker.symbol)
        if of is not None:
            _ticker(rows, of, ticker, opened.at)
    return rows.parsed()


def parse_spot_volume(body: bytes, received: datetime, known: Known) -> Parsed:
    """24 h spot volume of each coin: its pairs against US dollars at par, and no others."""
    rows = Rows(NAME, received, known)
    opened = _open(body, SPOT_MARKET)
    pairs = {pair.symbol: pair for pair in rows.read(opened.result.rows, _Pair)}
    spot_volume(rows, pairs, lambda pair: (number(pair.turnover24h), opened.at), PAR, VOLUME_FRESH)
    return rows.parsed()


def parse_ls(body: bytes, received: datetime, known: Known) -> Parsed:
    """Long/short of all accounts, one row per step."""
    rows = Rows(NAME, received, known)
    for seen in rows.read(_open(body).result.rows, _Accounts):
        of = rows.listed(seen.symbol)
        if of is not None:
            ratio = share_ratio(seen.buy_ratio, seen.sell_ratio)
            rows.level(Metric.LS, of, ratio, instant(seen.timestamp), RATIO_FRESH)
    return rows.parsed()


def parse_settled(body: bytes, received: datetime, known: Known) -> Parsed:
    """Funding that was paid; rows do not say their interval, so it takes three in a row to know it."""
    rows = Rows(NAME, received, known)
    paid = rows.read(_open(body, LINEAR).result.rows, _Settled)
    settled(rows, [(row.symbol, row.funding_rate, row.funding_rate_timestamp) for row in paid])
    return rows.parsed()


def parse_open_interest(body: bytes, received: datetime, known: Known) -> Parsed:
    """Past open interest of one perpetual."""
    rows = Rows(NAME, received, known)
    result = _open(body, LINEAR).result
    of = rows.listed(result.symbol)
    if of is None:
        return rows.parsed()
    for seen in rows.read(result.rows, _OpenInterest):
        coins = _one_sided(of, seen.single_open_interest, seen.open_interest)
        rows.level(Metric.OI_LEVEL, of, coins, instant(seen.timestamp), RATIO_FRESH)
    return rows.parsed()


def parse_liquidations(frame: bytes, received: datetime, known: Known) -> ParsedLiquidations:
    """The forced closes of one frame, all of them; acknowledgements, heartbeats and other topics hold none."""
    rows = Rows(NAME, received, known)
    pushed = envelope(frame, _Frame, NAME)
    if not pushed.topic.startswith(LIQUIDATIONS):
        return ParsedLiquidations((), ())
    closed = [_closed(rows, seen) for seen in rows.read(envelope(bytes(pushed.data), list[msgspec.Raw], NAME), _Closed)]
    return ParsedLiquidations(tuple(one for one in closed if one is not None), tuple(rows.rejected))


def _open(body: bytes, category: str = "") -> _Opened:
    """The inside of the answer; one that failed, or is about other contracts, is refused whole."""
    answer = envelope(body, _Answer, NAME)
    if answer.ret_code != 0:
        raise Unavailable(f"{NAME} refused with retCode {answer.ret_code}")
    result = envelope(bytes(answer.result), _Result, NAME)
    if category and result.category != category:
        raise Unavailable(f"{NAME} answered about {result.category or 'no category'} instead of {category}")
    return _Opened(result, instant(answer.time))


def _is_ours(contract: _Contract) -> bool:
    return (
        contract.contract_type == "LinearPerpetual"
        and contract.status == "Trading"
        and not contract.is_pre_listing
        and contract.settle_coin in PAR
        and contract.symbol_type in _CRYPTO
    )


def _listed(rows: Rows, contract: _Contract) -> Listed | None:
    """The instrument; None where it has no name, or its end has come."""
    delists = instant(contract.delivery_time)
    if not contract.symbol or not contract.base_coin:
        rows.refuse(contract.symbol, Reason.EMPTY)
        return None
    if delists is not None and delists <= rows.received:
        return None
    coin, multiplier = canonical(NAME, _SWAPPED_BASES.get(contract.base_coin, contract.base_coin))
    metrics = METRICS | {Metric.VOLUME_SPOT_24H} if contract.settle_coin == SPOT_CARRIER else METRICS
    money = "" if contract.settle_coin == SPOT_CARRIER else contract.settle_coin
    instrument = Instrument(NAME, contract.symbol, coin, multiplier, metrics, money=money)
    return Listed(instrument, contract=multiplier, delists=delists)


def _ticker(rows: Rows, of: Listed, ticker: _Ticker, at: datetime | None) -> None:
    rows.level(Metric.PRICE, of, per_coin(ticker.mark_price, of), at, FRESH)
    rows.level(Metric.INDEX, of, per_coin(ticker.index_price, of), at, FRESH)
    coins = _one_sided(of, ticker.single_open_interest, ticker.open_interest)
    rows.level(Metric.OI_LEVEL, of, coins, at, FRESH)
    rows.total(Metric.VOLUME_24H, of, number(ticker.turnover24h), at, DAY, VOLUME_FRESH)
    _funding(rows, of, ticker, at)


def _funding(rows: Rows, of: Listed, ticker: _Ticker, at: datetime | None) -> None:
    """The running rate; without a time at which it is due there is none."""
    rate, cap, due = number(ticker.funding_rate), number(ticker.funding_cap), instant(ticker.next_funding_time)
    if rate is not None and due is None:
        rows.refuse(of.instrument.symbol, Reason.NO_TIME)
    elif rate is not None and cap and abs(rate) > abs(cap):
        rows.refuse(of.instrument.symbol, Reason.OUT_OF_RANGE)
    else:
        rows.rate(Metric.FUNDING, of, rate, number(ticker.funding_interval_hour), at, due, FRESH)


def _one_sided(of: Listed, single: Decimal, both: Decimal) -> float | None:
    """Open interest in coins, each contract once; answers from before June 2026 only have both sides added up."""
    once = in_coins(single, of)
    if once is not None:
        return once
    twice = in_coins(both, of)
    return None if twice is None else twice / 2


def _closed(rows: Rows, seen: _Closed) -> Liquidation | None:
    of = rows.listed(seen.symbol)
    if of is None:
        return None
    size = in_coins(seen.size, of), per_coin(seen.price, of)
    return liquidation(rows, of, _SIDES.get(seen.side), size, instant(seen.at), sampled=False)


def parse_klines(body: bytes, received: datetime, known: Known, metric: Metric, step: timedelta) -> Parsed:
    """Past bars, `[start, open, high, low, close, volume, turnover]`: mark prices at their ends, or dollars traded.

    The last bar is not over yet and is refused as lying in the future.
    """
    rows = Rows(NAME, received, known)
    result = _open(body, LINEAR).result
    of = rows.listed(result.symbol)
    if of is None:
        return rows.parsed()
    for bar in rows.read(result.rows, _Bar):
        start = instant(bar.start)
        end = None if start is None else start + step
        if metric is Metric.VOLUME:
            rows.total(metric, of, number(bar.turnover), end, step, step)
        else:
            rows.level(metric, of, per_coin(bar.close, of), end, step)
    return rows.parsed()
