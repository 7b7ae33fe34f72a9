"""Rules looked at one by one: what a moment makes of any rule on a coin, and for how long it may sleep then."""

from dataclasses import replace
from datetime import datetime

from signals.columns import Columns, times_of
from signals.judge import policy, said, together
from signals.moves import Moved, moved_of
from signals.rules.lifecycle import (
    AlertState,
    Phase,
    Policy,
    Seen,
    Verdict,
    advance,
    has_moved,
    is_plain,
    sleep,
)
from signals.vigil import UNTIL_KNOWN, Keeper, Kept, Within, bounds

UNSEEN, ARMED, WAITING = AlertState(), AlertState(armed=True), AlertState(armed=True, waiting=True)
"""How one stands of which nothing is kept: its cells were never known, or it waits just where it was met."""


class Alone:
    """Looks at one at a time."""

    def __init__(self, columns: Columns, keeper: Keeper) -> None:
        self._columns = columns
        self._keeper = keeper

    def wake(self, one: Kept, state: AlertState, at: datetime | None) -> None:
        """Let it stand where it was stored, at the last judged moment."""
        verdict, excess = self._verdict(one)
        is_let_go = state.phase is Phase.IDLE and verdict in (Verdict.BETWEEN, Verdict.CALM)
        one.stand(replace(state, waiting=False) if is_let_go else state)
        self._keeper.keep(one)
        if is_plain(one.state, verdict):
            self._keeper.drop(one)
        else:
            *_, step = times_of(self._columns, one.cells)
            self._lay(one, at, verdict, excess, policy(one.rule.draft, step))

    def look(self, one: Kept, at: datetime) -> Moved | None:
        """What became of it; None of one that was kept nowhere and still need not be."""
        is_new = not self._keeper.holds(one)
        if is_new:
            one.stand(self._last(one))
        news, earlier, lapsed, step = times_of(self._columns, one.cells)
        ends = one.rule.draft.until
        if ends is not None and at >= ends:
            self._keeper.drop(one)
            one.stand(AlertState(at=at, armed=True, done=True))
            return None if is_new else moved_of(one)
        verdict, excess = self._verdict(one)
        times = policy(one.rule.draft, step)
        if not news:
            if not is_new:
                self._lay(one, at, verdict, excess, times)
            return None
        old = one.state
        state, told = advance(old, Seen(at, verdict, excess, earlier, lapsed), times)
        one.stand(state)
        if is_plain(one.state, verdict):
            self._keeper.drop(one)
            return moved_of(one, told, at_rest=True) if told or not is_new else None
        self._keeper.keep(one)
        self._lay(one, at, verdict, excess, times)
        moved = is_new or has_moved(old, one.state)
        moved = moved if one.state.armed else self.was_known(one)
        return moved_of(one, told, moved=moved)

    def _verdict(self, one: Kept) -> tuple[Verdict, float]:
        value, held = self._columns.value, self._columns.held
        return together(
            [
                said(condition, _number(value.item(cell)), _number(held.item(cell)))
                for condition, cell in zip(one.track.conditions, one.cells, strict=True)
            ]
        )

    def _lay(self, one: Kept, at: datetime | None, verdict: Verdict, excess: float, times: Policy) -> None:
        """Let one sleep for as long as nothing can change it, or keep it awake."""
        value = [_number(self._columns.value.item(cell)) for cell in one.cells]
        blind = verdict is Verdict.UNKNOWN
        if one.state.done:
            self._keeper.rest(one, [None] * len(value), None)
            return
        rest = sleep(one.state, Seen(at, verdict, excess), times) if at is not None else None
        if rest is None or (blind and None not in value):
            self._keeper.stay_awake(one)
            return
        due_at, is_overdue = rest
        ends = one.rule.draft.until
        if ends is not None:
            due_at = ends if due_at is None else min(due_at, ends)
        within = list[Within | None]()
        for condition, cell, now in zip(one.track.conditions, one.cells, value, strict=True):
            if blind or now is None:
                within.append(UNTIL_KNOWN if now is None else None)
                continue
            low, high = bounds(condition, now, one.told_excess if is_overdue else None)
            if self._columns.low.item(cell) < low or self._columns.high.item(cell) >= high:
                self._keeper.stay_awake(one)
                return
            within.append((low, high))
        self._keeper.rest(one, within, due_at)

    def _last(self, one: Kept) -> AlertState:
        """The state of one that was kept nowhere: armed if its cells were ever known, and waiting if it was met."""
        low, high = self._columns.last_low, self._columns.last_high
        leaves = []
        for condition, cell in zip(one.track.conditions, one.cells, strict=True):
            now = _number(low.item(cell))
            if now is None:
                return UNSEEN
            leaves.append(said(condition, now, high.item(cell)))
        return WAITING if together(leaves)[0] is Verdict.MET else ARMED

    def was_known(self, one: Kept) -> bool:
        """Whether all its cells ever were: it counts as armed then where no state of it is stored."""
        return self._columns.knew(one.cells)

    def admit(self, one: Kept, at: datetime) -> bool:
        """Returns whether it is kept."""
        if self._keeper.holds(one):
            return False
        news, earlier, lapsed, step = times_of(self._columns, one.cells)
        verdict, excess = self._verdict(one)
        times = policy(one.rule.draft, step)
        if news:
            one.stand(advance(one.state, Seen(at, verdict, excess, earlier, lapsed), times)[0])
        if is_plain(one.state, verdict):
            return False
        self._keeper.keep(one)
        self._lay(one, at, verdict, excess, times)
        return True


def _number(value: float) -> float | None:
    return value if value == value else None  # noqa: PLR0124 - NaN is not itself
