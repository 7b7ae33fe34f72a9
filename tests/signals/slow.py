"""Every signal once more as its page defines it: one coin, one bar, plain Python, sharing no code with `signals/`.

What is read is the bars alone. `SLOW` has the score of each signal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil, floor, isnan
from statistics import median
from typing import TypeAlias

import numpy as np

from signals.model import Metric
from signals.panel import Panel

NAN = float("nan")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OI, PRICE, FUNDING, ACCOUNTS = Metric.OI_LEVEL, Metric.PRICE, Metric.FUNDING, Metric.LS
HEARD = Metric.LIQ_HEARD
SLACK = 1e-6
"""Sums of numbers of seven digits may differ by so much."""


@dataclass
class Coin:
    """One coin's bars: a list for each metric, and for each venue's own price and open interest."""

    step: timedelta
    times: Sequence[int]
    told: Mapping[Metric, Sequence[float]]
    venues: Mapping[str, Mapping[Metric, Sequence[float]]]
    moves: dict[tuple[Metric, int], list[float]] = field(default_factory=dict)
    days: list[float] = field(default_factory=list)
    sums: list[float] = field(default_factory=list)
    sets: list[set[int] | None] = field(default_factory=list)

    def bars(self, span: timedelta) -> int:
        return max(1, ceil(span / self.step))


Slow: TypeAlias = Callable[[Coin, int, timedelta, str], float]


def coin_of(panel: Panel, coin: str) -> Coin:
    """The coin's column; rates as the decimals that they were told as."""
    column, venues = panel.coins.index(coin), {v for of in panel.legs.values() for v in of}

    def listed(metric: Metric) -> list[float]:
        stored = panel[metric][:, column]
        if metric in (FUNDING, Metric.FUNDING_SETTLED):
            return [float(str(value)) for value in stored]
        return [float(value) for value in stored]

    own = {v: {m: [float(x) for x in panel.leg(m, v)[:, column]] for m in (PRICE, OI)} for v in sorted(venues)}
    return Coin(panel.step, panel.times.tolist(), {metric: listed(metric) for metric in Metric}, own)


def known(values: Sequence[float]) -> list[float]:
    return [value for value in values if not isnan(value)]


def past(values: Sequence[float], row: int, bars: int) -> list[float]:
    """What is known of the bars before the row; nothing where that is less than nine tenths, or less than 30."""
    found = known(values[max(0, row - bars) : row])
    return found if len(found) >= max(30, 0.9 * bars) else []


def rank(values: Sequence[float], row: int, bars: int) -> float:
    """The share of what was before that lies below, ties by half."""
    before, now = past(values, row, bars), values[row]
    if not before or isnan(now):
        return NAN
    return (sum(value < now for value in before) + sum(value == now for value in before) / 2) / len(before)


def of_quarter(coin: Coin, metric: Metric, row: int) -> float:
    return rank(coin.told[metric], row, coin.bars(90 * DAY))


def silence(coin: Coin, row: int) -> float:
    """Open interest that was expected and that nobody said; without bound where nobody knows what was expected."""
    expected = coin.told[Metric.OI_EXPECTED][row]
    if isnan(expected):
        return float("inf")
    missing = expected - sum(known([of[OI][row] for of in coin.venues.values()]))
    return missing if missing > SLACK * expected else 0.0


def is_silent(coin: Coin, row: int) -> bool:
    return 0 < silence(coin, row) < float("inf")


def is_there(coin: Coin, venue: str, row: int) -> bool:
    return any(not isnan(coin.venues[venue][metric][row]) for metric in (PRICE, OI))


def is_same_market(coin: Coin, row: int, then: int) -> bool:
    """Whether who is there now was there then: who is missing where somebody is silent may be the silent one."""
    if then < 0:
        return False
    for venue in coin.venues:
        here, there = is_there(coin, venue, row), is_there(coin, venue, then)
        if here != there and not is_silent(coin, then if here else row):
            return False
    return True


