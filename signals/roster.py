"""The roster: rules of one condition, each on a coin a row of numbers, where the verdict alone does not say the state.

Many stand the same, so states are written once, under a number, without how far past the line each was told.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import inf
from typing import TypeAlias

import numpy as np

from signals.alone import ARMED, UNSEEN, WAITING
from signals.columns import NOWHERE, Columns, to_ticks
from signals.index import Floats, Numbers, Slots
from signals.judge import Terms, terms
from signals.levels import FIELDS, Levels, row_of, rows_of
from signals.rules.lifecycle import AlertState, retold
from signals.vigil import Kept, Within

AT_FIRST = (UNSEEN, ARMED, WAITING)
"""The states whose numbers never change."""
NOBODY = -1
"""The slot of a row that is free, and the row of who has none."""
Some: TypeAlias = tuple[Numbers, Numbers, Numbers]
"""Some rules on coins: their slots, the numbers of their cells, and their rows, NOBODY where nothing is kept."""

NEVER_DUE = 2**62
MANY_STATES = 1_024
"""States from which on those are forgotten in which nobody stands."""


class Roster:
    """All of one condition that are kept, with what wakes them. Grows by doubling; a row stays while it is in use."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._rows: dict[int, int] = {}
        """By slot and cell in one number."""
        self._free: list[int] = []
        self._count = 0
        """Rows in use or free."""
        self.slot, self.cell = np.full(64, NOBODY), np.zeros(64, np.int64)
        self._levels = np.zeros((64, FIELDS))
        self.terms, self.stance = np.zeros(64, np.int64), np.zeros(64, np.int64)
        """By number the rule's times, and where it stands without how far past the line it was told."""
        self.told_excess = np.zeros(64)
        self._watched = np.zeros(64, np.int64)
        """The cell that may wake it: NOWHERE if none does."""
        self._low, self._high = np.full(64, -inf), np.full(64, inf)
        self._due = np.full(64, NEVER_DUE)
        self._is_awake = np.zeros(64, np.bool_)
        self.all_terms, self.stances = list[Terms](), list[AlertState](AT_FIRST)
        """By number."""
        self._numbers_of_terms = dict[Terms, int]()
        self._numbers = {state: number for number, state in enumerate(AT_FIRST)}
        self._most_stances = MANY_STATES

    def __len__(self) -> int:
        return len(self._rows)

    # one by one

    def holds(self, one: Kept) -> bool:
        """Whether it has a row."""
        return _key(one) in self._rows

    def state(self, one: Kept) -> AlertState | None:
        """Where it stands; None where nothing is kept of it."""
        row = self._rows.get(_key(one))
        if row is None:
            return None
        stance = self.stances[self.stance.item(row)]
        return stance if stance.told_at is None else retold(stance, self.told_excess.item(row))

    def of(self, slot: int) -> Numbers:
        """The rows of a rule, on whatever coin."""
        return np.flatnonzero(self.slot[: self._count] == slot)

    def keep(self, one: Kept) -> None:
        """Remember where it stands now."""
        row = self._rows.get(_key(one))
        if row is None:
            numbers = row_of(one.track.conditions[0]), self.number_of_terms(terms(one.rule.draft))
            (row,) = self.enrol(np.array([one.slot]), np.array(one.cells), [numbers]).tolist()
        self.stance[row], self.told_excess[row] = self.number_of(one.stance), one.told_excess

    def drop(self, one: Kept) -> None:
        """Forget it."""
        row = self._rows.get(_key(one))
        if row is not None:
            self.release(np.array([row]))

    def rest(self, one: Kept, within: Iterable[Within | None], due: datetime | None) -> None:
        """Let it sleep while its cell stays within its bounds, if it has any; at `due` it is looked at anyway."""
        row, (limits,) = np.array([self._rows[_key(one)]]), within
        if limits is None:
            self.leave(row)
        else:
            self.sleep(row, np.array(limits[:1]), np.array(limits[1:]), due)

    def stay_awake(self, one: Kept) -> None:
        """Look at it whenever there is news."""
        self.wake(np.array([self._rows[_key(one)]]))

    # many at once

    def lookers(self, slots: Slots, cells: Numbers, at: int) -> Some:
        """Whom to look at: who is woken, and with news who passed its key there; in the order of rules and coins."""
        rows, is_news = self._woken(at), self._columns.new[cells]
        if not len(rows) and not is_news.any():
            return rows, rows, rows
        new = self._absent(slots[is_news], cells[is_news])
        of, on = np.append(self.slot[rows], new >> 32), np.append(self.cell[rows], new & 0xFFFFFFFF)
        order = np.argsort(of << 32 | self._columns.places()[on])
        return of[order], on[order], np.append(rows, np.full(len(new), NOBODY))[order]

    def enrol(self, slots: Numbers, cells: Numbers, numbers: Sequence[tuple[bytes, int]]) -> Numbers:
        """New rows for these rules, each on its cell's coin, with its condition in numbers and that of its terms."""
        rows = self._free_rows(len(slots))
        levels, by = zip(*numbers, strict=True)
        self.slot[rows], self.cell[rows], self.terms[rows], self.told_excess[rows] = slots, cells, by, 0.0
        self._levels[rows] = rows_of(levels)
        self._rows.update(zip((slots << 32 | cells).tolist(), rows.tolist(), strict=True))
        return rows

    def release(self, rows: Numbers) -> None:
        """Forget these."""
        for key in (self.slot[rows] << 32 | self.cell[rows]).tolist():
            del self._rows[key]
        self.slot[rows], self.stance[rows] = NOBODY, 0
        self.leave(rows)
        self._free += rows.tolist()
        if not self._rows:
            self._free, self._count = [], 0

    def levels(self, rows: Numbers) -> Levels:
        """Their levels."""
        return Levels(self._levels[rows])

    def sleep(self, rows: Numbers, low: Floats, high: Floats, due: datetime | None) -> None:
        """Let them sleep while their cells stay within these bounds; at `due` they are looked at anyway."""
        self._watched[rows], self._low[rows], self._high[rows] = self.cell[rows], low, high
        self._due[rows], self._is_awake[rows] = NEVER_DUE if due is None else to_ticks(due), False

    def wake(self, rows: Numbers) -> None:
        """Look at them whenever there is news."""
        self.leave(rows)
        self._is_awake[rows] = True

    def leave(self, rows: Numbers) -> None:
        """Look at them no more."""
        self._watched[rows], self._low[rows], self._high[rows] = NOWHERE, -inf, inf
        self._due[rows], self._is_awake[rows] = NEVER_DUE, False

    def number_of_terms(self, of: Terms) -> int:
        """The number of these times."""
        number = self._numbers_of_terms.setdefault(of, len(self.all_terms))
        if number == len(self.all_terms):
            self.all_terms.append(of)
        return number

    def number_of(self, stance: AlertState) -> int:
        """The number of a state without how far past the line it was told."""
        number = self._numbers.setdefault(stance, len(self.stances))
        if number == len(self.stances):
            self.stances.append(stance)
        return number

    def settle(self) -> None:
        """The moment is judged: states in which nobody stands are forgotten, once there are many."""
        if len(self.stances) < self._most_stances:
            return
        n, first = self._count, len(AT_FIRST)
        used, numbers = np.unique(np.concatenate([np.arange(first), self.stance[:n]]), return_inverse=True)
        self.stance[:n] = numbers[first:]
        self.stances = [self.stances[number] for number in used.tolist()]
        self._numbers = {state: number for number, state in enumerate(self.stances)}
        self._most_stances = max(MANY_STATES, 2 * len(self.stances))

    def _woken(self, at: int) -> Numbers:
        """The rows that must be looked at now: of which there is news, and that it may change."""
        n = self._count
        if not n:
            return np.empty(0, np.int64)
        watched, of = self._watched[:n], self._columns
        low, high = of.low[watched], of.high[watched]
        is_out = (low < self._low[:n]) | (high >= self._high[:n]) | of.lapsed[watched]
        is_out |= np.isnan(low) != np.isnan(self._low[:n])
        is_out |= self._is_awake[:n] | (self._due[:n] <= at)
        rows = np.flatnonzero(is_out)
        return rows[of.new[self.cell[rows]]]

    def _absent(self, slots: Slots, cells: Numbers) -> Numbers:
        """Those that have no row, each once, as one number of slot and cell."""
        keys = np.unique(slots.astype(np.int64) << 32 | cells)
        return keys[np.array([key not in self._rows for key in keys.tolist()], np.bool_)]

    def _free_rows(self, wanted: int) -> Numbers:
        """So many rows that are free now: those that were used before come first."""
        again = self._free[max(0, len(self._free) - wanted) :]
        del self._free[len(self._free) - len(again) :]
        end = self._count + wanted - len(again)
        while end > len(self.slot):
            self._grow()
        rows = np.array([*again, *range(self._count, end)], np.int64)
        self._count = end
        return rows

    def _grow(self) -> None:
        size = 2 * len(self.slot)
        for name in ("slot", "cell", "terms", "stance", "told_excess", "_watched", "_low", "_high", "_due"):
            setattr(self, name, np.resize(getattr(self, name), size))
        self._is_awake, self._levels = np.resize(self._is_awake, size), np.resize(self._levels, (size, FIELDS))


def _key(one: Kept) -> int:
    """A rule on a coin, as a number: of one condition, it reads one cell there."""
    return one.slot << 32 | one.cells[0]
