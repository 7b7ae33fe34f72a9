"""What whole series say about a draft: the verdicts of `judge`, bar by bar and coin by coin at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from signals.judge import MISSED_BARS
from signals.panel import Marks, Series
from signals.rules.lifecycle import Verdict
from signals.rules.model import Compare, Condition

Codes = npt.NDArray[np.int8]

VERDICTS = (Verdict.MET, Verdict.BETWEEN, Verdict.CALM, Verdict.UNKNOWN)
"""A code is a place in here."""

MET, BETWEEN, CALM, UNKNOWN = range(len(VERDICTS))


@dataclass(frozen=True, slots=True)
class Said:
    """Verdicts as codes, how far past the line each value is, in bands, and the first known bars after the dark.

    All are rows x coins.
    """

    codes: Codes
    excess: Series
    lapsed: Marks

    def of(self, columns: Sequence[int]) -> "Said":
        """Of some coins."""
        return Said(self.codes[:, columns], self.excess[:, columns], self.lapsed[:, columns])


def lapsed(values: Series) -> Marks:
    """The known bars that follow more than can be missed in a row, or nothing that was known."""
    known, row = np.isfinite(values), np.arange(len(values))[:, np.newaxis]
    last = np.maximum.accumulate(np.where(known, row, -MISSED_BARS), axis=0)
    before = np.concatenate([np.full((1, values.shape[1]), -MISSED_BARS), last[:-1]])[: len(values)]
    dark: Marks = known & (row - before > MISSED_BARS) | (known & (before < 0))
    return dark


def said(condition: Condition, values: Series, after_dark: Marks) -> Said:
    """What each value says about a condition, exactly as `judge.verdict` says it of one."""
    seen = np.abs(values) if condition.absolute else values
    line, clear = condition.line, condition.clear
    sign = -1.0 if condition.compare.downward else 1.0
    past = sign * (seen - line)
    with np.errstate(invalid="ignore"):
        met = (past >= 0) if condition.compare in (Compare.AT_MOST, Compare.AT_LEAST) else (past > 0)
        calm = np.ones_like(met) if line == clear else sign * (seen - clear) < 0
    codes = np.where(met, MET, np.where(calm, CALM, BETWEEN)).astype(np.int8)
    codes[np.isnan(values)] = UNKNOWN
    band = abs(line - clear)
    return Said(codes, np.where(codes == MET, past / band if band else past, 0.0), after_dark)


def together(leaves: Sequence[Said]) -> Said:
    """All conditions at once, as `judge.together` says it of one moment; any of them may come out of the dark."""
    if len(leaves) == 1:
        return leaves[0]
    codes = np.array([leaf.codes for leaf in leaves])
    met, unknown = (codes == MET).all(axis=0), (codes == UNKNOWN).any(axis=0)
    calm = (codes == CALM).any(axis=0)
    merged = np.where(unknown, UNKNOWN, np.where(met, MET, np.where(calm, CALM, BETWEEN))).astype(np.int8)
    least = np.min([leaf.excess for leaf in leaves], axis=0)
    dark = np.any([leaf.lapsed for leaf in leaves], axis=0)
    return Said(merged, np.where(merged == MET, least, 0.0), dark)
