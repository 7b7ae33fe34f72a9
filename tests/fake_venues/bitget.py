"""Bitget v2, USDT futures and spot, and its v3 stream, as documented."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import ClassVar

from tests.fake_venues import bitget_rows as rows
from tests.fake_venues.contracts import Kind
from tests.fake_venues.faults import lot
from tests.fake_venues.limits import Limit, Use
from tests.fake_venues.past import bars, grid, newest, width_ms
from tests.fake_venues.shapes import DAY_MS, HOUR_MS, Asked, Json, Moment, Told, Wrong, trimmed, whole
from tests.fake_venues.sockets import Frame, Socket, Stays, every
from tests.fake_venues.values import Forced, Quote
from tests.fake_venues.venue import CONNECT, OVERALL, FakeVenue, Handler, Row

MIX, SPOT = "/api/v2/mix/market/", "/api/v2/spot/market/"
SECOND = timedelta(seconds=1)
PUSH_MS = 1_000
HEARTBEAT_LATE_MS = 100
RATIO_ROWS = 30
WITH_RATIOS = 0.7
"""What part of the contracts has long/short ratios; the largest all do."""

SPAN_MS = 90 * DAY_MS
LIQUIDATIONS_MS = 3 * DAY_MS
RATIOS: Mapping[str, Callable[[Quote], dict[str, Json]]] = {
    "account-long-short": rows.accounts,
    "position-long-short": rows.positions,
    "taker-buy-sell": rows.takers,
}


class FakeBitget(FakeVenue):
    """Liquidations state quote money; of each pair and second only the largest long and the largest short come."""

    name = "bitget"
    hosts = frozenset({"api.bitget.com", "ws.bitget.com"})
    limits: ClassVar[Mapping[str, Limit]] = {
        "endpoint": Limit(20, SECOND),
        "ratio": Limit(1, SECOND),
        OVERALL: Limit(6_000, timedelta(minutes=1)),
        CONNECT: Limit(300, timedelta(minutes=5)),
    }
    stays = Stays(lives=timedelta(hours=24), patience=timedelta(minutes=2), messages=10)

    @property
    def routes(self) -> Mapping[tuple[str, str], Handler]:
        """What is answered by whom."""
        return {
            ("GET", f"{MIX}contracts"): self._contracts,
            ("GET", f"{MIX}tickers"): self._tickers,
            ("GET", f"{MIX}current-fund-rate"): self._current_fund_rate,
            ("GET", f"{MIX}history-fund-rate"): self._history_fund_rate,
            ("GET", f"{MIX}candles"): self._candles,
            ("GET", f"{MIX}history-candles"): self._candles,
            ("GET", f"{MIX}history-mark-candles"): self._candles,
            ("GET", f"{MIX}history-index-candles"): self._candles,
            ("GET", f"{SPOT}tickers"): self._spot_tickers,
            ("GET", "/api/v3/market/liquidations"): self._liquidations,
            **{("GET", MIX + name): self._ratio(row) for name, row in RATIOS.items()},
        }

    def cost(self, asked: Asked) -> tuple[str, int]:
        """Each endpoint for itself, the ratios once a second."""
        name = asked.path.removeprefix("/api/")
        return f"{'ratio' if name.rpartition('/')[2] in RATIOS else 'endpoint'}:{name}", 1

    def limited(self, use: Use | None, retry_after: int | None) -> Told:
        """429, usually without a header."""
        headers = {"retry-after": str(retry_after)} if retry_after is not None and use is None else {}
        return self.told(429, {"code": "429", "msg": "Too Many Requests", "data": None}, headers)

    def is_stream(self, path: str) -> bool:
        """The public stream."""
        return path == "/v3/ws/public"

    def hear(self, socket: Socket, text: str, at: datetime) -> Sequence[Json]:
        """Pongs and acknowledgements, one a topic."""
        if text == "ping":
            return ["pong"]
        try:
            said = json.loads(text)
        except ValueError:
            return [{"event": "error", "code": "30003", "msg": "Param error"}]
        found: list[Json] = []
        for arg in said.get("args") or []:
            topic = json.dumps(arg, sort_keys=True)
            if not self._knows(arg):
                text = f"topic:{arg.get('topic')} doesn't exist"
                found.append({"event": "error", "arg": arg, "code": "30001", "msg": text, "connId": "c1"})
            elif said.get("op") == "subscribe":
                socket.subscribe(topic, at)
                found.append({"event": "subscribe", "arg": arg, "connId": "c1"})
            else:
                socket.unsubscribe(topic)
                found.append({"event": "unsubscribe", "arg": arg, "connId": "c1"})
        return found

    def pushes(self, socket: Socket, since_ms: int, until_ms: int) -> Sequence[Frame]:
        """All liquidations of a second in a frame, and tickers."""
        frames: list[Frame] = []
        for topic in socket.topics:
            arg = json.loads(topic)
            if arg["topic"] == "liquidation":
                frames += self._closed(arg, since_ms, until_ms)
                continue
            for at_ms in every(1_000, HEARTBEAT_LATE_MS, since_ms, until_ms):
                found = self.glance(arg["symbol"], at_ms)
                if found is not None:
                    data: list[Json] = [rows.pushed_ticker(*found)]
                    frames.append(Frame(at_ms, {"action": "snapshot", "arg": arg, "data": data, "ts": at_ms}))
        return sorted(frames, key=lambda frame: frame.at_ms)

    def _contracts(self, asked: Asked, at: Moment) -> Json:
        return _told([rows.contract(of) for of, _ in self._listed(asked, at)], at)

    def _tickers(self, asked: Asked, at: Moment) -> Json:
        stamp = at.time(-rows.ROW_LATE_MS)
        return _told([rows.ticker(of, quote, stamp) for of, quote in self._listed(asked, at)], at)

    def _current_fund_rate(self, asked: Asked, at: Moment) -> Json:
        listed = [self._row(asked, at)] if "symbol" in asked.query else self._listed(asked, at)
        return _told([rows.rate(of, quote) for of, quote in listed if of.kind is not Kind.DATED], at)

    def _spot_tickers(self, asked: Asked, at: Moment) -> Json:
        stamp = at.time(-rows.ROW_LATE_MS)
        return _told([rows.spot_ticker(pair, stamp) for pair in self.spot(at, asked.path)], at)

    def _ratio(self, row: Callable[[Quote], dict[str, Json]]) -> Handler:
        def told(asked: Asked, at: Moment) -> Json:
            of, _ = self._row(asked, at)
            if of.coin not in self.market.coins[:14] and lot(of.symbol, "ratios") >= WITH_RATIOS:
                return _told([], at)
            width = _width(asked, "period", "5m")
            steps = newest(grid(0, at.ms // width * width - width, width), RATIO_ROWS)
            past = zip(steps, self.past(of, steps), strict=True)
            return _told([{**row(quote), "ts": str(at.stamp(step))} for step, quote in past], at)

        return told

    def _history_fund_rate(self, asked: Asked, at: Moment) -> Json:
        """Newest first, in pages."""
        _product(asked)
        of, _ = self._row(asked, at)
        size, page = _number(asked, "pageSize", 20), _number(asked, "pageNo", 1)
        if not 1 <= size <= 100 or page < 1:
            raise _wrong("40020", "Parameter pageSize error")
        width = of.hours * HOUR_MS
        times = grid(at.ms - 270 * DAY_MS, at.ms, width)[::-1][(page - 1) * size : page * size]
        return _told([rows.paid(of, self.market.rate_at(of, time), time) for time in times], at)

    def _candles(self, asked: Asked, at: Moment) -> Json:
        """Ascending: start, open, high, low, close, volume in coins, volume in the quote."""
        _product(asked)
        of, _ = self._row(asked, at)
        past = "/history-" in asked.path
        limit, most = _number(asked, "limit", 100), 200 if past else 1_000
        if not 1 <= limit <= most:
            raise _wrong("40020", "Parameter limit error")
        written = asked.query.get("granularity", "")
        width, offset = _granularity(written)
        end = min(at.ms, _number(asked, "endTime", at.ms))
        start = _number(asked, "startTime", end - limit * width)
        if end - start > SPAN_MS:
            raise _wrong("00001", "startTime and endTime interval cannot be greater than 90 days")
        opens = newest(grid(start, end, width, offset), limit)
        price = attrgetter(next((each for each in ("mark", "index") if f"-{each}-" in asked.path), "last"))
        found = [bar for bar in bars(self.market, of, opens, width, at.ms, price) if bar.whole or not past]
        return _told(
            [
                [
                    str(bar.opens_ms),
                    *(trimmed(value) for value in (bar.open, bar.high, bar.low, bar.close)),
                    trimmed(bar.volume, 4),
                    trimmed(bar.money, 4),
                ]
                for bar in found
            ],
            at,
        )

    def _liquidations(self, asked: Asked, at: Moment) -> Json:
        """Newest first, three days back, in pages by cursor."""
        limit = min(_number(asked, "limit", 100), 100)
        end = _number(asked, "cursor", at.ms) - (1 if "cursor" in asked.query else 0)
        span_ms, found = HOUR_MS, list[Forced]()
        while len(found) <= limit and end - span_ms > at.ms - LIQUIDATIONS_MS - HOUR_MS:
            found = [*reversed(self.market.forced(self.name, end - span_ms, end))]
            span_ms *= 2
        wanted = [each for each in found if asked.query.get("symbol") in {None, each.contract.symbol}][:limit]
        cursor = str(wanted[-1].at_ms) if len(wanted) == limit else ""
        return _envelope({"list": [rows.closed(each) for each in wanted], "cursor": cursor}, at)

    def _listed(self, asked: Asked, at: Moment) -> Sequence[Row]:
        _product(asked)
        return self.rows(at, asked.path)

    def _row(self, asked: Asked, at: Moment) -> Row:
        found = self.row(at, asked.query.get("symbol", ""), asked.path)
        if found is None:
            raise _wrong("40034", f"Parameter {asked.query.get('symbol')} does not exist")
        return found

    def _knows(self, arg: Mapping[str, str]) -> bool:
        symbols = {of.symbol for of in self.market.contracts(self.name)}
        right = arg.get("topic") == "liquidation" or (arg.get("topic") == "ticker" and arg.get("symbol") in symbols)
        return right and arg.get("instType") == "usdt-futures"

    def _closed(self, arg: Mapping[str, str], since_ms: int, until_ms: int) -> Iterator[Frame]:
        """Of each pair and second the largest long and the largest short."""
        largest: dict[tuple[int, str, str], Forced] = {}
        for each in self.market.forced(self.name, since_ms // PUSH_MS * PUSH_MS - 1, until_ms):
            key = (each.at_ms // PUSH_MS, each.contract.symbol, each.position)
            if key not in largest or each.coins * each.price > largest[key].coins * largest[key].price:
                largest[key] = each
        pushes: dict[int, list[Forced]] = {}
        for (second, _, _), each in largest.items():
            pushes.setdefault((second + 1) * PUSH_MS, []).append(each)
        for pushed, forced in pushes.items():
            if since_ms < pushed <= until_ms:
                data: list[Json] = [rows.closed(each) for each in forced]
                yield Frame(pushed, {"action": "update", "arg": dict(arg), "data": data, "ts": pushed}, (*forced,))


def _told(data: Sequence[Json], at: Moment) -> Json:
    return _envelope([*data], at)


def _envelope(data: Json, at: Moment) -> Json:
    return {"code": "00000", "msg": "success", "requestTime": at.time(), "data": data}


def _wrong(code: str, text: str) -> Wrong:
    return Wrong(400, {"code": code, "msg": text, "requestTime": 0, "data": None})


def _product(asked: Asked) -> None:
    if asked.query.get("productType", "").upper() != "USDT-FUTURES":
        raise _wrong("40019", "Parameter productType cannot be empty")


def _number(asked: Asked, name: str, usual: int) -> int:
    try:
        found = whole(asked.query, name, usual)
    except ValueError:
        raise _wrong("40020", f"Parameter {name} error") from None
    return usual if found is None else found


def _width(asked: Asked, name: str, usual: str) -> int:
    try:
        return width_ms(asked.query.get(name, usual))
    except ValueError:
        raise _wrong("40020", f"Parameter {name} error") from None


def _granularity(written: str) -> tuple[int, int]:
    """The width, and where bars of 6 hours and more begin: by the day of UTC+8 unless `utc` is asked for."""
    if written not in {*("1m", "3m", "5m", "15m", "30m", "1H", "4H"), *_LONG, *(f"{name}utc" for name in _LONG)}:
        raise _wrong("40020", "Parameter granularity error")
    width = width_ms(written.removesuffix("utc").lower())
    return width, (-8 * HOUR_MS) % width if written in _LONG else 0


_LONG = ("6H", "12H", "1D", "3D", "1W")
