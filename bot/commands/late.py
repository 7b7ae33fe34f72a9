"""What is said to a question that waited while nobody could answer: numbers that nobody waits for help nobody."""

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Who
from bot.commands.base import Command, Desk
from bot.phrases import shortened
from bot.wording import unclear


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """That it came too late, and the same question as a button."""
    del desk
    asked = invocation.arguments or "/help"
    return unclear("I could not answer this when you asked. Ask again:", [Button(shortened(asked), asked)], "late")


LATE = Command(CommandSpec("late", "Question: one that waited too long", (), "/late"), Who.ANY, answer)
