"""Commands that are asked for at once travel together, and each asker hears of his own alone."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.store.together import MOST, Together
from tests.virtual import in_virtual_time, run


class Line:
    """A line that answers each number with its double, refuses odd ones, and takes a moment."""

    def __init__(self) -> None:
        self.sent = list[Sequence[int]]()
        self.busy = self.busiest = 0
        self.down = False

    async def __call__(self, numbers: Sequence[int]) -> Sequence[int | Exception]:
        self.sent.append(numbers)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        for _ in range(20):
            await asyncio.sleep(0)
        self.busy -= 1
        if self.down:
            raise OSError("away")
        return [ValueError(n) if n % 2 else 2 * n for n in numbers]


@in_virtual_time
async def test_a_hundred_who_ask_at_once_take_one_line_and_those_who_come_meanwhile_the_next() -> None:
    line = Line()
    together = Together(line, 1)

    first = asyncio.gather(*(together.ask(2 * n) for n in range(100)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = asyncio.gather(*(together.ask(2 * n) for n in range(50)))

    assert await first == [[4 * n] for n in range(100)]
    assert await second == [[4 * n] for n in range(50)]
    assert [len(numbers) for numbers in line.sent] == [100, 50]


@in_virtual_time
async def test_there_are_never_more_lines_busy_than_allowed_and_none_takes_too_much() -> None:
    line = Line()
    together = Together(line, 3)

    await asyncio.gather(*(together.ask(2 * n) for n in range(10 * MOST)))

    assert line.busiest == 3
    assert {len(numbers) for numbers in line.sent} == {MOST}


@in_virtual_time
async def test_what_is_asked_as_one_stays_together_however_much_it_is() -> None:
    line = Line()

    assert len(await Together(line, 1).ask(*range(0, 6 * MOST, 2))) == 3 * MOST
    assert [len(numbers) for numbers in line.sent] == [3 * MOST]


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=8), st.integers(1, 3))
def test_each_hears_of_his_own_commands_alone(asked: Sequence[Sequence[int]], lines: int) -> None:
    async def ask() -> Sequence[object]:
        together = Together(Line(), lines)
        return await asyncio.gather(*(together.ask(*numbers) for numbers in asked), return_exceptions=True)

    for numbers, told in zip(asked, run(ask), strict=True):
        odd = next((n for n in numbers if n % 2), None)
        assert told == [2 * n for n in numbers] if odd is None else isinstance(told, ValueError) and told.args == (odd,)


@in_virtual_time
async def test_a_line_that_breaks_fails_those_on_it_and_the_next_ones_are_answered() -> None:
    line = Line()
    together = Together(line, 1)
    line.down = True

    broken = await asyncio.gather(*(together.ask(2) for _ in range(3)), return_exceptions=True)
    line.down = False

    assert [type(of) for of in broken] == [OSError] * 3
    assert await together.ask(2) == [4]


@in_virtual_time
async def test_who_goes_away_before_anything_left_is_not_asked_for_and_harms_nobody() -> None:
    line = Line()
    together = Together(line, 1)
    gone, stays = asyncio.create_task(together.ask(2)), asyncio.create_task(together.ask(4))
    await asyncio.sleep(0)

    gone.cancel()

    assert await stays == [8]
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert line.sent == [[4]]


@in_virtual_time
async def test_closing_lets_go_of_what_is_under_way() -> None:
    together = Together(lambda _: asyncio.Event().wait(), 1)  # type: ignore[arg-type, return-value] # it never answers
    asking = asyncio.create_task(together.ask(2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    await together.aclose()

    with pytest.raises(asyncio.CancelledError):
        await asking
