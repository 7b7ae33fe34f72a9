"""Notices are found aside of the market, take the lane of alerts, and are told once."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.chat.base import Message
from adapters.chat.rendering import render
from adapters.store.alert_port import Commit
from adapters.store.base import Claim, Epoch, Final, Idle, Quota, RuleChange, Saved, StoreUnavailable
from adapters.store.memory import MemoryStore
from adapters.store.place_settings import Mute, PlaceSettings
from bot.commands.base import Desk
from bot.services.notices import Notices
from bot.wording import notice
from signals.event import Event
from signals.notice import About, Notice
from signals.registry import SIGNALS
from signals.rules.lifecycle import AlertState, Change, Phase
from signals.rules.model import Rule
from tests.adapters.store.stories import HOME, T0, event
from tests.bot.commands.desks import desk, desk_with_past
from tests.bot.services.nights import Away
from tests.signals.rules.vocabulary import rule as read

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FOREVER = timedelta(days=1000)


async def market(of: Desk | None = None) -> MemoryStore:
    store = (of or await desk()).store
    assert isinstance(store, MemoryStore)
    return store


async def saved(store: MemoryStore, sentence: str, at: datetime = T0) -> Rule:
    added = await store.add(HOME, read(sentence), sentence, at, Quota(50))
    assert isinstance(added, Saved)
    return added.rule


async def fire(store: MemoryStore, rule: Rule, *events: Event) -> None:
    """Commit the events of a rule on ETH, one after the other."""
    for one in events:
        version, _ = await store.state(rule.id, "ETH", rule.revision)
        state = AlertState(Phase.FIRING, at=one.at, armed=True, met_since=one.at, fired_at=one.fired_at, told_at=one.at)
        kept = None if one.change is Change.RESOLVED else state
        await store.commit(Commit((rule.id, "ETH"), rule.revision, version, one.at, kept, one))


async def told(store: MemoryStore, at: datetime, rounds: int = 3) -> Sequence[Message]:
    """What the place is told after some rounds."""
    for _ in range(rounds):
        await Notices(store, SIGNALS, lambda: at).round()
    epoch = await store.lead("terminal", "main", T0, FOREVER)
    assert isinstance(epoch, Epoch)
    messages = []
    while not isinstance(claim := await store.claim(epoch, at + FOREVER, HOUR), Idle):
        assert claim.notice is not None
        messages.append(notice(claim.notice, at))
        await store.finish(claim, Final.SENT, "", "", at)
    return messages


async def held(store: MemoryStore, rule: Rule, one: Event, why: str) -> None:
    """The event went through fan-out and was skipped by a gate."""
    await store.subscribe("terminal", RuleChange(rule.change, rule.id, rule))
    await store.fan_out("terminal", replace(one, change_number=0), 9, T0)
    epoch = await store.lead("terminal", "main", T0, FOREVER)
    assert isinstance(epoch, Epoch)
    claim = await store.claim(epoch, T0 + FOREVER, HOUR)
    assert isinstance(claim, Claim)
    await store.finish(claim, Final.SKIPPED, why, "", T0)


async def test_a_shadow_that_is_over_is_reported_once_with_what_it_would_have_told() -> None:
    store = await market()
    rule = await saved(store, "ETH funding < -0.01% shadow 7d")
    fired = [event(rule, f"F{day}", T0 + day * DAY) for day in (1, 2)]
    over = event(rule, "R1", T0 + 2 * DAY + HOUR, Change.RESOLVED)
    later = event(rule, "F8", T0 + 7 * DAY + HOUR)
    await fire(store, rule, *fired, over, later)

    assert await told(store, T0 + 6 * DAY) == []
    (message,) = await told(store, T0 + 8 * DAY)

    assert (
        render(message, colour=False)
        == """\
