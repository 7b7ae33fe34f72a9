"""Clocks: market time may run faster than the wall, or as fast as it is played."""

import asyncio
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

AS_FAST_AS_IT_GOES = math.inf

LONGEST_SLEEP = 1.0
"""Seconds after which a waiting clock is looked at again: it may have been shifted."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """Time that runs `speed` times as fast as the event loop's, and starts at `start` when it is first looked at."""

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        self._start = start
        self.speed = speed
        self._zero: float | None = None
        self._reached = start

    def now(self) -> datetime:
        """The present instant on this clock."""
        if self.speed == AS_FAST_AS_IT_GOES:
            return self._reached
        return self._start + timedelta(seconds=self._elapsed() * self.speed)

    def takes(self, span: timedelta) -> timedelta:
        """How long so much of its time takes."""
        return timedelta(0) if self.speed == AS_FAST_AS_IT_GOES else span / self.speed

    def shift(self, by: timedelta) -> None:
        """From now on the clock shows so much more: it was wrong."""
        self._start += by

    async def until(self, at: datetime) -> None:
        """Wait for that instant; at once if it is past."""
        self._reached = max(self._reached, at)
        if self.speed == AS_FAST_AS_IT_GOES:
            await asyncio.sleep(0)
            return
        while (wait := (at - self.now()).total_seconds() / self.speed) > 0:  # noqa: ASYNC110 - time may be shifted
            await asyncio.sleep(min(wait, LONGEST_SLEEP))
        await asyncio.sleep(0)

    def _elapsed(self) -> float:
        now = asyncio.get_running_loop().time()
        if self._zero is None:
            self._zero = now
        return now - self._zero


def grid(after: datetime, step: timedelta) -> Iterator[datetime]:
    """The instants after `after` that lie on whole multiples of the step, for ever."""
    at = _EPOCH + ((after - _EPOCH) // step) * step
    while True:
        at += step
        yield at
