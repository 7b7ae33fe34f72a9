"""What is kept of windows that move on is what those windows are, and what is told of a bar is told of that bar."""

from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from signals.base import latest
from signals.features import baseline, middle, middle_of, normal_of
from signals.kept import FEW, Kept
from signals.model import Metric
from signals.panel import Panel, Series, to_ms
from signals.registry import SIGNALS
from tests.signals.markets import COINS, VENUES, heard, with_legs
from tests.signals.panels import START

MINUTE, FIVE, HOUR, DAY = timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
BARS = 40
END = START + timedelta(days=98)


def noise(seed: int, rows: int = 160) -> Series:
    """Two columns with holes, and with values that come again."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random((rows, 2)) < 0.04, np.nan, rng.integers(-9, 9, (rows, 2)) / 7)


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, FEW + 2), min_size=1, max_size=30), st.integers(0, 50))
def test_a_window_that_moves_on_is_the_window_put_in_order_anew(seed: int, steps: list[int], behind: int) -> None:
    series, kept = noise(seed), Kept()
    times = np.arange(len(series), dtype=np.int64) * 60_000

    for stop in np.minimum(np.cumsum(steps), len(series)).tolist():
        first = min(behind, stop)
        windows = kept.ordered(
            "it", times[first:stop], ("A", "B"), BARS, lambda a, b, first=first: series[first + a : first + b]
        )

        own, stops = series[first:stop], np.array([stop - first])
        np.testing.assert_array_equal(normal_of(windows, BARS), baseline(own, BARS, stops))
        np.testing.assert_array_equal(middle_of(windows, BARS), middle(own, BARS, stops))


def test_a_window_that_moves_on_asks_for_what_came_and_what_left_alone() -> None:
    series, kept = noise(1), Kept()
    times, asked = np.arange(len(series), dtype=np.int64) * 60_000, list[tuple[int, int]]()

    def rows(start: int, stop: int) -> Series:
        asked.append((start, stop))
        return series[start:stop]

    for stop in (100, 101, 101, 103, 103 + FEW + 1):
        kept.ordered("it", times[:stop], ("A", "B"), BARS, rows)
    kept.ordered("it", times[:110], ("B", "A"), BARS, rows)

    came_and_left = [(100, 101), (60, 61), (101, 101), (61, 61), (101, 103), (61, 63)]
    assert asked == [(60, 100), *came_and_left, (68, 108), (70, 110)]


@cache
def lately() -> Panel:
    """Three coins in minutes, in 5 minutes and in hours, each as long as the service keeps it."""
    hours, five = of_step(HOUR, 98 * 24, 3), of_step(FIVE, 8 * 288 + 60, 2)
    return replace(of_step(MINUTE, 1500, 1), others={FIVE: five, HOUR: hours})


def of_step(step: timedelta, rows: int, seed: int) -> Panel:
    """A market that moves as the square root of its bars does, with all metrics, up to END."""
    rng, shape = np.random.default_rng(seed), (rows, len(COINS))

    def walk(start: float) -> Series:
        path: Series = start * np.exp(np.cumsum(rng.normal(0, 0.001 * (step / MINUTE) ** 0.5, shape), axis=0))
        return path

    legs = {
        of: {v: walk(size).astype(np.float32) for v in VENUES}
        for of, size in ((Metric.PRICE, 100.0), (Metric.OI_LEVEL, 1e6))
    }
    matrices = {of: rng.lognormal(9, 2, shape).astype(np.float32) for of in Metric}
    for of in (Metric.FUNDING, Metric.FUNDING_SETTLED):
        matrices[of] = np.round(rng.normal(0, 2e-4, shape), 6).astype(np.float32)
    matrices[Metric.LIQ_HEARD] = heard(rng, (98 * DAY // step, len(COINS)))[-rows:]
    times = np.array([to_ms(END - step * (rows - 1 - row)) for row in range(rows)], np.int64)
    return with_legs(Panel(times, COINS, step, matrices, legs))


def test_what_is_told_of_a_bar_is_told_until_its_next_bar_and_no_longer() -> None:
    panel, kept = lately(), Kept()
    ends = [int(panel.times[-1]) - back * 60_000 for back in (121, 120, 119, 61, 60, 59, 56, 55, 4, 1, 0)]
    asked = [(signal, signal.windows[0], side) for signal in SIGNALS for side in ("", *sorted(signal.sides))]

    told = [[latest(s, panel.known_by(end).keeping(kept), w, side)[0] for s, w, side in asked] for end in ends]

    afresh = [[s.score(panel.known_by(end), w, 1, side)[0] for s, w, side in asked] for end in ends]
    assert np.isfinite(afresh).all()
    np.testing.assert_array_equal(told, afresh)
