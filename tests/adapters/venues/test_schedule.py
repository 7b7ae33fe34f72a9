"""Every feed is asked at its pace, spread over time, and missed turns are left out, not doubled."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.base import Cost, Feed, Scope
from adapters.venues.schedule import Call, Schedule
from signals.model import Metric

START = datetime(2026, 11, 23, 14, 0, 3, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
COST = Cost("all", 1)
BULK = Feed("premium", frozenset({Metric.PRICE}), 10 * SECOND, COST, Scope.BULK)
OI = Feed("oi", frozenset({Metric.OI_LEVEL}), 10 * SECOND, COST, Scope.EACH, cold=MINUTE)
SWEEP = Feed("ls", frozenset({Metric.LS}), 5 * MINUTE, COST, Scope.EACH, after=20 * SECOND, pace=2.0, most=30)
SYMBOLS = [f"C{number}" for number in range(50)]
HOT = frozenset(SYMBOLS[:10])


def asked(schedule: Schedule, lasts: timedelta, takes: timedelta = timedelta(0)) -> Sequence[tuple[datetime, Call]]:
    """Every call until then, each answered after that long."""
    calls, now = [], START
    while now < START + lasts:
        while (call := schedule.take(now)) is not None:
            calls.append((now, call))
            schedule.again(call, now + takes)
        now += SECOND / 2
    return calls


def made(*feeds: Feed) -> Schedule:
    schedule = Schedule(feeds, START)
    schedule.rank(SYMBOLS, HOT, START)
    return schedule


def counts(calls: Sequence[tuple[datetime, Call]]) -> Mapping[tuple[str, str], int]:
    return Counter((call.feed, call.symbol) for _, call in calls)


def test_a_bulk_feed_is_asked_at_once_and_then_in_its_period() -> None:
    calls = asked(made(BULK), MINUTE)

    assert [at - START for at, _ in calls] == [10 * n * SECOND for n in range(6)]


def test_hot_instruments_are_asked_at_the_period_and_cold_ones_at_theirs() -> None:
    found = counts(asked(made(OI), 10 * MINUTE))

    assert {found["oi", symbol] for symbol in SYMBOLS[:10]} == {60}
    assert {found["oi", symbol] for symbol in SYMBOLS[10:]} == {10}


def test_instruments_are_never_asked_all_at_once() -> None:
    calls = asked(made(OI), 10 * MINUTE)
    per_second = Counter((at - START) // SECOND for at, _ in calls)

    assert max(per_second.values()) <= 4, "10 hot ones in 10 s and 40 cold ones in 60 s are 1.7 a second"


def test_an_instrument_that_becomes_hot_is_asked_more_often() -> None:
    schedule = made(OI)
    asked(schedule, MINUTE)
    schedule.rank(SYMBOLS, {"C49"}, START + MINUTE)
    found = counts(asked(schedule, 11 * MINUTE))

    assert found["oi", "C49"] >= 54
    assert found["oi", "C0"] <= 12


def test_who_is_not_ranked_any_more_is_not_asked() -> None:
    schedule = made(OI)
    schedule.rank(SYMBOLS[1:], HOT, START)

    assert ("oi", "C0") not in counts(asked(schedule, 5 * MINUTE))


def test_a_sweep_begins_twenty_seconds_after_the_step_and_keeps_its_pace() -> None:
    calls = asked(made(SWEEP), 11 * MINUTE)
    first = [at for at, _ in calls if at < START + 5 * MINUTE]

    assert first[0] == datetime(2026, 11, 23, 14, 0, 20, tzinfo=UTC)
    assert first[-1] == first[0] + 14.5 * SECOND, "30 instruments at 2 a second"
    assert [call.symbol for _, call in calls[:3]] == ["C0", "C1", "C2"], "the most important first"
    assert set(counts(calls).values()) == {3}
    assert len(counts(calls)) == 30, "at most the 30 most important"


def test_turns_that_were_missed_are_left_out() -> None:
    schedule = made(BULK)
    call = schedule.take(START)
    assert call is not None
    schedule.again(call, START + 35 * SECOND)

    assert schedule.next_due() == START + 40 * SECOND


def test_a_call_that_must_wait_is_due_in_the_first_turn_after_that() -> None:
    schedule = made(BULK)
    call = schedule.take(START)
    assert call is not None
    schedule.again(call, START, not_before=START + 125 * SECOND)

    assert schedule.take(START + 124 * SECOND) is None
    assert schedule.next_due() == START + 130 * SECOND


@given(st.lists(st.floats(0, 400), min_size=1, max_size=40))
def test_whatever_answers_take_no_feed_is_asked_twice_in_a_period(delays: list[float]) -> None:
    schedule, now, last = made(BULK, SWEEP), START, dict[tuple[str, str], datetime]()
    for delay in delays:
        due = schedule.next_due()
        assert due is not None
        now = max(now, due)
        call = schedule.take(now)
        assert call is not None
        before = last.get((call.feed, call.symbol))
        assert before is None or call.due - before >= schedule.period(call)
        last[call.feed, call.symbol] = call.due
        schedule.again(call, now + timedelta(seconds=delay))
