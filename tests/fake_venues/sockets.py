"""One websocket connection to a fake venue, with what faults do to its frames."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from tests.fake_venues.faults import Fault, Kind
from tests.fake_venues.record import Record
from tests.fake_venues.shapes import Asked, Json, encoded, ms, when
from tests.fake_venues.values import Forced

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Frame:
    """What is pushed at an instant, and the liquidations in it; heartbeats have none."""

    at_ms: int
    data: Json
    forced: tuple[Forced, ...] = ()


@dataclass(frozen=True, slots=True)
class Stays:
    """How long a venue keeps a connection open, and how much it listens to."""

    lives: timedelta | None = None
    """Whatever happens, it ends then."""
    patience: timedelta | None = None
    """It ends when nothing was heard for so long."""
    messages: int | None = None
    """It ends when there are more in a second."""


class Speaker(Protocol):
    """The venue behind a socket."""

    name: ClassVar[str]
    stays: ClassVar[Stays]
    record: Record

    @property
    def faults(self) -> Sequence[Fault]:
        """What goes wrong there, at any time."""
        ...

    def hear(self, socket: "Socket", text: str, at: datetime) -> Sequence[Json]:
        """What it says at once."""
        ...

    def pushes(self, socket: "Socket", since_ms: int, until_ms: int) -> Sequence[Frame]:
        """What it pushes on its own."""
        ...


class Socket:
    """What one connection remembers: when and how it was opened, and what it subscribed to."""

    def __init__(self, venue: Speaker, asked: Asked, at: datetime) -> None:
        self.venue = venue
        self.asked = asked
        self.opened = at
        self.topics: dict[str, int] = {}
        """What is subscribed, and since when in milliseconds."""
        self.size_decimal = asked.headers.get("x-gate-size-decimal") == "1"
        self._heard: deque[datetime] = deque([at], maxlen=100)

    def on_message(self, text: str, at: datetime) -> list[bytes]:
        """What comes back at once: acknowledgements, pongs, refusals, first frames."""
        self._heard.append(at)
        return [_bytes(each) for each in self.venue.hear(self, text, at)]

    def subscribe(self, topic: str, at: datetime) -> None:
        """Remember a topic."""
        self.topics.setdefault(topic, ms(at))

    def unsubscribe(self, topic: str) -> None:
        """Forget a topic."""
        self.topics.pop(topic, None)

    def frames(self, since: datetime, until: datetime) -> list[bytes]:
        """What arrives after `since`, up to and including `until`, in that order."""
        frames: list[Frame] = []
        for stall in self._faults(Kind.STALLED):
            if since < stall.until <= until:
                frames += self._pushed(ms(stall.since), ms(stall.until), through_stall=True)
        frames += self._pushed(ms(since), ms(until), through_stall=False)
        delivered = self._disordered(frames)
        for frame in delivered:
            self.venue.record.frames[self.venue.name] += 1
            for each in frame.forced:
                self.venue.record.liquidation(self.venue.name, each)
        return [_bytes(frame.data) for frame in delivered]

    def closes(self, since: datetime, until: datetime) -> bool:
        """Whether the venue hangs up in between."""
        stays = self.venue.stays
        ends = [fault.since for fault in self._faults(Kind.DISCONNECTED)]
        if stays.lives is not None:
            ends.append(self.opened + stays.lives)
        if stays.patience is not None:
            ends.append(self._heard[-1] + stays.patience)
        return any(since < end <= until for end in ends) or self._hears_too_much()

    def _hears_too_much(self) -> bool:
        most = self.venue.stays.messages
        lately = [at for at in self._heard if at > self._heard[-1] - SECOND]
        return most is not None and len(lately) > most

    def _pushed(self, since_ms: int, until_ms: int, *, through_stall: bool) -> list[Frame]:
        pushed = self.venue.pushes(self, since_ms, until_ms)
        return [frame for frame in pushed if self._passes(frame, through_stall=through_stall)]

    def _passes(self, frame: Frame, *, through_stall: bool) -> bool:
        at = when(frame.at_ms)
        if any(each.since <= at < each.until for each in self._faults(Kind.SILENT)):
            return False
        if not through_stall and any(each.since < at <= each.until for each in self._faults(Kind.STALLED)):
            return False
        return not (frame.forced and any(each.since <= at < each.until for each in self._faults(Kind.CHANNEL_DEAD)))

    def _disordered(self, frames: Sequence[Frame]) -> list[Frame]:
        found: list[Frame] = []
        for frame in frames:
            twice = any(each.since <= when(frame.at_ms) < each.until for each in self._faults(Kind.DUPLICATED))
            found += [frame, frame] if twice else [frame]
        mixed = [each for each in self._faults(Kind.REORDERED) if any(_within(each, frame) for frame in found)]
        return [*reversed(found)] if mixed else found

    def _faults(self, kind: Kind) -> list[Fault]:
        return [each for each in self.venue.faults if each.kind is kind]


def _within(fault: Fault, frame: Frame) -> bool:
    return fault.since <= when(frame.at_ms) < fault.until


def _bytes(data: Json) -> bytes:
    return data.encode() if isinstance(data, str) else encoded(data)


def every(period_ms: int, later_ms: int, since_ms: int, until_ms: int) -> range:
    """The instants `later_ms` after each whole period, after `since_ms`, up to and including `until_ms`."""
    first = (since_ms - later_ms) // period_ms + 1
    return range(first * period_ms + later_ms, until_ms + 1, period_ms)
