"""What was read of the market, kept in memory until there is newer: a server needs long to look through months of bars.

A moment is written once and never changed, so it is decoded once. Bars of the past change only when they are filled in.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from adapters.store.bars import with_just
from adapters.store.market_port import MarketStore
from signals.model import Metric
from signals.panel import Panel, blank, from_ms, stack


@dataclass(frozen=True, slots=True)
class _Book:
    """One metric's bars of one step for all coins, `rows` of them or as many as there were at that moment."""

    bars: Panel
    rows: int
    at: datetime


_Books: TypeAlias = dict[Metric, _Book]


class Shelf:
    """The bars that were asked for, brought up to date when they are asked for again. What is given is not changed."""

    def __init__(self, store: MarketStore) -> None:
        self._store = store
        self._books: dict[timedelta, _Books] = defaultdict(dict)
        self._turns: dict[timedelta, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._backfilled = 0

    async def panel(
        self, step: timedelta, metrics: Collection[Metric], rows: int, coins: tuple[str, ...] | None = None
    ) -> Panel:
        """As the store's own `panel`."""
        cycle, backfilled = await asyncio.gather(self._store.latest(), self._store.backfilled())
        if cycle is None or not metrics:
            return await self._store.panel(step, metrics, rows, coins)
        if backfilled != self._backfilled:
            self._backfilled = backfilled
            self._books.clear()
        books = self._books[step]
        if _behind(books, step, metrics, rows, cycle.at):
            async with self._turns[step]:  # who waited finds them up to date
                await self._read(books, step, _behind(books, step, metrics, rows, cycle.at), rows, cycle.at)
        return _beside([with_just(books[metric].bars.tail(rows), metrics, coins) for metric in metrics], step)

    async def _read(self, books: _Books, step: timedelta, metrics: Sequence[Metric], rows: int, at: datetime) -> None:
        if not metrics:
            return
        known = [of for metric in metrics if (of := books.get(metric)) is not None and of.rows >= rows]
        if len(known) < len(metrics):  # some for the first time, or from further back
            wanted = max([rows, *(books[metric].rows for metric in metrics if metric in books)])
            read = await self._store.panel(step, metrics, wanted)
            books |= {metric: _Book(with_just(read, [metric], None), wanted, at) for metric in metrics}
            return
        missed = max((at - of.at) // step for of in known) + 2
        read = await self._store.panel(step, metrics, missed)
        for metric in metrics:
            old, new = books[metric], with_just(read, [metric], None)
            bars = await asyncio.to_thread(stack, [old.bars, new], step, old.rows)
            books[metric] = _Book(bars, old.rows, at)


def _behind(books: _Books, step: timedelta, metrics: Collection[Metric], rows: int, at: datetime) -> Sequence[Metric]:
    """The metrics of which there are too few bars here, or newer ones in the store."""
    return [m for m in metrics if (of := books.get(m)) is None or of.rows < rows or _closed(of.at, at, step)]


def _closed(before: datetime, at: datetime, step: timedelta) -> bool:
    """Whether a bar of that step was closed after the one moment and by the other."""
    return (before - _EPOCH) // step < (at - _EPOCH) // step


_EPOCH = from_ms(0)


def _beside(panels: Sequence[Panel], step: timedelta) -> Panel:
    """Panels of different metrics over the same bars as one."""
    coins = tuple(dict.fromkeys(coin for panel in panels for coin in panel.coins))
    longest = max(panels, key=lambda panel: len(panel.times), default=blank(step))
    whole = [panel.of(coins) for panel in panels if len(panel.times) == len(longest.times)]
    matrices = {metric: matrix for panel in whole for metric, matrix in panel.matrices.items()}
    legs = {metric: by for panel in whole for metric, by in panel.legs.items()}
    return Panel(longest.times, coins, step, matrices, legs)
