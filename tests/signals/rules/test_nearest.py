"""Which words a mistyped one may stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.rules.nearest import nearest, slips

WORDS = st.text("abc", max_size=6)


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("funding", "funding", 0),
        ("fundin", "funding", 1),
        ("fundingg", "funding", 1),
        ("fumding", "funding", 1),
        ("fudning", "funding", 1),
        ("fudnign", "funding", 2),
        ("", "abc", 3),
        ("abcd", "", 4),
        ("ca", "abc", 3),
    ],
)
def test_a_slip_is_one_letter_more_less_or_other_or_two_swapped(one: str, other: str, count: int) -> None:
    assert slips(one, other) == count


@given(WORDS, WORDS)
def test_slips_are_the_same_both_ways_and_none_only_for_equal_words(one: str, other: str) -> None:
    assert slips(one, other) == slips(other, one)
    assert (slips(one, other) == 0) is (one == other)


@given(WORDS, WORDS)
def test_slips_are_those_of_the_plain_recursion(one: str, other: str) -> None:
    assert slips(one, other) == _slowly(one, other)


def _slowly(one: str, other: str) -> int:
    if not one or not other:
        return len(one) + len(other)
    if one[-1] == other[-1]:
        return _slowly(one[:-1], other[:-1])
    fewest = min(_slowly(one[:-1], other), _slowly(one, other[:-1]), _slowly(one[:-1], other[:-1]))
    if one[-2:] == other[-2:][::-1] and len(one) > 1 and len(other) > 1:
        fewest = min(fewest, _slowly(one[:-2], other[:-2]))
    return fewest + 1


@pytest.mark.parametrize(
    ("word", "known", "offered"),
    [
        ("ETHH", ["ETH", "BTC"], ["ETH"]),
        ("eth", ["ETHFI", "BTC"], ["ETHFI"]),
        ("fund", ["funding", "funding.apr"], []),
        ("fundin", ["funding", "funding.apr"], ["funding"]),
        ("bt", ["BTC", "BTT"], ["BTC", "BTT"]),
        ("bt", ["BTC", "BTT", "BTG"], ["BTC", "BTT"]),
        ("abcd", ["abxy"], []),
        ("binnace", ["binance"], ["binance"]),
        ("binence", ["binance", "bybit"], ["binance"]),
        ("hyperlquit", ["hyperliquid"], ["hyperliquid"]),
        ("bybti", ["bybit"], ["bybit"]),
        ("bybxx", ["bybit"], []),
    ],
)
def test_one_word_is_offered_and_two_on_a_tie(word: str, known: list[str], offered: list[str]) -> None:
    assert nearest(word, known) == offered
