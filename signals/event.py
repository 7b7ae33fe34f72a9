"""One transition with everything that is said about it, as judged then."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from signals.aggregate import Weighing
from signals.model import Fact, Unit, Yardstick
from signals.record import Study
from signals.rules.lifecycle import Change
from signals.rules.model import Compare, Crossing, Loudness


def alert_id(rule_id: str, revision: int, coin: str, change: Change, at: datetime) -> str:
    """The id of a transition: made of data only, so that the same observation gives the same id after any replay."""
    text = f"{rule_id}|{revision}|{coin}|{change}|{at.isoformat()}"
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()[:16]


@dataclass(frozen=True, slots=True)
class Event:
    """One transition with everything that is said about it, as judged then.

    `id` is the transition's, `episode` that of the firing it belongs to (the same for `fired`). `value`, `line` and
    `clear` are the first condition's, in `unit`; the others are among the facts. `absolute` compares the size of a
    move. An event in `shadow` is recorded and not sent. `loudness`, `ungated` and `note` are the rule's own. `record`
    is what had followed the same question on the coin before it fired, as far as that was known. `amid` is since when
    the coin is in a cascade of `amid_side` that says all that this says. `wave` is the coin under which cascades of
    many coins, this one among them, are told as one.
    """

    id: str
    episode: str
    rule_id: str
    rule_number: int
    revision: int
    sentence: str
    change_number: int
    coin: str
    venue: str
    name: str
    window: timedelta
    change: Change
    at: datetime
    since: datetime
    fired_at: datetime
    value: float
    line: float
    clear: float
    compare: Compare
    absolute: bool
    unit: Unit
    hold: timedelta
    venues: tuple[str, ...]
    missing: tuple[str, ...]
    coverage: float
    weighing: Weighing
    floor: bool
    trust: str
    facts: tuple[Fact, ...]
    label: str
    yardstick: Yardstick = Yardstick.VALUE
    crossing: Crossing | None = None
    shadow: bool = False
    loudness: Loudness = Loudness.USUAL
    ungated: bool = False
    note: str = ""
    record: Study | None = None
    amid: datetime | None = None
    amid_side: str = ""
    wave: str = ""

    @property
    def downward(self) -> bool:
        """Whether smaller values are worse."""
        return self.compare.downward
