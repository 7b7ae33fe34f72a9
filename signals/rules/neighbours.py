"""Neighbours of a rule: the same one with its line a step easier or a step harder to reach."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from signals.base import Signal
from signals.model import Unit, Yardstick
from signals.rules import lines, values
from signals.rules.metrics import LEVEL, METRICS, PRICE, PRICE_MOVE, Measure, of_signal
from signals.rules.model import Condition, Draft

_SHARE, _OF_A_PRICE, _SPREADS = Decimal("0.2"), Decimal("0.01"), Decimal("0.5")
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The drafts a step easier and a step harder to reach; None where there is no such line."""

    easier: Draft | None
    harder: Draft | None


def neighbours(draft: Draft, signals: Mapping[str, Signal]) -> Neighbours:
    """The draft with the line of its first condition moved by a step; a crossing has no line to move."""
    of = draft.condition
    if of.crossing is not None or of.unit is Unit.STATE:
        return Neighbours(None, None)
    measure = measure_of(of, signals)
    down, up = (_moved(draft, measure, sign) for sign in (-1, 1))
    return Neighbours(up, down) if of.compare.downward else Neighbours(down, up)


def measure_of(of: Condition, signals: Mapping[str, Signal]) -> Measure:
    """What a condition compares, by its yardstick."""
    if of.name in signals:
        return of_signal(signals[of.name]).by(of.yardstick)
    is_move = of.name == PRICE and of.window != LEVEL
    return (PRICE_MOVE if is_move else METRICS[of.name]).by(of.yardstick)


def _moved(draft: Draft, measure: Measure, sign: int) -> Draft | None:
    of, line = draft.condition, Decimal(repr(draft.condition.line))
    moved = float(_rounded(line + sign * _step(of, measure, line), line)) + 0.0
    least, most = measure.range
    turned = moved * of.line < 0 or (of.absolute and moved <= 0) or (moved == 0 and of.line != 0)
    if turned or not least <= moved <= most or moved == of.line:
        return None
    if not values.can_be_typed(lines.said(moved, measure)):
        return None
    clear = moved + (of.clear - of.line) if of.own_clear else measure.clear(moved, of.compare)
    new = replace(of, line=moved, clear=float(Decimal(repr(clear)).normalize()), stock=False)
    if of.own_clear and not values.can_be_typed(lines.said(new.clear, measure)):
        new = replace(new, clear=measure.clear(moved, of.compare), own_clear=False)
    return replace(draft, conditions=(new, *draft.conditions[1:]), filled=())


def _step(of: Condition, measure: Measure, line: Decimal) -> Decimal:
    """A fifth of the line, of a price level a hundredth; half of a rank's tail; half a spread."""
    if of.yardstick is Yardstick.RANK or of.unit is Unit.RANK:
        return min(line, 1 - line) / 2
    if of.unit is Unit.SPREADS:
        return _SPREADS
    share = _OF_A_PRICE if of.name == PRICE and of.window == LEVEL else _SHARE
    return abs(line) * share or measure.band.floor


def _rounded(moved: Decimal, line: Decimal) -> Decimal:
    """To three digits that matter, and no fewer than the line has."""
    if not moved:
        return moved
    own = line.normalize().as_tuple().exponent
    places = max(_DIGITS - 1 - moved.adjusted(), -own if isinstance(own, int) else 0)
    return moved.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
