"""A message as Discord shows it: one embed within the platform's sizes, its files, and nothing left out unsaid."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.chat.base import Document, Message, Picture, Tone
from adapters.chat.discord.escape import ELLIPSIS, cut, escaped, fenced, marked, size
from adapters.chat.rendering import SIMULATED, aligned, clean

TITLE, DESCRIPTION, FOOTER, EMBED, CONTENT, ALT = 256, 4096, 2048, 6000, 2000, 1024
"""Discord's limits, in characters."""

RUN = 900
"""Characters that are kept of one run of text: with every one escaped, a line still fits."""

ROW = 300
"""Characters that are kept of one row of a table."""

COLOURS: Mapping[Tone, int] = {
    Tone.FIRING: 0xE69F00,
    Tone.OVER: 0x009E73,
    Tone.ANSWER: 0x0072B2,
    Tone.LOW_TRUST: 0x7F8C8D,
    Tone.NO_DATA: 0xF0E442,
    Tone.TROUBLE: 0xD55E00,
}

_BULLET = "•"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message. `alt` says in words what it shows; `shown` = inside the embed."""

    content: bytes
    name: str
    alt: str = ""
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One message of Discord: its embed, what stands outside of it, and its files."""

    title: str
    description: str
    footer: str
    colour: int
    content: str | None
    files: tuple[File, ...]


def page(message: Message, mention: str | None = None, missing: int = 0) -> Page:
    """The message; `mention` is the one role that it calls, `missing` how many buttons found no room."""
    title = cut(_title(message), TITLE)
    left_out = f"{ELLIPSIS} +{missing}" if missing else ""
    small = (clean(message.alert or ""), clean(cut(message.small, FOOTER)), left_out)
    footer = cut(" · ".join(part for part in small if part), FOOTER)
    description = _body(message, min(DESCRIPTION, EMBED - size(title) - size(footer)))
    return Page(
        title=title,
        description=description,
        footer=footer,
        colour=COLOURS[message.tone],
        content=None if mention is None else f"<@&{mention}>",
        files=tuple(_files(message.picture, message.document)),
    )


def _title(message: Message) -> str:
    """The icon and the headline, in one style; something always, for an embed of nothing is refused."""
    said = escaped(cut("".join(span.text for span in message.headline), TITLE)).strip()
    parts = [SIMULATED if message.simulated else "", escaped(message.icon), said]
    return " ".join(part for part in parts if part) or ELLIPSIS


class _Shrinking:
    """Parts of a body, each with its size, that are taken out one by one until the rest fits."""

    def __init__(self, message: Message) -> None:
        self.before = [marked(line, RUN) for line in message.lines]
        self.rows = [cut(row, ROW) for row in aligned(message.table)] if message.table is not None else []
        self.after = [marked(line, RUN) for line in message.after]
        self.dropped = 0
        self.size = sum(size(part) + 1 for part in (*self.before, *self.rows, *self.after)) + 2 * len("```\n")

    def drop(self) -> None:
        """Leave out what is missed least: the last reason, then rows, then lines from the end, the first one last."""
        reasons = [at for at, line in enumerate(self.before) if line.startswith(_BULLET)]
        if reasons:
            self._take(self.before, reasons[-1])
        elif len(self.rows) > 2:
            self._take(self.rows, len(self.rows) - 1)
        elif len(self.before) > 1:
            self._take(self.before, len(self.before) - 1)
        elif self.after:
            self._take(self.after, len(self.after) - 1)
        else:
            self._take(self.before, 0)

    def text(self) -> str:
        """What is left, and how much is not."""
        table = [fenced(self.rows)] if self.rows else []
        left_out = [f"{ELLIPSIS} +{self.dropped}"] if self.dropped else []
        return "\n".join([*self.before, *table, *self.after, *left_out])

    def _take(self, parts: list[str], at: int) -> None:
        self.size -= size(parts.pop(at)) + 1
        self.dropped += 1


def _body(message: Message, room: int) -> str:
    parts = _Shrinking(message)
    while parts.size + len(f"{ELLIPSIS} +{parts.dropped}") > room:
        parts.drop()
    return parts.text()


def _files(picture: Picture | None, document: Document | None) -> Sequence[File]:
    files = []
    if picture is not None:
        files.append(File(picture.png, _named(picture.name), cut(clean(picture.alt), ALT), shown=True))
    if document is not None:
        files.append(File(document.content, _named(document.name)))
    return files


def _named(name: str) -> str:
    """A file's name as an embed can refer to it."""
    return _UNSAFE.sub("-", name).strip("-.") or "file"
