"""Histories of the engine from a seed: rules, moments, edits and restarts, judged beside the oracle.

The same number of the same seed is the same history. Small ones come first, so the first that differs is short.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf, nextafter
from random import Random
from typing import TypeVar

from signals.model import ALL, Cell, Unit
from signals.rules.model import EVERY_COIN, WATCHLIST, Compare, Condition, Crossing, Draft, Rule
from tests.signals.pair import MINUTE, PLACE, START, STEPS, ZERO, Pair
from tests.signals.plain import Moment

T = TypeVar("T")

COINS = ("BTC", "ETH", "SOL")
_AROUND = [nextafter(line, way) for line in (0.0, 1.0, -1.0) for way in (-inf, inf)]
EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 3.0, -3.0, *_AROUND, 5e-324, 1e300, -1e300)
FEW = (0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5)
"""Values that meet few lines often, beside those at the edges of what a float can say."""
SHOWN = 10


@dataclass
class Tally:
    """What many histories came to."""

    histories: int = 0
    moments: int = 0
    told: int = 0
    restarts: int = 0
    different: list[dict[str, str | int]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count another stretch in."""
        self.histories += other.histories
        self.moments += other.moments
        self.told += other.told
        self.restarts += other.restarts
        self.different += other.different


class History:
    """One history: what happens to a few rules, moment by moment."""

    def __init__(self, seed: int, number: int, tally: Tally) -> None:
        self._random = Random(f"{seed}/{number}")
        self._tally = tally
        self._pair = Pair(first=START + MINUTE)
        self._now = START
        self._revision = 1
        self._most, self._long = ((1, 8), (1, 14), (2, 12), (7, 22), (8, 50))[number % 5]
        self._values, self._gaps = self._pick([FEW, EDGES]), self._pick([0.0, 0.15, 0.4])
        self._restarts = self._pick([0, 1, 3])

    def run(self) -> None:
        """Let it happen; raises AssertionError where the engine tells something else than the oracle."""
        for number in range(self._random.randint(1, self._most)):
            self._pair.put(self._rule(number), is_stored=self._chance(0.5))
        self._pair.watch(("BTC",))
        present = COINS[:1]
        for turn in range(self._random.randint(4, self._long)):
            self._now += self._pick([1, 1, 1, 1, 1, 2, 4]) * MINUTE
            if turn > 1:
                present = COINS[: self._random.randint(1, 3)]
            self._tally.moments += 1
            self._tally.told += self._pair.judge(self._moment(sorted({*self._pair.oracle.coins, *present})), present)
            if self._chance(0.3):
                self._pair.merge()
            for _ in range(self._pick([0, 0, 0, 0, 1, 1, 2, 3])):
                self._act(self._pick(["put", "put", "drop", "watch", *["restart"] * self._restarts]))

    def _act(self, what: str) -> None:
        match what:
            case "put":
                self._revision += 1
                self._pair.put(self._rule(self._random.randint(0, self._most)), is_stored=self._chance(0.5))
            case "drop":
                self._pair.drop(_id(self._random.randint(0, self._most)))
            case "watch":
                self._pair.watch(self._pick([(), ("BTC",), ("ETH", "BTC"), ("SOL",), ("SOL", "BTC")]))
            case _:
                self._tally.restarts += 1
                self._pair.restart()

    def _rule(self, number: int) -> Rule:
        kind = self._pick(["one", "one", "several", "crossing"])
        own = [self._condition(is_crossing=kind == "crossing")]
        if kind == "several":
            own += [self._condition() for _ in range(self._random.randint(1, 3))]
        draft = Draft(
            self._pick([("BTC",), ("BTC", "ETH"), (EVERY_COIN,), (WATCHLIST,)]),
            ALL,
            tuple(own),
            self._random.randint(0, 3) * MINUTE,
            None if kind == "crossing" else self._pick([None, 2 * MINUTE]),
            once=self._chance(0.2),
            until=self._now + 9 * MINUTE if self._chance(0.25) else None,
        )
        created = self._now + self._pick([0, 0, 0, 0, 1, 3]) * MINUTE
        return Rule(_id(number), PLACE, number, self._revision, draft, created, 1, paused=self._chance(0.1))

    def _condition(self, *, is_crossing: bool = False) -> Condition:
        compare, line = self._pick(list(Compare)), self._pick([0.0, 1.0, -1.0, *self._pick([(), _AROUND, (1e300,)])])
        way = self._pick(list(Crossing)) if is_crossing else None
        if way is not None:
            compare = Compare.BELOW if way is Crossing.DOWN else Compare.ABOVE
        band = self._pick([0.0, 5e-324, 0.5, 1.0])
        clear = line + band if compare.downward else line - band
        absolute = way is None and self._chance(0.3)
        name = self._pick(list(STEPS))
        return Condition(name, ZERO, compare, line, clear, Unit.RATIO, absolute=absolute, crossing=way)

    def _moment(self, coins: Iterable[str]) -> Moment:
        """Every cell says something; those with longer bars stand on their last one in between."""
        said: dict[Cell, tuple[float | None, float | None]] = {}
        ends: dict[Cell, datetime] = {}
        last = self._pair.last
        for cell in [Cell(coin, ALL, name, ZERO) for coin in coins for name in STEPS]:
            if last is not None and cell in last.said and (self._now - START) % STEPS[cell.name]:
                said[cell], ends[cell] = last.said[cell], last.ends.get(cell, last.at)
                continue
            value = None if self._chance(self._gaps) else self._pick(self._values)
            held = self._pick(self._values) if value is not None and self._chance(0.15) else None
            said[cell] = value, held
        return Moment(self._now, said, STEPS, ends)

    def _pick(self, of: Sequence[T]) -> T:
        return self._random.choice(of)

    def _chance(self, share: float) -> bool:
        return self._random.random() < share


def run(seed: int, numbers: Iterable[int]) -> Tally:
    """The histories of these numbers."""
    tally = Tally()
    for number in numbers:
        tally.histories += 1
        try:
            History(seed, number, tally).run()
        except AssertionError as error:
            tally.different.append({"number": number, "says": str(error)[:400]})
    return tally


def summary(tally: Tally, seed: int) -> Mapping[str, object]:
    """What the report says."""
    return {
        "seed": seed,
        "histories": tally.histories,
        "moments": tally.moments,
        "told": tally.told,
        "restarts": tally.restarts,
        "different": len(tally.different),
        "first": sorted(tally.different, key=lambda of: of["number"])[:SHOWN],
    }


def _id(number: int) -> str:
    return f"r{number:02}"
