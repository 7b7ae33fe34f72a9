"""What a condition is about: a metric, or a signal with its side, and the window over which it is taken."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from signals.base import Signal
from signals.rules import durations, words
from signals.rules.metrics import ASKED, LEVEL, METRICS, PRICE, PRICE_MOVE, Measure, of_signal
from signals.rules.problems import Code, Refused
from signals.rules.reading import Cursor

_NAME = re.compile(r"[^ <>=&]+")
_SPELLED = "|".join((*filter(str.isalpha, words.COMPARISONS), *words.MOVES, words.CROSSES))
_COMPARES = re.compile(rf"(?:(?:{'|'.join(sorted(words.SKIPPED))}) +)?(?:[<>]=?|(?:{_SPELLED})(?= |$))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Subject:
    """What stands before the comparison: the word, what it means, and the window if one was typed."""

    name: re.Match[str]
    measure: Measure
    side: str
    window: timedelta | None
    window_at: re.Match[str] | None

    @property
    def span(self) -> tuple[int, int]:
        """Where it stands, with its window."""
        return self.name.start(), (self.window_at or self.name).end()


@dataclass(frozen=True, slots=True)
class Windowed:
    """What is measured over which window; `filled` names one that was left out."""

    measure: Measure
    window: timedelta
    filled: tuple[str, ...] = ()


def take_subject(cursor: Cursor, signals: Sequence[Signal]) -> Subject:
    """The metric or signal that must stand next; raises Refused."""
    compares = cursor.look(_COMPARES)
    if compares:
        spans = [f" {durations.written(asked)}" for asked in ASKED] if compares[0].lower() in words.MOVES else [""]
        raise cursor.refuse(Code.METRIC_MISSING, compares, [f"{PRICE}{span} {compares[0]}" for span in spans])
    name = cursor.take(_NAME)
    if name is None:
        found = cursor.peek()
        raise cursor.refuse(Code.METRIC if found else Code.INCOMPLETE, found, detail=() if found else ("metric",))
    measure, side = _meant(cursor, name, signals)
    window, window_at = durations.take(cursor) or (None, None)
    return Subject(name, measure, side, window, window_at)


def windowed(cursor: Cursor, subject: Subject) -> Windowed:
    """What is measured with the typed window, or with its default, which is then named; raises Refused."""
    measure, window, at = subject.measure, subject.window, subject.window_at
    if measure is METRICS[PRICE] and window is not None:
        measure = PRICE_MOVE
    if window is None or at is None:
        usual = measure.window or LEVEL
        return Windowed(measure, usual, () if usual == LEVEL else (durations.written(usual),))
    if measure.is_level:
        compared = cursor.line[at.end() : cursor.at].strip() or "…"
        lasting = f"{subject.name[0]} {compared} for {durations.written(window)}"
        raise cursor.refuse(Code.NO_WINDOW, at, detail=[measure.name, lasting])
    if window not in measure.windows:
        near = min(measure.windows, key=lambda offered: (abs(offered - window), offered))
        offered = [durations.written(one) for one in sorted(measure.windows)]
        raise cursor.refuse(Code.WINDOW, at, [durations.written(near)], [measure.name, *offered])
    return Windowed(measure, window)


def _meant(cursor: Cursor, name: re.Match[str], signals: Sequence[Signal]) -> tuple[Measure, str]:
    word = words.plain(name[0])
    if word in METRICS:
        return METRICS[word], ""
    whole, _, side = word.partition(".")
    signal = next((one for one in signals if one.name == whole), None)
    if signal is None:
        raise _unknown(cursor, name, word, signals)
    if side not in signal.sides and word != whole:
        declared = [f"{whole}.{one}" for one in sorted(signal.sides)] or [whole]
        raise cursor.refuse(Code.SIDE, name, declared, [whole, side, *sorted(signal.sides)])
    return of_signal(signal), str(side)


def _unknown(cursor: Cursor, name: re.Match[str], word: str, signals: Sequence[Signal]) -> Refused:
    if word.partition(".")[0] in words.SIGNALS:
        return cursor.refuse(Code.LATER, name)
    known = [*METRICS, *(signal.name for signal in signals)]
    if "." in word:
        known += [f"{signal.name}.{side}" for signal in signals for side in sorted(signal.sides)]
    near = cursor.nearest(word, known)
    return cursor.refuse(Code.METRIC, name, near, near)
