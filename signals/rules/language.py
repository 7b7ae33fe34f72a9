"""The rule language: `parse` reads a person's sentence, `canonical` writes it back."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from signals.base import Signal
from signals.model import ALL
from signals.rules import durations, scope, words
from signals.rules.canonical import canonical
from signals.rules.conditions import Taken, take_clear, take_condition
from signals.rules.model import Draft, Problem
from signals.rules.nearest import nearest
from signals.rules.problems import Code, Refused
from signals.rules.reading import LONGEST, Cursor, fold
from signals.rules.scope import Scope

__all__ = ["Vocabulary", "canonical", "parse"]

_LONGEST_HOLD = timedelta(hours=24)
_EVERY = (timedelta(minutes=1), timedelta(days=7))
_USUAL_EVERY = timedelta(hours=1)
_NOTHING = timedelta(0)

_NOTE = re.compile(r"(?<!\S)note(?!\S)", re.IGNORECASE)
_WORD = re.compile(r"[^ <>=]+")
_OFF = re.compile(r"(?:off|never)(?= |$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that a sentence may use: coins in upper case, venues in lower case."""

    coins: Collection[str]
    venues: Collection[str]
    signals: Sequence[Signal]


def parse(text: str, vocabulary: Vocabulary) -> Draft | Problem:
    """The rule that a sentence says, or why it says none, with repaired lines that parse; never raises."""
    if len(text) > LONGEST:
        return Problem(Code.LENGTH, (LONGEST, len(text)))
    read = _read(text, vocabulary)
    if isinstance(read, Draft):
        return read
    offered = (line for line in dict.fromkeys(read.repairs) if len(line) <= LONGEST)
    return replace(read, repairs=tuple(line for line in offered if isinstance(_read(line, vocabulary), Draft)))


def _read(text: str, vocabulary: Vocabulary) -> Draft | Problem:
    note = _NOTE.search(text)
    try:
        folded = fold(text[: note.start()] if note else text)
    except Refused as refused:
        return refused.problem
    try:
        draft = _rule(Cursor(folded.line), vocabulary)
    except Refused as refused:
        return replace(refused.problem, span=folded.typed(refused.problem.span))
    return Problem(Code.LATER, note.span(), note[0]) if note else draft


@dataclass(slots=True)
class _Sentence:
    """A rule as far as it is read."""

    watched: Scope
    taken: Taken
    hold: timedelta | None = None
    every: timedelta | None = None
    said: dict[str, re.Match[str]] = field(default_factory=dict)


def _rule(cursor: Cursor, vocabulary: Vocabulary) -> Draft:
    watched = scope.take(cursor, vocabulary.coins, vocabulary.venues)
    sentence = _Sentence(watched, take_condition(cursor, vocabulary.signals))
    if sentence.taken.measure.signal is not None and watched.venue != ALL:
        # a signal is scored over all venues: one venue's name on its alert would be a lie
        raise cursor.refuse(Code.LATER, watched.at)
    while cursor.peek():
        _modifier(cursor, sentence)
    if "once" in sentence.said and "every" in sentence.said:
        raise _once_and_every(cursor, sentence)
    return _draft(sentence)


def _modifier(cursor: Cursor, sentence: _Sentence) -> None:
    found = cursor.take(_WORD)
    word = words.plain(found[0]) if found else ""
    if found is None or word not in _MODIFIERS:
        raise _no_modifier(cursor, found or cursor.peek(), word)
    if word in sentence.said:
        raise cursor.refuse(Code.TWICE, found)
    sentence.said[word] = found
    _MODIFIERS[word](cursor, sentence)


def _hold(cursor: Cursor, sentence: _Sentence) -> None:
    sentence.hold = durations.demand(cursor, _NOTHING, _LONGEST_HOLD)


def _every(cursor: Cursor, sentence: _Sentence) -> None:
    if not cursor.take(_OFF):
        sentence.every = durations.demand(cursor, *_EVERY)


def _once(cursor: Cursor, sentence: _Sentence) -> None:
    del cursor, sentence


def _clear(cursor: Cursor, sentence: _Sentence) -> None:
    sentence.taken = take_clear(cursor, sentence.taken, sentence.said["clear"])


_MODIFIERS: Mapping[str, Callable[[Cursor, _Sentence], None]] = {
    "for": _hold,
    "every": _every,
    "once": _once,
    "clear": _clear,
}


def _no_modifier(cursor: Cursor, found: re.Match[str] | None, word: str) -> Refused:
    if word == "or":
        return cursor.refuse(Code.OR, found)
    if word in words.LATER:
        return cursor.refuse(Code.LATER, found)
    near = nearest(word, _MODIFIERS)
    return cursor.refuse(Code.WORD, found, near, near)


def _once_and_every(cursor: Cursor, sentence: _Sentence) -> Refused:
    once, every = sentence.said["once"], sentence.said["every"]
    without_once = cursor.replaced((once.start(), once.end() + 1), "").rstrip()
    after_every = cursor.line.find(" ", every.end() + 1)
    end = after_every if after_every >= 0 else len(cursor.line)
    without_every = cursor.replaced((every.start() - 1, end), "")
    return Refused(Code.ONCE, once.span(), once[0], [without_every, without_once])


def _draft(sentence: _Sentence) -> Draft:
    once, taken = "once" in sentence.said, sentence.taken
    hold = taken.measure.hold if sentence.hold is None else sentence.hold
    every = _USUAL_EVERY if not once and "every" not in sentence.said else sentence.every
    filled = [*taken.filled]
    if sentence.hold is None:
        filled.append(f"for {durations.written(hold)}")
    if every is not None and "every" not in sentence.said:
        filled.append(f"every {durations.written(every)}")
    watched = sentence.watched
    return Draft(watched.coins, watched.venue, (taken.condition,), hold, every, once, filled=tuple(filled))
