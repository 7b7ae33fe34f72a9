"""The fake venues say what the documentation of each venue says, of one consistent market."""

import json
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest

from tests.fake_venues.everyone import everyone
from tests.fake_venues.examples import EXAMPLES, Example, holds
from tests.fake_venues.golden import AT, OI_COINS, OI_WEIGHTED_FUNDING, golden
from tests.fake_venues.market import VENUES
from tests.fake_venues.shapes import Asked, Told
from tests.fake_venues.sockets import Socket

SECOND = timedelta(seconds=1)
STREAMS = {
    "binance": ("/market/stream", "!forceOrder@arr/!markPrice@arr", ""),
    "bybit": (
        "/v5/public/linear",
        "",
        '{"op":"subscribe","req_id":"1","args":["tickers.BTCUSDT","allLiquidation.BTCUSDT"]}',
    ),
    "okx": (
        "/ws/v5/public",
        "",
        """{"id":"1","op":"subscribe","args":[{"channel":"liquidation-orders","instType":"SWAP"},
        {"channel":"tickers","instId":"BTC-USDT-SWAP"}]}""",
    ),
    "gate": (
        "/v4/ws/usdt",
        "",
        '{"time":1795442400,"channel":"futures.public_liquidates","event":"subscribe","payload":["!all"]}',
    ),
    "bitget": (
        "/v3/ws/public",
        "",
        """{"op":"subscribe","args":[{"instType":"usdt-futures","topic":"liquidation"},
        {"instType":"usdt-futures","topic":"ticker","symbol":"BTCUSDT"}]}""",
    ),
    "hyperliquid": ("/ws", "", '{"method":"subscribe","subscription":{"type":"allDexsAssetCtxs"}}'),
}
ACKS = {
    "bybit": '{"success":true,"ret_msg":"","conn_id":"c1","req_id":"1","op":"subscribe"}',
    "okx": '{"id":"1","event":"subscribe","arg":{"channel":"liquidation-orders","instType":"SWAP"},"connId":"c1"}',
    "gate": '{"channel":"futures.public_liquidates","event":"subscribe","result":{"status":"success"}}',
    "bitget": '{"event":"subscribe","arg":{"instType":"usdt-futures","topic":"liquidation"},"connId":"c1"}',
    "hyperliquid": '{"channel":"subscriptionResponse"}',
}
PUSHES = (
    (
        "binance",
        """{"stream":"!forceOrder@arr","data":{"e":"forceOrder","E":1795442400120,"o":{"s":"BTCUSDT","S":"SELL",
        "o":"LIMIT","f":"IOC","q":"1.500","p":"63500.00","ap":"63610.50","X":"FILLED","l":"0.500","z":"1.500",
        "T":1795442400110},"st":1,"ps":"BTCUSDT"}}""",
    ),
    (
        "binance",
        """{"stream":"!markPrice@arr","data":[{"e":"markPriceUpdate","E":1795442400000,"s":"BTCUSDT","p":"64000.00",
        "P":"64015.00","i":"64020.00","r":"0.00008000","T":1795449600000,"st":1}]}""",
    ),
    (
        "bybit",
        """{"topic":"allLiquidation.BTCUSDT","type":"snapshot","ts":1795442400500,"data":[{"T":1795442400110,
        "s":"BTCUSDT","S":"Buy","v":"0.750","p":"63420.00"},{"T":1795442400230,"s":"BTCUSDT","S":"Sell","v":"0.100",
        "p":"64510.00"}]}""",
    ),
    (
        "bybit",
        """{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","markPrice":"64000.00"},"cs":1,
        "ts":1795442400100}""",
    ),
    (
        "okx",
        """{"arg":{"channel":"liquidation-orders","instType":"SWAP"},"data":[{"instType":"SWAP",
        "instId":"BTC-USDT-SWAP","instFamily":"BTC-USDT","uly":"BTC-USDT","details":[{"side":"sell","posSide":"long",
        "bkPx":"63400","bkLoss":"0","sz":"130","ccy":"","ts":"1795442400110"},{"side":"buy","posSide":"net",
        "bkPx":"64600","bkLoss":"0","sz":"20","ccy":"","ts":"1795442400050"}]}]}""",
    ),
    (
        "okx",
        """{"arg":{"channel":"tickers","instId":"BTC-USDT-SWAP"},"data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP",
        "last":"64001","vol24h":"4000000","volCcy24h":"40000","ts":"1795442400100"}]}""",
    ),
    (
        "gate",
        """{"time":1795442400,"time_ms":1795442400900,"channel":"futures.public_liquidates","event":"update",
        "result":[{"price":"63600","size":"-1200","time":1795442400110,"contract":"BTC_USDT"},{"price":"63590",
        "size":"-80","time":1795442400470,"contract":"BTC_USDT"}]}""",
    ),
    (
        "bitget",
        """{"action":"update","arg":{"instType":"usdt-futures","topic":"liquidation"},"data":[{"symbol":"BTCUSDT",
        "side":"buy","price":"63600","amount":"31800","ts":"1795442400110"},{"symbol":"ETHUSDT","side":"sell",
        "price":"3210","amount":"6420","ts":"1795442400200"}],"ts":1795442401000}""",
    ),
    (
        "bitget",
        """{"action":"snapshot","arg":{"instType":"usdt-futures","topic":"ticker","symbol":"BTCUSDT"},
        "data":[{"lastPrice":"64001.0","markPrice":"64000.0","indexPrice":"64020.0","fundingRate":"-0.00001",
        "openInterest":"20000","nextFundingTime":"1795449600000"}],"ts":1795442400100}""",
    ),
    (
        "hyperliquid",
        """{"channel":"allDexsAssetCtxs","data":{"ctxs":[["",[{"funding":"0.0000125","openInterest":"40000.0",
        "prevDayPx":"63500.0","dayNtlVlm":"1500000000.0","premium":"0.0001","oraclePx":"64020.0","markPx":"64000.0",
        "midPx":"64000.5","impactPxs":["64000.0","64001.0"]},{},{}]]]}}""",
    ),
)


