"""The same rule with its line one step easier and one step harder to reach: what a dry run shows beside it."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from signals.base import Signal
from signals.model import Metric, Unit
from signals.rules.canonical import canonical
from signals.rules.lines import said
from signals.rules.metrics import LEVEL, Measure, measure_of
from signals.rules.model import Condition, Crossing, Draft
from signals.rules.reading import LONGEST
from signals.rules.values import can_be_typed

_RANKS = tuple(
    Decimal(rank) / 1000 for rank in (1, 5, 10, 20, 50, 100, 200, 300, 500, 700, 800, 900, 950, 980, 990, 995, 999)
)
_MULTIPLES = tuple(map(Decimal, ("0.1", "0.2", "0.5", "1", "2", "3", "5", "10", "20", "50", "100", "200", "500")))

_QUARTER = Decimal("0.25")
_SHARES: Mapping[str, Decimal] = {
    **dict.fromkeys((Metric.OI_LEVEL, Metric.OI_USD), Decimal("0.05")),
    **dict.fromkeys((Metric.LS, Metric.LS_TOP, Metric.LS_POS, Metric.TAKER), Decimal("0.1")),
    Metric.PRICE: Decimal("0.02"),
}
"""A step as a share of the line, where a quarter would be another rule; of the price, this is that of its level."""

_FROM_ZERO: Mapping[Unit, Decimal] = {
    Unit.RATE_8H: Decimal("0.00002"),
    Unit.RATE_YEAR: Decimal("0.02"),
    Unit.FRACTION: Decimal("0.01"),
}
"""A step from a line at zero, of which no share can be taken."""

_COUNTED: Mapping[Unit, Decimal] = {Unit.SPREADS: Decimal("0.5"), Unit.VOTES: Decimal(1)}
"""A step where a share of the line would be no number that people count in."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The rules on both sides of one; None where there is none."""

    easier: Draft | None
    harder: Draft | None


def step(draft: Draft, signals: Sequence[Signal]) -> Neighbours:
    """The draft with the line of its first condition that has steps moved by one; each can be typed as it stands.

    A bare signal becomes one that is compared. A clear level of one's own stays where it is still calm, else the
    automatic one stands for it. A crossing either way and a signal that is on or off have no steps.
    """
    by_name = {signal.name: signal for signal in signals}
    for place, condition in enumerate(draft.conditions):
        measure = measure_of(condition, by_name)
        if measure.unit is not Unit.STATE and condition.crossing is not Crossing.EITHER:
            easier, harder = _levels(condition, measure)
            return Neighbours(_moved(draft, place, easier, measure), _moved(draft, place, harder, measure))
    return Neighbours(None, None)


def _levels(condition: Condition, measure: Measure) -> tuple[Decimal | None, Decimal | None]:
    """The next lines towards easier and towards harder."""
    line = Decimal(repr(condition.line))
    if measure.unit in (Unit.RANK, Unit.MULTIPLE) and line >= 0:
        lower, upper = _rungs(line, _MULTIPLES if measure.unit is Unit.MULTIPLE else _RANKS)
    else:
        width = _width(line, condition, measure)
        lower, upper = (line - width, line + width) if width is not None else (None, None)
    return (upper, lower) if condition.compare.downward else (lower, upper)


def _rungs(line: Decimal, ladder: Sequence[Decimal]) -> tuple[Decimal | None, Decimal | None]:
    """The rungs below and above."""
    below, above = bisect_left(ladder, line) - 1, bisect_right(ladder, line)
    return ladder[below] if below >= 0 else None, ladder[above] if above < len(ladder) else None


def _width(line: Decimal, condition: Condition, measure: Measure) -> Decimal | None:
    if measure.unit in _COUNTED:
        return min(_COUNTED[measure.unit], abs(line)) or _COUNTED[measure.unit]
    if not line:
        return _FROM_ZERO.get(measure.unit)
    is_move = condition.name == Metric.PRICE and condition.window != LEVEL
    return _rounded(abs(line) * (_QUARTER if is_move else _SHARES.get(condition.name, _QUARTER)))


def _rounded(size: Decimal) -> Decimal:
    """To one significant digit, or two where it begins with 1 or 2."""
    digits = 1 if size.scaleb(-size.adjusted()) < 3 else 0
    return size.quantize(Decimal(1).scaleb(size.adjusted() - digits))


def _moved(draft: Draft, place: int, level: Decimal | None, measure: Measure) -> Draft | None:
    """The draft with that line; None where it could not be typed or reached."""
    if level is None:
        return None
    condition, line = draft.conditions[place], float(level) + 0.0
    least, most = measure.range
    if not least <= line <= most or not can_be_typed(said(line, measure)):
        return None
    clear, crossed = condition.clear, condition.crossing is not None
    own = condition.own_clear and (clear > line if condition.compare.downward else clear < line)
    if not own:
        clear = measure.clear(line, condition.compare, crossed=crossed)
    moved = replace(condition, line=line, clear=clear, stock=False, own_clear=own)
    other = replace(draft, conditions=(*draft.conditions[:place], moved, *draft.conditions[place + 1 :]))
    return other if len(canonical(other)) <= LONGEST else None
