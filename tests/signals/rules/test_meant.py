"""What is nearly a rule is told from other words, though nobody said that it is one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.rules.language import parse
from signals.rules.meant import meant
from signals.rules.model import Draft, Problem
from signals.rules.problems import Code
from tests.signals.rules.vocabulary import VOCABULARY


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("ETH funding < -0.01", Code.PERCENT),
        ("ETH, BTC funding < 1", Code.PERCENT),
        ("BTC price rises 5", Code.MOVE_WINDOW),
        ("BTC prise rises 5", Code.METRIC),
        ("ETH fundin < -0.01", Code.METRIC),
        ("ETH whatever < 3%", Code.METRIC),
        ("ETHH funding < -0.01", Code.COIN),
        ("NOCOIN funding < -0.01%", Code.COIN),
        ("BTC  ,NOCOIN price > 3 for 15m", Code.COIN),
        ("BTC@okx,ETH@bybit funding < 0%", Code.ONE_VENUE),
        ("\u0415TH funding < -0.01%", Code.CHARACTER),
        ("ETH fund\u0456ng < -0.01%", Code.CHARACTER),
        ("ETH funding < -0.01% \U0001f680", Code.CHARACTER),
        (f"ETH funding < -0.01% note {'x' * 300}", Code.LENGTH),
        ("price > 65000", Code.COIN_MISSING),
        ("BTC > 65000", Code.METRIC_MISSING),
        ("BTC > 5%", Code.METRIC_MISSING),
        ("ETH funding -0.01%", Code.COMPARISON),
        ("eth funding <", Code.INCOMPLETE),
        ("ETH liqspike > 20", Code.SIGNAL_UNIT),
        ("ETHH negfunding", Code.COIN),
    ],
)
def test_what_is_nearly_a_rule_has_its_mistake(typed: str, code: Code) -> None:
    found = meant(typed, VOCABULARY)

    assert isinstance(found, Problem)
    assert found == parse(typed, VOCABULARY)
    assert found.code == code


@pytest.mark.parametrize(
    "said",
    [
        *("", "-", "good morning", "see you at 5", "ok 5", "call 555 1234", "we rises", "I <3 ETH", "I <3 you"),
        *("10 < 20", "a < b", "i < 3 u", "meet at 8 under the bridge", "I have 3 beers", "buy 3 eth at 2000"),
        *("ETH is pumping", "ETH is 5% up", "BTC to 100k", "ETH 4000", "is btc over 9000", "eth funding is amazing"),
        *("BTC momentum looks good", "eth price to the moon, 10k", "my price is 5", "volume 11", "ls is 5", "top 5"),
        *("ETH", "ETH funding", "ETH price", "x" * 400, f"ETH funding {chr(0x1F680) * 4096}", "\u202e\u200f"),
    ],
)
def test_other_words_are_none(said: str) -> None:
    assert meant(said, VOCABULARY) is None


@pytest.mark.parametrize("typed", ["ETH funding < -0.01%", "eth negfunding", "watchlist ratio < 0.2"])
def test_a_rule_is_one(typed: str) -> None:
    assert isinstance(meant(typed, VOCABULARY), Draft)


WORDS = st.sampled_from(["the", "is", "to", "my", "ETH", "btc", "funding", "price", "moon", "momentum", "now,", "oi?"])


@settings(max_examples=150)
@given(st.lists(WORDS, max_size=8).map(" ".join))
def test_words_that_compare_nothing_are_never_nearly_a_rule(said: str) -> None:
    found = meant(said, VOCABULARY)

    assert found is None or isinstance(found, Draft) or found.repairs


@settings(max_examples=150)
@given(st.text(max_size=60) | st.lists(st.sampled_from(["ETH", "xx", "price", "<", "5%", "\u0456"])).map(" ".join))
def test_any_words_are_a_rule_or_its_own_mistake_or_none(said: str) -> None:
    assert meant(said, VOCABULARY) in (parse(said, VOCABULARY), None)
