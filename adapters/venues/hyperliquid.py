"""What Hyperliquid writes about the perpetuals of its first dex, as observations.

It offers mark price, the oracle's price as index, funding, open interest, volume, and spot volume of the few coins that
trade there. It has no long/short ratios, no taker volume and no public stream of liquidations. Its other dexes list
mostly stocks under names that collide with coins, so they are not read.

Units: rates are per hour and paid at each full hour; sizes are coins, of thousands where the name begins with a lower
case k. Open interest is taken as one-sided, as reported. No context carries a time: theirs is when it was received.
Names and contexts are joined by position, so lists of different lengths are refused as a whole.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from adapters.venues.base import Unavailable
from adapters.venues.shapes import Decimal, reader
from adapters.venues.spot import spot_volume
from adapters.venues.wire import (
    DAY,
    FRESH,
    VOLUME_FRESH,
    Known,
    Listed,
    Parsed,
    ParsedInstruments,
    Reason,
    Rows,
    envelope,
    in_coins,
    instant,
    number,
    per_coin,
    product,
)
from signals.model import Instrument, Metric
from signals.units import canonical

NAME = "hyperliquid"

HOUR = timedelta(hours=1)
INTERVAL_H = 1.0
"""What one rate covers; no answer says so."""

SETTLED_FRESH = HOUR

QUOTE = "USDC"
SPOT_TOKENS: Mapping[str, tuple[str, str]] = {
    "BTC": ("UBTC", "Unit "),
    "ETH": ("UETH", "Unit "),
    "SOL": ("USOL", "Unit "),
    "HYPE": ("HYPE", "Hyperliquid"),
}
"""The spot token of each coin that has one, and how its full name begins: a name alone may be anybody's."""

OFFERED = frozenset(
    {Metric.PRICE, Metric.INDEX, Metric.FUNDING, Metric.FUNDING_SETTLED, Metric.OI_LEVEL, Metric.VOLUME_24H}
)


class _Name(msgspec.Struct, rename="camel"):
    name: str
    is_delisted: bool | None = None


class _Universe(msgspec.Struct):
    universe: list[msgspec.Raw]


class _Context(msgspec.Struct, rename="camel"):
    funding: Decimal = None
    open_interest: Decimal = None
    day_ntl_vlm: Decimal = None
    oracle_px: Decimal = None
    mark_px: Decimal = None


class _Token(msgspec.Struct, rename="camel"):
    name: str
    index: int
    full_name: str | None = None


class _Pair(msgspec.Struct):
    name: str
    tokens: tuple[int, int]


class _SpotMeta(msgspec.Struct):
    tokens: list[msgspec.Raw]
    universe: list[msgspec.Raw]


class _SpotContext(msgspec.Struct, rename="camel"):
    coin: str
    day_ntl_vlm: Decimal = None


class _Paid(msgspec.Struct, rename="camel"):
    coin: str
    funding_rate: Decimal = None
    time: Decimal = None


class _Candle(msgspec.Struct):
    symbol: str = msgspec.field(name="s")
    start: Decimal = msgspec.field(name="t", default=None)
    high: Decimal = msgspec.field(name="h", default=None)
    low: Decimal = msgspec.field(name="l", default=None)
    close: Decimal = msgspec.field(name="c", default=None)
    volume: Decimal = msgspec.field(name="v", default=None)


def parse_instruments(body: bytes, received: datetime) -> ParsedInstruments:
    """The living perpetuals of `metaAndAssetCtxs`."""
    rows = Rows(NAME, received, {})
    listed = [_listed(name) for name, _ in _joined(body, rows) if _is_watched(name)]
    return ParsedInstruments(tuple(listed), tuple(rows.rejected))


def parse_contexts(body: bytes, received: datetime, known: Known) -> Parsed:
    """Prices, funding, open interest and volume of `metaAndAssetCtxs`; what is delisted is passed over."""
    rows = Rows(NAME, received, known)
    read, due = reader(_Context), _next_hour(received)
    for name, raw in _joined(body, rows):
        if name.is_delisted or (of := rows.listed(name.name)) is None:
            continue
        context = read(raw)
        if context is None:
            rows.refuse(name.name, Reason.MALFORMED)
        else:
            _add(rows, of, context, due)
    return rows.parsed()


def parse_spot_volume(body: bytes, received: datetime, known: Known) -> Parsed:
    """Volume of 24 h of `spotMetaAndAssetCtxs`, of the pairs of our coins' tokens against USDC."""
    rows = Rows(NAME, received, known)
    meta, contexts = envelope(body, tuple[_SpotMeta, list[msgspec.Raw]], NAME)
    pairs = _spot_pairs(meta, rows)
    ours = {pairs[each.coin]: each for each in rows.read(contexts, _SpotContext) if each.coin in pairs}
    spot_volume(rows, ours, lambda context: (number(context.day_ntl_vlm), received), (QUOTE,), VOLUME_FRESH)
    return rows.parsed()


