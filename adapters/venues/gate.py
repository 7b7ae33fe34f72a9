"""What Gate writes about its USDT perpetuals, as observations.

It offers mark and index price, funding, open interest, volume, spot volume, long/short ratios of accounts, top accounts
and top positions, and liquidations. Taker volume it gives as a bare ratio of buys to sells, which cannot be added to
that of other venues, so it is not read.

Units: sizes count contracts of `quanto_multiplier` coins; intervals and funding times are seconds. Prices and rates
carry no time: theirs is when they were received. `position_size` is all long positions: one-sided. Since 2026-08-20
the liquidation stream shows all closes. What the sign of their `size` means is not documented: see `Sign`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

import msgspec

from adapters.venues.calibration import Close, Sign
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

NAME = "gate"

QUOTE = "_USDT"
"""How the names of perpetuals and of their spot pairs end."""

NOT_COINS = frozenset({"stocks", "metals", "indices", "forex", "commodities"})
"""Contract types that follow no coin; which type coins carry is not documented."""

OFFERED = frozenset(
    {
        Metric.PRICE,
        Metric.INDEX,
        Metric.FUNDING,
        Metric.FUNDING_SETTLED,
        Metric.OI_LEVEL,
        Metric.VOLUME_24H,
        Metric.VOLUME_SPOT_24H,
        Metric.LS,
        Metric.LS_TOP,
        Metric.LS_POS,
    }
)
RATIOS = (Metric.LS, Metric.LS_TOP, Metric.LS_POS)
SIDED = frozenset({Metric.LIQ_LONG, Metric.LIQ_SHORT})
"""What is offered only while the sides of closes are known: a stream without sides must not look like a calm one."""


class _Contract(msgspec.Struct):
    name: str
    type: str = ""
    quanto_multiplier: Decimal = None
    mark_price: Decimal = None
    index_price: Decimal = None
    funding_rate: Decimal = None
    funding_interval: Decimal = None
    funding_next_apply: Decimal = None
    position_size: Decimal = None
    in_delisting: bool = False
    delisting_time: Decimal = None
    status: str = ""
    contract_type: str = ""


class _Ticker(msgspec.Struct):
    contract: str
    volume_24h_quote: Decimal = None


class _Spot(msgspec.Struct):
    currency_pair: str
    quote_volume: Decimal = None


class _Stats(msgspec.Struct):
    time: Decimal = None
    lsr_account: Decimal = None
    top_lsr_account: Decimal = None
    top_lsr_size: Decimal = None
    long_users: Decimal = None
    short_users: Decimal = None
    open_interest: Decimal = None


class _Paid(msgspec.Struct):
    t: Decimal = None
    r: Decimal = None


class _Order(msgspec.Struct):
    contract: str
    time: Decimal = None
    size: Decimal = None
    order_size: Decimal = None


class _Candle(msgspec.Struct):
    t: Decimal = None
    c: Decimal = None
    sum: Decimal = None


class _Frame(msgspec.Struct):
    type: str = ""
    channel: str = ""
    event: str = ""
    error: msgspec.Raw = msgspec.Raw(b"null")
    result: msgspec.Raw = msgspec.Raw(b"[]")


class _Closed(msgspec.Struct):
    contract: str
    size: Decimal = None
    price: Decimal = None
    time: Decimal = None


def parse_instruments(body: bytes, received: datetime, sign: Sign = Sign.UNKNOWN) -> ParsedInstruments:
    """The living crypto perpetuals of `/futures/usdt/contracts`; with liquidations where their sides can be told."""
    rows = Rows(NAME, received, {})
    metrics = OFFERED if sign is Sign.UNKNOWN else OFFERED | SIDED
    found = (_listed(each, rows, metrics) for each in rows.read(_list(body), _Contract) if _is_watched(each))
    return ParsedInstruments(tuple(of for of in found if of is not None), tuple(rows.rejected))


def rows_in(body: bytes) -> int:
    """How many rows a list has, whatever they are."""
    return len(_list(body))


def parse_contracts(body: bytes, received: datetime, known: Known) -> Parsed:
    """Prices, the running funding rate and open interest of `/futures/usdt/contracts`."""
    rows = Rows(NAME, received, known)
    for each in rows.read(_list(body), _Contract):
        if (of := rows.listed(each.name)) is None:
            continue
        rows.level(Metric.PRICE, of, per_coin(each.mark_price, of), received, FRESH)
        rows.level(Metric.INDEX, of, per_coin(each.index_price, of), received, FRESH)
        rows.level(Metric.OI_LEVEL, of, in_coins(each.position_size, of), received, FRESH)
        due, rate = instant(each.funding_next_apply), number(each.funding_rate)
        rows.rate(Metric.FUNDING, of, rate, _hours(each.funding_interval), received, due, FRESH)
    return rows.parsed()


def parse_volume(body: bytes, received: datetime, known: Known) -> Parsed:
    """Volume of 24 h of `/futures/usdt/tickers`, in US dollars."""
    rows = Rows(NAME, received, known)
    for ticker in rows.read(_list(body), _Ticker):
        if (of := rows.listed(ticker.contract)) is not None:
            rows.total(Metric.VOLUME_24H, of, number(ticker.volume_24h_quote), received, DAY, VOLUME_FRESH)
    return rows.parsed()


def parse_spot_volume(body: bytes, received: datetime, known: Known) -> Parsed:
    """Volume of 24 h of `/spot/tickers`, of the pair of each perpetual's coin against USDT."""
    rows = Rows(NAME, received, known)
    pairs = {pair.currency_pair: pair for pair in rows.read(_list(body), _Spot)}
    spot_volume(rows, pairs, lambda pair: (number(pair.quote_volume), received), (QUOTE,), VOLUME_FRESH)
    return rows.parsed()


