"""The sender against a strict platform: never refused for its pace, many at once, exact waits, a graceful end."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from adapters.chat.base import (
    Delivery,
    Gone,
    Limited,
    Message,
    Migrated,
    Outcome,
    Place,
    Retry,
    Sent,
    Tone,
)
from adapters.chat.pace import Kind, Pacer, pace_of
from adapters.store.base import Claim, Epoch, Fanned, Final, Idle, StoreUnavailable, StoreWontWrite
from adapters.store.batch import ALIKE, Ends
from adapters.store.memory import MemoryStore
from adapters.store.place_settings import PlaceSettings
from bot.clock import Clock
from bot.services.lead import LEADERSHIP
from bot.services.reach import mark_gone
from bot.services.sender import AHEAD, DRAIN_WITHIN, LEASE, Sender
from bot.services.voice import Voice
from bot.telling import told
from signals.notice import About, Notice
from tests import virtual
from tests.adapters.store.stories import T0, event, subscribed
from tests.bot.services.markets import running
from tests.platforms import WrittenTo

SECOND = timedelta(seconds=1)
GROUP = Place("telegram", "-100")


def chat(number: int) -> Place:
    return Place("telegram", f"{number + 1}")


@dataclass
class Strict(WrittenTo):
    """A platform that takes 30 a second, one a second in a chat and 20 a minute in a group, and refuses the rest.

    `taken` holds when each message arrived and where. `answers` come first, by place.
    """

    latency: Callable[[], float] = lambda: 0.1
    answers: dict[str, list[Outcome]] = field(default_factory=dict)
    taken: list[tuple[float, str]] = field(default_factory=list)
    by_chat: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: int = 0
    keys: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    flying: int = 0
    most: int = 0
    name: str = "telegram"

    async def send(self, delivery: Delivery) -> Outcome:
        now, to = asyncio.get_running_loop().time(), delivery.to.id
        outcome = self._judged(now, to)
        self.flying += 1
        self.most = max(self.most, self.flying)
        try:
            await asyncio.sleep(self.latency())
        finally:
            self.flying -= 1
        if isinstance(outcome, Sent):
            self.keys.append(delivery.key)
            self.messages.append(delivery.message)
        return outcome

    def _judged(self, now: float, to: str) -> Outcome:
        if self.answers.get(to):
            return self.answers[to].pop(0)
        here = [at for at in self.by_chat[to] if now - at < 60.0]
        second = sum(now - at < 1.0 for at, _ in self.taken[-30:])
        if second == 30 or any(now - at < 1.0 for at in here) or (to.startswith("-") and len(here) >= 20):
            self.refused += 1
            return Retry(5 * SECOND, certain=True, reason="flood", limited=Limited.PLACE)
        self.by_chat[to].append(now)
        self.taken.append((now, to))
        return Sent(f"m{len(self.taken)}")


async def waiting(store: MemoryStore, *places: Place, each: int = 1) -> None:
    """So many alerts that wait in each of these places."""
    for place in places:
        rule = await subscribed(store, place, f"for {place}")
        await store.change(place, lambda of: replace(of, budget=None), f"budget of {place}")
        for number in range(each):
            assert await store.fan_out("telegram", event(rule, f"{place.id}n{number}"), 10, T0) is Fanned.DONE


def sender(store: MemoryStore, platform: Strict, wall: Clock, owner: str = "main") -> tuple[Sender, Pacer]:
    pacer = Pacer(pace_of("telegram"), asyncio.get_running_loop().time())
    return Sender(store, platform, owner, wall, wall, Voice(told), pacer), pacer


async def sent(store: MemoryStore, platform: Strict, count: int) -> None:
    """Send until so many have arrived."""
    async with asyncio.timeout(3600), running(sender(store, platform, Clock(T0))[0].run):
        while len(platform.keys) < count:  # noqa: ASYNC110 - it costs little in virtual time
            await asyncio.sleep(0.2)


def most(times: Sequence[float], window: float) -> int:
    return max(sum(1 for at in times if first <= at < first + window) for first in times)


def test_a_group_never_hears_more_than_nineteen_a_minute() -> None:
    async def live() -> Strict:
        store, platform = MemoryStore(), Strict()
        for number in range(60):  # notices, for alerts that wait together become one message
            await store.post(GROUP, Notice(f"N{number:03}", About.SAMPLE, T0, "LIVE", "test"), T0)
        await sent(store, platform, 60)
        return platform

    platform = virtual.run(live)

    times = [at for at, _ in platform.taken]
    assert platform.refused == 0
    assert most(times, 60.0) <= 19
    assert times[-1] < 59 * 3.5 + 3
    assert platform.keys == sorted(platform.keys)


def test_topics_of_one_group_share_its_pace() -> None:
    async def live() -> list[float]:
        store, platform = MemoryStore(), Strict()
        await waiting(store, *(Place("telegram", f"-100.{n}") for n in range(8)))
        await sent(store, platform, 8)
        return [at for at, _ in platform.taken]

    times = virtual.run(live)

    assert most(times, 3.4) <= 2
    assert times[-1] < 8 * 3.5 + 2


def test_a_chat_that_must_wait_waits_exactly() -> None:
    async def live() -> list[float]:
        store, platform = MemoryStore(), Strict(lambda: 0.0)
        platform.answers["1"] = [Retry(10 * SECOND, certain=True, reason="flood", limited=Limited.PLACE)]
        await waiting(store, chat(0), chat(1))
        await sent(store, platform, 2)
        return [at for at, _ in platform.taken]

    assert virtual.run(live) == pytest.approx([1.0 + 1 / 29, 1.0 + 10.0], abs=0.01)


def test_a_second_chat_refused_within_five_seconds_stops_everybody_also_the_next_sender() -> None:
    async def live() -> tuple[list[float], float | None, list[float]]:
        loop, store, wall = asyncio.get_running_loop(), MemoryStore(), Clock(T0)
        answers: dict[str, list[Outcome]] = {
            chat(n).id: [Retry(seconds * SECOND, certain=True, reason="flood", limited=Limited.PLACE)]
            for n, seconds in ((10, 20), (20, 8))
        }
        platform = Strict(answers=answers)
        await waiting(store, *(chat(n) for n in range(60)))
        async with running(sender(store, platform, wall)[0].run):
            await asyncio.sleep(5)
            first = [at for at, _ in platform.taken]
        quiet = await store.quiet("telegram", wall.now())
        async with running(sender(store, platform, wall)[0].run):
            await asyncio.sleep(40)
        ends = (quiet - wall.now()).total_seconds() + loop.time() if quiet else None
        return first, ends, [at for at, _ in platform.taken[len(first) :]]

    first, ends, later = virtual.run(live)

    assert ends is not None
    assert len(first) < 30
    assert max(first) < 3.0
    assert min(later) > 20.0
    assert min(later) >= ends - 0.01
    assert len(first) + len(later) == 60


def test_what_the_platform_says_of_everybody_holds_for_everybody() -> None:
    async def live() -> list[float]:
        store = MemoryStore()
        answers: dict[str, list[Outcome]] = {
            chat(0).id: [Retry(7 * SECOND, certain=True, reason="ban", limited=Limited.EVERYBODY)]
        }
        platform = Strict(answers=answers)
        await waiting(store, *(chat(n) for n in range(40)))
        await sent(store, platform, 40)
        return [at for at, _ in platform.taken]

    times = virtual.run(live)

    pause = max(later - at for at, later in pairwise(times))
    assert pause > 7.0 - 0.5


def test_a_place_that_moves_while_others_wait_is_sent_to_its_address_and_answered_for_its_name() -> None:
    async def live() -> tuple[list[str], object, object]:
        store, platform = MemoryStore(), Strict(answers={"-100": [Migrated(Place("telegram", "-200"))]})
        await waiting(store, GROUP, each=2)
        await sent(store, platform, 2)
        return [to for _, to in platform.taken], await store.addresses("telegram"), await store.outcomes(GROUP, 9)

    to, addresses, outcomes = virtual.run(live)

    assert to == ["-200", "-200"]
    assert addresses == {"-100": "-200"}
    assert [outcome for _, outcome, _ in outcomes] == [Final.SENT, Final.SENT]  # type: ignore[attr-defined] # a list


def test_what_is_in_flight_ends_before_the_sender_does_and_what_waits_is_given_back_as_not_sent() -> None:
    async def live() -> tuple[int, float, list[Message], bool]:
        loop, store, wall = asyncio.get_running_loop(), MemoryStore(), Clock(T0)
        platform = Strict(lambda: 12.0)
        await waiting(store, *(chat(n) for n in range(40)))
        task = asyncio.create_task(sender(store, platform, wall)[0].run())
        await asyncio.sleep(1.5)
        began, at = len(platform.taken), loop.time()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        took, ended = loop.time() - at, len(platform.keys)
        other = await store.lead("telegram", "other", wall.now(), LEADERSHIP)
        await sent(store, platform, 40)
        return began - ended, took, platform.messages, isinstance(other, Epoch)

    lost, took, messages, free = virtual.run(live)

    assert lost == 0
    assert 10.0 < took < 12.1
    assert free
    assert not any("repeat" in message.small + str(message.after) for message in messages)


def test_after_a_crash_only_what_was_being_sent_and_two_more_may_be_repeats() -> None:
    async def live() -> tuple[int, int]:
        store, wall, platform = MemoryStore(), Clock(T0), Strict(lambda: 12.0)
        await waiting(store, *(chat(n) for n in range(40)))
        async with running(sender(store, platform, wall)[0].run):
            await asyncio.sleep(1.5)
            began, epoch = len(platform.taken), await store.lead("telegram", "main", wall.now(), LEADERSHIP)
            assert isinstance(epoch, Epoch)
            claims = [await store.claim(epoch, wall.now(), LEASE) for _ in range(40)]
            platform.latency = lambda: 0.0
        return began, sum(claim.ambiguous > 0 for claim in claims if isinstance(claim, Claim))

    began, ambiguous = virtual.run(live)

    assert began > 10
    assert began <= ambiguous <= began + AHEAD


def test_nothing_is_claimed_while_the_platform_wants_nothing() -> None:
    async def live() -> tuple[bool, int]:
        store, wall, platform = MemoryStore(), Clock(T0), Strict()
        await waiting(store, chat(0))
        await store.quieten("telegram", wall.now() + 100 * SECOND)
        async with running(sender(store, platform, wall)[0].run):
            await asyncio.sleep(10)
            claimed = bool(store._platforms["telegram"].flights)
            await asyncio.sleep(95)
        return claimed, len(platform.taken)

    assert virtual.run(live) == (False, 1)


def test_a_send_that_does_not_end_is_given_back_as_one_that_may_have_arrived() -> None:
    async def live() -> tuple[float, int, int]:
        loop, store, wall = asyncio.get_running_loop(), MemoryStore(), Clock(T0)
        platform = Strict(lambda: 55.0)
        await waiting(store, chat(0))
        task = asyncio.create_task(sender(store, platform, wall)[0].run())
        await asyncio.sleep(1.5)
        at = loop.time()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        epoch = await store.lead("telegram", "other", wall.now(), LEADERSHIP)
        assert isinstance(epoch, Epoch)
        claim = await store.claim(epoch, wall.now(), LEASE)
        assert isinstance(claim, Claim)
        return loop.time() - at, claim.ambiguous, len(platform.keys)

    assert virtual.run(live) == (pytest.approx(DRAIN_WITHIN), 1, 0)


def test_a_sender_keeps_its_lead_while_it_waits_for_its_last_sends() -> None:
    async def live() -> list[bool]:
        store, wall = MemoryStore(), Clock(T0)
        await waiting(store, chat(0))
        task = asyncio.create_task(sender(store, Strict(lambda: 22.0), wall)[0].run())
        await asyncio.sleep(1.5)
        task.cancel()
        held = []
        for _ in range(3):
            await asyncio.sleep(6.5)
            held.append(not isinstance(await store.lead("telegram", "other", wall.now(), LEADERSHIP), Epoch))
        with suppress(asyncio.CancelledError):
            await task
        return held

    assert virtual.run(live) == [True, True, True]


def test_a_sender_that_was_asleep_longer_than_its_lead_sends_nothing() -> None:
    async def live() -> tuple[Outcome, int]:
        store, wall, platform = MemoryStore(), Clock(T0), Strict()
        own, _ = sender(store, platform, wall)
        wall.now()
        wall.shift(LEADERSHIP + SECOND)
        message = Message(Tone.ANSWER, "", ())
        outcome = await own._try(Delivery("k", chat(0), message, T0))
        return outcome, len(platform.taken)

    outcome, taken = virtual.run(live)

    assert isinstance(outcome, Retry)
    assert outcome.certain
    assert taken == 0


def test_replies_that_share_the_pace_go_ahead_and_no_alert_is_refused() -> None:
    async def live() -> tuple[Strict, list[float]]:
        loop, store, platform, waits = asyncio.get_running_loop(), MemoryStore(), Strict(), list[float]()
        await waiting(store, *(chat(n) for n in range(120)))
        own, pacer = sender(store, platform, Clock(T0))

        async def ask(number: int) -> None:
            await asyncio.sleep(1.5 + number * 0.2)
            at, to = loop.time(), Place("telegram", f"9{number}")
            await pacer.slot(Kind.REPLY, to)
            waits.append(loop.time() - at)
            await platform.send(Delivery(f"r{number}", to, Message(Tone.ANSWER, "", ()), T0))

        async with running(own.run):
            await asyncio.gather(*(ask(number) for number in range(20)))
            await asyncio.sleep(3)
        return platform, waits

    platform, waits = virtual.run(live)

    assert platform.refused == 0
    assert len(platform.keys) == 140
    assert max(waits) <= 2 / 29


def test_only_a_place_that_has_rules_is_noted_as_gone() -> None:
    async def live() -> tuple[str, str]:
        store = MemoryStore()
        await waiting(store, chat(0))
        for number in (0, 1):
            await mark_gone(store, chat(number), "blocked", f"{number}")
        return (await store.settings(chat(0))).gone, (await store.settings(chat(1))).gone

    assert virtual.run(live) == ("blocked", "")


def test_a_place_that_is_gone_delays_nobody() -> None:
    async def live() -> tuple[list[tuple[Final, str]], float]:
        store, platform = MemoryStore(), Strict(answers={chat(0).id: [Gone("blocked")]})
        await waiting(store, *(chat(n) for n in range(5)))
        await sent(store, platform, 4)
        ends = [(outcome, reason) for _, outcome, reason in await store.outcomes(chat(0), 9)]
        return ends, max(at for at, _ in platform.taken)

    assert virtual.run(live) == ([(Final.SKIPPED, "gone: blocked")], pytest.approx(1.0 + 4 / 29))


def test_nothing_is_left_to_do_when_all_is_sent() -> None:
    async def live() -> object:
        store, wall = MemoryStore(), Clock(T0)
        await waiting(store, chat(0))
        await sent(store, Strict(), 1)
        epoch = await store.lead("telegram", "other", wall.now() + LEADERSHIP, LEADERSHIP)
        assert isinstance(epoch, Epoch)
        return await store.claim(epoch, T0 + 9 * LEASE, LEASE)

    assert virtual.run(live) == Idle(None)


def test_what_comes_while_nothing_is_to_do_is_claimed_at_once() -> None:
    async def live() -> list[float]:
        loop, store, platform, waits = asyncio.get_running_loop(), MemoryStore(), Strict(lambda: 0.0), list[float]()
        async with running(sender(store, platform, Clock(T0))[0].run):
            for number in range(5):
                await asyncio.sleep(2.0 + number * 0.037)
                at = loop.time()
                await waiting(store, chat(number))
                while len(platform.keys) == number:  # noqa: ASYNC110 - it costs little in virtual time
                    await asyncio.sleep(0.001)
                waits.append(loop.time() - at)
        return waits

    assert max(virtual.run(live)) < 0.01


def test_what_was_sent_while_the_store_was_away_is_recorded_once_it_is_back_and_not_sent_again() -> None:
    class Away(MemoryStore):
        broken = True

        async def finish(
            self, claim: Claim, outcome: Final, reason: str, message_id: str, next_due: datetime, apart: Ends = ALIKE
        ) -> int:
            if self.broken:
                raise StoreWontWrite("full")
            return await super().finish(claim, outcome, reason, message_id, next_due, apart)

    async def live() -> tuple[list[str], list[Final]]:
        store, platform, wall = Away(), Strict(lambda: 0.0), Clock(T0)
        own, _ = sender(store, platform, wall)
        await waiting(store, chat(0))
        with pytest.raises(BaseExceptionGroup):
            await own.run()
        store.broken = False
        async with running(own.run):
            await asyncio.sleep(5)
        return platform.keys, [outcome for _, outcome, _ in await store.outcomes(chat(0), 9)]

    keys, outcomes = virtual.run(live)

    assert len(keys) == 1
    assert outcomes == [Final.SENT]


def test_what_a_failing_sender_left_in_flight_is_taken_up_when_it_begins_anew_and_not_a_lease_later() -> None:
    class Away(MemoryStore):
        broken = True

        async def settings(self, place: Place) -> PlaceSettings:
            if self.broken:
                raise StoreUnavailable("away")
            return await super().settings(place)

        async def resign(self, epoch: Epoch) -> None:
            if self.broken:
                raise StoreUnavailable("away")
            await super().resign(epoch)

    async def live() -> tuple[list[str], list[Final]]:
        store, platform, wall = Away(), Strict(lambda: 0.0), Clock(T0)
        own, _ = sender(store, platform, wall)
        store.broken = False
        await waiting(store, chat(0))
        store.broken = True
        with pytest.raises(BaseExceptionGroup):
            await own.run()
        store.broken = False
        async with running(own.run):
            await asyncio.sleep(5)
        return platform.keys, [outcome for _, outcome, _ in await store.outcomes(chat(0), 9)]

    keys, outcomes = virtual.run(live)

    assert len(keys) == 1
    assert outcomes == [Final.SENT]