def asked(example: Example) -> Asked:
    method = "POST" if example.body else "GET"
    query = dict(parse_qsl(example.query))
    return Asked(method, example.path, query, example.body.encode(), {"cg-api-key": "a key"})


def opened(venue: str) -> tuple[Socket, list[bytes]]:
    path, streams, message = STREAMS[venue]
    query = {"streams": streams} if streams else {}
    socket = everyone(golden())[venue].connect(Asked("GET", path, query), AT - SECOND)
    assert not isinstance(socket, Told)
    return socket, socket.on_message(message, AT - SECOND) if message else []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: f"{each.venue} {each.path} {each.query}{each.body}")
def test_an_answer_holds_the_documented_example(example: Example) -> None:
    told = everyone(golden())[example.venue].answer(asked(example), AT)

    assert told.status == 200
    assert holds(json.loads(told.body), json.loads(example.expected)), told.body.decode()[:2000]


@pytest.mark.parametrize("venue", ACKS)
def test_a_subscription_is_acknowledged_as_documented(venue: str) -> None:
    _, said = opened(venue)

    assert any(holds(json.loads(each), json.loads(ACKS[venue])) for each in said)


@pytest.mark.parametrize(("venue", "expected"), PUSHES, ids=lambda each: each if len(each) < 20 else each[:60])
def test_a_stream_pushes_the_documented_frame(venue: str, expected: str) -> None:
    socket, _ = opened(venue)

    frames = socket.frames(AT - timedelta(milliseconds=1), AT + 2 * SECOND)

    assert any(holds(json.loads(each), json.loads(expected)) for each in frames), frames


@pytest.mark.parametrize(
    ("venue", "ping", "pong"),
    [
        ("bybit", '{"op":"ping"}', '{"success":true,"ret_msg":"pong","conn_id":"c1","req_id":"","op":"ping"}'),
        ("okx", "ping", "pong"),
        ("bitget", "ping", "pong"),
        ("hyperliquid", '{"method":"ping"}', '{"channel":"pong"}'),
    ],
)
def test_a_ping_is_answered_in_the_words_of_the_venue(venue: str, ping: str, pong: str) -> None:
    socket, _ = opened(venue)

    (said,) = socket.on_message(ping, AT)

    assert said.decode() == pong if pong == "pong" else json.loads(said) == json.loads(pong)


def test_the_venues_together_are_the_documented_golden_case() -> None:
    market = golden()
    perpetuals = [market.quotes(venue, 0)[market.contracts(venue)[0].symbol] for venue in VENUES]
    hours = [market.contracts(venue)[0].hours for venue in VENUES]

    coins = sum(quote.oi for quote in perpetuals)
    weighted = sum(quote.oi * quote.rate * 8 / each for quote, each in zip(perpetuals, hours, strict=True)) / coins

    assert coins == OI_COINS
    assert weighted == pytest.approx(OI_WEIGHTED_FUNDING, rel=1e-4)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('{"a":"1"}', '{"a":1}'),
        ('{"a":1}', '{"a":"1"}'),
        ('{"a":"1.1"}', '{"a":"1"}'),
        ('{"a":"1"}', '{"a":"1","b":null}'),
        ('[{"a":1}]', '[{"a":1},{"a":2}]'),
        ('[["1","2"],["3","4"]]', '[["1","2"]]'),
    ],
)
def test_an_example_is_not_held_by_an_answer_of_another_shape(answer: str, expected: str) -> None:
    assert not holds(json.loads(answer), json.loads(expected))
