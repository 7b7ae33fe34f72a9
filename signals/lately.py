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


class Read(NamedTuple):
    """A rule with what is followed of it on each coin."""

    rule: Rule
    tracks: tuple[Track, ...]


class Lately:
    """Rules by slot: slots are never used again, so that none of them grows old."""

    def __init__(self, book: Book, scopes: Scopes, roster: Roster) -> None:
        self._book = book
        self._scopes = scopes
        self._roster = roster
        self._read: dict[int, Read] = {}
        self._numbers: dict[int, tuple[bytes, int]] = {}

    def read(self, slot: int) -> Read:
        """The rule of a slot that is in use."""
        found = self._read.get(slot)
        if found is None:
            rule = self._book.rule(slot)
            found = self._read[slot] = Read(rule, self._scopes.tracks(rule.draft))
        return found

    def numbers(self, slot: int) -> tuple[bytes, int]:
        """Its first condition in numbers, and the number of its times on the roster."""
        found = self._numbers.get(slot)
        if found is None:
            rule, (track, *_) = self.read(slot)
            found = row_of(track.conditions[0]), self._roster.number_of_terms(terms(rule.draft))
            self._numbers[slot] = found
        return found

    def make_room(self, looked: int) -> None:
        """Some of so many were looked at: where they are too many to stay until the next moment, nobody stays."""
        if max(looked, len(self._read)) > MOST:
            self._read.clear()
            self._numbers.clear()
