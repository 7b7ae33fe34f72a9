"""A rate that hovers around its line: hold and band together keep a chat readable."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median

import numpy as np
import pytest

from signals.judge import CALM, policy, tracks, verdict
from signals.model import ALL, Unit
from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.lifecycle import AlertState, Change, Policy, Seen, advance
from signals.rules.model import Compare, Condition, Crossing, Draft

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ZERO = timedelta(0)
SAMPLES = 30 * 24 * 60
SPREAD = 0.000009
MEMORY = 0.99
"""How much of a minute's rate is still there a minute later."""

VOCABULARY = Vocabulary({"ETH"}, (), SIGNALS, START, UTC)


def noisy_rates(seed: int) -> list[float]:
    """A month of funding around zero, one sample a minute."""
    noise = np.random.default_rng(seed).normal(0.0, SPREAD * np.sqrt(1 - MEMORY**2), SAMPLES)
    rates, rate = [], 0.0
    for shock in noise.tolist():
        rate = MEMORY * rate + shock
        rates.append(rate)
    return rates


def fires(condition: Condition, policy: Policy, rates: list[float]) -> int:
    """How often a rule on these rates speaks up."""
    state, count = AlertState(), 0
    for minute, rate in enumerate(rates):
        (said, excess), at = verdict(condition, rate), START + MINUTE * minute
        state, told = advance(state, Seen(at, said, excess, at - MINUTE), policy)
        count += told is not None and told.change is Change.FIRED
    return count


MONTHS = [noisy_rates(seed) for seed in range(3)]
BARE = Policy(ZERO, ZERO, None, MINUTE * 2)


def usual(condition: Condition, policy: Policy) -> float:
    """How often a rule speaks up in a month."""
    return median(fires(condition, policy, month) for month in MONTHS)


def test_a_bare_line_at_zero_floods_and_the_default_rule_does_not() -> None:
    rule = parse("ETH funding < 0%", VOCABULARY)
    assert isinstance(rule, Draft)
    assert (rule.hold, rule.condition.clear, rule.condition.compare) == (MINUTE * 15, 0.00002, Compare.BELOW)

    assert usual(replace(rule.condition, clear=0.0), BARE) > 800
    assert 0 < usual(rule.condition, Policy(rule.hold, CALM, None, MINUTE * 2)) < 80


@pytest.mark.parametrize("track", [0, 1])
def test_a_bare_crossing_of_zero_floods_and_the_default_one_does_not(track: int) -> None:
    either = Condition("funding", ZERO, Compare.ABOVE, 0.0, -0.00002, Unit.RATE_8H, crossing=Crossing.EITHER)
    draft = Draft(("ETH",), ALL, (either,), MINUTE * 15, None, once=False)
    (condition,) = tracks(draft, {})[track].conditions

    assert usual(replace(condition, clear=0.0), BARE) > 800
    assert 0 < usual(condition, policy(draft, MINUTE)) < 40