def parse_long_short(body: bytes, received: datetime, of: Listed) -> Parsed:
    """The three long/short ratios of `/futures/usdt/contract_stats` for one contract.

    That of accounts is counted anew from the accounts where they are told.
    """
    rows = Rows(NAME, received, {of.instrument.symbol: of})
    for stats in rows.read(_list(body), _Stats):
        for metric in RATIOS:
            rows.level(metric, of, _stat(stats, of, metric), instant(stats.time), RATIO_FRESH)
    return rows.parsed()


def parse_stats(body: bytes, received: datetime, of: Listed, metric: Metric, step: timedelta) -> Parsed:
    """Past open interest or one of the ratios, of steps that are over; whether `time` starts them is not documented.

    It is taken as if it did, so that the past is never known earlier than the present was.
    """
    symbol = of.instrument.symbol
    rows = Rows(NAME, received, {symbol: of})
    for stats in rows.read(_list(body), _Stats):
        end = rows.ended(symbol, stats.time, step)
        if end is not None:
            rows.level(metric, of, _stat(stats, of, metric), end, step)
    return rows.parsed()


def parse_candles(body: bytes, received: datetime, of: Listed, metric: Metric, step: timedelta) -> Parsed:
    """Bars of `/futures/usdt/candlesticks` that are over: the last price of each, or what was traded in dollars."""
    symbol = of.instrument.symbol
    rows = Rows(NAME, received, {symbol: of})
    for candle in rows.read(_list(body), _Candle):
        end = rows.ended(symbol, candle.t, step)
        if end is not None and metric is Metric.VOLUME:
            rows.total(metric, of, number(candle.sum), end, step, step)
        elif end is not None:
            rows.level(metric, of, per_coin(candle.c, of), end, step)
    return rows.parsed()


def parse_settled(body: bytes, received: datetime, of: Listed) -> Parsed:
    """Rates really paid of `/futures/usdt/funding_rate` for one contract."""
    rows = Rows(NAME, received, {of.instrument.symbol: of})
    settled(rows, [(of.instrument.symbol, paid.r, paid.t) for paid in rows.read(_list(body), _Paid)])
    return rows.parsed()


def parse_liquidations(frame: bytes, received: datetime, known: Known, sign: Sign = Sign.UNKNOWN) -> ParsedLiquidations:
    """The forced closes of one frame of channel `futures.public_liquidates`; other frames hold none.

    While the sign is unknown every close is refused for want of a side.
    """
    rows = Rows(NAME, received, known)
    closed: list[Liquidation] = []
    for each in rows.read(_closed(frame), _Closed):
        if (of := rows.listed(each.contract)) is not None:
            done = _liquidation(rows, of, each, sign)
            closed += [done] if done is not None else []
    return ParsedLiquidations(tuple(closed), tuple(rows.rejected))


