"""One condition: what it is about, and the line it is held against, crosses, or moves by."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from signals.base import Signal
from signals.model import Metric, Unit, Yardstick
from signals.rules import durations, lines, words
from signals.rules.lines import Line
from signals.rules.metrics import ASKED, METRICS, MOVERS, PRICE, Measure
from signals.rules.model import Compare, Condition, Crossing
from signals.rules.problems import Code, Refused
from signals.rules.reading import Cursor
from signals.rules.subjects import Subject, Windowed, take_subject, windowed
from signals.rules.values import Form, Typed, digits

_MOVE = re.compile(r"(?:rises|falls|moves)(?= |$)", re.IGNORECASE)
_BY = re.compile(r"by(?= |$)", re.IGNORECASE)
_CROSSES = re.compile(r"crosses(?= |$)", re.IGNORECASE)
_WAY = re.compile(r"(?:up|down)(?= |$)", re.IGNORECASE)
_COMPARE = re.compile(r"[<>]=?|(?:below|under|above|over)(?= |$)", re.IGNORECASE)
_SKIPPED = re.compile(r"(?:is|goes)(?= |$)", re.IGNORECASE)
_LIKE_A_VALUE = re.compile(r"[-+$.=0-9]|[pz][-+.0-9]", re.IGNORECASE)
_BARE = re.compile(r"\d+(?:\.\d+)?(?= |$)")
_OF_OPEN_INTEREST = ("oi.level", "oi.usd")
_USUAL_OI = timedelta(hours=4)
_WITHOUT_ITS_TIME = (Form.PERCENT, Form.RANK, Form.ZSCORE)
"""How a move of the price is written, and its level never."""

_SIDES_OF_A_CROSSING = {Crossing.UP: Compare.ABOVE, Crossing.DOWN: Compare.BELOW, Crossing.EITHER: Compare.ABOVE}


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
class _Drawn:
    """A line with what it is drawn for."""

    of: Windowed
    line: float

    def condition(
        self, compare: Compare, side: str, crossing: Crossing | None = None, *, absolute: bool = False
    ) -> Condition:
        """The condition, with its automatic clear level."""
        measure = self.of.measure
        return Condition(
            measure.name,
            self.of.window,
            compare,
            self.line,
            measure.clear(self.line, compare, crossed=crossing is not None),
            measure.unit,
            measure.yardstick,
            side,
            absolute,
            crossing=crossing,
        )


def take_condition(cursor: Cursor, signals: Sequence[Signal]) -> Taken:
    """The condition that must stand next, with its automatic clear level; raises Refused."""
    subject = take_subject(cursor, signals)
    move = cursor.take(_MOVE)
    if move:
        return _move(cursor, subject, move[0].lower())
    crosses = cursor.take(_CROSSES)
    return _crossing(cursor, subject, crosses) if crosses else _comparison(cursor, subject)


def take_clear(cursor: Cursor, taken: Taken, at: re.Match[str]) -> Taken:
    """The condition with the clear level that must stand next, behind the word `clear` found `at`; raises Refused."""
    condition, measure = taken.condition, taken.measure
    if condition.stock or condition.crossing:
        raise cursor.refuse(Code.MOMENT if condition.crossing else Code.CLEAR_ALONE, at)
    towards = cursor.take(_COMPARE)
    typed, downward = lines.typed_at(cursor), condition.compare.downward
    if _is_unlike(typed, measure):
        raise cursor.refuse(Code.CLEAR_LIKE, typed.found, detail=[lines.said(condition.line, measure)])
    line = Line(typed, measure, downward)
    size = _size(cursor, line, taken.factor) if taken.factor else lines.fitted(cursor, line)
    calm = size > condition.line if downward else size < condition.line
    backwards = towards is not None and words.COMPARISONS[towards[0].lower()].downward is downward
    if backwards or not calm:
        raise cursor.refuse(Code.CLEAR, typed.found)
    return replace(taken, condition=replace(condition, clear=size, own_clear=True))


def _comparison(cursor: Cursor, subject: Subject) -> Taken:
    while cursor.take(_SKIPPED):
        pass
    sign = cursor.take(_COMPARE)
    signal = subject.measure.signal
    if sign is None:
        if signal is None or _missing(cursor):
            raise _no_comparison(cursor, subject)
        return _bare(cursor, subject, signal)
    if subject.measure.unit is Unit.STATE:
        raise cursor.refuse(Code.ON_OFF, sign, detail=[subject.measure.name])
    compare = words.COMPARISONS[sign[0].lower()]
    drawn = _drawn(cursor, subject, compare)
    return Taken(drawn.condition(compare, subject.side), drawn.of.measure, filled=drawn.of.filled)


def _crossing(cursor: Cursor, subject: Subject, crosses: re.Match[str]) -> Taken:
    if subject.measure.signal is not None:
        raise cursor.refuse(Code.NO_CROSSING, crosses, detail=[subject.measure.name])
    way = cursor.take(_WAY)
    wrong = None if way else cursor.take(_COMPARE)
    if wrong:
        meant = Crossing.DOWN if words.COMPARISONS[wrong[0].lower()].downward else Crossing.UP
        raise cursor.refuse(Code.WAY, wrong, [meant])
    crossing = Crossing(way[0].lower()) if way else Crossing.EITHER
    compare = _SIDES_OF_A_CROSSING[crossing]
    drawn = _drawn(cursor, subject, compare)
    return Taken(drawn.condition(compare, "", crossing), drawn.of.measure, filled=drawn.of.filled)


def _move(cursor: Cursor, subject: Subject, verb: str) -> Taken:
    name = subject.measure.name
    if name not in MOVERS:
        lasting = durations.written(subject.window or _USUAL_OI)
        repairs = [cursor.replaced(subject.span, f"oi {lasting}")] if name in _OF_OPEN_INTEREST else []
        raise Refused(Code.MOVER, subject.span, subject.name[0], repairs, [name])
    if name == PRICE and subject.window is None:
        raise _timeless(cursor, subject, verb)
    of = windowed(cursor, subject)
    cursor.take(_BY)
    factor = -1 if verb == "falls" else 1
    compare = Compare.AT_MOST if factor < 0 else Compare.AT_LEAST
    typed = lines.typed_at(cursor)
    drawn = _Drawn(of, _size(cursor, Line(typed, of.measure, compare.downward), factor, least=0))
    return Taken(drawn.condition(compare, "", absolute=verb == "moves"), of.measure, factor, of.filled)


def _bare(cursor: Cursor, subject: Subject, signal: Signal) -> Taken:
    of = windowed(cursor, subject)
    levels, unit = (signal.compare, signal.fire, signal.clear), of.measure.unit
    stock = Condition(signal.name, of.window, *levels, unit, side=subject.side, stock=True)
    return Taken(stock, of.measure, filled=of.filled)


def _drawn(cursor: Cursor, subject: Subject, compare: Compare) -> _Drawn:
    """The line that must stand next."""
    typed = lines.typed_at(cursor)
    if subject.measure is METRICS[PRICE] and subject.window is None and typed.form in _WITHOUT_ITS_TIME:
        raise _price_move(cursor, subject, compare, typed)
    of = windowed(cursor, subject)
    measure = lines.held_against(typed, of.measure)
    line = Line(typed, measure, compare.downward)
    if line.looks_yearly:
        raise _yearly(cursor, subject, typed)
    return _Drawn(Windowed(measure, of.window, of.filled), lines.fitted(cursor, line))


def _size(cursor: Cursor, line: Line, factor: int, least: float | None = None) -> float:
    """A size without a sign, as the signed move it means; with `least`, it must be beyond that."""
    typed = line.typed
    if typed.signed or (least is not None and typed.number <= least):
        unsigned = typed.found[0].lstrip("+- ")
        raise cursor.refuse(Code.MOVE_SIZE, typed.found, [unsigned])
    return lines.fitted(cursor, line, factor)


def _is_unlike(typed: Typed, measure: Measure) -> bool:
    """True where one of line and clear level is the value itself and the other its place in the own past."""
    of_the_past = typed.form in (Form.RANK, Form.ZSCORE, Form.TIMES) or measure.yardstick is not Yardstick.VALUE
    return of_the_past and typed.form not in measure.forms


def _missing(cursor: Cursor) -> bool:
    """True where a value stands without its comparison."""
    found = cursor.peek()
    return found is not None and _LIKE_A_VALUE.match(found[0]) is not None


def _no_comparison(cursor: Cursor, subject: Subject) -> Refused:
    found = cursor.peek()
    if found is None:
        windowed(cursor, subject)
        return cursor.refuse(Code.INCOMPLETE, None, detail=["comparison"])
    if words.plain(found[0]) == "or":
        return cursor.refuse(Code.OR, found)
    moves = words.MOVES if subject.measure.name in MOVERS else ()
    near = cursor.nearest(found[0], [*words.COMPARISONS, *moves, words.CROSSES])
    return cursor.refuse(Code.COMPARISON, found, near, near)


def _yearly(cursor: Cursor, subject: Subject, typed: Typed) -> Refused:
    (start, end), (value, after) = subject.name.span(), typed.found.span()
    percent = digits(typed.number.scaleb(-2 if typed.form is Form.BP else 0))
    line = f"{cursor.line[:start]}{Metric.FUNDING_APR}{cursor.line[end:value]}{percent}%{cursor.line[after:]}"
    return Refused(Code.YEARLY, (value, after), typed.found[0], [line], [subject.measure.name])


def _timeless(cursor: Cursor, subject: Subject, verb: str) -> Refused:
    """The same move over each usual time; a size without a % sign is asked about too."""
    offered = [f"{PRICE} {durations.written(asked)}" for asked in ASKED]
    cursor.take(_BY)
    bare = cursor.take(_BARE)
    if bare is None:
        return cursor.refuse(Code.MOVE_WINDOW, subject.name, offered)
    moves = [cursor.replaced((subject.name.start(), bare.end()), f"{price} {verb} by {bare[0]}%") for price in offered]
    return Refused(Code.MOVE_WINDOW, subject.name.span(), subject.name[0], moves, [bare[0]])


def _price_move(cursor: Cursor, subject: Subject, compare: Compare, typed: Typed) -> Refused:
    span = (subject.name.start(), typed.found.end())
    said = cursor.line[subject.name.end() : typed.found.end()].strip()
    verb = {(True, True): "falls by", (False, False): "rises by"}.get((compare.downward, typed.number < 0))
    if typed.form is Form.PERCENT and verb and typed.number and words.CROSSES not in said.lower():
        said = f"{verb} {typed.found[0].lstrip('+- ')}"
    moves = [cursor.replaced(span, f"{PRICE} {durations.written(window)} {said}") for window in ASKED]
    return Refused(Code.PRICE_MOVE, span, cursor.line[slice(*span)], moves, [PRICE])
