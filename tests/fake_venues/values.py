"""What a venue knows: quotes, spot pairs, forced closes."""

from dataclasses import dataclass

from tests.fake_venues.contracts import Contract


@dataclass(frozen=True, slots=True)
class Quote:
    """All that a venue knows about a contract at an instant.

    Prices are of one piece of its base; open interest and volumes are coins; money is US dollars. `rate` is per
    interval; takers are coins of the last 5 minutes.
    """

    mark: float
    index: float
    last: float
    rate: float
    next_ms: int
    oi: float
    volume: float
    volume_usd: float
    ls: float
    ls_top: float
    ls_pos: float
    taker_buy: float
    taker_sell: float
    liq_long_usd: float = 0.0
    liq_short_usd: float = 0.0
    settled: float = 0.0


@dataclass(frozen=True, slots=True)
class Pair:
    """A spot pair: last price in the quote, volumes of 24 h in coins and in the quote."""

    base: str
    quote: str
    last: float
    volume: float
    volume_quote: float


@dataclass(frozen=True, slots=True)
class Forced:
    """One forced close as it truly was. `position` was closed: `long` or `short`; `coins` after the multiplier."""

    contract: Contract
    position: str
    coins: float
    price: float
    bankruptcy: float
    at_ms: int
    number: int = 0
    net: bool = False