def change(coin: Coin, metric: Metric, row: int, back: int) -> float:
    """The move since so many bars ago, of the venues that are there at both ends."""
    then, whole = row - back, coin.told[metric]
    if then < 0 or isnan(whole[row]) or isnan(whole[then]):
        return NAN
    ends = {v: (of[metric][then], of[metric][row]) for v, of in coin.venues.items()}
    both = [v for v, of in ends.items() if not isnan(sum(of))]
    start = sum(ends[v][0] for v in both)
    covered = covers(coin, metric, both, (then, row)) and covers(coin, metric, both, (row, then))
    return sum(ends[v][1] - ends[v][0] for v in both) / start if covered and start > 0 else NAN


def covers(coin: Coin, metric: Metric, both: Sequence[str], rows: tuple[int, int]) -> bool:
    """Whether these hold four fifths of the first row's open interest, but for who joined or left as planned."""
    at, other = rows
    present = [v for v, of in coin.venues.items() if not isnan(of[metric][at])]
    counted = any(isnan(coin.venues[v][OI][at]) for v in present)
    weights = {v: 1.0 if counted else coin.venues[v][OI][at] for v in present}
    whole = coin.told[Metric.OI_EXPECTED][at] if metric is OI else sum(weights.values())
    planned, unsaid = sum(weights[v] for v in present if not is_there(coin, v, other)), silence(coin, other)
    excused = (planned if unsaid == 0 else 0.0) if counted else max(planned - unsaid, 0.0)
    left = whole - excused
    return left > 0 and sum(weights[v] for v in both) >= (0.8 - SLACK) * left


def moves(coin: Coin, metric: Metric, window: timedelta) -> list[float]:
    """The move over the window that ends in each bar; unknown where it is no whole number of bars."""
    back = window // coin.step if not window % coin.step else 0
    if (metric, back) not in coin.moves:
        each = range(len(coin.times))
        coin.moves[metric, back] = [change(coin, metric, row, back) if back else NAN for row in each]
    return coin.moves[metric, back]


def spreads(values: Sequence[float], row: int, bars: int, least: float) -> float:
    """How far from the middle of what was before, in spreads of it."""
    before = past(values, row, bars)
    if not before or isnan(values[row]):
        return NAN
    middle = median(before)
    return (values[row] - middle) / max(1.4826 * median(abs(value - middle) for value in before), least)


def negfunding(coin: Coin, row: int, window: timedelta, side: str) -> float:
    del window, side
    return coin.told[FUNDING][row]


def stands(coin: Coin, row: int) -> int:
    """On which side of zero the rate has stood for a quarter of an hour: 1 above, -1 below."""
    bars = coin.bars(15 * MINUTE)
    heard = [i for i in range(max(0, row - bars + 1), row + 1) if not is_silent(coin, i)]
    rates = known([coin.told[FUNDING][i] for i in heard])
    if len(rates) < 0.9 * bars or isnan(coin.told[FUNDING][row]) or is_silent(coin, row):
        return 0
    return (min(rates) > 0.00002) - (max(rates) < -0.00002)


def fundingcross(coin: Coin, row: int, window: timedelta, side: str) -> float:
    del window
    day, rate = coin.bars(DAY), coin.told[FUNDING][row]
    last = {way: next((i for i in range(row, max(-1, row - day), -1) if stands(coin, i) == way), -1) for way in (1, -1)}
    way = 0 if min(last.values()) < 0 else 1 if last[1] > last[-1] else -1
    heard = len(known(coin.told[FUNDING][max(0, row - day + 1) : row + 1]))
    if coin.step > 8 * HOUR or isnan(rate) or heard < 0.9 * day or (way and not is_same_market(coin, row, last[-way])):
        return NAN
    counts = way == {"up": 1, "down": -1}.get(side, way) and way != 0
    return (max(way * rate, 0.0) if counts else 0.0) - 0.00002


