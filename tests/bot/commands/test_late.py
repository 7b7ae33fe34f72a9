"""A question that waited too long is not answered with numbers of now: it can be asked again by a button."""

from adapters.chat.base import Button
from tests.bot.commands.desks import ask, desk


async def test_a_question_that_came_too_late_can_be_asked_again() -> None:
    answer = await ask(await desk(), "/late /funding ETH 8h")

    assert answer.buttons == (Button("/funding ETH 8h", "/funding ETH 8h"),)
    assert dict(answer.data)["code"] == "late"
