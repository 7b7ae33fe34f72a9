"""The streams carry what really happened, as each venue samples and pushes it, and faults do to them what they say."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.venues import binance, bitget, bybit, gate, okx
from adapters.venues.wire import Known, ParsedLiquidations, by_symbol
from signals.model import Liquidation
from tests.fake_venues.everyone import everyone
from tests.fake_venues.faults import Fault, Kind
from tests.fake_venues.gate import FakeGate
from tests.fake_venues.market import Market, seeded
from tests.fake_venues.moves import liquidations
from tests.fake_venues.record import Record
from tests.fake_venues.shapes import Asked, Told, ms
from tests.fake_venues.sockets import Socket
from tests.fake_venues.test_parsers import LISTS, body
from tests.fake_venues.venue import FakeVenue

AT = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
CALM = seeded(5, 40, AT)
CASCADE = CALM.but(liquidations("long", 9e6, AT + MINUTE, 1, 300, ("ETH",)))
PARSERS: dict[str, Callable[[bytes, datetime, Known], ParsedLiquidations]] = {
    "binance": binance.parse_liquidations,
    "bybit": bybit.parse_liquidations,
    "okx": okx.parse_liquidations,
    "gate": lambda frame, at, known: gate.parse_liquidations(frame, at, known, gate.Sign.ORDER),
    "bitget": bitget.parse_liquidations,
}
COMPLETE = ("bybit", "okx", "gate")
SAMPLED = ("binance", "bitget")


def opened(fake: FakeVenue, at: datetime = AT, path: str = "") -> Socket:
    """A connection with liquidations and a heartbeat."""
    market = fake.market
    paths = {
        "binance": "/market/stream",
        "bybit": "/v5/public/linear",
        "okx": "/ws/v5/public",
        "gate": "/v4/ws/usdt",
        "bitget": "/v3/ws/public",
    }
    query = {"streams": "!forceOrder@arr/!markPrice@arr"} if fake.name == "binance" and not path else {}
    headers = {"x-gate-size-decimal": "1"}
    socket = fake.connect(Asked("GET", path or paths[fake.name], query, b"", headers), at)
    assert not isinstance(socket, Told)
    for message in messages(fake.name, market):
        said = b"".join(socket.on_message(message, at))
        assert b"rror" not in said, said
        assert b'"success":false' not in said, said
    return socket


def messages(venue: str, market: Market) -> Sequence[str]:
    match venue:
        case "bybit":
            symbols = [of.symbol for of in market.contracts(venue) if of.alive]
            topics = ["tickers.BTCUSDT", *(f"allLiquidation.{symbol}" for symbol in symbols)]
            return [json.dumps({"op": "subscribe", "args": topics})]
        case "okx":
            args = [
                {"channel": "liquidation-orders", "instType": "SWAP"},
                {"channel": "tickers", "instId": "BTC-USDT-SWAP"},
            ]
            return [json.dumps({"op": "subscribe", "args": args})]
        case "gate":
            channels = (("futures.public_liquidates", "!all"), ("futures.tickers", "BTC_USDT"))
            return [
                json.dumps({"time": 1, "channel": channel, "event": "subscribe", "payload": [name]})
                for channel, name in channels
            ]
        case "bitget":
            args = [
                {"instType": "usdt-futures", "topic": "liquidation"},
                {"instType": "usdt-futures", "topic": "ticker", "symbol": "BTCUSDT"},
            ]
            return [json.dumps({"op": "subscribe", "args": args})]
        case _:
            return [json.dumps({"method": "SUBSCRIBE", "params": ["!forceOrder@arr"], "id": 1})]


def heard(socket: Socket, until: datetime, step: timedelta = SECOND) -> list[bytes]:
    """All that arrives, looked for in steps."""
    found, at = [], socket.opened
    while at < until:
        found += socket.frames(at, min(until, at + step))
        at += step
    return found


def known(fake: FakeVenue) -> Known:
    path, query, post, parse = LISTS[fake.name]
    return by_symbol(parse(body(fake, path, query, post, AT), AT).listed)


def read(fake: FakeVenue, frames: Sequence[bytes]) -> list[Liquidation]:
    """What our parsers take out of it; nothing of ours may be refused."""
    table = known(fake)
    found: list[Liquidation] = []
    for frame in frames:
        parsed = PARSERS[fake.name](frame, AT + timedelta(hours=1), table)
        assert [each for each in parsed.rejected if each.symbol in table] == []
        found += parsed.liquidations
    return found


@pytest.mark.parametrize("venue", PARSERS)
def test_what_was_sent_is_what_is_read(venue: str) -> None:
    record = Record()
    fake = everyone(CASCADE, (), record)[venue]

    told = read(fake, heard(opened(fake), AT + 4 * MINUTE))

    sent = sorted((each.at, each.symbol, each.position) for each in record.sent.values())
    assert len(sent) > 40
    assert sorted((each.at, each.symbol, each.side.value) for each in told) == sent
    dollars = sum(each.coins * each.price for each in told)
    assert dollars == pytest.approx(sum(each.usd for each in record.sent.values()), rel=6e-3)


@pytest.mark.parametrize("venue", PARSERS)
def test_a_cascade_arrives_whole_or_sampled_as_the_venue_does_it(venue: str) -> None:
    record = Record()
    fake = everyone(CASCADE, (), record)[venue]
    socket = opened(fake)

    heard(socket, AT + 3 * MINUTE)

    truly = len([each for each in CASCADE.forced(venue, ms(AT), ms(AT + 2 * MINUTE)) if each.contract.coin == "ETH"])
    sent = [each for each in record.sent.values() if each.coin == "ETH" and each.at < AT + 2 * MINUTE]
    assert truly >= 300
    if venue in COMPLETE:
        assert len(sent) == truly
    else:
        assert 55 <= len(sent) <= 130


@pytest.mark.parametrize("venue", PARSERS)
def test_how_often_one_looks_changes_nothing(venue: str) -> None:
    fake = everyone(CASCADE)[venue]

    often = heard(opened(fake), AT + 2 * MINUTE, timedelta(milliseconds=130))
    seldom = heard(opened(fake), AT + 2 * MINUTE, timedelta(seconds=7))

    assert often == seldom


def test_the_legacy_stream_of_binance_shakes_hands_and_sends_nothing() -> None:
    fake = everyone(CASCADE)["binance"]
    for path in ("/ws", "/stream", "/ws/!forceOrder@arr"):
        socket = opened(fake, path=path)

        assert heard(socket, AT + 3 * MINUTE) == []


def test_binance_carries_coin_margined_orders_and_stocks_apart() -> None:
    frames = [json.loads(frame) for frame in heard(opened(everyone(CALM)["binance"]), AT + 2 * MINUTE)]

    forced = [frame["data"] for frame in frames if frame["stream"] == "!forceOrder@arr"]
    marks = [{row["s"] for row in frame["data"]} for frame in frames if frame["stream"] == "!markPrice@arr"]
    assert [each["o"]["s"] for each in forced if each["st"] == 2] == ["BTCUSD_PERP"] * 2
    assert {"TSLAUSDT"} in marks
    assert not any("TSLAUSDT" in names and "BTCUSDT" in names for names in marks)


def test_okx_repeats_the_recent_past_after_subscribing() -> None:
    record = Record()
    fake = everyone(CASCADE, (), record)["okx"]
    at = AT + 90 * SECOND
    socket = fake.connect(Asked("GET", "/ws/v5/public"), at)
    assert not isinstance(socket, Told)

    said = socket.on_message(messages("okx", CASCADE)[0], at)

    replayed = read(fake, said)
    assert len(replayed) > 100
    assert all(at - MINUTE <= each.at <= at for each in replayed)
    assert record.sent == {}


def test_gate_rounds_sizes_down_unless_decimals_are_asked_for() -> None:
    fake = everyone(CASCADE)["gate"]
    socket = fake.connect(Asked("GET", "/v4/ws/usdt"), AT)
    assert not isinstance(socket, Told)
    for message in messages("gate", CASCADE):
        socket.on_message(message, AT)

    rounded = heard(socket, AT + 8 * MINUTE)
    exact = heard(opened(fake), AT + 8 * MINUTE)

    assert len(rounded) == len(exact)
    assert any(b'"size":"-' in frame and b"." in frame.partition(b'"size":"')[2][:8] for frame in exact)
    for one in rounded:
        for row in json.loads(one)["result"]:
            assert "." not in row.get("size", "")


def test_gate_sends_at_most_twenty_orders_in_an_array_and_older_ones_alone() -> None:
    crowded = CALM.but(liquidations("short", 1e6, AT + SECOND, 0.1, 600, ("ETH",), ("gate",)))

    arrays = [json.loads(each)["result"] for each in heard(opened(FakeGate(crowded)), AT + MINUTE)]
    alone = [json.loads(each)["result"] for each in heard(opened(FakeGate(crowded, bare=True)), AT + MINUTE)]

    assert max(len(each) for each in arrays) == 20
    assert sum(isinstance(each, dict) for each in alone) > 600


def test_the_sign_of_gate_can_be_either() -> None:
    sells, holds = FakeGate(CASCADE), FakeGate(CASCADE, long_sells=False)
    one, other = read(sells, heard(opened(sells), AT + 2 * MINUTE)), read(holds, heard(opened(holds), AT + 2 * MINUTE))

    assert {(a.side, b.side) for a, b in zip(one, other, strict=True)} <= {("long", "short"), ("short", "long")}


def test_bybit_refuses_a_request_with_one_bad_topic() -> None:
    fake = everyone(CALM)["bybit"]
    socket = opened(fake)

    (said,) = socket.on_message('{"op":"subscribe","args":["allLiquidation.ETHUSDT","allLiquidation.NOUSDT"]}', AT)

    assert json.loads(said)["success"] is False
    assert "NOUSDT" in json.loads(said)["ret_msg"]


def test_bybit_takes_so_many_characters_of_topics() -> None:
    many = seeded(5, 1_100, AT)
    fake = everyone(many)["bybit"]
    socket = fake.connect(Asked("GET", "/v5/public/linear"), AT)
    assert not isinstance(socket, Told)

    (said,) = socket.on_message(messages("bybit", many)[0], AT)

    assert "too large" in json.loads(said)["ret_msg"]


def during(venue: str, kind: Kind) -> tuple[list[bytes], list[bytes]]:
    """What arrives in the two minutes of the cascade without and with a fault."""
    wrong = Fault(venue, kind, AT + MINUTE, AT + 2 * MINUTE)
    found = []
    for faults in ((), (wrong,)):
        socket = opened(everyone(CASCADE, faults)[venue])
        found.append(heard(socket, AT + 3 * MINUTE))
    return found[0], found[1]


@pytest.mark.parametrize("venue", PARSERS)
def test_a_silent_stream_says_nothing_and_loses_what_happened(venue: str) -> None:
    whole, silent = during(venue, Kind.SILENT)

    assert 0 < len(silent) < len(whole)
    assert set(silent) < set(whole)


@pytest.mark.parametrize("venue", PARSERS)
def test_a_dead_channel_leaves_the_heartbeat_alive(venue: str) -> None:
    whole, dead = during(venue, Kind.CHANNEL_DEAD)
    table = known(everyone(CASCADE)[venue])

    lost = [frame for frame in whole if frame not in set(dead)]
    assert lost
    assert all(PARSERS[venue](frame, AT + timedelta(hours=1), table).liquidations for frame in lost)


@pytest.mark.parametrize("venue", PARSERS)
def test_a_stall_ends_in_a_burst_that_loses_nothing(venue: str) -> None:
    whole, stalled = during(venue, Kind.STALLED)
    wrong = Fault(venue, Kind.STALLED, AT + MINUTE, AT + 2 * MINUTE)
    socket = opened(everyone(CASCADE, (wrong,))[venue])

    assert sorted(whole) == sorted(stalled)
    assert socket.frames(AT + MINUTE, AT + 2 * MINUTE - SECOND) == []


@pytest.mark.parametrize("venue", PARSERS)
def test_frames_come_twice_or_out_of_order(venue: str) -> None:
    whole, twice = during(venue, Kind.DUPLICATED)
    _, mixed = during(venue, Kind.REORDERED)

    assert len(twice) > 1.2 * len(whole)
    assert set(twice) == set(whole)
    assert mixed != whole
    assert sorted(mixed) == sorted(whole)


@pytest.mark.parametrize("venue", PARSERS)
def test_a_venue_hangs_up(venue: str) -> None:
    wrong = Fault(venue, Kind.DISCONNECTED, AT + MINUTE, AT + 2 * MINUTE)
    socket = opened(everyone(CALM, (wrong,))[venue])

    assert not socket.closes(AT, AT + MINUTE - SECOND)
    assert socket.closes(AT + MINUTE - SECOND, AT + MINUTE)


def test_a_connection_ends_after_a_day_after_silence_or_too_much_talk() -> None:
    fakes = everyone(CALM)
    binance_socket, bitget_socket = opened(fakes["binance"]), opened(fakes["bitget"])

    assert binance_socket.closes(AT + timedelta(hours=23), AT + timedelta(hours=24))
    assert bitget_socket.closes(AT, AT + 2 * MINUTE)
    bitget_socket.on_message("ping", AT + MINUTE)
    assert not bitget_socket.closes(AT, AT + 2 * MINUTE)
    for _ in range(11):
        bitget_socket.on_message("ping", AT + MINUTE)
    assert bitget_socket.closes(AT + MINUTE, AT + MINUTE + SECOND)


def test_a_venue_that_is_down_does_not_shake_hands() -> None:
    for kind in (Kind.BROKEN, Kind.REGION, Kind.BANNED, Kind.TIMEOUT):
        fake = everyone(CALM, (Fault("okx", kind, AT, AT + MINUTE),))["okx"]

        assert isinstance(fake.connect(Asked("GET", "/ws/v5/public"), AT), Told)


def test_hyperliquid_pushes_contexts_without_names_and_no_liquidations() -> None:
    fake = everyone(CALM)["hyperliquid"]
    socket = fake.connect(Asked("GET", "/ws"), AT)
    assert not isinstance(socket, Told)
    socket.on_message('{"method":"subscribe","subscription":{"type":"allDexsAssetCtxs"}}', AT)

    frames = [json.loads(each) for each in socket.frames(AT, AT + 11 * SECOND)]

    assert len(frames) == 2
    (first, contexts), (other, _) = frames[0]["data"]["ctxs"]
    assert (first, other) == ("", "xyz")
    assert "name" not in contexts[0]
    assert len(contexts) == len([of for of in CALM.contracts("hyperliquid") if ":" not in of.symbol])
