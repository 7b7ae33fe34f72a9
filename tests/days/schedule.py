"""What goes wrong and when, all of it drawn before the first moment."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random

START = datetime(2026, 9, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
QUIET = timedelta(hours=1)
"""At the beginning and at the end nothing goes wrong."""

VENUES = ("binance", "bybit", "gate", "okx")
COINS = ("BTC", "ETH", "SOL")
PLACES = tuple(f"{platform}:{n}" for platform in ("telegram", "discord") for n in (1, 2, 3))
LOOPS = ("poller", "evaluator", "fanout", "telegram sender", "discord sender", "notices", "people", "everything")


LONGEST = timedelta(hours=2)
"""No fault lasts longer."""


class Kind(StrEnum):
    """What can go wrong."""

    DOWN = "venue down"
    STALE = "venue repeats an old answer"
    PARTIAL = "venue leaves coins out"
    SLIP = "venue slips in its units"
    CLOCK = "clock is an hour off"
    STORE = "store away"
    REPLIES = "replies of the store are lost"
    LIMITED = "one chat is limited"
    FLOOD = "everybody is limited"
    TROUBLE = "platform answers with errors"
    SILENT = "platform does not answer"
    RESTART = "a loop dies"
    LEAP = "a leap second"


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a day, for how many minutes, and whom it can concern."""

    a_day: float
    minutes: tuple[float, float]
    whom: Sequence[str]


RATES = {
    Kind.DOWN: Rate(2.0, (5, 120), (*VENUES, "all")),
    Kind.STALE: Rate(1.5, (15, 90), VENUES),
    Kind.PARTIAL: Rate(1.5, (5, 60), VENUES),
    Kind.SLIP: Rate(1.0, (10, 60), VENUES),
    Kind.CLOCK: Rate(0.4, (10, 50), ("ahead", "behind")),
    Kind.STORE: Rate(1.5, (1, 25), ("",)),
    Kind.REPLIES: Rate(1.5, (5, 40), ("",)),
    Kind.LIMITED: Rate(2.0, (10, 60), PLACES),
    Kind.FLOOD: Rate(0.5, (2, 15), ("telegram", "discord")),
    Kind.TROUBLE: Rate(1.5, (10, 60), ("telegram", "discord")),
    Kind.SILENT: Rate(0.5, (5, 20), ("telegram", "discord")),
    Kind.RESTART: Rate(8.0, (0, 0), LOOPS),
    Kind.LEAP: Rate(0.4, (0, 0), ("ahead", "behind")),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong from one instant of true time until another."""

    kind: Kind
    since: datetime
    until: datetime
    whom: str
    draw: float
    """A number from 0 to 1 for whatever else is to be drawn."""


class Schedule:
    """All faults of so many days, so many times as often as usual, and `more`."""

    def __init__(self, seed: int, days: float, often: float = 1.0, more: Sequence[Fault] = ()) -> None:
        self.end = START + days * DAY
        self.often = often
        drawn = _drawn(Random(f"{seed} faults"), days * often, self.end)
        self.faults = sorted([*drawn, *more], key=lambda fault: fault.since)
        self._by_kind = defaultdict[Kind, list[Fault]](list)
        for fault in self.faults:
            self._by_kind[fault.kind].append(fault)

    def on(self, kind: Kind, at: datetime, *whom: str) -> Fault | None:
        """The fault of that kind that concerns one of these at that instant; of anybody where nobody is named."""
        faults, i = self._by_kind[kind], self._begun(kind, at)
        while i and faults[i - 1].since > at - LONGEST:
            i -= 1
            if at < faults[i].until and (not whom or faults[i].whom in whom):
                return faults[i]
        return None

    def of(self, kind: Kind) -> Sequence[Fault]:
        """All of that kind, in order."""
        return self._by_kind[kind]

    def until_next(self, kind: Kind, at: datetime) -> timedelta:
        """How long until the next one of that kind begins."""
        faults, i = self._by_kind[kind], self._begun(kind, at)
        return faults[i].since - at if i < len(faults) else timedelta(days=10_000)

    def _begun(self, kind: Kind, at: datetime) -> int:
        """How many of that kind have begun by then."""
        return bisect_right(self._by_kind[kind], at, key=lambda fault: fault.since)

    def touched(self, since: datetime, until: datetime, kinds: Sequence[Kind]) -> bool:
        """Whether anything of these kinds was wrong in that span."""
        return any(f.since <= until and f.until >= since for kind in kinds for f in self._by_kind[kind])


def _drawn(rng: Random, days: float, end: datetime) -> Iterator[Fault]:
    for kind, rate in RATES.items():
        count = int(rate.a_day * days + rng.random()) if days else 0
        for _ in range(count):
            since = START + QUIET + rng.random() * (end - START - 2 * QUIET)
            lasts = rng.uniform(*rate.minutes) * MINUTE
            yield Fault(kind, since, min(since + lasts, end - QUIET), rng.choice(rate.whom), rng.random())
