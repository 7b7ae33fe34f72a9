"""What is offered while a sentence is typed are whole rules that begin with it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.metrics import METRICS
from signals.rules.model import Draft
from signals.rules.suggest import MODIFIERS, USUAL, suggest

KNOWN = Vocabulary(
    ["BTC", "ETH", "ETHW", "SOL", "ALL"], ["binance", "okx"], SIGNALS, datetime(2026, 1, 5, tzinfo=UTC), UTC
)


def is_rule(line: str) -> bool:
    return isinstance(parse(line, KNOWN), Draft)


def test_each_metric_has_conditions_that_are_rules() -> None:
    assert set(USUAL) == set(METRICS)
    assert [phrase for of in USUAL.values() for phrase in of if not is_rule(f"ETH {phrase}")] == []
    assert [modifier for modifier in MODIFIERS if not is_rule(f"ETH funding < -0.01% {modifier}")] == []


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("e", "ETH funding < -0.01%"),
        ("$al", "$ALL funding < -0.01%"),
        ("ETH ", "ETH negfunding"),
        ("eth fun", "eth funding < p5"),
        ("ETH@okx oi 4h f", "ETH@okx oi 4h falls by 5%"),
        ("BTC,ETH liq.l", "BTC,ETH liq.long 1h > $10M"),
        ("ETH funding < -0.03", "ETH funding < -0.03%"),
        ("ETH funding < -0.01% f", "ETH funding < -0.01% for 15m"),
        ("ETH funding < -0.01% and ", "ETH funding < -0.01% and price 1h falls by 3%"),
        ("ETH funding < -0.01% for 15m every", "ETH funding < -0.01% for 15m every 4h"),
        ("ETHH funding < -0.01%", "ETH funding < -0.01%"),
    ],
)
def test_what_may_be_meant_is_offered(typed: str, offered: str) -> None:
    found = suggest(typed, KNOWN)

    assert offered in found
    assert len(found) <= 25


def test_a_whole_rule_comes_first_as_it_was_typed() -> None:
    assert suggest("ETH funding < -0.02%", KNOWN)[0] == "ETH funding < -0.02%"


@settings(max_examples=60)
@given(st.text(max_size=40) | st.sampled_from(["ETH ", "ETH oi 4h", "* ", "ETH funding <", "BTC and", "x" * 400]))
def test_everything_that_is_offered_is_a_rule(typed: str) -> None:
    assert all(is_rule(line) for line in suggest(typed, KNOWN))
