"""The ports of the store: markets, venues, rules, places, alerts and the outbox.

Every effect can be asked for twice and happens once.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from adapters.chat.base import Place
from adapters.store.alert_port import AlertStore
from adapters.store.batch import ALIKE, Ends, Waiting
from adapters.store.batch import Final as Final  # noqa: PLC0414 - readers of outcomes find it beside their port
from adapters.store.dead_port import DeadLetters
from adapters.store.front_port import FrontStore
from adapters.store.info import StoreInfo
from adapters.store.market_port import MarketStore
from adapters.store.place_settings import Coins, PlaceSettings, Watching
from adapters.store.record_port import RecordStore
from adapters.store.venue_port import VenueStore
from signals.event import Event
from signals.loading import Stored
from signals.notice import Notice
from signals.rules.model import Draft, Rule


class StoreError(Exception):
    """The store could not do it; the message is a sentence that names the cure."""


class StoreUnavailable(StoreError):
    """No answer now; ask again later."""


class StoreWontWrite(StoreUnavailable):
    """It answers and takes no writes now: full, read-only, or without its disk."""


class StoreRefused(StoreError):
    """It will not serve us: password, version, or data of a newer perpwatch."""


class Fenced(StoreError):
    """A newer sender leads: stand by."""


class OtherParts(StoreError):
    """The coins are shared out otherwise by now: whoever judges one of the former parts must stop."""


class Behind(StoreError):
    """Changes that were asked for are no longer kept: load everything again."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How much a place may have: rules, rules on every coin among them, coins on its watchlist, drafts."""

    rules: int
    every_coin: int = 3
    watched: int = 100
    drafts: int = 30


@dataclass(frozen=True, slots=True)
class New:
    """A rule that is to be stored, judged at once or paused."""

    draft: Draft
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Saved:
    """The rule as stored."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class Full:
    """The place has as many as it may have; `what` is a field of Quota."""

    limit: int
    what: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The place has no such rule."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The rule has another revision by now: this one."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A draft that waits for its button. `rule_id` is set where it edits a rule, which then had that revision.

    `lines` are all lines of an import, of whose rules `draft` is the first.
    """

    draft: Draft
    rule_id: str | None
    revision: int
    lines: str = ""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One change of the rule set: `rule` is None where `rule_id` was removed."""

    number: int
    rule_id: str
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class WatchChange:
    """The whole watchlist of a place before and after one change of it."""

    number: int
    place: str
    before: tuple[str, ...]
    coins: tuple[str, ...]


Changed: TypeAlias = RuleChange | WatchChange

DRAFTS_FOR = timedelta(hours=24)
CHANGES_KEPT = 100_000
"""Changes that a store keeps for readers that fell behind."""


def rule_id(place: Place | str, number: int) -> str:
    """The id of a place's rule; numbers are never used again, so neither are ids."""
    return f"{place}/{number}"


class RuleStore(Protocol):
    """People's rules and settings; durable. `seen` is the id of the update that asks: a repeat gets the same answer."""

    async def add(self, place: Place, draft: Draft, seen: str, at: datetime, quota: Quota) -> Saved | Full:
        """Store a rule under the next number of its place; numbers are never used again."""
        ...

    async def add_all(
        self, place: Place, new: Sequence[New], watched: tuple[str, ...], seen: str, at: datetime, quota: Quota
    ) -> Sequence[Rule] | Full:
        """Store rules and put coins on the place's watchlist: all of it in one step, or nothing."""
        ...

    async def edit(
        self, rule_id: str, place: Place, draft: Draft, revision: int, seen: str, at: datetime, quota: Quota
    ) -> Saved | Full | Gone | Moved:
        """Replace what the rule says, if it still has that revision; it stays paused if it was."""
        ...

    async def pause(self, rule_id: str, place: Place, seen: str, at: datetime, *, paused: bool) -> Saved | Gone:
        """Stop judging the rule, or judge it anew: a new revision, unless it stood so already."""
        ...

    async def remove(self, rule_id: str, place: Place, seen: str) -> bool:
        """Take the rule away; false where that place has no such rule."""
        ...

    async def of(self, place: Place) -> Sequence[Rule]:
        """The rules of a place by number."""
        ...

    async def last_change(self) -> int:
        """The number of the last change: ask it before `rules` and follow `changes` from it, so nothing is missed."""
        ...

    async def copied(self) -> bool:
        """Whether a second server has what people changed so far, where the store has any; false if it takes long."""
        ...

    def rules(self) -> AsyncIterator[Sequence[Rule]]:
        """All rules in pages. One that changes meanwhile may be given before or after, or twice."""
        ...

    def stored(self) -> AsyncIterator[Sequence[Stored]]:
        """The same, as the store keeps them."""
        ...

    def changes(self, since: int) -> AsyncIterator[Changed]:
        """Each change after that number, in order, then the new ones as they come. Raises Behind."""
        ...

    async def changed(self, since: int, upto: int) -> Sequence[Changed]:
        """The changes after one number up to another; raises Behind as `changes`."""
        ...

    async def watchlist(self, place: Place) -> tuple[str, ...]:
        """The coins that a place watches."""
        ...

    async def watch(self, place: Place, how: Watching, seen: str, quota: Quota) -> Coins | Full:
        """Change the coins that a place watches: `how` is asked again where somebody else was faster."""
        ...

    async def watchlists(self) -> Mapping[str, tuple[str, ...]]:
        """The coins of every place that watches any."""
        ...

    async def keep_draft(
        self, place: Place, token: str, kept: KeptDraft, at: datetime, quota: Quota, lives: timedelta = DRAFTS_FOR
    ) -> Full | None:
        """Keep a draft under its token for that long."""
        ...

    async def draft(self, place: Place, token: str, at: datetime) -> KeptDraft | None:
        """The draft of that place under that token, if it still lives at that moment."""
        ...

    async def drop_draft(self, place: Place, token: str, seen: str) -> None:
        """The draft is not needed any more."""
        ...

    async def settings(self, place: Place) -> PlaceSettings:
        """What the place has asked for."""
        ...

    async def change(self, place: Place, how: Callable[[PlaceSettings], PlaceSettings], seen: str) -> PlaceSettings:
        """Change what the place has asked for, and only that: `how` is asked again where somebody else was faster."""
        ...

    async def admit(self, place: Place, day: date, entry: str, most: int | None) -> bool:
        """Whether the entry is among the first `most` of that day there; asked again, it is answered alike.

        A day that is over does not begin anew. None admits every entry, and counts it.
        """
        ...


