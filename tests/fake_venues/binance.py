"""Binance USD-M and its spot market, as documented."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import ClassVar, TypeAlias

from tests.fake_venues import binance_rows as rows
from tests.fake_venues.binance_rows import FORCED_TOPIC, PUSHED_AFTER_MS, STATUSES
from tests.fake_venues.contracts import Contract, Kind
from tests.fake_venues.limits import Limit, Use
from tests.fake_venues.past import bars, grid, newest, oldest, page, width_ms
from tests.fake_venues.shapes import (
    DAY_MS,
    HOUR_MS,
    STEP_MS,
    Asked,
    Json,
    Moment,
    Told,
    Wrong,
    fixed,
    ms,
    padded,
    shares,
    whole,
)
from tests.fake_venues.sockets import Frame, Socket, Stays, every
from tests.fake_venues.values import Quote
from tests.fake_venues.venue import CONNECT, FakeVenue, Handler, Row

_Teller: TypeAlias = Callable[[Contract, Quote], dict[str, Json]]

MINUTE = timedelta(minutes=1)
MONTH_MS = 30 * DAY_MS
HEARTBEAT_MS = 3_000
OI_LATE_MS = 2_000
"""How old open interest is when it is told."""

MARK_TOPIC = "!markPrice@arr"
NO_SYMBOL: Json = {"code": -1121, "msg": "Invalid symbol."}
OVER: Json = {
    "code": -4108,
    "msg": "Symbol is on delivering or delivered or settling or closed or pre-trading.",
}


class FakeBinance(FakeVenue):
    """fapi, spot and the stream of all forced orders; the legacy stream shakes hands and sends nothing."""

    name = "binance"
    hosts = frozenset({"fapi.binance.com", "api.binance.com", "fstream.binance.com"})
    limits: ClassVar[Mapping[str, Limit]] = {
        "fapi": Limit(2_400, MINUTE),
        "funding": Limit(500, 5 * MINUTE),
        "data": Limit(1_000, 5 * MINUTE),
        "spot": Limit(6_000, MINUTE),
        CONNECT: Limit(300, 5 * MINUTE),
    }
    banned_for = timedelta(minutes=2)
    patience = 10
    stays = Stays(lives=timedelta(hours=24), messages=10)

    @property
    def routes(self) -> Mapping[tuple[str, str], Handler]:
        """What is answered by whom."""
        ratios = {
            ("GET", f"/futures/data/{name}"): self._ratio
            for name in ("globalLongShortAccountRatio", "topLongShortAccountRatio", "topLongShortPositionRatio")
        }
        return {
            ("GET", "/fapi/v1/exchangeInfo"): self._exchange_info,
            ("GET", "/fapi/v1/premiumIndex"): self._premium_index,
            ("GET", "/fapi/v1/fundingInfo"): self._funding_info,
            ("GET", "/fapi/v1/openInterest"): self._open_interest,
            ("GET", "/fapi/v1/ticker/24hr"): self._ticker,
            ("GET", "/api/v3/ticker/24hr"): self._spot_ticker,
            ("GET", "/fapi/v1/fundingRate"): self._funding_rate,
            ("GET", "/fapi/v1/klines"): self._klines,
            ("GET", "/fapi/v1/markPriceKlines"): self._klines,
            ("GET", "/fapi/v1/time"): self._time,
            ("GET", "/futures/data/openInterestHist"): self._open_interest_past,
            ("GET", "/futures/data/takerlongshortRatio"): self._taker,
            **ratios,
        }

    def cost(self, asked: Asked) -> tuple[str, int]:
        """Weights as documented; an unknown path weighs 1."""
        if asked.path.startswith("/futures/data/"):
            return "data", 1
        if asked.path in {"/fapi/v1/fundingRate", "/fapi/v1/fundingInfo"}:
            return "funding", 1
        if asked.path.startswith("/api/v3/"):
            return "spot", 2 if "symbol" in asked.query else 80
        if asked.path in {"/fapi/v1/klines", "/fapi/v1/markPriceKlines"}:
            return "fapi", _kline_weight(asked.query.get("limit", "500"))
        weights = {"/fapi/v1/premiumIndex": 10, "/fapi/v1/ticker/24hr": 40}
        return "fapi", 1 if "symbol" in asked.query else weights.get(asked.path, 1)

    def limited(self, use: Use | None, retry_after: int | None) -> Told:
        """429; after more of the same comes the ban."""
        headers = {} if retry_after is None else {"retry-after": str(retry_after)}
        return self.told(429, {"code": -1003, "msg": "Too many requests; please use the websocket."}, headers)

    def banned(self, until: datetime, at: datetime) -> Told:
        """418, with the end in the text."""
        body: Json = {"code": -1003, "msg": f"Way too many requests; IP banned until {ms(until)}."}
        return self.told(418, body, {"retry-after": str(max(1, int((until - at).total_seconds())))})

    def usage(self, use: Use) -> Mapping[str, str]:
        """Weight of the minute, for fapi and spot."""
        return {"x-mbx-used-weight-1m": str(use.used)} if use.bucket in {"fapi", "spot"} else {}

    def is_stream(self, path: str) -> bool:
        """New and legacy paths shake hands alike."""
        return path.removeprefix("/market").split("/")[1:2] in (["stream"], ["ws"])

    def hear(self, socket: Socket, text: str, at: datetime) -> Sequence[Json]:
        """Acknowledgements, also on the legacy paths."""
        try:
            said = json.loads(text)
        except ValueError:
            return [{"error": {"code": 3, "msg": "Invalid JSON: expected value at line 1 column 1"}}]
        topics = [str(each) for each in said.get("params") or []]
        match said.get("method"):
            case "SUBSCRIBE":
                for topic in topics:
                    socket.subscribe(topic, at)
                return [{"result": None, "id": said.get("id")}]
            case "UNSUBSCRIBE":
                for topic in topics:
                    socket.unsubscribe(topic)
                return [{"result": None, "id": said.get("id")}]
            case "LIST_SUBSCRIPTIONS":
                return [{"result": [*socket.topics], "id": said.get("id")}]
            case _:
                pass
        return [{"error": {"code": 2, "msg": "Invalid request: unknown method"}, "id": said.get("id")}]

    def pushes(self, socket: Socket, since_ms: int, until_ms: int) -> Sequence[Frame]:
        """Forced orders and marks, in the order of their times; nothing on a legacy path."""
        if not socket.asked.path.startswith("/market/"):
            return []
        topics = _topics(socket)
        frames: list[Frame] = []
        if FORCED_TOPIC in topics:
            frames += self._forced(since_ms, until_ms)
        for topic in topics:
            if topic.startswith(MARK_TOPIC):
                period = 1_000 if topic.endswith("@1s") else HEARTBEAT_MS
                for at_ms in every(period, 0, since_ms, until_ms):
                    frames += self._marks(topic, at_ms)
        combined = "stream" in socket.asked.path.split("/")
        ordered = sorted(frames, key=lambda frame: frame.at_ms)
        return ordered if combined else [rows.bare(frame) for frame in ordered]

    def _exchange_info(self, asked: Asked, at: Moment) -> Json:
        limits: list[Json] = [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400},
            {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200},
        ]
        return {
            "timezone": "UTC",
            "serverTime": at.time(),
            "futuresType": "U_MARGINED",
            "rateLimits": limits,
            "exchangeFilters": [],
            "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
            "symbols": [rows.symbol(of) for of, _ in self.rows(at, asked.path)],
        }

    def _time(self, asked: Asked, at: Moment) -> Json:
        return {"serverTime": at.time()}

    def _premium_index(self, asked: Asked, at: Moment) -> Json:
        return self._one_or_all(asked, at, lambda of, quote: rows.premium(of, quote, at))

    def _funding_info(self, asked: Asked, at: Moment) -> Json:
        """Only symbols that were ever adjusted."""
        adjusted = [of for of, _ in self.rows(at, asked.path) if of.kind is not Kind.DATED and of.hours != 8]
        return [
            {
                "symbol": of.symbol,
                "adjustedFundingRateCap": "0.02000000",
                "adjustedFundingRateFloor": "-0.02000000",
                "fundingIntervalHours": of.hours,
                "disclaimer": False,
                "updateTime": None,
            }
            for of in adjusted
            if not self.lists_late(of, at)
        ]

    def _open_interest(self, asked: Asked, at: Moment) -> Json:
        of, quote = self._row(asked, at)
        if of.kind in STATUSES:
            raise Wrong(400, OVER)
        pieces = quote.oi / of.multiplier
        return {"openInterest": padded(pieces, 3), "symbol": of.symbol, "time": at.time(-OI_LATE_MS)}

    def _ticker(self, asked: Asked, at: Moment) -> Json:
        return self._one_or_all(asked, at, lambda of, quote: rows.day(of.symbol, of, quote, at))

    def _spot_ticker(self, asked: Asked, at: Moment) -> Json:
        pairs: list[Json] = [
            rows.spot_day(pair.base + pair.quote, pair.last, pair.volume, pair.volume_quote, at)
            for pair in self.spot(at, asked.path)
        ]
        if "symbol" not in asked.query:
            return pairs
        found = [pair for pair in pairs if isinstance(pair, dict) and pair["symbol"] == asked.query["symbol"]]
        if not found:
            raise Wrong(400, NO_SYMBOL)
        return found[0]

    def _funding_rate(self, asked: Asked, at: Moment) -> Json:
        """Ascending; without a symbol all of them in the span, without a span the newest."""
        start, end, limit = _span(asked, 100, 1_000)
        asked_of = [self._row(asked, at)] if "symbol" in asked.query else self.living(at)
        last = min(at.ms, end if end is not None else at.ms)
        first = start if start is not None else last - 8 * HOUR_MS * limit
        paid: list[Json] = []
        hours = grid(max(first, last - 90 * DAY_MS), last, HOUR_MS)
        for hour in hours if start is not None else reversed(hours):
            due = [of for of, _ in asked_of if hour % (of.hours * HOUR_MS) == 0]
            quotes = self.market.history(self.name, due, (hour,))[0]
            paid += [rows.paid(of, quote, hour) for of, quote in zip(due, quotes, strict=True)]
            if len(paid) >= limit:
                break
        return paid[:limit] if start is not None else paid[:limit][::-1]

    def _klines(self, asked: Asked, at: Moment) -> Json:
        of, _ = self._row(asked, at)
        start, end, limit = _span(asked, 500, 1_500)
        width = _width(asked, "interval", -1120)
        mark = "/mark" in asked.path
        opens = page(at.ms, width, start, end, limit)
        found = bars(self.market, of, opens, width, at.ms, attrgetter("mark" if mark else "last"))
        if mark:
            return [
                [
                    bar.opens_ms,
                    *(padded(value) for value in (bar.open, bar.high, bar.low, bar.close)),
                    *("0", bar.opens_ms + width - 1, "0", 60, "0", "0", "0"),
                ]
                for bar in found
            ]
        return [
            [
                bar.opens_ms,
                *(padded(value) for value in (bar.open, bar.high, bar.low, bar.close)),
                padded(bar.volume / of.multiplier, 3),
                bar.opens_ms + width - 1,
                padded(bar.money),
                7_160,
                padded(bar.volume / of.multiplier * 0.48, 3),
                padded(bar.money * 0.48),
                "0",
            ]
            for bar in found
        ]

    def _open_interest_past(self, asked: Asked, at: Moment) -> Json:
        return [
            {
                "symbol": of.symbol,
                "sumOpenInterest": padded(quote.oi / of.multiplier, 3),
                "sumOpenInterestValue": padded(quote.oi / of.multiplier * quote.mark),
                "CMCCirculatingSupply": "19900000",
                "timestamp": at.stamp(step),
            }
            for of, step, quote in self._steps(asked, at)
        ]

    def _ratio(self, asked: Asked, at: Moment) -> Json:
        found: list[Json] = []
        for of, step, quote in self._steps(asked, at):
            ratio = {"g": quote.ls, "topLongShortA": quote.ls_top, "topLongShortP": quote.ls_pos}
            name = asked.path.rpartition("/")[2]
            longs, shorts = shares(next(value for begins, value in ratio.items() if name.startswith(begins)))
            found.append(
                {
                    "symbol": of.symbol,
                    "longShortRatio": fixed(longs / shorts, 4),
                    "longAccount": fixed(longs, 4),
                    "shortAccount": fixed(shorts, 4),
                    "timestamp": at.stamp(step),
                }
            )
        return found

    def _taker(self, asked: Asked, at: Moment) -> Json:
        return [
            {
                "buySellRatio": fixed(quote.taker_buy / quote.taker_sell, 4),
                "buyVol": padded(quote.taker_buy / of.multiplier, 1),
                "sellVol": padded(quote.taker_sell / of.multiplier, 1),
                "timestamp": at.stamp(step),
            }
            for of, step, quote in self._steps(asked, at)
        ]

    def _steps(self, asked: Asked, at: Moment) -> Iterator[tuple[Contract, int, Quote]]:
        """The steps of one page of statistics, ascending; nothing is older than 30 days."""
        of, _ = self._row(asked, at)
        start, end, limit = _span(asked, 30, 500)
        width = _width(asked, "period", -1130)
        if width < STEP_MS or (start is not None and start < at.ms - MONTH_MS - DAY_MS):
            raise Wrong(400, {"code": -1130, "msg": "Data sent for parameter 'startTime' is not valid."})
        last = min(at.ms // width * width - width, end if end is not None else at.ms)
        steps = grid(max(at.ms - MONTH_MS, start or 0), last, width)
        chosen = oldest(steps, limit) if start is not None and end is None else newest(steps, limit)
        for step, quote in zip(chosen, self.past(of, chosen), strict=True):
            yield of, step, quote

    def _one_or_all(self, asked: Asked, at: Moment, told: _Teller) -> Json:
        if "symbol" in asked.query:
            return told(*self._row(asked, at))
        return [told(of, quote) for of, quote in self.rows(at, asked.path) if of.kind is not Kind.DELISTED]

    def _row(self, asked: Asked, at: Moment) -> Row:
        symbol = asked.query.get("symbol", "")
        if not symbol:
            text = "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."
            raise Wrong(400, {"code": -1102, "msg": text})
        found = self.row(at, symbol, asked.path)
        if found is None:
            raise Wrong(200 if self._was(symbol) else 400, OVER if self._was(symbol) else NO_SYMBOL)
        return found

    def _was(self, symbol: str) -> bool:
        """Whether a symbol was listed before it was taken off."""
        return any(of.symbol == symbol for of in self.market.contracts(self.name))

    def _forced(self, since_ms: int, until_ms: int) -> list[Frame]:
        """Of each symbol only the latest order of every second."""
        first = (since_ms - PUSHED_AFTER_MS) // 1000 * 1000 - 1
        last = until_ms // 1000 * 1000 + 999
        latest = {
            (each.contract.symbol, each.at_ms // 1000): each for each in self.market.forced(self.name, first, last)
        }
        frames = [rows.forced_frame(each) for each in latest.values()]
        if self.market.coin_m:
            frames += [rows.coin_m(at_ms) for at_ms in every(60_000, 30_500, since_ms, until_ms)]
        return [frame for frame in frames if since_ms < frame.at_ms <= until_ms]

    def _marks(self, topic: str, at_ms: int) -> Iterator[Frame]:
        """Crypto and the rest come in messages of their own."""
        listed = self.rows(Moment(at_ms, at_ms))
        for parts in (
            [rows.mark_update(of, quote, at_ms) for of, quote in listed if of.kind is not Kind.STOCK],
            [rows.mark_update(of, quote, at_ms) for of, quote in listed if of.kind is Kind.STOCK],
        ):
            if parts:
                yield Frame(at_ms, {"stream": topic, "data": [*parts]})


def _topics(socket: Socket) -> set[str]:
    named = socket.asked.query.get("streams", "").split("/")
    return {*named, *socket.asked.path.split("/")[3:], *socket.topics} - {""}


def _kline_weight(limit: str) -> int:
    rows = int(limit) if limit.isdigit() else 500
    return next(weight for most, weight in ((99, 1), (499, 2), (1_000, 5), (10**9, 10)) if rows <= most)


def _span(asked: Asked, usual: int, most: int) -> tuple[int | None, int | None, int]:
    try:
        start, end = whole(asked.query, "startTime"), whole(asked.query, "endTime")
        limit = whole(asked.query, "limit", usual) or usual
    except ValueError:
        raise Wrong(400, {"code": -1102, "msg": "A parameter was malformed."}) from None
    if limit > most or limit < 1:
        raise Wrong(400, {"code": -1130, "msg": "Data sent for parameter 'limit' is not valid."})
    return start, end, limit


def _width(asked: Asked, name: str, code: int) -> int:
    try:
        return width_ms(asked.query.get(name, ""))
    except ValueError:
        raise Wrong(400, {"code": code, "msg": f"Invalid {name}."}) from None
