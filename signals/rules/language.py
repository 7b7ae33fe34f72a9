"""The rule language: `parse` reads a person's sentence, `canonical` writes it back."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from signals.base import Signal
from signals.model import ALL
from signals.rules import durations, modifiers, notes, scope
from signals.rules.canonical import canonical
from signals.rules.conditions import Taken, take_clear, take_condition
from signals.rules.model import Draft, Problem
from signals.rules.modifiers import Modifiers
from signals.rules.problems import Code, Refused
from signals.rules.reading import LONGEST, Cursor, fold
from signals.rules.scope import Scope

__all__ = ["MOST_CONDITIONS", "Vocabulary", "canonical", "parse"]

MOST_CONDITIONS = 4

_USUAL_EVERY = timedelta(hours=1)
_FILLED_IN = 200
"""Characters: what is left out of a sentence, and written shorter, is less than that."""

_ALIKE = (Code.MOVE_WINDOW, Code.PRICE_MOVE)
"""Their offers differ in the window alone, and the first is as long as any: all are rules where it is one."""

_AND = re.compile(r"and(?= |$)|&&?", re.IGNORECASE)
_CLEAR = re.compile(r"clear(?= |$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a sentence may name and from where its times are counted.

    Coins stand in upper case, venues in lower case; `now` is the present instant, `zone` that of the place.
    """

    coins: Collection[str]
    venues: Collection[str]
    signals: Sequence[Signal]
    now: datetime
    zone: tzinfo


def parse(text: str, vocabulary: Vocabulary) -> Draft | Problem:
    """The rule that a sentence says, or why it says none, with repaired lines that parse; never raises."""
    if len(text) > LONGEST:
        return Problem(Code.LENGTH, (LONGEST, len(text)))
    read = _read(text, vocabulary)
    if isinstance(read, Draft):
        return read
    repairs = _rules_of(read, vocabulary)
    return replace(read, repairs=repairs, both="" if repairs else _both(read, vocabulary))


def _rules_of(found: Problem, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Its repaired lines that are rules."""
    repairs = tuple(dict.fromkeys(found.repairs))
    if found.code in _ALIKE:
        return repairs if _is_rule(repairs[0], vocabulary) else ()
    return tuple(line for line in repairs if _is_rule(line, vocabulary))


def _both(first: Problem, vocabulary: Vocabulary) -> str:
    """The line without a second mistake either, where there is one alone."""
    if first.code in _ALIKE and len(first.repairs) > 1:
        return ""
    found = set[str]()
    for mended in dict.fromkeys(first.repairs):
        second = _read(mended, vocabulary)
        if isinstance(second, Problem):
            found.update(_rules_of(second, vocabulary))
        if len(found) > 1:
            return ""
    return found.pop() if found else ""


def _is_rule(line: str, vocabulary: Vocabulary) -> bool:
    return len(line) <= LONGEST and isinstance(_read(line, vocabulary, offers=False), Draft)


def _read(text: str, vocabulary: Vocabulary, *, offers: bool = True) -> Draft | Problem:
    note = notes.cut(text)
    try:
        folded = fold(note.sentence)
    except Refused as refused:
        return refused.problem
    try:
        draft = _rule(Cursor(folded.line, offers), vocabulary)
    except Refused as refused:
        found = refused.problem
        repairs = tuple(line.rstrip() + note.tail for line in found.repairs)
        return replace(found, span=folded.typed(found.span), repairs=repairs)
    try:
        draft = replace(draft, note=notes.read(note)) if note.found else draft
    except Refused as refused:
        return refused.problem
    in_full = len(canonical(draft)) if len(text) > LONGEST - _FILLED_IN else 0
    return draft if in_full <= LONGEST else Problem(Code.LENGTH, (LONGEST, in_full), detail=("in full",))


def _rule(cursor: Cursor, vocabulary: Vocabulary) -> Draft:
    watched = scope.take(cursor, vocabulary.coins, vocabulary.venues)
    taken = _conditions(cursor, vocabulary.signals)
    signal = next((one.measure.signal for one in taken if one.measure.signal is not None), None)
    if signal is not None and watched.venue != ALL:
        # a signal is scored over all venues: one venue's name on its alert would be a lie
        everywhere = cursor.replaced(watched.at, "")
        raise Refused(Code.VENUE_SIGNAL, watched.at, watched.venue, [everywhere], [signal.name])
    said = Modifiers(taken, vocabulary.now, vocabulary.zone)
    modifiers.take(cursor, said)
    return _draft(watched, said)


def _conditions(cursor: Cursor, signals: Sequence[Signal]) -> list[Taken]:
    taken = list[Taken]()
    joined = None
    while not taken or joined:
        if len(taken) == MOST_CONDITIONS:
            raise cursor.refuse(Code.CONDITIONS, joined)
        one = take_condition(cursor, signals)
        if one.condition.crossing and any(before.condition.crossing for before in taken):
            raise cursor.refuse(Code.CROSSINGS, joined)
        taken.append(_with_clear(cursor, one))
        joined = cursor.take(_AND)
    return taken


def _with_clear(cursor: Cursor, one: Taken) -> Taken:
    """The condition with the clear level behind it; behind a bare signal it may belong to another condition."""
    found = None if one.condition.stock else cursor.take(_CLEAR)
    return take_clear(cursor, one, found) if found else one


def _draft(watched: Scope, said: Modifiers) -> Draft:
    taken, at = said.taken, said.at
    once = "once" in at
    hold = max(one.measure.hold for one in taken) if said.hold is None else said.hold
    reminds = not (once or said.crosses or "every" in at)
    every = _USUAL_EVERY if reminds else said.every
    filled = [name for one in taken for name in one.filled]
    if said.hold is None:
        filled.append(f"for {durations.written(hold)}")
    if reminds:
        filled.append(f"every {durations.written(_USUAL_EVERY)}")
    return Draft(
        watched.coins,
        watched.venue,
        tuple(one.condition for one in taken),
        hold,
        every,
        once,
        said.until,
        said.shadow,
        said.loudness,
        "ungated" in at,
        filled=tuple(filled),
    )
