"""A million personal thresholds: one moment of the engine against judging all rules in five other ways.

The same 3,000 of 5,000 cells change at every moment; the share of rules that fire is set by how far they go. `wall_ms`
is of a moment after all others had their turn, so that nothing of it is in the caches; `warm_ms` of one that follows on
its own kind.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from itertools import islice
from math import inf, nextafter

import numpy as np
import pandas as pd

from adapters.store.rulebook import Rulebook
from bench.measure import Figures, race, report, turn
from signals.columns import Readings, to_ticks
from signals.engine import Engine
from signals.index import Index
from signals.model import ALL, Unit
from signals.rules.model import Compare, Condition, Draft, Rule

CELLS, CHANGED = 5_000, 3_000
START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROUNDS = 7
A_WHILE = 0.1
"""Seconds in which moments that follow on each other are repeated."""
BAND = 0.00001
A_PLACE = 50
"""Rules in one place."""
PAGE = 10_000
NAMES = ("funding", "oi.level", "ls", "ls.top", "basis")


def a_rule(n: int, cell: int, level: float, hold: timedelta) -> Rule:
    """Rule n: `cell above level`, told apart by the number of its change."""
    coin, name = divmod(cell, len(NAMES))
    condition = Condition(NAMES[name], timedelta(0), Compare.ABOVE, level, level - BAND, Unit.RATIO)
    draft = Draft((f"C{coin}",), ALL, (condition,), hold, 6 * HOUR, once=False)
    place, number = f"bench:{n // A_PLACE}", n % A_PLACE + 1
    return Rule(f"{place}/{number}", place, number, 1, draft, START, n)


class World:
    """Rules, and two sets of values between which the market goes to and fro."""

    def __init__(self, rules: int, share: float, hold: timedelta = timedelta(0)) -> None:
        random = np.random.default_rng(7)
        self.cells = random.integers(0, CELLS, rules)
        self.levels = random.uniform(0.0, 1.0, rules)
        self.changed = np.sort(random.permutation(CELLS)[:CHANGED])
        self.values = (np.full(CELLS, 0.5), np.full(CELLS, 0.5))
        self.values[1][self.changed] += share * CELLS / CHANGED if share else 1e-9
        if not share:
            self.levels[np.abs(self.levels - 0.5) < 1e-6] = 0.9
        self.hold = hold

    def engine(self) -> tuple[Engine, float]:
        """An engine with all rules in the service's own book, and the seconds of CPU that putting them took."""
        engine, spent = Engine({}, Rulebook()), 0.0
        rules = enumerate(zip(self.cells.tolist(), self.levels.tolist(), strict=True))
        while page := [a_rule(n, cell, level, self.hold) for n, (cell, level) in islice(rules, PAGE)]:
            began = time.process_time()
            for rule in page:
                engine.put(rule)
            spent += time.process_time() - began
        return engine, spent


class Threshold:
    """Our index alone: which rules a moment crosses."""

    def __init__(self, world: World) -> None:
        self._world, self._turn = world, 0
        self._index = Index()
        for cell in range(CELLS):
            self._index.follow(cell, self._index.shelf())
        for slot, (cell, level) in enumerate(zip(world.cells.tolist(), world.levels.tolist(), strict=True)):
            self._index.add(cell, (nextafter(level, inf),), slot)
        self._index.merge(np.ones(len(world.cells), np.bool_), most=0)
        nowhere = np.full(CELLS, np.nan)
        self._index.crossed((nowhere, nowhere), (world.values[0], world.values[0]))
        self.bytes = self._index.bytes

    def __call__(self) -> list[int]:
        """One moment there or back."""
        was, now = self._world.values[self._turn], self._world.values[1 - self._turn]
        self._turn = 1 - self._turn
        _, slots = self._index.crossed((was, was), (now, now))
        return np.sort(slots).tolist()


class Loop:
    """Rules as dicts, looked at one by one, each with what it said last."""

    def __init__(self, world: World) -> None:
        rows = enumerate(zip(world.cells.tolist(), world.levels.tolist(), strict=True))
        self._rules = [{"rule": n, "cell": cell, "level": level, "met": False} for n, (cell, level) in rows]
        self._says = [dict(enumerate(values.tolist())) for values in world.values]
        self._turn = 1
        self()

    def __call__(self) -> list[int]:
        """One moment there or back."""
        self._turn = 1 - self._turn
        values, found = self._says[self._turn], []
        for rule in self._rules:
            met = values[rule["cell"]] > rule["level"]
            if met != rule["met"]:
                rule["met"] = met
                found.append(int(rule["rule"]))
        return found


