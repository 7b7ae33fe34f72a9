"""Bars that are made of a recording at once are those that playing it makes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.venues.recording import Recording, open_recording
from bot.market import play, whole
from bot.study import of_recording
from signals.lone import are_plain
from signals.panel import Panel
from tests.recordings import START, Row, write

STEPS = {"5m": timedelta(minutes=5), "1h": timedelta(hours=1), "1d": timedelta(days=1)}
SYMBOLS = ("BTC", "1000PEPE", "ETH")
VENUES = ("binance", "okx", "coinglass")


def rows(seed: int, step: timedelta, count: int, venues: int, *, leaps: bool) -> list[Row]:
    """Contracts with holes that begin and end when they like; some prices and interests leap."""
    chance, made = np.random.default_rng(seed), list[Row]()
    contracts = [(venue, symbol) for symbol in SYMBOLS for venue in VENUES[: 1 + int(chance.integers(0, venues))]]
    spans = {one: sorted(chance.integers(0, count, 2).tolist()) for one in contracts}
    for n in range(count):
        for venue, symbol in sorted(contracts):
            first, last = spans[venue, symbol]
            if not first <= n <= last:
                continue
            leap = 10.0 if leaps and chance.random() < 0.05 else 1.0
            row: dict[str, object] = {
                "price": 100 * leap * float(chance.uniform(0.9, 1.1)),
                "open_interest": 1e5 * leap * float(chance.uniform(0.9, 1.1)),
                "funding_rate": 1e-4 * float(chance.normal()),
                "funding_interval_hours": float(chance.choice([1, 4, 8])),
                "futures_volume_usd": float(chance.uniform(0, 1e6)),
                "spot_volume_usd": float(chance.uniform(0, 1e6)),
                "liquidated_long_usd": float(chance.uniform(0, 1e4)),
                "long_short_accounts": float(chance.uniform(0.5, 2)),
            }
            known = {name: value for name, value in row.items() if chance.random() < 0.7}
            if known:
                made.append({"time": START + n * step, "venue": venue, "symbol": symbol, **known})
    return made


def opened(of: Sequence[Row], step: timedelta) -> Recording:
    with TemporaryDirectory() as folder:
        return open_recording(write(Path(folder) / "a.parquet", of, bar_seconds=f"{step.total_seconds():.0f}"))


def played(of: Recording) -> Panel:
    bars = whole(of)
    for _ in play(of, bars):
        pass
    return bars.panel()


def bars_of(of: Recording, end: datetime | None = None) -> Panel:
    return of_recording(of, end).bars((), ())


def same(one: Panel, other: Panel) -> None:
    other = other.of(one.coins)
    assert (one.step, one.times.tolist()) == (other.step, other.times.tolist())
    for metric in one.matrices.keys() | other.matrices.keys():
        np.testing.assert_array_equal(one[metric], other[metric], err_msg=metric)
    for metric in one.legs.keys() | other.legs.keys():
        for venue in one.legs.get(metric, {}).keys() | other.legs.get(metric, {}).keys():
            np.testing.assert_array_equal(one.leg(metric, venue), other.leg(metric, venue), err_msg=metric)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(STEPS)), st.integers(2, 30), st.integers(1, 3), st.booleans())
def test_bars_at_once_are_those_of_playing(seed: int, step: str, count: int, venues: int, leaps: bool) -> None:
    of = rows(seed, STEPS[step], count, venues, leaps=leaps)
    if not of:
        return
    recording = opened(of, STEPS[step])
    one, other = bars_of(recording), played(recording)

    same(one, other)
    assert one.others.keys() == other.others.keys()
    for longer in one.others:
        same(one.others[longer], other.others[longer])


def test_who_leaps_is_not_plain_and_who_stays_is() -> None:
    flat = [{"time": START + n * STEPS["1h"], "venue": "okx", "symbol": "BTC", "price": 100.0 + n} for n in range(4)]
    leap = [{**row, "symbol": "ETH", "price": 100.0 if n < 2 else 501.0} for n, row in enumerate(flat)]
    both = sorted([*flat, *leap], key=lambda row: (row["time"], str(row["symbol"])))

    assert are_plain(opened(both, STEPS["1h"]).sheets()).tolist() == [True, False]


def test_an_end_leaves_out_what_came_after_it() -> None:
    recording = opened(rows(3, STEPS["1h"], 20, 1, leaps=False), STEPS["1h"])
    end = recording.start + 5 * STEPS["1h"]

    same(bars_of(recording, end), bars_of(recording).known_by(round(end.timestamp() * 1000)))
