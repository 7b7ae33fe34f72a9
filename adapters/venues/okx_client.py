"""OKX over the network: five calls for everything, one more for indices, and ratios that are swept slowly."""

from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec

from adapters.venues.base import Batch, Bucket, Cost, Feed, Label, Quality, Scope, Span
from adapters.venues.client import Client, Endpoints, Question, Wiring
from adapters.venues.manners import Answer, Manners
from adapters.venues.okx import (
    MAIN_QUOTE,
    NAME,
    parse_funding,
    parse_index,
    parse_instruments,
    parse_liquidations,
    parse_mark,
    parse_open_interest,
    parse_ratio,
    parse_spot_volume,
    parse_volume,
)
from adapters.venues.okx_past import parse_candles, parse_open_interest_history, parse_settled
from adapters.venues.past import read
from adapters.venues.silence import Silence
from adapters.venues.streams import Channel, Refusal
from adapters.venues.transport import Request
from adapters.venues.wire import Listed, Parsed
from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse
from signals.panel import to_ms

ENDPOINTS = Endpoints("https://openapi.okx.com", "https://openapi.okx.com", "wss://ws.okx.com:8443")

_API, _STREAM = "/api/v5", "/ws/v5/public"
_HEART = "BTC-USDT-SWAP"
_RESTART = "64008"
"""The notice that a server restarts within a minute."""

_TWO_SECONDS = timedelta(seconds=2)
_SLOW, _SLOWER, _SLOWEST = 20, 10, 5
"""Calls of one endpoint in two seconds."""
_BESIDE_SWEEP = 3
"""The same of an endpoint that is swept, for its past: one call, since the sweep takes three of the four."""


MANNERS = Manners(
    NAME,
    tuple(
        Bucket(name, limit, _TWO_SECONDS)
        for name, limit in (
            ("instruments", _SLOW),
            ("mark", _SLOWER),
            ("funding", _SLOWER),
            ("oi", _SLOW),
            ("tickers", _SLOW),
            ("index", _SLOW),
            ("ls", _SLOWEST),
            ("ls.top", _SLOWEST),
            ("ls.pos", _SLOWEST),
            ("past", _SLOW),
            ("past.mark", _SLOWER),
            ("past.index", _SLOWER),
            ("past.funding", _SLOWER),
            ("past.oi", _SLOWEST),
            ("past.ls", _BESIDE_SWEEP),
            ("past.ls.top", _BESIDE_SWEEP),
            ("past.ls.pos", _BESIDE_SWEEP),
        )
    ),
)


def _subscribe(symbols: Sequence[str]) -> Sequence[Sequence[str]]:
    """One message for the whole market and a heart that beats."""
    del symbols
    market = {"channel": "liquidation-orders", "instType": "SWAP"}
    heart = {"channel": "tickers", "instId": _HEART}
    return [[msgspec.json.encode({"op": "subscribe", "args": [market, heart]}).decode()]]


def _is_heartbeat(frame: bytes) -> bool:
    """Whether it is data of the ticker that never rests; an acknowledgement has no data."""
    return b'"channel":"tickers"' in frame[:120] and b'"data"' in frame[:200]


def _is_going(frame: bytes) -> bool:
    return b'"event":"notice"' in frame[:200] and _RESTART.encode() in frame[:200]


def _refused(frame: bytes, sent: Sequence[str]) -> Refusal | None:
    """A refusal names no symbols, since none is subscribed to by name."""
    del sent
    return Refusal() if b'"event":"error"' in frame[:200] else None


def _identity(item: Liquidation) -> Hashable:
    return item.symbol, item.at, item.side, item.coins, item.price


CHANNEL = Channel(
    venue=NAME,
    subscribe=_subscribe,
    parse=parse_liquidations,
    beats=_is_heartbeat,
    key=_identity,
    refused=_refused,
    going=_is_going,
    ping="ping",
    ping_every=timedelta(seconds=20),
    replays=True,
)


def _bulk(name: str, metrics: frozenset[Metric], every: float, bucket: str) -> Feed:
    return Feed(name, metrics, timedelta(seconds=every), Cost(bucket, 1), Scope.BULK)


_PACE = 1.5
"""Calls a second of a sweep: 350 in four minutes."""


