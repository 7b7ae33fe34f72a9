"""A digest says what fired and ended, what was held back and why, and what is amiss."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.store.base import Final
from adapters.venues.base import Health, Quality
from bot.digest import MOST_HELD, Account, after_quiet, digest, lines
from bot.notices import Told
from signals.drift import Drift
from signals.event import Event
from signals.rules.lifecycle import Change
from tests.bot.events import AT, FUNDING

HOUR = timedelta(hours=1)
PLACE = Told("terminal:local", UTC, "LIVE")
SENT = (Final.SENT, "")


def alert(id_: str, hours: float = 0, change: Change = Change.FIRED, **more: object) -> Event:
    return replace(FUNDING, **{"id": id_, "episode": id_, "at": AT + hours * HOUR, "change": change, **more})


def account(*told: tuple[Event, tuple[Final, str] | None], **more: object) -> Account:
    ends = {event.id: end for event, end in told if end is not None}
    return Account(AT - 24 * HOUR, AT + 24 * HOUR, [event for event, _ in told], ends, **more)


def skipped(why: str) -> tuple[Final, str]:
    return Final.SKIPPED, why


def said(of: Account) -> Sequence[str]:
    return list(lines(of, UTC, AT + 24 * HOUR))


def test_a_day_is_told_in_the_order_of_what_matters() -> None:
    of = account(
        (alert("A"), SENT),
        (alert("B", 1, coin="BTC"), skipped("quiet hours")),
        (alert("C", 2, Change.REMINDED), skipped("muted ETH")),
        (alert("D", 3, Change.RESOLVED), skipped("muted #3")),
        (alert("E", 4, trust="low"), skipped("over budget")),
        (alert("F", 5, coin="SOL"), skipped("over budget")),
        (alert("G", 6), (Final.EXPIRED, "")),
        (alert("H", 7, Change.REMINDED), skipped("acked")),
        (alert("I", 8), skipped("gone: blocked")),
        (alert("J", 9), None),
        drifts=[(3, Drift(31, 3.0, None, None))],
        silent=[Health("bybit", Quality.SILVER, down_since=AT + 23 * HOUR, why="no answer")],
        dark=["rule #3 on ETH"],
    )

    assert said(of) == [
        "Fired 7 times: ETH 5, BTC 1, SOL 1; 2 reminders, 1 end.",
        "1 alert held by quiet hours.",
        "2 alerts muted.",
        "2 alerts over budget, the best of them first:",
        "5 Jan 2026 19:17 UTC · SOL · shorts pay longs",
        "5 Jan 2026 18:17 UTC · ETH · shorts pay longs",
        "1 alert acked.",
        "1 alert while nothing could be sent here.",
        "1 alert too late to be sent:",
        "18h old · ETH · shorts pay longs",
        "1 alert not sent yet.",
        "Rule #3 fired 31 times in 7 days; 3 are usual.",
        "Bybit does not answer since 13:17 UTC: no answer.",
        "No data now: rule #3 on ETH.",
    ]


def test_a_day_without_alerts_says_so() -> None:
    told = digest(PLACE, account(), date(2026, 1, 6), AT)

    assert (told.headline, told.lines) == ("Digest of 6 Jan 2026: no alerts", ("Nothing fired and nothing ended.",))


def test_a_place_has_one_digest_a_date() -> None:
    ids = {digest(PLACE, account(), date(2026, 1, day), AT).id for day in (5, 6)}
    other = digest(replace(PLACE, name="terminal:other"), account(), date(2026, 1, 5), AT).id

    assert len({*ids, other}) == 3
    assert digest(PLACE, account((alert("A"), SENT)), date(2026, 1, 5), AT + HOUR).id in ids


OUTCOMES = st.one_of(
    st.none(),
    st.just(SENT),
    st.sampled_from([Final.EXPIRED, Final.DEAD, Final.UNKNOWN]).map(lambda of: (of, "")),
    st.sampled_from(["quiet hours", "muted ETH", "muted *", "over budget", "acked", "stopped", "resolved off"]).map(
        skipped
    ),
    st.sampled_from(["only loud alerts", "gone: kicked"]).map(skipped),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(OUTCOMES, max_size=30))
def test_each_alert_is_counted_just_once(outcomes: list[tuple[Final, str] | None]) -> None:
    of = account(*((alert(f"{n:04}", n / 9), end) for n, end in enumerate(outcomes)))

    heads = [text for text in said(of)[1:] if text[0].isdigit() and " alert" in text]
    sent = sum(end == SENT for end in outcomes)

    assert sum(int(text.split()[0]) for text in heads) + sent == len(outcomes)


def test_a_summary_has_one_line_for_each_episode_in_the_order_in_which_they_began() -> None:
    berlin = replace(PLACE, zone=ZoneInfo("Europe/Berlin"))
    quiet = skipped("quiet hours")
    of = account(
        (alert("LATE", 3, coin="BTC"), quiet),
        (alert("EARLY", 1, fired_at=AT + HOUR), quiet),
        (alert("R", 2, Change.REMINDED, episode="EARLY", fired_at=AT + HOUR), quiet),
        (alert("O", 2.5, Change.RESOLVED, episode="EARLY", fired_at=AT + HOUR), quiet),
        (alert("TOLD", 2), SENT),
        (alert("MUTED", 2), skipped("muted ETH")),
    )

    told = after_quiet(berlin, of, AT + 4 * HOUR)

    assert told is not None
    assert told.headline == "Quiet hours are over: 4 alerts held"
    assert told.lines == (
        "16:17 CET · ETH · shorts pay longs, 1 reminder, over at 17:47 CET after 1h 30m",
        "18:17 CET · BTC · shorts pay longs",
    )


def test_a_summary_of_very_many_names_the_last_and_counts_the_others() -> None:
    of = account(*((alert(f"{n:04}", n / 60), skipped("quiet hours")) for n in range(MOST_HELD + 5)))

    told = after_quiet(PLACE, of, AT + 4 * HOUR)

    assert told is not None
    assert told.lines[0] == "5 before these:"
    assert len(told.lines) == MOST_HELD + 1
    assert told.lines[-1].startswith("14:41 UTC")


def test_where_nothing_was_held_there_is_no_summary() -> None:
    assert after_quiet(PLACE, account((alert("A"), SENT), (alert("B"), skipped("muted *"))), AT) is None