class OverAll:
    """NumPy over all rules, which keeps what they said last."""

    def __init__(self, world: World) -> None:
        self._world, self._turn, self._met = world, 1, np.zeros(len(world.cells), np.bool_)
        self()

    def __call__(self) -> list[int]:
        """One moment there or back."""
        self._turn = 1 - self._turn
        met = self._world.values[self._turn][self._world.cells] > self._world.levels
        found: list[int] = np.flatnonzero(met != self._met).tolist()
        self._met = met
        return found


def pandas_merge(world: World) -> Callable[[], list[int]]:
    """The changed cells joined to the rules by pandas."""
    rules = pd.DataFrame({"cell": world.cells, "level": world.levels, "rule": np.arange(len(world.cells))})

    def run() -> list[int]:
        joined = rules.merge(_changed(world), on="cell")
        crossed = (joined["before"] > joined["level"]) != (joined["after"] > joined["level"])
        return sorted(joined.loc[crossed, "rule"].tolist())

    return run


def polars_join(world: World) -> Callable[[], list[int]]:
    """The same by Polars."""
    import polars as pl  # noqa: PLC0415 - a rival that may be absent

    rules = pl.DataFrame({"cell": world.cells, "level": world.levels, "rule": np.arange(len(world.cells))})

    def run() -> list[int]:
        before, after = world.values
        changed = pl.DataFrame({"cell": world.changed, "before": before[world.changed], "after": after[world.changed]})
        crossed = (pl.col("before") > pl.col("level")) != (pl.col("after") > pl.col("level"))
        return sorted(rules.join(changed, on="cell").filter(crossed)["rule"].to_list())

    return run


def duckdb_join(world: World) -> Callable[[], list[int]]:
    """The same by DuckDB."""
    import duckdb  # noqa: PLC0415 - a rival that may be absent

    base = duckdb.connect()
    rules = pd.DataFrame({"cell": world.cells, "level": world.levels, "rule": np.arange(len(world.cells))})
    base.register("given", rules)
    base.execute("CREATE TABLE rules AS SELECT * FROM given")
    base.unregister("given")

    def run() -> list[int]:
        base.register("changed", _changed(world))
        rows = base.execute(
            "SELECT rule FROM rules JOIN changed USING (cell) WHERE (before > level) <> (after > level)"
        ).fetchall()
        return sorted(row[0] for row in rows)

    return run


def _changed(world: World) -> pd.DataFrame:
    before, after = world.values
    return pd.DataFrame({"cell": world.changed, "before": before[world.changed], "after": after[world.changed]})


