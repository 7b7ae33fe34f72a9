"""The engine: judges any number of rules and looks only at those that something crossed, woke or made due.

Its answer is that of judging every rule at every moment. A rule that is kept nowhere is idle and armed, and waits just
where its condition was met at the last judged moment: it can change only when one of its keys is crossed.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

import numpy as np

from signals.alike import Alike
from signals.alone import Alone
from signals.arrivals import Arrivals
from signals.base import Signal
from signals.book import Book
from signals.cells import Cells
from signals.columns import Columns, Readings, Source, to_ticks
from signals.counts import Counts
from signals.index import BETWEEN_MOMENTS, Index, Numbers, Slots
from signals.lately import Lately
from signals.loading import Stored
from signals.model import Cell
from signals.moves import A_FEW, Judged, Moved, by_a_few, moved_of
from signals.newcomers import Newcomers
from signals.part import WHOLE, Part
from signals.roster import Roster, Some
from signals.rules.lifecycle import AlertState
from signals.rules.model import EVERY_COIN, Rule
from signals.scope import Scopes
from signals.standing import RECENT, Standing
from signals.telling import Telling
from signals.vigil import Keeper, Kept, Vigil

AT_ONCE = 1_024
"""How many are looked at together."""


class Engine:
    """All rules on all cells of one part of the coins.

    `judged` is the last moment that was judged before, where there was one; where there was none, `first` is the
    first that will be, if that is over already.
    """

    def __init__(
        self,
        signals: Mapping[str, Signal],
        book: Book,
        judged: datetime | None = None,
        part: Part = WHOLE,
        first: datetime | None = None,
    ) -> None:
        self._signals = signals
        self._book = book
        self._judged = judged
        self._settled = first if judged is None else judged
        """Rules that were made before need no arrival: what the moment that they saw did not arm is stored."""
        self._part = part
        self._columns = Columns()
        self._index = Index()
        self._scopes = Scopes(self._columns, self._index, signals, part)
        self._vigil, self._roster = Vigil(), Roster(self._columns)
        self._alone, self._single = Alone(self._columns, self._vigil), Alone(self._columns, self._roster)
        self._lately = Lately(book, self._scopes, self._roster)
        self._alike = Alike(self._columns, self._roster, self._lately, self._scopes)
        self._alive = np.zeros(64, np.bool_)
        self._is_single = np.zeros(64, np.bool_)
        """By slot whether the rule has one condition, no end and one way, so that the roster keeps it."""
        self._arrivals, self._newcomers = Arrivals(), Newcomers(self._columns)
        self._joint: set[int] = set()
        """Rules on every coin with more than one condition."""
        self._paused: dict[str, int] = {}
        self._touched = 0
        self._gone: list[Kept] = []
        """Kept ones whose coins went off a watchlist since the last moment."""

    @property
    def counts(self) -> Counts:
        """Sizes for logs and status."""
        index, cells, kept = self._index, len(self._columns) - 1, len(self._vigil.kept) + len(self._roster)
        by_slot = self._alive.nbytes + self._is_single.nbytes
        return Counts(len(self._book), index.size, cells, kept, self._touched, index.bytes + by_slot)

    @property
    def cells(self) -> Sequence[Cell]:
        """The cells that rules read, in the order of `Readings` behind number 0."""
        return [cell for cell in self._columns.cells if cell is not None]

    @property
    def named(self) -> frozenset[str]:
        """The coins that rules name, or that places with such rules watch."""
        return self._scopes.named

    def revision(self, rule_id: str) -> int | None:
        """The revision of a rule that is here, judged or paused."""
        slot = self._book.slot(rule_id)
        return self._paused.get(rule_id) if slot is None else self._book.rule(slot).revision

    def was_known(self, rule_id: str) -> bool:
        """Whether all cells of a rule were ever known, on any of its coins."""
        if (slot := self._book.slot(rule_id)) is None:
            return False
        rule = self._book.rule(slot)
        return any(self._columns.knew(self._all_cells(rule, coin)) for coin in self._scopes.coins_of(rule))

    # rules

    def put(self, rule: Rule) -> None:
        """Judge the rule from now on, instead of any earlier revision.

        The last moment before it was made, which its answer showed, arms it: what was true then must first let go.
        Where that left it unknown, the first moment at which it is known arms it.
        """
        self.drop(rule.id)
        if rule.paused:
            self._paused[rule.id] = rule.revision
            return
        slot = self._book.add(rule)
        self._scopes.put(rule, slot)
        if len(rule.draft.conditions) > 1:
            self._arrivals.put(slot)
            if rule.draft.coins == (EVERY_COIN,):
                self._joint.add(slot)
        is_single = len(rule.draft.conditions) == 1 and rule.draft.until is None
        if self._begin(slot, rule.created, is_single=is_single and len(self._scopes.tracks(rule.draft)) == 1):
            self._arrivals.put(slot)
        self._index.merge(self._alive)

    def load(self, page: Iterable[Stored]) -> None:
        """`put` of stored rules; plain ones are read whole only when something touches them."""
        for stored in page:
            if (plain := stored.plain()) is None:
                self.put(stored.rule())
            else:
                self.drop(stored.id)
                slot = self._book.keep(stored)
                cell = self._scopes.place(plain, slot)
                if self._begin(slot, plain.created, is_single=not plain.ends) and cell is not None:
                    self._newcomers.put(slot, cell, to_ticks(plain.created))
        self._index.merge(self._alive)

    def drop(self, rule_id: str) -> None:
        """Judge the rule no more."""
        self._paused.pop(rule_id, None)
        slot = self._book.slot(rule_id)
        if slot is None:
            return
        for kept in self._vigil.of(slot):
            self._vigil.drop(kept)
        self._roster.release(self._roster.of(slot))
        self._alive[slot] = False
        self._arrivals.drop(slot)
        self._joint.discard(slot)
        self._scopes.drop(self._book.rule(slot), slot)
        self._book.drop(slot)

    def watch(self, place: str, coins: Iterable[str]) -> None:
        """Replace a place's watchlist: on coins that came its rules begin anew, on those that went they end."""
        came, went = self._scopes.watch(place, frozenset(coins))
        for slot in self._scopes.watchers(place):
            self._scopes.spread(self._book.rule(slot), slot)
            for one in self._kept(slot):
                if one.coin in went:
                    self._keeper(slot).drop(one)
                    self._gone.append(one)
            self._arrivals.part(slot, went)
            self._arrivals.welcome(slot, came)

    def wake(self, subject: tuple[str, str], state: AlertState) -> None:
        """Take over a stored state: after `seed`, and where another evaluator was here."""
        slot = self._book.slot(subject[0])
        rule = None if slot is None else self._book.rule(slot)
        if slot is None or rule is None or (state.at is not None and state.at < rule.created):
            return
        for track in self._scopes.tracks(rule.draft):
            coin = subject[1].removesuffix(track.mark)
            if coin + track.mark != subject[1] or not self._part.holds(coin) or not self._scopes.holds(rule, coin):
                continue
            one = Kept(slot, rule, coin, track, self._scopes.cells(rule, track, coin))
            (self._single if self._is_single[slot] else self._alone).wake(one, state, self._judged or state.at)

    # moments

    @property
    def is_behind(self) -> bool:
        """Whether rules read cells of which the last judged moment was not asked."""
        return self._judged is not None and self._columns.is_behind

    def begin(self, source: Source) -> None:
        """Let these cells stand where the last judged moment, which the source says, left them."""
        if self._judged is not None and self._columns.is_behind:
            self._columns.begin(to_ticks(self._judged), source)

    def seed(self, cells: Cells) -> None:
        """Stand where the last judged moment left every cell; nobody is told anything."""
        self.meet(cells.cycle.readings)
        self.stand(cells.cycle.at, self.read(cells))

    def standings(self) -> Sequence[Standing]:
        """What the last judged moment does not say of the cells: whoever comes next begins with that."""
        if self._judged is None:
            return ()
        since = self._judged - RECENT
        return self._columns.standings(to_ticks(self._judged), to_ticks(since), self._scopes.absent(since))

    def recall(self, standings: Sequence[Standing]) -> None:
        """Take over what whoever judged before left, between the rules and `seed`."""
        own = [of for of in standings if self._part.holds(of.cell.coin)]
        self.meet(of.cell.coin for of in own)
        for of in own:
            self._columns.recall(of)

    def judge(self, cells: Cells) -> Iterator[Sequence[Judged]]:
        """Everyone who was looked at, with the events, in the order of rules and coins: a few at a time, or nobody.

        They are looked at when they are asked for; the moment is judged when all were.
        """
        self.meet(cells.cycle.readings)
        telling = Telling(cells, self._signals)
        for some in by_a_few(self._moving(cells.cycle.at, self.read(cells))):
            yield telling.judged(some)

    def meet(self, coins: Iterable[str]) -> None:
        """Take note of the coins that the market reads: rules on every coin are about new ones from now on."""
        new = self._scopes.meet(coins)
        for slot in self._joint if new else ():
            self._arrivals.welcome(slot, new)

    def read(self, source: Source) -> Readings:
        """What all cells that rules read say now."""
        return self._columns.read(source)

    def stand(self, at: datetime, readings: Readings) -> None:
        """`seed` by what the cells said."""
        self._judged = at
        self._columns.take(to_ticks(at), readings, afresh=True)
        self._walk()
        self._columns.settle()
        self._scopes.settle(at)
        for slot, coin in self._arrived(at):
            if coin is not None and not self._columns.knew(self._all_cells(self._book.rule(slot), coin)):
                self._arrivals.welcome(slot, [coin])

    def move(self, at: datetime, readings: Readings) -> Iterator[Moved]:
        """`judge` by what the cells say, without the events, one by one."""
        return filter(None, self._moving(at, readings))

    def _moving(self, at: datetime, readings: Readings) -> Iterator[Moved | None]:
        """Who moved; None where much was done since the last one."""
        yield from self._release(at)
        self._columns.take(to_ticks(at), readings)
        cells, slots = self._passed()
        if len(slots) > AT_ONCE:
            yield None
        is_single = self._is_single[slots]
        singles = self._roster.lookers(slots[is_single], cells[is_single], to_ticks(at))
        others = {one.subject: one for one in self._vigil.woken(self._columns, at)}
        yield from self._touch(others, cells[~is_single], slots[~is_single])
        seen = set[tuple[str, str]]()
        for moved in chain(self._looks(singles, others, at), self._admit(at)):
            if self._gone and moved:
                seen.add(moved.subject)
            yield moved
        yield from self._left(seen)
        self._columns.settle()
        self._roster.settle()
        self._scopes.settle(at)
        self._judged, self._touched = at, len(others) + len(singles[0])
        self._lately.make_room(self._touched)

    def _walk(self) -> tuple[Numbers, Slots]:
        of = self._columns
        self._index.merge(self._alive, BETWEEN_MOMENTS)
        return self._index.crossed((of.last_low, of.last_high), (of.low, of.high))

    def _passed(self) -> tuple[Numbers, Slots]:
        """Cells and slots of those whose keys their cell passed, and who do not arrive there."""
        cells, slots = self._walk()
        if not len(slots):
            return cells, slots
        is_there = self._alive[slots] & ~self._newcomers.hold(slots)
        if self._arrivals:
            pairs = zip(cells.tolist(), slots.tolist(), strict=True)
            arrives = [self._arrivals.holds(slot, self._columns.coins[cell]) for cell, slot in pairs]
            is_there &= ~np.array(arrives, np.bool_)
        return cells[is_there], slots[is_there]

    def _touch(self, others: dict[tuple[int, str], Kept], cells: Numbers, slots: Slots) -> Iterator[None]:
        """Rouse those of several conditions whose keys their cell passed."""
        kept = self._vigil.kept
        for n, (cell, slot) in enumerate(zip(cells.tolist(), slots.tolist(), strict=True), 1):
            if n % A_FEW == 0:
                yield None
            for one in self._afresh(slot, self._columns.coins[cell]):
                if one.subject not in kept and self._scopes.holds(one.rule, one.coin):
                    others[one.subject] = one

    def _looks(self, singles: Some, others: Mapping[tuple[int, str], Kept], at: datetime) -> Iterator[Moved | None]:
        """Look at these, as many as possible at once; says of each who moved, in the order of rules and coins."""
        waiting = deque(sorted(others))
        for start in range(0, len(singles[0]), AT_ONCE):
            slots, cells, rows = (column[start : start + AT_ONCE] for column in singles)
            for slot, moved in self._alike.look((slots, cells, rows), at):
                while waiting and waiting[0][0] < slot:
                    yield from self._look(others[waiting.popleft()], at)
                if moved is not None:
                    yield moved
            self._lately.make_room(len(singles[0]))
            if len(slots) == AT_ONCE:
                yield None
        for subject in waiting:
            yield from self._look(others[subject], at)

    def _look(self, one: Kept, at: datetime) -> Iterator[Moved]:
        moved = self._alone.look(one, at)
        if moved is not None:
            yield moved

    def _begin(self, slot: int, created: datetime, *, is_single: bool) -> bool:
        """Whether it has yet to be armed: it comes after a moment was judged, or was made after that."""
        if slot >= len(self._alive):
            more = np.zeros(len(self._alive), np.bool_)
            self._alive, self._is_single = np.append(self._alive, more), np.append(self._is_single, more)
        self._alive[slot], self._is_single[slot] = True, is_single
        return not self._columns.is_blank or (self._settled is not None and created >= self._settled)

    def _afresh(self, slot: int, coin: str) -> Iterator[Kept]:
        of = self._lately.read(slot)
        for track in of.tracks:
            yield Kept(slot, of.rule, coin, track, self._scopes.cells(of.rule, track, coin))

    def _kept(self, slot: int) -> Sequence[Kept]:
        """What is kept of a rule, on whatever coin."""
        coins = sorted(self._columns.coins[cell] for cell in self._roster.cell[self._roster.of(slot)].tolist())
        singles = [one for coin in coins for one in self._afresh(slot, coin)]
        for one in singles:
            if (state := self._roster.state(one)) is not None:
                one.stand(state)
        return [*self._vigil.of(slot), *singles]

    def _keeper(self, slot: int) -> Keeper:
        return self._roster if self._is_single[slot] else self._vigil

    def _all_cells(self, rule: Rule, coin: str) -> Iterator[int]:
        for track in self._scopes.tracks(rule.draft):
            yield from self._scopes.cells(rule, track, coin)

    def _release(self, at: datetime) -> Iterator[None]:
        """Newcomers that the last moment before they were made has armed arrive no more, once that moment is over."""
        for n, (slot, coin) in enumerate(self._arrived(at)):
            if n % A_FEW == 0:
                yield None
            if coin is not None and not self._columns.are_known(self._all_cells(self._book.rule(slot), coin)):
                self._arrivals.welcome(slot, [coin])
        for slot in self._newcomers.release(to_ticks(at)).tolist():
            if self._alive[slot]:
                self._arrivals.put(slot)

    def _admit(self, at: datetime) -> Iterator[Moved | None]:
        """Let the first known moment of newcomers arm them: those still unknown are kept."""
        for n, (slot, coin) in enumerate(self._arrived(at)):
            if n % A_FEW == 0:
                yield None
            alone = self._single if self._is_single[slot] else self._alone
            for one in () if coin is None else self._afresh(slot, coin):
                if alone.admit(one, at) and not one.state.armed and alone.was_known(one):
                    yield moved_of(one)

    def _arrived(self, at: datetime) -> Iterator[tuple[int, str | None]]:
        """Newcomers by slot and coin that were made before that moment, and arrive no more.

        Those without a coin are too new, and go on arriving.
        """
        for slot, coins in self._arrivals.take():
            if (rule := self._book.rule(slot)).created >= at:
                self._arrivals.stay(slot, coins)
                yield slot, None
            else:
                for coin in sorted(self._scopes.coins_of(rule) if coins is None else coins):
                    yield slot, coin

    def _left(self, seen: Collection[tuple[str, str]]) -> Iterator[Moved]:
        """What is kept now of those whose coins went off a watchlist, where nothing is said of them otherwise."""
        for one in self._gone:
            if self._alive[one.slot]:
                state = self._keeper(one.slot).state(one)
                if state is not None:
                    one.stand(state)
                of = moved_of(one, at_rest=state is None)
                if of.subject not in seen:
                    yield of
        self._gone = []
