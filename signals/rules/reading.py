"""How a line is read: signs folded to ASCII, then a cursor that only moves forward."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from signals.rules.nearest import nearest
from signals.rules.problems import Code, Refused

LONGEST = 300
"""Characters of a sentence."""

_FOLDED = {
    **dict.fromkeys("\u2212\u2013\u2014", "-"),
    "\u2264": "<=",
    "\u2265": ">=",
    **dict.fromkeys("\u2018\u2019", "'"),
    **dict.fromkeys("\u201c\u201d", '"'),
    **dict.fromkeys("\u00a0\u202f\u2007\u2009\t\n\r", " "),
    "&lt;": "<",
    "&gt;": ">",
    "&amp;": "&",
}
"""What phones and pages make of ASCII; the entities are our own messages pasted back."""

_ODD = re.compile(r"&(?:lt|gt|amp);|[^ -~]")
_RUN = re.compile(r"[^ ]+")


@dataclass(frozen=True, slots=True)
class Folded:
    """A line in printable ASCII; `origin` says where each character, and the end, stands in the text as typed."""

    line: str
    origin: Sequence[int]

    def typed(self, span: tuple[int, int]) -> tuple[int, int]:
        """The same span in the text as typed."""
        return self.origin[span[0]], self.origin[span[1]]


def fold(text: str) -> Folded:
    """The text in ASCII; raises Refused at the first sign that has no ASCII reading."""
    line, origin, done = list[str](), list[int](), 0
    for odd in _ODD.finditer(text):
        read = _FOLDED.get(odd[0])
        if read is None:
            raise Refused(Code.CHARACTER, odd.span(), odd[0])
        line += (text[done : odd.start()], read)
        origin += (*range(done, odd.start()), *[odd.start()] * len(read))
        done = odd.end()
    line.append(text[done:])
    return Folded("".join(line), (*origin, *range(done, len(text) + 1)))


@dataclass(slots=True)
class Cursor:
    """Where the reading of a folded line stands: `at` is the end of what was taken."""

    line: str
    offers: bool = True
    """False where only yes or no is asked: then no near words are looked for."""
    at: int = 0
    _next: int = field(init=False)

    def __post_init__(self) -> None:
        self._next = self._behind_blanks(0)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What the pattern matches after blanks; the cursor then stands behind it, else where it was."""
        found = pattern.match(self.line, self._next)
        if found:
            self.at = found.end()
            self._next = self._behind_blanks(self.at)
        return found

    def look(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What the pattern matches after blanks, without taking it."""
        return pattern.match(self.line, self._next)

    def peek(self) -> re.Match[str] | None:
        """What stands next up to a blank; None at the end."""
        return _RUN.match(self.line, self._next)

    def nearest(self, word: str, known: Iterable[str]) -> Sequence[str]:
        """The words that a mistyped one may stand for, where offers are wanted."""
        return nearest(word, known) if self.offers else ()

    def refuse(
        self, code: Code, found: re.Match[str] | None, readings: Sequence[str] = (), detail: Sequence[str] = ()
    ) -> Refused:
        """A problem with what was found, or with the end of the line; each reading replaces it in a repaired line."""
        start, end = found.span() if found else (len(self.line), len(self.line))
        repairs = [self.replaced((start, end), reading) for reading in readings]
        return Refused(code, (start, end), self.line[start:end], repairs, detail)

    def replaced(self, span: tuple[int, int], reading: str) -> str:
        """The whole line with something else in that place."""
        return self.line[: span[0]] + reading + self.line[span[1] :]

    def _behind_blanks(self, at: int) -> int:
        while self.line.startswith(" ", at):
            at += 1
        return at
