"""Ports for servers that cannot be asked which port they took."""

import random
import socket
from contextlib import ExitStack

PORTS = range(10_000, 20_000)
"""No system hands these out to those who only call, so nobody takes one before its server does."""


def free(*above: int) -> int:
    """A port that nobody listens at, nor at those that lie so far above it."""
    while True:
        port = random.choice(PORTS)
        with ExitStack() as held:
            try:
                for number in (port, *(port + more for more in above)):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", number))
            except OSError:
                continue
            return port
