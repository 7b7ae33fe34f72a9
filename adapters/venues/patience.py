"""How long to leave a venue alone that does not want to be asked, or cannot answer."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(seconds=60)

IN_A_ROW = 5
"""Failures after which a venue is asked by one call at a time only."""


def pause(times: int, rng: random.Random) -> timedelta:
    """How long to wait after so many refusals in a row: from 1 s up to 2 s, 4 s and so on to 60 s, drawn evenly."""
    longest = min(LONGEST, SHORTEST * (1 << min(times, 10)))
    return SHORTEST + (longest - SHORTEST) * rng.random()


@dataclass
class Circuit:
    """Open while a venue fails again and again: nothing goes through but one call after each pause."""

    rng: random.Random
    _failures: int = 0
    _opened: int = 0
    """How often in a row it was opened."""
    _until: datetime | None = None
    _probing: bool = False

    def refuses(self, now: datetime) -> bool:
        """Whether no call may go now. A pause that is longer than there can be is one of a clock that was set back."""
        if self._until is None:
            return False
        return self._probing or now < self._until <= now + LONGEST

    def begin(self) -> bool:
        """A call goes; true where it is the one that tries, which must `end`."""
        self._probing = self._until is not None
        return self._probing

    def end(self) -> None:
        """The call that tried is over, whatever became of it."""
        self._probing = False

    def answered(self) -> None:
        """The venue is there."""
        self._failures, self._opened, self._until = 0, 0, None

    def failed(self, now: datetime, *, tried: bool) -> None:
        """No answer. Calls that were under way when it opened do not open it further."""
        self._failures += 1
        if tried or (self._until is None and self._failures >= IN_A_ROW):
            self._opened += 1
            self._until = now + pause(self._opened, self.rng)
