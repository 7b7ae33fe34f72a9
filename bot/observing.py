"""A question judged on the bars that a store keeps: where it was in force, on those that reach back furthest."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from adapters.store.market_port import MarketStore
from signals.base import Signal
from signals.occurrences import occurrences
from signals.panel import Panel, resolutions, to_ms
from signals.recorded import joined, metrics_of, tells
from signals.rules.model import Draft
from signals.study import Observed

COINS_AT_ONCE = 150
"""Bars of so many coins are in memory at a time."""

Aside: TypeAlias = Callable[[Callable[[], Observed]], Awaitable[Observed]]
"""How what takes its time is worked out."""


async def observed(
    store: MarketStore,
    draft: Draft,
    coins: tuple[str, ...],
    signals: Mapping[str, Signal],
    at: datetime,
    aside: Aside = asyncio.to_thread,
) -> Observed | None:
    """Where it was in force up to `at` on these coins; None where no bars can judge it. Shorter bars are read last."""
    kept = await store.steps()
    steps = sorted(resolutions(min(kept)), reverse=True) if kept and coins else []
    for step in steps:
        if not tells(draft, step, steps[-1]):
            continue
        parts = list[Observed]()
        for start in range(0, len(coins), COINS_AT_ONCE):
            some = coins[start : start + COINS_AT_ONCE]
            panel = await bars(store, draft, some, signals, at, step)
            if len(panel.times):
                parts.append(await aside(partial(occurrences, draft, some, panel, signals)))
        if any(of.known.any() for of in parts):
            return joined(parts)
    return None


async def bars(
    store: MarketStore,
    draft: Draft,
    coins: tuple[str, ...],
    signals: Mapping[str, Signal],
    at: datetime,
    step: timedelta,
) -> Panel:
    """All bars of that length and longer ones that it needs of these coins, closed by `at`, as if these were all."""
    kept, metrics = resolutions(min(await store.steps())), metrics_of(draft, signals)
    read = {
        each: (await store.panel(each, metrics, rows, coins)).of(coins) for each, rows in kept.items() if each >= step
    }
    finest = read.pop(step)
    return replace(finest, others=read).known_by(to_ms(at))
