"""`/mention`: the role of a server that a rule calls when it fires; nobody is called unless an admin chose it."""

import re
from collections.abc import Sequence
from dataclasses import replace

from adapters.chat.base import CommandSpec, Invocation, Message, Parameter, Who
from adapters.store.place_settings import PlaceSettings
from bot.commands.arguments import Mistake, words_of
from bot.commands.base import Command, Desk
from bot.commands.change import numbered
from bot.commands.report import reply
from bot.phrases import bold, code, line

OFF = "off"
_ROLE = re.compile(r"(?:<@&)?(\d{15,20})>?", re.ASCII)


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """Which rules call a role, or that one does so from now on, or no more."""
    words = words_of(invocation)
    if not words:
        return _listed(desk.settings)
    if not invocation.place.shared:
        raise Mistake("Roles are called in a server's channel only. What can be set here: /settings", "/settings")
    rule = await numbered(words[0], invocation, desk)
    role = _role(words[1:], rule.number)

    def changed(of: PlaceSettings) -> PlaceSettings:
        others = [(number, called) for number, called in of.mentions if number != rule.number]
        return replace(of, mentions=(*others, *([(rule.number, role)] if role else [])))

    await desk.store.change(invocation.place, changed, invocation.seen)
    said = "calls that role when it fires" if role else "calls nobody"
    return reply(
        "☑️",
        line(bold(f"Rule #{rule.number} {said}")),
        lines=(line("Reminders and ends call nobody. End it: ", code(f"/mention #{rule.number} off")),) if role else (),
        data=(("rule", rule.number), ("role", role or None)),
    )


def _role(words: Sequence[str], number: int) -> str:
    """The role's id, empty for none. Raises Mistake."""
    if [word.lower() for word in words] == [OFF]:
        return ""
    found = _ROLE.fullmatch(words[0]) if len(words) == 1 else None
    if found is None:
        raise Mistake("Which role? Choose it, or write off to call nobody.", f"/mention #{number} off")
    return found[1]


def _listed(settings: PlaceSettings) -> Message:
    numbers = [number for number, _ in settings.mentions]
    named = ", ".join(f"#{number}" for number in numbers)
    said = f"A role is called by: {named}" if numbers else "No rule calls a role"
    return reply("📣", line(bold(said)), data=(("rules", list(numbers)),))


MENTION = Command(
    CommandSpec(
        "mention",
        "The role that a rule calls when it fires, in a server's channel",
        (
            Parameter("number", "Number of the rule, such as #3", choices="rule"),
            Parameter("role", "The role, or off"),
        ),
        "/mention",
    ),
    Who.OWNER,
    answer,
)
