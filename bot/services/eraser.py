"""The eraser: takes the last traces of forgotten places out of the store, once the other loops have heard of it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from adapters.chat.base import Place
from adapters.store.base import Store

log = structlog.get_logger()

HEARD = timedelta(seconds=20)
"""Readers of changes hear of an erased place within less; whoever is later than that loads everything again."""

LOOK_AGAIN = 5.0
"""Seconds between looks: a place is gone within a minute."""


class Eraser:
    """Finishes what `/forget` began, also after a restart."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._told: dict[tuple[Place, datetime], datetime] = {}
        """By what is being erased, and since when by the clock of whoever asked, when we saw it first."""

    async def run(self) -> None:
        """Look around until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(LOOK_AGAIN)

    async def round(self) -> None:
        """Finish the places that were erased long enough ago."""
        now, erasing = self._now(), await self._store.erasing()
        self._told = {of: self._told.get(of, now) for of in erasing.items()}
        for (place, _), since in self._told.items():
            if now - since >= HEARD:
                await self._store.erased(place)
                log.info("a place is forgotten")
