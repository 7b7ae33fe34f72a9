"""An engine that loads stored rules is the engine into which they were put one by one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.store.base import rule_id
from adapters.store.packed import Packed, pack
from adapters.store.rulebook import Rulebook
from signals.book import Book, Rules
from signals.columns import Readings
from signals.engine import Engine
from signals.model import ALL, Cell, Unit
from signals.registry import BY_NAME
from signals.rules.model import EVERY_COIN, WATCHLIST, Compare, Condition, Crossing, Draft, Rule
from tests.adapters.store.stories import T0
from tests.signals.plain import Moment

ZERO, MINUTE = timedelta(0), timedelta(minutes=1)
PLACES = ("terminal:a", "telegram:-7")
SELDOM = st.sampled_from([False, False, False, True])
LINES = (-1.0, -0.0, 0.0, 5e-324, 1.0)
CONDITIONS = st.builds(
    lambda name, compare, line, absolute, stock, crossing: Condition(
        name, ZERO, compare, line, line, Unit.RATIO, absolute=absolute, stock=stock, crossing=crossing
    ),
    st.sampled_from(["funding", "ls", "negfunding"]),
    st.sampled_from(Compare),
    st.sampled_from(LINES),
    st.booleans(),
    SELDOM,
    st.sampled_from([None, None, None, *Crossing]),
)
COINS = st.sampled_from([("BTC",), ("BTC",), ("ETH",), ("BTC", "ETH"), (EVERY_COIN,), (WATCHLIST,)])
DRAFTS = st.builds(
    lambda coins, venue, conditions: Draft(coins, venue, conditions, ZERO, None, once=False),
    COINS,
    st.sampled_from([ALL, "okx"]),
    st.tuples(CONDITIONS) | st.tuples(CONDITIONS) | st.tuples(CONDITIONS, CONDITIONS),
)
RULES = st.builds(
    lambda place, number, draft, age, paused: Rule(
        rule_id(place, number), place, number, 1, draft, T0 - age, number, paused
    ),
    st.sampled_from(PLACES),
    st.integers(1, 3),
    DRAFTS,
    st.sampled_from([timedelta(seconds=-90), ZERO, timedelta(seconds=1), MINUTE]),
    SELDOM,
)
"""Few numbers: the same rule is often given twice, with another sentence or paused. Some are younger than a moment."""

YOUNG = Rule(
    rule_id(PLACES[0], 1), PLACES[0], 1, 1,
    Draft(("BTC",), ALL, (Condition("funding", ZERO, Compare.BELOW, 0.0, 0.0, Unit.RATIO),), ZERO, None, once=False),
    T0 + timedelta(seconds=90), 1,
)  # fmt: skip
"""Its line is crossed in the moment before it was made."""


def stored(rules: Iterable[Rule]) -> Sequence[Packed]:
    return [Packed(rule.id, rule.place, rule.number, pack(rule)) for rule in rules]


def read(engine: Engine, minute: int, value: float) -> Readings:
    """What every cell says where all have that value."""
    engine.meet(["BTC", "ETH", "SOL"])
    said = {Cell(of.coin, of.venue, of.name, ZERO): (value, None) for of in engine.cells}
    steps = dict.fromkeys(["funding", "ls", "negfunding"], MINUTE)
    return engine.read(Moment(T0 + minute * MINUTE, said, steps))


def moved(engine: Engine, minute: int, value: float) -> Sequence[tuple[object, ...]]:
    """What the engine says of that moment."""
    moves = list(engine.move(T0 + minute * MINUTE, read(engine, minute, value)))
    return [(of.subject, of.rule, of.state, of.told, of.moved, of.at_rest) for of in moves]


@example(rules=[YOUNG], was_judged=True, known_after=1, values=[-1.0])
@given(st.lists(RULES, max_size=12), st.booleans(), st.integers(0, 12), st.lists(st.sampled_from(LINES), max_size=4))
@settings(max_examples=120, deadline=None)
def test_loading_comes_to_what_putting_comes_to(
    rules: Sequence[Rule], was_judged: bool, known_after: int, values: Sequence[float]
) -> None:
    """Some of the rules come when moments were judged already, by this engine or by one before it."""
    judged = T0 if was_judged else None
    books: tuple[Book, Book] = Rulebook(), Rules()
    loaded, put = (Engine(BY_NAME, book, judged) for book in books)
    for engine in (loaded, put):
        engine.watch(PLACES[0], ("BTC", "SOL"))
    first, later = rules[:known_after], rules[known_after:]
    for part in (first, later):
        loaded.load(stored(part))
        for rule in part:
            put.put(rule)
        if was_judged and part is first:
            for engine in (loaded, put):
                engine.stand(T0, read(engine, 0, 1.0))

        assert loaded.counts == put.counts
        assert loaded.cells == put.cells
        assert loaded.named == put.named
        assert all(loaded.revision(rule.id) == put.revision(rule.id) for rule in rules)
        for minute, value in enumerate(values, start=1 if part is first else 10):
            assert moved(loaded, minute, value) == moved(put, minute, value)


def test_a_plain_rule_is_not_read_before_something_touches_it() -> None:
    """The bytes behind what an engine must know are kept as they came."""
    condition = Condition("funding", ZERO, Compare.BELOW, -1.0, -0.5, Unit.RATIO)
    draft = Draft(("BTC",), ALL, (condition,), ZERO, None, once=False)
    rule = Rule("terminal:a/1", "terminal:a", 1, 1, draft, T0, 1)
    kinds = {
        "plain": draft,
        "two conditions": replace(draft, conditions=(condition, condition)),
        "two coins": replace(draft, coins=("BTC", "ETH")),
        "every coin": replace(draft, coins=(EVERY_COIN,)),
        "watchlist": replace(draft, coins=(WATCHLIST,)),
        "a signal's own levels": replace(draft, conditions=(replace(condition, stock=True),)),
        "both ways": replace(draft, conditions=(replace(condition, crossing=Crossing.EITHER),)),
        "one way": replace(draft, conditions=(replace(condition, crossing=Crossing.UP),)),
    }

    plain = {kind for kind, of in kinds.items() if stored([replace(rule, draft=of)])[0].plain() is not None}

    assert plain == {"plain", "one way"}
    assert stored([replace(rule, paused=True)])[0].plain() is None
