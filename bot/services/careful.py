"""Cells read with care: one broken signal must not end the judging of all the others."""

from datetime import timedelta

import structlog

from signals.aggregate import Cycle, Reading, Weighing
from signals.cells import Cells, Seen, Vectors
from signals.model import Cell, Yardstick
from signals.numbers import Number, number_of

log = structlog.get_logger()


class CarefulCells(Cells):
    """Cells of which one that cannot be computed is unknown; so are those of the same number on other coins."""

    def __init__(self, cycle: Cycle, vectors: Vectors, step: timedelta) -> None:
        super().__init__(cycle, vectors, step)
        self._broken: set[tuple[Number, Yardstick]] = set()

    def read(self, cell: Cell) -> Seen:
        """The cell's value, or that it is unknown."""
        key = number_of(cell), cell.yardstick
        if key not in self._broken:
            try:
                return super().read(cell)
            except Exception as error:  # noqa: BLE001 - whatever a signal raises, the rules on others are judged
                said = repr(error)
                log.error("a signal cannot be judged", name=cell.name, error=said)  # noqa: TRY400 - one line a moment
                self._broken.add(key)
        return Seen(Reading(None, self.cycle.at, (), (), 0.0, Weighing.ONE), self._step)
