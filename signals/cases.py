"""Cases of a study: events that do not overlap, and what followed each of them."""

import numpy as np

from signals.model import Direction
from signals.panel import Marks, Series


def apart(events: Marks, span: int) -> Marks:
    """The events that count, rows x coins: of each coin the first, and then the first after `span` rows, and so on."""
    kept = np.zeros_like(events)
    free = np.zeros(events.shape[1], np.int64)
    for row in np.flatnonzero(events.any(axis=1)).tolist():
        now = events[row] & (free <= row)
        kept[row] = now
        free[now] = row + span
    return kept


def outcomes(closes: Series, span: int, delay: int = 0) -> Series:
    """What an entry at each close, `delay` rows later, had become `span` rows on, as a fraction; NaN where unknown."""
    out = np.full(closes.shape, np.nan)
    rows = len(closes) - span - delay
    if rows > 0:
        start, end = closes[delay : delay + rows], closes[delay + span :]
        known = np.isfinite(start) & np.isfinite(end) & (start > 0)
        out[:rows] = np.where(known, end / np.where(known, start, 1.0) - 1.0, np.nan)
    return out


def has_sign(of: Series, direction: Direction) -> Marks:
    """Which outcomes have the claimed sign; none and unknown have not."""
    with np.errstate(invalid="ignore"):
        signed: Marks = of > 0 if direction is Direction.UP else of < 0
    return signed
