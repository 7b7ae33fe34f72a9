"""The evaluator: turns closed moments into transitions, each written with its event in one step. It sends nothing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from adapters.store.alert_port import AlertStore, Commit, Committed, Subject
from adapters.store.base import Behind, Changed, MarketStore, RuleStore, WatchChange
from adapters.store.venue_port import WATCHED, VenueStore
from signals.aggregate import Cycle
from signals.bars import Bars
from signals.base import Signal
from signals.cells import Cells, Vectors
from signals.judge import Judged, judge
from signals.panel import STORED, resolutions, to_ms
from signals.rules.lifecycle import AlertState
from signals.rules.model import EVERY_COIN, Rule
from signals.yardsticks import Memory

log = structlog.get_logger()


class EvaluatorStore(MarketStore, VenueStore, RuleStore, AlertStore, Protocol):
    """The ports that the evaluator uses."""


class Evaluator:
    """Judges all rules on every closed moment, in order, each once."""

    def __init__(self, store: EvaluatorStore, signals: Sequence[Signal], step: timedelta) -> None:
        self._store = store
        self._signals = signals
        self._by_name: Mapping[str, Signal] = {signal.name: signal for signal in signals}
        self._step = step
        self._bars = Bars(resolutions(step))
        self._memory = Memory()
        self._backfilled = 0
        self._judged: datetime | None = None
        self._past: datetime | None = None
        """Bars up to then may have been filled in afterwards: they are no news."""
        self._rules: dict[str, Rule] = {}
        self._states: dict[Subject, AlertState] = {}
        self._versions: dict[Subject, int] = {}
        self._rules_changed = True

    async def run(self) -> None:
        """Judge until cancelled: first what was missed and is still kept, then each moment as it comes."""
        change = await self._load()
        async with asyncio.TaskGroup() as group:
            follower = group.create_task(self._follow_rules(change))
            async for cycle in self._store.cycles(await self._store.judged()):
                await self.judge(cycle)
            follower.cancel()

    async def judge(self, cycle: Cycle) -> Sequence[Judged]:
        """Judge one closed moment and commit what moved; returns what was committed."""
        if await self._store.backfilled() != self._backfilled:
            await self._load_bars()
        for bars in cycle.bars:
            self._bars.append(bars)
        vectors = Vectors(self._bars.panel(), self._signals, rows=1, past=self._past, memory=self._memory)
        cells = Cells(cycle, vectors, self._step)
        committed = []
        for judged in judge(tuple(self._rules.values()), self._states, cells, self._by_name):
            subject = (judged.rule.id, judged.coin)
            if judged.moved:
                if not await self._commit(subject, cycle.at, judged):
                    continue
                committed.append(judged)
            self._states[subject] = judged.state
        await self._store.mark_judged(cycle.at)
        self._judged = cycle.at
        await self._tell_watched()
        return committed

    async def _tell_watched(self) -> None:
        """Keep the names of the coins that have rules, where they changed: they are asked about more often."""
        if self._rules_changed:
            self._rules_changed = False
            coins = {coin for rule in self._rules.values() for coin in rule.draft.coins}
            await self._store.learn(WATCHED, " ".join(sorted(coins - {EVERY_COIN})).encode())

    async def _commit(self, subject: Subject, at: datetime, judged: Judged) -> bool:
        version, revision = self._versions.get(subject, 0), judged.rule.revision
        result = await self._store.commit(Commit(subject, revision, version, at, judged.state, judged.event))
        match result:
            case Committed.OK | Committed.ALREADY:
                self._versions[subject] = version + 1
                if judged.event:
                    log.info("transition", change=judged.event.change, alert=judged.event.id, coin=judged.coin)
                return True
            case Committed.OLD | Committed.CONFLICT:
                self._versions[subject], self._states[subject] = await self._store.state(*subject, revision)
                log.info("state was newer in the store", rule=subject[0], coin=subject[1], result=result)
                return False

    async def _load(self) -> int:
        """Rules, states and bars from the store; states that did not move since were seen to the last judged moment.

        States of rules that were removed while nobody judged are dropped.
        """
        change = await self._load_rules()
        last = self._judged = await self._store.judged()
        async for page in self._store.states():
            for kept in page:
                rule = self._rules.get(kept.subject[0])
                if rule is None or rule.revision != kept.revision:
                    await self._store.forget(kept.subject[0], rule.revision if rule else None)
                    continue
                self._versions[kept.subject] = kept.version
                seen = max(last, kept.state.at) if last and kept.state.at else kept.state.at
                self._states[kept.subject] = replace(kept.state, at=seen)
        await self._load_bars()
        return change

    async def _load_rules(self) -> int:
        """All rules that are judged, and the number of a change that they contain."""
        change = await self._store.last_change()
        self._rules = {rule.id: rule async for page in self._store.rules() for rule in page if not rule.paused}
        self._rules_changed = True
        return change

    async def _load_bars(self) -> None:
        """The bars that were closed by the last judged moment, as the store has them now: the past may be filled in."""
        self._backfilled = await self._store.backfilled()
        self._past = self._judged if self._backfilled else None
        bars = Bars(resolutions(self._step))
        for step, rows in bars.rows.items():
            stored = await self._store.panel(step, STORED, rows)
            bars.append(stored if self._judged is None else stored.known_by(to_ms(self._judged)))
        self._bars, self._memory = bars, Memory()

    async def _follow_rules(self, since: int) -> None:
        while True:
            try:
                async for change in self._store.changes(since):
                    await self._apply(change)
            except Behind:
                since = await self._load_rules()

    async def _apply(self, change: Changed) -> None:
        if isinstance(change, WatchChange):
            return
        self._rules_changed = True
        if change.rule is None or change.rule.paused:
            self._rules.pop(change.rule_id, None)
        else:
            self._rules[change.rule_id] = change.rule
        for subject in [s for s in self._states if s[0] == change.rule_id]:
            del self._states[subject]
            self._versions.pop(subject, None)
        await self._store.forget(change.rule_id, change.rule.revision if change.rule else None)
