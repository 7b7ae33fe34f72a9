"""Text that Discord shows to the letter: no markup, link, mention or timestamp in it comes alive."""

import re

from adapters.chat.base import Line, Style, Text
from adapters.chat.rendering import clean

ELLIPSIS = "…"

_MARKUP = re.compile(r"[\\*_~`|\[<>]|:(?=[A-Za-z/_+-]|$)")
"""What begins markup anywhere; a colon where a link or the name of an emoji could follow."""

_EVERYBODY = re.compile(r"@(?=everyone|here|$)")

_OPENING = re.compile(r"^(\s*\d*)([#+\-.)])(?=[\s#]|$)")
"""What makes a heading, a list or small print at the beginning of a line."""

_BARE_CLOCK = re.compile(r"\d?\d:\d\d")
"""How a time begins that is said without its date."""

_MARKS = {Style.PLAIN: "", Style.BOLD: "**", Style.ITALIC: "*"}
_BREAK = "\u200b"
"""Stands between two styled runs, so that their marks do not run together, and takes no room."""


def size(text: str) -> int:
    """Characters as Discord may count them: those beyond the basic plane as two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def escaped(text: str) -> str:
    """The text, so that it is shown as it stands."""
    return _EVERYBODY.sub(f"@{_BREAK}", _MARKUP.sub(r"\\\g<0>", clean(text)))


def cut(text: str, limit: int) -> str:
    """The text within the limit; where something is left out it ends with an ellipsis."""
    if len(text) <= limit and size(text) <= limit:
        return text
    room = limit - size(ELLIPSIS)
    kept = text[:room]
    while size(kept) > room:
        kept = kept[:-1]
    return kept.rstrip("\\ ") + ELLIPSIS


def marked(line: Line, limit: int) -> str:
    """A line in Discord's markup; of each run at most so many characters are kept."""
    runs = [_run(span, limit) for span in line]
    said = ""
    for run in (run for run in runs if run):
        joins = said.endswith(("*", "`")) and run.startswith(("*", "`"))
        said += (_BREAK if joins else "") + run
    return _OPENING.sub(r"\1\\\2", said)


def fenced(rows: list[str]) -> str:
    """Rows in letters of one width."""
    return "\n".join(["```", *(row.replace("`", "ˋ") for row in rows), "```"])


def _run(span: Text, limit: int) -> str:
    """One run with its marks; blanks at its ends stand outside of them, else they would not be read as marks."""
    text = clean(cut(span.text, limit))
    bare = text.strip()
    if not bare:
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    if span.style is Style.CODE:
        return f"{before}`{bare.replace('`', 'ˋ')}`{after}"
    if span.at is not None:
        bare = f"<t:{span.at.timestamp():.0f}:{'t' if _BARE_CLOCK.match(bare) else 'f'}>"
    else:
        bare = escaped(bare + after).removesuffix(after)
    mark = _MARKS[span.style]
    return f"{before}{mark}{bare}{mark}{after}"
