"""The ports in memory: for the demo of one command, for tests, and for answers about recordings. Nothing survives."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.chat.base import Place, place_of
from adapters.store.base import (
    MAX_TRIES,
    Claim,
    Committed,
    Epoch,
    Fanned,
    Fenced,
    Final,
    Full,
    Held,
    Idle,
    PlaceSettings,
    RuleChange,
    Saved,
    StoreInfo,
    Subject,
    lane_entry,
    rule_id,
)
from adapters.store.memory_market import Bell, MemoryMarkets
from adapters.store.memory_venues import MemoryVenues
from signals.event import Event
from signals.panel import to_ms
from signals.rules.lifecycle import AlertState
from signals.rules.model import Draft, Rule


class _Rules:
    """People's rules and settings."""

    def __init__(self) -> None:
        super().__init__()
        self._rules: dict[Place, dict[int, Rule]] = defaultdict(dict)
        self._numbers: dict[Place, int] = defaultdict(int)
        self._settings: dict[Place, PlaceSettings] = {}
        self._seen: dict[tuple[str, str], Saved | Full | bool | None] = {}
        self._changes: list[RuleChange] = []
        self._changed = Bell()

    async def add(self, place: Place, draft: Draft, seen: str, at: datetime, limit: int) -> Saved | Full:
        known = self._seen.get(("add", seen))
        if isinstance(known, Saved | Full):
            return known
        answer: Saved | Full = Full(limit)
        if len(self._rules[place]) < limit:
            self._numbers[place] += 1
            number = self._numbers[place]
            rule = Rule(rule_id(place, number), str(place), number, 1, draft, at, len(self._changes) + 1)
            self._rules[place][number] = rule
            self._change(rule.id, rule)
            answer = Saved(rule)
        self._seen["add", seen] = answer
        return answer

    async def remove(self, rule_id: str, place: Place, seen: str) -> bool:
        known = self._seen.get(("remove", seen))
        if isinstance(known, bool):
            return known
        rule = next((rule for rule in self._rules[place].values() if rule.id == rule_id), None)
        if rule is not None:
            del self._rules[place][rule.number]
            self._change(rule_id, None)
        self._seen["remove", seen] = rule is not None
        return rule is not None

    async def of(self, place: Place) -> Sequence[Rule]:
        return [rule for _, rule in sorted(self._rules[place].items())]

    async def everything(self) -> tuple[int, Sequence[Rule]]:
        return len(self._changes), [rule for of in self._rules.values() for rule in of.values()]

    async def changes(self, since: int) -> AsyncIterator[RuleChange]:
        while True:
            for change in self._changes[since:]:
                since = change.number
                yield change
            if since == len(self._changes):
                await self._changed.heard()

    async def settings(self, place: Place) -> PlaceSettings:
        return self._settings.get(place, PlaceSettings())

    async def set(self, place: Place, settings: PlaceSettings, seen: str) -> None:
        if ("set", seen) not in self._seen:
            self._seen["set", seen] = None
            self._settings[place] = settings

    def _change(self, rule_id: str, rule: Rule | None) -> None:
        self._changes.append(RuleChange(len(self._changes) + 1, rule_id, rule))
        self._changed.ring()


