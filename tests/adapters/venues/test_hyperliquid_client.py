"""Hyperliquid over the network: what is asked, how often, at what weight, and what its past is made of."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.store.memory import MemoryStore
from adapters.venues.base import RateLimited, Span, Unavailable
from adapters.venues.hyperliquid_client import CONTEXTS, ENDPOINTS, MANNERS, SPOT, Hyperliquid
from adapters.venues.transport import Request, Response
from signals.model import Metric, Observation
from tests.adapters.venues.wired import AT, Hand, Overheard, Scripted, by_metric, of, overheard, wiring
from tests.fake_venues.golden import AT_MS, golden
from tests.fake_venues.hyperliquid import FakeHyperliquid

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HOUR_MS, MINUTE_MS = 3_600_000, 60_000
BTC: Mapping[str, str] = {"markPx": "64000", "oraclePx": "64020", "funding": "0.0000125", "openInterest": "40000"}


def at_the_fake(store: MemoryStore | None = None) -> tuple[Hyperliquid, Overheard]:
    transport = overheard(FakeHyperliquid(golden()))
    return Hyperliquid(wiring(ENDPOINTS, transport, store=store)), transport


def contexts(*names: str) -> bytes:
    return json.dumps([{"universe": [{"name": name} for name in names]}, [BTC for _ in names]]).encode()


def told(request: Request) -> bytes:
    """As Hyperliquid answers about the past, with every bar and hour in it from the start asked for to the end."""
    body: Any = request.body
    if body["type"] == "metaAndAssetCtxs":
        return contexts("BTC", "kPEPE")
    wanted = body.get("req", body)
    width = {"1m": MINUTE_MS, "1h": HOUR_MS, "4h": 4 * HOUR_MS}.get(wanted.get("interval"), HOUR_MS)
    late = 76 if body["type"] == "fundingHistory" else 0
    starts = range(-(-(wanted["startTime"] - late) // width) * width, wanted["endTime"] - late + 1, width)
    if late:
        rows = [{"coin": wanted["coin"], "fundingRate": "0.00001", "time": start + late} for start in starts][:500]
    else:
        bar = {"o": "1", "h": "12", "l": "9", "c": "9", "v": "5", "s": wanted["coin"]}
        rows = [{**bar, "t": start, "T": start + width - 1} for start in starts][-5000:]
    return json.dumps(rows).encode()


async def past(venue: Hyperliquid, symbol: str, metric: Metric, span: Span, step: timedelta) -> list[Observation]:
    instrument = await of(venue, symbol)
    return [seen async for seen in venue.history(instrument, metric, span, step)]


async def test_one_call_brings_all_perpetuals_with_all_their_values() -> None:
    venue, transport = at_the_fake()
    await venue.instruments()

    batch = await venue.snapshot(CONTEXTS, ())

    assert transport.asked[1:] == [Request("https://api.hyperliquid.xyz/info", body={"type": "metaAndAssetCtxs"})]
    btc = by_metric(batch.observations, "BTC")
    assert {metric: seen.value for metric, seen in btc.items() if metric is not Metric.FUNDING_SETTLED} == {
        Metric.PRICE: 64_000.0,
        Metric.INDEX: 64_020.0,
        Metric.FUNDING: pytest.approx(0.0001),
        Metric.OI_LEVEL: 40_000.0,
        Metric.VOLUME_24H: 1.5e9,
    }
    assert by_metric(batch.observations, "kPEPE")[Metric.OI_LEVEL].value == 9e11
    assert (batch.venue, batch.feed, CONTEXTS.cost.weight, CONTEXTS.every.seconds) == (
        "hyperliquid", "contexts", 20, 10
    )  # fmt: skip


async def test_spot_volume_comes_with_one_call_more() -> None:
    venue, transport = at_the_fake()
    await venue.instruments()

    batch = await venue.snapshot(SPOT, ())

    assert transport.asked[1:] == [Request("https://api.hyperliquid.xyz/info", body={"type": "spotMetaAndAssetCtxs"})]
    assert [(seen.symbol, seen.metric, seen.value) for seen in batch.observations] == [
        ("BTC", Metric.VOLUME_SPOT_24H, 6e7)
    ]  # fmt: skip
    assert (SPOT.cost.weight, SPOT.every.seconds) == (20, 30)


async def test_a_full_refresh_is_two_calls_and_the_list_of_instruments_comes_with_them() -> None:
    venue, transport = at_the_fake()
    await venue.instruments()
    transport.asked.clear()

    for feed in venue.feeds:
        await venue.snapshot(replace(feed, every=MINUTE), ())
    again = await venue.instruments()

    assert len(transport.asked) == 2
    assert [each.symbol for each in again] == ["BTC", "kPEPE"]


async def test_who_is_new_in_the_contexts_is_listed_without_another_call() -> None:
    lists = [contexts("BTC"), contexts("BTC", "ETH")]
    transport = Scripted(lambda _: lists.pop(0))
    venue = Hyperliquid(wiring(ENDPOINTS, transport))
    await venue.instruments()

    await venue.snapshot(CONTEXTS, ())

    assert [each.symbol for each in await venue.instruments()] == ["BTC", "ETH"]
    assert len(transport.asked) == 2


async def test_one_list_is_never_taken_over_twice() -> None:
    names = [f"COIN{number}" for number in range(40)]
    lists = [contexts(*names, "ETH"), contexts(*names), contexts(*names, "ETH")]
    venue = Hyperliquid(wiring(ENDPOINTS, Scripted(lambda _: lists.pop(0))))
    await venue.instruments()
    await venue.snapshot(CONTEXTS, ())
    await venue.instruments()

    listed = await venue.instruments()

    assert "ETH" in [each.symbol for each in listed]
    assert lists == []


async def test_names_and_contexts_that_do_not_match_list_nothing() -> None:
    lists = [contexts("BTC"), json.dumps([{"universe": [{"name": "BTC"}]}, [BTC, BTC]]).encode(), contexts("BTC")]
    transport = Scripted(lambda _: lists.pop(0))
    venue = Hyperliquid(wiring(ENDPOINTS, transport))
    await venue.instruments()

    with pytest.raises(Unavailable):
        await venue.snapshot(CONTEXTS, ())

    assert [each.symbol for each in await venue.instruments()] == ["BTC"]


async def test_who_asks_too_often_waits_as_long_as_is_said() -> None:
    venue = Hyperliquid(wiring(ENDPOINTS, Scripted(lambda _: Response(429, {"retry-after": "7"}, b"null"))))

    with pytest.raises(RateLimited) as refused:
        await venue.instruments()

    assert refused.value.retry_after == timedelta(seconds=7)


def test_no_answer_is_a_ban_and_no_header_tells_what_is_left() -> None:
    assert MANNERS.ban(Response(429, {}, b""), AT) is None
    assert MANNERS.used("info", {"x-ratelimit-used": "900"}) == {}


async def test_there_are_no_liquidations() -> None:
    venue, _ = at_the_fake()

    assert [item async for item in venue.liquidations(())] == []


async def test_bars_are_the_last_trade_at_their_ends_and_come_page_by_page_in_order() -> None:
    transport = Scripted(told)
    venue = Hyperliquid(wiring(ENDPOINTS, transport))

    found = await past(venue, "kPEPE", Metric.PRICE, Span(AT - 3_000 * MINUTE, AT), MINUTE)

    assert [seen.at for seen in found] == [AT + n * MINUTE for n in range(-2_999, 1)]
    assert {(seen.value, seen.fresh_for, seen.symbol, seen.coin) for seen in found} == {
        (0.009, MINUTE, "kPEPE", "PEPE")
    }  # fmt: skip
    first: Any = transport.asked[1].body
    assert first == {
        "type": "candleSnapshot",
        "req": {
            "coin": "kPEPE",
            "interval": "1m",
            "startTime": AT_MS - 3_001 * MINUTE_MS + 1,
            "endTime": AT_MS - 1_501 * MINUTE_MS,
        },
    }
    assert len(transport.asked) == 3


async def test_volume_of_a_bar_is_its_coins_at_its_mean_price() -> None:
    venue = Hyperliquid(wiring(ENDPOINTS, Scripted(told)))

    (found,) = await past(venue, "kPEPE", Metric.VOLUME, Span(AT - HOUR, AT), HOUR)

    assert (found.value, found.span, found.at) == (5 * (12 + 9 + 9) / 3, HOUR, AT)


async def test_a_bar_that_is_not_over_is_left_out() -> None:
    clock = Hand(AT - timedelta(seconds=2))
    venue = Hyperliquid(wiring(ENDPOINTS, Scripted(told), clock.now))

    found = await past(venue, "BTC", Metric.PRICE, Span(AT - 3 * MINUTE, AT), MINUTE)

    assert [seen.at for seen in found] == [AT - 2 * MINUTE, AT - MINUTE]


async def test_paid_funding_comes_500_hours_a_call_at_most_each_hour_once() -> None:
    transport = Scripted(told)
    venue = Hyperliquid(wiring(ENDPOINTS, transport))

    found = await past(venue, "BTC", Metric.FUNDING_SETTLED, Span(AT - 720 * HOUR, AT), HOUR)

    stamp = timedelta(milliseconds=76)
    assert [seen.at for seen in found] == [AT + n * HOUR + stamp for n in range(-720, 0)]
    assert {(seen.rate, seen.interval_h, seen.fresh_for) for seen in found} == {(1e-5, 1.0, HOUR)}
    assert transport.asked[1].body == {
        "type": "fundingHistory",
        "coin": "BTC",
        "startTime": AT_MS - 720 * HOUR_MS + 1,
        "endTime": AT_MS - 240 * HOUR_MS,
    }
    assert len(transport.asked) == 3


async def test_the_past_weighs_more_with_its_rows_and_stops_at_what_the_present_leaves() -> None:
    venue = Hyperliquid(wiring(ENDPOINTS, Scripted(told)))
    instrument = await of(venue, "BTC")

    with pytest.raises(RateLimited):
        async for _ in venue.history(instrument, Metric.FUNDING_SETTLED, Span(AT - 6_000 * HOUR, AT), HOUR):
            pass

    assert venue.client.api.requests == 1 + (480 - 20) // 45


@pytest.mark.parametrize(
    ("metric", "step"),
    [(Metric.OI_LEVEL, HOUR), (Metric.INDEX, HOUR), (Metric.LS, HOUR), (Metric.PRICE, timedelta(minutes=7))],
)
async def test_of_anything_else_there_is_no_past(metric: Metric, step: timedelta) -> None:
    venue = Hyperliquid(wiring(ENDPOINTS, Scripted(told)))

    assert await past(venue, "BTC", metric, Span(AT - 3 * HOUR, AT), step) == []


async def test_the_fake_venue_and_the_client_agree_about_the_past() -> None:
    venue, _ = at_the_fake()
    span = Span(AT - 3 * HOUR, AT)

    prices = await past(venue, "BTC", Metric.PRICE, span, HOUR)
    paid = await past(venue, "BTC", Metric.FUNDING_SETTLED, span, HOUR)

    assert [seen.at for seen in prices] == [AT - 2 * HOUR, AT - HOUR, AT]
    assert {seen.value for seen in prices} == {64_000.5}
    assert [round(seen.value, 9) for seen in paid] == [1e-4, 1e-4, 1e-4]
