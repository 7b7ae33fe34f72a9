"""The bars of coins that one contract alone tells of, all at once: what closing moment after moment makes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from signals.bars import roll
from signals.heard import code
from signals.model import PAIRED, Metric
from signals.panel import KEEP, LEGS, Instants, Marks, Matrix, Panel, Series, from_ms
from signals.plausible import FAR, STEADY

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Sheets:
    """What single contracts said at each of these moments, rows x contracts; NaN where nothing.

    `lasts` is by metric how many milliseconds each value may be used; of those left out, at its own moment alone.
    """

    times: Instants
    coins: tuple[str, ...]
    venues: tuple[str, ...]
    step: timedelta
    values: Mapping[Metric, Series]
    lasts: Mapping[Metric, Series]

    def of(self, columns: Marks) -> "Sheets":
        """Some of the contracts."""

        def chosen(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(name for name, wanted in zip(names, columns.tolist(), strict=True) if wanted)

        return replace(
            self,
            coins=chosen(self.coins),
            venues=chosen(self.venues),
            values={metric: series[:, columns] for metric, series in self.values.items()},
            lasts={metric: series[:, columns] for metric, series in self.lasts.items()},
        )


def are_plain(of: Sheets) -> Marks:
    """Which contracts never said anything that would have been doubted: prices and open interest without leaps."""
    plain = np.ones(len(of.coins), np.bool_)
    for metric in STEADY & of.values.keys():
        series = of.values[metric]
        last = _carried(series)
        before = np.concatenate([np.full((1, series.shape[1]), np.nan), last[:-1]])
        known = np.isfinite(series)
        with np.errstate(invalid="ignore"):
            leaps = np.isfinite(before) & ((series <= before / FAR) | (series >= before * FAR))
        plain &= ~(known & (leaps | (series <= 0))).any(axis=0)
    return plain


def bars_of(of: Sheets) -> Panel:
    """Their bars at all resolutions. Each coin must be of one contract, and plain."""
    values = {metric: _usable(of, metric) for metric in of.values}
    if Metric.OI_LEVEL in values:
        values[Metric.OI_EXPECTED] = _expected(of.values[Metric.OI_LEVEL])
    for spot, (futures, both) in PAIRED.items():
        if spot in values and futures in values:
            values[both] = np.where(np.isfinite(values[spot]), values[futures], np.nan)
    if Metric.LIQ_LONG in values:  # a recording's sums may miss something
        codes = np.array([code([(venue, True)]) for venue in of.venues], np.float64)
        values[Metric.LIQ_HEARD] = np.where(np.isfinite(values[Metric.LIQ_LONG]), codes, np.nan)
    whole = {metric: series.astype(np.float32) for metric, series in values.items() if np.isfinite(series).any()}
    legs = {metric: _by_venue(of, whole[metric]) for metric in LEGS if metric in whole}
    finest = Panel(of.times, of.coins, of.step, whole, legs)
    return replace(finest, others={step: _rolled(finest, step) for step in KEEP if step > of.step})


def _usable(of: Sheets, metric: Metric) -> Series:
    """What may be used at each moment."""
    series = of.values[metric]
    if metric not in of.lasts:
        return series
    said = of.times[:, np.newaxis].astype(np.float64)
    until = _carried(np.where(np.isfinite(series), said + of.lasts[metric], np.nan))
    with np.errstate(invalid="ignore"):
        return np.where(said <= until, _carried(series), np.nan)


def _expected(interest: Series) -> Series:
    """The last word on open interest, up to the very last one."""
    still = np.maximum.accumulate(np.isfinite(interest)[::-1], axis=0)[::-1]
    return np.where(still, _carried(interest), np.nan)


def _carried(series: Series) -> Series:
    """The last known value at each row; NaN before the first."""
    row = np.arange(len(series))[:, np.newaxis]
    last = np.maximum.accumulate(np.where(np.isfinite(series), row, 0), axis=0)
    return np.take_along_axis(series, last, axis=0)


def _by_venue(of: Sheets, matrix: Matrix) -> Mapping[str, Matrix]:
    told = np.array(of.venues)
    return {venue: np.where(told == venue, matrix, np.float32(np.nan)) for venue in sorted(set(of.venues))}


def _rolled(finest: Panel, step: timedelta) -> Panel:
    ends = finest.times[finest.times % (step // _MS) == 0]
    each = [roll(finest, step, from_ms(end)) for end in ends.tolist()]
    metrics, legs = finest.matrices, {(m, venue) for m, by in finest.legs.items() for venue in by}
    parts: dict[Metric, dict[str, Matrix]] = {}
    for metric, venue in legs:
        parts.setdefault(metric, {})[venue] = _stacked([one.leg(metric, venue) for one in each], finest)
    return Panel(ends, finest.coins, step, {m: _stacked([one[m] for one in each], finest) for m in metrics}, parts)


def _stacked(rows: "list[Matrix]", like: Panel) -> Matrix:
    return np.concatenate([np.empty((0, len(like.coins)), np.float32), *rows])
