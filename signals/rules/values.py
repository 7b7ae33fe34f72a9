"""Numbers in a sentence, exactly as typed: how they are written, what they mean, how they are written back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from signals.model import Unit, Yardstick
from signals.rules.problems import Code, Refused
from signals.rules.reading import Cursor


class Form(StrEnum):
    """How a number is written; the value is an example."""

    PERCENT = "5%"
    BP = "5bp"
    MONEY = "$10M"
    SUM = "10M"
    """A scale without a dollar sign."""
    SMALL_M = "10m"
    COINS = "10M coins"
    TIMES = "5x"
    PLAIN = "5"
    RANK = "p5"
    ZSCORE = "z3"


@dataclass(frozen=True, slots=True)
class Typed:
    """A number as typed: `number` with its sign and scale, `plain` its digits alone, `scale` none or k, M, B."""

    form: Form
    number: Decimal
    plain: str
    scale: str
    found: re.Match[str]

    @property
    def signed(self) -> bool:
        """True where a sign was typed."""
        return self.plain[:1] in ("+", "-")


_VALUE = re.compile(
    r"(?:(?P<past>[pz]) *)?(?P<sign>[+-] *)?(?P<dollar>\$ *)?(?P<digits>[0-9.,]*[0-9])"
    r"(?: *(?P<unit>%|(?:bps?|x|coins)(?![a-z0-9.]))| *(?P<scale>[kmb])(?![a-z0-9.])(?P<coins> *coins(?![a-z0-9.]))?)?",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d{0,12}(?:\.\d{1,8})?", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_REST = re.compile(r"[^ &]+")

_SCALES = {"k": 3, "M": 6, "B": 9}
_UNITS = {"%": Form.PERCENT, "bp": Form.BP, "bps": Form.BP, "x": Form.TIMES, "coins": Form.COINS}
_PAST = {"p": Form.RANK, "z": Form.ZSCORE}
_TO_UNIT = {Form.PERCENT: -2, Form.BP: -4, Form.RANK: -2}
_PERCENT_UNITS = (Unit.RATE_8H, Unit.RATE_YEAR, Unit.FRACTION)


def take(cursor: Cursor) -> Typed | None:
    """The number that stands next, if one does; raises Refused where one does but cannot be read in one way."""
    found = cursor.take(_VALUE)
    if found is None:
        return None
    rest = _REST.match(cursor.line, cursor.at)
    if rest:
        span = (found.start(), rest.end())
        raise Refused(Code.NUMBER, span, cursor.line[slice(*span)])
    size = _undivided(cursor, found)
    if not _DIGITS.fullmatch(size) or _contradicts(found):
        raise cursor.refuse(Code.NUMBER, found)
    plain = (found["sign"] or "").strip() + ("0" + size if size.startswith(".") else size)
    scale = _scale(found)
    number = Decimal(plain).scaleb(_SCALES.get(scale, 0))
    return Typed(_form(found), number, plain, scale, found)


def convert(typed: Typed) -> float:
    """The number in the unit of what it is compared with: the nearest float, and zero without a sign."""
    return float(typed.number.scaleb(_TO_UNIT.get(typed.form, 0))) + 0.0


def written(value: float, unit: Unit, yardstick: Yardstick = Yardstick.VALUE, *, level: bool = False) -> str:
    """The value as it is typed, with all its digits; a price `level` without a scale."""
    number = Decimal(repr(value))
    if yardstick is Yardstick.RANK:
        return "p" + digits(number.scaleb(2))
    if yardstick is Yardstick.SPREADS:
        return "z" + digits(number)
    if unit in _PERCENT_UNITS:
        return digits(number.scaleb(2)) + "%"
    if unit is Unit.USD:
        return "$" + (digits(number) if level else _scaled(number))
    if unit is Unit.COINS:
        return f"{_scaled(number)} coins"
    return digits(number) + ("x" if unit is Unit.MULTIPLE else "")


def digits(number: Decimal) -> str:
    """Plain digits without exponent or spare zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def can_be_typed(text: str) -> bool:
    """True where the digits of a written value are few enough to be read again."""
    return _DIGITS.fullmatch(text.lstrip("-$pz").split(" ")[0].rstrip("%xkMB")) is not None


def _contradicts(found: re.Match[str]) -> bool:
    """True where two units stand at one number, or a sign at a rank."""
    has_unit = bool(found["unit"] or found["coins"])
    past = (found["past"] or "").lower()
    return bool(
        (found["dollar"] and has_unit)
        or (past and (found["dollar"] or has_unit or found["scale"]))
        or (past == "p" and found["sign"])
    )


def _undivided(cursor: Cursor, found: re.Match[str]) -> str:
    """The digits without thousands marks, which dollars alone may have; any other comma is asked back."""
    typed = found["digits"]
    if "," not in typed:
        return typed
    thousands = _THOUSANDS.fullmatch(typed) is not None
    if thousands and found["dollar"]:
        return typed.replace(",", "")
    readings = _without_comma(typed, thousands=thousands)
    start, end = found.start("digits") - found.start(), found.end("digits") - found.start()
    raise cursor.refuse(Code.COMMA, found, [found[0][:start] + reading + found[0][end:] for reading in readings])


def _without_comma(typed: str, *, thousands: bool) -> Sequence[str]:
    joined = [typed.replace(",", "")] if thousands else []
    whole, _, rest = typed.rpartition(",")
    dotted = [f"{whole.replace('.', '')}.{rest}"] if "," not in whole and "." not in rest else []
    return dotted + joined


def _scale(found: re.Match[str]) -> str:
    letter = found["scale"] or ""
    dollars_or_coins = found["dollar"] or found["coins"]
    return {"K": "k", "b": "B", "m": "M" if dollars_or_coins else ""}.get(letter, letter)


def _form(found: re.Match[str]) -> Form:
    if found["past"]:
        return _PAST[found["past"].lower()]
    if found["dollar"]:
        return Form.MONEY
    if found["coins"]:
        return Form.COINS
    if found["unit"]:
        return _UNITS[found["unit"].lower()]
    if found["scale"]:
        return Form.SMALL_M if found["scale"] == "m" else Form.SUM
    return Form.PLAIN


def _scaled(number: Decimal) -> str:
    """With the largest of B, M and k that leaves at most three decimals; plain digits otherwise."""
    for letter, power in (("B", 9), ("M", 6), ("k", 3)):
        share = number.scaleb(-power)
        if abs(share) >= 1 and share == round(share, 3):
            return digits(share) + letter
    return digits(number)