def parse_settled(body: bytes, received: datetime, known: Known) -> Parsed:
    """Rates really paid of `fundingHistory`, each for one hour."""
    rows = Rows(NAME, received, known)
    for paid in rows.read(envelope(body, list[msgspec.Raw], NAME), _Paid):
        if (of := rows.listed(paid.coin)) is not None:
            rate, at = number(paid.funding_rate), instant(paid.time)
            rows.rate(Metric.FUNDING_SETTLED, of, rate, INTERVAL_H, at, None, SETTLED_FRESH)
    return rows.parsed()


def parse_candles(body: bytes, received: datetime, known: Known, metric: Metric, step: timedelta) -> Parsed:
    """Bars of `candleSnapshot` that are over: the last trade of each, or about what was traded in US dollars.

    Volumes are told in coins; they are taken at the mean of the bar's high, low and close.
    """
    rows = Rows(NAME, received, known)
    for candle in rows.read(envelope(body, list[msgspec.Raw], NAME), _Candle):
        of = rows.listed(candle.symbol)
        end = None if of is None else rows.ended(candle.symbol, candle.start, step)
        if of is None or end is None:
            continue
        if metric is Metric.VOLUME:
            rows.total(metric, of, product(number(candle.volume), _typical(candle)), end, step, step)
        else:
            rows.level(metric, of, per_coin(candle.close, of), end, step)
    return rows.parsed()


def _typical(candle: _Candle) -> float | None:
    prices = number(candle.high), number(candle.low), number(candle.close)
    known = [price for price in prices if price is not None]
    return sum(known) / len(known) if len(known) == len(prices) else None


def _is_watched(name: _Name) -> bool:
    """Whether it is a living perpetual of the first dex: names of other dexes have a colon in them."""
    return bool(name.name) and ":" not in name.name and not name.is_delisted


def _listed(name: _Name) -> Listed:
    coin, multiplier = canonical(NAME, name.name)
    metrics = OFFERED | ({Metric.VOLUME_SPOT_24H} if coin in SPOT_TOKENS else frozenset())
    return Listed(Instrument(NAME, name.name, coin, multiplier, metrics), contract=multiplier)


def _joined(body: bytes, rows: Rows) -> Iterator[tuple[_Name, msgspec.Raw]]:
    """Each name with its context; raises Unavailable unless there is one context for each name."""
    meta, contexts = envelope(body, tuple[_Universe, list[msgspec.Raw]], NAME)
    if len(meta.universe) != len(contexts):
        raise Unavailable(f"{NAME} answered with {len(meta.universe)} names and {len(contexts)} contexts")
    read = reader(_Name)
    for raw, context in zip(meta.universe, contexts, strict=True):
        name = read(raw)
        if name is None:
            rows.refuse("", Reason.MALFORMED)
        else:
            yield name, context


def _add(rows: Rows, of: Listed, context: _Context, due: datetime) -> None:
    at = rows.received
    rows.level(Metric.PRICE, of, per_coin(context.mark_px, of), at, FRESH)
    rows.level(Metric.INDEX, of, per_coin(context.oracle_px, of), at, FRESH)
    rows.level(Metric.OI_LEVEL, of, in_coins(context.open_interest, of), at, FRESH)
    rows.total(Metric.VOLUME_24H, of, number(context.day_ntl_vlm), at, DAY, VOLUME_FRESH)
    rows.rate(Metric.FUNDING, of, number(context.funding), INTERVAL_H, at, due, FRESH)


def _next_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0) + HOUR


def _spot_pairs(meta: _SpotMeta, rows: Rows) -> Mapping[str, str]:
    """What Hyperliquid calls a pair (@142) to what we expect (BTCUSDC)."""
    names = {token.index: token for token in rows.read(meta.tokens, _Token)}
    coins = {index: coin for index, token in names.items() if (coin := _coin(token)) is not None}
    dollars = {index for index, token in names.items() if token.name == QUOTE}
    pairs = rows.read(meta.universe, _Pair)
    return {
        pair.name: f"{coins[pair.tokens[0]]}{QUOTE}"
        for pair in pairs
        if pair.tokens[0] in coins and pair.tokens[1] in dollars
    }


def _coin(token: _Token) -> str | None:
    """The coin that a spot token stands for; None for what only has such a name."""
    full = token.full_name or ""
    found = (coin for coin, (name, begins) in SPOT_TOKENS.items() if token.name == name and full.startswith(begins))
    return next(found, None)
