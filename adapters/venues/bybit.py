"""Bybit's linear perpetuals: price, index, funding, open interest, volumes, long/short of all accounts, liquidations.

Sizes are base coins, turnover is quote money at par, rates are fractions of the interval in the same row. Liquidations
are complete, pushed every 500 ms; they name the position's side and the bankruptcy price. Not offered: top traders,
takers. Inverse contracts are refused: there `openInterest` is US dollars.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from adapters.venues.base import Unavailable
from adapters.venues.wire import (
    DAY,
    FRESH,
    RATIO_FRESH,
    VOLUME_FRESH,
    Decimal,
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
    spot_volume,
)
from signals.model import Instrument, Liquidation, Metric, Side
from signals.units import canonical

NAME = "bybit"

METRICS = frozenset(
    {
        Metric.PRICE,
        Metric.INDEX,
        Metric.FUNDING,
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

_LINEAR, _SPOT = "linear", "spot"
_CRYPTO = frozenset({"", "innovation", "adventure"})
_SWAPPED_BASES = {"SHIB1000": "1000SHIB"}
_SIDES: Mapping[str, Side] = {"Buy": Side.LONG, "Sell": Side.SHORT}
"""The position that was closed, as documented for `allLiquidation`: the older `liquidation` topic is not read."""
_LIQUIDATIONS = "allLiquidation."


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
    opened = _open(body, _LINEAR)
    for ticker in rows.read(opened.result.rows, _Ticker):
        of = rows.listed(ticker.symbol)
        if of is not None:
            _ticker(rows, of, ticker, opened.at)
    return rows.parsed()


def parse_spot_volume(body: bytes, received: datetime, known: Known) -> Parsed:
    """24 h spot volume of each coin: its pairs against US dollars at par, and no others."""
    rows = Rows(NAME, received, known)
    opened = _open(body, _SPOT)
    pairs = rows.read(opened.result.rows, _Pair)
    spot_volume(rows, {pair.symbol: (number(pair.turnover24h), opened.at) for pair in pairs}, PAR, VOLUME_FRESH)
    return rows.parsed()


def parse_ls(body: bytes, received: datetime, known: Known) -> Parsed:
    """Long/short of all accounts, one row per step of five minutes."""
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
    paid = rows.read(_open(body, _LINEAR).result.rows, _Settled)
    settled(rows, [(row.symbol, row.funding_rate, row.funding_rate_timestamp) for row in paid])
    return rows.parsed()


def parse_open_interest(body: bytes, received: datetime, known: Known) -> Parsed:
    """Past open interest of one perpetual."""
    rows = Rows(NAME, received, known)
    result = _open(body, _LINEAR).result
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
    if not pushed.topic.startswith(_LIQUIDATIONS):
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
    return Listed(Instrument(NAME, contract.symbol, coin, multiplier, metrics), contract=multiplier, delists=delists)


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
    once, twice = in_coins(single, of), in_coins(both, of)
    if once is not None:
        return once
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
    result = _open(body, _LINEAR).result
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


ENDPOINTS = Endpoints("https://api.bybit.com", "https://api.bybit.com", "wss://stream.bybit.com/v5/public/linear")

BANNED_FOR = timedelta(minutes=10)
"""How long to be silent after "access too frequent"."""

_CHUNK = 50
"""Topics of one subscription: one bad topic may fail them all."""
_LONGEST_SUBSCRIPTION = 21_000
"""Characters of all topics of one connection."""
_HEARTBEAT = "tickers.BTCUSDT"
_PAGE = "1000"
_PAST_PAGE = "200"


def _used(headers: Mapping[str, str]) -> Mapping[str, int]:
    """Bybit tells what remains of an endpoint's own limit, which is not that of the address."""
    del headers
    return {}


def _ban(response: Response, now: datetime) -> datetime | None:
    """403 "access too frequent" is a ban of the address; other 403 are not."""
    frequent = response.status == 403 and b"too frequent" in response.body.lower()
    return now + BANNED_FOR if frequent else None


