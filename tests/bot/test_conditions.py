"""Conditions in words: each kind says from where it fires, where it ends and what its numbers count."""

import pytest

from bot.conditions import levels, named, standing
from signals.model import Yardstick
from tests.signals.rules.vocabulary import rule


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("ETH funding < -0.01%", "Fires below −0.01% per 8h, ends above −0.008% per 8h."),
        ("BTC price >= 65000", "Fires at or above $65,000, ends below $64,935."),
        ("ETH price 1h moves by 3%", "Fires from a move of 3% either way, ends inside 2.4%."),
        ("BTC oi 4h falls by 5%", "Fires at or below −5%, ends above −4%."),
        ("ETH funding < p5", "Fires below p5, that is lower than 95% of its last 90 days, ends above p7."),
        ("ETH funding > p95", "Fires above p95, that is higher than 95% of its last 90 days, ends below p93."),
        (
            "ETH funding > z3",
            "Fires above z3 (own spreads from its own middle), ends below z2.5 (own spreads from its own middle).",
        ),
        ("BTC liq 1h > 3x", "Fires above 3x its usual sum, ends below 2.4x its usual sum."),
        (
            "ETH price crosses down 3000",
            "Fires when it crosses below $3,000; a crossing is a moment, nothing is told of its end.",
        ),
        (
            "ETH funding crosses 0%",
            "Fires when it crosses 0% per 8h, up or down; a crossing is a moment, nothing is told of its end.",
        ),
        ("ETH negfunding", "Fires below −0.01% per 8h, ends above −0.005% per 8h."),
    ],
)
def test_one_condition_is_one_sentence(sentence: str, said: str) -> None:
    assert levels(rule(sentence)) == [said]


def test_several_conditions_hold_together_and_one_ends_them() -> None:
    assert levels(rule("BTC,ETH oi 4h falls by 5% and price 4h rises by 2%")) == [
        "Fires when all hold together: open interest change in 4h at or below −5% · price change in 4h at or above 2%.",
        "Ends when one of them is over: open interest change in 4h above −4% · price change in 4h below 1.6%.",
    ]


def test_a_crossing_among_conditions_has_no_end_of_its_own() -> None:
    ends = levels(rule("ETH funding crosses down 0% and ratio > 0.3"))[1]

    assert "funding" not in ends
    assert "spot/futures volume" in ends


def test_a_signal_is_named_with_its_side() -> None:
    assert named(rule("ETH liqspike.long > 20x").condition) == "liqspike.long in 1h"


@pytest.mark.parametrize(
    ("yardstick", "value", "said"),
    [
        (Yardstick.RANK, 0.04, "lower than 96% of its last 90 days"),
        (Yardstick.RANK, 0.97, "higher than 97% of its last 90 days"),
        (Yardstick.SPREADS, -3.25, "3.25 own spreads below its own middle"),
        (Yardstick.MULTIPLE, 3.4, "3.4x its usual sum"),
    ],
)
def test_a_value_by_its_own_past_says_what_it_means(yardstick: Yardstick, value: float, said: str) -> None:
    assert standing(yardstick, value) == said
