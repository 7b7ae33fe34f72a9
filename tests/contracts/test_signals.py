"""Every registered signal keeps the laws of signals: a new one is tested the moment it is registered."""

from datetime import UTC, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.base import Signal, fires
from signals.judge import verdict
from signals.kept import Kept
from signals.model import ROLLING, Metric, Unit
from signals.panel import STORED, Matrix, Panel, Series, to_ms
from signals.registry import BY_NAME, SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.lifecycle import Verdict
from signals.rules.model import Compare, Draft
from tests.signals.markets import COINS, ROWS, VENUES, heard, spliced, with_legs
from tests.signals.panels import START
from tests.signals.slow import SLOW, coin_of

FINE_ROWS = 1_500
"""Enough minutes for a signal that holds them against their own day."""

DAYS = {metric: both for both in ROLLING.items() for metric in both}
"""The bars of a volume and what is told of 24 hours, by either."""

TOLD_OF = (Metric.LIQ_HEARD,)
"""What is no input and belongs to one: bars of which it is not told count as those before it was kept."""

each_signal = pytest.mark.parametrize("signal", SIGNALS, ids=lambda s: s.name)
CASES = [(s, w, side) for s in SIGNALS for w in s.windows for side in ("", *sorted(s.sides))]
each_window = pytest.mark.parametrize(("signal", "window", "side"), CASES, ids=lambda x: getattr(x, "name", str(x)))


@cache
def step_of(name: str, window: timedelta) -> timedelta:
    """The bars on which a signal is held to its laws: of 4 hours, or the longest on which it can be known."""
    signal = BY_NAME[name]
    coarse = (timedelta(hours=4), timedelta(hours=1))
    return next((s for s in coarse if np.isfinite(signal.score(market(0, s), window)).any()), signal.step(window))


@cache
def market(seed: int, step: timedelta = timedelta(hours=4), *, holes: float = 0.008) -> Panel:
    """A noisy market with jumps and bursts, so that every signal moves, and with holes."""
    rng, rows = np.random.default_rng(seed), ROWS if step > timedelta(minutes=1) else FINE_ROWS
    shape = (rows, len(COINS))
    starts = (rng.random(shape) < 0.02) * rng.choice([-1.0, 1.0], shape) * rng.lognormal(0, 1, shape)
    burst = starts + np.vstack([np.zeros((1, len(COINS))), starts[:-1]])
    burst += np.vstack([np.zeros((2, len(COINS))), burst[:-2]])
    if step == timedelta(minutes=1):  # what is rare even within a day of minutes, either way
        for coin, begins, way in ((0, 60, 9.0), (1, 40, -9.0)):
            burst[rows - begins : rows - begins + 4, coin] = way

    def walk(start: float, size: float) -> Series:
        jumps = np.where(rng.random(shape) < 0.05, rng.normal(0, size * 8, shape), 0)
        path: Series = start * np.exp(np.cumsum(rng.normal(0, size, shape) + jumps, axis=0) * 0.3)
        return path

    def spikes(side: float) -> Series:
        sums: Series = rng.lognormal(0, 0.5, shape) * 1e5 * (1 + 100 * np.maximum(side * burst, 0))
        return sums

    closed = np.exp(np.cumsum(-0.02 * np.abs(burst), axis=0))
    pushed = np.exp(np.cumsum(-0.01 * burst, axis=0))
    rates = 2.5e-4 * np.sin(np.arange(rows)[:, np.newaxis] / 20 + rng.uniform(0, 6, shape[1])) + rng.normal(
        0, 2e-4, shape
    )

    def stored(values: Series) -> Matrix:
        return np.where(rng.random(shape) < holes * (ROWS / rows) ** 2, np.nan, values).astype(np.float32)

    legs: dict[Metric, dict[str, Matrix]] = {
        Metric.PRICE: {v: stored(walk(100, 0.01) * pushed) for v in VENUES},
        Metric.OI_LEVEL: {v: stored(walk(1e6, 0.01) * closed) for v in VENUES},
    }
    matrices = {m: stored(np.abs(walk(1.0, 0.02))) for m in STORED}
    matrices[Metric.FUNDING], matrices[Metric.FUNDING_SETTLED] = stored(rates), stored(rates - 1e-4)
    matrices[Metric.LIQ_LONG], matrices[Metric.LIQ_SHORT] = stored(spikes(1)), stored(spikes(-1))
    matrices[Metric.LIQ_HEARD] = heard(np.random.default_rng(seed), shape)
    times = np.array([to_ms(START + step * (i + 1)) for i in range(rows)], np.int64)
    return with_legs(Panel(times, COINS, step, matrices, legs))


@cache
def shared(seed: int, step: timedelta) -> Panel:
    """A market of the suite of which signals share what they compute."""
    return market(seed, step).keeping(Kept())


@cache
def another(seed: int, step: timedelta, row: int) -> Panel:
    """A market of the suite up to a row, and another one after it; signals share what they compute of it."""
    return spliced(market(seed, step), market(seed + 1, step), row).keeping(Kept())


