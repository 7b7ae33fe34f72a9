"""Facts become neutral messages here: one voice for all platforms.

An alert says what is, why, how sure, and how to stop it. It never foretells and never advises.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from adapters.chat.base import Button, Json, Line, Message, Tone
from adapters.store.place_settings import PLAIN, PlaceSettings, Units
from adapters.venues.base import Label
from bot import living, mistakes, records
from bot.conditions import MEANS, measured, standing
from bot.footnote import footnote
from bot.phrases import (
    METRICS,
    PRICE_MOVE,
    bold,
    code,
    count,
    dated,
    instant,
    iso,
    italic,
    line,
    lines_of,
    moment,
    plain,
    spoken,
    venues,
    who_pays,
    window,
)
from bot.reasons import SUMMED, also_true, reasons
from bot.zones import zone_of
from signals.aggregate import Weighing
from signals.event import Event
from signals.living import is_living
from signals.model import ALL, Metric, Unit, Yardstick
from signals.notice import About, Notice
from signals.registry import BY_NAME
from signals.rules.lifecycle import Change
from signals.rules.model import Compare, Loudness, Problem
from signals.trust import Grade
from signals.units import Beside, duration, rate, rate_year, yearly

LATE = timedelta(minutes=2)
"""A live alert that is older than this says so first."""

_LIQUIDATIONS = frozenset({Metric.LIQ, Metric.LIQ_LONG, Metric.LIQ_SHORT, "liqspike", "cascade"})
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


def problem(found: Problem, command: str = "/alert") -> Message:
    """A sentence that is no rule: what is wrong with it, and each repaired line as a button behind that command."""
    repairs = [Button(repair, f"{command} {repair}") for repair in found.offers]
    return unclear(mistakes.sentence(found), repairs, str(found.code))


def notice(of: Notice, now: datetime, *, repeat: bool = False) -> Message:
    """A sample with the time that it was on its way, a report or a remark."""
    played = "" if of.label == Label.LIVE else " of the market's own time, which is played"
    took = f"From the command to this message it took {_took(now - of.at)}{played}."
    way = [line(took)] if of.about is About.SAMPLE else []
    again = [line("May be a repeat.")] if repeat else []
    return Message(
        tone=Tone.ANSWER,
        icon=_NOTICED[of.about],
        headline=line(bold(of.headline)),
        lines=(*(line(said) for said in of.lines), *(line(code(typed)) for typed in of.typed), *way, *again),
        buttons=tuple(Button(label, command) for label, command in of.buttons),
        simulated=of.label == Label.SIMULATED,
        silent=of.about is not About.SAMPLE,
        data=(("notice", of.id), ("about", str(of.about)), ("at", iso(of.at))),
    )


_NOTICED: Mapping[About, str] = {
    About.SAMPLE: "🧪",
    About.MUTE: "🔔",
    About.SHADOW: "🧪",
    About.ENDED: "🏁",
    About.DRIFT: "📈",
    About.OPERATOR: "📣",
    About.QUIET: "🌅",
    About.DIGEST: "🗞️",
    About.EXPIRED: "⏱",
}


def _took(span: timedelta) -> str:
    """A delay to a tenth of a second, as short ones are."""
    seconds = max(0.0, span.total_seconds())
    return f"{seconds:.1f}s" if seconds < 60 else duration(span)


def headline(event: Event) -> str:
    """An alert in half a line: the coin and what happened."""
    return f"{event.coin} · {_what(event)}"


def alert(
    event: Event, now: datetime, settings: PlaceSettings = PLAIN, *, repeat: bool = False, why_late: str = ""
) -> Message:
    """What people are told of a transition; `repeat` where an earlier send may have been taken."""
    over = event.change is Change.RESOLVED
    low = event.trust == Grade.LOW and not over
    name = f"A-{event.episode[:4]}"
    lines = (*late(event, now, why_late), *explained(event, now, settings))
    return Message(
        tone=Tone.OVER if over else Tone.LOW_TRUST if low else Tone.FIRING,
        icon=_icon(event, over=over, low=low),
        headline=line(bold(headline(event))),
        alert=name,
        lines=lines,
        after=(_how_to_stop(event), *((line(f"May be a repeat of {name}."),) if repeat else ())),
        small=footnote(event),
        buttons=() if over else _buttons(event),
        simulated=event.label == Label.SIMULATED,
        silent=over or event.change is Change.GREW or event.loudness is Loudness.QUIET,
        data=_facts(event),
    )


def explained(event: Event, now: datetime, settings: PlaceSettings) -> Sequence[Line]:
    """What is, where the line is, and why; of an end, how long it lasted."""
    if is_living(event.name):
        before = () if living.is_over(event) else records.lines(event.record, event.coin)
        return (*living.lines(event, now, settings), _structure(event), *before)
    return (_ended if event.change is Change.RESOLVED else _fired)(event, now, settings)


def _buttons(event: Event) -> tuple[Button, ...]:
    """What to press on an alert; a reminder can be the last one."""
    seen = [Button("Ack", f"/ack A-{event.episode[:8]}")] if event.change is Change.REMINDED else []
    return (
        Button("Chart", f"/chart {event.episode}"),
        Button("Mute 2h", f"/mute #{event.rule_number} 2h"),
        *seen,
        Button("Why", f"/why A-{event.episode[:8]}"),
        Button(f"Rule #{event.rule_number}", f"/alerts {event.rule_number}"),
    )


def _icon(event: Event, *, over: bool, low: bool) -> str:
    if over:
        return "✅"
    if low:
        return "⚠️"
    if event.crossing is not None:
        return "🔁"
    if event.name in _LIQUIDATIONS:
        return "🌊"
    return "🔻" if event.downward else "🔺"


def _what(event: Event) -> str:
    """The headline: a signal has a title, a metric has a side of the line."""
    signal = BY_NAME.get(event.name)
    told = {Change.REMINDED: ": still, and further", Change.RESOLVED: ": over"}.get(event.change, "")
    if is_living(event.name):
        return living.what(event)
    if signal is not None and event.crossing is None:
        return signal.title + told
    is_move = event.name == Metric.PRICE and event.unit is Unit.FRACTION
    name = PRICE_MOVE if is_move else METRICS.get(event.name, event.name)
    span = f" in {window(event.window)}" if event.window else ""
    crossed = "crossed " if event.crossing is not None else ""
    return f"{name}{span} {crossed}{_side(event)} your line{told}"


def _side(event: Event) -> str:
    if event.absolute:
        return "beyond"
    return "below" if event.downward else "above"


def _line(event: Event) -> str:
    """Where it fires, to the letter: a value on the line itself counts or does not."""
    line_ = measured(event.yardstick, event.line, event.unit, event.coin)
    if event.crossing is not None:
        return f"crosses {_side(event)} {line_}"
    reached = "at or " if event.compare in (Compare.AT_MOST, Compare.AT_LEAST) else ""
    return f"{reached}{_side(event)} {line_}"


def late(event: Event, now: datetime, why: str = "") -> Sequence[Line]:
    """By how much an alert is late, and why; nothing where it is not, where its market is played, or where it grew."""
    if event.change is Change.GREW:
        return ()
    behind = now - event.at
    if event.label != Label.LIVE or behind <= LATE:
        return ()
    return (line("⏱ ", bold(f"Late by {duration(behind)}"), f" ({why})" if why else ""),)


def brief(event: Event, now: datetime, settings: PlaceSettings) -> Line:
    """An alert in one line: when, what happened, and the value."""
    zone = zone_of(settings.zone)
    at = moment(event.at, now, zone) if event.label == Label.LIVE else dated(event.at, zone)
    value = bold(living.closed(event)) if is_living(event.name) else _value(event, now, settings)[0]
    return line(instant(event.at, at), f" {headline(event)}: ", value, " ", code(f"A-{event.episode[:4]}"))


def _value(event: Event, now: datetime, settings: PlaceSettings) -> Line:
    """The value with its unit, its span, the venues that it rests on, and its time."""
    is_price = event.name == Metric.PRICE and event.unit is Unit.USD
    floor = event.floor or bool(event.missing)
    means = MEANS.get(event.name, "") if event.yardstick is Yardstick.VALUE else ""
    beside = lines_of(event.line, event.clear, absolute=event.absolute)
    value, more = spoken(event.value, event.unit, event.coin, is_price=is_price, floor=floor, beside=beside), means
    if event.yardstick is not Yardstick.VALUE:
        value = standing(event.yardstick, event.value, beside)
    elif event.unit is Unit.RATE_8H:
        value, more = _rate(event.value, settings.units, beside)
    value = value.removeprefix("+") if means else value  # a part of something, no move
    span = f" in {window(_span(event))}" if _span(event) and not means else ""
    of = f" on {venues(event.venues)}" if len(event.venues) == 1 else f", {count(len(event.venues), 'venue')}"
    if event.unit in (Unit.RATE_8H, Unit.RATE_YEAR) and len(event.venues) > 1:
        of += {Weighing.OI: " weighted by OI", Weighing.MEAN: " unweighted"}.get(event.weighing, "")
    zone = zone_of(settings.zone)
    at = moment(event.at, now, zone) if event.label == Label.LIVE else dated(event.at, zone)
    return line(bold(value), f"{more}{span}{of}, ", instant(event.at, at))


def _rate(value: float, units: Units, beside: Beside) -> tuple[str, str]:
    """A rate in the unit that the place reads first, and the other one behind it."""
    short, long = rate(value, beside=beside), rate_year(yearly(value), [yearly(line) for line in beside])
    return (long, f" a year ({short} per 8h)") if units is Units.YEAR else (short, f" per 8h ({long} a year)")


def _span(event: Event) -> timedelta:
    """What the value covers: where the evidence says what was really summed, that."""
    summed = next((fact.value for fact in event.facts if fact.label == SUMMED), None)
    return event.window if summed is None else timedelta(hours=summed)


def _fired(event: Event, now: datetime, settings: PlaceSettings) -> Sequence[Line]:
    rates = event.unit in (Unit.RATE_8H, Unit.RATE_YEAR)
    held = f" for {window(event.hold)}" if event.hold else ""
    also = also_true(event)
    true = "across" if event.crossing is not None else "all true" if also else "true"
    drawn_at = f"Line: {_line(event)}{held}, {true} since "
    since = instant(event.since, moment(event.since, now, zone_of(settings.zone)))
    who = [italic(who_pays(event.value) + "."), plain(" ")] if rates else []
    why = reasons(event)
    return (
        _value(event, now, settings),
        line(*who, drawn_at, since, "."),
        *(line(f"And {said}.") for said in also),
        *([line("Your note: ", italic(event.note))] if event.note else []),
        *([line(bold("Why"))] if why else []),
        *(line(f"• {reason}") for reason in why),
        _structure(event),
        *(records.lines(event.record, event.coin) if event.change is Change.FIRED else ()),
    )


def _structure(event: Event) -> Line:
    grade = Grade(event.trust)
    name = "Low trust" if grade is Grade.LOW else f"Structure: {grade}"
    return line(bold(name), f" · {_STRUCTURE[grade]}")


def _ended(event: Event, now: datetime, settings: PlaceSettings) -> Sequence[Line]:
    """The value now, how long it was past the line, and where it ends."""
    since = instant(event.since, moment(event.since, now, zone_of(settings.zone)))
    lasted = f"It was past the line for {duration(event.at - event.since)}, since "
    ends = measured(event.yardstick, event.clear, event.unit, event.coin)
    inside = "inside" if event.absolute else "above" if event.downward else "below"
    return (_value(event, now, settings), line(lasted, since, f"; it ends {inside} {ends}."))


def _how_to_stop(event: Event) -> Line:
    number = event.rule_number
    return line("Stop: ", code(f"/mute #{number} 2h"), " · ", code(f"/delete {number}"))


def _facts(event: Event) -> tuple[tuple[str, Json], ...]:
    """The alert for machines: unrounded numbers, times with Z."""
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
        ("yardstick", str(event.yardstick)),
        ("crossing", str(event.crossing) if event.crossing else None),
        ("loudness", str(event.loudness)),
        ("note", event.note),
        ("rule", event.rule_number),
        ("sentence", event.sentence),
        ("venues", list(event.venues)),
        ("missing", list(event.missing)),
        ("trust", event.trust),
        ("coverage", event.coverage),
        ("floor", event.floor),
        ("label", event.label),
        ("record", None if event.record is None else records.numbers(event.record)),
    )
