"""People's rules and settings in memory, kept as the other stores keep them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TypeVar

from adapters.chat.base import Place, place_of
from adapters.store.base import (
    CHANGES_KEPT,
    DRAFTS_FOR,
    Behind,
    Changed,
    Full,
    Gone,
    KeptDraft,
    Moved,
    New,
    Quota,
    RuleChange,
    Saved,
    WatchChange,
    rule_id,
)
from adapters.store.memory_market import Bell
from adapters.store.memory_salted import Salted
from adapters.store.packed import Packed, every_coin, pack, pack_kept, unpack, unpack_kept
from adapters.store.place_settings import Coins, PlaceSettings, Watching, usual
from signals.loading import Stored
from signals.rules.model import Draft, Rule

T = TypeVar("T")


class MemoryRules(Salted):
    """The port of rules and settings."""

    def __init__(self) -> None:
        super().__init__()
        self._rules: dict[Place, dict[int, Rule]] = defaultdict(dict)
        self._numbers: dict[Place, int] = {}
        self._watchlists: dict[Place, tuple[str, ...]] = {}
        self._drafts: dict[Place, dict[str, tuple[datetime, KeptDraft]]] = defaultdict(dict)
        self._settings: dict[Place, PlaceSettings] = {}
        self._admitted: dict[Place, tuple[date, set[str]]] = {}
        self._numbers_before: dict[str, int] = {}
        """By the digest of a place that was erased, the last number that it gave."""
        self._seen: dict[tuple[str, Place, str], object] = {}
        self._changes: list[Changed] = []
        """Those that are kept; the last one has the number `_last`."""
        self._last = 0
        self._changes_kept = CHANGES_KEPT
        self._changed = Bell()

    async def add(self, place: Place, draft: Draft, seen: str, at: datetime, quota: Quota) -> Saved | Full:
        added = await self.add_all(place, [New(draft)], (), seen, at, quota)
        return added if isinstance(added, Full) else Saved(added[0])

    async def add_all(
        self, place: Place, new: Sequence[New], watched: tuple[str, ...], seen: str, at: datetime, quota: Quota
    ) -> Sequence[Rule] | Full:
        return self._once("add", place, seen, lambda: self._add_all(place, new, watched, at, quota))

    def _add_all(
        self, place: Place, new: Sequence[New], watched: tuple[str, ...], at: datetime, quota: Quota
    ) -> Sequence[Rule] | Full:
        wide, before = sum(bool(every_coin(each.draft)) for each in new), self._watchlists.get(place, ())
        coins = tuple(dict.fromkeys((*before, *watched)))
        if len(self._rules[place]) + len(new) > quota.rules:
            return Full(quota.rules, "rules")
        if wide and self._wide(place) + wide > quota.every_coin:
            return Full(quota.every_coin, "every_coin")
        if coins != before and len(coins) > quota.watched:
            return Full(quota.watched, "watched")
        saved = [self._add(place, each, at) for each in new]
        if coins != before:
            self._watch(place, coins, quota)
        return saved

    def _add(self, place: Place, new: New, at: datetime) -> Rule:
        before = self._numbers_before.get(self._digest(str(place)), 0)
        number = self._numbers[place] = self._numbers.get(place, before) + 1
        id_, change = rule_id(place, number), self._last + 1
        return self._save(place, Rule(id_, str(place), number, 1, new.draft, at, change, new.paused)).rule

    async def edit(
        self, rule_id: str, place: Place, draft: Draft, revision: int, seen: str, at: datetime, quota: Quota
    ) -> Saved | Full | Gone | Moved:
        return self._once("edit", place, seen, lambda: self._edit(rule_id, place, draft, revision, at, quota))

    def _edit(
        self, rule_id: str, place: Place, draft: Draft, revision: int, at: datetime, quota: Quota
    ) -> Saved | Full | Gone | Moved:
        rule = self._find(rule_id, place)
        if rule is None:
            return Gone()
        if rule.revision != revision:
            return Moved(rule)
        if every_coin(draft) and not every_coin(rule.draft) and self._wide(place) >= quota.every_coin:
            return Full(quota.every_coin, "every_coin")
        return self._save(place, self._next(rule, draft, at, paused=rule.paused))

    async def pause(self, rule_id: str, place: Place, seen: str, at: datetime, *, paused: bool) -> Saved | Gone:
        return self._once("pause", place, seen, lambda: self._pause(rule_id, place, at, paused=paused))

    def _pause(self, rule_id: str, place: Place, at: datetime, *, paused: bool) -> Saved | Gone:
        rule = self._find(rule_id, place)
        if rule is None:
            return Gone()
        if rule.paused is paused:
            return Saved(rule)
        return self._save(place, self._next(rule, rule.draft, at, paused=paused))

    async def remove(self, rule_id: str, place: Place, seen: str) -> bool:
        return self._once("remove", place, seen, lambda: self._remove(rule_id, place))

    def _remove(self, rule_id: str, place: Place) -> bool:
        rule = self._find(rule_id, place)
        if rule is None:
            return False
        del self._rules[place][rule.number]
        self._change(RuleChange(self._last + 1, rule_id, None))
        return True

    async def of(self, place: Place) -> Sequence[Rule]:
        return [rule for _, rule in sorted(self._rules.get(place, {}).items())]

    async def last_change(self) -> int:
        return self._last

    async def copied(self) -> bool:
        return True

    async def rules(self) -> AsyncIterator[Sequence[Rule]]:
        for place in list(self._rules):
            if self._rules[place]:
                yield list(self._rules[place].values())

    async def stored(self) -> AsyncIterator[Sequence[Stored]]:
        async for page in self.rules():
            yield [Packed(rule.id, rule.place, rule.number, pack(rule)) for rule in page]

    async def changes(self, since: int) -> AsyncIterator[Changed]:
        while True:
            for change in await self.changed(since, self._last):
                since = change.number
                yield change
            if since == self._last:
                await self._changed.heard()

    async def changed(self, since: int, upto: int) -> Sequence[Changed]:
        missing = self._last - since
        if missing > len(self._changes):
            raise Behind(f"The changes after number {since} are no longer kept.")
        return [change for change in self._changes[len(self._changes) - missing :] if change.number <= upto]

    async def watchlist(self, place: Place) -> tuple[str, ...]:
        return self._watchlists.get(place, ())

    async def watch(self, place: Place, how: Watching, seen: str, quota: Quota) -> Coins | Full:
        return self._once("watch", place, seen, lambda: self._watch(place, how(self._watchlists.get(place, ())), quota))

    def _watch(self, place: Place, coins: Coins, quota: Quota) -> Coins | Full:
        if len(coins) > quota.watched:
            return Full(quota.watched, "watched")
        before, self._watchlists[place] = self._watchlists.get(place, ()), coins
        self._change(WatchChange(self._last + 1, str(place), before, coins))
        return coins

    async def watchlists(self) -> Mapping[str, tuple[str, ...]]:
        return {str(place): coins for place, coins in self._watchlists.items() if coins}

    async def keep_draft(
        self, place: Place, token: str, kept: KeptDraft, at: datetime, quota: Quota, lives: timedelta = DRAFTS_FOR
    ) -> Full | None:
        drafts = {name: of for name, of in self._drafts[place].items() if of[0] > at}
        self._drafts[place] = drafts
        if len(drafts.keys() - {token}) >= quota.drafts:
            return Full(quota.drafts, "drafts")
        drafts[token] = (at + lives, unpack_kept(pack_kept(kept)))
        return None

    async def draft(self, place: Place, token: str, at: datetime) -> KeptDraft | None:
        ends, kept = self._drafts.get(place, {}).get(token, (at, None))
        return kept if ends > at else None

    async def drop_draft(self, place: Place, token: str, seen: str) -> None:
        self._once("drop", place, seen, lambda: self._drafts.get(place, {}).pop(token, None))

    async def settings(self, place: Place) -> PlaceSettings:
        return self._settings.get(place, usual(place))

    async def change(self, place: Place, how: Callable[[PlaceSettings], PlaceSettings], seen: str) -> PlaceSettings:
        stood = await self.settings(place)
        self._once("change", place, seen, lambda: self._settings.update({place: how(stood)}))
        return await self.settings(place)

    async def admit(self, place: Place, day: date, entry: str, most: int | None) -> bool:
        stored, entries = self._admitted.get(place, (day, set[str]()))
        if day > stored:
            stored, entries = day, set[str]()
        if entry not in entries and most is not None and len(entries) >= most:
            return False
        entries.add(entry)
        self._admitted[place] = stored, entries
        return True

    def _erase_rules(self, place: Place) -> Sequence[str]:
        """All that the place asked for; returns the ids of its rules."""
        ids = [rule.id for rule in self._rules[place].values()]
        for id_ in ids:
            self._change(RuleChange(self._last + 1, id_, None))
        if coins := self._watchlists.pop(place, ()):
            self._change(WatchChange(self._last + 1, str(place), coins, ()))
        if place in self._numbers:
            self._numbers_before[self._digest(str(place))] = self._numbers.pop(place)
        for kept in (self._rules, self._drafts, self._settings, self._admitted):
            kept.pop(place, None)
        self._seen = {key: answer for key, answer in self._seen.items() if key[1] != place}
        return ids

    def _erase_changes(self, place: Place) -> None:
        """All changes up to the last one of the place."""
        last = max((change.number for change in self._changes if _place(change) == str(place)), default=0)
        self._changes = [change for change in self._changes if change.number > last]

    def _revision(self, rule_id: str) -> int | None:
        """The revision that is stored now; None where the rule is gone."""
        rule = self._find(rule_id, place_of(rule_id.rpartition("/")[0]))
        return rule.revision if rule else None

    def _once(self, effect: str, place: Place, seen: str, act: Callable[[], T]) -> T:
        """What the effect answers; asked again by the same update, what it answered then."""
        if (effect, place, seen) not in self._seen:
            self._seen[effect, place, seen] = act()
        return self._seen[effect, place, seen]  # type: ignore[return-value] # an effect always answers with its own type

    def _find(self, rule_id: str, place: Place) -> Rule | None:
        return next((rule for rule in self._rules.get(place, {}).values() if rule.id == rule_id), None)

    def _wide(self, place: Place) -> int:
        return sum(1 for rule in self._rules[place].values() if every_coin(rule.draft))

    def _next(self, rule: Rule, draft: Draft, at: datetime, *, paused: bool) -> Rule:
        revision, change = rule.revision + 1, self._last + 1
        return Rule(rule.id, rule.place, rule.number, revision, draft, at, change, paused)

    def _save(self, place: Place, rule: Rule) -> Saved:
        kept = unpack(rule.id, rule.place, rule.number, pack(rule))
        self._rules[place][rule.number] = kept
        self._change(RuleChange(kept.change, kept.id, kept))
        return Saved(kept)

    def _change(self, change: Changed) -> None:
        self._last = change.number
        self._changes.append(change)
        del self._changes[: -self._changes_kept]
        self._changed.ring()


def _place(change: Changed) -> str:
    """The place that the change is of."""
    return change.place if isinstance(change, WatchChange) else change.rule_id.rpartition("/")[0]
