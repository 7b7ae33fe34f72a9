"""A question is judged on the bars that a store keeps: the longest that can, of all its coins, and none from later."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from adapters.store.memory import MemoryStore
from bot.observing import COINS_AT_ONCE, KeptBars
from signals.aggregate import Cycle
from signals.model import Metric
from signals.panel import Panel, resolutions, to_ms
from signals.recorded import observed as judged
from signals.registry import BY_NAME
from tests.signals.test_recorded import T0, asked

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
AT = T0 + 100 * timedelta(days=1)
COINS = ("BTC", "ETH", "SOL")


def panel(step: timedelta, coins: tuple[str, ...] = COINS) -> Panel:
    """As many bars as are kept, at random."""
    rows, chance = resolutions(MINUTE)[step], np.random.default_rng(round(step / MINUTE))
    times = np.array([to_ms(AT - step * back) for back in range(rows)][::-1], np.int64)
    price = 100 * np.exp(np.cumsum(chance.normal(0, 0.003, (rows, len(coins))), axis=0)).astype(np.float32)
    rate = chance.normal(0.0, 0.0001, (rows, len(coins))).astype(np.float32)
    return Panel(times, coins, step, {Metric.PRICE: price, Metric.FUNDING: rate}, {Metric.PRICE: {"binance": price}})


async def market(coins: tuple[str, ...] = COINS) -> MemoryStore:
    store = MemoryStore()
    await store.close(Cycle(AT, "LIVE", {coin: {} for coin in coins}, (), (panel(MINUTE, coins).tail(1),)))
    await store.extend([panel(step, coins) for step in resolutions(MINUTE)])
    return store


@pytest.mark.parametrize(
    ("sentence", "step"),
    [
        ("* funding < -0.01%", HOUR),
        ("* price 24h falls by 1%", HOUR),
        ("* price 30m falls by 1%", 5 * MINUTE),
        ("* price 1m falls by 0.5%", MINUTE),
        ("* price 30m falls by 0.5% and funding < p20", 5 * MINUTE),
    ],
)
async def test_it_is_what_the_same_bars_say_that_are_all_in_memory(sentence: str, step: timedelta) -> None:
    store, draft = await market(), asked(sentence)
    every = [await store.panel(each, list(Metric), rows, COINS) for each, rows in resolutions(MINUTE).items()]
    whole = replace(every[0].of(COINS), others={each.step: each.of(COINS) for each in every[1:]})

    seen = await KeptBars(store, BY_NAME).observed(draft, COINS, AT)

    expected = judged(draft, COINS, whole, BY_NAME)
    assert seen is not None
    assert expected is not None
    assert seen.step == expected.step == step
    assert seen.ends.tolist() == expected.ends.tolist()
    assert np.array_equal(seen.events, expected.events)
    assert np.array_equal(seen.closes, expected.closes, equal_nan=True)
    assert seen.events.any()


async def test_coins_are_read_some_at_a_time_and_are_one_market_again() -> None:
    many = tuple(f"C{number}" for number in range(COINS_AT_ONCE + 10))
    store, draft, hours = MemoryStore(), asked("* funding < -0.01%"), panel(HOUR, many)
    await store.close(Cycle(AT, "LIVE", {}, (), (panel(MINUTE, many).tail(1), hours.tail(1))))
    await store.extend([hours])

    seen = await KeptBars(store, BY_NAME).observed(draft, many, AT)

    expected = judged(draft, many, hours, BY_NAME)
    assert seen is not None
    assert expected is not None
    assert seen.coins == many
    assert np.array_equal(seen.events, expected.events)
    assert np.array_equal(seen.closes, expected.closes)


async def test_bars_that_are_closed_meanwhile_are_not_seen() -> None:
    store, draft = await market(), asked("* funding < -0.01%")
    earlier = AT - 7 * HOUR

    seen = await KeptBars(store, BY_NAME).observed(draft, COINS, earlier)

    assert seen is not None
    assert seen.ends[-1] == to_ms(earlier)
    read = await KeptBars(store, BY_NAME).bars(draft, COINS, earlier, 5 * MINUTE)
    assert read.times[-1] == to_ms(earlier)
    assert read.others[HOUR].times[-1] == to_ms(earlier)


async def test_without_coins_or_bars_there_is_nothing_to_see() -> None:
    draft = asked("* funding < -0.01%")

    assert await KeptBars(await market(), BY_NAME).observed(draft, (), AT) is None
    assert await KeptBars(MemoryStore(), BY_NAME).observed(draft, COINS, AT) is None
    assert await KeptBars(await market(), BY_NAME).observed(draft, ("XRP",), AT) is None
