"""The port of venues: what must not be forgotten of them. Whatever is asked for twice errs on the safe side."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from adapters.venues.base import Health

WATCHED = "watched"
"""Under this name the evaluator keeps the coins that have rules, separated by spaces."""


class VenueStore(Protocol):
    """What must not be forgotten of venues: budgets that are spent, bans, and what was found out about them."""

    async def spend(
        self, bucket: str, within: Collection[str], weight: int, most: int, window: timedelta, now: datetime
    ) -> datetime | None:
        """Take the weight out of the bucket's window, which begins at whole multiples of its length.

        None where it was taken; else when to ask again: at the end of the window where more than `most` would be
        spent, or when the last block of the bucket or of one of `within` ends.
        """
        ...

    async def raise_spent(self, bucket: str, weight: int, window: timedelta, now: datetime) -> None:
        """The venue says that so much of this window is spent: the larger number counts."""
        ...

    async def block(self, name: str, until: datetime) -> None:
        """Nothing may be spent from that bucket, or within that name, before then; an earlier end changes nothing."""
        ...

    async def blocked(self, name: str, now: datetime) -> datetime | None:
        """Until when it is blocked; None where it is not."""
        ...

    async def learn(self, name: str, what: bytes) -> None:
        """Keep what was found out, in place of what was known under that name."""
        ...

    async def learned(self, name: str) -> bytes | None:
        """What was found out; None where nothing was."""
        ...

    async def report(self, health: Sequence[Health]) -> None:
        """Keep how the venues are doing, for `/status`."""
        ...

    async def reported(self) -> Sequence[Health]:
        """How they were doing when that was last said; empty where it never was."""
        ...
