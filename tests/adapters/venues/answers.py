"""What each call of each venue answers about any coins, in the documented shapes, with rows as wide as theirs.

Numbers are invented. Each coin has its own, so that a value that ends up with another coin is seen.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]

NOW = datetime(2026, 11, 23, 14, 0, 0, 500_000, UTC)
STAMP = 1_795_442_400_000
"""Half a second before."""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
STATISTICS_STAMP = STAMP - 300_000


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin, its number, and the price of one.

    `many` is how many one unit of its name is on most venues, `hours` its funding interval, `contract` OKX's size.
    """

    name: str
    number: int
    price: float
    many: int = 1
    hours: int = 8
    contract: float = 10.0

    @property
    def base(self) -> str:
        """What most venues call it: 1000PEPE."""
        return self.name if self.many == 1 else f"{self.many}{self.name}"

    @property
    def rate(self) -> float:
        """Its funding of one interval."""
        return round((self.number % 13 - 4) * 1.3e-5, 8)

    @property
    def interest(self) -> float:
        """Its open interest in coins."""
        return round(4e8 / (self.number + 3) / self.price, 1)

    @property
    def dollars(self) -> float:
        """What was traded of it in a day."""
        return round(9.6e9 / (self.number + 1), 2)

    @property
    def next_stamp(self) -> int:
        """When its next funding is due."""
        period = self.hours * HOUR_MS
        return (STAMP // period + 1) * period


BTC = Coin("BTC", 0, 64_000.0, contract=0.01)
ETH = Coin("ETH", 1, 3_200.0, hours=4)
PEPE = Coin("PEPE", 2, 0.0108, many=1000)
SOL = Coin("SOL", 3, 180.25, hours=1)


def market(size: int) -> tuple[Coin, ...]:
    """A market of so many coins."""
    others = (Coin(f"C{n:03d}", n, round(50_000 / (n + 1), 4), hours=(8, 4, 1)[n % 3]) for n in range(4, size))
    return (BTC, ETH, PEPE, SOL, *others)[:size]


def text(value: float, digits: int = 8) -> str:
    """A number as venues write it."""
    return f"{value:.{digits}f}"


def body(answer: object) -> bytes:
    """As it comes over the wire."""
    return json.dumps(answer, separators=(",", ":")).encode()


def _quoted(coin: Coin, factor: float = 1.0) -> str:
    return text(coin.price * coin.many * factor)


def _sized(coin: Coin, factor: float = 1.0) -> str:
    return text(coin.interest / coin.many * factor, 6)


def _bar(coin: Coin) -> list[str]:
    """Open, high, low and close."""
    return [_quoted(coin), _quoted(coin, 1.02), _quoted(coin, 0.98), _quoted(coin, 1.01)]


# Binance


def binance_exchange_info(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "symbol": f"{coin.base}USDT", "pair": f"{coin.base}USDT", "contractType": "PERPETUAL",
            "deliveryDate": 4_133_404_800_000, "onboardDate": 1_569_398_400_000, "status": "TRADING",
            "baseAsset": coin.base, "quoteAsset": "USDT", "marginAsset": "USDT", "underlyingType": "COIN",
            "underlyingSubType": ["PoW"],
        }
        for coin in coins
    ]  # fmt: skip
    return {"serverTime": STAMP, "rateLimits": [], "symbols": rows}


def binance_premium(coins: Sequence[Coin]) -> object:
    return [
        {
            "symbol": f"{coin.base}USDT", "markPrice": _quoted(coin), "indexPrice": _quoted(coin, 1.0003),
            "estimatedSettlePrice": _quoted(coin, 1.0002), "lastFundingRate": text(coin.rate),
            "interestRate": text(0.0001 * coin.hours / 8), "nextFundingTime": coin.next_stamp, "time": STAMP,
        }
        for coin in coins
    ]  # fmt: skip


def binance_terms(coins: Sequence[Coin]) -> object:
    return [
        {
            "symbol": f"{coin.base}USDT", "adjustedFundingRateCap": "0.02000000",
            "adjustedFundingRateFloor": "-0.02000000", "fundingIntervalHours": coin.hours, "disclaimer": False,
        }
        for coin in coins
        if coin.hours != 8
    ]  # fmt: skip


