"""The rules behind the numbers of the engine."""

from typing import Protocol

from signals.loading import Stored
from signals.rules.model import Rule


class Book(Protocol):
    """Gives every rule a slot, once; slots grow and are never used again."""

    def add(self, rule: Rule) -> int:
        """Keep the rule under the next slot."""
        ...

    def keep(self, stored: Stored) -> int:
        """The same for a stored rule, which need not be read for it."""
        ...

    def rule(self, slot: int) -> Rule:
        """The rule of a slot that is in use."""
        ...

    def slot(self, rule_id: str) -> int | None:
        """The slot in use for a rule."""
        ...

    def drop(self, slot: int) -> None:
        """Let go of the rule."""
        ...

    def __len__(self) -> int:
        """Rules in use."""
        ...


class Rules:
    """A book of rules as they are."""

    def __init__(self) -> None:
        self._rules: dict[int, Rule] = {}
        self._slots: dict[str, int] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._rules)

    def add(self, rule: Rule) -> int:
        """Keep the rule under the next slot."""
        slot, self._next = self._next, self._next + 1
        self._rules[slot], self._slots[rule.id] = rule, slot
        return slot

    def keep(self, stored: Stored) -> int:
        """The same for a stored rule."""
        return self.add(stored.rule())

    def rule(self, slot: int) -> Rule:
        """The rule of a slot that is in use."""
        return self._rules[slot]

    def slot(self, rule_id: str) -> int | None:
        """The slot in use for a rule."""
        return self._slots.get(rule_id)

    def drop(self, slot: int) -> None:
        """Let go of the rule."""
        del self._slots[self._rules.pop(slot).id]