🧪 Rule #1: its shadow of 7d is over
It would have sent 3 messages: fired 2 times (ETH 2), 0 reminders, 1 end.
It goes on in silence until you arm it.
ETH funding < -0.01% for 15m every 1h shadow 7d
[1] Arm  [2] Change  [3] Delete
"""
    )
    assert await told(store, T0 + 9 * DAY) == []


async def test_of_a_rule_that_was_edited_in_its_shadow_the_new_one_is_reported() -> None:
    store = await market()
    first = await saved(store, "ETH funding < -0.01% shadow 7d")
    await fire(store, first, event(first, "F1", T0 + HOUR))
    edited = await store.edit(first.id, HOME, read("ETH funding < -0.02% shadow 7d"), 1, "e", T0 + DAY, Quota(50))
    assert isinstance(edited, Saved)
    await fire(store, edited.rule, replace(event(edited.rule, "F2", T0 + 2 * DAY), revision=2))

    assert await told(store, T0 + 7 * DAY) == []
    (message,) = await told(store, T0 + 8 * DAY)

    assert "It would have sent 1 message: fired 1 time (ETH 1)" in render(message, colour=False)


async def test_a_shadow_of_a_paused_rule_or_long_ago_is_not_reported() -> None:
    store = await market()
    rule = await saved(store, "ETH funding < -0.01% shadow 7d")
    assert await told(store, T0 + 60 * DAY) == []

    await store.pause(rule.id, HOME, "p", T0, paused=True)

    assert await told(store, T0 + 8 * DAY) == []


async def test_a_rule_whose_time_is_over_says_so_once() -> None:
    store = await market()
    rule = await saved(store, "ETH funding < -0.01% until 2d")
    end = rule.draft.until
    assert end is not None

    assert await told(store, end - HOUR) == []
    (message,) = await told(store, end)

    assert render(message, colour=False).splitlines()[0] == "🏁 Rule #1 ended: its time is over"
    assert await told(store, end + HOUR) == []


async def test_the_end_of_a_paused_rule_or_one_long_ago_is_not_told() -> None:
    store = await market()
    rule = await saved(store, "ETH funding < -0.01% until 2d")
    assert await told(store, T0 + 60 * DAY) == []

    await store.pause(rule.id, HOME, "p", T0, paused=True)

    assert await told(store, T0 + 3 * DAY) == []


async def test_a_mute_that_ends_lists_what_it_held_back() -> None:
    store = await market()
    rule = await saved(store, "ETH funding < -0.01%")
    await store.change(HOME, lambda _: PlaceSettings(mutes=(Mute("ETH", T0 + 2 * HOUR, T0),)), "m")
    one = event(rule, "HELD", T0 + HOUR)
    await fire(store, rule, one)
    await held(store, rule, one, "muted ETH")

    assert await told(store, T0 + HOUR) == []
    (message,) = await told(store, T0 + 2 * HOUR)

    assert render(message, colour=False).splitlines()[:2] == [
        "🔔 ETH is no longer muted: 1 alert left out",
        "13:00 UTC · ETH · funding below your line",
    ]
    assert await told(store, T0 + 3 * HOUR) == []


async def test_a_mute_until_clear_ends_with_its_episode() -> None:
    store = await market()
    rule = await saved(store, "ETH funding < -0.01%")
    first = event(rule, "F1", T0 + HOUR)
    await fire(store, rule, first)
    await store.change(HOME, lambda _: PlaceSettings(mutes=(Mute("#1", None, T0 + 2 * HOUR),)), "m")

    assert await told(store, T0 + 3 * HOUR) == []
    await fire(store, rule, replace(event(rule, "R1", T0 + 4 * HOUR, Change.RESOLVED), fired_at=first.at))
    (message,) = await told(store, T0 + 4 * HOUR)

    assert "Rule #1 is no longer muted" in render(message, colour=False)


@pytest.mark.parametrize("past", [desk, desk_with_past])
async def test_a_rule_that_fires_far_above_its_usual_rate_is_told_once_a_week(
    past: Callable[[], Awaitable[Desk]],
) -> None:
    store = await market(await past())
    rule = await saved(store, "ETH funding < -0.01%", T0 - 40 * DAY)
    usual = [event(rule, f"U{n}", T0 - 33 * DAY + n * 2 * DAY) for n in range(13)]
    many = [event(rule, f"M{n}", T0 - 7 * DAY + (n + 1) * 5 * HOUR) for n in range(31)]
    await fire(store, rule, *usual, *many)

    (message,) = await told(store, T0)

    lines = render(message, colour=False).splitlines()
    assert lines[0] == "📈 Rule #1 fired 31 times in 7 days; 3 are usual"
    if past is desk_with_past:
        assert lines[1] == "At −0.0125% per 8h it would have fired 1 time."
        assert message.buttons[0].label == "Raise to −0.0125% per 8h"
        assert message.buttons[0].command == "/edit #1 ETH funding < -0.0125% for 15m every 1h"
    assert await told(store, T0 + HOUR) == []


async def test_a_drift_that_met_an_absent_store_is_told_once_it_is_back() -> None:
    store = Away()
    await desk(store=store)
    rule = await saved(store, "ETH funding < -0.01%", T0 - 40 * DAY)
    await fire(store, rule, *(event(rule, f"M{n}", T0 - 7 * DAY + (n + 1) * 5 * HOUR) for n in range(31)))
    notices = Notices(store, SIGNALS, lambda: T0)

    store.away = True
    with pytest.raises(StoreUnavailable):
        await notices.round()
    store.away = False
    await notices.round()

    assert await store.waiting(HOME) == 1


async def test_a_rule_that_is_young_or_fires_as_usual_is_not_told_of() -> None:
    store = await market()
    young = await saved(store, "ETH funding < -0.01%", T0 - 20 * DAY)
    steady = await saved(store, "ETH funding < -0.02%", T0 - 40 * DAY)
    await fire(store, young, *(event(young, f"Y{n}", T0 - 6 * DAY + n * HOUR) for n in range(31)))
    await fire(store, steady, *(event(steady, f"S{n}", T0 - 34 * DAY + n * DAY) for n in range(34)))

    assert await told(store, T0) == []


def test_only_a_sample_rings() -> None:
    quiet = {about for about in About if notice(Notice("N", about, T0, "LIVE", "told"), T0).silent}

    assert quiet == set(About) - {About.SAMPLE}
