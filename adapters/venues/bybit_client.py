"""Bybit over the network: one call brings all perpetuals, one all spot pairs, and ratios are swept."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import msgspec

from adapters.venues.base import Batch, Bucket, Cost, Feed, Label, Quality, Scope, Span, Unavailable
from adapters.venues.bybit import (
    LINEAR,
    LIQUIDATIONS,
    NAME,
    SPOT_MARKET,
    parse_cursor,
    parse_instruments,
    parse_klines,
    parse_liquidations,
    parse_ls,
    parse_open_interest,
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
from adapters.venues.transport import Request, Response
from adapters.venues.wire import Known, Listed, Parsed
from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse
from signals.panel import to_ms

ENDPOINTS = Endpoints("https://api.bybit.com", "https://api.bybit.com", "wss://stream.bybit.com")

_STREAM = "/v5/public/linear"

BANNED_FOR = timedelta(minutes=10)
"""How long to be silent after "access too frequent"."""

_CHUNK = 50
"""Topics of one subscription: one bad topic may fail them all."""
_LONGEST_SUBSCRIPTION = 21_000
"""Characters of all topics of one connection."""
_HEARTBEAT = "tickers.BTCUSDT"
_QUOTED = len('"",')
"""What a topic is longer by within a list."""
_PAGE = "1000"
_MOST_PAGES = 50

_TOO_OFTEN = re.compile(rb'"retCode"\s*:\s*10006\b')


def _used(bucket: str, headers: Mapping[str, str]) -> Mapping[str, int]:
    """Bybit tells what remains of an endpoint's own limit, which is not that of the address."""
    del bucket, headers
    return {}


def _ban(response: Response, now: datetime) -> datetime | None:
    """403 "access too frequent" is a ban of the address; other 403 are not."""
    frequent = response.status == 403 and b"too frequent" in response.body.lower()
    return now + BANNED_FOR if frequent else None


def _limited(response: Response) -> bool:
    """An endpoint that was asked too often says so with a status of success."""
    return _TOO_OFTEN.search(response.body, 0, 200) is not None


MANNERS = Manners(NAME, (Bucket("address", 600, timedelta(seconds=5)),), _used, _ban, limited=_limited)


def _subscriptions(symbols: Sequence[str]) -> Sequence[Sequence[str]]:
    """Chunks of topics, on as many connections as their length needs.

    Each ends with the heartbeat: when that comes, all before it has been subscribed to.
    """
    connections: list[list[str]] = [[]]
    length = _written([_HEARTBEAT])
    for start in range(0, len(symbols), _CHUNK):
        topics = [f"{LIQUIDATIONS}{symbol}" for symbol in symbols[start : start + _CHUNK]]
        if length + _written(topics) > _LONGEST_SUBSCRIPTION:
            connections.append([])
            length = _written([_HEARTBEAT])
        length += _written(topics)
        connections[-1].append(_message(topics))
    return [[*messages, _message([_HEARTBEAT])] for messages in connections]


def _written(topics: Sequence[str]) -> int:
    """Characters of the topics as they are sent: what counts of them is not documented."""
    return sum(len(topic) + _QUOTED for topic in topics)


def _message(topics: Sequence[str]) -> str:
    """A subscription; the first and the last of its topics and their number tell it apart from others."""
    of = f"{topics[0]} {len(topics)} {topics[-1]}"
    return msgspec.json.encode({"req_id": of, "op": "subscribe", "args": topics}).decode()


def _is_heartbeat(frame: bytes) -> bool:
    """Whether it is data of the ticker that never rests; acknowledgements and pongs are none."""
    return _HEARTBEAT.encode() in frame[:200] and b'"topic"' in frame[:200]


class _Ack(msgspec.Struct):
    op: str = ""
    req_id: str = ""
    success: bool = True
    ret_msg: str = ""


class _Message(msgspec.Struct):
    req_id: str
    args: list[str]


def _refused(frame: bytes, sent: Sequence[str]) -> Refusal | None:
    """The topics that a refusal names are left out of its message; where it names none, that is sent in halves."""
    if b'"success"' not in frame[:100]:
        return None
    try:
        ack = msgspec.json.decode(frame, type=_Ack)
    except msgspec.DecodeError:
        return None
    if ack.op != "subscribe" or ack.success:
        return None
    messages = (msgspec.json.decode(message, type=_Message) for message in sent)
    topics = next((message.args for message in messages if message.req_id == ack.req_id), [])
    words = {word.strip('[]:,"') for part in ack.ret_msg.split() for word in part.replace(":", ",").split(",")}
    return _without([topic for topic in topics if topic in words] or topics[: len(topics) == 1], topics)


