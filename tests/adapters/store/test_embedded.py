"""The embedded server: one per folder, gone with its owner, and nothing acknowledged is lost."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.store import embedded
from adapters.store.base import StoreRefused
from adapters.store.client import Client
from tests.disks import fill, small_disk

OWNER = """
import sys, time
from pathlib import Path
from adapters.store import embedded
server = embedded.start(Path(sys.argv[1]))
print(server.pid, flush=True)
time.sleep(60)
"""
WITHIN = 10.0


@contextmanager
def owner(folder: Path) -> "Iterator[tuple[subprocess.Popen[str], int]]":
    """Another process that owns a server on that folder, and the server's process id."""
    root = Path(__file__).parents[3]
    words = [sys.executable, "-c", OWNER, str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(root)}) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())


def runs(pid: int) -> bool:
    """Whether the process is there and not merely waiting to be reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def ended(pid: int) -> bool:
    until = time.monotonic() + WITHIN
    while runs(pid) and time.monotonic() < until:
        time.sleep(0.005)
    return not runs(pid)


async def put(url: str, name: str) -> None:
    client = Client(url)
    await client.do("SET", name, "there")
    await client.aclose()


async def has(url: str, name: str) -> bool:
    client = Client(url)
    found = await client.do("GET", name)
    await client.aclose()
    return found == b"there"


async def test_what_was_acknowledged_is_there_after_a_stop(tmp_path: Path) -> None:
    server = embedded.start(tmp_path)
    await put(server.url, "rule")
    assert server.owned
    assert server.gone() == ""
    server.stop()

    again = embedded.start(tmp_path)
    try:
        assert await has(again.url, "rule")
    finally:
        again.stop()


async def test_a_killed_owner_takes_its_server_along_and_loses_nothing(tmp_path: Path) -> None:
    with owner(tmp_path) as (process, pid):
        url = embedded.attach(tmp_path)
        assert url is not None
        await put(url, "rule")
        process.kill()

    assert ended(pid)
    assert embedded.attach(tmp_path) is None
    server = embedded.start(tmp_path)
    try:
        assert await has(server.url, "rule")
    finally:
        server.stop()


async def test_five_restarts_right_after_a_kill_each_find_everything(tmp_path: Path) -> None:
    for turn in range(5):
        with owner(tmp_path) as (process, _):
            url = embedded.attach(tmp_path)
            assert url is not None
            assert all([await has(url, f"turn-{n}") for n in range(turn)])
            await put(url, f"turn-{turn}")
            process.kill()


async def test_who_comes_second_attaches_and_is_told_when_the_owner_leaves(tmp_path: Path) -> None:
    first = embedded.start(tmp_path)
    second = embedded.start(tmp_path)

    assert not second.owned
    assert second.url == first.url
    assert second.pid is None
    second.stop()
    assert first.gone() == ""
    first.stop()
    assert "ended, so this one ends too" in second.gone()


def test_a_server_whose_owner_is_gone_is_adopted_and_stopped_in_the_end(tmp_path: Path) -> None:
    with (tmp_path / "server.lock").open("ab") as held:
        assert embedded._lock(held)
        left = embedded._spawn(tmp_path, tmp_path / "store.sock", held)
    until = time.monotonic() + WITHIN
    while embedded.attach(tmp_path) is None and time.monotonic() < until:
        time.sleep(0.005)

    server = embedded.start(tmp_path)

    assert server.owned
    assert server.pid is None
    assert left.poll() is None
    server.stop()
    left.wait(WITHIN)
    assert embedded.attach(tmp_path) is None


def test_a_server_that_dies_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    server = embedded.start(tmp_path)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    until = time.monotonic() + WITHIN
    while not server.gone() and time.monotonic() < until:
        time.sleep(0.005)

    assert server.gone().startswith("The store's server ended. Its log ends:")
    server.stop()


def test_a_data_path_too_long_for_a_socket_puts_it_into_the_runtime_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = tmp_path / "r"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    folder = tmp_path / ("deep" * 15) / ("er" * 20)

    server = embedded.start(folder)

    try:
        assert server.url.startswith(f"unix://{runtime}/perpwatch-")
        assert embedded.attach(folder) == server.url
        assert (folder / "appendonlydir").is_dir()
    finally:
        server.stop()


def test_something_in_the_sockets_place_is_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "store.sock").write_text("precious")

    with pytest.raises(StoreRefused, match=r"store\.sock is in the way of the store's socket"):
        embedded.start(tmp_path)

    assert (tmp_path / "store.sock").read_text() == "precious"


def test_a_dead_socket_is_cleared_away(tmp_path: Path) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / "store.sock"))
    dead.close()

    embedded.start(tmp_path).stop()


def test_a_data_folder_that_cannot_be_one_is_said_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreRefused, match="Give PERPWATCH_DATA a folder that you may write"):
        embedded.start(tmp_path / "file" / "data")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_data_folder_is_said_with_the_cure(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(StoreRefused, match="Give PERPWATCH_DATA a folder that you may write"):
        embedded.start(tmp_path)


def test_a_spoiled_append_only_file_is_refused_with_the_servers_own_words(tmp_path: Path) -> None:
    embedded.start(tmp_path).stop()
    for file in (tmp_path / "appendonlydir").glob("*.manifest"):
        file.write_text("nonsense\n")

    with pytest.raises(StoreRefused, match=r"could not start in .*Its log ends:"):
        embedded.start(tmp_path)

    (tmp_path / "appendonlydir").rename(tmp_path / "aside")
    embedded.start(tmp_path).stop()


async def test_an_append_only_file_cut_in_the_middle_still_starts_with_what_is_whole(tmp_path: Path) -> None:
    server = embedded.start(tmp_path)
    await put(server.url, "first")
    await put(server.url, "second")
    server.stop()
    (log,) = (tmp_path / "appendonlydir").glob("*.incr.aof")
    whole = log.read_bytes()
    log.write_bytes(whole[:-7])

    again = embedded.start(tmp_path)

    try:
        assert await has(again.url, "first")
        assert not await has(again.url, "second")
    finally:
        again.stop()


def test_no_secret_and_no_lock_is_shown_in_its_repr(tmp_path: Path) -> None:
    server = embedded.start(tmp_path)
    try:
        assert "_owner" not in repr(server)
        assert "_process" not in repr(server)
    finally:
        server.stop()


async def test_on_a_full_disk_none_is_started_and_what_was_acknowledged_is_there_once_there_is_room(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path, 8_000_000) as folder:
        server = embedded.start(folder)
        await put(server.url, "kept")
        server.stop()
        filler = fill(folder, leaving=embedded.LEAST_ROOM // 2)

        with pytest.raises(StoreRefused, match=r"The disk of .* is full\. Make room"):
            embedded.start(folder)
        filler.unlink()
        again = embedded.start(folder)

        assert await has(again.url, "kept")
        again.stop()
