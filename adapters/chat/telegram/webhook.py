"""A webhook of our own: Telegram is told by its secret from others, before anything is read."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec
import structlog
from aiohttp import web
from telegram import Bot

from adapters.chat.telegram.polling import Take, is_dealt_with
from adapters.chat.telegram.settings import Webhook
from adapters.chat.telegram.updates import WANTED

log = structlog.get_logger()

HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST = 1_000_000
"""Bytes of an update; a larger body is refused."""

CONNECTIONS = 40


class Listener:
    """Listens at the webhook's address until cancelled; an update is answered for when it has been dealt with."""

    def __init__(self, bot: Bot, webhook: Webhook) -> None:
        self._bot = bot
        self._webhook = webhook
        self._secret = webhook.secret.encode()
        self.port = webhook.port

    async def announce(self) -> None:
        """Tell Telegram where to send. Raises TelegramError."""
        await self._bot.set_webhook(
            self._webhook.url,
            secret_token=self._webhook.secret,
            allowed_updates=WANTED,
            max_connections=CONNECTIONS,
            drop_pending_updates=False,
        )

    async def run(self, take: Take, ready: Callable[[], Awaitable[None]]) -> None:
        """Listen, say so by `ready`, and go on until cancelled."""

        async def receive(request: web.Request) -> web.Response:
            given = request.headers.get(HEADER, "").encode("utf-8", "surrogateescape")
            if not hmac.compare_digest(given, self._secret):
                return web.Response(status=HTTPStatus.FORBIDDEN)
            try:
                raw = msgspec.json.decode(await request.read(), type=dict[str, object])
            except (msgspec.DecodeError, UnicodeDecodeError):
                return web.Response(status=HTTPStatus.BAD_REQUEST)
            task = take(raw)
            if task is not None:
                await asyncio.wait([task])  # cancelled with the connection: the work itself goes on
                if not is_dealt_with(task):
                    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)  # Telegram sends it again
            return web.Response()

        application = web.Application(client_max_size=LARGEST)
        application.router.add_post(urlsplit(self._webhook.url).path or "/", receive)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=3.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._webhook.host, self._webhook.port)
            await site.start()
            self.port = runner.addresses[0][1]
            log.info("webhook listens", host=self._webhook.host, port=self.port)
            await ready()
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()
