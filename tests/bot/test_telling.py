"""What one message tells, read as a person would."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from adapters.chat.base import Place
from adapters.chat.rendering import render
from adapters.store.place_settings import PLAIN
from bot.telling import EXPIRES, LISTED, Way, expired, has_expired, told
from signals.event import Event
from signals.notice import Notice
from signals.rules.lifecycle import Change
from signals.rules.model import Loudness
from tests.bot.events import AT, FUNDING, LIQUIDATIONS

MINUTE = timedelta(minutes=1)
OVER = replace(FUNDING, id="OVEROVEROVEROVER", change=Change.RESOLVED, at=AT + MINUTE, value=-0.00001)


def text(of: Sequence[Event | Notice], later: timedelta = MINUTE, way: Way | None = None) -> str:
    return render(told(of, AT + later, PLAIN, way or Way()), colour=False)


def test_alerts_that_waited_together_come_as_one_message_that_names_each() -> None:
    assert (
        text([FUNDING, LIQUIDATIONS, replace(FUNDING, coin="SOL", episode="SOLSOLSOL"), OVER])
        == """\
📚 4 alerts at once: 3 fired, 1 over
14:17 UTC ETH · shorts pay longs: −0.0121% A-A7FK
14:17 UTC BTC · liquidations far above normal: 24.6x A-A7FK
14:17 UTC SOL · shorts pay longs: −0.0121% A-SOLS
14:18 UTC ETH · shorts pay longs: over: −0.0010% A-A7FK
They waited together, so they come as one. /why and an id tells one of them.
Not advice.
[1] Signals  [2] Mute all 2h  [3] Rules
"""
    )


def test_a_message_of_many_alerts_names_the_first_and_counts_the_rest() -> None:
    many = [replace(FUNDING, coin=f"C{n}") for n in range(LISTED + 5)]

    lines = text(many).splitlines()

    assert lines[LISTED + 1].startswith("and 5 more")
    assert not any("C12 " in line for line in lines)


def test_a_message_of_many_alerts_is_silent_only_where_all_of_them_are() -> None:
    quiet = replace(FUNDING, loudness=Loudness.QUIET)

    assert told([quiet, OVER], AT, PLAIN).silent
    assert not told([quiet, OVER, FUNDING], AT, PLAIN).silent


def test_many_alerts_are_late_by_their_oldest_and_say_why() -> None:
    way = Way(why_late="Telegram asked this chat to wait")

    late = text([replace(FUNDING, at=AT + 4 * MINUTE), FUNDING], 5 * MINUTE, way).splitlines()

    assert late[1] == "⏱ Late by 5m (Telegram asked this chat to wait)"
    assert "⏱" not in text([FUNDING, FUNDING], 2 * MINUTE, way)


def test_one_alert_says_why_it_is_late() -> None:
    late = text([FUNDING], timedelta(minutes=7, seconds=12), Way(why_late="perpwatch was not running"))

    assert late.splitlines()[1] == "⏱ Late by 7m 12s (perpwatch was not running)"


def test_a_possible_repeat_of_many_says_so() -> None:
    assert "May be a repeat." in text([FUNDING, OVER], way=Way(repeat=True))
    assert "repeat" not in text([FUNDING, OVER])


def test_what_expired_is_told_with_the_next_message_whatever_that_is() -> None:
    gone = "12 alerts expired: they were older than 30m when it was their turn. See /digest."

    assert gone in text([FUNDING], way=Way(missed=12))
    assert gone in text([FUNDING, OVER], way=Way(missed=12))
    assert "1 alert expired: it was older" in text([FUNDING], way=Way(missed=1))
    assert "expired" not in text([FUNDING])


def test_where_nothing_follows_the_place_is_told_that_all_has_expired() -> None:
    last = expired(Place("telegram", "7"), "7:1:A", 12, AT, "LIVE", "Telegram did not answer")

    said = text([last], way=Way(missed=12)).splitlines()

    assert said[0] == "⏱ 12 alerts could not be sent in time while Telegram did not answer"
    assert said[1].startswith("12 alerts expired: they were older than 30m")


def test_only_an_alert_of_a_live_market_expires_and_only_past_its_time() -> None:
    assert not has_expired(FUNDING, AT + EXPIRES, EXPIRES)
    assert has_expired(FUNDING, AT + EXPIRES + timedelta(seconds=1), EXPIRES)
    assert not has_expired(replace(FUNDING, label="REAL"), AT + 9 * EXPIRES, EXPIRES)
