"""One bot and its chats on virtual time: lanes, claims, gates, folding, pace and sending are the product's own.

Only people and the platform are played. The platform takes everything, a tenth of a second after it was written to it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from adapters.chat.base import Delivery, Message, Outcome, Place, Sent, Tone
from adapters.chat.pace import Kind, Pacer, pace_of
from adapters.store.base import Claim, Epoch, Idle, Saved
from adapters.store.batch import ALIKE, Ends, Final, Waiting
from adapters.store.memory import MemoryStore
from adapters.venues.base import Label
from bot.clock import Clock
from bot.services.fanout import PAGE
from bot.services.sender import Sender
from bot.services.voice import Voice
from signals.event import Event
from signals.notice import About, Notice
from signals.rules.lifecycle import Change
from signals.rules.model import Rule
from tests import virtual
from tests.adapters.store.stories import MANY, T0, draft, event

PLATFORM = "telegram"
A_SEND = 0.1
SAID = Message(Tone.FIRING, "", ())


class Class(StrEnum):
    """What a chat is sent, in the order in which it goes."""

    REPLY = "replies"
    ALERT = "alerts"
    DIGEST = "digests"


@dataclass(frozen=True, slots=True)
class Coming:
    """What reaches which chat at that second; an alert that ends says when it began."""

    at: float
    chat: int
    what: Class
    began: float | None = None


@dataclass
class Seen:
    """What became of everything."""

    waits: Mapping[Class, list[tuple[float, float]]] = field(default_factory=lambda: {each: [] for each in Class})
    """When each was to be told, and how long it took until it was sent, in seconds."""
    ends: Counter[Final] = field(default_factory=Counter)
    lanes: list[int] = field(default_factory=list)
    """How much waited in each lane when something was claimed from it."""
    ahead: list[float] = field(default_factory=list)
    """By how many seconds the youngest alert that was sent before an alert was younger, of whatever chat."""
    messages: int = 0
    folded: int = 0
    """Claims of more than one entry."""
    waiting: int = 0
    most_waiting: int = 0


class Watched(MemoryStore):
    """The product's lanes, watched."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.seen = Seen()
        self._watch_clock = clock
        self._told_last: dict[Place, datetime] = {}
        self._youngest = T0

    def comes(self) -> None:
        """One more waits."""
        self.seen.waiting += 1
        self.seen.most_waiting = max(self.seen.most_waiting, self.seen.waiting)

    async def post(self, place: Place, notice: Notice, now: datetime) -> bool:
        """As any store."""
        self.comes()
        return await super().post(place, notice, now)

    async def claim(self, epoch: Epoch, now: datetime, lease: timedelta) -> Claim | Idle:
        """As any store, with the length of the lane."""
        found = await super().claim(epoch, now, lease)
        if isinstance(found, Claim):
            self.seen.lanes.append(len(self._platforms[PLATFORM].lanes[found.place.id]))
            self.seen.folded += len(found.batch) > 1
        return found

    async def finish(
        self, claim: Claim, outcome: Final, reason: str, message_id: str, next_due: datetime, apart: Ends = ALIKE
    ) -> int:
        """As any store, with what was sent and when."""
        self.seen.messages += bool(message_id)
        for one in claim.batch:
            ended, _ = apart.get(one.entry, (outcome, reason))
            self.seen.ends[ended] += 1
            self.seen.waiting -= 1
            if ended is Final.SENT:
                self._sent(claim.place, one)
        return await super().finish(claim, outcome, reason, message_id, next_due, apart)

    def _sent(self, place: Place, one: Waiting) -> None:
        assert one.told is not None
        at, took = one.told.at, (self._watch_clock.now() - one.told.at).total_seconds() - A_SEND
        if isinstance(one.told, Notice):
            if one.told.about is About.DIGEST:
                self.seen.waits[Class.DIGEST].append(((at - T0).total_seconds(), took))
            return
        assert at >= self._told_last.get(place, T0), "a chat was told of what came later first"
        self._told_last[place], self._youngest = at, max(at, self._youngest)
        self.seen.ahead.append((self._youngest - at).total_seconds())
        self.seen.waits[Class.ALERT].append(((at - T0).total_seconds(), took))


class Taking:
    """A platform that takes everything."""

    name = PLATFORM

    async def send(self, delivery: Delivery) -> Outcome:
        """Taken."""
        await asyncio.sleep(A_SEND)
        return Sent(delivery.key)


def lived(chats: int, coming: Sequence[Coming]) -> Seen:
    """What becomes of all that comes to one bot with so many chats, in order of time, until nothing waits."""

    async def live() -> Seen:
        clock = Clock(T0)
        store = Watched(clock)
        rules = await _rules(store, chats)
        pacer = Pacer(pace_of(PLATFORM), asyncio.get_running_loop().time())
        sender = Sender(store, Taking(), "bench", clock, clock, Voice(lambda *_: SAID), pacer)
        sending = asyncio.ensure_future(sender.run())
        async with asyncio.TaskGroup() as answers:
            for number, one in enumerate(coming):
                await clock.until(T0 + timedelta(seconds=one.at))
                match one.what:
                    case Class.REPLY:
                        answers.create_task(_answered(pacer, store.seen, one))
                    case Class.ALERT:
                        store.comes()
                        await store.fan_out(PLATFORM, _alert(one, rules[one.chat], number), PAGE, clock.now())
                    case Class.DIGEST:
                        await store.post(_chat(one.chat), _digest(number, clock.now()), clock.now())
        while store.seen.waiting:  # noqa: ASYNC110 - it costs little in virtual time
            await asyncio.sleep(1.0)
        sending.cancel()
        await asyncio.wait({sending})
        return store.seen

    return virtual.run(live)


async def _rules(store: MemoryStore, chats: int) -> Sequence[Rule]:
    """A rule of each chat, which its platform knows of."""
    rules, what = list[Rule](), draft()
    for number in range(chats):
        saved = await store.add(_chat(number), what, "", T0, MANY)
        assert isinstance(saved, Saved)
        rules.append(saved.rule)

    async def all_of_them() -> AsyncIterator[Sequence[Rule]]:
        yield rules

    await store.subscribe_all(PLATFORM, len(rules), all_of_them())
    return rules


async def _answered(pacer: Pacer, seen: Seen, one: Coming) -> None:
    """As a front answers: in the next slot for replies."""
    asked = asyncio.get_running_loop().time()
    await pacer.slot(Kind.REPLY, _chat(one.chat))
    seen.waits[Class.REPLY].append((one.at, asyncio.get_running_loop().time() - asked))


def _alert(one: Coming, rule: Rule, number: int) -> Event:
    at = T0 + timedelta(seconds=one.at)
    change, began = Change.FIRED, at
    if one.began is not None:
        change, began = Change.RESOLVED, T0 + timedelta(seconds=one.began)
    made = event(rule, f"E{number}", at, change)
    return replace(made, episode=f"{one.chat} {began}", label=Label.LIVE, since=began, fired_at=began)


def _digest(number: int, at: datetime) -> Notice:
    return Notice(f"N{number}", About.DIGEST, at, Label.LIVE, "")


def _chat(number: int) -> Place:
    return Place(PLATFORM, str(10**9 + number))
