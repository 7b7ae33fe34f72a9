"""The rhythm of messages to each place: a burst is held so that it folds, and why something came late is remembered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.chat.base import Limited, Place, Retry

BURST, WITHIN = 3, timedelta(seconds=30)
"""After so many alerts within so long, each in a message of its own, what follows waits until that span is over."""

REMEMBERED = 10_000
"""Places that are remembered, the last ones."""

STARTED = timedelta(minutes=1)
"""How long after its start a sender is still at what came before it."""


WAITS: Mapping[Limited | None, str] = {
    None: "did not answer",
    Limited.PLACE: "asked this chat to wait",
    Limited.EVERYBODY: "asked all to wait",
    Limited.TOKEN: "did not accept the bot's token",
}
"""What a platform did that makes us wait."""


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
        self._paused: tuple[datetime, Limited] | None = None
        """Until when nobody could be sent anything, last time, and why."""

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
        self._of(place).why = f"{self._called} {WAITS[of.limited]}"

    def pause(self, until: datetime, why: Limited) -> None:
        """Nobody is sent anything until then."""
        if self._paused is None or self._paused[0] < until:
            self._paused = until, why

    def why_late(self, place: Place, since: datetime) -> str:
        """What kept an alert of that moment from being sent; nothing where only others went first."""
        if why := self._of(place).why:
            return why
        if self._paused is not None and since < self._paused[0]:
            return f"{self._called} {WAITS[self._paused[1]]}"
        if self._started is not None and since < self._started:
            return "perpwatch was not running"
        return "many messages went first"

    def _of(self, place: Place) -> _Place:
        while len(self._places) > REMEMBERED:
            del self._places[next(iter(self._places))]
        return self._places.setdefault(place, _Place())
