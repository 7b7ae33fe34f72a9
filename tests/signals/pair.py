"""The engine beside its oracle: both are asked the same, and must tell the same."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from adapters.store.packed import Packed, pack
from signals.book import Rules
from signals.engine import Engine
from signals.registry import BY_NAME
from signals.rules.lifecycle import AlertState
from signals.rules.model import Rule
from tests.signals.plain import Moment, Plain

START = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ZERO = timedelta(0)
PLACE = "terminal:local"
STEPS = {"funding": MINUTE, "ls": MINUTE, "basis": 3 * MINUTE}
"""The levels that are judged, and how long their bars are."""


class Pair:
    """The engine and the oracle, asked the same; the engine may be made anew from its own stored states."""

    def __init__(self, first: datetime | None = None) -> None:
        self.engine, self.oracle = Engine(BY_NAME, Rules(), first=first), Plain()
        self.stored: dict[tuple[str, str], AlertState] = {}
        self.watched: tuple[str, ...] = ()
        self.moved: Sequence[tuple[str, str]] = ()
        """Who was looked at in the last moment, in the engine's order."""
        self.last: Moment | None = None
        self.present: Sequence[str] = ()
        self.judged_rules: dict[str, Rule] = {}
        self.judged_watched: tuple[str, ...] = ()
        self.since: list[tuple[str, ...]] = []

    def put(self, rule: Rule, *, is_stored: bool = False) -> None:
        if is_stored:
            self.engine.load(_stored([rule]))
        else:
            self.engine.put(rule)
        self.oracle.put(rule)
        self._begin()
        self._forget(rule.id)

    def merge(self) -> None:
        """Sort the keys in that wait beside the others, few as they are."""
        self.engine._index.merge(self.engine._alive, 0)

    def drop(self, rule_id: str) -> None:
        self.engine.drop(rule_id)
        self.oracle.drop(rule_id)
        self._forget(rule_id)

    def watch(self, coins: tuple[str, ...]) -> None:
        self.engine.watch(PLACE, coins)
        self.oracle.watch(PLACE, coins)
        self._begin()
        self.watched = coins
        self.since.append(coins)

    def judge(self, moment: Moment, coins: Sequence[str]) -> int:
        """Returns how much was told."""
        self.engine.meet(coins)
        moved = list(self.engine.move(moment.at, self.engine.read(moment)))
        self.moved = [of.subject for of in moved]
        told = [(of.rule.id, of.coin + of.track.mark, of.told) for of in moved if of.told]
        for of in moved:
            if of.moved and of.at_rest:
                self.stored.pop(of.subject, None)
            elif of.moved:
                self.stored[of.subject] = of.state
        expected = self.oracle.judge(moment, coins)
        assert sorted(told, key=lambda of: of[:2]) == expected, f"{moment.at:%H:%M}: {told} is not {expected}"
        self.last, self.present = moment, coins
        self.judged_rules, self.judged_watched, self.since = dict(self.oracle.rules), self.watched, []
        return len(told)

    def restart(self) -> None:
        """What was there at the last moment first, and then what came since: as the change stream says it."""
        assert self.last is not None
        standings = self.engine.standings()
        self.engine = Engine(BY_NAME, Rules(), self.last.at)
        self.engine.watch(PLACE, self.judged_watched)
        rules, before = self.oracle.rules, self.judged_rules
        there = [rule for rule in rules.values() if before.get(rule.id) == rule]
        self.engine.load(_stored(there))
        self.oracle.restart(there, {PLACE: self.judged_watched}, self.present)
        self.engine.recall(standings)
        self.engine.meet(self.present)
        self.engine.stand(self.last.at, self.engine.read(self.last))
        for rule in rules.values():
            if before.get(rule.id) != rule:
                self.engine.put(rule)
        for subject, state in self.stored.items():
            self.engine.wake(subject, state)
        for coins in self.since:
            self.engine.watch(PLACE, coins)
        self.oracle.begin()
        self._begin()

    def _begin(self) -> None:
        if self.last is not None and self.engine.is_behind:
            self.engine.begin(self.last)

    def _forget(self, rule_id: str) -> None:
        self.stored = {subject: state for subject, state in self.stored.items() if subject[0] != rule_id}


def _stored(rules: Iterable[Rule]) -> Iterator[Packed]:
    return (Packed(rule.id, rule.place, rule.number, pack(rule)) for rule in rules)
