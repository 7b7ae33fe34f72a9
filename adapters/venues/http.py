"""The one HTTP client: a venue's hosts and no others, within limits of time and size. Only here is aiohttp used."""

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from adapters.venues.transport import Request, Response, Socket

CONNECT_WITHIN = timedelta(seconds=3)
ANSWER_WITHIN = timedelta(seconds=10)


class BadEndpoint(Exception):
    """An address of a venue cannot be used; the message is a sentence that names the cure."""


def plain_is_allowed(url: str) -> bool:
    """Whether that address may be spoken to without TLS: on this computer only."""
    raise NotImplementedError


class Http:
    """The way to one venue: its own connections, which never wait for those of another venue."""

    def __init__(
        self,
        bases: Collection[str],
        connect_within: timedelta = CONNECT_WITHIN,
        answer_within: timedelta = ANSWER_WITHIN,
    ) -> None:
        raise NotImplementedError

    async def fetch(self, request: Request) -> Response:
        """The response, whatever its status. Raises Unavailable, or Refused for a host that is not the venue's."""
        raise NotImplementedError

    def connect(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Socket]:
        """A websocket, closed at the end. Raises Unavailable, or Refused for a host that is not the venue's."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close all connections."""
        raise NotImplementedError
