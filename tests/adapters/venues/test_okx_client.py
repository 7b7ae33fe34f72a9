"""OKX over the network: five calls bring everything, indices one more, and each endpoint has its own budget."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.venues.base import Feed, RateLimited, Scope, Span, Unavailable
from adapters.venues.okx_client import (
    CHANNEL,
    ENDPOINTS,
    FUNDING,
    INDEX,
    LS,
    LS_POS,
    LS_TOP,
    MANNERS,
    MARK,
    OI,
    SPOT,
    VOLUME,
    Okx,
)
from adapters.venues.streams import Refusal
from adapters.venues.transport import Request, Response
from bot.clock import Clock
from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse, Side
from tests import virtual
from tests.adapters.venues.wired import AT, Hand, Overheard, Scripted, by_metric, heard, of, overheard, wiring
from tests.fake_venues.golden import AT_MS, golden
from tests.fake_venues.inprocess import InProcess
from tests.fake_venues.market import seeded
from tests.fake_venues.okx import FakeOkx

ROOT = "https://openapi.okx.com/api/v5"
SWAP = {"instType": "SWAP"}
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOUR_MS = 3_600_000
WIDTHS = {"1m": 60_000, "5m": 300_000, "1H": HOUR_MS, "4H": 4 * HOUR_MS, "1Dutc": 24 * HOUR_MS}
LISTED = {
    "instType": "SWAP", "instId": "BTC-USDT-SWAP", "settleCcy": "USDT", "ctValCcy": "BTC", "ctVal": "0.01",
    "ctMult": "1", "ctType": "linear", "state": "live", "ruleType": "normal", "expTime": "", "instCategory": "1",
}  # fmt: skip


def at_the_fake(clock: Hand | None = None) -> tuple[Okx, Overheard]:
    clock = clock or Hand()
    transport = overheard(FakeOkx(golden()), clock.now)
    return Okx(wiring(ENDPOINTS, transport, clock.now)), transport


def body(rows: Sequence[object]) -> bytes:
    return json.dumps({"code": "0", "msg": "", "data": rows}).encode()


def answered(request: Request) -> bytes:
    """As OKX answers about the past: newest first, neither bound itself, never more than the limit."""
    path, params = request.url.removeprefix(f"{ROOT}/"), request.params
    if path == "public/instruments":
        return body([LISTED])
    limit = int(params["limit"])
    most = {"public/funding-rate-history": 400, "market/history-candles": 300}.get(path, 100)
    assert limit <= most
    after, before = ("end", "begin") if path.startswith("rubik") else ("after", "before")
    last, first = int(params[after]), int(params[before])
    if path == "public/funding-rate-history":
        paid = range((last - 1) // (8 * HOUR_MS) * 8 * HOUR_MS, first, -8 * HOUR_MS)
        row = {"instId": "BTC-USDT-SWAP", "fundingRate": "0.0009", "realizedRate": "0.0001"}
        return body([row | {"fundingTime": str(time)} for time in paid][:limit])
    width = WIDTHS[params["period" if path.startswith("rubik") else "bar"]]
    times = [str(time) for time in range((last - 1) // width * width, first, -width)][:limit]
    if path.endswith("open-interest-history"):
        return body([[time, "700", "7", "448000"] for time in times])
    if path.startswith("rubik"):
        return body([[time, "1.5"] for time in times])
    if path == "market/history-candles":
        return body([[time, "1", "12", "9", "10", "3", "0.03", "700", "1"] for time in times])
    return body([[time, "1", "12", "9", "10", "1"] for time in times])


async def past(venue: Okx, metric: Metric, span: Span, step: timedelta) -> list[Observation]:
    instrument = await of(venue, "BTC-USDT-SWAP")
    return [seen async for seen in venue.history(instrument, metric, span, step)]


# the present


async def test_a_full_refresh_is_five_calls_and_indices_one_more_with_the_documented_values() -> None:
    venue, transport = at_the_fake()
    await venue.instruments()

    batches = [await venue.snapshot(feed, ()) for feed in (MARK, FUNDING, OI, VOLUME, SPOT, INDEX)]

    assert transport.asked == [
        Request(f"{ROOT}/public/instruments", SWAP),
        Request(f"{ROOT}/public/mark-price", SWAP),
        Request(f"{ROOT}/public/funding-rate", {"instId": "ANY"}),
        Request(f"{ROOT}/public/open-interest", SWAP),
        Request(f"{ROOT}/market/tickers", SWAP),
        Request(f"{ROOT}/market/tickers", {"instType": "SPOT"}),
        Request(f"{ROOT}/market/index-tickers", {"quoteCcy": "USDT"}),
    ]
    seen = by_metric([seen for batch in batches for seen in batch.observations], "BTC-USDT-SWAP")
    assert {metric: one.value for metric, one in seen.items()} == {
        Metric.PRICE: 64_000.0,
        Metric.INDEX: 64_020.0,
        Metric.FUNDING: pytest.approx(4e-5),
        Metric.FUNDING_SETTLED: pytest.approx(6e-5),
        Metric.OI_LEVEL: 30_000.0,
        Metric.VOLUME_24H: pytest.approx(2.56e9, rel=1e-3),
        Metric.VOLUME_SPOT_24H: pytest.approx(5.12e8, rel=1e-3),
    }
    assert (seen[Metric.FUNDING].rate, seen[Metric.FUNDING].interval_h) == (2e-5, 4.0)


def test_feeds_are_asked_as_often_as_documented_and_offer_no_taker_volumes() -> None:
    assert [(feed.name, feed.every.total_seconds(), feed.scope) for feed in Okx.feeds] == [
        ("mark", 10, Scope.BULK),
        ("funding", 10, Scope.BULK),
        ("oi", 10, Scope.BULK),
        ("volume", 30, Scope.BULK),
        ("volume.spot", 30, Scope.BULK),
        ("index", 10, Scope.BULK),
        ("ls", 300, Scope.EACH),
        ("ls.top", 300, Scope.EACH),
        ("ls.pos", 300, Scope.EACH),
    ]
    assert not {metric for feed in Okx.feeds for metric in feed.metrics} & {Metric.TAKER_BUY, Metric.TAKER_SELL}


@pytest.mark.parametrize(
    ("feed", "path", "value"),
    [
        (LS, "long-short-account-ratio-contract", 1.25),
        (LS_TOP, "long-short-account-ratio-contract-top-trader", 1.2),
        (LS_POS, "long-short-position-ratio-contract-top-trader", 1.1),
    ],
)
async def test_each_ratio_is_asked_for_each_instrument(feed: Feed, path: str, value: float) -> None:
    venue, transport = at_the_fake()
    instrument = await of(venue, "BTC-USDT-SWAP")

    batch = await venue.snapshot(feed, (instrument,))

    params = {"instId": "BTC-USDT-SWAP", "period": "5m", "limit": "1"}
    assert transport.asked[1:] == [Request(f"{ROOT}/rubik/stat/contracts/{path}", params)]
    assert [(seen.metric, seen.value) for seen in batch.observations] == [(Metric(feed.name), value)]
    assert (feed.most, feed.after, feed.cost.bucket) == (350, 20 * SECOND, feed.name)


async def test_a_sweep_without_a_known_instrument_asks_nothing() -> None:
    venue, transport = at_the_fake()
    stranger = Instrument("okx", "GONE-USDT-SWAP", "GONE", 1.0, frozenset())

    assert [(await venue.snapshot(LS, of)).observations for of in ((), (stranger,))] == [(), ()]
    assert transport.asked == []


def test_a_sweep_and_the_past_of_its_endpoint_together_stay_under_four_fifths_of_its_limit() -> None:
    limits = {bucket.name: bucket.limit for bucket in MANNERS.buckets}

    for feed in (LS, LS_TOP, LS_POS):
        swept = 2 * (feed.pace or 0.0)
        of_the_past = limits[f"past.{feed.name}"] * 40 // 100
        assert of_the_past >= 1
        assert swept + of_the_past <= 0.8 * 5
        assert (feed.most or 0) / (feed.pace or 0.0) < 280
        assert limits[feed.name] == 5
    assert {bucket.window for bucket in MANNERS.buckets} == {2 * SECOND}


@pytest.mark.parametrize("told", [b'{"code":"51001","msg":"no","data":[]}', b"<html>", b'{"code":"0"'])
async def test_an_answer_that_failed_is_refused_as_a_whole(told: bytes) -> None:
    venue = Okx(wiring(ENDPOINTS, Scripted(lambda _: told)))

    for asking in (venue.instruments(), *(venue.snapshot(feed, ()) for feed in (MARK, FUNDING, OI, VOLUME, SPOT))):
        with pytest.raises(Unavailable):
            await asking


async def test_an_endpoint_asked_too_often_rests_and_the_others_do_not() -> None:
    clock = Hand()
    told = Response(429, {}, b'{"code":"50011","msg":"Too Many Requests","data":[]}')
    transport = Scripted(lambda request: told if request.url.endswith("mark-price") else body([]))
    venue = Okx(wiring(ENDPOINTS, transport, clock.now))

    for _ in range(2):
        with pytest.raises(RateLimited):
            await venue.snapshot(MARK, ())
    await venue.snapshot(OI, ())

    assert [request.url.rpartition("/")[2] for request in transport.asked] == ["mark-price", "open-interest"]
    clock.on(MINUTE)
    transport.answers = lambda _: body([])
    await venue.snapshot(MARK, ())


def test_no_answer_is_a_ban_and_no_header_tells_what_is_used() -> None:
    assert MANNERS.ban(Response(429, {}, b'{"code":"50011"}'), AT) is None
    assert MANNERS.used("mark", {"x-anything": "5"}) == {}


# the stream

BEAT = b'{"arg":{"channel":"tickers","instId":"BTC-USDT-SWAP"},"data":[{"instType":"SWAP","last":"64001"}]}'
ACK = b'{"event":"subscribe","arg":{"channel":"tickers","instId":"BTC-USDT-SWAP"},"connId":"c1"}'
NOTICE = b'{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade."}'
OTHER_NOTICE = b'{"event":"notice","code":"64009","msg":"something else"}'
FAILED = b'{"event":"error","code":"60018","msg":"Wrong URL or channel","connId":"c1"}'
CLOSED = (
    b'{"arg":{"channel":"liquidation-orders","instType":"SWAP"},"data":[{"instId":"BTC-USDT-SWAP","details":'
    b'[{"side":"sell","posSide":"long","sz":"5","bkPx":"63600","ts":"1795442400110"}]}]}'
)
FRAMES = (BEAT, ACK, NOTICE, OTHER_NOTICE, FAILED, CLOSED, b"pong", b"", b"\xff")


def test_one_message_subscribes_to_the_whole_market_and_a_heartbeat() -> None:
    ((message,),) = CHANNEL.subscribe(["A-USDT-SWAP", "B-USDT-SWAP"])

    assert json.loads(message) == {
        "op": "subscribe",
        "args": [
            {"channel": "liquidation-orders", "instType": "SWAP"},
            {"channel": "tickers", "instId": "BTC-USDT-SWAP"},
        ],
    }
    assert CHANNEL.subscribe([]) == [[message]]


def test_only_data_of_the_ticker_is_a_heartbeat_and_only_that_notice_a_restart() -> None:
    assert [frame for frame in FRAMES if CHANNEL.beats(frame)] == [BEAT]
    assert [frame for frame in FRAMES if CHANNEL.going(frame)] == [NOTICE]


def test_only_an_error_is_a_refusal_and_it_is_of_nobody_by_name() -> None:
    assert [frame for frame in FRAMES if CHANNEL.refused(frame, ()) is not None] == [FAILED]
    assert CHANNEL.refused(FAILED, ()) == Refusal()


def test_the_connection_is_kept_by_a_text_more_often_than_every_thirty_seconds() -> None:
    assert CHANNEL.ping == "ping"
    assert CHANNEL.ping_every < 30 * SECOND


def test_closes_are_heard_once_though_the_first_frame_repeats_the_past() -> None:
    fake = FakeOkx(seeded(5, 14, AT))

    async def run() -> Sequence[object]:
        clock = Clock(AT)
        venue = Okx(wiring(ENDPOINTS, InProcess([fake], clock.now), clock.now))
        await venue.instruments()
        return await heard(venue, 180)

    items = virtual.run(run)

    closes = [item for item in items if isinstance(item, Liquidation)]
    assert CHANNEL.replays
    assert len(closes) > 10
    assert all(close.sampled for close in closes)
    assert min(close.at for close in closes) >= AT
    assert sum(isinstance(item, Pulse) for item in items) > 150
    assert not [item for item in items if isinstance(item, Gap)]


def test_two_closes_that_differ_in_anything_are_two() -> None:
    closes = [
        Liquidation("okx", "BTC-USDT-SWAP", "BTC", Side.LONG, 0.5, 63_600.0, AT, AT, sampled=True),
        Liquidation("okx", "BTC-USD-SWAP", "BTC", Side.LONG, 0.5, 63_600.0, AT, AT, sampled=True),
        Liquidation("okx", "BTC-USDT-SWAP", "BTC", Side.SHORT, 0.5, 63_600.0, AT, AT, sampled=True),
        Liquidation("okx", "BTC-USDT-SWAP", "BTC", Side.LONG, 0.4, 63_600.0, AT, AT, sampled=True),
        Liquidation("okx", "BTC-USDT-SWAP", "BTC", Side.LONG, 0.5, 63_601.0, AT, AT, sampled=True),
        Liquidation("okx", "BTC-USDT-SWAP", "BTC", Side.LONG, 0.5, 63_600.0, AT + SECOND, AT, sampled=True),
    ]

    assert len({CHANNEL.key(each) for each in closes}) == 6


# the past


@pytest.mark.parametrize(
    ("metric", "path", "name", "rows", "value"),
    [
        (Metric.PRICE, "history-mark-price-candles", "BTC-USDT-SWAP", 100, 10.0),
        (Metric.INDEX, "history-index-candles", "BTC-USDT", 100, 10.0),
        (Metric.VOLUME, "history-candles", "BTC-USDT-SWAP", 300, 700.0),
    ],
)
async def test_bars_come_page_by_page_in_order_each_once(
    metric: Metric, path: str, name: str, rows: int, value: float
) -> None:
    venue = Okx(wiring(ENDPOINTS, transport := Scripted(answered)))
    count = 2 * rows + 20

    found = await past(venue, metric, Span(AT - count * MINUTE, AT), MINUTE)

    assert [seen.at for seen in found] == [AT + n * MINUTE for n in range(1 - count, 1)]
    span = MINUTE if metric is Metric.VOLUME else timedelta(0)
    assert {(seen.metric, seen.value, seen.span, seen.fresh_for) for seen in found} == {(metric, value, span, MINUTE)}
    start = AT_MS - count * 60_000
    times = {"before": str(start - 60_000), "after": str(start + (rows - 1) * 60_000 + 1)}
    params = {"instId": name, "bar": "1m", "limit": str(rows), **times}
    assert transport.asked[1] == Request(f"{ROOT}/market/{path}", params)
    assert len(transport.asked) == 1 + 3


STATISTICS = [
    (Metric.OI_LEVEL, "open-interest-history", 7.0),
    (Metric.LS, "long-short-account-ratio-contract", 1.5),
    (Metric.LS_TOP, "long-short-account-ratio-contract-top-trader", 1.5),
    (Metric.LS_POS, "long-short-position-ratio-contract-top-trader", 1.5),
]


@pytest.mark.parametrize(("metric", "path", "value"), STATISTICS)
async def test_statistics_are_known_at_the_ends_of_their_steps(metric: Metric, path: str, value: float) -> None:
    clock = Hand()
    transport = Scripted(answered)
    venue = Okx(wiring(ENDPOINTS, transport, clock.now))
    instrument = await of(venue, "BTC-USDT-SWAP")

    first = [seen async for seen in venue.history(instrument, metric, Span(AT - 220 * HOUR, AT - 120 * HOUR), HOUR)]
    clock.on(4 * SECOND)
    others = [seen async for seen in venue.history(instrument, metric, Span(AT - 120 * HOUR, AT - 20 * HOUR), HOUR)]

    found = [*first, *others]
    assert [seen.at for seen in found] == [AT + n * HOUR for n in range(-219, -19)]
    assert {(seen.metric, seen.value, seen.fresh_for) for seen in found} == {(metric, value, HOUR)}
    start = AT_MS - 220 * HOUR_MS
    times = {"begin": str(start - HOUR_MS + 1), "end": str(start + 99 * HOUR_MS + 1)}
    params = {"instId": "BTC-USDT-SWAP", "period": "1H", "limit": "100", **times}
    assert transport.asked[1] == Request(f"{ROOT}/rubik/stat/contracts/{path}", params)
    assert len(transport.asked) == 1 + 2


@pytest.mark.parametrize("included", [True, False])
async def test_a_page_of_statistics_is_whole_whether_its_bounds_belong_to_it_or_not(included: bool) -> None:
    def told(request: Request) -> bytes:
        if "begin" not in request.params:
            return answered(request)
        first, last = int(request.params["begin"]) - included, int(request.params["end"]) + included
        return answered(Request(request.url, {**request.params, "begin": str(first), "end": str(last)}))

    venue = Okx(wiring(ENDPOINTS, Scripted(told)))

    found = await past(venue, Metric.LS, Span(AT - 100 * HOUR, AT), HOUR)

    assert [seen.at for seen in found] == [AT + n * HOUR for n in range(-99, 1)]


@pytest.mark.parametrize("metric", [metric for metric, *_ in STATISTICS])
async def test_statistics_that_are_no_longer_kept_are_not_asked_for(metric: Metric) -> None:
    venue = Okx(wiring(ENDPOINTS, transport := Scripted(answered)))
    old = Span(AT - 30 * DAY, AT - 6 * DAY)

    assert await past(venue, metric, old, 5 * MINUTE) == []
    assert len(transport.asked) == 1


@pytest.mark.parametrize("metric", [Metric.PRICE, Metric.VOLUME])
async def test_a_bar_that_does_not_say_that_it_is_over_is_left_out(metric: Metric) -> None:
    def told(request: Request) -> bytes:
        found = answered(request)
        return found.replace(b'"1"]', b'"0"]', 1) if "bar" in request.params else found

    found = await past(Okx(wiring(ENDPOINTS, Scripted(told))), metric, Span(AT - 3 * HOUR, AT), HOUR)

    assert [seen.at for seen in found] == [AT - 2 * HOUR, AT - HOUR]


@pytest.mark.parametrize("metric", [Metric.OI_LEVEL, Metric.LS])
async def test_a_step_that_is_not_over_is_left_out(metric: Metric) -> None:
    clock = Hand(AT - 10 * SECOND)

    found = await past(
        Okx(wiring(ENDPOINTS, Scripted(answered), clock.now)), metric, Span(AT - 3 * HOUR, AT), HOUR
    )  # fmt: skip

    assert [seen.at for seen in found] == [AT - 2 * HOUR, AT - HOUR]


@pytest.mark.parametrize("metric", [Metric.PRICE, Metric.VOLUME, Metric.OI_LEVEL, Metric.LS])
async def test_days_end_at_midnight_utc(metric: Metric) -> None:
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    venue, transport = at_the_fake()

    found = await past(venue, metric, Span(midnight - 2 * DAY, AT), DAY)

    assert [seen.at for seen in found] == [midnight - DAY, midnight]
    assert {request.params.get("bar", request.params.get("period")) for request in transport.asked[1:]} == {"1Dutc"}


async def test_payments_are_what_was_really_paid_with_their_interval_from_the_first_of_each_page_on() -> None:
    venue = Okx(wiring(ENDPOINTS, transport := Scripted(answered)))
    last = AT.replace(hour=8)

    found = await past(venue, Metric.FUNDING_SETTLED, Span(last - 30 * DAY, last), HOUR)

    assert [seen.at for seen in found] == [last - n * 8 * HOUR for n in range(89, -1, -1)]
    assert {(seen.rate, seen.interval_h, seen.fresh_for) for seen in found} == {(0.0001, 8.0, 8 * HOUR)}
    assert [request.params["limit"] for request in transport.asked[1:]] == ["400", "400"]


@pytest.mark.parametrize(
    ("metric", "step"),
    [(Metric.OI_LEVEL, MINUTE), (Metric.LS, MINUTE), (Metric.LIQ_LONG, HOUR), (Metric.PRICE, 7 * MINUTE)],
)
async def test_of_anything_else_there_is_no_past(metric: Metric, step: timedelta) -> None:
    venue = Okx(wiring(ENDPOINTS, transport := Scripted(answered)))

    assert await past(venue, metric, Span(AT - HOUR, AT), step) == []
    assert len(transport.asked) == 1


async def test_there_is_no_past_of_who_is_not_listed() -> None:
    venue, transport = at_the_fake()
    stranger = Instrument("okx", "GONE-USDT-SWAP", "GONE", 1.0, frozenset())

    assert [seen async for seen in venue.history(stranger, Metric.PRICE, Span(AT - HOUR, AT), HOUR)] == []
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
    assert {round(seen.value, 3) for seen in ratios} == {1.25}
    assert {round(seen.value) for seen in interest} == {30_000}
    assert [(seen.at.hour, seen.interval_h) for seen in paid] == [(h, 4.0) for h in (16, 20, 0, 4, 8, 12)]
