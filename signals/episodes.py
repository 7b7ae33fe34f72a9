"""A rule's whole past on one coin: the phases of `advance`, without the bars that can change nothing.

This is the one place of the dry run that knows the phases. That nothing is skipped but what changes nothing is held by
a test against the plain loop over all bars.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from signals.panel import Series
from signals.rules.lifecycle import AlertState, Phase, Policy, Seen, Transition, advance
from signals.verdicts import CALM, MET, UNKNOWN, VERDICTS, Codes


@dataclass(frozen=True, slots=True)
class Lived:
    """What was told, oldest first, and where the rule then stands."""

    told: tuple[Transition, ...]
    state: AlertState


def lived(times: Sequence[datetime], codes: Codes, excess: Series, policy: Policy) -> Lived:
    """One rule on one coin over bars that follow each other without a hole, from before it was armed."""
    state, told, bars, row = AlertState(), list[Transition](), _Bars(times, codes, excess), 0
    while row < len(times) and not state.done:
        if row and state.at is not None:
            state = replace(state, at=times[row - 1])
        seen = Seen(times[row], VERDICTS[codes[row]], float(excess[row]))
        before, (state, one) = state, advance(state, seen, policy)
        if one is not None:
            told.append(one)
        is_settled = replace(before, at=state.at) == state
        row = bars.next(row, state, policy) if is_settled else row + 1
    at = times[-1] if len(times) and not state.done else state.at
    return Lived(tuple(told), replace(state, at=at))


def starts(codes: Codes) -> npt.NDArray[np.int64]:
    """How often something begins that must be looked at bar by bar, per coin: the work of `lived` grows with it."""
    met = codes == MET
    began: npt.NDArray[np.int64] = (met[1:] & ~met[:-1]).sum(axis=0) + met[:1].sum(axis=0)
    return began


class _Bars:
    """The bars of one coin, and from each the next one that may change something."""

    def __init__(self, times: Sequence[datetime], codes: Codes, excess: Series) -> None:
        self._times, self._excess, self._codes = times, excess, codes
        self._ends = np.append(np.flatnonzero(codes[1:] != codes[:-1]) + 1, len(codes))
        self._met, self._known = np.flatnonzero(codes == MET), np.flatnonzero(codes != UNKNOWN)

    def next(self, row: int, state: AlertState, policy: Policy) -> int:
        """The next bar to look at, after one that changed nothing."""
        code = self._codes[row]
        if state.phase is Phase.IDLE and not state.waiting and code not in (MET, UNKNOWN):
            return self._before_met(row)
        end = int(self._ends[np.searchsorted(self._ends, row, side="right")])
        match state.phase, code:
            case Phase.PENDING, verdict if verdict == MET and state.since is not None:
                return self._at(state.since + state.dark + policy.hold, row, end)
            case Phase.RECOVERING, verdict if verdict == CALM and state.since is not None:
                return self._at(state.since + state.dark + policy.calm, row, end)
            case Phase.FIRING, verdict if verdict == MET and policy.repeat is not None and state.told_at is not None:
                due = self._at(state.told_at + policy.repeat, row, end)
                worse = np.flatnonzero(self._excess[due:end] >= state.told_excess + 1.0)
                return due + int(worse[0]) if len(worse) else end
            case _:
                return end

    def _before_met(self, row: int) -> int:
        """An idle rule waits for a bar that is met; the known one before it, because what lies between is unknown."""
        at = int(np.searchsorted(self._met, row, side="right"))
        if at == len(self._met):
            return max(row + 1, int(self._known[-1]))
        known = int(self._known[np.searchsorted(self._known, self._met[at]) - 1])
        return max(row + 1, known)

    def _at(self, due: datetime, row: int, end: int) -> int:
        return min(max(bisect_left(self._times, due), row + 1), end)
