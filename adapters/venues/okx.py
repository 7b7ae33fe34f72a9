"""What OKX writes about its perpetuals (it calls them SWAP), as observations.

It offers mark and index price, the forecast funding rate beside the last one paid, open interest, volume, spot volume,
long/short ratios of accounts, top accounts and top positions, and liquidations. Taker volumes it tells in steps of five
minutes, which bars of a minute cannot hold, so they are not read.

Units: `oi`, `sz` and `vol24h` count contracts. `oiCcy` and `volCcy24h` are coins on perpetuals, yet on spot `volCcy24h`
is money. Open interest is taken as one-sided. The liquidation stream does not represent the total: it is sampled.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

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
    hours_between,
    instant,
    liquidation,
    number,
    per_coin,
    product,
)
from signals.model import Instrument, Liquidation, Metric, Side
from signals.units import canonical

NAME = "okx"

AT_PAR = frozenset({"USDT", "USDC", "USD1", "FDUSD", "USD"})
"""Money taken as US dollars."""

MAIN_QUOTE = "USDT"
"""The one quote whose indices are asked, and whose perpetuals carry the spot volume of their coin."""

SPOT = ("-USDT", "-USDC")
"""Spot pairs that count; those against dollars may share their book with those against USDC."""

CRYPTO = frozenset({"", "1"})
"""Instrument categories that are coins; it was not always stated."""

OI_TOLERANCE = 0.01
"""How far contracts times their size may be from the stated coins."""

OFFERED = frozenset(
    {
        Metric.PRICE,
        Metric.FUNDING,
        Metric.FUNDING_SETTLED,
        Metric.OI_LEVEL,
        Metric.VOLUME_24H,
        Metric.LS,
        Metric.LS_TOP,
        Metric.LS_POS,
        Metric.LIQ_LONG,
        Metric.LIQ_SHORT,
    }
)
_OF_MAIN_QUOTE = frozenset({Metric.INDEX, Metric.VOLUME_SPOT_24H})
_PERPETUAL = "SWAP"
_PONG = b"pong"
_CLOSED_BY: Mapping[tuple[str, str], Side] = {
    ("long", "sell"): Side.LONG,
    ("short", "buy"): Side.SHORT,
    ("net", "sell"): Side.LONG,
    ("net", "buy"): Side.SHORT,
}
"""The position behind its own side and the side of the order that closed it; a pair that contradicts itself is none."""


class _Answer(msgspec.Struct):
    code: str
    msg: str = ""
    data: list[msgspec.Raw] | None = None


class _Instrument(msgspec.Struct, rename="camel"):
    inst_type: str
    inst_id: str
    settle_ccy: str
    ct_val_ccy: str
    ct_type: str
    state: str
    rule_type: str
    ct_val: Decimal = None
    ct_mult: Decimal = None
    exp_time: Decimal = None
    inst_category: str = ""


class _Mark(msgspec.Struct, rename="camel"):
    inst_id: str
    mark_px: Decimal = None
    ts: Decimal = None


class _Index(msgspec.Struct, rename="camel"):
    inst_id: str
    idx_px: Decimal = None
    ts: Decimal = None


class _Funding(msgspec.Struct, rename="camel"):
    inst_id: str
    inst_type: str = _PERPETUAL
    funding_rate: Decimal = None
    funding_time: Decimal = None
    next_funding_time: Decimal = None
    min_funding_rate: Decimal = None
    max_funding_rate: Decimal = None
    sett_state: str = ""
    sett_funding_rate: Decimal = None
    ts: Decimal = None


class _OpenInterest(msgspec.Struct, rename="camel"):
    inst_id: str
    oi: Decimal = None
    oi_ccy: Decimal = None
    ts: Decimal = None


class _Ticker(msgspec.Struct, rename="camel"):
    inst_type: str
    inst_id: str
    last: Decimal = None
    vol_ccy: Decimal = msgspec.field(name="volCcy24h", default=None)
    ts: Decimal = None


class _Ratio(msgspec.Struct, array_like=True):
    ts: Decimal
    ratio: Decimal


class _Channel(msgspec.Struct):
    channel: str = ""


class _Frame(msgspec.Struct):
    arg: _Channel = msgspec.field(default_factory=_Channel)
    data: msgspec.Raw = msgspec.Raw(b"[]")


class _Closed(msgspec.Struct, rename="camel"):
    inst_id: str
    details: list[msgspec.Raw]


class _Detail(msgspec.Struct, rename="camel"):
    side: str = ""
    pos_side: str = ""
    sz: Decimal = None
    bk_px: Decimal = None
    ts: Decimal = None


def parse_instruments(body: bytes, received: datetime) -> ParsedInstruments:
    """The living crypto perpetuals of `/public/instruments?instType=SWAP`, linear and inverse."""
    rows = Rows(NAME, received, {})
    found = (_listed(each, rows) for each in rows.read(data_of(body), _Instrument) if _is_watched(each))
    return ParsedInstruments(tuple(of for of in found if of is not None), tuple(rows.rejected))


def parse_mark(body: bytes, received: datetime, known: Known) -> Parsed:
    """Mark prices of `/public/mark-price?instType=SWAP`."""
    rows = Rows(NAME, received, known)
    for mark in rows.read(data_of(body), _Mark):
        if (of := rows.listed(mark.inst_id)) is not None:
            rows.level(Metric.PRICE, of, per_coin(mark.mark_px, of), instant(mark.ts), FRESH)
    return rows.parsed()


def parse_index(body: bytes, received: datetime, known: Known) -> Parsed:
    """Index prices of `/market/index-tickers?quoteCcy=USDT`; indices without a perpetual are passed over."""
    rows = Rows(NAME, received, known)
    underlying = {symbol.removesuffix(f"-{_PERPETUAL}"): of for symbol, of in known.items()}
    for index in rows.read(data_of(body), _Index):
        if (of := underlying.get(index.inst_id)) is not None:
            rows.level(Metric.INDEX, of, per_coin(index.idx_px, of), instant(index.ts), FRESH)
    return rows.parsed()


def parse_funding(body: bytes, received: datetime, known: Known) -> Parsed:
    """Rates of `/public/funding-rate?instId=ANY`: the forecast due at `fundingTime`, and the last one paid.

    The hours to the funding after it are the interval. The paid rate is read at the present interval: just after a
    change of intervals only the history of paid rates is exact.
    """
    rows = Rows(NAME, received, known)
    for funding in rows.read(data_of(body), _Funding):
        if funding.inst_type == _PERPETUAL and (of := rows.listed(funding.inst_id)) is not None:
            _add_funding(rows, of, funding)
    return rows.parsed()


def parse_open_interest(body: bytes, received: datetime, known: Known) -> Parsed:
    """Open interest of `/public/open-interest?instType=SWAP`; refused where contracts and coins contradict."""
    rows = Rows(NAME, received, known)
    for interest in rows.read(data_of(body), _OpenInterest):
        if (of := rows.listed(interest.inst_id)) is None:
            continue
        coins = product(number(interest.oi_ccy), of.instrument.multiplier)
        if _contradict(coins, product(number(interest.oi), of.contract), of):
            rows.refuse(interest.inst_id, Reason.OUT_OF_RANGE)
        else:
            rows.level(Metric.OI_LEVEL, of, coins, instant(interest.ts), FRESH)
    return rows.parsed()


def parse_volume(body: bytes, received: datetime, known: Known) -> Parsed:
    """Volume of 24 h of `/market/tickers?instType=SWAP`: coins times the last price."""
    rows = Rows(NAME, received, known)
    for ticker in rows.read(data_of(body), _Ticker):
        if ticker.inst_type == _PERPETUAL and (of := rows.listed(ticker.inst_id)) is not None:
            traded = product(number(ticker.vol_ccy), number(ticker.last))
            rows.total(Metric.VOLUME_24H, of, traded, instant(ticker.ts), DAY, VOLUME_FRESH)
    return rows.parsed()


def parse_spot_volume(body: bytes, received: datetime, known: Known) -> Parsed:
    """Volume of 24 h of `/market/tickers?instType=SPOT`, of each coin's pairs against USDT and USDC."""
    rows = Rows(NAME, received, known)
    pairs = {each.inst_id: each for each in rows.read(data_of(body), _Ticker) if each.inst_type == "SPOT"}
    spot_volume(rows, pairs, lambda pair: (number(pair.vol_ccy), instant(pair.ts)), SPOT, VOLUME_FRESH)
    return rows.parsed()


