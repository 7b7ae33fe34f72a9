"""The contract of a signal."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import numpy as np
import numpy.typing as npt

from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import Panel, Series
from signals.rules.model import Compare


class Signal(Protocol):
    """One detector: a score per bar and coin, with the levels at which it fires and clears by default."""

    @property
    def name(self) -> str:
        """The word in the rule language."""
        ...

    @property
    def title(self) -> str:
        """What an alert's headline says: `OI falls while price rises`."""
        ...

    @property
    def family(self) -> Family:
        """What it reacts to."""
        ...

    @property
    def claim(self) -> Direction | None:
        """What the lore says follows: tested, never asserted."""
        ...

    @property
    def unit(self) -> Unit:
        """Unit of the score, and what a rule's value must carry; of one that is on or off it is a state, 1 or 0."""
        ...

    @property
    def sides(self) -> frozenset[str]:
        """The sides it can tell apart."""
        ...

    @property
    def windows(self) -> Sequence[timedelta]:
        """Selectable windows, the default first."""
        ...

    @property
    def needs(self) -> frozenset[Metric]:
        """What it reads."""
        ...

    @property
    def basis(self) -> Metric:
        """The metric whose venue set and coverage an alert names."""
        ...

    @property
    def lookback(self) -> timedelta:
        """How far back a score reaches."""
        ...

    @property
    def compare(self) -> Compare:
        """How the score is held against `fire`: whether it fires on the line itself, too."""
        ...

    @property
    def fire(self) -> float:
        """Fires here, on the side away from `clear`."""
        ...

    @property
    def clear(self) -> float:
        """Ends beyond this."""
        ...

    @property
    def hold(self) -> timedelta:
        """How long it must hold before it fires."""
        ...

    def step(self, window: timedelta) -> timedelta:
        """The bars on which this window is judged."""
        ...

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """Scores over `panel.at(step(window))`, rows x coins; row t uses rows up to t only; NaN is unknown.

        With `rows`, only the last that many rows are computed and returned. `side` is one of `sides`, or any.
        """
        ...

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """What the last row of the score rests on, as numbers with units."""
        ...


def latest(signal: Signal, panel: Panel, window: timedelta, side: str = "") -> Series:
    """The last row of its scores; where the panel keeps what it was asked, computed once until its bars move on."""

    def told() -> tuple[Series, ...]:
        return (signal.score(panel, window, 1, side),)

    if panel.kept is None:
        return told()[0]
    bars = panel.at(signal.step(window))
    return panel.kept.told((signal.name, window, side, bars.step), bars.times, bars.coins, told)[0]


def fires(signal: Signal, scores: Series) -> npt.NDArray[np.bool_]:
    """Where scores are past the signal's own line; nowhere where they are unknown."""
    match signal.compare:
        case Compare.ABOVE:
            return scores > signal.fire
        case Compare.AT_LEAST:
            return scores >= signal.fire
        case Compare.BELOW:
            return scores < signal.fire
        case Compare.AT_MOST:
            return scores <= signal.fire