def settled_in(coin: Coin, row: int, span: timedelta = DAY) -> bool:
    """Whether the market was the same so long ago."""
    before = coin.times[row] - span // timedelta(milliseconds=1)
    then = max((i for i in range(max(0, row - coin.bars(span) - 1), row + 1) if coin.times[i] <= before), default=-1)
    return is_same_market(coin, row, then)


def fundingextreme(coin: Coin, row: int, window: timedelta, side: str) -> float:
    del window
    rate, own = coin.told[FUNDING][row], of_quarter(coin, FUNDING, row)
    if isnan(own) or not settled_in(coin, row):
        return NAN
    high = abs(rate) >= 0.0003 and (rate > 0) == (own > 0.5) and own != 0.5
    distance = 2 * own - 1 if high else 0.0
    return {"high": distance, "low": -distance}.get(side, abs(distance))


def rises(coin: Coin, row: int, window: timedelta, span: timedelta) -> tuple[float, float]:
    bars = coin.bars(span)
    return (
        spreads(moves(coin, PRICE, window), row, bars, 0.002),
        spreads(moves(coin, OI, window), row, bars, 0.003),
    )


def divergence(coin: Coin, row: int, window: timedelta, side: str) -> float:
    del side
    up, opened = rises(coin, row, window, 8 * DAY if window <= 4 * HOUR else 90 * DAY)
    if isnan(up + opened):
        return NAN
    apart = moves(coin, PRICE, window)[row] >= 0.01 and moves(coin, OI, window)[row] <= -0.01
    return min(up, -opened) if apart else min(up, -opened, 0.0)


def momentum(coin: Coin, row: int, window: timedelta, side: str) -> float:
    del side
    both, own = rises(coin, row, window, 8 * DAY), of_quarter(coin, FUNDING, row)
    if isnan(sum(both) + own) or not settled_in(coin, row):
        return NAN
    return min(both) if coin.told[FUNDING][row] > 0 and own < 0.95 else min(*both, 0.0)


def crowdedshorts(coin: Coin, row: int, window: timedelta, side: str) -> float:
    del window, side
    since, own = max(0, row + 1 - 4 * coin.bars(8 * HOUR)), of_quarter(coin, ACCOUNTS, row)
    grid = [i for i in range(since, row + 1) if coin.times[i] % (8 * 3_600_000) == 0][-3:]
    if coin.step > 8 * HOUR or len(grid) < 3 or isnan(own) or not settled_in(coin, row):
        return NAN
    settled = coin.told[Metric.FUNDING_SETTLED]
    paid = {i: NAN if is_silent(coin, i) else settled[i] for i in range(grid[0], row + 1)}
    if any(rate >= 0 for rate in paid.values()):
        return 0.0
    return min(2.0, max(0.0, 2 - own / 0.2)) if all(paid[i] < 0 for i in grid) else NAN


def crowdedlongs(coin: Coin, row: int, window: timedelta, side: str) -> float:
    del window, side
    own, rate = of_quarter(coin, ACCOUNTS, row), coin.told[FUNDING][row]
    if isnan(own + rate) or not settled_in(coin, row):
        return NAN
    return min(2.0, max(0.0, 2 - (1 - own) / 0.05)) if rate >= 0.0003 else 0.0


def closed(coin: Coin) -> tuple[Sequence[float], Sequence[float], Sequence[float]]:
    """Longs, shorts, and both, bar by bar."""
    longs, shorts = coin.told[Metric.LIQ_LONG], coin.told[Metric.LIQ_SHORT]
    if not coin.sums:
        coin.sums += [a + b for a, b in zip(longs, shorts, strict=True)]
    return longs, shorts, coin.sums


