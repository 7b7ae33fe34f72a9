"""Causal helpers over panels: changes over matched venues, window sums, ratios, and a coin's own normal.

Each takes `rows`: with it only the last that many rows are computed. Row t uses rows up to t only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from signals.aggregate import MIN_COVERAGE
from signals.model import ROLLING, Metric
from signals.panel import ENOUGH, LEGS, Matrix, Panel, Series
from signals.running import Ordered, running, shares_below, told

LEAST_BARS = 30
"""Known bars that any baseline needs."""

FLOOR_OF_OI = 0.00002
"""Least usual sum of liquidations: 0.2 basis points of open interest."""

_DAY = timedelta(hours=24)
_MS = timedelta(milliseconds=1)
SPREAD_OF_MAD = 1.4826
"""The standard deviation of a normal series, in median absolute deviations."""

SETTLES_IN = timedelta(days=1)
"""For so long after venues joined or left, a rate is not held against the rates before."""

_SLACK = 1e-6
"""Sums of the same legs may differ by so much in their last digit, because bars are float32."""

_FEW = 4
"""So many windows are put in order anew; more of them are kept in order as they move on."""


def change(panel: Panel, metric: Metric, window: timedelta, rows: int | None = None, *, lone: bool = False) -> Series:
    """Relative change over the window, over the legs present at both ends, as a fraction.

    Unknown where the window is shorter than a bar or no whole number of bars, or where the matched legs hold less
    than MIN_COVERAGE of the open interest at either end. Who joined or was taken out in between, planned and not
    fallen silent, is expected at neither end; of a `lone` venue, whose silence cannot be told from that, at both.
    """
    count, back = _count(panel, rows), window // panel.step
    out = np.full((count, len(panel.coins)), np.nan)
    stop = len(panel.times)
    usable = min(count, stop - back)
    if back < 1 or window % panel.step or usable <= 0:
        return out
    ends = np.arange(stop - usable, stop)
    both = np.union1d(ends - back, ends)
    legs, whole = _legs(panel, metric, both, lone=lone), np.isfinite(panel[metric][both])
    start, end = legs.rows(slice(usable)), legs.rows(slice(-usable, None))
    matched = np.isfinite(start.values) & np.isfinite(end.values)
    grown = _sum(np.subtract(end.values, start.values, dtype=np.float64), matched)
    base = _sum(start.values, matched)
    covered = start.is_covered(matched, end) & end.is_covered(matched, start)
    known = covered & (base > 0) & whole[:usable] & whole[-usable:]
    out[count - usable :] = np.where(known, grown / np.where(base > 0, base, 1.0), np.nan)
    return out


def total(panel: Panel, metrics: Sequence[Metric], window: timedelta, rows: int | None = None) -> Series:
    """Sum of the metrics over the window; a window shorter than a bar is one bar; needs ENOUGH of its bars."""
    bars, count = panel.bars(window), _count(panel, rows)
    return _window_sum(sum_of(panel, metrics, count + bars), bars, count)


def sum_of(panel: Panel, metrics: Sequence[Metric], rows: int | None = None) -> Series:
    """Per bar, or per last bar, the sum of several metrics; unknown if any of them is."""
    first = 0 if rows is None else max(0, len(panel.times) - rows)
    total = panel[metrics[0]][first:].astype(np.float64)
    for metric in metrics[1:]:
        total += panel[metric][first:]
    return total


def volume(panel: Panel, metric: Metric, window: timedelta, rows: int | None = None) -> Series:
    """A volume over the window: the sum of its bars, else, for whole days, of what venues tell of 24 hours."""
    sums = total(panel, [metric], window, rows)
    return np.where(np.isnan(sums), _days(panel, [metric], window, len(sums))[0], sums)


def ratio(panel: Panel, window: timedelta, rows: int | None = None) -> Series:
    """Spot / futures volume over the window, the same venues on both legs; for whole days also from rolling volumes."""
    sums = _quotient(panel, Metric.VOLUME_SPOT, Metric.VOLUME_PAIRED, window, rows)
    spot, futures = _days(panel, (Metric.VOLUME_SPOT, Metric.VOLUME_PAIRED), window, len(sums))
    rolled = np.where(futures > 0, spot / np.where(futures > 0, futures, 1.0), np.nan)
    return np.where(np.isnan(sums), rolled, sums)


def least_liquidated(panel: Panel, rows: int) -> Series:
    """Dollars that a usual sum of liquidations counts as at least, by the bar: a share of open interest."""
    oi_usd = panel[Metric.OI_LEVEL][-rows:].astype(np.float64) * panel[Metric.PRICE][-rows:]
    return np.where(oi_usd > 0, FLOOR_OF_OI * oi_usd, np.nan)


def taker(panel: Panel, window: timedelta, rows: int | None = None) -> Series:
    """Taker buys / taker sells over the window."""
    return _quotient(panel, Metric.TAKER_BUY, Metric.TAKER_SELL, window, rows)


def z(series: Series, bars: int, floor: float, rows: int) -> Series:
    """Distance of the last rows from their own median of the `bars` before them, in own spreads.

    The spread is 1.4826 x MAD, at least `floor`. Unknown with fewer than LEAST_BARS or ENOUGH of the bars.
    """
    middle, spread = baseline(series, bars, np.arange(len(series) - rows, len(series)))
    return (series[len(series) - rows :] - middle) / np.maximum(spread, floor)


def baseline(series: Series, bars: int, stops: npt.NDArray[np.int64]) -> tuple[Series, Series]:
    """Median and spread of the `bars` rows that end before each stop; unknown with too few known among them.

    Stops rise. A single one, or a few, are put in order at once for all coins; many as the window moves on.
    """
    if len(stops) > _FEW:
        median, deviation = running(series, bars, _least(bars), stops, spread=True)
        return median, SPREAD_OF_MAD * deviation
    window, median = _windows(series, bars, stops)
    deviation = median_of(np.abs(window - median[..., np.newaxis]))
    return median, np.where(np.isnan(median), np.nan, SPREAD_OF_MAD * deviation)


def middle(series: Series, bars: int, stops: npt.NDArray[np.int64]) -> Series:
    """The median alone of the `bars` rows that end before each stop."""
    if len(stops) > _FEW:
        return running(series, bars, _least(bars), stops, spread=False)[0]
    return _windows(series, bars, stops)[1]


def normal_of(windows: Sequence[Ordered], bars: int) -> tuple[Series, Series]:
    """Median and spread of windows of `bars` rows that are in order, 1 x windows."""
    median, deviation = told(windows, _least(bars), spread=True)
    return median, SPREAD_OF_MAD * deviation


def middle_of(windows: Sequence[Ordered], bars: int) -> Series:
    """The median alone of windows of `bars` rows that are in order."""
    return told(windows, _least(bars), spread=False)[0]


def _least(bars: int) -> float:
    return max(LEAST_BARS, ENOUGH * bars)


def _windows(series: Series, bars: int, stops: npt.NDArray[np.int64]) -> tuple[Series, Series]:
    """The windows that end before the stops, stops x coins x bars, and their medians."""
    if len(stops) == 1:
        window = np.ascontiguousarray(series[max(0, stops[0] - bars) : stops[0]].T)[np.newaxis]
    else:
        wide = np.concatenate([np.full((bars, series.shape[1]), np.nan), series])
        window = np.lib.stride_tricks.sliding_window_view(wide, bars, axis=0)[stops]
    return window, np.where(np.isfinite(window).sum(axis=2) >= _least(bars), median_of(window), np.nan)


def median_of(values: Series) -> Series:
    """Median along the last axis of what is known; unknown where nothing is."""
    known = np.isfinite(values)
    if not values.shape[-1]:
        return np.full(values.shape[:-1], np.nan)
    if known.all():
        return _middle_of(values)
    ordered = np.sort(np.where(known, values, np.nan), axis=-1)
    count = known.sum(axis=-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[-1] - 1), axis=-1)
    return np.where(count > 0, (low + high) / 2, np.nan)[..., 0]


def _middle_of(values: Series) -> Series:
    half, odd = divmod(values.shape[-1], 2)
    parted = np.partition(values, half, axis=-1)
    high: Series = parted[..., half]
    return high if odd else (parted[..., :half].max(axis=-1) + high) / 2


def ranks(past: Matrix, bars: int, stops: npt.NDArray[np.int64], x: Series) -> Series:
    """For each row of values the share of the `bars` rows before its stop that lies below, mid-rank for ties.

    Stops rise. Values are compared as precisely as bars are stored. Unknown with fewer than LEAST_BARS or ENOUGH of
    the bars.
    """
    out, stored, each = np.full(x.shape, np.nan), x.astype(np.float32), np.unique(stops)
    if len(each) > _FEW:
        return shares_below(past.astype(np.float64), bars, _least(bars), stops, stored.astype(np.float64))
    for stop in each:
        window, rows = past[max(0, int(stop) - bars) : int(stop)], stops == stop
        known = np.isfinite(window).sum(axis=0)
        enough = known >= _least(bars)
        if not enough.any():
            continue
        here = stored[rows]
        below = np.array([(window < one).sum(axis=0) for one in here])
        equal = np.array([(window == one).sum(axis=0) for one in here])
        share = (below + 0.5 * equal) / np.maximum(known, 1)
        out[rows] = np.where(enough & np.isfinite(here), share, np.nan)
    return out


def ago(past: Panel, bars: Panel, span: timedelta, rows: int) -> npt.NDArray[np.int64]:
    """For each of the last rows of `bars` the row of `past` that was the last one closed a span before; -1 if none."""
    ends = bars.times[len(bars.times) - rows :] - span // _MS
    found: npt.NDArray[np.int64] = np.searchsorted(past.times, ends, side="right").astype(np.int64) - 1
    return np.repeat(found[:, np.newaxis], len(bars.coins), axis=1)


def is_same_market(bars: Panel, past: Panel, places: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether each last row has the legs of its row in `past`; whoever is silent at an end still belongs to it.

    `places` are rows of `past`, rows x coins, -1 where there is none: then it is not known to be the same.
    """
    count, columns = len(places), np.arange(len(bars.coins))
    ends = np.repeat(np.arange(len(bars.times) - count, len(bars.times))[:, np.newaxis], len(columns), axis=1)
    names = sorted({name for p in (bars, past) for of in LEGS for name in p.legs.get(of, {})})
    same = places >= 0
    now, then = (_present(p, names, at, columns) for p, at in ((bars, ends), (past, np.maximum(places, 0))))
    for name in names:
        here, there = now.legs[name], then.legs[name]
        same &= (here == there) | (~here & now.is_silent) | (~there & then.is_silent)
    return same


