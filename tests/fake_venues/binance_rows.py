"""Rows of Binance, as documented."""

from tests.fake_venues.contracts import DATED_MS, NEVER_MS, Contract, Kind
from tests.fake_venues.shapes import DAY_MS, Json, Moment, fixed, padded
from tests.fake_venues.sockets import Frame
from tests.fake_venues.values import Forced, Quote

PUSHED_AFTER_MS = 10
SETTLES_AT = 1 - 5 / 64_020
"""The estimate of the settling price, as part of the index."""

FORCED_TOPIC = "!forceOrder@arr"
TYPES = {
    Kind.DATED: "CURRENT_QUARTER",
    Kind.STOCK: "TRADIFI_PERPETUAL",
}
STATUSES = {Kind.DELISTED: "SETTLING", Kind.PREMARKET: "PENDING_TRADING"}


def symbol(of: Contract) -> dict[str, Json]:
    """One line of exchangeInfo."""
    ends = {Kind.DATED: DATED_MS, Kind.LEAVING: of.ends_ms or NEVER_MS}.get(of.kind, NEVER_MS)
    return {
        "symbol": of.symbol,
        "pair": of.base + of.quote,
        "contractType": TYPES.get(of.kind, "PERPETUAL"),
        "deliveryDate": ends,
        "onboardDate": of.listed_ms,
        "status": STATUSES.get(of.kind, "TRADING"),
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": of.base,
        "quoteAsset": of.quote,
        "marginAsset": of.quote,
        "pricePrecision": 2,
        "quantityPrecision": 3,
        "underlyingType": "EQUITY" if of.kind is Kind.STOCK else "COIN",
        "underlyingSubType": ["PoW"] if of.coin == "BTC" else ["Alt"],
        "triggerProtect": "0.0500",
        "filters": [{"filterType": "PRICE_FILTER", "tickSize": "0.10", "minPrice": "0.10", "maxPrice": "1000000"}],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }


def premium(of: Contract, quote: Quote, at: Moment) -> dict[str, Json]:
    """One line of premiumIndex."""
    interest = 0.0 if of.kind is Kind.DATED else 0.0001 * of.hours / 8
    return {
        "symbol": of.symbol,
        "markPrice": fixed(quote.mark, 8),
        "indexPrice": fixed(quote.index, 8),
        "estimatedSettlePrice": fixed(quote.index * SETTLES_AT, 8),
        "lastFundingRate": fixed(quote.rate, 8),
        "interestRate": fixed(interest, 8),
        "nextFundingTime": quote.next_ms,
        "time": at.time(),
    }


def day(symbol: str, of: Contract, quote: Quote, at: Moment) -> dict[str, Json]:
    """One line of the futures' ticker/24hr."""
    return spot_day(symbol, quote.last, quote.volume / of.multiplier, quote.volume_usd, at)


def spot_day(symbol: str, last: float, volume: float, money: float, at: Moment) -> dict[str, Json]:
    """One line of a ticker/24hr."""
    return {
        "symbol": symbol,
        "priceChange": padded(last * 0.01),
        "priceChangePercent": "1.010",
        "weightedAvgPrice": padded(last * 0.995),
        "lastPrice": padded(last),
        "lastQty": "0.100",
        "openPrice": padded(last * 0.99),
        "highPrice": padded(last * 1.01),
        "lowPrice": padded(last * 0.98),
        "volume": padded(volume, 3),
        "quoteVolume": padded(money),
        "openTime": at.time(-DAY_MS),
        "closeTime": at.time(),
        "firstId": 28385,
        "lastId": 28460,
        "count": 76,
    }


def paid(of: Contract, quote: Quote, hour_ms: int) -> dict[str, Json]:
    """One line of fundingRate."""
    return {
        "symbol": of.symbol,
        "fundingRate": fixed(quote.settled, 8),
        "fundingTime": hour_ms,
        "markPrice": fixed(quote.mark, 8),
        "rateType": "Regular",
    }


def forced_frame(each: Forced) -> Frame:
    """One forced order on the combined stream."""
    size = padded(each.coins / each.contract.multiplier, 3)
    order: dict[str, Json] = {
        "s": each.contract.symbol,
        "S": "SELL" if each.position == "long" else "BUY",
        "o": "LIMIT",
        "f": "IOC",
        "q": size,
        "p": padded(each.bankruptcy),
        "ap": padded(each.price),
        "X": "FILLED",
        "l": padded(each.coins / each.contract.multiplier / 3, 3),
        "z": size,
        "T": each.at_ms,
    }
    pushed = each.at_ms + PUSHED_AFTER_MS
    data: Json = {"e": "forceOrder", "E": pushed, "o": order, "st": 1, "ps": each.contract.symbol}
    return Frame(pushed, {"stream": FORCED_TOPIC, "data": data}, (each,))


def coin_m(at_ms: int) -> Frame:
    """A COIN-M order, whose size is contracts of 100 US dollars."""
    order: dict[str, Json] = {"s": "BTCUSD_PERP", "S": "SELL", "o": "LIMIT", "f": "IOC", "q": "900", "p": "63000.0"}
    order |= {"ap": "63100.0", "X": "FILLED", "l": "900", "z": "900", "T": at_ms - PUSHED_AFTER_MS}
    data: Json = {"e": "forceOrder", "E": at_ms, "o": order, "st": 2, "ps": "BTCUSD"}
    return Frame(at_ms, {"stream": FORCED_TOPIC, "data": data})


def mark_update(of: Contract, quote: Quote, at_ms: int) -> dict[str, Json]:
    """One line of the mark price stream."""
    return {
        "e": "markPriceUpdate",
        "E": at_ms,
        "s": of.symbol,
        "p": padded(quote.mark),
        "ap": padded(quote.mark * 0.99992),
        "P": fixed(quote.index * SETTLES_AT, 2),
        "i": padded(quote.index),
        "r": "" if of.kind is Kind.DATED else fixed(quote.rate, 8),
        "T": quote.next_ms,
        "st": 1,
    }


def bare(frame: Frame) -> Frame:
    """As sent on `/market/ws`: without the name of the stream."""
    data = frame.data["data"] if isinstance(frame.data, dict) else frame.data
    return Frame(frame.at_ms, data, frame.forced)
