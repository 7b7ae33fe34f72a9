"""Hyperliquid over the network: everything is one POST to `/info`, and one of them brings instruments and values."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from math import ceil

from adapters.venues.base import Batch, Bucket, Cost, Feed, Label, Quality, Scope, Span
from adapters.venues.client import Client, Endpoints, Wiring
from adapters.venues.hyperliquid import (
    HOUR,
    NAME,
    parse_candles,
    parse_contexts,
    parse_instruments,
    parse_settled,
    parse_spot_volume,
)
from adapters.venues.manners import Answer, Manners
from adapters.venues.past import read
from adapters.venues.settling import Settling
from adapters.venues.silence import Silence
from adapters.venues.transport import Request
from adapters.venues.wire import Known, Parsed
from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse
from signals.panel import to_ms

ENDPOINTS = Endpoints("https://api.hyperliquid.xyz")

_INFO = "info"
_WEIGHT = 20
"""What a call weighs; those for the past weigh one more for each so many rows."""


MANNERS = Manners(NAME, (Bucket(_INFO, 1_200, timedelta(minutes=1)),))

_CALL = Cost(_INFO, _WEIGHT)
CONTEXTS = Feed(
    "contexts",
    frozenset({Metric.PRICE, Metric.INDEX, Metric.FUNDING, Metric.FUNDING_SETTLED, Metric.OI_LEVEL, Metric.VOLUME_24H}),
    timedelta(seconds=10),
    _CALL,
    Scope.BULK,
)
SPOT = Feed("volume.spot", frozenset({Metric.VOLUME_SPOT_24H}), timedelta(seconds=30), _CALL, Scope.BULK)
PAST = Feed("past", frozenset(), timedelta(0), _CALL, Scope.EACH)

_TYPES: Mapping[str, str] = {CONTEXTS.name: "metaAndAssetCtxs", SPOT.name: "spotMetaAndAssetCtxs"}
_PARSERS: Mapping[str, Callable[[bytes, datetime, Known], Parsed]] = {
    CONTEXTS.name: parse_contexts,
    SPOT.name: parse_spot_volume,
}

_CANDLES: Mapping[timedelta, str] = {
    timedelta(minutes=1): "1m",
    timedelta(minutes=5): "5m",
    timedelta(minutes=15): "15m",
    timedelta(hours=1): "1h",
    timedelta(hours=4): "4h",
    timedelta(days=1): "1d",
}
_CANDLES_A_CALL = 1_500
"""Of the newest 5,000 that are kept; they are asked for in parts, so that others have their turn."""
_CANDLES_A_WEIGHT = 60
_PAID_A_CALL = 480
"""Of 500 that one answer holds at most."""
_PAID_A_WEIGHT = 20


class Hyperliquid:
    """Hyperliquid's first dex."""

    name = NAME
    label = Label.LIVE
    quality = Quality.SILVER
    feeds = (CONTEXTS, SPOT)

    def __init__(self, wiring: Wiring) -> None:
        self.client = Client(MANNERS, wiring)
        self._settling = Settling()
        self._listed: Answer | None = None
        """The last answer that lists them, until it is taken over."""

    async def instruments(self) -> Sequence[Instrument]:
        """The living perpetuals, as the last contexts listed them; asked for only where none came since."""
        answer = self._listed or await self.client.ask(CONTEXTS, self._request({"type": _TYPES[CONTEXTS.name]}))
        self._listed = None
        return await self.client.enroll(parse_instruments(answer.body, answer.received).listed)

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        """The feed's values now."""
        del of
        answer = await self.client.ask(feed, self._request({"type": _TYPES[feed.name]}))
        parsed = _PARSERS[feed.name](answer.body, answer.received, self.client.roster.known)
        if feed.name == CONTEXTS.name:
            self._listed = answer
        return self.client.batch(feed, answer, self._settling.with_paid(parsed))

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        """Nothing: there is no public stream of them."""
        del of
        return Silence()

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        """Last trades and volumes of the newest 5,000 bars, and paid funding; there is no past of anything else."""
        match metric:
            case Metric.FUNDING_SETTLED:
                return read(span, _PAID_A_CALL * HOUR, partial(self._paid, instrument))
            case Metric.PRICE | Metric.VOLUME if step in _CANDLES:
                return read(span, _CANDLES_A_CALL * step, partial(self._candles, instrument, metric, step))
            case _:
                return Silence()

    async def _paid(self, instrument: Instrument, page: Span) -> Parsed:
        """Both ends count, and an hour's payment is stamped some milliseconds after it."""
        times = {"startTime": to_ms(page.start) + 1, "endTime": to_ms(page.end)}
        request = self._request({"type": "fundingHistory", "coin": instrument.symbol, **times})
        answer = await self.client.look_up(_weighing(page, HOUR, _PAID_A_WEIGHT), request)
        return parse_settled(answer.body, answer.received, self.client.roster.known)

    async def _candles(self, instrument: Instrument, metric: Metric, step: timedelta, page: Span) -> Parsed:
        """Bars are named by their starts: those that end after the page's start, up to its end."""
        times = {"startTime": to_ms(page.start - step) + 1, "endTime": to_ms(page.end - step)}
        wanted: Mapping[str, str | int] = {"coin": instrument.symbol, "interval": _CANDLES[step], **times}
        request = self._request({"type": "candleSnapshot", "req": wanted})
        answer = await self.client.look_up(_weighing(page, step, _CANDLES_A_WEIGHT), request)
        return parse_candles(answer.body, answer.received, self.client.roster.known, metric, step)

    def _request(self, body: Mapping[str, str | int | Mapping[str, str | int]]) -> Request:
        return Request(f"{self.client.endpoints.rest}/info", body=body)


def _weighing(page: Span, step: timedelta, rows_a_weight: int) -> Feed:
    """The feed of the past with what an answer that full weighs."""
    rows = (page.end - page.start) / step + 1
    return replace(PAST, cost=Cost(_INFO, _WEIGHT + ceil(rows / rows_a_weight)))
