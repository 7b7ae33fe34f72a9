"""Quiet hours and daily moments go by the wall clock alone, also when clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.store.place_settings import Quiet
from bot.hours import due, is_quiet, last_due, last_spell, spells

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns")]
JUMPS = [
    datetime(2026, 3, 29, tzinfo=UTC),
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 10, 3, tzinfo=UTC),
    datetime(2026, 4, 4, tzinfo=UTC),
    datetime(2026, 3, 8, tzinfo=UTC),
]
"""Days on which clocks of these zones change."""

TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    """A local time as the instant that it is."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def hours(text: str) -> Quiet:
    start, end = (time.fromisoformat(part) for part in text.split("-"))
    return Quiet(start, end)


def brute(quiet: Quiet, zone: ZoneInfo, since: datetime, until: datetime, each: int = 1) -> int:
    """The quiet minutes, each looked at as the definition says it; or only each so many, where nothing lies between."""
    count = 0
    for minute in range(0, (until - since) // MINUTE, each):
        shown = (since + minute * MINUTE).astimezone(zone).time()
        inside = quiet.start <= shown < quiet.end
        over_midnight = quiet.end < quiet.start and (shown >= quiet.start or shown < quiet.end)
        count += inside or over_midnight
    return count * each


def length(of: list[tuple[datetime, datetime]]) -> timedelta:
    return sum((end - start for start, end in of), timedelta(0))


@pytest.mark.parametrize(
    ("zone", "evening", "quiet", "lengths"),
    [
        ("Europe/Berlin", date(2026, 3, 28), "23:00-07:00", [7 * HOUR]),
        ("Europe/Berlin", date(2026, 10, 24), "23:00-07:00", [9 * HOUR]),
        ("Europe/Berlin", date(2026, 3, 28), "02:15-02:45", []),
        ("Europe/Berlin", date(2026, 10, 24), "02:15-02:45", [30 * MINUTE, 30 * MINUTE]),
        ("Europe/Berlin", date(2026, 3, 28), "23:00-02:30", [3 * HOUR]),
        ("Europe/Berlin", date(2026, 3, 28), "02:30-07:00", [4 * HOUR]),
        ("Europe/Berlin", date(2026, 10, 24), "23:00-02:30", [3.5 * HOUR, 30 * MINUTE]),
        ("Australia/Lord_Howe", date(2026, 10, 3), "22:00-07:00", [8.5 * HOUR]),
        ("Asia/Kathmandu", date(2026, 6, 3), "22:00-06:00", [8 * HOUR]),
    ],
)
def test_the_table_of_nights_in_which_clocks_change(
    zone: str, evening: date, quiet: str, lengths: list[timedelta]
) -> None:
    there = ZoneInfo(zone)
    noon = datetime.combine(evening, time(12), there).astimezone(UTC)
    next_noon = datetime.combine(evening + DAY, time(12), there).astimezone(UTC)

    found = spells(hours(quiet), there, noon, next_noon)

    assert [end - start for start, end in found] == lengths


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ZONES), TIMES, TIMES, st.sampled_from(JUMPS), st.integers(0, 1439))
def test_spells_hold_just_the_minutes_that_are_quiet(
    zone: ZoneInfo, start: time, end: time, day: datetime, minute: int
) -> None:
    quiet, since = Quiet(start, end), day - DAY + minute * MINUTE
    if start == end:
        return

    found = spells(quiet, zone, since, since + 2 * DAY)

    assert length(list(found)) == brute(quiet, zone, since, since + 2 * DAY) * MINUTE
    assert all(is_quiet(quiet, zone, start) for start, _ in found)
    assert all(not is_quiet(quiet, zone, end) for _, end in found if end < since + 2 * DAY)


@pytest.mark.parametrize("zone", ZONES[:2], ids=str)
def test_a_year_has_as_many_quiet_minutes_as_are_counted_one_by_one(zone: ZoneInfo) -> None:
    since, quiet = datetime(2026, 1, 1, tzinfo=UTC), hours("22:30-06:45")
    until = since + 365 * DAY

    assert length(list(spells(quiet, zone, since, until))) == brute(quiet, zone, since, until, 15) * MINUTE


def test_the_last_spell_is_over_and_reaches_back_to_the_one_before() -> None:
    night = hours("23:00-07:00")

    assert last_spell(night, BERLIN, at("2026-01-06T12:00")) == (at("2026-01-05T07:00"), at("2026-01-06T07:00"))
    assert last_spell(night, BERLIN, at("2026-01-06T06:59")) == (at("2026-01-04T07:00"), at("2026-01-05T07:00"))
    assert last_spell(night, BERLIN, at("2026-01-06T07:00")) == (at("2026-01-05T07:00"), at("2026-01-06T07:00"))


def test_a_daily_moment_comes_first_where_it_comes_twice_and_moves_on_where_it_never_comes() -> None:
    half_past_two = time(2, 30)

    assert due(date(2026, 10, 25), half_past_two, BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert due(date(2026, 3, 29), half_past_two, BERLIN) == at("2026-03-29T03:30")
    assert last_due(half_past_two, BERLIN, datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == (
        date(2026, 10, 25),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    )


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ZONES), TIMES, st.sampled_from(JUMPS), st.integers(-2880, 2880))
def test_each_local_date_has_one_daily_moment_and_the_last_one_is_no_more_than_a_long_day_ago(
    zone: ZoneInfo, daily: time, day: datetime, minute: int
) -> None:
    now = day + minute * MINUTE

    found, instant = last_due(daily, zone, now)

    assert instant == due(found, daily, zone) <= now < due(found + DAY, daily, zone)
    assert now - instant < 25 * HOUR + 1 * MINUTE
