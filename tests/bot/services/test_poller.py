"""The poller closes each moment once, delays nobody for a venue in trouble, and takes up where the store ends."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from structlog.testing import capture_logs

from adapters.store.memory import MemoryStore
from adapters.venues.base import Batch, Feed, MarketSource, Quality, Span, Unavailable, Venue
from adapters.venues.rounds import Rounds
from adapters.venues.simulated import SimulatedMarket
from bot.clock import AS_FAST_AS_IT_GOES, Clock
from bot.market import play, whole
from bot.services.poller import IN_SIGHT, Poller
from signals.model import Gap, Instrument, Liquidation, Metric, Observation
from tests import virtual
from tests.bot.services.markets import played, running, story, until

HOUR = timedelta(hours=1)
START = datetime.fromisoformat("2026-01-05T00:00Z")


def test_it_closes_the_same_moments_as_a_plain_playing_of_the_recording(tmp_path: Path) -> None:
    market = story(tmp_path)

    async def live() -> list[object]:
        poller = Poller(market, MemoryStore(), Clock(market.start, AS_FAST_AS_IT_GOES))
        return [(await poller.close(market.start + hour * HOUR)).readings for hour in range(96)]

    assert virtual.run(live) == [cycle.readings for cycle in play(market, whole(market))]


def test_a_restarted_poller_goes_on_with_the_next_moment(tmp_path: Path) -> None:
    market = story(tmp_path)

    async def live(*ends: int) -> list[object]:
        store = MemoryStore()
        for hours in ends:
            await played(market, store, market.start + hours * HOUR)
        bars = await store.panel(HOUR, [Metric.PRICE, Metric.OI_LEVEL], 200)
        return [bars.times.tolist(), bars[Metric.PRICE].tolist(), bars[Metric.OI_LEVEL].tolist()]

    assert virtual.run(lambda: live(30, 31, 60, 95)) == virtual.run(lambda: live(95))


def test_a_market_never_seen_brings_its_past_along_and_its_first_moment() -> None:
    async def live() -> tuple[list[timedelta], datetime | None, int]:
        store, source = MemoryStore(), SimulatedMarket(1, START, ())
        await Poller(source, store, Clock(START)).warm_up()
        latest = await store.latest()
        hours = await store.panel(HOUR, [Metric.PRICE], 5000)
        return list(await store.steps()), latest.at if latest else None, len(hours.times)

    steps, first, hours = virtual.run(live)

    assert steps == [timedelta(minutes=1), timedelta(minutes=5), HOUR]
    assert first == START
    assert hours >= 98 * 24 - 1


def test_moments_are_closed_in_market_time(tmp_path: Path) -> None:
    market = story(tmp_path)

    async def live() -> float:
        store = MemoryStore()
        poller = Poller(market, store, Clock(market.start, 3600.0))

        async def ten_hours() -> bool:
            latest = await store.latest()
            return latest is not None and latest.at >= market.start + 10 * HOUR

        async with running(poller.run):
            await until(ten_hours)
        return asyncio.get_running_loop().time()

    assert 10.0 <= virtual.run(live) <= 10.1


def test_at_full_speed_it_never_leaves_the_evaluator_out_of_sight(tmp_path: Path) -> None:
    market = story(tmp_path)

    async def live() -> datetime:
        store = MemoryStore()
        poller = Poller(market, store, Clock(market.start, AS_FAST_AS_IT_GOES))
        async with running(poller.run):
            await asyncio.sleep(60)
        latest = await store.latest()
        assert latest is not None
        return latest.at

    assert virtual.run(live) == market.start + IN_SIGHT * HOUR


@dataclass
class Troubled:
    """A venue that answers late, or not at all, between two moments."""

    venue: Venue
    clock: Callable[[], datetime]
    since: datetime
    until: datetime
    hangs: bool

    @property
    def name(self) -> str:
        return self.venue.name

    @property
    def label(self) -> str:
        return self.venue.label

    @property
    def quality(self) -> Quality:
        return self.venue.quality

    @property
    def feeds(self) -> Sequence[Feed]:
        return self.venue.feeds

    async def instruments(self) -> Sequence[Instrument]:
        return await self.venue.instruments()

    async def snapshot(self, feed: Feed, of: Sequence[Instrument]) -> Batch:
        if self.since <= self.clock() <= self.until:
            if self.hangs:
                await asyncio.sleep(3600)
            raise Unavailable("okx does not answer")
        return await self.venue.snapshot(feed, of)

    def liquidations(self, of: Sequence[Instrument]) -> AsyncIterator[Liquidation | Gap]:
        return self.venue.liquidations(of)

    def history(
        self, instrument: Instrument, metric: Metric, span: Span, step: timedelta
    ) -> AsyncIterator[Observation]:
        return self.venue.history(instrument, metric, span, step)


@dataclass
class TroubledMarket:
    """A market whose okx is in trouble for two hours."""

    source: MarketSource
    hangs: bool

    def __getattr__(self, name: str) -> object:
        return getattr(self.source, name)

    def venues(self, clock: Callable[[], datetime]) -> Sequence[Venue]:
        trouble = (self.source.start + 5 * HOUR, self.source.start + 6 * HOUR)
        return [
            Troubled(venue, clock, *trouble, hangs=self.hangs) if venue.name == "okx" else venue
            for venue in self.source.venues(clock)
        ]

    def watch(self, clock: Callable[[], datetime]) -> Rounds:
        return Rounds(self.venues(clock))


def test_a_venue_in_trouble_is_missing_not_zero_and_is_told_once_down_and_once_up(tmp_path: Path) -> None:
    market = story(tmp_path)
    structlog.reset_defaults()

    async def live(*, hangs: bool) -> tuple[list[object], float]:
        store = MemoryStore()
        poller = Poller(TroubledMarket(market, hangs), store, Clock(market.start, AS_FAST_AS_IT_GOES))
        found = []
        for hour in range(12):
            price = (await poller.close(market.start + hour * HOUR)).readings["ETH"][Metric.PRICE]
            found.append((price.missing, price.value is None))
        return found, asyncio.get_running_loop().time()

    for hangs in (False, True):
        with capture_logs() as logs:
            found, took = virtual.run(lambda hangs=hangs: live(hangs=hangs))

        assert found[4] == ((), False)
        assert found[5] == found[6] == (("okx",), True)
        assert found[7] == (("okx",), True), "one fresh moment is not enough to come back"
        assert found[8] == ((), False)
        assert [(line["event"], line["venue"]) for line in logs if "venue" in line] == [
            ("venue down", "okx"),
            ("venue recovered", "okx"),
        ]
        assert took <= 45


def test_the_first_row_of_bars_is_that_of_the_first_moment(tmp_path: Path) -> None:
    market = story(tmp_path)

    async def live() -> list[int]:
        store = MemoryStore()
        await played(market, store, market.start + 3 * HOUR)
        return (await store.panel(HOUR, [Metric.PRICE], 99)).times.tolist()

    times = virtual.run(live)

    assert times[0] == round(market.start.timestamp() * 1000)
