"""Facts become neutral messages here: one voice for all platforms.

An alert says what is, why, how sure, and how to stop it. It never foretells and never advises.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from adapters.chat.base import Button, Line, Message, Tone
from adapters.venues.base import Label
from bot import mistakes
from bot.phrases import (
    METRICS,
    RATES,
    bold,
    clock,
    code,
    count,
    drawn,
    iso,
    italic,
    line,
    moment,
    plain,
    share,
    source,
    venue,
    venues,
    who_pays,
    window,
)
from signals.event import Event
from signals.model import ALL, Fact, Metric, Unit
from signals.registry import BY_NAME
from signals.rules.lifecycle import Change
from signals.rules.model import Problem
from signals.trust import Grade
from signals.units import duration, money, price, quantity, rate, rate_year, yearly

LATE = timedelta(minutes=2)
"""A live alert that is older than this says so first."""

REASONS = 5
"""At most so many lines of why."""

NOT_ADVICE = "Not advice."

_LIQUIDATIONS = frozenset({Metric.LIQ, Metric.LIQ_LONG, Metric.LIQ_SHORT, "liqspike", "cascade"})
_VENUE = "venue "
"""How facts about one venue's own number begin."""

_STRUCTURE: Mapping[Grade, str] = {
    Grade.NORMAL: "spot trades as much against futures as is usual for this coin",
    Grade.REDUCED: "little spot against futures for this coin, or few venues",
    Grade.LOW: "spot trades very little against futures for this coin",
    Grade.UNKNOWN: "no spot volume, or too little history to compare it with",
}


def trouble(sentence: str) -> Message:
    """Something that could not be done, said in one sentence."""
    return Message(Tone.TROUBLE, "⚠️", line(bold(sentence)), data=(("error", sentence),))


def unclear(sentence: str, repairs: Sequence[Button] = (), code: str = "mistake") -> Message:
    """What was typed cannot be used: why, and each line that would work as a button."""
    return Message(
        Tone.ANSWER,
        "❔",
        line(bold(sentence)),
        buttons=tuple(repairs),
        data=(("error", sentence), ("code", code), ("repairs", [button.command for button in repairs])),
    )


def problem(found: Problem) -> Message:
    """A sentence that is no rule: what is wrong with it, and each repaired line as a button."""
    repairs = [Button(repair, f"/alert {repair}") for repair in found.repairs]
    return unclear(mistakes.sentence(found), repairs, str(found.code))


def alert(event: Event, now: datetime, zone: tzinfo = UTC) -> Message:
    """What people are told of a transition."""
    over = event.change is Change.RESOLVED
    low = event.trust == Grade.LOW and not over
    lines = (*_late(event, now), *(_ended(event, zone) if over else _fired(event, now, zone)))
    return Message(
        tone=Tone.OVER if over else Tone.LOW_TRUST if low else Tone.FIRING,
        icon=_icon(event, over=over, low=low),
        headline=line(bold(f"{event.coin} · {_what(event)}")),
        alert=f"A-{event.episode[:4]}",
        lines=lines,
        after=(_how_to_stop(event),),
        small=_small(event, now, zone, over=over),
        buttons=() if over else (Button("Mute 2h", f"/mute #{event.rule_number} 2h"), Button("Rules", "/alerts")),
        simulated=event.label == Label.SIMULATED,
        silent=over,
        data=_facts(event),
    )


def _icon(event: Event, *, over: bool, low: bool) -> str:
    if over:
        return "✅"
    if low:
        return "⚠️"
    if event.name in _LIQUIDATIONS:
        return "🌊"
    return "🔻" if event.downward else "🔺"


def _what(event: Event) -> str:
    """The headline: a signal has a title, a metric has a side of the line."""
    signal = BY_NAME.get(event.name)
    if signal is not None:
        told = {Change.FIRED: "", Change.REMINDED: ", and further", Change.RESOLVED: ": over"}
        return signal.title + told[event.change]
    name = " ".join(part for part in (METRICS.get(event.name, event.name), window(event.window)) if part)
    if " moves by " in event.sentence:
        told = {Change.FIRED: "moved past", Change.REMINDED: "moved further past", Change.RESOLVED: "back inside"}
        return f"{name} {told[event.change]} your line"
    side, other = ("below", "above") if event.downward else ("above", "below")
    told = {Change.FIRED: side, Change.REMINDED: f"further {side}", Change.RESOLVED: f"back {other}"}
    return f"{name} {told[event.change]} your line"


def _late(event: Event, now: datetime) -> Sequence[Line]:
    behind = now - event.at
    if event.label != Label.LIVE or behind <= LATE:
        return ()
    return (line("⏱ ", bold(f"Late by {duration(behind)}")),)


