"""Bitget over the network: three calls refresh everything, and ratios are asked for one by one, slowly."""

from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import msgspec

from adapters.venues.base import Batch, Bucket, Cost, Feed, Label, Quality, Scope, Span
from adapters.venues.bitget import (
    NAME,
    is_heartbeat,
    is_refusal,
    oldest_paid,
    parse_candles,
    parse_funding,
    parse_instruments,
    parse_liquidations,
    parse_ls_pos,
    parse_ls_top,
    parse_settled,
    parse_spot_volume,
    parse_tickers,
)
from adapters.venues.client import Client, Endpoints, Question, Wiring
from adapters.venues.manners import Manners
from adapters.venues.past import read
from adapters.venues.settling import Settling
from adapters.venues.silence import Silence
from adapters.venues.streams import Channel, Refusal
from adapters.venues.transport import Request
from adapters.venues.wire import Known, Listed, Parsed
from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse
from signals.panel import to_ms

ENDPOINTS = Endpoints("https://api.bitget.com", "https://api.bitget.com", "wss://ws.bitget.com")

_MIX, _SPOT, _STREAM = "/api/v2/mix/market", "/api/v2/spot/market", "/v3/ws/public"
_PRODUCT: Mapping[str, str] = {"productType": "USDT-FUTURES"}


_SECOND = timedelta(seconds=1)
MANNERS = Manners(
    NAME,
    (
        Bucket("address", 6_000, timedelta(minutes=1)),
        Bucket("ls.top", 1, _SECOND),
        Bucket("ls.pos", 1, _SECOND),
        Bucket("past", 20, _SECOND),
    ),
)
"""All calls of an address, and endpoints whose own limit is what counts."""


def _subscribe(symbols: Sequence[str]) -> Sequence[Sequence[str]]:
    """One message for the whole market and a heart that beats."""
    del symbols
    market = {"instType": "usdt-futures", "topic": "liquidation"}
    heart = {"instType": "usdt-futures", "topic": "ticker", "symbol": "BTCUSDT"}
    return [[msgspec.json.encode({"op": "subscribe", "args": [market, heart]}).decode()]]


def _key(closed: Liquidation) -> Hashable:
    return closed.symbol, closed.at, closed.side, closed.price, closed.coins


CHANNEL = Channel(
    NAME,
    _subscribe,
    parse_liquidations,
    is_heartbeat,
    _key,
    refused=lambda frame, _: Refusal() if is_refusal(frame) else None,
    ping="ping",
    ping_every=timedelta(seconds=30),
)

_CALL = Cost("address", 1)
INSTRUMENTS = Feed("instruments", frozenset(), timedelta(minutes=10), _CALL, Scope.BULK)
PAST = Feed("past", frozenset(), timedelta(0), Cost("past", 1), Scope.EACH)
TICKERS = Feed(
    "tickers",
    frozenset({Metric.PRICE, Metric.INDEX, Metric.OI_LEVEL, Metric.VOLUME_24H}),
    timedelta(seconds=10),
    _CALL,
    Scope.BULK,
)
FUNDING = Feed("funding", frozenset({Metric.FUNDING, Metric.FUNDING_SETTLED}), timedelta(seconds=10), _CALL, Scope.BULK)
SPOT = Feed("volume.spot", frozenset({Metric.VOLUME_SPOT_24H}), timedelta(seconds=30), _CALL, Scope.BULK)


def _ratios(metric: Metric) -> Feed:
    """Once a second at the most, so only for the largest."""
    return Feed(
        metric.value,
        frozenset({metric}),
        timedelta(minutes=5),
        Cost(metric.value, 1),
        Scope.EACH,
        most=100,
        after=timedelta(seconds=20),
        pace=0.8,
    )


LS_TOP, LS_POS = _ratios(Metric.LS_TOP), _ratios(Metric.LS_POS)


