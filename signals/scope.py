"""Which cells a rule reads on which coins, and on which shelf of the index its keys lie."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from signals.base import Signal
from signals.columns import Columns
from signals.index import Index, line_keys
from signals.judge import Track, cell_of, tracks
from signals.loading import Plain, Reads
from signals.model import Cell
from signals.part import WHOLE, Part
from signals.rules.model import EVERY_COIN, WATCHLIST, Condition, Draft, Rule


class Scopes:
    """Named coins have their keys on the shelf of each cell; rules on every coin share a shelf for all coins.

    A watchlist is spread over its coins as they come; whoever asks is told only of those that are watched now.
    Rules are about the coins of one part of the market only.
    """

    def __init__(self, columns: Columns, index: Index, signals: Mapping[str, Signal], part: Part = WHOLE) -> None:
        self._part = part
        self._columns = columns
        self._index = index
        self._signals = signals
        self._numbers: dict[Reads, int] = {}
        """By what makes a cell, its number: found without making it."""
        self._own: dict[int, int] = {}
        self._shared: dict[Cell, int] = {}
        self._watched: dict[str, frozenset[str]] = {}
        self._watchers: dict[str, set[int]] = {}
        self._spread: dict[int, set[str]] = {}
        self._naming: Counter[str] = Counter()
        self.coins: dict[str, None] = {}
        """Every coin that the market has read, in the order in which they came."""
        self._present: frozenset[str] = frozenset()
        self._read_at: dict[str, datetime] = {}

    @property
    def named(self) -> frozenset[str]:
        """The coins that rules name, or that places with such rules watch."""
        watched = [self._watched.get(place, frozenset()) for place, slots in self._watchers.items() if slots]
        return frozenset(self._naming).union(*watched)

    def tracks(self, draft: Draft) -> tuple[Track, ...]:
        """What is followed apart of a draft."""
        return tracks(draft, self._signals)

    def cells(self, rule: Rule, track: Track, coin: str) -> tuple[int, ...]:
        """The numbers of the cells that the conditions read, in their order."""
        return tuple([self._cell(_reads(rule.draft, condition, coin)) for condition in track.conditions])

    def holds(self, rule: Rule, coin: str) -> bool:
        """Whether the rule is about that coin of the part now."""
        return rule.draft.coins != (WATCHLIST,) or coin in self._watched.get(rule.place, ())

    def coins_of(self, rule: Rule) -> Collection[str]:
        """The coins of the part that the rule is about now."""
        if rule.draft.coins == (EVERY_COIN,):
            return self.coins
        coins = self._watched.get(rule.place, ()) if rule.draft.coins == (WATCHLIST,) else rule.draft.coins
        return [coin for coin in coins if self._part.holds(coin)]

    def meet(self, coins: Iterable[str]) -> Sequence[str]:
        """Take note of what the market reads: every rule on every coin is about new ones too. Returns the new ones."""
        self._present = frozenset(filter(self._part.holds, coins))
        new = sorted(self._present - self.coins.keys())
        for coin in new:
            self.coins[coin] = None
            for family, shelf in self._shared.items():
                self._index.follow(self._number(replace(family, coin=coin)), shelf)
        return new

    def settle(self, at: datetime) -> None:
        """The moment is judged. At the first one all coins count as read just now."""
        self._read_at.update(dict.fromkeys(self._present if self._read_at else self.coins, at))

    def absent(self, since: datetime) -> Collection[str]:
        """The coins that the market does not read now, but did since then."""
        return {coin for coin, at in self._read_at.items() if at > since} - self._present

    def put(self, rule: Rule, slot: int) -> None:
        """Put the rule's keys where its coins will pass them."""
        if rule.draft.coins == (EVERY_COIN,):
            for track in self.tracks(rule.draft):
                for condition in track.conditions:
                    shelf = self._shared_shelf(cell_of(rule.draft, condition, EVERY_COIN))
                    self._index.add(shelf, line_keys(condition), slot)
            return
        if rule.draft.coins == (WATCHLIST,):
            self._watchers.setdefault(rule.place, set()).add(slot)
            self._spread[slot] = set()
        else:
            for coin in rule.draft.coins:
                self._naming[coin] += 1
        self.spread(rule, slot)

    def place(self, plain: Plain, slot: int) -> int | None:
        """`put` of a plain rule; returns the number of its cell, if its coin is one of the part."""
        self._naming[plain.reads[0]] += 1
        if not self._part.holds(plain.reads[0]):
            return None
        cell = self._cell(plain.reads)
        self._index.add(self._own_shelf(cell), plain.keys, slot)
        return cell

    def spread(self, rule: Rule, slot: int) -> Sequence[str]:
        """Put the keys on those of its coins where they are not yet; returns these."""
        there = self._spread.get(slot, set())
        new = [coin for coin in self.coins_of(rule) if coin not in there]
        for track in self.tracks(rule.draft):
            for condition in track.conditions:
                for coin in new:
                    shelf = self._own_shelf(self._cell(_reads(rule.draft, condition, coin)))
                    self._index.add(shelf, line_keys(condition), slot)
        there.update(new)
        return new

    def watch(self, place: str, coins: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
        """Replace a place's watchlist; returns the coins of the part that came, and those that went."""
        before, now = self._watched.get(place, frozenset()), frozenset(coins)
        self._watched[place] = now
        return frozenset(filter(self._part.holds, now - before)), before - now

    def watchers(self, place: str) -> Sequence[int]:
        """The slots of a place's rules on its watchlist."""
        return sorted(self._watchers.get(place, ()))

    def drop(self, rule: Rule, slot: int) -> None:
        """Forget a rule; its keys stay until the index is merged."""
        self._spread.pop(slot, None)
        for coin in rule.draft.coins:
            self._naming[coin] -= 1
            if self._naming[coin] <= 0:
                del self._naming[coin]
        self._watchers.get(rule.place, set()).discard(slot)

    def _cell(self, reads: Reads) -> int:
        number = self._numbers.get(reads)
        if number is None:
            number = self._numbers[reads] = self._number(Cell(*reads))
        return number

    def _number(self, cell: Cell) -> int:
        number = self._columns.number(cell)
        return self._columns.add(cell) if number is None else number

    def _own_shelf(self, cell: int) -> int:
        if cell not in self._own:
            self._own[cell] = self._index.shelf()
            self._index.follow(cell, self._own[cell])
        return self._own[cell]

    def _shared_shelf(self, family: Cell) -> int:
        if family not in self._shared:
            shelf = self._shared[family] = self._index.shelf()
            for coin in self.coins:
                self._index.follow(self._number(replace(family, coin=coin)), shelf)
        return self._shared[family]


def _reads(draft: Draft, of: Condition, coin: str) -> Reads:
    return coin, draft.venue, of.name, of.window, of.yardstick, of.side
