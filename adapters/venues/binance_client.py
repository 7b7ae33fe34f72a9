"""Binance USD-M over the network: five calls for everything but open interest, which is asked for each instrument."""

from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.venues.base import Batch, Bucket, Cost, Feed, Label, Quality, Scope, Span
from adapters.venues.binance import (
    FRESH_COLD,
    NAME,
    Terms,
    parse_instruments,
    parse_liquidations,
    parse_open_interest,
    parse_premium,
    parse_ratio,
    parse_settled,
    parse_spot_volume,
    parse_terms,
    parse_volume,
    parse_weight_limit,
)
from adapters.venues.binance_past import parse_bars, parse_past_open_interest
from adapters.venues.client import Client, Endpoints, Wiring
from adapters.venues.manners import Answer, Manners, banned_until, retry_after
from adapters.venues.past import read
from adapters.venues.silence import Silence
from adapters.venues.streams import Channel
from adapters.venues.transport import Request, Response
from adapters.venues.wire import FRESH, Parsed
from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse
from signals.panel import to_ms

ENDPOINTS = Endpoints("https://fapi.binance.com", "https://api.binance.com", "wss://fstream.binance.com")

SHORTEST_BAN = timedelta(minutes=2)

_STREAM = "/market/stream?streams=!forceOrder@arr/!markPrice@arr"
"""Other paths shake hands, acknowledge, and send nothing."""

_FAPI, _SPOT, _FUNDING, _DATA = "fapi", "spot", "funding", "data"
_MINUTE, _FIVE = timedelta(minutes=1), timedelta(minutes=5)
_USED = "x-mbx-used-weight-1m"
_WEIGHED = frozenset({_FAPI, _SPOT})
"""Buckets of which a header tells what is used: both hosts call it alike."""

_TEAPOT = 418


def _used(bucket: str, headers: Mapping[str, str]) -> Mapping[str, int]:
    used = headers.get(_USED, "")
    return {bucket: int(used)} if bucket in _WEIGHED and used.isascii() and used.isdigit() and len(used) < 9 else {}


def _ban(response: Response, now: datetime) -> datetime | None:
    """418: until the time in the body or the header, two minutes at the least."""
    if response.status != _TEAPOT:
        return None
    ends = (banned_until(response.body), retry_after(response.headers, now), now + SHORTEST_BAN)
    return max(end for end in ends if end is not None)


MANNERS = Manners(
    NAME,
    (
        Bucket(_FAPI, 2_400, _MINUTE),
        Bucket(_SPOT, 6_000, _MINUTE),
        Bucket(_FUNDING, 500, _FIVE),
        Bucket(_DATA, 1_000, _FIVE),
    ),
    _used,
    _ban,
)


def _subscribe(symbols: Sequence[str]) -> Sequence[Sequence[str]]:
    """The address names the streams, so nothing is said."""
    del symbols
    return [[]]


def _is_heartbeat(frame: bytes) -> bool:
    return b'"!markPrice@arr' in frame[:60]


def _identity(item: Liquidation) -> Hashable:
    return item.symbol, item.at, item.side, item.coins, item.price


CHANNEL = Channel(venue=NAME, subscribe=_subscribe, parse=parse_liquidations, beats=_is_heartbeat, key=_identity)


def _bulk(name: str, metrics: frozenset[Metric], every: float, cost: Cost) -> Feed:
    return Feed(name, metrics, timedelta(seconds=every), cost, Scope.BULK)


def _sweep(metric: Metric, most: int | None, pace: float) -> Feed:
    after = timedelta(seconds=20)
    return Feed(metric.value, frozenset({metric}), _FIVE, Cost(_DATA, 1), Scope.EACH, most=most, after=after, pace=pace)


INSTRUMENTS = _bulk("instruments", frozenset(), 600, Cost(_FAPI, 1))
PREMIUM = _bulk("premium", frozenset({Metric.PRICE, Metric.INDEX, Metric.FUNDING}), 10, Cost(_FAPI, 10))
INTERVALS = _bulk("intervals", frozenset(), 300, Cost(_FUNDING, 1))
VOLUME = _bulk("volume", frozenset({Metric.VOLUME_24H}), 30, Cost(_FAPI, 40))
SPOT = _bulk("volume.spot", frozenset({Metric.VOLUME_SPOT_24H}), 30, Cost(_SPOT, 80))
SETTLED = Feed(
    "settled",
    frozenset({Metric.FUNDING_SETTLED}),
    timedelta(hours=1),
    Cost(_FUNDING, 1),
    Scope.BULK,
    after=timedelta(minutes=2),
)
OI = Feed(
    "oi", frozenset({Metric.OI_LEVEL}), timedelta(seconds=10), Cost(_FAPI, 1), Scope.EACH, cold=timedelta(seconds=60)
)
LS = _sweep(Metric.LS, 500, 1.7)
LS_TOP, LS_POS = _sweep(Metric.LS_TOP, 150, 0.5), _sweep(Metric.LS_POS, 150, 0.5)
"""800 calls in five minutes for 500 instruments: what one budget gives."""

