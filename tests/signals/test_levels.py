"""Levels in columns say of each condition what the verdict and the bounds of one say."""

from itertools import product
from math import inf, isnan, nan

import numpy as np
import pytest

from signals.judge import said
from signals.levels import UNSURE, VERDICTS, Levels, row_of, rows_of
from signals.model import Unit
from signals.rules.lifecycle import Verdict
from signals.rules.model import Compare, Condition
from signals.vigil import bounds
from tests.signals.fuzz import EDGES, ZERO


def conditions() -> list[Condition]:
    return [
        Condition("funding", ZERO, compare, line, line + way * band, Unit.RATIO, absolute=absolute)
        for compare, line, band, absolute in product(
            Compare, (5e-324, 0.5, 1.0, -1.0), (0.0, 5e-324, 0.5), (False, True)
        )
        for way in (1.0 if compare.downward else -1.0,)
    ]


@pytest.mark.parametrize("value", [nan, *EDGES])
def test_many_conditions_say_together_what_each_says_alone(value: float) -> None:
    of, values = conditions(), (nan, *EDGES)
    pairs = list(product(of, values))
    levels = Levels(rows_of([row_of(condition) for condition, _ in pairs]))

    codes, excess = levels.said(np.full(len(pairs), value), np.array([held for _, held in pairs]))

    for (condition, held), code, far in zip(pairs, codes.tolist(), excess.tolist(), strict=True):
        now, then = (None if isnan(end) else end for end in (value, held))
        verdict, expected = said(condition, now, then)
        assert (VERDICTS[code], far) == (verdict, expected), (condition, held)
        assert (code == UNSURE) == (verdict is Verdict.UNKNOWN and now is not None)


@pytest.mark.parametrize("value", EDGES)
def test_many_conditions_have_the_bounds_that_each_has_alone(value: float) -> None:
    of = conditions()

    low, high = Levels(rows_of([row_of(condition) for condition in of])).within(np.full(len(of), value))

    assert list(zip(low.tolist(), high.tolist(), strict=True)) == [bounds(condition, value, None) for condition in of]


@pytest.mark.parametrize("told", [0.0, 0.5, 3.0, 1e300, inf])
@pytest.mark.parametrize("value", EDGES)
def test_many_conditions_wait_for_a_worse_value_within_the_bounds_that_each_has_alone(
    value: float, told: float
) -> None:
    of = conditions()
    levels = Levels(rows_of([row_of(condition) for condition in of]))

    low, high = levels.until_worse(np.full(len(of), value), np.full(len(of), told))

    assert list(zip(low.tolist(), high.tolist(), strict=True)) == [bounds(condition, value, told) for condition in of]
