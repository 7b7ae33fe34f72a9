"""Binance USD-M perpetuals: what its answers say, in our units.

Offered: mark and index price, running and settled funding, open interest, volumes of futures and spot, long/short of
accounts, top accounts and top positions, liquidations. Not offered: taker volumes, which it states in coins, not in
dollars. Sizes are coins after the multiplier of the name (1000PEPE), open interest counts each contract once, rates
are fractions per interval, and the side of a forced order is the ORDER's: SELL closed a long. Liquidations are
sampled: of each symbol only the latest of every second.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypeVar

import msgspec

from adapters.venues.base import Unavailable
from adapters.venues.shapes import Decimal, row
from adapters.venues.spot import spot_volume
from adapters.venues.wire import (
    DAY,
    FRESH,
    INTERVALS_H,
    MOST_PER_INTERVAL,
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
    in_coins,
    instant,
    liquidation,
    number,
    per_coin,
    share_ratio,
)
from signals.model import Instrument, Liquidation, Metric, Side
from signals.units import canonical

NAME = "binance"

FRESH_COLD = timedelta(seconds=180)
"""Open interest of those asked every minute."""
SETTLED_LATE = timedelta(hours=1)
"""How long after the next settlement the last one may still be used."""

QUOTES = ("USDT", "USDC", "FDUSD", "USD1")
"""Taken at par with the dollar; of two instruments of one coin the earlier quote carries the spot volume."""

USUAL_INTERVAL_H = 8.0
"""Of the symbols that fundingInfo does not list."""

_NEVER_DELIVERED = 4_133_404_800_000
_INTEREST_DIGITS = 9
_INTERVAL_BY_INTEREST = {round(0.0001 * hours / 8, _INTEREST_DIGITS): hours for hours in INTERVALS_H}
"""The usual interest is 0.03 % a day, so that its share of one interval shows how long that is."""

_COIN_M = 2
_REGULAR = "regular"
_LIQUIDATED = {"SELL": Side.LONG, "BUY": Side.SHORT}
_METRICS = frozenset(
    {
        Metric.PRICE,
        Metric.INDEX,
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


class _ExchangeInfo(msgspec.Struct, rename="camel"):
    symbols: list[msgspec.Raw]
    rate_limits: list[msgspec.Raw] = msgspec.field(default_factory=list)


class Row(msgspec.Struct, rename="camel"):
    """What every row is about."""

    symbol: str


class _Symbol(Row):
    contract_type: str
    status: str
    base_asset: str
    quote_asset: str
    underlying_type: str
    delivery_date: Decimal = None


class _Premium(Row):
    mark_price: Decimal = None
    index_price: Decimal = None
    last_funding_rate: Decimal = None
    interest_rate: Decimal = None
    next_funding_time: Decimal = None
    time: Decimal = None


class _FundingInfo(Row):
    funding_interval_hours: Decimal = None
    adjusted_funding_rate_cap: Decimal = None
    adjusted_funding_rate_floor: Decimal = None


class _Settled(Row):
    funding_rate: Decimal = None
    funding_time: Decimal = None
    rate_type: str = _REGULAR


class _OpenInterest(Row):
    open_interest: Decimal = None
    time: Decimal = None


class _RateLimit(msgspec.Struct, rename="camel"):
    rate_limit_type: str = ""
    interval: str = ""
    interval_num: int = 0
    limit: int = 0


class _Ticker(Row):
    quote_volume: Decimal = None
    close_time: Decimal = None


class _Shares(Row):
    long_account: Decimal = None
    short_account: Decimal = None
    timestamp: Decimal = None


R = TypeVar("R", bound=Row)


class _Frame(msgspec.Struct):
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Order(msgspec.Struct):
    symbol: str = msgspec.field(name="s")
    side: str = msgspec.field(name="S", default="")
    filled: Decimal = msgspec.field(name="z", default=None)
    average_price: Decimal = msgspec.field(name="ap", default=None)
    traded_at: Decimal = msgspec.field(name="T", default=None)


class _ForceOrder(msgspec.Struct):
    order: _Order = msgspec.field(name="o")
    section: Decimal = msgspec.field(name="st", default=None)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a symbol pays funding: hours of one interval, None where unknown, and bounds of a running rate."""

    interval_h: float | None = USUAL_INTERVAL_H
    lowest: float = -MOST_PER_INTERVAL
    highest: float = MOST_PER_INTERVAL


