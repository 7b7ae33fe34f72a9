"""Times in a sentence: `15m`, `4h`, `7d`."""

import re
from datetime import timedelta

from signals.rules.problems import Code
from signals.rules.reading import Cursor

_DURATION = re.compile(r"(\d{1,6}) *([smhdwSHDW])(?![A-Za-z0-9.])", re.ASCII)
_BIG_M = re.compile(r"(\d{1,6}) *M(?![A-Za-z0-9.])", re.ASCII)
_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}
_DAYS_FROM = 2
_WRITTEN = (("d", 86_400, 86_400 * _DAYS_FROM), ("h", 3_600, 3_600), ("m", 60, 60), ("s", 1, 1))
"""Letter, seconds, and from how many seconds on it is used."""


def take(cursor: Cursor) -> tuple[timedelta, re.Match[str]] | None:
    """The duration that stands next, if one does; a big M never means minutes."""
    found = cursor.take(_DURATION)
    return (int(found[1]) * _UNITS[found[2].lower()], found) if found else None


def demand(cursor: Cursor, least: timedelta, most: timedelta) -> timedelta:
    """The duration that must stand next, between two limits; raises Refused."""
    taken = take(cursor)
    if taken is None:
        big = cursor.take(_BIG_M)
        if big:
            raise cursor.refuse(Code.DURATION, big, [f"{big[1]}m"])
        found = cursor.peek()
        raise cursor.refuse(Code.DURATION if found else Code.INCOMPLETE, found, detail=() if found else ("duration",))
    span, found = taken
    if not least <= span <= most:
        raise cursor.refuse(
            Code.DURATION, found, [written(min(max(span, least), most))], [written(least), written(most)]
        )
    return span


def written(span: timedelta) -> str:
    """The duration in the largest unit that divides it; days from two days on."""
    seconds = span.days * 86_400 + span.seconds
    for letter, size, least in _WRITTEN:
        if seconds >= least and not seconds % size:
            return f"{seconds // size}{letter}"
    return "0s"
