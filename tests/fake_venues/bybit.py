"""Bybit v5, linear perpetuals and spot, as documented."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import ClassVar

from tests.fake_venues.contracts import Contract, Kind
from tests.fake_venues.limits import Limit, Use
from tests.fake_venues.past import MINUTE_MS, bars, grid, newest, width_ms
from tests.fake_venues.shapes import HOUR_MS, Asked, Json, Moment, Told, Wrong, fixed, padded, shares, trimmed
from tests.fake_venues.shapes import whole as number
from tests.fake_venues.sockets import Frame, Socket, Stays, every
from tests.fake_venues.values import Forced, Quote
from tests.fake_venues.venue import CONNECT, FakeVenue, Handler, Row

ENVELOPE_LATE_MS = 50
PUSH_MS = 500
HEARTBEAT_LATE_MS = 100
MOST_ARGS = 21_000
"""Characters that all topics of one connection may have together."""

TYPES = {Kind.DATED: "LinearFutures"}
STATUSES = {Kind.PREMARKET: "PreLaunch"}
LIQUIDATIONS, TICKERS = "allLiquidation.", "tickers."
_MINUTES = {"D": 1_440, "W": 10_080}


class FakeBybit(FakeVenue):
    """Every liquidation, in pushes of half a second; open interest counts both sides."""

    name = "bybit"
    hosts = frozenset({"api.bybit.com", "stream.bybit.com"})
    limits: ClassVar[Mapping[str, Limit]] = {
        "ip": Limit(600, timedelta(seconds=5)),
        CONNECT: Limit(500, timedelta(minutes=5)),
    }
    banned_for = timedelta(minutes=10)
    stays = Stays(patience=timedelta(minutes=10))

    @property
    def routes(self) -> Mapping[tuple[str, str], Handler]:
        """What is answered by whom."""
        return {
            ("GET", "/v5/market/instruments-info"): self._instruments,
            ("GET", "/v5/market/tickers"): self._tickers,
            ("GET", "/v5/market/account-ratio"): self._account_ratio,
            ("GET", "/v5/market/funding/history"): self._funding_history,
            ("GET", "/v5/market/open-interest"): self._open_interest,
            ("GET", "/v5/market/kline"): self._kline,
            ("GET", "/v5/market/mark-price-kline"): self._kline,
            ("GET", "/v5/market/time"): self._time,
        }

    def cost(self, asked: Asked) -> tuple[str, int]:
        """All alike."""
        return "ip", 1

    def limited(self, use: Use | None, retry_after: int | None) -> Told:
        """By endpoint: 200 with a code."""
        headers = {} if retry_after is None else {"retry-after": str(retry_after)}
        status = 200 if use is not None else 429
        return self.told(status, {"retCode": 10006, "retMsg": "Too many visits!", "result": {}}, headers)

    def banned(self, until: datetime, at: datetime) -> Told:
        """By address: everything stops for ten minutes."""
        return Told(403, {"content-type": "text/plain"}, b"access too frequent")

    def usage(self, use: Use) -> Mapping[str, str]:
        """What remains."""
        return {
            "x-bapi-limit": str(use.most),
            "x-bapi-limit-status": str(max(0, use.most - use.used)),
            "x-bapi-limit-reset-timestamp": str(use.resets_ms),
        }

    def is_stream(self, path: str) -> bool:
        """Linear and spot."""
        return path in {"/v5/public/linear", "/v5/public/spot"}

    def hear(self, socket: Socket, text: str, at: datetime) -> Sequence[Json]:
        """Acknowledgements, first tickers, pongs; one bad topic fails the whole request."""
        try:
            said = json.loads(text)
        except ValueError:
            return [_refused("error: invalid json")]
        request_id, operation = str(said.get("req_id", "")), str(said.get("op", ""))
        if operation == "ping":
            return [{"success": True, "ret_msg": "pong", "conn_id": "c1", "req_id": request_id, "op": "ping"}]
        topics = [str(each) for each in said.get("args") or []]
        if operation == "unsubscribe":
            for topic in topics:
                socket.unsubscribe(topic)
            return [_ack(request_id, operation)]
        if operation != "subscribe":
            return [_refused(f"error:unknown operation {operation}", request_id, operation)]
        return self._subscribe(socket, topics, request_id, at)

    def pushes(self, socket: Socket, since_ms: int, until_ms: int) -> Sequence[Frame]:
        """Liquidations by topic every half second, and tickers."""
        frames = [*self._liquidations(socket, since_ms, until_ms)]
        for topic in socket.topics:
            if topic.startswith(TICKERS):
                for at_ms in every(1_000, HEARTBEAT_LATE_MS, since_ms, until_ms):
                    frames += self._heartbeat(topic, at_ms)
        return sorted(frames, key=lambda frame: frame.at_ms)

    def _time(self, asked: Asked, at: Moment) -> Json:
        return _told({"timeSecond": str(at.seconds())}, at)

    def _instruments(self, asked: Asked, at: Moment) -> Json:
        limit = _limit(asked, 500, 1_000)
        rows = self._linear(asked, at)
        if "symbol" in asked.query:
            rows = [self._row(asked, at)]
        first = int(asked.query.get("cursor") or 0)
        cut = rows[first : first + limit]
        cursor = str(first + limit) if first + limit < len(rows) else ""
        listed: list[Json] = [_instrument(of) for of, _ in cut]
        return _told({"category": "linear", "list": listed, "nextPageCursor": cursor}, at)

    def _tickers(self, asked: Asked, at: Moment) -> Json:
        if asked.query.get("category") == "spot":
            pairs: list[Json] = [
                {
                    "symbol": pair.base + pair.quote,
                    "bid1Price": padded(pair.last * 0.9999),
                    "ask1Price": padded(pair.last * 1.0001),
                    "lastPrice": padded(pair.last),
                    "prevPrice24h": padded(pair.last * 0.99),
                    "price24hPcnt": "0.0101",
                    "turnover24h": padded(pair.volume_quote),
                    "volume24h": padded(pair.volume),
                    "usdIndexPrice": padded(pair.last),
                }
                for pair in self.spot(at, asked.path)
            ]
            return _told({"category": "spot", "list": pairs}, at)
        rows = [self._row(asked, at)] if "symbol" in asked.query else self._linear(asked, at)
        return _told({"category": "linear", "list": [_ticker(of, quote) for of, quote in rows]}, at)

    def _account_ratio(self, asked: Asked, at: Moment) -> Json:
        of, _ = self._row(asked, at)
        width = _width(asked, "period")
        limit = _limit(asked, 50, 500)
        steps = newest(grid(at.ms - 400 * width, at.ms // width * width - width, width), limit)
        rows: list[Json] = []
        for step, quote in zip(steps, self.past(of, steps), strict=True):
            longs, shorts = shares(quote.ls)
            row = {"symbol": of.symbol, "buyRatio": trimmed(longs, 4), "sellRatio": trimmed(shorts, 4)}
            rows.append({**row, "timestamp": str(at.stamp(step))})
        return _told({"list": rows[::-1], "nextPageCursor": ""}, at)

    def _funding_history(self, asked: Asked, at: Moment) -> Json:
        """Newest first; a start alone is an error."""
        of, _ = self._row(asked, at)
        if "startTime" in asked.query and "endTime" not in asked.query:
            raise _wrong("params error: endTime is required with startTime")
        end, start = number(asked.query, "endTime", at.ms), number(asked.query, "startTime", 0)
        limit = _limit(asked, 200, 200)
        width = of.hours * HOUR_MS
        last = min(at.ms, end or at.ms)
        times = newest(grid(max(start or 0, last - (limit + 1) * width), last, width), limit)
        rows: list[Json] = [
            {
                "symbol": of.symbol,
                "fundingRate": trimmed(self.market.rate_at(of, time), 10),
                "fundingRateTimestamp": str(time),
            }
            for time in reversed(times)
        ]
        return _told({"category": "linear", "list": rows}, at)

    def _open_interest(self, asked: Asked, at: Moment) -> Json:
        """Newest first, in pages by cursor; both sides, with the single one beside it."""
        of, _ = self._row(asked, at)
        width = _width(asked, "intervalTime")
        start, end = number(asked.query, "startTime", 0) or 0, number(asked.query, "endTime", at.ms) or at.ms
        limit = _limit(asked, 50, 200)
        end = min(end, int(asked.query.get("cursor") or end))
        first = max(start, of.listed_ms, end - (limit + 1) * width)
        steps = newest(grid(first, min(end, at.ms // width * width - width), width), limit)
        rows: list[Json] = [
            {
                "openInterest": fixed(2 * quote.oi / of.multiplier, 8),
                "singleOpenInterest": trimmed(quote.oi / of.multiplier, 8),
                "timestamp": str(at.stamp(step)),
            }
            for step, quote in zip(steps, self.past(of, steps), strict=True)
        ]
        more = str(steps[0] - 1) if len(steps) == limit and steps[0] - width >= max(start, of.listed_ms) else ""
        return _told({"symbol": of.symbol, "category": "linear", "list": rows[::-1], "nextPageCursor": more}, at)

    def _kline(self, asked: Asked, at: Moment) -> Json:
        """Newest first: start, open, high, low, close, and of trades also volume in coins, turnover."""
        of, _ = self._row(asked, at)
        written = asked.query.get("interval", "")
        minutes = _MINUTES.get(written) or (int(written) if written.isdigit() else 0)
        if minutes not in {1, 3, 5, 15, 30, 60, 120, 240, 360, 720, 1_440, 10_080}:
            raise _wrong("Invalid period!")
        width, limit = minutes * MINUTE_MS, _limit(asked, 200, 1_000)
        start, end = number(asked.query, "start"), number(asked.query, "end")
        last = min(at.ms, at.ms if end is None else end)
        opens = newest(grid(max(start or 0, last - limit * width), last, width), limit)
        mark = "/mark-price-" in asked.path
        rows: list[Json] = [
            [
                str(bar.opens_ms),
                *(padded(value) for value in (bar.open, bar.high, bar.low, bar.close)),
                *([] if mark else [padded(bar.volume / of.multiplier, 3), padded(bar.money, 4)]),
            ]
            for bar in reversed(bars(self.market, of, opens, width, at.ms, attrgetter("mark" if mark else "last")))
        ]
        return _told({"category": "linear", "symbol": of.symbol, "list": rows}, at)

    def _linear(self, asked: Asked, at: Moment) -> Sequence[Row]:
        if asked.query.get("category") != "linear":
            raise _wrong("Illegal category")
        return [row for row in self.rows(at, asked.path) if row[0].kind is not Kind.DELISTED]

    def _row(self, asked: Asked, at: Moment) -> Row:
        if asked.query.get("category", "linear") != "linear":
            raise _wrong("Illegal category")
        found = self.row(at, asked.query.get("symbol", ""), asked.path)
        if found is None:
            raise _wrong("params error: Symbol Invalid")
        return found

    def _subscribe(self, socket: Socket, topics: Sequence[str], request_id: str, at: datetime) -> Sequence[Json]:
        symbols = {of.symbol for of in self.market.contracts(self.name)}
        for topic in topics:
            if not topic.startswith((LIQUIDATIONS, TICKERS)) or topic.partition(".")[2] not in symbols:
                return [_refused(f"error:handler not found,topic:{topic}", request_id, "subscribe")]
        if sum(len(topic) for topic in {*socket.topics, *topics}) > MOST_ARGS:
            return [_refused("error:args size is too large", request_id, "subscribe")]
        for topic in topics:
            socket.subscribe(topic, at)
        return [_ack(request_id, "subscribe")]

    def _liquidations(self, socket: Socket, since_ms: int, until_ms: int) -> Iterator[Frame]:
        pushes: dict[tuple[int, str], list[Forced]] = {}
        for each in self.market.forced(self.name, since_ms - PUSH_MS, until_ms):
            pushed = (each.at_ms // PUSH_MS + 1) * PUSH_MS
            topic = LIQUIDATIONS + each.contract.symbol
            if since_ms < pushed <= until_ms and socket.topics.get(topic, pushed) < pushed:
                pushes.setdefault((pushed, topic), []).append(each)
        for (pushed, topic), forced in pushes.items():
            data: list[Json] = [_forced(each) for each in forced]
            yield Frame(pushed, {"topic": topic, "type": "snapshot", "ts": pushed, "data": data}, (*forced,))

    def _heartbeat(self, topic: str, at_ms: int) -> Iterator[Frame]:
        found = self.glance(topic.removeprefix(TICKERS), at_ms)
        if found is not None:
            data: Json = {"symbol": found[0].symbol, "markPrice": padded(found[1].mark)}
            yield Frame(at_ms, {"topic": topic, "type": "delta", "data": data, "cs": 1, "ts": at_ms})


def _told(result: Json, at: Moment) -> Json:
    later = at.time(ENVELOPE_LATE_MS)
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": later}


def _wrong(text: str) -> Wrong:
    """Bybit refuses with status 200."""
    return Wrong(200, {"retCode": 10001, "retMsg": text, "result": {}, "retExtInfo": {}})


def _ack(request_id: str, operation: str) -> Json:
    return {"success": True, "ret_msg": "", "conn_id": "c1", "req_id": request_id, "op": operation}


def _refused(text: str, request_id: str = "", operation: str = "") -> Json:
    return {"success": False, "ret_msg": text, "conn_id": "c1", "req_id": request_id, "op": operation}


def _limit(asked: Asked, usual: int, most: int) -> int:
    written = asked.query.get("limit", str(usual))
    if not written.isdigit() or not 1 <= int(written) <= most:
        raise _wrong("params error: limit")
    return int(written)


def _width(asked: Asked, name: str) -> int:
    try:
        return width_ms(asked.query.get(name, ""))
    except ValueError:
        raise _wrong(f"params error: {name} invalid") from None


def _instrument(of: Contract) -> Json:
    return {
        "symbol": of.symbol,
        "contractType": TYPES.get(of.kind, "LinearPerpetual"),
        "status": STATUSES.get(of.kind, "Trading"),
        "baseCoin": of.base,
        "quoteCoin": of.quote,
        "settleCoin": of.quote,
        "launchTime": str(of.listed_ms),
        "deliveryTime": str(of.ends_ms or 0),
        "deliveryFeeRate": "",
        "priceScale": "2",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
        "lotSizeFilter": {"maxOrderQty": "1190.000", "minOrderQty": "0.001", "qtyStep": "0.001"},
        "unifiedMarginTrade": True,
        "fundingInterval": of.hours * 60,
        "copyTrading": "both",
        "isPreListing": of.kind is Kind.PREMARKET,
        "preListingInfo": None,
        "symbolType": "stock" if of.kind is Kind.STOCK else ("innovation" if of.coin == "NEIRO" else ""),
    }


def _ticker(of: Contract, quote: Quote) -> Json:
    dated = of.kind is Kind.DATED
    pieces = quote.oi / of.multiplier
    return {
        "symbol": of.symbol,
        "lastPrice": padded(quote.last),
        "indexPrice": padded(quote.index),
        "markPrice": padded(quote.mark),
        "prevPrice24h": padded(quote.last * 0.99),
        "price24hPcnt": "0.0101",
        "highPrice24h": padded(quote.last * 1.01),
        "lowPrice24h": padded(quote.last * 0.98),
        "openInterest": padded(2 * pieces, 3),
        "openInterestValue": padded(2 * pieces * quote.mark),
        "singleOpenInterest": padded(pieces, 3),
        "singleOpenInterestValue": padded(pieces * quote.mark),
        "turnover24h": padded(quote.volume_usd, 4),
        "volume24h": padded(quote.volume / of.multiplier, 3),
        "fundingRate": "" if dated else trimmed(quote.rate, 10),
        "nextFundingTime": "0" if dated else str(quote.next_ms),
        "fundingIntervalHour": "" if dated else str(of.hours),
        "fundingCap": "" if dated else "0.005",
        "deliveryTime": str(of.ends_ms or 0),
        "basisRate": "",
        "predictedDeliveryPrice": "",
        "curPreListingPhase": "ContinuousTrading" if of.kind is Kind.PREMARKET else "",
        "preOpenPrice": "",
        "preQty": "",
        "bid1Price": padded(quote.last * 0.9999),
        "bid1Size": "1.000",
        "ask1Price": padded(quote.last * 1.0001),
        "ask1Size": "1.000",
    }


def _forced(each: Forced) -> Json:
    """`S` is the position's side: Buy says that a long was closed."""
    return {
        "T": each.at_ms,
        "s": each.contract.symbol,
        "S": "Buy" if each.position == "long" else "Sell",
        "v": padded(each.coins / each.contract.multiplier, 3),
        "p": padded(each.bankruptcy),
    }
