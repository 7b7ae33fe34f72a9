"""A cut list is not believed, and a list that really became shorter is, in the end."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.shrinking import Shrinking


def verdicts(*counts: int) -> list[bool]:
    of = Shrinking()
    return [of.accepts(count) for count in counts]


def test_a_list_that_lost_five_percent_is_believed_and_one_that_lost_more_is_not() -> None:
    assert verdicts(100, 95) == [True, True]
    assert verdicts(100, 94) == [True, False]


def test_three_short_lists_that_agree_are_believed() -> None:
    assert verdicts(500, 450, 450, 449) == [True, False, False, True]


def test_short_lists_that_differ_are_not_believed() -> None:
    assert verdicts(500, 450, 300, 450) == [True, False, False, False]


def test_a_full_list_in_between_begins_the_count_anew() -> None:
    assert verdicts(500, 450, 450, 500, 450, 450) == [True, False, False, True, False, False]


def test_an_empty_list_is_never_believed_once_there_were_rows() -> None:
    assert verdicts(0, 10, 0, 0, 0, 0) == [True, True, False, False, False, False]


@given(st.lists(st.integers(0, 1000), min_size=1))
def test_only_what_was_accepted_is_the_yardstick(counts: list[int]) -> None:
    of, accepted = Shrinking(), 0
    for count in counts:
        if of.accepts(count):
            accepted = count
        assert of.last == accepted
