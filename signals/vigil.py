"""The vigil: who cannot be forgotten between two looks, and what wakes them.

Each condition of such a rule sleeps while its cell stays within bounds between which its verdict cannot change.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import inf, nan, nextafter
from typing import Protocol, TypeAlias

import numpy as np

from signals.columns import NOWHERE, Columns
from signals.index import clear_keys, line_keys
from signals.judge import Track, verdict
from signals.rules.lifecycle import AlertState, is_worse, retold
from signals.rules.model import Condition, Rule

Within: TypeAlias = tuple[float, float]
"""Bounds: the first value is within them, the second is not."""
UNTIL_KNOWN = (nan, nan)
"""Bounds of a cell that is unknown: any value wakes."""


@dataclass(slots=True, eq=False)
class Kept:
    """A rule on a coin whose state the verdict alone does not say."""

    slot: int
    rule: Rule
    coin: str
    track: Track
    cells: tuple[int, ...]
    stance: AlertState = field(default_factory=AlertState)
    """Its state without how far past the line it was told: many stand the same."""
    told_excess: float = 0.0
    rows: tuple[int, ...] = ()
    due: datetime | None = None
    subject: tuple[int, str] = field(init=False)
    """What it is kept under."""

    def __post_init__(self) -> None:
        self.subject = self.slot, self.coin + self.track.mark

    @property
    def state(self) -> AlertState:
        """Where it stands."""
        return self.stance if self.stance.told_at is None else retold(self.stance, self.told_excess)

    def stand(self, state: AlertState) -> None:
        """Let it stand there."""
        self.stance, self.told_excess = retold(state, 0.0), state.told_excess


def bounds(condition: Condition, value: float, told_excess: float | None) -> Within:
    """The values between which a condition says what it says now, the first in, the second out.

    Nobody sleeps past the point where it is worse than when it was told, where that is given.
    """
    keys = line_keys(condition) + clear_keys(condition)
    if told_excess is not None and not is_worse(verdict(condition, value)[1], told_excess):
        near = _worse_keys(condition, told_excess + 1.0)
        if _is_past(near, condition, value):
            return inf, -inf
        keys += near
    low, high = -inf, inf
    for key in keys:
        if low < key <= value:
            low = key
        elif value < key < high:
            high = key
    return low, high


def _worse_keys(condition: Condition, worse: float) -> tuple[float, ...]:
    """A little on this side of where it is that much past the line: the exact word is the verdict's."""
    sign = -1.0 if condition.compare.downward else 1.0
    reach = worse * (abs(condition.line - condition.clear) or 1.0)
    near = condition.line + sign * (reach * (1 - 1e-9) - abs(condition.line) * 1e-12)
    key = nextafter(near, inf) if condition.compare.downward else near
    mirrored = -near if condition.compare.downward else nextafter(-near, inf)
    return (key, mirrored) if condition.absolute else (key,)


def _is_past(near: tuple[float, ...], condition: Condition, value: float) -> bool:
    seen = abs(value) if condition.absolute else value
    return seen < near[0] if condition.compare.downward else seen >= near[0]


class Keeper(Protocol):
    """Keeps those whose state the verdict alone does not say."""

    def holds(self, one: Kept) -> bool:
        """Whether it is kept."""
        ...

    def state(self, one: Kept) -> AlertState | None:
        """Where it stands; None where nothing is kept of it."""
        ...

    def keep(self, one: Kept) -> None:
        """Remember from now on where it stands, instead of what was kept of the same subject."""
        ...

    def drop(self, one: Kept) -> None:
        """Forget it."""
        ...

    def rest(self, one: Kept, within: Iterable[Within | None], due: datetime | None) -> None:
        """Let it sleep while its cells stay within their bounds, in order; at `due` it is looked at anyway.

        A cell without bounds does not matter.
        """
        ...

    def stay_awake(self, one: Kept) -> None:
        """Look at it whenever there is news."""
        ...


