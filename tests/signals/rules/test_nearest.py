"""Which words a mistyped one may stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.rules.nearest import nearest, within

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
    assert within(one, other, count)
    assert not count or not within(one, other, count - 1)


@given(WORDS, WORDS, st.integers(0, 4))
def test_slips_are_those_of_the_plain_recursion_both_ways(one: str, other: str, most: int) -> None:
    assert within(one, other, most) is within(other, one, most) is (_slowly(one, other) <= most)


def _slowly(one: str, other: str) -> int:
    if not one or not other:
        return len(one) + len(other)
    if one[-1] == other[-1]:
        return _slowly(one[:-1], other[:-1])
    fewest = min(_slowly(one[:-1], other), _slowly(one, other[:-1]), _slowly(one[:-1], other[:-1]))
    if one[-2:] == other[-2:][::-1] and len(one) > 1 and len(other) > 1:
        fewest = min(fewest, _slowly(one[:-2], other[:-2]))
    return fewest + 1


@given(WORDS, st.lists(WORDS, unique=True))
def test_no_word_within_the_allowed_slips_is_missed(word: str, known: list[str]) -> None:
    allowed = 2 if len(word) >= 6 else 1
    far = {name: _slowly(word, name) for name in known}

    if not any(name.startswith(word) for name in known):
        assert bool(nearest(word, known)) is any(slips <= allowed for slips in far.values())
        assert all(far[name] == min(far.values()) for name in nearest(word, known))


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
