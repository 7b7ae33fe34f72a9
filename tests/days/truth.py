"""What truly happens on the market, as functions of the seed and the time: nothing that goes wrong changes it."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, sin
from random import Random

from signals.model import Metric
from tests.days.schedule import COINS, MINUTE, START

SHARES: Mapping[str, float] = {"binance": 0.4, "bybit": 0.22, "gate": 0.15, "okx": 0.23}
"""Of the open interest of each coin; without gate 85 % are left, without any other one too little."""

PRICE: Mapping[str, float] = {"BTC": 90_000.0, "ETH": 3_000.0, "SOL": 130.0}
OI: Mapping[str, float] = {"BTC": 300_000.0, "ETH": 5e6, "SOL": 26e6}
COOL, HOT = 0.00005, 0.0006
"""Funding per 8 hours."""

QUIET_LIQ, BURST_LIQ = 8e3, 9e5
"""USD of longs closed in five minutes, on all venues."""

MOVES, BACK, FOR = 30, 480, 240
"""Minutes that a move takes, the minutes of its way back, and the time between the two."""

UP, CLOSED = 0.045, -0.09
"""How far price and open interest move, as logarithms."""

HOUR = 60
DAYS_AT_MOST = 400


@dataclass(frozen=True)
class Truth:
    """Of one seed. Minutes count from the start."""

    hot: Mapping[str, Sequence[tuple[int, int]]]
    moves: Mapping[tuple[Metric, str], Sequence[int]]
    """When price or open interest begins to move."""
    bursts: Mapping[str, Sequence[tuple[int, int]]]

    def value(self, metric: Metric, coin: str, at: datetime) -> float:
        """Over all venues; of a sum what five minutes hold."""
        minute = _minute(at)
        wobble = 1 + 2e-4 * sin(minute / 7 + len(coin))
        match metric:
            case Metric.FUNDING:
                return HOT if _in(self.hot[coin], minute) else COOL
            case Metric.PRICE:
                return PRICE[coin] * wobble * exp(UP * self._moved(metric, coin, minute))
            case Metric.OI_LEVEL:
                return OI[coin] * wobble * exp(CLOSED * self._moved(metric, coin, minute))
            case Metric.LIQ_SHORT:
                return QUIET_LIQ
            case _:
                return BURST_LIQ if _in(self.bursts[coin], minute) else QUIET_LIQ

    def of_venue(self, venue: str, metric: Metric, coin: str, at: datetime) -> float:
        """What one venue truly says."""
        value = self.value(metric, coin, at)
        if metric is Metric.PRICE:
            return value * (1 + 1e-4 * SHARES[venue])
        if metric is Metric.FUNDING:
            return value * (1 + 0.1 * (SHARES[venue] - 0.2))
        return value * SHARES[venue]

    def _moved(self, metric: Metric, coin: str, minute: int) -> float:
        starts = self.moves[metric, coin]
        i = bisect_right(starts, minute)
        if not i:
            return 0.0
        played = minute - starts[i - 1]
        there = min(played / MOVES, 1.0)
        back = min(max(played - MOVES - FOR, 0) / BACK, 1.0)
        return there - back


def drawn(seed: int, days: float) -> Truth:
    """The truth of that seed for so many days."""
    rng, minutes = Random(f"{seed} truth"), int(days * 24 * HOUR)
    moving = (Metric.PRICE, Metric.OI_LEVEL)
    return Truth(
        {coin: [*_spans(rng, minutes, (4, 14), (2, 6))] for coin in COINS},
        {(metric, coin): [*_starts(rng, minutes)] for metric in moving for coin in COINS},
        {coin: [*_spans(rng, minutes, (6, 20), (0.5, 1.5))] for coin in COINS},
    )


def _spans(
    rng: Random, minutes: int, between: tuple[float, float], lasts: tuple[float, float]
) -> Iterator[tuple[int, int]]:
    at = 1.0 * HOUR
    while at < minutes:
        at += rng.uniform(*between) * HOUR
        ends = at + rng.uniform(*lasts) * HOUR
        yield _five(at), _five(ends)
        at = ends


def _starts(rng: Random, minutes: int) -> Iterator[int]:
    at = 1.0 * HOUR
    while at < minutes:
        at += MOVES + FOR + BACK + rng.uniform(1, 10) * HOUR
        yield _five(at)


def _five(minute: float) -> int:
    return int(minute) // 5 * 5


def _in(spans: Sequence[tuple[int, int]], minute: int) -> bool:
    i = bisect_right(spans, (minute, 1 << 60))
    return i > 0 and minute < spans[i - 1][1]


def _minute(at: datetime) -> int:
    return (at - START) // MINUTE


def is_hot(truth: Truth, coin: str, at: datetime) -> bool:
    """Whether longs pay much."""
    return truth.value(Metric.FUNDING, coin, at) > (COOL + HOT) / 2


def change(metric: Metric, truth: Truth, coin: str, at: datetime) -> float:
    """By how much a level changed within an hour, as a fraction."""
    return truth.value(metric, coin, at) / truth.value(metric, coin, at - timedelta(hours=1)) - 1


def closed(truth: Truth, coin: str, at: datetime) -> float:
    """USD of forced closes within an hour."""
    ends = [at - timedelta(minutes=5 * n) for n in range(12)]
    return sum(truth.value(metric, coin, end) for end in ends for metric in (Metric.LIQ_LONG, Metric.LIQ_SHORT))
