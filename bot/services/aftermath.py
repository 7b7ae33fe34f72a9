"""The aftermath: follows up each fired alert, and keeps the prices that its outcomes are made of.

It goes by the market's own time and reads nothing but stored bars, so it may begin again at any line.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from adapters.store.market_port import MarketStore
from adapters.store.record_port import Followed, RecordStore
from signals.aftermath import close_at, filled, lacking, next_look
from signals.base import Signal
from signals.model import Metric
from signals.panel import Panel, resolutions
from signals.questions import bare
from signals.remembered import Remembered
from signals.rules.canonical import question_of

log = structlog.get_logger()

LOOK_AGAIN = 5.0
"""Seconds between looks."""

A_PAGE = 200
"""Alerts that are looked at together."""

LATELY = timedelta(minutes=15)
"""Prices of the last minutes are read for all at once; older ones need many bars."""


class AftermathStore(MarketStore, RecordStore, Protocol):
    """The ports that it uses."""


class Aftermath:
    """Looks at alerts when an outcome of theirs may be known, also after a restart."""

    def __init__(self, store: AftermathStore, signals: Sequence[Signal]) -> None:
        self._store = store
        self._bare: Mapping[str, Signal] = bare(signals)
        self._sought: dict[str, tuple[int, datetime]] = {}
        """By alert how often the past had been filled in when its old prices were looked for last, and up to when."""

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(LOOK_AGAIN)

    async def round(self) -> None:
        """Look at all alerts that are due by the last closed moment."""
        latest, steps = await self._store.latest(), await self._store.steps()
        if latest is None or not steps:
            return
        now, step = latest.at, min(steps)
        while due := await self._store.followed(now, A_PAGE):
            backfilled = await self._store.backfilled()
            wanted = [self._wanted(of.alert, now, backfilled) for of in due]
            for is_old in (False, True):
                some = [(of, at) for of, at in zip(due, wanted, strict=True) if (now - at > LATELY) is is_old]
                if some:
                    bars = await self._bars({of.alert.coin for of, _ in some}, step, now, min(at for _, at in some))
                    for of, _ in some:
                        await self._keep(of, filled(of.alert, step, now, partial(close_at, bars, of.alert.coin)), now)
                if is_old:
                    self._sought |= {of.alert.episode: (backfilled, now) for of, _ in some}

    def _wanted(self, alert: Remembered, now: datetime, backfilled: int) -> datetime:
        """The first moment whose price is looked for: of old ones in vain but once, until the past is filled in."""
        known, upto = self._sought.get(alert.episode, (backfilled, None))
        from_ = upto if upto is not None and known == backfilled else None
        return min((at for at in lacking(alert, now) if from_ is None or at > from_ or now - at <= LATELY), default=now)

    async def _bars(self, coins: Collection[str], step: timedelta, now: datetime, since: datetime) -> Sequence[Panel]:
        """The bars in which prices since then may be, the shortest first."""
        found = list[Panel]()
        for each, rows in resolutions(step).items():
            if not found or now - since > LATELY:
                wanted = min(rows, (now - since) // each + 2)
                found.append(await self._store.panel(each, [Metric.PRICE], wanted, tuple(sorted(coins))))
        return found

    async def _keep(self, of: Followed, alert: Remembered, now: datetime) -> None:
        again, question = next_look(alert, now), question_of(alert.sentence)
        if not lacking(alert, now):
            self._sought.pop(alert.episode, None)
        await self._store.follow(of, alert, again, question if question in self._bare else "")
        log.debug("followed up", alert=alert.episode, again=again, unknown=len(lacking(alert, now)))
