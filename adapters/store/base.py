"""The ports of the store: markets, venues, rules, places, alerts and the outbox.

Every effect can be asked for twice and happens once.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from adapters.chat.base import Place
from adapters.store.venue_port import VenueStore
from signals.aggregate import Cycle
from signals.event import Event
from signals.model import Metric
from signals.panel import Panel
from signals.rules.lifecycle import AlertState
from signals.rules.model import Draft, Rule

# errors


class StoreError(Exception):
    """The store could not do it; the message is a sentence that names the cure."""


class StoreUnavailable(StoreError):
    """No answer now; ask again later."""


class StoreRefused(StoreError):
    """It will not serve us: password, version, or data of a newer perpwatch."""


class Fenced(StoreError):
    """A newer sender leads: stand by."""


# markets


class MarketStore(Protocol):
    """Latest values and bars. May be lost: it is filled again."""

    async def close(self, cycle: Cycle) -> None:
        """Write one closed moment in one step: readings, known observations, bars, and the news that it is there."""
        ...

    async def latest(self) -> Cycle | None:
        """The last closed moment, without its bars."""
        ...

    def cycles(self, after: datetime | None) -> AsyncIterator[Cycle]:
        """Every closed moment after that time, oldest first, then the new ones as they come; those still kept."""
        ...

    async def panel(self, step: timedelta, metrics: Collection[Metric], rows: int) -> Panel:
        """The last rows of bars of that step, with the legs of those metrics; blank if there are none."""
        ...

    async def extend(self, bars: Sequence[Panel]) -> None:
        """Add bars of the past (backfill): they are no news and wake nobody.

        Only bars older than the last closed moment are taken. What is known stays; a value is taken where the stored
        one is unknown, and coins and venues are added.
        """
        ...

    async def backfilled(self) -> int:
        """A number that grows whenever bars of the past changed what is stored."""
        ...

    async def steps(self) -> Sequence[timedelta]:
        """The resolutions of which bars are kept, finest first."""
        ...


# rules and places


@dataclass(frozen=True, slots=True)
class Mute:
    """Silence with an end: `subject` is a coin, a signal or metric, `#N` of a rule, or `*` for all."""

    subject: str
    until: datetime


@dataclass(frozen=True, slots=True)
class PlaceSettings:
    """What a place has asked for besides its rules."""

    stopped: bool = False
    mutes: tuple[Mute, ...] = ()


@dataclass(frozen=True, slots=True)
class Saved:
    """The rule as stored."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class Full:
    """The place has as many rules as it may have."""

    limit: int


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One change of the rule set: `rule` is None where `rule_id` was removed."""

    number: int
    rule_id: str
    rule: Rule | None


def rule_id(place: Place, number: int) -> str:
    """The id of a place's rule; numbers are never used again, so neither are ids."""
    return f"{place}/{number}"


class RuleStore(Protocol):
    """People's rules and settings; durable. `seen` is the id of the update that asks: a repeat gets the same answer."""

    async def add(self, place: Place, draft: Draft, seen: str, at: datetime, limit: int) -> Saved | Full:
        """Store a rule under the next number of its place; numbers are never used again."""
        ...

    async def remove(self, rule_id: str, place: Place, seen: str) -> bool:
        """Take the rule away; false where that place has no such rule."""
        ...

    async def of(self, place: Place) -> Sequence[Rule]:
        """The rules of a place by number."""
        ...

    async def everything(self) -> tuple[int, Sequence[Rule]]:
        """All rules, and the number of the last change they contain."""
        ...

    def changes(self, since: int) -> AsyncIterator[RuleChange]:
        """Each change after that number, in order, then the new ones as they come."""
        ...

    async def settings(self, place: Place) -> PlaceSettings:
        """What the place has asked for."""
        ...

    async def set(self, place: Place, settings: PlaceSettings, seen: str) -> None:
        """Replace what the place has asked for."""
        ...


# alerts


class Committed(StrEnum):
    """What became of a commit."""

    OK = "ok"
    ALREADY = "already"
    """Our own call, asked again."""
    OLD = "old"
    """Late, replayed or reordered data cannot act."""
    CONFLICT = "conflict"
    """Another evaluator was here: read again."""


Subject: TypeAlias = tuple[str, str]
"""Rule id and coin."""