def binance_open_interest(coin: Coin) -> object:
    return {"openInterest": _sized(coin), "symbol": f"{coin.base}USDT", "time": STAMP - 2_000}


def binance_past_open_interest(coins: Sequence[Coin]) -> object:
    return [
        {
            "symbol": f"{coin.base}USDT", "sumOpenInterest": _sized(coin),
            "sumOpenInterestValue": text(coin.interest * coin.price, 2), "timestamp": STATISTICS_STAMP,
        }
        for coin in coins
    ]  # fmt: skip


def _binance_ticker(coin: Coin, pair: str, money: float) -> Row:
    return {
        "symbol": pair, "priceChange": "-94.99", "priceChangePercent": "-0.960", "weightedAvgPrice": _quoted(coin),
        "lastPrice": _quoted(coin), "lastQty": "200.0", "openPrice": _quoted(coin, 0.99),
        "highPrice": _quoted(coin, 1.02), "lowPrice": _quoted(coin, 0.98),
        "volume": text(money / coin.price / coin.many, 3), "quoteVolume": text(money, 2), "openTime": STAMP - DAY_MS,
        "closeTime": STAMP, "firstId": 28_385, "lastId": 28_460, "count": 76,
    }  # fmt: skip


def binance_volume(coins: Sequence[Coin]) -> object:
    return [_binance_ticker(coin, f"{coin.base}USDT", coin.dollars) for coin in coins]


def binance_spot(coins: Sequence[Coin], pairs: int = 0) -> object:
    """A pair against USDT of each coin, then others up to so many."""
    sides = {
        "prevClosePrice": "0.1", "bidPrice": "4.0", "bidQty": "100.0", "askPrice": "4.1", "askQty": "100.0",
    }  # fmt: skip
    named = [(coin, f"{coin.name}USDT") for coin in coins]
    return [_binance_ticker(coin, pair, coin.dollars / 8) | sides for coin, pair in [*named, *_pairs(coins, "", pairs)]]


def _pairs(coins: Sequence[Coin], between: str, pairs: int) -> list[tuple[Coin, str]]:
    """Pairs that do not count, so that there are so many."""
    return [(coins[n % len(coins)], f"X{n}{between}BTC") for n in range(len(coins), pairs)]


def binance_ratio(coins: Sequence[Coin]) -> object:
    return [
        {
            "symbol": f"{coin.base}USDT", "longShortRatio": "1.5000", "longAccount": "0.6000",
            "shortAccount": "0.4000", "timestamp": STATISTICS_STAMP,
        }
        for coin in coins
    ]  # fmt: skip


def binance_settled(coins: Sequence[Coin]) -> object:
    return [
        {
            "symbol": f"{coin.base}USDT", "fundingRate": text(coin.rate),
            "fundingTime": coin.next_stamp - back * coin.hours * HOUR_MS, "markPrice": _quoted(coin),
            "rateType": "Regular",
        }
        for coin in coins
        for back in (3, 2, 1)
    ]  # fmt: skip


def binance_liquidation(coin: Coin, *, long: bool) -> object:
    order = {
        "s": f"{coin.base}USDT", "S": "SELL" if long else "BUY", "o": "LIMIT", "f": "IOC", "q": "1.500",
        "p": _quoted(coin, 0.99), "ap": _quoted(coin, 0.995), "X": "FILLED", "l": "0.500", "z": "1.500",
        "T": STAMP + 110,
    }  # fmt: skip
    return {
        "stream": "!forceOrder@arr",
        "data": {"e": "forceOrder", "E": STAMP + 120, "o": order, "st": 1, "ps": f"{coin.base}USDT"},
    }


def binance_bars(coin: Coin) -> object:
    return [
        [at, *_bar(coin), "40.0", at + HOUR_MS - 1, text(coin.dollars / 24, 2), 76, "20.0", "1.0", "0"]
        for at in (STAMP - HOUR_MS, STAMP)
    ]


# Bybit


def _bybit(category: str, rows: Sequence[object], **more: object) -> object:
    result = {"category": category, "list": rows, "nextPageCursor": ""} | more
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": STAMP + 50}


def bybit_instruments(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "symbol": f"{coin.base}USDT", "contractType": "LinearPerpetual", "status": "Trading",
            "baseCoin": coin.base, "quoteCoin": "USDT", "settleCoin": "USDT", "launchTime": "1584230400000",
            "deliveryTime": "0", "fundingInterval": coin.hours * 60, "isPreListing": False, "symbolType": "",
        }
        for coin in coins
    ]  # fmt: skip
    return _bybit("linear", rows)


