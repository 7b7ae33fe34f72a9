"""The bars of a market at all its resolutions, kept in memory and closed as moments close."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from signals.aggregate import Cycle, bar
from signals.heard import in_most
from signals.model import Kind
from signals.panel import ENOUGH, Buffer, Matrix, Panel, to_ms


def enough_to_close(steps: Collection[timedelta]) -> Mapping[timedelta, int]:
    """The rows that whoever only makes bars needs: of the finest as many as the longest one spans, of others the last.

    Windows of months take hundreds of megabytes, and only who judges them reads them.
    """
    finest = min(steps)
    return {step: max(steps) // finest if step == finest else 1 for step in steps}


class Bars:
    """One buffer per resolution; the finest is made from moments, the coarser ones from the finest."""

    def __init__(self, rows: Mapping[timedelta, int]) -> None:
        self._buffers = {step: Buffer(step, rows[step]) for step in sorted(rows)}
        self.finest = min(rows)

    @property
    def rows(self) -> Mapping[timedelta, int]:
        """How many rows each resolution keeps."""
        return {step: buffer.rows for step, buffer in self._buffers.items()}

    def close(self, cycle: Cycle) -> tuple[Panel, ...]:
        """Make, keep and return the bars that end at this moment, finest first."""
        closed = []
        for step in self._buffers:
            if not _on_grid(cycle.at, step):
                continue
            row = bar(cycle, step) if step == self.finest else roll(self._finest(), step, cycle.at)
            self.append(row)
            closed.append(row)
        return tuple(closed)

    def append(self, bars: Panel) -> None:
        """Keep bars that were closed elsewhere; those not newer than the last change nothing.

        All resolutions have the same coins in the same columns, also those that one of them has never seen.
        """
        for buffer in self._buffers.values():
            buffer.meet(bars.coins)
        self._buffers[bars.step].append(bars)

    def panel(self) -> Panel:
        """The market at its finest resolution, with the others at hand: use it before the next bar closes."""
        others = {step: b.panel() for step, b in self._buffers.items() if step != self.finest}
        return replace(self._finest(), others=others)

    def _finest(self) -> Panel:
        return self._buffers[self.finest].panel()


def _on_grid(at: datetime, step: timedelta) -> bool:
    return to_ms(at) % round(step.total_seconds() * 1000) == 0


def roll(panel: Panel, step: timedelta, end: datetime) -> Panel:
    """The one bar of a coarser step that ends at `end`, made from a finer panel.

    Levels are the value at the end. Sums need ENOUGH of the finer bars and are then the sum of those known; in a set is
    who was in ENOUGH of them.
    """
    stop = int(np.searchsorted(panel.times, to_ms(end), side="right"))
    start = int(np.searchsorted(panel.times, to_ms(end - step), side="right"))
    span = panel.rows(start, stop)
    last_is_end = stop > start and int(panel.times[stop - 1]) == to_ms(end)
    wanted = step // panel.step

    def level(matrix: Matrix) -> Matrix:
        return matrix[-1:].copy() if last_is_end else np.full((1, len(panel.coins)), np.nan, np.float32)

    def total(matrix: Matrix) -> Matrix:
        known = np.isfinite(matrix)
        enough = known.sum(axis=0) >= ENOUGH * wanted
        summed = np.where(known, matrix, 0.0).sum(axis=0, dtype=np.float64)
        row: Matrix = np.where(enough, summed, np.nan).astype(np.float32)[np.newaxis]
        return row

    by_kind = {Kind.LEVEL: level, Kind.SUM: total, Kind.SET: in_most}
    matrices = {m: by_kind[m.kind](x) for m, x in span.matrices.items()}
    legs = {m: {v: level(x) for v, x in by.items()} for m, by in span.legs.items()}
    return Panel(np.array([to_ms(end)], np.int64), panel.coins, step, matrices, legs)