class _Alerts:
    """Phases and events."""

    def __init__(self) -> None:
        super().__init__()
        self._states: dict[Subject, tuple[int, AlertState, str]] = {}
        self._judged: datetime | None = None
        self._waiting: dict[str, Event] = {}
        self._told: dict[str, list[Event]] = defaultdict(list)
        self._committed = Bell()

    async def state(self, rule_id: str, coin: str) -> tuple[int, AlertState]:
        version, state, _ = self._states.get((rule_id, coin), (0, AlertState(), ""))
        return version, state

    async def states(self) -> Sequence[tuple[Subject, int, AlertState]]:
        return [(subject, version, state) for subject, (version, state, _) in self._states.items()]

    async def commit(self, rule_id: str, coin: str, version: int, state: AlertState, event: Event | None) -> Committed:
        stored, old, id_ = self._states.get((rule_id, coin), (0, AlertState(), ""))
        new_id = event.id if event else ""
        if old.at == state.at and stored == version + 1 and id_ == new_id:
            return Committed.ALREADY
        if old.at is not None and state.at is not None and state.at <= old.at:
            return Committed.OLD
        if stored != version:
            return Committed.CONFLICT
        self._states[rule_id, coin] = (version + 1, state, new_id)
        if event is not None:
            self._waiting[event.id] = event
            self._told[rule_id].append(event)
            self._committed.ring()
        return Committed.OK

    async def forget(self, rule_id: str) -> None:
        for subject in [subject for subject in self._states if subject[0] == rule_id]:
            del self._states[subject]
        self._told.pop(rule_id, None)

    async def judged(self) -> datetime | None:
        return self._judged

    async def mark_judged(self, at: datetime) -> None:
        self._judged = max(self._judged, at) if self._judged else at

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

    async def recent(self, rule_ids: Collection[str], limit: int) -> Sequence[Event]:
        told = [event for id_ in rule_ids for event in self._told.get(id_, ())]
        return sorted(told, key=lambda event: (event.at, event.id), reverse=True)[:limit]


@dataclass(frozen=True, slots=True)
class _Flight:
    """The entry that a lane's sender holds; epoch 0 once it was given back."""

    entry: str
    ambiguous: int
    epoch: int


@dataclass
class _Platform:
    """What is kept per platform."""

    leader: tuple[str, datetime] | None = None
    epoch: int = 0
    sequence: int = 0
    applied: int = 0
    subscribers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    lanes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    ready: dict[str, datetime] = field(default_factory=dict)
    flights: dict[str, _Flight] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    bodies: dict[str, Event] = field(default_factory=dict)
    expanded: dict[str, str | None] = field(default_factory=dict)
    """Per event the last place done; None once all are."""
    messages: dict[tuple[str, str], str] = field(default_factory=dict)
    log: dict[str, list[tuple[str, Final, str]]] = field(default_factory=lambda: defaultdict(list))

    def record(self, place: str, entry: str, outcome: Final, reason: str) -> None:
        self.log[place].append((entry, outcome, reason))