def bybit_tickers(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "symbol": f"{coin.base}USDT", "lastPrice": _quoted(coin, 1.0001), "indexPrice": _quoted(coin, 1.0003),
            "markPrice": _quoted(coin), "prevPrice24h": _quoted(coin, 0.99), "price24hPcnt": "0.01",
            "highPrice24h": _quoted(coin, 1.02), "lowPrice24h": _quoted(coin, 0.98), "prevPrice1h": _quoted(coin),
            "openInterest": _sized(coin, 2), "openInterestValue": text(2 * coin.interest * coin.price, 2),
            "singleOpenInterest": _sized(coin), "singleOpenInterestValue": text(coin.interest * coin.price, 2),
            "turnover24h": text(coin.dollars, 4), "volume24h": text(coin.dollars / coin.price / coin.many, 3),
            "fundingRate": text(coin.rate), "nextFundingTime": str(coin.next_stamp), "predictedDeliveryPrice": "",
            "basisRate": "", "deliveryFeeRate": "", "deliveryTime": "0", "ask1Size": "1.1",
            "bid1Price": _quoted(coin, 0.9999), "ask1Price": _quoted(coin, 1.0001), "bid1Size": "2.2", "basis": "",
            "preOpenPrice": "", "preQty": "", "curPreListingPhase": "", "fundingIntervalHour": str(coin.hours),
            "fundingCap": "0.005", "basisRateYear": "",
        }
        for coin in coins
    ]  # fmt: skip
    return _bybit("linear", rows)


def bybit_spot(coins: Sequence[Coin], pairs: int = 0) -> object:
    rows = [
        {
            "symbol": pair, "bid1Price": _quoted(coin, 0.9999), "bid1Size": "2", "ask1Price": _quoted(coin, 1.0001),
            "ask1Size": "1", "lastPrice": _quoted(coin), "prevPrice24h": _quoted(coin, 0.99), "price24hPcnt": "0.01",
            "highPrice24h": _quoted(coin, 1.02), "lowPrice24h": _quoted(coin, 0.98),
            "turnover24h": text(coin.dollars / 9, 4), "volume24h": text(coin.dollars / 9 / coin.price, 3),
            "usdIndexPrice": _quoted(coin),
        }
        for coin, pair in [*((coin, f"{coin.name}USDT") for coin in coins), *_pairs(coins, "", pairs)]
    ]  # fmt: skip
    return _bybit("spot", rows)


def bybit_ratio(coins: Sequence[Coin]) -> object:
    rows = [
        {"symbol": f"{coin.base}USDT", "buyRatio": "0.55", "sellRatio": "0.45", "timestamp": str(STATISTICS_STAMP)}
        for coin in coins
    ]
    return _bybit("linear", rows)


def bybit_settled(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "symbol": f"{coin.base}USDT", "fundingRate": text(coin.rate),
            "fundingRateTimestamp": str(coin.next_stamp - back * coin.hours * HOUR_MS),
        }
        for coin in coins
        for back in (1, 2, 3)
    ]  # fmt: skip
    return _bybit("linear", rows)


def bybit_open_interest(coin: Coin) -> object:
    row = {"openInterest": _sized(coin, 2), "singleOpenInterest": _sized(coin), "timestamp": str(STATISTICS_STAMP)}
    return _bybit("linear", [row], symbol=f"{coin.base}USDT")


def bybit_klines(coin: Coin) -> object:
    rows = [[str(at), *_bar(coin), "40", text(coin.dollars / 24, 2)] for at in (STAMP, STAMP - HOUR_MS)]
    return _bybit("linear", rows, symbol=f"{coin.base}USDT")


def bybit_liquidations(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "T": STAMP + 110 + coin.number, "s": f"{coin.base}USDT", "S": side, "v": "0.750", "p": _quoted(coin, 0.99),
        }
        for coin in coins
        for side in ("Buy", "Sell")
    ]  # fmt: skip
    topic = f"allLiquidation.{coins[0].base}USDT" if coins else "allLiquidation."
    return {"topic": topic, "type": "snapshot", "ts": STAMP + 500, "data": rows}


