"""Gate over the network: three calls refresh everything, and one brings all ratios of a contract.

The sides of liquidations are told only once it is known what the sign of their sizes means.
"""

from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

import msgspec

from adapters.venues.base import Batch, Bucket, Cost, Feed, Label, Quality, Scope, Span, Unavailable
from adapters.venues.calibration import Calibration, Sign
from adapters.venues.client import Client, Endpoints, Wiring
from adapters.venues.gate import (
    NAME,
    RATIOS,
    is_going,
    is_heartbeat,
    is_refusal,
    parse_candles,
    parse_contracts,
    parse_instruments,
    parse_liquidations,
    parse_long_short,
    parse_orders,
    parse_settled,
    parse_spot_volume,
    parse_stats,
    parse_unsided,
    parse_volume,
    rows_in,
)
from adapters.venues.manners import Answer, Manners
from adapters.venues.past import read
from adapters.venues.settling import Settling
from adapters.venues.shrinking import LEAST
from adapters.venues.silence import Silence
from adapters.venues.streams import Channel, Refusal
from adapters.venues.transport import Request
from adapters.venues.wire import Known, Listed, Parsed, ParsedLiquidations
from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse

ENDPOINTS = Endpoints("https://api.gateio.ws", "https://api.gateio.ws", "wss://fx-ws.gateio.ws")

_FUTURES, _SPOT, _STREAM = "/api/v4/futures/usdt", "/api/v4/spot", "/v4/ws/usdt"
_DECIMALS: Mapping[str, str] = {"X-Gate-Size-Decimal": "1"}
"""Without it parts of contracts are cut off."""

_ENDPOINTS = ("contracts", "tickers", "spot", "contract_stats", "liq_orders", "candlesticks", "funding_rate")


def _used(bucket: str, headers: Mapping[str, str]) -> Mapping[str, int]:
    """What is used of the limit of the endpoint that was asked."""
    limit, left = headers.get("x-gate-ratelimit-limit", ""), headers.get("x-gate-ratelimit-requests-remain", "")
    return {bucket: max(0, int(limit) - int(left))} if limit.isdecimal() and left.isdecimal() else {}


def _limits(bucket: str, headers: Mapping[str, str]) -> Mapping[str, int]:
    """The limit of the endpoint that was asked."""
    limit = headers.get("x-gate-ratelimit-limit", "")
    return {bucket: int(limit)} if limit.isdecimal() else {}


MANNERS = Manners(NAME, tuple(Bucket(name, 200, timedelta(seconds=10)) for name in _ENDPOINTS), _used, limits=_limits)
"""Each endpoint has a limit of its own."""


def _subscribe(symbols: Sequence[str]) -> Sequence[Sequence[str]]:
    """The whole market, and a heart that beats."""
    del symbols
    return [[_message("futures.public_liquidates", "!all"), _message("futures.tickers", "BTC_USDT")]]


def _message(channel: str, wanted: str) -> str:
    return msgspec.json.encode({"channel": channel, "event": "subscribe", "payload": [wanted]}).decode()


def _stamp(message: str, now: datetime) -> str:
    """A message that is older than a minute is not taken."""
    return f'{{"time":{int(now.timestamp())},{message[1:]}'


def _key(closed: Liquidation) -> Hashable:
    return closed.symbol, closed.at, closed.side, closed.coins, closed.price


CHANNEL = Channel(
    NAME,
    _subscribe,
    parse_liquidations,
    is_heartbeat,
    _key,
    refused=lambda frame, _: Refusal() if is_refusal(frame) else None,
    going=is_going,
    headers=_DECIMALS,
    stamp=_stamp,
)
"""Its parser tells no close yet: what the sign of a size means is found out while the stream runs."""


def _cost(endpoint: str) -> Cost:
    return Cost(endpoint, 1)


CONTRACTS = Feed(
    "contracts",
    frozenset({Metric.PRICE, Metric.INDEX, Metric.FUNDING, Metric.FUNDING_SETTLED, Metric.OI_LEVEL}),
    timedelta(seconds=10),
    _cost("contracts"),
    Scope.BULK,
)
TICKERS = Feed("tickers", frozenset({Metric.VOLUME_24H}), timedelta(seconds=30), _cost("tickers"), Scope.BULK)
SPOT = Feed("volume.spot", frozenset({Metric.VOLUME_SPOT_24H}), timedelta(seconds=30), _cost("spot"), Scope.BULK)
LS = Feed(
    "ls",
    frozenset(RATIOS),
    timedelta(minutes=5),
    _cost("contract_stats"),
    Scope.EACH,
    after=timedelta(seconds=20),
    pace=10.0,
)
CALIBRATION = Feed("calibration", frozenset(), timedelta(hours=1), _cost("liq_orders"), Scope.BULK)
"""Asked until it is known what the sign of a liquidation's size means; it brings no observations."""

