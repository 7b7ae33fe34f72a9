"""The terminal as a chat: reads lines, writes plain text, and holds no texts of its own.

On a terminal it edits lines, keeps a history and completes words; anywhere else it reads and writes plain lines.
"""

import asyncio
import codecs
import io
import os
import sys
import threading
import time
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TextIO, TypeAlias

from adapters.chat.base import (
    CommandSpec,
    Delivery,
    Dispatch,
    Gone,
    Invocation,
    Line,
    Message,
    Outcome,
    Place,
    Sent,
    Style,
    Table,
    Tone,
    Words,
)

if TYPE_CHECKING:  # loaded only on a terminal
    from prompt_toolkit.completion import Completer

NAME = "terminal"
HERE = Place(NAME, "local")
PERSON = "local"
SIMULATED = "SIMULATED"
REMEMBERED = 99
"""Buttons that can still be pressed."""

LEAVE = frozenset({"/quit", "/exit", "quit", "exit"})

# rendering

_RESET = "\x1b[0m"
_DIM = "\x1b[2m"
_STYLES: Mapping[Style, str] = {
    Style.PLAIN: "",
    Style.BOLD: "\x1b[1m",
    Style.ITALIC: "\x1b[3m",
    Style.CODE: "\x1b[36m",
}
_COLOURS: Mapping[Tone, tuple[int, int, int]] = {
    Tone.FIRING: (0xE6, 0x9F, 0x00),
    Tone.OVER: (0x00, 0x9E, 0x73),
    Tone.ANSWER: (0x00, 0x72, 0xB2),
    Tone.LOW_TRUST: (0x7F, 0x8C, 0x8D),
    Tone.NO_DATA: (0xF0, 0xE4, 0x42),
    Tone.TROUBLE: (0xD5, 0x5E, 0x00),
}


def render(message: Message, *, colour: bool, first: int = 1) -> str:
    """The message as a block of text that ends with a line break; its buttons are numbered from `first`."""
    blocks = [_headline(message, colour=colour)]
    blocks += [_line(line, colour=colour) for line in message.lines]
    if message.table is not None:
        blocks += _table(message.table)
    blocks += [_line(line, colour=colour) for line in message.after]
    if message.small:
        blocks.append(_paint(clean(message.small), _DIM, colour=colour))
    if message.buttons:
        blocks.append("  ".join(f"[{n}] {clean(b.label)}" for n, b in enumerate(message.buttons, first)))
    return "\n".join(blocks) + "\n"


