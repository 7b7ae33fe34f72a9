"""Telegram's HTML, read strictly: text and entities, or a refusal."""

import re
from dataclasses import dataclass
from html import unescape

TAGS = {"b": "bold", "i": "italic", "code": "code", "pre": "pre", "blockquote": "blockquote"}
"""The tags that we use; Telegram knows more, and using another is a slip."""

MOST = 100
_PART = re.compile(r"<(?P<close>/?)(?P<tag>[a-z]+)(?P<attributes>[^<>]*)>|&(?P<entity>[a-z]+;)?|(?P<angle>[<>])")


class Unparsable(Exception):
    """It is no HTML of Telegram's."""


@dataclass(frozen=True)
class Entity:
    type: str
    offset: int
    length: int

    def as_json(self) -> dict[str, object]:
        return {"type": self.type, "offset": self.offset, "length": self.length}


def units(text: str) -> int:
    """Length in UTF-16 units; a half of a pair is refused."""
    return len(text.encode("utf-16-le")) // 2


def parse(html: str) -> tuple[str, list[Entity]]:
    """The text and its entities in the order of their ends; those beyond the hundredth are ignored."""
    reader = _Reader()
    at = 0
    for part in _PART.finditer(html):
        reader.text += html[at : part.start()]
        at = part.end()
        reader.read(part)
    if reader.open:
        raise Unparsable(f"can't find end tag corresponding to start tag {reader.open[-1][0]}")
    return reader.text + html[at:], reader.entities[:MOST]


class _Reader:
    """Text and entities so far, and the tags that are open: name, offset, kind."""

    def __init__(self) -> None:
        self.text = ""
        self.open: list[tuple[str, int, str]] = []
        self.entities: list[Entity] = []

    def read(self, part: re.Match[str]) -> None:
        if part["angle"]:
            raise Unparsable(f"an unescaped {part['angle']}")
        if part["tag"] is None:
            if part["entity"] not in ("amp;", "lt;", "gt;"):
                raise Unparsable("an unescaped &")
            self.text += unescape(part[0])
        elif part["close"]:
            self._end(part["tag"], part["attributes"])
        else:
            self._begin(part["tag"], part["attributes"])

    def _begin(self, tag: str, attributes: str) -> None:
        kind = _kind(tag, attributes)
        if any(outer in ("code", "pre") for outer, _, _ in self.open):
            raise Unparsable("nothing may stand inside code")
        if tag == "blockquote" and any(outer == tag for outer, _, _ in self.open):
            raise Unparsable("quotes may not be nested")
        self.open.append((tag, units(self.text), kind))

    def _end(self, tag: str, attributes: str) -> None:
        if not self.open or self.open[-1][0] != tag or attributes:
            raise Unparsable(f"unmatched end tag {tag}")
        _, begin, kind = self.open.pop()
        if units(self.text) == begin:
            raise Unparsable(f"an empty {tag}")
        self.entities.append(Entity(kind, begin, units(self.text) - begin))


def _kind(tag: str, attributes: str) -> str:
    if tag == "blockquote" and attributes.strip() == "expandable":
        return "expandable_blockquote"
    if tag not in TAGS or attributes:
        raise Unparsable(f"unsupported start tag {tag}{attributes}")
    return TAGS[tag]
