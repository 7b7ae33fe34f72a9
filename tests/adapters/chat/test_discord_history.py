"""A repeat that comes when Discord has forgotten the nonce: the channel is read first, so nothing is shown twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.chat.base import Delivery, Message, Outcome, Retry, Sent, Text, Tone
from adapters.chat.discord.front import FORGOTTEN
from adapters.chat.discord.history import READ
from tests.fake_discord.faults import Fault
from tests.fake_discord.online import NOW, Online, online

ALERT = Message(
    Tone.FIRING, "🔻", (Text("ETH · funding below your line"),), alert="A-7F3K", lines=((Text("−0.0121% per 8h"),),),
    small="Not advice.",
)  # fmt: skip
LATE = replace(ALERT, lines=((Text("Late by 21m: Discord did not answer."),), *ALERT.lines))
OVER = replace(ALERT, tone=Tone.OVER, icon="✅", headline=(Text("ETH · funding is back"),))


async def again(line: Online, message: Message = LATE, tried: datetime | None = NOW) -> Outcome:
    """A later try of the same delivery, twenty-one minutes after the first one."""
    line.wall.at = NOW + timedelta(minutes=21)
    deadline = line.wall.at + timedelta(seconds=30)
    return await line.front.send(Delivery("key", line.place, message, deadline, tried=tried))


def reads(line: Online) -> Sequence[int]:
    """What the reading of the channel was answered with."""
    return [status for method, path, status in line.fake.rest.requests if method == "GET" and "/messages" in path]


async def test_what_was_taken_before_the_nonce_was_forgotten_is_found_and_not_sent_again() -> None:
    async with online() as line:
        line.fake.faults.put("POST", "/channels/*/messages", Fault(cut=True, taken=True))
        first = await line.send(ALERT)
        line.fake.world.nonces = 0.0

        second = await again(line)

        [message] = line.fake.world.log
        assert isinstance(first, Retry)
        assert not first.certain
        assert second == Sent(str(message.id))
        assert reads(line) == [200]


async def test_what_was_never_taken_is_sent() -> None:
    async with online() as line:
        line.fake.faults.put("POST", "/channels/*/messages", Fault(cut=True))
        first = await line.send(ALERT)
        line.fake.world.nonces = 0.0

        second = await again(line)

        assert isinstance(first, Retry)
        assert isinstance(second, Sent)
        assert len(line.shown) == 1


@pytest.mark.parametrize(
    "other",
    [OVER, replace(ALERT, alert="A-OTHR"), replace(ALERT, headline=(Text("BTC · funding below your line"),))],
    ids=["its end", "another alert", "another coin"],
)
async def test_what_only_looks_like_it_does_not_count(other: Message) -> None:
    async with online() as line:
        await line.send(other, "another key")
        line.fake.world.nonces = 0.0

        sent = await again(line)

        assert isinstance(sent, Sent)
        assert len(line.shown) == 2


async def test_among_much_else_it_is_found_as_it_came_among_the_first() -> None:
    async with online() as line:
        line.fake.rest.most = 10 * READ
        for number in range(20):
            await line.send(OVER, f"before {number}")
        await line.send(ALERT)
        for number in range(20):
            await line.send(OVER, f"after {number}")
        line.fake.world.nonces = 0.0

        sent = await again(line)

        assert isinstance(sent, Sent)
        assert len(line.shown) == 41


@pytest.mark.parametrize(("tried", "asked"), [(None, []), (NOW + timedelta(minutes=21) - FORGOTTEN, []), (NOW, [200])])
async def test_the_channel_is_read_only_where_a_repeat_comes_late(tried: datetime | None, asked: list[int]) -> None:
    async with online() as line:
        assert isinstance(await again(line, ALERT, tried), Sent)

        assert reads(line) == asked


async def test_a_channel_that_cannot_be_read_now_is_tried_again_and_nothing_is_sent() -> None:
    async with online() as line:
        line.fake.faults.put("GET", "/channels/*/messages", *[Fault(cut=True)] * 2)  # the library asks once more

        outcome = await again(line)

        assert isinstance(outcome, Retry)
        assert line.shown == []
