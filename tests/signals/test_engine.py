"""The engine tells what an oracle tells that judges every rule at every moment."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import inf, nextafter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.book import Rules
from signals.engine import Engine
from signals.model import ALL, Cell, Unit
from signals.registry import BY_NAME
from signals.rules.lifecycle import AlertState, Phase
from signals.rules.model import EVERY_COIN, WATCHLIST, Compare, Condition, Crossing, Draft, Rule
from tests.signals.plain import Moment, Plain

START = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ZERO = timedelta(0)
NAMES = ("funding", "ls", "basis")
STEPS = {"funding": MINUTE, "ls": MINUTE, "basis": 3 * MINUTE}
COINS = ("BTC", "ETH", "SOL")
PLACE = "terminal:local"

_UP = [nextafter(x, inf) for x in (0.0, 1.0, -1.0)]
_DOWN = [nextafter(x, -inf) for x in (0.0, 1.0, -1.0)]
VALUES = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -1.5, *_UP, *_DOWN, 5e-324, 1e300, -1e300, 3.0, -3.0])
LINES = st.sampled_from([0.0, 1.0, -1.0, *_UP, *_DOWN, 5e-324, 1e300])
BANDS = st.sampled_from([0.0, 5e-324, 0.25, 0.5, 1.0])


@st.composite
def conditions(draw: st.DrawFn, *, crossing: bool = False) -> Condition:
    compare, line, band = draw(st.sampled_from(Compare)), draw(LINES), draw(BANDS)
    way = draw(st.sampled_from(Crossing)) if crossing else None
    if way is not None:
        compare = Compare.BELOW if way is Crossing.DOWN else Compare.ABOVE
    clear = line + band if compare.downward else line - band
    absolute = way is None and draw(st.booleans())
    return Condition(
        draw(st.sampled_from(NAMES)), ZERO, compare, line, clear, Unit.RATIO, absolute=absolute, crossing=way
    )


@st.composite
def rules(draw: st.DrawFn, number: int, at: datetime, revision: int = 1) -> Rule:
    kind = draw(st.sampled_from(["one", "one", "several", "crossing"]))
    own = (draw(conditions(crossing=kind == "crossing")),)
    if kind == "several":
        own += tuple(draw(st.lists(conditions(), min_size=1, max_size=3)))
    coins = draw(st.sampled_from([("BTC",), ("BTC", "ETH"), (EVERY_COIN,), (WATCHLIST,)]))
    every = None if kind == "crossing" else draw(st.sampled_from([None, 2 * MINUTE]))
    until = draw(st.none() | st.just(at + 9 * MINUTE))
    hold = draw(st.integers(0, 3)) * MINUTE
    draft = Draft(coins, ALL, own, hold, every, once=draw(st.booleans()), until=until)
    return Rule(f"r{number:02}", PLACE, number, revision, draft, at, 1, paused=draw(st.integers(0, 9)) == 0)


class Pair:
    """The engine and the oracle, asked the same; the engine may be made anew from its own stored states."""

    def __init__(self) -> None:
        self.engine, self.oracle = Engine(BY_NAME, Rules()), Plain()
        self.stored: dict[tuple[str, str], AlertState] = {}
        self.watched: tuple[str, ...] = ()
        self.last: Moment | None = None
        self.known: tuple[str, ...] = ()

    def put(self, rule: Rule) -> None:
        self.engine.put(rule)
        self.oracle.put(rule)
        self._forget(rule.id)

    def drop(self, rule_id: str) -> None:
        self.engine.drop(rule_id)
        self.oracle.drop(rule_id)
        self._forget(rule_id)

    def watch(self, coins: tuple[str, ...]) -> None:
        self.engine.watch(PLACE, coins)
        self.oracle.watch(PLACE, coins)
        self.watched = coins

    def judge(self, moment: Moment, coins: Sequence[str]) -> None:
        self.engine.meet(coins)
        moved = self.engine.move(moment.at, self.engine.read(moment))
        told = [(of.rule.id, of.coin + of.track.mark, of.told) for of in moved if of.told]
        for of in moved:
            if of.moved and of.at_rest:
                self.stored.pop(of.subject, None)
            elif of.moved:
                self.stored[of.subject] = of.state
        assert sorted(told, key=lambda of: of[:2]) == self.oracle.judge(moment, coins)
        self.last, self.known = moment, tuple(sorted(self.oracle.coins))

    def restart(self) -> None:
        assert self.last is not None
        self.engine = Engine(BY_NAME, Rules(), self.last.at)
        self.engine.watch(PLACE, self.watched)
        for rule in self.oracle.rules.values():
            self.engine.put(rule)
        self.engine.meet(self.known)
        self.engine.stand(self.last.at, self.engine.read(self.last))
        for subject, state in self.stored.items():
            self.engine.wake(subject, state)

    def _forget(self, rule_id: str) -> None:
        self.stored = {subject: state for subject, state in self.stored.items() if subject[0] != rule_id}


@st.composite
def moments(draw: st.DrawFn, at: datetime, coins: Sequence[str], last: Moment | None) -> Moment:
    """Every cell says something; those with longer bars stand on their last one in between."""
    said, ends = {}, {}
    for cell in [Cell(coin, ALL, name, ZERO) for coin in coins for name in NAMES]:
        if last is not None and cell in last.said and (at - START) % STEPS[cell.name]:
            said[cell], ends[cell] = last.said[cell], last.ends.get(cell, last.at)
            continue
        value = draw(st.none() | VALUES) if draw(st.integers(0, 3)) == 0 else draw(VALUES)
        held = draw(VALUES) if value is not None and draw(st.integers(0, 5)) == 0 else None
        said[cell] = (value, held)
    return Moment(at, said, STEPS, ends)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_the_engine_tells_what_judging_every_rule_tells(data: st.DataObject) -> None:
    pair, now, revision = Pair(), START, 1
    for number in range(data.draw(st.integers(1, 6))):
        pair.put(data.draw(rules(number, now)))
    pair.watch(("BTC",))
    minute = 0
    for _ in range(data.draw(st.integers(5, 20))):
        step = data.draw(st.sampled_from([1, 1, 1, 1, 1, 2, 4]))
        minute, now = minute + step, now + step * MINUTE
        coins = COINS[: data.draw(st.integers(1, 3))] if minute > 2 else COINS[:1]
        known = sorted({*pair.oracle.coins, *coins})
        pair.judge(data.draw(moments(now, known, pair.last)), coins)
        match data.draw(st.sampled_from(["", "", "", "put", "drop", "watch"])):
            case "put":
                revision += 1
                pair.put(data.draw(rules(data.draw(st.integers(0, 7)), now, revision)))
            case "drop":
                pair.drop(f"r{data.draw(st.integers(0, 5)):02}")
            case "watch":
                pair.watch(data.draw(st.sampled_from([(), ("BTC",), ("ETH", "BTC"), ("SOL",)])))
            case _:
                pass


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_restart_changes_nothing_of_what_is_told(data: st.DataObject) -> None:
    pair, now = Pair(), START
    pair.watch(("BTC",))
    for number in range(data.draw(st.integers(1, 5))):
        pair.put(data.draw(rules(number, now)))
    for minute in range(1, data.draw(st.integers(5, 16))):
        now = START + minute * MINUTE
        moment = data.draw(moments(now, COINS[:2], pair.last))
        pair.judge(moment, COINS[:2])
        if data.draw(st.booleans()) and all(v is not None and held is None for v, held in moment.said.values()):
            pair.restart()


@pytest.mark.parametrize("compare", Compare)
@pytest.mark.parametrize("ulps", [-1, 0, 1])
def test_a_line_is_exact_to_the_last_bit(compare: Compare, ulps: int) -> None:
    line = 0.1
    value = line if ulps == 0 else nextafter(line, ulps * inf)
    condition = Condition("funding", ZERO, compare, line, line, Unit.RATIO)
    pair = Pair()
    pair.put(Rule("r", PLACE, 1, 1, Draft(("BTC",), ALL, (condition,), ZERO, None, once=False), START, 1))
    cell = Cell("BTC", ALL, "funding", ZERO)
    calm = 1.0 if compare.downward else -1.0

    for minute, said in enumerate((calm, value), start=1):
        pair.judge(Moment(START + minute * MINUTE, {cell: (said, None)}, STEPS), ("BTC",))

    met = {"<": ulps < 0, "<=": ulps <= 0, ">": ulps > 0, ">=": ulps >= 0}[compare.value]
    assert [state.phase for state in pair.stored.values()] == ([Phase.FIRING] if met else [])


def test_rules_of_which_nothing_is_crossed_are_not_looked_at() -> None:
    pair = Pair()
    for number in range(100):
        one = Condition("funding", ZERO, Compare.ABOVE, 1.0 + number, 0.5 + number, Unit.RATIO)
        pair.put(
            Rule(f"r{number:02}", PLACE, number, 1, Draft(("BTC",), ALL, (one,), ZERO, None, once=False), START, 1)
        )
    cell, touched = Cell("BTC", ALL, "funding", ZERO), []

    for minute, said in enumerate((0.0, 0.9, 3.5, 3.6, 3.6), start=1):
        pair.judge(Moment(START + minute * MINUTE, {cell: (said, None)}, STEPS), ("BTC",))
        touched.append(pair.engine.counts.touched)

    assert touched == [0, 0, 3, 0, 0]
    assert pair.engine.counts.kept == 3
    assert {state.phase for state in pair.stored.values()} == {Phase.FIRING}
