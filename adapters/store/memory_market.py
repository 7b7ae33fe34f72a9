"""Closed moments and bars in memory."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.store.bars import MOST_CYCLES, filled, kept_rows, kept_since, rows_of, with_just
from signals.aggregate import Cycle
from signals.glance import Glance
from signals.model import Metric
from signals.panel import Panel, stack, to_ms


class Bell:
    """Wakes everyone who waits for something new."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake them."""
        self._event.set()
        self._event = asyncio.Event()

    async def heard(self) -> None:
        """Wait for the next ring."""
        await self._event.wait()


class MemoryMarkets:
    """The market port."""

    def __init__(self) -> None:
        super().__init__()
        self._cycles: deque[Cycle] = deque(maxlen=MOST_CYCLES)
        self._bars: dict[timedelta, dict[int, Panel]] = {}
        self._backfilled = 0
        self._glance: Glance | None = None
        self._closed = Bell()

    async def close(self, cycle: Cycle, judged: datetime | None = None) -> None:
        if self._cycles and cycle.at <= self._cycles[-1].at:
            return
        self._cycles.append(cycle)
        while self._cycles[0].at < kept_since(cycle, judged):
            self._cycles.popleft()
        self._keep(cycle.bars, _anew)
        self._closed.ring()

    async def latest(self) -> Cycle | None:
        return replace(self._cycles[-1], bars=()) if self._cycles else None

    async def cycles(self, after: datetime | None) -> AsyncIterator[Cycle]:
        while True:
            for cycle in [c for c in self._cycles if after is None or c.at > after]:
                after = cycle.at
                yield cycle
            if not self._cycles or (after is not None and self._cycles[-1].at <= after):
                await self._closed.heard()

    async def panel(
        self, step: timedelta, metrics: Collection[Metric], rows: int, coins: tuple[str, ...] | None = None
    ) -> Panel:
        kept = self._bars.get(step, {})
        return stack((with_just(kept[at], metrics, coins) for at in sorted(kept)[-rows:]), step, rows)

    async def at_hand(
        self, step: timedelta, metrics: Collection[Metric], rows: int, coins: tuple[str, ...] | None = None
    ) -> Panel:
        return await self.panel(step, metrics, rows, coins)

    async def extend(self, bars: Sequence[Panel]) -> None:
        before = to_ms(self._cycles[-1].at) if self._cycles else None
        past = [panel if before is None else panel.known_by(before - 1) for panel in bars]
        self._backfilled += self._keep(past, filled)

    async def backfilled(self) -> int:
        return self._backfilled

    async def look(self, glance: Glance) -> None:
        self._glance = glance

    async def looked(self) -> tuple[Cycle, Glance] | None:
        glance = self._glance
        moments = () if glance is None else (cycle for cycle in reversed(self._cycles) if cycle.at == glance.at)
        return next(((replace(cycle, bars=()), glance) for cycle in moments if glance is not None), None)

    async def steps(self) -> Sequence[timedelta]:
        return sorted(self._bars)

    def _keep(self, bars: Sequence[Panel], joins: Callable[[Panel | None, Panel], Panel | None]) -> bool:
        """Keep each row as it joins the one that is there; whether one changed."""
        changed = False
        for panel in bars:
            kept = self._bars.setdefault(panel.step, {})
            for at, row in rows_of(panel):
                joined_row = joins(kept.get(at), row)
                if joined_row is not None:
                    kept[at] = joined_row
                    changed = True
        for step, rows in kept_rows(bars).items():
            for at in sorted(self._bars[step])[:-rows]:
                del self._bars[step][at]
        return changed


def _anew(stored: Panel | None, closed: Panel) -> Panel:
    """A closed bar is what it is."""
    del stored
    return closed
