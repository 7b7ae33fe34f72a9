"""Bars of a simulated market from before its start, at every resolution that is kept: what a warm window needs."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import numpy as np

from adapters.venues.simulation import DAY, EXCHANGES, FLOWS, NAMES, Cube, Simulation
from signals import heard
from signals.model import Metric
from signals.panel import KEEP, LEGS, Instants, Matrix, Panel, Series

_MINUTE = timedelta(minutes=1)
_AT_ONCE = 4 * DAY
"""Minutes of flows that are held in memory together."""

_MS = 60_000

_HEARD = tuple((exchange.name, exchange.sampled) for exchange in EXCHANGES if Metric.LIQ_LONG in exchange.metrics)
"""Whose liquidations are in the sums, and who of them tells a sample."""


def bars_before(simulation: Simulation, start: datetime) -> Iterator[Panel]:
    """One panel per resolution, each ending with its last bar before `start`, a whole minute."""
    first = round(start.timestamp()) // 60
    for step, reach in KEEP.items():
        yield _bars(simulation, first, step // _MINUTE, reach // step)


def _bars(simulation: Simulation, start: int, step: int, rows: int) -> Panel:
    """The last so many bars of `step` minutes that end before minute `start`."""
    last = (start - 1) // step * step
    ends = np.arange(last - (rows - 1) * step, last + 1, step)
    levels = simulation.levels(ends)
    matrices = {metric: _stored(_weighted(cube, levels[Metric.OI_LEVEL])) for metric, cube in levels.items()}
    matrices[Metric.OI_LEVEL] = matrices[Metric.OI_EXPECTED] = _stored(np.nansum(levels[Metric.OI_LEVEL], axis=0))
    matrices |= {metric: _stored(_sums(simulation, metric, ends, step)) for metric in FLOWS}
    matrices[Metric.LIQ_HEARD] = np.full((rows, len(NAMES)), heard.code(_HEARD), np.float32)
    matrices[Metric.VOLUME_PAIRED] = _stored(matrices[Metric.VOLUME] * _paired(simulation))
    return Panel(ends * _MS, NAMES, step * _MINUTE, matrices, {metric: _legs(levels[metric]) for metric in LEGS})


def _weighted(cube: Cube, oi: Cube) -> Series:
    """One number per minute and coin: the mean over the exchanges that offer it, weighted by open interest."""
    weights = np.where(np.isfinite(cube), oi, 0.0)
    mean: Series = np.nansum(cube * weights, axis=0) / weights.sum(axis=0)
    return mean


def _sums(simulation: Simulation, metric: Metric, ends: Instants, step: int) -> Series:
    """Per bar the sum of its minutes, made some days at a time."""
    bars = max(1, _AT_ONCE // step)
    parts = []
    for at in range(0, len(ends), bars):
        some = ends[at : at + bars]
        minutes = np.arange(some[0] - step + 1, some[-1] + 1)
        parts.append(simulation.flow(metric, minutes).reshape(len(some), step, -1).sum(axis=1))
    return np.concatenate(parts)


def _paired(simulation: Simulation) -> Series:
    """The part of the futures volume whose exchanges also have a spot market, by coin."""
    with_spot = [Metric.VOLUME_SPOT in exchange.metrics for exchange in EXCHANGES]
    part: Series = simulation.shares(Metric.VOLUME)[with_spot].sum(axis=0)
    return part


def _legs(cube: Cube) -> Mapping[str, Matrix]:
    return {exchange.name: _stored(own) for exchange, own in zip(EXCHANGES, cube, strict=True)}


def _stored(values: Series) -> Matrix:
    return values.astype(np.float32)
