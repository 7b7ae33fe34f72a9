"""The fall of 5 August 2024 as it was recorded: which hours were spikes, of which side, and how large."""

import json
from functools import cache
from math import isnan
from statistics import median

import pandas as pd
import pytest
from click.testing import CliRunner

from bot.cli import main
from tests.e2e.test_real_recordings import recording

FILE, DAY, MONTH = "august_2024_1h.parquet", "2024-08-05", 30 * 24
LINE, CLEAR = 20.0, 5.0
LONGS, SHORTS, BOTH = "long positions: forced selling", "short positions: forced buying", "both sides"


def named(longs: float) -> str:
    """The side of which at least 70 % of the sum are."""
    return LONGS if longs >= 0.7 else SHORTS if 1 - longs >= 0.7 else BOTH


def spikes(coin: str) -> list[tuple[str, str, float, float]]:
    """When it fired on that day: the hour, the coin, the multiple, and the share of longs; read from the file alone."""
    table = pd.read_parquet(recording(FILE))
    rows = table[table["symbol"] == coin].drop(columns=["venue", "symbol"]).groupby("time").first()
    grid = pd.date_range(rows.index.min(), rows.index.max(), freq="1h")
    wide = rows.reindex(grid).astype(float)
    longs, shorts = wide["liquidated_long_usd"].tolist(), wide["liquidated_short_usd"].tolist()
    least = (0.2e-4 * wide["open_interest"] * wide["price"]).tolist()
    both = [a + b for a, b in zip(longs, shorts, strict=True)]
    found, on, ready = list[tuple[str, str, float, float]](), False, False
    for t, now in enumerate(both):
        known = [x for x in both[max(0, t - MONTH) : t] if not isnan(x)]
        if len(known) < 0.9 * MONTH or isnan(now) or isnan(least[t]):
            continue
        score = now / max(median(known), least[t])
        if ready and not on and score > LINE:
            on = True
            found.append((grid[t].strftime("%Y-%m-%dT%H:%M:%SZ"), coin, score, longs[t] / now))
        elif on and score < CLEAR:
            on = False
        ready = ready or score <= LINE
    return [spike for spike in found if spike[0].startswith(DAY)]


@cache
def replayed(rule: str) -> tuple[list[dict[str, object]], str]:
    """The transitions that the command prints, and what it says besides."""
    done = CliRunner().invoke(main, ["replay", str(recording(FILE)), "--rule", rule, "--json"])
    assert done.exit_code == 0
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def facts(of: dict[str, object]) -> dict[str, dict[str, object]]:
    told = of["facts"]
    assert isinstance(told, list)
    return {fact["label"]: fact for fact in told}


def test_the_spikes_of_that_day_are_told_at_their_hours_with_their_multiples_and_sides() -> None:
    fired = [of for of in replayed("liqspike")[0] if of["transition"] == "fired" and str(of["time"]).startswith(DAY)]

    wanted = sorted([*spikes("BTC"), *spikes("ETH")])

    assert [(of["time"], of["coin"]) for of in fired] == [spike[:2] for spike in wanted]
    assert [of["value"] for of in fired] == pytest.approx([spike[2] for spike in wanted], rel=1e-4)
    sides = [facts(of)["side"] for of in fired]
    assert [side["value"] for side in sides] == pytest.approx([spike[3] for spike in wanted], rel=1e-4)
    assert [side["text"] for side in sides] == [named(spike[3]) for spike in wanted]
    lowest = (f"{DAY}T13:00:00Z", "BTC")
    assert lowest in [spike[:2] for spike in wanted if named(spike[3]) == LONGS]


def test_a_rule_on_one_side_tells_the_spikes_of_that_side_and_not_those_of_the_other() -> None:
    wanted = [*spikes("BTC"), *spikes("ETH")]

    for side, own, other in (("long", LONGS, SHORTS), ("short", SHORTS, LONGS)):
        told = {(of["time"], of["coin"]) for of in replayed(f"liqspike.{side}")[0] if of["transition"] != "resolved"}
        assert {spike[:2] for spike in wanted if named(spike[3]) == own} <= told
        assert not told & {spike[:2] for spike in wanted if named(spike[3]) == other}


def test_hours_are_too_long_to_tell_a_cascade_from_a_spike_and_that_is_said() -> None:
    told, said = replayed("cascade")

    assert told == []
    assert "'cascade' was never judged" in said
    assert "these are of 1h" in said
