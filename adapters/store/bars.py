"""Bars as a store keeps them: one row each, joined to a panel when they are read."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from signals.model import Metric
from signals.panel import Panel, resolutions, stack

KEPT_CYCLES = 60
"""Closed moments that a store keeps for readers that fell behind."""


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


def joined(bars: Iterable[Panel], step: timedelta, metrics: Collection[Metric], rows: int) -> Panel:
    """The last `rows` of the bars, which come in time order, with just those metrics and their legs."""
    panel = stack(bars, step, rows)
    return replace(
        panel,
        matrices={metric: x for metric, x in panel.matrices.items() if metric in metrics},
        legs={metric: by for metric, by in panel.legs.items() if metric in metrics},
    )
