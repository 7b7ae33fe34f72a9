"""What all measurements share: rivals in turns, equal results asserted first, one JSON object out."""

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Figures: TypeAlias = Mapping[str, float | int | str | bool | None]


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of one rival: seconds on the wall, seconds of CPU of this process, and what came out."""

    wall: float
    cpu: float
    result: object


def turn(rival: Callable[[], object]) -> Turn:
    """Run it once."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = rival()
    return Turn(time.perf_counter() - wall, time.process_time() - cpu, result)


def nothing() -> None:
    """What has to be prepared for most rivals."""


def race(
    rivals: Mapping[str, Callable[[], object]], rounds: int, prepare: Callable[[], None] = nothing
) -> Mapping[str, Figures]:
    """Every rival once unmeasured and compared with the first, then all in turns; medians in milliseconds.

    `prepare` runs before each round, and is not measured.
    """
    prepare()
    results = {name: rival() for name, rival in rivals.items()}
    first = next(iter(results.values()))
    for name, result in results.items():
        if result != first:
            raise AssertionError(f"{name} came to another result: its time means nothing")
    turns: dict[str, list[Turn]] = {name: [] for name in rivals}
    for _ in range(rounds):
        prepare()
        for name, rival in rivals.items():
            turns[name].append(turn(rival))
    return {name: _figures(of) for name, of in turns.items()}


def _figures(turns: Sequence[Turn]) -> Figures:
    wall, cpu = [t.wall for t in turns], [t.cpu for t in turns]
    return {
        "wall_ms": round(statistics.median(wall) * 1000, 3),
        "cpu_ms": round(statistics.median(cpu) * 1000, 3),
        "best_wall_ms": round(min(wall) * 1000, 3),
        "rounds": len(turns),
    }


def report(bench: str, goal: str, rows: Mapping[str, Figures], **facts: float | str | bool | None) -> None:
    """Print the measurement as JSON."""
    machine = {"cpus": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    json.dump({"bench": bench, "goal": goal, "machine": machine, "rows": rows, **facts}, sys.stdout, indent=2)
    print()