class Whole:
    """The engine: four moments, two past the lines and two before them; what was told is the rules and changes."""

    def __init__(self, world: World) -> None:
        self._at = START
        self._engine, spent = world.engine()
        self.load_s = round(spent, 1)
        cells = [int(cell.coin[1:]) * len(NAMES) + NAMES.index(cell.name) for cell in self._engine.cells]
        self._said = [np.concatenate([[0.0], values[cells]]) for values in world.values]
        self._held, self._steps = (
            np.full(len(cells) + 1, np.nan),
            np.full(len(cells) + 1, HOUR // timedelta(microseconds=1)),
        )
        self._move(0)
        self.bytes = self._engine.counts.bytes

    def __call__(self) -> list[tuple[int, str]]:
        """There, held, back, and rest."""
        return [told for way in (1, 1, 0, 0) for told in self._move(way)]

    def _move(self, way: int) -> list[tuple[int, str]]:
        self._at += HOUR
        ends = np.full(len(self._held), to_ticks(self._at))
        readings = Readings(self._said[way], self._held, ends, self._steps)
        moved = self._engine.move(self._at, readings)
        return [(of.rule.change, of.told.change.value) for of in moved if of.told]


class EveryRule:
    """All rules with hold and hysteresis at every moment, by NumPy: the engine's rival and oracle."""

    def __init__(self, world: World, hold: timedelta) -> None:
        self._world, self._hold, self._hour = world, hold // HOUR, 0
        met = world.values[0][world.cells] > world.levels
        self._waiting = met.copy()
        self._firing = np.zeros(len(met), np.bool_)
        self._since = np.full(len(met), -1)

    def __call__(self) -> list[tuple[int, str]]:
        """There, held, back, and rest."""
        return [told for way in (1, 1, 0, 0) for told in self._move(way)]

    def _move(self, way: int) -> list[tuple[int, str]]:
        self._hour += 1
        world, now = self._world, self._hour
        values = world.values[way][world.cells]
        met, calm = values > world.levels, values < world.levels - BAND
        self._waiting &= met
        pending = met & ~self._waiting & ~self._firing
        self._since = np.where(pending & (self._since < 0), now, np.where(pending, self._since, -1))
        fires = pending & (now - self._since >= self._hold)
        resolves = self._firing & calm
        self._firing = (self._firing | fires) & ~resolves
        told = [(n, "fired") for n in np.flatnonzero(fires).tolist()]
        return sorted(told + [(n, "resolved") for n in np.flatnonzero(resolves).tolist()])


RIVALS: dict[str, Callable[[World], Callable[[], list[int]]]] = {
    "loop over dicts": Loop,
    "NumPy over all": OverAll,
    "pandas merge": pandas_merge,
    "Polars join": polars_join,
    "DuckDB join": duckdb_join,
}
MOST = {"loop over dicts": 1_000_000, "pandas merge": 1_000_000}
"""Rules from which on a rival takes too much memory or time to build here."""


def crossing(rules: int, share: float) -> tuple[dict[str, Figures], dict[str, str], int]:
    """The race of which rules a moment crosses: figures, who was left out and why, and how many were crossed."""
    world, left_out = World(rules, share), {}
    ours = Threshold(world)
    racers: dict[str, Callable[[], list[int]]] = {"index": ours}
    for name, rival in RIVALS.items():
        package = {"Polars join": "polars", "DuckDB join": "duckdb"}.get(name, "numpy")
        if find_spec(package) is None:
            left_out[name] = f"{package} is not installed"
        elif rules > MOST.get(name, rules):
            left_out[name] = f"not built for more than {MOST[name]} rules"
        else:
            racers[name] = rival(world)
    crossed = len(ours())
    ours()
    cold = race(racers, ROUNDS)
    warm = {name: warmed(racer) for name, racer in racers.items()}
    rows: dict[str, Figures] = {
        name: {
            **of,
            "warm_ms": round(warm[name], 4),
            "times": round(_took(of) / _took(cold["index"])),
            "times_warm": round(warm[name] / warm["index"]),
        }
        for name, of in cold.items()
    }
    rows["index"] = {**rows["index"], "bytes_a_rule": round(ours.bytes / rules, 1)}
    return rows, left_out, crossed


def warmed(racer: Callable[[], list[int]]) -> float:
    """Milliseconds of a moment that follows on others, with nothing in between that drives it out of the caches."""
    racer()
    began, took = time.perf_counter(), list[float]()
    while len(took) < ROUNDS or (len(took) < ROUNDS * ROUNDS and time.perf_counter() - began < A_WHILE):
        of = turn(racer)
        took.append(min(of.wall, of.cpu))
    return statistics.median(took) * 1000


def _took(of: Figures) -> float:
    """Milliseconds of a moment: of the wall's and the processor's the fewer, whoever else is busy or in parallel."""
    return min(float(of["wall_ms"] or 0), float(of["cpu_ms"] or 0))


def whole(rules: int, share: float) -> dict[str, Figures]:
    """The race of the engine, with hold and hysteresis, against every rule by NumPy: four moments a turn."""
    world = World(rules, share, HOUR)
    ours, theirs = Whole(world), EveryRule(world, HOUR)
    gc.collect()
    gc.freeze()
    rows = dict(race({"engine": ours, "every rule by NumPy": theirs}, ROUNDS))
    gc.unfreeze()
    rows["engine"] = {**rows["engine"], "bytes_a_rule": round(ours.bytes / rules, 1), "put_cpu_s": ours.load_s}
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, nargs="+", default=[10_000, 100_000, 1_000_000, 10_000_000])
    parser.add_argument("--share", type=float, nargs="+", default=[0.0, 0.0001, 0.01, 0.1])
    parser.add_argument("--engine-up-to", type=int, default=1_000_000, help="rules up to which the whole engine races")
    asked = parser.parse_args()
    for rules in asked.rules:
        for share in asked.share:
            rows, left_out, crossed = crossing(rules, share)
            goal = "at least 500x the loop, 20x NumPy, 45x Polars, 150x DuckDB"
            report("rules: crossed", goal, rows, rules=rules, share=share, crossed=crossed, left_out=str(left_out))
            if rules <= asked.engine_up_to:
                goal = "at least 15x every rule by NumPy, at most 2 ms a moment; a turn is four moments"
                report("rules: whole", goal, whole(rules, share), rules=rules, share=share)


if __name__ == "__main__":
    main()
