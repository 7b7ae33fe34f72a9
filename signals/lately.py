"""Rules that were looked at lately stay read: a value goes to and fro between the same lines."""

from typing import NamedTuple

from signals.book import Book
from signals.judge import Track, terms
from signals.levels import row_of
from signals.roster import Roster
from signals.rules.model import Rule
from signals.scope import Scopes

MOST = 16_384
"""Rules that stay read."""


class Ready(NamedTuple):
    """A rule that was read: what is followed of it, its first condition in numbers, and the number of its times."""

    rule: Rule
    tracks: tuple[Track, ...]
    levels: bytes
    terms: int


class Lately:
    """Rules by slot: slots are never used again, so that none of them grows old."""

    def __init__(self, book: Book, scopes: Scopes, roster: Roster) -> None:
        self._book = book
        self._scopes = scopes
        self._roster = roster
        self._ready: dict[int, Ready] = {}

    def of(self, slot: int) -> Ready:
        """The rule of a slot that is in use."""
        found = self._ready.get(slot)
        if found is None:
            rule = self._book.rule(slot)
            tracks = self._scopes.tracks(rule.draft)
            number = self._roster.number_of_terms(terms(rule.draft))
            found = Ready(rule, tracks, row_of(tracks[0].conditions[0]), number)
            if len(self._ready) >= MOST:
                self._ready.clear()
            self._ready[slot] = found
        return found
