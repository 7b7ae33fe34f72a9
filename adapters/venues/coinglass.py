"""CoinGlass v4, a vendor with a key: running funding and open interest of many venues.

Each of its rows is an instrument of ours, `Binance:BTC`: one coin on one exchange, margined in dollars. Its numbers
are of venues that are read themselves, too; signals/aggregate.py takes them only for coins that no venue offers.
Rates are PERCENT per interval, open interest is coins, each contract once. No row has a time of its own: the time is
that of receipt. Not offered: coin-margined funding, prices, volumes, ratios, and liquidations, whose side is not
documented well enough to be told. It is sold data: none of it belongs into a recording for others.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from adapters.venues.base import Refused, Unavailable
from adapters.venues.shapes import Decimal
from adapters.venues.wire import (
    INTERVALS_H,
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
)
from signals.model import Instrument, Metric
from signals.units import canonical

NAME = "coinglass"

FUNDING_FRESH = timedelta(seconds=90)
"""The vendor renews its list every 20 seconds; its clock and ours may differ by so much."""
OPEN_INTEREST_FRESH = timedelta(minutes=3)
"""One call per coin, under a budget of calls per minute."""

_TOTAL = "All"
"""The exchange of a row that sums up the others."""
_PERCENT = 100
_CODE_LENGTH = 8
_KEY_CODES = frozenset({"401", "30001"})
_BAD_REQUEST = "400"
WRONG_KEY = (
    "CoinGlass does not accept the key in PERPWATCH_COINGLASS_KEY: mend the setting, or take it out; "
    "the other venues go on without it"
)
_METRICS = frozenset({Metric.FUNDING, Metric.OI_LEVEL})


class _Answer(msgspec.Struct):
    code: str | int
    msg: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Coin(msgspec.Struct):
    symbol: str
    stablecoin_margin_list: list[msgspec.Raw] | None = None


class _Rate(msgspec.Struct):
    exchange: str
    funding_rate: Decimal = None
    funding_rate_interval: Decimal = None
    next_funding_time: Decimal = None


class _OpenInterest(msgspec.Struct):
    exchange: str
    symbol: str
    open_interest_quantity: Decimal = None


def parse_instruments(body: bytes, received: datetime) -> ParsedInstruments:
    """GET /api/futures/funding-rate/exchange-list: each coin on each exchange that has a funding rate."""
    rows = Rows(NAME, received, {})
    listed: dict[str, Listed] = {}
    for coin, rate in _rates(rows, body):
        if coin and rate.exchange:
            listed[_symbol(rate.exchange, coin)] = _listed(rate.exchange, coin)
        else:
            rows.refuse("", Reason.MALFORMED)
    return ParsedInstruments(tuple(listed.values()), tuple(rows.rejected))


def _listed(exchange: str, base: str) -> Listed:
    coin, multiplier = canonical(NAME, base)
    return Listed(Instrument(NAME, _symbol(exchange, base), coin, multiplier, _METRICS), contract=multiplier)


def parse_funding(body: bytes, received: datetime, known: Known) -> Parsed:
    """GET /api/futures/funding-rate/exchange-list: the running rates of all coins on all exchanges."""
    rows = Rows(NAME, received, known)
    for coin, rate in _rates(rows, body):
        of = rows.listed(_symbol(rate.exchange, coin))
        if of is not None:
            _add_rate(rows, of, rate)
    return rows.parsed()


def _add_rate(rows: Rows, of: Listed, rate: _Rate) -> None:
    """The rate as of receipt; one whose next funding is past, or farther than its interval, is an old one."""
    next_at, hours = instant(rate.next_funding_time), number(rate.funding_rate_interval)
    if next_at is None or next_at < rows.received - FUNDING_FRESH:
        rows.refuse(of.instrument.symbol, Reason.NO_TIME)
    elif hours in INTERVALS_H and next_at > rows.received + timedelta(hours=hours) + FUNDING_FRESH:
        rows.refuse(of.instrument.symbol, Reason.NO_INTERVAL)
    else:
        rows.rate(Metric.FUNDING, of, _fraction(rate.funding_rate), hours, rows.received, next_at, FUNDING_FRESH)


def parse_open_interest(body: bytes, received: datetime, known: Known) -> Parsed:
    """GET /api/futures/open-interest/exchange-list?symbol=: one coin on all exchanges; their total is left out."""
    rows = Rows(NAME, received, known)
    for found in rows.read(_rows(body), _OpenInterest):
        of = None if found.exchange == _TOTAL else rows.listed(_symbol(found.exchange, found.symbol))
        if of is not None:
            coins = in_coins(found.open_interest_quantity, of)
            rows.level(Metric.OI_LEVEL, of, coins, received, OPEN_INTEREST_FRESH)
    return rows.parsed()


def _rates(rows: Rows, body: bytes) -> Iterator[tuple[str, _Rate]]:
    """The rates in an answer, each with the vendor's name of its coin."""
    for coin in rows.read(_rows(body, bare=True), _Coin):
        for rate in rows.read(coin.stablecoin_margin_list or (), _Rate):
            yield coin.symbol, rate


def _rows(body: bytes, *, bare: bool = False) -> list[msgspec.Raw]:
    """The rows of an answer that succeeded. Raises Refused for a wrong key, which a `bare` request has alone wrong."""
    answer = envelope(body, _Answer, NAME)
    code, said = str(answer.code), (answer.msg or "").lower()
    if code == "0":
        return envelope(bytes(answer.data), list[msgspec.Raw], NAME)
    if code in _KEY_CODES or "key" in said or (bare and code == _BAD_REQUEST):
        raise Refused(WRONG_KEY)
    raise Unavailable(f"{NAME} refused with code {code[:_CODE_LENGTH]!r}: check its plan and its calls per minute")


def vendors_name(symbol: str) -> str:
    """What the vendor calls the coin of an instrument: `Binance:1000PEPE` is about its 1000PEPE."""
    return symbol.partition(":")[2]


def _symbol(exchange: str, coin: str) -> str:
    return f"{exchange}:{coin}"


def _fraction(percent: Decimal) -> float | None:
    value = number(percent)
    return None if value is None else value / _PERCENT
