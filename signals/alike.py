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
    """Those who stood the same and saw the same, by row, and what becomes of them."""

    stood: AlertState
    times: Policy
    sight: _Sight
    is_new: bool
    rows: list[int] = field(default_factory=list)


class Alike:
    """Looks at those who have one condition, no end, and news."""

    def __init__(self, columns: Columns, vigil: Vigil) -> None:
        self._columns = columns
        self._vigil = vigil

    def takes(self, one: Kept) -> bool:
        """Whether it can be looked at here."""
        if one.levels is None:
            is_plain = len(one.cells) == 1 and one.rule.draft.until is None
            one.levels = row_of(one.track.conditions[0]) if is_plain else b""
        return bool(one.levels) and self._columns.new.item(one.cells[0])

    def look(self, ones: Sequence[Kept], at: datetime) -> list[Moved | None]:
        """What became of each, in order; None of one that was kept nowhere and still need not be."""
        of, moves = self._columns, list[Moved | None]([None]) * len(ones)
        cells = np.array([one.cells[0] for one in ones])
        levels = Levels([one.levels or b"" for one in ones])
        value = of.value[cells]
        codes, excess = levels.said(value, of.held[cells])
        within = levels.within(value)
        with np.errstate(invalid="ignore"):
            worse = excess - np.array([one.told_excess for one in ones]) >= 1.0
        for limit, unknown in zip(within, UNTIL_KNOWN, strict=True):
            limit[codes == UNKNOWN] = unknown
        is_out = (of.low[cells] < within[0]) | (of.high[cells] >= within[1])
        seen = (
            column.tolist() for column in (of.step[cells], of.before[cells], of.lapsed[cells], codes, worse, is_out)
        )
        new = [row for row, one in enumerate(ones) if one.subject not in self._vigil.kept]
        if new:
            stood, _ = levels.said(of.last_low[cells], of.last_high[cells])
            for row, code in zip(new, stood[new].tolist(), strict=True):
                ones[row].stance = _STOOD[code]
        for group in self._groups(ones, zip(*seen, strict=True)):
            self._judge(group, ones, at, cells, (excess, *within), moves)
        return moves

    def _groups(self, ones: Sequence[Kept], sights: Iterable[tuple[int, ...]]) -> Iterable[_Group]:
        kept, groups = self._vigil.kept, dict[tuple[int, int, bool, tuple[int, ...]], _Group]()
        for row, (one, sight) in enumerate(zip(ones, sights, strict=True)):
            if one.times is None or one.step != sight[0]:
                one.step, one.times = sight[0], policy(one.rule.draft, length_of(sight[0]))
            key = id(one.stance), id(one.times), one.subject in kept, sight
            group = groups.get(key)
            if group is None:
                group = groups[key] = _Group(one.stance, one.times, _Sight._make(sight), one.subject not in kept)
            group.rows.append(row)
        return groups.values()

    def _judge(
        self,
        group: _Group,
        ones: Sequence[Kept],
        at: datetime,
        cells: Numbers,
        columns: tuple[Floats, Floats, Floats],
        moves: list[Moved | None],
    ) -> None:
        sight, times, verdict = group.sight, group.times, VERDICTS[group.sight.code]
        stands, told = advance(
            group.stood, Seen(at, verdict, float(sight.is_worse), from_ticks(sight.before), sight.lapsed), times
        )
        stands, alike = retold(stands, 0.0), [ones[row] for row in group.rows]
        if told is not None and verdict is Verdict.MET:
            for one, excess in zip(alike, columns[0][group.rows].tolist(), strict=True):
                one.told_excess = excess
        at_rest, moved = is_plain(stands, verdict), group.is_new or has_moved(group.stood, stands)
        for row, one in zip(group.rows, alike, strict=True):
            one.stance = stands
            if at_rest and group.is_new and told is None:
                continue
            is_told = moved if stands.armed else self._columns.were_known(one.cells, one.rule.created)
            moves[row] = Moved(one.rule, one.coin, one.track, one.state, told, at_rest or is_told, at_rest)
        if at_rest:
            self._vigil.drop_all(alike if not group.is_new else ())
            return
        if group.is_new:
            self._vigil.keep_all(alike)
        seen = Seen(at, verdict, float(sight.is_worse and told is None))
        self._lay(group, alike, stands, seen, cells[group.rows], columns)

    def _lay(
        self,
        group: _Group,
        alike: Sequence[Kept],
        stands: AlertState,
        seen: Seen,
        cells: Numbers,
        columns: tuple[Floats, Floats, Floats],
    ) -> None:
        """Let them sleep for as long as nothing can change them, or keep them awake."""
        rest = sleep(stands, seen, group.times)
        if stands.done:
            for one in alike:
                self._vigil.rest(one, (None,), None)
        elif rest is None or group.sight.is_out or group.sight.code == UNSURE:
            for one in alike:
                self._vigil.stay_awake(one)
        elif rest[1]:
            for one, cell in zip(alike, cells.tolist(), strict=True):
                low, high = bounds(one.track.conditions[0], self._columns.value.item(cell), one.told_excess)
                if self._columns.low.item(cell) < low or self._columns.high.item(cell) >= high:
                    self._vigil.stay_awake(one)
                else:
                    self._vigil.rest(one, ((low, high),), None)
        else:
            self._vigil.rest_all(alike, cells, (columns[1][group.rows], columns[2][group.rows]), rest[0])
