"""A small disk of its own, which needs no root."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

UNSHARE = shutil.which("unshare")
A_BLOCK = 4096


@contextmanager
def small_disk(at: Path, size: int) -> Iterator[Path]:
    """A folder on a file system of so many bytes: mounted for a process of its own, and seen from here through that."""
    if UNSHARE is None:
        pytest.skip("unshare is not on PATH: only Linux has it")
    mount = f"mount -t tmpfs -o size={size} none '{at}' && echo ready && exec cat"
    words = [UNSHARE, "--user", "--map-root-user", "--mount", "sh", "-c", mount]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as held:
        assert held.stdin is not None
        assert held.stdout is not None
        if held.stdout.readline() != b"ready\n":
            pytest.skip("this system lets nobody but root mount a disk for himself")
        try:
            yield Path(f"/proc/{held.pid}/root") / at.relative_to("/")
        finally:
            held.stdin.close()


def fill(folder: Path, leaving: int = 0) -> Path:
    """The file that takes all room on the disk but so many bytes."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(A_BLOCK)):
                pass
        except OSError:
            file.truncate(max(0, file.tell() - leaving))
    return filler
