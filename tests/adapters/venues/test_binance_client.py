"""Binance over the network: four calls and one for each instrument, terms before funding, and two hosts' budgets."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.store.memory import MemoryStore
from adapters.venues.base import Banned, Feed, RateLimited, Refused, Scope, Span, Unavailable
from adapters.venues.binance_client import (
    CHANNEL,
    ENDPOINTS,
    INTERVALS,
    LS,
    LS_POS,
    LS_TOP,
    MANNERS,
    OI,
    PREMIUM,
    SETTLED,
    SHORTEST_BAN,
    SPOT,
    VOLUME,
    Binance,
)
from adapters.venues.transport import Request, Response, Socket
from bot.clock import Clock
from signals.model import Instrument, Liquidation, Metric, Observation, Pulse, Side
from tests import virtual
from tests.adapters.venues.wired import AT, Hand, Overheard, Scripted, by_metric, heard, of, overheard, wiring
from tests.fake_venues.binance import FakeBinance
from tests.fake_venues.golden import AT_MS, golden
from tests.fake_venues.inprocess import InProcess
from tests.fake_venues.market import seeded

ROOT, SPOT_ROOT = "https://fapi.binance.com", "https://api.binance.com"
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOUR_MS = 3_600_000
WIDTHS = {"1m": 60_000, "5m": 300_000, "1h": HOUR_MS, "4h": 4 * HOUR_MS, "1d": 24 * HOUR_MS}
SYMBOL = {
    "symbol": "BTCUSDT", "contractType": "PERPETUAL", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT",
    "underlyingType": "COIN", "deliveryDate": 4_133_404_800_000,
}  # fmt: skip


def at_the_fake(clock: Hand | None = None, store: MemoryStore | None = None) -> tuple[Binance, Overheard]:
    clock = clock or Hand()
    transport = overheard(FakeBinance(golden()), clock.now)
    return Binance(wiring(ENDPOINTS, transport, clock.now, store)), transport


def exchange_info(limit: int = 2_400) -> bytes:
    limits = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": limit}]
    return json.dumps({"serverTime": AT_MS, "rateLimits": limits, "symbols": [SYMBOL]}).encode()


def answered(request: Request) -> bytes:
    """As Binance answers about the past: ascending, both ends of what is asked, never more than the limit."""
    path, params = request.url.removeprefix(ROOT), request.params
    if path.endswith("/exchangeInfo"):
        return exchange_info()
    if path.endswith("/fundingInfo"):
        return b"[]"
    start, end, limit = int(params["startTime"]), int(params["endTime"]), int(params["limit"])
    if path.endswith("/fundingRate"):
        paid = range(-(-start // (8 * HOUR_MS)) * 8 * HOUR_MS, end + 1, 8 * HOUR_MS)
        row = {"symbol": "BTCUSDT", "fundingRate": "0.0001", "rateType": "Regular"}
        return json.dumps([row | {"fundingTime": time} for time in paid][:limit]).encode()
    width = WIDTHS[params["period" if path.startswith("/futures/data/") else "interval"]]
    times = range(-(-start // width) * width, end + 1, width)[:limit]
    shares = {"symbol": "BTCUSDT", "longAccount": "0.6", "shortAccount": "0.4", "sumOpenInterest": "7"}
    if path.startswith("/futures/data/"):
        assert limit <= 500
        return json.dumps([shares | {"timestamp": time} for time in times]).encode()
    assert limit <= 1_000
    bars = [[time, "1", "12", "9", "10", "3", time + width - 1, "700", 7, "1", "2", "0"] for time in times]
    return json.dumps(bars).encode()


async def past(venue: Binance, metric: Metric, span: Span, step: timedelta) -> list[Observation]:
    instrument = await of(venue, "BTCUSDT")
    return [seen async for seen in venue.history(instrument, metric, span, step)]


# the present


async def test_a_full_refresh_is_four_calls_and_one_of_each_instrument_with_the_documented_values() -> None:
    venue, transport = at_the_fake()
    listed = await venue.instruments()
    transport.asked.clear()

    batches = [await venue.snapshot(feed, ()) for feed in (INTERVALS, PREMIUM, VOLUME, SPOT)]
    batches += [await venue.snapshot(OI, (each,)) for each in listed]

    assert transport.asked == [
        Request(f"{ROOT}/fapi/v1/fundingInfo"),
        Request(f"{ROOT}/fapi/v1/premiumIndex"),
        Request(f"{ROOT}/fapi/v1/ticker/24hr"),
        Request(f"{SPOT_ROOT}/api/v3/ticker/24hr"),
        Request(f"{ROOT}/fapi/v1/openInterest", {"symbol": "1000PEPEUSDT"}),
        Request(f"{ROOT}/fapi/v1/openInterest", {"symbol": "BTCUSDT"}),
    ]
    everything = [seen for batch in batches for seen in batch.observations]
    assert {metric: one.value for metric, one in by_metric(everything, "BTCUSDT").items()} == {
        Metric.PRICE: 64_000.0,
        Metric.INDEX: 64_020.0,
        Metric.FUNDING: pytest.approx(8e-5),
        Metric.OI_LEVEL: 90_000.0,
        Metric.VOLUME_24H: 9.6e9,
        Metric.VOLUME_SPOT_24H: 1.152e9,
    }
    pepe = by_metric(everything, "1000PEPEUSDT")
    assert (pepe[Metric.FUNDING].rate, pepe[Metric.FUNDING].interval_h) == (5e-5, 4.0)
    assert batches[0].observations == ()


def test_feeds_are_asked_as_often_and_cost_as_much_as_documented() -> None:
    assert [(feed.name, feed.every.total_seconds(), feed.cost.bucket, feed.cost.weight) for feed in Binance.feeds] == [
        ("intervals", 300, "funding", 1),
        ("premium", 10, "fapi", 10),
        ("oi", 10, "fapi", 1),
        ("volume", 30, "fapi", 40),
        ("volume.spot", 30, "spot", 80),
        ("settled", 3_600, "funding", 1),
        ("ls", 300, "data", 1),
        ("ls.top", 300, "data", 1),
        ("ls.pos", 300, "data", 1),
    ]
    assert [(bucket.name, bucket.limit, bucket.window) for bucket in MANNERS.buckets] == [
        ("fapi", 2_400, MINUTE),
        ("spot", 6_000, MINUTE),
        ("funding", 500, 5 * MINUTE),
        ("data", 1_000, 5 * MINUTE),
    ]
    assert (SETTLED.after, OI.cold, OI.scope) == (2 * MINUTE, MINUTE, Scope.EACH)


def test_the_sweeps_of_all_ratios_fit_into_their_five_minutes_and_their_budget() -> None:
    sweeps = (LS, LS_TOP, LS_POS)

    calls = [sweep.most or 0 for sweep in sweeps]
    paces = [sweep.pace or 0.0 for sweep in sweeps]
    assert calls == [500, 150, 150]
    assert sum(calls) <= 0.8 * 1_000
    assert sum(paces) <= 2.7
    assert all(most / pace <= 300 for most, pace in zip(calls, paces, strict=True))
    assert {sweep.after for sweep in sweeps} == {20 * SECOND}


@pytest.mark.parametrize(
    ("feed", "path", "value"),
    [
        (LS, "globalLongShortAccountRatio", 1.5),
        (LS_TOP, "topLongShortAccountRatio", 1.2),
        (LS_POS, "topLongShortPositionRatio", 1.1),
    ],
)
async def test_each_ratio_is_asked_for_each_instrument(feed: Feed, path: str, value: float) -> None:
    venue, transport = at_the_fake()
    instrument = await of(venue, "BTCUSDT")

    (seen,) = (await venue.snapshot(feed, (instrument,))).observations

    params = {"symbol": "BTCUSDT", "period": "5m", "limit": "1"}
    assert transport.asked[1:] == [Request(f"{ROOT}/futures/data/{path}", params)]
    assert (seen.metric, seen.value) == (Metric(feed.name), pytest.approx(value, abs=1e-3))


async def test_who_is_asked_every_ten_seconds_is_stale_after_thirty_and_the_others_after_three_minutes() -> None:
    venue, _ = at_the_fake()
    instrument = await of(venue, "BTCUSDT")

    for every, fresh_for in ((10, 30), (60, 180)):
        batch = await venue.snapshot(replace(OI, every=every * SECOND), (instrument,))

        assert [seen.fresh_for for seen in batch.observations] == [fresh_for * SECOND]


async def test_a_call_for_each_of_nobody_asks_nothing() -> None:
    venue, transport = at_the_fake()

    assert [(await venue.snapshot(feed, ())).observations for feed in (OI, LS)] == [(), ()]
    assert transport.asked == []


async def test_before_the_terms_are_known_nobody_is_taken_for_eight_hours() -> None:
    venue, _ = at_the_fake()
    await venue.instruments()

    before = await venue.snapshot(PREMIUM, ())
    paid_before = await venue.snapshot(replace(SETTLED, every=8 * HOUR), ())
    await venue.snapshot(INTERVALS, ())
    after = await venue.snapshot(PREMIUM, ())

    assert Metric.FUNDING not in {seen.metric for seen in before.observations}
    assert {Metric.PRICE, Metric.INDEX} <= {seen.metric for seen in before.observations}
    assert paid_before.observations == ()
    assert {seen.symbol: seen.interval_h for seen in after.observations if seen.metric is Metric.FUNDING} == {
        "BTCUSDT": 8.0,
        "1000PEPEUSDT": 4.0,
    }


async def test_terms_that_cannot_be_read_leave_those_known_before() -> None:
    venue, transport = at_the_fake()
    await venue.instruments()
    await venue.snapshot(INTERVALS, ())
    real = transport.transport
    transport.transport = Scripted(lambda _: b'[{"symbol":7}]')

    with pytest.raises(Unavailable):
        await venue.snapshot(INTERVALS, ())

    transport.transport = real
    batch = await venue.snapshot(PREMIUM, ())
    assert by_metric(batch.observations, "1000PEPEUSDT")[Metric.FUNDING].interval_h == 4.0


def since(request: Request) -> datetime:
    return datetime.fromtimestamp(int(request.params["startTime"]) / 1000, UTC)


def paying(hour: int) -> bytes:
    row = {"symbol": "BTCUSDT", "fundingRate": "0.0001", "rateType": "Regular"}
    return json.dumps([row | {"fundingTime": AT_MS + (hour - 14) * HOUR_MS}]).encode()


async def test_payments_of_a_turn_that_was_missed_are_made_up_for_in_the_next() -> None:
    clock = Hand(AT.replace(hour=15, minute=2))
    answers: dict[str, bytes] = {"/exchangeInfo": exchange_info(), "/fundingInfo": b"[]", "/fundingRate": b"[]"}
    transport = Scripted(lambda request: answers["/" + request.url.rpartition("/")[2]])
    venue = Binance(wiring(ENDPOINTS, transport, clock.now))
    await venue.instruments()
    await venue.snapshot(INTERVALS, ())
    await venue.snapshot(SETTLED, ())
    assert transport.asked[-1] == Request(
        f"{ROOT}/fapi/v1/fundingRate", {"startTime": str(AT_MS + 2 * 60_000), "limit": "1000"}
    )

    clock.at = AT.replace(hour=16, minute=2, second=3)
    answers["/fundingRate"] = b"<html>"
    with pytest.raises(Unavailable):
        await venue.snapshot(SETTLED, ())
    clock.at = AT.replace(hour=17, minute=2, second=1)
    answers["/fundingRate"] = paying(16)
    batch = await venue.snapshot(SETTLED, ())

    assert since(transport.asked[-1]) <= AT.replace(hour=15, minute=2)
    assert [(seen.metric, seen.at) for seen in batch.observations] == [(Metric.FUNDING_SETTLED, AT.replace(hour=16))]
    clock.at = AT.replace(hour=18, minute=2)
    await venue.snapshot(SETTLED, ())
    assert since(transport.asked[-1]) == AT.replace(hour=17, minute=2)
    clock.at = AT + 3 * DAY
    await venue.snapshot(SETTLED, ())
    assert since(transport.asked[-1]) == clock.at - 4 * HOUR


async def test_payments_that_came_before_the_terms_are_heard_again_with_them() -> None:
    clock = Hand(AT.replace(hour=16, minute=2))
    answers = {"/exchangeInfo": exchange_info(), "/fundingInfo": b"[]", "/fundingRate": paying(16)}
    transport = Scripted(lambda request: answers["/" + request.url.rpartition("/")[2]])
    venue = Binance(wiring(ENDPOINTS, transport, clock.now))
    await venue.instruments()

    early = await venue.snapshot(SETTLED, ())
    await venue.snapshot(INTERVALS, ())
    clock.on(HOUR)
    late = await venue.snapshot(SETTLED, ())

    assert early.observations == ()
    assert since(transport.asked[-1]) <= AT.replace(hour=16, minute=2)
    assert [seen.at for seen in late.observations] == [AT.replace(hour=16)]


@pytest.mark.parametrize("body", [b'{"code":-1003,"msg":"no"}', b"<html>", b"[{"])
async def test_an_answer_that_failed_is_refused_as_a_whole(body: bytes) -> None:
    venue = Binance(wiring(ENDPOINTS, Scripted(lambda _: body)))

    for asking in (venue.instruments(), *(venue.snapshot(feed, ()) for feed in (INTERVALS, PREMIUM, VOLUME, SPOT))):
        with pytest.raises(Unavailable):
            await asking


# budgets


@pytest.mark.parametrize(
    ("bucket", "headers", "used"),
    [
        ("fapi", {"x-mbx-used-weight-1m": "1140"}, {"fapi": 1_140}),
        ("spot", {"x-mbx-used-weight-1m": "160"}, {"spot": 160}),
        ("funding", {"x-mbx-used-weight-1m": "5"}, {}),
        ("data", {"x-mbx-used-weight-1m": "5"}, {}),
        ("fapi", {}, {}),
        ("fapi", {"x-mbx-used-weight-1m": "-5"}, {}),
        ("fapi", {"x-mbx-used-weight-1m": "²"}, {}),
        ("fapi", {"x-mbx-used-weight-1m": "9" * 5_000}, {}),
    ],
)
def test_each_host_tells_what_is_used_of_its_own_budget(
    bucket: str, headers: Mapping[str, str], used: Mapping[str, int]
) -> None:
    assert MANNERS.used(bucket, headers) == used


async def test_a_host_that_is_nearly_used_up_rests_and_the_other_does_not() -> None:
    def told(request: Request) -> Response:
        used = "5990" if request.url.startswith(SPOT_ROOT) else "10"
        return Response(200, {"x-mbx-used-weight-1m": used}, b"[]")

    venue = Binance(wiring(ENDPOINTS, Scripted(told)))
    await venue.snapshot(SPOT, ())

    with pytest.raises(RateLimited):
        await venue.snapshot(SPOT, ())

    await venue.snapshot(PREMIUM, ())


async def test_the_limit_that_the_venue_states_is_the_one_that_counts_also_after_a_restart() -> None:
    store = MemoryStore()
    transport = Scripted(lambda request: exchange_info(50) if request.url.endswith("Info") else b"[]")
    await Binance(wiring(ENDPOINTS, transport, store=store)).instruments()
    again = Binance(wiring(ENDPOINTS, transport, store=store))

    for _ in range(3):
        await again.snapshot(PREMIUM, ())

    with pytest.raises(RateLimited):
        await again.snapshot(PREMIUM, ())
    with pytest.raises(Refused):
        await again.snapshot(replace(VOLUME, cost=replace(VOLUME.cost, weight=41)), ())


@pytest.mark.parametrize(
    ("headers", "body", "until"),
    [
        ({}, b"", AT + 2 * MINUTE),
        ({"retry-after": "30"}, b"", AT + 2 * MINUTE),
        ({"retry-after": "600"}, b"", AT + 10 * MINUTE),
        ({"retry-after": "120"}, b'{"code":-1003,"msg":"IP banned until 1795446000000."}', AT + HOUR),
        ({"retry-after": "7200"}, b'{"code":-1003,"msg":"IP banned until 1795446000000."}', AT + 2 * HOUR),
        ({}, b'{"code":-1003,"msg":"IP banned until 1795442400001."}', AT + 2 * MINUTE),
    ],
)
def test_a_ban_lasts_as_long_as_the_longest_of_what_is_said(
    headers: Mapping[str, str], body: bytes, until: datetime
) -> None:
    assert MANNERS.ban(Response(418, headers, body), AT) == until
    assert MANNERS.ban(Response(429, headers, body), AT) is None
    assert SHORTEST_BAN == 2 * MINUTE


async def test_during_a_ban_nothing_is_asked_even_after_a_restart() -> None:
    store, clock = MemoryStore(), Hand()
    body = b'{"code":-1003,"msg":"Way too many requests; IP banned until 1795446000000."}'
    transport = Scripted(lambda _: Response(418, {"retry-after": "120"}, body))

    for _ in range(2):
        with pytest.raises(Banned) as banned:
            await Binance(wiring(ENDPOINTS, transport, clock.now, store)).snapshot(PREMIUM, ())
        assert banned.value.until == AT + HOUR

    assert len(transport.asked) == 1
    clock.on(HOUR + SECOND)
    transport.answers = lambda _: b"[]"
    await Binance(wiring(ENDPOINTS, transport, clock.now, store)).snapshot(PREMIUM, ())


# the stream

BEAT = b'{"stream":"!markPrice@arr","data":[{"e":"markPriceUpdate","E":1795442400000,"s":"BTCUSDT","p":"64000.00"}]}'
CLOSED = (
    b'{"stream":"!forceOrder@arr","data":{"e":"forceOrder","E":1795442400120,"o":{"s":"BTCUSDT","S":"SELL",'
    b'"ap":"63610.50","z":"1.500","T":1795442400110},"st":1}}'
)


def test_the_address_names_the_streams_so_nothing_is_said() -> None:
    assert CHANNEL.subscribe(["BTCUSDT", "ETHUSDT"]) == [[]]
    assert CHANNEL.ping is None
    assert not CHANNEL.replays


def test_only_marks_are_a_heartbeat() -> None:
    assert CHANNEL.beats(BEAT)
    others = (CLOSED, b'{"result":null,"id":1}', b"", b"\xff", b'{"stream":"x","data":"' + b" " * 60 + BEAT)
    assert not any(CHANNEL.beats(frame) for frame in others)


def test_closes_are_heard_on_the_one_path_that_is_alive() -> None:
    fake = FakeBinance(seeded(5, 14, AT))
    opened: list[str] = []

    class Listening(Overheard):
        def connect(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Socket]:
            opened.append(url)
            return super().connect(url, headers)

    async def run() -> Sequence[object]:
        clock = Clock(AT)
        venue = Binance(wiring(ENDPOINTS, Listening(InProcess([fake], clock.now)), clock.now))
        await venue.instruments()
        return await heard(venue, 180)

    items = virtual.run(run)

    assert opened == ["wss://fstream.binance.com/market/stream?streams=!forceOrder@arr/!markPrice@arr"]
    closes = [item for item in items if isinstance(item, Liquidation)]
    assert len(closes) > 10
    assert all(close.sampled for close in closes)
    assert sum(isinstance(item, Pulse) for item in items) > 50


def test_two_closes_that_differ_in_anything_are_two() -> None:
    closes = [
        Liquidation("binance", "BTCUSDT", "BTC", Side.LONG, 0.5, 63_600.0, AT, AT, sampled=True),
        Liquidation("binance", "ETHUSDT", "ETH", Side.LONG, 0.5, 63_600.0, AT, AT, sampled=True),
        Liquidation("binance", "BTCUSDT", "BTC", Side.SHORT, 0.5, 63_600.0, AT, AT, sampled=True),
        Liquidation("binance", "BTCUSDT", "BTC", Side.LONG, 0.4, 63_600.0, AT, AT, sampled=True),
        Liquidation("binance", "BTCUSDT", "BTC", Side.LONG, 0.5, 63_601.0, AT, AT, sampled=True),
        Liquidation("binance", "BTCUSDT", "BTC", Side.LONG, 0.5, 63_600.0, AT + SECOND, AT, sampled=True),
    ]

    assert len({CHANNEL.key(each) for each in closes}) == 6


# the past


@pytest.mark.parametrize(
    ("metric", "path", "name", "value"),
    [
        (Metric.PRICE, "markPriceKlines", "symbol", 10.0),
        (Metric.INDEX, "indexPriceKlines", "pair", 10.0),
        (Metric.VOLUME, "klines", "symbol", 700.0),
    ],
)
async def test_bars_come_page_by_page_in_order_each_once(metric: Metric, path: str, name: str, value: float) -> None:
    venue = Binance(wiring(ENDPOINTS, transport := Scripted(answered)))

    found = await past(venue, metric, Span(AT - 2_500 * MINUTE, AT), MINUTE)

    assert [seen.at for seen in found] == [AT + n * MINUTE for n in range(-2_499, 1)]
    span = MINUTE if metric is Metric.VOLUME else timedelta(0)
    assert {(seen.metric, seen.value, seen.span, seen.fresh_for) for seen in found} == {(metric, value, span, MINUTE)}
    times = {"startTime": str(AT_MS - 2_500 * 60_000), "endTime": str(AT_MS - 1_501 * 60_000)}
    params = {name: "BTCUSDT", "interval": "1m", "limit": "1000", **times}
    assert transport.asked[1] == Request(f"{ROOT}/fapi/v1/{path}", params)
    assert len(transport.asked) == 1 + 3


@pytest.mark.parametrize(
    ("metric", "path", "value"),
    [
        (Metric.OI_LEVEL, "openInterestHist", 7.0),
        (Metric.LS, "globalLongShortAccountRatio", 1.5),
        (Metric.LS_TOP, "topLongShortAccountRatio", 1.5),
        (Metric.LS_POS, "topLongShortPositionRatio", 1.5),
    ],
)
async def test_statistics_are_known_at_the_ends_of_their_steps(metric: Metric, path: str, value: float) -> None:
    venue = Binance(wiring(ENDPOINTS, transport := Scripted(answered)))

    found = await past(venue, metric, Span(AT - 600 * HOUR, AT), HOUR)

    assert [seen.at for seen in found] == [AT + n * HOUR for n in range(-599, 1)]
    assert {(seen.metric, round(seen.value, 9), seen.fresh_for) for seen in found} == {(metric, value, HOUR)}
    times = {"startTime": str(AT_MS - 600 * HOUR_MS), "endTime": str(AT_MS - 101 * HOUR_MS)}
    params = {"symbol": "BTCUSDT", "period": "1h", "limit": "500", **times}
    assert transport.asked[1] == Request(f"{ROOT}/futures/data/{path}", params)
    assert len(transport.asked) == 1 + 2


async def test_statistics_older_than_a_month_are_not_asked_for() -> None:
    venue = Binance(wiring(ENDPOINTS, transport := Scripted(answered)))

    found = await past(venue, Metric.LS, Span(AT - 90 * DAY, AT), HOUR)
    old = await past(venue, Metric.LS, Span(AT - 90 * DAY, AT - 60 * DAY), HOUR)

    asked = [since(request) for request in transport.asked if "startTime" in request.params]
    assert AT - 30 * DAY < min(asked) < AT - 30 * DAY + HOUR
    assert len(found) > 700
    assert old == []


@pytest.mark.parametrize("metric", [Metric.PRICE, Metric.VOLUME, Metric.OI_LEVEL, Metric.LS])
async def test_a_bar_that_is_not_over_is_left_out(metric: Metric) -> None:
    clock = Hand(AT - 10 * SECOND)
    venue = Binance(wiring(ENDPOINTS, Scripted(answered), clock.now))

    found = await past(venue, metric, Span(AT - 3 * HOUR, AT), HOUR)

    assert [seen.at for seen in found] == [AT - 2 * HOUR, AT - HOUR]


async def test_days_end_at_midnight_utc() -> None:
    midnight = datetime(2026, 11, 23, tzinfo=UTC)

    found = await past(Binance(wiring(ENDPOINTS, Scripted(answered))), Metric.PRICE, Span(midnight - 2 * DAY, AT), DAY)

    assert [seen.at for seen in found] == [midnight - DAY, midnight]


async def test_payments_come_with_the_interval_of_the_terms_which_are_asked_for_once() -> None:
    venue = Binance(wiring(ENDPOINTS, transport := Scripted(answered)))
    last = AT.replace(hour=8)

    found = await past(venue, Metric.FUNDING_SETTLED, Span(last - 50 * DAY, last), HOUR)

    assert [seen.at for seen in found] == [last - n * 8 * HOUR for n in range(149, -1, -1)]
    assert {(seen.rate, seen.interval_h) for seen in found} == {(0.0001, 8.0)}
    assert [request.url.rpartition("/")[2] for request in transport.asked] == [
        "exchangeInfo",
        "fundingInfo",
        "fundingRate",
        "fundingRate",
    ]
    assert transport.asked[2].params["symbol"] == "BTCUSDT"
    assert transport.asked[2].params["limit"] == "1000"


@pytest.mark.parametrize(
    ("metric", "step"),
    [(Metric.OI_LEVEL, MINUTE), (Metric.LS, MINUTE), (Metric.LIQ_LONG, HOUR), (Metric.PRICE, 7 * MINUTE)],
)
async def test_of_anything_else_there_is_no_past(metric: Metric, step: timedelta) -> None:
    venue = Binance(wiring(ENDPOINTS, transport := Scripted(answered)))

    assert await past(venue, metric, Span(AT - HOUR, AT), step) == []
    assert len(transport.asked) == 1


@pytest.mark.parametrize("metric", [Metric.PRICE, Metric.LS, Metric.OI_LEVEL, Metric.FUNDING_SETTLED])
async def test_there_is_no_past_of_who_is_not_listed(metric: Metric) -> None:
    venue, transport = at_the_fake()
    stranger = Instrument("binance", "GONEUSDT", "GONE", 1.0, frozenset())

    assert [seen async for seen in venue.history(stranger, metric, Span(AT - HOUR, AT), HOUR)] == []
    assert transport.asked == []


async def test_the_fake_venue_and_the_client_agree_about_the_past() -> None:
    venue, _ = at_the_fake()
    span = Span(AT - 3 * HOUR, AT)

    marks = await past(venue, Metric.PRICE, span, HOUR)
    ratios = await past(venue, Metric.LS, span, HOUR)
    interest = await past(venue, Metric.OI_LEVEL, span, HOUR)
    paid = await past(venue, Metric.FUNDING_SETTLED, Span(AT - DAY, AT), HOUR)

    assert [[seen.at for seen in found] for found in (marks, ratios, interest)] == [[AT - 2 * HOUR, AT - HOUR, AT]] * 3
    assert marks[-1].value == 64_000.0
    assert {round(seen.value, 3) for seen in ratios} == {1.5}
    assert {round(seen.value) for seen in interest} == {89_500}
    assert [(seen.at.hour, seen.interval_h) for seen in paid] == [(16, 8.0), (0, 8.0), (8, 8.0)]