def are_silent(bars: Panel, rows: int) -> npt.NDArray[np.bool_]:
    """Whether some who should answer said no open interest in each of the last rows, as far as that is told."""
    own = bars.tail(rows)
    held = np.zeros(own.shape)
    for leg in own.legs.get(Metric.OI_LEVEL, {}).values():
        held += np.nan_to_num(leg)
    expected = own[Metric.OI_EXPECTED].astype(np.float64)
    silent: npt.NDArray[np.bool_] = expected - held > _SLACK * expected
    return silent


def share_below(past: Series, value: float, wanted: int) -> float:
    """Share of a past that lies below the value, mid-rank for ties; NaN unless ENOUGH of the wanted bars are known."""
    known = past[np.isfinite(past)]
    if not np.isfinite(value) or len(known) < max(LEAST_BARS, ENOUGH * wanted):
        return float("nan")
    return float(((known < value).sum() + 0.5 * (known == value).sum()) / len(known))


def last(matrix: Series | Matrix, column: int | None) -> float | None:
    """The last row's value of a column, None if unknown."""
    if column is None or not len(matrix):
        return None
    value = float(matrix[-1, column])
    return value if np.isfinite(value) else None


def _count(panel: Panel, rows: int | None) -> int:
    return len(panel.times) if rows is None else min(rows, len(panel.times))


