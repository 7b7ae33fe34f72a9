"""A live venue that answers as the test says, over no network at all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta

from adapters.venues.base import Batch, Bucket, Cost, Feed, Label, Quality, Scope, Span
from adapters.venues.client import Client, Endpoints
from adapters.venues.manners import Manners
from adapters.venues.silence import Silence
from adapters.venues.wire import Listed
from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse
from tests.adapters.venues.wired import Scripted, wiring

OFFERED = frozenset({Metric.PRICE, Metric.LIQ_LONG, Metric.LIQ_SHORT})
PRICES = Feed("prices", frozenset({Metric.PRICE}), timedelta(seconds=10), Cost("all", 1), Scope.BULK)
ONE_BY_ONE = Feed("oi", frozenset({Metric.OI_LEVEL}), timedelta(seconds=10), Cost("all", 1), Scope.EACH)


class Pretend:
    """`answers` may wait or raise before each call is answered; `items` is what the stream says, each at its time."""

    label = Label.LIVE
    quality = Quality.SILVER

    def __init__(
        self,
        name: str,
        clock: Callable[[], datetime],
        *,
        coins: Sequence[str] = ("BTC",),
        feeds: Sequence[Feed] = (PRICES,),
        answers: Callable[[Feed], object] = lambda _: None,
        price: Callable[[], float] = lambda: 100.0,
        items: Sequence[tuple[float, Liquidation | Gap | Pulse]] = (),
    ) -> None:
        self.name, self.feeds = name, feeds
        manners = Manners(name, (Bucket("all", 100, timedelta(seconds=1)),), lambda _b, _h: {}, lambda _r, _n: None)
        self.client = Client(manners, wiring(Endpoints(f"https://{name}"), Scripted(lambda _: b""), clock))
        self.calls: Counter[tuple[str, str]] = Counter()
        self.flying: Counter[tuple[str, str]] = Counter()
        self.most_of_one, self.most = 0, 0
        self._clock, self._answers, self._price, self._items = clock, answers, price, items
        self._listed = [Listed(Instrument(name, coin + "USDT", coin, 1.0, OFFERED)) for coin in coins]

    async def instruments(self) -> Sequence[Instrument]:
        return await self.client.enroll(self._listed)

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        key = (feed.name, of[0].symbol if of else "")
        self.calls[key] += 1
        self.flying[key] += 1
        self.most_of_one = max(self.most_of_one, self.flying[key])
        self.most = max(self.most, self.flying.total())
        try:
            waiting = self._answers(feed)
            if asyncio.iscoroutine(waiting):
                await waiting
        finally:
            self.flying[key] -= 1
        now, price = self._clock(), self._price()
        seen = tuple(
            Observation(Metric.PRICE, self.name, i.symbol, i.coin, price, now, now, timedelta(seconds=30), leg=i.leg)
            for i in (listed.instrument for listed in self._listed)
            if feed.scope is Scope.BULK
        )
        return Batch(self.name, feed.name, seen)

    async def _said(self) -> AsyncIterator[Liquidation | Gap | Pulse]:
        began = asyncio.get_running_loop().time()
        for at, item in self._items:
            await asyncio.sleep(began + at - asyncio.get_running_loop().time())
            yield item
        await asyncio.Event().wait()

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap | Pulse]:
        del of
        return self._said()

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        del instrument, metric, span, step
        return Silence()
