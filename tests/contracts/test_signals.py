"""Every registered signal keeps the laws of signals: a new one is tested the moment it is registered."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.base import Signal
from signals.model import Metric, Unit
from signals.panel import STORED, Matrix, Panel, Series, to_ms
from signals.registry import BY_NAME, SIGNALS
from tests.signals.panels import START

STEP = timedelta(hours=4)
ROWS = 640
COINS = ("BTC", "ETH", "SOL")
VENUES = ("binance", "okx")

each_signal = pytest.mark.parametrize("signal", SIGNALS, ids=lambda s: s.name)
each_window = pytest.mark.parametrize(
    ("signal", "window", "side"),
    [(s, w, side) for s in SIGNALS for w in s.windows for side in ("", *sorted(s.sides))],
    ids=lambda x: getattr(x, "name", str(x)),
)


def market(seed: int, rows: int = ROWS, *, holes: float = 0.01) -> Panel:
    """A noisy market with jumps, so that every signal moves, and with holes."""
    rng = np.random.default_rng(seed)
    shape = (rows, len(COINS))

    def walk(start: float, size: float) -> Series:
        jumps = np.where(rng.random(shape) < 0.05, rng.normal(0, size * 8, shape), 0)
        path: Series = start * np.exp(np.cumsum(rng.normal(0, size, shape) + jumps, axis=0) * 0.3)
        return path

    def spikes(scale: float) -> Series:
        sums: Series = rng.lognormal(0, 1, shape) * scale * np.where(rng.random(shape) < 0.03, 60, 1)
        return sums

    def stored(values: Series) -> Matrix:
        return np.where(rng.random(shape) < holes, np.nan, values).astype(np.float32)

    legs: dict[Metric, dict[str, Matrix]] = {
        Metric.PRICE: {v: stored(walk(100, 0.01)) for v in VENUES},
        Metric.OI_LEVEL: {v: stored(walk(1e6, 0.01)) for v in VENUES},
    }
    matrices = {m: stored(np.abs(walk(1.0, 0.02))) for m in STORED}
    matrices[Metric.FUNDING] = stored(rng.normal(0, 0.0001, shape))
    matrices[Metric.LIQ_LONG], matrices[Metric.LIQ_SHORT] = stored(spikes(1e5)), stored(spikes(1e5))
    matrices[Metric.PRICE] = legs[Metric.PRICE]["binance"]
    matrices[Metric.OI_LEVEL] = sum(legs[Metric.OI_LEVEL].values(), start=np.zeros(shape, np.float32))
    matrices[Metric.OI_EXPECTED] = sum(
        (np.nan_to_num(leg, nan=1e6) for leg in legs[Metric.OI_LEVEL].values()), start=np.zeros(shape, np.float32)
    )
    times = np.array([to_ms(START + STEP * (i + 1)) for i in range(rows)], np.int64)
    return Panel(times, COINS, STEP, matrices, legs)


def altered(panel: Panel, row: int, seed: int) -> Panel:
    """The same market up to a row, and another one after it."""
    other = market(seed + 1, len(panel.times))

    def splice(mine: Matrix, theirs: Matrix) -> Matrix:
        return np.concatenate([mine[:row], theirs[row:]])

    return Panel(
        panel.times,
        panel.coins,
        panel.step,
        {m: splice(x, other.matrices[m]) for m, x in panel.matrices.items()},
        {m: {v: splice(x, other.legs[m][v]) for v, x in by.items()} for m, by in panel.legs.items()},
    )


def fires(signal: Signal, scores: Series) -> Series:
    beyond: Series = scores < signal.fire if signal.fire < signal.clear else scores > signal.fire
    return beyond


@each_window
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), row=st.integers(1, ROWS - 1))
def test_what_comes_later_never_changes_a_score(
    signal: Signal, window: timedelta, side: str, seed: int, row: int
) -> None:
    panel = market(seed)

    before = signal.score(panel, window, side=side)
    after = signal.score(altered(panel, row, seed), window, side=side)

    np.testing.assert_array_equal(before[:row], after[:row])


@each_window
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), row=st.integers(1, ROWS))
def test_live_is_research(signal: Signal, window: timedelta, side: str, seed: int, row: int) -> None:
    panel = market(seed)
    bars = panel.at(signal.step(window))
    needed = -(-signal.lookback // bars.step) + 2

    live = signal.score(panel.until(row).tail(needed), window, rows=1, side=side)
    research = signal.score(panel, window, side=side)

    np.testing.assert_array_equal(live[-1], research[row - 1])


@each_window
def test_the_market_of_the_suite_makes_the_signal_move(signal: Signal, window: timedelta, side: str) -> None:
    if window < STEP and window:
        pytest.skip("a move shorter than the suite's bars is unknown by definition")

    scores = [signal.score(market(seed), window, side=side) for seed in range(8)]

    assert all(one.shape == (ROWS, len(COINS)) for one in scores)
    assert all(one.dtype == np.float64 for one in scores)
    assert not np.isinf(scores).any()
    assert np.isfinite(scores).any()
    assert signal.unit is not Unit.STATE or set(np.unique(np.array(scores)[np.isfinite(scores)])) <= {0.0, 1.0}
    assert fires(signal, np.array(scores)).any()


@pytest.mark.parametrize("signal", [s for s in SIGNALS if s.sides], ids=lambda s: s.name)
def test_at_most_one_side_is_beyond_the_line_and_only_with_its_own_part(signal: Signal) -> None:
    panel, window = market(7), signal.windows[0]

    sides = [fires(signal, signal.score(panel, window, side=side)) for side in sorted(signal.sides)]

    assert all(side.any() for side in sides)
    assert (np.sum(sides, axis=0) <= 1).all()


@each_window
@pytest.mark.parametrize("metric", STORED)
def test_an_unknown_input_never_makes_a_signal_fire(
    signal: Signal, window: timedelta, side: str, metric: Metric
) -> None:
    panel = market(3, holes=0)
    matrices = dict(panel.matrices)
    matrices[metric] = np.full(panel.shape, np.nan, np.float32)
    blind = Panel(panel.times, panel.coins, panel.step, matrices, panel.legs)

    full, scores = signal.score(panel, window, side=side), signal.score(blind, window, side=side)

    unchanged = (scores == full) | (np.isnan(scores) & np.isnan(full))
    assert (np.isnan(scores) | unchanged).all()
    if metric in signal.needs:
        assert np.isnan(scores).all()


@each_window
def test_a_coin_depends_on_itself_alone(signal: Signal, window: timedelta, side: str) -> None:
    panel = market(4)

    def only(matrix: Matrix) -> Matrix:
        return matrix[:, 1:2]

    alone = Panel(
        panel.times,
        panel.coins[1:2],
        panel.step,
        {m: only(x) for m, x in panel.matrices.items()},
        {m: {v: only(x) for v, x in by.items()} for m, by in panel.legs.items()},
    )

    np.testing.assert_allclose(
        signal.score(alone, window, side=side)[:, 0], signal.score(panel, window, side=side)[:, 1], rtol=1e-6
    )


@each_window
@pytest.mark.parametrize("factor", [2.0**10, 2.0**-10])
def test_the_size_of_a_coin_does_not_matter(signal: Signal, window: timedelta, side: str, factor: float) -> None:
    """Prices times f and coins by f: dollars stay, so dollar floors stay too. Powers of two keep floats exact."""
    panel = market(5)
    coins = (Metric.OI_LEVEL, Metric.OI_EXPECTED)
    by_metric = {Metric.PRICE: factor, Metric.INDEX: factor} | dict.fromkeys(coins, 1 / factor)

    def scaled(metric: Metric, matrix: Matrix) -> Matrix:
        return (matrix * by_metric.get(metric, 1.0)).astype(np.float32)

    other = Panel(
        panel.times,
        panel.coins,
        panel.step,
        {m: scaled(m, x) for m, x in panel.matrices.items()},
        {m: {v: scaled(m, x) for v, x in by.items()} for m, by in panel.legs.items()},
    )

    np.testing.assert_allclose(
        signal.score(other, window, side=side), signal.score(panel, window, side=side), rtol=1e-5
    )


@each_signal
def test_evidence_is_numbers_with_units_and_never_raises(signal: Signal) -> None:
    panel = market(6)

    for row in range(0, ROWS, 61):
        for window in signal.windows:
            for coin in (*COINS, "NOSUCH"):
                for side in ("", *signal.sides):
                    for fact in signal.evidence(panel.until(row), coin, window, side):
                        assert fact.label
                        assert fact.value is not None or fact.text
                        assert fact.value is None or np.isfinite(fact.value)


@each_signal
def test_a_signal_declares_itself_well(signal: Signal) -> None:
    assert BY_NAME[signal.name] is signal
    assert signal.name.isascii()
    assert signal.name.islower()
    assert signal.basis in signal.needs
    assert signal.fire != signal.clear
    assert signal.windows
    assert signal.title
    assert "" not in signal.sides
