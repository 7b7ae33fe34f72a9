"""What whole series say about a draft: the verdicts of `judge`, bar by bar and coin by coin at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from signals.panel import Series
from signals.rules.lifecycle import Verdict
from signals.rules.model import Compare, Condition

Codes = npt.NDArray[np.int8]

VERDICTS = (Verdict.MET, Verdict.BETWEEN, Verdict.CALM, Verdict.UNKNOWN)
"""A code is a place in here."""

MET, BETWEEN, CALM, UNKNOWN = range(len(VERDICTS))


@dataclass(frozen=True, slots=True)
class Said:
    """Verdicts as codes, and how far past the line each value is, in bands; rows x coins."""

    codes: Codes
    excess: Series


def said(condition: Condition, values: Series) -> Said:
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
    return Said(codes, np.where(codes == MET, past / band if band else past, 0.0))


def together(leaves: Sequence[Said]) -> Said:
    """All conditions at once: any unknown, else all met by the least of them, else any calm, else between."""
    if len(leaves) == 1:
        return leaves[0]
    codes = np.array([leaf.codes for leaf in leaves])
    met, unknown = (codes == MET).all(axis=0), (codes == UNKNOWN).any(axis=0)
    calm = (codes == CALM).any(axis=0)
    merged = np.where(unknown, UNKNOWN, np.where(met, MET, np.where(calm, CALM, BETWEEN))).astype(np.int8)
    least = np.min([leaf.excess for leaf in leaves], axis=0)
    return Said(merged, np.where(merged == MET, least, 0.0))
