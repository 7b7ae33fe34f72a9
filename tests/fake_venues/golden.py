"""The market of the documented examples, one consistent case: BTC at 64,000 on 2026-11-23 at 14:00 UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tests.fake_venues.contracts import DATED_MS, Contract, Kind
from tests.fake_venues.market import Market
from tests.fake_venues.values import Forced, Pair, Quote

AT = datetime(2026, 11, 23, 14, tzinfo=UTC)
AT_MS = 1_795_442_400_000
NEXT_MS = 1_795_449_600_000
"""16:00, where every interval of 4 and 8 hours ends."""

OI_WEIGHTED_FUNDING = 6.8664e-5
OI_COINS = 217_000.0

_BTC = {
    "binance": Contract("binance", "BTCUSDT", "BTC", "BTC"),
    "bybit": Contract("bybit", "BTCUSDT", "BTC", "BTC", listed_ms=1_584_230_400_000),
    "okx": Contract("okx", "BTC-USDT-SWAP", "BTC", "BTC", size=0.01, hours=4, listed_ms=1_573_557_408_000),
    "gate": Contract("gate", "BTC_USDT", "BTC", "BTC", size=0.0001),
    "bitget": Contract("bitget", "BTCUSDT", "BTC", "BTC"),
    "hyperliquid": Contract("hyperliquid", "BTC", "BTC", "BTC", "USDC", hours=1),
}
_DATED = Contract("binance", "BTCUSDT_261225", "BTC", "BTC", kind=Kind.DATED, ends_ms=DATED_MS)
_PEPE = Contract("binance", "1000PEPEUSDT", "PEPE", "1000PEPE", multiplier=1000, hours=4)
_INVERSE = Contract(
    "okx", "BTC-USD-SWAP", "BTC", "BTC", "USD", Kind.INVERSE, size=100, hours=8, listed_ms=1_535_424_203_000
)
_KPEPE = Contract("hyperliquid", "kPEPE", "PEPE", "kPEPE", "USDC", multiplier=1000, hours=1)
_OLD = Contract("hyperliquid", "OLD", "OLD", "OLD", "USDC", Kind.DELISTED, hours=1)
_ETH = Contract("bitget", "ETHUSDT", "ETH", "ETH")

_MARK, _INDEX = 64_000.0, 64_020.0


def _quote(
    last: float, rate: float, oi: float, volume: tuple[float, float], ratios: tuple[float, float, float], settled: float
) -> Quote:
    coins, money = volume
    return Quote(_MARK, _INDEX, last, rate, NEXT_MS, oi, coins, money, *ratios, 400.0, 500.0, settled=settled)


_HYPERLIQUID = replace(
    _quote(64_000.5, 1.25e-5, 40_000, (23_437.5, 1.5e9), (1.0, 1.0, 1.0), 1.25e-5), next_ms=AT_MS + 3_600_000
)
_QUOTES: Mapping[str, Mapping[Contract, Quote]] = {
    "binance": {
        _BTC["binance"]: _quote(64_001, 8e-5, 90_000, (150_000, 9.6e9), (1.5, 1.2, 1.1), 7.5e-5),
        _DATED: Quote(64_800, _INDEX, 64_800, 0, 0, 900, 100, 6.4e6, 1, 1, 1, 1, 1),
        _PEPE: Quote(0.0108, 0.0108, 0.0108, 5e-5, NEXT_MS, 9e12, 9e12, 9.72e7, 1.1, 1.1, 1.1, 1e6, 1e6, 0, 0, 5e-5),
    },
    "bybit": {_BTC["bybit"]: _quote(64_002, 6e-5, 25_000, (78_100, 5e9), (0.55 / 0.45, 1, 1), 5e-5)},
    "okx": {
        _BTC["okx"]: _quote(64_001, 2e-5, 30_000, (40_000, 2.56e9), (1.25, 1.2, 1.1), 3e-5),
        _INVERSE: _quote(64_001, 2e-5, 5_000, (4_000, 2.56e8), (1.25, 1.2, 1.1), 3e-5),
    },
    "gate": {
        _BTC["gate"]: replace(
            _quote(64_001, 1e-4, 12_000, (50_000, 3.2e9), (1.3, 1.1, 1.05), 1e-4),
            taker_buy=450.0,
            liq_long_usd=76_000.0,
            liq_short_usd=6_400.0,
        )
    },
    "bitget": {_BTC["bitget"]: _quote(64_001, -1e-5, 20_000, (60_000, 3.84e9), (1, 0.58 / 0.42, 0.52 / 0.48), -8e-6)},
    "hyperliquid": {
        _BTC["hyperliquid"]: _HYPERLIQUID,
        _KPEPE: replace(_HYPERLIQUID, mark=0.0108, index=0.0108, last=0.0108, oi=9e11, volume=1.85e12, volume_usd=2e7),
        _OLD: Quote(1, 1, 1, 0, AT_MS + 3_600_000, 0, 0, 0, 1, 1, 1, 0, 0),
    },
}
_OI_BEFORE = {"binance": 89_500.0, "bybit": 24_900.0, "gate": 11_950.0}
_SPOT = {
    "binance": Pair("BTC", "USDT", 64_012, 18_000, 1.152e9),
    "bybit": Pair("BTC", "USDT", 64_010, 14_060, 9e8),
    "okx": Pair("BTC", "USDT", 64_008, 8_000, 5.12e8),
    "gate": Pair("BTC", "USDT", 64_007, 3_000, 1.92e8),
    "bitget": Pair("BTC", "USDT", 64_009, 5_000, 3.2e8),
    "hyperliquid": Pair("BTC", "USDC", 64_005, 937.5, 6e7),
}
_FORCED: Mapping[str, Sequence[Forced]] = {
    "binance": (Forced(_BTC["binance"], "long", 1.5, 63_610.5, 63_500, AT_MS + 110),),
    "bybit": (
        Forced(_BTC["bybit"], "long", 0.75, 63_600, 63_420, AT_MS + 110),
        Forced(_BTC["bybit"], "short", 0.1, 64_300, 64_510, AT_MS + 230),
    ),
    "okx": (
        Forced(_BTC["okx"], "short", 0.2, 64_300, 64_600, AT_MS + 50, net=True),
        Forced(_BTC["okx"], "long", 1.3, 63_600, 63_400, AT_MS + 110),
    ),
    "gate": (
        Forced(_BTC["gate"], "long", 0.12, 63_600, 63_500, AT_MS + 110),
        Forced(_BTC["gate"], "long", 0.008, 63_590, 63_490, AT_MS + 470),
    ),
    "bitget": (
        Forced(_BTC["bitget"], "long", 0.5, 63_600, 63_500, AT_MS + 110),
        Forced(_ETH, "short", 2.0, 3_210, 3_220, AT_MS + 200),
    ),
    "hyperliquid": (),
}


class Golden(Market):
    """Stands still at the examples; five minutes earlier open interest was a little lower."""

    def contracts(self, venue: str) -> Sequence[Contract]:
        return (*_QUOTES[venue],)

    def quotes(self, venue: str, at_ms: int) -> Mapping[str, Quote]:
        return {of.symbol: quote for of, quote in _QUOTES[venue].items()}

    def quote(self, of: Contract, at_ms: int) -> Quote:
        return self.quotes(of.venue, at_ms)[of.symbol]

    def history(self, venue: str, of: Sequence[Contract], instants: Sequence[int]) -> Sequence[Sequence[Quote]]:
        return [[self._past(venue, each, at_ms) for each in of] for at_ms in instants]

    def spot(self, venue: str, at_ms: int) -> Sequence[Pair]:
        return (_SPOT[venue],)

    def rate_at(self, contract: Contract, at_ms: int) -> float:
        return self._past(contract.venue, contract, at_ms).settled

    def forced(self, venue: str, since_ms: int, until_ms: int) -> Sequence[Forced]:
        return [each for each in _FORCED[venue] if since_ms < each.at_ms <= until_ms]

    def _past(self, venue: str, of: Contract, at_ms: int) -> Quote:
        quote = next(quote for each, quote in _QUOTES[venue].items() if each.symbol == of.symbol)
        if at_ms % 3_600_000 == 0 and at_ms < AT_MS:  # what was paid; before that the mark was a little lower
            quote = replace(quote, rate=quote.settled, mark=63_900.1 if of.coin == "BTC" else quote.mark)
        if at_ms < AT_MS and of.coin == "BTC" and of.kind is Kind.PERPETUAL:
            return replace(quote, oi=_OI_BEFORE.get(venue, quote.oi))
        return quote


def golden() -> Market:
    """The market of the examples."""
    return Golden(0, ("BTC",), AT, coin_m=False)
