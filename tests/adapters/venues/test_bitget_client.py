"""Bitget over the network: what is asked, how often, and what is not asked again; its stream and its past."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.venues.base import RateLimited, Scope, Span, Unavailable
from adapters.venues.bitget import is_heartbeat, is_refusal
from adapters.venues.bitget_client import CHANNEL, ENDPOINTS, FUNDING, LS_POS, LS_TOP, MANNERS, SPOT, TICKERS, Bitget
from adapters.venues.streams import Refusal
from adapters.venues.transport import Request, Response
from bot.clock import Clock
from signals.model import Gap, Liquidation, Metric, Observation, Pulse, Side
from tests import virtual
from tests.adapters.venues.wired import AT, Hand, Heard, Overheard, Scripted, by_metric, heard, of, overheard, wiring
from tests.fake_venues.bitget import FakeBitget
from tests.fake_venues.golden import AT_MS, golden
from tests.fake_venues.inprocess import InProcess
from tests.fake_venues.market import seeded

HOST = "https://api.bitget.com"
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
HOUR_MS = 3_600_000
ROOT = "/api/v2/mix/market"
CONTRACT = {
    "symbol": "BTCUSDT", "baseCoin": "BTC", "quoteCoin": "USDT", "symbolType": "perpetual", "symbolStatus": "normal",
    "offTime": "-1", "isRwa": "NO",
}  # fmt: skip


def at_the_fake() -> tuple[Bitget, Overheard]:
    transport = overheard(FakeBitget(golden()))
    return Bitget(wiring(ENDPOINTS, transport)), transport


def told(data: object) -> bytes:
    return json.dumps({"code": "00000", "msg": "success", "requestTime": AT_MS, "data": data}).encode()


def answered(request: Request) -> bytes:
    """As Bitget answers: bars with both ends of what is asked, and pages of payments each 8 hours, newest first."""
    params = request.params
    if request.url.endswith("/contracts"):
        return told([CONTRACT])
    if request.url.endswith("/history-fund-rate"):
        size, number = int(params["pageSize"]), int(params["pageNo"])
        times = [AT_MS // (8 * HOUR_MS) * 8 * HOUR_MS - 8 * HOUR_MS * back for back in range(250)]
        rows = [{"symbol": "BTCUSDT", "fundingRate": "0.0001", "fundingTime": str(time)} for time in times]
        return told(rows[(number - 1) * size : number * size])
    width = {"1m": 60_000, "1H": HOUR_MS, "1Dutc": 24 * HOUR_MS}[params["granularity"]]
    starts = range(-(-int(params["startTime"]) // width) * width, int(params["endTime"]) + 1, width)
    assert len(starts) <= int(params["limit"]) <= 200
    return told([[str(start), "1", "12", "9", "10", "5", "700"] for start in starts])


async def past(venue: Bitget, metric: Metric, span: Span, step: timedelta) -> list[Observation]:
    instrument = await of(venue, "BTCUSDT")
    return [seen async for seen in venue.history(instrument, metric, span, step)]


async def test_the_list_is_one_call_of_its_own() -> None:
    venue, transport = at_the_fake()

    listed = await venue.instruments()

    assert [each.symbol for each in listed] == ["BTCUSDT"]
    assert transport.asked == [Request(f"{HOST}{ROOT}/contracts", {"productType": "USDT-FUTURES"})]


async def test_a_full_refresh_is_three_calls_that_bring_the_documented_values() -> None:
    venue, transport = at_the_fake()
    await venue.instruments()
    transport.asked.clear()

    feeds = [replace(feed, every=MINUTE) for feed in venue.feeds if feed.scope is Scope.BULK]
    batches = [await venue.snapshot(feed, ()) for feed in feeds]

    product = {"productType": "USDT-FUTURES"}
    assert transport.asked == [
        Request(f"{HOST}{ROOT}/tickers", product),
        Request(f"{HOST}{ROOT}/current-fund-rate", product),
        Request(f"{HOST}/api/v2/spot/market/tickers", {}),
    ]
    seen = by_metric([seen for batch in batches for seen in batch.observations], "BTCUSDT")
    assert {metric: one.value for metric, one in seen.items()} == {
        Metric.PRICE: 64_000.0,
        Metric.INDEX: 64_020.0,
        Metric.OI_LEVEL: 20_000.0,
        Metric.VOLUME_24H: 3.84e9,
        Metric.FUNDING: pytest.approx(-1e-5),
        Metric.VOLUME_SPOT_24H: 3.2e8,
    }
    assert [(feed.name, feed.every.seconds) for feed in (TICKERS, FUNDING, SPOT)] == [
        ("tickers", 10),
        ("funding", 10),
        ("volume.spot", 30),
    ]


async def test_what_was_paid_is_the_last_estimate_before_it() -> None:
    clock = Hand(AT + timedelta(hours=1, minutes=59, seconds=55))
    rates = iter([(-0.00001, AT_MS + 2 * HOUR_MS), (0.00002, AT_MS + 10 * HOUR_MS)])

    def said(request: Request) -> bytes:
        if request.url.endswith("/contracts"):
            return told([CONTRACT])
        rate, due = next(rates)
        row = {"symbol": "BTCUSDT", "fundingRate": rate, "fundingRateInterval": "8", "nextUpdate": due}
        now = int(clock.now().timestamp() * 1000)
        return json.dumps({"code": "00000", "requestTime": now, "data": [row]}).encode()

    venue = Bitget(wiring(ENDPOINTS, Scripted(said), clock.now))
    await venue.instruments()
    await venue.snapshot(FUNDING, ())
    clock.on(timedelta(seconds=10))

    batch = await venue.snapshot(FUNDING, ())

    assert [(seen.metric, seen.rate, seen.at) for seen in batch.observations] == [
        (Metric.FUNDING, 0.00002, clock.now()),
        (Metric.FUNDING_SETTLED, -0.00001, AT + 2 * HOUR),
    ]


async def test_spot_may_have_a_host_of_its_own() -> None:
    transport = Scripted(lambda _: told([]))
    venue = Bitget(wiring(replace(ENDPOINTS, spot="https://spot.example"), transport))

    await venue.snapshot(replace(SPOT, every=MINUTE), ())

    assert transport.asked == [Request("https://spot.example/api/v2/spot/market/tickers", {})]


@pytest.mark.parametrize(
    ("feed", "path", "ratio"),
    [(LS_TOP, "account-long-short", 0.58 / 0.42), (LS_POS, "position-long-short", 0.52 / 0.48)],
)
async def test_ratios_are_asked_for_one_by_one(feed: object, path: str, ratio: float) -> None:
    venue, transport = at_the_fake()
    instrument = await of(venue, "BTCUSDT")
    wanted = next(each for each in venue.feeds if each is feed)

    batch = await venue.snapshot(wanted, (instrument,))

    assert transport.asked[1:] == [Request(f"{HOST}{ROOT}/{path}", {"symbol": "BTCUSDT", "period": "5m"})]
    assert [(one.metric, one.value) for one in batch.observations] == [(*wanted.metrics, pytest.approx(ratio))]
    assert (wanted.pace, wanted.most, wanted.after, wanted.every) == (0.8, 100, timedelta(seconds=20), 5 * MINUTE)


async def test_each_ratio_is_asked_for_once_a_second_at_most() -> None:
    venue, _ = at_the_fake()
    instrument = await of(venue, "BTCUSDT")
    await venue.snapshot(LS_TOP, (instrument,))
    await venue.snapshot(LS_POS, (instrument,))

    with pytest.raises(RateLimited):
        await venue.snapshot(LS_TOP, (instrument,))


async def test_an_empty_list_is_no_ratio_and_is_not_asked_for_again_before_the_next_list() -> None:
    rows: list[object] = []
    clock = Hand()
    transport = Scripted(lambda request: answered(request) if "contracts" in request.url else told(rows))
    venue = Bitget(wiring(ENDPOINTS, transport, clock.now))
    instrument = await of(venue, "BTCUSDT")

    batches = [await venue.snapshot(LS_TOP, (instrument,)) for _ in range(3)]

    assert [(batch.observations, batch.rejected) for batch in batches] == [((), ())] * 3
    assert len(transport.asked) == 2
    assert Metric.LS_TOP not in (await of(venue, "BTCUSDT")).metrics
    assert Metric.LS_POS in (await of(venue, "BTCUSDT")).metrics

    clock.on(5 * MINUTE)
    rows.append({"longAccountRatio": "0.6", "shortAccountRatio": "0.4", "ts": str(AT_MS)})
    again = await venue.snapshot(LS_TOP, (instrument,))

    assert [seen.value for seen in again.observations] == [pytest.approx(1.5)]
    assert Metric.LS_TOP in (await of(venue, "BTCUSDT")).metrics


async def test_a_sweep_without_an_instrument_asks_nothing() -> None:
    venue, transport = at_the_fake()

    assert (await venue.snapshot(LS_TOP, ())).observations == ()
    assert transport.asked == []


@pytest.mark.parametrize("body", [b'{"code":"40034","msg":"no","data":null}', b"<html>", b'{"code":"00000"}'])
async def test_an_answer_that_failed_is_refused_as_a_whole(body: bytes) -> None:
    venue = Bitget(wiring(ENDPOINTS, Scripted(lambda _: body)))

    with pytest.raises(Unavailable):
        await venue.instruments()


async def test_who_asks_too_often_is_told_to_wait_and_not_banned() -> None:
    limited = Response(429, {"retry-after": "3"}, b'{"code":"429","msg":"Too Many Requests"}')
    venue = Bitget(wiring(ENDPOINTS, Scripted(lambda _: limited)))

    with pytest.raises(RateLimited) as refused:
        await venue.instruments()

    assert refused.value.retry_after == timedelta(seconds=3)
    assert MANNERS.ban(limited, AT) is None
    assert MANNERS.used("address", {"x-mbx-used-weight": "9"}) == {}


def test_one_message_subscribes_to_the_whole_market_and_a_heartbeat() -> None:
    assert [[json.loads(message) for message in messages] for messages in CHANNEL.subscribe(["A", "B"])] == [
        [
            {
                "op": "subscribe",
                "args": [
                    {"instType": "usdt-futures", "topic": "liquidation"},
                    {"instType": "usdt-futures", "topic": "ticker", "symbol": "BTCUSDT"},
                ],
            }
        ]
    ]
    assert CHANNEL.subscribe(["A"]) == CHANNEL.subscribe(["B"])
    assert (CHANNEL.ping, CHANNEL.ping_every) == ("ping", timedelta(seconds=30))


TICKER = (
    b'{"action":"snapshot","arg":{"instType":"usdt-futures","topic":"ticker","symbol":"BTCUSDT"},"data":[%s],"ts":1}'
)
ACK = b'{"event":"subscribe","arg":{"instType":"usdt-futures","topic":"ticker","symbol":"BTCUSDT"},"connId":"c1"}'
CLOSED = (
    b'{"action":"update","arg":{"instType":"usdt-futures","topic":"liquidation"},"data":[{"symbol":"BTCUSDT",'
    b'"side":"buy","price":"63600","amount":"31800","ts":"1795442400110"}],"ts":1795442401000}'
)
FAILED = b'{"event":"error","arg":{"instType":"usdt-futures","topic":"x"},"code":"30001","msg":"no"}'


def test_only_numbers_of_the_ticker_are_a_heartbeat() -> None:
    assert is_heartbeat(TICKER % b'{"markPrice":"64000.0"}')
    assert not any(is_heartbeat(frame) for frame in (TICKER % b"", ACK, CLOSED, FAILED, b"pong", b"", b"[1]", b"\xff"))
    assert CHANNEL.beats is is_heartbeat


def test_only_an_error_is_a_refusal() -> None:
    assert is_refusal(FAILED)
    assert CHANNEL.refused(FAILED, ()) == Refusal()
    assert [CHANNEL.refused(frame, ()) for frame in (ACK, CLOSED, b"pong", TICKER % b"{}")] == [None] * 4


def test_two_closes_that_differ_in_anything_are_two() -> None:
    closed = Liquidation("bitget", "BTCUSDT", "BTC", Side.LONG, 0.5, 63_600.0, AT, AT, sampled=True)
    others = [
        Liquidation("bitget", "ETHUSDT", "ETH", Side.LONG, 0.5, 63_600.0, AT, AT, sampled=True),
        Liquidation("bitget", "BTCUSDT", "BTC", Side.SHORT, 0.5, 63_600.0, AT, AT, sampled=True),
        Liquidation("bitget", "BTCUSDT", "BTC", Side.LONG, 0.4, 63_600.0, AT, AT, sampled=True),
        Liquidation("bitget", "BTCUSDT", "BTC", Side.LONG, 0.5, 63_601.0, AT, AT, sampled=True),
        Liquidation("bitget", "BTCUSDT", "BTC", Side.LONG, 0.5, 63_600.0, AT + MINUTE, AT, sampled=True),
    ]

    assert len({CHANNEL.key(each) for each in (closed, *others)}) == 6


def test_the_stream_says_what_the_venue_sent_and_that_it_is_alive() -> None:
    fake = FakeBitget(seeded(3, 14, AT))

    async def listen() -> list[Heard]:
        clock = Clock(AT)
        venue = Bitget(wiring(ENDPOINTS, InProcess([fake], clock.now), clock.now))
        await venue.instruments()
        return await heard(venue, 300)

    items = virtual.run(listen)

    closes = [item for item in items if isinstance(item, Liquidation)]
    sent = list(fake.record.sent.values())
    assert len(closes) == len(sent) > 20
    assert {(each.symbol, each.side.value, round(each.usd, 2)) for each in closes} == {
        (each.symbol, each.position, round(each.usd, 2)) for each in sent
    }
    assert all(each.sampled for each in closes)
    assert sum(isinstance(item, Pulse) for item in items) > 250
    assert not [item for item in items if isinstance(item, Gap)]


@pytest.mark.parametrize(
    ("metric", "path"),
    [(Metric.PRICE, "history-mark-candles"), (Metric.INDEX, "history-index-candles")],
)
async def test_prices_of_bars_come_page_by_page_in_order_each_once(metric: Metric, path: str) -> None:
    transport = Scripted(answered)
    venue = Bitget(wiring(ENDPOINTS, transport))

    found = await past(venue, metric, Span(AT - 500 * MINUTE, AT), MINUTE)

    assert [seen.at for seen in found] == [AT + n * MINUTE for n in range(-499, 1)]
    assert {(seen.metric, seen.value, seen.fresh_for) for seen in found} == {(metric, 10.0, MINUTE)}
    assert len(transport.asked) == 1 + 3
    assert transport.asked[1] == Request(
        f"{HOST}{ROOT}/{path}",
        {
            "symbol": "BTCUSDT",
            "productType": "USDT-FUTURES",
            "granularity": "1m",
            "startTime": str(AT_MS - 501 * 60_000),
            "endTime": str(AT_MS - (500 - 198) * 60_000),
            "limit": "200",
        },
    )


async def test_volumes_of_bars_are_dollars_over_the_bar() -> None:
    transport = Scripted(answered)
    venue = Bitget(wiring(ENDPOINTS, transport))

    (found,) = await past(venue, Metric.VOLUME, Span(AT - HOUR, AT), HOUR)

    assert (found.metric, found.value, found.span, found.at) == (Metric.VOLUME, 700.0, HOUR, AT)
    assert transport.asked[1].url == f"{HOST}{ROOT}/history-candles"


async def test_days_begin_at_midnight_utc() -> None:
    transport = Scripted(answered)
    midnight = datetime(2026, 11, 23, tzinfo=UTC)

    found = await past(Bitget(wiring(ENDPOINTS, transport)), Metric.PRICE, Span(midnight - 3 * DAY, midnight), DAY)

    assert [seen.at for seen in found] == [midnight - 2 * DAY, midnight - DAY, midnight]
    assert transport.asked[1].params["granularity"] == "1Dutc"


async def test_a_bar_that_is_not_over_is_left_out() -> None:
    clock = Hand(AT - timedelta(seconds=2))
    venue = Bitget(wiring(ENDPOINTS, Scripted(answered), clock.now))

    found = await past(venue, Metric.PRICE, Span(AT - 3 * MINUTE, AT), MINUTE)

    assert [seen.at for seen in found] == [AT - 2 * MINUTE, AT - MINUTE]


async def test_payments_are_read_back_as_far_as_the_span_and_told_in_order_over_the_ends_of_pages() -> None:
    transport = Scripted(answered)
    venue = Bitget(wiring(ENDPOINTS, transport))
    last = AT.replace(hour=8)

    found = await past(venue, Metric.FUNDING_SETTLED, Span(last - 120 * 8 * HOUR, last), HOUR)

    assert [seen.at for seen in found] == [last - n * 8 * HOUR for n in range(119, -1, -1)]
    assert {(seen.rate, seen.interval_h) for seen in found} == {(0.0001, 8.0)}
    assert [request.params["pageNo"] for request in transport.asked[1:]] == ["1", "2"]
    assert transport.asked[1] == Request(
        f"{HOST}{ROOT}/history-fund-rate",
        {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "pageSize": "100", "pageNo": "1"},
    )


async def test_payments_end_where_the_venue_has_no_more() -> None:
    transport = Scripted(answered)

    found = await past(
        Bitget(wiring(ENDPOINTS, transport)), Metric.FUNDING_SETTLED, Span(AT - 1_000 * DAY, AT), HOUR
    )  # fmt: skip

    assert len(found) == 249
    assert [request.params["pageNo"] for request in transport.asked[1:]] == ["1", "2", "3"]


@pytest.mark.parametrize("metric", [Metric.OI_LEVEL, Metric.LS_TOP, Metric.LS])
async def test_of_anything_else_there_is_no_past(metric: Metric) -> None:
    assert await past(Bitget(wiring(ENDPOINTS, Scripted(answered))), metric, Span(AT - HOUR, AT), HOUR) == []


async def test_the_fake_venue_and_the_client_agree_about_the_past() -> None:
    venue, _ = at_the_fake()
    span = Span(AT - 3 * HOUR, AT)

    marks = await past(venue, Metric.PRICE, span, HOUR)
    paid = await past(venue, Metric.FUNDING_SETTLED, Span(AT - 24 * HOUR, AT), HOUR)

    assert [seen.at for seen in marks] == [AT - 2 * HOUR, AT - HOUR, AT]
    assert marks[-1].value == 64_000.0
    assert [(seen.at.hour, seen.rate) for seen in paid] == [(16, -8e-6), (0, -8e-6), (8, -8e-6)]
