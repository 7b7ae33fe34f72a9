"""A budget prefers what is trusted, rare and far past its line, where a week of alerts tells what that is."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.budget import EVERY, bar, score
from signals.event import Event
from signals.model import Fact, Unit
from signals.rules.lifecycle import Change
from signals.rules.model import Loudness
from tests.bot.events import AT, FUNDING

DAY = timedelta(days=1)


def alert(past: float = 0.5, **more: object) -> Event:
    """An alert so many bands past its line."""
    return replace(FUNDING, value=FUNDING.line - past * abs(FUNDING.line - FUNDING.clear), **more)


def ranked(rank: float) -> Event:
    return replace(FUNDING, facts=(Fact("rank of 90 days", rank, Unit.RANK),))


def test_what_is_trusted_rare_or_far_past_its_line_is_worth_more() -> None:
    assert score(alert(trust="low")) < score(alert(trust="reduced")) < score(alert(trust="normal"))
    assert score(alert(trust="low", ungated=True)) == score(alert())
    assert score(ranked(0.5)) < score(ranked(0.9)) < score(ranked(0.01))
    assert score(alert(0.0)) < score(alert(1.0)) < score(alert(9.0))


@settings(max_examples=60, deadline=None)
@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.booleans())
def test_a_score_lies_between_nothing_and_one(value: float, line: float, clear: float, absolute: bool) -> None:
    assert 0 <= score(replace(FUNDING, value=value, line=line, clear=clear, absolute=absolute)) <= 1


def month(each_day: int) -> Sequence[Event]:
    """A month with so many alerts a day, each worth something else."""
    count = 30 * each_day
    return [alert(n % 17 + n / count, at=AT - 30 * DAY * (n + 1) / count) for n in range(count)]


def test_about_so_many_a_day_have_reached_the_bar() -> None:
    told = month(each_day=10)

    found = bar(told, AT - 30 * DAY, 5, AT)

    assert 149 <= sum(score(event) >= found for event in told) <= 151


def test_where_no_more_came_than_may_come_every_alert_reaches_it() -> None:
    assert bar(month(each_day=5), AT - 30 * DAY, 5, AT) == EVERY


def test_before_a_week_of_alerts_the_first_come_is_the_first_served() -> None:
    told = month(each_day=10)

    assert bar(told, None, 5, AT) == EVERY
    assert bar(told, AT - 7 * DAY + timedelta(seconds=1), 5, AT) == EVERY
    assert bar(told, AT - 7 * DAY, 5, AT) > EVERY


def test_ends_loud_alerts_and_what_is_long_ago_say_nothing_of_the_bar() -> None:
    others = [
        *(replace(event, change=Change.RESOLVED) for event in month(10)),
        *(replace(event, loudness=Loudness.LOUD) for event in month(10)),
        *(replace(event, at=event.at - 31 * DAY) for event in month(10)),
    ]

    assert bar(others, AT - 30 * DAY, 5, AT) == EVERY
