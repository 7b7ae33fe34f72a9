"""A rule drifts when a week is beyond its usual and beyond chance, and never for a few firings more."""

from dataclasses import replace
from datetime import timedelta
from math import exp, factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.drift import CALM_AGAIN, TIMES, Drift, at_least, drift
from signals.model import ALL, Unit, Yardstick
from signals.rules.model import Compare, Condition, Draft

RULE = Condition("funding", timedelta(0), Compare.BELOW, 0.10, 0.12, Unit.RANK, Yardstick.RANK)
DRAFT = Draft(("ETH",), ALL, (RULE,), timedelta(0), None, once=False)
TIGHTER = [replace(DRAFT, conditions=(replace(RULE, line=line),)) for line in (0.08, 0.05, 0.02)]
FIRES = dict(zip(TIGHTER, (22, 6, 0), strict=True))


def test_the_notice_names_the_week_the_usual_and_the_first_line_that_is_calm_again() -> None:
    found = drift(31, [4, 3, 6, 4, 5], TIGHTER, FIRES.get)

    assert found == Drift(31, 4, TIGHTER[1], 6)


def test_no_line_is_offered_that_would_be_as_loud_or_never_heard() -> None:
    assert drift(31, [4, 3, 6, 4, 5], TIGHTER[:1], FIRES.get) == Drift(31, 4, None, None)
    assert drift(31, [4, 3, 6, 4, 5], TIGHTER[2:], FIRES.get) == Drift(31, 4, None, None)
    assert drift(31, [4, 3, 6, 4, 5], TIGHTER, lambda _: None) == Drift(31, 4, None, None)


@pytest.mark.parametrize(
    ("fired", "before"),
    [
        (9, [0, 0, 0, 0, 0]),
        (31, [4, 4, 4]),
        (11, [4, 4, 4, 4]),
        (14, [4, 5, 6, 5]),
        (31, [4, 3, 20, 4, 5]),
        (60, [30, 31, 29, 30]),
        (0, [5, 5, 5, 5]),
    ],
    ids=["few", "young", "under three times", "by chance", "as a week before", "twice", "silent"],
)
def test_no_notice_for(fired: int, before: list[int]) -> None:
    assert drift(fired, before, TIGHTER, FIRES.get) is None


@pytest.mark.parametrize("usual", [0.2, 1.0, 4.0, 12.0, 40.0])
def test_a_rule_that_fires_by_chance_as_ever_drifts_less_than_once_in_ten_thousand_weeks(usual: float) -> None:
    weeks = np.random.default_rng(5).poisson(usual, 20_000).tolist()

    told = [n for n in range(8, len(weeks)) if drift(weeks[n], weeks[n - 8 : n], (), FIRES.get)]

    assert len(told) <= 2


@given(st.integers(0, 60), st.lists(st.integers(0, 20), min_size=4, max_size=12), st.integers(1, 20))
def test_more_firings_never_take_a_notice_back(fired: int, before: list[int], more: int) -> None:
    if drift(fired, before, (), FIRES.get):
        assert fired >= TIMES * sorted(before)[(len(before) - 1) // 2]
        assert drift(fired + more, before, (), FIRES.get)


@given(st.integers(0, 12), st.floats(0.1, 8))
def test_chance_is_that_of_poisson(count: int, mean: float) -> None:
    wanted = sum(exp(-mean) * mean**n / factorial(n) for n in range(count, 80))

    assert at_least(count, mean) == pytest.approx(wanted, abs=1e-9)


def test_a_line_twice_as_loud_as_usual_is_still_calm_enough() -> None:
    assert drift(31, [4] * 5, TIGHTER, lambda _: int(CALM_AGAIN * 4)) == Drift(31, 4, TIGHTER[0], 8)
    assert drift(31, [4] * 5, TIGHTER[:1], lambda _: int(CALM_AGAIN * 4) + 1) == Drift(31, 4, None, None)
