"""Bounds of a sleeper: nothing that its condition would say otherwise lies within them."""

from itertools import product

import pytest

from signals.judge import verdict
from signals.model import Unit
from signals.rules.lifecycle import is_worse
from signals.rules.model import Compare, Condition
from signals.vigil import bounds
from tests.signals.fuzz import EDGES, ZERO


@pytest.mark.parametrize("compare", Compare)
@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("band", [0.0, 5e-324, 0.5])
@pytest.mark.parametrize("line", [5e-324, 0.5, 1.0])
def test_nobody_sleeps_past_another_verdict_or_a_worse_one(
    compare: Compare, absolute: bool, band: float, line: float
) -> None:
    clear = line + band if compare.downward else line - band
    condition = Condition("funding", ZERO, compare, line, clear, Unit.RATIO, absolute=absolute)

    for value, other, told in product(EDGES, EDGES, (None, 0.0, 1.0)):
        low, high = bounds(condition, value, told)
        now, then = verdict(condition, value), verdict(condition, other)
        is_news = then[0] is not now[0] or (told is not None and is_worse(then[1], told) and not is_worse(now[1], told))
        assert not (is_news and low <= other < high), (value, other, told)
