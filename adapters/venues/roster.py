"""Who is listed at a venue: what joins, what changes, and what is gone, from one list to the next.

A list that lost more than a twentieth is not believed at once, an instrument is gone when two lists in a row are
without it, and a changed contract is a new version: its numbers must not be compared with older ones.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from adapters.venues.base import Unavailable
from adapters.venues.shrinking import Shrinking
from adapters.venues.wire import Known, Listed
from signals.model import Instrument

LISTS_WITHOUT = 2
"""Lists in a row without an instrument after which it is gone."""

LEAVES_BEFORE = timedelta(hours=24)
"""How long before an announced end an instrument leaves: its positions are closed by design."""


class Turn(StrEnum):
    """What became of an instrument."""

    JOINED = "joined"
    LEAVING = "leaving"
    """Its end was announced."""
    CHANGED = "changed"
    """Its contract is another one now."""
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that became of one instrument."""

    turn: Turn
    of: Listed


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is known of an instrument; `absent` counts the lists in a row without it."""

    of: Listed
    absent: int = 0

    @property
    def is_gone(self) -> bool:
        return self.absent >= LISTS_WITHOUT


_entries = msgspec.msgpack.Decoder(list[_Entry])


class Roster:
    """The instruments of one venue, by symbol."""

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._entries: dict[str, _Entry] = {}
        self._shrinking = Shrinking()
        self.known: Known = {}
        """Those that parsers may read numbers of."""

    def instruments(self, now: datetime) -> Sequence[Instrument]:
        """Those that should answer: all but those gone, and those that leave within a day."""
        living = (of for of in self.known.values() if of.delists is None or of.delists - LEAVES_BEFORE > now)
        return sorted((of.instrument for of in living), key=lambda instrument: instrument.symbol)

    def update(self, listed: Iterable[Listed]) -> Sequence[Note]:
        """Take over a new list; returns what became of whom. Raises Unavailable for one that lost too many."""
        fresh = {of.instrument.symbol: of for of in listed}
        if not self._shrinking.accepts(len(fresh)):
            raise Unavailable(f"{self._venue} listed {len(fresh)} instruments instead of {self._shrinking.last}")
        notes = [note for symbol, of in fresh.items() for note in self._seen(symbol, of)]
        notes += self._missing(set(self._entries) - set(fresh))
        self._know()
        return notes

    def dump(self) -> bytes:
        """All that is known, to be loaded after a restart."""
        return msgspec.msgpack.encode(list(self._entries.values()))

    def load(self, dumped: bytes) -> None:
        """Take over what was known before. Raises Unavailable where another version wrote it."""
        try:
            entries = _entries.decode(dumped)
        except msgspec.MsgspecError:
            raise Unavailable(f"what was known of {self._venue} cannot be read") from None
        self._entries = {entry.of.instrument.symbol: entry for entry in entries}
        self._know()

    def _know(self) -> None:
        self.known = {symbol: entry.of for symbol, entry in self._entries.items() if not entry.is_gone}

    def _seen(self, symbol: str, of: Listed) -> Iterator[Note]:
        before = self._entries.get(symbol)
        now = _versioned(of, before)
        self._entries[symbol] = _Entry(now)
        if before is None or before.is_gone:
            yield Note(Turn.JOINED, now)
        elif now.instrument.version != before.of.instrument.version:
            yield Note(Turn.CHANGED, now)
        if now.delists is not None and (before is None or before.of.delists is None):
            yield Note(Turn.LEAVING, now)

    def _missing(self, symbols: Iterable[str]) -> Iterator[Note]:
        for symbol in sorted(symbols):
            before = self._entries[symbol]
            after = replace(before, absent=before.absent + 1)
            self._entries[symbol] = after
            if after.is_gone and not before.is_gone:
                yield Note(Turn.GONE, after.of)


def _versioned(of: Listed, before: _Entry | None) -> Listed:
    """The instrument with its version: one more where the contract is another, or where it was gone in between."""
    if before is None:
        return of
    version = before.of.instrument.version + (before.is_gone or _contract(of) != _contract(before.of))
    return replace(of, instrument=replace(of.instrument, version=version))


def _contract(of: Listed) -> tuple[str, float, float, bool]:
    return of.instrument.coin, of.instrument.multiplier, of.contract, of.inverse