PAST = _bulk("past", frozenset(), 0, Cost(_FAPI, 5))
PAST_FUNDING, PAST_DATA = replace(PAST, cost=Cost(_FUNDING, 1)), replace(PAST, cost=Cost(_DATA, 1))

_PATHS: Mapping[str, str] = {
    PREMIUM.name: "/fapi/v1/premiumIndex",
    INTERVALS.name: "/fapi/v1/fundingInfo",
    VOLUME.name: "/fapi/v1/ticker/24hr",
    OI.name: "/fapi/v1/openInterest",
}
_RATIOS: Mapping[str, str] = {
    LS.name: "globalLongShortAccountRatio",
    LS_TOP.name: "topLongShortAccountRatio",
    LS_POS.name: "topLongShortPositionRatio",
}
_STEPS: Mapping[timedelta, str] = {
    timedelta(minutes=1): "1m",
    timedelta(minutes=5): "5m",
    timedelta(minutes=15): "15m",
    timedelta(hours=1): "1h",
    timedelta(hours=4): "4h",
    timedelta(days=1): "1d",
}
_BARS: Mapping[Metric, str] = {
    Metric.PRICE: "markPriceKlines",
    Metric.INDEX: "indexPriceKlines",
    Metric.VOLUME: "klines",
}
_BARS_A_CALL = 1_000
_STATISTICS_A_CALL = 500
_PAID_A_CALL = 900
_KEPT = timedelta(days=30) - timedelta(minutes=10)
"""How long statistics are kept, less what a call may wait; what is older is not asked for, since that is an error."""

_PAID_LATELY, _PAID_AT_MOST = timedelta(hours=1), timedelta(hours=4)
"""How far back payments are asked for: to the last turn, and after missed ones so far that one answer holds them."""


