"""An update that comes twice acts once, whatever command or button it is, on every store; and it is answered alike."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from adapters.chat.base import Invocation, Message, Place, Tone, Who
from adapters.store.base import Quota
from adapters.store.registry import MEMORY, open_store
from adapters.venues.base import Label
from bot.commands.base import Desk
from bot.commands.registry import COMMANDS
from bot.services.once import REMEMBERED, Once
from signals.registry import SIGNALS
from tests import virtual
from tests.bot.commands.desks import HERE, NOW, STEP, ask, cycles
from tests.servers import emptied, valkey

MARKET = list(cycles(Label.LIVE))[-2:]
BEFORE = ("/subscribe negfunding", "/watch BTC", "/mute ETH 2h", "/settings digest 08:00")
"""What the place has asked for already."""


@pytest.fixture(scope="module", params=["memory", "embedded"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "memory":
        yield MEMORY
        return
    with valkey(tmp_path_factory.mktemp("store")) as found:
        yield found


@pytest.fixture
async def lived_in(url: str) -> AsyncIterator[Desk]:
    """A small market and a place that has rules, a watchlist, a mute and a digest."""
    await emptied(url)
    store = await open_store(url)
    for cycle in MARKET:
        await store.close(cycle)
    place = Desk(store, SIGNALS, NOW, "0.1.0", NOW, Quota(50), STEP, timedelta(minutes=1))
    for line in BEFORE:
        await ask(place, line, seen=f"before {line}")
    yield place
    await store.aclose()


async def state(of: Desk) -> object:
    """All that commands write of a place."""
    store = of.store
    return (
        await store.of(HERE),
        await store.watchlist(HERE),
        await store.settings(HERE),
        await store.last_change(),
        await store.waiting(HERE),
    )


async def test_what_everybody_may_ask_changes_nothing(lived_in: Desk) -> None:
    stands = await state(lived_in)
    for name, command in COMMANDS.items():
        if command.who is Who.ANY:
            await ask(lived_in, command.spec.example, seen=name)

    assert await state(lived_in) == stands


async def twice(of: Desk, line: str, seen: str) -> Message:
    """The answer to a line that comes twice; what it changed is changed once."""
    first = await ask(of, line, seen=seen)
    stands = await state(of)
    await ask(of, line, seen=seen)
    assert await state(of) == stands, line
    return first


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if command.who is not Who.ANY])
async def test_a_command_and_each_of_its_buttons_act_once_however_often_they_come(name: str, lived_in: Desk) -> None:
    answer = await twice(lived_in, COMMANDS[name].spec.example, "once")

    for number, button in enumerate(answer.buttons):
        pressed = await twice(lived_in, button.command, f"press {number}")
        for deeper, other in enumerate(pressed.buttons[:2]):
            await twice(lived_in, other.command, f"press {number} {deeper}")


class Counting:
    """A reception that says how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def answer(self, invocation: Invocation) -> Message:
        self.asked += 1
        await asyncio.sleep(1)
        if invocation.name == "broken":
            raise ValueError
        return Message(Tone.ANSWER, f"{self.asked}", ())

    async def overheard(self, invocation: Invocation) -> Message | None:
        self.asked += 1

    async def came(self, place: Place) -> None:
        self.asked += 1

    async def left(self, place: Place, reason: str) -> None:
        self.asked += 1

    async def moved(self, place: Place, new: Place) -> None:
        self.asked += 1


def asked(seen: str, name: str = "why", place: Place = HERE) -> Invocation:
    return Invocation(place, "somebody", name, "", seen, NOW)


def test_an_update_that_comes_again_also_at_the_same_time_has_the_same_answer() -> None:
    async def live() -> tuple[list[str], int, Message | None, int]:
        inner = Counting()
        once = Once(inner)
        both = await asyncio.gather(*(once.answer(asked("7")) for _ in range(3)))
        again = await once.answer(asked("7"))
        other = await once.answer(asked("7", place=Place("discord", "1")))
        counted = inner.asked
        for _ in range(2):
            overheard = await once.overheard(asked("8"))
        return [message.icon for message in (*both, again, other)], counted, overheard, inner.asked

    assert virtual.run(live) == (["1", "1", "1", "1", "2"], 2, None, 3)


def test_what_failed_or_is_long_past_is_asked_anew_and_a_front_that_gives_up_does_not_break_it_off() -> None:
    async def live() -> tuple[int, int, str]:
        inner = Counting()
        once = Once(inner)
        for _ in range(2):
            with pytest.raises(ValueError):  # noqa: PT011 - it has no words
                await once.answer(asked("b", "broken"))
        broken = inner.asked
        for number in range(REMEMBERED + 1):
            await once.overheard(asked(f"{number}"))
        await once.overheard(asked("0"))
        early = asyncio.create_task(once.answer(asked("early")))
        await asyncio.sleep(0.5)
        early.cancel()
        return broken, inner.asked, (await once.answer(asked("early"))).icon

    broken, total, icon = virtual.run(live)

    assert broken == 2
    assert total == broken + REMEMBERED + 1 + 1 + 1
    assert icon == f"{total}"