_SIGN = f"sign/{NAME}"
"""Where the meaning of the sign is kept."""

_PAGE = 100
"""A list of just so many rows may be the first page of a longer one."""
_MOST_PAGES = 50
_LISTED = timedelta(hours=1)
_MOST_ORDERS = "1000"

_CANDLES: Mapping[timedelta, str] = {
    timedelta(minutes=1): "1m",
    timedelta(minutes=5): "5m",
    timedelta(minutes=15): "15m",
    timedelta(hours=1): "1h",
    timedelta(hours=4): "4h",
    timedelta(days=1): "1d",
}
_STATS: Mapping[timedelta, str] = {step: name for step, name in _CANDLES.items() if step >= timedelta(minutes=5)}
_PREFIXES: Mapping[Metric, str] = {Metric.PRICE: "mark_", Metric.INDEX: "index_", Metric.VOLUME: ""}
_CANDLES_A_CALL = 1_900
"""Of 2,000 points that one call may mean."""
_STATS_A_CALL = 100
_PAID_A_CALL = timedelta(days=30)
_MOST_PAID = "1000"
_BEFORE = timedelta(hours=48)
"""How much earlier payments are needed to know the interval of the first: two more of the longest there is."""


class Gate:
    """Gate's perpetuals against USDT."""

    name = NAME
    label = Label.LIVE
    quality = Quality.SILVER
    feeds = (CONTRACTS, TICKERS, SPOT, LS, CALIBRATION)

    def __init__(self, wiring: Wiring) -> None:
        self.client = Client(MANNERS, wiring)
        self._settling = Settling()
        self._calibration = Calibration()
        self._recalled = False
        self._listed: Sequence[Answer] = ()
        """The pages of the last list, until it is taken over."""
        self._traded = 0
        """How many contracts the last tickers had."""

    async def instruments(self) -> Sequence[Instrument]:
        """The living perpetuals, as the last contracts listed them; asked for only where none came since."""
        await self._recall()
        pages = self._listed or await self._pages()
        self._listed = ()
        parsed = [parse_instruments(page.body, page.received, self._calibration.sign) for page in pages]
        return await self.client.enroll(chain.from_iterable(page.listed for page in parsed))

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        """The feed's values now; one that is asked for each instrument is about the first of `of`."""
        match feed.name:
            case CONTRACTS.name:
                return await self._contracts()
            case TICKERS.name:
                return await self._tickers()
            case SPOT.name:
                answer = await self.client.ask(feed, Request(f"{self.client.endpoints.spot}{_SPOT}/tickers"))
                return self.client.batch(feed, answer, parse_spot_volume(answer.body, answer.received, self._known))
            case LS.name:
                return await self._ratios(of)
            case _:
                return await self._calibrate()

    async def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        """All forced closes, as soon as their sides can be told."""
        del of
        with suppress(Unavailable):  # without the store nothing is known of the sign, and the stream goes on
            await self._recall()
        async for item in self.client.stream(replace(CHANNEL, parse=self._heard), _STREAM):
            yield item

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        """Prices and volumes of bars, open interest, ratios, and paid funding."""
        listed = self._known.get(instrument.symbol)
        if listed is None:
            return Silence()
        if metric is Metric.FUNDING_SETTLED:
            return read(span, _PAID_A_CALL, partial(self._paid, listed), overlap=_BEFORE)
        if metric in _PREFIXES and step in _CANDLES:
            return read(span, _CANDLES_A_CALL * step, partial(self._candles, listed, metric, step))
        if metric in (Metric.OI_LEVEL, *RATIOS) and step in _STATS:
            return read(span, (_STATS_A_CALL - 2) * step, partial(self._stats, listed, metric, step), overlap=step)
        return Silence()

    # the present

    async def _contracts(self) -> Batch:
        pages = await self._pages()
        self._listed = pages
        parsed = _together(pages, lambda page: parse_contracts(page.body, page.received, self._known))
        digest = b"".join(page.digest for page in pages)
        return replace(self.client.batch(CONTRACTS, pages[0], self._settling.with_paid(parsed)), digest=digest)

    async def _pages(self) -> Sequence[Answer]:
        """The whole list, over pages where the first answer looks like one."""
        pages = [await self.client.ask(CONTRACTS, self._request("contracts", {}))]
        size = rows_in(pages[0].body)
        while self._is_page(size) and rows_in(pages[-1].body) == size and len(pages) < _MOST_PAGES:
            where = {"limit": str(size), "offset": str(size * len(pages))}
            page = await self.client.ask(CONTRACTS, self._request("contracts", where))
            if page.digest == pages[-1].digest:  # it knows no pages, so this is all there is
                break
            pages.append(page)
        return pages

    def _is_page(self, size: int) -> bool:
        return size == _PAGE or 0 < size < LEAST * self._traded

    async def _tickers(self) -> Batch:
        answer = await self.client.ask(TICKERS, self._request("tickers", {}))
        parsed = parse_volume(answer.body, answer.received, self._known)
        self._traded = rows_in(answer.body)
        return self.client.batch(TICKERS, answer, parsed)

    async def _ratios(self, of: Sequence[Instrument]) -> Batch:
        listed = self._known.get(of[0].symbol) if of else None
        if listed is None:
            return Batch(NAME, LS.name, ())
        params = {"contract": listed.instrument.symbol, "interval": "5m", "limit": "1"}
        answer = await self.client.ask(LS, self._request("contract_stats", params))
        return self.client.batch(LS, answer, parse_long_short(answer.body, answer.received, listed))

    # the sides of liquidations

    async def _recall(self) -> None:
        """What was found out about the sign before a restart."""
        if not self._recalled:
            known = await self.client.learned(_SIGN)
            self._calibration.sign = _sign(known)
            self._recalled = True

    def _heard(self, frame: bytes, received: datetime, known: Known) -> ParsedLiquidations:
        """The closes of a frame; while their sides cannot be told they are only kept for comparison."""
        sign = self._calibration.sign
        if sign is Sign.UNKNOWN:
            self._calibration.saw(parse_unsided(frame))
            return ParsedLiquidations((), ())
        return parse_liquidations(frame, received, known, sign)

    async def _calibrate(self) -> Batch:
        """Compare what was streamed with the list of closes; instruments offer liquidations from their next list on."""
        if self._calibration.sign is Sign.UNKNOWN:
            end = int(self.client.now.timestamp())
            params = {"from": str(end - int(_LISTED.total_seconds())), "to": str(end), "limit": _MOST_ORDERS}
            request = replace(self._request("liq_orders", params), headers=_DECIMALS)
            answer = await self.client.ask(CALIBRATION, request)
            sign = self._calibration.compare(parse_orders(answer.body), answer.received)
            if sign is not Sign.UNKNOWN:
                await self.client.learn(_SIGN, sign.encode())
        return Batch(NAME, CALIBRATION.name, ())

    # the past

    async def _candles(self, of: Listed, metric: Metric, step: timedelta, page: Span) -> Parsed:
        """Bars are named by their starts: those that end after the page's start, up to its end."""
        contract = f"{_PREFIXES[metric]}{of.instrument.symbol}"
        times = {"from": str(_seconds(page.start - step) + 1), "to": str(_seconds(page.end - step))}
        params = {"contract": contract, "interval": _CANDLES[step], **times}
        answer = await self._look_up("candlesticks", params)
        return parse_candles(answer.body, answer.received, of, metric, step)

    async def _stats(self, of: Listed, metric: Metric, step: timedelta, page: Span) -> Parsed:
        where = {"from": str(_seconds(page.start)), "limit": str(_STATS_A_CALL)}
        params = {"contract": of.instrument.symbol, "interval": _STATS[step], **where}
        answer = await self._look_up("contract_stats", params)
        return parse_stats(answer.body, answer.received, of, metric, step)

    async def _paid(self, of: Listed, page: Span) -> Parsed:
        times = {"from": str(_seconds(page.start)), "to": str(_seconds(page.end))}
        answer = await self._look_up(
            "funding_rate", {"contract": of.instrument.symbol, **times, "limit": _MOST_PAID}
        )  # fmt: skip
        return parse_settled(answer.body, answer.received, of)

    async def _look_up(self, endpoint: str, params: Mapping[str, str]) -> Answer:
        feed = Feed("past", frozenset(), timedelta(0), _cost(endpoint), Scope.EACH)
        return await self.client.look_up(feed, self._request(endpoint, params))

    @property
    def _known(self) -> Known:
        return self.client.roster.known

    def _request(self, endpoint: str, params: Mapping[str, str]) -> Request:
        return Request(f"{self.client.endpoints.rest}{_FUTURES}/{endpoint}", params)


def _together(pages: Sequence[Answer], parse: Callable[[Answer], Parsed]) -> Parsed:
    """What all pages of one list say."""
    parsed = [parse(page) for page in pages]
    observations = chain.from_iterable(page.observations for page in parsed)
    return Parsed(tuple(observations), tuple(chain.from_iterable(page.rejected for page in parsed)))


def _sign(known: bytes | None) -> Sign:
    """The meaning that was kept; what another version kept is not understood."""
    return next((sign for sign in Sign if known is not None and sign.encode() == known), Sign.UNKNOWN)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
