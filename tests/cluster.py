"""A cluster on loopback from the embedded server's program: primaries that share the slots, each with a replica."""

import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from adapters.store.embedded import program
from tests import ports

SLOTS = 16_384
READY_WITHIN = 30.0
TAKES_OVER_AFTER_MS = 1_000
"""Without a word of a primary for so long, its replica takes over."""

PATIENT_MS = 30_000
"""The same where there is no replica: a machine that is busy must not look like a node that is down."""

TALK_ABOVE = 10_000
"""So far above its own port a node listens for what the other nodes say."""


@dataclass
class Node:
    """One server of the cluster."""

    port: int
    folder: Path
    options: Mapping[str, str]
    process: "subprocess.Popen[bytes]" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self) -> None:
        """Begin, or begin again on what its folder holds."""
        words = [word for name, value in self.options.items() for word in (f"--{name}", value)]
        self.process = subprocess.Popen([program(), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def say(self, *command: str) -> str:
        """What the server answers, as it came over the wire. Raises OSError where nobody is there."""
        words = [word.encode() for word in command]
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as line:
            line.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
            said = line.recv(1 << 16)
            while said.startswith(b"$") and len(said) < int(said[1 : said.index(b"\r\n")]):
                said += line.recv(1 << 16)
        return said.decode()

    @property
    def lives(self) -> bool:
        """Whether its process runs."""
        return self.process.poll() is None

    def written(self) -> bytes:
        """The commands that it has acknowledged since its file was begun anew."""
        files = sorted(self.folder.glob("appendonlydir/*.incr.aof"), key=lambda file: int(file.name.split(".")[-3]))
        return files[-1].read_bytes()

    def wait_for_replica(self) -> None:
        """Until the replica of this primary has all that was written."""
        _until(lambda: _copied(self.say("INFO", "replication")))

    def kill(self) -> None:
        """As if its machine lost power."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@dataclass
class Cluster:
    """The nodes; the first half began as primaries."""

    nodes: Sequence[Node]

    @property
    def url(self) -> str:
        """That of the first node."""
        return f"redis://127.0.0.1:{self.nodes[0].port}/0"

    def roles(self) -> Mapping[int, str]:
        """Port -> master or slave, of those that answer."""
        return {node.port: role for node in self.nodes if (role := _role(node))}

    def whole(self) -> bool:
        """Whether every slot has a server, as each node that runs sees it."""
        return all(_healthy(node) for node in self.nodes if node.lives)

    def pairs(self) -> Mapping[int, int]:
        """Port of each primary -> that of the replica which has all of it."""
        said = {node.port: _replication(node) for node in self.nodes}
        return {
            int(of["master_port"]): port
            for port, of in said.items()
            if of.get("role") == "slave" and of.get("master_link_status") == "up"
        }

    def node(self, port: int) -> Node:
        """The one at that port."""
        return next(node for node in self.nodes if node.port == port)


@contextmanager
def cluster(folder: Path, primaries: int = 3, replicas: int = 1, copies: int = 0) -> Iterator[Cluster]:
    """A cluster that is ready; its nodes end with the block.

    A primary that has fewer than so many `copies` takes no writes: its `min-replicas-to-write`.
    """
    nodes: list[Node] = []
    patience = TAKES_OVER_AFTER_MS if replicas else PATIENT_MS
    try:
        folders = (folder / f"node{number}" for number in range(primaries * (1 + replicas)))
        nodes.extend(_node(own, patience, copies) for own in folders)
        _until(lambda: _all_answer(nodes, patience, copies))
        _join(nodes, primaries)
        made = Cluster(nodes)
        _until(made.whole)
        yield made
    finally:
        for node in nodes:
            node.process.kill()
        for node in nodes:
            node.process.wait()


@contextmanager
def cluster_url(folder: Path) -> Iterator[str]:
    """The URL of a cluster of three primaries and nothing else."""
    with cluster(folder, replicas=0) as made:
        yield made.url


def _join(nodes: Sequence[Node], primaries: int) -> None:
    for number, node in enumerate(nodes[:primaries]):
        first, last = number * SLOTS // primaries, (number + 1) * SLOTS // primaries - 1
        node.say("CLUSTER", "ADDSLOTSRANGE", str(first), str(last))
    for node in nodes[1:]:
        node.say("CLUSTER", "MEET", "127.0.0.1", str(nodes[0].port))
    _until(lambda: all(f"cluster_known_nodes:{len(nodes)}" in node.say("CLUSTER", "INFO") for node in nodes))
    for number, node in enumerate(nodes[primaries:]):
        of = nodes[number % primaries].say("CLUSTER", "MYID").split("\r\n")[1]
        _until(lambda node=node, of=of: node.say("CLUSTER", "REPLICATE", of).startswith("+OK"))  # type: ignore[misc]
    _until(lambda: all("master_link_status:up" in node.say("INFO", "replication") for node in nodes[primaries:]))


def _node(folder: Path, patience_ms: int, copies: int) -> Node:
    port = ports.free(TALK_ABOVE)
    return Node(port, folder, _options(folder, port, patience_ms, copies))


def _all_answer(nodes: list[Node], patience_ms: int, copies: int) -> bool:
    """Whether they do; one that ended, as somebody else was faster at its port, begins at another."""
    for place, node in enumerate(nodes):
        if not node.lives:
            nodes[place] = _node(node.folder, patience_ms, copies)
    return all(_role(node) for node in nodes)


def _options(folder: Path, port: int, patience_ms: int, copies: int) -> Mapping[str, str]:
    return {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(folder),
        "cluster-enabled": "yes",
        "cluster-node-timeout": str(patience_ms),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
        "logfile": str(folder / "log"),
        "repl-diskless-sync-delay": "0",
        "min-replicas-to-write": str(copies),
    }


def _copied(said: str) -> bool:
    offset = re.search(r"master_repl_offset:(\d+)", said)
    return offset is not None and f"offset={offset[1]}," in said


def _role(node: Node) -> str:
    return _replication(node).get("role", "")


def _replication(node: Node) -> Mapping[str, str]:
    """What the node says of who copies whom; nothing where it does not answer."""
    try:
        said = node.say("INFO", "replication")
    except OSError:
        return {}
    return dict(line.split(":", 1) for line in said.splitlines() if ":" in line)


def _healthy(node: Node) -> bool:
    try:
        said = node.say("CLUSTER", "INFO")
    except OSError:
        return False
    return "cluster_state:ok" in said


def _until(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + READY_WITHIN
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError("the cluster did not become ready")
        time.sleep(0.02)


def main() -> None:
    """A cluster until Ctrl-C, in a folder of its own that is deleted then."""
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as made:
        sys.stdout.write(f"PERPWATCH_REDIS_URL={made.url}\n")
        sys.stdout.write(f"primaries and replicas: {dict(made.roles())}. Ctrl-C ends them.\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
