"""Bursts and delays as a place sees them: several alerts in one message, late ones marked, old ones left out."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.chat.base import Limited, Outcome, Place, Refusal, Retry
from adapters.chat.pace import Pacer, pace_of
from adapters.chat.rendering import render
from adapters.store.base import MAX_TRIES, Fanned, Final
from adapters.store.memory import MemoryStore
from bot.clock import Clock
from bot.services.rhythm import BURST, WITHIN, Rhythm
from bot.services.sender import Sender
from bot.services.voice import Voice
from bot.telling import EXPIRES, told
from signals.event import Event
from signals.rules.lifecycle import Change
from tests import virtual
from tests.adapters.store.stories import HOME, T0, event, subscribed
from tests.bot.services.markets import running
from tests.bot.services.test_delivery import Chat

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class Desk:
    """A store, a chat that answers as it is told, and the sender between them."""

    def __init__(self, *answers: Outcome, speed: float = 1.0) -> None:
        self.store, self.chat, self.wall = MemoryStore(), Chat(list(answers)), Clock(T0)
        self.market = Clock(T0, speed) if speed != 1.0 else self.wall
        pacer = Pacer(pace_of("terminal"), asyncio.get_running_loop().time())
        self.sender = Sender(self.store, self.chat, "main", self.wall, self.market, Voice(told), pacer)

    async def opened(self) -> "Desk":
        self.rule = await subscribed(self.store)
        await self.store.change(HOME, lambda of: replace(of, budget=None), "none")
        self.wall.now()
        self.market.now()
        return self

    async def fires(self, *ids: str, at: datetime | None = None, change: Change = Change.FIRED) -> None:
        for id_ in ids:
            of = replace(event(self.rule, id_, at or self.market.now(), change), label="LIVE", episode=id_)
            assert await self.store.fan_out("terminal", of, 10, self.wall.now()) is Fanned.DONE

    def texts(self) -> Sequence[str]:
        return [render(delivery.message, colour=False) for delivery in self.chat.sent]

    async def ends(self) -> Sequence[tuple[str, Final, str]]:
        found = await self.store.outcomes(HOME, 99)
        return [(entry.rpartition(":")[2], outcome, why) for entry, outcome, why in found[::-1]]


def test_four_alerts_that_wait_are_one_message_and_each_has_its_outcome() -> None:
    async def live() -> Desk:
        desk = await Desk().opened()
        await desk.fires("A1", "A2", "A3", "A4", "A5")
        async with running(desk.sender.run):
            await asyncio.sleep(5)
        return desk

    desk = virtual.run(live)

    (text,) = desk.texts()
    assert text.startswith("📚 5 alerts at once: 5 fired")
    assert [desk.chat.sent[0].replies_to, desk.chat.sent[0].key[-2:]] == [None, "+5"]


def test_three_alerts_that_wait_are_three_messages() -> None:
    async def live() -> Desk:
        desk = await Desk().opened()
        await desk.fires("A1", "A2", "A3")
        async with running(desk.sender.run):
            await asyncio.sleep(5)
        return desk

    assert len(virtual.run(live).texts()) == 3


@pytest.mark.parametrize(("waits", "messages"), [(timedelta(seconds=100), 2), (timedelta(seconds=140), 1)])
def test_where_it_is_so_late_that_it_is_said_two_alerts_are_one_message(waits: timedelta, messages: int) -> None:
    async def live() -> Desk:
        desk = await Desk().opened()
        await desk.fires("A1", "A2")
        await asyncio.sleep(waits.total_seconds())
        async with running(desk.sender.run):
            await asyncio.sleep(5)
        return desk

    texts = virtual.run(live).texts()

    assert len(texts) == messages
    assert texts[0].startswith("📚 2 alerts at once: 2 fired") is (messages == 1)


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_after_three_single_alerts_in_thirty_seconds_what_follows_comes_as_one(speed: float) -> None:
    async def live() -> tuple[Desk, list[float]]:
        desk, loop, times = await Desk(speed=speed).opened(), asyncio.get_running_loop(), list[float]()
        async with running(desk.sender.run):
            for number in range(9):
                await desk.fires(f"A{number}")
                await asyncio.sleep(2.0 / speed if speed == 1.0 else 0.25)
                while len(times) < len(desk.chat.sent):
                    times.append(loop.time())
            await asyncio.sleep(40)
        return desk, times

    desk, _ = virtual.run(live)

    if speed == 1.0:
        assert [text[:1] == "📚" for text in desk.texts()] == [False] * BURST + [True]
        assert "6 alerts at once" in desk.texts()[-1]
    else:  # half a minute of that market is half a second
        assert len(desk.texts()) > BURST + 1


def test_alerts_that_come_with_pauses_are_never_held() -> None:
    async def live() -> list[float]:
        desk, loop, took = await Desk().opened(), asyncio.get_running_loop(), list[float]()
        async with running(desk.sender.run):
            for number in range(8):
                began, before = loop.time(), len(desk.chat.sent)
                await desk.fires(f"A{number}")
                while len(desk.chat.sent) == before:  # noqa: ASYNC110 - it costs nothing in virtual time
                    await asyncio.sleep(0.05)
                took.append(loop.time() - began)
                await asyncio.sleep(16)
        return took

    assert max(virtual.run(live)) < 1.0


def test_a_batch_that_may_have_arrived_is_tried_again_as_it_was_and_says_so() -> None:
    async def live() -> Desk:
        desk = await Desk(Retry(SECOND, certain=False, reason="no answer")).opened()
        await desk.fires("A1", "A2", "A3", "A4")
        async with running(desk.sender.run):
            await asyncio.sleep(0.5)
            await desk.fires("B1")
            await asyncio.sleep(5)
        return desk

    desk = virtual.run(live)

    assert [text.splitlines()[0] for text in desk.texts()[:2]] == ["📚 4 alerts at once: 4 fired"] * 2
    assert desk.chat.sent[0].key == desk.chat.sent[1].key
    assert ["May be a repeat" in text for text in desk.texts()] == [False, True, False]


def test_muted_ones_are_left_out_of_a_batch_and_the_rest_is_sent() -> None:
    async def live() -> tuple[Desk, Sequence[tuple[str, Final, str]]]:
        desk = await Desk().opened()
        await desk.store.change(HOME, lambda of: replace(of, resolved=False), "no ends")
        await desk.fires("A1", "A2", "A3")
        await desk.fires("R1", change=Change.RESOLVED)
        async with running(desk.sender.run):
            await asyncio.sleep(5)
        return desk, await desk.ends()

    desk, ends = virtual.run(live)

    assert desk.texts()[0].startswith("📚 3 alerts at once: 3 fired")
    assert ends[-1] == ("R1", Final.SKIPPED, "resolved off")
    assert {outcome for _, outcome, _ in ends[:-1]} == {Final.SENT}


def test_of_an_hours_backlog_the_old_ones_expire_the_fresh_one_comes_at_once_and_tells_of_them() -> None:
    async def live() -> tuple[Desk, Sequence[tuple[str, Final, str]]]:
        desk = await Desk().opened()
        await desk.fires(*(f"OLD{n}" for n in range(30)), at=T0 - timedelta(hours=1))
        await desk.fires("FRESH", at=T0 - MINUTE)
        async with running(desk.sender.run):
            await asyncio.sleep(5)
        return desk, await desk.ends()

    desk, ends = virtual.run(live)

    (text,) = desk.texts()
    assert "30 alerts expired: they were older than 30m" in text
    assert "Late" not in text
    assert [outcome for _, outcome, _ in ends] == [Final.EXPIRED] * 30 + [Final.SENT]
    assert {why for _, outcome, why in ends if outcome is Final.EXPIRED} == {"older than 30m"}


def test_where_all_has_expired_the_place_is_told_once_and_why() -> None:
    async def live() -> Desk:
        wait = Retry(40 * MINUTE, certain=True, reason="flood", limited=Limited.PLACE)
        desk = await Desk(wait).opened()
        await desk.fires("A1", "A2")
        async with running(desk.sender.run):
            await asyncio.sleep(60 * 60)
        return desk

    desk = virtual.run(live)

    first, last = desk.texts()
    assert "Late" not in first
    assert last.splitlines()[0] == "⏱ 2 alerts could not be sent in time while Terminal asked this chat to wait"
    assert "2 alerts expired" in last


def test_an_alert_that_waits_for_its_chat_says_how_late_it_is_and_why() -> None:
    async def live() -> Desk:
        wait = Retry(5 * MINUTE, certain=True, reason="flood", limited=Limited.PLACE)
        desk = await Desk(wait).opened()
        await desk.fires("A1")
        async with running(desk.sender.run):
            await asyncio.sleep(10 * 60)
        return desk

    assert virtual.run(live).texts()[-1].splitlines()[1] == "⏱ Late by 5m (Terminal asked this chat to wait)"


def test_what_an_operator_has_sent_again_does_not_expire() -> None:
    async def live() -> Desk:
        desk = await Desk(*[Refusal("odd")] * MAX_TRIES).opened()
        await desk.fires("A1")
        async with running(desk.sender.run):
            await asyncio.sleep(60)
            (letter,) = await desk.store.dead("terminal")
            await asyncio.sleep(3 * 60 * 60)
            await desk.store.revive(letter, desk.wall.now())
            await asyncio.sleep(5)
        return desk

    desk = virtual.run(live)

    assert len(desk.chat.sent) == MAX_TRIES + 1
    assert "Late by 3h" in desk.texts()[-1]


def test_an_alert_that_cannot_be_put_into_words_dies_with_its_reason_and_the_lane_goes_on() -> None:
    def broken(of: Sequence[object], *rest: object) -> object:
        if isinstance(of[0], Event) and of[0].id == "BAD":
            raise ZeroDivisionError
        return told(of, *rest)  # type: ignore[arg-type] # as it is called

    async def live() -> tuple[Desk, Sequence[tuple[str, Final, str]]]:
        desk = await Desk().opened()
        pacer = Pacer(pace_of("terminal"), 0.0)
        sender = Sender(desk.store, desk.chat, "main", desk.wall, desk.wall, Voice(broken), pacer)  # type: ignore[arg-type] # the same
        await desk.fires("BAD", "GOOD")
        async with running(sender.run):
            await asyncio.sleep(60)
        return desk, await desk.ends()

    desk, ends = virtual.run(live)

    why = "it cannot be put into words (ZeroDivisionError)"
    assert ends == [("BAD", Final.DEAD, why), ("GOOD", Final.SENT, "")]
    assert len(desk.chat.sent) == 1


def test_why_something_is_late_is_said_as_far_as_it_is_known() -> None:
    rhythm, place, other = Rhythm("Telegram"), Place("telegram", "1"), Place("telegram", "2")
    rhythm.began(T0)
    assert rhythm.why_late(place, T0 - MINUTE) == "perpwatch was not running"
    rhythm.pause(T0 + 5 * MINUTE, Limited.EVERYBODY)
    rhythm.put_off(place, Retry(SECOND, certain=True, reason="x", limited=Limited.PLACE))
    rhythm.put_off(other, Retry(SECOND, certain=False, reason="x"))

    assert rhythm.why_late(place, T0 + MINUTE) == "Telegram asked this chat to wait"
    assert rhythm.why_late(other, T0 + MINUTE) == "Telegram did not answer"
    rhythm.sent(place, T0, alone=False)
    assert rhythm.why_late(place, T0 + MINUTE) == "Telegram asked all to wait"
    assert rhythm.why_late(place, T0 + 6 * MINUTE) == "many messages went first"


def test_a_burst_is_held_for_the_rest_of_its_half_minute_and_then_begins_anew() -> None:
    rhythm, place = Rhythm("Telegram"), Place("telegram", "1")

    held = [rhythm.sent(place, T0 + 10 * n * SECOND, alone=True) for n in range(4)]

    assert held == [timedelta(0), timedelta(0), WITHIN - 20 * SECOND, timedelta(0)]
    assert EXPIRES > WITHIN


def test_an_alert_of_half_a_minute_ago_is_in_no_burst() -> None:
    rhythm, place = Rhythm("Telegram"), Place("telegram", "1")

    held = [rhythm.sent(place, T0 + at * SECOND, alone=True) for at in (0, 15, 30, 40)]

    assert held == [timedelta(0), timedelta(0), timedelta(0), WITHIN - 25 * SECOND]
