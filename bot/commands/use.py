"""`/use`: on which place somebody's commands act: a channel or group that they look after, or their own."""

from dataclasses import replace
from datetime import timedelta

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Parameter, Who, place_of
from bot.commands.arguments import Mistake, words_of
from bot.commands.base import Command, Desk
from bot.commands.report import reply
from bot.phrases import bold, code, line, shortened

HOME = frozenset({"me", "here"})

NAMED_FOR = timedelta(days=366)
"""How long it is known by which name somebody called a place."""


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """Where commands act now, or from now on. Raises Mistake where the place is none, or is not looked after."""
    words = words_of(invocation)
    if not words:
        return _now(await _name(desk.settings.acts_on, desk))
    if words[0].lower() in HOME:
        await desk.store.change(invocation.place, lambda of: replace(of, acts_on=""), invocation.seen)
        return _now("")
    if invocation.place.shared:
        raise Mistake("Write this in your private chat with me: here commands act on this place.", "/use here")
    front = desk.front
    place = await front.find(words[0]) if front else None
    if front is None or place is None:
        raise Mistake(
            f"I see no channel or group {shortened(words[0])}. Add me to it first, then write its @name.", "/use"
        )
    if not await front.owns(invocation.person, place):
        raise Mistake(f"Only those who look after {shortened(words[0])} may change what it is told.", "/use me")
    if not await front.can_send(place):
        raise Mistake(f"I may not write in {shortened(words[0])}. Let me post there, then write this again.", "/use me")
    await desk.store.keep_note(place.platform, f"name:{place.id}", shortened(words[0]), NAMED_FOR)
    await desk.store.change(invocation.place, lambda of: replace(of, acts_on=str(place)), invocation.seen)
    return _now(shortened(words[0]))


async def _name(acts_on: str, desk: Desk) -> str:
    """How somebody called that place."""
    if not acts_on:
        return ""
    place = place_of(acts_on)
    return await desk.store.note(place.platform, f"name:{place.id}") or acts_on


def _now(name: str) -> Message:
    back = (Button("Back to my own", "/use me"), Button("Rules there", "/alerts")) if name else ()
    other = line("Another one: ", code("/use @channel"), ", for those who look after it.")
    return reply(
        "📌",
        line("Commands act on ", bold(name or "this place")),
        lines=() if name else (other,),
        small="Each answer names the place." if name else "",
        buttons=back,
        data=(("acts_on", name or None),),
    )


USE = Command(
    CommandSpec(
        "use",
        "On which channel or group your commands act",
        (Parameter("place", "Its @name, or me for your own"),),
        "/use me",
    ),
    Who.OWNER,
    answer,
)
