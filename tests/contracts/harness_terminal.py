"""The terminal for the contract of platforms: plain standard streams, as in a pipe."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from adapters.chat.base import ChatPlatform, Notes
from adapters.chat.completion import no_words
from adapters.chat.registry import PLATFORMS, Wiring
from adapters.chat.terminal import HERE

NOW = datetime(2026, 1, 5, tzinfo=UTC)


class Harness:
    """The one person, behind two pipes."""

    here = HERE

    def __init__(self, platform: ChatPlatform, keyboard: int, screen: int) -> None:
        self.platform = platform
        self._keyboard = keyboard
        self._screen = screen
        self._seen = b""

    def arrived(self) -> str:
        """What people can read."""
        while True:
            try:
                self._seen += os.read(self._screen, 65536)
            except BlockingIOError:
                return self._seen.decode()

    def nobody_reads(self) -> None:
        """From now on."""
        os.close(self._screen)
        self._screen = os.open(os.devnull, os.O_RDONLY)

    async def say(self, line: str) -> None:
        """The person types."""
        os.write(self._keyboard, f"{line}\n".encode())
        await asyncio.sleep(0)

    def close(self) -> None:
        os.close(self._keyboard)
        os.close(self._screen)


def no_notes(platform: str) -> Notes:
    """The terminal keeps none."""
    raise AssertionError(platform)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Harness]:
    """The platform as the registry opens it."""
    wiring = Wiring(lambda: NOW, folder / "history", no_words, lambda: NOW, no_notes, folder / "charts")
    (input_, keyboard), (screen, output) = os.pipe(), os.pipe()
    os.set_blocking(screen, False)
    with (
        os.fdopen(input_, encoding="utf-8") as typed,
        os.fdopen(output, "w", encoding="utf-8", closefd=False) as shown,
        mock.patch("sys.stdin", typed),
        mock.patch("sys.stdout", shown),
    ):
        harness = Harness(PLATFORMS["terminal"](wiring), keyboard, screen)
        try:
            yield harness
        finally:
            harness.close()
            os.set_blocking(output, False)
            os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    os.close(output)
