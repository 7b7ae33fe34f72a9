"""Noisy markets of three coins on bars of four hours."""

from datetime import timedelta

import numpy as np

from signals.heard import code
from signals.model import Metric
from signals.panel import STORED, Matrix, Panel, Series, to_ms
from tests.signals.panels import START

ROWS, STEP = 640, timedelta(hours=4)
COINS = ("BTC", "ETH", "SOL")
VENUES = ("binance", "okx")


def noisy(seed: int) -> Panel:
    """Every metric moves for itself, with jumps and with holes."""
    rng, shape = np.random.default_rng(seed), (ROWS, len(COINS))

    def walk(start: float, size: float) -> Series:
        jumps = np.where(rng.random(shape) < 0.05, rng.normal(0, size * 8, shape), 0)
        path: Series = start * np.exp(np.cumsum(rng.normal(0, size, shape) + jumps, axis=0) * 0.3)
        return path

    def spikes() -> Series:
        sums: Series = rng.lognormal(0, 1, shape) * 1e5 * np.where(rng.random(shape) < 0.03, 60, 1)
        return sums

    def stored(values: Series) -> Matrix:
        return np.where(rng.random(shape) < 0.01, np.nan, values).astype(np.float32)

    legs: dict[Metric, dict[str, Matrix]] = {
        Metric.PRICE: {v: stored(walk(100, 0.01)) for v in VENUES},
        Metric.OI_LEVEL: {v: stored(walk(1e6, 0.01)) for v in VENUES},
    }
    matrices = {m: stored(np.abs(walk(1.0, 0.02))) for m in STORED}
    matrices[Metric.FUNDING] = stored(rng.normal(0, 0.0001, shape))
    matrices[Metric.LIQ_LONG], matrices[Metric.LIQ_SHORT] = stored(spikes()), stored(spikes())
    matrices[Metric.LIQ_HEARD] = heard(rng, shape)
    times = np.array([to_ms(START + STEP * (i + 1)) for i in range(ROWS)], np.int64)
    return with_legs(Panel(times, COINS, STEP, matrices, legs))


def heard(rng: np.random.Generator, shape: tuple[int, int]) -> Matrix:
    """Who tells liquidations: a venue joins the first coin, another goes over to telling all, one is away at times."""
    rows, sample, both = shape[0], code([("binance", True)]), code([("binance", True), ("okx", False)])
    codes = np.where(rng.random(shape) < 0.05, sample, both).astype(np.float32)
    codes[: rows * 6 // 10, 0] = sample
    codes[rows * 7 // 10 :, 1] = code([("binance", False), ("okx", False)])
    codes[: rows // 20] = np.nan
    return codes


def with_legs(of: Panel) -> Panel:
    """The market whose price is that of its first venue, and whose open interest is what its venues add up to."""
    oi = of.legs[Metric.OI_LEVEL].values()
    start = np.zeros(of.shape, np.float32)
    whole = {
        Metric.PRICE: of.legs[Metric.PRICE][VENUES[0]],
        Metric.OI_LEVEL: sum(oi, start=start),
        Metric.OI_EXPECTED: sum((np.nan_to_num(leg, nan=1e6) for leg in oi), start=start),
    }
    return Panel(of.times, of.coins, of.step, {**of.matrices, **whole}, of.legs)


def spliced(mine: Panel, theirs: Panel, row: int) -> Panel:
    """One market up to a row, and another one after it."""

    def of(first: Matrix, then: Matrix) -> Matrix:
        return np.concatenate([first[:row], then[row:]])

    return Panel(
        mine.times,
        mine.coins,
        mine.step,
        {m: of(x, theirs.matrices[m]) for m, x in mine.matrices.items()},
        {m: {v: of(x, theirs.legs[m][v]) for v, x in by.items()} for m, by in mine.legs.items()},
    )
