"""Seeded markets of many coins, for measurements of what is computed from bars."""

from datetime import UTC, datetime, timedelta

import numpy as np

from signals.heard import code
from signals.model import Metric
from signals.panel import SMALL, Matrix, Panel, Series, to_ms

END = datetime(2026, 3, 2, tzinfo=UTC)
VENUES = ("binance", "bybit", "okx", "gate", "bitget", "hyperliquid")


def market(coins: int, step: timedelta, rows: int, seed: int = 7) -> Panel:
    """Coins that move on six venues; funding hovers below its usual 0.01 %, now and then far below zero."""
    rng, shape = np.random.default_rng(seed), (rows, coins)

    def walk(start: float, size: float) -> Series:
        path: Series = start * np.exp(np.cumsum(rng.normal(0, size, shape), axis=0))
        return path

    def drift(spread: float, memory: float) -> Series:
        out, last = np.empty(shape), np.zeros(coins)
        for row, shock in enumerate(rng.normal(0, spread * np.sqrt(1 - memory**2), shape)):
            last = memory * last + shock
            out[row] = last
        return out

    def stored(values: Series) -> Matrix:
        return values.astype(np.float32)

    price, oi = walk(100.0, 0.005), walk(1e6, 0.003)
    shares = dict(zip(VENUES, (0.4, 0.2, 0.15, 0.1, 0.1, 0.05), strict=True))
    quiet = rng.random(shape) < 0.4
    matrices = {
        Metric.PRICE: stored(price),
        Metric.INDEX: stored(price * 1.0002),
        Metric.FUNDING: stored(np.minimum(0.00005 + drift(0.0001, 0.97), 0.0001)),
        Metric.OI_LEVEL: stored(oi),
        Metric.OI_EXPECTED: stored(oi),
        Metric.LIQ_LONG: stored(np.where(quiet, 0.0, rng.lognormal(7, 2, shape))),
        Metric.LIQ_SHORT: stored(np.where(quiet, 0.0, rng.lognormal(7, 2, shape))),
    }
    matrices[Metric.LIQ_HEARD] = np.full(shape, code((venue, False) for venue in VENUES), SMALL)
    spot = np.exp(drift(0.3, 0.99))
    matrices |= {
        Metric.FUNDING_SETTLED: matrices[Metric.FUNDING],
        Metric.LS: stored(np.exp(drift(0.3, 0.99))),
        Metric.VOLUME: stored(rng.lognormal(12, 0.5, shape)),
        Metric.VOLUME_SPOT: stored(rng.lognormal(10, 0.5, shape) * spot),
    }
    matrices[Metric.VOLUME_PAIRED] = matrices[Metric.VOLUME]
    legs = {
        Metric.PRICE: dict.fromkeys(VENUES, matrices[Metric.PRICE]),
        Metric.OI_LEVEL: {venue: stored(oi * share) for venue, share in shares.items()},
    }
    times = np.array([to_ms(END - step * (rows - 1 - row)) for row in range(rows)], np.int64)
    return Panel(times, tuple(f"C{number:03}" for number in range(coins)), step, matrices, legs)
