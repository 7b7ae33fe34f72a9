"""Hyperliquid's info endpoint and stream, as documented."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from tests.fake_venues.contracts import Contract, Kind
from tests.fake_venues.faults import Kind as Fault
from tests.fake_venues.faults import holding
from tests.fake_venues.limits import Limit, Use
from tests.fake_venues.past import bars, grid, newest, width_ms
from tests.fake_venues.shapes import HOUR_MS, Asked, Json, Moment, Told, Wrong, pointed, trimmed, when
from tests.fake_venues.sockets import Frame, Socket, every
from tests.fake_venues.values import Pair, Quote
from tests.fake_venues.venue import CONNECT, FakeVenue, Handler, Row

WEIGHT = 20
PAID_LATE_MS = 76
PAID_ROWS = 500
MOST_CANDLES = 5_000
PUSH_MS = 5_000
ROWS_BY_WEIGHT = {"fundingHistory": 20, "candleSnapshot": 60}
"""How many rows of these answers weigh 1 more."""

PUSHED = "allDexsAssetCtxs"
FIRST_DEX, OTHER_DEX = "", "xyz"
NOT_READ: Json = "Failed to deserialize the JSON body into the target type"
OFFICIAL = {"HYPE": "Hyperliquid"}
"""Tokens that are not wrapped by Unit."""


class FakeHyperliquid(FakeVenue):
    """Everything is one POST; names and contexts are joined by position; there are no liquidations."""

    name = "hyperliquid"
    hosts = frozenset({"api.hyperliquid.xyz"})
    limits: ClassVar[Mapping[str, Limit]] = {
        "info": Limit(1_200, timedelta(minutes=1)),
        CONNECT: Limit(30, timedelta(minutes=1)),
    }

    @property
    def routes(self) -> Mapping[tuple[str, str], Handler]:
        """What is answered by whom."""
        return {("POST", "/info"): self._info}

    def cost(self, asked: Asked) -> tuple[str, int]:
        """All of what is asked weighs the same at first."""
        return "info", WEIGHT

    def surcharge(self, asked: Asked, told: Told) -> int:
        """Long answers weigh more."""
        rows = ROWS_BY_WEIGHT.get(str(self.body_of(asked).get("type")))
        if rows is None or told.status != 200:
            return 0
        return told.body.count(b"{") // rows

    def limited(self, use: Use | None, retry_after: int | None) -> Told:
        """429 and nothing else."""
        headers = {"retry-after": str(retry_after)} if retry_after is not None and use is None else {}
        return self.told(429, None, headers)

    def is_stream(self, path: str) -> bool:
        """The one stream."""
        return path == "/ws"

    def hear(self, socket: Socket, text: str, at: datetime) -> Sequence[Json]:
        """Acknowledgements and pongs."""
        try:
            said = json.loads(text)
        except ValueError:
            return [{"channel": "error", "data": f"Error parsing JSON into valid websocket request: {text}"}]
        method, wanted = said.get("method"), said.get("subscription") or {}
        if method == "ping":
            return [{"channel": "pong"}]
        if method not in {"subscribe", "unsubscribe"} or wanted.get("type") != PUSHED:
            return [{"channel": "error", "data": f"Invalid subscription {json.dumps(wanted)}"}]
        if method == "subscribe":
            socket.subscribe(PUSHED, at)
        else:
            socket.unsubscribe(PUSHED)
        return [{"channel": "subscriptionResponse", "data": {"method": method, "subscription": wanted}}]

    def pushes(self, socket: Socket, since_ms: int, until_ms: int) -> Sequence[Frame]:
        """Contexts of all dexes, without names."""
        found = []
        for at_ms in every(PUSH_MS, 0, since_ms, until_ms) if PUSHED in socket.topics else ():
            at = Moment(at_ms, at_ms)
            contexts: list[Json] = [[dex, self._contexts(self._dex(dex, at), at)] for dex in self._dexes()]
            found.append(Frame(at_ms, {"channel": PUSHED, "data": {"ctxs": contexts}}))
        return found

    def _info(self, asked: Asked, at: Moment) -> Json:
        body = self.body_of(asked)
        handler = self._types.get(str(body.get("type")))
        if handler is None:
            raise Wrong(422, NOT_READ)
        return handler(body, at)

    @property
    def _types(self) -> Mapping[str, Callable[[Mapping[str, Json], Moment], Json]]:
        return {
            "meta": self._meta,
            "metaAndAssetCtxs": self._meta_and_contexts,
            "allPerpMetas": self._all_metas,
            "perpDexs": self._perp_dexs,
            "spotMetaAndAssetCtxs": self._spot,
            "fundingHistory": self._funding_history,
            "candleSnapshot": self._candles,
        }

    def _meta(self, body: Mapping[str, Json], at: Moment) -> Json:
        return _meta(self._dex(str(body.get("dex", "")), at))

    def _meta_and_contexts(self, body: Mapping[str, Json], at: Moment) -> Json:
        listed = self._dex(str(body.get("dex", "")), at)
        return [_meta(listed), self._contexts(listed, at)]

    def _all_metas(self, body: Mapping[str, Json], at: Moment) -> Json:
        return [_meta(self._dex(dex, at)) for dex in self._dexes()]

    def _perp_dexs(self, body: Mapping[str, Json], at: Moment) -> Json:
        others: list[Json] = [{"name": dex, "fullName": "XYZ", "deployer": "0x88"} for dex in self._dexes()[1:]]
        return [None, *others]

    def _contexts(self, listed: Sequence[Row], at: Moment) -> list[Json]:
        found: list[Json] = [_context(of, quote) for of, quote in listed]
        shifted = holding(self.faults, (Fault.SHIFTED,), self.name, when(at.ms))
        return [*found[:1], *found] if shifted else found

    def _spot(self, body: Mapping[str, Json], at: Moment) -> Json:
        """Pairs are named by number; wrapped coins by U and the coin."""
        pairs = self.spot(at, "/info")
        tokens: list[Json] = [{"name": "USDC", "szDecimals": 8, "weiDecimals": 8, "index": 0, "fullName": None}]
        universe: list[Json] = []
        contexts: list[Json] = []
        for number, pair in enumerate(pairs, 1):
            wrapped = pair.base not in OFFICIAL
            name = f"U{pair.base}" if wrapped else pair.base
            full = {"BTC": "Unit Bitcoin"}.get(pair.base, f"Unit {pair.base}") if wrapped else OFFICIAL[pair.base]
            coin = f"@{141 + number}"
            tokens.append({"name": name, "szDecimals": 2, "weiDecimals": 8, "index": number, "fullName": full})
            universe.append({"name": coin, "tokens": [number, 0], "index": 141 + number, "isCanonical": False})
            contexts.append(_spot_context(coin, pair))
        return [{"tokens": tokens, "universe": universe}, contexts]

    def _funding_history(self, body: Mapping[str, Json], at: Moment) -> Json:
        """Hourly, ascending, 500 rows at most."""
        of, _ = self._row(body, at)
        start, end = _number(body, "startTime"), _number(body, "endTime", at.ms)
        times = grid(start - PAID_LATE_MS, min(end, at.ms) - PAID_LATE_MS, HOUR_MS)[:PAID_ROWS]
        return [
            {
                "coin": of.symbol,
                "fundingRate": trimmed(self.market.rate_at(of, time), 10),
                "premium": "0.0001",
                "time": time + PAID_LATE_MS,
            }
            for time in times
        ]

    def _candles(self, body: Mapping[str, Json], at: Moment) -> Json:
        """Ascending, of the newest 5,000."""
        asked = body.get("req")
        if not isinstance(asked, dict):
            raise Wrong(422, NOT_READ)
        of, _ = self._row(asked, at)
        interval = str(asked.get("interval"))
        try:
            width = width_ms(interval)
        except ValueError:
            raise Wrong(422, NOT_READ) from None
        last = min(at.ms, _number(asked, "endTime", at.ms))
        first = max(_number(asked, "startTime"), at.ms - MOST_CANDLES * width)
        opens = newest(grid(first // width * width, last, width), MOST_CANDLES)
        return [
            {
                "t": bar.opens_ms,
                "T": bar.opens_ms + width - 1,
                "s": of.symbol,
                "i": interval,
                "o": pointed(bar.open),
                "c": pointed(bar.close),
                "h": pointed(bar.high),
                "l": pointed(bar.low),
                "v": pointed(bar.volume / of.multiplier),
                "n": 189,
            }
            for bar in bars(self.market, of, opens, width, at.ms)
        ]

    def _dexes(self) -> Sequence[str]:
        others = any(of.kind is Kind.OTHER_DEX for of in self.market.contracts(self.name))
        return (FIRST_DEX, OTHER_DEX) if others else (FIRST_DEX,)

    def _dex(self, dex: str, at: Moment) -> Sequence[Row]:
        if dex not in self._dexes():
            raise Wrong(500, None)
        return [row for row in self.rows(at, "/info") if (row[0].kind is Kind.OTHER_DEX) == (dex == OTHER_DEX)]

    def _row(self, body: Mapping[str, Json], at: Moment) -> Row:
        found = self.row(at, str(body.get("coin")))
        if found is None:
            raise Wrong(500, None)
        return found


def _meta(listed: Sequence[Row]) -> Json:
    universe: list[Json] = [_name(of) for of, _ in listed]
    return {"universe": universe, "marginTables": [], "collateralToken": 0}


def _name(of: Contract) -> dict[str, Json]:
    name: dict[str, Json] = {"name": of.symbol, "szDecimals": 2, "maxLeverage": 40 if of.coin == "BTC" else 10}
    if of.kind is Kind.DELISTED:
        return {**name, "marginTableId": 3, "isDelisted": True}
    return {**name, "marginTableId": 10}


def _context(of: Contract, quote: Quote) -> dict[str, Json]:
    gone = of.kind is Kind.DELISTED
    return {
        "funding": pointed(quote.rate),
        "openInterest": pointed(0 if gone else quote.oi / of.multiplier),
        "prevDayPx": pointed(quote.mark * 0.9921875),
        "dayNtlVlm": pointed(0 if gone else quote.volume_usd),
        "premium": None if gone else "0.0001",
        "oraclePx": pointed(quote.index),
        "markPx": pointed(quote.mark),
        "midPx": None if gone else pointed(quote.last),
        "impactPxs": None if gone else [pointed(quote.mark), pointed(quote.mark * (1 + 1 / 64_000))],
        "dayBaseVlm": pointed(0 if gone else quote.volume / of.multiplier),
    }


def _spot_context(coin: str, pair: Pair) -> dict[str, Json]:
    return {
        "coin": coin,
        "dayNtlVlm": pointed(pair.volume_quote),
        "markPx": pointed(pair.last),
        "midPx": pointed(pair.last),
        "prevDayPx": pointed(pair.last * 0.99),
        "circulatingSupply": "1000000.0",
        "totalSupply": "1000000.0",
        "dayBaseVlm": pointed(pair.volume),
    }


def _number(body: Mapping[str, Json], name: str, usual: int | None = None) -> int:
    found = body.get(name, usual)
    if not isinstance(found, int) or isinstance(found, bool):
        raise Wrong(422, NOT_READ)
    return found
