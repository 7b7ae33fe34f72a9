"""The one HTTP client: a venue's hosts and no others, within limits of time and size. Only here is aiohttp used.

What goes wrong leaves as Unavailable in fixed words: the library's own errors hold addresses with their queries.
They are raised after the handlers, so that not even their context holds one.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import TypeAlias

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from adapters.venues.base import Refused, Unavailable
from adapters.venues.names import LookUp, addresses, looked_up
from adapters.venues.transport import Request, Response, Socket

CONNECT_WITHIN = timedelta(seconds=3)
"""From the look-up of the name to the end of the TLS handshake; of a websocket, to its opening."""

ANSWER_WITHIN = timedelta(seconds=10)
"""From the call to the last byte of its answer."""

LARGEST = 5_000_000
"""Bytes of an answer after decompression, and of one frame."""

CLOSE_WITHIN = timedelta(seconds=1)
"""How long a websocket waits for the other side's farewell."""

NAMES_KEPT = timedelta(minutes=1)
CONNECTIONS = 32

_TLS = frozenset({"https", "wss"})
_PLAIN = frozenset({"http", "ws"})
_STREAMS = frozenset({"ws", "wss"})
_HEADERS = {"User-Agent": "perpwatch", "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}

_Origin: TypeAlias = tuple[str, str | None, int | None]
"""Scheme, host and port."""


class BadEndpoint(Exception):
    """An address of a venue cannot be used; the message is a sentence that names the cure."""


def plain_is_allowed(url: str) -> bool:
    """Whether that address may be spoken to without TLS: on this computer only."""
    try:
        host = URL(url).host or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Http:
    """The way to one venue: its own connections, which never wait for those of another venue."""

    def __init__(
        self,
        bases: Collection[str],
        connect_within: timedelta = CONNECT_WITHIN,
        answer_within: timedelta = ANSWER_WITHIN,
        look_up: LookUp = addresses,
    ) -> None:
        self._allowed = frozenset(_endpoint(base) for base in bases)
        self._connect_within = connect_within.total_seconds()
        self._answer_within = answer_within.total_seconds()
        self._look_up = look_up
        self._opened: aiohttp.ClientSession | None = None

    async def fetch(self, request: Request) -> Response:
        """The response, whatever its status; redirects are not followed. Raises Unavailable, or Refused."""
        url = self._checked(request.url)
        try:
            async with asyncio.timeout(self._answer_within):
                return await self._asked(url, request)
        except _TROUBLES as error:
            trouble = _trouble(error)
        raise Unavailable(f"{url.host} {trouble}")

    @asynccontextmanager
    async def connect(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Socket]:
        """A websocket, closed at the end; it sends no pings of its own. Raises Unavailable, or Refused."""
        to = self._checked(url)
        line = await self._open(to, headers)
        try:
            yield _Stream(line, str(to.host), self._answer_within)
        finally:
            await line.close()

    async def aclose(self) -> None:
        """Close all connections."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    def _checked(self, address: str) -> URL:
        try:
            url = URL(address)
        except ValueError:
            url = URL()
        if _origin(url) not in self._allowed:
            raise Refused(f"{url.host or 'what was asked'} is no host of this venue")
        return url

    async def _asked(self, url: URL, request: Request) -> Response:
        """One answer. A read on a kept connection that the venue had just closed is asked once more."""
        line = _Line()
        try:
            return await self._once(url, request, line)
        except _Closed:
            if request.body is not None or not line.kept:
                raise
        return await self._once(url, request, _Line())

    async def _once(self, url: URL, request: Request, line: "_Line") -> Response:
        sent = {**request.headers} if request.body is None else {"Content-Type": "application/json", **request.headers}
        async with self._session().request(
            "GET" if request.body is None else "POST",
            url,
            params=request.params,
            data=None if request.body is None else msgspec.json.encode(request.body),
            headers=sent,
            allow_redirects=False,
            trace_request_ctx=line,
        ) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Response(response.status, headers, await _body(response))

    async def _open(self, url: URL, headers: Mapping[str, str]) -> "aiohttp.ClientWebSocketResponse[bool]":
        try:
            async with asyncio.timeout(self._connect_within):
                return await self._session().ws_connect(
                    url,
                    headers=headers,
                    heartbeat=None,
                    autoping=True,
                    max_msg_size=LARGEST,
                    decode_text=False,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_WITHIN.total_seconds()),
                )
        except _TROUBLES as error:
            trouble = _trouble(error)
        raise Unavailable(f"{url.host} {trouble}")

    def _session(self) -> aiohttp.ClientSession:
        """Opened late: the library wants a running loop."""
        if self._opened is None:
            kept = aiohttp.TraceConfig()
            kept.on_connection_reuseconn.append(_note_kept)
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=_Names(self._look_up), ttl_dns_cache=int(NAMES_KEPT.total_seconds()), limit=CONNECTIONS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_HEADERS,
                timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_within),
                trust_env=False,
                middlewares=(self._gate,),
                trace_configs=[kept],
            )
        return self._opened

    async def _gate(self, request: aiohttp.ClientRequest, go_on: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        """Everything that leaves passes here, also what the library would send by itself.

        It would ask again on every lost connection, and follow redirects of websockets.
        """
        if _origin(request.url) not in self._allowed:
            raise _Elsewhere
        try:
            response = await go_on(request)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
            raise _Closed from None
        if request.url.scheme in _STREAMS and response.status != 101:
            response.close()
            raise _NoStream(response.status)
        return response


class _Line:
    """The connection of one call, and whether it was kept from an earlier one."""

    kept = False


class _Closed(Exception):
    """The connection ended before an answer began."""


class _Elsewhere(Exception):
    """A redirect to a host that is not the venue's."""


class _NoStream(Exception):
    """The answer to a websocket was this status."""


class _TooLarge(Exception):
    """More than LARGEST bytes."""


_TROUBLES = (aiohttp.ClientError, OSError, ValueError, _Closed, _Elsewhere, _NoStream, _TooLarge)


def _trouble(error: Exception) -> str:
    """What happened, in words that hold nothing of the call."""
    match error:
        case _TooLarge():
            return f"answered more than {LARGEST // 1_000_000} MB"
        case _NoStream():
            return f"opens no stream (HTTP {error.args[0]})"
        case aiohttp.ClientConnectorDNSError():
            return "was not found (DNS)"
        case aiohttp.ClientSSLError():
            return "has no valid certificate (TLS)"
        case TimeoutError():
            return "did not answer in time"
        case aiohttp.ClientConnectorError():
            return "cannot be reached"
        case aiohttp.ClientPayloadError():
            return "did not finish its answer"
        case _Closed() | OSError():
            return "closed the connection"
        case _:
            return "could not be asked, or answered with something that is not HTTP"


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The body, as long as it is no larger than it may be: it is counted while it is unpacked."""
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > LARGEST:
            response.close()
            raise _TooLarge
    return bytes(body)


class _Stream:
    """An open websocket."""

    def __init__(self, line: "aiohttp.ClientWebSocketResponse[bool]", host: str, send_within: float) -> None:
        self._line = line
        self._host = host
        self._send_within = send_within

    async def send(self, text: str) -> None:
        """Send one text frame."""
        try:
            async with asyncio.timeout(self._send_within):
                return await self._line.send_str(text)
        except (aiohttp.ClientError, OSError):
            pass
        raise Unavailable(f"{self._host} closed the stream")

    async def receive(self) -> bytes:
        """The next frame, text or binary."""
        message = await self._line.receive()
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY) and isinstance(message.data, bytes):
            return message.data
        if message.type is aiohttp.WSMsgType.ERROR:
            raise Unavailable(f"{self._host} sent a frame that is too large or none of a stream")
        raise Unavailable(f"{self._host} closed the stream")


class _Names(AbstractResolver):
    """Names of hosts, looked up as `names.py` does."""

    def __init__(self, look_up: LookUp) -> None:
        self._look_up = look_up

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - as the library calls it
    ) -> list[ResolveResult]:
        return [_resolved(host, port, address) for address in await looked_up(self._look_up, host, port)]

    async def close(self) -> None:
        """Nothing is held."""


def _resolved(host: str, port: int, address: str) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if ":" in address else socket.AF_INET,
        proto=0,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


async def _note_kept(
    _: aiohttp.ClientSession, context: SimpleNamespace, __: aiohttp.TraceConnectionReuseconnParams
) -> None:
    if isinstance(context.trace_request_ctx, _Line):
        context.trace_request_ctx.kept = True


def _endpoint(base: str) -> _Origin:
    """The origin of a venue's address. Raises BadEndpoint, which does not repeat it: it may hold a password."""
    try:
        url = URL(base)
    except ValueError:
        url = URL()
    if url.scheme not in _TLS | _PLAIN or not url.host or url.user or url.password:
        raise BadEndpoint("An address of a venue is https://HOST, or wss://HOST for its stream, without a password.")
    if url.scheme in _PLAIN and not plain_is_allowed(base):
        raise BadEndpoint(f"{url.host} would be spoken to without TLS. Write https:// or wss:// in its address.")
    return _origin(url)


def _origin(url: URL) -> _Origin:
    return url.scheme, url.host, url.port
