"""Every platform of the registry keeps the promises of the contract; `harness_<name>.py` stands for its other side."""

import asyncio
import importlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, get_args

import pytest

from adapters.chat.base import (
    Button,
    ChatPlatform,
    CommandSpec,
    Delivery,
    Gone,
    Invocation,
    Message,
    Outcome,
    Place,
    Sent,
    Table,
    Text,
    Tone,
    Who,
)
from adapters.chat.registry import PLATFORMS

LATER = datetime(2027, 1, 1, tzinfo=UTC)
PATIENCE = 5.0
LONG = Message(
    Tone.FIRING,
    "i",
    (Text("MARK" + "x" * 6_000),),
    lines=((Text("\x1b[2J\ud800\u202e"),),) * 50,
    table=Table(("a",), (("b", "c"),)),
    buttons=(Button("p", "/p"),) * 120,
    simulated=True,
)
HELLO = Message(Tone.ANSWER, "i", (Text("hello"),))


class Harness(Protocol):
    """The other side of a platform: who reads and types."""

    platform: ChatPlatform
    here: Place

    def arrived(self) -> str:
        """All that people can read so far."""
        ...

    def nobody_reads(self) -> None:
        """From now on what is sent reaches nobody."""
        ...

    async def say(self, line: str) -> None:
        """Somebody types a command."""
        ...


@dataclass(frozen=True)
class Entry:
    spec: CommandSpec
    who: Who = Who.ANY
    private: bool = False


FUNDING = Entry(CommandSpec("funding", "Funding by venue"))


@dataclass
class Reception:
    """Answers with what was asked."""

    asked: list[Invocation] = field(default_factory=list)

    async def answer(self, invocation: Invocation) -> Message:
        self.asked.append(invocation)
        return Message(Tone.ANSWER, "i", (Text(f"answer to {invocation.arguments}"),))

    async def overheard(self, invocation: Invocation) -> Message | None:
        return None

    async def came(self, place: Place) -> None: ...

    async def left(self, place: Place, reason: str) -> None: ...

    async def moved(self, place: Place, new: Place) -> None: ...


@pytest.fixture(params=PLATFORMS)
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Harness]:
    opened = importlib.import_module(f"tests.contracts.harness_{request.param}").opened
    async with opened(tmp_path) as harness:
        assert harness.platform.name == harness.here.platform == request.param
        yield harness


async def send(harness: Harness, message: Message) -> Outcome:
    outcome = await harness.platform.send(Delivery("key", harness.here, message, LATER))
    assert isinstance(outcome, get_args(Outcome))
    return outcome


async def until(harness: Harness, word: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while word not in harness.arrived():  # noqa: ASYNC110  what is waited for is told by no event
            await asyncio.sleep(0.003)


async def test_a_send_is_one_try_with_an_outcome_and_nothing_raw(harness: Harness) -> None:
    outcome = await send(harness, LONG)

    text = harness.arrived()
    assert isinstance(outcome, Sent)
    assert text.count("MARK") == 1
    assert text.count("x") >= 6_000 or "…" in text
    assert text.startswith("SIMULATED")
    assert not {"\x1b", "\u202e"} & set(text)


async def test_that_nobody_reads_is_a_value(harness: Harness) -> None:
    harness.nobody_reads()

    assert isinstance(await send(harness, HELLO), Gone)


async def test_an_edit_and_a_reply_find_their_message(harness: Harness) -> None:
    first = await send(harness, HELLO)
    assert isinstance(first, Sent)

    edited = await harness.platform.send(Delivery("key", harness.here, HELLO, LATER, edits=first.id))
    replied = await harness.platform.send(Delivery("other", harness.here, HELLO, LATER, replies_to=first.id))

    assert edited == first
    assert isinstance(replied, Sent)
    assert replied != first


async def test_strangers_own_nothing_and_unknown_names_lead_nowhere(harness: Harness) -> None:
    assert await harness.platform.find("nothing of that name") is None
    assert not await harness.platform.owns("999", harness.here)


async def test_a_command_comes_in_and_its_answer_goes_out(harness: Harness) -> None:
    reception = Reception()
    serving = asyncio.create_task(harness.platform.serve([FUNDING], reception))
    await harness.say("/funding ETH")
    await until(harness, "answer to ETH")
    await harness.say("/funding ETH")
    await until(harness, "answer to ETH")
    async with asyncio.timeout(PATIENCE):
        while len(reception.asked) < 2:  # noqa: ASYNC110  the same
            await asyncio.sleep(0.003)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving

    assert {(asked.place, asked.name, asked.arguments) for asked in reception.asked} == {
        (harness.here, "funding", "ETH")
    }
    assert len({asked.seen for asked in reception.asked}) == 2
