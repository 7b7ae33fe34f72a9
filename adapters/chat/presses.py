"""Presses: how the line that a button stands for travels with the button, or under a token where it is too long."""

import base64
import hashlib
from datetime import timedelta

ANSWER = "a"
"""The kind of a button on an answer: what the press says replaces that message."""

NOTICE = "n"
"""The kind of a button on an alert or a notice: what the press says is a new message, and the alert stays."""

KEPT = timedelta(hours=48)
"""How long a line is kept under its token."""

TOKEN = 16
_MARK = "~"


def packed(kind: str, line: str, limit: int) -> tuple[str, str | None]:
    """What travels, in at most `limit` bytes, and the token under which the line is to be kept if one is needed."""
    whole = kind + line
    if not line.startswith(_MARK) and len(whole.encode("utf-8", "surrogatepass")) <= limit and line.isprintable():
        return whole, None
    token = token_of(line)
    return f"{kind}{_MARK}{token}", token


def unpacked(travelled: str) -> tuple[str, str | None, str]:
    """The kind of button, the token of its line if the line did not travel, and the line if it did."""
    kind, rest = travelled[:1], travelled[1:]
    if rest.startswith(_MARK):
        return kind, rest.removeprefix(_MARK), ""
    return kind, None, rest


def token_of(line: str) -> str:
    """The token of a line: the same line always has the same."""
    digest = hashlib.sha256(line.encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(digest).decode("ascii")[:TOKEN].lower()


def note_of(token: str) -> str:
    """The key of the note that keeps the line of that token."""
    return f"press:{token}"