_USUAL_TERMS = Terms()


def parse_instruments(body: bytes, received: datetime) -> ParsedInstruments:
    """GET /fapi/v1/exchangeInfo: the living crypto perpetuals against dollars, one of each coin with the spot leg."""
    rows = Rows(NAME, received, {})
    listed: list[tuple[int, Listed]] = []
    for found in rows.read(envelope(body, _ExchangeInfo, NAME).symbols, _Symbol):
        if not (found.symbol and found.base_asset):
            rows.refuse(found.symbol, Reason.MALFORMED)
        elif _is_living_perpetual(found, received):
            listed.append((QUOTES.index(found.quote_asset), _listed(found)))
    return ParsedInstruments(tuple(_with_spot_legs(listed)), tuple(rows.rejected))


def _is_living_perpetual(found: _Symbol, now: datetime) -> bool:
    ends = _ends(found)
    return (
        found.contract_type == "PERPETUAL"
        and found.status == "TRADING"
        and found.underlying_type == "COIN"
        and found.quote_asset in QUOTES
        and (ends is None or ends > now)
    )


def _ends(found: _Symbol) -> datetime | None:
    """The announced end; a perpetual without one is delivered in the year 2100."""
    delivery = number(found.delivery_date)
    return None if delivery is None or delivery >= _NEVER_DELIVERED else instant(delivery)


def _listed(found: _Symbol) -> Listed:
    coin, multiplier = canonical(NAME, found.base_asset)
    money = "" if found.quote_asset == QUOTES[0] else found.quote_asset
    instrument = Instrument(NAME, found.symbol, coin, multiplier, _METRICS, money=money)
    return Listed(instrument, contract=multiplier, delists=_ends(found))


def _with_spot_legs(listed: Iterable[tuple[int, Listed]]) -> Iterator[Listed]:
    """A coin's spot volume is told once: by its instrument of the first quote."""
    told: set[str] = set()
    for _, of in sorted(listed, key=lambda ranked: (ranked[0], ranked[1].instrument.symbol)):
        instrument = of.instrument
        if instrument.coin not in told:
            told.add(instrument.coin)
            instrument = replace(instrument, metrics=_METRICS | {Metric.VOLUME_SPOT_24H})
        yield replace(of, instrument=instrument)


def parse_weight_limit(body: bytes) -> int | None:
    """GET /fapi/v1/exchangeInfo: the weight that it allows in a minute; None where it does not say."""
    for raw in envelope(body, _ExchangeInfo, NAME).rate_limits:
        found = row(raw, _RateLimit)
        by_minute = found is not None and (found.interval, found.interval_num) == ("MINUTE", 1)
        if found is not None and by_minute and found.rate_limit_type == "REQUEST_WEIGHT" and found.limit > 0:
            return found.limit
    return None


def parse_terms(body: bytes) -> Mapping[str, Terms]:
    """GET /fapi/v1/fundingInfo: the terms of the symbols that differ from the usual ones.

    A row that cannot be read spoils the answer: who is absent would be taken for 8 hours.
    """
    terms: dict[str, Terms] = {}
    for raw in envelope(body, list[msgspec.Raw], NAME):
        found = row(raw, _FundingInfo)
        if found is None:
            raise Unavailable(f"{NAME} listed a funding interval that cannot be read")
        terms[found.symbol] = _terms(found)
    return terms


