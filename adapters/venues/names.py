"""Names of hosts become addresses beside the event loop, so that a slow name server holds up one venue only."""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeAlias

LookUp: TypeAlias = Callable[[str, int], Sequence[str]]
"""The addresses of a host and port; may block. Raises OSError where there are none."""


def addresses(host: str, port: int) -> Sequence[str]:
    """The addresses that the system knows."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


async def looked_up(look_up: LookUp, host: str, port: int) -> Sequence[str]:
    """The addresses, on a thread of its own: it is not waited for at the end, and no other look-up waits for it."""
    found: Future[Sequence[str]] = Future()
    found.set_running_or_notify_cancel()  # a look-up cannot be cancelled, only left alone
    threading.Thread(target=_look_up, args=(look_up, host, port, found), name="names", daemon=True).start()
    return await asyncio.wrap_future(found)


def _look_up(look_up: LookUp, host: str, port: int, found: "Future[Sequence[str]]") -> None:
    try:
        known = look_up(host, port)
    except (OSError, UnicodeError):
        found.set_exception(OSError("no address"))
    else:
        found.set_result(known)
