"""The watch over live venues: who is asked when, who is in trouble, what time it is, and which streams are doubted."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from adapters.store.memory import MemoryStore
from adapters.venues import bybit_client
from adapters.venues.asker import AT_ONCE
from adapters.venues.base import Banned, Feed, Unavailable
from adapters.venues.live import LiveMarket, Vigil, off
from adapters.venues.ranking import Ranking
from adapters.venues.troubles import Trouble, Troubles
from bot.clock import Clock
from signals.model import Instrument, Liquidation, Metric, Observation, Pulse, Side
from tests import virtual
from tests.adapters.venues.pretend import ONE_BY_ONE, Pretend
from tests.adapters.venues.wired import wiring
from tests.fake_venues.everyone import everyone
from tests.fake_venues.faults import Fault, Kind
from tests.fake_venues.inprocess import InProcess
from tests.fake_venues.market import seeded
from tests.fake_venues.record import Record

AT = datetime.fromisoformat("2026-11-23T14:00:00+00:00")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
Play = Callable[[Clock], Sequence[Pretend]]


def watched(venues: Play, during: Callable[[Vigil, Clock], Awaitable[None]]) -> Sequence[Pretend]:
    async def main() -> Sequence[Pretend]:
        clock = Clock(AT)
        clock.now()
        there = venues(clock)
        vigil = LiveMarket(there, MemoryStore(), clock.now, clock.shift).vigil
        watching = asyncio.ensure_future(vigil.run())
        await during(vigil, clock)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        return there

    return virtual.run(main)


def waits(seconds: float) -> Callable[[Vigil, Clock], Awaitable[None]]:
    async def during(vigil: Vigil, clock: Clock) -> None:
        del vigil, clock
        await asyncio.sleep(seconds)

    return during


async def slowly(_: Feed | None = None) -> None:
    await asyncio.sleep(7.5)


def test_no_call_is_in_flight_twice_and_eight_at_once_at_most() -> None:
    coins = [f"C{n}" for n in range(40)]
    [venue] = watched(
        lambda clock: [Pretend("okx", clock.now, coins=coins, feeds=(ONE_BY_ONE,), answers=slowly)], waits(700)
    )
    assert (venue.most_of_one, venue.most, AT_ONCE) == (1, 8, 8)
    assert len(venue.calls) == 40


def test_a_venue_that_hangs_delays_nobody_and_is_in_trouble() -> None:
    async def hangs(_: Feed) -> None:
        await asyncio.Event().wait()

    health = []

    async def during(vigil: Vigil, _clock: Clock) -> None:
        await asyncio.sleep(100)
        health.extend(vigil.health())

    slow, quick = watched(lambda clock: [Pretend("okx", clock.now, answers=hangs), Pretend("bybit", clock.now)], during)
    assert quick.calls["prices", ""] in {10, 11}
    assert slow.calls["prices", ""] >= 5
    bad, good = health
    assert bad.down_since is not None
    assert (bad.why, bad.answered) == ("no answer in time", None)
    assert bad.refused["too-late"] >= 5
    assert (good.down_since, good.why) == (None, "")
    assert good.answered is not None


def test_trouble_is_logged_once_when_it_begins_and_once_when_it_ends() -> None:
    def fails(clock: Clock) -> Callable[[Feed], object]:
        def answers(_: Feed) -> None:
            if AT + 20 * SECOND < clock.now() < AT + 70 * SECOND:
                raise Unavailable("gone fishing")

        return answers

    with capture_logs() as logs:
        watched(lambda clock: [Pretend("okx", clock.now, answers=fails(clock))], waits(200))
    assert [entry["event"] for entry in logs if entry["event"].startswith("venue")] == ["venue down", "venue recovered"]


def test_a_banned_venue_is_left_alone_until_then() -> None:
    until = AT + 5 * MINUTE

    def bans(_: Feed) -> None:
        raise Banned(until)

    health = []

    async def during(vigil: Vigil, _clock: Clock) -> None:
        await asyncio.sleep(299)
        health.extend(vigil.health())

    [venue] = watched(lambda clock: [Pretend("okx", clock.now, answers=bans)], during)
    assert venue.calls["prices", ""] == 1
    assert health[0].banned_until == until


def test_a_moment_gathers_what_belongs_to_it_and_the_stream_with_it() -> None:
    closed = Liquidation("okx", "BTCUSDT", "BTC", Side.LONG, 2.0, 100.0, AT + 90 * SECOND, AT, sampled=False)
    items = [(0.0, Pulse("okx", AT)), (90.0, closed), (121.0, Pulse("okx", AT + 121 * SECOND))]
    seen: list[Observation] = []

    async def during(vigil: Vigil, _clock: Clock) -> None:
        await asyncio.sleep(125)
        await vigil.gather(AT + MINUTE)
        seen.extend((await vigil.gather(AT + 2 * MINUTE)).observations)

    watched(lambda clock: [Pretend("okx", clock.now, items=items)], during)
    sums = {one.metric: one.value for one in seen if one.metric is not Metric.PRICE}
    assert sums == {Metric.LIQ_LONG: 200.0, Metric.LIQ_SHORT: 0.0}


def test_a_dead_channel_is_logged_once() -> None:
    def told(venue: str, at: float) -> Liquidation:
        when = AT + at * SECOND
        return Liquidation(venue, "BTCUSDT", "BTC", Side.LONG, 1.0, 1.0, when, when, sampled=False)

    pulses = [(n * 10.0, Pulse("okx", AT + n * 10 * SECOND)) for n in range(200)]
    others = [(n * 10.0, told("bybit", n * 10.0)) for n in range(200)]

    async def during(vigil: Vigil, clock: Clock) -> None:
        for n in range(1, 32):
            await clock.until(AT + n * MINUTE + 5 * SECOND)
            await vigil.gather(AT + n * MINUTE)

    with capture_logs() as logs:
        watched(
            lambda clock: [Pretend("okx", clock.now, items=pulses), Pretend("bybit", clock.now, items=others)], during
        )
    dead = [entry for entry in logs if "heart beats" in entry["event"]]
    assert [(entry["venue"], entry["since"]) for entry in dead] == [("okx", AT)]


def test_sides_that_look_inverted_are_logged_once() -> None:
    shorts = [
        (n * 1.0, Liquidation("okx", "BTCUSDT", "BTC", Side.SHORT, 1.0, 1.0, AT + n * SECOND, AT, sampled=False))
        for n in range(1, 600)
    ]

    async def during(vigil: Vigil, clock: Clock) -> None:
        for n in range(1, 10):
            await clock.until(AT + n * MINUTE + 5 * SECOND)
            await vigil.gather(AT + n * MINUTE)

    def falling(clock: Clock) -> Callable[[], float]:
        return lambda: 1000 - (clock.now() - AT).total_seconds() / 10

    with capture_logs() as logs:
        watched(lambda clock: [Pretend("okx", clock.now, items=shorts, price=falling(clock))], during)
    assert [entry["venue"] for entry in logs if "inverted" in entry["event"]] == ["okx"]


@pytest.mark.parametrize(
    ("skews", "ahead"),
    [
        ((), None),
        ((None,), None),
        ((3.0, 3.0), None),
        ((3.1, 3.1), 3.1),
        ((-60.0, -61.0, 0.0), -60.0),
        ((60.0, 0.0), None),
        ((60.0, None, None), None),
        ((60.0, 60.0, None, None), 60.0),
        ((-60.0, 60.0, 0.0), None),
    ],
)
def test_our_clock_is_wrong_where_most_venues_agree_that_it_is(
    skews: Sequence[float | None], ahead: float | None
) -> None:
    given = [None if skew is None else skew * SECOND for skew in skews]
    assert off(given) == (None if ahead is None else ahead * SECOND)


def test_a_trouble_is_remembered_as_it_began() -> None:
    troubles = Troubles()
    troubles.begin("okx", AT, "first")
    troubles.begin("okx", AT + SECOND, "second")
    assert troubles.of("okx") == Trouble(AT, "first")
    troubles.end("okx", AT + MINUTE)
    troubles.end("okx", AT + MINUTE)
    assert troubles.of("okx") is None


def test_watched_coins_come_first_and_then_the_largest() -> None:
    ranking = Ranking()
    coins = {"BTC": (100.0, 100.0), "ETH": (1000.0, 2.0), "DOGE": (1.0, 1.0)}
    for coin, (amount, price) in coins.items():
        for metric, value in ((Metric.OI_LEVEL, amount), (Metric.PRICE, price)):
            ranking.take([Observation(metric, "okx", coin + "USDT", coin, value, AT, AT, MINUTE)])
    instruments = [Instrument("okx", coin + "USDT", coin, 1.0, frozenset()) for coin in (*coins, "NEW")]

    ranked, hot = ranking.of(instruments, {"NEW"})

    assert ranked == ["NEWUSDT", "BTCUSDT", "ETHUSDT", "DOGEUSDT"]
    assert hot == frozenset(ranked)


def test_of_a_new_symbol_no_minute_is_told_that_was_not_heard_in_full() -> None:
    """It is not asked for until it is known, and what was closed before is nobody's zero."""
    away = Fault("bybit", Kind.DELISTED, AT, AT + 7 * MINUTE, coins=frozenset({"ETH"}))
    there: list[bool] = []
    since: list[datetime] = []
    told: list[set[str]] = []

    async def main() -> None:
        clock = Clock(AT)
        clock.now()
        fake = everyone(seeded(7, 14, AT), [away], Record())["bybit"]
        bybit = bybit_client.Bybit(wiring(bybit_client.ENDPOINTS, InProcess([fake], clock.now), clock.now))
        vigil = LiveMarket([bybit], MemoryStore(), clock.now, clock.shift).vigil
        watching = asyncio.ensure_future(vigil.run())
        for number in range(1, 25):
            await asyncio.sleep((AT + number * MINUTE + 5 * SECOND - clock.now()).total_seconds())
            gathered = await vigil.gather(AT + number * MINUTE)
            there.append("ETH" in {of.coin for of in gathered.instruments})
            told.append({seen.coin for seen in gathered.observations if seen.metric is Metric.LIQ_LONG})
        stream = bybit.client.streaming
        assert stream is not None
        since.append(stream.heard["ETHUSDT"])
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    virtual.run(main)

    [heard] = since
    assert there.index(True) >= 7
    assert all("BTC" in coins for coins in told[1:])
    assert [("ETH" in coins) for coins in told] == [heard <= AT + number * MINUTE for number in range(24)]
    assert told[-1] >= {"BTC", "ETH"}
