"""Bitget's USDT perpetuals: price, index, funding, open interest, volumes, long/short of top traders, liquidations.

Sizes are base coins (`sizeMultiplier` is a step of order sizes, no contract size), volumes are US dollars, rates are
fractions of the interval in the same row. Liquidations are sampled: of each pair and second only the largest long and
the largest short, by the side of the position, in quote money. Not offered: long/short of all accounts; takers, since
the vendor does not say what their volumes count.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from adapters.venues.base import Unavailable
from adapters.venues.shapes import Decimal, row
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

NAME = "bitget"

METRICS = frozenset(
    {
        Metric.PRICE,
        Metric.INDEX,
        Metric.FUNDING,
        Metric.FUNDING_SETTLED,
        Metric.OI_LEVEL,
        Metric.VOLUME_24H,
        Metric.VOLUME_SPOT_24H,
        Metric.LS_TOP,
        Metric.LS_POS,
        Metric.LIQ_LONG,
        Metric.LIQ_SHORT,
    }
)

QUOTE = "USDT"
PAR = ("USDT", "USDC")
"""Quotes that are taken as US dollars."""

_SUCCESS = "00000"
_NO = frozenset({"no", "false"})
"""How a contract says that it is not on a stock or another asset of the real world."""
_PONG = b"pong"
_SIDES: Mapping[str, Side] = {"buy": Side.LONG, "sell": Side.SHORT}
"""The position that was closed."""
_LIQUIDATIONS = ("usdt-futures", "liquidation")
_TICKER = "ticker"


class _Answer(msgspec.Struct, rename="camel"):
    code: str
    data: list[msgspec.Raw] | None = None
    request_time: Decimal = None


class _Contract(msgspec.Struct, rename="camel"):
    symbol: str
    base_coin: str
    quote_coin: str
    symbol_type: str
    symbol_status: str
    off_time: Decimal = None
    is_rwa: str | bool | None = None


class _Ticker(msgspec.Struct, rename="camel"):
    symbol: str
    mark_price: Decimal = None
    index_price: Decimal = None
    holding_amount: Decimal = None
    usdt_volume: Decimal = None
    ts: Decimal = None


class _Rate(msgspec.Struct, rename="camel"):
    symbol: str
    funding_rate: Decimal = None
    funding_rate_interval: Decimal = None
    next_update: Decimal = None
    min_funding_rate: Decimal = None
    max_funding_rate: Decimal = None


class _Pair(msgspec.Struct, rename="camel"):
    symbol: str
    usdt_volume: Decimal = None
    ts: Decimal = None


class _Accounts(msgspec.Struct, rename="camel"):
    longs: Decimal = msgspec.field(name="longAccountRatio", default=None)
    shorts: Decimal = msgspec.field(name="shortAccountRatio", default=None)
    ts: Decimal = None


class _Positions(msgspec.Struct, rename="camel"):
    longs: Decimal = msgspec.field(name="longPositionRatio", default=None)
    shorts: Decimal = msgspec.field(name="shortPositionRatio", default=None)
    ts: Decimal = None


class _Settled(msgspec.Struct, rename="camel"):
    symbol: str
    funding_rate: Decimal = None
    funding_time: Decimal = None


class _Candle(msgspec.Struct, array_like=True):
    """The start of a bar, its prices, and what was traded in coins and in quote money."""

    start: Decimal
    open: Decimal = None
    high: Decimal = None
    low: Decimal = None
    close: Decimal = None
    volume: Decimal = None
    turnover: Decimal = None


class _Channel(msgspec.Struct, rename="camel"):
    inst_type: str = ""
    topic: str = ""


class _Frame(msgspec.Struct):
    event: str = ""
    action: str = ""
    arg: _Channel = msgspec.field(default_factory=_Channel)
    data: msgspec.Raw = msgspec.Raw(b"[]")


class _Closed(msgspec.Struct):
    symbol: str
    side: str = ""
    price: Decimal = None
    amount: Decimal = None
    ts: Decimal = None


def parse_instruments(body: bytes, received: datetime) -> ParsedInstruments:
    """The list of contracts: crypto perpetuals that trade now, settled in USDT."""
    rows = Rows(NAME, received, {})
    contracts = rows.read(_open(body)[0], _Contract)
    listed = [_listed(rows, contract) for contract in contracts if _is_ours(contract)]
    return ParsedInstruments(tuple(of for of in listed if of is not None), tuple(rows.rejected))


def parse_tickers(body: bytes, received: datetime, known: Known) -> Parsed:
    """Prices, open interest and 24 h volume of all perpetuals, each as of its row's own time."""
    rows = Rows(NAME, received, known)
    for ticker in rows.read(_open(body)[0], _Ticker):
        of = rows.listed(ticker.symbol)
        if of is not None:
            _ticker(rows, of, ticker)
    return rows.parsed()


