"""One study of a rule, over six years of days and two years of four-hour bars, against a loop over pandas series."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from adapters.venues.base import Label
from adapters.venues.table import NUMBERS
from bench.measure import Figures, race, report, turn
from bot.study import Kept, Question, answer, kept
from signals.chance import DRAWS
from signals.model import Direction, Metric
from signals.panel import Panel
from signals.registry import SIGNALS
from signals.study import SEED

RULE, DAY = "price 24h rises by 1% and oi 24h falls by 1%", timedelta(days=1)
ASKED = Question(RULE, Direction.DOWN)
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
SIZES = {"6 years of days, 4 coins": (DAY, 6 * 365, 4), "2 years of 4h, 270 coins": (DAY / 6, 2 * 365 * 6, 270)}


@dataclass(frozen=True, slots=True)
class Market:
    """Random walks of price and open interest, as precise as bars are, with holes."""

    step: timedelta
    coins: tuple[str, ...]
    times: pd.DatetimeIndex
    price: np.ndarray
    oi: np.ndarray

    def panel(self) -> Panel:
        """As bars keep it."""
        whole = {Metric.PRICE: self.price, Metric.OI_LEVEL: self.oi, Metric.OI_EXPECTED: _filled(self.oi)}
        legs = {metric: {"binance": whole[metric]} for metric in (Metric.PRICE, Metric.OI_LEVEL)}
        ends = self.times.as_unit("ms").asi8.astype(np.int64)
        return Panel(ends, self.coins, self.step, whole, legs)


def market(step: timedelta, rows: int, coins: int) -> Market:
    chance = np.random.default_rng(11)

    def walk(start: float) -> np.ndarray:
        logs = np.cumsum(chance.normal(0, 0.012, (rows, coins)), axis=0)
        values = np.round(start * np.exp(logs - logs.mean(axis=0)), 4)
        values[chance.random((rows, coins)) < 0.005] = np.nan
        return values.astype(np.float32)

    names = tuple(f"C{n:03}" for n in range(coins))
    return Market(step, names, pd.date_range(BEGIN + step, periods=rows, freq=step), walk(100.0), walk(1e6))


def _filled(oi: np.ndarray) -> np.ndarray:
    return pd.DataFrame(oi).ffill().to_numpy(np.float32)


def ours(of: Kept) -> Mapping[str, object]:
    found = answer(of, ASKED, SIGNALS)
    said = found.whole
    assert sum(own.entry.events for own in found.by_coin().values()) == said.entry.events
    return _told(
        said.entry.events, said.entry.hits, said.entry.days, said.later.hits, said.bars, said.base_rate, said.p
    )


def _told(
    events: int, hits: int, days: int, later: int, bars: int, base: float | None, p: float | None
) -> Mapping[str, object]:
    return {
        "events": events,
        "hits": hits,
        "days": days,
        "later": later,
        "bars": bars,
        "base": round(base or 0.0, 9),
        "p": round(p or 0.0, 9),
    }


def by_series(of: Market) -> Mapping[str, object]:
    """Coin by coin with pandas, events in a loop, and every shift made by rolling the events."""
    bars, price, oi = DAY // of.step, pd.DataFrame(of.price.astype(np.float64)), pd.DataFrame(of.oi.astype(np.float64))
    events = pd.DataFrame(data=False, index=price.index, columns=price.columns)
    usable, hits = events.copy(), events.copy()
    days, count, good, late, judged, base = set(), 0, 0, 0, 0, 0.0
    for coin in price.columns:
        closes = price[coin]
        moved, grown = (x[coin] / x[coin].shift(bars) - 1 for x in (price, oi))
        outcome = closes.shift(-bars) / closes - 1
        known = moved.notna() & grown.notna()
        free, own = 0, 0
        for t in np.flatnonzero(known & (moved >= 0.01) & (grown <= -0.01)).tolist():
            if t < free:
                continue
            free = t + bars
            if pd.isna(outcome[t]):
                continue
            events.iloc[t, coin] = True
            own, good = own + 1, good + (outcome[t] < 0)
            days.add(of.times[t].date())
            after = outcome[t + 1] if t + 1 < len(outcome) else np.nan
            late += after < 0
        usable[coin] = known & outcome.notna()
        hits[coin] = outcome < 0
        judged, count = judged + int(usable[coin].sum()), count + own
        base += own * (hits[coin] & usable[coin]).sum() / max(1, usable[coin].sum())
    p = by_rolling(events.to_numpy(), hits.to_numpy(), usable.to_numpy())
    return _told(count, int(good), len(days), int(late), judged, base / count, p)


def by_rolling(events: np.ndarray, hits: np.ndarray, usable: np.ndarray) -> float:
    share, better = hits[events].mean(), 1
    for by in np.random.default_rng(SEED).integers(1, len(events), DRAWS).tolist():
        moved = np.roll(events, by, axis=0) & usable
        better += hits[moved].mean() >= share - 1e-12
    return float(better / (1 + DRAWS))


def from_file(of: Market, folder: Path) -> Callable[[], Mapping[str, object]]:
    """The same with reading the recording and making its bars, as the command does."""
    rows, columns = np.nonzero(np.isfinite(of.price) | np.isfinite(of.oi))
    told = {"price": of.price, "open_interest": of.oi}
    numbers = {
        name: told[name][rows, columns].astype(np.float64) if name in told else np.full(len(rows), np.nan)
        for name in NUMBERS
    }
    table = pa.table(
        {
            "time": pa.array(of.times[rows].as_unit("ms"), pa.timestamp("ms", tz="UTC")),
            "venue": pa.array(["binance"] * len(rows)),
            "symbol": pa.array(np.array(of.coins)[columns]),
            **{name: pa.array(values, pa.float64(), from_pandas=True) for name, values in numbers.items()},
        },
        metadata={
            "perpwatch.bar_seconds": f"{of.step.total_seconds():.0f}",
            "perpwatch.label": "SIMULATED",
        },
    )
    path = folder / f"{len(of.coins)}.parquet"
    parquet.write_table(table, path)
    return lambda: ours(kept(path))


def measured(name: str, of: Market, folder: Path) -> Mapping[str, Figures]:
    panel = of.panel()
    known = Kept("bench", Label.SIMULATED, "bench", ("binance",), of.coins, lambda *_: panel)
    whole = turn(from_file(of, folder))
    rivals = {"perpwatch": lambda: ours(known), "pandas loop": lambda: by_series(of)}
    told = race(rivals, rounds=1)
    assert whole.result == ours(known)
    figures = {"wall_ms": round(whole.wall * 1000, 3), "cpu_ms": round(whole.cpu * 1000, 3)}
    return {f"{name}: {rival}": took for rival, took in {**told, "perpwatch, from the file": figures}.items()}


def main() -> None:
    rows: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, size in SIZES.items():
            rows |= measured(name, market(*size), Path(folder))
    most = max(float(of["wall_ms"] or 0) for name, of in rows.items() if "perpwatch" in name)
    report("study", "one study, and each coin alone, in at most 3 s", rows, met=most <= 3000)


if __name__ == "__main__":
    main()
