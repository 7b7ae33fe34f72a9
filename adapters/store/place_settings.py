"""What a place has asked for besides its rules."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import TypeAlias

from adapters.chat.base import Place


@dataclass(frozen=True, slots=True)
class Mute:
    """Silence from a moment on: `subject` is a coin, a signal or metric, `#N` of a rule, or `*` for all.

    `until` is None for one that lasts until what it silences has ended.
    """

    subject: str
    until: datetime | None
    from_: datetime

    def holds(self, now: datetime) -> bool:
        """Whether its time is not over."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Quiet:
    """Quiet hours by the wall clock of the place: [start, end), past midnight where the end comes first.

    What is not loud waits for one summary at their end, or with `silent` comes without sound.
    """

    start: time
    end: time
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a local date at that time, from a moment on."""

    at: time
    from_: datetime


class Charts(StrEnum):
    """When alerts come with a picture."""

    ON = "on"
    BUTTON = "button"
    OFF = "off"


class Noise(StrEnum):
    """How much is heard."""

    ALL = "all"
    """Everything, also what has low trust."""
    NORMAL = "normal"
    """Low trust comes without sound."""
    LOUD = "loud"
    """Only the alerts of loud rules are sent."""


class Units(StrEnum):
    """Which span a funding rate is told for first."""

    EIGHT_HOURS = "8h"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """What a place has asked for, each thing by itself; the defaults are those of a person's own place."""

    stopped: bool = False
    barred: bool = False
    """An operator lets nothing be sent there."""
    rules: int | None = None
    """Rules that an operator lets it have; None for as many as others."""
    gone: str = ""
    """Why nothing can be sent there; empty where it can."""
    mutes: tuple[Mute, ...] = ()
    zone: str = ""
    """Name of an IANA time zone; empty until somebody chose one, which means UTC."""
    quiet: Quiet | None = None
    digest: Daily | None = None
    budget: int | None = None
    """Alerts a day at most; None for as many as there are."""
    venue: str = ""
    """The venue that stands first in tables; it never changes a rule."""
    charts: Charts = Charts.ON
    resolved: bool = True
    """Whether the end of an alert is told."""
    noise: Noise = Noise.NORMAL
    units: Units = Units.EIGHT_HOURS
    acts_on: str = ""
    """The place that commands from here act on; empty for this one."""
    mentions: tuple[tuple[int, str], ...] = ()
    """The platform's id of the role that a rule calls, by the rule's number."""
    acked: tuple[str, ...] = ()
    """Episodes of which no more reminders are wanted, oldest first."""


Coins: TypeAlias = tuple[str, ...]
Watching: TypeAlias = Callable[[Coins], Coins]
"""What a place watches from now on, of what it has watched."""

PLAIN = PlaceSettings()
"""What holds where nobody has asked for anything."""

SHARED_BUDGET = 20


def usual(place: Place) -> PlaceSettings:
    """What holds in that place while nobody has asked for anything."""
    return PlaceSettings(budget=SHARED_BUDGET, charts=Charts.BUTTON) if place.shared else PLAIN
