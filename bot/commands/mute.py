"""`/mute` and `/unmute`: silence with an end, for a coin, a signal or metric, a rule, or all, and what it held back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.chat.base import Button, CommandSpec, Invocation, Json, Line, Message, Parameter, Who
from adapters.store.place_settings import Mute, PlaceSettings
from bot.commands.arguments import Mistake, coin_of, rule_number, span, words_of
from bot.commands.base import Command, Desk
from bot.commands.market import latest
from bot.commands.report import reply
from bot.gates import EVERYTHING
from bot.phrases import bold, code, count, iso, line, moment
from bot.swallowed import LISTED, LOOKED_BACK, ends_of, going_on, swallowed
from bot.wording import headline
from signals.event import Event
from signals.rules.metrics import METRICS
from signals.rules.words import EVERY_WORDS
from signals.units import duration

USUAL = timedelta(hours=8)
"""How long, where nothing is said."""

OFF = "off"
CLEAR = ("until", "clear")

OFFERED = ("2h", "8h", "24h")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be silent, and until when; `ends` for no more, None until what fires now is over."""

    subject: str
    until: datetime | None
    ends: bool = False


async def mute(invocation: Invocation, desk: Desk) -> Message:
    """The mutes that hold, or one more, with when it ends and how to end it sooner."""
    words = words_of(invocation)
    holding = await _holding(invocation, desk)
    if not words:
        return await _listed(holding, invocation, desk)
    asked = await _read(words, invocation, desk)
    if asked.ends:
        return await _end(asked.subject, holding, invocation, desk)
    before = next((of for of in holding if of.subject == asked.subject), None)
    started = before.from_ if before is not None and asked.until is not None else invocation.at
    new = Mute(asked.subject, asked.until, started)
    over = await _going_on(new, invocation, desk) if new.until is None else []
    if new.until is None and not over:
        raise Mistake(
            f"{_named(new.subject)}: nothing fires now, so there is no end to wait for. Name a time instead.",
            *(f"/mute {new.subject} {time}" for time in OFFERED),
        )
    await _change([], [new], invocation, desk)
    return _muted(new, over, invocation, desk)


async def unmute(invocation: Invocation, desk: Desk) -> Message:
    """The mute of one thing has ended, or every mute, with what was held back."""
    words = words_of(invocation)
    if len(words) > 1:
        raise Mistake("One thing at a time, such as: /unmute ETH. All mutes end with /unmute.", "/unmute")
    subject = await _subject(words[0], invocation, desk) if words else EVERYTHING
    return await _end(subject, await _holding(invocation, desk), invocation, desk)


def _muted(new: Mute, over: Sequence[str], invocation: Invocation, desk: Desk) -> Message:
    if new.until is None:
        until = f" until it is over on {', '.join(over[:3])}{' and others' if len(over) > 3 else ''}"
        said = "Reminders and the end of what fires now are left out; a new firing is told."
    else:
        until = f" for {duration(new.until - invocation.at)}"
        said = "Rules go on; only their messages are left out, and counted."
    at = "" if new.until is None else f", until {moment(new.until, desk.now, desk.zone)}"
    end = f"/unmute {new.subject}" if new.subject != EVERYTHING else "/unmute"
    return reply(
        "🔇",
        line(bold(f"{_named(new.subject)} muted{until}"), at),
        lines=(line(f"{said} End it: ", code(end)),),
        buttons=(Button("Unmute", end),),
        data=(("mutes", [_facts(new)]),),
    )


async def _read(words: Sequence[str], invocation: Invocation, desk: Desk) -> Asked:
    """What is to be silent and until when. Raises Mistake."""
    lower = [word.lower() for word in words]
    clear = lower[-2:] == list(CLEAR)
    words = words[:-2] if clear else words
    times = [word for word in words if word.lower() == OFF or span(word) is not None]
    subjects = [word for word in words if word not in times]
    if len(times) + clear > 1 or len(subjects) > 1:
        raise Mistake("One thing and one time, such as: /mute ETH 2h, or /mute #3 until clear", "/mute")
    subject = await _subject(subjects[0], invocation, desk) if subjects else EVERYTHING
    if clear:
        return Asked(subject, None)
    if times and times[0].lower() == OFF:
        return Asked(subject, None, ends=True)
    return Asked(subject, invocation.at + ((span(times[0]) if times else None) or USUAL))


async def _subject(word: str, invocation: Invocation, desk: Desk) -> str:
    """What alerts call it: `*`, `#3`, a signal or metric, or a coin. Raises Mistake."""
    if word.lower() in EVERY_WORDS:
        return EVERYTHING
    number = rule_number(word)
    if number is not None:
        if all(rule.number != number for rule in await desk.store.of(invocation.place)):
            raise Mistake(f"There is no rule #{number} here now; see /alerts.", "/alerts")
        return f"#{number}"
    if word.lower() in {*METRICS, *(signal.name for signal in desk.signals)}:
        return word.lower()
    cycle = await latest(desk)
    return coin_of(invocation, word, cycle.readings)


