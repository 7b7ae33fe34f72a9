"""A stated interval is believed until the steps between fundings contradict it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.intervals import Intervals
from signals.model import Metric, Observation

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR, TEN = timedelta(hours=1), timedelta(seconds=10)


def word(at: datetime, hours: float, next_at: datetime, rate: float = 0.0001) -> Observation:
    fresh = timedelta(seconds=30)
    value = rate * 8 / hours
    return Observation(
        Metric.FUNDING, "gate", "BTC_USDT", "BTC", value, at, at, fresh, interval_h=hours, next_at=next_at, rate=rate
    )


def believed(*words: Observation) -> list[bool]:
    of = Intervals()
    return [of.weigh(each).is_believed for each in words]


def test_a_venue_that_keeps_its_interval_is_believed() -> None:
    words = [word(START + n * HOUR, 8, START + (n // 8 + 1) * 8 * HOUR) for n in range(40)]

    assert all(believed(*words))


def test_a_stated_interval_that_the_steps_contradict_is_not_believed_from_the_second_word_on() -> None:
    words = [word(START, 8, START + 4 * HOUR)]
    words += [word(START + 4 * HOUR + n * TEN, 8, START + 8 * HOUR) for n in range(4)]

    assert believed(*words) == [True, True, False, False, False]


def test_it_is_believed_again_when_the_statement_agrees() -> None:
    words = [word(START, 8, START + 4 * HOUR)]
    words += [word(START + 4 * HOUR + n * TEN, 8, START + 8 * HOUR) for n in range(3)]
    words += [word(START + 4 * HOUR + 9 * TEN, 4, START + 8 * HOUR)]

    assert believed(*words)[-1]


def test_a_change_is_told_once_and_is_believed() -> None:
    of = Intervals()
    words = [of.weigh(word(START + n * TEN, 8 if n < 3 else 4, START + 4 * HOUR)) for n in range(6)]

    assert [each.is_believed for each in words] == [True] * 6
    assert [(c.before, c.after) for each in words if (c := each.changed) is not None] == [(8, 4)]


def test_fundings_that_passed_unseen_contradict_nothing() -> None:
    words = [word(START, 1, START + HOUR)] + [word(START + 5 * HOUR + n * TEN, 1, START + 6 * HOUR) for n in range(4)]

    assert all(believed(*words))


@given(st.sampled_from([1.0, 2.0, 4.0, 8.0]), st.lists(st.floats(1, 30_000), min_size=1, max_size=50))
def test_who_keeps_the_stated_interval_is_believed_however_seldom_it_is_asked(
    hours: float, pauses: list[float]
) -> None:
    of, at = Intervals(), START
    for pause in pauses:
        at += timedelta(seconds=pause)
        step = timedelta(hours=hours)
        next_at = START + ((at - START) // step + 1) * step
        assert of.weigh(word(at, hours, next_at)).is_believed
