"""The threshold index against looking at every key, over merges at any time."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.index import Index

CELLS = 3
KEYS = st.sampled_from([-2.0, -1.0, 0.0, 1.0, 2.0, np.nextafter(1.0, 2.0)])
VALUES = st.sampled_from([-3.0, -1.0, 0.0, 1.0, np.nextafter(1.0, 0.0), np.nextafter(1.0, 2.0), 3.0])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_whoever_is_passed_is_found_whether_its_key_is_merged_or_waits(data: st.DataObject) -> None:
    index, keys, dropped = Index(), list[tuple[int, float]](), set[int]()
    own = [index.shelf() for _ in range(CELLS)]
    shared = index.shelf()
    for cell in range(CELLS):
        index.follow(cell, own[cell])
        index.follow(cell, shared)
    was = np.array(data.draw(st.lists(VALUES, min_size=CELLS, max_size=CELLS)))
    index.crossed((was, was), (was, was))
    for _ in range(data.draw(st.integers(1, 8))):
        for shelf, key in data.draw(st.lists(st.tuples(st.sampled_from([*own, shared]), KEYS), max_size=4)):
            index.add(shelf, (key,), len(keys))
            keys.append((shelf, key))
        if data.draw(st.booleans()):
            dropped |= data.draw(st.sets(st.integers(0, max(0, len(keys) - 1)), max_size=2))
            alive = np.array([slot not in dropped for slot in range(len(keys) + 1)])
            index.merge(alive, most=0)
        now = np.array(data.draw(st.lists(VALUES, min_size=CELLS, max_size=CELLS)))

        cells, slots = index.crossed((was, was), (now, now))
        found = set(zip(cells.tolist(), slots.tolist(), strict=True))

        assert {(cell, slot) for cell, slot in found if slot not in dropped} == {
            (cell, slot)
            for cell in range(CELLS)
            for slot, (shelf, key) in enumerate(keys)
            if shelf in (own[cell], shared) and slot not in dropped and (was[cell] >= key) != (now[cell] >= key)
        }
        was = now


def test_shelves_that_come_after_a_merge_have_their_keys_to_themselves() -> None:
    index, everyone = Index(), np.ones(200, np.bool_)
    for cell in range(150):
        index.follow(cell, index.shelf())
        index.add(cell, (float(cell),), cell)
        index.merge(everyone, most=0)
    nowhere, low = np.full(150, np.nan), np.full(150, -1.0)
    index.crossed((nowhere, nowhere), (low, low))

    cells, slots = index.crossed((low, low), (low + 75.0, low + 75.0))

    assert cells.tolist() == slots.tolist() == list(range(75))


def test_a_value_that_may_be_any_of_several_is_looked_at_again() -> None:
    index, everyone = Index(), np.ones(1, np.bool_)
    index.follow(0, index.shelf())
    index.add(0, (1.0,), 0)
    index.merge(everyone, most=0)
    below, above = np.array([0.0]), np.array([2.0])
    index.crossed((below, below), (below, below))
    index.crossed((below, below), (below, above))

    _, slots = index.crossed((below, above), (below, below))
    _, later = index.crossed((below, below), (below, below))

    assert slots.tolist() == [0]
    assert later.tolist() == []
