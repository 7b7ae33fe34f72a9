"""A market of one coin whose price is a function of time, live and past, made by the same aggregation and bars."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.venues.base import Gathered, Label, Venue
from signals.aggregate import Ledger
from signals.bars import Bars
from signals.model import Instrument, Metric, Observation
from signals.panel import Panel, resolutions

MINUTE = timedelta(minutes=1)
BTC = Instrument("okx", "BTC-USDT-SWAP", "BTC", 1.0, frozenset({Metric.PRICE}))


@dataclass
class Moves:
    """It goes on for ever and has no past of its own; `lived` tells what it would have been."""

    price: Callable[[datetime], float]
    start: datetime
    step = MINUTE
    label = Label.LIVE
    end = None
    settles = timedelta(0)
    waits = True

    def venues(self, clock: Callable[[], datetime]) -> Sequence[Venue]:
        return ()

    def watch(self, clock: Callable[[], datetime]) -> "Moves":
        return self

    def past(self) -> Sequence[Panel]:
        return ()

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def gather(self, at: datetime) -> Gathered:
        return Gathered((BTC,), (self.seen(at),))

    def seen(self, at: datetime) -> Observation:
        return Observation(Metric.PRICE, BTC.venue, BTC.symbol, BTC.coin, self.price(at), at, at, timedelta(0))

    def lived(self, since: datetime, until: datetime) -> Sequence[Panel]:
        """The bars that would have been closed after `since`, up to and including `until`."""
        ledger, bars = Ledger(), Bars(resolutions(MINUTE))
        ledger.expect([BTC])
        made: list[Panel] = []
        for n in range(1, (until - since) // MINUTE + 1):
            at = since + n * MINUTE
            ledger.take([self.seen(at)])
            made += bars.close(ledger.read(at, Label.LIVE))
        return [replace(bar, others={}) for bar in made]
