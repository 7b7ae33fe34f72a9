"""Signs of life: whoever looks after a loop learns when each part of it last made progress.

A loop need not know that it is looked after: what answers it says so, such as the store's client.
"""

from collections.abc import Callable
from contextvars import ContextVar

MAIN = ""
"""The part that is the loop itself."""


class Pulse:
    """When each part of one loop last made progress, by a clock that only goes forward."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._beats = {MAIN: clock()}
        self.beaten = False
        """Whether there was any sign of life."""

    def beat(self, part: str = MAIN) -> None:
        """That part made progress."""
        self._beats[part] = self._clock()
        self.beaten = True

    def forgive(self, seconds: float) -> None:
        """Nothing could make progress for so long: the process itself stood still."""
        self._beats = {part: at + seconds for part, at in self._beats.items()}

    def oldest(self) -> tuple[str, float]:
        """The part that has made no progress for longest, and the seconds since."""
        part = min(self._beats, key=self._beats.__getitem__)
        return part, self._clock() - self._beats[part]


_PULSE: ContextVar[tuple[Pulse, str] | None] = ContextVar("pulse", default=None)


def watched_by(pulse: Pulse) -> None:
    """From now on progress in this context is progress of that loop."""
    _PULSE.set((pulse, MAIN))


def part_of_loop(name: str) -> None:
    """From now on progress in this context is that of a part of the loop, which must not stand still either."""
    current = _PULSE.get()
    if current is not None:
        _PULSE.set((current[0], name))
        beat()


def beat() -> None:
    """There was progress, if somebody wants to know."""
    current = _PULSE.get()
    if current is not None:
        pulse, part = current
        pulse.beat(part)
