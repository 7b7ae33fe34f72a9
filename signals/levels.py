"""Levels of many conditions in columns: what `judge.said` and `vigil.bounds` say of one, said of all at once."""

from array import array
from collections.abc import Collection
from math import inf, nan

import numpy as np

from signals.index import Flags, Floats, Numbers, clear_keys, line_keys
from signals.rules.lifecycle import Verdict
from signals.rules.model import Compare, Condition

CALM, BETWEEN, MET, UNKNOWN, UNSURE = range(5)
VERDICTS = (Verdict.CALM, Verdict.BETWEEN, Verdict.MET, Verdict.UNKNOWN, Verdict.UNKNOWN)
"""By code. What is unsure has a value, and is unknown because the line lies between that and what it may be."""

_MOST_KEYS = 4
FIELDS = 5 + _MOST_KEYS
"""Numbers of a condition."""
_CLOSED = (Compare.AT_MOST, Compare.AT_LEAST)


def row_of(condition: Condition) -> bytes:
    """A condition in numbers, as they lie in memory: joined to columns at once."""
    keys = line_keys(condition) + clear_keys(condition)
    sign = -1.0 if condition.compare.downward else 1.0
    is_closed = float(condition.compare in _CLOSED)
    padding = (nan,) * (_MOST_KEYS - len(keys))
    row = condition.line, condition.clear, sign, is_closed, float(condition.absolute), *keys, *padding
    return array("d", row).tobytes()


def rows_of(rows: Collection[bytes]) -> Floats:
    """Conditions in numbers, one a row."""
    return np.frombuffer(b"".join(rows)).reshape(len(rows), FIELDS)


class Levels:
    """The levels of conditions in numbers, by row."""

    def __init__(self, rows: Floats) -> None:
        of = rows.T.copy()
        self._line, self._clear, self._sign = of[:3]
        self._is_closed, self._is_absolute = of[3:5] > 0
        self._keys = of[5:]
        with np.errstate(over="ignore"):
            self._band = np.abs(self._line - self._clear)

    def said(self, values: Floats, held: Floats) -> tuple[Numbers, Floats]:
        """What each says of its value, in codes, and how far past the line it is, in bands; NaN is unknown."""
        is_away = ~np.isnan(held)
        with np.errstate(over="ignore", invalid="ignore"):
            now, excess = self._verdicts(values)
            then = self._verdicts(held)[0] if is_away.any() else now
        if then is not now:
            differs = is_away & (then != now)
            now[differs] = np.where((now == MET) | (then == MET), UNSURE, BETWEEN)[differs]
            excess[differs] = 0.0
        is_unknown = np.isnan(values)
        now[is_unknown], excess[is_unknown] = UNKNOWN, 0.0
        return now, excess

    def within(self, values: Floats) -> tuple[Floats, Floats]:
        """The values between which each says what it says of this one: the first in, the second out."""
        is_passed = self._keys <= values
        low = np.where(is_passed, self._keys, -inf).max(axis=0)
        high = np.where(self._keys > values, self._keys, inf).min(axis=0)
        return low, high

    def until_worse(self, values: Floats, told_excess: Floats) -> tuple[Floats, Floats]:
        """`within`, and up to where each is a band further past its line than it was told: beyond that, nothing."""
        low, high = self.within(values)
        with np.errstate(over="ignore", invalid="ignore"):
            is_worse = self._verdicts(values)[1] - told_excess >= 1.0
            reach = (told_excess + 1.0) * np.where(self._band > 0, self._band, 1.0)
            near = self._line + self._sign * (reach * (1 - 1e-9) - np.abs(self._line) * 1e-12)
        is_down = self._sign < 0
        key = np.where(is_down, np.nextafter(near, inf), near)
        mirrored = np.where(is_down, -near, np.nextafter(-near, inf))
        for own, counts in ((key, ~is_worse), (mirrored, ~is_worse & self._is_absolute)):
            np.copyto(low, own, where=counts & (own > low) & (own <= values))
            np.copyto(high, own, where=counts & (own < high) & (own > values))
        seen = np.where(self._is_absolute, np.abs(values), values)
        is_past = ~is_worse & np.where(is_down, seen < key, seen >= key)
        low[is_past], high[is_past] = inf, -inf
        return low, high

    def _verdicts(self, values: Floats) -> tuple[Numbers, Floats]:
        seen = np.where(self._is_absolute, np.abs(values), values)
        past = self._sign * (seen - self._line)
        is_met: Flags = (past > 0) | ((past == 0) & self._is_closed)
        is_calm = (self._sign * (seen - self._clear) < 0) | (self._line == self._clear)
        excess = np.divide(past, self._band, out=past, where=self._band > 0)
        excess[~is_met] = 0.0
        return np.where(is_met, MET, np.where(is_calm, CALM, BETWEEN)), excess
