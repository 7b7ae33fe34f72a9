"""Small panels for tests."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from signals.model import Metric
from signals.panel import Matrix, Panel, to_ms

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def panel(
    columns: Mapping[Metric, Sequence[float] | npt.NDArray[np.float64]],
    step: timedelta = HOUR,
    coin: str = "BTC",
    legs: Mapping[Metric, Mapping[str, Sequence[float] | npt.NDArray[np.float64]]] | None = None,
) -> Panel:
    """One coin's panel; moves need legs, so price and OI become the leg of one venue unless legs are given."""
    rows = len(next(iter(columns.values())))
    times = np.array([to_ms(START + step * (i + 1)) for i in range(rows)], np.int64)
    matrices = {metric: _column(values) for metric, values in columns.items()}
    if Metric.OI_LEVEL in matrices:
        matrices.setdefault(Metric.OI_EXPECTED, matrices[Metric.OI_LEVEL])
    own = legs or {m: {"binance": columns[m]} for m in (Metric.PRICE, Metric.OI_LEVEL) if m in columns}
    return Panel(times, (coin,), step, matrices, {m: {v: _column(x) for v, x in by.items()} for m, by in own.items()})


def _column(values: Sequence[float] | npt.NDArray[np.float64]) -> Matrix:
    return np.asarray(values, np.float32).reshape(-1, 1)
