"""The rules of an evaluator, packed: a million of them fit, and each is read again only when it is looked at."""

from array import array

from adapters.store.base import rule_id
from adapters.store.packed import Packed, pack, unpack
from signals.loading import Stored
from signals.rules.model import Rule


class Rulebook:
    """Gives every rule a slot, once; slots grow and are never used again."""

    def __init__(self) -> None:
        self._packed: list[bytes | None] = []
        """By slot; None for a rule that was let go."""
        self._place = array("I")
        """By slot its place, as a row of `_places`."""
        self._number = array("I")
        """By slot the number that the place calls it by."""
        self._places: list[str] = []
        self._rows: dict[str, int] = {}
        self._slots: list[array[int]] = []
        """By row the slots in use: few, so they are looked through."""
        self._numbers: list[array[int]] = []
        """By row the numbers of these, in the same order."""
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def add(self, rule: Rule) -> int:
        """Keep the rule under the next slot."""
        return self.keep(Packed(rule.id, rule.place, rule.number, pack(rule)))

    def keep(self, stored: Stored) -> int:
        """The same for a stored rule, which is not read for it."""
        row, number = self._row(stored.place), stored.number
        slot = len(self._packed)
        self._packed.append(stored.packed)
        self._place.append(row)
        self._number.append(number)
        self._slots[row].append(slot)
        self._numbers[row].append(number)
        self._used += 1
        return slot

    def rule(self, slot: int) -> Rule:
        """The rule of a slot that is in use."""
        stored = self._packed[slot]
        if stored is None:
            raise KeyError(slot)
        place, number = self._places[self._place[slot]], self._number[slot]
        return unpack(rule_id(place, number), place, number, stored)

    def slot(self, rule_id: str) -> int | None:
        """The slot in use for a rule."""
        place, _, number = rule_id.rpartition("/")
        row = self._rows.get(place)
        if row is None:
            return None
        try:
            return self._slots[row][self._numbers[row].index(int(number))]
        except ValueError:
            return None

    def drop(self, slot: int) -> None:
        """Let go of the rule."""
        if self._packed[slot] is None:
            raise KeyError(slot)
        self._packed[slot] = None
        row = self._place[slot]
        at = self._slots[row].index(slot)
        del self._slots[row][at], self._numbers[row][at]
        self._used -= 1

    def _row(self, place: str) -> int:
        """The row of a place, a new one where it has none."""
        row = self._rows.get(place)
        if row is None:
            row = self._rows[place] = len(self._places)
            self._places.append(place)
            self._slots.append(array("I"))
            self._numbers.append(array("I"))
        return row