def _value(event: Event) -> Line:
    """The value with its unit and the venues that it rests on."""
    value, more = quantity(event.value, event.unit, event.coin), ""
    if event.unit is Unit.USD:
        is_level = event.name == Metric.PRICE
        value = price(event.value) if is_level else money(event.value, floor=event.floor)
    elif event.unit is Unit.RATE_8H:
        value, more = rate(event.value), f" per 8h ({rate_year(yearly(event.value))} a year)"
    elif event.floor and not value.startswith("−"):
        value = f"≥{value}"
    span = f" over {window(event.window)}" if event.window else ""
    of = f"on {venues(event.venues)}" if len(event.venues) <= 1 else count(len(event.venues), "venue")
    return line(bold(value), f"{more}{span}, {of}" if event.venues else f"{more}{span}")


def _fired(event: Event, now: datetime, zone: tzinfo) -> Sequence[Line]:
    rates = event.name in RATES or event.name == "negfunding"
    side = "beyond" if " moves by " in event.sentence else "below" if event.downward else "above"
    held = f" for {window(event.hold)}" if event.hold else ""
    at = drawn(event.line, event.unit, event.coin)
    since = f"Line: {side} {at}{held}, true since {moment(event.since, now, zone)}."
    lines = [_value(event), line(*([italic(who_pays(event.value) + "."), plain(" ")] if rates else []), since)]
    why = [fact for fact in event.facts if not fact.label.startswith(_VENUE)]
    if why:
        lines += [line(bold("Why")), *(line(f"• {_said(fact, event.coin)}") for fact in why[:REASONS])]
    return (*lines, _structure(event))


def _structure(event: Event) -> Line:
    grade = Grade(event.trust)
    name = "Low trust" if grade is Grade.LOW else f"Structure: {grade}"
    return line(bold(name), f" · {_STRUCTURE[grade]}")


def _ended(event: Event, zone: tzinfo) -> Sequence[Line]:
    """The value now, how long it was past the line, and where it ends."""
    lasted = f"was past the line for {duration(event.at - event.since)}, since {clock(event.since, zone)}"
    ends = drawn(event.clear, event.unit, event.coin)
    return (_value(event), line(f"Ended {clock(event.at, zone)}; {lasted}. It ends past {ends}."))


def _said(fact: Fact, coin: str) -> str:
    """A fact as people read it: the number with its unit, or the words that stand for it."""
    if fact.value is None:
        return f"{fact.label}: {fact.text}"
    if fact.unit is Unit.RANK:
        return f"higher than {share(fact.value)} of its own past ({fact.label})"
    number = "" if fact.unit is Unit.VOTES and fact.text else quantity(fact.value, fact.unit, coin)
    return f"{fact.label}: " + ", ".join(part for part in (number, fact.text) if part)


def _how_to_stop(event: Event) -> Line:
    number = event.rule_number
    return line("Stop: ", code(f"/mute #{number} 2h"), " · ", code(f"/delete {number}"))


def _small(event: Event, now: datetime, zone: tzinfo, *, over: bool) -> str:
    """Where the numbers come from, what was missing, which rule, and that this is no advice."""
    own = [fact for fact in event.facts if fact.label.startswith(_VENUE) and fact.value is not None]
    parts = []
    if own and not over:
        parts.append(" · ".join(f"{venue(f.label.removeprefix(_VENUE))} {_own(f)}" for f in own) + ".")
    elif len(event.venues) > 1 and not over:
        parts.append(f"{venues(event.venues)}.")
    if event.missing:
        parts.append(f"Missing: {venues(event.missing)}; {share(event.coverage)} of open interest present.")
    if event.floor:
        parts.append("A venue shows only a sample: real totals are higher.")
    if source(event.label):
        parts.append(f"{source(event.label)}, {moment(event.at, now, zone)}.")
    edited = f" rev {event.revision}" if event.revision > 1 else ""
    parts.append(f"Rule #{event.rule_number}{edited}: {event.sentence}. {NOT_ADVICE}")
    return " ".join(parts)


def _own(fact: Fact) -> str:
    if fact.value is None:
        return fact.text
    return f"{rate(fact.value)} {fact.text}" if fact.text else quantity(fact.value, fact.unit)


def _facts(event: Event) -> tuple[tuple[str, str | int | float | bool | None], ...]:
    """The same for machines: unrounded numbers, times with Z."""
    return (
        ("alert", event.episode),
        ("change", str(event.change)),
        ("coin", event.coin),
        ("venue", None if event.venue == ALL else event.venue),
        ("name", event.name),
        ("value", event.value),
        ("line", event.line),
        ("clear", event.clear),
        ("unit", str(event.unit)),
        ("at", iso(event.at)),
        ("since", iso(event.since)),
        ("rule", event.rule_number),
        ("sentence", event.sentence),
        ("trust", event.trust),
        ("coverage", event.coverage),
        ("floor", event.floor),
        ("label", event.label),
    )
