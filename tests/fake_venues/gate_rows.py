"""Rows of Gate, as documented. Times are seconds, sizes contracts."""

from collections.abc import Mapping, Sequence

from tests.fake_venues.contracts import Contract, Kind, takes_decimals
from tests.fake_venues.market import Market
from tests.fake_venues.shapes import Json, trimmed
from tests.fake_venues.values import Forced, Pair, Quote

STATUSES = {Kind.PREMARKET: "prelaunch", Kind.DELISTED: "delisted"}


def contract(of: Contract, quote: Quote) -> dict[str, Json]:
    """One line of contracts. `delisting_time` counts only for those in delisting."""
    gone = of.kind is Kind.DELISTED
    return {
        "name": of.symbol,
        "type": "direct",
        "quanto_multiplier": trimmed(of.size),
        "mark_type": "index",
        "mark_price": trimmed(quote.mark),
        "index_price": trimmed(quote.index),
        "last_price": trimmed(quote.last),
        "maintenance_rate": "0.004",
        "funding_rate": trimmed(quote.rate, 10),
        "funding_rate_indicative": trimmed(quote.rate, 10),
        "funding_interval": of.hours * 3600,
        "funding_next_apply": quote.next_ms // 1000,
        "funding_cap_ratio": "0.75",
        "funding_rate_limit": "0.003",
        "interest_rate": "0.0003",
        "position_size": _size(of, quote.oi),
        "trade_size": 28_530_850_594,
        "order_size_min": 1,
        "order_size_max": 1_000_000,
        "leverage_max": "100",
        "in_delisting": gone,
        "delisting_time": 1_600_000_000 if gone else 0,
        "status": STATUSES.get(of.kind, "trading"),
        "contract_type": "stocks" if of.kind is Kind.STOCK else "",
        "enable_decimal": takes_decimals(of),
        "config_change_time": 1_790_000_000,
        "create_time": of.listed_ms // 1000,
        "launch_time": of.listed_ms // 1000,
    }


def ticker(of: Contract, quote: Quote) -> dict[str, Json]:
    """One line of tickers."""
    return {
        "contract": of.symbol,
        "last": trimmed(quote.last),
        "change_percentage": "1.01",
        "total_size": _size(of, quote.oi),
        "low_24h": trimmed(quote.last * 0.98),
        "high_24h": trimmed(quote.last * 1.01),
        "volume_24h": _size(of, quote.volume),
        "volume_24h_base": trimmed(quote.volume / of.multiplier, 2),
        "volume_24h_quote": trimmed(quote.volume_usd, 2),
        "volume_24h_settle": trimmed(quote.volume_usd, 2),
        "mark_price": trimmed(quote.mark),
        "index_price": trimmed(quote.index),
        "funding_rate": trimmed(quote.rate, 10),
        "funding_rate_indicative": trimmed(quote.rate, 10),
        "quanto_base_rate": "",
        "highest_bid": trimmed(quote.last * 0.9999),
        "lowest_ask": trimmed(quote.last * 1.0001),
    }


def spot_ticker(pair: Pair) -> dict[str, Json]:
    """One line of spot tickers."""
    return {
        "currency_pair": f"{pair.base}_{pair.quote}",
        "last": trimmed(pair.last),
        "lowest_ask": trimmed(pair.last * 1.0001),
        "highest_bid": trimmed(pair.last * 0.9999),
        "change_percentage": "1.01",
        "base_volume": trimmed(pair.volume, 4),
        "quote_volume": trimmed(pair.volume_quote, 4),
        "high_24h": trimmed(pair.last * 1.01),
        "low_24h": trimmed(pair.last * 0.98),
    }


def stats(of: Contract, quote: Quote, time: int, sums: Mapping[str, float]) -> dict[str, Json]:
    """One line of contract_stats: numbers and strings mixed. Users stand in the ratio of their accounts."""
    return {
        "time": time,
        "lsr_taker": round(quote.taker_buy / quote.taker_sell, 4),
        "lsr_account": round(quote.ls, 4),
        "top_lsr_account": round(quote.ls_top, 4),
        "top_lsr_size": trimmed(quote.ls_pos, 4),
        "long_liq_usd_new": round(sums["long"], 2),
        "short_liq_usd_new": round(sums["short"], 2),
        "long_liq_size": _size(of, sums["long"] / quote.mark * of.multiplier),
        "short_liq_size": _size(of, sums["short"] / quote.mark * of.multiplier),
        "open_interest": _size(of, quote.oi),
        "open_interest_usd": round(quote.oi / of.multiplier * quote.mark, 2),
        "mark_price": float(trimmed(quote.mark)),
        "long_users": str(round(4_000 * quote.ls)),
        "short_users": "4000",
    }


def liq_order(each: Forced) -> dict[str, Json]:
    """One line of liq_orders."""
    of = each.contract
    size = trimmed(each.coins / of.multiplier / of.size, 4)
    longs = each.position == "long"
    return {
        "time": each.at_ms // 1000,
        "contract": of.symbol,
        "size": size if longs else f"-{size}",
        "order_size": f"-{size}" if longs else size,
        "order_price": trimmed(each.bankruptcy),
        "fill_price": trimmed(each.price),
        "left": "0",
    }


def paid(market: Market, of: Contract, times: Sequence[int]) -> list[Json]:
    """Lines of funding_rate."""
    return [{"t": time // 1000, "r": trimmed(market.rate_at(of, time), 10)} for time in times]


def _size(of: Contract, coins: float) -> str:
    contracts = coins / of.multiplier / of.size
    return trimmed(contracts, 1) if takes_decimals(of) else str(round(contracts))