# OKX


def _okx(rows: Sequence[object]) -> object:
    return {"code": "0", "msg": "", "data": rows}


def okx_instruments(coins: Sequence[Coin]) -> object:
    """The perpetuals of all of them against USDT, and one of BTC that is margined in coins."""
    linear = [
        {
            "instType": "SWAP", "instId": f"{coin.name}-USDT-SWAP", "uly": f"{coin.name}-USDT",
            "instFamily": f"{coin.name}-USDT", "settleCcy": "USDT", "ctVal": str(coin.contract), "ctMult": "1",
            "ctValCcy": coin.name, "ctType": "linear", "listTime": "1573557408000", "expTime": "", "state": "live",
            "ruleType": "normal", "instCategory": "1",
        }
        for coin in coins
    ]  # fmt: skip
    inverse = {
        "instId": "BTC-USD-SWAP", "uly": "BTC-USD", "instFamily": "BTC-USD", "settleCcy": "BTC", "ctVal": "100",
        "ctValCcy": "USD", "ctType": "inverse",
    }  # fmt: skip
    return _okx([*linear, *([linear[0] | inverse] if linear else [])])


def _okx_both(coins: Sequence[Coin]) -> list[tuple[Coin, str]]:
    """Each perpetual, with the one of BTC against dollars last."""
    return [*((coin, f"{coin.name}-USDT-SWAP") for coin in coins), *[(coin, "BTC-USD-SWAP") for coin in coins[:1]]]


def okx_mark(coins: Sequence[Coin]) -> object:
    return _okx(
        [
            {"instType": "SWAP", "instId": symbol, "markPx": text(coin.price), "ts": str(STAMP - 100)}
            for coin, symbol in _okx_both(coins)
        ]
    )


def okx_index(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "instId": f"{coin.name}-USDT", "idxPx": text(coin.price * 1.0003), "high24h": text(coin.price * 1.02),
            "low24h": text(coin.price * 0.98), "open24h": text(coin.price), "sodUtc0": text(coin.price),
            "sodUtc8": text(coin.price), "ts": str(STAMP - 100),
        }
        for coin in coins
    ]  # fmt: skip
    return _okx(rows)


def okx_funding(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "instType": "SWAP", "instId": symbol, "method": "current_period", "formulaType": "withRate",
            "fundingRate": text(coin.rate, 16), "nextFundingRate": "", "fundingTime": str(coin.next_stamp),
            "nextFundingTime": str(coin.next_stamp + coin.hours * HOUR_MS), "minFundingRate": "-0.00375",
            "maxFundingRate": "0.00375", "interestRate": "0.0000000000", "impactValue": "20000",
            "settState": "settled", "settFundingRate": text(coin.rate / 2, 16), "premium": "0.0001",
            "ts": str(STAMP - 100),
        }
        for coin, symbol in _okx_both(coins)
    ]  # fmt: skip
    return _okx(rows)


def okx_open_interest(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "instType": "SWAP", "instId": symbol,
            "oi": text(coin.interest / coin.contract if "USDT" in symbol else coin.interest * coin.price / 100),
            "oiCcy": text(coin.interest), "oiUsd": text(coin.interest * coin.price), "ts": str(STAMP - 100),
        }
        for coin, symbol in _okx_both(coins)
    ]  # fmt: skip
    return _okx(rows)


def _okx_ticker(coin: Coin, symbol: str, kind: str, contracts: float, volume: float) -> Row:
    return {
        "instType": kind, "instId": symbol, "last": text(coin.price), "lastSz": "1", "askPx": text(coin.price * 1.0001),
        "askSz": "1", "bidPx": text(coin.price * 0.9999), "bidSz": "2", "open24h": text(coin.price),
        "high24h": text(coin.price * 1.02), "low24h": text(coin.price * 0.98), "volCcy24h": text(volume, 4),
        "vol24h": text(contracts, 4), "sodUtc0": text(coin.price), "sodUtc8": text(coin.price), "ts": str(STAMP - 100),
    }  # fmt: skip


def okx_volume(coins: Sequence[Coin]) -> object:
    """Of perpetuals `volCcy24h` is coins."""
    traded = [(coin, symbol, coin.dollars / coin.price) for coin, symbol in _okx_both(coins)]
    return _okx([_okx_ticker(coin, symbol, "SWAP", of / coin.contract, of) for coin, symbol, of in traded])


