"""What every store promises of markets: moments and bars come back as they were closed."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from adapters.store.bars import KEPT_CYCLES, MOST_CYCLES
from adapters.store.base import PlaceSettings, Store
from signals.aggregate import Cycle
from signals.model import Metric
from signals.panel import KEEP, Matrix, Panel, to_ms
from tests.adapters.store.stories import HOME, MINUTE, T0, bar, cycle, everything_of, first


async def test_an_empty_store_knows_nothing(store: Store) -> None:
    panel = await store.panel(MINUTE, [Metric.PRICE], 10)

    assert await store.latest() is None
    assert panel.shape == (0, 0)
    assert await store.steps() == []
    assert await store.judged() is None
    assert await store.last_change() == 0
    assert await everything_of(store.rules()) == []
    assert await everything_of(store.stored()) == []
    assert await store.watchlists() == {}
    assert await store.watchlist(HOME) == ()
    assert await store.of(HOME) == []
    assert await store.settings(HOME) == PlaceSettings()
    assert await everything_of(store.states()) == []
    assert await store.applied("terminal") == 0


async def test_the_last_closed_moment_is_given_back_exactly_and_without_bars(store: Store) -> None:
    closed = cycle()

    await store.close(closed)

    assert await store.latest() == replace(closed, bars=())


async def test_readers_are_given_missed_moments_first_and_then_new_ones_with_their_bars(store: Store) -> None:
    for minute in range(3):
        await store.close(cycle(T0 + minute * MINUTE, 100.0 + minute))
    reader = asyncio.create_task(first(store.cycles(T0), 3))
    await asyncio.sleep(0)

    await store.close(cycle(T0 + 3 * MINUTE, 103.0, with_hour=True))

    found = await reader
    assert [c.at for c in found] == [T0 + m * MINUTE for m in (1, 2, 3)]
    assert [bars.step for bars in found[-1].bars] == [MINUTE, timedelta(hours=1)]
    assert found[-1].bars[0][Metric.PRICE].tolist() == [[103.0, 103.0]]
    assert np.isnan(found[-1].bars[0][Metric.FUNDING]).all()
    assert found[-1].bars[0].leg(Metric.PRICE, "okx").tolist() == [[103.0, 103.0]]


async def test_a_moment_closed_twice_or_out_of_order_changes_nothing(store: Store) -> None:
    await store.close(cycle(T0, 1.0))
    await store.close(cycle(T0 + MINUTE, 2.0))

    await store.close(cycle(T0 + MINUTE, 9.0))
    await store.close(cycle(T0, 9.0))

    assert [c.readings["BTC"][Metric.PRICE].value for c in await first(store.cycles(None), 2)] == [1.0, 2.0]
    assert (await store.panel(MINUTE, [Metric.PRICE], 9))[Metric.PRICE].tolist() == [[1.0, 1.0], [2.0, 2.0]]


async def test_moments_are_kept_until_they_are_judged(store: Store) -> None:
    async def kept() -> tuple[datetime, datetime]:
        oldest = await anext(store.cycles(None))
        latest = await store.latest()
        assert latest is not None
        return oldest.at, latest.at

    for minute in range(KEPT_CYCLES + 20):
        await store.close(cycle(T0 + minute * MINUTE), T0 + 9 * MINUTE)
    waiting = await kept()
    await store.close(cycle(waiting[1] + MINUTE), waiting[1])
    judged = await kept()
    for minute in range(2, MOST_CYCLES + 7):
        await store.close(cycle(waiting[1] + minute * MINUTE), waiting[1])
    full = await kept()

    assert waiting == (T0 + 9 * MINUTE, T0 + (KEPT_CYCLES + 19) * MINUTE)
    assert judged[1] - judged[0] == (KEPT_CYCLES - 1) * MINUTE
    assert full[1] - full[0] == (MOST_CYCLES - 1) * MINUTE


async def test_panels_hold_the_last_rows_with_just_the_metrics_asked_for(store: Store) -> None:
    for minute in range(4):
        await store.close(cycle(T0 + minute * MINUTE, float(minute)))

    panel = await store.panel(MINUTE, [Metric.PRICE], 3)

    assert panel.times.tolist() == [to_ms(T0 + m * MINUTE) for m in (1, 2, 3)]
    assert panel.coins == ("BTC", "ETH")
    assert panel[Metric.PRICE].tolist() == [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]
    assert panel.leg(Metric.PRICE, "okx").tolist() == [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]
    assert set(panel.matrices) == {Metric.PRICE}
    assert await store.steps() == [MINUTE]


async def test_a_panel_of_some_coins_is_those_columns_of_the_whole_one(store: Store) -> None:
    many = tuple(f"C{number:03}" for number in range(300))  # more than the shortest heads of lists and bytes hold
    for minute, coins in enumerate((many[:7], many[:7], many, many[::-1])):
        price = np.arange(len(coins), dtype=np.float32)[np.newaxis] + minute
        legs = {} if minute == 1 else {Metric.PRICE: {"okx": price, "gate/C": -price}}
        others = {} if minute == 0 else {Metric.FUNDING: price / 1000}
        at = np.array([to_ms(T0 + minute * MINUTE)], np.int64)
        bars = Panel(at, coins, MINUTE, {Metric.PRICE: price, **others}, legs)
        await store.close(replace(cycle(T0 + minute * MINUTE), bars=(bars,)))
    wanted, metrics = ("C299", "C003", "NONE"), [Metric.PRICE, Metric.FUNDING]

    whole, some = await store.panel(MINUTE, metrics, 9), await store.panel(MINUTE, metrics, 9, wanted)

    assert whole.coins == many
    assert whole[Metric.PRICE][:, 3].tolist() == [3.0, 4.0, 5.0, 299.0]
    assert sorted(some.coins) == ["C003", "C299"]
    for coin in some.coins:
        one, all_of = some.of((coin,)), whole.of((coin,))
        assert one.times.tolist() == all_of.times.tolist()
        for slot, matrix in all_of.slots():
            np.testing.assert_array_equal(dict(one.slots())[slot], matrix)
    assert (await store.panel(MINUTE, metrics, 9, ())).coins == ()


async def test_bars_of_the_past_fill_holes_and_are_no_news(store: Store) -> None:
    await store.close(cycle(T0, 5.0))

    past = [bar(T0 - 2 * MINUTE, 3.0, coins=("ETH", "SOL")), bar(T0 - MINUTE, 4.0), bar(T0, 9.0)]
    await store.extend(past)

    panel = await store.panel(MINUTE, [Metric.PRICE], 9)
    eth, sol = panel.column("ETH"), panel.column("SOL")
    assert panel[Metric.PRICE][:, eth].tolist() == [3.0, 4.0, 5.0]
    assert panel[Metric.PRICE][0, sol] == 3.0
    assert np.isnan(panel[Metric.PRICE][1:, sol]).all()
    assert [c.at for c in await first(store.cycles(None), 1)] == [T0]


async def test_the_past_is_taken_where_the_stored_value_is_unknown_and_known_ones_stay(store: Store) -> None:
    await store.close(cycle(T0, 5.0))
    await store.close(cycle(T0 + MINUTE, 6.0))
    rates = np.full((1, 2), 0.5, np.float32)

    await store.extend([replace(bar(T0, 9.0), matrices={Metric.PRICE: rates * 18, Metric.FUNDING: rates})])

    panel = await store.panel(MINUTE, [Metric.PRICE, Metric.FUNDING], 9)
    assert panel[Metric.PRICE].tolist() == [[5.0, 5.0], [6.0, 6.0]]
    assert panel[Metric.FUNDING][0].tolist() == [0.5, 0.5]
    assert np.isnan(panel[Metric.FUNDING][1]).all()


async def test_coins_and_venues_of_the_past_are_added_to_a_bar(store: Store) -> None:
    await store.close(cycle(T0, 5.0))
    await store.close(cycle(T0 + MINUTE, 6.0))
    past = bar(T0, 9.0, coins=("SOL", "ETH"))

    await store.extend([replace(past, legs={Metric.PRICE: {"okx": past[Metric.PRICE], "gate": past[Metric.PRICE]}})])

    panel = await store.panel(MINUTE, [Metric.PRICE], 9)
    btc, eth, sol = (panel.coins.index(coin) for coin in ("BTC", "ETH", "SOL"))
    assert panel[Metric.PRICE][0, [btc, eth, sol]].tolist() == [5.0, 5.0, 9.0]
    assert panel.leg(Metric.PRICE, "okx")[0, [btc, eth, sol]].tolist() == [5.0, 5.0, 9.0]
    assert panel.leg(Metric.PRICE, "gate")[0, [eth, sol]].tolist() == [9.0, 9.0]
    assert np.isnan(panel.leg(Metric.PRICE, "gate")[0, btc])


async def test_nothing_is_past_that_is_not_older_than_the_last_closed_moment(store: Store) -> None:
    await store.close(cycle(T0, 5.0))

    await store.extend([bar(T0, 9.0, coins=("SOL",)), bar(T0 + MINUTE, 9.0)])

    panel = await store.panel(MINUTE, [Metric.PRICE], 9)
    assert panel.coins == ("BTC", "ETH")
    assert panel.times.tolist() == [to_ms(T0)]
    assert await store.backfilled() == 0


async def test_a_reader_can_tell_that_the_past_was_filled_in_and_a_repeat_is_none(store: Store) -> None:
    assert await store.backfilled() == 0
    past = [bar(T0 - MINUTE, 4.0), bar(T0 - timedelta(hours=1), 4.0, timedelta(hours=1))]
    await store.extend(past)
    first_time = await store.backfilled()

    await store.extend(past)
    again = await store.backfilled()
    await store.extend([bar(T0 - MINUTE, 4.0, coins=("SOL",))])

    assert 0 < first_time == again < await store.backfilled()


async def test_two_that_fill_in_the_same_bars_at_once_lose_nothing(store: Store) -> None:
    times = [T0 + n * MINUTE for n in range(40)]
    coins = ("BTC", "ETH", "SOL", "XRP")

    await asyncio.gather(*(store.extend(_rows(times, float(n), coins[n])) for n in range(4)))

    panel = await store.panel(MINUTE, [Metric.PRICE], 99)
    columns = [panel.coins.index(coin) for coin in coins]
    assert panel[Metric.PRICE][:, columns].tolist() == [[0.0, 1.0, 2.0, 3.0]] * 40


def _rows(times: Sequence[datetime], value: float, coin: str) -> list[Panel]:
    """One panel with a bar at each of these times."""
    prices = np.full((len(times), 1), value, np.float32)
    return [Panel(np.array([to_ms(at) for at in times]), (coin,), MINUTE, {Metric.PRICE: prices}, {})]


async def test_no_more_bars_are_kept_than_windows_need(store: Store) -> None:
    rows = KEEP[MINUTE] // MINUTE
    await store.extend([bar(T0 + n * MINUTE, float(n), coins=("BTC",)) for n in range(rows)])

    await store.close(replace(cycle(T0 + rows * MINUTE, 7.0)))

    panel = await store.panel(MINUTE, [Metric.PRICE], rows + 9)
    assert len(panel.times) == rows
    assert panel[Metric.PRICE][0, 0] == 1.0
    assert panel[Metric.PRICE][-1, 0] == 7.0


async def test_the_moment_after_a_given_one_is_the_next_to_the_millisecond(store: Store) -> None:
    await store.close(cycle(T0, 1.0))
    await store.close(cycle(T0 + MINUTE, 2.0))

    assert [of.at for of in await first(store.cycles(T0 - timedelta(milliseconds=1)), 2)] == [T0, T0 + MINUTE]
    assert [of.at for of in await first(store.cycles(T0), 1)] == [T0 + MINUTE]


async def test_what_the_store_is_can_be_said(store: Store) -> None:
    info = await store.info()

    assert info.product in ("memory", "Valkey", "Redis")
    assert info.version
    assert info.detail


async def test_bars_at_hand_are_those_of_a_panel_however_they_were_asked_for_before(store: Store) -> None:
    metrics = [Metric.PRICE, Metric.LIQ_LONG]
    for minute in range(7):
        coins = {"BTC": 1.0 + minute, "ETH": 2.0} if minute != 3 else {"SOL": 3.0}
        await store.close(_closing(T0 + minute * MINUTE, coins))
        for rows in (2, 5, 3):
            whole, held = await store.panel(MINUTE, metrics, rows), await store.at_hand(MINUTE, metrics, rows)
            assert held.times.tolist() == whole.times.tolist()
            assert _same(held.of(whole.coins)[Metric.PRICE], whole[Metric.PRICE])
            assert _same(held.of(whole.coins).leg(Metric.PRICE, "okx"), whole.leg(Metric.PRICE, "okx"))
            assert (await store.at_hand(MINUTE, metrics, rows, ("ETH", "XRP"))).coins in {("ETH",), ()}


async def test_bars_at_hand_hold_the_past_that_was_filled_in_meanwhile(store: Store) -> None:
    past, now = _closing(T0 - MINUTE, {"BTC": 1.0}), _closing(T0, {"BTC": 2.0})
    await store.close(now)
    assert (await store.at_hand(MINUTE, [Metric.PRICE], 9))[Metric.PRICE].tolist() == [[2.0]]

    await store.extend(past.bars)

    assert (await store.at_hand(MINUTE, [Metric.PRICE], 9))[Metric.PRICE].tolist() == [[1.0], [2.0]]


async def test_the_latest_moment_is_the_newest_however_often_it_was_asked_for(store: Store) -> None:
    for minute in (0, 0, 1, 3):
        await store.close(_closing(T0 + minute * MINUTE, {"BTC": 1.0 + minute}))
        for _ in range(2):
            latest = await store.latest()
            assert latest is not None
            assert latest.at == T0 + minute * MINUTE


def _same(one: Matrix, other: Matrix) -> bool:
    return bool(np.array_equal(one, other, equal_nan=True))


def _closing(at: datetime, prices: dict[str, float]) -> Cycle:
    row = np.array([list(prices.values())], np.float32)
    bars = Panel(np.array([to_ms(at)]), tuple(prices), MINUTE, {Metric.PRICE: row}, {Metric.PRICE: {"okx": row}})
    return Cycle(at, "SIMULATED", {}, (), (bars,))
