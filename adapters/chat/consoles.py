"""Consoles: where a terminal's lines come from and where its text goes, with or without a line editor."""

import asyncio
import codecs
import contextlib
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO

from adapters.chat.completion import Complete

if TYPE_CHECKING:  # loaded only on a terminal
    from prompt_toolkit.completion import Completer


class Console(Protocol):
    """Where lines come from and text goes to."""

    @property
    def colour(self) -> bool:
        """Whether styles may be shown."""
        ...

    @property
    def end_is_leaving(self) -> bool:
        """Whether the end of input means that the person left; else the service goes on without input."""
        ...

    def guard(self) -> AbstractContextManager[object]:
        """Keeps what others print away from the line that is being typed."""
        ...

    async def read(self) -> str | None:
        """The next line; None at the end of input."""
        ...

    async def write(self, text: str) -> None:
        """Show the text, above the line that is being typed. Raises OSError where nobody reads any more."""
        ...


class Plain:
    """Plain lines in, plain text out: pipes, files and tests."""

    colour = False

    def __init__(self, lines: AsyncIterator[str], writer: TextIO, *, end_is_leaving: bool = False) -> None:
        self._lines = lines
        self._writer = writer
        self.end_is_leaving = end_is_leaving

    def guard(self) -> AbstractContextManager[object]:
        """Nothing is edited here, so there is nothing to guard."""
        return nullcontext()

    async def read(self) -> str | None:
        """The next line; None at the end of input."""
        return await anext(self._lines, None)

    async def write(self, text: str) -> None:
        """Write and flush. Raises OSError where nobody reads any more."""
        self._writer.write(text)
        self._writer.flush()


async def lines_of(descriptor: int) -> AsyncIterator[str]:
    """The lines of a file, pipe or terminal as they come, without blocking the loop.

    A thread reads, because files and /dev/null cannot be watched by the loop; it never keeps the process alive.
    What cannot be read has no lines.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
            with contextlib.suppress(OSError):  # closed under us, or never open
                while chunk := os.read(descriptor, 65536):
                    loop.call_soon_threadsafe(queue.put_nowait, chunk)
            loop.call_soon_threadsafe(queue.put_nowait, b"")

    threading.Thread(target=read, name="terminal input", daemon=True).start()
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    rest = ""
    while chunk := await queue.get():
        *whole, rest = (rest + decoder.decode(chunk)).split("\n")
        for line in whole:
            yield line
    if rest:
        yield rest


class Prompt:
    """A line editor with history and completion; what is written meanwhile appears above the line."""

    end_is_leaving = True

    def __init__(self, history: Path, complete: "Complete", *, colour: bool) -> None:
        from prompt_toolkit import PromptSession  # noqa: PLC0415 - loaded only on a terminal
        from prompt_toolkit.history import FileHistory  # noqa: PLC0415 - the same

        history.parent.mkdir(parents=True, exist_ok=True)
        history.touch(mode=0o600)
        history.chmod(0o600)
        self.colour = colour
        self._session: PromptSession[str] = PromptSession(
            "> ", history=FileHistory(str(history)), completer=_completer(complete), complete_while_typing=False
        )

    def guard(self) -> AbstractContextManager[object]:
        """Prints of others appear above the line too."""
        from prompt_toolkit.patch_stdout import patch_stdout  # noqa: PLC0415 - loaded only on a terminal

        return patch_stdout(raw=True)

    async def read(self) -> str | None:
        """The next line; None on Ctrl-C and Ctrl-D."""
        try:
            return await self._session.prompt_async(handle_sigint=False)
        except (EOFError, KeyboardInterrupt):
            return None

    async def write(self, text: str) -> None:
        """Show the text above the line that is being typed."""
        from prompt_toolkit.application import run_in_terminal  # noqa: PLC0415 - loaded only on a terminal

        def show() -> None:
            self._session.output.write_raw(text)
            self._session.output.flush()

        await run_in_terminal(show)


def _completer(complete: Complete) -> "Completer":
    """What the line editor asks for."""
    from prompt_toolkit.completion import Completer, Completion  # noqa: PLC0415 - loaded only on a terminal
    from prompt_toolkit.completion.base import CompleteEvent  # noqa: PLC0415 - the same
    from prompt_toolkit.document import Document  # noqa: PLC0415 - the same

    class Words(Completer):
        def get_completions(self, document: Document, complete_event: CompleteEvent) -> Sequence[Completion]:
            del document, complete_event
            return ()

        async def get_completions_async(
            self, document: Document, complete_event: CompleteEvent
        ) -> AsyncGenerator[Completion, None]:
            del complete_event
            for word, start in await complete(document.text_before_cursor):
                yield Completion(word, start_position=start)

    return Words()
