"""The fake venues without a network: the transport of our adapters, on any event loop, the virtual one too."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit

from adapters.venues.base import Unavailable
from adapters.venues.transport import Request, Response
from adapters.venues.transport import Socket as SocketOfOurs
from tests.fake_venues.shapes import Asked, Told
from tests.fake_venues.sockets import Socket
from tests.fake_venues.venue import FakeVenue

TOTAL = timedelta(seconds=10)
"""How long an answer may take."""

LOOK = timedelta(milliseconds=250)
"""How often a socket looks for what has been pushed."""

SWITCHING = 101


@dataclass
class InProcess:
    """A transport to all given venues, found by the host of the address. Names of hosts stand in `asked_hosts`."""

    fakes: Iterable[FakeVenue]
    clock: Callable[[], datetime]
    asked_hosts: set[str] = field(default_factory=set)

    async def fetch(self, request: Request) -> Response:
        """The response; raises Unavailable where it takes too long."""
        parts = urlsplit(request.url)
        body = b"" if request.body is None else json.dumps(dict(request.body)).encode()
        method = "GET" if request.body is None else "POST"
        query = {**dict(parse_qsl(parts.query)), **request.params}
        asked = Asked(method, parts.path, query, body, _lower(request.headers))
        at = self.clock()
        return await _arrived(_dated(self._venue(request.url).answer(asked, at), at))

    def connect(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[SocketOfOurs]:
        """A websocket; raises Unavailable where the handshake is refused."""
        return self._connected(url, headers)

    @asynccontextmanager
    async def _connected(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[SocketOfOurs]:
        parts = urlsplit(url)
        asked = Asked("GET", parts.path, dict(parse_qsl(parts.query)), b"", _lower(headers))
        opened = self._venue(url).connect(asked, self.clock())
        if isinstance(opened, Told):
            await asyncio.sleep((TOTAL if opened.never else opened.takes).total_seconds())
            raise Unavailable(f"the handshake was answered with {opened.status}")
        yield _Open(opened, self.clock)

    def _venue(self, url: str) -> FakeVenue:
        host = urlsplit(url).hostname or ""
        self.asked_hosts.add(host)
        for fake in self.fakes:
            if host in fake.hosts:
                return fake
        raise AssertionError(f"no fake venue is called {host}")


class _Open:
    """A socket that is open on both ends."""

    def __init__(self, socket: Socket, clock: Callable[[], datetime]) -> None:
        self._socket = socket
        self._clock = clock
        self._seen = clock()
        self._waiting: deque[bytes] = deque()
        self._gone = False

    async def send(self, text: str) -> None:
        """Let the venue hear it."""
        self._look()
        self._waiting.extend(self._socket.on_message(text, self._clock()))
        self._hang_up_if_gone()

    async def receive(self) -> bytes:
        """The next frame, as soon as there is one."""
        while not self._waiting:
            self._hang_up_if_gone()
            await asyncio.sleep(LOOK.total_seconds())
            self._look()
        return self._waiting.popleft()

    def _look(self) -> None:
        now = self._clock()
        if now > self._seen and not self._gone:
            self._waiting.extend(self._socket.frames(self._seen, now))
            self._gone = self._socket.closes(self._seen, now)
            self._seen = now

    def _hang_up_if_gone(self) -> None:
        if self._gone and not self._waiting:
            raise Unavailable("the venue closed the connection")


def _dated(told: Told, at: datetime) -> Told:
    """The answer with its time, as every server says it."""
    return replace(told, headers={"date": format_datetime(at, usegmt=True), **told.headers})


async def _arrived(told: Told) -> Response:
    takes = TOTAL if told.never else min(TOTAL, told.takes)
    if takes > timedelta(0):
        await asyncio.sleep(takes.total_seconds())
    if told.never or told.takes >= TOTAL:
        raise Unavailable("the answer took too long")
    return Response(told.status, _lower(told.headers), told.body)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