@cache
def blind(step: timedelta, *unknown: Metric) -> Panel:
    """A market without holes of which nobody tells those metrics; signals share what they compute of it."""
    panel = market(3, step, holes=0)
    matrices = dict(panel.matrices)
    for one in (one for metric in unknown for one in DAYS.get(metric, (metric,))):  # a day may be told in two ways
        matrices[one] = np.full(panel.shape, np.nan, np.float32)
    return Panel(panel.times, panel.coins, panel.step, matrices, panel.legs, kept=Kept())


@cache
def joined(step: timedelta) -> tuple[Panel, int]:
    """A market without holes that one of its venues joins in some row, as planned; signals share what they compute."""
    panel = market(6, step, holes=0)
    row = len(panel.times) - (120 if len(panel.times) == ROWS else 60)

    def late(venue: str, leg: Matrix) -> Matrix:
        return np.where((np.arange(len(leg)) < row)[:, np.newaxis] & (venue == VENUES[1]), np.nan, leg).astype(
            np.float32
        )

    legs = {metric: {v: late(v, leg) for v, leg in of.items()} for metric, of in panel.legs.items()}
    oi = np.nansum([*legs[Metric.OI_LEVEL].values()], axis=0, dtype=np.float32)
    whole = {Metric.OI_LEVEL: oi, Metric.OI_EXPECTED: oi}
    return Panel(panel.times, panel.coins, step, {**panel.matrices, **whole}, legs, kept=Kept()), row


@cache
def resized(step: timedelta, factor: float) -> Panel:
    """Prices times f and coins by f: dollars stay, so dollar floors stay too. Powers of two keep floats exact."""
    panel, coins = market(5, step), (Metric.OI_LEVEL, Metric.OI_EXPECTED)
    by_metric = {Metric.PRICE: factor, Metric.INDEX: factor} | dict.fromkeys(coins, 1 / factor)

    def scaled(metric: Metric, matrix: Matrix) -> Matrix:
        return (matrix * by_metric.get(metric, 1.0)).astype(np.float32)

    whole = {m: scaled(m, x) for m, x in panel.matrices.items()}
    legs = {m: {v: scaled(m, x) for v, x in by.items()} for m, by in panel.legs.items()}
    return Panel(panel.times, panel.coins, panel.step, whole, legs, kept=Kept())


@cache
def scored(name: str, window: timedelta, side: str, seed: int) -> Series:
    """The whole score of a market of the suite."""
    return BY_NAME[name].score(shared(seed, step_of(name, window)), window, side=side)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 7), part=st.floats(0, 1, exclude_max=True))
def test_what_comes_later_never_changes_a_score(seed: int, part: float) -> None:
    """Of all signals in turn, which then share what they compute of that market."""
    for signal, window, side in CASES:
        panel = market(seed, step_of(signal.name, window))
        row = 1 + int(part * (len(panel.times) - 1))

        before = scored(signal.name, window, side, seed)
        after = signal.score(another(seed, panel.step, row), window, side=side)

        np.testing.assert_array_equal(before[:row], after[:row], f"{signal.name} {window} {side}")


@each_window
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 7), part=st.floats(0, 1, exclude_max=True))
def test_live_is_research(signal: Signal, window: timedelta, side: str, seed: int, part: float) -> None:
    panel = market(seed, step_of(signal.name, window))
    row = 1 + int(part * len(panel.times))
    bars = panel.at(signal.step(window))
    needed = -(-signal.lookback // bars.step) + 2

    live = signal.score(panel.until(row).tail(needed), window, rows=1, side=side)
    research = scored(signal.name, window, side, seed)

    np.testing.assert_array_equal(live[-1], research[row - 1])


@each_window
def test_what_is_kept_from_one_bar_to_the_next_changes_no_score(signal: Signal, window: timedelta, side: str) -> None:
    panel, kept = market(2, step_of(signal.name, window)), Kept()
    ends = [len(panel.times) - back for back in (40, 39, 38, 36, 20, 1, 0)]

    live = [signal.score(panel.until(end).keeping(kept), window, rows=1, side=side)[-1] for end in ends]

    np.testing.assert_array_equal(live, scored(signal.name, window, side, 2)[np.array(ends) - 1])


@each_window
def test_the_market_of_the_suite_makes_the_signal_move(signal: Signal, window: timedelta, side: str) -> None:
    step = step_of(signal.name, window)

    scores = [scored(signal.name, window, side, seed) for seed in range(8)]

    assert all(one.shape == market(0, step).shape for one in scores)
    assert all(one.dtype == np.float64 for one in scores)
    assert not np.isinf(scores).any()
    assert np.isfinite(scores).any()
    assert signal.unit is not Unit.STATE or set(np.unique(np.array(scores)[np.isfinite(scores)])) <= {0.0, 1.0}
    assert fires(signal, np.array(scores)).any()


@pytest.mark.parametrize("signal", [s for s in SIGNALS if s.sides], ids=lambda s: s.name)
def test_at_most_one_side_is_beyond_the_line_and_only_with_its_own_part(signal: Signal) -> None:
    window = signal.windows[0]

    sides = [
        np.array([fires(signal, scored(signal.name, window, side, seed)) for seed in range(8)])
        for side in sorted(signal.sides)
    ]

    assert all(side.any() for side in sides)
    assert (np.sum(sides, axis=0) <= 1).all()


@pytest.mark.parametrize(
    ("signal", "window", "side", "metric"),
    [(*case, metric) for case in CASES for metric in sorted(case[0].needs)],
    ids=lambda x: getattr(x, "name", str(x)),
)
def test_without_an_input_that_it_needs_a_signal_knows_nothing(
    signal: Signal, window: timedelta, side: str, metric: Metric
) -> None:
    step = step_of(signal.name, window)

    assert np.isfinite(signal.score(blind(step), window, side=side)).any()
    assert np.isnan(signal.score(blind(step, metric), window, side=side)).all()


@each_window
def test_any_other_input_that_is_unknown_never_makes_a_signal_fire(
    signal: Signal, window: timedelta, side: str
) -> None:
    step, others = (
        step_of(signal.name, window),
        [metric for metric in STORED if metric not in (*signal.needs, *TOLD_OF)],
    )
    full, without = (signal.score(of, window, side=side) for of in (blind(step), blind(step, *others)))

    reads_some = not np.array_equal(full, without, equal_nan=True)

    for metric in others if reads_some else ():  # what reads none of them all is moved by none of them
        scores = signal.score(blind(step, metric), window, side=side)
        assert (np.isnan(scores) | (scores == full)).all(), metric


@each_window
def test_a_coin_depends_on_itself_alone(signal: Signal, window: timedelta, side: str) -> None:
    panel = market(4, step_of(signal.name, window))

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
        signal.score(alone, window, side=side)[:, 0], scored(signal.name, window, side, 4)[:, 1], rtol=1e-6
    )


