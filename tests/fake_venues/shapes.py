"""What goes in and out of a fake venue, and how venues write numbers and times."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

STEP_MS = 300_000
"""The step of the statistics that venues keep."""

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
DIGITS = 9
"""Significant digits of what is written."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it reaches the venue. Names of headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """The answer, and how it comes.

    It begins after `delay` and then comes at `drip` bytes a second, at once without; `never` answers nothing at all.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    delay: timedelta = timedelta(0)
    drip: int | None = None
    never: bool = False

    @property
    def takes(self) -> timedelta:
        """How long the whole answer takes to arrive."""
        return self.delay + timedelta(seconds=len(self.body) / self.drip if self.drip else 0)


class Wrong(Exception):
    """The venue refuses the request; `body` is in its own words."""

    def __init__(self, status: int, body: Json, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Moment:
    """When an answer is made: its values are of `ms`, its times say `told_ms`, in units of `unit` a millisecond."""

    ms: int
    told_ms: int
    unit: float = 1.0

    def time(self, later_ms: int = 0) -> int:
        """The time of an event as milliseconds, or what is written by mistake for them."""
        return int((self.told_ms + later_ms) * self.unit)

    def seconds(self) -> int:
        """The time in seconds; milliseconds where the venue confuses them."""
        return self.told_ms // 1000 if self.unit == 1.0 else self.told_ms

    def stamp(self, ms: int) -> int:
        """A past time, shifted and scaled as this moment's times are."""
        return int((ms + self.told_ms - self.ms) * self.unit)

    def last_step(self) -> int:
        """The start of the newest step of 5 minutes that is over."""
        return self.ms // STEP_MS * STEP_MS - STEP_MS


def ms(at: datetime) -> int:
    """Unix milliseconds."""
    return round(at.timestamp() * 1000)


def moment(at: datetime) -> Moment:
    """Values and times of that instant."""
    return Moment(ms(at), ms(at))


def when(milliseconds: int) -> datetime:
    """The instant, UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def encoded(data: Json) -> bytes:
    """The bytes of an answer; a string `@raw ...` becomes what follows it, unquoted."""
    body = json.dumps(data, separators=(",", ":"))
    if '"@raw ' in body:
        head, *rest = body.split('"@raw ')
        body = head + "".join(part.replace('"', "", 1) for part in rest)
    return body.encode()


def fixed(value: float, places: int) -> str:
    """So many decimals."""
    return f"{value:.{places}f}"


def padded(value: float, least: int = 2) -> str:
    """At least so many decimals, more where the value has them."""
    text = trimmed(value)
    whole_part, _, part = text.partition(".")
    return f"{whole_part}.{part.ljust(least, '0')}"


def trimmed(value: float, places: int | None = None) -> str:
    """No spare zeros: `64000`, `0.0108`, never an exponent."""
    text = fixed(value, _places(value, 0) if places is None else places)
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def pointed(value: float) -> str:
    """As `trimmed`, but whole numbers keep one zero: `64000.0`."""
    return padded(value, 1)


def shares(ratio: float) -> tuple[float, float]:
    """The shares of longs and shorts whose ratio it is, to four digits, 1 together."""
    longs = round(ratio / (1 + ratio), 4)
    return longs, round(1 - longs, 4)


def whole(asked: Mapping[str, str], name: str, default: int | None = None) -> int | None:
    """A parameter that must be a whole number; raises ValueError for other text."""
    written = asked.get(name)
    return default if written is None or written == "" else int(written)


def _places(value: float, least: int) -> int:
    if value == 0 or not math.isfinite(value):
        return least
    return max(least, DIGITS - 1 - math.floor(math.log10(abs(value))))
