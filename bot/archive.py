"""`perpwatch archive`: what the store forgets is kept in files, a day at a time; stopped, it goes on later."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from adapters.archive import ALERTS, DAY, days_of, kind_of, part_of, write_alerts, write_bars
from adapters.store.base import Store
from bot.past import BadRequest, Shown
from signals.event import Event
from signals.panel import KEEP, STORED, from_ms, resolutions

_FORGOTTEN = 2 * DAY
"""Bars that are kept for less are left out: of a day that is over much of them is gone."""

_EVENTS = 1_000_000
"""Of one page of rules: more than there are."""


class Archive:
    """One run: writes every day that is over and not there yet, oldest first."""

    def __init__(self, store: Store, folder: Path, shown: Shown) -> None:
        self._store = store
        self._folder = folder
        self._shown = shown

    async def run(self) -> None:
        """Raises BadRequest where there is nothing to archive, or where the folder cannot be written."""
        latest = await self._store.latest()
        steps = await self._store.steps()
        if latest is None or not steps:
            raise BadRequest(
                "There is no market in the store yet. Start perpwatch run, and archive when a day is over."
            )
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            kept = [step for step in steps if KEEP.get(step, _FORGOTTEN) >= _FORGOTTEN]
            for step in kept:
                await self._bars(step, _day_of(latest.at), resolutions(steps[0])[step], latest.label)
            await self._alerts(latest.label)
        except OSError as error:
            raise BadRequest(
                f"{self._folder} cannot be written: {error.strerror or error}. Choose another --out folder."
            ) from None

    async def _bars(self, step: timedelta, until: datetime, most: int, label: str) -> None:
        there = days_of(self._folder, kind_of(step))
        rows = most if not there else min(most, (until - there[-1]) // step)
        bars = await self._store.panel(step, STORED, rows) if rows > 0 else None
        if bars is None or not len(bars.times):
            return
        day = max(_day_of(from_ms(int(bars.times[0]) - 1)), there[-1] + DAY if there else _EPOCH)
        while day < until:
            own = part_of(bars, day)
            if any(np.isfinite(matrix).any() for _, matrix in own.slots()):
                self._shown.wrote(write_bars(self._folder, day, own, label))
            day += DAY

    async def _alerts(self, label: str) -> None:
        judged = await self._store.judged()
        if judged is None:
            return
        there, until = days_of(self._folder, ALERTS), _day_of(judged)
        told = [event for event in await self._told() if event.at <= until]
        first = there[-1] + DAY if there else min((_day_of(event.at) for event in told), default=until)
        while first < until:
            own = [event for event in told if first < event.at <= first + DAY]
            self._shown.wrote(write_alerts(self._folder, first, own, label))
            first += DAY

    async def _told(self) -> Sequence[Event]:
        told: list[Event] = []
        async for page in self._store.rules():
            told += await self._store.recent([rule.id for rule in page], _EVENTS)
        return told


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _day_of(at: datetime) -> datetime:
    """The beginning of its UTC day."""
    return _EPOCH + (at - _EPOCH) // DAY * DAY
