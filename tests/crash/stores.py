"""Where the data of a trial lies: one server, or a cluster whose primaries are lost one after the other."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol

from redis import Redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.exceptions import RedisClusterException, RedisError
from redis.retry import Retry

from adapters.store import embedded
from tests.cluster import Cluster, cluster

AWAY: tuple[type[Exception], ...] = (RedisError, RedisClusterException, OSError)
"""What is raised while there is no answer."""

CALM = (1.0, 2.0)
"""Seconds between two losses of a primary."""

DOWN = (0.0, 1.0)
"""Seconds that it stays away once its replica has taken over."""

LOOK = 0.05
WHOLE_WITHIN = 60.0
"""Seconds for a loss with all that follows."""


class Home(Protocol):
    """A store that may be troubled; `losses` are the servers that were lost so far."""

    clustered: bool
    losses: Sequence["Loss"]
    reader: "Redis | RedisCluster"

    @property
    def url(self) -> str:
        """Where it can be found now."""
        ...

    def trouble(self, *, begin: bool) -> None:
        """Called every few milliseconds: what goes wrong goes on, and the next thing may `begin`."""
        ...

    def recover(self) -> None:
        """Until nothing is wrong."""
        ...

    def stop(self) -> None:
        """For ever."""
        ...


@dataclass(frozen=True)
class Loss:
    """A server that was lost, the seconds until it or another one served, and what that one was never told of."""

    seconds: float
    unknown: bytes = b""
    """Commands that the lost one had acknowledged, as it wrote them into its file."""

    @property
    def writes(self) -> int:
        """How many those are."""
        return len(re.findall(rb"(?:^|\n)\*\d+\r\n", self.unknown))


class Alone:
    """The embedded server, killed by that chance at each look and started again at once."""

    clustered = False

    def __init__(self, folder: Path, seed: int, chance: float) -> None:
        self._folder = folder
        self._rng = Random(f"{seed} kills")
        self._chance = chance
        self._server = embedded.start(folder)
        self.url = self._server.url
        self.reader = Redis(unix_socket_path=self.url.removeprefix("unix://"))
        self.losses: list[Loss] = []

    def trouble(self, *, begin: bool) -> None:
        """Perhaps a kill."""
        if not begin or self._rng.random() >= self._chance:
            return
        pid, began = self._server.pid, time.monotonic()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self._server.stop()
        self._server = embedded.start(self._folder)
        self.losses.append(Loss(round(time.monotonic() - began, 3)))

    def recover(self) -> None:
        """It is there."""

    def stop(self) -> None:
        """For ever."""
        self.reader.close()
        self._server.stop()


class Three:
    """Three primaries with a replica each, lost one after the other; replicas hear nothing for `cut` seconds before."""

    clustered = True

    def __init__(self, folder: Path, seed: int, cut: float, copies: int) -> None:
        self._rng = Random(f"{seed} losses")
        self._cut = cut
        self._open = ExitStack()
        self._cluster: Cluster = self._open.enter_context(cluster(folder, copies=copies))
        self._going_on: Iterator[None] | None = None
        self._next = time.monotonic() + self._rng.uniform(*CALM)
        self.losses: list[Loss] = []
        self.reader = RedisCluster.from_url(self.url, retry=Retry(NoBackoff(), 0), socket_timeout=2.0)

    @property
    def url(self) -> str:
        """That of a node that runs."""
        node = next(node for node in self._cluster.nodes if node.lives)
        return f"redis://127.0.0.1:{node.port}/0"

    def trouble(self, *, begin: bool) -> None:
        """One step of a loss, or the first one of the next."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + LOOK
        if self._going_on is None and begin:
            self._going_on = self._lose()
        if self._going_on is None:
            return
        try:
            next(self._going_on)
        except StopIteration:
            self._going_on = None
            self._next = time.monotonic() + self._rng.uniform(*CALM)

    def recover(self) -> None:
        """Until the cluster is whole again and every primary has its replica."""
        until = time.monotonic() + WHOLE_WITHIN
        while self._going_on is not None:
            if time.monotonic() > until:
                raise TimeoutError("the cluster does not become whole again")
            self.trouble(begin=False)
            time.sleep(LOOK / 5)

    def stop(self) -> None:
        """For ever."""
        self.reader.close()
        self._open.close()

    def _lose(self) -> Iterator[None]:
        """A primary loses its replica, then dies; the replica takes over, and the dead one comes back as replica."""
        pairs = self._cluster.pairs()
        port = self._rng.choice(sorted(pairs))
        victim, heir = self._cluster.node(port), self._cluster.node(pairs[port])
        before = len(victim.written())
        if self._cut:
            heir.process.send_signal(signal.SIGSTOP)
            before = len(victim.written())
            victim.say("CLIENT", "KILL", "TYPE", "replica")
            yield from _for(self._cut)
        victim.kill()
        began = time.monotonic()
        heir.process.send_signal(signal.SIGCONT)
        unknown = victim.written()[before:] if self._cut else b""
        yield from _until(lambda: _serves(self._cluster, heir.port))
        self.losses.append(Loss(round(time.monotonic() - began, 2), unknown))
        yield from _for(self._rng.uniform(*DOWN))
        victim.start()
        yield from _until(lambda: self._cluster.pairs().get(heir.port) == port and self._cluster.whole())


def _serves(of: Cluster, port: int) -> bool:
    """Whether that node is a primary of a cluster that has a server for every slot."""
    return of.roles().get(port) == "master" and of.whole()


def _for(seconds: float) -> Iterator[None]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield


def _until(ready: Callable[[], bool]) -> Iterator[None]:
    while not ready():
        yield
