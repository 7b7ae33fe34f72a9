"""On a real socket the fakes say the same as without one."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from tests.fake_venues.everyone import everyone
from tests.fake_venues.faults import Fault, Kind
from tests.fake_venues.market import VENUES, seeded
from tests.fake_venues.server import serving, settings
from tests.fake_venues.shapes import Asked

AT = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
MARKET = seeded(5, 20, AT)
PREMIUM = "/fapi/v1/premiumIndex"


def running() -> Callable[[], datetime]:
    """A clock that begins now."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    return lambda: AT + timedelta(seconds=loop.time() - began)


async def test_a_request_over_the_network_is_answered_as_without() -> None:
    fakes = everyone(MARKET)
    expected = everyone(MARKET)["binance"].answer(Asked("GET", PREMIUM), AT)

    async with serving(fakes.values(), lambda: AT) as endpoints, aiohttp.ClientSession() as session:
        async with session.get(endpoints["binance"].rest + PREMIUM) as response:
            assert response.status == 200
            assert response.headers["X-MBX-USED-WEIGHT-1M"] == "10"
            assert await response.read() == expected.body
        async with session.get(endpoints["binance"].spot + "/api/v3/ticker/24hr") as response:
            assert len(await response.json()) > 10
        async with session.post(endpoints["hyperliquid"].rest + "/info", json={"type": "meta"}) as response:
            assert (await response.json())["universe"]


async def test_a_stream_over_the_network_pushes_and_answers() -> None:
    arg = {"channel": "tickers", "instId": "BTC-USDT-SWAP"}

    async with (
        serving(everyone(MARKET).values(), running()) as endpoints,
        aiohttp.ClientSession() as session,
        session.ws_connect(endpoints["okx"].ws + "/ws/v5/public") as socket,
    ):
        await socket.send_str("ping")
        assert await socket.receive_str(timeout=5) == "pong"
        await socket.send_str(json.dumps({"op": "subscribe", "args": [arg]}))
        assert json.loads(await socket.receive_str(timeout=5))["event"] == "subscribe"
        first = json.loads(await socket.receive_str(timeout=5))
        second = json.loads(await socket.receive_str(timeout=5))

    assert first["arg"] == second["arg"] == arg
    assert first["data"][0]["ts"] < second["data"][0]["ts"]


async def test_a_venue_that_never_answers_keeps_the_line_open() -> None:
    silent = Fault("gate", Kind.TIMEOUT, AT, AT + timedelta(minutes=1))

    async with serving(everyone(MARKET, (silent,)).values(), lambda: AT) as endpoints:
        timeout = aiohttp.ClientTimeout(total=0.3)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            with pytest.raises(TimeoutError):
                await session.get(endpoints["gate"].rest + "/api/v4/spot/tickers")


async def test_a_handshake_is_refused_with_the_venues_status() -> None:
    banned = Fault("bybit", Kind.FREQUENT, AT, AT + timedelta(minutes=1))

    async with (
        serving(everyone(MARKET, (banned,)).values(), lambda: AT) as endpoints,
        aiohttp.ClientSession() as session,
    ):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(endpoints["bybit"].ws + "/v5/public/linear")
    assert refused.value.status == 403


async def test_a_venue_hangs_up_over_the_network() -> None:
    gone = Fault("gate", Kind.DISCONNECTED, AT + timedelta(seconds=0.3), AT + timedelta(minutes=1))

    async with (
        serving(everyone(MARKET, (gone,)).values(), running()) as endpoints,
        aiohttp.ClientSession() as session,
        session.ws_connect(endpoints["gate"].ws + "/v4/ws/usdt") as socket,
    ):
        message = await socket.receive(timeout=5)
    assert message.type is aiohttp.WSMsgType.CLOSE


async def test_settings_name_every_address_of_every_venue() -> None:
    async with serving(everyone(MARKET).values(), lambda: AT) as endpoints:
        found = settings(endpoints)

    assert {f"PERPWATCH_VENUE_{venue.upper()}_{kind}" for venue in VENUES for kind in ("REST", "SPOT", "WS")} < {*found}
    assert all(re.fullmatch(r"(http|ws)://127\.0\.0\.1:\d+", each) for each in found.values())
    assert len(set(found.values())) == 2 * len(endpoints)


async def test_the_process_prints_its_settings_and_reports_at_its_end(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    words = ["-m", "tests.fake_venues", "--coins", "15", "--faults", "random", "--report", str(report)]
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=root, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    found = {}
    while line := (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip():
        name, _, value = line.partition("=")
        found[name] = value
    address = found["PERPWATCH_VENUE_BINANCE_REST"] + PREMIUM
    async with aiohttp.ClientSession() as session, session.get(address) as response:
        assert response.status == 200

    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 30) == 0

    said = json.loads(report.read_text(encoding="utf-8"))
    assert said["record"]["served"] == {f"binance GET {PREMIUM}": 1}
    assert said["record"]["most_weight_a_minute"] == {"binance fapi": 10}
