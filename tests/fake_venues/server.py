"""The fake venues on real loopback HTTP and websockets, one port a venue."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aiohttp import WSMsgType, web

from tests.fake_venues.shapes import Asked, Told
from tests.fake_venues.sockets import Socket
from tests.fake_venues.venue import FakeVenue

HOST = "127.0.0.1"
LOOK = 0.05
"""Seconds between two looks for what is to be pushed."""

DRIPS_A_SECOND = 10
HANGS = 120
"""Seconds after which even one who never answers hangs up."""

LARGEST_BODY = 1_000_000


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one venue is found; paths are the venue's own."""

    rest: str
    spot: str
    ws: str


@asynccontextmanager
async def serving(fakes: Iterable[FakeVenue], clock: Callable[[], datetime]) -> AsyncIterator[Mapping[str, Endpoint]]:
    """Base addresses by venue, while it lasts."""
    async with AsyncExitStack() as stack:
        yield {fake.name: await stack.enter_async_context(_served(fake, clock)) for fake in fakes}


@asynccontextmanager
async def _served(fake: FakeVenue, clock: Callable[[], datetime]) -> AsyncIterator[Endpoint]:
    app = web.Application(client_max_size=LARGEST_BODY)

    async def handle(request: web.Request) -> web.StreamResponse:
        wants_socket = request.headers.get("upgrade", "").lower() == "websocket"
        return await _heard(_talk(fake, request, clock) if wants_socket else _reply(fake, request, clock))

    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, 0)
        await site.start()
        port = int(runner.addresses[0][1])
        yield Endpoint(f"http://{HOST}:{port}", f"http://{HOST}:{port}", f"ws://{HOST}:{port}")
    finally:
        await runner.cleanup()


async def _reply(fake: FakeVenue, request: web.Request, clock: Callable[[], datetime]) -> web.StreamResponse:
    return await _send(request, fake.answer(await _asked(request), clock()))


async def _heard(answering: Awaitable[web.StreamResponse]) -> web.StreamResponse:
    """The answer, unless who asked has gone: that is their right."""
    try:
        return await answering
    except ConnectionError:
        return web.Response()


async def _send(request: web.Request, told: Told) -> web.StreamResponse:
    if told.never:
        await asyncio.sleep(HANGS)
    await asyncio.sleep(told.delay.total_seconds())
    response = web.StreamResponse(status=told.status, headers=dict(told.headers))
    response.content_length = len(told.body)
    await response.prepare(request)
    step = max(1, told.drip // DRIPS_A_SECOND) if told.drip else max(1, len(told.body))
    for first in range(0, len(told.body), step):
        await response.write(told.body[first : first + step])
        if told.drip:
            await asyncio.sleep(1 / DRIPS_A_SECOND)
    await response.write_eof()
    return response


async def _talk(fake: FakeVenue, request: web.Request, clock: Callable[[], datetime]) -> web.StreamResponse:
    opened = fake.connect(await _asked(request), clock())
    if isinstance(opened, Told):
        return await _send(request, opened)
    response = web.WebSocketResponse()
    await response.prepare(request)
    pushing = asyncio.ensure_future(_push(opened, response, clock))
    try:
        async for message in response:
            if message.type is WSMsgType.TEXT:
                for said in opened.on_message(message.data, clock()):
                    await response.send_str(said.decode())
    except ConnectionError:
        pass  # the other end is gone, which is its right
    finally:
        pushing.cancel()
        await asyncio.gather(pushing, return_exceptions=True)
    return response


async def _push(socket: Socket, response: web.WebSocketResponse, clock: Callable[[], datetime]) -> None:
    seen = clock()
    while not response.closed:
        await asyncio.sleep(LOOK)
        now = max(seen, clock())
        for frame in socket.frames(seen, now):
            await response.send_str(frame.decode())
        if socket.closes(seen, now):
            await response.close()
        seen = now


async def _asked(request: web.Request) -> Asked:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Asked(request.method, request.path, dict(request.query), await request.read(), headers)


def settings(endpoints: Mapping[str, Endpoint]) -> Mapping[str, str]:
    """What to put into the environment so that the venues are found here."""
    found: dict[str, str] = {}
    for venue, endpoint in endpoints.items():
        name = f"PERPWATCH_VENUE_{venue.upper()}"
        found |= {f"{name}_REST": endpoint.rest, f"{name}_SPOT": endpoint.spot, f"{name}_WS": endpoint.ws}
    return found
