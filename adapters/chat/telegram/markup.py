"""Messages as Telegram's HTML: pure, escaped, within the limits, and nothing left out without a mark.

An alert is one message: what does not fit is taken from the end of its table, then of its reasons, then from the
small print, and "…" stands there instead; a row that is too long by itself is cut. Anything else is told in as many
messages as it takes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from adapters.chat.base import Line, Message, Style, Table, Text
from adapters.chat.rendering import SIMULATED, aligned, clean

TEXT = 4096
"""UTF-16 units of a message's text, after its entities are parsed."""

CAPTION = 1024
"""The same of a caption."""

ENTITIES = 100
"""Telegram ignores those beyond."""

CELL = 32
"""Characters of a table's cell; a longer one would push every row off the screen."""

MORE = "…"
REASON = "• "

_TAGS: Mapping[Style, str] = {Style.PLAIN: "", Style.BOLD: "b", Style.ITALIC: "i", Style.CODE: "code"}
_NO_MENTION = "\u2060"
_MENTION = re.compile(r"(?<!\w)@(?=\w|$)")
_UNSEEN = re.compile("[\\s\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\ufeff\ufffc]*")


class Kind(StrEnum):
    """What a row stands in."""

    TEXT = ""
    TABLE = "pre"
    SMALL = "blockquote"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a message: cleaned spans, not yet escaped."""

    spans: Line
    kind: Kind = Kind.TEXT
    reason: bool = False

    @property
    def text(self) -> str:
        """Its characters, without styles."""
        return "".join(span.text for span in self.spans)

    @property
    def styled(self) -> int:
        """How many entities its spans make."""
        return sum(1 for span in self.spans if span.style is not Style.PLAIN)


@dataclass(frozen=True, slots=True)
class Page:
    """One message as it is sent, and the same without markup."""

    html: str
    plain: str


def pages(message: Message) -> Sequence[Page]:
    """The message as one page, or as several where it is too long and nothing of it may be dropped."""
    rows = _laid_out(message)
    if _fits(rows, TEXT) and _shows(rows):
        return [_page(rows)]
    if message.alert is not None:
        rows = _halved(_fitted(rows, TEXT), TEXT)
    return [_page(part) for part in _split(rows, TEXT)] or [Page(MORE, MORE)]


def caption(message: Message) -> Page | None:
    """The message below a picture; None where it is too long for that."""
    rows = _laid_out(message)
    return _page(rows) if _fits(rows, CAPTION) else None


def title(message: Message) -> Page:
    """The headline alone, below a picture whose message is too long for a caption."""
    return _page(next(_split(_laid_out(message)[:1], CAPTION), [Row((Text(MORE),))]))


def units(text: str) -> int:
    """Its length as Telegram counts: in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def escaped(text: str) -> str:
    """The text with the three signs that mean something in Telegram's HTML made harmless."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _laid_out(message: Message) -> list[Row]:
    """The rows in their order. An alert's sections stand apart and its small print is folded."""
    told = message.alert is not None
    rows = [Row(_headline(message)), *_lines(message.lines, sections=told)]
    if message.table is not None:
        rows += [Row((Text(row),), Kind.TABLE) for row in aligned(_clipped(message.table))]
    rows += _lines(message.after, sections=False)
    small = _guarded(clean(message.small))
    if small and told:
        rows += [Row(()), Row((Text(small),), Kind.SMALL)]
    elif small:
        rows.append(Row((Text(small, Style.ITALIC),)))
    return rows


def _headline(message: Message) -> Line:
    spans = [Text(f"{SIMULATED} ", Style.BOLD)] if message.simulated else []
    icon = clean(message.icon)
    spans += [Text(f"{icon} ")] if icon else []
    spans += _spans(message.headline)
    alert = clean(message.alert or "")
    return (*spans, Text("  "), Text(alert, Style.CODE)) if alert else tuple(spans)


def _lines(lines: Sequence[Line], *, sections: bool) -> Iterator[Row]:
    """The lines as rows; with `sections` an empty row before each that begins in bold, but the first."""
    for number, line in enumerate(lines):
        spans = _spans(line)
        if sections and number and spans and spans[0].style is Style.BOLD:
            yield Row(())
        yield Row(spans, reason=sections and bool(spans) and spans[0].text.startswith(REASON))


def _spans(line: Line) -> Line:
    cleaned = (Text(clean(span.text), span.style) for span in line)
    return tuple(
        span if span.style is Style.CODE else Text(_guarded(span.text), span.style) for span in cleaned if span.text
    )


def _guarded(text: str) -> str:
    """The text with an unseen joiner behind each `@` that would call somebody."""
    return _MENTION.sub(f"@{_NO_MENTION}", text) if "@" in text else text


def _clipped(table: Table) -> Table:
    def cut(row: Sequence[str]) -> tuple[str, ...]:
        cells = (clean(cell) for cell in row)
        return tuple(cell if len(cell) <= CELL else f"{cell[: CELL - 1]}{MORE}" for cell in cells)

    return Table(cut(table.header), tuple(cut(row) for row in table.rows))


