"""Bybit over the network: two calls bring everything, lists end, bans are long, and the past is read page by page."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.venues.base import RateLimited, Scope, Span, Unavailable
from adapters.venues.bybit_client import BANNED_FOR, CHANNEL, ENDPOINTS, LS, MANNERS, SPOT, TICKERS, Bybit
from adapters.venues.streams import Refusal
from adapters.venues.transport import Request, Response
from signals.model import Instrument, Liquidation, Metric, Observation, Side
from tests.adapters.venues.wired import AT, Hand, Overheard, Scripted, by_metric, of, overheard, wiring
from tests.fake_venues.bybit import FakeBybit
from tests.fake_venues.golden import AT_MS, golden
from tests.fake_venues.market import seeded

ROOT = "https://api.bybit.com/v5/market"
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIVE_MS, HOUR_MS = 300_000, 3_600_000
WIDTHS = {"1": 60_000, "60": HOUR_MS, "D": 24 * HOUR_MS, "5min": FIVE_MS, "1h": HOUR_MS}


def at_the_fake(clock: Hand | None = None) -> tuple[Bybit, Overheard]:
    clock = clock or Hand()
    transport = overheard(FakeBybit(golden()), clock.now)
    return Bybit(wiring(ENDPOINTS, transport, clock.now)), transport


def body(rows: Sequence[object], cursor: str = "", at_ms: int = AT_MS) -> bytes:
    result = {"category": "linear", "symbol": "BTCUSDT", "list": rows, "nextPageCursor": cursor}
    return json.dumps({"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": at_ms}).encode()


def contract(symbol: str) -> dict[str, object]:
    return {
        "symbol": symbol, "contractType": "LinearPerpetual", "status": "Trading", "settleCoin": "USDT",
        "baseCoin": symbol.removesuffix("USDT"), "deliveryTime": "0", "isPreListing": False, "symbolType": "",
    }  # fmt: skip


def answered(request: Request) -> bytes:
    """As Bybit answers about the past: newest first, both ends of what is asked, never more than the limit."""
    path, params = request.url.removeprefix(f"{ROOT}/"), request.params
    if path == "instruments-info":
        return body([contract("BTCUSDT")])
    limit = int(params["limit"])
    if path == "funding/history":
        assert limit <= 200
        paid = range(int(params["endTime"]) // (8 * HOUR_MS) * 8 * HOUR_MS, int(params["startTime"]) - 1, -8 * HOUR_MS)
        return body(
            [{"symbol": "BTCUSDT", "fundingRate": "0.0001", "fundingRateTimestamp": str(time)} for time in paid][:limit]
        )
    statistics = path in {"open-interest", "account-ratio"}
    width = WIDTHS[params["intervalTime" if path == "open-interest" else "period" if statistics else "interval"]]
    assert limit <= {"open-interest": 200, "account-ratio": 500}.get(path, 1_000)
    start, end = (int(params[name]) for name in (("startTime", "endTime") if statistics else ("start", "end")))
    times = range(end // width * width, start - 1, -width)[:limit]
    rows: list[object]
    match path:
        case "open-interest":
            rows = [{"openInterest": "14", "singleOpenInterest": "7", "timestamp": str(time)} for time in times]
        case "account-ratio":
            ratio = {"symbol": "BTCUSDT", "buyRatio": "0.6", "sellRatio": "0.4"}
            rows = [{**ratio, "timestamp": str(time)} for time in times]
        case "kline":
            rows = [[str(time), "1", "12", "9", "10", "3", "700"] for time in times]
        case _:
            rows = [[str(time), "1", "12", "9", "10"] for time in times]
    return body(rows)


async def past(venue: Bybit, metric: Metric, span: Span, step: timedelta) -> list[Observation]:
    instrument = await of(venue, "BTCUSDT")
    return [seen async for seen in venue.history(instrument, metric, span, step)]


# the present


async def test_a_full_refresh_is_two_calls_that_bring_the_documented_values() -> None:
    venue, transport = at_the_fake()
    await venue.instruments()

    batches = [await venue.snapshot(feed, ()) for feed in (TICKERS, SPOT)]

    assert transport.asked == [
        Request(f"{ROOT}/instruments-info", {"category": "linear", "limit": "1000"}),
        Request(f"{ROOT}/tickers", {"category": "linear"}),
        Request(f"{ROOT}/tickers", {"category": "spot"}),
    ]
    seen = by_metric([seen for batch in batches for seen in batch.observations], "BTCUSDT")
    assert {metric: one.value for metric, one in seen.items()} == {
        Metric.PRICE: 64_000.0,
        Metric.INDEX: 64_020.0,
        Metric.FUNDING: pytest.approx(6e-5),
        Metric.OI_LEVEL: 25_000.0,
        Metric.VOLUME_24H: 5e9,
        Metric.VOLUME_SPOT_24H: 9e8,
    }
    assert [batch.feed for batch in batches] == ["tickers", "volume.spot"]
    assert [(feed.every.seconds, feed.cost.weight, feed.scope) for feed in (TICKERS, SPOT)] == [
        (10, 1, Scope.BULK),
        (30, 1, Scope.BULK),
    ]


async def test_the_ratio_of_accounts_is_asked_for_each_instrument() -> None:
    venue, transport = at_the_fake()
    instrument = await of(venue, "BTCUSDT")

    batch = await venue.snapshot(LS, (instrument,))

    params = {"category": "linear", "period": "5min", "limit": "1", "symbol": "BTCUSDT"}
    assert transport.asked[1:] == [Request(f"{ROOT}/account-ratio", params)]
    assert [(seen.metric, round(seen.value, 6)) for seen in batch.observations] == [(Metric.LS, round(0.55 / 0.45, 6))]
    assert (LS.scope, LS.pace, LS.after, LS.most, LS.every) == (Scope.EACH, 10.0, 20 * SECOND, None, 5 * MINUTE)


async def test_a_sweep_of_nobody_asks_nothing() -> None:
    venue, transport = at_the_fake()

    assert (await venue.snapshot(LS, ())).observations == ()
    assert transport.asked == []


async def test_the_list_of_instruments_is_read_over_all_its_pages() -> None:
    pages = {"": ("AUSDT", "two"), "two": ("BUSDT", "three"), "three": ("CUSDT", "")}

    def told(request: Request) -> bytes:
        symbol, cursor = pages[request.params.get("cursor", "")]
        return body([contract(symbol)], cursor)

    venue = Bybit(wiring(ENDPOINTS, transport := Scripted(told)))

    assert [each.symbol for each in await venue.instruments()] == ["AUSDT", "BUSDT", "CUSDT"]
    assert [request.params.get("cursor") for request in transport.asked] == [None, "two", "three"]


async def test_a_list_that_does_not_end_is_refused_and_not_asked_for_ever() -> None:
    venue = Bybit(wiring(ENDPOINTS, transport := Scripted(lambda _: body([contract("AUSDT")], "again"))))

    with pytest.raises(Unavailable):
        await venue.instruments()
    assert len(transport.asked) == 50


async def test_a_list_of_which_a_page_failed_changes_nothing() -> None:
    venue = Bybit(wiring(ENDPOINTS, transport := Scripted(lambda _: body([contract("AUSDT")]))))
    await venue.instruments()
    transport.answers = lambda request: b"<html>" if "cursor" in request.params else body([contract("BUSDT")], "two")

    with pytest.raises(Unavailable):
        await venue.instruments()

    assert list(venue.client.roster.known) == ["AUSDT"]


@pytest.mark.parametrize("told", [b'{"retCode":10001,"retMsg":"no","result":{}}', b"<html>", b'{"retCode":0'])
async def test_an_answer_that_failed_is_refused_as_a_whole(told: bytes) -> None:
    venue = Bybit(wiring(ENDPOINTS, Scripted(lambda _: told)))

    for asking in (venue.instruments(), venue.snapshot(TICKERS, ()), venue.snapshot(SPOT, ())):
        with pytest.raises(Unavailable):
            await asking


async def test_an_endpoint_asked_too_often_rests_though_its_status_was_success() -> None:
    clock = Hand()
    told = b'{"retCode":10006,"retMsg":"Too many visits!","result":{},"retExtInfo":{},"time":1795442400000}'
    venue = Bybit(wiring(ENDPOINTS, transport := Scripted(lambda _: told), clock.now))

    for _ in range(2):
        with pytest.raises(RateLimited):
            await venue.snapshot(TICKERS, ())

    assert len(transport.asked) == 1
    clock.on(MINUTE)
    transport.answers = lambda _: body([])
    await venue.snapshot(TICKERS, ())


def test_only_access_that_was_too_frequent_is_a_ban_and_it_lasts_ten_minutes() -> None:
    answers = [
        Response(403, {}, b"access too frequent"),
        Response(403, {}, b"The Amazon CloudFront distribution is configured to block access from your country"),
        Response(200, {}, b"access too frequent"),
    ]

    assert [MANNERS.ban(answer, AT) for answer in answers] == [AT + 10 * MINUTE, None, None]
    assert BANNED_FOR == 10 * MINUTE
    assert MANNERS.used("address", {"x-bapi-limit-status": "3", "x-bapi-limit": "600"}) == {}
    assert [(bucket.limit, bucket.window) for bucket in MANNERS.buckets] == [(600, 5 * SECOND)]


async def test_what_was_paid_is_the_last_estimate_before_it_was_due() -> None:
    clock = Hand(AT.replace(hour=15, minute=59, second=50))
    fake = FakeBybit(seeded(3, 4, AT))
    venue = Bybit(wiring(ENDPOINTS, overheard(fake, clock.now), clock.now))
    await venue.instruments()

    before = by_metric((await venue.snapshot(TICKERS, ())).observations, "BTCUSDT")
    clock.on(20 * SECOND)
    after = by_metric((await venue.snapshot(TICKERS, ())).observations, "BTCUSDT")

    assert Metric.FUNDING_SETTLED not in before
    paid = after[Metric.FUNDING_SETTLED]
    assert (paid.rate, paid.at) == (before[Metric.FUNDING].rate, AT.replace(hour=16))


# the stream

BEAT = b'{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","markPrice":"64000"},"cs":1,"ts":1}'
CLOSED = (
    b'{"topic":"allLiquidation.BTCUSDT","type":"snapshot","ts":1795442400500,"data":'
    b'[{"T":1795442400110,"s":"BTCUSDT","S":"Buy","v":"0.5","p":"63600"}]}'
)
ACK = b'{"success":true,"ret_msg":"","conn_id":"c1","req_id":"tickers.BTCUSDT 1 tickers.BTCUSDT","op":"subscribe"}'
PONG = b'{"success":true,"ret_msg":"pong","conn_id":"c1","req_id":"","op":"ping"}'


def topics(message: str) -> list[str]:
    said = json.loads(message)
    assert said["op"] == "subscribe"
    return list(said["args"])


def test_each_instrument_is_subscribed_to_in_chunks_of_fifty_and_a_heartbeat_last() -> None:
    symbols = [f"C{n:03}USDT" for n in range(120)]

    (messages,) = CHANNEL.subscribe(symbols)

    assert [len(topics(message)) for message in messages] == [50, 50, 20, 1]
    assert [topic for message in messages for topic in topics(message)] == [
        *(f"allLiquidation.{symbol}" for symbol in symbols),
        "tickers.BTCUSDT",
    ]
    assert len({json.loads(message)["req_id"] for message in messages}) == 4


@pytest.mark.parametrize("length", [1, 5, 12, 20])
def test_the_topics_of_a_connection_are_no_longer_than_allowed_as_they_are_written(length: int) -> None:
    symbols = [f"{'X' * length}{n:04}USDT" for n in range(1_200)]

    connections = CHANNEL.subscribe(symbols)

    for messages in connections:
        written = [topic for message in messages for topic in topics(message)]
        assert len(json.dumps(written, separators=(",", ":"))) <= 21_000
        assert written[-1] == "tickers.BTCUSDT"
    subscribed = [topic for messages in connections for message in messages for topic in topics(message)]
    assert sorted(set(subscribed) - {"tickers.BTCUSDT"}) == sorted(f"allLiquidation.{symbol}" for symbol in symbols)
    assert len(subscribed) == 1_200 + len(connections)


def test_only_data_of_the_ticker_is_a_heartbeat() -> None:
    assert CHANNEL.beats(BEAT)
    assert [CHANNEL.beats(frame) for frame in (ACK, PONG, CLOSED, b"", b"[1]", b"\xff")] == [False] * 6
    assert (CHANNEL.ping, CHANNEL.ping_every, CHANNEL.replays) == ('{"op":"ping"}', 20 * SECOND, False)


def refusal(message: str, text: str) -> bytes:
    said = {"success": False, "ret_msg": text, "conn_id": "c1", "req_id": json.loads(message)["req_id"]}
    return json.dumps({**said, "op": "subscribe"}, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "word", ["error:handler not found,topic:allLiquidation.BUSDT", "Invalid symbol :[allLiquidation.BUSDT]"]
)
def test_a_refused_topic_that_is_named_is_left_out_and_the_others_are_asked_for_again(word: str) -> None:
    ((message, heart),) = CHANNEL.subscribe(["AUSDT", "BUSDT", "CUSDT"])

    found = CHANNEL.refused(refusal(message, word), (message, heart))

    assert found is not None
    assert found.symbols == {"BUSDT"}
    assert [topics(again) for again in found.instead] == [["allLiquidation.AUSDT", "allLiquidation.CUSDT"]]


def test_a_refusal_that_names_nothing_is_halved_until_one_topic_is_left() -> None:
    ((message, heart),) = CHANNEL.subscribe(["AUSDT", "BUSDT", "CUSDT"])

    halves = CHANNEL.refused(refusal(message, "error"), (message, heart))
    assert halves is not None
    first, second = halves.instead
    alone = CHANNEL.refused(refusal(first, "error"), (message, heart, first, second))

    assert halves.symbols == frozenset()
    assert [topics(first), topics(second)] == [
        ["allLiquidation.AUSDT"],
        ["allLiquidation.BUSDT", "allLiquidation.CUSDT"],
    ]
    assert alone == Refusal(frozenset({"AUSDT"}), ())


@pytest.mark.parametrize("frame", [ACK, PONG, BEAT, CLOSED, b"", b'{"success":fal', b'{"success":false,"op":"ping"}'])
def test_nothing_else_is_a_refusal(frame: bytes) -> None:
    assert CHANNEL.refused(frame, ()) is None


def test_two_closes_that_differ_in_anything_are_two() -> None:
    closes = [
        Liquidation("bybit", "BTCUSDT", "BTC", Side.LONG, 0.5, 63_600.0, AT, AT, sampled=False),
        Liquidation("bybit", "ETHUSDT", "ETH", Side.LONG, 0.5, 63_600.0, AT, AT, sampled=False),
        Liquidation("bybit", "BTCUSDT", "BTC", Side.SHORT, 0.5, 63_600.0, AT, AT, sampled=False),
        Liquidation("bybit", "BTCUSDT", "BTC", Side.LONG, 0.4, 63_600.0, AT, AT, sampled=False),
        Liquidation("bybit", "BTCUSDT", "BTC", Side.LONG, 0.5, 63_601.0, AT, AT, sampled=False),
        Liquidation("bybit", "BTCUSDT", "BTC", Side.LONG, 0.5, 63_600.0, AT + SECOND, AT, sampled=False),
    ]

    assert len({CHANNEL.key(each) for each in closes}) == 6


# the past


@pytest.mark.parametrize(
    ("metric", "path", "value"),
    [
        (Metric.PRICE, "mark-price-kline", 10.0),
        (Metric.INDEX, "index-price-kline", 10.0),
        (Metric.VOLUME, "kline", 700),
    ],
)
async def test_bars_come_page_by_page_in_order_each_once(metric: Metric, path: str, value: float) -> None:
    venue = Bybit(wiring(ENDPOINTS, transport := Scripted(answered)))

    found = await past(venue, metric, Span(AT - 2_500 * MINUTE, AT), MINUTE)

    assert [seen.at for seen in found] == [AT + n * MINUTE for n in range(-2_499, 1)]
    span = MINUTE if metric is Metric.VOLUME else timedelta(0)
    assert {(seen.metric, seen.value, seen.span, seen.fresh_for) for seen in found} == {(metric, value, span, MINUTE)}
    times = {"start": str(AT_MS - 2_500 * 60_000), "end": str(AT_MS - 1_501 * 60_000)}
    common = {"category": "linear", "symbol": "BTCUSDT", "interval": "1", "limit": "1000"}
    assert transport.asked[1] == Request(f"{ROOT}/{path}", {**common, **times})
    assert len(transport.asked) == 1 + 3


@pytest.mark.parametrize(
    ("metric", "path", "name", "rows", "value"),
    [(Metric.OI_LEVEL, "open-interest", "intervalTime", 200, 7.0), (Metric.LS, "account-ratio", "period", 500, 1.5)],
)
async def test_statistics_are_known_at_the_ends_of_their_steps(
    metric: Metric, path: str, name: str, rows: int, value: float
) -> None:
    venue = Bybit(wiring(ENDPOINTS, transport := Scripted(answered)))
    count = 2 * rows + 20

    found = await past(venue, metric, Span(AT - count * HOUR, AT), HOUR)

    assert [seen.at for seen in found] == [AT + n * HOUR for n in range(1 - count, 1)]
    assert {(seen.metric, round(seen.value, 9), seen.fresh_for) for seen in found} == {(metric, value, HOUR)}
    start = AT_MS - count * HOUR_MS
    times = {"startTime": str(start), "endTime": str(start + (rows - 1) * HOUR_MS), "limit": str(rows)}
    params = {"category": "linear", "symbol": "BTCUSDT", name: "1h", **times}
    assert transport.asked[1] == Request(f"{ROOT}/{path}", params)
    assert len(transport.asked) == 1 + 3


@pytest.mark.parametrize("metric", [Metric.PRICE, Metric.VOLUME, Metric.OI_LEVEL, Metric.LS])
async def test_a_bar_that_is_not_over_is_left_out(metric: Metric) -> None:
    clock = Hand(AT - 10 * SECOND)
    venue = Bybit(wiring(ENDPOINTS, Scripted(answered), clock.now))

    found = await past(venue, metric, Span(AT - 3 * HOUR, AT), HOUR)

    assert [seen.at for seen in found] == [AT - 2 * HOUR, AT - HOUR]


async def test_days_end_at_midnight_utc() -> None:
    midnight = datetime(2026, 11, 23, tzinfo=UTC)

    found = await past(Bybit(wiring(ENDPOINTS, Scripted(answered))), Metric.PRICE, Span(midnight - 2 * DAY, AT), DAY)

    assert [seen.at for seen in found] == [midnight - DAY, midnight]


async def test_payments_have_their_interval_from_the_first_of_each_page_on() -> None:
    venue = Bybit(wiring(ENDPOINTS, transport := Scripted(answered)))
    last = AT.replace(hour=8)

    found = await past(venue, Metric.FUNDING_SETTLED, Span(last - 10 * DAY, last), HOUR)

    assert [seen.at for seen in found] == [last - n * 8 * HOUR for n in range(29, -1, -1)]
    assert {(seen.rate, seen.interval_h, seen.fresh_for) for seen in found} == {(0.0001, 8.0, 8 * HOUR)}
    assert all({"startTime", "endTime"} <= set(request.params) for request in transport.asked[1:])
    assert len(transport.asked) == 1 + 2


@pytest.mark.parametrize(
    ("metric", "step"),
    [
        (Metric.OI_LEVEL, MINUTE),
        (Metric.LS, MINUTE),
        (Metric.LS_TOP, HOUR),
        (Metric.LIQ_LONG, HOUR),
        (Metric.PRICE, 7 * MINUTE),
    ],
)
async def test_of_anything_else_there_is_no_past(metric: Metric, step: timedelta) -> None:
    venue = Bybit(wiring(ENDPOINTS, transport := Scripted(answered)))

    assert await past(venue, metric, Span(AT - HOUR, AT), step) == []
    assert len(transport.asked) == 1


async def test_there_is_no_past_of_who_is_not_listed() -> None:
    venue, transport = at_the_fake()
    stranger = Instrument("bybit", "GONEUSDT", "GONE", 1.0, frozenset())

    assert [seen async for seen in venue.history(stranger, Metric.PRICE, Span(AT - HOUR, AT), HOUR)] == []
    assert transport.asked == []


async def test_the_fake_venue_and_the_client_agree_about_the_past() -> None:
    venue, _ = at_the_fake()
    span = Span(AT - 3 * HOUR, AT)

    marks = await past(venue, Metric.PRICE, span, HOUR)
    interest = await past(venue, Metric.OI_LEVEL, span, HOUR)
    paid = await past(venue, Metric.FUNDING_SETTLED, Span(AT - DAY, AT), HOUR)

    assert [[seen.at for seen in found] for found in (marks, interest)] == [[AT - 2 * HOUR, AT - HOUR, AT]] * 2
    assert marks[-1].value == 64_000.0
    assert {round(seen.value) for seen in interest} == {24_900}
    assert [(seen.at.hour, seen.interval_h) for seen in paid] == [(16, 8.0), (0, 8.0), (8, 8.0)]
