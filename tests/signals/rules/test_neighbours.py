"""The same rule with its line a step easier and a step harder to reach."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from signals.rules.canonical import canonical
from signals.rules.model import Draft
from signals.rules.neighbours import step
from tests.signals.rules.drafts import drafts
from tests.signals.rules.vocabulary import VOCABULARY, rule

SIGNALS = VOCABULARY.signals


def said(draft: Draft | None) -> str:
    """What a neighbour compares."""
    return canonical(draft).removeprefix("ETH ").partition(" for ")[0] if draft else ""


@pytest.mark.parametrize(
    ("typed", "easier", "harder"),
    [
        ("funding < -0.01%", "funding < -0.0075%", "funding < -0.0125%"),
        ("funding > -0.01%", "funding > -0.0125%", "funding > -0.0075%"),
        ("funding < 0%", "funding < 0.002%", "funding < -0.002%"),
        ("funding crosses down 0%", "funding crosses down 0.002%", "funding crosses down -0.002%"),
        ("funding crosses 0%", "", ""),
        ("funding.apr > 37%", "funding.apr > 28%", "funding.apr > 46%"),
        ("oi falls by 5%", "oi 4h falls by 3.8%", "oi 4h falls by 6.2%"),
        ("oi falls by 100%", "oi 4h falls by 75%", ""),
        ("price 1h moves by 4%", "price 1h moves by 3%", "price 1h moves by 5%"),
        ("price > 65000", "price > $63700", "price > $66300"),
        ("oi.level < 2M coins", "oi.level < 2.1M coins", "oi.level < 1.9M coins"),
        ("ls > 2", "ls > 1.8", "ls > 2.2"),
        ("ls > 0", "", ""),
        ("ratio < 0.2", "ratio 24h < 0.25", "ratio 24h < 0.15"),
        ("liq > $10M", "liq 15m > $7.5M", "liq 15m > $12.5M"),
        ("liq > 5x", "liq 15m > 3x", "liq 15m > 10x"),
        ("volume > 7x", "volume 1h > 5x", "volume 1h > 10x"),
        ("funding < p5", "funding < p10", "funding < p2"),
        ("funding > p99", "funding > p98", "funding > p99.5"),
        ("funding > p100", "funding > p99.9", ""),
        ("funding < z-3", "funding < z-2.5", "funding < z-3.5"),
        ("oi > z0.2", "oi 4h > z0", "oi 4h > z0.4"),
        ("oi > z0", "oi 4h > z-0.5", "oi 4h > z0.5"),
        ("liqspike.long", "liqspike.long 1h > 10x", "liqspike.long 1h > 50x"),
        ("negfunding", "negfunding < -0.0075%", "negfunding < -0.0125%"),
        ("divergence", "divergence 4h > 1", "divergence 4h > 2"),
        ("cascade", "", ""),
        ("cascade and ls > 2", "cascade and ls > 1.8", "cascade and ls > 2.2"),
        ("ls > 2 clear 1.9", "ls > 1.8", "ls > 2.2 clear 1.9"),
        ("funding < 0.00000001%", "", ""),
    ],
)
def test_a_line_moves_by_a_step_that_people_would_take(typed: str, easier: str, harder: str) -> None:
    near = step(rule(f"ETH {typed}"), SIGNALS)

    assert (said(near.easier), said(near.harder)) == (easier, harder)


@given(drafts())
@settings(max_examples=60, deadline=None)
def test_a_neighbour_is_a_rule_that_can_be_typed_and_differs_in_its_line_alone(draft: Draft) -> None:
    near = step(draft, SIGNALS)

    for other in (near.easier, near.harder):
        if other is not None:
            assert rule(canonical(other)) == other
            assert replace(other, conditions=draft.conditions) == draft
            changed = [pair for pair in zip(draft.conditions, other.conditions, strict=True) if pair[0] != pair[1]]
            assert len(changed) == 1
            before, after = changed[0]
            assert before.line * after.line >= 0
            easier = after.line > before.line if before.compare.downward else after.line < before.line
            assert easier is (other is near.easier)
