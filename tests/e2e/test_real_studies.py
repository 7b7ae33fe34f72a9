"""Studies on real recordings equal an independent calculation, event by event.

The calculation below shares no code with signals/: it reads the Parquet file with pandas and walks it in plain Python.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan, sqrt
from pathlib import Path
from statistics import mean, median

import pandas as pd
import pytest
from click.testing import CliRunner

from bot.cli import main

DATA = Path(__file__).parents[2].parent / "shared" / "data"
NAN = float("nan")
Z = 1.959964

Columns = Mapping[str, Sequence[float]]
"""Of one coin the price, the open interest and the funding rate, moment by moment; NaN is unknown."""


def recording(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip("recordings not available")
    return path


def columns(path: Path) -> tuple[list[pd.Timestamp], Mapping[str, Columns]]:
    """Of each coin its columns, over every moment from the first row to the last."""
    rows = pd.read_parquet(path)
    step = rows["time"].drop_duplicates().diff().min()
    times = list(pd.date_range(rows["time"].min(), rows["time"].max(), freq=step))
    found: dict[str, dict[str, list[float]]] = {}
    for symbol, own in rows.groupby("symbol"):
        by_venue = own.pivot_table(index="time", columns="venue", values=["price", "open_interest", "funding_rate"])
        whole = by_venue.reindex(times)
        found[symbol] = {
            name: whole[name].bfill(axis=1).iloc[:, 0].tolist()  # each is told by one venue alone
            for name in ("price", "open_interest", "funding_rate")
        }
        found[symbol]["open_interest"] = believed(found[symbol]["open_interest"])
    return times, found


def believed(values: Sequence[float]) -> list[float]:
    """Open interest as it is believed: what is beyond five times the last word, or a fifth, waits for a second like it.

    It matters once: when a second exchange appeared in the sums of BNB (2020-04-01).
    """
    out, last, doubted = [], NAN, NAN
    for value in values:
        near = isnan(last) or last / 5 < value < last * 5
        if not isnan(value) and (near or abs(value - doubted) <= 0.2 * doubted):
            last = value
            out.append(value)
        else:
            doubted = doubted if isnan(value) else value
            out.append(NAN)
    return out


def covering(of: Columns, t: int) -> bool:
    """Whether price and open interest are known at that bar."""
    return not isnan(of["price"][t]) and not isnan(of["open_interest"][t])


def rises_while_interest_falls(of: Columns, t: int, bars: int) -> bool | None:
    if t < bars or not (covering(of, t) and covering(of, t - bars)):
        return None
    price, interest = (of[name][t] / of[name][t - bars] - 1 for name in ("price", "open_interest"))
    return price >= 0.01 and interest <= -0.01


def shorts_pay(of: Columns, t: int, bars: int) -> bool | None:
    del bars
    return None if isnan(of["funding_rate"][t]) else of["funding_rate"][t] < 0


@dataclass
class Counted:
    """What is counted by hand."""

    moves: list[float] = field(default_factory=list)
    hits: int = 0
    days: dict[object, list[bool]] = field(default_factory=dict)
    later: list[float] = field(default_factory=list)
    base: list[float] = field(default_factory=list)
    of: list[int] = field(default_factory=list)
    bars: int = 0
    held: int = 0


def move(prices: Sequence[float], t: int, bars: int) -> float:
    return prices[t + bars] / prices[t] - 1 if t + bars < len(prices) else NAN


def counted(
    path: Path, is_met: Callable[[Columns, int, int], bool | None], sign: int, bars: int
) -> tuple[Counted, dict[str, Counted]]:
    times, coins = columns(path)
    whole, alone = Counted(), {}
    for coin, of in coins.items():
        own, free, hits, judged = Counted(), 0, 0, 0
        prices = of["price"]
        for t, at in enumerate(times):
            verdict, outcome = is_met(of, t, bars), move(prices, t, bars)
            if verdict is None:
                continue
            if not isnan(outcome):
                judged, hits = judged + 1, hits + (sign * outcome > 0)
            whole.held += verdict
            if verdict and t >= free:
                free = t + bars
                if isnan(outcome):
                    continue
                for each in (own, whole):
                    each.moves.append(outcome)
                    each.hits += sign * outcome > 0
                    each.days.setdefault(at.date(), []).append(sign * outcome > 0)
                    each.later.append(move(prices, t + 1, bars))
        for each in (own, whole):
            each.base.append(hits / judged if judged else 0.0)
            each.of.append(len(own.moves))
            each.bars += judged
        alone[coin] = own
    return whole, alone


def interval(share: float, n: int) -> tuple[float, float]:
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return middle - half, middle + half


def agrees(said: Mapping[str, object], own: Counted, sign: int) -> None:
    n = len(own.moves)
    later = [one for one in own.later if not isnan(one)]
    day_share = mean(mean(map(float, hits)) for hits in own.days.values())
    assert said["n_events"] == n
    assert said["n_days"] == len(own.days)
    assert said["hits"] == own.hits
    assert said["base_bars"] == own.bars
    assert said["base_rate"] == pytest.approx(sum(b * k for b, k in zip(own.base, own.of, strict=True)) / n)
    assert said["interval_events"] == pytest.approx(interval(own.hits / n, n), abs=1e-6)
    assert said["interval_days"] == pytest.approx(interval(day_share, len(own.days)), abs=1e-6)
    assert said["median"] == pytest.approx(median(own.moves), abs=1e-7)
    assert said["mean"] == pytest.approx(mean(own.moves), abs=1e-7)
    ends = sorted((sign * min(own.moves), sign * max(own.moves)))
    assert [said["worst"], said["best"]] == pytest.approx([sign * end for end in ends], abs=1e-6)
    after = said["one_bar_later"]
    assert isinstance(after, Mapping)
    assert (after["n_events"], after["hits"]) == (len(later), sum(sign * one > 0 for one in later))
    assert after["median"] == pytest.approx(median(later), abs=1e-7)


def asked(*words: str) -> dict[str, object]:
    done = CliRunner().invoke(main, ["study", *words, "--json"])
    assert done.exit_code == 0, done.output
    said: dict[str, object] = json.loads(done.stdout)
    return said


@pytest.mark.parametrize(
    ("rule", "is_met", "direction"),
    [
        ("price 24h rises by 1% and oi 24h falls by 1%", rises_while_interest_falls, "down"),
        ("funding < 0%", shorts_pay, "up"),
    ],
)
def test_six_years_of_four_coins_are_counted_as_by_hand(
    rule: str, is_met: Callable[[Columns, int, int], bool | None], direction: str
) -> None:
    path, sign = recording("daily_2019_2025.parquet"), 1 if direction == "up" else -1
    whole, alone = counted(path, is_met, sign, 1)

    said = asked(rule, "--direction", direction, "--horizon", "24h", "--data", str(path))

    agrees(said, whole, sign)
    by_coin = said["by_coin"]
    assert isinstance(by_coin, Mapping)
    assert len(by_coin) == len(alone) == 4
    for coin, own in alone.items():
        agrees(by_coin[coin], own, sign)


def test_events_of_one_coin_in_bars_of_four_hours_lie_a_day_apart() -> None:
    path = recording("bars_4h_2024_2025.parquet")
    whole, _ = counted(path, rises_while_interest_falls, -1, 6)

    said = asked("price 24h rises by 1% and oi 24h falls by 1%", "--direction", "down", "--data", str(path))

    agrees(said, whole, -1)
    assert whole.held > 1.5 * len(whole.moves)
