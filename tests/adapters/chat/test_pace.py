"""Nobody is written to faster than the platform allows, whoever asks and whenever."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.chat.base import Place
from adapters.chat.pace import GENERAL, PACES, Kind, Limit, Pace, Pacer, Slots, pace_of
from tests import virtual

ANN, BOB, GROUP = Place("telegram", "1"), Place("telegram", "2"), Place("telegram", "-100")
SECOND = timedelta(seconds=1)
TELEGRAM = PACES["telegram"]


def most(times: Sequence[float], window: float) -> int:
    """The most of them in any window of that length."""
    return max((sum(1 for at in times if first <= at < first + window) for first in times), default=0)


LIMITS = st.builds(Limit, st.sampled_from([1 / 29, 1 / 45, 0.5, 1.1, 3.5]), st.integers(0, 3))
GAPS = st.lists(st.one_of(st.just(0.0), st.floats(0.0, 8.0)), min_size=1, max_size=60)


@settings(max_examples=120, deadline=None)
@given(LIMITS, GAPS, st.floats(0.1, 20.0))
def test_in_any_window_there_are_no_more_slots_than_the_limit_gives(
    limit: Limit, gaps: list[float], window: float
) -> None:
    slots, now, taken = Slots(limit), 0.0, []
    for gap in gaps:
        now += gap
        taken.append(now + slots.wait(now))

    assert taken == sorted(taken)
    assert most(taken, window - 1e-6) <= floor(window / limit.every) + 1 + limit.burst


@pytest.mark.parametrize(
    ("limit", "window", "allowed"),
    [(TELEGRAM.whole, 1.0, 30), (TELEGRAM.chat, 1.0, 1), (TELEGRAM.group, 60.0, 19), (PACES["discord"].whole, 1.0, 46)],
)
def test_the_limits_of_the_platforms_are_kept_and_used(limit: Limit, window: float, allowed: int) -> None:
    slots = Slots(limit)
    taken = [slots.wait(0.0) for _ in range(400)]

    assert most(taken, window - 1e-9) <= allowed
    assert most(taken, window + 2 * limit.every) >= allowed


def run(asked: Sequence[tuple[float, Kind, Place]], pace: Pace = TELEGRAM) -> list[tuple[float, Kind, Place]]:
    """When who had a slot, in that order, where each asks at such a time."""

    async def live() -> list[tuple[float, Kind, Place]]:
        loop, had = asyncio.get_running_loop(), list[tuple[float, Kind, Place]]()
        pacer = Pacer(pace, loop.time())

        async def one(at: float, kind: Kind, place: Place) -> None:
            await asyncio.sleep(at)
            await pacer.slot(kind, place)
            had.append((loop.time(), kind, place))

        await asyncio.gather(*(one(*each) for each in asked))
        return had

    return virtual.run(live)


ASKED = st.lists(
    st.tuples(
        st.floats(0.0, 3.0),
        st.sampled_from(Kind),
        st.sampled_from([ANN, BOB, GROUP, *(Place("telegram", f"{n}") for n in range(3, 30))]),
    ),
    max_size=70,
)


@settings(max_examples=40, deadline=None)
@given(ASKED)
def test_whoever_asks_has_a_slot_within_the_limits_and_alerts_within_those_of_their_chat(
    asked: list[tuple[float, Kind, Place]],
) -> None:
    had = run(asked)

    assert len(had) == len(asked)
    assert most([at for at, _, _ in had], 1.0 - 1e-6) <= 30
    for place in {place for _, _, place in had}:
        alerts = [at for at, kind, of in had if of == place and kind is Kind.ALERT]
        assert most(alerts, 1.1 - 1e-6) <= (2 if place.shared else 1)


def test_the_first_slot_of_a_process_is_a_second_away() -> None:
    assert [at for at, _, _ in run([(0.0, Kind.ALERT, ANN), (0.0, Kind.REPLY, BOB)])] == [1.0, 1.0 + 1 / 29]


def test_a_platform_without_limits_takes_everything_at_once() -> None:
    assert [at for at, _, _ in run([(0.0, Kind.ALERT, ANN)] * 99, pace_of("terminal"))] == [0.0] * 99


def test_a_reply_goes_ahead_of_alerts_and_a_flood_of_replies_leaves_them_a_third() -> None:
    alerts = [(0.0, Kind.ALERT, Place("telegram", f"{n}")) for n in range(100, 160)]
    flood = [(2.0, Kind.REPLY, ANN)] * 60

    had = run([*alerts, *flood])

    of = [kind for at, kind, _ in had if at > 2.0]
    assert of[0] is Kind.REPLY
    assert of[:30] == [Kind.REPLY, Kind.REPLY, Kind.ALERT] * 10
    assert len(had) == 120


def test_a_reply_waits_for_two_slots_at_most_while_alerts_wait() -> None:
    alerts = [(0.0, Kind.ALERT, Place("telegram", f"{n}")) for n in range(100, 200)]

    had = run([*alerts, (2.01, Kind.REPLY, ANN), (3.01, Kind.REPLY, BOB)])

    waits = [
        at - asked for (at, kind, _), asked in zip([h for h in had if h[1] is Kind.REPLY], (2.01, 3.01), strict=True)
    ]
    assert all(wait <= 2 / 29 for wait in waits)


def test_topics_of_one_chat_share_its_limit_and_a_reply_counts_there() -> None:
    topics = [Place("telegram", f"-100.{n}") for n in range(4)]

    had = run([(0.0, Kind.REPLY, GROUP), *((2.0, Kind.ALERT, topic) for topic in topics)])

    times = [round(at, 6) for at, kind, _ in had if kind is Kind.ALERT]
    assert times[0] == pytest.approx(2.1, abs=0.04)
    assert [later - at for at, later in pairwise(times)] == pytest.approx([2.4, 3.5, 3.5], abs=0.1)


def test_one_who_gives_up_takes_no_slot() -> None:
    async def live() -> float:
        loop = asyncio.get_running_loop()
        pacer = Pacer(TELEGRAM, loop.time())
        tasks = [asyncio.create_task(pacer.slot(kind, ANN)) for kind in Kind for _ in range(20)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await pacer.slot(Kind.ALERT, BOB)
        assert not any(pacer._waiting.values())
        return loop.time()

    assert virtual.run(live) == 1.0


def test_one_who_gives_up_just_when_it_is_its_turn_takes_no_slot() -> None:
    async def live() -> float:
        loop, tasks = asyncio.get_running_loop(), list[asyncio.Task[None]]()
        loop.call_at(1.0, lambda: [task.cancel() for task in tasks])
        pacer = Pacer(TELEGRAM, loop.time())
        tasks += [asyncio.create_task(pacer.slot(Kind.ALERT, ANN)) for _ in range(20)]
        await asyncio.wait(tasks)
        await pacer.slot(Kind.ALERT, BOB)
        return loop.time()

    assert virtual.run(live) == 1.0


def test_a_second_chat_refused_within_five_seconds_means_everybody_for_the_longer_time() -> None:
    async def live() -> list[object]:
        loop = asyncio.get_running_loop()
        pacer = Pacer(TELEGRAM, loop.time())
        said: list[object] = [pacer.refused(ANN, 9 * SECOND), pacer.refused(ANN, 2 * SECOND)]
        await asyncio.sleep(GENERAL + 0.1)
        said.append(pacer.refused(BOB, 20 * SECOND))
        await pacer.slot(Kind.ALERT, GROUP)
        said.append(round(loop.time(), 2))
        said.append(pacer.refused(Place("telegram", "-100.7"), 3 * SECOND))
        await pacer.slot(Kind.REPLY, GROUP)
        said.append(round(loop.time(), 2))
        said.append(round(pacer.gap(BOB).total_seconds(), 2))
        return said

    assert virtual.run(live) == [None, None, None, 5.1, 20 * SECOND, 25.1, 0.0]
