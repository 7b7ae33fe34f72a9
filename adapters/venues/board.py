"""What was observed since the last moment, kept until the moment it belongs to is closed. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeAlias

from signals.model import Metric, Observation

Key: TypeAlias = tuple[str, str, Metric]
"""Venue, symbol, metric."""


class Board:
    """The last two words of every instrument and metric up to the coming moment, and the last one after it.

    Two, so that a wrong last word does not leave its venue without any.
    """

    def __init__(self, first: datetime, step: timedelta) -> None:
        self._moment = first
        self._step = step
        self._words: dict[Key, tuple[Observation, ...]] = {}
        self._later: dict[Key, Observation] = {}

    def put(self, observations: Iterable[Observation]) -> None:
        """Remember them; a word that is not newer than the last one changes nothing."""
        for seen in observations:
            key = (seen.venue, seen.symbol, seen.metric)
            if seen.at > self._moment:
                self._later[key] = seen
                continue
            words = self._words.get(key, ())
            if not words or seen.at > words[-1].at:
                self._words[key] = (*words[-1:], seen)

    def take(self, at: datetime) -> tuple[Observation, ...]:
        """What is known at that moment and was not taken yet, older words first; the board then waits for the next."""
        self._moment = at
        self.put(later for later in list(self._later.values()) if later.at <= at)
        taken = tuple(seen for words in self._words.values() for seen in words)
        self._moment = at + self._step
        self._words = {}
        later, self._later = list(self._later.values()), {}
        self.put(seen for seen in later if seen.at > at)
        return taken