_CALLS: Mapping[str, Question] = {
    TICKERS.name: Question(f"{_MIX}/tickers", _PRODUCT, parse_tickers),
    FUNDING.name: Question(f"{_MIX}/current-fund-rate", _PRODUCT, parse_funding),
    SPOT.name: Question(f"{_SPOT}/tickers", {}, parse_spot_volume),
}
_RATIOS: Mapping[str, tuple[str, Callable[[bytes, datetime, Known, str], Parsed]]] = {
    LS_TOP.name: ("account-long-short", parse_ls_top),
    LS_POS.name: ("position-long-short", parse_ls_pos),
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
_CANDLES: Mapping[Metric, str] = {
    Metric.PRICE: "history-mark-candles",
    Metric.INDEX: "history-index-candles",
    Metric.VOLUME: "history-candles",
}
_CANDLES_A_CALL = 200
_PAID_A_PAGE = 100
_MOST_PAGES = 50
_BEFORE = timedelta(hours=48)
"""How much earlier payments are needed to know the interval of the first: two more of the longest there is."""


class Bitget:
    """Bitget's perpetuals against USDT."""

    name = NAME
    label = Label.LIVE
    quality = Quality.SILVER
    feeds = (TICKERS, FUNDING, SPOT, LS_TOP, LS_POS)

    def __init__(self, wiring: Wiring) -> None:
        self.client = Client(MANNERS, wiring)
        self._settling = Settling()
        self._not_offered: set[tuple[Metric, str]] = set()
        """Ratios that were empty when they were last asked for."""
        self._spared: set[tuple[Metric, str]] = set()
        """Those of them that are not asked for again before the next list."""

    async def instruments(self) -> Sequence[Instrument]:
        """The living perpetuals, each without the ratios that it was found not to have."""
        answer = await self.client.ask(INSTRUMENTS, self._request(f"{_MIX}/contracts", _PRODUCT))
        listed = parse_instruments(answer.body, answer.received).listed
        self._spared.clear()
        return await self.client.enroll([self._offering(of) for of in listed])

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        """The feed's values now; one that is asked for each instrument is about the first of `of`."""
        if feed.scope is Scope.EACH:
            return await self._ratio(feed, of[0].symbol) if of else Batch(NAME, feed.name, ())
        call = _CALLS[feed.name]
        base = self.client.endpoints.spot if feed.name == SPOT.name else self.client.endpoints.rest
        answer = await self.client.ask(feed, Request(f"{base}{call.path}", call.params))
        parsed = call.parse(answer.body, answer.received, self.client.roster.known)
        return self.client.batch(feed, answer, self._settling.with_paid(parsed))

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        """The largest forced closes of each second, of the whole market."""
        del of
        return self.client.stream(CHANNEL, _STREAM)

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        """Mark and index prices and volumes of bars, and paid funding; there is no past of anything else."""
        if metric is Metric.FUNDING_SETTLED:
            return self._paid(instrument, span)
        if metric not in _CANDLES or step not in _STEPS:
            return Silence()
        length = (_CANDLES_A_CALL - 2) * step
        return read(span, length, partial(self._candles, instrument, metric, step), overlap=step)

    async def _ratio(self, feed: Feed, symbol: str) -> Batch:
        """The newest ratio; an empty list says that there is none of this perpetual, which is no zero."""
        (metric,) = feed.metrics
        if (metric, symbol) in self._spared:
            return Batch(NAME, feed.name, ())
        path, parse = _RATIOS[feed.name]
        answer = await self.client.ask(feed, self._request(f"{_MIX}/{path}", {"symbol": symbol, "period": "5m"}))
        parsed = parse(answer.body, answer.received, self.client.roster.known, symbol)
        if parsed.observations or parsed.rejected:
            self._not_offered.discard((metric, symbol))
        else:
            self._not_offered.add((metric, symbol))
            self._spared.add((metric, symbol))
        return self.client.batch(feed, answer, parsed)

    def _offering(self, of: Listed) -> Listed:
        """The instrument with the metrics that it has."""
        missing = {metric for metric, symbol in self._not_offered if symbol == of.instrument.symbol}
        return replace(of, instrument=replace(of.instrument, metrics=of.instrument.metrics - missing))

    async def _candles(self, instrument: Instrument, metric: Metric, step: timedelta, page: Span) -> Parsed:
        """A bar more at both ends than the page needs: whether the vendor means the ends is not documented."""
        times = {"startTime": str(to_ms(page.start)), "endTime": str(to_ms(page.end))}
        wanted = {"symbol": instrument.symbol, "granularity": _STEPS[step], **times, "limit": str(_CANDLES_A_CALL)}
        request = self._request(f"{_MIX}/{_CANDLES[metric]}", {**_PRODUCT, **wanted})
        answer = await self.client.look_up(PAST, request)
        known = self.client.roster.known
        return parse_candles(answer.body, answer.received, known, instrument.symbol, metric, step)

    async def _paid(self, instrument: Instrument, span: Span) -> AsyncIterator[Observation]:
        """Pages go back in time from now on, so the whole way is gone before the first payment is told."""
        pages: list[bytes] = []
        for number in range(1, _MOST_PAGES + 1):
            where = {"pageSize": str(_PAID_A_PAGE), "pageNo": str(number)}
            params = {"symbol": instrument.symbol, **_PRODUCT, **where}
            answer = await self.client.look_up(PAST, self._request(f"{_MIX}/history-fund-rate", params))
            pages.append(answer.body)
            oldest = oldest_paid(answer.body, _PAID_A_PAGE)
            if oldest is None or oldest <= span.start - _BEFORE:
                break
        paid = parse_settled(pages[0], self.client.now, self.client.roster.known, *pages[1:]).observations
        for _, seen in sorted({each.at: each for each in paid}.items()):
            if span.start < seen.at <= span.end:
                yield seen

    def _request(self, path: str, params: Mapping[str, str]) -> Request:
        return Request(f"{self.client.endpoints.rest}{path}", params)
