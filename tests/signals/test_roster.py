"""The roster keeps where rules stand, as numbers, and forgets what nobody needs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from signals.book import Rules
from signals.columns import Columns
from signals.index import Index
from signals.judge import Track
from signals.lately import MOST, Lately
from signals.levels import row_of
from signals.model import ALL, Cell, Unit
from signals.roster import AT_FIRST, MANY_STATES, Roster
from signals.rules.lifecycle import AlertState, Phase
from signals.rules.model import Compare, Condition, Draft, Rule
from signals.scope import Scopes
from signals.vigil import Kept

START = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE, ZERO = timedelta(minutes=1), timedelta(0)
CONDITION = Condition("funding", ZERO, Compare.ABOVE, 1.0, 0.5, Unit.RATIO)
RULE = Rule("r", "terminal:local", 1, 1, Draft(("BTC",), ALL, (CONDITION,), ZERO, None, once=False), START, 1)


class Counted(Rules):
    """A book that counts how often a rule is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def rule(self, slot: int) -> Rule:
        self.reads += 1
        return super().rule(slot)


def roster() -> Roster:
    columns = Columns()
    columns.add(Cell("BTC", ALL, "funding", ZERO))
    return Roster(columns)


def kept(slot: int, state: AlertState) -> Kept:
    one = Kept(slot, RULE, "BTC", Track("", (CONDITION,)), (1,))
    one.stand(state)
    return one


def fired(minute: int, told_excess: float = 0.0) -> AlertState:
    at = START + minute * MINUTE
    times = {"at": at, "met_since": at, "fired_at": at, "told_at": at}
    return AlertState(Phase.FIRING, armed=True, told_excess=told_excess, **times)


def test_states_are_kept_to_the_last_detail_though_others_in_which_nobody_stands_are_forgotten() -> None:
    of, states = roster(), [fired(minute, minute / 7) for minute in range(2 * MANY_STATES)]
    for slot, state in enumerate(states):
        of.keep(kept(slot, state))
    staying = range(0, len(states), 3)
    for slot in set(range(len(states))).difference(staying):
        of.drop(kept(slot, states[slot]))

    of.settle()

    assert [of.state(kept(slot, AlertState())) for slot in staying] == [states[slot] for slot in staying]
    assert len(of.stances) == len(AT_FIRST) + len(staying)
    assert len(of) == len(staying)


def test_a_state_that_comes_back_after_it_was_forgotten_is_kept_again() -> None:
    of = roster()
    for slot in range(MANY_STATES):
        of.keep(kept(slot, fired(slot)))
        of.drop(kept(slot, fired(slot)))
    of.settle()

    for slot in range(10):
        of.keep(kept(slot, fired(slot, 0.5)))

    assert [of.state(kept(slot, AlertState())) for slot in range(10)] == [fired(slot, 0.5) for slot in range(10)]


def test_a_row_is_used_again_and_says_nothing_of_who_had_it_before() -> None:
    of = roster()
    for slot in range(100):
        of.keep(kept(slot, fired(slot, 0.5)))
    of.drop(kept(7, AlertState()))

    (row,) = of.enrol(np.array([100]), np.array([1]), [(row_of(CONDITION), 0)]).tolist()

    assert (of.slot[row], of.told_excess[row], of.stance[row]) == (100, 0.0, 0)
    assert row < 100
    assert of.of(7).tolist() == []


def test_rules_that_were_looked_at_stay_read_unless_they_are_too_many() -> None:
    book, columns = Counted(), Columns()
    lately = Lately(book, Scopes(columns, Index(), {}), Roster(columns))
    slots = [book.add(replace(RULE, id=f"r{number}")) for number in range(3)]
    for _ in range(2):
        for slot in slots:
            lately.numbers(slot)
            lately.read(slot)
        lately.make_room(len(slots))
    few = book.reads

    lately.make_room(MOST + 1)
    lately.read(slots[0])

    assert (few, book.reads) == (3, 4)
