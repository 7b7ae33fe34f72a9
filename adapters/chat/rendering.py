"""Messages as plain text: what a terminal, a log or a pipe can show, and nothing that could steer one."""

import unicodedata
from collections.abc import Mapping

from adapters.chat.base import Line, Message, Style, Table, Tone

SIMULATED = "SIMULATED"

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
        blocks += aligned(message.table)
    blocks += [_line(line, colour=colour) for line in message.after]
    if message.small:
        blocks.append(_paint(clean(message.small), _DIM, colour=colour))
    if message.buttons:
        blocks.append("  ".join(f"[{n}] {clean(b.label)}" for n, b in enumerate(message.buttons, first)))
    return "\n".join(blocks) + "\n"


def clean(text: str) -> str:
    """The text on one line, without control, escape, bidirectional and invisible characters."""
    if text.isprintable():
        return text
    flat = "".join(" " if c in "\t\n\r\v\f\x85\u2028\u2029" else c for c in text)
    return "".join(c for c in flat if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def _headline(message: Message, *, colour: bool) -> str:
    tone = "\x1b[38;2;{};{};{}m".format(*_COLOURS[message.tone])
    parts = [_paint(SIMULATED, _STYLES[Style.BOLD], colour=colour)] if message.simulated else []
    parts += [clean(message.icon), _line(message.headline, colour=colour, tone=tone)]
    if message.alert:
        parts.append(" " + _paint(clean(message.alert), _STYLES[Style.CODE], colour=colour))
    return " ".join(part for part in parts if part)


def _line(line: Line, *, colour: bool, tone: str = "") -> str:
    return "".join(_paint(clean(span.text), tone + _STYLES[span.style], colour=colour) for span in line)


def _paint(text: str, codes: str, *, colour: bool) -> str:
    return f"{codes}{text}{_RESET}" if colour and codes and text else text


def aligned(table: Table) -> list[str]:
    """The header and the rows as lines whose columns stand below each other."""
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
    marks = {"Mn", "Me"}
    return sum(
        0 if unicodedata.category(c) in marks else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )
