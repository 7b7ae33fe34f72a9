"""The evaluator: turns closed moments into transitions, each written with its event in one step. It sends nothing.

Several may share the coins out: each judges a part of them, and all know all rules.
"""

import asyncio
import contextlib
import gc
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from adapters.pulse import beat, part_of_loop
from adapters.store.alert_port import AlertStore, Commit, Committed, Effort, Mark, Subject
from adapters.store.base import Behind, Changed, OtherParts, RuleChange, RuleStore, StoreUnavailable, WatchChange
from adapters.store.market_port import MarketStore
from adapters.store.record_port import RecordStore
from adapters.store.rulebook import Rulebook
from adapters.store.venue_port import WATCHED, VenueStore
from bot.services.careful import CarefulCells, careful_row
from bot.services.runtime import GivenUp
from bot.services.wanted import Wanted
from signals.aggregate import Cycle
from signals.bars import Bars
from signals.base import Signal
from signals.cells import Vectors
from signals.engine import Engine
from signals.glance import Glance
from signals.living import is_living
from signals.moves import Judged
from signals.panel import STORED, resolutions, to_ms
from signals.part import WHOLE, Part
from signals.recorded import told_of
from signals.rules.canonical import question_of
from signals.rules.lifecycle import AlertState, Change
from signals.rules.model import Rule
from signals.shown import look, shown
from signals.yardsticks import Memory

log = structlog.get_logger()


class EvaluatorStore(MarketStore, VenueStore, RuleStore, AlertStore, RecordStore, Protocol):
    """The ports that the evaluator uses."""


_INSTANT = timedelta(milliseconds=1)
"""Moments are kept to that."""
MANY = 2_000
"""States after which those that are there count as old."""
AT_LEISURE, LEAST_REST = 4, 5.0
"""Between two looks there passes so many times as long as a look took, and at least so many seconds."""
AT_ONCE = 200
"""Rules taken over before everything else may go on."""


