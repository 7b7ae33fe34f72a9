"""`/mute`: silence with an end, for a coin, a signal or metric, a rule, or all."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from adapters.chat.base import Button, CommandSpec, Invocation, Json, Line, Message, Parameter
from adapters.store.base import Mute
from bot.commands.arguments import Mistake, coin_of, rule_number, span, words_of
from bot.commands.base import Command, Desk, Who
from bot.commands.market import latest
from bot.commands.report import reply
from bot.phrases import ZONE, bold, code, iso, line, moment
from signals.rules.metrics import METRICS
from signals.rules.words import EVERY_WORDS
from signals.units import duration

USUAL = timedelta(hours=8)
"""How long, where nothing is said."""

ALL = "*"
OFF = "off"


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """The mutes that hold, after adding one or taking one or all away."""
    words = words_of(invocation)
    mutes = await _holding(invocation, desk)
    if not words:
        return _listed(mutes, desk)
    subject, length = await _read(words, invocation, desk)
    if length is None:
        return await _unmute(subject, mutes, invocation, desk)
    until = invocation.at + length
    mute = Mute(subject, until, invocation.at)
    await _set([*(m for m in mutes if m.subject != subject), mute], invocation, desk)
    return reply(
        "🔇",
        line(
            bold(f"{_named(subject)} muted for {duration(length)}"),
            f", until {moment(until, desk.now, ZONE)}",
        ),
        lines=(line("Rules go on; only their messages are left out. End it: ", code(f"/mute {subject} off")),),
        buttons=(Button("Unmute", f"/mute {subject} off"),),
        data=(("mutes", [_facts(mute)]),),
    )


async def _read(words: Sequence[str], invocation: Invocation, desk: Desk) -> tuple[str, timedelta | None]:
    """What is to be silent and for how long; None for no more. Raises Mistake."""
    times = [word for word in words if word.lower() == OFF or span(word) is not None]
    subjects = [word for word in words if word not in times]
    if len(times) > 1 or len(subjects) > 1:
        raise Mistake("One thing and one time, such as: /mute ETH 2h", "/mute")
    length = None if times and times[0].lower() == OFF else span(times[0]) if times else USUAL
    return await _subject(subjects[0], invocation, desk) if subjects else ALL, length


async def _subject(word: str, invocation: Invocation, desk: Desk) -> str:
    """What alerts call it: `*`, `#3`, a signal or metric, or a coin. Raises Mistake."""
    if word.lower() in EVERY_WORDS:
        return ALL
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
    settings = await desk.store.settings(invocation.place)
    return [mute for mute in settings.mutes if mute.holds(desk.now)]


async def _set(mutes: Sequence[Mute], invocation: Invocation, desk: Desk) -> None:
    settings = await desk.store.settings(invocation.place)
    await desk.store.set(invocation.place, replace(settings, mutes=tuple(mutes)), invocation.seen)


async def _unmute(subject: str, mutes: Sequence[Mute], invocation: Invocation, desk: Desk) -> Message:
    """Without a subject every mute ends."""
    ended = [mute for mute in mutes if subject in (ALL, mute.subject)]
    await _set([mute for mute in mutes if mute not in ended], invocation, desk)
    said = ", ".join(_named(mute.subject) for mute in ended)
    return reply(
        "🔔",
        line(bold(f"No longer muted: {said}" if ended else "Nothing was muted.")),
        data=(("unmuted", [mute.subject for mute in ended]),),
    )


def _listed(mutes: Sequence[Mute], desk: Desk) -> Message:
    lines: list[Line] = [line(f"{_named(m.subject)} until {_end(m, desk)}") for m in mutes]
    return reply(
        "🔇",
        line(bold("Muted" if mutes else "Nothing is muted.")),
        lines=(*lines, line("Mute: ", code("/mute ETH 2h"), " · end all mutes: ", code("/mute off"))),
        data=(("mutes", [_facts(mute) for mute in mutes]),),
    )


def _named(subject: str) -> str:
    return "Everything" if subject == ALL else f"Rule {subject}" if subject.startswith("#") else subject


def _facts(mute: Mute) -> Json:
    return {"subject": mute.subject, "until": iso(mute.until) if mute.until else None}


def _end(mute: Mute, desk: Desk) -> str:
    return moment(mute.until, desk.now, ZONE) if mute.until else "clear"


MUTE = Command(
    CommandSpec(
        "mute",
        "Silence a coin, a signal or a rule for some time",
        (
            Parameter("subject", "Coin, signal, #3, or off", choices="coin"),
            Parameter("time", "Such as 30m, 2h, 7d; 8h if none"),
        ),
        "/mute ETH 2h",
    ),
    Who.OWNER,
    answer,
)