@dataclass(frozen=True, slots=True)
class _Present:
    """Which legs are known in any way, by name, and whether some that should answer are silent: rows x coins."""

    legs: Mapping[str, npt.NDArray[np.bool_]]
    is_silent: npt.NDArray[np.bool_]


def _present(
    panel: Panel, names: Sequence[str], rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]
) -> _Present:
    if not len(panel.times):
        nothing = np.zeros(rows.shape, np.bool_)
        return _Present(dict.fromkeys(names, nothing), nothing)
    held, legs = np.zeros(rows.shape), dict[str, npt.NDArray[np.bool_]]()
    for name in names:
        oi = panel.leg(Metric.OI_LEVEL, name)[rows, columns]
        legs[name] = np.isfinite(oi) | np.isfinite(panel.leg(Metric.PRICE, name)[rows, columns])
        held += np.nan_to_num(oi)
    expected = panel[Metric.OI_EXPECTED][rows, columns].astype(np.float64)
    return _Present(legs, expected - held > _SLACK * expected)


@dataclass(frozen=True, slots=True)
class _Legs:
    """What legs say and weigh: legs x rows x coins; `whole` is what all who should answer weigh, rows x coins.

    `seen` marks legs known in any way. `silent` is the open interest that was expected and not said, without bound
    where that cannot be told. Legs weigh one each where some have no open interest (`are_counted`).
    """

    values: Matrix
    seen: npt.NDArray[np.bool_]
    weight: Matrix
    are_counted: npt.NDArray[np.bool_]
    whole: Series
    silent: Series

    def rows(self, of: slice) -> "_Legs":
        """Some of the rows; nothing is copied."""
        legs = (self.values[:, of], self.seen[:, of], self.weight[:, of])
        return _Legs(*legs, self.are_counted[of], self.whole[of], self.silent[of])

    def is_covered(self, matched: npt.NDArray[np.bool_], other: "_Legs") -> npt.NDArray[np.bool_]:
        """Whether the matched legs weigh enough of all who should answer here and, but for plans, at the other end."""
        part, moved = _sum(self.weight, matched), np.isfinite(self.values) & ~other.seen
        if not moved.any():
            return _share(part, self.whole)
        planned = _sum(self.weight, moved)
        excused = np.where(self.are_counted, planned * (other.silent == 0), np.maximum(planned - other.silent, 0.0))
        return _share(part, self.whole - excused)


