"""Features that several signals ask for: each is computed once where the panel keeps what it was asked."""

from collections.abc import Callable, Hashable, Sequence
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from signals.features import LEAST_BARS, SPREAD_OF_MAD, change, median_of, middle, middle_of, normal_of, ranks, ratio, z
from signals.heard import OWN, Heard, Lacking
from signals.kept import FEW, Kept
from signals.model import Metric
from signals.panel import Matrix, Panel, Series

HOUR = timedelta(hours=1)
QUARTER = timedelta(days=90)


def spreads(bars: Panel, metric: Metric, window: timedelta, span: timedelta, floor: float, rows: int) -> Series:
    """The moves of the last rows in own spreads: their distance from the median move of the span before each."""
    if bars.kept is not None and rows == 1:
        middle, spread = _usual(bars, bars.kept, metric, window, span)
        return (moved(bars, metric, window) - middle) / np.maximum(spread, floor)

    def told() -> tuple[Series, ...]:
        return (z(change(bars, metric, window, rows + bars.bars(span)), bars.bars(span), floor, rows),)

    if bars.kept is None:
        return told()[0]
    return bars.kept.told(("spreads", bars.step, metric, window, span, floor, rows), bars.times, bars.coins, told)[0]


def moved(bars: Panel, metric: Metric, window: timedelta, rows: int = 1) -> Series:
    """The moves of the last rows, as a fraction."""
    if bars.kept is None or rows != 1:
        return change(bars, metric, window, rows)
    key = ("moved", bars.step, metric, window)
    return bars.kept.told(key, bars.times, bars.coins, lambda: (change(bars, metric, window, 1),))[0]


def _usual(bars: Panel, kept: Kept, metric: Metric, window: timedelta, span: timedelta) -> tuple[Series, ...]:
    """Median and spread of the moves before the last row."""
    wanted, of = bars.bars(span), ("moves", bars.step, metric, window)

    def told() -> tuple[Series, ...]:
        asked = min(len(bars.times), wanted + 1 + FEW)
        moves = kept.rows(of, bars.times[-asked:], bars.coins, lambda fresh: change(bars, metric, window, fresh))
        before = len(bars.times) - asked
        windows = kept.ordered(
            of, bars.times[:-1], bars.coins, wanted, lambda start, stop: moves[start - before : stop - before]
        )
        return normal_of(windows, wanted)

    return kept.told((*of, span), bars.times, bars.coins, told)


def middle_before(
    past: Panel,
    key: Hashable,
    stops: npt.NDArray[np.int64],
    bars: int,
    rows: Callable[[int, int], Series],
    heard: Heard | None = None,
) -> Series:
    """The median of the `bars` rows of `past` before each stop; `rows` is asked for those from one to another.

    Of liquidations, with who is `heard` in what it is a yardstick for. That of a single stop is computed once for all
    who ask until it moves on.
    """
    if past.kept is None or len(stops) != 1:
        each, where = np.unique(stops, return_inverse=True)
        start, stop = (max(0, int(each[0]) - bars), int(each[-1])) if len(each) else (0, 0)
        plain = middle(rows(start, stop), bars, each - start)[where]
        return plain if heard is None else on_own([plain], heard, stops, bars, rows, middle_in)[0]
    kept, times = past.kept, past.times[: stops[0]]

    def told() -> tuple[Series, ...]:
        return (middle_of(kept.ordered((key, past.step), times, past.coins, bars, rows), bars),)

    known = kept.told((key, past.step), times, past.coins, told)
    if heard is None:
        return known[0]
    own = ("own", key, past.step)
    return kept.told(
        own, times, past.coins, lambda: on_own(known, heard, stops, bars, rows, middle_in), heard.needed.tobytes()
    )[0]


def on_own(
    plain: Sequence[Series],
    heard: Heard,
    stops: npt.NDArray[np.int64],
    bars: int,
    rows: Callable[[int, int], Series],
    tell: Callable[[Series, Lacking], Sequence[Series]],
) -> tuple[Series, ...]:
    """What the past tells for each row, told anew where bars of it lack somebody: of those alone that do not.

    Unknown where it is unknown anyway, and where the bars that count are fewer than LEAST_BARS or OWN of them.
    """
    out = tuple(series.copy() for series in plain)
    for of in heard.lacking(stops, bars):
        window = np.where(of.counts, rows(of.start, of.stop)[:, of.columns], np.nan)
        is_enough = np.isfinite(window).sum(axis=0) >= max(LEAST_BARS, OWN * bars)
        for series, anew in zip(out, tell(window, of), strict=True):
            known = is_enough & np.isfinite(series[of.row, of.columns])
            series[of.row, of.columns] = np.where(known, anew, np.nan)
    return out


def middle_in(window: Series, of: Lacking) -> tuple[Series]:
    """The medians of a window, bars x coins."""
    del of
    return (median_of(window.T),)


def rank_of(panel: Panel, bars: Panel, metric: Metric, rows: int) -> Series:
    """The rank of a level in the last rows of `bars` within its 90 days of hours before each of them."""
    hours = panel.at(HOUR)
    stops = np.searchsorted(hours.times, bars.times[len(bars.times) - rows :], side="left").astype(np.int64)

    def told() -> tuple[Series, ...]:
        here = bars[metric][len(bars.times) - rows :].astype(np.float64)
        return (ranks(hours[metric], hours.bars(QUARTER), stops, here),)

    if bars.kept is None:
        return told()[0]
    key = ("rank", bars.step, hours.step, metric, rows)
    return bars.kept.told(key, bars.times, bars.coins, told)[0]


def days_ratio(hours: Panel, window: timedelta, rows: int) -> Matrix:
    """The spot / futures ratio of the windows that end in each of the last hours; unknown before them."""

    def told(count: int) -> Matrix:
        return ratio(hours, window, count).astype(np.float32)

    past = np.full(hours.shape, np.nan, np.float32)
    times = hours.times[len(hours.times) - rows :]
    kept = hours.kept
    past[len(past) - rows :] = (
        told(rows) if kept is None else kept.rows(("ratio", hours.step, window), times, hours.coins, told)
    )
    return past


def normal_in(window: Series, of: Lacking) -> tuple[Series, Series]:
    """Medians and spreads of a window, bars x coins."""
    (median,) = middle_in(window, of)
    return median, SPREAD_OF_MAD * median_of(np.abs(window - median).T)


def shares_in(window: Series, values: Series) -> Series:
    """The share of a window, bars x coins, that lies below each coin's value, mid-rank for ties."""
    below, equal = ((op(window, values)).sum(axis=0) for op in (np.less, np.equal))
    known = np.isfinite(window).sum(axis=0)
    return np.where(np.isfinite(values), (below + 0.5 * equal) / np.maximum(known, 1), np.nan)