def _terms(found: _FundingInfo) -> Terms:
    hours = number(found.funding_interval_hours)
    lowest, highest = number(found.adjusted_funding_rate_floor), number(found.adjusted_funding_rate_cap)
    return Terms(
        interval_h=hours if hours in INTERVALS_H else None,
        lowest=-MOST_PER_INTERVAL if lowest is None else lowest,
        highest=MOST_PER_INTERVAL if highest is None else highest,
    )


def parse_premium(body: bytes, received: datetime, known: Known, terms: Mapping[str, Terms]) -> Parsed:
    """GET /fapi/v1/premiumIndex: mark and index price, and the running estimate of the next funding."""
    rows = Rows(NAME, received, known)
    for of, found in each_listed(rows, body, _Premium):
        at = instant(found.time)
        rows.level(Metric.PRICE, of, per_coin(found.mark_price, of), at, FRESH)
        rows.level(Metric.INDEX, of, per_coin(found.index_price, of), at, FRESH)
        _add_running(rows, of, found, at, terms.get(found.symbol, _USUAL_TERMS))
    return rows.parsed()


def each_listed(rows: Rows, body: bytes, shape: type[R]) -> Iterator[tuple[Listed, R]]:
    """The rows of a list that are about listed instruments, each with its own."""
    for found in rows.read(envelope(body, list[msgspec.Raw], NAME), shape):
        of = rows.listed(found.symbol)
        if of is not None:
            yield of, found


def _add_running(rows: Rows, of: Listed, found: _Premium, at: datetime | None, terms: Terms) -> None:
    """The running rate, unless it contradicts its terms: a rate without a next funding is no rate of a perpetual."""
    rate, next_at = number(found.last_funding_rate), instant(found.next_funding_time)
    if next_at is None or at is None:
        rows.refuse(found.symbol, Reason.NO_TIME)
    elif _contradicts(terms, number(found.interest_rate), next_at - at):
        rows.refuse(found.symbol, Reason.NO_INTERVAL)
    elif rate is not None and not terms.lowest <= rate <= terms.highest:
        rows.refuse(found.symbol, Reason.OUT_OF_RANGE)
    else:
        rows.rate(Metric.FUNDING, of, rate, terms.interval_h, at, next_at, FRESH)


def _contradicts(terms: Terms, interest: float | None, until_next: timedelta) -> bool:
    """Whether the premium index shows another interval than the terms state."""
    if terms.interval_h is None:
        return False
    shown = None if interest is None else _INTERVAL_BY_INTEREST.get(round(interest, _INTEREST_DIGITS))
    return shown not in (None, terms.interval_h) or until_next > timedelta(hours=terms.interval_h)


def parse_settled(body: bytes, received: datetime, known: Known, terms: Mapping[str, Terms]) -> Parsed:
    """GET /fapi/v1/fundingRate: rates that were paid, while the interval was the one that the terms state now.

    Where the answer holds the payment before, or after the first one, its distance must be that interval.
    """
    rows = Rows(NAME, received, known)
    paid = [(of, found, instant(found.funding_time)) for of, found in each_listed(rows, body, _Settled)]
    steps = _steps((found.symbol, at) for _, found, at in paid)
    for of, found, at in paid:
        due = terms.get(found.symbol, _USUAL_TERMS).interval_h
        if found.rate_type.lower() != _REGULAR or steps.get((found.symbol, at), due) != due:
            rows.refuse(found.symbol, Reason.NO_INTERVAL)
            continue
        fresh_for = timedelta(hours=due or 0) + SETTLED_LATE
        rows.rate(Metric.FUNDING_SETTLED, of, number(found.funding_rate), due, at, None, fresh_for)
    return rows.parsed()