def _legs(panel: Panel, metric: Metric, rows: npt.NDArray[np.int64], *, lone: bool) -> _Legs:
    names = sorted({name for of in (Metric.PRICE, Metric.OI_LEVEL) for name in panel.legs.get(of, {})})
    price, oi = (_stacked(panel, of, names, rows) for of in (Metric.PRICE, Metric.OI_LEVEL))
    values = oi if metric is Metric.OI_LEVEL else price
    present, has_oi = np.isfinite(values), np.isfinite(oi)
    are_counted = np.count_nonzero(present & ~has_oi, axis=0) > 0
    weight = np.where(are_counted, np.float32(1), oi)
    expected = panel[Metric.OI_EXPECTED][rows].astype(np.float64)
    silent = expected - _sum(oi, has_oi)
    silent = np.where(np.isfinite(silent) & (not lone), np.where(silent > _SLACK * expected, silent, 0.0), np.inf)
    whole = expected if metric is Metric.OI_LEVEL else _sum(weight, present)
    return _Legs(values, present | has_oi | np.isfinite(price), weight, are_counted, whole, silent)


def _stacked(panel: Panel, metric: Metric, names: Sequence[str], rows: npt.NDArray[np.int64]) -> Matrix:
    """The legs one above the other: legs x rows x coins."""
    legs = [panel.leg(metric, name)[rows] for name in names]
    return np.array(legs, np.float32).reshape((len(names), len(rows), len(panel.coins)))


def _sum(legs: Matrix | Series, of: npt.NDArray[np.bool_]) -> Series:
    """The sum of the marked legs, rows x coins."""
    total = np.zeros(legs.shape[1:])
    for leg, mark in zip(legs, of, strict=True):
        np.add(total, leg, out=total, where=mark)
    return total


def _share(part: Series, whole: Series) -> npt.NDArray[np.bool_]:
    return np.isfinite(whole) & (whole > 0) & (part >= (MIN_COVERAGE - _SLACK) * np.where(whole > 0, whole, 1.0))


def _days(panel: Panel, metrics: Sequence[Metric], window: timedelta, count: int) -> Sequence[Series]:
    """The sums of what was told of 24 hours at the end of each day of the window; days known of all metrics, or none.

    Unknown where the window or a day is no whole number of days or bars.
    """
    days, a_day = window // _DAY, _DAY // panel.step
    stop, shape = len(panel.times), (count, len(panel.coins))
    unknown = np.full(shape, np.nan)
    if not days or window % _DAY or _DAY % panel.step:
        return [unknown for _ in metrics]
    sums = [np.zeros(shape) for _ in metrics]
    for day in range(days):
        ends = slice(max(0, stop - day * a_day - count), max(0, stop - day * a_day))
        for total, metric in zip(sums, metrics, strict=True):
            said = panel[ROLLING[metric]][ends].astype(np.float64)
            total[: count - len(said)] = np.nan
            total[count - len(said) :] += said
    known = np.isfinite(np.sum(sums, axis=0))
    return [np.where(known, total, np.nan) for total in sums]


def _window_sum(series: Series, bars: int, count: int) -> Series:
    if count == 0:
        return np.empty((0, series.shape[1]))
    tail = series[max(0, len(series) - count - bars + 1) :]
    short = count + bars - 1 - len(tail)
    padded = np.concatenate([np.full((short, series.shape[1]), np.nan), tail]) if short > 0 else tail
    known = np.isfinite(padded)
    windows = np.lib.stride_tricks.sliding_window_view(np.where(known, padded, 0.0), bars, axis=0)
    present = np.lib.stride_tricks.sliding_window_view(known, bars, axis=0).sum(axis=2)
    return np.where(present >= ENOUGH * bars, windows.sum(axis=2), np.nan)


def _quotient(panel: Panel, above: Metric, below: Metric, window: timedelta, rows: int | None) -> Series:
    count, bars = _count(panel, rows), panel.bars(window)
    first = max(0, len(panel.times) - count - bars)
    over, under = (panel[of][first:].astype(np.float64) for of in (above, below))
    both = np.isfinite(over) & np.isfinite(under)
    top = _window_sum(np.where(both, over, np.nan), bars, count)
    bottom = _window_sum(np.where(both, under, np.nan), bars, count)
    return np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)
