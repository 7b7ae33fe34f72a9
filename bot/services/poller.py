"""The poller: has a market watched, closes each moment, and writes it with its bars."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import structlog

from adapters.store.alert_port import AlertStore
from adapters.store.market_port import MarketStore
from adapters.store.venue_port import VenueStore
from adapters.venues.base import Health, MarketSource
from bot.clock import AS_FAST_AS_IT_GOES, Clock, grid
from signals.aggregate import Cycle, Ledger
from signals.bars import Bars, enough_to_close
from signals.model import Instrument
from signals.panel import STORED, resolutions

log = structlog.get_logger()

IN_SIGHT = 30
"""Moments that the evaluator may be behind when a market is played as fast as it goes; stores keep twice as many."""

LOOK_AGAIN = 0.01
"""Seconds between looks at how far it is."""

LOOK_AT_CLOCK = 1.0
"""Seconds between looks at the clock before the first moment: it may have been wrong."""


class PollerStore(MarketStore, VenueStore, AlertStore, Protocol):
    """The ports that the poller uses."""


class Poller:
    """Reads one market source into the store, moment by moment. `at` is the moment that is being closed."""

    def __init__(self, source: MarketSource, store: PollerStore, clock: Clock) -> None:
        self.at = source.start
        self._closed: datetime | None = None
        self._warm = False
        self._source = source
        self._store = store
        self._clock = clock
        self._watch = source.watch(lambda: self.at)
        self._ledger = Ledger()
        self._bars = Bars(enough_to_close(resolutions(source.step)))
        self._expected: tuple[Instrument, ...] = ()
        self._quarantined: frozenset[tuple[str, str]] = frozenset()

    async def run(self) -> None:
        """Close moment after moment until the source ends or the task is cancelled."""
        if not self._warm:
            await self.warm_up()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch.run())
            await self._close_all()
            watching.cancel()

    async def _close_all(self) -> None:
        after: datetime | None = self._after()
        while after is not None:
            after = await self._close_those(after)

    async def _close_those(self, after: datetime) -> datetime | None:
        """Close the moments after that one; returns where to go on if the clock was set back before the first."""
        for at in grid(after, self._source.step):
            if self._is_missed(at):
                continue
            if self._source.end is not None and at > self._source.end:
                log.info("recording ended", at=self.at)
                return None
            if not await self._comes(at):
                return self._clock.now()
            if self._clock.speed == AS_FAST_AS_IT_GOES:
                await self._keep_in_sight(at)
            await self.close(at)
        return None

    async def _comes(self, at: datetime) -> bool:
        """Wait until the moment can be closed; False where a clock that was set back lets others come before it."""
        due = at + self._source.settles
        while self._closed is None and not self._source.waits and (now := self._clock.now()) < due:
            if at - now > self._source.step:
                return False
            await asyncio.sleep(min((due - now).total_seconds(), LOOK_AT_CLOCK))
        await self._clock.until(due)
        return True

    def _after(self) -> datetime:
        """The moment after which to go on."""
        before_the_first = self._source.start - self._source.step
        return max(self._closed, before_the_first) if self._closed else before_the_first

    def _is_missed(self, at: datetime) -> bool:
        """Whether that moment is long over in a market that does not wait."""
        return not self._source.waits and self._clock.now() - at > self._source.step + self._source.settles

    async def close(self, at: datetime) -> Cycle:
        """Gather, aggregate, and write the moment `at` with the bars that it closes."""
        self.at = at
        gathered = await self._watch.gather(at)
        self._expect(gathered.instruments)
        self._ledger.take(gathered.observations)
        cycle = self._ledger.read(at, self._source.label)
        self._tell_quarantine()
        cycle = replace(cycle, bars=self._bars.close(cycle))
        await self._store.close(cycle, await self._store.judged())
        await self._store.report(gathered.health)
        self._closed = at
        return cycle

    def _tell_quarantine(self) -> None:
        """Say once who is taken for another coin of the same name, or for another multiplier."""
        for venue, symbol in sorted(self._ledger.quarantined - self._quarantined):
            log.warning("instrument not counted", venue=venue, symbol=symbol, reason="multiplier-or-homonym")
        self._quarantined = self._ledger.quarantined

    def health(self) -> Sequence[Health]:
        """How the venues are doing right now."""
        return self._watch.health()

    async def warm_up(self) -> None:
        """Take up where the store ends; a market never seen before brings its past along, and its first moment."""
        latest = await self._store.latest()
        if latest is None:
            await self._store.extend(await asyncio.to_thread(self._source.past))
        for step, rows in self._bars.rows.items():
            self._bars.append(await self._store.panel(step, STORED, rows))
        if latest is None and self._clock.now() >= self._source.start:
            await self.close(self._source.start)
        elif latest is not None:
            self.at = self._closed = latest.at
            self._expect((await self._watch.gather(latest.at)).instruments)
            self._ledger.take(latest.known)
        self._warm = True

    def _expect(self, instruments: tuple[Instrument, ...]) -> None:
        if instruments != self._expected:
            self._expected = instruments
            self._ledger.expect(instruments)

    async def _keep_in_sight(self, at: datetime) -> None:
        """Wait for the evaluator where no clock paces us, so that no moment is dropped before it was judged."""
        behind = self._source.step * IN_SIGHT
        while at - (await self._store.judged() or self._source.start) > behind:  # noqa: ASYNC110 - it may be elsewhere
            await asyncio.sleep(LOOK_AGAIN)