MANNERS = Manners(NAME, (Bucket("address", 600, timedelta(seconds=5)),), _used, _ban)


def _subscriptions(symbols: Sequence[str]) -> Sequence[Sequence[str]]:
    """Chunks of topics, on as many connections as their length needs; each carries the heartbeat."""
    connections: list[list[str]] = [[]]
    length = 0
    for start in range(0, len(symbols), _CHUNK):
        topics = [f"{_LIQUIDATIONS}{symbol}" for symbol in symbols[start : start + _CHUNK]]
        if length + sum(map(len, topics)) > _LONGEST_SUBSCRIPTION:
            connections.append([])
            length = 0
        length += sum(map(len, topics))
        connections[-1].append(_message("subscribe", topics))
    return [[_message("subscribe", [_HEARTBEAT]), *messages] for messages in connections]


def _message(op: str, topics: Sequence[str]) -> str:
    return msgspec.json.encode({"op": op, "args": topics}).decode()


def _is_heartbeat(frame: bytes) -> bool:
    """Whether it is data of the ticker that never rests; acknowledgements and pongs are none."""
    return _HEARTBEAT.encode() in frame[:200] and b'"topic"' in frame[:200]


_ADDRESS = Cost("address", 1)
INSTRUMENTS = Feed("instruments", frozenset(), timedelta(minutes=10), _ADDRESS, Scope.BULK)
PAST = Feed("past", frozenset(), timedelta(0), _ADDRESS, Scope.EACH)
TICKERS = Feed(
    "tickers",
    frozenset({Metric.PRICE, Metric.INDEX, Metric.FUNDING, Metric.OI_LEVEL, Metric.VOLUME_24H}),
    timedelta(seconds=10),
    _ADDRESS,
    Scope.BULK,
)
SPOT = Feed("volume.spot", frozenset({Metric.VOLUME_SPOT_24H}), timedelta(seconds=30), _ADDRESS, Scope.BULK)
LS = Feed(
    "ls",
    frozenset({Metric.LS}),
    timedelta(minutes=5),
    _ADDRESS,
    Scope.EACH,
    after=timedelta(seconds=20),
    pace=10.0,
)


@dataclass(frozen=True, slots=True)
class _Call:
    """How a feed is asked and read."""

    path: str
    params: Mapping[str, str]
    parse: Callable[[bytes, datetime, Known], Parsed]


_CALLS: Mapping[str, _Call] = {
    TICKERS.name: _Call("tickers", {"category": _LINEAR}, parse_tickers),
    SPOT.name: _Call("tickers", {"category": _SPOT}, parse_spot_volume),
    LS.name: _Call("account-ratio", {"category": _LINEAR, "period": "5min", "limit": "1"}, parse_ls),
}


_PAST_STEPS = {
    timedelta(minutes=1): "1",
    timedelta(minutes=5): "5",
    timedelta(hours=1): "60",
    timedelta(hours=4): "240",
    timedelta(days=1): "D",
}
_PAST_STATISTICS = {
    timedelta(minutes=5): "5min",
    timedelta(minutes=15): "15min",
    timedelta(hours=1): "1h",
    timedelta(hours=4): "4h",
    timedelta(days=1): "1d",
}
"""How bars of klines and steps of statistics are asked for."""


@dataclass(frozen=True, slots=True)
class _Past:
    """How the past of a metric is asked and read: so many rows a call, of `step` unless it is always another."""

    path: str
    params: Callable[[Span, timedelta], Mapping[str, str]]
    parse: Callable[[bytes, datetime, Known, timedelta], Parsed]
    rows: int
    step: timedelta | None = None
    overlap: timedelta = timedelta(0)
    steps: frozenset[timedelta] = frozenset(_PAST_STEPS)


def _bars(page: Span, step: timedelta) -> Mapping[str, str]:
    """Bars are named by their starts; the last one that is wanted ends with the page."""
    end = page.end - step
    return {"interval": _PAST_STEPS[step], "start": _ms(page.start), "end": _ms(end), "limit": "1000"}