def okx_spot(coins: Sequence[Coin], pairs: int = 0) -> object:
    """Of pairs `volCcy24h` is money."""
    named = [*((coin, f"{coin.name}-USDT") for coin in coins), *_pairs(coins, "-", pairs)]
    return _okx(
        [_okx_ticker(coin, pair, "SPOT", coin.dollars / 7 / coin.price, coin.dollars / 7) for coin, pair in named]
    )


def okx_ratio(coins: Sequence[Coin]) -> object:
    return _okx([[str(STATISTICS_STAMP), "1.2500"] for _ in coins])


def okx_open_interest_history(coin: Coin) -> object:
    contracts = text(coin.interest / coin.contract)
    return _okx([[str(STATISTICS_STAMP), contracts, text(coin.interest), text(coin.interest * coin.price)]])


def okx_candles(coin: Coin) -> object:
    """Of mark prices."""
    return _okx([[str(at), *_bar(coin), over] for at, over in ((STAMP, "0"), (STAMP - HOUR_MS, "1"))])


def okx_traded(coin: Coin) -> object:
    """Candles with what was traded: contracts, coins, money."""
    traded = ["4000", "40", text(coin.dollars / 24, 2)]
    return _okx([[str(at), *_bar(coin), *traded, over] for at, over in ((STAMP, "0"), (STAMP - HOUR_MS, "1"))])


def okx_settled(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "instType": "SWAP", "instId": f"{coin.name}-USDT-SWAP", "fundingRate": text(coin.rate),
            "realizedRate": text(coin.rate / 2), "fundingTime": str(coin.next_stamp - back * coin.hours * HOUR_MS),
            "method": "current_period",
        }
        for coin in coins
        for back in (1, 2, 3)
    ]  # fmt: skip
    return _okx(rows)


def okx_liquidations(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "instType": "SWAP", "instId": symbol, "instFamily": symbol[:-5], "uly": symbol[:-5],
            "details": [
                {"side": "sell", "posSide": "long", "bkPx": text(coin.price * 0.99), "bkLoss": "0", "sz": "130",
                 "ccy": "", "ts": str(STAMP + 110)},
                {"side": "buy", "posSide": "net", "bkPx": text(coin.price * 1.01), "bkLoss": "0", "sz": "20",
                 "ccy": "", "ts": str(STAMP + 50)},
            ],
        }
        for coin, symbol in _okx_both(coins)
    ]  # fmt: skip
    return {"arg": {"channel": "liquidation-orders", "instType": "SWAP"}, "data": rows}


# Gate

QUANTO = 0.0001
"""Coins of one contract."""


def gate_contracts(coins: Sequence[Coin]) -> object:
    return [
        {
            "name": f"{coin.name}_USDT", "type": "direct", "quanto_multiplier": text(QUANTO, 4), "leverage_min": "1",
            "leverage_max": "100", "maintenance_rate": "0.005", "mark_type": "index", "mark_price": text(coin.price),
            "index_price": text(coin.price * 1.0003), "last_price": text(coin.price * 1.0001),
            "maker_fee_rate": "-0.0001", "taker_fee_rate": "0.0005", "order_price_round": "0.1",
            "mark_price_round": "0.01", "funding_rate": text(coin.rate), "funding_interval": coin.hours * 3600,
            "funding_next_apply": coin.next_stamp // 1000, "interest_rate": "0.0003", "risk_limit_base": "1000000",
            "risk_limit_step": "1000000", "risk_limit_max": "8000000", "order_size_min": "1",
            "order_size_max": "1000000", "order_price_deviate": "0.5", "ref_discount_rate": "0",
            "ref_rebate_rate": "0.2", "orderbook_id": 1, "trade_id": 2, "trade_size": "3",
            "position_size": text(coin.interest / QUANTO, 0), "config_change_time": 1_790_000_000,
            "in_delisting": False, "orders_limit": 100, "funding_rate_indicative": text(coin.rate),
            "enable_bonus": True, "enable_credit": True, "create_time": 1_600_000_000, "funding_cap_ratio": "0.75",
            "voucher_leverage": "0", "status": "trading", "contract_type": "", "enable_decimal": False,
        }
        for coin in coins
    ]  # fmt: skip


