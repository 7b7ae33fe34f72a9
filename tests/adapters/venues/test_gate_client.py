"""Gate over the network: one list for instruments and values, pages, the sign of liquidations, and the past."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.store.memory import MemoryStore
from adapters.venues.base import RateLimited, Scope, Span, Unavailable
from adapters.venues.gate import is_going, is_heartbeat, is_refusal, parse_orders, parse_unsided
from adapters.venues.gate_client import CALIBRATION, CHANNEL, CONTRACTS, ENDPOINTS, LS, MANNERS, SPOT, TICKERS, Gate
from adapters.venues.streams import Refusal
from adapters.venues.transport import Request, Response
from bot.clock import Clock
from signals.model import Gap, Instrument, Liquidation, Metric, Observation, Pulse, Side
from tests import virtual
from tests.adapters.venues.wired import AT, Hand, Heard, Overheard, Scripted, by_metric, heard, of, overheard, wiring
from tests.fake_venues.gate import FakeGate
from tests.fake_venues.golden import AT_MS, golden
from tests.fake_venues.inprocess import InProcess
from tests.fake_venues.market import seeded

ROOT = "https://api.gateio.ws/api/v4/futures/usdt"
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
AT_S = AT_MS // 1000
WIDTHS = {"1m": 60, "5m": 300, "1h": 3_600, "4h": 14_400, "1d": 86_400}


def at_the_fake(store: MemoryStore | None = None, clock: Hand | None = None) -> tuple[Gate, Overheard]:
    clock = clock or Hand()
    transport = overheard(FakeGate(golden()), clock.now)
    return Gate(wiring(ENDPOINTS, transport, clock.now, store)), transport


def contract(name: str) -> dict[str, object]:
    return {
        "name": name, "type": "direct", "status": "trading", "quanto_multiplier": "0.01", "mark_price": "64000",
        "funding_rate": "0.0001", "funding_interval": 28800, "funding_next_apply": AT_S + 7200, "position_size": "100",
    }  # fmt: skip


def paged(count: int, usual: int) -> tuple[Scripted, list[str]]:
    """A venue that lists `count` contracts, `usual` a page; and tickers of all."""
    names = [f"C{number}_USDT" for number in range(count)]

    def told(request: Request) -> bytes:
        if request.url.endswith("/tickers"):
            return json.dumps([{"contract": name, "volume_24h_quote": "1"} for name in names]).encode()
        first, size = int(request.params.get("offset", 0)), int(request.params.get("limit", usual))
        return json.dumps([contract(name) for name in names[first : first + size]]).encode()

    return Scripted(told), names


def answered(request: Request) -> bytes:
    """As Gate answers about the past, bars with both ends of what is asked, and payments each 8 hours."""
    params = request.params
    if request.url.endswith("/contracts"):
        return json.dumps([contract("BTC_USDT")]).encode()
    if request.url.endswith("/funding_rate"):
        last = int(params["to"]) // 28_800 * 28_800
        times = range(last, int(params["from"]) - 1, -28_800)
        return json.dumps([{"t": time, "r": "0.0001"} for time in times][: int(params["limit"])]).encode()
    width = WIDTHS[params["interval"]]
    first = -(-int(params["from"]) // width) * width
    if request.url.endswith("/contract_stats"):
        stats = {"lsr_account": 1.3, "top_lsr_account": 1.1, "top_lsr_size": "1.05", "open_interest": "700"}
        return json.dumps([{"time": first + n * width, **stats} for n in range(int(params["limit"]))]).encode()
    times = range(first, int(params["to"]) + 1, width)
    assert len(times) <= 2_000
    bar = {"v": 3, "c": "10", "h": "12", "l": "9", "o": "1", "sum": "700"}
    return json.dumps([{"t": time, **bar} for time in times]).encode()


async def past(venue: Gate, metric: Metric, span: Span, step: timedelta) -> list[Observation]:
    instrument = await of(venue, "BTC_USDT")
    return [seen async for seen in venue.history(instrument, metric, span, step)]


def symbols(listed: Sequence[Instrument]) -> list[str]:
    return [each.symbol for each in listed]


# the present


async def test_a_full_refresh_is_three_calls_that_bring_the_documented_values_and_the_list() -> None:
    venue, transport = at_the_fake()
    await venue.instruments()
    transport.asked.clear()

    batches = [await venue.snapshot(replace(feed, every=MINUTE), ()) for feed in (CONTRACTS, TICKERS, SPOT)]
    listed = await venue.instruments()

    assert transport.asked == [
        Request(f"{ROOT}/contracts"),
        Request(f"{ROOT}/tickers"),
        Request("https://api.gateio.ws/api/v4/spot/tickers"),
    ]
    seen = by_metric([seen for batch in batches for seen in batch.observations], "BTC_USDT")
    assert {metric: one.value for metric, one in seen.items()} == {
        Metric.PRICE: 64_000.0,
        Metric.INDEX: 64_020.0,
        Metric.FUNDING: pytest.approx(1e-4),
        Metric.OI_LEVEL: pytest.approx(12_000.0),
        Metric.VOLUME_24H: 3.2e9,
        Metric.VOLUME_SPOT_24H: 1.92e8,
    }
    assert symbols(listed) == ["BTC_USDT"]
    assert [(feed.every.seconds, feed.cost.bucket) for feed in (CONTRACTS, TICKERS, SPOT)] == [
        (10, "contracts"),
        (30, "tickers"),
        (30, "spot"),
    ]


async def test_one_call_brings_all_three_ratios_of_a_contract() -> None:
    venue, transport = at_the_fake()
    instrument = await of(venue, "BTC_USDT")

    batch = await venue.snapshot(LS, (instrument,))

    params = {"contract": "BTC_USDT", "interval": "5m", "limit": "1"}
    assert transport.asked[1:] == [Request(f"{ROOT}/contract_stats", params)]
    assert {one.metric: one.value for one in batch.observations} == {
        Metric.LS: pytest.approx(1.3),
        Metric.LS_TOP: 1.1,
        Metric.LS_POS: 1.05,
    }
    assert (LS.scope, LS.pace, LS.after, LS.most) == (Scope.EACH, 10.0, timedelta(seconds=20), None)


async def test_a_sweep_without_a_known_instrument_asks_nothing() -> None:
    venue, transport = at_the_fake()
    stranger = Instrument("gate", "GONE_USDT", "GONE", 1.0, frozenset())

    batches = [await venue.snapshot(LS, of) for of in ((), (stranger,))]

    assert [batch.observations for batch in batches] == [(), ()]
    assert transport.asked == []


async def test_a_list_of_just_a_hundred_rows_is_read_to_its_end() -> None:
    transport, names = paged(250, 100)
    venue = Gate(wiring(ENDPOINTS, transport))

    listed = await venue.instruments()
    batch = await venue.snapshot(CONTRACTS, ())

    assert symbols(listed) == sorted(names)
    assert [request.params for request in transport.asked[:3]] == [
        {},
        {"limit": "100", "offset": "100"},
        {"limit": "100", "offset": "200"},
    ]
    assert len(transport.asked) == 6
    assert {seen.symbol for seen in batch.observations} == set(names)
    assert len(batch.observations) == len(set(batch.observations))


async def test_a_list_that_is_shorter_than_the_tickers_is_read_to_its_end() -> None:
    transport, names = paged(250, 60)
    venue = Gate(wiring(ENDPOINTS, transport))
    await venue.snapshot(TICKERS, ())

    assert symbols(await venue.instruments()) == sorted(names)


@pytest.mark.parametrize(("listed", "calls"), [(95, 1), (94, 2)])
async def test_nineteen_of_twenty_tickers_are_a_whole_list(listed: int, calls: int) -> None:
    transport, names = paged(100, listed)
    names_of_contracts = names[:listed]

    def told(request: Request) -> bytes:
        if request.url.endswith("/tickers"):
            return transport.answers(request)  # type: ignore[return-value]  # it answers with bytes alone
        first = int(request.params.get("offset", 0))
        return json.dumps([contract(name) for name in names_of_contracts[first:]]).encode()

    venue = Gate(wiring(ENDPOINTS, asked := Scripted(told)))
    await venue.snapshot(TICKERS, ())

    await venue.snapshot(CONTRACTS, ())

    assert len(asked.asked) == 1 + calls


async def test_a_venue_that_knows_no_pages_is_not_asked_for_ever() -> None:
    rows = json.dumps([contract(f"C{number}_USDT") for number in range(100)]).encode()
    transport = Scripted(lambda _: rows)
    venue = Gate(wiring(ENDPOINTS, transport))

    assert len(await venue.instruments()) == 100
    assert len(transport.asked) == 2


async def test_two_lists_are_the_same_only_if_all_their_pages_are() -> None:
    prices = iter(["64000", "64000", "64001", "64001", "64000", "64000"])

    def told(request: Request) -> bytes:
        first = int(request.params.get("offset", 0))
        price = next(prices)
        count = 100 if not first else 10
        rows = [contract(f"C{first + n}_USDT") | ({"mark_price": price} if first else {}) for n in range(count)]
        return json.dumps(rows).encode()

    venue = Gate(wiring(ENDPOINTS, Scripted(told)))

    one, other, again = [(await venue.snapshot(CONTRACTS, ())).digest for _ in range(3)]

    assert one == again != other


@pytest.mark.parametrize("body", [b'{"label":"INVALID_PARAM_VALUE"}', b"<html>", b"[{"])
async def test_an_answer_that_failed_is_refused_as_a_whole(body: bytes) -> None:
    venue = Gate(wiring(ENDPOINTS, Scripted(lambda _: body)))

    with pytest.raises(Unavailable):
        await venue.instruments()


@pytest.mark.parametrize(
    ("limit", "left", "used", "limits"),
    [
        ("200", "150", {"tickers": 50}, {"tickers": 200}),
        ("100", "40", {"tickers": 60}, {"tickers": 100}),
        ("200", "0", {"tickers": 200}, {"tickers": 200}),
        ("10", "20", {"tickers": 0}, {"tickers": 10}),
        ("", "5", {}, {}),
        ("200", "-1", {}, {"tickers": 200}),
    ],
)
def test_headers_tell_what_is_used_of_the_endpoint_that_was_asked(
    limit: str, left: str, used: object, limits: object
) -> None:
    headers = {"x-gate-ratelimit-limit": limit, "x-gate-ratelimit-requests-remain": left}

    assert MANNERS.used("tickers", headers) == used
    assert MANNERS.limits("tickers", headers) == limits
    assert MANNERS.used("tickers", {}) == MANNERS.limits("tickers", {}) == {}


async def test_a_lower_limit_than_the_documented_one_is_obeyed() -> None:
    headers = {"x-gate-ratelimit-limit": "10", "x-gate-ratelimit-requests-remain": "9"}
    venue = Gate(wiring(ENDPOINTS, transport := Scripted(lambda _: Response(200, headers, b"[]"))))

    for _ in range(8):
        await venue.snapshot(TICKERS, ())

    with pytest.raises(RateLimited):
        await venue.snapshot(TICKERS, ())
    assert len(transport.asked) == 8


async def test_an_endpoint_that_is_nearly_used_up_rests_and_the_others_do_not() -> None:
    headers = {"x-gate-ratelimit-limit": "200", "x-gate-ratelimit-requests-remain": "5"}
    venue = Gate(wiring(ENDPOINTS, Scripted(lambda _: Response(200, headers, b"[]"))))
    await venue.snapshot(TICKERS, ())

    with pytest.raises(RateLimited):
        await venue.snapshot(TICKERS, ())

    await venue.snapshot(SPOT, ())


def test_no_answer_is_a_ban() -> None:
    assert MANNERS.ban(Response(429, {}, b'{"label":"TOO_MANY_REQUESTS"}'), AT) is None


# the stream

TICKER = b'{"time":1795442400,"time_ms":1795442400200,"channel":"futures.tickers","event":"update","result":[%s]}'
ACK = b'{"time":1795442400,"channel":"futures.tickers","event":"subscribe","result":{"status":"success"}}'
NO_ERROR = b'{"channel":"futures.tickers","event":"subscribe","error":null,"result":{"status":"success"}}'
FAILED = (
    b'{"channel":"futures.public_liquidates","event":"subscribe","error":{"code":2,"message":"unknown contract"},'
    b'"result":{"status":"fail"}}'
)
CLOSED = (
    b'{"time":1795442400,"time_ms":1795442400900,"channel":"futures.public_liquidates","event":"update","result":'
    b'[{"price":"63600","size":"-1200","time":1795442400110,"contract":"BTC_USDT"}]}'
)
UPGRADE = b'{"type":"upgrade","msg":"The connection will soon be closed"}'
OTHERS = (ACK, NO_ERROR, FAILED, CLOSED, UPGRADE, b"", b"[1]", b"\xff", TICKER % b"")


def test_the_whole_market_and_a_heartbeat_are_subscribed_to() -> None:
    ((liquidations, tickers),) = CHANNEL.subscribe(["A_USDT", "B_USDT"])

    assert json.loads(CHANNEL.stamp(liquidations, AT)) == {
        "time": AT_S,
        "channel": "futures.public_liquidates",
        "event": "subscribe",
        "payload": ["!all"],
    }
    assert json.loads(CHANNEL.stamp(tickers, AT)) == {
        "time": AT_S,
        "channel": "futures.tickers",
        "event": "subscribe",
        "payload": ["BTC_USDT"],
    }
    assert CHANNEL.subscribe(["A_USDT"]) == CHANNEL.subscribe([])
    assert CHANNEL.headers == {"X-Gate-Size-Decimal": "1"}


def test_only_numbers_of_the_ticker_are_a_heartbeat() -> None:
    assert is_heartbeat(TICKER % b'{"contract":"BTC_USDT","last":"64001"}')
    assert not any(is_heartbeat(frame) for frame in OTHERS)
    assert CHANNEL.beats is is_heartbeat


def test_an_upgrade_announces_the_end_of_the_connection() -> None:
    assert [frame for frame in OTHERS if is_going(frame)] == [UPGRADE]
    assert CHANNEL.going is is_going


def test_only_a_failed_subscription_is_a_refusal() -> None:
    assert [frame for frame in OTHERS if is_refusal(frame)] == [FAILED]
    assert (CHANNEL.refused(FAILED, ()), CHANNEL.refused(ACK, ())) == (Refusal(), None)


def test_two_closes_that_differ_in_anything_are_two() -> None:
    closed = Liquidation("gate", "BTC_USDT", "BTC", Side.LONG, 0.5, 63_600.0, AT, AT, sampled=False)
    others = [
        Liquidation("gate", "ETH_USDT", "ETH", Side.LONG, 0.5, 63_600.0, AT, AT, sampled=False),
        Liquidation("gate", "BTC_USDT", "BTC", Side.SHORT, 0.5, 63_600.0, AT, AT, sampled=False),
        Liquidation("gate", "BTC_USDT", "BTC", Side.LONG, 0.4, 63_600.0, AT, AT, sampled=False),
        Liquidation("gate", "BTC_USDT", "BTC", Side.LONG, 0.5, 63_601.0, AT, AT, sampled=False),
        Liquidation("gate", "BTC_USDT", "BTC", Side.LONG, 0.5, 63_600.0, AT + MINUTE, AT, sampled=False),
    ]

    assert len({CHANNEL.key(each) for each in (closed, *others)}) == 6


# the sign


def test_a_streamed_close_is_kept_with_its_sign_and_a_listed_one_with_that_of_its_position() -> None:
    row = {"time": AT_S, "contract": "BTC_USDT", "size": "1200", "order_size": "-1200", "fill_price": "63600"}
    odd = [row | {"order_size": "1200"}, row | {"size": "0"}, row | {"time": None}, {"size": "5"}, "x"]

    (streamed,) = parse_unsided(CLOSED)
    (listed,) = parse_orders(json.dumps([row, *odd]).encode())

    assert (streamed.contract, streamed.size, streamed.at) == ("BTC_USDT", -1200.0, AT + timedelta(milliseconds=110))
    assert (listed.contract, listed.size, listed.at) == ("BTC_USDT", 1200.0, AT)
    assert parse_unsided(TICKER % b"{}") == []


@dataclass(frozen=True)
class Calibrated:
    """A stream before and after its sign was compared twice, with the lists of instruments around that."""

    before: Sequence[Heard]
    after: Sequence[Heard]
    offered: Sequence[bool]
    """Whether the list at the start, the one before and the one after offered liquidations."""
    fake: FakeGate
    asked: int
    """How often the list of closes was asked for."""


def calibrated(store: MemoryStore, *, long_sells: bool = True, minutes: float = 3) -> Calibrated:
    fake = FakeGate(seeded(3, 14, AT), long_sells=long_sells)

    async def run() -> Calibrated:
        clock = Clock(AT)
        transport = Overheard(InProcess([fake], clock.now))
        venue = Gate(wiring(ENDPOINTS, transport, clock.now, store))
        offered = [offers(await venue.instruments())]
        before = await heard(venue, minutes * 60)
        offered.append(offers(await venue.instruments()))
        for _ in range(2):
            await venue.snapshot(CALIBRATION, ())
        offered.append(offers(await venue.instruments()))
        after = await heard(venue, 120)
        asked = sum(request.url.endswith("/liq_orders") for request in transport.asked)
        return Calibrated(before, after, offered, fake, asked)

    return virtual.run(run)


def offers(listed: Sequence[Instrument]) -> bool:
    return all({Metric.LIQ_LONG, Metric.LIQ_SHORT} <= each.metrics for each in listed)


def closes(items: Sequence[Heard]) -> list[Liquidation]:
    return [item for item in items if isinstance(item, Liquidation)]


@pytest.mark.parametrize("long_sells", [True, False])
def test_sides_are_told_once_the_list_of_closes_has_shown_what_the_sign_means(long_sells: bool) -> None:
    played = calibrated(MemoryStore(), long_sells=long_sells)

    truly = {(each.symbol, each.at): each.position for each in played.fake.record.sent.values()}
    told = closes(played.after)
    assert closes(played.before) == []
    assert len(told) > 12
    assert {truly[each.symbol, each.at] == each.side.value for each in told} == {True}
    assert not any(each.sampled for each in told)
    assert played.offered == [False, False, True]
    assert played.asked == 1


def test_the_stream_is_alive_while_its_sign_is_unknown_and_too_few_closes_settle_nothing() -> None:
    played = calibrated(MemoryStore(), minutes=0.5)

    assert sum(isinstance(item, Pulse) for item in played.after) > 100
    assert not [item for item in played.after if isinstance(item, Gap)]
    assert closes(played.after) == []
    assert played.offered == [False, False, False]
    assert played.asked == 2


def test_what_the_sign_means_outlives_a_restart() -> None:
    store = MemoryStore()
    calibrated(store)

    again = calibrated(store, minutes=0.5)

    assert closes(again.before)
    assert again.offered[0]
    assert again.asked == 0


async def test_what_another_version_kept_of_the_sign_is_not_believed() -> None:
    store = MemoryStore()
    await store.learn("sign/gate", b"inverted")
    venue, _ = at_the_fake(store)

    assert not any(Metric.LIQ_LONG in each.metrics for each in await venue.instruments())


async def test_closes_of_the_last_hour_are_listed_with_their_parts_of_contracts() -> None:
    venue, transport = at_the_fake()

    batch = await venue.snapshot(CALIBRATION, ())

    params = {"from": str(AT_S - 3_600), "to": str(AT_S), "limit": "1000"}
    assert transport.asked == [Request(f"{ROOT}/liq_orders", params, headers={"X-Gate-Size-Decimal": "1"})]
    assert (batch.observations, batch.digest, CALIBRATION.every, CALIBRATION.metrics) == ((), b"", HOUR, frozenset())


# the past


@pytest.mark.parametrize(
    ("metric", "wanted", "value"),
    [(Metric.PRICE, "mark_BTC_USDT", 10.0), (Metric.INDEX, "index_BTC_USDT", 10.0), (Metric.VOLUME, "BTC_USDT", 700.0)],
)
async def test_bars_come_page_by_page_in_order_each_once(metric: Metric, wanted: str, value: float) -> None:
    transport = Scripted(answered)
    venue = Gate(wiring(ENDPOINTS, transport))

    found = await past(venue, metric, Span(AT - 4_000 * MINUTE, AT), MINUTE)

    assert [seen.at for seen in found] == [AT + n * MINUTE for n in range(-3_999, 1)]
    span = MINUTE if metric is Metric.VOLUME else timedelta(0)
    assert {(seen.metric, seen.value, seen.span, seen.fresh_for) for seen in found} == {(metric, value, span, MINUTE)}
    assert len(transport.asked) == 1 + 3
    assert transport.asked[1] == Request(
        f"{ROOT}/candlesticks",
        {
            "contract": wanted,
            "interval": "1m",
            "from": str(AT_S - 4_001 * 60 + 1),
            "to": str(AT_S - 2_101 * 60),
        },
    )


@pytest.mark.parametrize(
    ("metric", "value"),
    [(Metric.OI_LEVEL, 7.0), (Metric.LS, 1.3), (Metric.LS_TOP, 1.1), (Metric.LS_POS, 1.05)],
)
async def test_statistics_are_known_at_the_ends_of_their_steps(metric: Metric, value: float) -> None:
    transport = Scripted(answered)
    venue = Gate(wiring(ENDPOINTS, transport))

    found = await past(venue, metric, Span(AT - 150 * HOUR, AT), HOUR)

    assert [seen.at for seen in found] == [AT + n * HOUR for n in range(-149, 1)]
    assert {(seen.metric, seen.value, seen.fresh_for) for seen in found} == {(metric, value, HOUR)}
    assert transport.asked[1] == Request(
        f"{ROOT}/contract_stats",
        {"contract": "BTC_USDT", "interval": "1h", "from": str(AT_S - 151 * 3_600), "limit": "100"},
    )
    assert len(transport.asked) == 1 + 2


async def test_a_bar_that_is_not_over_is_left_out() -> None:
    clock = Hand(AT - timedelta(seconds=2))
    venue = Gate(wiring(ENDPOINTS, Scripted(answered), clock.now))

    for metric, step in ((Metric.PRICE, MINUTE), (Metric.OI_LEVEL, 5 * MINUTE)):
        found = await past(venue, metric, Span(AT - 3 * step, AT), step)

        assert [seen.at for seen in found] == [AT - 2 * step, AT - step]


async def test_days_end_at_midnight_utc() -> None:
    midnight = datetime(2026, 11, 23, tzinfo=UTC)

    found = await past(
        Gate(wiring(ENDPOINTS, Scripted(answered))), Metric.PRICE, Span(midnight - 2 * DAY, midnight), DAY
    )  # fmt: skip

    assert [seen.at for seen in found] == [midnight - DAY, midnight]


async def test_payments_have_their_interval_from_the_first_of_each_page_on() -> None:
    transport = Scripted(answered)
    venue = Gate(wiring(ENDPOINTS, transport))
    last = AT.replace(hour=8)

    found = await past(venue, Metric.FUNDING_SETTLED, Span(last - 40 * DAY, last), HOUR)

    assert [seen.at for seen in found] == [last - n * 8 * HOUR for n in range(119, -1, -1)]
    assert {(seen.rate, seen.interval_h, seen.fresh_for) for seen in found} == {(0.0001, 8.0, 8 * HOUR)}
    start = int((last - 40 * DAY).timestamp())
    times = {"from": str(start - 48 * 3_600), "to": str(start + 30 * 86_400)}
    assert transport.asked[1] == Request(f"{ROOT}/funding_rate", {"contract": "BTC_USDT", **times, "limit": "1000"})
    assert len(transport.asked) == 1 + 2


@pytest.mark.parametrize(
    ("metric", "step"),
    [(Metric.OI_LEVEL, MINUTE), (Metric.LIQ_LONG, HOUR), (Metric.PRICE, timedelta(minutes=7))],
)
async def test_of_anything_else_there_is_no_past(metric: Metric, step: timedelta) -> None:
    assert await past(Gate(wiring(ENDPOINTS, Scripted(answered))), metric, Span(AT - HOUR, AT), step) == []


async def test_there_is_no_past_of_who_is_not_listed() -> None:
    venue, transport = at_the_fake()
    stranger = Instrument("gate", "GONE_USDT", "GONE", 1.0, frozenset())

    assert [seen async for seen in venue.history(stranger, Metric.PRICE, Span(AT - HOUR, AT), HOUR)] == []
    assert transport.asked == []


async def test_the_fake_venue_and_the_client_agree_about_the_past() -> None:
    venue, _ = at_the_fake()
    span = Span(AT - 3 * HOUR, AT)
    last_three = [AT - 2 * HOUR, AT - HOUR, AT]

    marks = await past(venue, Metric.PRICE, span, HOUR)
    ratios = await past(venue, Metric.LS, span, HOUR)
    interest = await past(venue, Metric.OI_LEVEL, span, HOUR)
    paid = await past(venue, Metric.FUNDING_SETTLED, Span(AT - 24 * HOUR, AT), HOUR)

    assert [[seen.at for seen in found] for found in (marks, ratios, interest)] == [last_three] * 3
    assert marks[-1].value == 64_000.0
    assert {round(seen.value, 3) for seen in ratios} == {1.3}
    assert {round(seen.value) for seen in interest} == {11_950}
    assert [(seen.at.hour, seen.rate) for seen in paid] == [(16, 1e-4), (0, 1e-4), (8, 1e-4)]