def _weight(rows: Sequence[Row]) -> tuple[int, int]:
    """UTF-16 units with the line breaks between, and entities: each styled span and each block."""
    blocks = sum(1 for kind, _ in groupby(rows, key=lambda row: row.kind) if kind)
    length = sum(units(row.text) + 1 for row in rows)
    return max(0, length - 1), blocks + sum(row.styled for row in rows)


def _fits(rows: Sequence[Row], limit: int) -> bool:
    length, entities = _weight(rows)
    return length <= limit and entities <= ENTITIES


def _halved(rows: list[Row], limit: int) -> list[Row]:
    """The rows, the longest of them cut in half as often as it takes until they fit."""
    rows = list(rows)
    while not _fits(rows, limit):
        longest = max(range(len(rows)), key=lambda at: units(rows[at].text))
        text = rows[longest].text
        if len(text) <= len(MORE):
            break
        rows[longest] = replace(rows[longest], spans=(Text(text[: len(text) // 2] + MORE),))
    return rows


def _fitted(rows: list[Row], limit: int) -> list[Row]:
    """The rows without the end of the table, then of the reasons, then of the small print, as far as is needed."""
    rows = _without([n for n, row in enumerate(rows) if row.kind is Kind.TABLE][1:], rows, limit)
    rows = _without([n for n, row in enumerate(rows) if row.reason], rows, limit)
    over = _weight(rows)[0] - limit
    if over > 0 and rows[-1].kind is Kind.SMALL:
        small = rows[-1].text
        rows = [*rows[:-1], Row((Text(_head(small, max(0, units(small) - over - 1)) + MORE),), Kind.SMALL)]
    return rows


def _without(numbers: Sequence[int], rows: list[Row], limit: int) -> list[Row]:
    """The rows without the last of those numbered, as many as must go, and in their place a mark that counts them."""
    left, gone = rows, 0
    while gone < len(numbers) and not _fits(left, limit):
        gone += 1
        out = set(numbers[-gone:])
        first = numbers[-gone]
        mark = Row((Text(f"{MORE} +{gone}"),), rows[first].kind)
        left = [mark if n == first else row for n, row in enumerate(rows) if n == first or n not in out]
    return left


def _split(rows: Sequence[Row], limit: int) -> Iterator[list[Row]]:
    """The rows in as few parts as hold them, none beyond the limits; a part that shows nothing is left out."""
    part: list[Row] = []
    length = entities = 0
    for row in (piece for whole in rows for piece in _pieces(whole, limit)):
        block = 1 if row.kind and (not part or part[-1].kind is not row.kind) else 0
        more = units(row.text) + 1
        if part and (length + more - 1 > limit or entities + block + row.styled > ENTITIES):
            if _shows(part):
                yield part
            part, length, entities, block = [], 0, 0, 1 if row.kind else 0
        part.append(row)
        length += more
        entities += block + row.styled
    if _shows(part):
        yield part


def _shows(rows: Sequence[Row]) -> bool:
    return not all(_UNSEEN.fullmatch(row.text) for row in rows)


def _pieces(row: Row, limit: int) -> Iterator[Row]:
    """The row itself, or cut into rows that fit, between words where there are any."""
    if units(row.text) <= limit and row.styled < ENTITIES:
        yield row
        return
    spans: list[Text] = []
    room = limit
    for span in row.spans:
        rest = span.text
        while rest:
            if room == 0 or len(spans) == ENTITIES - 1:
                yield Row(tuple(spans), row.kind)
                spans, room = [], limit
            head = _head(rest, room)
            if not head:  # a character of two units, and room for one
                room = 0
                continue
            spans.append(Text(head, span.style))
            room -= units(head)
            rest = rest[len(head) :]
    if spans:
        yield Row(tuple(spans), row.kind)


def _head(text: str, room: int) -> str:
    """As much of the text as there is room for, up to a blank where one is near."""
    head = text[:room]
    while units(head) > room:
        head = head[: len(head) - max(1, (units(head) - room) // 2)]
    if len(head) == len(text):
        return head
    blank = head.rfind(" ") + 1
    return head[:blank] if blank > len(head) * 3 // 4 else head


def _page(rows: Sequence[Row]) -> Page:
    blocks = [(kind, list(block)) for kind, block in groupby(rows, key=lambda row: row.kind)]
    return Page("\n".join(_html(kind, block) for kind, block in blocks), "\n".join(row.text for row in rows))


def _html(kind: Kind, rows: Sequence[Row]) -> str:
    inner = "\n".join("".join(_span(span) for span in row.spans) for row in rows)
    match kind:
        case Kind.TEXT:
            return inner
        case Kind.TABLE:
            return f"<pre>{inner}</pre>"
        case Kind.SMALL:
            return f"<blockquote expandable>{inner}</blockquote>"


def _span(span: Text) -> str:
    tag = _TAGS[span.style]
    return f"<{tag}>{escaped(span.text)}</{tag}>" if tag else escaped(span.text)
