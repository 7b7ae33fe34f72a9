"""Newcomers: plain rules that were loaded and which no moment has armed yet. A million may come at once: in columns."""

from array import array

import numpy as np

from signals.columns import Columns
from signals.index import Flags, Numbers, Slots


class Newcomers:
    """Who came, in the order of slots, with the cell that each reads and the time when it was made."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._slots, self._cells, self._made = array("I"), array("q"), array("q")

    def put(self, slot: int, cell: int, made: int) -> None:
        """The rule came, behind those that came before."""
        self._slots.append(slot)
        self._cells.append(cell)
        self._made.append(made)

    def hold(self, slots: Slots) -> Flags:
        """Whether each of these rules waits here."""
        waiting: Slots = np.frombuffer(self._slots, np.uint32)
        return np.searchsorted(waiting, slots) < np.searchsorted(waiting, slots, side="right")

    def release(self, at: int) -> Slots:
        """Let those go that were made before that moment; returns the few of them that it has to arm.

        Where a cell is known, the last moment has armed its rules; where it never was, its first value will.
        """
        slots: Slots = np.array(self._slots, np.uint32)
        cells: Numbers = np.array(self._cells, np.int64)
        made: Numbers = np.array(self._made, np.int64)
        is_over = made < at
        if is_over.any():
            stays = ~is_over
            self._slots = array("I", slots[stays].tobytes())
            self._cells, self._made = array("q", cells[stays].tobytes()), array("q", made[stays].tobytes())
        return slots[is_over & self._columns.are_dark(cells)]
