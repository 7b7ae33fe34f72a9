"""The note at the end of a sentence: a person's own words, cut off before anything is folded."""

import re
import unicodedata
from dataclasses import dataclass

from signals.rules.problems import Code, Refused

LONGEST_NOTE = 80
"""Characters."""

_NOTE = re.compile(r"(?<!\S)note(?!\S)", re.IGNORECASE)
_QUOTES = '"\u201c\u201d'
_UNSHOWN = ("Cc", "Cs")
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They show the text around them backwards."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A sentence without its note; `found` is the word `note` in the whole text, None where there is none."""

    sentence: str
    text: str
    found: re.Match[str] | None

    @property
    def tail(self) -> str:
        """The note as it was typed, with its word."""
        return f" {self.text[self.found.start() :]}" if self.found else ""


def cut(text: str) -> Cut:
    """The sentence and its note: the first word `note` takes the rest of the line."""
    found = _NOTE.search(text)
    return Cut(text[: found.start()] if found else text, text, found)


def read(note: Cut) -> str:
    """The words of the note, in single blanks and without the quotes around them; raises Refused."""
    if note.found is None:
        return ""
    start = note.found.end()
    said = " ".join(note.text[start:].split())
    if len(said) > 1 and said[0] in _QUOTES and said[-1] in _QUOTES:
        said = said[1:-1].strip()
    end = len(note.text)
    if not said:
        raise Refused(Code.INCOMPLETE, (end, end), detail=["note"])
    odd = next((i for i, sign in enumerate(note.text[start:], start) if _is_odd(sign)), None)
    if odd is not None:
        raise Refused(Code.CHARACTER, (odd, odd + 1), note.text[odd])
    if len(said) > LONGEST_NOTE:
        raise Refused(Code.NOTE, (start, end), said, detail=[str(len(said))])
    return said


def written(note: str) -> str:
    """The note as it is typed."""
    return f'note "{note}"'


def _is_odd(sign: str) -> bool:
    return (unicodedata.category(sign) in _UNSHOWN and not sign.isspace()) or sign in _TURNING
