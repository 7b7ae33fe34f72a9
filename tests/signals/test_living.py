"""The life of an episode that grows: pure, one judged moment at a time."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.judge import CALM, policy
from signals.rules.lifecycle import AlertState, Change, Seen, Transition, Verdict, advance
from tests.signals.panels import START
from tests.signals.rules.vocabulary import rule

MINUTE = timedelta(minutes=1)
LIVING, USUAL = (policy(rule(sentence), MINUTE) for sentence in ("ETH cascade", "ETH liqspike"))
MET, OFF, DARK = Verdict.MET, Verdict.CALM, Verdict.UNKNOWN


def told(verdicts: Sequence[Verdict]) -> list[tuple[int, Change]]:
    """What is told at which minute, of a rule that was calm before."""
    state, found, lit = AlertState(), list[tuple[int, Transition]](), True
    for minute, verdict in enumerate((OFF, *verdicts)):
        at = START + minute * MINUTE
        before = at - MINUTE if minute else None
        state, one = advance(state, Seen(at, verdict, 0.0, before, lapsed=not lit and verdict is not DARK), LIVING)
        lit = verdict is not DARK or lit
        found += [(minute, one)] if one else []
    return [(minute, one.change) for minute, one in found]


def test_it_has_no_calm_of_its_own_and_grows_every_minute() -> None:
    assert (LIVING.living, LIVING.repeat, LIVING.calm) == (True, MINUTE, timedelta(0))
    assert (USUAL.living, USUAL.repeat, USUAL.calm) == (False, timedelta(hours=1), CALM)


@pytest.mark.parametrize(
    ("verdicts", "wanted"),
    [
        ([MET], [(1, Change.FIRED)]),
        ([MET, MET, OFF], [(1, Change.FIRED), (2, Change.GREW), (3, Change.RESOLVED)]),
        ([MET, DARK, MET], [(1, Change.FIRED), (3, Change.GREW)]),
        ([MET, DARK, DARK, DARK, DARK], [(1, Change.FIRED)]),
        ([MET, OFF, MET], [(1, Change.FIRED), (2, Change.RESOLVED), (3, Change.FIRED)]),
    ],
)
def test_what_is_told_of_it(verdicts: Sequence[Verdict], wanted: list[tuple[int, Change]]) -> None:
    assert told(verdicts) == wanted


@given(st.lists(st.sampled_from([MET, OFF, DARK]), max_size=30))
def test_each_episode_begins_once_before_it_grows_and_a_dark_minute_ends_nothing(verdicts: list[Verdict]) -> None:
    is_on = False
    for minute, change in told(verdicts):
        assert (change is Change.FIRED) is not is_on
        assert verdicts[minute - 1] is (OFF if change is Change.RESOLVED else MET)
        is_on = change is not Change.RESOLVED
