"""A rate that hovers around its line: hold and band together keep a chat readable."""

from datetime import UTC, datetime, timedelta
from statistics import median

import numpy as np

from signals.judge import CALM, verdict
from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.lifecycle import AlertState, Change, Policy, Seen, advance
from signals.rules.model import Compare, Condition, Draft

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ZERO = timedelta(0)
SAMPLES = 30 * 24 * 60
SPREAD = 0.00003
MEMORY = 0.993
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
        said, excess = verdict(condition, rate)
        state, told = advance(state, Seen(START + MINUTE * minute, said, excess), policy)
        count += told is not None and told.change is Change.FIRED
    return count


def test_a_bare_crossing_of_zero_floods_and_the_default_rule_does_not() -> None:
    rule = parse("ETH funding < 0%", VOCABULARY)
    assert isinstance(rule, Draft)
    assert (rule.hold, rule.condition.clear, rule.condition.compare) == (MINUTE * 15, 0.00002, Compare.BELOW)
    months = [noisy_rates(seed) for seed in range(3)]
    bare = Condition("funding", ZERO, Compare.BELOW, 0.0, 0.0, rule.condition.unit)

    naive = median(fires(bare, Policy(ZERO, ZERO, None, MINUTE * 2), month) for month in months)
    usual = median(fires(rule.condition, Policy(rule.hold, CALM, None, MINUTE * 2), month) for month in months)

    assert naive > 500
    assert 0 < usual < 80
