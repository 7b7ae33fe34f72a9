"""The rhythm of messages to each place: a burst is held so that it folds, and why something came late is remembered."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.chat.base import Place, Retry

BURST, WITHIN = 3, timedelta(seconds=30)
"""After so many alerts within so long, each in a message of its own, what follows waits until that span is over."""

REMEMBERED = 10_000
"""Places that are remembered, the last ones."""

STARTED = timedelta(minutes=1)
"""How long after its start a sender is still at what came before it."""


@dataclass
class _Place:
    """When its last single alerts were sent, and why it was put off since."""

    alone: list[datetime] = field(default_factory=list)
    why: str = ""


class Rhythm:
    """Of one platform. Times are the market's, for that is what a place has asked alerts of."""

    def __init__(self, called: str) -> None:
        self._called = called
        self._places: dict[Place, _Place] = {}
        self._started: datetime | None = None
        self._paused: datetime | None = None
        """Until when nobody could be sent anything, last time."""

    def began(self, now: datetime) -> None:
        """The sender leads since then."""
        self._started = self._started or now

    def sent(self, place: Place, now: datetime, *, alone: bool) -> timedelta:
        """A message was sent there: how long the next one waits so that what comes meanwhile becomes one message."""
        known = self._of(place)
        known.why = ""
        known.alone = [at for at in known.alone if now - at < WITHIN] + [now] if alone else []
        if len(known.alone) < BURST:
            return timedelta(0)
        first, known.alone = known.alone[0], []
        return first + WITHIN - now

    def put_off(self, place: Place, of: Retry) -> None:
        """Why that place waits."""
        named = f"{self._called} asked this chat to wait" if of.limited else f"{self._called} did not answer"
        self._of(place).why = named

    def pause(self, until: datetime) -> None:
        """Nobody is sent anything until then."""
        self._paused = max(self._paused or until, until)

    def why_late(self, place: Place, since: datetime) -> str:
        """What kept an alert of that moment from being sent; nothing where only others went first."""
        if why := self._of(place).why:
            return why
        if self._paused is not None and since < self._paused:
            return f"{self._called} asked all to wait"
        if self._started is not None and since < self._started:
            return "perpwatch was not running"
        return "many messages went first"

    def _of(self, place: Place) -> _Place:
        while len(self._places) > REMEMBERED:
            del self._places[next(iter(self._places))]
        return self._places.setdefault(place, _Place())
