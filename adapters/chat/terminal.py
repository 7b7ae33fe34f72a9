"""The terminal as a chat: reads lines, writes plain text, and holds no texts of its own.

On a terminal it edits lines, keeps a history and completes words; anywhere else it reads and writes plain lines.
"""

import asyncio
import contextlib
import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from adapters.chat.base import (
    CommandSpec,
    Delivery,
    Gone,
    Invocation,
    MenuEntry,
    Message,
    Outcome,
    Picture,
    Place,
    Reception,
    Sent,
    Words,
)
from adapters.chat.completion import completions, no_words
from adapters.chat.consoles import Console, Plain, Prompt, lines_of
from adapters.chat.gallery import Gallery
from adapters.chat.rendering import clean, render

NAME = "terminal"
HERE = Place(NAME, "local")
PERSON = "local"
REMEMBERED = 99
"""Buttons that can still be pressed."""

NOWHERE = -1
"""The descriptor of a closed standard input."""

LEAVE = frozenset({"/quit", "/exit", "quit", "exit"})


class Terminal:
    """One person, who owns the place `terminal:local` and has an operator's rights."""

    name = NAME

    def __init__(
        self,
        now: Callable[[], datetime],
        history: Path | None = None,
        words: Words = no_words,
        console: Console | None = None,
        gallery: Gallery | None = None,
    ) -> None:
        self._now = now
        self._words = words
        self._gallery = gallery
        self._menu: Sequence[CommandSpec] = ()
        self._console = console or self._open(history)
        self._session = time.monotonic_ns()
        self._read = 0
        self._shown = 0
        self._buttons: dict[int, str] = {}
        self._next_button = 1

    async def send(self, delivery: Delivery) -> Outcome:
        """Show the message; an edit is a line about the same id."""
        message = delivery.message
        if delivery.edits is not None:
            message = replace(message, lines=message.lines[:1], after=(), small="", buttons=())
        try:
            await self._show(message)
        except OSError as error:
            return Gone(f"the terminal is closed: {error.strerror or error}")
        self._shown += 1
        return Sent(delivery.edits or f"{self._session}-{self._shown}")

    async def serve(self, menu: Sequence[MenuEntry], reception: Reception) -> None:
        """Answer lines until the person leaves or reads no more; after the end of a pipe, wait until cancelled."""
        self._menu = [entry.spec for entry in menu]
        await reception.came(HERE)
        with self._console.guard():
            while (line := await self._console.read()) is not None:
                text = clean(line).strip()
                if text.lower() in LEAVE:
                    return
                if text and not await self._answer(text, reception):
                    return
        if not self._console.end_is_leaving:
            await asyncio.Event().wait()

    async def find(self, named: str) -> Place | None:
        """There is only this terminal."""
        return HERE if named == HERE.id else None

    async def owns(self, person: str, place: Place) -> bool:
        """The one person owns the one place."""
        return (person, place) == (PERSON, HERE)

    async def can_send(self, place: Place) -> bool:
        """It is the only place that there is."""
        return place == HERE

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    async def _answer(self, typed: str, reception: Reception) -> bool:
        """Whether somebody was there to read the answer."""
        self._read += 1
        text = self._pressed(typed)
        name, _, arguments = text.partition(" ")
        verb = name.removeprefix("/").partition("@")[0] if name.startswith("/") else name
        now = self._now()
        message = await reception.answer(
            Invocation(
                place=HERE,
                person=PERSON,
                name=verb.lower() if name.startswith("/") else verb,
                arguments=arguments.strip(),
                seen=f"{NAME}:{now.isoformat()}:{self._session}:{self._read}",
                at=now,
                operator=True,
                pressed=text != typed,
            )
        )
        try:
            await self._show(message)
        except OSError:
            return False
        return True

    async def _show(self, message: Message) -> None:
        first = self._next_button
        if message.buttons:
            self._buttons.update({n: b.command for n, b in enumerate(message.buttons, first)})
            self._next_button += len(message.buttons)
            for old in range(first - REMEMBERED, self._next_button - REMEMBERED):
                self._buttons.pop(old, None)
        shown = render(message, colour=self._console.colour, first=first)
        await self._console.write(shown + await self._hung(message.picture))

    async def _hung(self, picture: Picture | None) -> str:
        """Where the picture is; nothing where there is none, or no room for it."""
        if picture is None or self._gallery is None:
            return ""
        with contextlib.suppress(OSError):  # the message says the same without it
            return f"🖼 {await asyncio.to_thread(self._gallery.hang, picture)}\n"
        return ""

    def _pressed(self, text: str) -> str:
        """The line that a number stands for: every button keeps its number, so a late one still means itself."""
        return self._buttons.get(int(text), text) if text.isascii() and text.isdigit() and len(text) < 9 else text

    def _open(self, history: Path | None) -> Console:
        typed = sys.stdin is not None and sys.stdin.isatty()
        if history is not None and typed and sys.stdout.isatty():
            return Prompt(history, self._complete, colour=not os.environ.get("NO_COLOR"))
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")
        return Plain(lines_of(sys.stdin.fileno() if sys.stdin else NOWHERE), sys.stdout, end_is_leaving=typed)

    async def _complete(self, before: str) -> Sequence[tuple[str, int]]:
        return await completions(before, self._menu, self._words, HERE)
