"""The Bot API over HTTP: addresses, bodies, long polls, webhooks, and what goes wrong on the way."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
from aiohttp import web

from tests.fake_telegram.faults import NOT_FOUND, OTHER_POLLER, UNAUTHORISED, WEBHOOK_ACTIVE, Refused, Trouble
from tests.fake_telegram.methods import File, called
from tests.fake_telegram.world import World

HEADER = "X-Telegram-Bot-Api-Secret-Token"
PAGE = b"<html><body>502 Bad Gateway</body></html>"


class Server:
    """Answers calls of one bot; `unauthorised` counts those that came with another token."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.port = 0
        self.posted: list[tuple[int, dict[str, str]]] = []
        self.unauthorised = Counter[str]()
        self.release = asyncio.Event()
        self._poll: asyncio.Event | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        queue = self.world.troubles.get(method)
        trouble = queue.popleft() if queue else None
        if isinstance(trouble, Refused):
            return _refused(trouble)
        if trouble is Trouble.CUT_BEFORE:
            return _cut(request)
        if trouble is Trouble.BAD_GATEWAY:
            return web.Response(status=502, body=PAGE, content_type="text/html")
        try:
            result = await self._call(request, method)
        except Refused as refused:
            return _refused(refused)
        match trouble:
            case Trouble.SLOW_AFTER:
                await self.release.wait()
            case Trouble.CUT_AFTER:
                return _cut(request)
            case Trouble.CUT_BODY:
                return await _half(request)
            case Trouble.HTML:
                return web.Response(body=PAGE, content_type="text/html")
        return web.json_response({"ok": True, "result": result})

    async def _call(self, request: web.Request, method: str) -> object:
        token = request.match_info["token"]
        if ":" not in token:
            raise NOT_FOUND
        if token != self.world.token:
            self.unauthorised[method] += 1
            raise UNAUTHORISED
        given, files = await _body(request)
        given = dict(request.query) | given
        if method == "getUpdates" and self.world.webhook is not None:
            raise WEBHOOK_ACTIVE
        result = called(self.world, method, given, files)
        if method != "getUpdates":
            return result
        await self._wait(float(str(given.get("timeout", 0))))
        return list(self.world.updates)[: int(str(given.get("limit", 100)))]

    async def _wait(self, seconds: float) -> None:
        """Hold a poll until something is there; a second one ends the first."""
        if self._poll is not None:
            self._poll.set()
        ended = self._poll = asyncio.Event()
        both = [asyncio.ensure_future(event.wait()) for event in (self.world.came, ended)]
        try:
            await asyncio.wait(both, timeout=seconds, return_when="FIRST_COMPLETED")
        finally:
            for waiting in both:
                waiting.cancel()
        if ended.is_set():
            raise OTHER_POLLER
        self._poll = None

    async def push(self) -> None:
        """Send what comes to the webhook while one is set; what is not taken is sent again."""
        async with aiohttp.ClientSession() as session:
            while True:
                await self.world.came.wait()
                hook = self.world.webhook
                if hook is None or not self.world.updates:
                    await asyncio.sleep(0.01)
                    continue
                update = self.world.updates[0]
                headers = {HEADER: str(hook.get("secret_token", ""))}
                with suppress(aiohttp.ClientError):
                    async with session.post(str(hook["url"]), json=update, headers=headers) as answer:
                        self.posted.append((answer.status, headers))
                        if answer.status == 200:
                            self.world.confirm(int(str(update["update_id"])) + 1)
                            continue
                await asyncio.sleep(0.05)


@asynccontextmanager
async def serving(world: World, port: int = 0) -> AsyncIterator[Server]:
    """The world behind an address on this computer."""
    server = Server(world)
    application = web.Application(client_max_size=50_000_000)
    application.router.add_route("*", "/bot{token}/{method}", server.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    server.port = runner.addresses[0][1]
    pushing = asyncio.create_task(server.push())
    try:
        yield server
    finally:
        pushing.cancel()
        with suppress(asyncio.CancelledError):
            await pushing
        await runner.cleanup()


async def _body(request: web.Request) -> tuple[dict[str, object], dict[str, File]]:
    if request.content_type == "application/json":
        given = json.loads(await request.read())
        assert isinstance(given, dict)
        return given, {}
    fields: dict[str, object] = {}
    files: dict[str, File] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[name] = File(value.filename, value.file.read())
        else:
            fields[name] = value
    return fields, files


def _refused(refused: Refused) -> web.Response:
    return web.json_response(refused.as_json(), status=refused.status)


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"ok":true,')
    return _cut(request)
