"""Rules of one condition looked at together: whoever stands the same and sees the same is judged once.

Verdicts and bounds are found in columns; `advance` decides for all who share state, verdict and times. How far past
the line each was told is its own, so that it does not tell apart those who stand the same otherwise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np

from signals.alone import ARMED, UNSEEN, WAITING
from signals.columns import Columns, from_ticks, length_of
from signals.index import Floats, Numbers
from signals.judge import policy
from signals.levels import UNKNOWN, UNSURE, VERDICTS, Levels, row_of
from signals.moves import Moved
from signals.rules.lifecycle import (
    AlertState,
    Policy,
    Seen,
    Verdict,
    advance,
    has_moved,
    is_plain,
    retold,
    sleep,
)
from signals.vigil import UNTIL_KNOWN, Kept, Vigil, bounds

_STOOD = (ARMED, ARMED, WAITING, UNSEEN, ARMED)
"""By the code of what the last known value said."""


class _Sight(NamedTuple):
    """What tells apart, beside the state and the rule's times, those who see the same."""

    step: int
    before: int
    lapsed: bool
    code: int
    is_worse: bool
    is_out: bool


@dataclass(slots=True)
class _Group:
    """Those who stood the same and saw the same, by row."""

    stood: AlertState
    times: Policy
    sight: _Sight
    is_new: bool
    rows: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Those who are looked at together: how far each is past its line, and between which values it may sleep."""

    ones: Sequence[Kept]
    at: datetime
    cells: Numbers
    excess: Floats
    low: Floats
    high: Floats


class Alike:
    """Looks at those who have one condition, no end, and news."""

    def __init__(self, columns: Columns, vigil: Vigil) -> None:
        self._columns = columns
        self._vigil = vigil

    def takes(self, one: Kept) -> bool:
        """Whether it can be looked at here."""
        if one.levels is None:
            is_simple = len(one.cells) == 1 and one.rule.draft.until is None
            one.levels = row_of(one.track.conditions[0]) if is_simple else b""
        return bool(one.levels) and self._columns.new.item(one.cells[0])

    def look(self, ones: Sequence[Kept], at: datetime) -> Sequence[Moved | None]:
        """What became of each, in order; None of one that was kept nowhere and still need not be."""
        of, moves = self._columns, list[Moved | None]([None]) * len(ones)
        cells = np.array([one.cells[0] for one in ones])
        levels = Levels([one.levels or b"" for one in ones])
        is_new = [one.subject not in self._vigil.kept for one in ones]
        self._recollect(ones, is_new, cells, levels)
        codes, excess = levels.said(of.value[cells], of.held[cells])
        low, high = levels.within(of.value[cells])
        low[codes == UNKNOWN], high[codes == UNKNOWN] = UNTIL_KNOWN
        is_out = (of.low[cells] < low) | (of.high[cells] >= high)
        with np.errstate(invalid="ignore"):
            worse = excess - np.array([one.told_excess for one in ones]) >= 1.0
        columns = of.step[cells], of.before[cells], of.lapsed[cells], codes, worse, is_out
        batch = _Batch(ones, at, cells, excess, low, high)
        sights = zip(*(column.tolist() for column in columns), strict=True)
        for group in self._groups(zip(ones, is_new, sights, strict=True)):
            self._judge(group, batch, moves)
        return moves

    def _recollect(self, ones: Sequence[Kept], is_new: Sequence[bool], cells: Numbers, levels: Levels) -> None:
        """Let those who are kept nowhere stand where their last known value left them."""
        if new := [row for row, of in enumerate(is_new) if of]:
            said, _ = levels.said(self._columns.last_low[cells], self._columns.last_high[cells])
            for row, code in zip(new, said[new].tolist(), strict=True):
                ones[row].stance = _STOOD[code]

    def _groups(self, ones: Iterable[tuple[Kept, bool, tuple[int, ...]]]) -> Iterable[_Group]:
        groups = dict[tuple[int, int, bool, tuple[int, ...]], _Group]()
        for row, (one, is_new, sight) in enumerate(ones):
            step = sight[0]
            if one.times is None or one.step != step:
                one.step, one.times = step, policy(one.rule.draft, length_of(step))
            key = id(one.stance), id(one.times), is_new, sight
            group = groups.get(key)
            if group is None:
                group = groups[key] = _Group(one.stance, one.times, _Sight._make(sight), is_new)
            group.rows.append(row)
        return groups.values()

    def _judge(self, group: _Group, of: _Batch, moves: list[Moved | None]) -> None:
        """Let `advance` decide for all of a group. Who is worse by a band than when it was told stands for all."""
        sight, verdict = group.sight, VERDICTS[group.sight.code]
        seen = Seen(of.at, verdict, float(sight.is_worse), from_ticks(sight.before), sight.lapsed)
        stands, told = advance(group.stood, seen, group.times)
        stands, alike = retold(stands, 0.0), [of.ones[row] for row in group.rows]
        if told is not None and verdict is Verdict.MET:
            for one, excess in zip(alike, of.excess[group.rows].tolist(), strict=True):
                one.told_excess = excess
        at_rest = is_plain(stands, verdict)
        is_moved = group.is_new or not stands.armed or has_moved(group.stood, stands)
        is_said = told is not None or not (at_rest and group.is_new)
        for row, one in zip(group.rows, alike, strict=True):
            one.stance = stands
            if is_said:
                moves[row] = Moved(one.rule, one.coin, one.track, one.state, told, at_rest or is_moved, at_rest)
        if not at_rest:
            self._lay(group, of, stands, Seen(of.at, verdict, float(sight.is_worse and told is None)))
        elif not group.is_new:
            self._vigil.drop_all(alike)

    def _lay(self, group: _Group, of: _Batch, stands: AlertState, seen: Seen) -> None:
        """Let them sleep for as long as nothing can change them, or keep them awake."""
        alike, rows = [of.ones[row] for row in group.rows], group.rows
        if group.is_new:
            self._vigil.keep_all(alike)
        rest = sleep(stands, seen, group.times)
        if stands.done:
            for one in alike:
                self._vigil.rest(one, (None,), None)
        elif rest is None or group.sight.is_out or group.sight.code == UNSURE:
            for one in alike:
                self._vigil.stay_awake(one)
        elif rest[1]:
            for one in alike:
                self._rest_until_worse(one)
        else:
            self._vigil.rest_all(alike, of.cells[rows], (of.low[rows], of.high[rows]), rest[0])

    def _rest_until_worse(self, one: Kept) -> None:
        of, (cell,) = self._columns, one.cells
        low, high = bounds(one.track.conditions[0], of.value.item(cell), one.told_excess)
        if of.low.item(cell) < low or of.high.item(cell) >= high:
            self._vigil.stay_awake(one)
        else:
            self._vigil.rest(one, ((low, high),), None)
