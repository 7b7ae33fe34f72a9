"""Who lists what: the contracts of the six venues over one set of coins, with all that must not be taken for a coin."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

NAMED = (
    *("BTC", "ETH", "SOL", "XRP", "DOGE", "BNB", "ADA", "HYPE", "PEPE", "NEIRO", "SHIB", "BONK", "FLOKI", "1INCH"),
    *("LINK", "AVAX", "SUI", "LTC", "TRX", "DOT", "UNI", "AAVE", "NEAR", "APT", "ARB", "OP", "TIA", "WIF", "INJ"),
    *("SEI", "ATOM", "FIL", "ETC", "BCH", "ENA", "ONDO", "WLD", "JUP", "PYTH", "FET", "LUNC", "DOGS", "BABYDOGE"),
)
PRICES = {
    "BTC": 64_000.0,
    "ETH": 3_200.0,
    "SOL": 140.0,
    "XRP": 0.6,
    "DOGE": 0.13,
    "BNB": 580.0,
    "ADA": 0.4,
    "HYPE": 25.0,
    "PEPE": 1.08e-5,
    "SHIB": 1.8e-5,
    "BONK": 2.1e-5,
    "FLOKI": 1.5e-4,
    "LUNC": 9e-5,
    "DOGS": 7e-4,
    "NEIRO": 1.5e-3,
    "BABYDOGE": 2.2e-9,
    "1INCH": 0.35,
    "TSLA": 250.0,
    "XAU": 2_600.0,
    "NEIROETH": 0.08,
}
"""US dollars at the start; other coins have prices by chance."""

BY_THOUSAND = frozenset({"PEPE", "SHIB", "BONK", "FLOKI", "LUNC", "DOGS"})
LISTED_MS = 1_569_398_400_000
DATED_MS = 1_798_185_600_000
LEAVES_AFTER_MS = 4 * 86_400_000
NEVER_MS = 4_133_404_800_000
SHARES = {"binance": 1.0, "bybit": 0.9, "okx": 0.5, "gate": 0.95, "bitget": 0.9, "hyperliquid": 0.35}
"""What part of the coins each venue lists, beyond the largest, which all do."""

EVERYWHERE = 14


class Kind(StrEnum):
    """What a contract is. Only perpetuals, also those that leave, and inverse ones are alive and of a coin."""

    PERPETUAL = "perpetual"
    LEAVING = "leaving"
    """A perpetual with an announced end."""
    INVERSE = "inverse"
    DATED = "dated"
    PREMARKET = "premarket"
    STOCK = "stock"
    XPERP = "xperp"
    """A future without expiry that OKX lists among dated ones."""
    DELISTED = "delisted"
    OTHER_DEX = "other dex"


ALIVE = frozenset({Kind.PERPETUAL, Kind.LEAVING, Kind.INVERSE})


@dataclass(frozen=True, slots=True)
class Contract:
    """One line of a venue's list.

    `coin` names the price path; `base` is what the venue calls it, `multiplier` coins by the piece. `size` is the coins
    of one contract; US dollars for an inverse one. `hours` is what one funding rate covers.
    """

    venue: str
    symbol: str
    coin: str
    base: str
    quote: str = "USDT"
    kind: Kind = Kind.PERPETUAL
    multiplier: float = 1.0
    size: float = 1.0
    hours: int = 8
    listed_ms: int = LISTED_MS
    ends_ms: int | None = None

    @property
    def alive(self) -> bool:
        """Whether it is a living contract of a coin."""
        return self.kind in ALIVE


def coins_of(count: int) -> tuple[str, ...]:
    """The largest coins first; beyond the named ones they have made-up names."""
    return (*NAMED[:count], *(f"FAKE{number}" for number in range(count - len(NAMED))))


def listed(venue: str, coins: Sequence[str], seed: int, start_ms: int) -> tuple[Contract, ...]:
    """All that a venue lists, in an order of its own; those that leave do so some days after the start."""
    rng = random.Random(f"{seed}:{venue}")
    perpetuals = [_perpetual(venue, coin, rng) for coin in _chosen(venue, coins, rng)]
    leaves_ms = start_ms + LEAVES_AFTER_MS
    others = [replace(of, ends_ms=leaves_ms) if of.kind is Kind.LEAVING else of for of in _OTHERS[venue](venue)]
    lines = [*perpetuals, *others]
    if venue != "hyperliquid":
        rng.shuffle(lines)
    return tuple(lines)


def _chosen(venue: str, coins: Sequence[str], rng: random.Random) -> Iterator[str]:
    for rank, coin in enumerate(coins):
        lot = rng.random()
        if rank < EVERYWHERE or lot < SHARES[venue]:
            yield coin


def _perpetual(venue: str, coin: str, rng: random.Random) -> Contract:
    hours = _hours(venue, coin, rng)
    path = "NEIROETH" if (venue, coin) == ("gate", "NEIRO") else coin
    base, multiplier = _base(venue, coin)
    return Contract(venue, symbol_of(venue, base), path, base, _quote(venue), Kind.PERPETUAL, multiplier, 1.0, hours)


def _quote(venue: str) -> str:
    return "USDC" if venue == "hyperliquid" else "USDT"


def _hours(venue: str, coin: str, rng: random.Random) -> int:
    hours = rng.choices((8, 4, 2, 1), (55, 35, 5, 5))[0]
    if venue == "hyperliquid":
        return 1
    return 8 if coin in NAMED[:3] else hours


def _base(venue: str, coin: str) -> tuple[str, float]:
    """What the venue calls one piece and how many coins it is."""
    if coin == "BABYDOGE":
        return ("1MBABYDOGE", 1e6) if venue in {"binance", "gate"} else ("1000000BABYDOGE", 1e6)
    if (venue, coin) == ("bybit", "SHIB"):
        return "SHIB1000", 1e3
    if venue in {"okx", "gate", "bitget"} or coin not in BY_THOUSAND:
        return coin, 1.0
    return (f"k{coin}", 1e3) if venue == "hyperliquid" else (f"1000{coin}", 1e3)


def symbol_of(venue: str, base: str, quote: str = "USDT") -> str:
    """How the venue writes the symbol of a perpetual."""
    match venue:
        case "okx":
            return f"{base}-{quote}-SWAP"
        case "gate":
            return f"{base}_{quote}"
        case "hyperliquid":
            return base
        case "bybit" if quote == "USDC":
            return f"{base}PERP"
        case _:
            return base + quote


def size_of(contract: Contract, price: float) -> float:
    """Coins of one contract on venues that count contracts: a power of ten worth about a dollar to ten."""
    if contract.venue not in {"okx", "gate"} or contract.kind is Kind.INVERSE:
        return contract.size
    if contract.coin == "BTC":
        return 0.01 if contract.venue == "okx" else 0.0001
    power = 1.0
    while power * price * contract.multiplier < 1:
        power *= 10
    return power


def takes_decimals(contract: Contract) -> bool:
    """Whether Gate lets parts of a contract be traded."""
    return contract.coin != "BTC" and sum(map(ord, contract.symbol)) % 10 == 0


def _binance(venue: str) -> Iterator[Contract]:
    yield Contract(venue, "BTCUSDT_261225", "BTC", "BTC", "USDT", Kind.DATED, ends_ms=DATED_MS)
    yield Contract(venue, "BTCUSDC", "BTC", "BTC", "USDC")
    yield Contract(venue, "TSLAUSDT", "TSLA", "TSLA", "USDT", Kind.STOCK)
    yield Contract(venue, "LATERUSDT", "LATER", "LATER", "USDT", Kind.PREMARKET, hours=4)
    yield Contract(venue, "GONEUSDT", "GONE", "GONE", "USDT", Kind.DELISTED)
    yield Contract(venue, "LEAVEUSDT", "LEAVE", "LEAVE", "USDT", Kind.LEAVING)


def _bybit(venue: str) -> Iterator[Contract]:
    yield Contract(venue, "BTC-25DEC26", "BTC", "BTC", "USDT", Kind.DATED, ends_ms=DATED_MS)
    yield Contract(venue, "BTCPERP", "BTC", "BTC", "USDC")
    yield Contract(venue, "TSLAUSDT", "TSLA", "TSLA", "USDT", Kind.STOCK, hours=4)
    yield Contract(venue, "LATERUSDT", "LATER", "LATER", "USDT", Kind.PREMARKET)
    yield Contract(venue, "LEAVEUSDT", "LEAVE", "LEAVE", "USDT", Kind.LEAVING)


def _okx(venue: str) -> Iterator[Contract]:
    yield Contract(venue, "BTC-USD-SWAP", "BTC", "BTC", "USD", Kind.INVERSE, size=100.0)
    yield Contract(venue, "BTC-USDC-SWAP", "BTC", "BTC", "USDC")
    yield Contract(venue, "TSLA-USDT-SWAP", "TSLA", "TSLA", "USDT", Kind.STOCK)
    yield Contract(venue, "LATER-USDT-SWAP", "LATER", "LATER", "USDT", Kind.PREMARKET)
    yield Contract(venue, "BTC-USD-360101", "BTC", "BTC", "USD", Kind.XPERP)
    yield Contract(venue, "LEAVE-USDT-SWAP", "LEAVE", "LEAVE", "USDT", Kind.LEAVING)


def _gate(venue: str) -> Iterator[Contract]:
    yield Contract(venue, "TSLAX_USDT", "TSLA", "TSLAX", "USDT", Kind.STOCK)
    yield Contract(venue, "LATER_USDT", "LATER", "LATER", "USDT", Kind.PREMARKET)
    yield Contract(venue, "GONE_USDT", "GONE", "GONE", "USDT", Kind.DELISTED)


def _bitget(venue: str) -> Iterator[Contract]:
    yield Contract(venue, "TSLAUSDT", "TSLA", "TSLA", "USDT", Kind.STOCK)
    yield Contract(venue, "LATERUSDT", "LATER", "LATER", "USDT", Kind.PREMARKET)
    yield Contract(venue, "BTCUSDT261225", "BTC", "BTC", "USDT", Kind.DATED, ends_ms=DATED_MS)
    yield Contract(venue, "LEAVEUSDT", "LEAVE", "LEAVE", "USDT", Kind.LEAVING)


def _hyperliquid(venue: str) -> Iterator[Contract]:
    yield Contract(venue, "OLD", "OLD", "OLD", "USDC", Kind.DELISTED, hours=1)
    yield Contract(venue, "xyz:TSLA", "TSLA", "TSLA", "USDC", Kind.OTHER_DEX, hours=1)
    yield Contract(venue, "xyz:SOL", "XAU", "SOL", "USDC", Kind.OTHER_DEX, hours=1)


_OTHERS: dict[str, Callable[[str], Iterator[Contract]]] = {
    "binance": _binance,
    "bybit": _bybit,
    "okx": _okx,
    "gate": _gate,
    "bitget": _bitget,
    "hyperliquid": _hyperliquid,
}