@dataclass
class Vigil:
    """All of several conditions, with an end or two ways, with the bounds of each condition in columns, and a wheel."""

    kept: dict[tuple[int, str], Kept] = field(default_factory=dict)
    restless: dict[tuple[int, str], Kept] = field(default_factory=dict)
    """Those that are looked at whenever there is news of them."""

    def __post_init__(self) -> None:
        self._of: dict[int, dict[str, Kept]] = {}
        self._free: list[int] = []
        self._owners: list[Kept | None] = []
        self._cell = np.zeros(64, np.int64)
        self._low, self._high = np.full(64, -inf), np.full(64, inf)
        self._wheel: dict[datetime, list[Kept]] = {}
        self._turns: list[datetime] = []
        """The times on the wheel, as a heap."""

    def holds(self, one: Kept) -> bool:
        """Whether it is kept."""
        return one.subject in self.kept

    def state(self, one: Kept) -> AlertState | None:
        """Where it stands; None where nothing is kept of it."""
        kept = self.kept.get(one.subject)
        return kept.state if kept is not None else None

    def of(self, slot: int) -> list[Kept]:
        """All of a rule, on whatever coin."""
        return list(self._of.get(slot, {}).values())

    def keep(self, one: Kept) -> None:
        """Remember it from now on, instead of what was kept of the same subject."""
        former = self.kept.get(one.subject)
        if former is not None and former is not one:
            self.drop(former)
        self.kept[one.subject] = one
        self._of.setdefault(one.slot, {})[one.subject[1]] = one

    def drop(self, one: Kept) -> None:
        """Forget it."""
        self._release(one)
        one.due = None
        self.restless.pop(one.subject, None)
        if self.kept.pop(one.subject, None) is not None:
            of = self._of[one.slot]
            del of[one.subject[1]]
            if not of:
                del self._of[one.slot]

    def rest(self, one: Kept, within: Iterable[Within | None], due: datetime | None) -> None:
        """Let it sleep while its cells stay within their bounds, in order; at `due` it is looked at anyway.

        A cell without bounds does not matter.
        """
        self.restless.pop(one.subject, None)
        self._release(one)
        pairs = zip(one.cells, within, strict=True)
        one.rows = tuple([self._row(one, cell, *limits) for cell, limits in pairs if limits is not None])
        if due is not None and due != one.due:
            self._wait(one, due)
        one.due = due

    def stay_awake(self, one: Kept) -> None:
        """Look at it whenever there is news."""
        self._release(one)
        one.due = None
        self.restless[one.subject] = one

    def woken(self, columns: Columns, at: datetime) -> Iterator[Kept]:
        """Who must be looked at now; some of them more than once."""
        n = len(self._owners)
        cells = self._cell[:n]
        low, high = columns.low[cells], columns.high[cells]
        is_out = (low < self._low[:n]) | (high >= self._high[:n]) | columns.lapsed[cells]
        is_out |= np.isnan(low) != np.isnan(self._low[:n])
        for row in np.flatnonzero(is_out).tolist():
            owner = self._owners[row]
            if owner is not None:
                yield owner
        while self._turns and self._turns[0] <= at:
            due = heapq.heappop(self._turns)
            yield from (one for one in self._wheel.pop(due) if one.due == due)
        yield from list(self.restless.values())

    def _wait(self, one: Kept, due: datetime) -> None:
        if due not in self._wheel:
            self._wheel[due] = []
            heapq.heappush(self._turns, due)
        self._wheel[due].append(one)

    def _row(self, one: Kept, cell: int, low: float, high: float) -> int:
        row = self._free.pop() if self._free else len(self._owners)
        if row == len(self._owners):
            self._owners.append(None)
            if row == len(self._cell):
                self._cell = np.resize(self._cell, 2 * row)
                self._low, self._high = np.resize(self._low, 2 * row), np.resize(self._high, 2 * row)
        self._owners[row] = one
        self._cell[row], self._low[row], self._high[row] = cell, low, high
        return row

    def _release(self, one: Kept) -> None:
        for row in one.rows:
            self._owners[row] = None
            self._cell[row], self._low[row], self._high[row] = NOWHERE, -inf, inf
            self._free.append(row)
        one.rows = ()
