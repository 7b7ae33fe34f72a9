"""Binance over the network: what is asked, at what weight, what bans, and its past."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.venues.base import Banned, Scope, Span
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
    Binance,
)  # fmt: skip
from adapters.venues.transport import Request, Response
from signals.model import Metric
from tests.adapters.venues.wired import AT, Overheard, Scripted, by_metric, feed, of, overheard, wiring
from tests.fake_venues.binance import FakeBinance
from tests.fake_venues.golden import AT_MS, golden

FAPI = "https://fapi.binance.com"
HOUR = timedelta(hours=1)


def at_the_fake() -> tuple[Binance, Overheard]:
    transport = overheard(FakeBinance(golden()))
    return Binance(wiring(ENDPOINTS, transport)), transport


async def test_a_refresh_is_five_calls_that_bring_the_documented_values() -> None:
    venue, transport = at_the_fake()
    assert [each.symbol for each in await venue.instruments()] == ["1000PEPEUSDT", "BTCUSDT"]
    assert transport.asked == [Request(f"{FAPI}/fapi/v1/exchangeInfo", {})]
    transport.asked.clear()

    batches = [await venue.snapshot(feed, ()) for feed in venue.feeds if feed.scope is Scope.BULK]

    assert transport.asked == [
        Request(f"{FAPI}/fapi/v1/fundingInfo", {}),
        Request(f"{FAPI}/fapi/v1/premiumIndex", {}),
        Request(f"{FAPI}/fapi/v1/ticker/24hr", {}),
        Request("https://api.binance.com/api/v3/ticker/24hr", {}),
        Request(f"{FAPI}/fapi/v1/fundingRate", {"startTime": str(AT_MS - 3_600_000), "limit": "1000"}),
    ]
    observations = [seen for batch in batches for seen in batch.observations]
    seen = by_metric(observations, "BTCUSDT")
    assert {m: seen[m].value for m in (Metric.PRICE, Metric.INDEX, Metric.FUNDING, Metric.VOLUME_SPOT_24H)} == {
        Metric.PRICE: 64_000.0,
        Metric.INDEX: 64_020.0,
        Metric.FUNDING: pytest.approx(8e-5),
        Metric.VOLUME_SPOT_24H: pytest.approx(1.152e9),
    }
    assert by_metric(observations, "1000PEPEUSDT")[Metric.FUNDING].interval_h == 4


async def test_before_the_terms_were_heard_nobody_knows_what_funding_is_of_eight_hours() -> None:
    venue, _ = at_the_fake()
    await venue.instruments()
    before = {seen.metric for seen in (await venue.snapshot(PREMIUM, ())).observations}
    await venue.snapshot(INTERVALS, ())
    after = {seen.metric for seen in (await venue.snapshot(PREMIUM, ())).observations}

    assert (Metric.FUNDING in before, Metric.FUNDING in after) == (False, True)
    assert Metric.PRICE in before


@pytest.mark.parametrize(("every", "fresh"), [(10, 30), (60, 180)])
async def test_open_interest_is_fresh_as_long_as_it_is_asked_for(every: int, fresh: int) -> None:
    venue, transport = at_the_fake()
    asked = replace(OI, every=timedelta(seconds=every))
    [seen] = (await venue.snapshot(asked, (await of(venue, "BTCUSDT"),))).observations

    assert transport.asked[-1] == Request(f"{FAPI}/fapi/v1/openInterest", {"symbol": "BTCUSDT"})
    assert (seen.value, seen.fresh_for) == (90_000.0, timedelta(seconds=fresh))
    assert (OI.every, OI.cold) == (timedelta(seconds=10), timedelta(seconds=60))


@pytest.mark.parametrize(
    ("feed", "path", "ratio"),
    [
        (LS, "globalLongShortAccountRatio", 1.5),
        (LS_TOP, "topLongShortAccountRatio", 1.2),
        (LS_POS, "topLongShortPositionRatio", 1.1),
    ],
    ids=["ls", "ls.top", "ls.pos"],
)
async def test_ratios_are_asked_for_one_by_one(feed: object, path: str, ratio: float) -> None:
    venue, transport = at_the_fake()
    wanted = next(each for each in venue.feeds if each is feed)
    batch = await venue.snapshot(wanted, (await of(venue, "BTCUSDT"),))

    params = {"symbol": "BTCUSDT", "period": "5m", "limit": "1"}
    assert transport.asked[-1] == Request(f"{FAPI}/futures/data/{path}", params)
    assert [seen.value for seen in batch.observations] == [pytest.approx(ratio, rel=1e-3)]


async def test_a_ban_lasts_as_long_as_its_body_says_and_two_minutes_at_the_least() -> None:
    until = AT_MS + 300_000
    body = json.dumps({"code": -1003, "msg": f"Way too many requests; IP banned until {until}."}).encode()
    venue = Binance(wiring(ENDPOINTS, Scripted(lambda _: Response(418, {"retry-after": "60"}, body))))
    with pytest.raises(Banned) as banned:
        await venue.instruments()

    assert banned.value.until == AT + timedelta(minutes=5)
    assert MANNERS.ban(Response(418, {"retry-after": "1"}, b"<html>"), AT) == AT + timedelta(minutes=2)
    assert MANNERS.ban(Response(418, {"retry-after": "600"}, b""), AT) == AT + timedelta(minutes=10)
    assert MANNERS.ban(Response(429, {"retry-after": "600"}, body), AT) is None


def test_what_is_used_is_read_from_the_header_of_weighed_buckets_only() -> None:
    assert MANNERS.used("fapi", {"x-mbx-used-weight-1m": "17"}) == {"fapi": 17}
    assert MANNERS.used("spot", {"x-mbx-used-weight-1m": "9"}) == {"spot": 9}
    assert MANNERS.used("data", {"x-mbx-used-weight-1m": "17"}) == {}
    assert [MANNERS.used("fapi", {"x-mbx-used-weight-1m": word}) for word in ("", "-1", "1e3", "²")] == [{}] * 4
    assert MANNERS.used("fapi", {}) == {}


@pytest.mark.parametrize("metric", [Metric.VOLUME, Metric.OI_LEVEL, Metric.LS, Metric.FUNDING_SETTLED])
async def test_the_past_comes_in_time_order_and_ends_before_the_present(metric: Metric) -> None:
    venue, transport = at_the_fake()
    instrument = await of(venue, "BTCUSDT")
    await venue.snapshot(feed(venue, "intervals"), ())
    span = Span(AT - 120 * HOUR, AT + HOUR)
    times = [seen.at async for seen in venue.history(instrument, metric, span, HOUR)]
    assert times == sorted(set(times))
    assert times
    assert span.start < times[0] <= times[-1] <= AT
    assert all(int(request.params["limit"]) <= 1000 for request in transport.asked[2:])


async def test_statistics_older_than_a_month_are_not_asked_for() -> None:
    venue, transport = at_the_fake()
    instrument = await of(venue, "BTCUSDT")
    span = Span(AT - timedelta(days=40), AT - timedelta(days=31))
    assert [seen async for seen in venue.history(instrument, Metric.OI_LEVEL, span, HOUR)] == []
    assert len(transport.asked) == 1


def test_the_address_subscribes_and_mark_prices_are_the_heartbeat() -> None:
    assert CHANNEL.subscribe(["A"]) == [[]]
    assert CHANNEL.beats(b'{"stream":"!markPrice@arr","data":[]}')
    assert not CHANNEL.beats(b'{"stream":"!forceOrder@arr","data":{}}')
    assert SETTLED.after == timedelta(minutes=2)
