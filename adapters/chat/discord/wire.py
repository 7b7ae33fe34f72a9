"""What of Discord's wire is a setting, what is counted on it, and which of its failures surely came before a send."""

from collections.abc import Callable
from types import SimpleNamespace

import aiohttp
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

NETWORK = (aiohttp.ClientError, OSError)
"""What a broken connection raises."""


def use(api: str, gateway: str) -> None:
    """Speak to those addresses. One pair a process, set before a client is built."""
    Route.BASE = api.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)


def counting(answered: Callable[[int], None]) -> aiohttp.TraceConfig:
    """Tells of the status of each answer, also of those that are tried again inside."""

    async def ended(
        session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        del session, context
        answered(params.response.status)

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(ended)
    return trace


def never_left(error: BaseException) -> bool:
    """Whether nothing was sent: there was no connection."""
    return isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
