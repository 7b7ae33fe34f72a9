import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.venues import noise
from signals.panel import Instants, Series

MANY = np.arange(-50_000, 50_000)
NAMES = ("BTC", "ETH", "SOL")


def of(seed: int = 1, what: str = "a test") -> noise.Sources:
    return noise.sources(seed, what, NAMES)


KINDS = {
    "uniform": noise.uniform,
    "bell": noise.bell,
    "bursts": noise.bursts,
    "smooth": lambda sources, at: noise.smooth(sources, at, 60),
    "wander": lambda sources, at: noise.wander(sources, at, 1, 1440),
}
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
@settings(max_examples=30, deadline=None)
@given(at=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=9))
def test_what_an_instant_hears_does_not_depend_on_who_else_is_asked_for(kind: str, at: list[int]) -> None:
    together = KINDS[kind](of(), np.array(at))

    alone = [KINDS[kind](of(), np.array([one]))[0] for one in at]

    np.testing.assert_allclose(together, alone, rtol=1e-12)


@each_kind
@pytest.mark.parametrize("few", [1, 64, 65])
def test_few_instants_hear_to_the_last_bit_what_they_hear_among_many(kind: str, few: int) -> None:
    np.testing.assert_array_equal(KINDS[kind](of(), MANY[-few:]), KINDS[kind](of(), MANY)[-few:])


@each_kind
def test_seeds_purposes_and_names_are_apart(kind: str) -> None:
    at = np.arange(1000)
    made = [KINDS[kind](sources, at) for sources in (of(), of(seed=2), of(what="another"))]

    columns = np.concatenate(made, axis=1)

    assert np.abs(np.corrcoef(columns.T) - np.eye(9)).max() < (0.9 if kind == "wander" else 0.6)
    assert len({column.tobytes() for column in columns.T.copy()}) == 9


@each_kind
def test_the_same_source_says_the_same(kind: str) -> None:
    np.testing.assert_array_equal(KINDS[kind](of(), MANY), KINDS[kind](of(), MANY))


def follows(values: Series) -> Series:
    """How much each value looks like the one before it."""
    return np.array([np.corrcoef(column[1:], column[:-1])[0, 1] for column in values.T])


def test_uniform_noise_is_spread_evenly_and_remembers_nothing() -> None:
    values = noise.uniform(of(), MANY)

    assert ((values > 0) & (values < 1)).all()
    assert np.abs(np.quantile(values, (0.1, 0.5, 0.9), axis=0).T - (0.1, 0.5, 0.9)).max() < 0.01
    assert np.abs(follows(values)).max() < 0.02


def test_bell_noise_lies_around_zero_with_a_spread_of_one() -> None:
    values = noise.bell(of(), MANY)

    assert np.abs(values.mean(axis=0)).max() < 0.02
    assert values.std(axis=0) == pytest.approx(1, abs=0.05)
    assert np.abs(values).max() == 3


def test_bursts_are_positive_and_one_on_average() -> None:
    values = noise.bursts(of(), MANY)

    assert values.min() > 0
    assert values.mean(axis=0) == pytest.approx(1, abs=0.02)
    assert values.max() > 8


def test_smooth_noise_goes_through_its_knots_without_jumps() -> None:
    values = noise.smooth(of(), MANY, 60)
    knots: Instants = np.arange(-800, 800)

    np.testing.assert_array_equal(noise.smooth(of(), knots * 60, 60), noise.bell(of(), knots))
    assert np.abs(np.diff(values, axis=0)).max() < 6 * 1.5 / 60 + 1e-9


def test_a_path_that_wanders_moves_twice_as_far_in_four_times_the_time() -> None:
    path = noise.wander(of(), MANY, 1, 8192)

    near, far = ((path[lag:] - path[:-lag]).std(axis=0) for lag in (32, 128))

    assert far / near == pytest.approx(2, abs=0.25)
