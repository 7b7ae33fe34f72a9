"""OKX over the network: what is asked, how often, its stream, and its past."""

import json
from datetime import timedelta

import pytest

from adapters.venues.base import Scope, Span
from adapters.venues.okx_client import CHANNEL, ENDPOINTS, MANNERS, Okx
from adapters.venues.streams import Refusal
from adapters.venues.transport import Request, Response
from signals.model import Metric
from tests.adapters.venues.wired import AT, Overheard, by_metric, feed, of, overheard, wiring
from tests.fake_venues.golden import golden
from tests.fake_venues.okx import FakeOkx

ROOT = "https://openapi.okx.com/api/v5"
SWAP = "BTC-USDT-SWAP"
HOUR = timedelta(hours=1)


def at_the_fake() -> tuple[Okx, Overheard]:
    transport = overheard(FakeOkx(golden()))
    return Okx(wiring(ENDPOINTS, transport)), transport


async def test_a_refresh_is_six_calls_that_bring_the_documented_values() -> None:
    venue, transport = at_the_fake()
    assert SWAP in [each.symbol for each in await venue.instruments()]
    transport.asked.clear()

    batches = [await venue.snapshot(feed, ()) for feed in venue.feeds if feed.scope is Scope.BULK]

    assert transport.asked == [
        Request(f"{ROOT}/public/mark-price", {"instType": "SWAP"}),
        Request(f"{ROOT}/public/funding-rate", {"instId": "ANY"}),
        Request(f"{ROOT}/public/open-interest", {"instType": "SWAP"}),
        Request(f"{ROOT}/market/tickers", {"instType": "SWAP"}),
        Request(f"{ROOT}/market/tickers", {"instType": "SPOT"}),
        Request(f"{ROOT}/market/index-tickers", {"quoteCcy": "USDT"}),
    ]
    seen = by_metric([seen for batch in batches for seen in batch.observations], SWAP)
    assert {m: seen[m].value for m in (Metric.PRICE, Metric.INDEX, Metric.OI_LEVEL, Metric.VOLUME_SPOT_24H)} == {
        Metric.PRICE: 64_000.0,
        Metric.INDEX: 64_020.0,
        Metric.OI_LEVEL: pytest.approx(30_000.0),
        Metric.VOLUME_SPOT_24H: pytest.approx(5.12e8),
    }
    assert (seen[Metric.FUNDING].rate, seen[Metric.FUNDING].interval_h) == (pytest.approx(2e-5), 4)
    assert seen[Metric.FUNDING].value == pytest.approx(4e-5)
    assert seen[Metric.FUNDING_SETTLED].rate == pytest.approx(3e-5)


@pytest.mark.parametrize(("name", "ratio"), [("ls", 1.25), ("ls.top", 1.2), ("ls.pos", 1.1)])
async def test_ratios_are_asked_for_one_by_one(name: str, ratio: float) -> None:
    venue, transport = at_the_fake()
    batch = await venue.snapshot(feed(venue, name), (await of(venue, SWAP),))

    assert transport.asked[-1].params == {"instId": SWAP, "period": "5m", "limit": "1"}
    assert [seen.value for seen in batch.observations] == [pytest.approx(ratio)]


async def test_a_ratio_of_nobody_is_not_asked_for() -> None:
    venue, transport = at_the_fake()
    assert (await venue.snapshot(feed(venue, "ls"), ())).observations == ()
    assert transport.asked == []


@pytest.mark.parametrize("metric", [Metric.VOLUME, Metric.OI_LEVEL, Metric.LS, Metric.FUNDING_SETTLED])
async def test_the_past_comes_in_time_order_and_ends_before_the_present(metric: Metric) -> None:
    venue, transport = at_the_fake()
    instrument = await of(venue, SWAP)
    span = Span(AT - 120 * HOUR, AT + HOUR)
    times = [seen.at async for seen in venue.history(instrument, metric, span, HOUR)]
    assert times == sorted(set(times))
    assert times
    assert span.start < times[0] <= times[-1] <= AT
    assert all(int(request.params["limit"]) <= 400 for request in transport.asked[1:])


def test_one_message_subscribes_to_the_whole_market_and_a_heartbeat() -> None:
    assert [[json.loads(message) for message in messages] for messages in CHANNEL.subscribe(["A", "B"])] == [
        [
            {
                "op": "subscribe",
                "args": [
                    {"channel": "liquidation-orders", "instType": "SWAP"},
                    {"channel": "tickers", "instId": SWAP},
                ],
            }
        ]
    ]


def test_only_data_of_the_ticker_is_a_heartbeat_and_only_64008_a_restart() -> None:
    beat = b'{"arg":{"channel":"tickers","instId":"BTC-USDT-SWAP"},"data":[{"last":"1"}]}'
    ack = b'{"event":"subscribe","arg":{"channel":"tickers","instId":"BTC-USDT-SWAP"},"connId":"a"}'
    notice = b'{"event":"notice","code":"64008","msg":"soon","connId":"a"}'
    frames = (beat, ack, notice, b"pong", b'{"event":"notice","code":"1"}', b'{"event":"error","code":"60012"}')
    assert [frame for frame in frames if CHANNEL.beats(frame)] == [beat]
    assert [frame for frame in frames if CHANNEL.going(frame)] == [notice]
    assert [CHANNEL.refused(frame, ()) for frame in frames] == [None] * 5 + [Refusal()]
    assert CHANNEL.replays


def test_nothing_bans_and_nothing_tells_what_is_left() -> None:
    assert MANNERS.ban(Response(429, {}, b'{"code":"50011"}'), AT) is None
    assert MANNERS.used("mark", {"x-mbx-used-weight-1m": "3"}) == {}
