"""Bars as a store keeps them: one row each, joined to a panel when they are read."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

import numpy as np

from signals.aggregate import Cycle
from signals.model import Metric
from signals.panel import Matrix, Panel, resolutions

Slot: TypeAlias = tuple[Metric, str | None]
"""One matrix of a bar: a metric over all venues, or one venue's leg of it."""

KEPT_CYCLES = 60
"""Closed moments that a store keeps, the last ones."""

MOST_CYCLES = 240
"""How many it keeps while they were not judged: whoever judges may be away for so long and misses nothing."""


def kept_since(cycle: Cycle, judged: datetime | None) -> datetime:
    """The oldest moment that is kept when that one is closed; of older ones the last judged one and those after it."""
    step = min((panel.step for panel in cycle.bars), default=timedelta(minutes=1))
    last = cycle.at - (KEPT_CYCLES - 1) * step
    return last if judged is None else min(last, judged)


def rows_of(bars: Panel) -> Iterator[tuple[int, Panel]]:
    """Each row as a panel of its own, with its time in Unix milliseconds."""
    for row, at in enumerate(bars.times.tolist()):
        yield at, replace(bars.rows(row, row + 1), others={})


def kept_rows(bars: Sequence[Panel]) -> dict[timedelta, int]:
    """How many rows of each of these steps are kept, in a market whose shortest bar is the shortest of them."""
    if not bars:
        return {}
    keep = resolutions(min(panel.step for panel in bars))
    return {panel.step: keep.get(panel.step, len(panel.times)) for panel in bars}


def with_just(panel: Panel, metrics: Collection[Metric], coins: tuple[str, ...] | None) -> Panel:
    """The panel with just those metrics and their legs, and of just those coins that it has; None stands for all."""
    few = replace(
        panel,
        matrices={metric: x for metric, x in panel.matrices.items() if metric in metrics},
        legs={metric: by for metric, by in panel.legs.items() if metric in metrics},
    )
    return few if coins is None else few.of(tuple(coin for coin in panel.coins if coin in coins))


def filled(stored: Panel | None, past: Panel) -> Panel | None:
    """The stored row with the past where it is unknown, over the coins and legs of both; None if that adds nothing."""
    if stored is None:
        return past
    coins = tuple(dict.fromkeys((*stored.coins, *past.coins)))
    known, found = _spread(stored, coins), _spread(past, coins)
    merged = {slot: _where_unknown(known.get(slot), found.get(slot)) for slot in {**known, **found}}
    if all(_same(known.get(slot), row) for slot, row in merged.items()):
        return None
    whole = {metric: row for (metric, venue), row in merged.items() if venue is None}
    legs: dict[Metric, dict[str, Matrix]] = {metric: {} for metric in (*stored.legs, *past.legs)}
    for (metric, venue), row in merged.items():
        if venue is not None:
            legs[metric][venue] = row
    return Panel(stored.times, coins, stored.step, whole, legs)


def _spread(row: Panel, coins: Sequence[str]) -> Mapping[Slot, Matrix]:
    """The matrices of the row over these coins."""
    place = {coin: column for column, coin in enumerate(coins)}
    columns = np.array([place[coin] for coin in row.coins], np.int64)
    slots = dict(row.slots())
    wide = {slot: np.full((1, len(coins)), np.nan, np.float32) for slot in slots}
    for slot, matrix in slots.items():
        wide[slot][:, columns] = matrix
    return wide


def _where_unknown(known: Matrix | None, found: Matrix | None) -> Matrix:
    if known is None or found is None:
        only = found if known is None else known
        if only is None:
            raise AssertionError("a slot belongs to one of the two rows")
        return only
    filled_in: Matrix = np.where(np.isfinite(known), known, found)
    return filled_in


def _same(known: Matrix | None, merged: Matrix) -> bool:
    """Whether nothing is known that was not."""
    before = 0 if known is None else np.isfinite(known).sum()
    return bool(before == np.isfinite(merged).sum())
