"""A book gives back every rule that it keeps, by slot and by id, and never a slot again."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.store.base import rule_id
from adapters.store.rulebook import Rulebook
from signals.rules.model import Rule
from tests.adapters.store.stories import T0, draft


def rule(place: str, number: int) -> Rule:
    return Rule(rule_id(place, number), place, number, 1, draft(f"{place} {number}"), T0, number)


@given(st.lists(st.tuples(st.sampled_from(["terminal:a", "telegram:-7"]), st.integers(1, 5)), max_size=40))
@settings(max_examples=50)
def test_it_holds_what_a_dictionary_would(changes: list[tuple[str, int]]) -> None:
    """Each change adds the rule, or drops it where it is there."""
    book, model = Rulebook(), dict[str, tuple[int, Rule]]()
    given_out = -1
    for step, (place, number) in enumerate(changes):
        one = replace(rule(place, number), revision=step + 1)
        slot = book.slot(one.id)
        assert slot == (model[one.id][0] if one.id in model else None)
        if slot is None:
            model[one.id] = book.add(one), one
            assert model[one.id][0] > given_out
            given_out = model[one.id][0]
        else:
            book.drop(slot)
            del model[one.id]
        assert len(book) == len(model)
        assert {slot: book.rule(slot) for slot, _ in model.values()} == dict(model.values())


def test_a_slot_that_is_not_in_use_has_no_rule() -> None:
    book = Rulebook()
    slot = book.add(rule("terminal:a", 1))
    book.drop(slot)

    with pytest.raises(KeyError):
        book.rule(slot)
    with pytest.raises(KeyError):
        book.drop(slot)
    assert book.slot("terminal:b/1") is None
    assert book.slot("nonsense") is None