class AlertStore(Protocol):
    """Phases and events; durable."""

    async def state(self, rule_id: str, coin: str) -> tuple[int, AlertState]:
        """Version and state; 0 and a fresh state where there is none."""
        ...

    async def states(self) -> Sequence[tuple[Subject, int, AlertState]]:
        """All of them."""
        ...

    async def commit(self, rule_id: str, coin: str, version: int, state: AlertState, event: Event | None) -> Committed:
        """Write state and event in one atom, if the stored version is `version` and the stored time is older."""
        ...

    async def forget(self, rule_id: str) -> None:
        """Drop the states of a rule that is gone."""
        ...

    async def judged(self) -> datetime | None:
        """The last moment that was judged whole, or None."""
        ...

    async def mark_judged(self, at: datetime) -> None:
        """Everything up to that moment is judged; an older moment changes nothing."""
        ...

    def events(self) -> AsyncIterator[Event]:
        """Events not yet acked, oldest first, then the new ones as they come. One reader at a time."""
        ...

    async def ack(self, event: Event) -> None:
        """The event, given by `events` of this store, is fanned out everywhere; it is not given again."""
        ...

    async def recent(self, rule_ids: Collection[str], limit: int) -> Sequence[Event]:
        """The last events of these rules, newest first: for `/alerts` and `/why`."""
        ...


# the outbox: steps A2 to A6

MAX_TRIES = 5
"""Attempts after which an entry that a platform refuses is dead."""


class Fanned(StrEnum):
    """How far an event is expanded."""

    MORE = "more"
    DONE = "done"
    WAIT = "wait"
    """The rule's subscription is not here yet."""


class Final(StrEnum):
    """How an entry ended; exactly one per entry."""

    SENT = "sent"
    EXPIRED = "expired"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Epoch:
    """The right to send for a platform."""

    platform: str
    owner: str
    number: int


@dataclass(frozen=True, slots=True)
class Held:
    """Another sender leads for that long."""

    remaining: timedelta


@dataclass(frozen=True, slots=True)
class Claim:
    """The head of a lane: one entry in flight. `ambiguous` counts earlier tries of unknown outcome."""

    epoch: Epoch
    place: Place
    entry: str
    event: Event | None
    """None where the body no longer decodes or has expired."""
    ambiguous: int
    tries: int


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing is due; look again at `due`, or when something new comes."""

    due: datetime | None


def lane_entry(place_id: str, sequence: int, event_id: str) -> str:
    """One alert waiting for one place; entries of a place sort by age."""
    return f"{place_id}:{sequence:012x}:{event_id}"


class Outbox(Protocol):
    """Lanes of waiting entries, one per place, oldest first, one in flight."""

    async def subscribe(self, platform: str, change: RuleChange) -> None:
        """Take over one rule change into the platform's own lists, in order."""
        ...

    async def applied(self, platform: str) -> int:
        """The number of the last change taken over."""
        ...

    async def fan_out(self, platform: str, event: Event, page: int, now: datetime) -> Fanned:
        """Expand an event into one lane entry per subscribed place, `page` places a call."""
        ...

    async def lead(self, platform: str, owner: str, now: datetime, ttl: timedelta) -> Epoch | Held:
        """Become or stay the one sender; fences the former one."""
        ...

    async def renew(self, epoch: Epoch, now: datetime, ttl: timedelta) -> bool:
        """Go on leading; false if somebody else does by now."""
        ...

    async def resign(self, epoch: Epoch) -> None:
        """Let the next sender in at once."""
        ...

    async def claim(self, epoch: Epoch, now: datetime, lease: timedelta) -> Claim | Idle:
        """Take the head of the next due lane. Raises Fenced."""
        ...

    async def finish(self, claim: Claim, outcome: Final, reason: str, message_id: str, next_due: datetime) -> None:
        """Record how the entry ended and take it out; the place's next entry is due at `next_due`."""
        ...

    async def retry(self, claim: Claim, not_before: datetime, *, certain: bool, poison: bool = False) -> Final | None:
        """Give the entry back with a time; DEAD where a poisoned entry has used up its tries."""
        ...

    async def message_of(self, place: Place, episode: str) -> str | None:
        """The platform's id of the message that told of the firing, to reply to."""
        ...

    async def waiting(self, place: Place) -> int:
        """Entries in the place's lane."""
        ...

    async def outcomes(self, place: Place, limit: int) -> Sequence[tuple[str, Final, str]]:
        """The last outcomes of a place, newest first: entry, outcome, reason."""
        ...


class Store(MarketStore, VenueStore, RuleStore, AlertStore, Outbox, Protocol):
    """All ports in one: what the service runs on."""

    async def info(self) -> "StoreInfo":
        """What the store is and how safe it keeps things. Raises StoreUnavailable or StoreRefused."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """For `perpwatch check` and `/status`."""

    product: str
    version: str
    durable: bool
    detail: str
