"""The words behind the conditions: how long, how often, until when, how loud."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from signals.rules import durations, ends, words
from signals.rules.conditions import Taken, take_clear
from signals.rules.model import Loudness
from signals.rules.problems import Code, Refused
from signals.rules.reading import Cursor

_LONGEST_HOLD = timedelta(hours=24)
_EVERY = (timedelta(minutes=1), timedelta(days=7))
_SHADOW = (timedelta(days=1), timedelta(days=30))
_NOTHING = timedelta(0)

_WORD = re.compile(r"[^ <>=&]+|&&?")
_OFF = re.compile(r"(?:off|never)(?= |$)", re.IGNORECASE)


@dataclass(slots=True)
class Modifiers:
    """What holds for a whole rule, as far as it is read; `at` is where each word stands with what belongs to it."""

    taken: list[Taken]
    now: datetime
    zone: tzinfo
    hold: timedelta | None = None
    every: timedelta | None = None
    until: datetime | None = None
    shadow: timedelta | None = None
    at: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def loudness(self) -> Loudness:
        """What was said of it."""
        return next((loudness for loudness in (Loudness.LOUD, Loudness.QUIET) if loudness in self.at), Loudness.USUAL)

    @property
    def crosses(self) -> bool:
        """True where the rule waits for a crossing."""
        return any(one.condition.crossing for one in self.taken)


def take(cursor: Cursor, modifiers: Modifiers) -> None:
    """Read the words up to the end of the line; raises Refused."""
    while cursor.peek():
        _one(cursor, modifiers)
    for code, one, other in ((Code.ONCE, "once", "every"), (Code.LOUDNESS, Loudness.LOUD, Loudness.QUIET)):
        if one in modifiers.at and other in modifiers.at:
            raise _either(cursor, code, modifiers.at[one], modifiers.at[other])


def _one(cursor: Cursor, modifiers: Modifiers) -> None:
    found = cursor.take(_WORD)
    word = words.plain(found[0]) if found else ""
    if found is None or word not in _MODIFIERS:
        raise _no_modifier(cursor, found or cursor.peek(), word)
    if word in modifiers.at:
        raise cursor.refuse(Code.TWICE, found)
    if modifiers.crosses and word == "every":
        raise cursor.refuse(Code.MOMENT, found)
    _MODIFIERS[word](cursor, modifiers, found)
    modifiers.at[word] = (found.start(), cursor.at)


def _hold(cursor: Cursor, modifiers: Modifiers, _: re.Match[str]) -> None:
    modifiers.hold = durations.demand(cursor, _NOTHING, _LONGEST_HOLD)


def _every(cursor: Cursor, modifiers: Modifiers, _: re.Match[str]) -> None:
    if not cursor.take(_OFF):
        modifiers.every = durations.demand(cursor, *_EVERY)


def _until(cursor: Cursor, modifiers: Modifiers, _: re.Match[str]) -> None:
    modifiers.until = ends.demand(cursor, modifiers.now, modifiers.zone)


def _shadow(cursor: Cursor, modifiers: Modifiers, _: re.Match[str]) -> None:
    modifiers.shadow = durations.demand(cursor, *_SHADOW)


def _clear(cursor: Cursor, modifiers: Modifiers, found: re.Match[str]) -> None:
    valued = [i for i, one in enumerate(modifiers.taken) if not one.condition.stock] or [0]
    if len(valued) > 1:
        raise cursor.refuse(Code.CLEAR_WHICH, found)
    one = modifiers.taken[valued[0]]
    if one.condition.own_clear:
        raise cursor.refuse(Code.TWICE, found)
    modifiers.taken[valued[0]] = take_clear(cursor, one, found)


def _said(cursor: Cursor, modifiers: Modifiers, found: re.Match[str]) -> None:
    del cursor, modifiers, found


_MODIFIERS: Mapping[str, Callable[[Cursor, Modifiers, re.Match[str]], None]] = {
    "for": _hold,
    "every": _every,
    "once": _said,
    "clear": _clear,
    "until": _until,
    "shadow": _shadow,
    Loudness.LOUD: _said,
    Loudness.QUIET: _said,
    "ungated": _said,
}


def _no_modifier(cursor: Cursor, found: re.Match[str] | None, word: str) -> Refused:
    if word in ("or", "and"):
        return cursor.refuse(Code.OR if word == "or" else Code.AND_LATE, found)
    near = cursor.nearest(word, words.MODIFIERS)
    return cursor.refuse(Code.WORD, found, near, near)


def _either(cursor: Cursor, code: Code, one: tuple[int, int], other: tuple[int, int]) -> Refused:
    """Two words that exclude each other; each is left out in turn."""
    without = [cursor.replaced((start - 1, end), "") for start, end in (other, one)]
    return Refused(code, one, cursor.line[slice(*one)], without)
