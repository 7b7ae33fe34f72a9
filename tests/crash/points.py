"""Named points on the way of an alert, passed by a client of the store that stands in the place of the plain one."""

import os
import signal
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeAlias

from redis.asyncio.cluster import ClusterNode

from adapters.store import keys
from adapters.store.client import Client, Reply, Word

Point: TypeAlias = Callable[[str], None]

STEPS = {
    "poller": ("close",),
    "evaluator": ("commit", "mark_judged"),
    "fan-out": ("subscribe", "fan_out"),
    "sender": ("lead", "renew", "claim", "finish", "retry"),
    "people": ("add_rules", "remove_rule"),
}
"""The steps of each kind of process; it can die before and after each of them."""

READS = {keys.CYCLES: "moment read", keys.EVENTS: "event read", keys.CHANGES: "change read"}
OTHERS = {
    "evaluator": ("moment read", "commit between"),
    "fan-out": ("event read", "ack before", "ack after", "change read"),
    "sender": ("send before", "send written", "send answered"),
    "people": ("update confirmed",),
}

NAMED = {
    kind: [*(f"{step} {side}" for step in steps for side in ("before", "after")), *OTHERS.get(kind, ())]
    for kind, steps in STEPS.items()
}
"""Every point by the kind of process that passes it."""


class Crash:
    """Dies at the nth passing of one point, and writes first where that was; at any point once many were passed."""

    def __init__(self, target: str, nth: int, most: int, log: int) -> None:
        self._target = target
        self._left = nth
        self._most = most
        self._log = log

    def __call__(self, name: str) -> None:
        self._left -= name == self._target
        self._most -= 1
        if self._left == 0 or self._most == 0:
            os.write(self._log, f"{name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)


def nowhere(name: str) -> None:
    """Passed by those who are left in peace."""


class Line(Client):
    """A client with a point before and after each step; some are asked for twice, as after a lost reply."""

    def __init__(self, url: str, point: Point, twice: float, rng: Random, *, cluster: bool) -> None:
        super().__init__(url, cluster=cluster)
        self._point = point
        self._twice = twice
        self._rng = rng

    async def step(self, name: str, keys: Sequence[str], *arguments: Word) -> Reply:
        self._point(f"{name} before")
        reply = await super().step(name, keys, *arguments)
        if self._rng.random() < self._twice:
            reply = await super().step(name, keys, *arguments)
        self._point(f"{name} after")
        return reply

    async def steps(self, name: str, calls: Sequence[tuple[Sequence[str], Sequence[Word]]]) -> Sequence[Reply]:
        """Many of one kind in a round trip, which may end between any two of them."""
        self._point(f"{name} before")
        half = self._rng.randrange(1, len(calls)) if len(calls) > 1 else 0
        replies = list(await super().steps(name, calls[:half])) if half else []
        if half:
            self._point(f"{name} between")
        replies += await super().steps(name, calls[half:])
        if self._rng.random() < self._twice:
            replies = list(await super().steps(name, calls))
        self._point(f"{name} after")
        return replies

    async def do(self, *command: Word, at: ClusterNode | None = None) -> Reply:
        named = "ack" if command[0] == "XDEL" else ""
        if named:
            self._point("ack before")
        reply = await super().do(*command, at=at)
        if named:
            self._point("ack after")
        return reply

    async def wait(self, *command: Word) -> Reply:
        reply = await super().wait(*command)
        if reply:
            self._point(READS.get(str(command[-2]), "read"))
        return reply
