"""Rows of Bitget, as documented."""

from tests.fake_venues.contracts import Contract, Kind
from tests.fake_venues.shapes import Json, fixed, padded, shares, trimmed
from tests.fake_venues.values import Forced, Pair, Quote

ROW_LATE_MS = 50
STATUSES = {Kind.PREMARKET: "listed"}
TIMES_TOO_SMALL = 100
"""The ratio of accounts has been seen a hundred times too small."""


def contract(of: Contract) -> dict[str, Json]:
    """One line of contracts."""
    return {
        "symbol": of.symbol,
        "baseCoin": of.base,
        "quoteCoin": of.quote,
        "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05",
        "makerFeeRate": "0.0002",
        "takerFeeRate": "0.0006",
        "supportMarginCoins": [of.quote],
        "minTradeNum": "0.0001",
        "priceEndStep": "1",
        "volumePlace": "4",
        "pricePlace": "1",
        "sizeMultiplier": "0.0001",
        "symbolType": "delivery" if of.kind is Kind.DATED else "perpetual",
        "minTradeUSDT": "5",
        "symbolStatus": STATUSES.get(of.kind, "normal"),
        "offTime": str(of.ends_ms) if of.kind is Kind.LEAVING else "-1",
        "limitOpenTime": "-1",
        "launchTime": "",
        "deliveryTime": str(of.ends_ms) if of.kind is Kind.DATED else "",
        "deliveryStartTime": "",
        "fundInterval": str(of.hours),
        "minLever": "1",
        "maxLever": "125",
        "isRwa": "YES" if of.kind is Kind.STOCK else "NO",
    }


def ticker(of: Contract, quote: Quote, stamp: int) -> dict[str, Json]:
    """One line of tickers."""
    dated = of.kind is Kind.DATED
    return {
        "symbol": of.symbol,
        "lastPr": padded(quote.last, 1),
        "askPr": padded(quote.last * 1.0001, 1),
        "bidPr": padded(quote.last * 0.9999, 1),
        "high24h": padded(quote.last * 1.01, 1),
        "low24h": padded(quote.last * 0.98, 1),
        "ts": str(stamp),
        "change24h": "0.0101",
        "baseVolume": trimmed(quote.volume / of.multiplier, 4),
        "quoteVolume": trimmed(quote.volume_usd, 4),
        "usdtVolume": trimmed(quote.volume_usd, 4),
        "openUtc": padded(quote.last * 0.99, 1),
        "changeUtc24h": "0.0101",
        "indexPrice": padded(quote.index, 1),
        "fundingRate": "" if dated else trimmed(quote.rate, 10),
        "holdingAmount": trimmed(quote.oi / of.multiplier, 6),
        "deliveryStartTime": None,
        "deliveryTime": None,
        "deliveryStatus": "",
        "open24h": padded(quote.last * 0.99, 1),
        "markPrice": padded(quote.mark, 1),
    }


def pushed_ticker(of: Contract, quote: Quote) -> dict[str, Json]:
    """One line of the stream's ticker, whose names differ."""
    return {
        "lastPrice": padded(quote.last, 1),
        "markPrice": padded(quote.mark, 1),
        "indexPrice": padded(quote.index, 1),
        "fundingRate": trimmed(quote.rate, 10),
        "openInterest": trimmed(quote.oi / of.multiplier, 6),
        "nextFundingTime": str(quote.next_ms),
        "deliveryTime": "",
    }


def rate(of: Contract, quote: Quote) -> dict[str, Json]:
    """One line of current-fund-rate."""
    return {
        "symbol": of.symbol,
        "fundingRate": trimmed(quote.rate, 10),
        "fundingRateInterval": str(of.hours),
        "nextUpdate": str(quote.next_ms),
        "minFundingRate": "-0.003",
        "maxFundingRate": "0.003",
    }


def paid(of: Contract, settled: float, time: int) -> dict[str, Json]:
    """One line of history-fund-rate."""
    return {"symbol": of.symbol, "fundingRate": trimmed(settled, 10), "fundingTime": str(time)}


def spot_ticker(pair: Pair, stamp: int) -> dict[str, Json]:
    """One line of spot tickers."""
    return {
        "open": padded(pair.last * 0.99, 1),
        "symbol": pair.base + pair.quote,
        "high24h": padded(pair.last * 1.01, 1),
        "low24h": padded(pair.last * 0.98, 1),
        "lastPr": padded(pair.last, 1),
        "quoteVolume": trimmed(pair.volume_quote, 4),
        "baseVolume": trimmed(pair.volume, 4),
        "usdtVolume": trimmed(pair.volume_quote, 4),
        "ts": str(stamp),
        "bidPr": padded(pair.last * 0.9999, 1),
        "askPr": padded(pair.last * 1.0001, 1),
        "openUtc": padded(pair.last * 0.99, 1),
        "changeUtc24h": "0.0101",
        "change24h": "0.0101",
    }


def accounts(quote: Quote) -> dict[str, Json]:
    """One row of account-long-short."""
    longs, shorts = shares(quote.ls_top)
    return {
        "longAccountRatio": trimmed(longs, 4),
        "shortAccountRatio": trimmed(shorts, 4),
        "longShortAccountRatio": fixed(longs / shorts / TIMES_TOO_SMALL, 4),
    }


def positions(quote: Quote) -> dict[str, Json]:
    """One row of position-long-short."""
    longs, shorts = shares(quote.ls_pos)
    return {
        "longPositionRatio": trimmed(longs, 4),
        "shortPositionRatio": trimmed(shorts, 4),
        "longShortPositionRatio": trimmed(longs / shorts, 2),
    }


def takers(quote: Quote) -> dict[str, Json]:
    """One row of taker-buy-sell."""
    return {"buyVolume": trimmed(quote.taker_buy, 4), "sellVolume": trimmed(quote.taker_sell, 4)}


def closed(each: Forced) -> dict[str, Json]:
    """`side` is the position's, `amount` quote money."""
    return {
        "symbol": each.contract.symbol,
        "side": "buy" if each.position == "long" else "sell",
        "price": trimmed(each.price),
        "amount": trimmed(each.coins / each.contract.multiplier * each.price, 8),
        "ts": str(each.at_ms),
    }
