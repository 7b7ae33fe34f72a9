"""Gate v4, perpetuals against USDT and spot, as documented."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import ClassVar

from tests.fake_venues import gate_rows as rows
from tests.fake_venues.contracts import Kind
from tests.fake_venues.faults import Fault
from tests.fake_venues.limits import Limit, Use
from tests.fake_venues.market import Market
from tests.fake_venues.past import bars, grid, newest, page, width_ms
from tests.fake_venues.record import Record
from tests.fake_venues.shapes import DAY_MS, HOUR_MS, Asked, Json, Moment, Told, Wrong, ms, trimmed, whole
from tests.fake_venues.sockets import Frame, Socket, every
from tests.fake_venues.values import Forced, Quote
from tests.fake_venues.venue import CONNECT, FakeVenue, Handler, Row

FUTURES = "/api/v4/futures/usdt/"
CYCLE_MS = 1_000
PUSHED_BEFORE_MS = 100
"""How long before the end of its second a cycle is pushed."""

EARLY = 20
"""A cycle of so many orders is pushed at once."""

HEARTBEAT_LATE_MS = 200
MOST_POINTS = 2_000
CLOSED, TICKERS, PING = "futures.public_liquidates", "futures.tickers", "futures.ping"


class FakeGate(FakeVenue):
    """Sizes are contracts. `long_sells` says what the sign of a liquidation means: the order's or the position's."""

    name = "gate"
    hosts = frozenset({"api.gateio.ws", "fx-ws.gateio.ws"})
    limits: ClassVar[Mapping[str, Limit]] = {
        "endpoint": Limit(200, timedelta(seconds=10)),
        CONNECT: Limit(300, timedelta(minutes=5)),
    }

    def __init__(
        self,
        market: Market,
        faults: Sequence[Fault] = (),
        record: Record | None = None,
        *,
        long_sells: bool = True,
        bare: bool = False,
    ) -> None:
        super().__init__(market, faults, record)
        self._sign = -1 if long_sells else 1
        self._bare = bare
        """Whether each order comes alone and without a list, as until 2026-08."""

    @property
    def routes(self) -> Mapping[tuple[str, str], Handler]:
        """What is answered by whom."""
        return {
            ("GET", f"{FUTURES}contracts"): self._contracts,
            ("GET", f"{FUTURES}tickers"): self._tickers,
            ("GET", f"{FUTURES}contract_stats"): self._contract_stats,
            ("GET", f"{FUTURES}liq_orders"): self._liq_orders,
            ("GET", f"{FUTURES}funding_rate"): self._funding_rate,
            ("POST", f"{FUTURES}funding_rates"): self._funding_rates,
            ("GET", f"{FUTURES}candlesticks"): self._candlesticks,
            ("GET", "/api/v4/spot/tickers"): self._spot_tickers,
        }

    def cost(self, asked: Asked) -> tuple[str, int]:
        """Each endpoint for itself."""
        return f"endpoint:{asked.path.removeprefix('/api/v4/')}", 1

    def limited(self, use: Use | None, retry_after: int | None) -> Told:
        """429, with the reset in the headers of every answer."""
        headers = {"retry-after": str(retry_after)} if retry_after is not None and use is None else {}
        return self.told(429, {"label": "TOO_MANY_REQUESTS", "message": "Request Rate limit Exceeded (311)"}, headers)

    def usage(self, use: Use) -> Mapping[str, str]:
        """What remains of the endpoint."""
        return {
            "x-gate-ratelimit-requests-remain": str(max(0, use.most - use.used)),
            "x-gate-ratelimit-limit": str(use.most),
            "x-gate-ratelimit-reset-timestamp": str(use.resets_ms // 1000),
        }

    def is_stream(self, path: str) -> bool:
        """Perpetuals against USDT."""
        return path == "/v4/ws/usdt"

    def hear(self, socket: Socket, text: str, at: datetime) -> Sequence[Json]:
        """Acknowledgements and pongs."""
        try:
            said = json.loads(text)
        except ValueError:
            said = {}
        channel, event = said.get("channel", ""), said.get("event", "")
        if channel == PING:
            return [self._said(at, "futures.pong", "", None)]
        payload = [str(each) for each in said.get("payload") or []]
        if channel not in {CLOSED, TICKERS}:
            return [self._failed(at, channel, event, f"unknown channel {channel}")]
        symbols = {of.symbol for of in self.market.contracts(self.name)}
        strangers = [name for name in payload if name not in symbols and name != "!all"]
        if strangers or not payload:
            return [self._failed(at, channel, event, f"unknown contract {' '.join(strangers)}")]
        for name in payload:
            if event == "subscribe":
                socket.subscribe(f"{channel} {name}", at)
            else:
                socket.unsubscribe(f"{channel} {name}")
        return [self._said(at, channel, event, {"status": "success"})]

    def pushes(self, socket: Socket, since_ms: int, until_ms: int) -> Sequence[Frame]:
        """Liquidations of one contract by the second, and tickers."""
        frames = [*self._closed(socket, since_ms, until_ms)]
        for topic in socket.topics:
            channel, _, symbol = topic.partition(" ")
            for at_ms in every(1_000, HEARTBEAT_LATE_MS, since_ms, until_ms) if channel == TICKERS else ():
                found = self.glance(symbol, at_ms)
                if found is not None:
                    frames.append(Frame(at_ms, _push(TICKERS, at_ms, [rows.ticker(*found)])))
        return sorted(frames, key=lambda frame: frame.at_ms)

    def _contracts(self, asked: Asked, at: Moment) -> Json:
        listed = self.rows(at, asked.path)
        offset, limit = _number(asked, "offset", 0), _number(asked, "limit", len(listed) or 1)
        return [rows.contract(of, quote) for of, quote in listed[offset : offset + limit]]

    def _tickers(self, asked: Asked, at: Moment) -> Json:
        if "contract" in asked.query:
            return [rows.ticker(*self._row(asked, at))]
        return [rows.ticker(of, quote) for of, quote in self.rows(at, asked.path) if of.kind is not Kind.DELISTED]

    def _spot_tickers(self, asked: Asked, at: Moment) -> Json:
        return [rows.spot_ticker(pair) for pair in self.spot(at, asked.path)]

    def _contract_stats(self, asked: Asked, at: Moment) -> Json:
        """Ascending; sums of liquidations beside the ratios."""
        of, _ = self._row(asked, at)
        width, limit = _width(asked, "5m"), min(_number(asked, "limit", 30), 100)
        last = at.ms // width * width - width
        first = _number(asked, "from", 0) * 1000
        steps = grid(first, last, width)[:limit] if first else newest(grid(last - limit * width, last, width), limit)
        found: list[Json] = []
        for step, quote in zip(steps, self.past(of, steps), strict=True):
            sums = self._sums(of.symbol, step, step + width, quote)
            found.append(rows.stats(of, quote, at.stamp(step) // 1000, sums))
        return found

    def _sums(self, symbol: str, since_ms: int, until_ms: int, quote: Quote) -> Mapping[str, float]:
        """US dollars of longs and shorts closed in a step."""
        sums = {"long": quote.liq_long_usd, "short": quote.liq_short_usd}
        for each in self.market.forced(self.name, since_ms - 1, until_ms - 1) if not any(sums.values()) else ():
            if each.contract.symbol == symbol:
                sums[each.position] += each.coins / each.contract.multiplier * each.price
        return sums

    def _liq_orders(self, asked: Asked, at: Moment) -> Json:
        """Newest first, within an hour; `size` is the position's, `order_size` the order's."""
        end = min(_number(asked, "to", at.ms // 1000), at.ms // 1000)
        start = _number(asked, "from", end - 3_600)
        if end - start > 3_600:
            raise _wrong("INVALID_PARAM_VALUE", "Time range should be less than 1 hour")
        wanted, limit = asked.query.get("contract"), min(_number(asked, "limit", 100), 1_000)
        forced = self.market.forced(self.name, start * 1000 - 1, end * 1000 + 999)
        past = [each for each in forced if each.at_ms <= at.ms or each.at_ms // 1000 == at.ms // 1000]
        found = [each for each in reversed(past) if wanted in {None, each.contract.symbol}]
        return [rows.liq_order(each) for each in found[:limit]]

    def _funding_rate(self, asked: Asked, at: Moment) -> Json:
        """Newest first."""
        of, _ = self._row(asked, at)
        return rows.paid(self.market, of, self._due(asked, of.hours, at, _number(asked, "limit", 100)))

    def _funding_rates(self, asked: Asked, at: Moment) -> Json:
        """The newest of many contracts."""
        wanted = self.body_of(asked).get("contracts")
        found: list[Json] = []
        for name in wanted if isinstance(wanted, list) else []:
            row = self.row(at, str(name), asked.path)
            if row is not None:
                due = self._due(asked, row[0].hours, at, 100)
                found.append({"contract": str(name), "data": rows.paid(self.market, row[0], due)})
        return found

    def _due(self, asked: Asked, hours: int, at: Moment, limit: int) -> Sequence[int]:
        width, limit = hours * HOUR_MS, min(limit, 1_000)
        last = min(at.ms, _number(asked, "to", at.ms // 1000) * 1000)
        first = max(_number(asked, "from", 0) * 1000, last - 90 * DAY_MS)
        return newest(grid(first, last, width), limit)[::-1]

    def _candlesticks(self, asked: Asked, at: Moment) -> Json:
        """Ascending; a span excludes a limit, neither means more than 2,000 points; mark_ and index_ name prices."""
        symbol = asked.query.get("contract", "")
        kind = next((each for each in ("mark", "index") if symbol.startswith(f"{each}_")), "last")
        of, _ = self._row(replace(asked, query={**asked.query, "contract": symbol.removeprefix(f"{kind}_")}), at)
        width = _width(asked, "5m")
        spanned = "from" in asked.query or "to" in asked.query
        if spanned and "limit" in asked.query:
            raise _wrong("INVALID_PARAM_VALUE", "limit conflicts with from and to")
        end = _number(asked, "to", at.ms // 1000) * 1000
        start = _number(asked, "from", (end - 100 * width) // 1000) * 1000 if spanned else None
        limit = _number(asked, "limit", 100) if not spanned else MOST_POINTS
        if limit > MOST_POINTS or (start is not None and (end - start) / width > MOST_POINTS):
            raise _wrong("INVALID_PARAM_VALUE", "Candlestick too many points requested")
        found = bars(self.market, of, page(at.ms, width, start, end, limit), width, at.ms, attrgetter(kind))
        return [
            {
                "t": bar.opens_ms // 1000,
                "v": int(bar.volume / of.multiplier / of.size),
                "c": trimmed(bar.close),
                "h": trimmed(bar.high),
                "l": trimmed(bar.low),
                "o": trimmed(bar.open),
                "sum": trimmed(bar.money, 4),
            }
            for bar in found
        ]

    def _row(self, asked: Asked, at: Moment) -> Row:
        found = self.row(at, asked.query.get("contract", ""), asked.path)
        if found is None:
            raise _wrong("CONTRACT_NOT_FOUND", "contract not found")
        return found

    def _closed(self, socket: Socket, since_ms: int, until_ms: int) -> Iterator[Frame]:
        """One array a contract and cycle of a second, early when it is full; or each order alone, in older days."""
        cycles: dict[tuple[int, str], list[Forced]] = {}
        shifted = (since_ms + PUSHED_BEFORE_MS) // CYCLE_MS * CYCLE_MS - PUSHED_BEFORE_MS - CYCLE_MS
        for each in self.market.forced(self.name, shifted - 1, until_ms):
            topics = {f"{CLOSED} !all", f"{CLOSED} {each.contract.symbol}"}
            cycle = (each.at_ms + PUSHED_BEFORE_MS) // CYCLE_MS
            if topics & socket.topics.keys():
                cycles.setdefault((cycle, each.contract.symbol), []).append(each)
        for (cycle, _), forced in cycles.items():
            for first in range(0, len(forced), 1 if self._bare else EARLY):
                part = forced[first : first + (1 if self._bare else EARLY)]
                full = len(part) == EARLY or self._bare
                pushed = part[-1].at_ms + 1 if full else (cycle + 1) * CYCLE_MS - PUSHED_BEFORE_MS
                if since_ms < pushed <= until_ms:
                    told = [self._order(each, decimals=socket.size_decimal) for each in part]
                    yield Frame(pushed, _push(CLOSED, pushed, told[0] if self._bare else [*told]), (*part,))

    def _order(self, each: Forced, *, decimals: bool) -> Json:
        of = each.contract
        size = each.coins / of.multiplier / of.size
        signed = self._sign * (1 if each.position == "long" else -1)
        written = trimmed(size, 4) if decimals else str(math.floor(size + 1e-9))
        text = f"-{written}" if signed < 0 and written != "0" else written
        if self._bare:
            return {"contract": of.symbol, "price": trimmed(each.price), "time": each.at_ms, "size": int(float(text))}
        return {"price": trimmed(each.price), "size": text, "time": each.at_ms, "contract": of.symbol}

    def _said(self, at: datetime, channel: str, event: str, result: Json) -> Json:
        at_ms = ms(at)
        return {"time": at_ms // 1000, "time_ms": at_ms, "channel": channel, "event": event, "result": result}

    def _failed(self, at: datetime, channel: str, event: str, text: str) -> Json:
        at_ms = ms(at)
        error: Json = {"code": 2, "message": text}
        return {
            "time": at_ms // 1000,
            "time_ms": at_ms,
            "channel": channel,
            "event": event,
            "error": error,
            "result": {"status": "fail"},
        }


def _push(channel: str, at_ms: int, result: Json) -> Json:
    return {"time": at_ms // 1000, "time_ms": at_ms, "channel": channel, "event": "update", "result": result}


def _wrong(label: str, text: str) -> Wrong:
    return Wrong(400, {"label": label, "message": text})


def _number(asked: Asked, name: str, usual: int) -> int:
    try:
        found = whole(asked.query, name, usual)
    except ValueError:
        raise _wrong("INVALID_PARAM_VALUE", f"invalid {name}") from None
    return usual if found is None else found


def _width(asked: Asked, usual: str) -> int:
    try:
        return width_ms(asked.query.get("interval", usual))
    except ValueError:
        raise _wrong("INVALID_PARAM_VALUE", "invalid interval") from None