def parse_unsided(frame: bytes) -> Sequence[Close]:
    """The closes of one frame as they are, with a sign of which nobody says what it means."""
    found = (row(raw, _Closed) for raw in _closed(frame))
    told = ((each.contract, number(each.size), instant(each.time)) for each in found if each is not None)
    return [Close(contract, size, at) for contract, size, at in told if size and at is not None]


def parse_orders(body: bytes) -> Sequence[Close]:
    """The closes of `/futures/usdt/liq_orders` by their positions; those whose order has the same sign say nothing."""
    found = (row(raw, _Order) for raw in _list(body))
    told = [
        (each.contract, number(each.size), number(each.order_size), instant(each.time))
        for each in found
        if each is not None
    ]
    return [
        Close(contract, size, at) for contract, size, order, at in told if size and order and at and size * order < 0
    ]


def is_heartbeat(frame: bytes) -> bool:
    """Whether it brings numbers of a ticker; acknowledgements and pongs prove nothing."""
    pushed = row(msgspec.Raw(frame), _Frame)
    if pushed is None or (pushed.channel, pushed.event) != ("futures.tickers", "update"):
        return False
    return bool(row(pushed.result, list[msgspec.Raw]))


def is_going(frame: bytes) -> bool:
    """Whether it announces that the connection will be closed for an upgrade."""
    pushed = row(msgspec.Raw(frame), _Frame)
    return pushed is not None and pushed.type == "upgrade"


def is_refusal(frame: bytes) -> bool:
    """Whether a subscription was refused."""
    pushed = row(msgspec.Raw(frame), _Frame)
    return pushed is not None and pushed.event == "subscribe" and bytes(pushed.error) != b"null"


def _list(body: bytes) -> Sequence[msgspec.Raw]:
    return envelope(body, list[msgspec.Raw], NAME)


def _is_watched(each: _Contract) -> bool:
    """Whether it is a living perpetual on a coin."""
    return (
        each.name.removesuffix(QUOTE) not in {"", each.name}
        and each.type == "direct"
        and each.status == "trading"
        and not each.in_delisting
        and each.contract_type not in NOT_COINS
    )


def _listed(each: _Contract, rows: Rows, metrics: frozenset[Metric]) -> Listed | None:
    coin, multiplier = canonical(NAME, each.name.removesuffix(QUOTE))
    size = number(each.quanto_multiplier)
    if size is None:
        rows.refuse(each.name, Reason.EMPTY)
    elif not 0 < size * multiplier < float("inf"):
        rows.refuse(each.name, Reason.OUT_OF_RANGE)
    else:
        return Listed(Instrument(NAME, each.name, coin, multiplier, metrics), size * multiplier)
    return None


def _stat(stats: _Stats, of: Listed, metric: Metric) -> float | None:
    match metric:
        case Metric.OI_LEVEL:
            return in_coins(stats.open_interest, of)
        case Metric.LS:
            return share_ratio(stats.long_users, stats.short_users) or number(stats.lsr_account)
        case Metric.LS_TOP:
            return number(stats.top_lsr_account)
        case _:
            return number(stats.top_lsr_size)


def _hours(seconds: Decimal) -> float | None:
    interval = number(seconds)
    return None if interval is None else interval / 3600


def _closed(frame: bytes) -> Sequence[msgspec.Raw]:
    """The rows of a push, which come as a list or, until 2026-08, as one bare row."""
    pushed = envelope(frame, _Frame, NAME)
    if (pushed.channel, pushed.event) != ("futures.public_liquidates", "update"):
        return []
    several = row(pushed.result, list[msgspec.Raw])
    return [pushed.result] if several is None else several


def _liquidation(rows: Rows, of: Listed, each: _Closed, sign: Sign) -> Liquidation | None:
    coins = in_coins(each.size, of)
    side = None if coins is None else _side(coins, sign)
    size = None if coins is None else abs(coins)
    return liquidation(rows, of, side, (size, per_coin(each.price, of)), instant(each.time), sampled=False)


def _side(signed: float, sign: Sign) -> Side | None:
    match sign:
        case Sign.UNKNOWN:
            return None
        case Sign.ORDER:
            return Side.LONG if signed < 0 else Side.SHORT
        case Sign.POSITION:
            return Side.SHORT if signed < 0 else Side.LONG
        case _ as never:
            assert_never(never)