class Binance:
    """Binance's perpetuals against dollars."""

    name = NAME
    label = Label.LIVE
    quality = Quality.SILVER
    feeds = (INTERVALS, PREMIUM, OI, VOLUME, SPOT, SETTLED, LS, LS_TOP, LS_POS)

    def __init__(self, wiring: Wiring) -> None:
        self.client = Client(MANNERS, wiring)
        self._terms: Mapping[str, Terms] | None = None
        """On what terms funding is paid; None until that was heard: nobody is taken for 8 hours before."""
        self._paid_until: datetime | None = None
        """Until when payments were heard; None before the first."""

    async def instruments(self) -> Sequence[Instrument]:
        """The living perpetuals; the answer also states the limit that holds."""
        answer = await self.client.ask(INSTRUMENTS, self._request("/fapi/v1/exchangeInfo"))
        limit = parse_weight_limit(answer.body)
        if limit is not None:
            await self.client.api.limits({_FAPI: limit})
        return await self.client.enroll(parse_instruments(answer.body, answer.received).listed)

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        """The feed's values now; one that is asked for each instrument is about the first of `of`."""
        if feed.scope is Scope.EACH and not of:
            return Batch(NAME, feed.name, ())
        answer = await self.client.ask(feed, self._asking(feed, of))
        return self.client.batch(feed, answer, self._read(feed, answer))

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        """Of each symbol the latest forced close of every second."""
        del of
        return self.client.stream(CHANNEL, _STREAM)

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        """Bars of mark and index prices and of trades, paid funding, and a month of open interest and ratios."""
        symbol = instrument.symbol
        if symbol not in self.client.roster.known:
            return Silence()
        if metric is Metric.FUNDING_SETTLED:
            return read(span, _PAID_A_CALL * timedelta(hours=1), lambda page: self._paid(symbol, page))
        if step in _STEPS and metric in _BARS:
            return read(span, _BARS_A_CALL * step, lambda page: self._bars(symbol, metric, step, page))
        if step in _STEPS and step >= _FIVE and (metric is Metric.OI_LEVEL or metric in _RATIOS):
            kept = Span(max(span.start, self.client.now - _KEPT), span.end)
            return read(kept, _STATISTICS_A_CALL * step, lambda page: self._statistics(symbol, metric, step, page))
        return Silence()

    def _asking(self, feed: Feed, of: Sequence[Instrument]) -> Request:
        symbol = {"symbol": of[0].symbol} if feed.scope is Scope.EACH else {}
        if feed.name == SPOT.name:
            return Request(f"{self.client.endpoints.spot}/api/v3/ticker/24hr")
        if feed.name == SETTLED.name:
            since = str(to_ms(self._unheard_of(self.client.now)))
            return self._request("/fapi/v1/fundingRate", {"startTime": since, "limit": "1000"})
        if feed.name in _RATIOS:
            return self._request(f"/futures/data/{_RATIOS[feed.name]}", {**symbol, "period": "5m", "limit": "1"})
        return self._request(_PATHS[feed.name], symbol)

    def _read(self, feed: Feed, answer: Answer) -> Parsed:
        body, received, known = answer.body, answer.received, self.client.roster.known
        if feed.name == INTERVALS.name:
            self._terms = parse_terms(body)
            return Parsed((), ())
        if feed.name == PREMIUM.name:
            return parse_premium(body, received, known, self._known_terms)
        if feed.name == SETTLED.name:
            paid = parse_settled(body, received, known, self._known_terms)
            self._paid_until = self._paid_until if self._terms is None else received
            return paid
        if feed.name == OI.name:
            return parse_open_interest(body, received, known, FRESH if feed.every < _MINUTE else FRESH_COLD)
        if feed.name in _RATIOS:
            return parse_ratio(body, received, known, Metric(feed.name))
        return (parse_volume if feed.name == VOLUME.name else parse_spot_volume)(body, received, known)

    @property
    def _known_terms(self) -> Mapping[str, Terms]:
        return dict.fromkeys(self.client.roster.known, Terms(None)) if self._terms is None else self._terms

    def _unheard_of(self, now: datetime) -> datetime:
        """Since when payments are unknown: a turn that was missed is made up for."""
        lately = now - _PAID_LATELY
        return max(min(self._paid_until or lately, lately), now - _PAID_AT_MOST)

    async def _paid(self, symbol: str, page: Span) -> Parsed:
        if self._terms is None:
            await self.snapshot(INTERVALS, ())
        times = {"startTime": str(to_ms(page.start)), "endTime": str(to_ms(page.end))}
        request = self._request("/fapi/v1/fundingRate", {"symbol": symbol, "limit": "1000", **times})
        answer = await self.client.look_up(PAST_FUNDING, request)
        return parse_settled(answer.body, answer.received, self.client.roster.known, self._known_terms)

    async def _bars(self, symbol: str, metric: Metric, step: timedelta, page: Span) -> Parsed:
        """Bars are named by their starts: those that end after the page's start, up to its end."""
        of = self.client.roster.known[symbol]
        name = "pair" if metric is Metric.INDEX else "symbol"
        times = {"startTime": str(to_ms(page.start)), "endTime": str(to_ms(page.end - step))}
        params = {name: symbol, "interval": _STEPS[step], "limit": str(_BARS_A_CALL), **times}
        answer = await self.client.look_up(PAST, self._request(f"/fapi/v1/{_BARS[metric]}", params))
        return parse_bars(answer.body, answer.received, of, metric, step)

    async def _statistics(self, symbol: str, metric: Metric, step: timedelta, page: Span) -> Parsed:
        """Steps are taken to be named by their starts, too, and are known at their ends."""
        path = "openInterestHist" if metric is Metric.OI_LEVEL else _RATIOS[metric]
        times = {"startTime": str(to_ms(page.start)), "endTime": str(to_ms(page.end - step))}
        params = {"symbol": symbol, "period": _STEPS[step], "limit": str(_STATISTICS_A_CALL), **times}
        answer = await self.client.look_up(PAST_DATA, self._request(f"/futures/data/{path}", params))
        known = self.client.roster.known
        if metric is Metric.OI_LEVEL:
            return parse_past_open_interest(answer.body, answer.received, known, step)
        found = parse_ratio(answer.body, answer.received, known, metric)
        ended = (replace(seen, at=seen.at + step, fresh_for=step) for seen in found.observations)
        return replace(found, observations=tuple(seen for seen in ended if seen.at <= answer.received))

    def _request(self, path: str, params: Mapping[str, str] | None = None) -> Request:
        return Request(f"{self.client.endpoints.rest}{path}", params or {})
