"""What is asked once more before a rule is saved."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.rules.cautions import Doubt, cautions
from signals.rules.model import Draft
from tests.signals.rules.drafts import drafts
from tests.signals.rules.vocabulary import COINS, rule

PRICES = {"BTC": 65_000.0, "ETH": 3_400.0, "SOL": None}


def doubts(sentence: str, a_day: float | None = None) -> list[Doubt]:
    """Why that sentence is asked about."""
    return [caution.doubt for caution in cautions(rule(sentence), a_day, PRICES)]


@pytest.mark.parametrize(
    ("typed", "doubted"),
    [
        ("ETH funding < -0.01%", []),
        ("* negfunding", [Doubt.EVERY_COIN]),
        ("watchlist negfunding", []),
        ("ETH price > 34000", [Doubt.FAR_PRICE]),
        ("ETH price > 33999", []),
        ("ETH price < 340", [Doubt.FAR_PRICE]),
        ("ETH price < 341", []),
        ("ETH price crosses 340", [Doubt.FAR_PRICE]),
        ("ETH,BTC price < 3400", [Doubt.FAR_PRICE]),
        ("SOL price < 1", []),
        ("XRP price < 1", []),
        ("* price < 1", [Doubt.EVERY_COIN, Doubt.FAR_PRICE]),
        ("ETH price 1h falls by 1%", []),
        ("ETH ls > 1 and price > 34000", [Doubt.FAR_PRICE]),
        ("ETH funding < -5%", []),
        ("ETH funding < -5.1%", [Doubt.YEARLY]),
        ("ETH funding.settled > 510bp", [Doubt.YEARLY]),
        ("ETH funding crosses up 6%", [Doubt.YEARLY]),
        ("ETH funding.apr > 60%", []),
        ("ETH funding > p60", []),
        ("ETH negfunding < -6%", []),
    ],
)
def test_a_line_where_nobody_draws_one_is_asked_about(typed: str, doubted: list[Doubt]) -> None:
    assert doubts(typed) == doubted


@pytest.mark.parametrize(("a_day", "doubted"), [(None, []), (20.0, []), (20.1, [Doubt.MANY_MESSAGES])])
def test_many_messages_a_day_are_asked_about_with_their_number(a_day: float | None, doubted: list[Doubt]) -> None:
    found = cautions(rule("ETH divergence"), a_day, PRICES)

    assert [caution.doubt for caution in found] == doubted
    assert all(caution.number == a_day for caution in found)


def test_a_far_price_names_the_coin_and_what_it_costs_now() -> None:
    (caution,) = cautions(rule("ETH,BTC price < 3400"), None, PRICES)

    assert (caution.coin, caution.number) == ("BTC", 65_000.0)


def test_an_unusual_rate_is_offered_as_a_yearly_one() -> None:
    (caution,) = cautions(rule("ETH ls > 1 and funding < -30% clear -20% for 5m once"), None, PRICES)

    assert caution.instead == "ETH ls > 1 and funding.apr < -30% clear -20% for 5m once"


@given(drafts(), st.none() | st.floats(0, 100), st.dictionaries(st.sampled_from(COINS), st.floats(1e-9, 1e9)))
@settings(max_examples=40, deadline=None)
def test_what_is_offered_instead_is_a_rule(draft: Draft, a_day: float | None, prices: dict[str, float]) -> None:
    for caution in cautions(draft, a_day, prices):
        if caution.instead:
            assert rule(caution.instead).conditions != draft.conditions
