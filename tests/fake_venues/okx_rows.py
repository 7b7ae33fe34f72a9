"""Rows of OKX, as documented."""

from collections.abc import Iterable

from tests.fake_venues.contracts import Contract, Kind
from tests.fake_venues.shapes import HOUR_MS, Json, fixed, trimmed
from tests.fake_venues.values import Forced, Pair, Quote


def contracts(of: Contract, coins: float, price: float) -> float:
    """So many coins as contracts."""
    return coins * price / of.size if of.kind is Kind.INVERSE else coins / of.size


def instrument(of: Contract, *, splitting: bool) -> dict[str, Json]:
    """One line of instruments."""
    inverse = of.kind is Kind.INVERSE
    return {
        "alias": "",
        "auctionEndTime": "",
        "baseCcy": "",
        "category": "1",
        "contTdSwTime": "",
        "ctMult": "1",
        "ctType": "inverse" if inverse else "linear",
        "ctVal": trimmed(of.size),
        "ctValCcy": "USD" if inverse else of.base,
        "expTime": str(of.ends_ms or ""),
        "futureSettlement": False,
        "instCategory": "3" if of.kind is Kind.STOCK else "1",
        "instFamily": f"{of.base}-{of.quote}",
        "instId": of.symbol,
        "instType": "SWAP",
        "lever": "100",
        "listTime": str(of.listed_ms),
        "lotSz": "0.01",
        "minSz": "0.01",
        "quoteCcy": "",
        "ruleType": "pre_market" if of.kind is Kind.PREMARKET else "normal",
        "settleCcy": of.base if inverse else of.quote,
        "state": "rebase" if splitting else "live",
        "stk": "",
        "tickSz": "0.1",
        "uly": f"{of.base}-{of.quote}",
    }


def funding(of: Contract, quote: Quote, stamp: int) -> dict[str, Json]:
    """One line of funding-rate; what comes after the next one is no longer told."""
    return {
        "instType": "FUTURES" if of.kind is Kind.XPERP else "SWAP",
        "instId": of.symbol,
        "method": "current_period",
        "formulaType": "withRate",
        "fundingRate": fixed(quote.rate, 16),
        "nextFundingRate": "",
        "fundingTime": str(quote.next_ms),
        "nextFundingTime": str(quote.next_ms + of.hours * HOUR_MS),
        "minFundingRate": "-0.00375",
        "maxFundingRate": "0.00375",
        "interestRate": "0.0001",
        "impactValue": "20000",
        "settState": "settled",
        "settFundingRate": fixed(quote.settled, 16),
        "premium": "0.0001",
        "ts": str(stamp),
    }


def paid(of: Contract, rate: float, time: int) -> dict[str, Json]:
    """One line of funding-rate-history: the forecast beside what was paid."""
    return {
        "instType": "SWAP",
        "instId": of.symbol,
        "fundingRate": fixed(rate + 1e-6, 7),
        "realizedRate": fixed(rate, 10),
        "fundingTime": str(time),
        "method": "current_period",
        "formulaType": "withRate",
    }


def open_interest(of: Contract, quote: Quote, stamp: int) -> dict[str, Json]:
    """One line of open-interest."""
    return {
        "instType": "SWAP",
        "instId": of.symbol,
        "oi": trimmed(contracts(of, quote.oi, quote.mark), 4),
        "oiCcy": trimmed(quote.oi, 6),
        "oiUsd": trimmed(quote.oi * quote.mark, 6),
        "ts": str(stamp),
    }


def ticker(of: Contract, quote: Quote, stamp: int) -> dict[str, Json]:
    """One line of tickers of swaps: volumes in contracts and in coins."""
    return _day("SWAP", of.symbol, quote.last, stamp) | {
        "vol24h": trimmed(contracts(of, quote.volume, quote.mark), 4),
        "volCcy24h": trimmed(quote.volume, 4),
    }


def spot_ticker(pair: Pair, stamp: int) -> dict[str, Json]:
    """One line of tickers of spot: volumes in coins and in the quote."""
    return _day("SPOT", f"{pair.base}-{pair.quote}", pair.last, stamp) | {
        "vol24h": trimmed(pair.volume, 6),
        "volCcy24h": trimmed(pair.volume_quote, 6),
    }


def closed(forced: Iterable[Forced]) -> list[Json]:
    """Several instruments, each with several details, the newest first."""
    by_contract: dict[str, tuple[Contract, list[Json]]] = {}
    for each in forced:
        of = each.contract
        by_contract.setdefault(of.symbol, (of, []))[1].insert(0, _detail(each))
    return [
        {
            "instType": "SWAP",
            "instId": of.symbol,
            "instFamily": f"{of.base}-{of.quote}",
            "uly": f"{of.base}-{of.quote}",
            "details": details,
        }
        for of, details in by_contract.values()
    ]


def _detail(each: Forced) -> Json:
    return {
        "side": "sell" if each.position == "long" else "buy",
        "posSide": "net" if each.net else each.position,
        "bkPx": trimmed(each.bankruptcy),
        "bkLoss": "0",
        "sz": trimmed(contracts(each.contract, each.coins, each.price), 4),
        "ccy": "",
        "ts": str(each.at_ms),
    }


def _day(kind: str, symbol: str, last: float, stamp: int) -> dict[str, Json]:
    return {
        "instType": kind,
        "instId": symbol,
        "last": trimmed(last),
        "lastSz": "1",
        "askPx": trimmed(last * 1.0001),
        "askSz": "10",
        "bidPx": trimmed(last * 0.9999),
        "bidSz": "10",
        "open24h": trimmed(last * 0.99),
        "high24h": trimmed(last * 1.01),
        "low24h": trimmed(last * 0.98),
        "sodUtc0": trimmed(last * 0.995),
        "sodUtc8": trimmed(last * 0.995),
        "ts": str(stamp),
    }
