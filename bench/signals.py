"""All signals of 600 coins in one pass, against the usual bot: pandas, one coin and one signal after the other.

The rival computes a few coins, and its time is taken for all of them; its numbers must be those of the pass.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

import numpy as np
import pandas as pd

from bench.measure import Figures, report, turn
from bench.yardsticks import FIVE, HOUR, MINUTE, whole
from signals.base import latest
from signals.kept import Kept
from signals.model import Metric
from signals.panel import Panel, Series, from_ms
from signals.registry import SIGNALS

RIVALS_COINS = 3
ROUNDS = 5
MAD = 1.4826


def scores(panel: Panel) -> Mapping[str, Series]:
    """Every signal over its default window."""
    return {s.name: latest(s, panel, s.windows[0])[-1] for s in SIGNALS}


def series(panel: Panel, metric: Metric, column: int) -> "pd.Series[float]":
    """A metric of one coin as the usual bot holds it."""
    at = pd.to_datetime(panel.times, unit="ms", utc=True)
    return pd.Series(panel[metric][:, column].astype(np.float64), index=at)


def _spreads(moves: "pd.Series[float]", bars: int, floor: float) -> float:
    past = moves.iloc[-bars - 1 : -1]
    return float((moves.iloc[-1] - past.median()) / max(MAD * (past - past.median()).abs().median(), floor))


def divergence(panel: Panel, column: int, *, together: bool) -> float:
    """Price against open interest over four hours; together, momentum without its funding."""
    five = panel.at(FIVE)
    price, oi = (series(five, of, column).pct_change(48, fill_method=None) for of in (Metric.PRICE, Metric.OI_LEVEL))
    rose, grew = _spreads(price, 2304, 0.002), _spreads(oi, 2304, 0.003)
    if together:
        return min(rose, grew)
    apart = price.iloc[-1] >= 0.01 and oi.iloc[-1] <= -0.01
    return min(rose, -grew) if apart else min(rose, -grew, 0.0)


def rank(panel: Panel, metric: Metric, column: int, step: timedelta) -> float:
    """The last value among 90 days of hours."""
    past = series(panel.at(HOUR), metric, column).iloc[-2161:-1]
    value = series(panel.at(step), metric, column).iloc[-1]
    return float(((past < value).sum() + 0.5 * (past == value).sum()) / past.count())


def negfunding(panel: Panel, column: int) -> float:
    """The running rate."""
    return float(series(panel, Metric.FUNDING, column).iloc[-1])


def extreme(panel: Panel, column: int) -> float:
    """The rank of funding, where it is large."""
    rate, distance = negfunding(panel, column), 2 * rank(panel, Metric.FUNDING, column, MINUTE) - 1
    return abs(distance) if abs(rate) >= 0.0003 and rate * distance > 0 else 0.0


def momentum(panel: Panel, column: int) -> float:
    """Both rise while funding is above zero and not high."""
    smaller = divergence(panel, column, together=True)
    funding = series(panel.at(FIVE), Metric.FUNDING, column).iloc[-1]
    calm = funding > 0 and rank(panel, Metric.FUNDING, column, FIVE) < 0.95
    return smaller if calm else min(smaller, 0.0)


def crowdedlongs(panel: Panel, column: int) -> float:
    """Many longs that pay."""
    funding = series(panel.at(FIVE), Metric.FUNDING, column).iloc[-1]
    share = (1 - rank(panel, Metric.LS, column, FIVE)) / 0.05
    return min(2.0, max(0.0, 2 - share)) if funding >= 0.0003 else 0.0


def liqspike(panel: Panel, column: int) -> float:
    """The hour over the usual hour of 30 days."""
    both = series(panel, Metric.LIQ_LONG, column) + series(panel, Metric.LIQ_SHORT, column)
    hours = panel.at(HOUR)
    past = series(hours, Metric.LIQ_LONG, column) + series(hours, Metric.LIQ_SHORT, column)
    before = past[past.index <= both.index[-1] - pd.Timedelta(hours=1)]
    floor = 0.00002 * negligible(panel, column)
    return float(both.rolling(60).sum().iloc[-1] / max(before.iloc[-720:].median(), floor))


def negligible(panel: Panel, column: int) -> float:
    """Open interest in dollars."""
    oi, price = (series(panel, of, column).iloc[-1] for of in (Metric.OI_LEVEL, Metric.PRICE))
    return float(oi * price)


def ratiocollapse(panel: Panel, column: int) -> float:
    """The rank of the day's ratio, where it has shrunk."""

    def ratios(of: Panel, bars: int) -> "pd.Series[float]":
        spot, futures = (series(of, m, column).rolling(bars).sum() for m in (Metric.VOLUME_SPOT, Metric.VOLUME_PAIRED))
        return (spot / futures).astype(np.float32)

    now, past = ratios(panel.at(FIVE), 288).iloc[-1], ratios(panel.at(HOUR), 24).iloc[-2161:-1]
    place = float(((past < now).sum() + 0.5 * (past == now).sum()) / past.count())
    return place if now <= 0.7 * past.iloc[-720:].median() else max(place, 0.5)


