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
    Held,
    Idle,
    WatchChange,
)
from adapters.store.batch import (
    ALIKE,
    FOLDED_MOST,
    LET_IN_AT_ONCE,
    REVIVED,
    Ends,
    Final,
    Waiting,
    as_one,
    expired_in,
    folded_from,
    lane_entry,
)
from adapters.store.dead_port import DeadLetter
from adapters.store.due import Due
from adapters.store.info import StoreInfo
from adapters.store.memory_alerts import MemoryAlerts
from adapters.store.memory_fronts import MemoryFronts
from adapters.store.memory_market import Bell, MemoryMarkets
from adapters.store.memory_rules import MemoryRules
from adapters.store.memory_venues import MemoryVenues
from signals.event import Event
from signals.notice import Notice
from signals.panel import to_ms
from signals.rules.model import Rule


@dataclass(frozen=True, slots=True)
class _Flight:
    """The batch that a lane's sender holds, by its first entry; epoch 0 once it was given back."""

    entry: str
    since: datetime
    ambiguous: int
    epoch: int
    size: int


@dataclass
class _Platform:
    """What is kept per platform."""

    leader: tuple[str, datetime] | None = None
    epoch: int = 0
    sequence: int = 0
    applied: int = 0
    subscribers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    lanes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    ready: Due = field(default_factory=Due)
    flights: dict[str, _Flight] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    bodies: dict[str, Event] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    expanded: dict[str, str | None] = field(default_factory=dict)
    """Per event the last place done; None once all are."""
    messages: dict[tuple[str, str], str] = field(default_factory=dict)
    log: dict[str, list[tuple[str, Final, str]]] = field(default_factory=lambda: defaultdict(list))
    missed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    low: list[tuple[str, str]] = field(default_factory=list)
    """Places and notices that wait behind all alerts."""
    dead: list[DeadLetter] = field(default_factory=list)
    news: int = 0
    bell: Bell = field(default_factory=Bell)

    def queue(self, place: str, id_: str, now: datetime, mark: str = "") -> None:
        """One more entry at the end of the lane."""
        self.sequence += 1
        self.lanes[place].append(lane_entry(place, self.sequence, id_, mark))
        self.ready.put_new(place, now)
        self.wake()

    def wake(self) -> None:
        """There may be something new to claim."""
        self.news += 1
        self.bell.ring()

    def read(self, entry: str) -> Waiting:
        """The entry with what it tells."""
        id_ = entry.rpartition(":")[2]
        return Waiting(entry, self.bodies.get(id_) or self.notices.get(id_))

    def bury(self, place: Place, entry: str, reason: str, at: datetime) -> None:
        """A dead letter."""
        number = f"{to_ms(at)}-{len(self.dead)}"
        self.dead.append(DeadLetter(number, place, entry, at, reason, self.read(entry).told))

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
            of.queue(place, event.id, now)
        of.expanded[event.id] = places[-1] if len(places) == page else None
        return Fanned.MORE if len(places) == page else Fanned.DONE

    async def post(self, place: Place, notice: Notice, now: datetime) -> bool:
        of = self._platforms[place.platform]
        if notice.id in of.notices:
            return False
        of.notices[notice.id] = notice
        if notice.can_wait:
            of.low.append((place.id, notice.id))
            of.wake()
        else:
            of.queue(place.id, notice.id, now)
        return True

    async def wakes(self, platform: str) -> AsyncIterator[None]:
        of, known = self._platforms[platform], 0
        while True:
            if of.news == known:
                await of.bell.heard()
            known = of.news
            yield

    async def lead(self, platform: str, owner: str, now: datetime, ttl: timedelta) -> Epoch | Held:
        of = self._platforms[platform]
        if of.leader is not None and of.leader[0] != owner and of.leader[1] > now:
            return Held(of.leader[1] - now)
        of.leader = (owner, now + ttl)
        of.epoch = max(of.epoch + 1, to_ms(now))
        for place, flight in of.flights.items():
            if flight.epoch:
                of.ready.put(place, now)
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
        entered = False
        while True:
            due, place = of.ready.first() or (None, "")
            if due is None or due > now:
                if entered or not of.low:
                    return Idle(due)
                entered = True
                few, of.low = of.low[:LET_IN_AT_ONCE], of.low[LET_IN_AT_ONCE:]
                for where, id_ in few:
                    of.queue(where, id_, now)
            elif of.lanes[place]:
                return self._taken(of, epoch, place, now, now + lease, folded_from(now - due))
            else:
                of.ready.pop(place)
                of.flights.pop(place, None)
                of.tries.pop(place, None)

    def _taken(self, of: _Platform, epoch: Epoch, place: str, now: datetime, until: datetime, least: int) -> Claim:
        lane, flight, tries = of.lanes[place][:FOLDED_MOST], of.flights.get(place), of.tries[place]
        before = flight if flight is not None and flight.entry == lane[0] else None
        ambiguous = before.ambiguous + (1 if before.epoch else 0) if before else 0
        size = len(lane) if len(lane) >= least and not tries else 1
        since = before.since if before is not None else now
        if before is not None and ambiguous:
            size = before.size
        of.ready.put(place, until)
        of.flights[place] = _Flight(lane[0], since, ambiguous, epoch.number, size)
        batch = tuple(as_one([of.read(entry) for entry in lane[:size]]))
        return Claim(epoch, Place(epoch.platform, place), batch, since, ambiguous, tries, size, of.missed[place])

    async def finish(
        self,
        claim: Claim,
        outcome: Final,
        reason: str,
        message_id: str,
        next_due: datetime,
        apart: Ends = ALIKE,
    ) -> int:
        of, place = self._platforms[claim.epoch.platform], claim.place.id
        flight = of.flights.get(place)
        ours = flight is not None and flight.entry == claim.entry and flight.epoch in (0, claim.epoch.number)
        if of.lanes.get(place, [])[:1] != [claim.entry]:
            if ours:  # somebody else finished it before us: what follows need not wait for our lease
                self._open(of, place, next_due)
            return self._untold(of, place)
        expired = 0
        for one in claim.batch:
            ended, why = apart.get(one.entry, (outcome, reason))
            of.lanes[place].remove(one.entry)
            of.record(place, one.entry, ended, why)
            expired += ended is Final.EXPIRED
            if ended is Final.DEAD:
                of.bury(claim.place, one.entry, why, next_due)
            if ended is Final.SENT and message_id and isinstance(one.told, Event):
                of.messages.setdefault((place, one.told.episode), message_id)
        told = claim.missed + expired_in(apart) if outcome is Final.SENT else 0
        of.missed[place] = max(0, of.missed[place] + expired - told)
        if flight is None or ours:
            self._open(of, place, next_due)
        return self._untold(of, place)

    async def retry(
        self, claim: Claim, not_before: datetime, *, certain: bool, poison: bool = False, reason: str = ""
    ) -> Final | None:
        of, place = self._platforms[claim.epoch.platform], claim.place.id
        if of.flights.get(place) != _Flight(claim.entry, claim.since, claim.ambiguous, claim.epoch.number, claim.size):
            return None
        tries = claim.tries + 1 if poison else claim.tries
        if poison and tries >= MAX_TRIES:
            for one in claim.batch:
                of.lanes[place].remove(one.entry)
                of.record(place, one.entry, Final.DEAD, reason)
                of.bury(claim.place, one.entry, reason, not_before)
            self._open(of, place, not_before)
            return Final.DEAD
        again = claim.ambiguous + (0 if certain else 1)
        of.flights[place] = _Flight(claim.entry, claim.since, again, 0, claim.size)
        of.tries[place] = tries
        of.ready.put(place, not_before)
        return None

    async def dead(self, platform: str) -> Sequence[DeadLetter]:
        return [*self._platforms[platform].dead]

    async def revive(self, letter: DeadLetter, now: datetime) -> bool:
        of = self._platforms[letter.place.platform]
        if letter not in of.dead:
            return False
        of.dead.remove(letter)
        of.queue(letter.place.id, letter.entry.rpartition(":")[2], now, REVIVED)
        return True

    @staticmethod
    def _open(of: _Platform, place: str, due: datetime) -> None:
        of.flights.pop(place, None)
        of.tries.pop(place, None)
        of.ready.put(place, due)

    @staticmethod
    def _untold(of: _Platform, place: str) -> int:
        """How many expired ones nobody was told of, where nothing waits that could tell of them."""
        return 0 if of.lanes.get(place) else of.missed.get(place, 0)

    def _erase_lane(self, place: Place, ids: set[str]) -> None:
        """The lane of the place, and all that is kept of these events and of what is in it."""
        of = self._platforms[place.platform]
        ids = ids | {entry.rpartition(":")[2] for entry in of.lanes.pop(place.id, [])}
        ids |= {id_ for name, id_ in of.low if name == place.id}
        ids |= {entry.rpartition(":")[2] for entry, _, _ in of.log.pop(place.id, [])}
        for id_ in ids:
            of.bodies.pop(id_, None)
            of.notices.pop(id_, None)
            of.expanded.pop(id_, None)
            of.messages.pop((place.id, id_), None)
        of.ready.pop(place.id)
        for kept in (of.flights, of.tries, of.missed):
            kept.pop(place.id, None)
        of.low = [(name, id_) for name, id_ in of.low if name != place.id]
        of.dead = [letter for letter in of.dead if letter.place != place]
        for rule_id in [id_ for id_ in of.subscribers if id_.rpartition("/")[0] == str(place)]:
            del of.subscribers[rule_id]

    async def message_of(self, place: Place, episode: str) -> str | None:
        return self._platforms[place.platform].messages.get((place.id, episode))

    async def waiting(self, place: Place) -> int:
        of = self._platforms[place.platform]
        return len(of.lanes.get(place.id, [])) + sum(name == place.id for name, _ in of.low)

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
