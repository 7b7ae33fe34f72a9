"""A venue's stream that does what the test says, byte for byte, on the virtual clock."""

import asyncio
import json
import random
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.venues.base import Unavailable
from adapters.venues.streams import Channel, Stream
from adapters.venues.transport import Request, Response, Socket
from adapters.venues.wire import Known, Listed
from signals.model import Gap, Instrument, Liquidation, Metric, Pulse
from signals.panel import to_ms

LIQUIDATIONS = frozenset({Metric.LIQ_LONG, Metric.LIQ_SHORT})


def known_of(venue: str, *symbols: str) -> Known:
    """A list of perpetuals; a contract is one coin."""
    coins = {symbol: symbol.split("-")[0].removesuffix("USDT") for symbol in symbols}
    return {symbol: Listed(Instrument(venue, symbol, coins[symbol], 1.0, LIQUIDATIONS)) for symbol in symbols}


@dataclass
class Line:
    """One connection: what was sent, and frames that are there at once or come at moments of the loop."""

    opened: float
    sent: list[str] = field(default_factory=list)
    closed: float | None = None
    frames: deque[bytes] = field(default_factory=deque)
    broken: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, *frames: bytes) -> None:
        self.frames.extend(frames)
        self._news.set()

    def hang_up(self) -> None:
        self.broken = True
        self._news.set()

    async def send(self, text: str) -> None:
        self.sent.append(text)

    async def receive(self) -> bytes:
        while not self.frames:
            if self.broken:
                raise Unavailable("the venue closed the connection")
            self._news.clear()
            await self._news.wait()
        return self.frames.popleft()


def silent(line: Line) -> None:
    """Says nothing."""


@dataclass
class Lines:
    """A transport whose connections behave as `plays` says, in order; the last one goes for all that follow."""

    plays: Sequence[Callable[[Line], object]]
    opened: list[Line] = field(default_factory=list)

    async def fetch(self, request: Request) -> Response:
        raise AssertionError("nothing is asked here")

    def connect(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Socket]:
        return self._connected()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Socket]:
        loop = asyncio.get_running_loop()
        line = Line(loop.time())
        play = self.plays[min(len(self.opened), len(self.plays) - 1)]
        self.opened.append(line)
        playing = asyncio.ensure_future(_played(play, line))
        try:
            yield line
        finally:
            playing.cancel()
            line.closed = loop.time()


async def _played(play: Callable[[Line], object], line: Line) -> None:
    result = play(line)
    if asyncio.iscoroutine(result):
        await result


def refuses(line: Line) -> None:
    line.hang_up()


@dataclass
class Listening:
    """A stream that is read; all that it said, with the time on the loop at which it said so."""

    stream: Stream
    clock: Callable[[], datetime]
    said: list[tuple[float, Liquidation | Gap | Pulse]] = field(default_factory=list)

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        async for item in self.stream.items():
            self.said.append((loop.time(), item))

    @property
    def items(self) -> list[Liquidation | Gap | Pulse]:
        return [item for _, item in self.said]

    @property
    def closes(self) -> list[Liquidation]:
        return [item for item in self.items if isinstance(item, Liquidation)]

    @property
    def gaps(self) -> list[Gap]:
        return [item for item in self.items if isinstance(item, Gap)]

    @property
    def pulses(self) -> list[datetime]:
        return [item.at for item in self.items if isinstance(item, Pulse)]


@asynccontextmanager
async def listening(
    channel: Channel, lines: Lines, known: Callable[[], Known], clock: Callable[[], datetime]
) -> AsyncIterator[Listening]:
    """A stream over those lines, read until the end of the block."""
    heard = Listening(Stream(channel, "wss://there", lines, known, clock, random.Random(1)), clock)
    task = asyncio.ensure_future(heard.run())
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def data(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


BYBIT_BEAT = data({"topic": "tickers.BTCUSDT", "type": "delta", "data": {"symbol": "BTCUSDT"}})
OKX_BEAT = data({"arg": {"channel": "tickers", "instId": "BTC-USDT-SWAP"}, "data": [{"last": "64000"}]})
BINANCE_BEAT = data({"stream": "!markPrice@arr", "data": []})
BITGET_BEAT = data(
    {
        "action": "snapshot",
        "arg": {"instType": "usdt-futures", "topic": "ticker", "symbol": "BTCUSDT"},
        "data": [{"markPrice": "64000"}],
        "ts": 1,
    }
)


def bybit_frame(*closes: tuple[datetime, str, float], symbol: str = "BTCUSDT", side: str = "Buy") -> bytes:
    """Closes as (time, size, price)."""
    rows = [{"T": to_ms(at), "s": symbol, "S": side, "v": size, "p": str(price)} for at, size, price in closes]
    return data({"topic": f"allLiquidation.{symbol}", "type": "snapshot", "ts": 1, "data": rows})


def okx_frame(*closes: tuple[datetime, str, float]) -> bytes:
    details = [
        {
            "side": "sell",
            "posSide": "long",
            "bkPx": str(price),
            "sz": size,
            "bkLoss": "0",
            "ccy": "",
            "ts": str(to_ms(at)),
        }
        for at, size, price in closes
    ]
    of = {"instId": "BTC-USDT-SWAP", "instType": "SWAP", "uly": "BTC-USDT", "details": details}
    return data({"arg": {"channel": "liquidation-orders", "instType": "SWAP"}, "data": [of]})


async def beating(line: Line, beat: bytes, seconds: float = 1e9, every: float = 1.0) -> None:
    """A heart that beats for so long."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + seconds
    while loop.time() < ends:
        line.say(beat)
        await asyncio.sleep(every)


def always(beat: bytes) -> Callable[[Line], object]:
    return lambda line: beating(line, beat)


def for_a_while(beat: bytes, seconds: float) -> Callable[[Line], object]:
    return lambda line: beating(line, beat, seconds)


def seconds(of: Iterable[timedelta]) -> list[float]:
    return [each.total_seconds() for each in of]
