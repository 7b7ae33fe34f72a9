"""Ranks, spreads and multiples on a real recording equal an independent calculation, read from the file with pandas."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from math import isnan
from statistics import median

import numpy as np
import pandas as pd

from adapters.venues.recording import open_recording
from bot.market import play, whole
from signals.cells import Cells, Vectors
from signals.model import ALL, Cell, Yardstick
from signals.registry import SIGNALS
from tests.e2e.test_real_recordings import recording

NAN = float("nan")
FOUR = timedelta(hours=4)
A_DAY = 6
COIN, FILE = "ETH", "bars_4h_2024_2025.parquet"


def columns() -> Mapping[str, list[float]]:
    table = pd.read_parquet(recording(FILE))
    rows = table[table["symbol"] == COIN].drop(columns=["venue", "symbol"]).groupby("time").first()
    grid = pd.date_range(table["time"].min(), table["time"].max(), freq="4h")
    wide = rows.reindex(grid)
    # bars are stored as precisely as this
    told = {name: [float(np.float32(x)) for x in wide[name].astype(float)] for name in wide.columns}
    rates = wide["funding_rate"].astype(float) * 8 / wide["funding_interval_hours"].astype(float)
    told["funding"] = [float(np.float32(x)) for x in rates]
    told["liq"] = [a + b for a, b in zip(told["liquidated_long_usd"], told["liquidated_short_usd"], strict=True)]
    price = wide["price"].astype(float).tolist()
    told["move"] = [
        NAN,
        *(float(np.float32(b)) / float(np.float32(a)) - 1 for a, b in pairwise(price)),
    ]
    return told


def past(values: Sequence[float], row: int, days: int) -> list[float]:
    known = [x for x in values[max(0, row - days * A_DAY) : row] if not isnan(x)]
    return known if len(known) >= 0.9 * days * A_DAY and len(known) >= 30 else []


def rank(values: Sequence[float], row: int) -> float:
    known = past(values, row, 90)
    return sum((x < values[row]) + (x == values[row]) / 2 for x in known) / len(known) if known else NAN


def spreads(values: Sequence[float], row: int, floor: float) -> float:
    known = past(values, row, 8)
    if not known:
        return NAN
    middle = median(known)
    return (values[row] - middle) / max(1.4826 * median(abs(x - middle) for x in known), floor)


def multiple(told: Mapping[str, Sequence[float]], row: int) -> float:
    known = past(told["liq"], row, 30)
    least = 0.2e-4 * told["open_interest"][row] * told["price"][row]
    return told["liq"][row] / max(median(known), least) if known and not isnan(least) else NAN


def test_yardsticks_of_eight_months_equal_an_independent_calculation() -> None:
    opened, told = open_recording(recording(FILE)), columns()
    bars = whole(opened)
    cycles = list(play(opened, bars))
    vectors = Vectors(bars.panel(), SIGNALS, None)
    asked = (
        Cell(COIN, ALL, "funding", timedelta(0), Yardstick.RANK),
        Cell(COIN, ALL, "price", FOUR, Yardstick.SPREADS),
        Cell(COIN, ALL, "liq", FOUR, Yardstick.MULTIPLE),
    )

    wanted, found = [], []
    for row, cycle in [*enumerate(cycles)][:: len(cycles) // 90]:
        wanted.append([rank(told["funding"], row), spreads(told["move"], row, 0.002), multiple(told, row)])
        read = [Cells(cycle, vectors, opened.step).read(cell).reading.value for cell in asked]
        found.append([NAN if value is None else value for value in read])

    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)
    assert (np.isfinite(np.array(wanted)).sum(axis=0) > 40).all()
