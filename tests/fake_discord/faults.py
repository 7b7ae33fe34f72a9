"""Faults on demand: what a request meets instead of its answer."""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from fnmatch import fnmatch

from aiohttp import web

HTML = "<html>cloudflare</html>"


@dataclass(frozen=True)
class Fault:
    """An answer that is none. `taken`: the request does its work first. `cut` ends the connection without an answer."""

    status: int = 500
    code: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, object] | str = field(default_factory=dict)
    taken: bool = False
    cut: bool = False
    slow: float = 0.0
    """Seconds before the answer, which then is the right one."""


class Faults:
    """Which requests meet which faults, each fault once."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, str, deque[Fault]]] = []
        self.met = 0

    def put(self, method: str, path: str, *faults: Fault) -> None:
        """The next requests of that method and path, which may hold `*`, meet these faults, one after the other."""
        self._waiting.append((method, path, deque(faults)))

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that a request meets."""
        for of, pattern, faults in self._waiting:
            if of == method and fnmatch(path, pattern) and faults:
                self.met += 1
                return faults.popleft()
        return None


async def suffered(request: web.Request, fault: Fault) -> web.StreamResponse:
    """What a request with that fault gets."""
    if fault.cut:
        if request.transport is not None:
            request.transport.abort()
        await asyncio.sleep(0)
        raise asyncio.CancelledError
    if isinstance(fault.body, str):
        return web.Response(status=fault.status, text=fault.body, content_type="text/html", headers=fault.headers)
    body = {"code": fault.code, "message": "as the test wants", **fault.body}
    return plain(body, fault.status, fault.headers)


def plain(body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """JSON whose content type names no charset, as Discord's does: with one the client takes it for text."""
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )


def limited(after: float, *, via: bool = True, everywhere: bool = False) -> Fault:
    """A 429; without `via` it is of the wall before Discord."""
    headers = {"Retry-After": str(after), **({"Via": "1.1 google"} if via else {})}
    return Fault(429, headers=headers, body={"retry_after": after, "global": everywhere})
