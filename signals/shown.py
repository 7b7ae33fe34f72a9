"""Which numbers answers show. Whoever has the bars in memory looks at them once a moment; who answers reads the glance.

It says what bars would say.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from signals.base import Signal
from signals.cells import Vectors
from signals.glance import Glance, Row
from signals.model import Metric
from signals.numbers import DAY, HOUR, MINUTE, SUMS, Number
from signals.panel import blank_of

OI_WINDOWS = (HOUR, 4 * HOUR, DAY)
LIQ_WINDOWS = (15 * MINUTE, HOUR, 4 * HOUR, DAY)
RATIO_WINDOWS = (4 * HOUR, DAY, 7 * DAY)
LEGS = (Metric.VOLUME_SPOT, Metric.VOLUME_PAIRED)
"""What a ratio is made of; shown over a day."""


def oi_numbers(step: timedelta) -> tuple[Number, ...]:
    """What is shown of open interest, with the moves of the price beside it."""
    return tuple(Number(name, w) for name in (Metric.OI, Metric.PRICE) for w in whole_bars(OI_WINDOWS, step))


def liq_numbers(step: timedelta) -> tuple[Number, ...]:
    """What is shown of liquidations."""
    sides = (Metric.LIQ_LONG, Metric.LIQ_SHORT, Metric.LIQ)
    return tuple(Number(side, w) for side in sides for w in liq_windows(step))


def ratio_numbers(step: timedelta) -> tuple[Number, ...]:
    """What is shown of spot against futures volume."""
    ratios = tuple(Number(Metric.RATIO, w) for w in whole_bars(RATIO_WINDOWS, step))
    return (*ratios, *(Number(leg, DAY) for leg in LEGS))


def signal_numbers(signals: Sequence[Signal]) -> tuple[Number, ...]:
    """Every signal over its usual window."""
    return tuple(Number(signal.name, signal.windows[0]) for signal in signals)


def shown(step: timedelta, signals: Sequence[Signal]) -> tuple[Number, ...]:
    """All of them, in a market whose shortest bar is `step`."""
    return (*oi_numbers(step), *liq_numbers(step), *ratio_numbers(step), *signal_numbers(signals))


def liq_windows(step: timedelta) -> Sequence[timedelta]:
    """Over what liquidations are summed up: a bar where it is longer than all of the usual."""
    return whole_bars(LIQ_WINDOWS, step) or [step]


def whole_bars(windows: Sequence[timedelta], step: timedelta) -> Sequence[timedelta]:
    """The windows that are a whole number of bars: the others cannot be known on them."""
    return [window for window in windows if window >= step and window % step == timedelta(0)]


def look(
    vectors: Vectors, numbers: Sequence[Number], at: datetime, row: Callable[[Number, datetime], Row] | None = None
) -> Glance:
    """What these numbers are at a moment, and where each coin's ratio stands; `row` is how one is read."""
    rows = {(number.name, number.window): (row or vectors.row)(number, at) for number in numbers}
    holes = {(of.name, of.window): vectors.holes(of, at) for of in numbers if of.name in SUMS}
    return Glance(at, vectors.panel.coins, rows, holes, *vectors.structures())


def recalled(glance: Glance, signals: Sequence[Signal]) -> Vectors:
    """What was seen, to be read as if the bars were there; nothing else is known."""
    vectors = Vectors(blank_of(glance.coins), signals, rows=1)
    vectors.recall(glance)
    return vectors
