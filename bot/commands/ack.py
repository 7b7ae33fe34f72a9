"""`/ack`: an episode is seen; no more reminders of it come."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Parameter, Who
from adapters.store.place_settings import PlaceSettings
from bot.commands.arguments import Mistake, words_of
from bot.commands.base import Command, Desk
from bot.commands.report import reply
from bot.phrases import bold, code, line, shortened
from bot.swallowed import LOOKED_BACK
from bot.wording import headline
from signals.event import Event
from signals.rules.lifecycle import Change

KEPT = 100
"""Episodes of one place that are remembered as seen."""

LEAST = 4
"""Letters of an id that are needed."""

WHOLE = 16
"""Letters of a whole id."""

OFFERED = 5


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """That no more reminders of the episode come, until it fires anew."""
    last = await _last_of_episodes(invocation, desk)
    words = words_of(invocation)
    going_on = [of for of in last if of.change is not Change.RESOLVED and of.episode not in desk.settings.acked]
    if not words:
        return _choice(going_on)
    event = _meant(" ".join(words), last, going_on)
    name = f"A-{event.episode[:LEAST]}"
    if event.change is Change.RESOLVED:
        said = line(bold(f"{name} is over already"))
        return reply("☑️", said, lines=(line(headline(event)),), data=(("acked", event.episode),))

    def changed(of: PlaceSettings) -> PlaceSettings:
        others = [episode for episode in of.acked if episode != event.episode]
        return replace(of, acked=(*others, event.episode)[-KEPT:])

    await desk.store.change(invocation.place, changed, invocation.seen)
    return reply(
        "☑️",
        line(bold(f"{name} acked"), " · no more reminders of it"),
        lines=(line(headline(event)), line("Its end is told, and so is the next firing.")),
        data=(("acked", event.episode),),
    )


async def _last_of_episodes(invocation: Invocation, desk: Desk) -> Sequence[Event]:
    """The last event of each episode of this place, the newest first."""
    own = await desk.store.of(invocation.place)
    found: dict[str, Event] = {}
    for event in await desk.store.recent([rule.id for rule in own], LOOKED_BACK):
        found.setdefault(event.episode, event)
    return list(found.values())


def _choice(going_on: Sequence[Event]) -> Message:
    """What goes on and is called to mind, each with its button."""
    said = "Which alert? Reminders of it end" if going_on else "Nothing goes on of which reminders come"
    return reply(
        "☑️",
        line(bold(said)),
        lines=tuple(line(code(_line(event, LEAST)), f" · {headline(event)}") for event in going_on[:OFFERED]),
        buttons=tuple(Button(f"A-{event.episode[:LEAST]}", _line(event, LEAST)) for event in going_on[:OFFERED]),
        data=(("going_on", [event.episode for event in going_on]),),
    )


def _meant(typed: str, last: Sequence[Event], going_on: Sequence[Event]) -> Event:
    """The last event of the episode whose id begins as was typed. Raises Mistake."""
    begins = typed.upper().removeprefix("A-")
    found = [event for event in last if len(begins) >= LEAST and event.episode.startswith(begins)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Mistake("Several alerts begin like that. Which one?", *(_line(of, WHOLE) for of in found[:OFFERED]))
    near = (_line(event, LEAST) for event in going_on[:OFFERED])
    raise Mistake(f"There is no alert {shortened(typed)} here now; see /ack.", *near)


def _line(event: Event, letters: int) -> str:
    return f"/ack A-{event.episode[:letters]}"


ACK = Command(
    CommandSpec(
        "ack",
        "No more reminders of an alert that goes on",
        (Parameter("id", "The alert's id, such as A-7F3K"),),
        "/ack",
    ),
    Who.OWNER,
    answer,
)
