"""The records: makes what followed each question before, on stored bars, aside of everything else.

Alerts and `/track` read what it made; where it has not come to something yet, nothing is said of it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

import structlog

from adapters.chat.base import place_of
from adapters.store.base import RuleStore
from adapters.store.market_port import MarketStore
from adapters.store.record_port import Made, RecordStore
from signals.base import Signal
from signals.panel import Panel, resolutions
from signals.questions import usual
from signals.record import Record
from signals.recorded import ALL_COINS, are_beside, joined, judged, metrics_of, records
from signals.rules.canonical import question
from signals.rules.model import EVERY_COIN, WATCHLIST, Draft, Rule
from signals.study import Observed

log = structlog.get_logger()

T = TypeVar("T")

LOOK_AGAIN = 60.0
"""Seconds between looks for questions that have no record."""

GOOD_FOR = timedelta(hours=12)
"""A record of months is made anew after so long."""

SOONER = timedelta(minutes=15)
"""The same where the past was filled in since, or coins came."""

COINS_AT_ONCE = 150
"""Bars of so many coins are in memory at a time."""

MOST_QUESTIONS = 200
"""Questions of rules that have records: those that most rules ask."""

SHARE = 0.5
"""Of a core at most, while records are made."""


class RecordsStore(MarketStore, RuleStore, RecordStore, Protocol):
    """The ports that it uses."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A draft that asks a question, and the coins that it is asked of; None for all."""

    draft: Draft
    coins: frozenset[str] | None

    def more(self, coins: frozenset[str] | None) -> "_Asked":
        """The same question asked of more coins."""
        return replace(self, coins=None if self.coins is None or coins is None else self.coins | coins)


class Records:
    """Keeps a record of every bare signal on every coin, and of the questions of rules on their coins."""

    def __init__(self, store: RecordsStore, signals: Sequence[Signal]) -> None:
        self._store = store
        self._signals: Mapping[str, Signal] = {signal.name: signal for signal in signals}
        self._change = -1
        """The last change of rules that was looked at."""
        self._asked: Mapping[str, _Asked] = {}
        self._rested_on: dict[str, int] = {}
        """By question how often the past had been filled in when its record was made."""

    async def run(self) -> None:
        """Make records until cancelled."""
        while True:
            await self.round(SHARE)
            await asyncio.sleep(LOOK_AGAIN)

    async def round(self, share: float = 1.0) -> None:
        """Make those that are missing or old, in at most that share of the time."""
        latest = await self._store.latest()
        if latest is None or not latest.readings:
            return
        last = await self._store.last_change()
        if last != self._change:
            self._asked, self._change = await self._questions(), last
        every, backfilled = frozenset(latest.readings), await self._store.backfilled()
        for name, asked in self._asked.items():
            coins = tuple(sorted(every if asked.coins is None else asked.coins & every))
            made = await self._store.records(latest.label, name)
            has_more = not made.keys() >= set(coins) or self._rested_on.get(name, backfilled) != backfilled
            age = latest.at - made[ALL_COINS].at if ALL_COINS in made else None
            if coins and (age is None or age >= (SOONER if has_more else GOOD_FOR)):
                self._rested_on[name] = backfilled
                await self._make(latest.label, asked.draft, coins, latest.at, share)

    async def _questions(self) -> Mapping[str, _Asked]:
        """What signals ask by themselves of all coins, and what rules ask, those that most of them ask."""
        bare = {question(draft): _Asked(draft, None) for draft in map(usual, self._signals.values())}
        found, times = dict[str, _Asked](), Counter[str]()
        async for page in self._store.rules():
            for rule in page:
                name, coins = question(rule.draft), await self._coins(rule)
                times[name] += 1
                found[name] = found.get(name, _Asked(rule.draft, coins)).more(coins)
            await asyncio.sleep(0)
        often = (name for name, _ in times.most_common(MOST_QUESTIONS))
        return {name: found[name] for name in often} | bare

    async def _coins(self, rule: Rule) -> frozenset[str] | None:
        if rule.draft.coins == (EVERY_COIN,):
            return None
        watches = rule.draft.coins == (WATCHLIST,)
        return frozenset(await self._store.watchlist(place_of(rule.place)) if watches else rule.draft.coins)

    async def _make(self, label: str, draft: Draft, coins: tuple[str, ...], at: datetime, share: float) -> None:
        """Judge the question on all bars that are kept of these coins, some coins at a time."""
        parts = list[Observed]()
        for start in range(0, len(coins), COINS_AT_ONCE):
            seen = await self._observed(draft, coins[start : start + COINS_AT_ONCE], share)
            if seen is not None and (not parts or are_beside(seen, parts[0])):
                parts.append(seen)
        found: Mapping[str, Sequence[Record]] = {}
        if parts:
            found = await _aside(share, lambda: records(joined(parts), draft, self._signals))
        made = {coin: Made(at, tuple(found.get(coin, ()))) for coin in (ALL_COINS, *coins)}
        await self._store.keep_records(label, question(draft), made)
        log.debug("record made", question=question(draft), coins=len(coins))

    async def _observed(self, draft: Draft, coins: tuple[str, ...], share: float) -> Observed | None:
        """Where it was in force, on the longest bars on which it can be judged; shorter ones are not even read."""
        metrics, steps = metrics_of(draft, self._signals), await self._store.steps()
        longer = dict[timedelta, Panel]()
        for step, rows in sorted(resolutions(min(steps)).items(), reverse=True):
            bars = (await self._store.panel(step, metrics, rows, coins)).of(coins)
            panel = replace(bars, others=dict(longer))
            seen = await _aside(share, partial(judged, draft, coins, panel, self._signals))
            if seen is not None:
                return seen
            longer[step] = bars
        return None


async def _aside(share: float, work: Callable[[], T]) -> T:
    """What is worked out in a thread, and then a rest, so that it takes that share of the time."""
    clock = asyncio.get_running_loop().time
    began = clock()
    done = await asyncio.to_thread(work)
    await asyncio.sleep((clock() - began) * (1 / share - 1))
    return done