USUAL: Mapping[str, Callable[[Panel, int], float]] = {
    "negfunding": negfunding,
    "fundingextreme": extreme,
    "divergence": lambda panel, column: divergence(panel, column, together=False),
    "momentum": momentum,
    "crowdedlongs": crowdedlongs,
    "liqspike": liqspike,
    "ratiocollapse": ratiocollapse,
}
"""What the usual bot computes; that it has not all signals is in its favour."""


def figures(passes: list[float]) -> Figures:
    """Milliseconds of CPU."""
    return {"cpu_ms": round(float(np.median(passes)), 1), "best_cpu_ms": round(min(passes), 1), "rounds": len(passes)}


def main() -> None:
    panel = whole()
    held = sum({id(x): x.nbytes for p in (panel, *panel.others.values()) for _, x in p.slots()}.values())
    ends = {
        "a pass that closes an hour": panel,
        "a pass that closes five minutes": panel.known_by(int(panel.times[-1]) - 300_000),
        "a pass of a minute": panel.known_by(int(panel.times[-1]) - 60_000),
    }
    rows: dict[str, Figures] = {}
    for name, of in ends.items():
        passes = []
        for _ in range(ROUNDS):
            kept, before = Kept(), of.known_by(int(of.times[-2]))
            scores(before.keeping(kept))
            passes.append(turn(lambda of=of, kept=kept: scores(of.keeping(kept))).cpu * 1000)  # type: ignore[misc] # bound
        rows[name] = figures(passes)
    told = scores(panel)
    usual = [
        turn(lambda: [{name: of(panel, column) for name, of in USUAL.items()} for column in range(RIVALS_COINS)])
        for _ in range(ROUNDS)
    ]
    assert isinstance(usual[0].result, list)
    for column, own in enumerate(usual[0].result):
        for name, value in own.items():
            if not np.isclose(told[name][column], value, rtol=1e-4, atol=1e-9):
                raise AssertionError(f"{name} of {panel.coins[column]}: {told[name][column]} and {value}")
    coins = len(panel.coins)
    rows["pandas per series"] = figures([t.cpu * 1000 * coins / RIVALS_COINS for t in usual])
    slow, fast = rows["pandas per series"]["cpu_ms"], rows["a pass that closes an hour"]["cpu_ms"]
    report(
        "signals",
        "all signals, 600 coins, full windows: 100 ms a pass, 20 times pandas per series, 250 MB",
        rows,
        signals=len(SIGNALS),
        coins=coins,
        compared_signals=len(USUAL),
        known=sum(int(np.isfinite(of).sum()) for of in told.values()),
        times_the_usual=round(float(slow or 0) / float(fast or 1), 1),
        panel_mb=round(held / 1e6, 1),
        until=from_ms(int(panel.times[-1])).isoformat(),
    )


if __name__ == "__main__":
    main()
