"""The signal of the trial whose episodes live as those of a cascade do: on while funding is over the line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import Panel, Series
from signals.rules.model import Compare
from tests.crash.market import HOUR, LINE


@dataclass(frozen=True, slots=True)
class Tide:
    """In the place of the real one, which no bars of an hour can judge."""

    name: str = "cascade"
    title: str = "tide"
    family: Family = Family.LIQUIDATION
    claim: Direction | None = None
    unit: Unit = Unit.STATE
    sides: frozenset[str] = frozenset()
    windows: tuple[timedelta, ...] = (timedelta(0),)
    needs: frozenset[Metric] = frozenset({Metric.FUNDING})
    basis: Metric = Metric.FUNDING
    lookback: timedelta = timedelta(0)
    compare: Compare = Compare.ABOVE
    fire: float = 0.5
    clear: float = 0.25
    hold: timedelta = timedelta(0)

    def step(self, window: timedelta) -> timedelta:
        """Judged on the bars that there are."""
        del window
        return HOUR

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        """1 over the line, else 0."""
        del side
        rates = panel.at(self.step(window))[Metric.FUNDING][-rows if rows else None :]
        on: Series = (rates > LINE).astype(float)
        return on

    def evidence(self, panel: Panel, coin: str, window: timedelta, side: str = "") -> Sequence[Fact]:
        """None is told."""
        del panel, coin, window, side
        return ()
