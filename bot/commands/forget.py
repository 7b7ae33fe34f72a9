"""`/forget me`: everything about the place is deleted, after a second press."""

from datetime import timedelta

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Parameter, Who
from bot.commands.arguments import Mistake, words_of
from bot.commands.base import Command, Desk
from bot.commands.report import reply
from bot.phrases import bold, count, line

ASKED_FOR = timedelta(minutes=10)
"""How long the second press is waited for."""


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """What would be deleted, with the button that does it. Raises Mistake where `me` is missing."""
    if words_of(invocation) != ["me"]:
        raise Mistake("To delete everything that is kept of this place, send /forget me.", "/forget me")
    own = await desk.store.of(invocation.place)
    watched = await desk.store.watchlist(invocation.place)
    await desk.store.keep_note(invocation.place.platform, _asked(invocation), "asked", ASKED_FOR)
    return reply(
        "🔒",
        line(bold("Delete everything?")),
        lines=(
            line(
                f"{count(len(own), 'rule')}, {count(len(watched), 'coin')} watched, mutes, settings, alerts: all of it."
            ),
            line("It cannot be undone. Messages that were sent stay in the chat."),
        ),
        buttons=(Button("Delete everything", "/erase"), Button("Export first", "/export")),
        data=(("rules", len(own)), ("watched", len(watched))),
    )


async def press_erase(invocation: Invocation, desk: Desk) -> Message:
    """Delete, if that was asked for here a moment ago. Raises Mistake otherwise."""
    if await desk.store.note(invocation.place.platform, _asked(invocation)) is None:
        raise Mistake("To delete everything that is kept of this place, send /forget me first.", "/forget me")
    await desk.store.erase(invocation.place, desk.now)
    return reply(
        "🔒",
        line(bold("Deleted"), " · within a minute the last trace is gone"),
        lines=(line("Nothing is sent here any more. Whatever you ask for after that begins anew."),),
        data=(("erased", True),),
    )


def _asked(invocation: Invocation) -> str:
    return f"forget:{invocation.place.id}"


FORGET = Command(
    CommandSpec(
        "forget",
        "Delete everything that is kept of this place",
        (Parameter("whom", "The word me"),),
        "/forget me",
    ),
    Who.OWNER,
    answer,
)
ERASE = Command(CommandSpec("erase", "Button: delete everything after all", (), "/erase"), Who.OWNER, press_erase)
