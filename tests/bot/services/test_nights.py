"""Quiet nights, digests over changes of clocks, and budgets, as they come to a terminal."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from adapters.store.base import Final
from adapters.store.place_settings import Daily, PlaceSettings, Quiet
from bot.services.budget import Budgets
from signals.rules.lifecycle import Change
from signals.rules.model import Loudness
from tests import virtual
from tests.bot.services.nights import Night, night

HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    """A local time in Berlin as the instant that it is."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def shown(of: Night) -> list[tuple[str, str]]:
    """What came, by its first line, and what the clock in Berlin showed."""
    return [(f"{when.astimezone(BERLIN):%d %H:%M}", head) for when, head in of.headlines()]


def live(start: str, story: Callable[[Night], Awaitable[None]]) -> Night:
    """The night after the story."""

    async def main() -> Night:
        of = await night(at(start))
        await story(of)
        return of

    return virtual.run(main)


def in_berlin(**asked: object) -> Callable[[PlaceSettings], PlaceSettings]:
    return lambda of: replace(of, zone="Europe/Berlin", **asked)


def test_a_quiet_night_ends_with_one_summary_in_which_each_alert_has_its_own_time() -> None:
    async def story(of: Night) -> None:
        await of.sets(in_berlin(quiet=Quiet(time(23), time(7))))
        await of.tells(at("2026-01-05T22:50"), "EVENING")
        await of.tells(at("2026-01-05T23:10"), "EVENEND", Change.RESOLVED, episode="EVENING")
        await of.tells(at("2026-01-06T01:15"), "LOUD", loudness=Loudness.LOUD)
        await of.tells(at("2026-01-06T02:30"), "SHORT")
        await of.tells(at("2026-01-06T03:30"), "AGAIN", Change.REMINDED, episode="SHORT")
        await of.tells(at("2026-01-06T04:00"), "ITSEND", Change.RESOLVED, episode="SHORT")
        await of.tells(at("2026-01-06T06:45"), "LASTS")
        await of.to(at("2026-01-07T12:00"))

    of = live("2026-01-05T22:00", story)

    assert [when for when, _ in shown(of)] == ["05 22:50", "06 01:15", "06 07:05"]
    assert of.came[-1][1] == (
        "🌅 Quiet hours are over: 5 alerts held\n"
        "5 Jan 2026 23:10 CET · ETH · funding below your line: over\n"
        "02:30 CET · ETH · funding below your line, 1 reminder, over at 04:00 CET after 1h 30m\n"
        "06:45 CET · ETH · funding below your line\n"
        "[9] Rules\n"
    )


def test_a_night_in_which_nothing_was_held_ends_in_silence() -> None:
    async def story(of: Night) -> None:
        await of.sets(in_berlin(quiet=Quiet(time(23), time(7))))
        await of.tells(at("2026-01-06T07:00"), "MORNING")
        await of.to(at("2026-01-06T12:00"))

    assert [when for when, _ in shown(live("2026-01-05T22:00", story))] == ["06 07:00"]


def test_with_silent_quiet_hours_alerts_come_at_once_and_no_summary() -> None:
    async def story(of: Night) -> None:
        await of.sets(in_berlin(quiet=Quiet(time(23), time(7), silent=True)))
        await of.tells(at("2026-01-06T02:00"), "NIGHT")
        await of.to(at("2026-01-06T12:00"))

    assert [when for when, _ in shown(live("2026-01-05T22:00", story))] == ["06 02:00"]


def test_each_night_has_its_own_summary_and_a_restart_tells_none_twice() -> None:
    async def story(of: Night) -> None:
        await of.sets(in_berlin(quiet=Quiet(time(23), time(7))))
        await of.tells(at("2026-01-06T02:00"), "ONE")
        await of.to(at("2026-01-06T07:10"))
        of.notices._last.clear()
        await of.tells(at("2026-01-07T02:00"), "TWO")
        await of.to(at("2026-01-07T09:00"))

    of = live("2026-01-05T22:00", story)

    assert shown(of) == [
        ("06 07:10", "🌅 Quiet hours are over: 1 alert held"),
        ("07 07:10", "🌅 Quiet hours are over: 1 alert held"),
    ]


def test_a_summary_and_a_digest_that_met_an_absent_store_are_told_once_it_is_back() -> None:
    async def story(of: Night) -> None:
        await of.sets(in_berlin(quiet=Quiet(time(23), time(7)), digest=Daily(time(8), of.clock.now())))
        await of.tells(at("2026-01-06T02:00"), "NIGHT")
        await of.to(at("2026-01-06T07:00"))
        for head in ("2026-01-06T07:05", "2026-01-06T08:05"):
            await of.away(until=at(head))
            await of.to(at(head) + HOUR / 2)

    assert shown(live("2026-01-05T22:00", story)) == [
        ("06 07:15", "🌅 Quiet hours are over: 1 alert held"),
        ("06 08:15", "🗞️ Digest of 6 Jan 2026: 1 alert, 0 sent"),
    ]