def clean(text: str) -> str:
    """The text on one line, without control, escape, bidirectional and invisible characters."""
    flat = "".join(" " if c in "\t\n\r\v\f\x85\u2028\u2029" else c for c in text)
    return "".join(c for c in flat if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def _headline(message: Message, *, colour: bool) -> str:
    tone = "\x1b[38;2;{};{};{}m".format(*_COLOURS[message.tone])
    parts = [_paint(SIMULATED, _STYLES[Style.BOLD], colour=colour)] if message.simulated else []
    parts += [clean(message.icon), _line(message.headline, colour=colour, tone=tone)]
    if message.alert is not None:
        parts.append(" " + _paint(clean(message.alert), _STYLES[Style.CODE], colour=colour))
    return " ".join(part for part in parts if part)


def _line(line: Line, *, colour: bool, tone: str = "") -> str:
    return "".join(_paint(clean(span.text), tone + _STYLES[span.style], colour=colour) for span in line)


def _paint(text: str, codes: str, *, colour: bool) -> str:
    return f"{codes}{text}{_RESET}" if colour and codes and text else text


def _table(table: Table) -> list[str]:
    cells = [[clean(cell) for cell in row] for row in (table.header, *table.rows)]
    columns = max(len(row) for row in cells)
    cells = [row + [""] * (columns - len(row)) for row in cells]
    widths = [max(_width(row[i]) for row in cells) for i in range(columns)]
    return [
        "  ".join(_pad(c, w, left=i == 0) for i, (c, w) in enumerate(zip(row, widths, strict=True))) for row in cells
    ]


def _pad(cell: str, width: int, *, left: bool) -> str:
    gap = " " * (width - _width(cell))
    return cell + gap if left else gap + cell


def _width(text: str) -> int:
    """Columns that the text takes: wide letters two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


# consoles


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
    end_is_leaving = False

    def __init__(self, lines: AsyncIterator[str], writer: TextIO) -> None:
        self._lines = lines
        self._writer = writer

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
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue()

    def read() -> None:
        try:
            while chunk := os.read(descriptor, 65536):
                loop.call_soon_threadsafe(queue.put_nowait, chunk)
            loop.call_soon_threadsafe(queue.put_nowait, b"")
        except (OSError, RuntimeError):  # closed under us, or the loop has ended: nobody waits any more
            return

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


# completion

Complete: TypeAlias = Callable[[str], Awaitable[Sequence[tuple[str, int]]]]
"""What may follow the text before the cursor: words, and how far back each begins (0 or less)."""


async def completions(before: str, menu: Sequence[CommandSpec], words: Words) -> Sequence[tuple[str, int]]:
    """Commands at the start of a line, then the words of that command's parameters; venues after `@`."""
    head, _, rest = before.partition(" ")
    if before == head:
        return [(f"/{spec.name}", -len(before)) for spec in menu if f"/{spec.name}".startswith(before or "/")]
    spec = next((s for s in menu if f"/{s.name}" == head), None)
    kinds = dict.fromkeys(p.choices for p in spec.parameters if p.choices) if spec else ()
    token = rest.rpartition(" ")[2]
    _, at, venue = token.rpartition("@")
    wanted, typed = (("venue",), venue) if at else (tuple(kinds), token)
    found = [word for kind in wanted for word in await words(kind)]
    return [(word, -len(typed)) for word in dict.fromkeys(found) if word.lower().startswith(typed.lower())]


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


# the front


async def no_words(kind: str) -> Sequence[str]:
    """Completes nothing but commands."""
    del kind
    return ()


class Terminal:
    """One person, who owns the place `terminal:local` and has an operator's rights."""

    name = NAME

    def __init__(
        self,
        now: Callable[[], datetime],
        history: Path | None = None,
        words: Words = no_words,
        console: Console | None = None,
    ) -> None:
        self._now = now
        self._words = words
        self._menu: Sequence[CommandSpec] = ()
        self._console = console or self._open(history)
        self._session = time.monotonic_ns()
        self._read = 0
        self._shown = 0
        self._buttons: dict[int, str] = {}
        self._next_button = 1

    async def send(self, delivery: Delivery) -> Outcome:
        """Show the message; an edit is a new block under the same id."""
        try:
            await self._show(delivery.message)
        except OSError as error:
            return Gone(f"the terminal is closed: {error.strerror or error}")
        self._shown += 1
        return Sent(delivery.edits or f"{self._session}-{self._shown}")

    async def serve(self, menu: Sequence[CommandSpec], dispatch: Dispatch) -> None:
        """Answer lines until the person leaves; after the end of a pipe, wait until cancelled."""
        self._menu = menu
        with self._console.guard():
            while (line := await self._console.read()) is not None:
                text = clean(line).strip()
                if text.lower() in LEAVE:
                    return
                if text:
                    await self._answer(self._pressed(text), dispatch)
        if not self._console.end_is_leaving:
            await asyncio.Event().wait()

    async def _answer(self, text: str, dispatch: Dispatch) -> None:
        self._read += 1
        name, _, arguments = text.partition(" ")
        verb = name.removeprefix("/").partition("@")[0] if name.startswith("/") else name
        now = self._now()
        message = await dispatch(
            Invocation(
                place=HERE,
                person=PERSON,
                name=verb.lower() if name.startswith("/") else verb,
                arguments=arguments.strip(),
                seen=f"{NAME}:{now.isoformat()}:{self._session}:{self._read}",
                at=now,
                operator=True,
            )
        )
        await self._show(message)

    async def _show(self, message: Message) -> None:
        first = self._next_button
        if message.buttons:
            self._buttons.update({n: b.command for n, b in enumerate(message.buttons, first)})
            self._next_button += len(message.buttons)
            for old in range(first - REMEMBERED, self._next_button - REMEMBERED):
                self._buttons.pop(old, None)
        await self._console.write(render(message, colour=self._console.colour, first=first))

    def _pressed(self, text: str) -> str:
        """The line that a number stands for: every button keeps its number, so a late one still means itself."""
        return self._buttons.get(int(text), text) if text.isascii() and text.isdigit() and len(text) < 9 else text

    def _open(self, history: Path | None) -> Console:
        if history is not None and sys.stdin.isatty() and sys.stdout.isatty():
            return Prompt(history, self._complete, colour=not os.environ.get("NO_COLOR"))
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        return Plain(lines_of(sys.stdin.fileno()), sys.stdout)

    async def _complete(self, before: str) -> Sequence[tuple[str, int]]:
        return await completions(before, self._menu, self._words)
