"""What ccxt reads in the same answers, offline: its exchanges with the same perpetuals set as their markets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any, TypeAlias

import ccxt
from ccxt import Exchange, pro

from tests.adapters.venues.answers import NOW, QUANTO, Coin, hyperliquid_name
from tests.oracle.facts import Facts, Field, Value

Json: TypeAlias = Any
"""A decoded answer, or a part of it."""
Unified: TypeAlias = Mapping[str, Any]
"""One thing as ccxt calls its parts."""
Parse: TypeAlias = Callable[[Exchange, Json], Iterator[Unified]]
"""What ccxt would do with a decoded answer."""

CLASSES = {
    "binance": pro.binanceusdm,
    "bybit": pro.bybit,
    "okx": pro.okx,
    "gate": pro.gate,
    "bitget": pro.bitget,
    "hyperliquid": pro.hyperliquid,
}
"""Those with streams: they read what the others read, and pushed closes beside it."""

VERSION: str = ccxt.__version__


def opened(venue: str, coins: Sequence[Coin], pairs: Sequence[tuple[str, str, str]] = ()) -> Exchange:
    """The exchange with a perpetual of each coin, and with those spot pairs: (id, base, quote)."""
    exchange = CLASSES[venue]()
    exchange.milliseconds = lambda: int(NOW.timestamp() * 1000)
    perpetuals = [_perpetual(exchange, venue, coin) for coin in coins]
    inverse = [_inverse(exchange)] if venue == "okx" else []
    spot = [_spot(exchange, *pair) for pair in pairs]
    exchange.set_markets([*perpetuals, *inverse, *spot])
    return exchange


def _perpetual(exchange: Exchange, venue: str, coin: Coin) -> dict[str, Any]:
    symbol, base, size = {
        "okx": (f"{coin.name}-USDT-SWAP", coin.name, coin.contract),
        "gate": (f"{coin.name}_USDT", coin.name, QUANTO),
        "hyperliquid": (hyperliquid_name(coin), hyperliquid_name(coin), 1.0),
    }.get(venue, (f"{coin.base}USDT", coin.base, 1.0))
    dollar = "USDC" if venue == "hyperliquid" else "USDT"
    market: dict[str, Any] = exchange.safe_market_structure(
        {
            "id": exchange.coin_to_market_id(base) if venue == "hyperliquid" else symbol,
            "symbol": f"{base}/{dollar}:{dollar}", "base": base, "quote": dollar, "settle": dollar, "baseId": base,
            "quoteId": dollar, "settleId": dollar, "type": "swap", "spot": False, "swap": True, "contract": True,
            "linear": True, "inverse": False, "active": True, "contractSize": size,
            "info": {"fundingInterval": coin.hours * 60, "ours": symbol},
        }
    )  # fmt: skip
    return market


def _inverse(exchange: Exchange) -> dict[str, Any]:
    market: dict[str, Any] = exchange.safe_market_structure(
        {
            "id": "BTC-USD-SWAP", "symbol": "BTC/USD:BTC", "base": "BTC", "quote": "USD", "settle": "BTC",
            "baseId": "BTC", "quoteId": "USD", "settleId": "BTC", "type": "swap", "spot": False, "swap": True,
            "contract": True, "linear": False, "inverse": True, "active": True, "contractSize": 100.0,
            "info": {"ours": "BTC-USD-SWAP"},
        }
    )  # fmt: skip
    return market


def _spot(exchange: Exchange, symbol: str, base: str, quote: str) -> dict[str, Any]:
    market: dict[str, Any] = exchange.safe_market_structure(
        {
            "id": symbol, "symbol": f"{base}/{quote}", "base": base, "quote": quote, "baseId": base, "quoteId": quote,
            "type": "spot", "spot": True, "swap": False, "contract": False, "active": True, "info": {"ours": base},
        }
    )  # fmt: skip
    return market


# How ccxt's own calls walk through their answers


def _rows(answer: Json) -> Sequence[Json]:
    """The rows, wherever a venue puts them."""
    if isinstance(answer, list):
        return answer
    inside = answer.get("data", answer.get("result"))
    return inside["list"] if isinstance(inside, dict) and "list" in inside else inside


def _each(*names: str) -> Parse:
    """Each row by each of those parsers."""

    def parse(exchange: Exchange, answer: Json) -> Iterator[Unified]:
        rows = _rows(answer)
        for name in names:
            one = getattr(exchange, name)
            yield from (one(row) for row in rows)

    return parse


def _one(name: str) -> Parse:
    return lambda exchange, answer: iter([getattr(exchange, name)(answer)])


def _pushed(exchange: Exchange, answer: Json) -> Iterator[Unified]:
    """Closes of a frame; Binance pushes one at a time."""
    rows = [answer["data"]["o"]] if "stream" in answer else _rows(answer)
    return (exchange.parse_ws_liquidation(row) for row in rows)


def _gate_closes(exchange: Exchange, answer: Json) -> Iterator[Unified]:
    """By its parser of the list of closes: that of pushed ones cannot tell a perpetual from the pair of its name."""
    for row in _rows(answer):
        yield exchange.parse_liquidation(row, exchange.safe_market(row["contract"], None, "_", "swap"))


def _bybit_open_interest(exchange: Exchange, answer: Json) -> Iterator[Unified]:
    market = exchange.safe_market(answer["result"]["symbol"], None, None, "contract")
    return (exchange.parse_open_interest(row, market) for row in _rows(answer))


def _okx_index(exchange: Exchange, answer: Json) -> Iterator[Unified]:
    """Told of the perpetual that follows it, as we do."""
    for row in _rows(answer):
        yield exchange.parse_ticker(row) | {"symbol": exchange.market(f"{row['instId']}-SWAP")["symbol"]}


def _first_perpetual(exchange: Exchange) -> Json:
    """What an answer is about that does not name it."""
    return next(market for market in exchange.markets.values() if market["swap"])


def _okx_ratio(exchange: Exchange, answer: Json) -> Iterator[Unified]:
    market = _first_perpetual(exchange)
    entries = ({"timestamp": row[0], "longShortRatio": row[1]} for row in _rows(answer))
    return (exchange.parse_long_short_ratio(entry, market) for entry in entries)


def _bitget_ratio(exchange: Exchange, answer: Json) -> Iterator[Unified]:
    market = _first_perpetual(exchange)
    return (exchange.parse_long_short_ratio(row, market) for row in _rows(answer))


def _hyperliquid(exchange: Exchange, answer: Json) -> Iterator[Unified]:
    meta, contexts = answer
    rows = [name | context for name, context in zip(meta["universe"], contexts, strict=True)]
    yield from (exchange.parse_funding_rate(row) for row in rows)
    yield from (exchange.parse_open_interest({"info": row}) for row in rows)
    yield from (exchange.parse_ticker(row) for row in rows)


def _hyperliquid_spot(exchange: Exchange, answer: Json) -> Iterator[Unified]:
    meta, contexts = answer
    return (exchange.parse_ticker(pair | context) for pair, context in zip(meta["universe"], contexts, strict=True))


def _nothing(_exchange: Exchange, _answer: Json) -> Iterator[Unified]:
    """It has no parser for this."""
    return iter(())


CALLS: Mapping[tuple[str, str], Parse] = {
    ("binance", "premium"): _each("parse_funding_rate"),
    ("binance", "terms"): _each("parse_funding_rate"),
    ("binance", "oi"): _one("parse_open_interest"),
    ("binance", "past oi"): _each("parse_open_interest"),
    ("binance", "volume"): _each("parse_ticker"),
    ("binance", "spot"): _each("parse_ticker"),
    ("binance", "ls"): _each("parse_long_short_ratio"),
    ("binance", "settled"): _each("parse_funding_rate_history"),
    ("binance", "closes"): _pushed,
    ("bybit", "tickers"): _each("parse_funding_rate", "parse_ticker"),
    ("bybit", "spot"): _each("parse_ticker"),
    ("bybit", "ls"): _each("parse_long_short_ratio"),
    ("bybit", "past oi"): _bybit_open_interest,
    ("bybit", "closes"): _pushed,
    ("okx", "mark"): _each("parse_ticker"),
    ("okx", "index"): _okx_index,
    ("okx", "funding"): _each("parse_funding_rate"),
    ("okx", "oi"): _each("parse_open_interest"),
    ("okx", "volume"): _each("parse_ticker"),
    ("okx", "spot"): _each("parse_ticker"),
    ("okx", "ls"): _okx_ratio,
    ("okx", "closes"): _pushed,
    ("gate", "contracts"): _each("parse_funding_rate"),
    ("gate", "volume"): _each("parse_ticker"),
    ("gate", "spot"): _each("parse_ticker"),
    ("gate", "ls"): _nothing,
    ("gate", "closes by order"): _gate_closes,
    ("bitget", "tickers"): _each("parse_ticker"),
    ("bitget", "funding"): _each("parse_funding_rate"),
    ("bitget", "spot"): _each("parse_ticker"),
    ("bitget", "ls.top"): _bitget_ratio,
    ("bitget", "ls.pos"): _bitget_ratio,
    ("bitget", "closes"): _nothing,
    ("hyperliquid", "contexts"): _hyperliquid,
    ("hyperliquid", "spot"): _hyperliquid_spot,
}
"""By our name of the call. What is missing here ccxt reads inside a call, with no parser that could be fed."""


# Its words as ours

_NUMBERS = {
    "markPrice": Field.PRICE,
    "indexPrice": Field.INDEX,
    "fundingRate": Field.RATE,
    "fundingTimestamp": Field.NEXT,
    "openInterestAmount": Field.OI,
    "longShortRatio": Field.RATIO,
}


def facts(exchange: Exchange, read: Sequence[Unified]) -> Facts:
    """Everything in it that is compared."""
    found: dict[tuple[str, Field], Value] = {}
    counts: dict[str, int] = {}
    for one in read:
        market = exchange.markets.get(one["symbol"], {})
        named = market["info"]["ours"] if market else str(one["symbol"])
        if "contracts" in one:
            counts[named] = counts.get(named, 0) + 1
            named = f"{named} #{counts[named]}"
        said = dict(_said(one, spot=bool(market.get("spot"))))
        if not market.get("spot"):
            said[Field.COIN] = market.get("base")
        found |= {(named, field): value for field, value in said.items() if value is not None}
    return found


def _said(one: Unified, *, spot: bool) -> Iterator[tuple[Field, Value]]:
    if "contracts" in one:
        yield from (
            (Field.SIDE, one.get("side")),
            (Field.CLOSED, _number(one["contracts"])),
            (Field.CLOSED_AT, _number(one["price"])),
            (Field.USD, _number(one["quoteValue"])),
        )
    elif set(one) == {"info", "symbol", "fundingRate", "timestamp", "datetime"}:
        yield from ((Field.PAID, _number(one["fundingRate"])), (Field.PAID_AT, _number(one["timestamp"])))
    else:
        yield from ((field, _number(one.get(word))) for word, field in _NUMBERS.items())
        yield Field.INTERVAL, _hours(one.get("interval"))
        if "last" in one:
            yield Field.SPOT if spot else Field.VOLUME, _number(one["quoteVolume"])


def _number(value: Json) -> float | None:
    return None if value is None else float(value)


def _hours(interval: str | None) -> Value:
    return float(interval[:-1]) if interval and interval.endswith("h") else interval


def pairs(venue: str, coins: Sequence[Coin], more: int = 0) -> list[tuple[str, str, str]]:
    """The spot pairs of the answers: one of each coin, then those against bitcoin up to so many."""
    if venue == "hyperliquid":
        bridged = [coin.name for coin in coins if coin.name in {"BTC", "ETH", "SOL"}]
        names = [*bridged, *(f"X{n}" for n in range(len(bridged) + 1, more + 1))]
        return [(f"@{n}", name, "USDC") for n, name in enumerate(names, 1)]
    between = {"okx": "-", "gate": "_"}.get(venue, "")
    named = [(f"{coin.name}{between}USDT", coin.name, "USDT") for coin in coins]
    return [*named, *((f"X{n}{between}BTC", f"X{n}", "BTC") for n in range(len(coins), more))]


@cache
def exchange_of(venue: str, coins: tuple[Coin, ...], more: int = 0) -> Exchange:
    """The exchange with the markets of the answers."""
    return opened(venue, coins, list(chain(pairs(venue, coins, more))))
