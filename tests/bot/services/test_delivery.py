"""From an event to one message in one place: fan-out, gates, outcomes, leads and leases."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from adapters.chat.base import (
    Delivery,
    Gone,
    Migrated,
    Outcome,
    Place,
    Refusal,
    Retry,
    Sent,
)
from adapters.chat.pace import Pacer, pace_of
from adapters.chat.rendering import render
from adapters.store.alert_port import Commit
from adapters.store.base import MAX_TRIES, Final, Quota
from adapters.store.memory import MemoryStore
from adapters.store.place_settings import Mute, PlaceSettings
from bot.clock import Clock
from bot.services.dispatcher import Dispatcher
from bot.services.fanout import PAGE, Fanout
from bot.services.lead import LEADERSHIP
from bot.services.sender import LEASE, Sender
from bot.services.voice import Voice
from bot.telling import told
from signals.event import Event
from signals.notice import About, Notice
from signals.rules.lifecycle import Change
from signals.rules.model import Rule
from tests import virtual
from tests.adapters.store.stories import HOME, MINUTE, T0, event, firing
from tests.bot.services.markets import asked, running, until
from tests.platforms import WrittenTo

SECOND = timedelta(seconds=1)
SAMPLE = Notice("NOTICENOTICENOTI", About.SAMPLE, T0 - 3 * SECOND, "LIVE", "Test", ("It comes like an alert.",))


@dataclass
class Chat(WrittenTo):
    """A platform that answers as it is told, and remembers what it was asked."""

    answers: list[Outcome] = field(default_factory=list)
    sent: list[Delivery] = field(default_factory=list)
    name: str = "terminal"

    async def send(self, delivery: Delivery) -> Outcome:
        self.sent.append(delivery)
        return self.answers.pop(0) if self.answers else Sent(f"m{len(self.sent)}")


@dataclass
class Service:
    """A store with one rule, and the loops that deliver its events."""

    store: MemoryStore
    rule: Rule
    chat: Chat
    wall: Clock
    fanout: Fanout
    sender: Sender

    async def tell(self, *events: Event) -> None:
        """Commit the events of the rule, each newer than the last."""
        version, _ = await self.store.state(self.rule.id, "ETH", 1)
        for number, one in enumerate(events):
            state = firing(T0 + (version + number) * MINUTE)
            await self.store.commit(Commit((self.rule.id, "ETH"), 1, version + number, state.at, state, one))

    def event(self, id_: str, change: Change = Change.FIRED) -> Event:
        return event(self.rule, id_, change=change)

    async def settled(self, outcomes: int, seconds: float = 300) -> list[tuple[Final, str]]:
        """The outcomes, newest last, once there are so many."""

        async def enough() -> bool:
            return len(await self.store.outcomes(HOME, 99)) >= outcomes

        async with asyncio.timeout(seconds), running(self.fanout.run, self.sender.run):
            await until(enough)
        return [(outcome, reason) for _, outcome, reason in (await self.store.outcomes(HOME, 99))[::-1]]


def pacer() -> Pacer:
    return Pacer(pace_of("terminal"), asyncio.get_running_loop().time())


async def service(*answers: Outcome) -> Service:
    store, chat, wall = MemoryStore(), Chat(list(answers)), Clock(T0)
    rule = await asked(store)
    sender = Sender(store, chat, "main", wall, wall, Voice(told), pacer())
    return Service(store, rule, chat, wall, Fanout(store, ["terminal"], wall.now), sender)


def test_each_event_becomes_one_message_in_order_and_a_resolved_one_answers_its_firing() -> None:
    async def live() -> tuple[list[Delivery], list[tuple[Final, str]]]:
        of = await service()
        await of.tell(of.event("AAAA"), of.event("RRRR", Change.RESOLVED))
        outcomes = await of.settled(2)
        return of.chat.sent, outcomes

    sent, outcomes = virtual.run(live)

    assert [delivery.to for delivery in sent] == [HOME, HOME]
    assert [delivery.replies_to for delivery in sent] == [None, "m1"]
    assert len({delivery.key for delivery in sent}) == 2
    assert outcomes == [(Final.SENT, ""), (Final.SENT, "")]


def test_everybody_who_subscribed_is_told_once_also_over_several_pages() -> None:
    async def live() -> tuple[list[str], int]:
        of = await service()
        more = [await asked(of.store, place=Place("terminal", f"p{n:03}")) for n in range(3)]
        for rule in more:
            await of.store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule, rule.id[-6:])))
        await of.tell(of.event("AAAA"))

        async def all_sent() -> bool:
            return len(of.chat.sent) == 4

        async with running(of.fanout.run, of.sender.run):
            await until(all_sent)
        return sorted(delivery.to.id for delivery in of.chat.sent), PAGE

    places, page = virtual.run(live)

    assert places == ["local", "p000", "p001", "p002"]
    assert page > 1


@pytest.mark.parametrize("certain", [True, False])
def test_what_was_put_off_is_sent_later_and_only_an_unknown_outcome_counts_as_ambiguous(certain: bool) -> None:
    async def live() -> tuple[list[tuple[Final, str]], float, int]:
        of = await service(Retry(7 * SECOND, certain, "busy"))
        await of.tell(of.event("AAAA"))
        outcomes = await of.settled(1)
        return outcomes, asyncio.get_running_loop().time(), len(of.chat.sent)

    outcomes, took, tries = virtual.run(live)

    assert outcomes == [(Final.SENT, "" if certain else "may be a repeat")]
    assert tries == 2
    assert 7.0 <= took <= 8.0


def test_what_a_platform_never_takes_dies_after_its_tries_and_the_lane_goes_on() -> None:
    async def live() -> tuple[list[tuple[Final, str]], int]:
        of = await service(*[Refusal("too odd")] * MAX_TRIES)
        await of.tell(of.event("AAAA"), of.event("BBBB"))
        return await of.settled(2), len(of.chat.sent)

    outcomes, tries = virtual.run(live)

    assert outcomes == [(Final.DEAD, "refused: too odd"), (Final.SENT, "")]
    assert tries == MAX_TRIES + 1


def test_a_place_that_is_no_longer_there_ends_its_entry_with_the_reason_which_is_noted() -> None:
    async def live() -> tuple[list[tuple[Final, str]], str]:
        of = await service(Gone("blocked"))
        await of.tell(of.event("AAAA"))
        return await of.settled(1), (await of.store.settings(HOME)).gone

    assert virtual.run(live) == ([(Final.SKIPPED, "gone: blocked")], "blocked")


def test_a_place_that_moved_is_sent_to_where_it_is_now_at_once_and_from_then_on() -> None:
    async def live() -> tuple[list[tuple[Final, str]], list[str], float]:
        of = await service(Migrated(Place("terminal", "new")))
        await of.tell(of.event("AAAA"), of.event("BBBB"))
        outcomes = await of.settled(2)
        return outcomes, [delivery.to.id for delivery in of.chat.sent], asyncio.get_running_loop().time()

    outcomes, sent_to, took = virtual.run(live)

    assert outcomes == [(Final.SENT, "")] * 2
    assert sent_to == ["local", "new", "new"]
    assert took < 1.0


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (PlaceSettings(stopped=True), "stopped"),
        (PlaceSettings(mutes=(Mute("ETH", T0 + MINUTE, T0),)), "muted ETH"),
        (PlaceSettings(mutes=(Mute("*", T0 + MINUTE, T0),)), "muted *"),
        (PlaceSettings(mutes=(Mute("#1", T0 + MINUTE, T0),)), "muted #1"),
        (PlaceSettings(mutes=(Mute("funding", T0 + MINUTE, T0),)), "muted funding"),
    ],
)
def test_a_gate_that_is_shut_skips_with_its_name(settings: PlaceSettings, reason: str) -> None:
    async def live() -> tuple[list[tuple[Final, str]], int]:
        of = await service()
        await of.store.change(HOME, lambda _: settings, "quiet")
        await of.tell(of.event("AAAA"))
        return await of.settled(1), len(of.chat.sent)

    assert virtual.run(live) == ([(Final.SKIPPED, reason)], 0)


def test_an_alert_of_a_rule_that_was_deleted_meanwhile_is_not_sent() -> None:
    async def live() -> tuple[list[tuple[Final, str]], int]:
        of = await service()
        await of.tell(of.event("AAAA"))

        async def queued() -> bool:
            return await of.store.waiting(HOME) == 1

        async with running(of.fanout.run):
            await until(queued)
        await of.store.remove(of.rule.id, HOME, "gone")
        return await of.settled(1), len(of.chat.sent)

    assert virtual.run(live) == ([(Final.SKIPPED, "unsubscribed")], 0)


def test_a_sender_that_died_in_a_send_is_followed_by_one_that_says_it_may_be_a_repeat() -> None:
    async def live() -> list[str]:
        of = await service()
        await of.tell(of.event("AAAA"))

        async def queued() -> bool:
            return await of.store.waiting(HOME) == 1

        async with running(of.fanout.run):
            await until(queued)
        dead = await of.store.lead("terminal", "main", of.wall.now(), LEADERSHIP)
        claim = await of.store.claim(dead, of.wall.now(), LEASE)  # type: ignore[arg-type] # nobody else leads
        assert claim.ambiguous == 0  # type: ignore[union-attr] # there is one entry
        await of.settled(1)
        return [render(delivery.message, colour=False) for delivery in of.chat.sent]

    (text,) = virtual.run(live)

    assert "May be a repeat of A-AAAA." in text


def test_a_first_send_and_one_after_a_certain_failure_are_no_repeats() -> None:
    async def live() -> list[str]:
        of = await service(Retry(SECOND, certain=True, reason="busy"), Retry(SECOND, certain=False, reason="no answer"))
        await of.tell(of.event("AAAA"))
        await of.settled(1)
        return [render(delivery.message, colour=False) for delivery in of.chat.sent]

    texts = virtual.run(live)

    assert ["May be a repeat" in text for text in texts] == [False, False, True]


def test_two_senders_of_one_platform_never_send_at_the_same_time() -> None:
    async def live() -> tuple[int, int]:
        of = await service()
        standby_chat = Chat()
        standby = Sender(of.store, standby_chat, "standby", of.wall, of.wall, Voice(told), pacer())
        for n in range(20):
            await of.store.post(HOME, replace(SAMPLE, id=f"NOTICE{n:03}"), T0)

        async with running(standby.run):
            await of.settled(20)
        return len(of.chat.sent), len(standby_chat.sent)

    own, others = virtual.run(live)

    assert own + others == 20
    assert own == 0 or others == 0


def test_a_sender_leads_on_for_longer_than_one_lease() -> None:
    async def live() -> tuple[int, datetime]:
        of = await service()

        async def long() -> bool:
            return of.wall.now() > T0 + 10 * LEADERSHIP

        async with running(of.fanout.run, of.sender.run):
            await until(long)
            await of.tell(of.event("AAAA"))
            await asyncio.sleep(1)
        return len(of.chat.sent), of.wall.now()

    sent, at = virtual.run(live)

    assert sent == 1
    assert at > T0 + 10 * LEADERSHIP


def test_an_entry_whose_alert_cannot_be_read_is_dead_and_said_so() -> None:
    async def live() -> list[tuple[Final, str]]:
        of = await service()
        await of.tell(of.event("AAAA"))

        async def queued() -> bool:
            return await of.store.waiting(HOME) == 1

        async with running(of.fanout.run):
            await until(queued)
        of.store._platforms["terminal"].bodies.clear()
        return await of.settled(1)

    assert virtual.run(live) == [(Final.DEAD, "the stored alert cannot be read")]


def test_events_are_not_lost_when_the_fan_out_dies_before_its_ack() -> None:
    async def live() -> list[Delivery]:
        of = await service()
        await of.store.subscribe("terminal", (await anext(of.store.changes(0))))
        one = replace(of.event("AAAA"))
        await of.tell(one)
        await of.store.fan_out("terminal", one, PAGE, T0)
        await of.settled(1)
        await asyncio.sleep(5)
        return of.chat.sent

    assert len(virtual.run(live)) == 1


def test_a_notice_takes_its_turn_in_the_lane_and_is_posted_once() -> None:
    async def live() -> tuple[list[str], list[bool], list[tuple[Final, str]]]:
        of = await service()
        await of.tell(of.event("AAAA"))

        async def queued() -> bool:
            return await of.store.waiting(HOME) == 1

        async with running(of.fanout.run):
            await until(queued)
        posted = [await of.store.post(HOME, SAMPLE, T0) for _ in range(2)]
        outcomes = await of.settled(2)
        return [render(delivery.message, colour=False) for delivery in of.chat.sent], posted, outcomes

    texts, posted, outcomes = virtual.run(live)

    assert posted == [True, False]
    assert [text.splitlines()[0] for text in texts] == ["SIMULATED 🔻 ETH · funding below your line  A-AAAA", "🧪 Test"]
    assert "From the command to this message it took 3.0s." in texts[1]
    assert outcomes == [(Final.SENT, ""), (Final.SENT, "")]


@pytest.mark.parametrize(("about", "outcome"), [(About.SAMPLE, Final.SENT), (About.DRIFT, Final.SKIPPED)])
def test_in_a_stopped_place_only_a_sample_that_was_asked_for_is_sent(about: About, outcome: Final) -> None:
    async def live() -> list[tuple[Final, str]]:
        of = await service()
        await of.store.change(HOME, lambda _: PlaceSettings(stopped=True), "quiet")
        await of.store.post(HOME, replace(SAMPLE, about=about), T0)
        return await of.settled(1)

    assert virtual.run(live) == [(outcome, "" if outcome is Final.SENT else "stopped")]


def test_a_rule_in_shadow_is_skipped_with_the_name_of_its_gate() -> None:
    async def live() -> list[tuple[Final, str]]:
        of = await service()
        shadowed = replace(of.rule.draft, shadow=timedelta(days=7))
        await of.store.edit(of.rule.id, HOME, shadowed, 1, "edit", T0, Quota(50))
        await of.tell(of.event("AAAA"))
        return await of.settled(1)

    assert virtual.run(live) == [(Final.SKIPPED, "shadow")]


def test_where_nobody_is_there_nothing_more_is_tried_until_it_is_back() -> None:
    async def live() -> tuple[list[tuple[Final, str]], int, str]:
        of = await service(Gone("blocked"))
        await of.tell(of.event("AAAA"), of.event("BBBB"))
        await of.settled(2)
        gone = (await of.store.settings(HOME)).gone
        await Dispatcher(of.store, (), of.wall.now, T0, "0.1.0", lambda _: Quota(50), MINUTE).came(HOME)
        await of.tell(of.event("CCCC"))
        return await of.settled(3), len(of.chat.sent), gone

    outcomes, tries, gone = virtual.run(live)

    assert outcomes == [(Final.SKIPPED, "gone: blocked"), (Final.SKIPPED, "gone: blocked"), (Final.SENT, "")]
    assert (tries, gone) == (2, "blocked")


def test_a_rule_calls_its_role_as_it_fires_and_not_again() -> None:
    async def live() -> list[str | None]:
        of = await service()
        await of.store.change(HOME, lambda _: PlaceSettings(mentions=((2, "999"), (1, "123456789012345678"))), "roles")
        await of.tell(of.event("AAAA"), of.event("BBBB", Change.REMINDED), of.event("CCCC", Change.RESOLVED))
        await of.settled(3)
        return [delivery.mention for delivery in of.chat.sent]

    assert virtual.run(live) == ["123456789012345678", None, None]


def test_low_trust_comes_without_sound_and_times_are_those_of_the_place() -> None:
    async def live() -> Delivery:
        of = await service()
        await of.store.change(HOME, lambda _: PlaceSettings(zone="Asia/Kathmandu"), "zone")
        await of.tell(replace(of.event("AAAA"), trust="low", label="LIVE"))
        await of.settled(1)
        return of.chat.sent[0]

    sent = virtual.run(live)

    assert sent.message.silent
    assert "17:45 UTC+5:45" in render(sent.message, colour=False)
