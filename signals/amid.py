"""Amid a cascade: which alerts are parts of one that is told anyway, and when cascades of many coins are one event.

Found in bars alone, so that it is the same whoever asks, in whatever order, and after any restart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from signals.base import Signal
from signals.cascade import CLOSED, WINDOW
from signals.cells import Cells
from signals.features import change
from signals.model import Fact, Metric, Unit
from signals.numbers import LEVEL
from signals.panel import Instants, from_ms

CASCADE = "cascade"
INHIBITED = frozenset({"liqspike", "divergence", Metric.OI, Metric.OI_LEVEL, Metric.OI_USD})
"""What a cascade of the same coin says already, by the first word of the rule."""

INHIBITS = timedelta(minutes=30)
"""For so long after its beginning, and while it goes on."""

MANY = 5
TOGETHER = 2
"""So many coins whose cascades begin within so many minutes are one event of the market."""

JOINS = timedelta(minutes=30)
"""Coins that begin within so long after that belong to it."""

LATELY = timedelta(minutes=45)
NAMED = 5
"""Coins that are named with their sums, the largest ones."""

_Marks = npt.NDArray[np.bool_]
_NEVER: _Marks = np.zeros(0, np.bool_)


@dataclass(frozen=True, slots=True)
class Wave:
    """Cascades of many coins as one event: the coin that it is told under, and the others that began with it."""

    leader: str
    others: frozenset[str]


class Amid:
    """What cascades of the coins say about what is told at one moment."""

    def __init__(self, cells: Cells, signals: Mapping[str, Signal]) -> None:
        self._cells = cells
        self._signal = signals.get(CASCADE)
        self._lately: dict[tuple[str, datetime], tuple[Instants, Mapping[str, _Marks]]] = {}
        self._waves: dict[tuple[tuple[str, ...], str, datetime], Wave | None] = {}

    def since(self, coin: str, at: datetime) -> tuple[datetime | None, str]:
        """Since when the coin is in a cascade whose alert says it all at that moment, and its side."""
        for side in sorted(self._signal.sides) if self._signal else ():
            times, of_each = self._on(side, at)
            on = of_each.get(coin, _NEVER)
            begun = np.flatnonzero(_starts(on))
            if not len(begun):
                continue
            since = from_ms(int(times[begun[-1]]))
            if on[-1] or (begun[-1] > 0 and at - since < INHIBITS):
                return since, side
        return None, ""

    def wave(self, coins: Sequence[str], side: str, at: datetime) -> Wave | None:
        """The event of the market that the cascades of these coins were part of at that moment, if there was one."""
        key = tuple(coins), side, at
        if key not in self._waves:
            self._waves[key] = self._wave(coins, side, at) if len(coins) >= MANY else None
        return self._waves[key]

    def whole(self, coins: Sequence[str], side: str, at: datetime, span: timedelta) -> Sequence[Fact]:
        """What was liquidated on all of these coins that are in a cascade now, and on the largest of them."""
        _, of_each = self._on(side, at)
        on = [coin for coin in coins if coin in of_each and of_each[coin][-1]]
        sums = sorted(((self._closed(coin, side, at, span), coin) for coin in on), reverse=True)
        named = tuple(Fact(f"of {coin}", dollars, Unit.USD) for dollars, coin in sums[:NAMED])
        return (Fact("market-wide", sum(of for of, _ in sums), Unit.USD, f"{len(sums)} coins"), *named)

    def _wave(self, coins: Sequence[str], side: str, at: datetime) -> Wave | None:
        times, of_each = self._on(side, at)
        fallen = sorted(of_each.keys() & set(coins))
        if len(fallen) < MANY:
            return None
        starts = np.array([_starts(of_each[coin]) for coin in fallen])
        begun = starts[:, 1:]
        counts = sum(np.pad(begun, ((0, 0), (shift, 0)))[:, : begun.shape[1]].sum(axis=0) for shift in range(TOGETHER))
        declared = np.flatnonzero(np.asarray(counts) >= MANY)
        if not len(declared):
            return None
        row = int(declared[0]) + 1
        began = from_ms(int(times[row]))
        if at - began > JOINS:
            return None
        there = [coin for coin, own in zip(fallen, starts, strict=True) if own[row]]
        later = [coin for coin, own in zip(fallen, starts, strict=True) if own[row:].any()]
        leader = max(there, key=lambda coin: (self._closed(coin, side, began, LEVEL), coin))
        return Wave(leader, frozenset(later) - {leader})

    def _on(self, side: str, at: datetime) -> tuple[Instants, Mapping[str, _Marks]]:
        """Of the bars of late whether a coin was in a cascade, by coin; no others can have been."""
        if (side, at) not in self._lately:
            self._lately[side, at] = self._scored(side, at)
        return self._lately[side, at]

    def _scored(self, side: str, at: datetime) -> tuple[Instants, Mapping[str, _Marks]]:
        """Of coins whose open interest fell enough at any time of late: without that there is no cascade."""
        bars = self._cells.panel(at).at(timedelta(minutes=1))
        rows = min(bars.bars(LATELY), len(bars.times))
        if self._signal is None or not rows:
            return bars.times[:0], {}
        fell = (change(bars, Metric.OI_LEVEL, WINDOW, bars.bars(LATELY + WINDOW)) <= CLOSED).any(axis=0)
        own = replace(bars, others={}).of(tuple(np.array(bars.coins, object)[fell]))
        on = self._signal.score(own, LEVEL, rows, side) == 1
        return bars.times[len(bars.times) - rows :], dict(zip(own.coins, on.T, strict=True))

    def _closed(self, coin: str, side: str, at: datetime, span: timedelta) -> float:
        facts = self._signal.evidence(self._cells.panel(at), coin, span, side) if self._signal else ()
        return next((fact.value for fact in facts if fact.label == "liquidated" and fact.value is not None), 0.0)


def _starts(on: _Marks) -> _Marks:
    """Where it begins; what is on in the first row began then or before."""
    before = np.concatenate([np.zeros(min(1, len(on)), np.bool_), on[:-1]])
    begins: _Marks = on & ~before
    return begins
