"""The sender against the limits of Telegram, as the fake Bot API counts them: never refused, and a wait is one chat's.

Every message needs up to 30 ms to arrive, which is what the pace leaves: against more of a spread no pace can help.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from adapters.chat.base import Delivery, Limited, Message, Outcome, Place, Retry, Sent, Tone
from adapters.chat.pace import Pacer, pace_of
from adapters.store.memory import MemoryStore
from bot.clock import Clock
from bot.services.sender import Sender
from bot.services.voice import Voice
from tests import virtual
from tests.adapters.store.stories import T0
from tests.bot.services.markets import running
from tests.bot.services.test_sender import Strict, chat, waiting
from tests.fake_telegram.limits import Limits

SPREAD = 0.03
SEEDED = (Phase.generate,)
"""A failure is not made smaller, which would take minutes."""

SAID = Message(Tone.FIRING, "", ())


@dataclass
class Api(Strict):
    """Counts as the fake Bot API does; `told` are waits that it asks a chat for before all else, in seconds."""

    seed: int = 0
    told: dict[str, list[float]] = field(default_factory=dict)
    waits: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = Random(self.seed)
        self._limits = Limits(asyncio.get_running_loop().time)

    async def send(self, delivery: Delivery) -> Outcome:
        await asyncio.sleep(self._rng.uniform(0.0, SPREAD))
        now, to = asyncio.get_running_loop().time(), delivery.to.id
        wait = self.told[to].pop(0) if self.told.get(to) else self._limits.wait(int(to.partition(".")[0]))
        if wait:
            self.waits.append((now, to))
            return Retry(timedelta(seconds=wait), certain=True, reason="flood", limited=Limited.PLACE)
        self.taken.append((now, to))
        await asyncio.sleep(self._rng.uniform(0.02, 0.5))
        self.keys.append(delivery.key)
        return Sent(f"m{len(self.taken)}")


async def sent(store: MemoryStore, api: Api, count: int) -> None:
    """Send until so many have arrived."""
    pacer, wall = Pacer(pace_of("telegram"), asyncio.get_running_loop().time()), Clock(T0)
    sender = Sender(store, api, "main", wall, wall, Voice(lambda *_: SAID, expires=timedelta(days=1)), pacer)
    async with asyncio.timeout(3600), running(sender.run):
        while len(api.keys) < count:  # noqa: ASYNC110 - it costs little in virtual time
            await asyncio.sleep(0.5)


def burst(places: Sequence[Place], seed: int = 0, told: dict[str, list[float]] | None = None) -> Api:
    """An alert in each of these places at once, and what the API saw until all of them had arrived."""

    async def live() -> Api:
        store, api = MemoryStore(), Api(seed=seed, told=told or {})
        await waiting(store, *places)
        await sent(store, api, len(places))
        return api

    return virtual.run(live)


def pace(api: Api) -> float:
    times = [at for at, _ in api.taken]
    return (len(times) - 1) / (times[-1] - times[0])


@settings(max_examples=3, deadline=None, phases=SEEDED)
@given(seed=st.integers(0, 10**6))
def test_three_hundred_at_once_are_never_refused_and_leave_as_fast_as_they_may(seed: int) -> None:
    places = [chat(number) for number in range(300)]

    api = burst(places, seed)

    assert api.waits == []
    assert Counter(to for _, to in api.taken) == Counter(place.id for place in places)
    assert pace(api) >= 28.0


@settings(max_examples=8, deadline=None, phases=SEEDED)
@given(
    people=st.integers(0, 40),
    topics=st.lists(st.integers(1, 25), max_size=4),
    each=st.integers(1, 3),
    seed=st.integers(0, 10**6),
)
def test_no_mix_of_chats_groups_and_topics_is_ever_refused(
    people: int, topics: list[int], each: int, seed: int
) -> None:
    places = [chat(number) for number in range(people)]
    places += [Place("telegram", f"-{group + 100}.{topic}") for group, of in enumerate(topics) for topic in range(of)]

    async def live() -> tuple[Api, list[int]]:
        store, api = MemoryStore(), Api(seed=seed)
        await waiting(store, *places, each=each)
        await sent(store, api, len(places) * each)
        return api, [len(await store.outcomes(place, 99)) for place in places]

    api, ended = virtual.run(live)

    assert api.waits == []
    assert ended == [each] * len(places)


@settings(max_examples=2, deadline=None, phases=SEEDED)
@given(refused=st.integers(0, 999), wait=st.integers(1, 40), times=st.integers(1, 3), seed=st.integers(0, 10**6))
def test_a_chat_that_is_told_to_wait_delays_the_other_thousand_by_less_than_a_second(
    refused: int, wait: int, times: int, seed: int
) -> None:
    places, slow = [chat(number) for number in range(1000)], chat(refused).id

    api = burst(places, seed, {slow: [float(wait)] * times})

    others = [at for at, to in api.taken if to != slow]
    assert len(others) == 999
    assert max(at - (1.0 + number / 29) for number, at in enumerate(others)) <= 1.0
    asked = [at for at, _ in api.waits]
    tries = [*asked, next(at for at, to in api.taken if to == slow)]
    assert {to for _, to in api.waits} == {slow}
    assert all(later - at >= wait for at, later in pairwise(tries))
    assert tries[-1] <= max(tries[0], others[-1]) + times * (wait + 1.0)


def test_one_moment_for_ten_thousand_places_is_told_without_one_refusal() -> None:
    places = [chat(number) for number in range(10_000)]

    api = burst(places)

    assert api.waits == []
    assert Counter(to for _, to in api.taken) == Counter(place.id for place in places)
    assert api.taken[-1][0] <= 1.0 + 10_000 / 28.5
