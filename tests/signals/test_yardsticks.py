"""A number held against its own past equals a slow calculation that shares no code with signals/."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from math import isnan
from statistics import median

import numpy as np
import pytest

from signals.aggregate import Cycle, Reading, Weighing
from signals.cells import Cells, Vectors
from signals.model import ALL, Cell, Metric, Yardstick
from signals.panel import Panel, from_ms
from signals.registry import BY_NAME, SIGNALS
from signals.yardsticks import Memory
from tests.contracts.test_signals import market

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEVEL = timedelta(0)
NAN = float("nan")
RANK, SPREADS, MULTIPLE = Yardstick.RANK, Yardstick.SPREADS, Yardstick.MULTIPLE

ON_FOUR_HOURS = [
    ("funding", LEVEL, RANK),
    ("funding", LEVEL, SPREADS),
    ("funding.apr", LEVEL, RANK),
    ("funding.apr", LEVEL, SPREADS),
    ("funding.settled", LEVEL, RANK),
    ("oi", 4 * HOUR, RANK),
    ("oi", 4 * HOUR, SPREADS),
    ("oi", DAY, SPREADS),
    ("oi.level", LEVEL, RANK),
    ("oi.level", LEVEL, SPREADS),
    ("oi.usd", LEVEL, RANK),
    ("oi.usd", LEVEL, SPREADS),
    ("ls", LEVEL, RANK),
    ("ls.pos", LEVEL, SPREADS),
    ("taker", 4 * HOUR, RANK),
    ("taker", DAY, SPREADS),
    ("liq", 4 * HOUR, RANK),
    ("liq.long", 4 * HOUR, SPREADS),
    ("liq", 4 * HOUR, MULTIPLE),
    ("liq.short", DAY, MULTIPLE),
    ("ratio", DAY, RANK),
    ("ratio", DAY, SPREADS),
    ("price", 4 * HOUR, RANK),
    ("price", 7 * DAY, SPREADS),
    ("basis", LEVEL, RANK),
    ("basis", LEVEL, SPREADS),
    ("volume", 4 * HOUR, RANK),
    ("volume", DAY, MULTIPLE),
    ("volume", 4 * HOUR, SPREADS),
    ("negfunding", LEVEL, RANK),
    ("divergence", 4 * HOUR, RANK),
    ("liqspike", HOUR, RANK),
]
"""On bars of four hours."""

FLOORS = {
    "price": 0.002,
    "oi": 0.003,
    "funding": 1e-5,
    "funding.settled": 1e-5,
    "funding.apr": 1e-5 * 1095,
    "basis": 1e-5,
    "ls.pos": 0.01,
    "taker": 0.01,
    "ratio": 0.001,
}
SHARES = {"oi.level": 0.003, "oi.usd": 0.003, "volume": 0.01}


def days_of(name: str, window: timedelta, yardstick: Yardstick) -> int:
    """The baseline of the design, on bars of four hours."""
    if yardstick is MULTIPLE:
        return 30
    if yardstick is RANK:
        return 60 if name in BY_NAME else 90
    return 8 if LEVEL < window <= 4 * HOUR else 90


def slow(values: Sequence[float], t: int, name: str, window: timedelta, yardstick: Yardstick, oi_usd: float) -> float:
    """The definition, in plain Python."""
    x, bars = values[t], days_of(name, window, yardstick) * 6
    stop = t - int(max(window, 4 * HOUR) / (4 * HOUR)) + 1 if yardstick is MULTIPLE else t
    past = [v for v in values[max(0, stop - bars) : max(0, stop)] if not isnan(v)]
    if isnan(x) or len(past) < 0.9 * bars or len(past) < 30:
        return NAN
    if yardstick is RANK:
        return (sum(v < x for v in past) + sum(v == x for v in past) / 2) / len(past)
    least = 0.00002 * oi_usd if oi_usd > 0 else NAN
    middle = median(past)
    if yardstick is MULTIPLE:
        usual = max(middle, least) if name.startswith("liq") else middle
        return x / usual if usual > 0 and not (name.startswith("liq") and isnan(least)) else NAN
    floor = least if name.startswith("liq") else FLOORS.get(name) or SHARES[name] * abs(middle)
    return NAN if isnan(floor) else (x - middle) / max(1.4826 * median(abs(v - middle) for v in past), floor)


def cycle_of(of: Panel, row: int, *, away: float | None = None) -> Cycle:
    """The moment that the row closed; with `away`, someone's silence would have made levels so much larger."""
    readings: dict[str, dict[Metric, Reading]] = {}
    for column, coin in enumerate(of.coins):
        for metric, matrix in of.matrices.items():
            value = float(matrix[row, column])
            known = None if isnan(value) else value
            held = None if away is None or known is None else known * away
            one = Reading(known, from_ms(int(of.times[row])), ("binance",), (), 1.0, Weighing.ONE, held=held)
            readings.setdefault(coin, {})[metric] = one
    return Cycle(from_ms(int(of.times[row])), "TEST", readings, ())


def read(of: Panel, row: int, cell: Cell, vectors: Vectors) -> float:
    value = Cells(cycle_of(of, row), vectors, of.step).read(cell).reading.value
    return NAN if value is None else value


def live(of: Panel, row: int, cell: Cell, memory: Memory | None = None) -> float:
    return read(of, row, cell, Vectors(of.until(row + 1), SIGNALS, 1, memory=memory))


def many_ties(seed: int) -> Panel:
    """A market in which many a rate, sum and ratio is one and the same, as the real ones are."""
    of = market(seed)
    rng = np.random.default_rng(seed)
    matrices = dict(of.matrices)
    for metric, usual in ((Metric.FUNDING, 1e-4), (Metric.LS, 1.5), (Metric.LIQ_LONG, 0.0), (Metric.VOLUME, 7.0)):
        same = rng.random(of.shape) < 0.5
        matrices[metric] = np.where(same & np.isfinite(matrices[metric]), np.float32(usual), matrices[metric])
    matrices[Metric.INDEX] = matrices[Metric.PRICE] * np.float32(0.999)
    return replace(of, matrices=matrices)


TIED = many_ties(11)


@pytest.mark.parametrize(("name", "window", "yardstick"), ON_FOUR_HOURS)
def test_every_yardstick_equals_a_slow_calculation_live_and_in_research(
    name: str, window: timedelta, yardstick: Yardstick
) -> None:
    cell = Cell("ETH", ALL, name, window, yardstick)
    whole = Vectors(TIED, SIGNALS, None)
    bare = replace(cell, yardstick=Yardstick.VALUE)
    plain = [float(np.float32(read(TIED, row, bare, whole))) for row in range(len(TIED.times))]
    oi_usd = TIED[Metric.OI_LEVEL][:, 1].astype(np.float64) * TIED[Metric.PRICE][:, 1]

    rows = [30, 200, *range(560, 640, 9)]
    research = [read(TIED, row, cell, whole) for row in rows]

    wanted = [slow(plain, row, name, window, yardstick, float(oi_usd[row])) for row in rows]
    np.testing.assert_allclose(research, wanted, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal([live(TIED, row, cell) for row in rows[-3:]], research[-3:])
    assert np.isfinite(wanted).any()
