"""Cells by every yardstick for all coins in one tick, with what is known of the past kept, against the past afresh."""

from dataclasses import replace
from datetime import timedelta

import numpy as np

from bench.markets import END, market
from bench.measure import race, report, turn
from signals.aggregate import Cycle, Reading, Weighing
from signals.cells import Cells, Vectors
from signals.model import ALL, Cell, Metric, Yardstick
from signals.panel import Panel
from signals.registry import SIGNALS
from signals.yardsticks import Memory

COINS = 600
MINUTE, FIVE, HOUR = timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1)
RANK, SPREADS, MULTIPLE = Yardstick.RANK, Yardstick.SPREADS, Yardstick.MULTIPLE
ASKED = (
    ("funding", timedelta(0), (RANK, SPREADS)),
    ("oi", 4 * HOUR, (RANK, SPREADS)),
    ("price", HOUR, (RANK, SPREADS)),
    ("liq", HOUR, (RANK, SPREADS, MULTIPLE)),
)


def whole() -> Panel:
    """What the live service keeps: 25 hours of minutes, 8 days of 5 minutes, 98 days of hours."""
    five, hours = market(COINS, FIVE, 8 * 288 + 60), market(COINS, HOUR, 98 * 24)
    return replace(market(COINS, MINUTE, 1500), others={FIVE: five, HOUR: hours})


def cycle_of(panel: Panel) -> Cycle:
    last = {metric: matrix[-1].tolist() for metric, matrix in panel.matrices.items() if metric is Metric.FUNDING}
    readings = {
        coin: {m: Reading(row[j], END, ("binance",), (), 1.0, Weighing.ONE) for m, row in last.items()}
        for j, coin in enumerate(panel.coins)
    }
    return Cycle(END, "SIMULATED", readings, ())


def read(
    panel: Panel, cycle: Cycle, memory: Memory, asked: tuple[tuple[str, timedelta, tuple[Yardstick, ...]], ...]
) -> list[float | None]:
    cells = Cells(cycle, Vectors(panel, SIGNALS, 1, memory=memory), MINUTE)
    return [
        cells.read(Cell(coin, ALL, name, window, by)).reading.value
        for name, window, yardsticks in asked
        for by in yardsticks
        for coin in panel.coins
    ]


def main() -> None:
    panel = whole()
    cycle, kept = cycle_of(panel), Memory()
    before = panel.known_by(int(panel.times[-2]))
    read(before, replace(cycle, at=END - MINUTE), kept, ASKED)
    with_new_bars = turn(lambda: read(panel, cycle, kept, ASKED))
    rows = dict(race({
        "a tick, the past kept": lambda: read(panel, cycle, kept, ASKED),
        "a tick, the past afresh": lambda: read(panel, cycle, Memory(), ASKED),
    }, 3))  # fmt: skip
    for name, window, yardsticks in ASKED:
        for by in yardsticks:
            of = ((name, window, (by,)),)
            turns = [turn(lambda of=of: read(panel, cycle, kept, of)) for _ in range(5)]  # type: ignore[misc] # bound
            rows[f"{name} by {by}"] = {
                "wall_ms": round(float(np.median([t.wall for t in turns])) * 1000, 3),
                "cpu_ms": round(float(np.median([t.cpu for t in turns])) * 1000, 3),
                "rounds": 5,
            }
    known = read(panel, cycle, kept, ASKED)
    if any(value is None for value in known):
        raise AssertionError("something was unknown: its time means nothing")
    report(
        "yardsticks",
        "cells of 600 coins in a tick",
        rows,
        cells=len(known),
        cpu_ms_with_new_hour=round(with_new_bars.cpu * 1000, 1),
    )


if __name__ == "__main__":
    main()