def _without(bad: Sequence[str], topics: Sequence[str]) -> Refusal:
    half = len(topics) // 2
    others = [[topic for topic in topics if topic not in bad]] if bad else [topics[:half], topics[half:]]
    symbols = frozenset(topic.removeprefix(LIQUIDATIONS) for topic in bad if topic != _HEARTBEAT)
    return Refusal(symbols, tuple(_message(some) for some in others if some))


def _identity(item: Liquidation) -> tuple[str, datetime, str, float, float]:
    return item.symbol, item.at, item.side, item.coins, item.price


CHANNEL = Channel(
    venue=NAME,
    subscribe=_subscriptions,
    parse=parse_liquidations,
    beats=_is_heartbeat,
    key=_identity,
    refused=_refused,
    ping='{"op":"ping"}',
)

_ADDRESS = Cost("address", 1)
INSTRUMENTS = Feed("instruments", frozenset(), timedelta(minutes=10), _ADDRESS, Scope.BULK)
PAST = Feed("past", frozenset(), timedelta(0), _ADDRESS, Scope.EACH)
TICKERS = Feed(
    "tickers",
    frozenset({Metric.PRICE, Metric.INDEX, Metric.FUNDING, Metric.FUNDING_SETTLED, Metric.OI_LEVEL, Metric.VOLUME_24H}),
    timedelta(seconds=10),
    _ADDRESS,
    Scope.BULK,
)
SPOT = Feed("volume.spot", frozenset({Metric.VOLUME_SPOT_24H}), timedelta(seconds=30), _ADDRESS, Scope.BULK)
LS = Feed(
    "ls",
    frozenset({Metric.LS}),
    timedelta(minutes=5),
    _ADDRESS,
    Scope.EACH,
    after=timedelta(seconds=20),
    pace=10.0,
)


_CALLS: Mapping[str, Question] = {
    TICKERS.name: Question("tickers", {"category": LINEAR}, parse_tickers),
    SPOT.name: Question("tickers", {"category": SPOT_MARKET}, parse_spot_volume),
    LS.name: Question("account-ratio", {"category": LINEAR, "period": "5min", "limit": "1"}, parse_ls),
}


_PAST_STEPS = {
    timedelta(minutes=1): "1",
    timedelta(minutes=5): "5",
    timedelta(hours=1): "60",
    timedelta(hours=4): "240",
    timedelta(days=1): "D",
}
_PAST_STATISTICS = {
    timedelta(minutes=5): "5min",
    timedelta(minutes=15): "15min",
    timedelta(hours=1): "1h",
    timedelta(hours=4): "4h",
    timedelta(days=1): "1d",
}
"""How bars of klines and steps of statistics are asked for."""


_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class _Past:
    """How the past of a metric is asked and read: so many rows a call, of `step` unless it is always another."""

    path: str
    params: Callable[[Span, timedelta], Mapping[str, str]]
    parse: Callable[[bytes, datetime, Known, timedelta], Parsed]
    rows: int
    step: timedelta | None = None
    overlap: timedelta = _NONE
    steps: frozenset[timedelta] = frozenset(_PAST_STEPS)


def _bars(page: Span, step: timedelta) -> Mapping[str, str]:
    """Bars are named by their starts; the last one that is wanted ends with the page."""
    end = page.end - step
    return {"interval": _PAST_STEPS[step], "start": _ms(page.start), "end": _ms(end), "limit": "1000"}


def _statistics(name: str, limit: int) -> Callable[[Span, timedelta], Mapping[str, str]]:
    def params(page: Span, step: timedelta) -> Mapping[str, str]:
        times = {"startTime": _ms(page.start), "endTime": _ms(page.end - step)}
        return {name: _PAST_STATISTICS[step], **times, "limit": str(limit)}

    return params


def _paid(page: Span, step: timedelta) -> Mapping[str, str]:
    del step
    return {"startTime": _ms(page.start), "endTime": _ms(page.end), "limit": "200"}