MAX_TRIES = 5
"""Attempts after which an entry that a platform refuses is dead."""


class Fanned(StrEnum):
    """How far an event is expanded."""

    MORE = "more"
    DONE = "done"
    WAIT = "wait"
    """The rule's subscription is not here yet."""


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
    """The head of a lane, or its first entries as one message: one batch in flight.

    `since` is when it was claimed first. `ambiguous` counts earlier tries of unknown outcome; after one the batch stays
    as it is. `size` is what the store set aside for it. `missed` expired in this lane, and nobody was told of them.
    """

    epoch: Epoch
    place: Place
    batch: tuple[Waiting, ...]
    since: datetime
    ambiguous: int
    tries: int
    size: int = 1
    missed: int = 0

    @property
    def entry(self) -> str:
        """The oldest entry."""
        return self.batch[0].entry

    @property
    def event(self) -> Event | None:
        """The event that it tells, where it is one."""
        told = self.batch[0].told
        return None if isinstance(told, Notice) else told

    @property
    def notice(self) -> Notice | None:
        """The notice that it tells, where it is one."""
        told = self.batch[0].told
        return told if isinstance(told, Notice) else None

    @property
    def key(self) -> str:
        """What names every try of this batch, and no other."""
        return self.entry if len(self.batch) == 1 else f"{self.entry}+{len(self.batch)}"


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing is due; look again at `due`, or when something new comes."""

    due: datetime | None


class Outbox(Protocol):
    """Lanes of waiting entries, one per place, oldest first, one in flight."""

    async def subscribe(self, platform: str, change: Changed) -> None:
        """Take over one change into the platform's own lists, in order."""
        ...

    async def subscribe_all(self, platform: str, change: int, rules: AsyncIterator[Sequence[Rule]]) -> None:
        """Take over all rules as they were no earlier than that change: for a reader that fell too far behind."""
        ...

    async def applied(self, platform: str) -> int:
        """The number of the last change taken over."""
        ...

    async def fan_out(self, platform: str, event: Event, page: int, now: datetime) -> Fanned:
        """Expand an event into one lane entry per subscribed place, `page` places a call."""
        ...

    async def post(self, place: Place, notice: Notice, now: datetime) -> bool:
        """One entry with a notice, behind all alerts if it can wait; false where it was posted in the last week."""
        ...

    def wakes(self, platform: str) -> AsyncIterator[None]:
        """One, or one for several, whenever something new may be due; a missed one costs time and nothing else."""
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
        """Take the head of the next due lane, or its first entries where as many wait as become one. Raises Fenced."""
        ...

    async def finish(
        self, claim: Claim, outcome: Final, reason: str, message_id: str, next_due: datetime, apart: Ends = ALIKE
    ) -> int:
        """Record how the entries ended, those in `apart` otherwise; the place's next entry is due at `next_due`.

        What was sent told of the claim's `missed` and of those that expired in `apart`. Returns how many expired ones
        nobody was told of where the lane is empty now.
        """
        ...

    async def retry(
        self, claim: Claim, not_before: datetime, *, certain: bool, poison: bool = False, reason: str = ""
    ) -> Final | None:
        """Give the batch back with a time; DEAD, for that reason, where a poisoned one has used up its tries."""
        ...

    async def message_of(self, place: Place, episode: str) -> str | None:
        """The platform's id of the message that told of the firing, to reply to."""
        ...

    async def waiting(self, place: Place) -> int:
        """Entries in the place's lane, or behind all alerts."""
        ...

    async def outcomes(self, place: Place, limit: int) -> Sequence[tuple[str, Final, str]]:
        """The last outcomes of a place, newest first: entry, outcome, reason."""
        ...


class Store(MarketStore, VenueStore, RuleStore, AlertStore, RecordStore, Outbox, DeadLetters, FrontStore, Protocol):
    """All ports in one: what the service runs on."""

    async def info(self) -> StoreInfo:
        """What the store is and how safe it keeps things. Raises StoreUnavailable or StoreRefused."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...