async def _holding(invocation: Invocation, desk: Desk) -> Sequence[Mute]:
    """The mutes that are not over."""
    settings = await desk.store.settings(invocation.place)
    timed = [of for of in settings.mutes if of.until is not None and desk.now < of.until]
    open_ = [of for of in settings.mutes if of.until is None]
    return [*timed, *[of for of in open_ if await _going_on(of, invocation, desk)]]


async def _going_on(of: Mute, invocation: Invocation, desk: Desk) -> Sequence[str]:
    own = await desk.store.of(invocation.place)
    return going_on(of, own, await desk.store.states_of([rule.id for rule in own]))


async def _change(ending: Sequence[Mute], new: Sequence[Mute], invocation: Invocation, desk: Desk) -> None:
    """Some mutes end and others begin; those that ended by themselves stay until they were told of."""
    settings = await desk.store.settings(invocation.place)
    holding = await _holding(invocation, desk)
    over = [of for of in settings.mutes if of.until is None and of not in holding]
    replaced = {of.subject for of in new}

    def stays(of: Mute) -> bool:
        if of in ending or of in over:
            return False
        if of.holds(desk.now):
            return of.subject not in replaced
        return of.until is not None and desk.now - KEPT < of.until

    def changed(of: PlaceSettings) -> PlaceSettings:
        return replace(of, mutes=(*filter(stays, of.mutes), *new))

    await desk.store.change(invocation.place, changed, invocation.seen)


KEPT = timedelta(days=1)
"""How long an ended mute is remembered, to tell what it held back."""


async def _end(subject: str, holding: Sequence[Mute], invocation: Invocation, desk: Desk) -> Message:
    """Without a subject every mute ends."""
    ended = [of for of in holding if subject in (EVERYTHING, of.subject)]
    await _change(ended, [], invocation, desk)
    said = ", ".join(_named(of.subject) for of in ended)
    held = [event for of in ended for event in await _held(of, invocation, desk)]
    return reply(
        "🔔",
        line(bold(f"No longer muted: {said}" if ended else "Nothing was muted.")),
        lines=_left_out(held, desk) if ended else (),
        data=(("unmuted", [of.subject for of in ended]), ("held", [event.id for event in held])),
    )


async def _held(of: Mute, invocation: Invocation, desk: Desk) -> Sequence[Event]:
    own = await desk.store.of(invocation.place)
    events = await desk.store.recent([rule.id for rule in own], LOOKED_BACK)
    return swallowed(of, events, ends_of(await desk.store.outcomes(invocation.place, LOOKED_BACK)))


def _left_out(held: Sequence[Event], desk: Desk) -> tuple[Line, ...]:
    """How many alerts were held back, the last of them by name."""
    if not held:
        return (line("No alert was left out meanwhile."),)
    named = [line(f"{moment(event.at, desk.now, desk.zone)} · {headline(event)}") for event in held[-LISTED:]]
    return (line(f"{count(len(held), 'alert')} left out meanwhile:"), *named)


async def _listed(mutes: Sequence[Mute], invocation: Invocation, desk: Desk) -> Message:
    lines: list[Line] = []
    for of in mutes:
        held = await _held(of, invocation, desk)
        lines.append(line(f"{muted(of, desk)} · {count(len(held), 'alert')} left out so far"))
    return reply(
        "🔇",
        line(bold("Muted" if mutes else "Nothing is muted.")),
        lines=(*lines, line("Mute: ", code("/mute ETH 2h"), " · end all mutes: ", code("/unmute"))),
        data=(("mutes", [_facts(of) for of in mutes]),),
    )


def muted(of: Mute, desk: Desk) -> str:
    """What is silent, and until when: `ETH until 14:00 UTC`."""
    until = "it is over" if of.until is None else moment(of.until, desk.now, desk.zone)
    return f"{_named(of.subject)} until {until}"


def _named(subject: str) -> str:
    return "Everything" if subject == EVERYTHING else f"Rule {subject}" if subject.startswith("#") else subject


def _facts(of: Mute) -> Json:
    return {"subject": of.subject, "until": iso(of.until), "from": iso(of.from_)}


def _spec(name: str, said: str) -> CommandSpec:
    return CommandSpec(
        name,
        said,
        (
            Parameter("subject", "Coin, signal, metric or #3; all if none", choices="coin"),
            Parameter("time", "Such as 30m, 2h, 7d, or until clear; 8h if none"),
        ),
        f"/{name} ETH 2h",
    )


MUTE = Command(_spec("mute", "Silence a coin, a signal or a rule for some time"), Who.OWNER, mute)
SNOOZE = Command(_spec("snooze", "The same as /mute"), Who.OWNER, mute)
UNMUTE = Command(
    CommandSpec(
        "unmute",
        "End a mute, or all; what it left out is listed",
        (Parameter("subject", "Coin, signal, metric or #3; all if none", choices="coin"),),
        "/unmute ETH",
    ),
    Who.OWNER,
    unmute,
)
