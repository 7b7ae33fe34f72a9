"""`/top`: the coins at both ends of a metric, more of them than beside a single coin."""

from collections.abc import Awaitable, Callable, Mapping

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Parameter, Who
from bot.commands import funding, liq, ls, oi, ratio
from bot.commands.arguments import Mistake, words_of
from bot.commands.base import Command, Desk
from bot.commands.report import reply
from bot.phrases import bold, line, shortened
from signals.rules.nearest import nearest

EACH = 10
"""Coins at each end."""

TOPS: Mapping[str, Callable[[Desk, int], Awaitable[Message]]] = {
    "funding": funding.top,
    "oi": oi.top,
    "liq": liq.top,
    "ls": ls.top,
    "ratio": ratio.top,
}


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """Both ends of what is named, or what can be named."""
    words = words_of(invocation)
    if not words:
        return reply(
            "📊",
            line(bold("Both ends of what?")),
            buttons=tuple(Button(name, f"/top {name}") for name in TOPS),
            data=(("tops", list(TOPS)),),
        )
    top = TOPS.get(words[0].lower())
    if top is None:
        near = nearest(words[0], TOPS)
        raise Mistake(
            f"There is no top of {shortened(words[0])}: write one of {', '.join(TOPS)}.",
            *(f"/top {name}" for name in near),
        )
    return await top(desk, EACH)


TOP = Command(
    CommandSpec(
        "top",
        "Ten coins at each end of a metric",
        (Parameter("metric", f"One of {', '.join(TOPS)}", choices="top"),),
        "/top funding",
    ),
    Who.ANY,
    answer,
    private=False,
)
