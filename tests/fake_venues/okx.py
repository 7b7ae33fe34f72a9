"""OKX v5 swaps and spot, as documented."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import ClassVar

from tests.fake_venues import okx_rows as rows
from tests.fake_venues.contracts import Contract, Kind
from tests.fake_venues.faults import Kind as Fault
from tests.fake_venues.faults import holding
from tests.fake_venues.limits import Limit, Use
from tests.fake_venues.past import Bar, bars, grid, newest, width_ms
from tests.fake_venues.shapes import (
    DAY_MS,
    HOUR_MS,
    Asked,
    Json,
    Moment,
    Told,
    Wrong,
    fixed,
    ms,
    padded,
    trimmed,
    when,
    whole,
)
from tests.fake_venues.sockets import Frame, Socket, every
from tests.fake_venues.values import Forced, Quote
from tests.fake_venues.venue import CONNECT, FakeVenue, Handler, Row

PUBLIC, MARKET, STATISTICS = "/api/v5/public/", "/api/v5/market/", "/api/v5/rubik/stat/"
TWO_SECONDS = timedelta(seconds=2)
ROW_LATE_MS = 100
PUSH_MS = 500
HEARTBEAT_LATE_MS = 100
REPLAYED_MS = 60_000
"""How much of the past the first frame after subscribing repeats."""

POINTS = 1_440
"""How many steps of statistics are kept."""

KEPT_FUNDING_MS = 92 * DAY_MS
SPLIT_MS = 600_000
CLOSED, TICKERS = "liquidation-orders", "tickers"
SLOW = frozenset({"mark-price", "funding-rate"})
NO_INSTRUMENT: Json = {
    "code": "51001",
    "msg": "Instrument ID, Instrument ID code, or Spread ID doesn't exist.",
    "data": [],
}


class FakeOkx(FakeVenue):
    """Sizes are contracts; liquidations are sampled, several details to a frame, and the recent past comes again."""

    name = "okx"
    hosts = frozenset({"openapi.okx.com", "www.okx.com", "ws.okx.com"})
    limits: ClassVar[Mapping[str, Limit]] = {
        "public": Limit(20, TWO_SECONDS),
        "slow": Limit(10, TWO_SECONDS),
        "rubik": Limit(5, TWO_SECONDS),
        CONNECT: Limit(3, timedelta(seconds=1)),
    }

    @property
    def routes(self) -> Mapping[tuple[str, str], Handler]:
        """What is answered by whom."""
        ratios: Mapping[str, Callable[[Quote], float]] = {
            "contracts/long-short-account-ratio-contract": lambda quote: quote.ls,
            "contracts/long-short-account-ratio-contract-top-trader": lambda quote: quote.ls_top,
            "contracts/long-short-position-ratio-contract-top-trader": lambda quote: quote.ls_pos,
        }
        return {
            ("GET", f"{PUBLIC}instruments"): self._instruments,
            ("GET", f"{PUBLIC}mark-price"): self._mark_price,
            ("GET", f"{PUBLIC}funding-rate"): self._funding_rate,
            ("GET", f"{PUBLIC}open-interest"): self._open_interest,
            ("GET", f"{PUBLIC}funding-rate-history"): self._funding_history,
            ("GET", f"{PUBLIC}time"): self._time,
            ("GET", f"{MARKET}tickers"): self._tickers,
            ("GET", f"{MARKET}index-tickers"): self._index_tickers,
            ("GET", f"{MARKET}candles"): self._candles,
            ("GET", f"{MARKET}history-candles"): self._candles,
            ("GET", f"{MARKET}history-mark-price-candles"): self._candles,
            ("GET", f"{STATISTICS}contracts/open-interest-history"): self._open_interest_history,
            ("GET", f"{STATISTICS}taker-volume-contract"): self._taker,
            **{("GET", STATISTICS + path): self._ratios(of) for path, of in ratios.items()},
        }

    def cost(self, asked: Asked) -> tuple[str, int]:
        """Each endpoint for itself."""
        name = asked.path.rpartition("/")[2]
        kind = "rubik" if "/rubik/" in asked.path else "slow" if name in SLOW else "public"
        return f"{kind}:{name}", 1

    def limited(self, use: Use | None, retry_after: int | None) -> Told:
        """429, usually without a header."""
        headers = {"retry-after": str(retry_after)} if retry_after is not None and use is None else {}
        return self.told(429, {"code": "50011", "msg": "Too Many Requests", "data": []}, headers)

    def unknown_path(self, asked: Asked) -> Told:
        """404 in its own envelope."""
        return self.told(404, {"code": "404", "msg": "Not Found", "data": []})

    def is_stream(self, path: str) -> bool:
        """Public channels."""
        return path == "/ws/v5/public"

    def hear(self, socket: Socket, text: str, at: datetime) -> Sequence[Json]:
        """Pongs, acknowledgements, and the first frames, which repeat the recent past."""
        if text == "ping":
            return ["pong"]
        try:
            said = json.loads(text)
        except ValueError:
            return [_error("Illegal request: not JSON")]
        found: list[Json] = []
        for arg in said.get("args") or []:
            topic = json.dumps(arg, sort_keys=True)
            if said.get("op") == "unsubscribe":
                socket.unsubscribe(topic)
                found.append({"event": "unsubscribe", "arg": arg, "connId": "c1"})
            elif said.get("op") == "subscribe" and self._knows(arg):
                socket.subscribe(topic, at)
                number = {"id": said["id"]} if "id" in said else {}
                found.append({**number, "event": "subscribe", "arg": arg, "connId": "c1"})
                found += self._replayed(arg, ms(at))
            else:
                found.append(_error(f"Wrong URL or channel: {topic}, doesn't exist"))
        return found

    def pushes(self, socket: Socket, since_ms: int, until_ms: int) -> Sequence[Frame]:
        """Liquidations twice a second, all instruments in a frame, and tickers."""
        frames: list[Frame] = []
        for topic in socket.topics:
            arg = json.loads(topic)
            if arg["channel"] == CLOSED:
                frames += self._closed(arg, max(since_ms, socket.topics[topic]), until_ms, socket.topics[topic])
            else:
                for at_ms in every(1_000, HEARTBEAT_LATE_MS, since_ms, until_ms):
                    frames += self._heartbeat(arg, at_ms)
        return sorted(frames, key=lambda frame: frame.at_ms)

    def _instruments(self, asked: Asked, at: Moment) -> Json:
        return _told([rows.instrument(of, splitting=self._is_splitting(of, at)) for of, _ in self._swaps(asked, at)])

    def _mark_price(self, asked: Asked, at: Moment) -> Json:
        stamp = str(at.time(-ROW_LATE_MS))
        return _told(
            [
                {"instType": "SWAP", "instId": of.symbol, "markPx": trimmed(quote.mark), "ts": stamp}
                for of, quote in self._swaps(asked, at)
            ]
        )

    def _funding_rate(self, asked: Asked, at: Moment) -> Json:
        """One instrument, or ANY of them, X-Perps too."""
        wanted = asked.query.get("instId", "")
        if not wanted:
            raise Wrong(400, {"code": "50014", "msg": "Parameter instId can not be empty.", "data": []})
        listed = self.rows(at, asked.path) if wanted == "ANY" else [self._row(asked, at)]
        return _told([rows.funding(of, quote, at.time(-ROW_LATE_MS)) for of, quote in listed])

    def _open_interest(self, asked: Asked, at: Moment) -> Json:
        return _told([rows.open_interest(of, quote, at.time(-ROW_LATE_MS)) for of, quote in self._swaps(asked, at)])

    def _tickers(self, asked: Asked, at: Moment) -> Json:
        stamp = at.time(-ROW_LATE_MS)
        if asked.query.get("instType") == "SPOT":
            return _told([rows.spot_ticker(pair, stamp) for pair in self.spot(at, asked.path)])
        return _told([rows.ticker(of, quote, stamp) for of, quote in self._swaps(asked, at)])

    def _index_tickers(self, asked: Asked, at: Moment) -> Json:
        if "quoteCcy" not in asked.query and "instId" not in asked.query:
            raise Wrong(400, {"code": "50014", "msg": "Parameter quoteCcy can not be empty.", "data": []})
        listed = [row for row in self.rows(at, asked.path) if row[0].kind in {Kind.PERPETUAL, Kind.LEAVING, Kind.STOCK}]
        return _told(
            [
                {
                    "instId": f"{of.base}-{of.quote}",
                    "idxPx": trimmed(quote.index),
                    "high24h": trimmed(quote.index * 1.01),
                    "low24h": trimmed(quote.index * 0.98),
                    "open24h": trimmed(quote.index * 0.99),
                    "ts": str(at.time(-ROW_LATE_MS)),
                }
                for of, quote in listed
                if of.quote == asked.query.get("quoteCcy", of.quote)
            ]
        )

    def _funding_history(self, asked: Asked, at: Moment) -> Json:
        """Newest first, three months; `after` asks for older rows."""
        of, _ = self._row(asked, at)
        width, limit = of.hours * HOUR_MS, _limit(asked, 400, 400)
        before, after = _between(asked, "before", "after", at)
        first, last = max(before + 1, at.ms - KEPT_FUNDING_MS), min(at.ms, after - 1)
        times = newest(grid(first, last, width), limit)
        return _told([rows.paid(of, self.market.rate_at(of, time), time) for time in reversed(times)])

    def _time(self, asked: Asked, at: Moment) -> Json:
        return _told([{"ts": str(at.time())}])

    def _candles(self, asked: Asked, at: Moment) -> Json:
        """Newest first; `after` asks for older rows; from 6H on they open by UTC+8 unless `utc` is asked for."""
        of, _ = self._row(asked, at)
        width, offset = _bar(asked.query.get("bar", "1m"))
        limit = _limit(asked, 100, 300)
        before, after = _between(asked, "before", "after", at)
        last = min(at.ms, after - 1)
        opens = newest(grid(max(before + 1, last - limit * width), last, width, offset), limit)
        mark = "mark-price" in asked.path
        found = list(reversed(bars(self.market, of, opens, width, at.ms, attrgetter("mark" if mark else "last"))))
        if "history-" in asked.path:
            found = [bar for bar in found if bar.whole]
        return _told(
            [
                [
                    str(bar.opens_ms),
                    *(trimmed(value) for value in (bar.open, bar.high, bar.low, bar.close)),
                    *([] if mark else _traded(of, bar)),
                    "1" if bar.whole else "0",
                ]
                for bar in found
            ]
        )

    def _open_interest_history(self, asked: Asked, at: Moment) -> Json:
        return _told(
            [
                [
                    str(at.stamp(step)),
                    trimmed(rows.contracts(of, quote.oi, quote.mark), 4),
                    trimmed(quote.oi, 6),
                    padded(quote.oi * quote.mark, 2),
                ]
                for of, step, quote in self._steps(asked, at)
            ]
        )

    def _taker(self, asked: Asked, at: Moment) -> Json:
        """Sells, then buys; in coins, contracts or US dollars, by `unit`; contracts without."""
        unit = asked.query.get("unit", "1")
        found: list[Json] = []
        for of, step, quote in self._steps(asked, at):
            both = (quote.taker_sell, quote.taker_buy)
            sizes = {
                "0": both,
                "1": tuple(rows.contracts(of, coins, quote.mark) for coins in both),
                "2": tuple(coins * quote.mark for coins in both),
            }
            if unit not in sizes:
                raise Wrong(400, {"code": "51000", "msg": "Parameter unit error", "data": []})
            found.append([str(at.stamp(step)), *(trimmed(size, 4) for size in sizes[unit])])
        return _told(found)

    def _ratios(self, of_quote: Callable[[Quote], float]) -> Handler:
        def told(asked: Asked, at: Moment) -> Json:
            return _told(
                [[str(at.stamp(step)), fixed(of_quote(quote), 4)] for _, step, quote in self._steps(asked, at)]
            )

        return told

    def _steps(self, asked: Asked, at: Moment) -> Iterator[tuple[Contract, int, Quote]]:
        """Newest first, at most 1,440 steps back."""
        of, _ = self._row(asked, at)
        width, offset = _bar(asked.query.get("period", "5m"))
        limit = _limit(asked, 100, 100)
        begin, end = _between(asked, "begin", "end", at)
        newest_step = (at.ms - offset) // width * width + offset - width
        earliest = max(begin, newest_step - (POINTS - 1) * width)
        steps = newest(grid(earliest, min(newest_step, end), width, offset), limit)
        for step, quote in zip(reversed(steps), reversed(self.past(of, steps)), strict=True):
            yield of, step, quote

    def _is_splitting(self, of: Contract, at: Moment) -> bool:
        """Whether the coin is being redenominated, of which the first ten minutes are told."""
        splits = holding(self.faults, (Fault.REDENOMINATED,), self.name, when(at.ms))
        return any(at.ms - ms(each.since) < SPLIT_MS and each.touches(of.coin, of.symbol) for each in splits)

    def _swaps(self, asked: Asked, at: Moment) -> Sequence[Row]:
        kind = asked.query.get("instType")
        if kind != "SWAP":
            raise Wrong(400, {"code": "51000", "msg": "Parameter instType error", "data": []})
        if "instId" in asked.query:
            return [self._row(asked, at)]
        return [row for row in self.rows(at, asked.path) if row[0].kind is not Kind.XPERP]

    def _row(self, asked: Asked, at: Moment) -> Row:
        found = self.row(at, asked.query.get("instId", ""), asked.path)
        if found is None:
            raise Wrong(200, NO_INSTRUMENT)
        return found

    def _knows(self, arg: Mapping[str, str]) -> bool:
        if arg.get("channel") == CLOSED:
            return arg.get("instType") == "SWAP"
        symbols = {of.symbol for of in self.market.contracts(self.name)}
        return arg.get("channel") == TICKERS and arg.get("instId") in symbols

    def _replayed(self, arg: Mapping[str, str], at_ms: int) -> Iterator[Json]:
        """The first frame of a subscription: what happened lately, or the last ticker."""
        if arg["channel"] == TICKERS:
            for frame in self._heartbeat(arg, at_ms):
                yield frame.data
            return
        lately = self.market.forced(self.name, at_ms - REPLAYED_MS, at_ms)
        if lately:
            yield {"arg": dict(arg), "data": rows.closed(lately)}

    def _closed(self, arg: Mapping[str, str], since_ms: int, until_ms: int, subscribed_ms: int) -> Iterator[Frame]:
        pushes: dict[int, list[Forced]] = {}
        for each in self.market.forced(self.name, max(subscribed_ms, since_ms - PUSH_MS), until_ms):
            pushed = (each.at_ms // PUSH_MS + 1) * PUSH_MS
            if since_ms < pushed <= until_ms:
                pushes.setdefault(pushed, []).append(each)
        for pushed, forced in pushes.items():
            yield Frame(pushed, {"arg": dict(arg), "data": rows.closed(forced)}, (*forced,))

    def _heartbeat(self, arg: Mapping[str, str], at_ms: int) -> Iterator[Frame]:
        found = self.glance(arg["instId"], at_ms)
        if found is not None:
            yield Frame(at_ms, {"arg": dict(arg), "data": [rows.ticker(*found, at_ms)]})


def _told(data: Sequence[Json]) -> Json:
    return {"code": "0", "msg": "", "data": [*data]}


def _error(text: str) -> Json:
    return {"event": "error", "code": "60018", "msg": text, "connId": "c1"}


def _limit(asked: Asked, usual: int, most: int) -> int:
    written = asked.query.get("limit", str(usual))
    if not written.isdigit() or int(written) < 1:
        raise Wrong(400, {"code": "51000", "msg": "Parameter limit error", "data": []})
    return min(int(written), most)


def _between(asked: Asked, lower: str, upper: str, at: Moment) -> tuple[int, int]:
    """Both bounds, which may be left out; they bound from inside or outside as the endpoint says."""
    try:
        low, high = whole(asked.query, lower), whole(asked.query, upper)
    except ValueError:
        raise Wrong(400, {"code": "51000", "msg": f"Parameter {lower} or {upper} error", "data": []}) from None
    return 0 if low is None else low, at.ms + DAY_MS if high is None else high


def _bar(written: str) -> tuple[int, int]:
    """The width, and what bars open after multiples of it: 6 hours and more by the day of UTC+8."""
    name, utc = written.removesuffix("utc"), written.endswith("utc")
    if name.endswith("M"):
        raise Wrong(400, {"code": "51000", "msg": "Parameter bar error", "data": []})
    try:
        width = width_ms(name.lower())
    except ValueError:
        raise Wrong(400, {"code": "51000", "msg": "Parameter bar error", "data": []}) from None
    eastern = width >= 6 * HOUR_MS and not utc
    return width, (-8 * HOUR_MS) % width if eastern else 0


def _traded(of: Contract, bar: Bar) -> list[Json]:
    return [
        trimmed(rows.contracts(of, bar.volume, bar.close), 2),
        trimmed(bar.volume, 4),
        trimmed(bar.money, 4),
    ]
