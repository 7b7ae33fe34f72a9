"""The ports in memory: for the demo of one command, for tests, and for answers about recordings. Nothing survives."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from adapters.chat.base import Place, place_of
from adapters.store.base import (
    CHANGES_KEPT,
    MAX_TRIES,
    Changed,
    Claim,
    Epoch,
    Fanned,
    Fenced,
    Final,
    Held,
    Idle,
    StoreInfo,
    WatchChange,
    lane_entry,
)
from adapters.store.memory_alerts import MemoryAlerts
from adapters.store.memory_fronts import MemoryFronts
from adapters.store.memory_market import MemoryMarkets
from adapters.store.memory_rules import MemoryRules
from adapters.store.memory_venues import MemoryVenues
from signals.event import Event
from signals.notice import Notice
from signals.panel import to_ms
from signals.rules.model import Rule


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
    notices: dict[str, Notice] = field(default_factory=dict)
    expanded: dict[str, str | None] = field(default_factory=dict)
    """Per event the last place done; None once all are."""
    messages: dict[tuple[str, str], str] = field(default_factory=dict)
    log: dict[str, list[tuple[str, Final, str]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, platform: str, rule: Rule) -> None:
        """The rule's place hears of its events, where it is one of ours."""
        place = place_of(rule.place)
        if place.platform == platform:
            self.subscribers[rule.id].add(place.id)

    def record(self, place: str, entry: str, outcome: Final, reason: str) -> None:
        self.log[place].append((entry, outcome, reason))


class _Outboxes:
    """Lanes of waiting entries."""

    def __init__(self) -> None:
        super().__init__()
        self._platforms: dict[str, _Platform] = defaultdict(_Platform)

    async def subscribe(self, platform: str, change: Changed) -> None:
        of = self._platforms[platform]
        if change.number <= of.applied:
            return
        of.applied = change.number
        if isinstance(change, WatchChange):
            return
        if change.rule is None:
            of.subscribers.pop(change.rule_id, None)
        else:
            of.add(platform, change.rule)

    async def subscribe_all(self, platform: str, change: int, rules: AsyncIterator[Sequence[Rule]]) -> None:
        of = self._platforms[platform]
        there = set[str]()
        async for page in rules:
            for rule in page:
                there.add(rule.id)
                of.add(platform, rule)
        for gone in of.subscribers.keys() - there:
            del of.subscribers[gone]
        of.applied = max(of.applied, change)

    async def applied(self, platform: str) -> int:
        return self._platforms[platform].applied

    async def fan_out(self, platform: str, event: Event, page: int, now: datetime) -> Fanned:
        of = self._platforms[platform]
        if of.applied < event.change_number:
            return Fanned.WAIT
        done = of.expanded.get(event.id, "")
        if done is None:
            return Fanned.DONE
        places = [place for place in sorted(of.subscribers.get(event.rule_id, ())) if place > done][:page]
        if places:
            of.bodies[event.id] = event
        for place in places:
            of.sequence += 1
            of.lanes[place].append(lane_entry(place, of.sequence, event.id))
            of.ready.setdefault(place, now)
        of.expanded[event.id] = places[-1] if len(places) == page else None
        return Fanned.MORE if len(places) == page else Fanned.DONE

    async def post(self, place: Place, notice: Notice, now: datetime) -> bool:
        of = self._platforms[place.platform]
        if notice.id in of.notices:
            return False
        of.notices[notice.id] = notice
        of.sequence += 1
        of.lanes[place.id].append(lane_entry(place.id, of.sequence, notice.id))
        of.ready.setdefault(place.id, now)
        return True

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
        id_ = entry.rpartition(":")[2]
        event, notice = of.bodies.get(id_), of.notices.get(id_)
        return Claim(epoch, Place(epoch.platform, place), entry, event, ambiguous, of.tries[place], notice)

    async def finish(self, claim: Claim, outcome: Final, reason: str, message_id: str, next_due: datetime) -> None:
        of, place = self._platforms[claim.epoch.platform], claim.place.id
        if of.lanes.get(place, [])[:1] != [claim.entry]:
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

    def _erase_lane(self, place: Place, ids: set[str]) -> None:
        """The lane of the place, and all that is kept of these events and of what is in it."""
        of = self._platforms[place.platform]
        ids = ids | {entry.rpartition(":")[2] for entry in of.lanes.pop(place.id, [])}
        ids |= {entry.rpartition(":")[2] for entry, _, _ in of.log.pop(place.id, [])}
        for id_ in ids:
            of.bodies.pop(id_, None)
            of.notices.pop(id_, None)
            of.expanded.pop(id_, None)
            of.messages.pop((place.id, id_), None)
        for kept in (of.ready, of.flights, of.tries):
            kept.pop(place.id, None)
        for rule_id in [id_ for id_ in of.subscribers if id_.rpartition("/")[0] == str(place)]:
            del of.subscribers[rule_id]

    async def message_of(self, place: Place, episode: str) -> str | None:
        return self._platforms[place.platform].messages.get((place.id, episode))

    async def waiting(self, place: Place) -> int:
        return len(self._platforms[place.platform].lanes.get(place.id, []))

    async def outcomes(self, place: Place, limit: int) -> Sequence[tuple[str, Final, str]]:
        return self._platforms[place.platform].log.get(place.id, [])[::-1][:limit]


_LONG_SINCE = datetime(1970, 1, 1, tzinfo=UTC)


class MemoryStore(MemoryMarkets, MemoryVenues, MemoryFronts, MemoryRules, MemoryAlerts, _Outboxes):
    """All ports in one process's memory; nothing survives it."""

    def __init__(self, changes_kept: int = CHANGES_KEPT) -> None:
        super().__init__()
        self._changes_kept = changes_kept

    async def forget(self, rule_id: str, before: int | None) -> None:
        """Drop what older revisions left; None stands for the revision that is stored now."""
        await super().forget(rule_id, self._revision(rule_id) if before is None else before)

    async def erase(self, place: Place, at: datetime) -> None:
        """Take away all about the place, but what tells the readers of changes that its rules are gone."""
        await super().erase(place, at)
        for rule_id in self._erase_rules(place):
            await self.forget(rule_id, None)
        self._erase_lane(place, self._erase_events(place))
        self._erase_alerts(place)
        self._erase_spent(str(place))

    async def erased(self, place: Place) -> None:
        """Take that away too, and whatever was left since."""
        await self.erase(place, self._erasing.get(place, _LONG_SINCE))
        self._erase_changes(place)
        await super().erased(place)

    async def info(self) -> StoreInfo:
        """What it is: it keeps nothing."""
        return StoreInfo("memory", "1", durable=False, detail="everything is lost when the process ends")

    async def aclose(self) -> None:
        """Nothing to let go of."""
