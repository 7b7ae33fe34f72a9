"""Answers from what was seen at a moment are those from its bars."""

import asyncio
from collections.abc import Collection
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.store.base import Store
from bot.commands.recent import Recent
from signals.model import Metric
from signals.numbers import DAY
from signals.panel import Panel, to_ms
from tests.bot.commands.desks import HOURS, NOW, STEP, VENUES, ask, desk, said, seen

LINES = ("/oi ETH", "/liq ETH", "/ratio ETH", "/signals ETH", "/signals SOL", "/oi", "/liq", "/ratio", "/signals")
LINES += ("/top oi", "/top liq", "/top ratio")


def months(ratio: float) -> Panel:
    """Ninety days of spot against futures volume before the market of the desk, the ratio wandering around that."""
    hours = 90 * 24
    first = NOW - STEP * HOURS
    times = np.array([to_ms(first - STEP * back) for back in range(hours, 0, -1)], np.int64)
    futures = np.full((hours, 1), 1e9, np.float32)
    walk = np.exp(np.random.default_rng(3).normal(0, 0.5, (hours, 1)))
    spot = (futures * ratio * walk).astype(np.float32)
    return Panel(times, ("ETH",), STEP, {Metric.VOLUME_SPOT: spot, Metric.VOLUME_PAIRED: futures}, {})


venues = st.sets(st.sampled_from(sorted(VENUES)))


@settings(max_examples=5)
@given(silent=venues, without_oi=venues, sampled=venues, ratio=st.sampled_from([0.0, 0.001, 0.15, 0.5, 3.0]))
def test_what_was_seen_answers_as_bars_do(
    silent: Collection[str], without_oi: Collection[str], sampled: Collection[str], ratio: float
) -> None:
    async def both() -> None:
        market = await desk(silent=silent, without_oi=without_oi, sampled=sampled)
        if ratio:
            await market.store.extend([months(ratio)])
        from_bars = [await ask(market, line) for line in LINES]
        await market.store.look(await seen(market))
        blind = replace(market, store=Barless(market.store), recent=Recent())
        assert [await ask(blind, line) for line in LINES] == from_bars

    asyncio.run(both())


class Barless:
    """The same store, in which nobody may look for bars."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> object:
        if name in ("panel", "at_hand"):
            raise AssertionError("bars were asked for")
        return getattr(self._store, name)


async def test_a_score_that_is_a_rank_is_written_as_its_line_is() -> None:
    market = await desk()
    glance = await seen(market)
    over = "ratiocollapse", DAY
    row = replace(glance.rows[over], values=[0.5] * len(glance.coins))
    await market.store.look(replace(glance, rows={**glance.rows, over: row}))

    told = await said(market, "/signals ETH")

    assert (
        "   p50: 50% of its own 90 days have a lower 24h ratio, not past its line (fires at or below p5 for 30m)"
        in told
    )