class Evaluator:
    """Judges all rules on every closed moment, in order, each once, on the coins of one part.

    `lag` tells by how many seconds the event loop woke up late.
    """

    def __init__(
        self,
        store: EvaluatorStore,
        signals: Sequence[Signal],
        step: timedelta,
        part: Part = WHOLE,
        lag: Callable[[], float] = float,
    ) -> None:
        self._store = store
        self._lag = lag
        self._part = part
        self._signals = signals
        self._by_name: Mapping[str, Signal] = {signal.name: signal for signal in signals}
        self._step = step
        self._bars = Bars(resolutions(step))
        self._memory = Memory()
        self._wanted = Wanted(store, part)
        self._mute = set[str]()
        """Signals whose evidence could not be read the last time."""
        self._backfilled = 0
        self._change = 0
        """The last change of rules that the engine knows."""
        self._judged: datetime | None = None
        self._last: Cycle | None = None
        """The last judged moment itself, where it is still known."""
        self._missed: tuple[datetime, datetime] | None = None
        """Moments between which nothing was judged, for the store did not keep them any longer."""
        self._past: datetime | None = None
        """Bars up to then may have been filled in afterwards: they are no news."""
        self._first: datetime | None = None
        """The oldest moment that is kept, where nobody judged any before."""
        self._engine = self._empty()
        self._versions: dict[Subject, int] = {}
        self._newer: dict[Subject, AlertState] = {}
        """States of another evaluator, taken over once the moment is judged."""
        self._news = asyncio.Event()
        """Set when a moment was judged at which nobody has looked yet."""
        self._lock = asyncio.Lock()
        """Held while a moment is judged and written: rules change between moments."""
        self._watched: frozenset[str] | None = None
        self._kept, self._fresh = 0, 0
        """States at the last moment, and those that came or moved since they were set aside."""

    async def run(self) -> None:
        """Judge until cancelled: first what was missed and is still kept, then each moment as it comes.

        Raises GivenUp where others have shared the coins out otherwise meanwhile.
        """
        await self._load()
        async with asyncio.TaskGroup() as group:
            follower = group.create_task(self._follow_rules())
            onlooker = group.create_task(self._look_around())
            async for cycle in self._store.cycles(self._judged):
                try:
                    await self.judge(cycle)
                except OtherParts as error:
                    raise GivenUp(str(error)) from None
            follower.cancel()
            onlooker.cancel()

    async def judge(self, cycle: Cycle) -> Sequence[Judged]:
        """Judge one closed moment and commit what moved; returns what was committed."""
        committed = list[Judged]()
        clock = asyncio.get_running_loop().time
        async with self._lock:
            began = clock()
            if await self._store.backfilled() != self._backfilled:
                await self._load_bars()
            for bars in cycle.bars:
                self._bars.append(bars)
            cells = self._cells(cycle)
            for some in self._engine.judge(cells):
                committed += await self._commit(cycle.at, [judged for judged in some if judged.moved])
            for subject, state in self._newer.items():
                self._engine.wake(subject, state)
            self._newer = {}
            standings = tuple(self._engine.standings())
            mark = Mark(self._change, standings, self._backfilled, self._past)
            await self._store.mark_judged(cycle.at, mark, self._part, self._judged)
            self._judged, self._last, took = cycle.at, cycle, timedelta(seconds=clock() - began)
            of, counts, lag = len(committed), self._engine.counts, self._lag()
            effort = Effort(cycle.at, took, of, counts, cells.broken, self._part, self._missed, lag)
            await self._store.report_effort(effort)
            self._set_aside(len(committed))
        log.debug("judged", at=cycle.at, took_ms=took / _INSTANT, committed=len(committed), **asdict(effort.counts))
        self._news.set()
        await self._tell_watched()
        return committed

    def _set_aside(self, moved: int) -> None:
        """Let no look for garbage go over what has come to stay: among so many it would hold everything up."""
        kept = self._engine.counts.kept
        self._fresh += max(moved, kept - self._kept)
        self._kept = kept
        if self._fresh >= MANY:
            self._fresh = 0
            gc.freeze()

    async def _look_around(self) -> None:
        """Keep what people ask about a judged moment, once its alerts are written; one part does it for all.

        A market that is played too fast for that is looked at now and then, and always at its end.
        """
        clock = asyncio.get_running_loop().time
        while self._part.number == 1:
            await self._news.wait()
            self._news.clear()
            began = clock()
            async with self._lock:
                glance = await asyncio.to_thread(self._glance, self._judged) if self._judged else None
            if glance is not None:
                with contextlib.suppress(StoreUnavailable):  # the next moment is looked at, too
                    await self._store.look(glance)
            await asyncio.sleep(max(LEAST_REST, AT_LEISURE * (clock() - began)))

    def _glance(self, at: datetime) -> Glance:
        """What answers show of that moment; bars that were filled in count, as they are no news but known."""
        vectors = Vectors(self._bars.panel(), self._signals, rows=1, memory=self._memory)
        return look(vectors, shown(self._step, self._signals), at, careful_row(vectors))

    def _cells(self, cycle: Cycle) -> CarefulCells:
        vectors = Vectors(self._bars.panel(), self._signals, rows=1, past=self._past, memory=self._memory)
        return CarefulCells(cycle, vectors, self._step, self._mute)

    async def _tell_watched(self) -> None:
        """Keep the names of the coins that have rules, where they changed: they are asked about more often."""
        coins = self._engine.named
        if coins != self._watched:
            await self._store.learn(WATCHED, " ".join(sorted(coins)).encode())
            self._watched = coins

    async def _commit(self, at: datetime, moved: Sequence[Judged]) -> Sequence[Judged]:
        """Write what moved, and let everything else go on meanwhile; returns those that are written, or need not be."""
        kept = await self._recalled([judged for judged in moved if not self._is_nowhere(judged)])
        commits = [
            Commit(
                judged.subject,
                judged.rule.revision,
                self._versions.get(judged.subject, 0),
                at,
                None if judged.at_rest else judged.state,
                judged.event,
            )
            for judged in kept
        ]
        answers = await self._store.commit(*commits, part=self._part)
        refused = set[Subject]()
        for judged, commit, answer in zip(kept, commits, answers, strict=True):
            match answer:
                case Committed.OK | Committed.ALREADY:
                    self._written(judged, commit)
                case Committed.OLD | Committed.CONFLICT:
                    refused.add(judged.subject)
                    await self._take_over(judged, answer)
        beat()
        await asyncio.sleep(0)
        return [judged for judged in moved if judged.subject not in refused]

    async def _recalled(self, moved: Sequence[Judged]) -> Sequence[Judged]:
        """The same, with what had followed their questions before on alerts that fire, and on those that live on."""
        told = [of.event for of in moved if of.event is not None]
        events = [event for event in told if event.change is Change.FIRED or is_living(event.name)]
        if not events:
            return moved
        asked = {event.id: (question_of(event.sentence), event.coin) for event in events}
        known = await self._store.records_of(events[0].label, frozenset(asked.values()))
        await self._wanted.want(one for one in asked.values() if one not in known)
        records = {id_: told_of(known[one].studies) for id_, one in asked.items() if one in known}
        return [
            replace(of, event=replace(of.event, record=records[of.event.id]))
            if of.event is not None and of.event.id in records
            else of
            for of in moved
        ]

    def _is_nowhere(self, judged: Judged) -> bool:
        """Whether nothing is kept of it and nothing told, so that nothing is to be written."""
        return judged.at_rest and judged.event is None and judged.subject not in self._versions

    def _written(self, judged: Judged, commit: Commit) -> None:
        if commit.state is None:
            self._versions.pop(judged.subject, None)
        else:
            self._versions[judged.subject] = commit.version + 1
        if judged.event:
            log.info("transition", change=judged.event.change, alert=judged.event.id, coin=judged.coin)

    async def _take_over(self, judged: Judged, answer: Committed) -> None:
        """Another evaluator was here: its state counts once the moment is judged."""
        subject = judged.subject
        self._versions[subject], stored = await self._store.state(*subject, judged.rule.revision)
        if self._versions[subject]:
            self._newer[subject] = stored
        log.info("state was newer in the store", rule=subject[0], coin=subject[1], result=answer)

    async def _load(self) -> None:
        """Rules, bars and states from the store; every cell stands where the last judged moment left it.

        What changed since that moment comes after it, as it would have then. States of rules that were removed or
        edited while nobody judged are dropped.
        """
        async with self._lock:
            self._judged, mark = await self._store.left(self._part)
            self._last, self._first = None, None
            if self._judged is None and await self._store.latest() is not None:
                self._first = (await anext(self._store.cycles(None))).at
            self._engine = self._empty()
            gc.unfreeze()  # what was laid aside with the rules before may be garbage by now
            gc.collect()
            await self._load_bars()
            watched = dict(await self._store.watchlists())
            self._change = await self._store.last_change()
            changes = await self._changed(mark)
            watches = [change for change in changes if isinstance(change, WatchChange)]
            watched |= {change.place: change.before for change in reversed(watches)}
            for place, coins in watched.items():
                self._engine.watch(place, coins)
            later = await self._load_rules({change.rule_id for change in changes if isinstance(change, RuleChange)})
            if self._judged is not None:
                if mark.backfilled == self._backfilled:
                    self._past = mark.past
                self._engine.recall(mark.standings)
                await self._seed(self._judged)
            for rule in later:
                self._engine.put(rule)
            await self._wake()
            for change in watches:
                self._engine.watch(change.place, change.coins)
            self._begin()
            gc.freeze()
            log.info("rules loaded", **asdict(self._engine.counts))

    async def _changed(self, mark: Mark) -> Sequence[Changed]:
        """What changed since the last judged moment; nothing is known of that where changes are no longer kept."""
        if mark.change is None:
            return ()
        try:
            return await self._store.changed(mark.change, self._change)
        except Behind:
            return ()

    async def _seed(self, last: datetime) -> None:
        """Stand where that moment left every cell, if it is still kept."""
        cycles = self._store.cycles(last - _INSTANT)
        cycle = await anext(cycles)
        if cycle.at == last:
            self._last = cycle
            self._engine.seed(self._cells(cycle))
        else:
            self._missed = last, cycle.at
            log.error("moments were gone before they were judged, and what happened then is not told", since=last)

    def _begin(self) -> None:
        """Let cells of new rules stand where the last judged moment left them: that is what their answers showed."""
        if self._last is not None and self._engine.is_behind:
            self._engine.begin(self._cells(self._last))

    def _empty(self) -> Engine:
        return Engine(self._by_name, Rulebook(), self._judged, self._part, self._first)

    async def _load_rules(self, changed: Collection[str]) -> Sequence[Rule]:
        """Take over all rules, page by page, but for those that changed: they are returned."""
        later = []
        async for page in self._store.stored():
            later += [stored.rule() for stored in page if stored.id in changed]
            now = [stored for stored in page if stored.id not in changed]
            for start in range(0, len(now), AT_ONCE):
                self._engine.load(now[start : start + AT_ONCE])
                beat()
                await asyncio.sleep(0)
            gc.freeze()  # they stay: looking for garbage among a million of them holds everything up
        return later

    async def _wake(self) -> None:
        self._versions = {}
        async for page in self._store.states():
            for kept in page:
                revision = self._engine.revision(kept.subject[0])
                if revision != kept.revision:
                    await self._store.forget(kept.subject[0], revision)
                    continue
                self._versions[kept.subject] = kept.version
                self._engine.wake(kept.subject, kept.state)
            await asyncio.sleep(0)

    async def _load_bars(self) -> None:
        """The bars that were closed by the last judged moment, as the store has them now: the past may be filled in.

        Where nobody judged any, those that were closed before the first one that will be.
        """
        self._backfilled = await self._store.backfilled()
        self._past = self._judged if self._backfilled else None
        bars = Bars(resolutions(self._step))
        for step, rows in bars.rows.items():
            stored = await self._store.panel(step, STORED, rows)
            last = self._judged or (self._first and self._first - _INSTANT)
            closed = stored if last is None else stored.known_by(to_ms(last))
            await asyncio.to_thread(bars.append, closed)  # thousands of rows of all coins: everything else goes on
        self._bars, self._memory = bars, Memory()

    async def _follow_rules(self) -> None:
        part_of_loop("rules")
        while True:
            try:
                async for change in self._store.changes(self._change):
                    async with self._lock:
                        await self._apply(change)
                        self._begin()
                        self._change = change.number
            except Behind:
                await self._load()

    async def _apply(self, change: Changed) -> None:
        if isinstance(change, WatchChange):
            self._engine.watch(change.place, change.coins)
            return
        revision = change.rule.revision if change.rule else None
        if revision is not None and revision == self._engine.revision(change.rule_id):
            return
        if change.rule is None:
            self._engine.drop(change.rule_id)
        else:
            self._engine.put(change.rule)
        for subject in [subject for subject in self._versions if subject[0] == change.rule_id]:
            del self._versions[subject]
        await self._store.forget(change.rule_id, revision)