def parse_funding(body: bytes, received: datetime, known: Known) -> Parsed:
    """The running rates of all perpetuals, as of the answer's time."""
    rows = Rows(NAME, received, known)
    raws, at = _open(body)
    for seen in rows.read(raws, _Rate):
        of = rows.listed(seen.symbol)
        if of is not None:
            _funding(rows, of, seen, at)
    return rows.parsed()


def parse_spot_volume(body: bytes, received: datetime, known: Known) -> Parsed:
    """24 h spot volume of each coin: its pairs against US dollars at par, and no others."""
    rows = Rows(NAME, received, known)
    pairs = {pair.symbol: pair for pair in rows.read(_open(body)[0], _Pair)}
    spot_volume(rows, pairs, lambda pair: (number(pair.usdt_volume), instant(pair.ts)), PAR, VOLUME_FRESH)
    return rows.parsed()


def parse_ls_top(body: bytes, received: datetime, known: Known, symbol: str) -> Parsed:
    """Long/short of top accounts of the perpetual that was asked about; rows do not name it.

    The vendor's Chinese text says large holders, its English text active accounts: never merged with other venues.
    """
    return _newest(Metric.LS_TOP, _Accounts, body, received, known, symbol)


def parse_ls_pos(body: bytes, received: datetime, known: Known, symbol: str) -> Parsed:
    """Long/short of top positions of the perpetual that was asked about; rows do not name it."""
    return _newest(Metric.LS_POS, _Positions, body, received, known, symbol)


def parse_settled(body: bytes, received: datetime, known: Known, *older: bytes) -> Parsed:
    """Funding that was paid, of one page and those before it; it takes three in a row to know their interval."""
    rows = Rows(NAME, received, known)
    paid = [each for page in (body, *older) for each in rows.read(_open(page)[0], _Settled)]
    settled(rows, [(each.symbol, each.funding_rate, each.funding_time) for each in paid])
    return rows.parsed()


def oldest_paid(body: bytes, full: int) -> datetime | None:
    """The oldest payment of a page of so many rows; None where there is no page before it."""
    raws = _open(body)[0]
    paid = [each for raw in raws if (each := row(raw, _Settled)) is not None]
    times = [at for each in paid if (at := instant(each.funding_time)) is not None]
    return min(times, default=None) if len(raws) >= full else None


def parse_candles(
    body: bytes, received: datetime, known: Known, symbol: str, metric: Metric, step: timedelta
) -> Parsed:
    """Bars that are over of the perpetual that was asked about: their last price, or what was traded in dollars."""
    rows = Rows(NAME, received, known)
    of = rows.listed(symbol)
    if of is None:
        return rows.parsed()
    for candle in rows.read(_open(body)[0], _Candle):
        end = rows.ended(symbol, candle.start, step)
        if end is not None and metric is Metric.VOLUME:
            rows.total(metric, of, number(candle.turnover), end, step, step)
        elif end is not None:
            rows.level(metric, of, per_coin(candle.close, of), end, step)
    return rows.parsed()


def parse_liquidations(frame: bytes, received: datetime, known: Known) -> ParsedLiquidations:
    """The forced closes of one frame, a sample; acknowledgements, heartbeats and other channels hold none."""
    rows = Rows(NAME, received, known)
    if frame.strip() == _PONG:
        return ParsedLiquidations((), ())
    pushed = envelope(frame, _Frame, NAME)
    if (pushed.arg.inst_type.lower(), pushed.arg.topic) != _LIQUIDATIONS:
        return ParsedLiquidations((), ())
    closed = [_closed(rows, seen) for seen in rows.read(envelope(bytes(pushed.data), list[msgspec.Raw], NAME), _Closed)]
    return ParsedLiquidations(tuple(one for one in closed if one is not None), tuple(rows.rejected))


