"""A rule's whole past on one coin: the phases of `advance`, without the bars that can change nothing.

That nothing is passed over but what changes nothing is held by a test against the plain loop over all bars.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from signals.panel import Series
from signals.rules.lifecycle import AlertState, Phase, Policy, Seen, Transition, advance, due, reminder_due
from signals.verdicts import CALM, MET, UNKNOWN, VERDICTS, Codes, Said


def told_of(times: Sequence[datetime], said: Said, column: int, policy: Policy) -> Sequence[Transition]:
    """What is told of one coin, oldest first, over bars without a hole, from before the rule was armed."""
    codes, excess, lapsed = said.codes[:, column], said.excess[:, column], said.lapsed[:, column]
    state, told, bars, row = AlertState(), list[Transition](), _Bars(times, codes, excess), 0
    while row < len(times) and not state.done:
        before = times[row - 1] if row else None
        seen = Seen(times[row], VERDICTS[codes[row]], float(excess[row]), before, bool(lapsed[row]))
        arms = seen.lapsed or not state.armed or state.phase is Phase.NO_DATA
        state, one = advance(state, seen, policy)
        told += [one] if one is not None else []
        is_lit = state.armed and state.phase is not Phase.NO_DATA
        row = row + 1 if arms and is_lit else bars.next(row, state, policy)
    return told


def stretches(codes: Codes) -> int:
    """How often something begins to be met: the work of `told_of` grows with it."""
    met = codes == MET
    return int((met[1:] & ~met[:-1]).sum() + met[:1].sum())


class _Bars:
    """The bars of one coin, and from each the next one that may change something."""

    def __init__(self, times: Sequence[datetime], codes: Codes, excess: Series) -> None:
        self._times, self._excess, self._codes = times, excess, codes
        self._changes = _after(np.flatnonzero(codes[1:] != codes[:-1]) + 1, len(codes))
        self._met = _after(np.flatnonzero(codes == MET), len(codes))
        self._let_go = _after(np.flatnonzero((codes == CALM) | (codes == UNKNOWN)), len(codes))

    def next(self, row: int, state: AlertState, policy: Policy) -> int:
        """The next bar to look at: another verdict or the time that is due; for an idle rule one that is met."""
        is_met = self._codes[row] == MET
        if state.phase is Phase.IDLE and not is_met and state.armed and not state.waiting:
            return int(self._met[row])
        if state.phase is Phase.FIRING and state.unknown_since is None:
            return self._worse(row, int(self._let_go[row]), state, reminder_due(state, policy))
        change, at = int(self._changes[row]), due(state, policy)
        return change if at is None else self._at(at, row, change)

    def _worse(self, row: int, let_go: int, state: AlertState, reminds: datetime | None) -> int:
        """While it fires, the next bar that is worse by a band when a reminder is due; else the one that lets it go."""
        if reminds is None:
            return let_go
        first = self._at(reminds, row, let_go)
        worse = np.flatnonzero(self._excess[first:let_go] >= state.told_excess + 1.0)
        return first + int(worse[0]) if len(worse) else let_go

    def _at(self, at: datetime, row: int, end: int) -> int:
        return min(max(bisect_left(self._times, at), row + 1), end)


def _after(rows: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """For each row the first of these after it, else the end."""
    found: npt.NDArray[np.int64] = np.append(rows, count)[np.searchsorted(rows, np.arange(count), side="right")]
    return found