def parse_ratio(body: bytes, received: datetime, of: Listed, metric: Metric) -> Parsed:
    """One of the long/short ratios of `/rubik/stat/contracts/...` for one instrument: rows of time and ratio."""
    rows = Rows(NAME, received, {of.instrument.symbol: of})
    for each in rows.read(data_of(body), _Ratio):
        rows.level(metric, of, number(each.ratio), instant(each.ts), RATIO_FRESH)
    return rows.parsed()


def parse_liquidations(frame: bytes, received: datetime, known: Known) -> ParsedLiquidations:
    """The forced closes of one frame of channel `liquidation-orders`; other frames hold none.

    The first frame of a connection repeats the recent past, which is for its reader to drop.
    """
    rows = Rows(NAME, received, known)
    closed: list[Liquidation] = []
    for each in rows.read(_closed(frame), _Closed):
        if (of := rows.listed(each.inst_id)) is not None:
            details = (_liquidation(rows, of, detail) for detail in rows.read(each.details, _Detail))
            closed += [done for done in details if done is not None]
    return ParsedLiquidations(tuple(closed), tuple(rows.rejected))


def data_of(body: bytes) -> Sequence[msgspec.Raw]:
    """The rows of an answer that succeeded."""
    answer = envelope(body, _Answer, NAME)
    if answer.code != "0" or answer.data is None:
        raise Unavailable(f"{NAME} answered with code {answer.code} and no data: {answer.msg}")
    return answer.data


