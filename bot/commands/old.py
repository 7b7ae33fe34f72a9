"""What is said to a button that is too old to be understood."""

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Who
from bot.commands.base import Command, Desk
from bot.wording import unclear


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """That the button is too old, and where to go from there."""
    del invocation, desk
    return unclear(
        "This button is too old: what it stood for is not kept any more. Ask again:",
        [Button("Rules", "/alerts"), Button("Help", "/help")],
        "old",
    )


OLD = Command(CommandSpec("old", "Button: one that is too old", (), "/old"), Who.ANY, answer)