def test_a_digest_comes_once_a_date_at_eight_by_the_wall_clock_also_when_clocks_change() -> None:
    async def story(of: Night) -> None:
        await of.sets(in_berlin(digest=Daily(time(8), of.clock.now())))
        await of.tells(at("2026-03-28T12:00"), "NOON")
        await of.to(at("2026-03-30T12:00"))

    of = live("2026-03-28T09:00", story)

    assert shown(of)[1:] == [
        ("29 08:10", "🗞️ Digest of 29 Mar 2026: 1 alert, 1 sent"),
        ("30 08:10", "🗞️ Digest of 30 Mar 2026: no alerts"),
    ]
    assert [when for when, _ in of.headlines()][1:] == [at("2026-03-29T08:10"), at("2026-03-30T08:10")]
    assert at("2026-03-29T08:00") - at("2026-03-28T08:00") == 23 * HOUR


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24"])
def test_no_alert_is_in_two_digests_or_in_none_where_a_day_is_longer_or_shorter_than_others(day: str) -> None:
    async def story(of: Night) -> None:
        await of.sets(in_berlin(digest=Daily(time(8), of.clock.now())))
        await of.tells(at(f"{day}T07:30"), "BEFORE")
        await of.tells(at(f"{day}T08:30"), "AFTER")
        await of.to(at(f"{day}T08:30") + 26 * HOUR)

    heads = [head for _, head in shown(live(f"{day}T07:00", story)) if "Digest" in head]

    assert [head.partition(": ")[2] for head in heads] == ["1 alert, 1 sent"] * 2


@pytest.mark.parametrize(("clock", "told"), [("19:59", 1), ("20:00", 0)])
def test_a_digest_that_nobody_could_tell_for_half_a_day_is_not_told(clock: str, told: int) -> None:
    async def story(of: Night) -> None:
        await of.sets(in_berlin(digest=Daily(time(8), of.clock.now())))
        await of.clock.until(at(f"2026-01-06T{clock}"))
        await of.work()

    assert len(live("2026-01-06T07:00", story).came) == told


def test_a_digest_at_an_hour_that_comes_twice_comes_once() -> None:
    async def story(of: Night) -> None:
        await of.sets(in_berlin(digest=Daily(time(2, 30), of.clock.now())))
        await of.to(at("2026-10-25T12:00"))

    of = live("2026-10-24T20:00", story)

    assert [when for when, _ in of.headlines()] == [datetime(2026, 10, 25, 0, 40, tzinfo=UTC)]


def test_a_budget_lets_so_many_alerts_of_a_local_day_through_and_the_digest_lists_the_rest() -> None:
    async def story(of: Night) -> None:
        await of.sets(in_berlin(budget=2, digest=Daily(time(20), of.clock.now())))
        for hour, id_ in enumerate(("ONE", "TWO", "THREE", "FOUR")):
            await of.tells(at(f"2026-01-05T{9 + hour:02}:00"), id_)
        await of.tells(at("2026-01-05T14:00"), "FOUREND", Change.RESOLVED, episode="FOUR")
        await of.tells(at("2026-01-05T15:00"), "LOUD", loudness=Loudness.LOUD)
        await of.to(at("2026-01-05T20:10"))
        await of.tells(at("2026-01-06T00:00"), "NEXT")

    of = live("2026-01-05T08:00", story)

    assert [when for when, _ in shown(of)] == ["05 09:00", "05 10:00", "05 15:00", "05 20:10", "06 00:00"]
    digest = of.came[3][1].splitlines()
    assert digest[:5] == [
        "🗞️ Digest of 5 Jan 2026: 6 alerts, 3 sent",
        "Fired 5 times: ETH 5; 0 reminders, 1 end.",
        "3 alerts over budget, the best of them first:",
        "11:00 CET · ETH · funding below your line",
        "12:00 CET · ETH · funding below your line",
    ]


@pytest.mark.parametrize("from_the_start", [False, True])
def test_after_a_week_of_alerts_a_poor_one_waits_for_the_digest_though_there_is_room(from_the_start: bool) -> None:
    async def story(of: Night) -> None:
        if from_the_start:
            await of.sets(in_berlin(budget=2))
        for day in range(8):
            for hour in range(4):
                worth = -0.0005 if hour % 2 else -0.000102
                when = at(f"2026-01-{5 + day:02}T{10 + hour}:00")
                await of.tells(when, f"D{day}H{hour}", value=worth)
        await of.sets(in_berlin(budget=2))
        await of.tells(at("2026-01-13T10:00"), "POOR", value=-0.000102)
        await of.tells(at("2026-01-13T11:00"), "GOOD", value=-0.0005)

    async def ends() -> list[tuple[Final, str]]:
        of = await night(at("2026-01-05T09:00"))
        await story(of)
        return await of.outcomes()

    assert virtual.run(ends)[-2:] == [(Final.SKIPPED, "over budget"), (Final.SENT, "")]


def test_an_end_is_told_where_its_firing_was_and_a_restart_begins_no_new_budget() -> None:
    async def ends() -> list[tuple[Final, str]]:
        of = await night(at("2026-01-05T08:00"))
        await of.sets(in_berlin(budget=1))
        await of.tells(at("2026-01-05T09:00"), "ONE")
        of.sender._screening._budgets = Budgets(of.store)
        await of.tells(at("2026-01-05T10:00"), "TWO")
        await of.tells(at("2026-01-05T11:00"), "ONEEND", Change.RESOLVED, episode="ONE")
        return await of.outcomes()

    assert virtual.run(ends) == [(Final.SENT, ""), (Final.SKIPPED, "over budget"), (Final.SENT, "")]
