"""Every signal on the real recordings equals an independent calculation, bar by bar, known and unknown alike."""

from collections import defaultdict
from datetime import timedelta
from functools import cache

import numpy as np
import pytest

from adapters.venues.recording import open_recording
from bot.market import play, whole
from signals.base import Signal
from signals.kept import Kept
from signals.panel import Panel, Series
from signals.registry import BY_NAME, SIGNALS
from tests.e2e.test_real_recordings import recording
from tests.signals.slow import SLOW, Coin, coin_of

FILES = {
    "bars_4h_2024_2025": (("BTC", "ETH"), 9_999, 1),
    "daily_2019_2025": (("BTC", "BNB"), 9_999, 1),
    "august_2024_1h": (("BTC", "ETH"), 9_999, 1),
    "venues_1h_2025_2026": (("BTC", "SOL"), 2_400, 7),
    "universe_4h_2026": (("LYN",), 9_999, 1),
}
"""The coins that are followed, over how many last bars, and every how many; in the others are no prices or few bars."""

UNKNOWN = frozenset({"cascade", "crowdedshorts", "composite"})
"""Signals that no recording can judge: no minutes, and nowhere both settled rates and ratios of accounts."""


@cache
def bars(name: str) -> Panel:
    opened = open_recording(recording(f"{name}.parquet"))
    kept = whole(opened)
    for _ in play(opened, kept):
        pass
    coins, last, _ = FILES[name]
    return kept.panel().of(coins).tail(last).keeping(Kept())


@cache
def coin(name: str, of: str) -> Coin:
    return coin_of(bars(name), of)


@cache
def score(name: str, signal: str, window: timedelta, side: str) -> Series:
    return BY_NAME[signal].score(bars(name), window, side=side)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_each_bar_equals_a_slow_calculation(signal: Signal, name: str) -> None:
    panel, (coins, _, every) = bars(name), FILES[name]

    for window in signal.windows:
        for side in ("", *sorted(signal.sides)):
            scores = score(name, signal.name, window, side)
            for of in coins:
                rows = range(len(panel.times) % every, len(panel.times), every)
                wanted = [SLOW[signal.name](coin(name, of), row, window, side) for row in rows]
                found = scores[list(rows), panel.coins.index(of)]
                np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-9, err_msg=f"{of} {window} {side}")


def test_each_signal_is_known_on_some_recording_but_for_those_that_none_can_judge() -> None:
    known = defaultdict[str, set[timedelta]](set)
    for name in FILES:
        for signal in SIGNALS:
            for window in signal.windows:
                if np.isfinite(score(name, signal.name, window, "")).any():
                    known[signal.name].add(window)

    assert {signal.name: set(signal.windows) for signal in SIGNALS if signal.name not in UNKNOWN} == known
