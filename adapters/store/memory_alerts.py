"""Phases and events in memory."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.chat.base import Place
from adapters.store.alert_port import FIRES_KEPT, FORGOT, NOTHING, OTHER_PARTS, Commit, Committed, Effort, Kept, Mark
from adapters.store.base import OtherParts, StoreUnavailable
from adapters.store.dead_port import DeadEvent
from adapters.store.memory_market import Bell
from adapters.store.memory_records import MemoryRecords
from signals.event import Event
from signals.part import WHOLE, Part, parts
from signals.rules.lifecycle import AlertState, Change


@dataclass(frozen=True, slots=True)
class _Written:
    """A state, and the moment and the id of the event that it was written with."""

    kept: Kept
    at: datetime
    event: str


class MemoryAlerts(MemoryRecords):
    """The port of phases and events."""

    def __init__(self) -> None:
        super().__init__()
        self._states: dict[str, dict[str, _Written]] = defaultdict(dict)
        self._floors: dict[str, int | None] = {}
        """By the digest of a rule's id the revision below which nothing of it acts; None where it is gone."""
        self._of = WHOLE.of
        self._left: dict[Part, tuple[datetime | None, Mark]] = {}
        self._efforts: dict[Part, Effort] = {}
        self._waiting: dict[str, Event] = {}
        self._told: dict[str, list[Event]] = defaultdict(list)
        self._fires: dict[str, list[datetime]] = defaultdict(list)
        self._committed = Bell()

    async def state(self, rule_id: str, track: str, revision: int) -> tuple[int, AlertState]:
        written = self._states.get(rule_id, {}).get(track)
        if written is None or written.kept.revision != revision:
            return 0, AlertState()
        return written.kept.version, written.kept.state

    async def states(self) -> AsyncIterator[Sequence[Kept]]:
        for rule_id in list(self._states):
            page = await self.states_of([rule_id])
            if page:
                yield page

    async def states_of(self, rule_ids: Collection[str]) -> Sequence[Kept]:
        return [written.kept for rule_id in rule_ids for written in self._states.get(rule_id, {}).values()]

    async def commit(self, *each: Commit, part: Part = WHOLE) -> Sequence[Committed]:
        judged, _ = await self.left(part)
        return [self._commit(one, judged) for one in each]

    def _commit(self, one: Commit, judged: datetime | None) -> Committed:
        rule_id, track = one.subject
        floor = self._floors.get(self._digest(rule_id), 0)
        written = self._states.get(rule_id, {}).get(track)
        if floor is None or one.revision < floor or (written is not None and one.revision < written.kept.revision):
            return Committed.OLD
        if written is not None and one.revision > written.kept.revision:
            written = None
        refused = _refused(written, one, judged)
        if refused is not None:
            return refused
        if one.state is None:
            self._states[rule_id].pop(track, None)
        else:
            kept = Kept(one.subject, one.revision, one.version + 1, one.state)
            self._states[rule_id][track] = _Written(kept, one.at, _id(one))
        if one.event is not None:
            self._tell(one.event, one.at)
        return Committed.OK

    def _tell(self, event: Event, at: datetime) -> None:
        if event.change is not Change.GREW:
            self._told[event.rule_id].append(event)
        if event.change is Change.FIRED:
            fires = self._fires[event.rule_id]
            fires.append(at.replace(microsecond=0))
            del fires[:-FIRES_KEPT]
            self._remember(event)
        if not event.shadow:
            self._waiting[event.id] = event
            self._committed.ring()

    async def forget(self, rule_id: str, before: int | None) -> None:
        if before is None:
            for kept in (self._states, self._told, self._fires):
                kept.pop(rule_id, None)
            self._floors[self._digest(rule_id)] = None
            return
        states = self._states[rule_id]
        self._states[rule_id] = {track: of for track, of in states.items() if of.kept.revision >= before}
        of = self._digest(rule_id)
        floor = self._floors.get(of, 0)
        self._floors[of] = None if floor is None else max(floor, before)

    def _erase_events(self, place: Place) -> set[str]:
        """All that was told, or is to be told, of rules of the place; returns the ids and the episodes of it."""
        waiting = [event for event in self._waiting.values() if _is_of(event.rule_id, place)]
        rule_ids = [id_ for id_ in {*self._states, *self._told, *self._fires} if _is_of(id_, place)]
        told = [*waiting, *(event for id_ in rule_ids for event in self._told.get(id_, ()))]
        for event in waiting:
            del self._waiting[event.id]
        for kept in (self._states, self._told, self._fires):
            for id_ in rule_ids:
                kept.pop(id_, None)
        return {name for event in told for name in (event.id, event.episode)}

    async def judged(self) -> datetime | None:
        of_each = [self._left.get(part, (None, NOTHING))[0] for part in parts(self._of)]
        known = [at for at in of_each if at is not None]
        return min(known) if len(known) == self._of else None

    async def parts(self) -> int:
        return self._of

    async def left(self, part: Part = WHOLE) -> tuple[datetime | None, Mark]:
        return self._left.get(part, (None, NOTHING))

    async def mark_judged(
        self, at: datetime, mark: Mark = NOTHING, part: Part = WHOLE, known: datetime | None = None
    ) -> None:
        if part.of != self._of:
            raise OtherParts(OTHER_PARTS.format(of=part.of))
        judged, _ = await self.left(part)
        if known is not None and (judged is None or judged < known):
            raise StoreUnavailable(FORGOT)
        if judged is None or at > judged:
            self._left[part] = at, mark

    async def share_out(self, before: int, of: int, judged: datetime | None, mark: Mark) -> None:
        if before == self._of:
            self._of = of
            self._left |= dict.fromkeys(parts(of), (judged, mark))

    async def report_effort(self, of: Effort) -> None:
        self._efforts[of.part] = of

    async def efforts(self) -> Sequence[Effort]:
        return [self._efforts[part] for part in parts(self._of) if part in self._efforts]

    async def events(self) -> AsyncIterator[Event]:
        given: set[str] = set()
        while True:
            fresh = [event for id_, event in self._waiting.items() if id_ not in given]
            for event in fresh:
                given.add(event.id)
                yield event
            if all(id_ in given for id_ in self._waiting):
                await self._committed.heard()

    async def ack(self, event: Event) -> None:
        self._waiting.pop(event.id, None)

    async def dead_events(self) -> Sequence[DeadEvent]:
        return []

    async def revive_event(self, event: DeadEvent) -> bool:
        del event
        return False

    async def recent(self, rule_ids: Collection[str], limit: int) -> Sequence[Event]:
        told = [event for id_ in rule_ids for event in self._told.get(id_, ())]
        return sorted(told, key=lambda event: (event.at, event.id), reverse=True)[:limit]

    async def fires(self, rule_ids: Collection[str], since: datetime) -> Mapping[str, Sequence[datetime]]:
        return {rule: [at for at in self._fires.get(rule, ()) if at >= since] for rule in rule_ids}


def _refused(written: _Written | None, one: Commit, judged: datetime | None) -> Committed | None:
    if written is None:
        if one.version > 0 and one.state is None:
            return Committed.ALREADY
    elif (written.at, written.kept.version, written.event) == (one.at, one.version + 1, _id(one)):
        return Committed.ALREADY
    last = max((at for at in (written.at if written else None, judged) if at is not None), default=None)
    if last is not None and one.at <= last:
        return Committed.OLD
    stored = written.kept.version if written else 0
    return Committed.CONFLICT if stored != one.version else None


def _id(one: Commit) -> str:
    return one.event.id if one.event else ""


def _is_of(rule_id: str, place: Place) -> bool:
    return rule_id.rpartition("/")[0] == str(place)
