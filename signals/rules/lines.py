"""The line that a person draws: a number in the unit of what it is compared with, or the reason why it is none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from signals.model import Unit, Yardstick
from signals.rules import values
from signals.rules.metrics import PRICE, Measure
from signals.rules.problems import Code
from signals.rules.reading import Cursor
from signals.rules.values import Form, Typed

Misfit = tuple[Code, Sequence[str], Sequence[str]]
"""What is wrong, how else the value reads, and what the words need beside the name."""


@dataclass(frozen=True, slots=True)
class Line:
    """A value as it was typed for a measure; `downward` where smaller values are worse."""

    typed: Typed
    measure: Measure
    downward: bool

    @property
    def fits(self) -> bool:
        """True where it is written as the measure's values are; a bare zero cannot be misread."""
        own_value = self.measure.yardstick is Yardstick.VALUE and self.measure.unit is not Unit.STATE
        nothing = self.typed.form is Form.PLAIN and self.typed.number == 0 and own_value
        return nothing or self.typed.form in self.measure.forms

    @property
    def looks_yearly(self) -> bool:
        """True for a rate that nobody pays in 8 hours."""
        is_rate = self.measure.unit is Unit.RATE_8H and self.measure.signal is None
        return is_rate and self.fits and abs(values.convert(self.typed)) > self.measure.range[1]


def typed_at(cursor: Cursor) -> Typed:
    """The number that must stand next; raises Refused."""
    typed = values.take(cursor)
    if typed is None:
        found = cursor.peek()
        raise cursor.refuse(Code.NUMBER if found else Code.INCOMPLETE, found, detail=() if found else ("value",))
    return typed


def held_against(typed: Typed, measure: Measure) -> Measure:
    """The measure by the yardstick in which the value is written; itself where it is not compared by that one."""
    if typed.form in measure.forms:
        return measure
    return measure.by(_YARDSTICKS.get(typed.form, Yardstick.VALUE))


def fitted(cursor: Cursor, line: Line, factor: int = 1) -> float:
    """The number times `factor` in the measure's unit; raises Refused where it does not fit or could be misread."""
    measure, typed = line.measure, line.typed
    if not line.fits:
        code, readings, detail = _EXPLAINED.get((typed.form, measure.unit), _foreign)(line)
        raise cursor.refuse(code, typed.found, readings, (measure.name, *detail))
    value = values.convert(typed) * factor
    least, most = measure.range
    if not least <= value <= most:
        raise cursor.refuse(Code.RANGE, typed.found, detail=[measure.name])
    if not values.can_be_typed(said(value, measure)):
        raise cursor.refuse(Code.NUMBER, typed.found)
    return value


def said(value: float, measure: Measure) -> str:
    """The value as it is typed for that measure."""
    return values.written(value, measure.unit, measure.yardstick, level=measure.name == PRICE)


_YARDSTICKS = {Form.RANK: Yardstick.RANK, Form.ZSCORE: Yardstick.SPREADS, Form.TIMES: Yardstick.MULTIPLE}


def _foreign(line: Line) -> Misfit:
    measure = line.measure
    if measure.signal is not None:
        return Code.SIGNAL_UNIT, (), (said(measure.signal.fire, measure),)
    return Code.UNIT, (), sorted(measure.all_forms)


def _without_percent(line: Line) -> Misfit:
    times_100 = values.digits(line.typed.number.scaleb(2))
    return Code.PERCENT, (f"{line.typed.plain}%", f"{times_100}%"), ()


def _without_dollars(line: Line) -> Misfit:
    return Code.MONEY, (f"${line.typed.plain}M", f"${line.typed.plain}"), ()


def _minutes_or_millions(line: Line) -> Misfit:
    return Code.SMALL_M, (f"${line.typed.plain}M",), ()


def _without_coins(line: Line) -> Misfit:
    scale = "M" if line.typed.form is Form.SMALL_M else line.typed.scale
    return Code.COIN_UNIT, (f"{line.typed.plain}{scale} coins", "p5" if line.downward else "p95"), ()


def _share(line: Line) -> Misfit:
    """80 % on one side of two is 4 to 1; the ratio of volumes is no share of a whole."""
    share = line.typed.number / 100
    if line.measure.name == "ratio":
        reading = values.digits(share)
        return Code.PLAIN, (reading,), (reading,)
    if not 0 < share < 1:
        return Code.SHARE, (), ()
    reading = values.digits(round(share / (1 - share), 4))
    return Code.SHARE, (reading,), (reading,)


def _in_percent(line: Line) -> Misfit:
    return Code.UNIT, (f"{values.digits(line.typed.number / 100)}%",), sorted(line.measure.all_forms)


def _times_usual(line: Line) -> Misfit:
    if line.measure.negative and line.measure.signal is None:
        return Code.TIMES, (), ()
    return _foreign(line)


_PERCENT_UNITS = (Unit.RATE_8H, Unit.RATE_YEAR, Unit.FRACTION)

_EXPLAINED: Mapping[tuple[Form, Unit], Callable[[Line], Misfit]] = {
    **{(Form.PLAIN, unit): _without_percent for unit in _PERCENT_UNITS},
    **{(Form.BP, unit): _in_percent for unit in _PERCENT_UNITS},
    **{(Form.TIMES, unit): _times_usual for unit in Unit},
    **{(form, Unit.COINS): _without_coins for form in (Form.PLAIN, Form.SUM, Form.SMALL_M)},
    (Form.PLAIN, Unit.USD): _without_dollars,
    (Form.SMALL_M, Unit.USD): _minutes_or_millions,
    (Form.PERCENT, Unit.RATIO): _share,
}
"""What people often mean by a form that the unit does not have; anything else is just refused."""
