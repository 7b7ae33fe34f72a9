"""The port of the record: fired alerts as they are kept for ever, and what followed them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapters.chat.base import Place
from signals.remembered import Remembered


@dataclass(frozen=True, slots=True)
class Followed:
    """An alert of a place that is followed up, and the bytes that it was read from."""

    place: Place
    alert: Remembered
    stored: bytes


class RecordStore(Protocol):
    """What followed fired alerts; durable. An alert is there from the step that fired it until its place is erased."""

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

    async def cases(self, label: str, case_of: str, coin: str) -> Sequence[Remembered]:
        """The cases on that coin in markets with that label, oldest first; they name neither place nor rule."""
        ...
