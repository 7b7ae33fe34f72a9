"""The one HTTP client: only the hosts of the settings, no redirects, no proxies of the system, limits on everything."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from adapters.venues.base import Refused, Unavailable
from adapters.venues.transport import Request, Response, Socket

LARGEST = 5 * 1024 * 1024
"""Bytes of one body after decompression, and of one frame."""

CONNECT_WITHIN = 3.0
ANSWER_WITHIN = 10.0
"""Seconds until a connection stands, and until an answer is whole."""

_CHUNK = 64 * 1024
_LOOPBACK_NAMES = frozenset({"localhost"})


class Http:
    """One venue's connections; open it with `async with`."""

    def __init__(self, bases: Collection[str], answer_within: float = ANSWER_WITHIN) -> None:
        self._hosts = frozenset(_host(base) for base in bases)
        self._timeout = aiohttp.ClientTimeout(total=answer_within, sock_connect=CONNECT_WITHIN)
        self._opened: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._opened = aiohttp.ClientSession(trust_env=False, cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def fetch(self, request: Request) -> Response:
        """The response, whatever its status; a read on a connection that was closed meanwhile is made once more."""
        self._check(request.url)
        try:
            return await self._fetch(request)
        except aiohttp.ServerDisconnectedError:
            if request.body is not None:
                raise Unavailable("the connection was closed") from None
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise _in_words(error) from None
        try:
            return await self._fetch(request)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise _in_words(error) from None

    @asynccontextmanager
    async def connect(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Socket]:
        """A websocket; pings of the protocol are answered by themselves."""
        self._check(url)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                opened = await self._session.ws_connect(
                    url, headers=dict(headers), max_msg_size=LARGEST, autoping=True, heartbeat=None
                )
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise _in_words(error) from None
        try:
            yield _Socket(opened)
        finally:
            await opened.close()

    async def _fetch(self, request: Request) -> Response:
        async with self._session.request(
            "GET" if request.body is None else "POST",
            request.url,
            params=dict(request.params),
            json=request.body,
            headers=dict(request.headers),
            allow_redirects=False,
            timeout=self._timeout,
        ) as got:
            headers = {name.lower(): value for name, value in got.headers.items()}
            return Response(got.status, headers, await _body(got))

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            raise AssertionError("open it with `async with` first")
        return self._opened

    def _check(self, url: str) -> None:
        if _host(url) not in self._hosts:
            raise Refused(f"{urlsplit(url).hostname} is none of the hosts of the settings")


class _Socket:
    """An open websocket."""

    def __init__(self, opened: aiohttp.ClientWebSocketResponse) -> None:
        self._opened = opened

    async def send(self, text: str) -> None:
        try:
            await self._opened.send_str(text)
        except (aiohttp.ClientError, OSError) as error:
            raise _in_words(error) from None

    async def receive(self) -> bytes:
        message = await self._opened.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            return str(message.data).encode()
        if message.type is aiohttp.WSMsgType.BINARY:
            return bytes(message.data)
        raise Unavailable("the stream was closed")


def is_allowed(url: str, secure: str, plain: str) -> bool:
    """Whether a base URL may be used: with TLS anywhere, without it on this computer alone."""
    try:
        parts = urlsplit(url)
        port_is_sound = parts.port is None or parts.port > 0
    except ValueError:
        return False
    if not parts.hostname or not port_is_sound or parts.username is not None:
        return False
    return parts.scheme == secure or (parts.scheme == plain and _is_loopback(parts.hostname))


def _is_loopback(host: str) -> bool:
    if host in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port


async def _body(got: aiohttp.ClientResponse) -> bytes:
    """The body as it comes, up to the limit."""
    parts: list[bytes] = []
    size = 0
    async for part in got.content.iter_chunked(_CHUNK):
        size += len(part)
        if size > LARGEST:
            raise Unavailable(f"an answer of more than {LARGEST // 1024 // 1024} MB was not read")
        parts.append(part)
    return b"".join(parts)


def _in_words(error: Exception) -> Unavailable:
    """What went wrong, without addresses, queries and keys."""
    match error:
        case TimeoutError():
            return Unavailable("no answer in time")
        case aiohttp.ClientConnectorDNSError():
            return Unavailable("its name cannot be looked up")
        case aiohttp.ClientSSLError() | aiohttp.ClientConnectorCertificateError():
            return Unavailable("its certificate is not trusted")
        case aiohttp.ClientConnectorError():
            return Unavailable("no connection")
        case aiohttp.ClientPayloadError():
            return Unavailable("the answer was cut off")
        case aiohttp.WSServerHandshakeError():
            return Unavailable(f"the stream was refused with HTTP {error.status}")
        case _:
            return Unavailable("the connection broke")
