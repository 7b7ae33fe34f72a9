"""A market that is played: at each moment every venue is asked what is due, and nothing happens in between."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from adapters.venues.base import Feed, Gathered, Health, Unavailable, Venue, VenueError
from adapters.venues.troubles import Troubles
from signals.model import Instrument, Observation

INSTRUMENTS_EVERY = timedelta(minutes=5)

ANSWER_WITHIN = 20.0
"""Seconds that one venue may take; it delays nobody else."""


class Rounds:
    """Asks recorded or simulated venues, moment by moment."""

    def __init__(self, venues: Sequence[Venue]) -> None:
        self._venues = venues
        self._listed: dict[str, tuple[Instrument, ...]] = {}
        self._listed_at: datetime | None = None
        self._asked: dict[tuple[str, str], datetime] = {}
        self._troubles = Troubles()

    async def run(self) -> None:
        """Nothing to do between moments."""
        await asyncio.Event().wait()

    async def gather(self, at: datetime) -> Gathered:
        """What all venues answer at that moment; a silent one has nothing to say and keeps its instruments."""
        await self._list_instruments(at)
        answers = await asyncio.gather(*(self._ask(venue, at) for venue in self._venues))
        instruments = tuple(i for listed in self._listed.values() for i in listed)
        return Gathered(instruments, tuple(seen for answer in answers for seen in answer))

    def health(self) -> Sequence[Health]:
        """Nothing to say: what is played is always well."""
        return ()

    async def _list_instruments(self, at: datetime) -> None:
        if self._listed_at is not None and at - self._listed_at < INSTRUMENTS_EVERY:
            return
        self._listed_at = at
        for venue in self._venues:
            try:
                async with asyncio.timeout(ANSWER_WITHIN):
                    self._listed[venue.name] = tuple(await venue.instruments())
            except (VenueError, TimeoutError) as error:
                self._troubles.begin(venue.name, at, _said(error))

    async def _ask(self, venue: Venue, at: datetime) -> Sequence[Observation]:
        """What the venue says now to every feed that is due; nothing where it does not answer."""
        due = [feed for feed in venue.feeds if self._is_due(venue, feed, at)]
        seen: list[Observation] = []
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                for feed in due:
                    batch = await venue.snapshot(feed, self._listed.get(venue.name, ()))
                    seen += batch.observations
                    self._asked[venue.name, feed.name] = at
        except (VenueError, TimeoutError) as error:
            self._troubles.begin(venue.name, at, _said(error))
        else:
            self._troubles.end(venue.name, at)
        return seen

    def _is_due(self, venue: Venue, feed: Feed, at: datetime) -> bool:
        asked = self._asked.get((venue.name, feed.name))
        return asked is None or at - asked >= feed.every


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, VenueError) else str(Unavailable("no answer in time"))