def _sweep(metric: Metric) -> Feed:
    return Feed(
        metric.value,
        frozenset({metric}),
        timedelta(minutes=5),
        Cost(metric.value, 1),
        Scope.EACH,
        most=350,
        after=timedelta(seconds=20),
        pace=_PACE,
    )


INSTRUMENTS = _bulk("instruments", frozenset(), 600, "instruments")
MARK = _bulk("mark", frozenset({Metric.PRICE}), 10, "mark")
FUNDING = _bulk("funding", frozenset({Metric.FUNDING, Metric.FUNDING_SETTLED}), 10, "funding")
OI = _bulk("oi", frozenset({Metric.OI_LEVEL}), 10, "oi")
VOLUME = _bulk("volume", frozenset({Metric.VOLUME_24H}), 30, "tickers")
SPOT = _bulk("volume.spot", frozenset({Metric.VOLUME_SPOT_24H}), 30, "tickers")
INDEX = _bulk("index", frozenset({Metric.INDEX}), 10, "index")
_SWEPT = (Metric.LS, Metric.LS_TOP, Metric.LS_POS)
LS, LS_TOP, LS_POS = (_sweep(metric) for metric in _SWEPT)


_SWAP: Mapping[str, str] = {"instType": "SWAP"}
_CALLS: Mapping[str, Question] = {
    MARK.name: Question("public/mark-price", _SWAP, parse_mark),
    FUNDING.name: Question("public/funding-rate", {"instId": "ANY"}, parse_funding),
    OI.name: Question("public/open-interest", _SWAP, parse_open_interest),
    VOLUME.name: Question("market/tickers", _SWAP, parse_volume),
    SPOT.name: Question("market/tickers", {"instType": "SPOT"}, parse_spot_volume),
    INDEX.name: Question("market/index-tickers", {"quoteCcy": MAIN_QUOTE}, parse_index),
}
_RATIOS: Mapping[str, str] = {
    LS.name: "long-short-account-ratio-contract",
    LS_TOP.name: "long-short-account-ratio-contract-top-trader",
    LS_POS.name: "long-short-position-ratio-contract-top-trader",
}

_STEPS: Mapping[timedelta, str] = {
    timedelta(minutes=1): "1m",
    timedelta(minutes=5): "5m",
    timedelta(minutes=15): "15m",
    timedelta(hours=1): "1H",
    timedelta(hours=4): "4H",
    timedelta(days=1): "1Dutc",
}
"""How bars are asked for; without `utc` a day would begin at 16:00."""

PAST = Feed("past", frozenset(), timedelta(0), Cost("past", 1), Scope.EACH)


@dataclass(frozen=True, slots=True)
class _Past:
    """Where the past of a metric is, what a call costs there, and how many rows it brings."""

    path: str
    bucket: str
    rows: int = 100


_CANDLES: Mapping[Metric, _Past] = {
    Metric.PRICE: _Past("market/history-mark-price-candles", "past.mark"),
    Metric.INDEX: _Past("market/history-index-candles", "past.index"),
    Metric.VOLUME: _Past("market/history-candles", "past", 300),
}
_STATISTICS = "rubik/stat/contracts"
_STEPPED: Mapping[Metric, _Past] = {
    Metric.OI_LEVEL: _Past(f"{_STATISTICS}/open-interest-history", "past.oi"),
    **{metric: _Past(f"{_STATISTICS}/{_RATIOS[metric.value]}", f"past.{metric.value}") for metric in _SWEPT},
}
_FUNDED = _Past("public/funding-rate-history", "past.funding", 400)

_SHORTEST = timedelta(minutes=5)
_KEPT = 1_440
"""Of statistics: the shortest step, and how many of them are kept."""
_PAID, _BEFORE = timedelta(hours=380), timedelta(hours=16)
"""What one call holds of hourly payments, and how much earlier ones are needed to know the interval of the first."""


