"""The whole service in one process on virtual time: every loop, both platforms, people who change rules and ask."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeAlias, TypeVar, cast

from adapters.chat.base import Invocation, Message, Place, Text, place_of
from adapters.chat.pace import Pacer, pace_of
from adapters.store.base import Gone, Moved, Quota, Saved, Store, StoreUnavailable
from adapters.store.place_settings import PlaceSettings
from bot.clock import Clock
from bot.services.dispatcher import Dispatcher
from bot.services.evaluator import Evaluator
from bot.services.fanout import Fanout
from bot.services.notices import Notices
from bot.services.poller import Poller
from bot.services.runtime import run_all
from bot.services.sender import Sender, Voice
from bot.telling import Way, told
from signals.event import Event
from signals.model import Metric
from signals.notice import Notice
from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.model import Draft, Problem, Rule
from tests.days.away import Unreliable
from tests.days.judge import WatchedStore
from tests.days.market import STEP, Market
from tests.days.schedule import COINS, PLACES, START, VENUES, Kind, Schedule
from tests.days.truth import Truth, change, closed, is_hot
from tests.days.wire import MARK, Wire

SPEED = 60.0
"""How much faster the market goes than leases and paces: an hour of it is a minute of theirs."""

Claim: TypeAlias = Callable[[Truth, str, datetime, float], bool]
"""Whether the market truly is as a rule says, if its line counts so many times."""


def _funding(truth: Truth, coin: str, at: datetime, times: float) -> bool:
    del times  # it is far from every line
    return is_hot(truth, coin, at)


def _price(truth: Truth, coin: str, at: datetime, times: float) -> bool:
    return change(Metric.PRICE, truth, coin, at) > 0.02 * times


def _oi(truth: Truth, coin: str, at: datetime, times: float) -> bool:
    return change(Metric.OI_LEVEL, truth, coin, at) < -0.04 * times


def _liq(truth: Truth, coin: str, at: datetime, times: float) -> bool:
    return closed(truth, coin, at) > 2e6 * times


def _price_alone(truth: Truth, coin: str, at: datetime, times: float) -> bool:
    return _price(truth, coin, at, times) and not is_hot(truth, coin, at)


TRUE: Mapping[str, Claim] = {
    "ETH funding > 0.02% for 0s": _funding,
    "BTC@okx funding > 0.02% for 0s": _funding,
    "SOL funding > 0.02% for 15m": _funding,
    "* funding > 0.03% for 0s": _funding,
    "BTC price 1h rises by 2% for 0s": _price,
    "ETH oi 1h falls by 4% for 0s": _oi,
    "SOL price 1h rises by 2% and funding < 0.02% for 0s": _price_alone,
    "BTC liq 1h > $2M for 0s": _liq,
    "* oi 1h falls by 4% for 0s": _oi,
}
"""Rules on what truly happens."""

NEVER = ("* price 15m moves by 15% for 0s", "* oi 15m moves by 20% for 0s", "* funding > 0.5% for 0s")
"""Rules on what only a fault could show."""

CHANGING = Place("telegram", "changing")
CHANGED_TO = ("BTC funding > 0.02% for 0s", "ETH funding > 0.03% for 0s", "* funding > 0.02% for 0s")
KEPT = 6
"""Rules that the changing place has at most."""

ASKED = ("funding BTC", "oi ETH", "liq BTC", "status", "alerts", "signals", "why", "top funding")
MANY = Quota(1000, 100)
FAILED = "failed on my side"
SETTLES = timedelta(hours=3)
"""Time at the end in which nothing goes wrong and everything is to come to rest."""

T = TypeVar("T")


def rule_of(sentence: str) -> Draft:
    """The rule."""
    draft = parse(sentence, Vocabulary(COINS, VENUES, SIGNALS, START, UTC))
    assert not isinstance(draft, Problem), f"{sentence}: {draft}"
    return draft


def said(of: Sequence[Event | Notice], now: datetime, settings: PlaceSettings, way: Way) -> Message:
    """What people would be told, with the ids of the alerts in place of its first line."""
    ids = " ".join(one.id for one in of if isinstance(one, Event))
    return replace(told(of, now, settings, way), icon="repeat" if way.repeat else "", headline=(Text(MARK + ids),))


class Service:
    """Of one seed and so many days."""

    def __init__(self, seed: int, schedule: Schedule, truth: Truth) -> None:
        self._rng = Random(f"{seed} people")
        self._seed = seed
        self.schedule = schedule
        self.truth = truth
        self.store = WatchedStore()
        self.clock, self.wall, self._true = Clock(START, SPEED), Clock(START), Clock(START, SPEED)
        self._unreliable = Unreliable(self.store, schedule, self._true.now, SPEED)
        self._shown = cast("Store", self._unreliable)
        self.market = Market(truth, schedule, self._true.now)
        self.wires = {name: Wire(name, schedule, self._true.now, seed) for name in ("telegram", "discord")}
        self.ended: dict[str, datetime] = {}
        """When each entry was finished, by the true time."""
        self.counts = Counter[str]()
        self.wrong: list[str] = []
        self.rules: dict[str, tuple[Rule, str]] = {}
        """Those that stay, by id, with their sentences as typed."""
        self._bells: dict[str, asyncio.Event] = {}

    @property
    def lost_replies(self) -> int:
        """How many replies of the store were lost."""
        return self._unreliable.lost

    async def run(self) -> None:
        """Until the days are over and all is at rest."""
        await self._settle()
        stop = asyncio.Event()
        loops = {name: self._mortal(name, loop) for name, loop in self._loops().items()}
        async with asyncio.TaskGroup() as group:
            service = group.create_task(run_all(loops, stop))
            trouble = [group.create_task(work()) for work in (self._kill, self._step_clocks, self._watch_outcomes)]
            await self._until(self.schedule.end + SETTLES)
            stop.set()
            await service
            for task in trouble:
                task.cancel()

    def _loops(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        store, dispatcher = self._shown, self._dispatcher()
        return {
            "poller": lambda: Poller(self.market, store, self.clock).run(),
            "evaluator": lambda: Evaluator(store, SIGNALS, STEP).run(),
            "fanout": lambda: Fanout(store, list(self.wires), self.wall.now).run(),
            "notices": lambda: Notices(store, SIGNALS, self.clock.now).run(),
            **{f"{name} sender": self._sender(wire) for name, wire in self.wires.items()},
            "people": lambda: self._people(dispatcher),
        }

    def _sender(self, wire: Wire) -> Callable[[], Awaitable[None]]:
        def live() -> Awaitable[None]:
            pacer = Pacer(pace_of(wire.name), asyncio.get_running_loop().time())
            return Sender(self._shown, wire, "main", self.wall, self.clock, Voice(said), pacer).run()

        return live

    def _dispatcher(self) -> Dispatcher:
        return Dispatcher(self._shown, SIGNALS, self.clock.now, START, "1", lambda _: MANY, STEP)

    async def _settle(self) -> None:
        """Rules and places, before anything runs."""
        for name in (*PLACES, str(CHANGING)):
            await self.store.change(place_of(name), lambda of: replace(of, budget=None), "budget")
        for n, sentence in enumerate((*TRUE, *NEVER)):
            for name in (PLACES[n % len(PLACES)], PLACES[(n + 2) % len(PLACES)]):
                saved = await self.store.add(place_of(name), rule_of(sentence), sentence, START, MANY)
                assert isinstance(saved, Saved)
                self.rules[saved.rule.id] = saved.rule, sentence

    # what goes wrong beside market, store and platforms

    def _mortal(self, name: str, loop: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """The loop, which dies when its bell rings and is started anew like after a failure of the store."""

        async def live() -> None:
            bell = self._bells[name] = asyncio.Event()
            own, death = asyncio.ensure_future(loop()), asyncio.ensure_future(bell.wait())
            try:
                await asyncio.wait({own, death}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (own, death):
                    task.cancel()
                await asyncio.wait({own, death})
            if own.cancelled():
                raise StoreUnavailable("killed")
            own.result()

        return live

    async def _kill(self) -> None:
        for fault in self.schedule.of(Kind.RESTART):
            await self._until(fault.since)
            for name, bell in self._bells.items():
                if fault.whom in (name, "everything"):
                    bell.set()
                    self.counts["restarts"] += 1
        await asyncio.Event().wait()

    async def _step_clocks(self) -> None:
        """The clocks of the service, the market's and the wall's, jump and jump back; a leap second is for good."""
        ways, jumps = {"ahead": 1, "behind": -1}, list[tuple[datetime, timedelta]]()
        for fault in self.schedule.of(Kind.CLOCK):
            hour = ways[fault.whom] * timedelta(hours=1)
            jumps += [(fault.since, hour), (fault.until, -hour)]
        jumps += [(fault.since, ways[fault.whom] * timedelta(seconds=1)) for fault in self.schedule.of(Kind.LEAP)]
        for at, by in sorted(jumps):
            await self._until(at)
            self.clock.shift(by)
            self.wall.shift(by / SPEED)
        await asyncio.Event().wait()

    async def _watch_outcomes(self) -> None:
        """Notes when each entry was seen to have ended."""
        seen = Counter[tuple[str, str]]()
        while True:
            await asyncio.sleep(1.0)
            for platform, of in self.store._platforms.items():
                for place, entries in of.log.items():
                    for entry, _, _ in entries[seen[platform, place] :]:
                        self.ended[f"{platform}:{entry}"] = self._true.now()
                    seen[platform, place] = len(entries)

    async def _until(self, at: datetime) -> None:
        """The true time."""
        wait = (at - self._true.now()).total_seconds() / SPEED
        if wait > 0:
            await asyncio.sleep(wait)

    # people

    async def _people(self, dispatcher: Dispatcher) -> None:
        """Somebody changes a rule or asks something every other hour."""
        while True:
            await asyncio.sleep(self._rng.uniform(10, 150))
            if self._true.now() > self.schedule.end:
                continue
            if self._rng.random() < 0.5:
                await self._ask(dispatcher)
            elif await self._caught_up():
                await self._change()

    async def _caught_up(self) -> bool:
        """Whether every closed moment is judged: what is changed before may be judged either way."""
        latest = await self.store.latest()
        return latest is not None and await self.store.judged() == latest.at

    async def _ask(self, dispatcher: Dispatcher) -> None:
        name, _, rest = self._rng.choice(ASKED).partition(" ")
        self.counts["questions"] += 1
        place = place_of(self._rng.choice(PLACES))
        seen = f"ask {self.counts['questions']}"
        message = await dispatcher.answer(Invocation(place, "somebody", name, rest, seen, self.clock.now()))
        shown = "".join(part.text for part in message.headline)
        if FAILED in shown or not shown:
            self.wrong.append(f"/{name} {rest} at {self._true.now()}: {shown}")

    async def _change(self) -> None:
        """One change, asked until it is answered, as a platform would."""
        self.counts["changes"] += 1
        seen, at = f"change {self.counts['changes']}", self.clock.now()
        there = await self.store.of(CHANGING)
        drawn, draft = self._rng.random(), rule_of(self._rng.choice(CHANGED_TO))
        if not there or (drawn < 0.4 and len(there) < KEPT):
            added = await self._patiently(lambda: self._shown.add(CHANGING, draft, seen, at, MANY))
            assert isinstance(added, Saved), added
            return
        rule = self._rng.choice(there)
        if drawn < 0.6:
            edited = await self._patiently(
                lambda: self._shown.edit(rule.id, CHANGING, draft, rule.revision, seen, at, MANY)
            )
            assert not isinstance(edited, Gone | Moved), edited
        elif drawn < 0.8:
            await self._patiently(lambda: self._shown.pause(rule.id, CHANGING, seen, at, paused=not rule.paused))
        else:
            assert await self._patiently(lambda: self._shown.remove(rule.id, CHANGING, seen))

    async def _patiently(self, do: Callable[[], Awaitable[T]]) -> T:
        while True:
            with suppress(StoreUnavailable):
                return await do()
            await asyncio.sleep(0.2)
