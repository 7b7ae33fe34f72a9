"""The line that a person draws: a number in the unit of what it is compared with, or the reason why it is none."""

from collections.abc import Callable, Mapping, Sequence

from signals.model import Unit
from signals.rules import values
from signals.rules.metrics import PRICE, RANGES, Measure
from signals.rules.problems import Code, Refused
from signals.rules.reading import Cursor
from signals.rules.values import Form, Typed

Misfit = tuple[Code, Sequence[str], Sequence[str]]
"""What is wrong, how else the value reads, and what the words need beside the name."""


def typed_at(cursor: Cursor) -> Typed:
    """The number that must stand next; raises Refused."""
    typed = values.take(cursor)
    if typed is None:
        found = cursor.peek()
        raise cursor.refuse(Code.NUMBER if found else Code.INCOMPLETE, found, detail=() if found else ("value",))
    return typed


def fitted(cursor: Cursor, typed: Typed, measure: Measure, factor: int = 1) -> float:
    """The number times `factor` in the measure's unit; raises Refused where it does not fit or could be misread."""
    if typed.form in (Form.RANK, Form.ZSCORE):
        raise cursor.refuse(Code.LATER, typed.found)
    nothing = typed.form is Form.PLAIN and typed.number == 0
    if typed.form not in measure.forms and not nothing:
        raise _misfit(cursor, typed, measure)
    value = values.convert(typed) * factor
    least, most = RANGES[measure.unit]
    if not least <= value <= most:
        raise cursor.refuse(Code.RANGE, typed.found, detail=[measure.name])
    if not values.can_be_typed(values.written(value, measure.unit, level=measure.name == PRICE)):
        raise cursor.refuse(Code.NUMBER, typed.found)
    return value


def _misfit(cursor: Cursor, typed: Typed, measure: Measure) -> Refused:
    explain = _EXPLAINED.get((typed.form, measure.unit), _foreign)
    code, readings, detail = explain(typed, measure)
    return cursor.refuse(code, typed.found, readings, (measure.name, *detail))


def _foreign(_: Typed, measure: Measure) -> Misfit:
    if measure.signal is not None:
        return Code.SIGNAL_UNIT, (), (values.written(measure.signal.fire, measure.unit),)
    return Code.UNIT, (), sorted(measure.forms)


def _without_percent(typed: Typed, _: Measure) -> Misfit:
    times_100 = values.digits(typed.number.scaleb(2))
    return Code.PERCENT, (f"{typed.plain}%", f"{times_100}%"), ()


def _without_dollars(typed: Typed, _: Measure) -> Misfit:
    return Code.MONEY, (f"${typed.plain}M", f"${typed.plain}"), ()


def _minutes_or_millions(typed: Typed, _: Measure) -> Misfit:
    return Code.SMALL_M, (f"${typed.plain}M",), ()


def _without_coins(typed: Typed, _: Measure) -> Misfit:
    scale = "M" if typed.form is Form.SMALL_M else typed.scale
    return Code.COIN_UNIT, (f"{typed.plain}{scale} coins",), ()


def _share(typed: Typed, measure: Measure) -> Misfit:
    """80 % on one side of two is 4 to 1; the ratio of volumes is no share of a whole."""
    share = typed.number / 100
    if measure.name == "ratio":
        reading = values.digits(share)
        return Code.PLAIN, (reading,), (reading,)
    if not 0 < share < 1:
        return Code.SHARE, (), ()
    reading = values.digits(round(share / (1 - share), 4))
    return Code.SHARE, (reading,), (reading,)


def _in_percent(typed: Typed, measure: Measure) -> Misfit:
    return Code.UNIT, (f"{values.digits(typed.number / 100)}%",), sorted(measure.forms)


def _times_usual(typed: Typed, measure: Measure) -> Misfit:
    if measure.negative and measure.signal is None:
        return Code.TIMES, (), ()
    if measure.unit is Unit.USD and not measure.is_level:
        return Code.LATER, (), ()
    return _foreign(typed, measure)


def _as_multiple(typed: Typed, _: Measure) -> Misfit:
    return Code.SIGNAL_UNIT, (f"{typed.plain}x",), (f"{typed.plain}x",)


_PERCENT_UNITS = (Unit.RATE_8H, Unit.RATE_YEAR, Unit.FRACTION)

_EXPLAINED: Mapping[tuple[Form, Unit], Callable[[Typed, Measure], Misfit]] = {
    **{(Form.PLAIN, unit): _without_percent for unit in _PERCENT_UNITS},
    **{(Form.BP, unit): _in_percent for unit in _PERCENT_UNITS},
    **{(Form.TIMES, unit): _times_usual for unit in Unit},
    **{(form, Unit.COINS): _without_coins for form in (Form.PLAIN, Form.SUM, Form.SMALL_M)},
    (Form.PLAIN, Unit.USD): _without_dollars,
    (Form.SMALL_M, Unit.USD): _minutes_or_millions,
    (Form.PERCENT, Unit.RATIO): _share,
    (Form.PLAIN, Unit.MULTIPLE): _as_multiple,
}
"""What people often mean by a form that the unit does not have; anything else is just refused."""