class _Outboxes:
    """Lanes of waiting entries."""

    def __init__(self) -> None:
        super().__init__()
        self._platforms: dict[str, _Platform] = defaultdict(_Platform)

    async def subscribe(self, platform: str, change: RuleChange) -> None:
        of = self._platforms[platform]
        if change.number <= of.applied:
            return
        of.applied = change.number
        if change.rule is None:
            of.subscribers.pop(change.rule_id, None)
        elif (place := place_of(change.rule.place)).platform == platform:
            of.subscribers[change.rule_id].add(place.id)

    async def applied(self, platform: str) -> int:
        return self._platforms[platform].applied

    async def fan_out(self, platform: str, event: Event, page: int, now: datetime) -> Fanned:
        of = self._platforms[platform]
        if of.applied < event.change_number:
            return Fanned.WAIT
        done = of.expanded.get(event.id, "")
        if done is None:
            return Fanned.DONE
        of.bodies[event.id] = event
        places = [place for place in sorted(of.subscribers.get(event.rule_id, ())) if place > done][:page]
        for place in places:
            of.sequence += 1
            of.lanes[place].append(lane_entry(place, of.sequence, event.id))
            of.ready.setdefault(place, now)
        of.expanded[event.id] = places[-1] if len(places) == page else None
        return Fanned.MORE if len(places) == page else Fanned.DONE

    async def lead(self, platform: str, owner: str, now: datetime, ttl: timedelta) -> Epoch | Held:
        of = self._platforms[platform]
        if of.leader is not None and of.leader[0] != owner and of.leader[1] > now:
            return Held(of.leader[1] - now)
        of.leader = (owner, now + ttl)
        of.epoch = max(of.epoch + 1, to_ms(now))
        for place, flight in of.flights.items():
            if flight.epoch:
                of.ready[place] = now
        return Epoch(platform, owner, of.epoch)

    async def renew(self, epoch: Epoch, now: datetime, ttl: timedelta) -> bool:
        of = self._platforms[epoch.platform]
        if of.epoch != epoch.number or of.leader is None or of.leader[0] != epoch.owner:
            return False
        of.leader = (epoch.owner, now + ttl)
        return True

    async def resign(self, epoch: Epoch) -> None:
        of = self._platforms[epoch.platform]
        if of.epoch == epoch.number and of.leader is not None and of.leader[0] == epoch.owner:
            of.leader = None

    async def claim(self, epoch: Epoch, now: datetime, lease: timedelta) -> Claim | Idle:
        of = self._platforms[epoch.platform]
        if of.epoch != epoch.number:
            raise Fenced("another sender leads this platform now")
        while of.ready:
            place = min(of.ready, key=lambda p: (of.ready[p], p))
            if of.ready[place] > now:
                return Idle(of.ready[place])
            lane = of.lanes[place]
            if lane:
                return self._taken(of, epoch, place, now + lease)
            for kept in (of.ready, of.flights, of.tries):
                kept.pop(place, None)
        return Idle(None)

    def _taken(self, of: _Platform, epoch: Epoch, place: str, until: datetime) -> Claim:
        entry = of.lanes[place][0]
        flight = of.flights.get(place)
        before = flight if flight is not None and flight.entry == entry else None
        ambiguous = before.ambiguous + (1 if before.epoch else 0) if before else 0
        of.ready[place] = until
        of.flights[place] = _Flight(entry, ambiguous, epoch.number)
        event = of.bodies.get(entry.rpartition(":")[2])
        return Claim(epoch, Place(epoch.platform, place), entry, event, ambiguous, of.tries[place])

    async def finish(self, claim: Claim, outcome: Final, reason: str, message_id: str, next_due: datetime) -> None:
        of, place = self._platforms[claim.epoch.platform], claim.place.id
        if not of.lanes[place] or of.lanes[place][0] != claim.entry:
            return
        of.lanes[place].pop(0)
        of.record(place, claim.entry, outcome, reason)
        if message_id and claim.event is not None:
            of.messages.setdefault((place, claim.event.episode), message_id)
        flight = of.flights.get(place)
        if flight is None or (flight.entry == claim.entry and flight.epoch in (0, claim.epoch.number)):
            self._open(of, place, next_due)

    async def retry(self, claim: Claim, not_before: datetime, *, certain: bool, poison: bool = False) -> Final | None:
        of, place = self._platforms[claim.epoch.platform], claim.place.id
        if of.flights.get(place) != _Flight(claim.entry, claim.ambiguous, claim.epoch.number):
            return None
        tries = claim.tries + 1 if poison else claim.tries
        if poison and tries >= MAX_TRIES:
            of.lanes[place].pop(0)
            of.record(place, claim.entry, Final.DEAD, "refused too often")
            self._open(of, place, not_before)
            return Final.DEAD
        of.flights[place] = _Flight(claim.entry, claim.ambiguous + (0 if certain else 1), 0)
        of.tries[place] = tries
        of.ready[place] = not_before
        return None

    @staticmethod
    def _open(of: _Platform, place: str, due: datetime) -> None:
        of.flights.pop(place, None)
        of.tries.pop(place, None)
        of.ready[place] = due

    async def message_of(self, place: Place, episode: str) -> str | None:
        return self._platforms[place.platform].messages.get((place.id, episode))

    async def waiting(self, place: Place) -> int:
        return len(self._platforms[place.platform].lanes[place.id])

    async def outcomes(self, place: Place, limit: int) -> Sequence[tuple[str, Final, str]]:
        return self._platforms[place.platform].log[place.id][::-1][:limit]


class MemoryStore(MemoryMarkets, MemoryVenues, _Rules, _Alerts, _Outboxes):
    """All ports in one process's memory; nothing survives it."""

    async def info(self) -> StoreInfo:
        """What it is: it keeps nothing."""
        return StoreInfo("memory", "1", durable=False, detail="everything is lost when the process ends")

    async def aclose(self) -> None:
        """Nothing to let go of."""
