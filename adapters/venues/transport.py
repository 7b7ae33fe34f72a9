"""How bytes come from a venue: a request and its response, or a socket. `http.py` has the real ones."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `url` is whole but for its query; with a `body` it is a POST of JSON. Headers may hold a key."""

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str | int | Mapping[str, str | int]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, whole. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Socket(Protocol):
    """An open websocket."""

    async def send(self, text: str) -> None:
        """Send one text frame. Raises Unavailable where the connection is gone."""
        ...

    async def receive(self) -> bytes:
        """The next frame, text or binary. Raises Unavailable where the connection is gone."""
        ...


class Transport(Protocol):
    """The way to one venue's hosts."""

    async def fetch(self, request: Request) -> Response:
        """The response, whatever its status. Raises Unavailable: no connection, too slow, or too large."""
        ...

    def connect(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Socket]:
        """A websocket, closed at the end. Raises Unavailable where it cannot be opened."""
        ...
