"""Cells read with care: one broken signal must not end the judging of all the others."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from signals.aggregate import Cycle, Reading, Weighing
from signals.base import Signal
from signals.cells import Cells, Seen, Vectors
from signals.glance import Row
from signals.model import Cell, Fact, Unit, Yardstick
from signals.numbers import Number, number_of

log = structlog.get_logger()

UNREADABLE = Fact("evidence", None, Unit.STATE, "could not be read")
"""Told in place of what a signal cannot say."""


def careful_row(vectors: Vectors) -> Callable[[Number, datetime], Row]:
    """How a number of all coins is read: one that cannot be computed is unknown, which whoever judges it logs."""

    def row(number: Number, at: datetime) -> Row:
        try:
            return vectors.row(number, at)
        except Exception:  # noqa: BLE001 - whatever a signal raises, the others are shown
            return Row(at, at, vectors.panel.step, None)

    return row


class CarefulCells(Cells):
    """Cells of which one that cannot be computed is unknown; so are those of the same number on other coins.

    What a score rests on may be unreadable, too: the alert says so. `mute` are the signals of which that was logged,
    kept from moment to moment.
    """

    def __init__(self, cycle: Cycle, vectors: Vectors, step: timedelta, mute: set[str]) -> None:
        super().__init__(cycle, vectors, step)
        self._mute = mute
        self._broken: set[tuple[Number, Yardstick]] = set()

    @property
    def broken(self) -> tuple[str, ...]:
        """The names of what could not be computed."""
        return tuple(sorted({number.name for number, _ in self._broken}))

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

    def evidence(self, signal: Signal, coin: str, window: timedelta, side: str) -> Sequence[Fact]:
        """What the score rests on, or that it could not be read."""
        try:
            found = tuple(super().evidence(signal, coin, window, side))
        except Exception as error:  # noqa: BLE001 - whatever a signal raises, the alert is told
            if signal.name not in self._mute:
                log.error("evidence cannot be read", name=signal.name, error=repr(error))  # noqa: TRY400 - one line
                self._mute.add(signal.name)
            return (UNREADABLE,)
        if signal.name in self._mute:
            log.info("evidence can be read again", name=signal.name)
            self._mute.remove(signal.name)
        return found