def gate_tickers(coins: Sequence[Coin]) -> object:
    return [
        {
            "contract": f"{coin.name}_USDT", "last": text(coin.price * 1.0001), "low_24h": text(coin.price * 0.98),
            "high_24h": text(coin.price * 1.02), "change_percentage": "1.01",
            "total_size": text(coin.interest / QUANTO, 0), "volume_24h": text(coin.dollars / coin.price / QUANTO, 0),
            "volume_24h_btc": "50000", "volume_24h_usd": text(coin.dollars, 0),
            "volume_24h_base": text(coin.dollars / coin.price, 0), "volume_24h_quote": text(coin.dollars, 0),
            "volume_24h_settle": text(coin.dollars, 0), "mark_price": text(coin.price),
            "index_price": text(coin.price * 1.0003), "funding_rate": text(coin.rate),
            "funding_rate_indicative": text(coin.rate), "lowest_ask": text(coin.price), "lowest_size": "1",
            "highest_bid": text(coin.price), "highest_size": "2", "quanto_base_rate": "",
        }
        for coin in coins
    ]  # fmt: skip


def gate_spot(coins: Sequence[Coin], pairs: int = 0) -> object:
    return [
        {
            "currency_pair": pair, "last": text(coin.price), "lowest_ask": text(coin.price), "lowest_size": "1",
            "highest_bid": text(coin.price), "highest_size": "2", "change_percentage": "1.01",
            "base_volume": text(coin.dollars / 11 / coin.price, 3), "quote_volume": text(coin.dollars / 11, 2),
            "high_24h": text(coin.price), "low_24h": text(coin.price),
        }
        for coin, pair in [*((coin, f"{coin.name}_USDT") for coin in coins), *_pairs(coins, "_", pairs)]
    ]  # fmt: skip


def gate_stats(coins: Sequence[Coin]) -> object:
    return [
        {
            "time": STATISTICS_STAMP // 1000, "lsr_taker": 0.9, "lsr_account": 1.3, "top_lsr_account": 1.1,
            "top_lsr_size": "1.05", "long_liq_usd_new": 76_000, "short_liq_usd_new": 6_400,
            "open_interest": "119500000", "open_interest_usd": 764_800_000, "mark_price": 64_000,
            "long_users": "5200", "short_users": "4000",
        }
        for _ in coins
    ]  # fmt: skip


def gate_settled(coins: Sequence[Coin]) -> object:
    times = [(coin, coin.next_stamp // 1000 - back * coin.hours * 3600) for coin in coins[:1] for back in (1, 2, 3)]
    return [{"t": at, "r": text(coin.rate)} for coin, at in times]


def gate_candles(coin: Coin) -> object:
    names = ("o", "h", "l", "c")
    return [
        {"t": at // 1000, "v": 4000, **dict(zip(names, _bar(coin), strict=True)), "sum": text(coin.dollars / 24, 2)}
        for at in (STAMP - HOUR_MS, STAMP)
    ]


def gate_orders(coins: Sequence[Coin]) -> object:
    return [
        {
            "time": STAMP // 1000, "contract": f"{coin.name}_USDT", "size": "1200", "order_size": "-1200",
            "order_price": text(coin.price * 0.98), "fill_price": text(coin.price * 0.99), "left": "0",
        }
        for coin in coins
    ]  # fmt: skip


def gate_liquidations(coins: Sequence[Coin]) -> object:
    rows = [
        {"price": text(coin.price * 0.99), "size": size, "time": STAMP + 110, "contract": f"{coin.name}_USDT"}
        for coin in coins
        for size in ("-1200", "80")
    ]
    return {
        "time": STAMP // 1000, "time_ms": STAMP + 900, "channel": "futures.public_liquidates", "event": "update",
        "result": rows,
    }  # fmt: skip


# Bitget


def _bitget(rows: Sequence[object]) -> object:
    return {"code": "00000", "msg": "success", "requestTime": STAMP, "data": rows}


def bitget_contracts(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "symbol": f"{coin.base}USDT", "baseCoin": coin.base, "quoteCoin": "USDT", "supportMarginCoins": ["USDT"],
            "sizeMultiplier": "0.0001", "symbolType": "perpetual", "symbolStatus": "normal", "offTime": "-1",
            "launchTime": "", "deliveryTime": "", "fundInterval": str(coin.hours), "isRwa": "NO",
        }
        for coin in coins
    ]  # fmt: skip
    return _bitget(rows)


def bitget_tickers(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "symbol": f"{coin.base}USDT", "lastPr": _quoted(coin, 1.0001), "askPr": _quoted(coin),
            "bidPr": _quoted(coin), "bidSz": "1", "askSz": "2", "high24h": _quoted(coin, 1.02),
            "low24h": _quoted(coin, 0.98), "ts": str(STAMP - 50), "change24h": "0.01",
            "baseVolume": text(coin.dollars / coin.price / coin.many, 2),
            "quoteVolume": text(coin.dollars, 2), "usdtVolume": text(coin.dollars, 2), "openUtc": _quoted(coin),
            "changeUtc24h": "0.01", "indexPrice": _quoted(coin, 1.0003), "fundingRate": text(coin.rate),
            "holdingAmount": _sized(coin), "deliveryStartTime": None, "deliveryTime": None, "deliveryStatus": "",
            "open24h": _quoted(coin), "markPrice": _quoted(coin),
        }
        for coin in coins
    ]  # fmt: skip
    return _bitget(rows)


def bitget_funding(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "symbol": f"{coin.base}USDT", "fundingRate": text(coin.rate), "fundingRateInterval": str(coin.hours),
            "nextUpdate": str(coin.next_stamp), "minFundingRate": "-0.003", "maxFundingRate": "0.003",
        }
        for coin in coins
    ]  # fmt: skip
    return _bitget(rows)


