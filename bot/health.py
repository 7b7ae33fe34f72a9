"""How this process is: which loops live, whether the store answers, and since when not, in words."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from adapters.chat.base import Limited
from adapters.store.base import StoreWontWrite
from bot.phrases import count
from bot.services.rhythm import WAITS
from bot.services.stillness import Rest, Stillness
from signals.units import duration

REMEMBERED = timedelta(minutes=10)
"""How long it is told that a loop was started again."""

WINKS = 960
"""Times that the event loop woke up which are remembered: a minute of them."""

SLOW = 0.1
"""Seconds by which the event loop may wake up late before that is said."""

HELD_UP = "this computer was too busy or asleep, or something blocked it"


class Level(StrEnum):
    """How much of the service works."""

    OK = "ok"
    DEGRADED = "degraded"
    RED = "red"


@dataclass
class _Loop:
    """One loop: when it was started again and why, and since when it waits for the store."""

    restarts: list[tuple[datetime, str]] = field(default_factory=list)
    waits: tuple[datetime, Exception] | None = None


class Health:
    """What is known in this process itself; it needs no store to tell it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._loops: dict[str, _Loop] = {}
        self._ages: Mapping[str, float] = {}
        self._server: list[datetime] = []
        self._stood: list[tuple[datetime, float]] = []
        self._late = deque[float](maxlen=WINKS)
        self._stillness: dict[str, Stillness] = {}
        self._deaf: dict[str, datetime] = {}
        self.full = ""
        """Why our own store cannot save anything, as a sentence; empty where it can."""

    def works(self, name: str) -> None:
        """The loop makes progress."""
        self._of(name).waits = None

    def waits(self, name: str, error: Exception) -> None:
        """The loop waits for the store."""
        of = self._of(name)
        since = of.waits[0] if of.waits else self._now()
        of.waits = since, error

    def restarted(self, name: str, why: str) -> None:
        """The loop was started again."""
        self._of(name).restarts.append((self._now(), why))

    def server_restarted(self) -> None:
        """The embedded server was."""
        self._server.append(self._now())

    def stood_still(self, seconds: float) -> None:
        """The whole process did nothing for so long."""
        self._stood = [*self._stood_lately(), (self._now(), seconds)]

    def woke(self, late: float) -> None:
        """The event loop woke up so many seconds later than it should have."""
        self._late.append(late)

    @property
    def lag(self) -> float:
        """By how many seconds the event loop woke up late at most, within the last minute."""
        return max(self._late, default=0.0)

    @property
    def is_slow(self) -> bool:
        """Whether whatever waits for the event loop waits for too long."""
        return self.lag > SLOW

    def watch(self, platform: str, stillness: Stillness) -> None:
        """From now on it is told when nobody on that platform is sent anything."""
        self._stillness[platform] = stillness

    def deaf(self, platform: str, until: datetime | None) -> None:
        """Nothing that people say there is heard before then; None: it is."""
        if until is None:
            self._deaf.pop(platform, None)
        else:
            self._deaf[platform] = until

    def aged(self, ages: Mapping[str, float]) -> None:
        """The seconds since each loop's last sign of life."""
        self._ages = ages

    @property
    def level(self) -> Level:
        """Red where the store saves nothing or a platform will not have us; degraded where something waits or died."""
        waiting = [of.waits[1] for of in self._loops.values() if of.waits]
        resting = self._resting()
        saves = not self.full and not any(isinstance(error, StoreWontWrite) for error in waiting)
        barred = any(rest.why is Limited.TOKEN for rest in resting.values())
        if barred or not saves:
            return Level.RED
        restarted = self._lately() or self._server_lately()
        return Level.DEGRADED if waiting or resting or restarted or self._stood_lately() or self._deaf else Level.OK

    def lines(self) -> Sequence[str]:
        """The same for people: what is wrong since when, and what it means; one line where all is well."""
        said = [*self._waiting(), *(self._rested(name, rest) for name, rest in self._resting().items())]
        said.extend(
            f"⚠ {name.capitalize()} is not listened to before {until:%d %b %H:%M} UTC: too many connections were begun "
            "within a day, and it takes the token from who begins far more. Alerts are sent."
            for name, until in self._deaf.items()
        )
        for name, (times, why) in self._lately().items():
            said.append(f"⚠ {name} was started again {count(times, 'time')} in 10 minutes: {why}.")
        if stood := self._stood_lately():
            longest = max(seconds for _, seconds in stood)
            said.append(f"⚠ This process stood still {count(len(stood), 'time')}, up to {longest:.0f} s: {HELD_UP}.")
        elif self.is_slow:
            held_up = f"{1000 * self.lag:.0f} ms"
            said.append(f"⚠ This process was held up for as long as {held_up} within the last minute: {HELD_UP}.")
        if times := len(self._server_lately()):
            said.append(f"⚠ The store's server died and was started again {count(times, 'time')} in 10 minutes.")
        if said or not self._ages:
            return said
        slowest = max(self._ages, key=self._ages.__getitem__)
        return [
            f"{count(len(self._ages), 'loop')} alive; the oldest sign of life is {_seconds(self._ages[slowest])} old"
        ]

    def _waiting(self) -> Sequence[str]:
        found = {name: of.waits for name, of in self._loops.items() if of.waits}
        if not found:
            return [f"⚠ {self.full}"] if self.full else []
        since, error = min(found.values(), key=lambda waits: waits[0])
        for_ = duration(max(self._now() - since, timedelta(seconds=1)))
        names = ", ".join(sorted(found))
        return [
            f"⚠ {(self.full or str(error)).rstrip('.')}: so for {for_}, since {since:%H:%M:%S} UTC.",
            f"Waiting for it: {names}. Alerts that were decided wait in the store; none is lost.",
        ]

    def _resting(self) -> Mapping[str, Rest]:
        return {name: rest for name, of in self._stillness.items() if (rest := of.rest) is not None}

    def _rested(self, platform: str, rest: Rest) -> str:
        for_ = duration(max(self._now() - rest.since, timedelta(seconds=1)))
        cure = " Make a valid one, set it and start again." if rest.why is Limited.TOKEN else ""
        return (
            f"⚠ {platform.capitalize()} {WAITS[rest.why]}: so for {for_}, since {rest.since:%H:%M:%S} UTC. "
            f"Its alerts wait in the store; none is lost.{cure}"
        )

    def _lately(self) -> Mapping[str, tuple[int, str]]:
        begin = self._now() - REMEMBERED
        found = {name: [why for at, why in of.restarts if at > begin] for name, of in self._loops.items()}
        return {name: (len(whys), whys[-1]) for name, whys in found.items() if whys}

    def _stood_lately(self) -> Sequence[tuple[datetime, float]]:
        return [(at, seconds) for at, seconds in self._stood if at > self._now() - REMEMBERED]

    def _server_lately(self) -> Sequence[datetime]:
        return [at for at in self._server if at > self._now() - REMEMBERED]

    def _of(self, name: str) -> _Loop:
        return self._loops.setdefault(name, _Loop())


def _seconds(age: float) -> str:
    return f"{age:.0f}s" if age >= 1 else "under 1s"
