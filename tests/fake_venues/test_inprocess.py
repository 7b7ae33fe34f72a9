"""Without a network the fakes keep to the contract of our transports, on virtual time."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.venues.base import Unavailable
from adapters.venues.transport import Request, Transport
from tests.fake_venues.everyone import everyone
from tests.fake_venues.faults import Fault, Kind
from tests.fake_venues.inprocess import InProcess
from tests.fake_venues.market import seeded
from tests.virtual import run

AT = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MARKET = seeded(5, 20, AT)
PREMIUM = Request("https://fapi.binance.com/fapi/v1/premiumIndex")
STREAM = "wss://fstream.binance.com/market/stream?streams=!forceOrder@arr/!markPrice@arr"


def virtual_now() -> datetime:
    return AT + timedelta(seconds=asyncio.get_running_loop().time())


def transport(faults: Sequence[Fault] = ()) -> InProcess:
    return InProcess([*everyone(MARKET, faults).values()], virtual_now)


def fault(kind: Kind, value: float | None = None) -> Fault:
    return Fault("binance", kind, AT, AT + 10 * MINUTE, value=value)


def lasting(act: Callable[[Transport], Awaitable[object]], faults: Sequence[Fault] = ()) -> tuple[object, float]:
    """What it comes to, an error too, and after how many seconds."""

    async def main() -> tuple[object, float]:
        try:
            found = await act(transport(faults))
        except Unavailable as unavailable:
            found = unavailable
        return found, asyncio.get_running_loop().time()

    return run(main)


def test_a_request_is_answered_at_once() -> None:
    async def act(to: Transport) -> object:
        return await to.fetch(PREMIUM)

    response, took = lasting(act)

    assert took == 0
    assert response.status == 200  # type: ignore[attr-defined]  # a response, for it is no error
    assert json.loads(response.body)  # type: ignore[attr-defined]


def test_a_post_carries_its_body_and_headers_their_key() -> None:
    async def act(to: Transport) -> object:
        first = await to.fetch(Request("https://api.hyperliquid.xyz/info", body={"type": "metaAndAssetCtxs"}))
        second = await to.fetch(
            Request(
                "https://open-api-v4.coinglass.com/api/futures/open-interest/exchange-list",
                {"symbol": "BTC"},
                headers={"CG-API-KEY": "a key"},
            )
        )
        return len(json.loads(first.body)), json.loads(second.body)["code"]

    assert lasting(act)[0] == (2, "0")


@pytest.mark.parametrize(("kind", "value"), [(Kind.TIMEOUT, None), (Kind.DRIP, 100)])
def test_what_takes_too_long_is_unavailable_after_ten_seconds(kind: Kind, value: float | None) -> None:
    async def act(to: Transport) -> object:
        return await to.fetch(PREMIUM)

    found, took = lasting(act, [fault(kind, value)])

    assert isinstance(found, Unavailable)
    assert took == 10


def test_a_slow_answer_takes_its_time() -> None:
    async def act(to: Transport) -> object:
        return (await to.fetch(PREMIUM)).status

    found, took = lasting(act, [fault(Kind.DRIP, 2_000)])

    assert found == 200
    assert 1 < took < 10


def test_frames_arrive_while_time_passes() -> None:
    async def act(to: Transport) -> object:
        async with to.connect(STREAM, {}) as socket:
            return [json.loads(await socket.receive())["stream"] for _ in range(20)]

    found, took = lasting(act)

    assert isinstance(found, list)
    assert set(found) == {"!markPrice@arr", "!forceOrder@arr"}
    assert 15 < took < 60


def test_what_is_sent_is_answered() -> None:
    async def act(to: Transport) -> object:
        async with to.connect("wss://ws.okx.com:8443/ws/v5/public", {}) as socket:
            await socket.send("ping")
            return await socket.receive()

    assert lasting(act)[0] == b"pong"


def test_a_connection_that_is_gone_is_unavailable() -> None:
    gone = Fault("binance", Kind.DISCONNECTED, AT + MINUTE, AT + 2 * MINUTE)

    async def act(to: Transport) -> object:
        async with to.connect(STREAM, {}) as socket:
            while True:
                await socket.receive()

    found, took = lasting(act, [gone])

    assert isinstance(found, Unavailable)
    assert 60 <= took < 61


def test_a_refused_handshake_is_unavailable() -> None:
    async def act(to: Transport) -> object:
        async with to.connect(STREAM, {}) as socket:
            return await socket.receive()

    assert isinstance(lasting(act, [fault(Kind.REGION)])[0], Unavailable)


def test_a_host_that_is_no_venue_fails_loudly_and_is_remembered() -> None:
    async def main() -> set[str]:
        to = transport()
        with pytest.raises(AssertionError, match="example"):
            await to.fetch(Request("https://example.com/"))
        return to.asked_hosts

    assert run(main) == {"example.com"}