@each_window
def test_it_equals_a_slow_calculation_bar_by_bar(signal: Signal, window: timedelta, side: str) -> None:
    """On the coin and market of the suite on which it fires most: every third bar, and each on which it fires."""
    step, seeds = step_of(signal.name, window), range(8)
    first = 0 if len(market(0, step).times) == ROWS else FINE_ROWS - 129
    fired = np.array([fires(signal, scored(signal.name, window, side, seed))[first:].sum(axis=0) for seed in seeds])
    seed, column = (int(at) for at in np.unravel_index(np.argmax(fired), fired.shape))
    found = scored(signal.name, window, side, seed)[:, column]
    coin, rows = coin_of(market(seed, step), COINS[column]), np.arange(len(found))
    rows = rows[(rows % 3 == 0) | fires(signal, found) | (np.roll(fires(signal, found), 1))]
    rows = rows[rows >= first]

    wanted = [SLOW[signal.name](coin, int(row), window, side) for row in rows]

    np.testing.assert_allclose(found[rows], wanted, rtol=1e-5, atol=1e-9)
    assert fires(signal, np.array(wanted)).any()
    assert not fires(signal, np.array(wanted)).all()


@each_window
def test_where_a_venue_joins_it_equals_a_slow_calculation_too(signal: Signal, window: timedelta, side: str) -> None:
    """From a little before it joins until weeks later: nothing is held against a market that was another."""
    step = step_of(signal.name, window)
    panel, row = joined(step)
    coin, rows = coin_of(panel, COINS[1]), [*range(row - 2, row + 9), *range(row + 9, len(panel.times), 9)]

    found = signal.score(panel, window, side=side)[rows, 1]

    np.testing.assert_allclose(found, [SLOW[signal.name](coin, at, window, side) for at in rows], rtol=1e-5, atol=1e-9)


@each_window
@pytest.mark.parametrize("factor", [2.0**10, 2.0**-10])
def test_the_size_of_a_coin_does_not_matter(signal: Signal, window: timedelta, side: str, factor: float) -> None:
    other = resized(step_of(signal.name, window), factor)

    np.testing.assert_allclose(signal.score(other, window, side=side), scored(signal.name, window, side, 5), rtol=1e-5)


@each_signal
def test_evidence_is_numbers_with_units_and_never_raises(signal: Signal) -> None:
    for window in signal.windows:
        panel = market(6, step_of(signal.name, window))
        for row in range(0, len(panel.times), len(panel.times) // 8):
            for coin in (*COINS, "NOSUCH"):
                for side in ("", *signal.sides):
                    for fact in signal.evidence(panel.until(row), coin, window, side):
                        assert fact.label
                        assert fact.value is not None or fact.text
                        assert fact.value is None or np.isfinite(fact.value)


@each_signal
def test_on_its_own_line_it_fires_just_as_a_rule_that_names_it_does(signal: Signal) -> None:
    draft = parse(f"BTC {signal.name}", Vocabulary(COINS, VENUES, SIGNALS, START, UTC))
    assert isinstance(draft, Draft)
    on, closed = signal.fire, signal.compare in (Compare.AT_LEAST, Compare.AT_MOST)

    assert fires(signal, np.array([on, np.nan])).tolist() == [closed, False]
    assert (verdict(draft.condition, on)[0] is Verdict.MET) is closed
    assert signal.compare.downward is (signal.fire < signal.clear)


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