class Okx:
    """OKX's perpetuals."""

    name = NAME
    label = Label.LIVE
    quality = Quality.SILVER
    feeds = (MARK, FUNDING, OI, VOLUME, SPOT, INDEX, LS, LS_TOP, LS_POS)

    def __init__(self, wiring: Wiring) -> None:
        self.client = Client(MANNERS, wiring)

    async def instruments(self) -> Sequence[Instrument]:
        """The living perpetuals."""
        answer = await self.client.ask(INSTRUMENTS, self._request("public/instruments", _SWAP))
        return await self.client.enroll(parse_instruments(answer.body, answer.received).listed)

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        """The feed's values now; one that is asked for each instrument is about the first of `of`."""
        if feed.scope is Scope.EACH:
            return await self._ratio(feed, of)
        call = _CALLS[feed.name]
        answer = await self.client.ask(feed, self._request(call.path, call.params))
        return self.client.batch(feed, answer, call.parse(answer.body, answer.received, self.client.roster.known))

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        """A sample of the forced closes of the whole market."""
        del of
        return self.client.stream(CHANNEL, _STREAM)

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        """Bars of mark and index prices and of trades, paid funding of three months, and what statistics are kept."""
        of = self.client.roster.known.get(instrument.symbol)
        if of is None:
            return Silence()
        if metric is Metric.FUNDING_SETTLED:
            return read(span, _PAID, lambda page: self._paid(of, page), _BEFORE)
        if step in _STEPS and metric in _CANDLES:
            return read(span, _CANDLES[metric].rows * step, lambda page: self._candles(of, metric, step, page))
        if step in _STEPS and step >= _SHORTEST and metric in _STEPPED:
            kept = Span(max(span.start, self.client.now - _KEPT * step), span.end)
            return read(kept, _STEPPED[metric].rows * step, lambda page: self._statistics(of, metric, step, page))
        return Silence()

    async def _ratio(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        listed = self.client.roster.known.get(of[0].symbol) if of else None
        if listed is None:
            return Batch(NAME, feed.name, ())
        (metric,) = feed.metrics
        params = {"instId": listed.instrument.symbol, "period": "5m", "limit": "1"}
        answer = await self.client.ask(feed, self._request(f"{_STATISTICS}/{_RATIOS[feed.name]}", params))
        return self.client.batch(feed, answer, parse_ratio(answer.body, answer.received, listed, metric))

    async def _paid(self, of: Listed, page: Span) -> Parsed:
        """`after` and `before` exclude their own times, and `after` is the later one."""
        params = {"instId": of.instrument.symbol, "limit": str(_FUNDED.rows), **_between(page, _NONE)}
        answer = await self._look_up(_FUNDED, params)
        return parse_settled(answer.body, answer.received, {of.instrument.symbol: of})

    async def _candles(self, of: Listed, metric: Metric, step: timedelta, page: Span) -> Parsed:
        """Bars are named by their starts: those that end after the page's start, up to its end."""
        symbol, past = of.instrument.symbol, _CANDLES[metric]
        name = symbol.removesuffix("-SWAP") if metric is Metric.INDEX else symbol
        params = {"instId": name, "bar": _STEPS[step], "limit": str(past.rows), **_between(page, step)}
        answer = await self._look_up(past, params)
        return parse_candles(answer.body, answer.received, of, metric, step)

    async def _statistics(self, of: Listed, metric: Metric, step: timedelta, page: Span) -> Parsed:
        """Steps are taken to be named by their starts, too, and are known at their ends.

        Whether `begin` and `end` exclude their own times is not documented: both are no times of steps.
        """
        past = _STEPPED[metric]
        within = {"begin": str(to_ms(page.start - step) + 1), "end": str(to_ms(page.end - step) + 1)}
        params = {"instId": of.instrument.symbol, "period": _STEPS[step], "limit": str(past.rows), **within}
        answer = await self._look_up(past, params)
        if metric is Metric.OI_LEVEL:
            found = parse_open_interest_history(answer.body, answer.received, of)
        else:
            found = parse_ratio(answer.body, answer.received, of, metric)
        ended = tuple(replace(seen, at=seen.at + step, fresh_for=step) for seen in found.observations)
        return replace(found, observations=tuple(seen for seen in ended if seen.at <= answer.received))

    async def _look_up(self, past: _Past, params: Mapping[str, str]) -> Answer:
        feed = replace(PAST, cost=Cost(past.bucket, 1))
        return await self.client.look_up(feed, self._request(past.path, params))

    def _request(self, path: str, params: Mapping[str, str]) -> Request:
        return Request(f"{self.client.endpoints.rest}{_API}/{path}", params)


_NONE = timedelta(0)


def _between(page: Span, step: timedelta) -> Mapping[str, str]:
    """Rows stamped after the page's start less a step, up to its end less a step."""
    return {"before": str(to_ms(page.start - step)), "after": str(to_ms(page.end - step) + 1)}
