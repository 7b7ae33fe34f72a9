"""The port of alerts: phases and events."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from signals.counts import Counts
from signals.event import Event
from signals.part import WHOLE, Part
from signals.rules.lifecycle import AlertState
from signals.standing import Standing


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
"""Rule id and track: a coin, followed by + or - for one way of a crossing either way."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The state of a rule's revision on one track, and how often it was written."""

    subject: Subject
    revision: int
    version: int
    state: AlertState


FIRES_KEPT = 500
"""Firings of one rule whose times are kept."""


@dataclass(frozen=True, slots=True)
class Commit:
    """What one judged moment does to a subject: from the stored `version` to the next state, and what is told.

    `state` is None for one that is at rest again: nothing is kept of it, and its version is 0.
    """

    subject: Subject
    revision: int
    version: int
    at: datetime
    state: AlertState | None
    event: Event | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What a judged moment leaves to whoever judges the next one.

    `change` is the last change of rules that it knew; `standings` is what its readings do not say again of the cells.
    `backfilled` is how often the past had been filled in, and bars that end by `past` were no news because of it.
    """

    change: int | None = None
    standings: tuple[Standing, ...] = ()
    backfilled: int = 0
    past: datetime | None = None


NOTHING = Mark()

FORGOT = "The store has lost moments that were judged; they are judged again."
"""What is said where a replica that was never told of them took over."""

OTHER_PARTS = (
    "This evaluator shares the coins out to {of}, and others have shared them out otherwise meanwhile. "
    "Start all evaluators with the same PERPWATCH_PARTS."
)


@dataclass(frozen=True, slots=True)
class Effort:
    """What judging one moment took, and how large the engine is: for operators."""

    at: datetime
    took: timedelta
    """From the closed moment to the last write."""
    committed: int
    """States and events that were written."""
    counts: Counts
    broken: tuple[str, ...] = ()
    """What could not be computed, by name: rules on it wait."""
    part: Part = WHOLE
    """Of whose coins that is said."""
    missed: tuple[datetime, datetime] | None = None
    """The last moments between which nobody judged, and that were gone when somebody came."""
    lag: float = 0.0
    """By how many seconds the event loop of whoever judges woke up late at most, within a minute."""


class AlertStore(Protocol):
    """Phases and events; durable. A subject at rest has no state: nothing is kept of it.

    Moments are judged by parts of the coins, each of which has its own last judged moment.
    """

    async def state(self, rule_id: str, track: str, revision: int) -> tuple[int, AlertState]:
        """Version and state of that revision; 0 and a fresh state where there is none."""
        ...

    def states(self) -> AsyncIterator[Sequence[Kept]]:
        """All of them in pages."""
        ...

    async def states_of(self, rule_ids: Collection[str]) -> Sequence[Kept]:
        """Those of these rules."""
        ...

    async def commit(self, *each: Commit, part: Part = WHOLE) -> Sequence[Committed]:
        """Write state and event of each in one atom, if the stored version is its own and nothing newer was judged.

        Of an older revision, or of a forgotten rule, all is OLD. They are written in their order, in one round trip;
        one that is refused keeps no other. Where the store fails in between, all may be asked again.
        """
        ...

    async def forget(self, rule_id: str, before: int | None) -> None:
        """Drop the states of revisions before that one, which cannot act any more.

        None stands for the revision that is stored now; of a rule that is gone nothing is kept and nothing acts.
        """
        ...

    async def judged(self) -> datetime | None:
        """The last moment that was judged whole, by all parts; None where a part has judged none."""
        ...

    async def parts(self) -> int:
        """How many parts the coins are shared out to."""
        ...

    async def left(self, part: Part = WHOLE) -> tuple[datetime | None, Mark]:
        """The last moment that the part judged whole, or None, and what it left."""
        ...

    async def mark_judged(
        self, at: datetime, mark: Mark = NOTHING, part: Part = WHOLE, known: datetime | None = None
    ) -> None:
        """The part has judged everything up to that moment; an older one changes nothing. Raises OtherParts.

        Raises StoreUnavailable where the store has lost that the moment `known` was judged: a replica that was never
        told of it took over.
        """
        ...

    async def share_out(self, before: int, of: int, judged: datetime | None, mark: Mark) -> None:
        """From now on there are so many parts, which all begin there; nothing where there are not `before` any more."""
        ...

    async def report_effort(self, of: Effort) -> None:
        """Keep what the last moment took, for `/status`; it may be lost."""
        ...

    async def efforts(self) -> Sequence[Effort]:
        """What was kept last of each part; nothing where none has judged."""
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

    async def fires(self, rule_ids: Collection[str], since: datetime) -> Mapping[str, Sequence[datetime]]:
        """When each of these rules fired, on any coin, from then on, oldest first; the last FIRES_KEPT of each."""
        ...