def bitget_spot(coins: Sequence[Coin], pairs: int = 0) -> object:
    rows = [
        {
            "open": _quoted(coin), "symbol": pair, "high24h": _quoted(coin, 1.02), "low24h": _quoted(coin, 0.98),
            "lastPr": _quoted(coin), "quoteVolume": text(coin.dollars / 12, 2),
            "baseVolume": text(coin.dollars / 12 / coin.price, 2), "usdtVolume": text(coin.dollars / 12, 2),
            "ts": str(STAMP - 50), "bidPr": _quoted(coin), "askPr": _quoted(coin), "bidSz": "1", "askSz": "2",
            "openUtc": _quoted(coin), "changeUtc24h": "0.01", "change24h": "0.01",
        }
        for coin, pair in [*((coin, f"{coin.name}USDT") for coin in coins), *_pairs(coins, "", pairs)]
    ]  # fmt: skip
    return _bitget(rows)


def bitget_accounts(coins: Sequence[Coin]) -> object:
    row = {
        "longAccountRatio": "0.58", "shortAccountRatio": "0.42", "longShortAccountRatio": "0.0138",
        "ts": str(STATISTICS_STAMP),
    }  # fmt: skip
    return _bitget([row for _ in coins])


def bitget_positions(coins: Sequence[Coin]) -> object:
    row = {
        "longPositionRatio": "0.52", "shortPositionRatio": "0.48", "longShortPositionRatio": "1.08",
        "ts": str(STATISTICS_STAMP),
    }  # fmt: skip
    return _bitget([row for _ in coins])


def bitget_settled(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "symbol": f"{coin.base}USDT", "fundingRate": text(coin.rate),
            "fundingTime": str(coin.next_stamp - back * coin.hours * HOUR_MS),
        }
        for coin in coins
        for back in (1, 2, 3)
    ]  # fmt: skip
    return _bitget(rows)


def bitget_candles(coin: Coin) -> object:
    return _bitget([[str(at), *_bar(coin), "40", text(coin.dollars / 24, 2)] for at in (STAMP - HOUR_MS, STAMP)])


def bitget_liquidations(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "symbol": f"{coin.base}USDT", "side": side, "price": _quoted(coin, 0.99), "amount": "31800",
            "ts": str(STAMP + 110),
        }
        for coin in coins
        for side in ("buy", "sell")
    ]  # fmt: skip
    arg = {"instType": "usdt-futures", "topic": "liquidation"}
    return {"action": "update", "arg": arg, "data": rows, "ts": STAMP + 1_000}


# Hyperliquid


def hyperliquid_name(coin: Coin) -> str:
    """Thousands have a lower case k before them."""
    return coin.name if coin.many == 1 else f"k{coin.name}"


