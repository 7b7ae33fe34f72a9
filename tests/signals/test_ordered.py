"""A window that is kept in order says the share below a value as a plain count does, where many are alike too."""

import math

from hypothesis import given
from hypothesis import strategies as st

from signals.running import Ordered

KNOWN = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), min_size=1, max_size=12)


@given(KNOWN, st.sampled_from([-2.0, -1.0, 0.0, 0.25, 2.0, 3.0]))
def test_those_that_are_equal_count_half(known: list[float], value: float) -> None:
    window = Ordered([])
    window.take([math.nan, *known])

    expected = sum(1.0 if one < value else 0.5 if one == value else 0.0 for one in known) / len(known)
    assert window.share_below(value) == expected


@given(KNOWN, KNOWN)
def test_what_was_let_go_counts_no_more(gone: list[float], stay: list[float]) -> None:
    window, fresh = Ordered([]), Ordered([])
    window.take([*gone, *stay])
    window.drop([*gone, math.nan])
    fresh.take(stay)

    assert (len(window), window.median(), window.share_below(0.0)) == (
        len(stay),
        fresh.median(),
        fresh.share_below(0.0),
    )
