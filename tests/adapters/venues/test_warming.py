"""A warm start fills in what the live path would have made, and nothing that venues did not keep."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from adapters.store.base import Store
from adapters.store.memory import MemoryStore
from adapters.store.registry import open_store
from adapters.store.venue_port import WATCHED
from adapters.venues.base import Banned, RateLimited, Refused, Unavailable, VenueError
from adapters.venues.warming import Warming, stages
from bot.clock import Clock
from bot.services.evaluator import Evaluator
from bot.services.poller import Poller
from signals.aggregate import Cycle, Ledger, Reading, Weighing
from signals.bars import Bars
from signals.event import Event
from signals.model import Instrument, Metric
from signals.panel import KEEP, LEGS, STORED, Panel, resolutions, to_ms
from signals.registry import SIGNALS
from signals.rules.lifecycle import Change
from tests import virtual
from tests.bot.services.markets import asked, running, told, until
from tests.bot.services.moves import BTC as PERPETUAL
from tests.bot.services.moves import Moves
from tests.pasts import Past, of, value
from tests.servers import valkey

NOW = datetime(2026, 3, 10, 7, 40, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIVE = 5 * MINUTE
SHORT = {MINUTE: 90 * MINUTE, FIVE: 3 * HOUR, HOUR: 30 * HOUR}
"""As far back as these tests look."""

BTC = {name: of(name, f"BTC-{name}", "BTC") for name in ("okx", "gate", "bybit", "binance", "bitget", "hyperliquid")}


def moment(at: datetime = NOW, worth: Mapping[str, float] | None = None) -> Cycle:
    """A closed moment in which these coins have open interest worth so much."""
    readings = {
        coin: {
            m: Reading(v, at, ("okx",), (), 1.0, Weighing.ONE) for m, v in ((Metric.OI_LEVEL, usd), (Metric.PRICE, 1.0))
        }
        for coin, usd in (worth or {"BTC": 1.0}).items()
    }
    return Cycle(at, "LIVE", readings, ())


async def warmed(
    store: Store, *venues: Past, keep: Mapping[timedelta, timedelta] = SHORT, sizes: Sequence[int] = (20,)
) -> None:
    contracts = [i for venue in venues for i in venue.contracts]
    await Warming(venues, lambda: contracts, store, Clock(NOW).now, keep, sizes).run()


def filled(*venues: Past, keep: Mapping[timedelta, timedelta] = SHORT) -> Mapping[timedelta, Panel]:
    """The bars in a store with one closed moment that was warmed from these venues."""

    async def live() -> Mapping[timedelta, Panel]:
        store = MemoryStore()
        await store.close(moment())
        await warmed(store, *venues, keep=keep)
        return {step: await store.panel(step, STORED, 9999) for step in KEEP}

    return virtual.run(live)


def test_bars_are_those_that_the_live_path_would_have_made() -> None:
    """Two venues, one of them listed in between, asked every minute of forty hours."""
    two = frozenset({Metric.PRICE, Metric.FUNDING_SETTLED})
    first, late = of("okx", "BTC-USDT-SWAP", "BTC", metrics=two), of("gate", "BTC_USDT", "BTC", metrics=two)
    listed = NOW - 50 * MINUTE
    venues = [Past("okx", [first]), Past("gate", [late], listed={"BTC_USDT": listed})]

    made = filled(*venues)

    ledger, bars = Ledger(), Bars(resolutions(MINUTE))
    for minute in range(-40 * 60, 0):
        at = NOW + minute * MINUTE
        there = [(venues[0], first)] + ([(venues[1], late)] if at >= listed else [])
        ledger.expect([contract for _, contract in there])
        for venue, contract in there:
            ledger.take([replace(venue.seen(contract, Metric.PRICE, at, MINUTE), fresh_for=timedelta(seconds=30))])
            if to_ms(at) % (8 * 3_600_000) == 0:
                ledger.take([venue.seen(contract, Metric.FUNDING_SETTLED, at, 8 * HOUR)])
        bars.close(ledger.read(at, "LIVE"))
    live = bars.panel()
    for step, keep in SHORT.items():
        wanted, found = live.at(step), made[step]
        rows = int(np.searchsorted(wanted.times, found.times[0]))
        closed_with_the_moment = to_ms(NOW) % (step // timedelta(milliseconds=1)) == 0
        assert len(found.times) == keep // step - closed_with_the_moment
        assert wanted.times[rows:].tolist() == found.times.tolist()
        for metric in two:
            np.testing.assert_array_equal(found[metric], wanted[metric][rows:])
        for name in ("okx", "gate"):
            np.testing.assert_array_equal(found.leg(Metric.PRICE, name), wanted.leg(Metric.PRICE, name)[rows:])


def test_every_resolution_reaches_as_far_back_as_windows_do() -> None:
    made = filled(Past("okx", [of("okx", "X", "BTC", metrics=frozenset({Metric.PRICE}))]), keep=KEEP)

    for step, keep in KEEP.items():
        reach = to_ms(NOW) - int(made[step].times[0])
        assert timedelta(milliseconds=reach) >= keep - step
        assert np.isfinite(made[step][Metric.PRICE]).all()


def test_open_interest_that_a_venue_does_not_keep_leaves_the_whole_unknown_where_too_much_is_missing() -> None:
    """Of two venues one does not keep it: a half is not enough. What is kept is still there per venue."""
    half = filled(Past("okx", [BTC["okx"]]), Past("hyperliquid", [BTC["hyperliquid"]], keeps=frozenset({Metric.PRICE})))

    hours = half[HOUR]
    assert np.isfinite(hours[Metric.PRICE]).all()
    assert np.isnan(hours[Metric.OI_LEVEL]).all()
    assert np.isfinite(hours.leg(Metric.OI_LEVEL, "okx")).all()
    assert np.isnan(hours.leg(Metric.OI_LEVEL, "hyperliquid")).all()


def test_open_interest_that_one_of_six_does_not_keep_is_that_of_the_others() -> None:
    five = [Past(name, [BTC[name]]) for name in BTC if name != "hyperliquid"]
    made = filled(*five, Past("hyperliquid", [BTC["hyperliquid"]], keeps=frozenset({Metric.PRICE})))

    hours = made[HOUR]
    at = datetime.fromtimestamp(int(hours.times[-1]) / 1000, UTC)
    known = sum(value(BTC[name], Metric.OI_LEVEL, at) for name in BTC if name != "hyperliquid")
    assert hours[Metric.OI_LEVEL][-1, 0] == pytest.approx(known, rel=1e-6)
    assert np.isnan(hours.leg(Metric.OI_LEVEL, "hyperliquid")).all()


def test_a_days_volume_is_the_sum_of_its_bars_and_unknown_where_one_is_missing() -> None:
    contract = of("okx", "BTC-okx", "BTC", metrics=frozenset({Metric.PRICE, Metric.VOLUME_24H}))
    hole = NOW.replace(minute=0) - 26 * HOUR

    made = filled(Past("okx", [contract], holes=frozenset({hole})))[HOUR]

    at = datetime.fromtimestamp(int(made.times[-1]) / 1000, UTC)
    day = sum(value(contract, Metric.VOLUME, at - n * HOUR) for n in range(24))
    assert made[Metric.VOLUME_24H][-1, 0] == pytest.approx(day, rel=1e-6)
    lacking = (made.times >= to_ms(hole)) & (made.times < to_ms(hole + DAY))
    assert np.isnan(made[Metric.VOLUME_24H][:, 0]).tolist() == lacking.tolist()


def test_bars_of_a_minute_have_the_ratio_of_their_five_minutes_and_no_stale_open_interest() -> None:
    made = filled(Past("okx", [BTC["okx"]]))[MINUTE]

    on_step = made.times % 300_000 == 0
    assert np.isfinite(made[Metric.LS]).all()
    assert np.isfinite(made[Metric.OI_LEVEL][on_step]).all()
    assert np.isnan(made[Metric.OI_LEVEL][~on_step]).all()


def test_a_hole_in_what_a_venue_kept_stays_a_hole() -> None:
    hole = NOW.replace(minute=0) - 5 * HOUR

    prices = filled(Past("okx", [BTC["okx"]], keeps=frozenset({Metric.PRICE}), holes=frozenset({hole})))[HOUR]

    assert (np.isnan(prices[Metric.PRICE][:, 0])).tolist() == (prices.times == to_ms(hole)).tolist()


def coins(*names: str) -> list[Instrument]:
    return [of("okx", name, name, metrics=frozenset({Metric.PRICE})) for name in names]


def order(past: Past) -> list[str]:
    return list(dict.fromkeys(symbol for symbol, *_ in past.asked))


def test_watched_coins_come_first_and_then_the_largest() -> None:
    past = Past("okx", coins("SMALL", "LARGE", "WATCHED", "NEW"))

    async def live() -> None:
        store = MemoryStore()
        await store.close(moment(worth={"SMALL": 1.0, "LARGE": 9.0, "WATCHED": 0.5}))
        await store.learn(WATCHED, b"WATCHED")
        await warmed(store, past, sizes=(1,))

    virtual.run(live)
    assert order(past) == ["WATCHED", "LARGE", "SMALL", "NEW"]


def test_stages_grow_and_leave_nobody_out() -> None:
    names = [str(n) for n in range(450)]

    found = list(stages(names, (20, 80, 100)))

    assert [len(stage) for stage in found] == [20, 80, 100, 100, 100, 50]
    assert [name for stage in found for name in stage] == names


def test_what_is_done_is_not_asked_again_after_a_restart() -> None:
    first, second = Past("okx", coins("A", "B", "C"), refuses="C"), Past("okx", coins("A", "B", "C", "D"))

    async def live() -> None:
        store = MemoryStore()
        await store.close(moment(worth={"A": 3.0, "B": 2.0, "C": 1.0}))
        await warmed(store, first, sizes=(2, 1))
        await warmed(store, second, sizes=(2, 1))

    virtual.run(live)
    assert order(first) == ["A", "B", "C"]
    assert order(second) == ["C", "D"]


def test_coins_with_a_past_of_more_than_a_day_are_left_alone() -> None:
    past = Past("okx", coins("OLD", "YOUNG"))
    made = Past("okx", coins("OLD", "YOUNG"))

    async def live() -> None:
        store = MemoryStore()
        for coin, back in (("OLD", 25 * HOUR), ("YOUNG", 3 * HOUR)):
            row = np.full((1, 1), 5.0, np.float32)
            at = np.array([to_ms(NOW.replace(minute=0) - back)], np.int64)
            await store.extend([Panel(at, (coin,), HOUR, {Metric.PRICE: row}, {Metric.PRICE: {"okx": row}})])
        await store.close(moment(worth={"OLD": 1.0, "YOUNG": 1.0}))
        await warmed(store, past)
        await warmed(store, made)

    virtual.run(live)
    assert order(past) == ["YOUNG"]
    assert order(made) == []


@pytest.mark.parametrize("trouble", [RateLimited(timedelta(seconds=90)), Banned(NOW + HOUR), Unavailable("no answer")])
def test_it_waits_where_it_is_told_to_and_loses_nothing(trouble: VenueError) -> None:
    plain = filled(Past("okx", [BTC["okx"]]))

    troubled = filled(Past("okx", [BTC["okx"]], troubles=[trouble], after=7))

    for step, panel in plain.items():
        assert panel.times.tolist() == troubled[step].times.tolist()
        for metric in panel.matrices:
            np.testing.assert_array_equal(panel[metric], troubled[step][metric])


def test_a_venue_that_stays_away_delays_nobody_for_ever_and_is_asked_again_after_a_restart() -> None:
    away = Past("gate", [BTC["gate"]], troubles=[Refused("region")])
    back, other = Past("gate", [BTC["gate"]]), Past("okx", [BTC["okx"]])

    async def live() -> Panel:
        store = MemoryStore()
        await store.close(moment())
        await warmed(store, away, Past("okx", [BTC["okx"]]))
        hours = await store.panel(HOUR, STORED, 999)
        await warmed(store, back, other)
        assert np.isnan(hours.leg(Metric.PRICE, "gate")).all()
        assert np.isfinite(hours.leg(Metric.PRICE, "okx")).all()
        return await store.panel(HOUR, STORED, 999)

    hours = virtual.run(live)
    assert np.isfinite(hours.leg(Metric.PRICE, "gate")).all()


def test_it_says_when_it_begins_and_when_a_stage_is_done() -> None:
    with capture_logs() as logs:
        filled(Past("okx", coins("A", "B")))

    said = [(entry["event"], entry["coins"]) for entry in logs if entry["event"].startswith("warm start")]
    assert said == [("warm start begins", 2), ("warm start", 2)]


def test_it_waits_for_a_market_and_for_venues_that_list() -> None:
    past, late = Past("okx", coins("A")), Past("gate", [])

    async def live() -> float:
        store = MemoryStore()

        async def close() -> None:
            await asyncio.sleep(30)
            await store.close(moment(worth={"A": 1.0}))

        async with asyncio.TaskGroup() as group:
            group.create_task(close())
            group.create_task(warmed(store, past, late))
        return asyncio.get_running_loop().time()

    assert 120 <= virtual.run(live) < 130
    assert order(past) == ["A"]


async def test_others_have_their_turn_all_the_time(tmp_path: Path) -> None:
    """On the embedded server, in real time; a slice of work is a few milliseconds, and this computer may be busy."""
    with valkey(tmp_path) as url:
        store = await open_store(url)
        await store.close(moment())
        turns: list[float] = []

        async def watch() -> None:
            while True:
                turns.append(asyncio.get_running_loop().time())
                await asyncio.sleep(0)

        async with running(watch):
            await warmed(store, *(Past(name, [BTC[name]]) for name in ("okx", "gate")))
        hours = await store.panel(HOUR, STORED, 999)
        await store.aclose()

    assert np.isfinite(hours[Metric.OI_LEVEL]).all()
    assert set(hours.legs) == set(LEGS)
    assert max(np.diff(turns)) < 0.25


def live_told(sentence: str, levels: Sequence[tuple[datetime, float]], *, warm: bool) -> list[tuple[Change, datetime]]:
    """What is told of a rule in a market that begins at NOW, with a warm start beside it or without."""
    market = Moves(lambda at: next((level for since, level in reversed(levels) if at >= since), 100.0), NOW)
    past = Past("okx", [PERPETUAL], price=lambda _, at: market.price(at))

    async def live() -> Sequence[Event]:
        store = MemoryStore()
        rule = await asked(store, sentence)
        clock = Clock(NOW, 600.0)
        poller = Poller(market, store, clock)

        async def later() -> None:
            await asyncio.sleep(0.5)
            if warm:
                await Warming([past], lambda: [PERPETUAL], store, clock.now, {**SHORT, MINUTE: 6 * HOUR}).run()

        async def judged() -> bool:
            at = await store.judged()
            return at is not None and at >= NOW + 4 * HOUR

        async with running(poller.run, Evaluator(store, SIGNALS, MINUTE).run, later):
            await until(judged)
        return await told(store, rule)

    return [(event.change, event.at) for event in virtual.run(live)]


FALLS = NOW + 40 * MINUTE


def test_after_a_warm_start_the_first_true_move_fires() -> None:
    sentence, levels = "BTC price 4h falls by 5%", [(FALLS, 90.0)]

    assert live_told(sentence, levels, warm=True)[:1] == [(Change.FIRED, FALLS)]
    assert live_told(sentence, levels, warm=False) == []


def test_a_warm_start_tells_nothing_of_the_past() -> None:
    assert live_told("BTC price 4h falls by 5%", [(NOW - HOUR, 90.0)], warm=True) == []
