"""Intervals and circular shifts, against what is slow and plain."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.chance import DRAWS, Interval, shift_p, wilson


def slow_wilson(hits: float, count: int) -> Interval:
    """The shares p that a normal test does not reject, |share - p| <= z sqrt(p (1 - p) / count), by bisection."""

    def rejects(p: float) -> bool:
        return abs(hits / count - p) > 1.959963984540054 * (p * (1 - p) / count) ** 0.5

    def edge(inside: float, outside: float) -> float:
        for _ in range(80):
            between = (inside + outside) / 2
            inside, outside = (inside, between) if rejects(between) else (between, outside)
        return inside

    share = hits / count
    return Interval(edge(share, 0.0) if share else 0.0, edge(share, 1.0) if share < 1 else 1.0)


@given(st.integers(1, 5_000).flatmap(lambda count: st.tuples(st.floats(0, count), st.just(count))))
def test_the_interval_holds_the_shares_that_a_normal_test_does_not_reject(of: tuple[float, int]) -> None:
    assert wilson(*of) == pytest.approx(slow_wilson(*of), abs=1e-7)


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"), [(5, 7, 36, 92), (10, 14, 45, 88), (50, 70, 60, 81), (0, 1, 0, 79)]
)
def test_a_popular_share_has_the_interval_of_its_few_cases(hits: int, count: int, low: int, high: int) -> None:
    interval = wilson(hits, count)

    assert interval is not None
    assert [round(100 * end) for end in interval] == [low, high]


def test_of_nothing_there_is_no_interval() -> None:
    assert wilson(0, 0) is None


def slow_shares(events: np.ndarray, hits: np.ndarray, usable: np.ndarray) -> list[float]:
    """The share of hits for each number of rows that events are moved on."""
    shares = []
    for by in range(len(events)):
        moved = np.roll(events, by, axis=0) & usable
        shares.append(hits[moved].mean() if moved.any() else np.nan)
    return shares


@given(st.integers(2, 40), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_a_shift_moves_the_events_of_all_coins_alike(rows: int, coins: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    events, hits, usable = (chance.random((rows, coins)) < share for share in (0.2, 0.5, 0.9))
    events &= usable
    p = shift_p(events, hits & usable, usable, seed)

    if not events.any():
        assert p is None
        return
    shares = np.array(slow_shares(events, hits & usable, usable))
    drawn = shares[np.random.default_rng(seed).integers(1, rows, DRAWS)]
    drawn = drawn[np.isfinite(drawn)]
    assert p == pytest.approx((1 + (drawn >= shares[0] - 1e-12).sum()) / (1 + len(drawn)))


def test_under_chance_alone_small_values_are_as_rare_as_they_say() -> None:
    chance, found = np.random.default_rng(7), []
    for seed in range(300):
        hits = chance.random((400, 2)) < 0.5
        events = chance.random((400, 2)) < 0.1
        found.append(shift_p(events, hits, np.ones_like(hits), seed))

    shares = [np.mean([p <= level for p in found]) for level in (0.05, 0.25, 0.5, 0.75)]
    assert shares == pytest.approx([0.05, 0.25, 0.5, 0.75], abs=0.08)
    assert all(less < more for less, more in pairwise(shares))


def test_what_always_hits_and_is_rare_elsewhere_has_the_smallest_value() -> None:
    hits = np.zeros((1_000, 1), np.bool_)
    hits[[10, 250, 333, 720], 0] = True

    assert shift_p(hits, hits, np.ones_like(hits), 3) == pytest.approx(1 / (1 + DRAWS))
