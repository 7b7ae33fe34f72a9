"""Fan-out: turns each event into one lane entry per subscribed place, a page at a time."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from adapters.pulse import part_of_loop
from adapters.store.base import Behind, Fanned, Store
from signals.event import Event

log = structlog.get_logger()

PAGE = 1000
WAIT = 0.05
"""Seconds between looks at a subscription that is still on its way."""


class Fanout:
    """Copies rule changes to each platform's lists, then expands events over them."""

    def __init__(self, store: Store, platforms: Sequence[str], now: Callable[[], datetime]) -> None:
        self._store = store
        self._platforms = platforms
        self._now = now

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for platform in self._platforms:
                group.create_task(self._follow_rules(platform))
            await self._expand_events()

    async def expand(self, event: Event) -> None:
        """One entry per place, on every platform; then the event is done with."""
        await asyncio.gather(*(self._expand_on(platform, event) for platform in self._platforms))
        await self._store.ack(event)

    async def _expand_on(self, platform: str, event: Event) -> None:
        while (fanned := await self._store.fan_out(platform, event, PAGE, self._now())) is not Fanned.DONE:
            if fanned is Fanned.WAIT and await self._store.last_change() < event.change_number:
                log.warning("an event's rule was lost by the store, so nobody is told", rule=event.rule_id)
                return
            if fanned is Fanned.WAIT:
                await asyncio.sleep(WAIT)

    async def _expand_events(self) -> None:
        async for event in self._store.events():
            await self.expand(event)
            log.debug("fanned out", alert=event.id)

    async def _follow_rules(self, platform: str) -> None:
        part_of_loop(f"rules of {platform}")
        while True:
            try:
                async for change in self._store.changes(await self._store.applied(platform)):
                    await self._store.subscribe(platform, change)
            except Behind:
                last = await self._store.last_change()
                await self._store.subscribe_all(platform, last, self._store.rules())
