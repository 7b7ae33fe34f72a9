"""Rules of one condition looked at together: whoever stands the same and sees the same is judged once.

Verdicts and bounds are found in columns; `advance` decides for all who share state, verdict and times. How far past
the line each was told is its own, so that it does not tell apart those who stand the same otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, repeat

import numpy as np

from signals.alone import ARMED, UNSEEN, WAITING
from signals.columns import Columns, from_ticks, length_of
from signals.index import Flags, Floats, Numbers
from signals.judge import on_bars
from signals.lately import Lately
from signals.levels import UNKNOWN, UNSURE, VERDICTS
from signals.moves import Moved
from signals.roster import AT_FIRST, NOBODY, Roster, Some
from signals.rules.lifecycle import (
    AlertState,
    Policy,
    Seen,
    Transition,
    Verdict,
    advance,
    has_moved,
    is_plain,
    retold,
    sleep,
)
from signals.scope import Scopes
from signals.vigil import UNTIL_KNOWN

_STOOD = np.array([AT_FIRST.index(of) for of in (ARMED, ARMED, WAITING, UNSEEN, ARMED)])
"""By the code of what the last known value said."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Those who are looked at together, and what each sees; `low` and `high` are where its verdict would change."""

    at: datetime
    rows: Numbers
    cells: Numbers
    is_new: Flags
    codes: Numbers
    excess: Floats
    is_worse: Flags
    low: Floats
    high: Floats
    is_out: Flags