def _statistics(name: str, limit: int) -> Callable[[Span, timedelta], Mapping[str, str]]:
    return lambda page, step: {
        name: _PAST_STATISTICS[step], "startTime": _ms(page.start), "endTime": _ms(page.end), "limit": str(limit)
    }  # fmt: skip


def _paid(page: Span, step: timedelta) -> Mapping[str, str]:
    del step
    return {"startTime": _ms(page.start), "endTime": _ms(page.end), "limit": "200"}


def _ms(at: datetime) -> str:
    return str(to_ms(at))


_PASTS: Mapping[Metric, _Past] = {
    Metric.PRICE: _Past("mark-price-kline", _bars, partial(parse_klines, metric=Metric.PRICE), 1000),
    Metric.INDEX: _Past("index-price-kline", _bars, partial(parse_klines, metric=Metric.INDEX), 1000),
    Metric.VOLUME: _Past("kline", _bars, partial(parse_klines, metric=Metric.VOLUME), 1000),
    Metric.OI_LEVEL: _Past(
        "open-interest",
        _statistics("intervalTime", 200),
        lambda body, received, known, _: parse_open_interest(body, received, known),
        200,
        steps=frozenset(_PAST_STATISTICS),
    ),
    Metric.LS: _Past(
        "account-ratio",
        _statistics("period", 500),
        lambda body, received, known, _: parse_ls(body, received, known),
        500,
        steps=frozenset(_PAST_STATISTICS),
    ),
    Metric.FUNDING_SETTLED: _Past(
        "funding/history",
        _paid,
        lambda body, received, known, _: parse_settled(body, received, known),
        150,
        step=timedelta(hours=1),
        overlap=timedelta(hours=16),
    ),
}
"""Funding is paid every hour at the most; two payments of eight hours before a page show the interval of its first."""


class Bybit:
    """Bybit over the network."""

    name = NAME
    label = Label.LIVE
    quality = Quality.SILVER
    feeds = (TICKERS, SPOT, LS)

    def __init__(self, wiring: Wiring) -> None:
        self.client = Client(MANNERS, wiring)

    async def instruments(self) -> Sequence[Instrument]:
        """The living perpetuals, over all pages of the list."""
        listed: list[Listed] = []
        cursor: str | None = ""
        while cursor is not None:
            params = {"category": _LINEAR, "limit": _PAGE} | ({"cursor": cursor} if cursor else {})
            answer = await self.client.ask(INSTRUMENTS, self._request("instruments-info", params))
            listed += parse_instruments(answer.body, answer.received).listed
            cursor = parse_cursor(answer.body)
        return await self.client.enroll(listed)

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        """The feed's values now; one that is asked for each instrument is about the first of `of`."""
        call = _CALLS[feed.name]
        params = {**call.params, "symbol": of[0].symbol} if feed.scope is Scope.EACH else call.params
        answer = await self.client.ask(feed, self._request(call.path, params))
        return self.client.batch(feed, answer, call.parse(answer.body, answer.received, self.client.roster.known))

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        """All forced closes of the known perpetuals."""
        del of
        return self.client.stream(CHANNEL)

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        """Mark prices and volumes of bars, open interest, ratios and paid funding, since the perpetual was listed."""
        past = _PASTS.get(metric)
        if past is None or (past.step is None and step not in past.steps):
            return Silence()

        async def look_up(page: Span) -> Parsed:
            params = {"category": _LINEAR, "symbol": instrument.symbol, **past.params(page, step)}
            answer = await self.client.look_up(PAST, self._request(past.path, params))
            return past.parse(answer.body, answer.received, self.client.roster.known, step)

        return read(span, past.rows * (past.step or step), look_up, past.overlap)

    def _request(self, path: str, params: Mapping[str, str]) -> Request:
        return Request(f"{self.client.endpoints.rest}/v5/market/{path}", params)
