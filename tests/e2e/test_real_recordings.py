"""Replay on real recordings equals an independent calculation, bar by bar.

The calculation below shares no code with signals/: it reads the Parquet file with pandas and walks it in plain Python.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isnan
from pathlib import Path
from statistics import median

import pandas as pd
import pytest

from adapters.venues.recording import open_recording
from bot.replay import Replay, line
from signals.registry import SIGNALS

DATA = Path(__file__).parents[2].parent / "shared" / "data"
NAN = float("nan")
BARS_A_DAY = 6


def recording(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip("recordings not available")
    return path


@dataclass(frozen=True)
class Rule:
    """A signal as the pages define it: its score per bar, its line and clear level, whether lower is worse."""

    score: Callable[[Mapping[str, Sequence[float]]], list[float]]
    line: float
    clear: float
    downward: bool


def change(values: Sequence[float]) -> list[float]:
    return [NAN, *(b / a - 1 for a, b in pairwise(values))]


def spreads(moves: Sequence[float], t: int, floor: float) -> float:
    past = [m for m in moves[max(0, t - 8 * BARS_A_DAY) : t] if not isnan(m)]
    if len(past) < 0.9 * 8 * BARS_A_DAY or len(past) < 30:
        return NAN
    middle = median(past)
    return (moves[t] - middle) / max(1.4826 * median(abs(m - middle) for m in past), floor)


def divergence(columns: Mapping[str, Sequence[float]]) -> list[float]:
    price, oi = change(columns["price"]), change(columns["open_interest"])
    scores = []
    for t in range(len(price)):
        smaller = [spreads(price, t, 0.002), -spreads(oi, t, 0.003)]
        if any(isnan(s) for s in smaller):
            scores.append(NAN)
        elif price[t] >= 0.01 and oi[t] <= -0.01:
            scores.append(min(smaller))
        else:
            scores.append(min(*smaller, 0.0))
    return scores


def negfunding(columns: Mapping[str, Sequence[float]]) -> list[float]:
    return [r * 8 / h for r, h in zip(columns["funding_rate"], columns["funding_interval_hours"], strict=True)]


def liqspike(columns: Mapping[str, Sequence[float]]) -> list[float]:
    both = [a + b for a, b in zip(columns["liquidated_long_usd"], columns["liquidated_short_usd"], strict=True)]
    scores = []
    for t, now in enumerate(both):
        past = [v for v in both[max(0, t - 30 * BARS_A_DAY) : t] if not isnan(v)]
        least = 0.00002 * columns["open_interest"][t] * columns["price"][t]
        enough = len(past) >= 0.9 * 30 * BARS_A_DAY and not isnan(least)
        scores.append(now / max(median(past), least) if enough else NAN)
    return scores


RULES = {
    "negfunding": Rule(negfunding, -0.0001, -0.00005, downward=True),
    "divergence": Rule(divergence, 1.5, 0.75, downward=False),
    "liqspike": Rule(liqspike, 20.0, 5.0, downward=False),
}


def transitions(rule: Rule, scores: Sequence[float]) -> Iterator[tuple[int, str, float]]:
    """The phases in plain words: all holds and calms are shorter than a bar of four hours."""
    sign = -1 if rule.downward else 1
    band = abs(rule.line - rule.clear)
    armed = waiting = firing = dark = False
    unknown, told = 0, 0.0
    for t, score in enumerate(scores):
        if isnan(score):
            unknown += 1
            dark = dark or unknown > 1
            continue
        unknown = 0
        past_line, past_clear = sign * (score - rule.line), sign * (score - rule.clear)
        if not armed:
            armed, waiting, dark = True, past_line > 0, False
        elif dark:
            dark = False
        elif waiting:
            waiting = past_line > 0
        elif not firing and past_line > 0:
            firing, told = True, past_line / band
            yield t, "fired", score
        elif firing and past_line > 0 and past_line / band >= told + 1:
            told = past_line / band
            yield t, "reminded", score
        elif firing and past_clear < 0:
            firing = False
            yield t, "resolved", score


def brute_force(path: Path) -> list[tuple[str, str, str, str, float]]:
    """Every transition as (time, rule, coin, what, score)."""
    table = pd.read_parquet(path)
    grid = pd.date_range(table["time"].min(), table["time"].max(), freq="4h")
    found = []
    for coin, rows in table.groupby("symbol"):
        wide = rows.drop(columns=["venue", "symbol"]).groupby("time").first().reindex(grid)
        columns = {name: wide[name].astype(float).tolist() for name in wide.columns}
        for name, rule in RULES.items():
            for t, what, score in transitions(rule, rule.score(columns)):
                found.append((grid[t].strftime("%Y-%m-%dT%H:%M:%SZ"), name, str(coin), what, score))
    order = {name: i for i, name in enumerate(RULES)}
    return sorted(found, key=lambda f: (f[0], order[f[1]], f[2]))


def replayed(path: Path) -> list[str]:
    return [line(played) for played in Replay(open_recording(path), tuple(RULES), SIGNALS).run(None, None)]


def test_every_transition_of_eight_months_equals_an_independent_calculation() -> None:
    path = recording("bars_4h_2024_2025.parquet")

    got = [json.loads(one) for one in replayed(path)]

    wanted = brute_force(path)
    assert [(g["time"], g["rule"], g["coin"], g["transition"]) for g in got] == [w[:4] for w in wanted]
    assert [g["value"] for g in got] == pytest.approx([w[4] for w in wanted], rel=1e-4)
    kinds = {(rule, what) for _, rule, _, what, _ in wanted}
    assert {(rule, what) for rule in RULES for what in ("fired", "resolved")} <= kinds


def test_a_replay_is_byte_identical_on_every_run() -> None:
    path = recording("bars_4h_2024_2025.parquet")

    assert replayed(path) == replayed(path)