def _is_watched(each: _Instrument) -> bool:
    """Whether it is a living perpetual on a coin, settled in dollars or against them."""
    in_dollars = each.settle_ccy in AT_PAR if each.ct_type == "linear" else each.ct_type == "inverse"
    return (
        each.inst_type == _PERPETUAL
        and each.state == "live"
        and each.rule_type == "normal"
        and each.inst_category in CRYPTO
        and in_dollars
    )


def _listed(each: _Instrument, rows: Rows) -> Listed | None:
    base, inverse = each.inst_id.partition("-")[0], each.ct_type == "inverse"
    coin, multiplier = canonical(NAME, base)
    contract = product(number(each.ct_val), number(each.ct_mult), 1.0 if inverse else multiplier)
    if not coin or each.ct_val_ccy != ("USD" if inverse else base):
        rows.refuse(each.inst_id, Reason.MALFORMED)
    elif contract is None:
        rows.refuse(each.inst_id, Reason.EMPTY)
    elif not 0 < contract < float("inf"):
        rows.refuse(each.inst_id, Reason.OUT_OF_RANGE)
    else:
        quote = _quote(each.inst_id)
        metrics = OFFERED | (_OF_MAIN_QUOTE if quote == MAIN_QUOTE else frozenset())
        money = "" if quote == MAIN_QUOTE else quote
        instrument = Instrument(NAME, each.inst_id, coin, multiplier, metrics, money=money)
        return Listed(instrument, contract, inverse, instant(each.exp_time))
    return None


def _quote(symbol: str) -> str:
    """What one of our own perpetuals is quoted in: USDT of BTC-USDT-SWAP."""
    return symbol.removesuffix(f"-{_PERPETUAL}").rpartition("-")[2]


def _add_funding(rows: Rows, of: Listed, funding: _Funding) -> None:
    at, due = instant(funding.ts), instant(funding.funding_time)
    hours = hours_between(due, instant(funding.next_funding_time))
    if _is_capped(number(funding.funding_rate), funding):
        rows.rate(Metric.FUNDING, of, number(funding.funding_rate), hours, at, due, FRESH)
    else:
        rows.refuse(funding.inst_id, Reason.OUT_OF_RANGE)
    if funding.sett_state == "settled" and (paid := number(funding.sett_funding_rate)) is not None:
        rows.rate(Metric.FUNDING_SETTLED, of, paid, hours, at, None, FRESH)


def _is_capped(rate: float | None, funding: _Funding) -> bool:
    """Whether the rate lies within what the venue states as possible; what is not stated is no limit."""
    least, most = number(funding.min_funding_rate), number(funding.max_funding_rate)
    return rate is None or ((least is None or rate >= least) and (most is None or rate <= most))


def _contradict(coins: float | None, of_contracts: float | None, of: Listed) -> bool:
    """Whether coins and contracts of a linear perpetual differ by more than a rounding."""
    if of.inverse or coins is None or of_contracts is None:
        return False
    return abs(of_contracts - coins) > OI_TOLERANCE * abs(coins)


def _closed(frame: bytes) -> Iterator[msgspec.Raw]:
    if frame == _PONG:
        return
    pushed = envelope(frame, _Frame, NAME)
    if pushed.arg.channel == "liquidation-orders":
        yield from envelope(pushed.data, list[msgspec.Raw], NAME)


def _liquidation(rows: Rows, of: Listed, detail: _Detail) -> Liquidation | None:
    """One close at its bankruptcy price; `sz` counts contracts, of dollars where inverse."""
    price = per_coin(detail.bk_px, of)
    size = product(number(detail.sz), of.contract)
    if of.inverse:
        size = size / price if size is not None and price is not None and price > 0 else None
    side = _CLOSED_BY.get((detail.pos_side, detail.side))
    return liquidation(rows, of, side, (size, price), instant(detail.ts), sampled=True)
