"""Those who were looked at lately, ready to be looked at again: a value goes to and fro between the same lines."""

from signals.book import Book
from signals.scope import Scopes
from signals.vigil import Kept

MOST = 16_384
"""Rules on coins that are kept ready."""


class Lately:
    """Rules on coins with what is followed of each: slots are never used again, so that none of them grows old."""

    def __init__(self, book: Book, scopes: Scopes) -> None:
        self._book = book
        self._scopes = scopes
        self._ready: dict[tuple[int, str], tuple[Kept, ...]] = {}

    def all_of(self, slot: int, coin: str) -> tuple[Kept, ...]:
        """Each track of the rule on that coin."""
        found = self._ready.get((slot, coin))
        if found is None:
            rule = self._book.rule(slot)
            found = tuple(
                Kept(slot, rule, coin, track, self._scopes.cells(rule, track, coin))
                for track in self._scopes.tracks(rule.draft)
            )
            if len(self._ready) >= MOST:
                self._ready.clear()
            self._ready[slot, coin] = found
        return found
