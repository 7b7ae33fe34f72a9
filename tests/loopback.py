"""Servers on this computer that speak HTTP as badly as a test wants: bytes out, nothing understood."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias

Conversation: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Loopback:
    """A server: where it is, what it was asked, and how many connections came."""

    port: int = 0
    asked: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(conversation: Conversation, tls: ssl.SSLContext | None = None) -> AsyncIterator[Loopback]:
    """A server that has this conversation on every connection; `asked` is filled by `heard`."""
    loopback = Loopback()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loopback.connections += 1
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await conversation(_Recorded(reader, loopback), writer)
        writer.close()
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    loopback.port = server.sockets[0].getsockname()[1]
    try:
        yield loopback
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Recorded(asyncio.StreamReader):
    """A reader of requests that notes each."""

    def __init__(self, reader: asyncio.StreamReader, loopback: Loopback) -> None:
        super().__init__()
        self._reader = reader
        self._loopback = loopback

    async def readuntil(self, separator: bytes = b"\r\n\r\n") -> bytes:  # type: ignore[override] # heads end alike
        head = await self._reader.readuntil(separator)
        self._loopback.asked.append(head)
        return head

    async def read(self, n: int = -1) -> bytes:
        return await self._reader.read(n)


def answer(body: bytes = b"{}", status: str = "200 OK", **headers: str) -> bytes:
    """A whole HTTP answer; headers with `_` for `-`."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def saying(*answers: bytes) -> Conversation:
    """On each connection: these answers, one a request, and then the end."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for said in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(said)
            await writer.drain()

    return talk


async def nothing(*_: object) -> None:
    """Listen for ever and say nothing."""
    await asyncio.Event().wait()
