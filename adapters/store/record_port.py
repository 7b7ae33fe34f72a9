"""The port of the record: fired alerts as they are kept for ever with what followed them, and records from bars."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from adapters.chat.base import Place
from signals.record import Study
from signals.remembered import Remembered

RECORDS_FOR = timedelta(days=3)
"""How long records are shown that nobody has made anew."""


@dataclass(frozen=True, slots=True)
class Made:
    """What followed a question on a coin, for each horizon, the shortest first, and up to when its bars reach."""

    at: datetime
    studies: tuple[Study, ...]


@dataclass(frozen=True, slots=True)
class Followed:
    """An alert of a place that is followed up, and the bytes that it was read from."""

    place: Place
    alert: Remembered
    stored: bytes


class RecordStore(Protocol):
    """What followed fired alerts, durable, and what followed questions on stored bars, which may be lost.

    An alert is there from the step that fired it until its place is erased.
    """

    async def followed(self, upto: datetime, limit: int) -> Sequence[Followed]:
        """The alerts that were to be looked at by then, those that wait longest first."""
        ...

    async def follow(self, of: Followed, alert: Remembered, again: datetime | None, case_of: str = "") -> None:
        """Keep what is known of it by now, and when it is to be looked at again; None where never.

        Under `case_of`, which names no person, it is also kept as a case on its coin, once for all places. Where
        somebody else was faster, or the place was erased meanwhile, nothing is kept.
        """
        ...

    async def remembered(self, place: Place, begins: str) -> Sequence[Remembered]:
        """The alerts of the place whose id begins so, oldest first."""
        ...

    async def cases(self, label: str, case_of: str, coins: Collection[str]) -> Sequence[Remembered]:
        """The cases on those coins in markets with that label, oldest first; they name neither place nor rule."""
        ...

    async def keep_records(self, label: str, question: str, made: Mapping[str, Made]) -> None:
        """Keep what followed a question by coin, in place of what was kept of any coin, for RECORDS_FOR."""
        ...

    async def records(self, label: str, question: str) -> Mapping[str, Made]:
        """What followed the question, by coin; nothing of a coin where that is not known."""
        ...

    async def records_of(self, label: str, asked: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Made]:
        """The same of some questions, each on one coin."""
        ...