class Alike:
    """Looks at those who have one condition, no end, and news."""

    def __init__(self, columns: Columns, roster: Roster, lately: Lately, scopes: Scopes) -> None:
        self._columns = columns
        self._roster = roster
        self._lately = lately
        self._scopes = scopes

    def look(self, some: Some, at: datetime) -> Iterator[tuple[int, Moved | None]]:
        """What became of them by the slot of each, in their order; None of who was kept nowhere and need not be."""
        rows, is_new = self._rows(some)
        slots, moves = self._roster.slot[rows].tolist(), list[Moved | None]([None]) * len(rows)
        batch = self._seen(rows, is_new, at)
        for group in self._groups(batch) if len(rows) else ():
            self._judge(group, batch, moves)
        return zip(slots, moves, strict=True)

    def _rows(self, some: Some) -> tuple[Numbers, Flags]:
        """The row of each, and whether it is new there; without those whose coin is watched no more."""
        slots, cells, rows = some
        is_new = rows == NOBODY
        if not is_new.any():
            return rows, is_new
        (new,) = is_new.nonzero()
        coins, read, holds = self._columns.coins, self._lately.read, self._scopes.holds
        pairs = zip(slots[new].tolist(), cells[new].tolist(), strict=True)
        new = new[np.array([holds(read(slot).rule, coins[cell]) for slot, cell in pairs], np.bool_)]
        if len(new):
            numbers = [*map(self._lately.numbers, slots[new].tolist())]
            rows[new] = self._roster.enrol(slots[new], cells[new], numbers)
        is_there = rows != NOBODY
        return rows[is_there], is_new[is_there]

    def _seen(self, rows: Numbers, is_new: Flags, at: datetime) -> _Batch:
        of, roster = self._columns, self._roster
        cells, levels = roster.cell[rows], roster.levels(rows)
        if is_new.any():  # they stand where their last known value left them
            said, _ = levels.said(of.last_low[cells], of.last_high[cells])
            roster.stance[rows[is_new]] = _STOOD[said[is_new]]
        values = of.value[cells]
        codes, excess = levels.said(values, of.held[cells])
        low, high = levels.within(values)
        low[codes == UNKNOWN], high[codes == UNKNOWN] = UNTIL_KNOWN
        is_out = (of.low[cells] < low) | (of.high[cells] >= high)
        with np.errstate(invalid="ignore"):
            is_worse = excess - roster.told_excess[rows] >= 1.0
        return _Batch(at, rows, cells, is_new, codes, excess, is_worse, low, high, is_out)

    def _groups(self, of: _Batch) -> Iterator[Numbers]:
        """Those who stood the same and see the same, by their places among all."""
        columns, roster = self._columns, self._roster
        marks = of.codes | of.is_worse << 3 | of.is_out << 4 | columns.lapsed[of.cells] << 5 | of.is_new << 6
        stood = roster.stance[of.rows] << 32 | roster.terms[of.rows] << 8 | marks
        own = stood, columns.step[of.cells], columns.before[of.cells]
        order = np.lexsort(own)
        begins = np.zeros(len(order) - 1, np.bool_)
        for column in own:
            sorted_ = column[order]
            begins |= sorted_[1:] != sorted_[:-1]
        edges = (np.flatnonzero(begins) + 1).tolist()
        return (order[start:stop] for start, stop in pairwise([0, *edges, len(order)]))

    def _judge(self, group: Numbers, of: _Batch, moves: list[Moved | None]) -> None:
        """Let `advance` decide for all of a group. Who is worse by a band than when it was told stands for all."""
        columns, roster, first = self._columns, self._roster, group.item(0)
        cell, row, rows = of.cells.item(first), of.rows.item(first), of.rows[group]
        is_new, is_worse, verdict = of.is_new.item(first), of.is_worse.item(first), VERDICTS[of.codes.item(first)]
        stood = roster.stances[roster.stance.item(row)]
        times = on_bars(roster.all_terms[roster.terms.item(row)], length_of(columns.step.item(cell)))
        seen = Seen(of.at, verdict, float(is_worse), from_ticks(columns.before.item(cell)), columns.lapsed.item(cell))
        stands, told = advance(stood, seen, times)
        stands = retold(stands, 0.0)
        if told is not None and verdict is Verdict.MET:
            roster.told_excess[rows] = of.excess[group]
        at_rest = is_plain(stands, verdict)
        is_moved = is_new or not stands.armed or has_moved(stood, stands)
        if told is not None or not (at_rest and is_new):
            each = self._moved(rows, stands, told, moved=at_rest or is_moved, at_rest=at_rest)
            for n, one in zip(group.tolist(), each, strict=True):
                moves[n] = one
        if at_rest:
            roster.release(rows)
        else:
            roster.stance[rows] = roster.number_of(stands)
            self._lay(group, of, stands, Seen(of.at, verdict, float(is_worse and told is None)), times)

    def _moved(
        self, rows: Numbers, stands: AlertState, told: Transition | None, *, moved: bool, at_rest: bool
    ) -> Iterator[Moved]:
        """The moves of those who stand the same now."""
        roster, coins = self._roster, self._columns.coins
        reads = [*map(self._lately.read, roster.slot[rows].tolist())]
        rules, tracks = [one.rule for one in reads], [one.tracks[0] for one in reads]
        on = [coins[cell] for cell in roster.cell[rows].tolist()]
        is_told = stands.told_at is not None
        states = [retold(stands, of) for of in roster.told_excess[rows].tolist()] if is_told else repeat(stands)
        each = zip(rules, on, tracks, states, repeat(told), repeat(moved), repeat(at_rest), strict=False)
        return map(Moved._make, each)

    def _lay(self, group: Numbers, of: _Batch, stands: AlertState, seen: Seen, times: Policy) -> None:
        """Let them sleep for as long as nothing can change them, or keep them awake."""
        roster, rows, first = self._roster, of.rows[group], group.item(0)
        rest = sleep(stands, seen, times)
        if stands.done:
            roster.leave(rows)
        elif rest is None or of.is_out.item(first) or of.codes.item(first) == UNSURE:
            roster.wake(rows)
        elif rest[1]:
            self._rest_until_worse(group, of)
        else:
            roster.sleep(rows, of.low[group], of.high[group], rest[0])

    def _rest_until_worse(self, group: Numbers, of: _Batch) -> None:
        columns, roster, rows, cells = self._columns, self._roster, of.rows[group], of.cells[group]
        low, high = roster.levels(rows).until_worse(columns.value[cells], roster.told_excess[rows])
        is_out = (columns.low[cells] < low) | (columns.high[cells] >= high)
        roster.wake(rows[is_out])
        roster.sleep(rows[~is_out], low[~is_out], high[~is_out], None)
