"""Bybit over the network: what is asked, how subscriptions are cut, what bans, and its past."""

import json
from datetime import timedelta

import pytest

from adapters.venues.base import Banned, Scope, Span
from adapters.venues.bybit_client import CHANNEL, ENDPOINTS, LS, MANNERS, Bybit
from adapters.venues.streams import Refusal
from adapters.venues.transport import Request, Response
from signals.model import Metric
from tests.adapters.venues.wired import AT, Overheard, Scripted, by_metric, of, overheard, wiring
from tests.fake_venues.bybit import FakeBybit
from tests.fake_venues.golden import golden

ROOT = "https://api.bybit.com/v5/market"
HOUR = timedelta(hours=1)


def at_the_fake() -> tuple[Bybit, Overheard]:
    transport = overheard(FakeBybit(golden()))
    return Bybit(wiring(ENDPOINTS, transport)), transport


async def test_a_refresh_is_two_calls_that_bring_the_documented_values() -> None:
    venue, transport = at_the_fake()
    assert [each.symbol for each in await venue.instruments()] == ["BTCUSDT"]
    assert transport.asked == [Request(f"{ROOT}/instruments-info", {"category": "linear", "limit": "1000"})]
    transport.asked.clear()

    batches = [await venue.snapshot(feed, ()) for feed in venue.feeds if feed.scope is Scope.BULK]

    assert transport.asked == [
        Request(f"{ROOT}/tickers", {"category": "linear"}),
        Request(f"{ROOT}/tickers", {"category": "spot"}),
    ]
    seen = by_metric([seen for batch in batches for seen in batch.observations], "BTCUSDT")
    assert {metric: one.value for metric, one in seen.items()} == {
        Metric.PRICE: 64_000.0,
        Metric.INDEX: 64_020.0,
        Metric.OI_LEVEL: 25_000.0,
        Metric.FUNDING: pytest.approx(6e-5),
        Metric.VOLUME_24H: 5e9,
        Metric.VOLUME_SPOT_24H: 9e8,
    }


async def test_ratios_are_asked_for_one_by_one() -> None:
    venue, transport = at_the_fake()
    batch = await venue.snapshot(LS, (await of(venue, "BTCUSDT"),))

    params = {"category": "linear", "period": "5min", "limit": "1", "symbol": "BTCUSDT"}
    assert transport.asked[1:] == [Request(f"{ROOT}/account-ratio", params)]
    assert [(seen.metric, seen.value) for seen in batch.observations] == [(Metric.LS, pytest.approx(0.55 / 0.45))]


async def test_all_pages_of_the_list_are_read() -> None:
    row = {
        "baseCoin": "BTC", "quoteCoin": "USDT", "settleCoin": "USDT", "contractType": "LinearPerpetual",
        "status": "Trading", "deliveryTime": "0", "isPreListing": False, "symbolType": "",
    }  # fmt: skip
    pages = {"": ("BTCUSDT", "next&=1"), "next&=1": ("ETHUSDT", "")}

    def told(request: Request) -> bytes:
        symbol, cursor = pages[request.params.get("cursor", "")]
        listed = {"category": "linear", "list": [{**row, "symbol": symbol}], "nextPageCursor": cursor}
        return json.dumps({"retCode": 0, "retMsg": "OK", "time": 1_795_442_400_000, "result": listed}).encode()

    venue = Bybit(wiring(ENDPOINTS, Scripted(told)))
    assert [each.symbol for each in await venue.instruments()] == ["BTCUSDT", "ETHUSDT"]


async def test_access_too_frequent_is_a_ban_of_ten_minutes() -> None:
    venue = Bybit(wiring(ENDPOINTS, Scripted(lambda _: Response(403, {}, b"access too frequent"))))
    with pytest.raises(Banned) as banned:
        await venue.instruments()
    assert banned.value.until == AT + timedelta(minutes=10)
    assert MANNERS.ban(Response(403, {}, b"<html>Forbidden</html>"), AT) is None
    assert MANNERS.used("address", {"x-bapi-limit-status": "3"}) == {}


@pytest.mark.parametrize("metric", [Metric.VOLUME, Metric.OI_LEVEL, Metric.LS, Metric.FUNDING_SETTLED])
async def test_the_past_comes_in_time_order_and_ends_before_the_present(metric: Metric) -> None:
    venue, _ = at_the_fake()
    instrument = await of(venue, "BTCUSDT")
    span = Span(AT - 48 * HOUR, AT + HOUR)
    times = [seen.at async for seen in venue.history(instrument, metric, span, HOUR)]
    assert times == sorted(set(times))
    assert times
    assert span.start < times[0] <= times[-1] <= AT


async def test_a_past_that_is_not_kept_ends_at_once() -> None:
    venue, transport = at_the_fake()
    instrument = await of(venue, "BTCUSDT")
    assert [seen async for seen in venue.history(instrument, Metric.LS_TOP, Span(AT - HOUR, AT), HOUR)] == []
    odd = timedelta(minutes=7)
    assert [seen async for seen in venue.history(instrument, Metric.PRICE, Span(AT - HOUR, AT), odd)] == []
    assert len(transport.asked) == 1


def test_topics_come_in_chunks_and_the_heartbeat_comes_last() -> None:
    [messages] = CHANNEL.subscribe([f"S{n}USDT" for n in range(120)])
    assert [len(json.loads(message)["args"]) for message in messages] == [50, 50, 20, 1]
    assert json.loads(messages[-1])["args"] == ["tickers.BTCUSDT"]
    assert len({json.loads(message)["req_id"] for message in messages}) == 4


def refused(message: str, word: str, success: bool = False) -> Refusal | None:  # noqa: FBT002 - as Bybit says it
    ack = {
        "success": success,
        "ret_msg": word,
        "conn_id": "c",
        "req_id": json.loads(message)["req_id"],
        "op": "subscribe",
    }
    return CHANNEL.refused(json.dumps(ack, separators=(",", ":")).encode(), [message])


def topics(refusal: Refusal | None) -> list[list[str]]:
    assert refusal is not None
    return [json.loads(message)["args"] for message in refusal.instead]


def test_a_refusal_blames_what_it_names_and_else_is_halved_until_one_is_left() -> None:
    [[message, _]] = CHANNEL.subscribe(["A", "B", "C"])
    all_of = [f"allLiquidation.{name}" for name in "ABC"]

    for word in ("error:handler not found,topic:allLiquidation.B", "Invalid symbol :[allLiquidation.B]"):
        named = refused(message, word)
        assert named is not None
        assert (named.symbols, topics(named)) == ({"B"}, [[all_of[0], all_of[2]]])
    unnamed = refused(message, "no")
    assert unnamed is not None
    assert (unnamed.symbols, topics(unnamed)) == (frozenset(), [all_of[:1], all_of[1:]])
    [one] = unnamed.instead[:1]
    assert refused(one, "no") == Refusal(frozenset({"A"}))
    assert refused(message, "", success=True) is None
    assert CHANNEL.refused(b'{"success":true,"ret_msg":"pong","op":"ping"}', [message]) is None