def _steps(paid: Iterable[tuple[str, datetime | None]]) -> Mapping[tuple[str, datetime | None], float | None]:
    """The hours since the payment before; of the first of a symbol those until the next."""
    times: dict[str, set[datetime]] = {}
    for symbol, at in paid:
        if at is not None:
            times.setdefault(symbol, set()).add(at)
    steps: dict[tuple[str, datetime | None], float | None] = {}
    for symbol, when in times.items():
        for before, after in pairwise(sorted(when)):
            steps[symbol, after] = hours_between(before, after)
            steps.setdefault((symbol, before), steps[symbol, after])
    return steps


def parse_open_interest(body: bytes, received: datetime, known: Known, fresh_for: timedelta) -> Parsed:
    """GET /fapi/v1/openInterest?symbol=: one symbol's open interest; how long it is fresh depends on who asks."""
    rows = Rows(NAME, received, known)
    found = envelope(body, _OpenInterest, NAME)
    of = rows.listed(found.symbol)
    if of is not None:
        rows.level(Metric.OI_LEVEL, of, in_coins(found.open_interest, of), instant(found.time), fresh_for)
    return rows.parsed()


def parse_volume(body: bytes, received: datetime, known: Known) -> Parsed:
    """GET /fapi/v1/ticker/24hr: dollars traded in the 24 hours that end at the close time."""
    rows = Rows(NAME, received, known)
    for of, found in each_listed(rows, body, _Ticker):
        rows.total(Metric.VOLUME_24H, of, number(found.quote_volume), instant(found.close_time), DAY, VOLUME_FRESH)
    return rows.parsed()


def parse_spot_volume(body: bytes, received: datetime, known: Known) -> Parsed:
    """GET /api/v3/ticker/24hr of the spot host: dollars traded in all pairs of a coin with a dollar.

    A pair without trades adds nothing and dates nothing: halted ones stay in the list with the time of their last.
    """
    rows = Rows(NAME, received, known)
    found = rows.read(envelope(body, list[msgspec.Raw], NAME), _Ticker)
    pairs = {pair.symbol: pair for pair in found if number(pair.quote_volume) != 0}
    spot_volume(rows, pairs, lambda pair: (number(pair.quote_volume), instant(pair.close_time)), QUOTES, VOLUME_FRESH)
    return rows.parsed()


def parse_ratio(body: bytes, received: datetime, known: Known, metric: Metric) -> Parsed:
    """GET /futures/data/globalLongShortAccountRatio (LS), topLongShortAccountRatio, topLongShortPositionRatio.

    All three name the shares of longs and shorts alike; whose they are is the metric.
    """
    rows = Rows(NAME, received, known)
    for of, found in each_listed(rows, body, _Shares):
        ratio = share_ratio(found.long_account, found.short_account)
        rows.level(metric, of, ratio, instant(found.timestamp), RATIO_FRESH)
    return rows.parsed()


def parse_liquidations(frame: bytes, received: datetime, known: Known) -> ParsedLiquidations:
    """A frame of /market/stream: at most one forced close.

    `{"stream":"!forceOrder@arr","data":{"e":"forceOrder","o":{"s":"BTCUSDT","S":"SELL","ap":"63610.5","z":"1.5",...}}}`
    Other streams, acknowledgements and the coin-margined section, which counts in contracts, give nothing.
    """
    rows = Rows(NAME, received, known)
    told = envelope(frame, _Frame, NAME)
    if not told.stream.endswith("forceOrder@arr"):
        return ParsedLiquidations((), ())
    closed = [_liquidation(rows, found) for found in rows.read([told.data], _ForceOrder)]
    return ParsedLiquidations(tuple(one for one in closed if one is not None), tuple(rows.rejected))


def _liquidation(rows: Rows, found: _ForceOrder) -> Liquidation | None:
    order = found.order
    of = None if number(found.section) == _COIN_M else rows.listed(order.symbol)
    if of is None:
        return None
    size = in_coins(order.filled, of), per_coin(order.average_price, of)
    return liquidation(rows, of, _LIQUIDATED.get(order.side), size, instant(order.traded_at), sampled=True)
