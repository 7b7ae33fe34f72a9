"""`/why`: an alert as it was judged, step by step, what became of it on its way, and what followed it; or why none.

Steps and reasons are kept as long as events are; that it fired, on what sentence, and what followed is kept for ever.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo

from adapters.chat.base import Button, CommandSpec, Invocation, Json, Line, Message, Parameter, Who
from bot.aftermath import facts, followed
from bot.commands import whynot
from bot.commands.arguments import Mistake, words_of
from bot.commands.base import Command, Desk
from bot.commands.made import made_here
from bot.commands.report import reply
from bot.conditions import standing
from bot.footnote import footnote
from bot.phrases import bold, code, dated, iso, line, lines_of, shortened, source, spoken
from bot.swallowed import LOOKED_BACK, Ends, ends_of, fared
from bot.wording import explained, headline
from signals.event import Event
from signals.model import Unit, Yardstick
from signals.recorded import told_of
from signals.remembered import Remembered
from signals.rules.canonical import question
from signals.rules.lifecycle import Change
from signals.rules.model import Rule
from signals.units import Beside

LISTED = 5
"""Alerts that are offered where none is named."""

_ID = re.compile(r"(?:a-)?([a-z2-7]{4,16})", re.IGNORECASE | re.ASCII)


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """The episode of an alert of this place, or the last ones to choose from; of a rule, why it did not fire."""
    if [word.lower() for word in words_of(invocation)[:1]] == ["not"]:
        return await whynot.answer(invocation, desk)
    rules = {rule.id: rule for rule in await desk.store.of(invocation.place)}
    events = await desk.store.recent(list(rules), LOOKED_BACK)
    words = words_of(invocation)
    if not words:
        return _last(events, desk.zone)
    wanted = _ID.fullmatch(words[0])
    begins = wanted[1].upper() if wanted else ""
    kept = {of.episode: of for of in await desk.store.remembered(invocation.place, begins)} if begins else {}
    episodes = {event.episode for event in events if begins and event.episode.startswith(begins)}
    found = sorted(episodes | kept.keys())
    if not found:
        raise Mistake(f"There is no alert {shortened(words[0])} here. The last ones are in /why.", "/why")
    if len(found) > 1:
        raise Mistake("Two alerts here begin like that. Which one?", *(f"/why {named(id_, 8)}" for id_ in found[:5]))
    episode = sorted((event for event in events if event.episode == found[0]), key=lambda event: event.at)
    if not episode:
        return _long_ago(kept[found[0]], desk)
    ends = ends_of(await desk.store.outcomes(invocation.place, LOOKED_BACK))
    rule = rules[episode[0].rule_id]
    episode[0] = await _with_record(episode[0], rule, desk)
    return _episode(episode, ends, rule, kept.get(found[0]), desk)


async def _with_record(fired: Event, rule: Rule, desk: Desk) -> Event:
    """The alert with what followed its question before, which was not known when it fired, where that is found now."""
    cycle = await desk.store.latest()
    is_asked = fired.record is None and rule.revision == fired.revision
    if not is_asked or cycle is None or cycle.label != fired.label:
        return fired
    asked = question(rule.draft), fired.coin
    made = (await desk.store.records_of(cycle.label, [asked])).get(asked)
    if made is None:
        until = asyncio.get_running_loop().time() + desk.patience.total_seconds()
        made = (await made_here(rule.draft, (fired.coin,), cycle, desk, until)).get(fired.coin)
    return replace(fired, record=None if made is None else told_of(made.studies))


def _last(events: Sequence[Event], zone: tzinfo) -> Message:
    """The last alerts of the place, each with its button."""
    fired = [event for event in events if event.change is Change.FIRED][:LISTED]
    said = [line(code(named(e.episode)), f" {dated(e.at, zone)} · {headline(e)}") for e in fired]
    return reply(
        "📊",
        line(bold("The last alerts here" if fired else "No alert has fired here yet")),
        lines=tuple(said) or (line("Rules and where they stand: ", code("/alerts")),),
        buttons=tuple(Button(f"Why {named(e.episode)}", f"/why {named(e.episode, 8)}") for e in fired),
        data=(("alerts", [{"alert": e.episode, "coin": e.coin, "at": iso(e.at)} for e in fired]),),
    )


def _episode(episode: Sequence[Event], ends: Ends, rule: Rule, kept: Remembered | None, desk: Desk) -> Message:
    """As it was judged when it fired, each step since, how each of them fared, and what followed."""
    first, last = episode[0], episode[-1]
    edited = f" rev {first.revision}" if first.revision > 1 else ""
    since = "" if rule.revision == first.revision else " · it says something else by now"
    return reply(
        "📊",
        line(bold(f"Why {named(first.episode)}"), f" · {headline(first)} · {_state(last, desk.zone)}"),
        lines=(
            line(code(first.sentence), f" · rule #{first.rule_number}{edited}{since}"),
            *explained(first, desk.now, desk.settings),
            line(bold("Step by step")),
            line(f"{dated(first.since, desk.zone)} · first past the line"),
            *(_step(event, ends, desk.zone) for event in episode),
            *followed(kept, desk.now, desk.zone),
        ),
        small=footnote(first),
        buttons=(Button(f"Rule #{rule.number}", f"/alerts {rule.number}"),),
        data=(
            ("alert", first.episode),
            ("sentence", first.sentence),
            ("revision", first.revision),
            ("since", iso(first.since)),
            ("steps", [_fact(event, ends) for event in episode]),
            ("followed", facts(kept)),
        ),
    )


def _long_ago(kept: Remembered, desk: Desk) -> Message:
    """An alert of which the steps are not kept any more: that it fired, and what followed."""
    edited = f" rev {kept.revision}" if kept.revision > 1 else ""
    invented = f" {source(kept.label)}." if source(kept.label) else ""
    return reply(
        "📊",
        line(bold(f"Why {named(kept.episode)}"), f" · {kept.coin} · fired {dated(kept.at, desk.zone)}"),
        lines=(
            line(code(kept.sentence), f" · rule #{kept.rule_number}{edited}"),
            line(f"Fired at {_told(kept.yardstick, kept.value, kept.unit, kept.coin)}."),
            *followed(kept, desk.now, desk.zone),
        ),
        small=f"Its steps and reasons are kept for 90 days, as long as its rule is there.{invented}",
        data=(
            ("alert", kept.episode),
            ("sentence", kept.sentence),
            ("revision", kept.revision),
            ("at", iso(kept.at)),
            ("value", kept.value),
            ("unit", str(kept.unit)),
            ("followed", facts(kept)),
        ),
    )


def _state(event: Event, zone: tzinfo) -> str:
    return f"over since {dated(event.at, zone)}" if event.change is Change.RESOLVED else "not over yet"


def _step(event: Event, ends: Ends, zone: tzinfo) -> Line:
    """One transition: when, what, at which value, and what became of the message."""
    beside = lines_of(event.line, event.clear, absolute=event.absolute)
    value = _told(event.yardstick, event.value, event.unit, event.coin, beside)
    return line(f"{dated(event.at, zone)} · {event.change} at {value} · {fared(event, ends)}")


def _told(yardstick: Yardstick, value: float, unit: Unit, coin: str, beside: Beside = ()) -> str:
    told = spoken(value, unit, coin, beside=beside) if yardstick is Yardstick.VALUE else ""
    return told or standing(yardstick, value, beside)


def _fact(event: Event, ends: Ends) -> Json:
    outcome, why = ends.get(event.id, (None, ""))
    return {
        "change": str(event.change),
        "at": iso(event.at),
        "value": event.value,
        "unit": str(event.unit),
        "outcome": str(outcome) if outcome else None,
        "why": why,
    }


def named(episode: str, letters: int = 4) -> str:
    """How people call an alert."""
    return f"A-{episode[:letters]}"


WHY = Command(
    CommandSpec(
        "why",
        "An alert as it was judged, step by step, and how it fared",
        (Parameter("alert", "Its name, such as A-7F3K; none for the last ones; or not #3"),),
        "/why",
    ),
    Who.ANY,
    answer,
)
