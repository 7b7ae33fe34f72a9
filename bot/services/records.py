"""The records: makes what followed each question before, on stored bars, aside of everything else.

They are of what signals ask by themselves, of what most rules ask, and of whatever fired without one. The evaluator
puts them into alerts, and `/track` reads them; where this has not come to something yet, it is unknown.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from adapters.chat.base import place_of
from adapters.store.alert_port import AlertStore
from adapters.store.base import RuleStore
from adapters.store.market_port import MarketStore
from adapters.store.record_port import Made, RecordStore
from adapters.store.venue_port import VenueStore
from bot.observing import Aside, KeptBars
from bot.services.wanted import wanted
from signals.aggregate import Cycle
from signals.base import Signal
from signals.questions import usual
from signals.recorded import ALL_COINS
from signals.rules.canonical import question
from signals.rules.language import Vocabulary, parse
from signals.rules.model import EVERY_COIN, WATCHLIST, Draft, Rule

log = structlog.get_logger()

LOOK_AGAIN = 10.0
"""Seconds between looks for questions that have no record."""

GOOD_FOR = timedelta(hours=12)
"""A record of months is made anew after so long."""

SOONER = timedelta(minutes=15)
"""The same where the past was filled in since, or coins came."""

MOST_QUESTIONS = 200
"""Questions of rules that have records: those that most rules ask."""

MOST_READ = 10_000
"""Rules that are read to learn what is asked: what many ask is asked by many of those."""

AT_ONCE = 50
"""Rules that are read before everything else may go on."""

SHARE = 0.5
"""Of a core at most, while records are made."""

READING = 0.01
"""Of the time at most, in which rules are read to learn what they ask."""


class RecordsStore(MarketStore, VenueStore, RuleStore, AlertStore, RecordStore, Protocol):
    """The ports that it uses."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A draft that asks a question, and the coins that it is asked of; None for all."""

    draft: Draft
    coins: frozenset[str] | None

    def more(self, coins: frozenset[str] | None) -> "_Asked":
        """The same question asked of more coins."""
        return replace(self, coins=None if self.coins is None or coins is None else self.coins | coins)

    def among(self, latest: Cycle) -> tuple[str, ...]:
        """Those of the coins that there are."""
        return tuple(sorted(latest.readings.keys() if self.coins is None else self.coins & latest.readings.keys()))


class Records:
    """Keeps a record of every bare signal on every coin, and of the questions of rules on their coins."""

    def __init__(self, store: RecordsStore, signals: Sequence[Signal]) -> None:
        self._store = store
        self._signals: Mapping[str, Signal] = {signal.name: signal for signal in signals}
        self._change = -1
        """The last change of rules that was looked at."""
        self._read_again = 0.0
        """When rules may be read again, by the clock of the loop."""
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
        await self._learn()
        bars = KeptBars(self._store, self._signals, Aside(share))
        await self._make_wanted(latest, bars)
        each = {**self._asked, **await self._wanted(latest)}
        backfilled = await self._store.backfilled()
        whole = await self._store.records_of(latest.label, [(name, ALL_COINS) for name in each])
        for name, asked in each.items():
            coins = asked.among(latest)
            if coins and self._is_due(name, whole.get((name, ALL_COINS)), coins, latest.at, backfilled):
                await self._make(name, asked, latest, bars)
                self._rested_on[name] = backfilled
                await self._make_wanted(latest, bars)

    async def _make(self, name: str, asked: _Asked, latest: Cycle, bars: KeptBars) -> None:
        coins = asked.among(latest)
        found = await bars.made_of(asked.draft, coins, latest.at)
        await self._store.keep_records(latest.label, name, found)
        log.debug("record made", question=name, coins=len(coins))

    async def _make_wanted(self, latest: Cycle, bars: KeptBars) -> None:
        """Make what alerts fired without: those records wait for no others, and for no time to pass."""
        each = await self._wanted(latest)
        lacking = {(name, coin) for name, coins in (await wanted(self._store)).items() for coin in coins}
        lacking -= (await self._store.records_of(latest.label, lacking)).keys()
        for name in sorted({name for name, coin in lacking if coin in latest.readings} & each.keys()):
            await self._make(name, each[name], latest, bars)

    async def _wanted(self, latest: Cycle) -> Mapping[str, _Asked]:
        """What was asked by alerts that fired without a record, of their coins and of those of rules."""
        words = Vocabulary(latest.readings.keys(), latest.venues, [*self._signals.values()], latest.at, UTC)
        each = dict[str, _Asked]()
        for name, coins in (await wanted(self._store)).items():
            scope, asked = "*" if name.startswith("@") else "* ", self._asked.get(name)
            draft = asked.draft if asked is not None else parse(f"{scope}{name}", words)
            if isinstance(draft, Draft):
                each[name] = (asked or _Asked(draft, coins)).more(coins)
        return each

    def _is_due(self, name: str, made: Made | None, coins: Sequence[str], now: datetime, backfilled: int) -> bool:
        if made is None:
            return True
        known = {coin for of in made.studies[:1] for coin in of.coins}
        has_more = not known.issuperset(coins) or self._rested_on.get(name, backfilled) != backfilled
        return now - made.at >= (SOONER if has_more else GOOD_FOR)

    async def _learn(self) -> None:
        """What is asked by now, where rules have changed."""
        clock, last = asyncio.get_running_loop().time, await self._store.last_change()
        began = clock()
        if last != self._change and began >= self._read_again:
            self._asked, self._change = await self._questions(), last
            self._read_again = clock() + (clock() - began) / READING

    async def _questions(self) -> Mapping[str, _Asked]:
        """What signals ask by themselves of all coins, and what rules ask, those that most of them ask."""
        bare = {question(draft): _Asked(draft, None) for draft in map(usual, self._signals.values())}
        found, times = dict[str, _Asked](), Counter[str]()
        async with aclosing(self._some_rules()) as rules:
            async for rule in rules:
                name, coins = question(rule.draft), await self._coins(rule)
                times[name] += 1
                found[name] = found.get(name, _Asked(rule.draft, coins)).more(coins)
        often = (name for name, _ in times.most_common(MOST_QUESTIONS))
        return {name: found[name] for name in often} | bare

    async def _some_rules(self) -> AsyncGenerator[Rule]:
        """Up to MOST_READ rules, a few at a time."""
        number = 0
        async for page in self._store.stored():
            for each in page:
                number += 1
                yield each.rule()
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)
                if number == MOST_READ:
                    return

    async def _coins(self, rule: Rule) -> frozenset[str] | None:
        if rule.draft.coins == (EVERY_COIN,):
            return None
        watches = rule.draft.coins == (WATCHLIST,)
        return frozenset(await self._store.watchlist(place_of(rule.place)) if watches else rule.draft.coins)
