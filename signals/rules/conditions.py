"""One condition: a metric or a signal, its window, and the line it is held against."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from signals.base import Signal
from signals.rules import durations, lines, words
from signals.rules.metrics import ASKED, LEVEL, METRICS, MOVERS, PRICE, PRICE_MOVE, Measure, of_signal
from signals.rules.model import Compare, Condition
from signals.rules.nearest import nearest
from signals.rules.problems import Code, Refused
from signals.rules.reading import Cursor
from signals.rules.values import Form, Typed

_NAME = re.compile(r"[^ <>=]+")
_MOVE = re.compile(r"(?:rises|falls|moves)(?= |$)", re.IGNORECASE)
_BY = re.compile(r"by(?= |$)", re.IGNORECASE)
_COMPARE = re.compile(r"[<>]=?|(?:below|under|above|over)(?= |$)", re.IGNORECASE)
_SKIPPED = re.compile(r"(?:is|goes)(?= |$)", re.IGNORECASE)
_LIKE_A_VALUE = re.compile(r"[-+$.=0-9]")
_OF_OPEN_INTEREST = ("oi.level", "oi.usd")
_USUAL_OI = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Taken:
    """A condition as read: what it compares, and by what numbers are multiplied where it is said as a size of a move.

    `factor` is 0 where numbers carry their own sign. `filled` names a window that was left out.
    """

    condition: Condition
    measure: Measure
    factor: int = 0
    filled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Subject:
    """What stands before the comparison: the word, what it means, and the window if one was typed."""

    name: re.Match[str]
    measure: Measure
    window: timedelta | None
    window_at: re.Match[str] | None

    @property
    def span(self) -> tuple[int, int]:
        return self.name.start(), (self.window_at or self.name).end()


def take_condition(cursor: Cursor, signals: Sequence[Signal]) -> Taken:
    """The condition that must stand next, with its automatic clear level; raises Refused."""
    subject = _subject(cursor, signals)
    move = cursor.take(_MOVE)
    return _move(cursor, subject, move[0].lower()) if move else _comparison(cursor, subject)


def take_clear(cursor: Cursor, taken: Taken, at: re.Match[str]) -> Taken:
    """The condition with the clear level that must stand next, behind the word `clear` found `at`; raises Refused."""
    condition, measure = taken.condition, taken.measure
    if condition.stock:
        raise cursor.refuse(Code.CLEAR_ALONE, at)
    towards = cursor.take(_COMPARE)
    typed = lines.typed_at(cursor)
    size = _size(cursor, typed, measure, taken.factor) if taken.factor else lines.fitted(cursor, typed, measure)
    downward = condition.compare.downward
    calm = size > condition.line if downward else size < condition.line
    backwards = towards is not None and words.COMPARISONS[towards[0].lower()].downward is downward
    if backwards or not calm:
        raise cursor.refuse(Code.CLEAR, typed.found)
    return replace(taken, condition=replace(condition, clear=size, own_clear=True))


def _subject(cursor: Cursor, signals: Sequence[Signal]) -> _Subject:
    name = cursor.take(_NAME)
    if name is None:
        found = cursor.peek()
        raise cursor.refuse(Code.METRIC if found else Code.INCOMPLETE, found, detail=() if found else ("metric",))
    measure = _measure(cursor, name, {signal.name: signal for signal in signals})
    taken = durations.take(cursor)
    return _Subject(name, measure, *(taken or (None, None)))


def _measure(cursor: Cursor, name: re.Match[str], signals: dict[str, Signal]) -> Measure:
    word = words.plain(name[0])
    if word in METRICS:
        return METRICS[word]
    if word in signals:
        return of_signal(signals[word])
    whole, _, side = word.rpartition(".")
    if whole in signals:
        declared = sorted(str(one) for one in signals[whole].sides)
        raise cursor.refuse(Code.LATER if side in declared else Code.SIDE, name, detail=[whole, *declared])
    if word in words.LATER or word in words.SIGNALS or whole in words.SIGNALS:
        raise cursor.refuse(Code.LATER, name)
    near = nearest(word, [*METRICS, *signals])
    raise cursor.refuse(Code.METRIC, name, near, near)


def _comparison(cursor: Cursor, subject: _Subject) -> Taken:
    while cursor.take(_SKIPPED):
        pass
    sign = cursor.take(_COMPARE)
    if sign is None and subject.measure.signal is not None and not _missing(cursor):
        return _bare(cursor, subject, subject.measure.signal)
    if sign is None:
        raise _no_comparison(cursor, subject)
    compare = words.COMPARISONS[sign[0].lower()]
    typed = lines.typed_at(cursor)
    if subject.measure is METRICS[PRICE] and subject.window is None and typed.form is Form.PERCENT:
        raise _price_move(cursor, subject, compare, typed)
    measure, window, filled = _windowed(cursor, subject)
    return _taken(measure, window, compare, lines.fitted(cursor, typed, measure), filled)


def _move(cursor: Cursor, subject: _Subject, verb: str) -> Taken:
    name = subject.measure.name
    if name not in MOVERS:
        lasting = durations.written(subject.window or _USUAL_OI)
        repairs = [cursor.replaced(subject.span, f"oi {lasting}")] if name in _OF_OPEN_INTEREST else []
        raise Refused(Code.MOVER, subject.span, subject.name[0], repairs, [name])
    if name == PRICE and subject.window is None:
        offered = [f"{PRICE} {durations.written(asked)}" for asked in ASKED]
        raise cursor.refuse(Code.MOVE_WINDOW, subject.name, offered)
    measure, window, filled = _windowed(cursor, subject)
    cursor.take(_BY)
    factor = -1 if verb == "falls" else 1
    line = _size(cursor, lines.typed_at(cursor), measure, factor, least=0)
    compare = Compare.AT_MOST if factor < 0 else Compare.AT_LEAST
    taken = _taken(measure, window, compare, line, filled)
    return replace(taken, factor=factor, condition=replace(taken.condition, absolute=verb == "moves"))


def _size(cursor: Cursor, typed: Typed, measure: Measure, factor: int, least: float | None = None) -> float:
    """A size without a sign, as the signed move it means; with `least`, it must be beyond that."""
    if typed.signed or (least is not None and typed.number <= least):
        unsigned = typed.found[0].lstrip("+- ")
        raise cursor.refuse(Code.MOVE_SIZE, typed.found, [unsigned])
    return lines.fitted(cursor, typed, measure, factor)


def _bare(cursor: Cursor, subject: _Subject, signal: Signal) -> Taken:
    measure, window, filled = _windowed(cursor, subject)
    compare = Compare.BELOW if signal.fire < signal.clear else Compare.ABOVE
    stock = Condition(measure.name, window, compare, signal.fire, signal.clear, measure.unit, stock=True)
    return Taken(stock, measure, filled=filled)


def _taken(measure: Measure, window: timedelta, compare: Compare, line: float, filled: tuple[str, ...]) -> Taken:
    clear = measure.band.clear(line, compare) + 0.0
    return Taken(Condition(measure.name, window, compare, line, clear, measure.unit), measure, filled=filled)


def _windowed(cursor: Cursor, subject: _Subject) -> tuple[Measure, timedelta, tuple[str, ...]]:
    """What is measured with the typed window, or with its default, which is then named."""
    measure, window, at = subject.measure, subject.window, subject.window_at
    if measure is METRICS[PRICE] and window is not None:
        measure = PRICE_MOVE
    if window is None or at is None:
        usual = measure.window or LEVEL
        return measure, usual, () if usual == LEVEL else (durations.written(usual),)
    if measure.is_level:
        lasting = cursor.replaced((at.start(), at.end() + 1), "").rstrip() + f" for {durations.written(window)}"
        raise Refused(Code.NO_WINDOW, at.span(), at[0], [lasting], [measure.name])
    if window not in measure.windows:
        near = min(measure.windows, key=lambda offered: (abs(offered - window), offered))
        offered = [durations.written(one) for one in sorted(measure.windows)]
        raise cursor.refuse(Code.WINDOW, at, [durations.written(near)], [measure.name, *offered])
    return measure, window, ()


def _missing(cursor: Cursor) -> bool:
    """True where a value stands without its comparison."""
    found = cursor.peek()
    return found is not None and _LIKE_A_VALUE.match(found[0]) is not None


def _no_comparison(cursor: Cursor, subject: _Subject) -> Refused:
    found = cursor.peek()
    if found is None:
        _windowed(cursor, subject)
        return cursor.refuse(Code.INCOMPLETE, None, detail=["comparison"])
    word = words.plain(found[0])
    if word == "or":
        return cursor.refuse(Code.OR, found)
    if word in words.LATER:
        return cursor.refuse(Code.LATER, found)
    moves = words.MOVES if subject.measure.name in MOVERS else ()
    near = nearest(found[0], [*words.COMPARISONS, *moves])
    return cursor.refuse(Code.COMPARISON, found, near, near)


def _price_move(cursor: Cursor, subject: _Subject, compare: Compare, typed: Typed) -> Refused:
    span = (subject.name.start(), typed.found.end())
    size = typed.found[0].lstrip("+- ")
    verb = {(True, True): "falls by", (False, False): "rises by"}.get((compare.downward, typed.number < 0))
    said = f"{verb} {size}" if verb and typed.number else f"{compare} {typed.found[0]}"
    moves = [cursor.replaced(span, f"{PRICE} {durations.written(window)} {said}") for window in ASKED]
    return Refused(Code.PRICE_MOVE, span, cursor.line[span[0] : span[1]], moves, [PRICE])