def hyperliquid_contexts(coins: Sequence[Coin]) -> object:
    names = [
        {"szDecimals": 5, "name": hyperliquid_name(coin), "maxLeverage": 40, "marginTableId": 56} for coin in coins
    ]
    contexts = [
        {
            "funding": text(coin.rate / 8, 10), "openInterest": _sized(coin), "prevDayPx": _quoted(coin, 0.99),
            "dayNtlVlm": text(coin.dollars, 2), "premium": "0.0001", "oraclePx": _quoted(coin, 1.0003),
            "markPx": _quoted(coin), "midPx": _quoted(coin, 1.0001),
            "impactPxs": [_quoted(coin), _quoted(coin, 1.0001)],
            "dayBaseVlm": text(coin.dollars / coin.price / coin.many, 3),
        }
        for coin in coins
    ]  # fmt: skip
    return [{"universe": names, "marginTables": [], "collateralToken": 0}, contexts]


_UNIT = {"BTC": "Bitcoin", "ETH": "Ethereum", "SOL": "Solana"}


def hyperliquid_spot(coins: Sequence[Coin], pairs: int = 0) -> object:
    """Bridged tokens of those coins that have one, then others up to so many."""
    bridged = [coin for coin in coins if coin.name in _UNIT]
    tokens = [
        {"name": f"U{coin.name}", "index": n, "szDecimals": 5, "fullName": f"Unit {_UNIT[coin.name]}"}
        for n, coin in enumerate(bridged, 1)
    ]
    others = [{"name": f"X{n}", "index": n, "fullName": None} for n in range(len(bridged) + 1, pairs + 1)]
    listed = [{"name": "USDC", "index": 0, "szDecimals": 8, "fullName": None}, *tokens, *others]
    names = [{"name": f"@{n}", "tokens": [n, 0], "index": n, "isCanonical": False} for n in range(1, len(listed))]
    contexts = [
        {
            "coin": f"@{n}", "dayNtlVlm": text(coin.dollars / 20, 2), "markPx": text(coin.price),
            "midPx": text(coin.price), "prevDayPx": text(coin.price), "circulatingSupply": "1000.0",
            "totalSupply": "1000.0", "dayBaseVlm": text(coin.dollars / 20 / coin.price, 4),
        }
        for n, coin in enumerate(chain(bridged, (BTC for _ in others)), 1)
    ]  # fmt: skip
    return [{"tokens": listed, "universe": names}, contexts]


def hyperliquid_settled(coins: Sequence[Coin]) -> object:
    return [
        {
            "coin": hyperliquid_name(coin), "fundingRate": text(coin.rate / 8, 10), "premium": "0.0001",
            "time": STAMP - back * HOUR_MS + 76,
        }
        for coin in coins
        for back in (2, 1)
    ]  # fmt: skip


def hyperliquid_candles(coins: Sequence[Coin]) -> object:
    return [
        {
            "t": at, "T": at + HOUR_MS - 1, "s": hyperliquid_name(coin), "i": "1h", "o": _quoted(coin),
            "c": _quoted(coin, 1.01), "h": _quoted(coin, 1.02), "l": _quoted(coin, 0.98), "v": "40.0", "n": 76,
        }
        for coin in coins
        for at in (STAMP - HOUR_MS, STAMP)
    ]  # fmt: skip


# CoinGlass


def coinglass_funding(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "symbol": coin.name,
            "stablecoin_margin_list": [
                {"exchange": "Binance", "funding_rate_interval": coin.hours, "funding_rate": coin.rate * 100,
                 "next_funding_time": coin.next_stamp},
                {"exchange": "Deribit", "funding_rate_interval": 8, "funding_rate": 0.01,
                 "next_funding_time": STAMP + HOUR_MS},
            ],
            "token_margin_list": [],
        }
        for coin in coins
    ]  # fmt: skip
    return {"code": "0", "msg": "success", "data": rows}


def coinglass_open_interest(coins: Sequence[Coin]) -> object:
    rows = [
        {
            "exchange": exchange, "symbol": coin.name, "open_interest_usd": coin.interest * coin.price,
            "open_interest_quantity": coin.interest,
        }
        for coin in coins
        for exchange in ("All", "Binance")
    ]  # fmt: skip
    return {"code": "0", "msg": "success", "data": rows}
