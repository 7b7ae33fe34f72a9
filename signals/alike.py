"""Rules of one condition looked at together: whoever stands the same and sees the same is judged once.

Verdicts and bounds are found in columns; `advance` decides for all who share state, verdict and times. How far past
the line each was told is its own, so that it does not tell apart those who stand the same otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from signals.columns import Columns, from_ticks, length_of
from signals.judge import policy
from signals.levels import MET, UNKNOWN, UNSURE, VERDICTS, Levels, row_of
from signals.moves import Moved
from signals.rules.lifecycle import (
    AlertState,
    Seen,
    Transition,
    advance,
    due,
    has_moved,
    is_plain,
    is_steady,
    reminder_due,
    retold,
)
from signals.vigil import UNTIL_KNOWN, Kept, Vigil, bounds

UNSEEN, ARMED, WAITING = AlertState(), AlertState(armed=True), AlertState(armed=True, waiting=True)
"""How one stands of which nothing is kept: its cells were never known, or it waits just where it was met."""

_STOOD = (ARMED, ARMED, WAITING, UNSEEN, ARMED)
"""By the code of what the last known value said."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a moment makes of all who stood at `stood` and saw the same."""

    stood: AlertState
    stands: AlertState
    told: Transition | None
    moved: bool
    at_rest: bool
    is_awake: bool
    due: datetime | None
    is_overdue: bool
    """Its reminder is due: it wakes where it is worse than it was told."""


class Alike:
    """Looks at those who have news and one condition."""

    def __init__(self, columns: Columns, vigil: Vigil) -> None:
        self._columns = columns
        self._vigil = vigil

    def takes(self, one: Kept) -> bool:
        """Whether it can be looked at here."""
        if len(one.cells) > 1 or one.rule.draft.until is not None or not self._columns.new.item(one.cells[0]):
            return False
        if one.levels is None:
            one.levels = row_of(one.track.conditions[0])
        return True

    def look(self, ones: Sequence[Kept], at: datetime) -> list[Moved | None]:
        """What became of each, in order; None of one that was kept nowhere and still need not be."""
        of, kept, moves = self._columns, self._vigil.kept, list[Moved | None]()
        cells = np.array([one.cells[0] for one in ones])
        levels = Levels([one.levels or () for one in ones])
        value = of.value[cells]
        codes, excess = levels.said(value, of.held[cells])
        stood, _ = levels.said(of.last_low[cells], of.last_high[cells])
        low, high = levels.within(value)
        low[codes == UNKNOWN], high[codes == UNKNOWN] = UNTIL_KNOWN
        is_out = (of.low[cells] < low) | (of.high[cells] >= high)
        with np.errstate(invalid="ignore"):
            worse = excess - np.array([one.told_excess for one in ones]) >= 1.0
        known = dict[tuple[int, ...], _Outcome]()
        rests, rows, dues = list[Kept](), list[int](), list[datetime | None]()
        times = (column[cells].tolist() for column in (of.before, of.lapsed, of.step))
        seen = (column.tolist() for column in (stood, codes, excess, worse, is_out))
        for row, (one, before, lapsed, step, last, code, far, is_worse_now, out) in enumerate(
            zip(ones, *times, *seen, strict=True)
        ):
            is_new = one.subject not in kept
            if is_new:
                one.stance = _STOOD[last]
            if one.times is None or one.step != step:
                one.step, one.times = step, policy(one.rule.draft, length_of(step))
            key = id(one.stance), id(one.times), code, is_worse_now, before, lapsed
            outcome = known.get(key)
            if outcome is None:
                previous = from_ticks(before)
                outcome = known[key] = _judged(one, at, code, previous, worse=is_worse_now, lapsed=lapsed)
            one.stance, told = outcome.stands, outcome.told
            if told is not None and code == MET:
                one.told_excess = far
            if outcome.at_rest:
                if not is_new:
                    self._vigil.drop(one)
                is_said = told is not None or not is_new
                moves.append(Moved(one.rule, one.coin, one.track, one.state, told, True, True) if is_said else None)
                continue
            if is_new:
                self._vigil.keep(one)
            moved = is_new or outcome.moved
            if not outcome.stands.armed:
                moved = of.were_known(one.cells, one.rule.created)
            moves.append(Moved(one.rule, one.coin, one.track, one.state, told, moved, False))
            if outcome.is_overdue and not out:
                limits = bounds(one.track.conditions[0], value.item(row), one.told_excess)
                low[row], high[row] = limits
                out = of.low.item(one.cells[0]) < limits[0] or of.high.item(one.cells[0]) >= limits[1]
            if outcome.stands.done:
                self._vigil.rest(one, (None,), None)
            elif outcome.is_awake or out:
                self._vigil.stay_awake(one)
            else:
                rests.append(one)
                rows.append(row)
                dues.append(outcome.due)
        self._vigil.rest_all(rests, cells[rows], (low[rows], high[rows]), dues)
        return moves


def _judged(one: Kept, at: datetime, code: int, before: datetime | None, *, worse: bool, lapsed: bool) -> _Outcome:
    times, verdict, stood = one.times, VERDICTS[code], one.stance
    assert times is not None
    stands, told = advance(stood, Seen(at, verdict, float(worse), before, lapsed), times)
    stands = retold(stands, 0.0)
    seen = Seen(at, verdict, float(worse and told is None))
    is_awake = code == UNSURE or not is_steady(stands, seen, times)
    due_at, is_overdue = due(stands, times), False
    if due_at is not None and due_at <= at:
        is_overdue = due_at == reminder_due(stands, times)
        is_awake, due_at = is_awake or not is_overdue, None
    is_overdue = is_overdue and code == MET
    return _Outcome(
        stood, stands, told, has_moved(stood, stands), is_plain(stands, verdict), is_awake, due_at, is_overdue
    )
