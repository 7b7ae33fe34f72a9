"""The engine tells what an oracle tells that judges every rule at every moment."""

from math import inf, nextafter

import pytest

from signals.model import ALL, Cell, Unit
from signals.rules.lifecycle import Phase
from signals.rules.model import Compare, Condition, Draft, Rule
from tests.signals import fuzz
from tests.signals.pair import MINUTE, PLACE, START, STEPS, ZERO, Pair
from tests.signals.plain import Moment


def test_the_engine_tells_what_judging_every_rule_tells_over_edits_and_restarts() -> None:
    found = fuzz.run(1, range(400))

    assert found.different == []
    assert found.told > 400
    assert found.restarts > 700


@pytest.mark.parametrize("compare", Compare)
@pytest.mark.parametrize("ulps", [-1, 0, 1])
def test_a_line_is_exact_to_the_last_bit(compare: Compare, ulps: int) -> None:
    line = 0.1
    value = line if ulps == 0 else nextafter(line, ulps * inf)
    condition = Condition("funding", ZERO, compare, line, line, Unit.RATIO)
    pair = Pair()
    pair.put(Rule("r", PLACE, 1, 1, Draft(("BTC",), ALL, (condition,), ZERO, None, once=False), START, 1))
    cell = Cell("BTC", ALL, "funding", ZERO)
    calm = 1.0 if compare.downward else -1.0

    for minute, said in enumerate((calm, value), start=1):
        pair.judge(Moment(START + minute * MINUTE, {cell: (said, None)}, STEPS), ("BTC",))

    met = {"<": ulps < 0, "<=": ulps <= 0, ">": ulps > 0, ">=": ulps >= 0}[compare.value]
    assert [state.phase for state in pair.stored.values()] == ([Phase.FIRING] if met else [])


def test_rules_of_which_nothing_is_crossed_are_not_looked_at() -> None:
    pair = Pair()
    for number in range(100):
        one = Condition("funding", ZERO, Compare.ABOVE, 1.0 + number, 0.5 + number, Unit.RATIO)
        pair.put(
            Rule(f"r{number:02}", PLACE, number, 1, Draft(("BTC",), ALL, (one,), ZERO, None, once=False), START, 1)
        )
    cell, touched = Cell("BTC", ALL, "funding", ZERO), []

    for minute, said in enumerate((0.0, 0.9, 3.5, 3.6, 3.6), start=1):
        pair.judge(Moment(START + minute * MINUTE, {cell: (said, None)}, STEPS), ("BTC",))
        touched.append(pair.engine.counts.touched)

    assert touched == [0, 0, 3, 0, 0]
    assert pair.engine.counts.kept == 3
    assert {state.phase for state in pair.stored.values()} == {Phase.FIRING}
