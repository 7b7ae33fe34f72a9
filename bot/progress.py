"""How far a long command is: a bar on a terminal, plain lines elsewhere."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from bot.phrases import count

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar


class Progress(Protocol):
    """Shows the parts of a long command; `files` counts what was written."""

    files: int

    def begin(self, parts: int) -> None:
        """So many parts are to come."""
        ...

    def done(self, what: str) -> None:
        """One of them is done."""
        ...

    def waits(self, until: datetime, why: str) -> None:
        """Nothing happens until then."""
        ...

    def wrote(self, path: Path) -> None:
        """A file is there."""
        ...

    def end(self) -> None:
        """That is all."""
        ...


class Lines:
    """One line on standard error for each thing that happens."""

    def __init__(self) -> None:
        self.files = 0
        self._parts = 0
        self._over = 0

    def begin(self, parts: int) -> None:
        """Say how much is to do."""
        self._parts = parts
        click.echo(f"{count(parts, 'part')} to ask for", err=True)

    def done(self, what: str) -> None:
        """Say what was done."""
        self._over += 1
        click.echo(f"{self._over}/{self._parts} {what}", err=True)

    def waits(self, until: datetime, why: str) -> None:
        """Say until when."""
        click.echo(_waiting(until, why), err=True)

    def wrote(self, path: Path) -> None:
        """Say where."""
        self.files += 1
        click.echo(f"wrote {path}", err=True)

    def end(self) -> None:
        """Nothing more to say."""


class Bar:
    """A bar on standard error."""

    def __init__(self) -> None:
        self.files = 0
        self._bar: ProgressBar[int] | None = None

    def begin(self, parts: int) -> None:
        """Draw it empty."""
        self._bar = click.progressbar(length=parts, label="asking", file=sys.stderr, show_pos=True)
        self._bar.render_progress()

    def done(self, what: str) -> None:
        """Draw it a bit fuller."""
        if self._bar is not None:
            self._bar.label = what
            self._bar.update(1)

    def waits(self, until: datetime, why: str) -> None:
        """Say so before the bar."""
        if self._bar is not None:
            self._bar.label = _waiting(until, why)
            self._bar.render_progress()

    def wrote(self, path: Path) -> None:
        """Count it."""
        del path
        self.files += 1

    def end(self) -> None:
        """Leave the bar and go to a new line."""
        if self._bar is not None:
            self._bar.render_finish()


def progress() -> Progress:
    """A bar where somebody looks, lines where a program or a log does."""
    return Bar() if sys.stderr.isatty() else Lines()


def _waiting(until: datetime, why: str) -> str:
    return f"waiting until {until:%H:%M:%S} UTC: {why}"
