"""The port of alerts: phases and events."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from signals.counts import Counts
from signals.event import Event
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


class AlertStore(Protocol):
    """Phases and events; durable. A subject at rest has no state: nothing is kept of it."""

    async def state(self, rule_id: str, track: str, revision: int) -> tuple[int, AlertState]:
        """Version and state of that revision; 0 and a fresh state where there is none."""
        ...

    def states(self) -> AsyncIterator[Sequence[Kept]]:
        """All of them in pages."""
        ...

    async def states_of(self, rule_ids: Collection[str]) -> Sequence[Kept]:
        """Those of these rules."""
        ...

    async def commit(self, *each: Commit) -> Sequence[Committed]:
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
        """The last moment that was judged whole, or None."""
        ...

    async def mark_judged(self, at: datetime, mark: Mark = NOTHING, known: datetime | None = None) -> bool:
        """Everything up to that moment is judged; an older moment changes nothing.

        False, and nothing is marked, where the store has lost that the moment `known` was judged: a replica that was
        never told of it took over.
        """
        ...

    async def mark(self) -> Mark:
        """What the last moment that was judged whole left."""
        ...

    async def report_effort(self, of: Effort) -> None:
        """Keep what the last moment took, for `/status`; it may be lost."""
        ...

    async def effort(self) -> Effort | None:
        """What was kept last; None where nothing was judged yet."""
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