def _ms(at: datetime) -> str:
    return str(to_ms(at))


def _klines(metric: Metric, body: bytes, received: datetime, known: Known, step: timedelta) -> Parsed:
    return parse_klines(body, received, known, metric, step)


def _ended(
    parse: Callable[[bytes, datetime, Known], Parsed],
    body: bytes,
    received: datetime,
    known: Known,
    step: timedelta,
) -> Parsed:
    """Whether a step is stamped with its start or its end is not documented: it is taken to be known at its end."""
    found = parse(body, received, known)
    ended = (replace(seen, at=seen.at + step, fresh_for=step) for seen in found.observations)
    return replace(found, observations=tuple(seen for seen in ended if seen.at <= received))


_PASTS: Mapping[Metric, _Past] = {
    Metric.PRICE: _Past("mark-price-kline", _bars, partial(_klines, Metric.PRICE), 1000),
    Metric.INDEX: _Past("index-price-kline", _bars, partial(_klines, Metric.INDEX), 1000),
    Metric.VOLUME: _Past("kline", _bars, partial(_klines, Metric.VOLUME), 1000),
    Metric.OI_LEVEL: _Past(
        "open-interest",
        _statistics("intervalTime", 200),
        partial(_ended, parse_open_interest),
        200,
        steps=frozenset(_PAST_STATISTICS),
    ),
    Metric.LS: _Past(
        "account-ratio",
        _statistics("period", 500),
        partial(_ended, parse_ls),
        500,
        steps=frozenset(_PAST_STATISTICS),
    ),
    Metric.FUNDING_SETTLED: _Past(
        "funding/history",
        _paid,
        lambda body, received, known, _: parse_settled(body, received, known),
        150,
        step=timedelta(hours=1),
        overlap=timedelta(hours=16),
    ),
}
"""Funding is paid every hour at the most; two payments of eight hours before a page show the interval of its first."""


class Bybit:
    """Bybit over the network."""

    name = NAME
    label = Label.LIVE
    quality = Quality.SILVER
    feeds = (TICKERS, SPOT, LS)

    def __init__(self, wiring: Wiring) -> None:
        self.client = Client(MANNERS, wiring)
        self._settling = Settling()

    async def instruments(self) -> Sequence[Instrument]:
        """The living perpetuals, over all pages of the list. Raises Unavailable for a list that does not end."""
        listed: list[Listed] = []
        params = {"category": LINEAR, "limit": _PAGE}
        for _ in range(_MOST_PAGES):
            answer = await self.client.ask(INSTRUMENTS, self._request("instruments-info", params))
            listed += parse_instruments(answer.body, answer.received).listed
            cursor = parse_cursor(answer.body)
            if cursor is None:
                return await self.client.enroll(listed)
            params = {**params, "cursor": cursor}
        raise Unavailable(f"{NAME} lists more than {_MOST_PAGES} pages of instruments")

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        """The feed's values now; one that is asked for each instrument is about the first of `of`."""
        if feed.scope is Scope.EACH and not of:
            return Batch(NAME, feed.name, ())
        call = _CALLS[feed.name]
        params = {**call.params, "symbol": of[0].symbol} if feed.scope is Scope.EACH else call.params
        answer = await self.client.ask(feed, self._request(call.path, params))
        parsed = call.parse(answer.body, answer.received, self.client.roster.known)
        return self.client.batch(feed, answer, self._settling.with_paid(parsed))

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        """All forced closes of the known perpetuals."""
        del of
        return self.client.stream(CHANNEL, _STREAM)

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        """Mark prices and volumes of bars, open interest, ratios and paid funding, since the perpetual was listed."""
        past = _PASTS.get(metric)
        is_listed = instrument.symbol in self.client.roster.known
        if past is None or not is_listed or (past.step is None and step not in past.steps):
            return Silence()

        async def look_up(page: Span) -> Parsed:
            params = {"category": LINEAR, "symbol": instrument.symbol, **past.params(page, step)}
            answer = await self.client.look_up(PAST, self._request(past.path, params))
            return past.parse(answer.body, answer.received, self.client.roster.known, step)

        return read(span, past.rows * (past.step or step), look_up, past.overlap)

    def _request(self, path: str, params: Mapping[str, str]) -> Request:
        return Request(f"{self.client.endpoints.rest}/v5/market/{path}", params)
