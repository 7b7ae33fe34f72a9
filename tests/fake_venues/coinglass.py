"""CoinGlass v4, as documented: it shows the same market as the venues do, rates in percent, for those with a key."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from tests.fake_venues.contracts import Kind
from tests.fake_venues.faults import Fault
from tests.fake_venues.limits import Limit, Use
from tests.fake_venues.market import VENUES, Market
from tests.fake_venues.record import Record
from tests.fake_venues.shapes import Asked, Json, Moment, Told, Wrong
from tests.fake_venues.sockets import Frame, Socket
from tests.fake_venues.venue import FakeVenue, Handler, Row

KEY_HEADER = "cg-api-key"
PERCENT = 100
NAMES = {
    "binance": "Binance",
    "bybit": "Bybit",
    "okx": "OKX",
    "gate": "Gate",
    "bitget": "Bitget",
    "hyperliquid": "Hyperliquid",
}
WITHOUT_OI = frozenset({"bitget"})
"""Its list of open interest does not hold all exchanges that its list of rates does."""


class FakeCoinglass(FakeVenue):
    """An aggregator with a key; some lists need a dearer plan."""

    name = "coinglass"
    hosts = frozenset({"open-api-v4.coinglass.com"})
    limits: ClassVar[Mapping[str, Limit]] = {"plan": Limit(30, timedelta(minutes=1))}

    def __init__(
        self, market: Market, faults: Sequence[Fault] = (), record: Record | None = None, key: str = "a key"
    ) -> None:
        super().__init__(market, faults, record)
        self._key = key

    @property
    def routes(self) -> Mapping[tuple[str, str], Handler]:
        """What is answered by whom."""
        return {
            ("GET", "/api/futures/funding-rate/exchange-list"): self._funding_rates,
            ("GET", "/api/futures/open-interest/exchange-list"): self._open_interest,
            ("GET", "/api/futures/liquidation/coin-list"): self._dearer,
            ("GET", "/api/futures/liquidation/order"): self._dearer,
        }

    def cost(self, asked: Asked) -> tuple[str, int]:
        """By the plan."""
        return "plan", 1

    def limited(self, use: Use | None, retry_after: int | None) -> Told:
        """429."""
        headers = {} if retry_after is None else {"retry-after": str(retry_after)}
        return self.told(429, {"code": "429", "msg": "Too Many Requests"}, headers)

    def usage(self, use: Use) -> Mapping[str, str]:
        """What the plan allows, and what is used."""
        return {"api-key-max-limit": str(use.most), "api-key-use-limit": str(use.used)}

    def is_stream(self, path: str) -> bool:
        """There is none here."""
        return False

    def hear(self, socket: Socket, text: str, at: datetime) -> Sequence[Json]:
        """Nothing."""
        return []

    def pushes(self, socket: Socket, since_ms: int, until_ms: int) -> Sequence[Frame]:
        """Nothing."""
        return []

    def _funding_rates(self, asked: Asked, at: Moment) -> Json:
        """All coins, and all exchanges of each."""
        self._check(asked)
        coins: dict[str, dict[str, list[Json]]] = {}
        for venue in VENUES:
            for of, quote in self._of(venue, at):
                lists = coins.setdefault(of.coin, {"stablecoin_margin_list": [], "token_margin_list": []})
                margin = "token_margin_list" if of.kind is Kind.INVERSE else "stablecoin_margin_list"
                lists[margin].append(
                    {
                        "exchange": NAMES[venue],
                        "funding_rate_interval": of.hours,
                        "funding_rate": round(quote.rate * PERCENT, 10),
                        "next_funding_time": quote.next_ms,
                    }
                )
        return _told([{"symbol": coin, **lists} for coin, lists in coins.items()])

    def _open_interest(self, asked: Asked, at: Moment) -> Json:
        """One coin; the first row sums up the others."""
        self._check(asked)
        wanted = asked.query.get("symbol")
        if not wanted:
            raise Wrong(200, {"code": "400", "msg": "Required parameter 'symbol' is not present."})
        rows: list[Json] = []
        total_usd = total = 0.0
        for venue in (each for each in VENUES if each not in WITHOUT_OI):
            found = [
                (of, quote) for of, quote in self._of(venue, at) if of.coin == wanted and of.kind is not Kind.INVERSE
            ]
            for of, quote in found[:1]:
                usd = quote.oi * quote.mark / of.multiplier
                rows.append(_interest(NAMES[venue], wanted, usd, quote.oi))
                total_usd, total = total_usd + usd, total + quote.oi
        return _told([_interest("All", wanted, total_usd, total), *rows])

    def _dearer(self, asked: Asked, at: Moment) -> Json:
        self._check(asked)
        raise Wrong(200, {"code": "401", "msg": "Upgrade plan"})

    def _check(self, asked: Asked) -> None:
        if asked.headers.get(KEY_HEADER) != self._key:
            raise Wrong(
                200, {"code": "400", "msg": "API key missing." if KEY_HEADER not in asked.headers else "Invalid."}
            )

    def _of(self, venue: str, at: Moment) -> Iterator[Row]:
        quotes = self.market.quotes(venue, at.ms)
        for of in self.market.contracts(venue):
            if of.alive and not (of.coin == "BTC" and of.quote == "USDC" and venue != "hyperliquid"):
                yield of, quotes[of.symbol]


def _told(data: Sequence[Json]) -> Json:
    return {"code": "0", "msg": "success", "data": [*data]}


def _interest(exchange: str, coin: str, usd: float, coins: float) -> Json:
    return {
        "exchange": exchange,
        "symbol": coin,
        "open_interest_usd": round(usd, 4),
        "open_interest_quantity": round(coins, 4),
        "open_interest_by_stable_coin_margin": round(usd, 4),
        "open_interest_quantity_by_coin_margin": 0,
        "open_interest_change_percent_1h": 0.1,
        "open_interest_change_percent_24h": 1.2,
    }