def liqspike(coin: Coin, row: int, window: timedelta, side: str) -> float:
    longs, shorts, both = closed(coin)
    own = {"long": longs, "short": shorts}.get(side, both)
    if coin.bars(window) > 1:
        raise NotImplementedError("its baseline is of hours: it is followed on bars of an hour or more")
    before, least = (
        heard_alike(coin, own, row, 30 * DAY // coin.step),
        0.00002 * coin.told[OI][row] * coin.told[PRICE][row],
    )
    if not before or isnan(both[row]) or not least > 0:
        return NAN
    if side and (own[row] < 0.7 * both[row] or both[row] == 0):
        return 0.0
    return own[row] / max(median(before), least)


def venues_in(coin: Coin) -> Sequence[set[int] | None]:
    """Who is in each bar's liquidations; None where it does not say."""
    if not coin.sets:
        coin.sets += [
            None if isnan(of) else {bit for bit in range(11) if int(of) >> bit & 1} for of in coin.told[HEARD]
        ]
    return coin.sets


def heard_alike(coin: Coin, values: Sequence[float], row: int, bars: int) -> list[float]:
    """The past in which everybody was heard who is heard in this row, if there is a tenth of it."""
    sets = venues_in(coin)
    wanted = sets[row] or set()
    alike = [at for at in range(max(0, row - bars), row) if (of := sets[at]) is None or wanted <= of]
    own = known([values[at] for at in alike])
    return own if past(values, row, bars) and len(own) >= max(30, 0.1 * bars) else []


def cascade(coin: Coin, row: int, window: timedelta, side: str) -> float:
    del window
    both = closed(coin)[2]
    if coin.step > 5 * MINUTE:
        return NAN
    quarter, burst, begins = coin.bars(15 * MINUTE), coin.bars(5 * MINUTE), row + 1 - coin.bars(30 * MINUTE)
    before = [i for i in range(max(0, begins - coin.bars(23 * HOUR)), max(0, begins)) if not isnan(both[i])]
    if len(before) < 0.9 * coin.bars(23 * HOUR):
        return NAN
    went = [at for at in range(row - quarter + 1, row + 1) if went_along(coin, at, side)]
    spans = [slice(at - burst + 1, at + 1) for at in range(row - quarter + 1, row + 1)]
    if any(
        isnan(sum(both[span]) + sum(moves(coin, of, 15 * MINUTE)[span.stop - 1] for of in (OI, PRICE)))
        for span in spans
    ):
        return NAN
    sets = venues_in(coin)
    wanted = set().union(*(sets[at] or set() for at in range(spans[0].start, row + 1)))
    alike = [both[i] for i in before if (of := sets[i]) is None or wanted <= of]
    if not went:
        return 0.0
    if len(alike) < 0.1 * coin.bars(23 * HOUR):
        return NAN
    edge = sorted(alike, reverse=True)[int(0.005 * len(alike))]
    return float(any(sum(value > edge for value in both[at - burst + 1 : at + 1]) >= ceil(0.6 * burst) for at in went))


def went_along(coin: Coin, at: int, side: str) -> bool:
    """Whether positions were closed, and the price went with the forced orders."""
    oi, price = (moves(coin, metric, 15 * MINUTE)[at] for metric in (OI, PRICE))
    lost, gained = (sum(of[at - coin.bars(5 * MINUTE) + 1 : at + 1]) for of in closed(coin)[:2])
    down, up = price < 0 and lost > gained, price > 0 and gained > lost
    return oi <= -0.03 and {"long": down, "short": up}.get(side, down or up)


def liqcluster(coin: Coin, row: int, window: timedelta, side: str) -> float:
    del side
    week, day, price = coin.bars(window), coin.bars(DAY), coin.told[PRICE]
    first, now = row - week - day + 1, price[row]
    if coin.step > HOUR or first < 0:
        return NAN
    sums = closed(coin)[2]
    of_week = range(first, row - day + 1)
    sets = [of for i in of_week if (of := venues_in(coin)[i]) is not None]
    members = {bit for bit in range(11) if sum(bit in of for of in sets) >= 0.9 * len(sets)}
    even = [i for i in of_week if (venues_in(coin)[i] or set()) <= members]
    old = [(price[i] / now - 1, sums[i]) for i in even if not isnan(price[i] + sums[i] + now)]
    lately = known(price[row - day + 1 : row + 1])
    if isnan(now) or len(old) < 0.9 * week or len(lately) < 0.9 * day:
        return NAN
    nearest, whole, half = 0.0225, sum(dollars for _, dollars in old), 0.00125
    near = [(at, dollars, floor(at / half)) for at, dollars in old if -16 * half < at < 16 * half and dollars > 0]
    for level in range(-16, 15):
        own = [(at, dollars) for at, dollars, place in near if place in (level, level + 1)]
        held = sum(of for _, of in own)
        if held and held >= 0.05 * whole:
            at = sum(place * of for place, of in own) / held
            away = max(abs(there / now - 1 - at) for there in lately)
            nearest = min(nearest, abs(at)) if away >= 0.01 else nearest
    return nearest


def day_ratio(coin: Coin, row: int) -> float:
    """Spot over futures of a day: of its bars, else as it was told of 24 hours."""
    bars = coin.bars(DAY)
    spot, futures = (coin.told[m][max(0, row - bars + 1) : row + 1] for m in (Metric.VOLUME_SPOT, Metric.VOLUME_PAIRED))
    both = [(s, f) for s, f in zip(spot, futures, strict=True) if not isnan(s + f)]
    top, bottom = sum(s for s, _ in both), sum(f for _, f in both)
    if len(both) < 0.9 * bars or not bottom > 0:
        top, bottom = coin.told[Metric.VOLUME_SPOT_24H][row], coin.told[Metric.VOLUME_PAIRED_24H][row]
    return top / bottom if bottom > 0 else NAN


def ratiocollapse(coin: Coin, row: int, window: timedelta, side: str) -> float:
    del window, side
    if not coin.days:
        coin.days += [float(np.float32(day_ratio(coin, i))) for i in range(len(coin.times))]
    own, before = rank(coin.days, row, coin.bars(90 * DAY)), past(coin.days, row, coin.bars(30 * DAY))
    if isnan(own) or not before or not settled_in(coin, row, 30 * DAY):
        return NAN
    return own if day_ratio(coin, row) <= 0.7 * median(before) else max(own, 0.5)


def vote(coin: Coin, row: int, up: tuple[Slow, float], down: tuple[Slow, float, str]) -> float:
    """+1 where the first is beyond its line, -1 where the second is; a line below zero is passed downwards."""
    scores = (up[0](coin, row, 4 * HOUR, ""), up[1]), (down[0](coin, row, 4 * HOUR, down[2]), down[1])
    if isnan(sum(score for score, _ in scores)):
        return NAN
    on = [score < line if line < 0 else score > line for score, line in scores]
    return float(on[0]) - float(on[1])


def composite(coin: Coin, row: int, window: timedelta, side: str) -> float:
    del window
    votes = vote(coin, row, (crowdedshorts, 1.0), (crowdedlongs, 1.0, ""))
    if not isnan(votes):
        votes += vote(coin, row, (negfunding, -0.0001), (fundingextreme, 0.98, "high"))
        votes += vote(coin, row, (momentum, 1.5), (divergence, 1.5, ""))
    return {"up": votes, "down": -votes}.get(side, abs(votes))


SLOW: Mapping[str, Slow] = {
    "negfunding": negfunding,
    "fundingcross": fundingcross,
    "fundingextreme": fundingextreme,
    "divergence": divergence,
    "momentum": momentum,
    "crowdedshorts": crowdedshorts,
    "crowdedlongs": crowdedlongs,
    "liqspike": liqspike,
    "cascade": cascade,
    "liqcluster": liqcluster,
    "ratiocollapse": ratiocollapse,
    "composite": composite,
}
