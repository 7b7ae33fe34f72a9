"""A question judged on the bars that a store keeps: where it was in force, on those that reach back furthest."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from adapters.store.market_port import MarketStore
from adapters.store.record_port import Made
from signals.base import Signal
from signals.occurrences import occurrences
from signals.panel import Panel, resolutions, to_ms
from signals.questions import direction
from signals.recorded import ALL_COINS, joined, metrics_of, records, tells
from signals.rules.model import Draft
from signals.study import Observed

T = TypeVar("T")

COINS_AT_ONCE = 150
"""Bars of so many coins are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Works things out in a thread, and then rests, so that it takes no more than that share of the time."""

    share: float = 1.0

    async def __call__(self, work: Callable[[], T]) -> T:
        """What it comes to."""
        clock = asyncio.get_running_loop().time
        began = clock()
        done = await asyncio.to_thread(work)
        await asyncio.sleep((clock() - began) * (1 / self.share - 1))
        return done


AT_ONCE = Aside()


@dataclass(frozen=True, slots=True)
class KeptBars:
    """The bars of a store, and the signals that judge questions on them."""

    store: MarketStore
    signals: Mapping[str, Signal]
    aside: Aside = AT_ONCE

    async def made_of(self, draft: Draft, coins: tuple[str, ...], at: datetime) -> Mapping[str, Made]:
        """What followed the question on each of these coins, and under ALL_COINS on all of them."""
        seen = await self.observed(draft, coins, at)
        if seen is None:
            return {coin: Made(at, ()) for coin in (ALL_COINS, *coins)}
        found = await self.aside(partial(records, seen, direction(draft, self.signals)))
        return {coin: Made(at, studies) for coin, studies in found.items()}

    async def observed(self, draft: Draft, coins: tuple[str, ...], at: datetime) -> Observed | None:
        """Where it was in force up to `at` on these coins; None where no bars can judge it. Shorter ones come last."""
        kept = await self.store.steps()
        steps = sorted(resolutions(min(kept)), reverse=True) if kept and coins else []
        for step in steps:
            if not tells(draft, step, steps[-1]):
                continue
            parts = list[Observed]()
            for start in range(0, len(coins), COINS_AT_ONCE):
                some = coins[start : start + COINS_AT_ONCE]
                panel = await self.bars(draft, some, at, step)
                if len(panel.times):
                    parts.append(await self.aside(partial(occurrences, draft, some, panel, self.signals)))
            if any(of.known.any() for of in parts):
                return joined(parts)
        return None

    async def bars(self, draft: Draft, coins: tuple[str, ...], at: datetime, step: timedelta) -> Panel:
        """All bars of that length and longer that it needs of these coins, closed by `at`, as if these were all."""
        kept, metrics = resolutions(min(await self.store.steps())), metrics_of(draft, self.signals)
        longer = {each: rows for each, rows in kept.items() if each >= step}
        read = {each: (await self.store.panel(each, metrics, rows, coins)).of(coins) for each, rows in longer.items()}
        finest = read.pop(step)
        return replace(finest, others=read).known_by(to_ms(at))