def is_heartbeat(frame: bytes) -> bool:
    """Whether it brings numbers of a ticker; acknowledgements and pongs prove nothing."""
    pushed = row(msgspec.Raw(frame), _Frame)
    if pushed is None or pushed.arg.topic != _TICKER or not pushed.action:
        return False
    return bool(row(pushed.data, list[msgspec.Raw]))


def is_refusal(frame: bytes) -> bool:
    """Whether a subscription was refused."""
    pushed = row(msgspec.Raw(frame), _Frame)
    return pushed is not None and pushed.event == "error"


def _open(body: bytes) -> tuple[list[msgspec.Raw], datetime | None]:
    """The rows of an answer and its time; one that failed is refused whole."""
    answer = envelope(body, _Answer, NAME)
    if answer.code != _SUCCESS:
        raise Unavailable(f"{NAME} refused with code {answer.code}")
    if answer.data is None:
        raise Unavailable(f"{NAME} answered without data")
    return answer.data, instant(answer.request_time)


def _is_ours(contract: _Contract) -> bool:
    return (
        contract.symbol_type == "perpetual"
        and contract.symbol_status == "normal"
        and contract.quote_coin == QUOTE
        and str(contract.is_rwa or "no").lower() in _NO
    )


def _listed(rows: Rows, contract: _Contract) -> Listed | None:
    """The instrument; None where it has no name, or its end has come."""
    delists = instant(contract.off_time)
    if not contract.symbol or not contract.base_coin:
        rows.refuse(contract.symbol, Reason.EMPTY)
        return None
    if delists is not None and delists <= rows.received:
        return None
    coin, multiplier = canonical(NAME, contract.base_coin)
    return Listed(Instrument(NAME, contract.symbol, coin, multiplier, METRICS), contract=multiplier, delists=delists)


def _ticker(rows: Rows, of: Listed, ticker: _Ticker) -> None:
    at = instant(ticker.ts)
    rows.level(Metric.PRICE, of, per_coin(ticker.mark_price, of), at, FRESH)
    rows.level(Metric.INDEX, of, per_coin(ticker.index_price, of), at, FRESH)
    rows.level(Metric.OI_LEVEL, of, in_coins(ticker.holding_amount, of), at, FRESH)
    rows.total(Metric.VOLUME_24H, of, number(ticker.usdt_volume), at, DAY, VOLUME_FRESH)


def _funding(rows: Rows, of: Listed, seen: _Rate, at: datetime | None) -> None:
    """The running rate; without a time at which it is due there is none."""
    rate, due = number(seen.funding_rate), instant(seen.next_update)
    least, most = number(seen.min_funding_rate), number(seen.max_funding_rate)
    if rate is not None and due is None:
        rows.refuse(of.instrument.symbol, Reason.NO_TIME)
    elif rate is not None and ((least is not None and rate < least) or (most is not None and rate > most)):
        rows.refuse(of.instrument.symbol, Reason.OUT_OF_RANGE)
    else:
        rows.rate(Metric.FUNDING, of, rate, number(seen.funding_rate_interval), at, due, FRESH)


def _newest(
    metric: Metric, shape: type[_Accounts | _Positions], body: bytes, received: datetime, known: Known, symbol: str
) -> Parsed:
    """The ratio of the newest row, divided here: the vendor's own ratio has been seen a hundred times too small."""
    rows = Rows(NAME, received, known)
    of = rows.listed(symbol)
    seen = [(instant(each.ts), each) for each in rows.read(_open(body)[0], shape)]
    timed = [(at, each) for at, each in seen if at is not None]
    if of is not None and timed:
        at, newest = max(timed, key=lambda pair: pair[0])
        rows.level(metric, of, share_ratio(newest.longs, newest.shorts), at, RATIO_FRESH)
    elif of is not None and seen:
        rows.refuse(symbol, Reason.NO_TIME)
    return rows.parsed()


def _closed(rows: Rows, seen: _Closed) -> Liquidation | None:
    """One forced close; `amount` is quote money, so its coins are amount / price per coin."""
    of = rows.listed(seen.symbol)
    if of is None:
        return None
    price, money = per_coin(seen.price, of), number(seen.amount)
    coins = money / price if money is not None and price else None
    return liquidation(rows, of, _SIDES.get(seen.side), (coins, price), instant(seen.ts), sampled=True)
