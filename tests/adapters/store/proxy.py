"""A line to a server that can be cut just before or just after the server has heard."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

COMMAND = re.compile(rb"(?:^|(?<=\r\n))(?=\*\d+\r\n)")
"""Where a command begins: a client may send several at once."""


class Proxy:
    """Passes bytes between clients and a server; `cut_replies` many replies are swallowed and the line is cut."""

    def __init__(self, server: str) -> None:
        self._server = server
        self.cut_replies = 0
        self.after = b""
        """Only replies to requests that contain this are cut."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up, down = await asyncio.open_unix_connection(self._server)
        with suppress(OSError):
            while asked := await reader.read(1 << 20):
                down.write(asked)
                answer = await up.read(1 << 20)
                if self.cut_replies and self.after in asked:
                    self.cut_replies -= 1
                    break
                writer.write(answer)
        for line in (writer, down):
            line.close()


@asynccontextmanager
async def proxied(url: str, folder: Path) -> AsyncIterator[tuple[str, Proxy]]:
    """The URL of a line to that server, and the line."""
    proxy = Proxy(url.removeprefix("unix://"))
    path = folder / "proxy.sock"
    server = await asyncio.start_unix_server(proxy.serve, path)
    try:
        yield f"unix://{path}", proxy
    finally:
        server.close()


@dataclass
class Slow:
    """A line on which every reply is under way for so many seconds."""

    wait: float = 0.0


@asynccontextmanager
async def slowed(url: str) -> AsyncIterator[tuple[str, Slow]]:
    """The URL of a slow line over TCP on this computer to the server on that socket, and the line."""
    line = Slow()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up, down = await asyncio.open_unix_connection(url.removeprefix("unix://"))
        with suppress(OSError, asyncio.CancelledError):  # the test is over
            await asyncio.gather(_passed(reader, down, Slow()), _passed(up, writer, line))
        for end in (writer, down):
            end.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", line
    finally:
        server.close()


async def _passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Slow) -> None:
    while said := await reader.read(1 << 20):
        await asyncio.sleep(line.wait)
        writer.write(said)
    writer.close()


@asynccontextmanager
async def saying(answers: dict[bytes, bytes]) -> AsyncIterator[int]:
    """A TCP server that answers a command which contains a key with its bytes, others with +OK; yields its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):  # the test is over
            while asked := await reader.read(1 << 16):
                for command in filter(None, COMMAND.split(asked)):
                    writer.write(next((said for word, said in answers.items() if word in command.upper()), b"+OK\r\n"))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
