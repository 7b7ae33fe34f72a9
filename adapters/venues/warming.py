"""Warm start: the past of live venues is filled in behind what is live, the most important coins first.

It takes only what the present leaves of each venue's limits, and what it has done survives a restart.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from adapters.store.base import StoreUnavailable
from adapters.store.market_port import MarketStore
from adapters.store.venue_port import WATCHED, VenueStore
from adapters.venues.base import Refused, Span, Unavailable, Venue
from adapters.venues.lookback import Patience
from signals.aggregate import Cycle
from signals.backfill import Told, beside, ends, lived, rolling, told
from signals.model import ROLLING, Instrument, Metric
from signals.panel import KEEP, Buffer, Panel, from_ms, to_ms

log = structlog.get_logger()

STAGES = (20, 80, 100)
"""Coins of each stage, the last number again and again: the fewer stages, the less is written twice."""

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (2, 8, 30, 60, 120, 300, 600))
"""How long to wait after each answer of a venue that did not come: bars that were made without it stay so."""

TOGETHER = 5
"""Coins whose past is in memory at once."""

LISTED_WITHIN = timedelta(minutes=2)
"""How long to wait for venues that have not listed anything yet."""

LOOK = 1.0
"""Seconds between looks for a market."""

AGAIN = 60.0
"""Seconds after which a store that was away is tried again."""

ROWS = 25
"""Bars that are made before others have their turn: a few milliseconds."""

_OLD = timedelta(days=1)
_BEFORE: Mapping[Metric, timedelta] = {Metric.FUNDING_SETTLED: timedelta(days=1), Metric.VOLUME: timedelta(days=1)}
"""How much earlier to begin: with the payment that still counts, with the day that ends with the first bar."""

_MINUTE, _FIVE, _HOUR = sorted(KEEP)

ASKED: Mapping[timedelta, tuple[Metric, ...]] = {
    _HOUR: (Metric.PRICE, Metric.OI_LEVEL, Metric.LS, Metric.VOLUME),
    _FIVE: (Metric.PRICE, Metric.OI_LEVEL, Metric.LS, Metric.VOLUME),
    _MINUTE: (Metric.PRICE,),
}
"""What is asked for in bars of each length. Statistics have no shorter step than 5 minutes."""

_BORROWED = frozenset({Metric.OI_LEVEL, Metric.LS, Metric.VOLUME_24H})
"""What bars of a minute take from those of 5 minutes."""


class WarmingStore(MarketStore, VenueStore, Protocol):
    """The ports that a warm start uses."""


Past = dict[timedelta, list[Told]]
"""What was told, by the length of the bars."""


class Warming:
    """Fills in the past of what `instruments` lists, as far back as `keep`. `run` ends when that is done."""

    def __init__(
        self,
        venues: Sequence[Venue],
        instruments: Callable[[], Sequence[Instrument]],
        store: WarmingStore,
        clock: Callable[[], datetime],
        keep: Mapping[timedelta, timedelta] = KEEP,
        sizes: Sequence[int] = STAGES,
    ) -> None:
        self._venues = {venue.name: venue for venue in venues}
        self._instruments = instruments
        self._store = store
        self._clock = clock
        self._keep = keep
        self._sizes = sizes
        self._patience = Patience(clock, pauses=PAUSES)

    async def run(self) -> None:
        """Fill in what was never filled in."""
        while True:
            try:
                await self._run()
            except StoreUnavailable as error:
                log.warning("warm start waits for the store", why=str(error))
                await asyncio.sleep(AGAIN)
            else:
                return

    async def _run(self) -> None:
        cycle = await self._market()
        done = {name: await self._done(name, cycle.at) for name in self._venues}
        coins = self._due(cycle, await self._watched(), done)
        if not coins:
            return
        log.info("warm start begins", coins=len(coins), venues=sorted(self._venues))
        over = 0
        for stage in stages(coins, self._sizes):
            without = await self._warm(stage)
            over += len(stage)
            for name in self._venues:
                if name not in without:
                    done[name] |= set(stage)
                    await self._store.learn(_name(name), " ".join(sorted(done[name])).encode())
            log.info("warm start", coins=over, of=len(coins), without=sorted(without))

    async def _market(self) -> Cycle:
        """The last closed moment, as soon as venues have listed what they have."""
        since = self._clock()
        while True:
            listed = {of.venue for of in self._instruments()}
            waited = self._clock() - since >= LISTED_WITHIN
            cycle = await self._store.latest()
            if cycle is not None and cycle.readings and listed and (waited or listed >= set(self._venues)):
                return cycle
            await asyncio.sleep(LOOK)

    async def _done(self, venue: str, now: datetime) -> set[str]:
        """The coins of a venue that need no past: those noted, else those that have one of more than a day."""
        noted = await self._store.learned(_name(venue))
        if noted is not None:
            return set(noted.decode().split())
        hours = await self._store.panel(_HOUR, [Metric.PRICE], KEEP[_HOUR] // _HOUR)
        old = hours.known_by(to_ms(now - _OLD))
        return {coin for j, coin in enumerate(old.coins) if (old.leg(Metric.PRICE, venue)[:, j] > 0).any()}

    async def _watched(self) -> frozenset[str]:
        said = await self._store.learned(WATCHED)
        return frozenset(said.decode().split()) if said else frozenset()

    def _due(self, cycle: Cycle, watched: Collection[str], done: Mapping[str, Collection[str]]) -> list[str]:
        due = {of.coin for of in self._instruments() if of.venue in done and of.coin not in done[of.venue]}
        return sorted(due, key=lambda coin: (coin not in watched, -_worth(cycle, coin), coin))

    async def _warm(self, stage: Sequence[str]) -> set[str]:
        """Fill in the past of these coins; returns the venues that gave up."""
        latest = await self._store.latest()
        until = latest.at if latest is not None else self._clock()
        without: set[str] = set()
        made: dict[timedelta, list[Panel]] = defaultdict(list)
        for start in range(0, len(stage), TOGETHER):
            coins = stage[start : start + TOGETHER]
            instruments = [of for of in self._instruments() if of.coin in coins]
            past = await self._ask(instruments, until, without)
            for coin in coins:
                await self._live(coin, instruments, past, until, made)
        await self._store.extend([beside(panels) for panels in made.values()])
        return without

    async def _ask(self, instruments: Sequence[Instrument], until: datetime, without: set[str]) -> Past:
        """What all venues kept of these contracts; each venue is asked at its own pace."""
        found: Past = {step: [] for step in self._keep}

        async def ask(venue: Venue) -> None:
            try:
                for of in instruments:
                    if of.venue == venue.name:
                        await self._ask_one(venue, of, until, found)
            except (Unavailable, Refused) as error:
                without.add(venue.name)
                log.warning("warm start goes on without a venue", venue=venue.name, why=str(error))

        async with asyncio.TaskGroup() as group:
            for name, venue in self._venues.items():
                if name not in without:
                    group.create_task(ask(venue))
        return found

    async def _ask_one(self, venue: Venue, of: Instrument, until: datetime, found: Past) -> None:
        for step, metric in _questions(of):
            keep = self._keep[step] + _BEFORE.get(metric, timedelta(0))
            end = from_ms(int(ends(until, self._keep[step], step)[-1]))
            seen = await self._patience.look_back(venue, of, metric, Span(end - keep, end), step)
            one = told(of, metric, seen, step)
            if metric is Metric.VOLUME and metric not in of.metrics:
                one = rolling(one)
            found[step].append(one)
            if metric is Metric.FUNDING_SETTLED or (step == _FIVE and one.metric in _BORROWED):
                for finer in (finer for finer in self._keep if finer < step):
                    found[finer].append(one)

    async def _live(
        self,
        coin: str,
        instruments: Sequence[Instrument],
        past: Past,
        until: datetime,
        made: dict[timedelta, list[Panel]],
    ) -> None:
        """Make the coin's bars, and let others have their turn meanwhile."""
        own = [of for of in instruments if of.coin == coin]
        for step, keep in self._keep.items():
            times = ends(until, keep, step)
            bars = Buffer(step, len(times))
            for n, row in enumerate(lived([one for one in past[step] if one.of in own], own, times, step)):
                bars.append(row)
                if n % ROWS == 0:
                    await asyncio.sleep(0)
            made[step].append(beside([bars.panel()]))


def stages(coins: Sequence[str], sizes: Sequence[int]) -> Iterator[Sequence[str]]:
    """The coins in their order in stages of these sizes, the last one again and again."""
    start = number = 0
    while start < len(coins):
        stop = start + sizes[min(number, len(sizes) - 1)]
        yield coins[start:stop]
        start, number = stop, number + 1


def _questions(of: Instrument) -> Iterator[tuple[timedelta, Metric]]:
    """What a contract is asked for, in this order: only what it offers now, volumes of a day by their bars."""
    if Metric.FUNDING_SETTLED in of.metrics:
        yield _HOUR, Metric.FUNDING_SETTLED
    for step, metrics in ASKED.items():
        yield from ((step, metric) for metric in metrics if {metric, ROLLING.get(metric, metric)} & of.metrics)


def _worth(cycle: Cycle, coin: str) -> float:
    """The open interest in dollars; nothing where it is unknown."""
    of = cycle.readings.get(coin, {})
    oi, price = of.get(Metric.OI_LEVEL), of.get(Metric.PRICE)
    return ((oi.value if oi else None) or 0.0) * ((price.value if price else None) or 0.0)


def _name(venue: str) -> str:
    return f"warmed/{venue}"
