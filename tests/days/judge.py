"""A judge to whom nothing happens: no loops, no store, no restarts. It sees the same moments and rules, in order."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from adapters.store.base import Changed, WatchChange
from adapters.store.memory import MemoryStore
from signals.aggregate import Cycle
from signals.bars import Bars
from signals.book import Rules
from signals.cells import Cells, Vectors
from signals.engine import Engine
from signals.event import Event
from signals.panel import resolutions
from signals.registry import BY_NAME, SIGNALS
from signals.yardsticks import Memory
from tests.days.market import STEP


@dataclass
class Judge:
    """What it would tell, by id."""

    told: dict[str, Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._engine = Engine(BY_NAME, Rules())
        self._bars = Bars(resolutions(STEP))
        self._memory = Memory()
        self._last: Cycle | None = None

    def close(self, cycle: Cycle) -> None:
        """Judge that moment."""
        for bars in cycle.bars:
            self._bars.append(bars)
        self._last = cycle
        for judged in chain.from_iterable(self._engine.judge(self._cells(cycle))):
            if judged.event is not None:
                self.told[judged.event.id] = judged.event

    def change(self, change: Changed) -> None:
        """Take over what became of a rule."""
        if isinstance(change, WatchChange):
            raise TypeError("nobody watches coins in this trial")
        if change.rule is None:
            self._engine.drop(change.rule_id)
        else:
            self._engine.put(change.rule)
        if self._last is not None and self._engine.is_behind:
            self._engine.begin(self._cells(self._last))

    def _cells(self, cycle: Cycle) -> Cells:
        return Cells(cycle, Vectors(self._bars.panel(), SIGNALS, rows=1, memory=self._memory), STEP)


class WatchedStore(MemoryStore):
    """The store in memory, of which a judge sees each moment and each change of a rule as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.judge = Judge()
        self.written: dict[str, Event] = {}
        """Every event, also those that are forgotten with their rule."""

    async def close(self, cycle: Cycle, judged: datetime | None = None) -> None:
        """Write it, and show it."""
        if not self._cycles or cycle.at > self._cycles[-1].at:
            self.judge.close(cycle)
        await super().close(cycle, judged)

    def _tell(self, event: Event, at: datetime) -> None:
        self.written[event.id] = event
        super()._tell(event, at)

    def _change(self, change: Changed) -> None:
        self.judge.change(change)
        super()._change(change)
