"""Why a cell is unknown, in a form that can be said: what is not measured, not kept, too young, or silent now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from signals.base import Signal
from signals.model import ALL, ROLLING, Metric, Yardstick
from signals.numbers import DAY, HOUR, LEVEL, MOVES, SUMS, Number
from signals.panel import ENOUGH
from signals.yardsticks import fits

_WHOLE_DAYS = (DAY, 3 * DAY, 7 * DAY)
_USUAL = (HOUR, 4 * HOUR, DAY, 7 * DAY)
_KEPT_OF_ONE = frozenset({Metric.OI_LEVEL, Metric.OI_USD, Metric.PRICE})
"""The levels whose past is kept of every venue."""


class Why(StrEnum):
    """What is the matter with a cell."""

    UNFIT = "unfit"
    """No yardstick for such a number: it has no usual sum, or its score is ranked only."""
    NOT_MEASURED = "not measured"
    """Nobody in this market tells what it is made of: it can never be known, over this window or at all."""
    NOT_KEPT = "not kept"
    """It is known now, but bars do not keep its past: it can never be ranked."""
    HISTORY = "history"
    """Its past is too short yet."""
    SILENT = "silent"
    """It is measured, and unknown at this moment."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Why a cell is unknown. Of a history `needs` and `has` are spans; `instead` are windows that can be known."""

    why: Why
    needs: timedelta | None = None
    has: timedelta | None = None
    instead: tuple[timedelta, ...] = ()

    @property
    def is_for_good(self) -> bool:
        """Whether waiting does not help in this market: a rule on such a cell could never know."""
        return self.why in (Why.UNFIT, Why.NOT_MEASURED, Why.NOT_KEPT)

    @property
    def wait(self) -> timedelta | None:
        """How long until the history is long enough, if it grows without holes; None where it is not that."""
        if self.needs is None or self.has is None:
            return None
        return max(ENOUGH * self.needs - self.has, LEVEL)


def never(
    number: Number,
    yardstick: Yardstick,
    offered: Collection[Metric],
    step: timedelta,
    signals: Mapping[str, Signal],
) -> Lack | None:
    """Why a market with bars of `step` can never know the number; None where it can.

    `offered` is what the market tells of the coin, or the number's venue does. Volumes over a window need bars of
    them: what is told of the last 24 hours makes whole days alone.
    """
    if not fits(yardstick, number):
        return Lack(Why.UNFIT)
    if number.name in signals:
        lacking = {m for m in signals[number.name].needs if m not in offered and ROLLING.get(m, m) not in offered}
        return Lack(Why.NOT_MEASURED) if lacking or number.venue != ALL else None
    if number.window > LEVEL and number.name in MOVES and (number.window < step or number.window % step):
        return Lack(Why.NOT_MEASURED, instead=tuple(w for w in _USUAL if w >= step and not w % step))
    if number.window > LEVEL and number.name not in MOVES and number.venue != ALL:
        return Lack(Why.NOT_MEASURED)
    parts = _parts(number)
    if not all(part in offered for part in parts):
        rolls = number.window > LEVEL and all(ROLLING.get(part, part) in offered for part in parts)
        if not rolls or number.window not in _WHOLE_DAYS:
            return Lack(Why.NOT_MEASURED, instead=_WHOLE_DAYS if rolls else ())
    is_kept = number.venue == ALL or number.window > LEVEL or number.name in _KEPT_OF_ONE
    if yardstick is not Yardstick.VALUE and (not is_kept or number.name == Metric.FUNDING_SPREAD):
        return Lack(Why.NOT_KEPT)
    return None


def _parts(number: Number) -> Sequence[Metric]:
    """What venues must tell for it."""
    if number.name in _TOLD:
        return _TOLD[number.name]
    if number.window > LEVEL and number.name in MOVES:
        return (MOVES[number.name],)
    return SUMS.get(number.name) or (Metric(number.name),)


_TOLD: Mapping[str, tuple[Metric, ...]] = {
    Metric.FUNDING_APR: (Metric.FUNDING,),
    Metric.FUNDING_SPREAD: (Metric.FUNDING,),
    Metric.OI_USD: (Metric.OI_LEVEL, Metric.PRICE),
    Metric.BASIS: (Metric.PRICE, Metric.INDEX),
    Metric.TAKER: (Metric.TAKER_BUY, Metric.TAKER_SELL),
    Metric.RATIO: (Metric.VOLUME, Metric.VOLUME_SPOT),
}
