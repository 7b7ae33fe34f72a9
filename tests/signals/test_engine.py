"""The engine tells what an oracle tells that judges every rule at every moment."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import inf, nextafter

import pytest

from signals.engine import AT_ONCE
from signals.model import ALL, Cell, Unit
from signals.rules.lifecycle import Phase
from signals.rules.model import EVERY_COIN, WATCHLIST, Compare, Condition, Draft, Rule
from tests.signals import fuzz
from tests.signals.pair import MINUTE, PLACE, START, STEPS, ZERO, Pair
from tests.signals.plain import Moment

FUNDING, BASIS = Cell("BTC", ALL, "funding", ZERO), Cell("BTC", ALL, "basis", ZERO)


def test_the_engine_tells_what_judging_every_rule_tells_over_edits_and_restarts() -> None:
    found = fuzz.run(1, range(160))

    assert found.different == []
    assert found.told > 150
    assert found.restarts > 250


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


def test_a_value_that_stands_on_a_key_has_passed_it_and_passes_it_no_more() -> None:
    pair = Pair()
    pair.put(_rule("r", FUNDING, Compare.AT_LEAST, 1.0))
    touched = []

    for minute, said in enumerate((1.0, 1.5, 2.0), start=1):
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (said, None)}, STEPS), ("BTC",))
        touched.append(pair.engine.counts.touched)

    assert touched == [0, 0, 0]


def test_after_an_unsure_value_every_key_within_its_reach_is_looked_at_again() -> None:
    pair = Pair()
    pair.put(_rule("r", FUNDING, Compare.BELOW, 0.3))
    pair.merge()
    said = ((0.0, None), (0.5, 1.5), (0.2, None))

    told = [
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: one}, STEPS), ("BTC",))
        for minute, one in enumerate(said, start=1)
    ]

    assert told == [0, 0, 1]


def test_a_sure_value_within_what_it_may_have_been_before_stands_where_it_is() -> None:
    pair = Pair()
    pair.put(_rule("r", FUNDING, Compare.BELOW, 0.3))
    pair.merge()
    said = ((-1.0, 1.0), (0.0, None), (0.5, None), (-1.0, 1.0), (0.5, None), (0.2, None))

    told = [
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: one}, STEPS), ("BTC",))
        for minute, one in enumerate(said, start=1)
    ]

    assert told == [0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("is_read", [False, True])
def test_a_coin_that_is_watched_is_armed_by_the_moment_before_over_a_restart_too(is_read: bool) -> None:
    pair, one = Pair(), _rule("r", BASIS, Compare.ABOVE, 1.0)
    pair.put(replace(one, draft=replace(one.draft, coins=(WATCHLIST,))))
    if is_read:
        pair.put(_rule("s", BASIS, Compare.ABOVE, 9.0))
    pair.judge(Moment(START + 3 * MINUTE, {BASIS: (0.0, None)}, STEPS), ("BTC",))
    pair.watch(("BTC",))
    pair.judge(Moment(START + 4 * MINUTE, {BASIS: (0.0, None)}, STEPS, {BASIS: START + 3 * MINUTE}), ("BTC",))
    pair.restart()

    told = [
        pair.judge(Moment(START + minute * MINUTE, {BASIS: (said, None)}, STEPS), ("BTC",))
        for minute, said in ((6, 2.0), (9, 0.0), (12, 2.0))
    ]

    assert told == [1, 0, 0]


def test_a_coin_that_is_watched_while_it_is_dark_is_only_armed_by_its_first_value() -> None:
    pair, one = Pair(), _rule("r", FUNDING, Compare.ABOVE, 1.0)
    pair.put(replace(one, draft=replace(one.draft, coins=(WATCHLIST,))))
    pair.put(_rule("s", FUNDING, Compare.ABOVE, 9.0))
    pair.judge(Moment(START + MINUTE, {FUNDING: (0.0, None)}, STEPS), ("BTC",))
    pair.judge(Moment(START + 2 * MINUTE, {FUNDING: (None, None)}, STEPS), ("BTC",))
    pair.watch(("BTC",))

    told = [
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (said, None)}, STEPS), ("BTC",))
        for minute, said in enumerate((2.0, 0.0, 2.0), start=3)
    ]

    assert told == [0, 0, 1]


def test_a_rule_that_was_to_fire_once_is_looked_at_no_more() -> None:
    pair, one = Pair(), _rule("r", FUNDING, Compare.ABOVE, 1.0)
    pair.put(replace(one, draft=replace(one.draft, once=True)))
    touched = []

    for minute, said in enumerate((0.0, 2.0, *[0.0] * 6, 2.0, 0.0, None, 2.0), start=1):
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (said, None)}, STEPS), ("BTC",))
        touched.append(pair.engine.counts.touched)

    assert touched == [0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_rules_that_stand_the_same_are_told_apart_by_the_length_of_their_bars() -> None:
    pair, cells = Pair(), (FUNDING, BASIS)
    for id_, cell in zip("rs", cells, strict=True):
        one = _rule(id_, cell, Compare.ABOVE, 1.0)
        pair.put(replace(one, draft=replace(one.draft, hold=2 * MINUTE)))
    said = {3: 0.0, 4: 0.0, 5: 0.0, 6: 2.0, 7: 2.0, 8: 2.0}

    told = {}
    for minute, value in said.items():
        ends = {BASIS: START + minute // 3 * 3 * MINUTE}
        told[minute] = pair.judge(Moment(START + minute * MINUTE, dict.fromkeys(cells, (value, None)), STEPS, ends), ())

    assert told == {3: 0, 4: 0, 5: 0, 6: 1, 7: 0, 8: 1}


def test_rules_that_stand_the_same_are_told_apart_by_when_their_cells_had_news() -> None:
    pair, cells = Pair(), (BASIS, replace(BASIS, coin="ETH"))
    for id_, cell in zip("rs", cells, strict=True):
        one = _rule(id_, cell, Compare.ABOVE, 1.0)
        pair.put(replace(one, draft=replace(one.draft, coins=(cell.coin,), hold=5 * MINUTE)))
    said = {1: 0.0, 2: 2.0, 4: 2.0, 5: None} | dict.fromkeys(range(6, 13), 2.0)

    told = {}
    for minute, value in said.items():
        ends = {cells[1]: START + 2 * MINUTE} if minute == 4 else {}
        both = dict.fromkeys(cells, (value, None))
        told[minute] = pair.judge(Moment(START + minute * MINUTE, both, STEPS, ends), ())

    assert [minute for minute, of in told.items() if of] == [9, 11]


def test_rules_that_stand_the_same_are_told_apart_by_who_comes_out_of_the_dark() -> None:
    pair, ls = Pair(), replace(FUNDING, name="ls")
    for id_, cell in zip("rs", (FUNDING, ls), strict=True):
        pair.put(_rule(id_, cell, Compare.ABOVE, 1.0))
    said = ((0.0, 0.0), (0.0, None), (0.0, None), (0.0, None), (2.0, 2.0), (2.0, 2.0))

    told = [
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (one, None), ls: (other, None)}, STEPS), ())
        for minute, (one, other) in enumerate(said, start=1)
    ]

    assert told == [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("until", [None, START + 60 * MINUTE])
def test_a_hold_is_lost_over_moments_that_are_missing_though_the_value_stays(until: datetime | None) -> None:
    pair, one = Pair(), _rule("r", FUNDING, Compare.ABOVE, 1.0)
    pair.put(replace(one, draft=replace(one.draft, hold=10 * MINUTE, until=until)))
    said = {1: 0.0, 2: 2.0, 7: 2.0} | dict.fromkeys(range(8, 20), 2.0)

    told = {
        minute: pair.judge(Moment(START + minute * MINUTE, {FUNDING: (value, None)}, STEPS), ("BTC",))
        for minute, value in said.items()
    }

    assert [minute for minute, of in told.items() if of] == [18]


def test_a_coin_that_was_watched_between_two_moments_only_begins_when_it_is_watched_again() -> None:
    pair, one, sol = Pair(), _rule("r", FUNDING, Compare.ABOVE, 1.0), replace(FUNDING, coin="SOL")
    pair.put(replace(one, draft=replace(one.draft, coins=(WATCHLIST,))))
    pair.put(_rule("s", sol, Compare.ABOVE, 9.0))
    told = []

    pair.judge(Moment(START + MINUTE, {sol: (None, None)}, STEPS), ("BTC",))
    pair.watch(("SOL",))
    pair.watch(())
    for minute, said in enumerate(((None, None), (0.0, 2.0)), start=2):
        told.append(pair.judge(Moment(START + minute * MINUTE, {sol: said}, STEPS), ("BTC", "SOL")))
    pair.watch(("SOL",))
    told.append(pair.judge(Moment(START + 4 * MINUTE, {sol: (2.0, None)}, STEPS), ("BTC", "SOL")))

    assert told == [0, 0, 1]


@pytest.mark.parametrize("until", [None, START + 9 * MINUTE])
def test_a_rule_that_is_gone_says_nothing_though_it_was_looked_at_between_its_bars(until: datetime | None) -> None:
    pair, one = Pair(), _rule("r", BASIS, Compare.AT_MOST, 1.0)
    sized = replace(one.draft.conditions[0], absolute=True)
    pair.put(replace(one, draft=replace(one.draft, conditions=(sized,), until=until)))
    unsure = {BASIS: (-1.5, 2.5)}
    pair.judge(Moment(START + 3 * MINUTE, unsure, STEPS), ("BTC",))
    pair.judge(Moment(START + 4 * MINUTE, unsure, STEPS, {BASIS: START + 3 * MINUTE}), ("BTC",))
    pair.drop("r")

    assert pair.judge(Moment(START + 6 * MINUTE, {BASIS: (0.5, None)}, STEPS), ("BTC",)) == 0


@pytest.mark.parametrize("restart", [0, 2, 3])
def test_conditions_that_were_never_known_together_only_arm_when_they_are(restart: int) -> None:
    pair, ls = Pair(), replace(FUNDING, name="ls")
    one = _rule("r", FUNDING, Compare.ABOVE, 1.0)
    other = _rule("r", ls, Compare.ABOVE, 1.0).draft.conditions
    pair.put(replace(one, draft=replace(one.draft, coins=(EVERY_COIN,), conditions=one.draft.conditions + other)))
    pair.judge(Moment(START + MINUTE, {}, STEPS), ())
    told = []

    for n, (first, second) in enumerate(((0.0, None), (None, 0.0), (2.0, 2.0), (0.0, 2.0), (2.0, 2.0)), start=2):
        moment = Moment(START + n * MINUTE, {FUNDING: (first, None), ls: (second, None)}, STEPS)
        told.append(pair.judge(moment, ("BTC",)))
        if n == restart:
            pair.restart()

    assert told == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("legs", [1, 2])
@pytest.mark.parametrize("restarts", [0, 1])
def test_what_was_armed_and_is_dark_is_armed_after_a_restart(legs: int, restarts: int) -> None:
    pair, ls = Pair(), replace(FUNDING, name="ls")
    one = _rule("r", FUNDING, Compare.ABOVE, 1.0)
    both = (*one.draft.conditions, *_rule("r", ls, Compare.ABOVE, 1.0).draft.conditions)
    pair.put(replace(one, draft=replace(one.draft, conditions=both[:legs])))
    for minute, said in enumerate((0.0, None), start=1):
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (said, None), ls: (2.0, None)}, STEPS), ("BTC",))
    for _ in range(restarts):
        pair.restart()

    assert pair.judge(Moment(START + 3 * MINUTE, {FUNDING: (2.0, None), ls: (2.0, None)}, STEPS), ("BTC",)) == 1


@pytest.mark.parametrize("legs", [1, 2])
def test_a_sleeper_wakes_when_those_who_were_missing_are_back_though_the_value_stays(legs: int) -> None:
    pair, ls = Pair(), replace(FUNDING, name="ls")
    one = _rule("r", FUNDING, Compare.ABOVE, 1.0)
    banded = replace(one.draft.conditions[0], clear=0.5)
    met = _rule("r", ls, Compare.ABOVE, 1.0).draft.conditions[0]
    pair.put(replace(one, draft=replace(one.draft, conditions=(banded, met)[:legs])))
    said = [(0.0, None), (2.0, None), (0.4, 0.7), *[(0.4, None)] * 6]

    told = [
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: of, ls: (2.0, None)}, STEPS), ("BTC",))
        for minute, of in enumerate(said, start=1)
    ]

    assert told == [0, 1, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("restarts", [0, 1])
@pytest.mark.parametrize(("first", "told"), [((0.5, 1.5), [0, 0, 1]), ((0.5, 0.5), [1, 0, 0])])
def test_a_rule_is_not_armed_by_a_first_value_that_is_unsure(
    first: tuple[float, float], told: list[int], restarts: int
) -> None:
    pair = Pair()
    pair.put(_rule("r", FUNDING, Compare.ABOVE, 1.0))
    pair.judge(Moment(START + MINUTE, {FUNDING: first}, STEPS), ("BTC",))
    for _ in range(restarts):
        pair.restart()

    assert told == [
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (said, None)}, STEPS), ("BTC",))
        for minute, said in enumerate((2.0, 0.0, 2.0), start=2)
    ]


def test_a_rule_whose_cell_was_known_only_before_it_came_is_not_armed_by_a_restart() -> None:
    pair = Pair()
    pair.put(_rule("s", FUNDING, Compare.ABOVE, 9.0))
    for minute, said in ((1, 0.0), (2, None)):
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (said, None)}, STEPS), ("BTC",))
    pair.put(replace(_rule("r", FUNDING, Compare.ABOVE, 1.0), created=START + 2 * MINUTE))
    pair.judge(Moment(START + 3 * MINUTE, {FUNDING: (None, None)}, STEPS), ("BTC",))
    pair.restart()

    told = [
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (said, None)}, STEPS), ("BTC",))
        for minute, said in ((4, 2.0), (5, 0.0), (6, 2.0))
    ]

    assert told == [0, 0, 1]


@pytest.mark.parametrize("is_read", [False, True])
@pytest.mark.parametrize("restarts", ["", "before", "after"])
@pytest.mark.parametrize(("first", "told"), [(0.0, [1, 0, 0]), (2.0, [0, 0, 1]), (None, [0, 0, 1])])
def test_the_moment_that_its_answer_showed_arms_a_new_rule(
    first: float | None, told: list[int], restarts: str, *, is_read: bool
) -> None:
    pair = Pair()
    pair.put(_rule("t", replace(FUNDING, coin="ETH"), Compare.ABOVE, 9.0))
    if is_read:
        pair.put(_rule("s", FUNDING, Compare.ABOVE, 9.0))
    pair.judge(Moment(START + MINUTE, {FUNDING: (first, None)}, STEPS), ("BTC",))
    pair.put(replace(_rule("r", FUNDING, Compare.ABOVE, 1.0), created=START + MINUTE))
    if restarts == "before":
        pair.restart()

    for minute, (said, expected) in enumerate(zip((2.0, 0.0, 2.0), told, strict=True), start=2):
        assert pair.judge(Moment(START + minute * MINUTE, {FUNDING: (said, None)}, STEPS), ("BTC",)) == expected
        if restarts == "after":
            pair.restart()


@pytest.mark.parametrize("restarts", [False, True])
def test_a_bar_that_came_late_was_news_when_it_came_over_a_restart_too(*, restarts: bool) -> None:
    pair, one = Pair(), _rule("r", BASIS, Compare.ABOVE, 1.0)
    pair.put(one)
    bars = (
        (3, 3, 0.0),
        (7, 6, 2.0),
        (8, 6, 2.0),
        (10, 10, None),
        (12, 12, None),
        (13, 13, 0.0),
        (16, 16, 0.0),
        (19, 19, 0.0),
    )
    told = []

    for at, end, said in bars:
        ends = {BASIS: START + end * MINUTE}
        told.append(pair.judge(Moment(START + at * MINUTE, {BASIS: (said, None)}, STEPS, ends), ("BTC",)))
        if restarts and at == 8:
            pair.restart()

    assert told == [0, 1, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("second", [0.0, 2.0])
def test_moments_that_were_over_when_a_rule_was_made_fire_nothing_though_they_are_judged_later(
    second: float, *, restarts: bool
) -> None:
    pair = Pair()
    pair.judge(Moment(START + MINUTE, {FUNDING: (0.0, None)}, STEPS), ("BTC",))
    pair.put(replace(_rule("r", FUNDING, Compare.ABOVE, 1.0), created=START + 3 * MINUTE))
    told = []

    for minute, said in enumerate((second, 2.0, 2.0, 0.0, 2.0), start=2):
        told.append(pair.judge(Moment(START + minute * MINUTE, {FUNDING: (said, None)}, STEPS), ("BTC",)))
        if restarts:
            pair.restart()

    assert told == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("is_dropped", [False, True])
@pytest.mark.parametrize("made", [3, 4, 5])
@pytest.mark.parametrize("said", [(0.0, None, None), (0.0, None, 2.0), (None, None, 2.0), (None, None, 0.0)])
def test_stored_rules_that_come_later_begin_as_those_that_are_put(
    said: tuple[float | None, ...], made: int, *, is_dropped: bool
) -> None:
    pair = Pair()
    pair.put(_rule("s", FUNDING, Compare.ABOVE, 9.0))
    for minute, of in enumerate(said, start=1):
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (of, None)}, STEPS), ("BTC",))
    for id_ in ("q", "r"):
        pair.put(replace(_rule(id_, FUNDING, Compare.ABOVE, 1.0), created=START + made * MINUTE), is_stored=True)
    if is_dropped:
        pair.drop("q")

    for minute, of in enumerate((2.0, None, 2.0, 0.0, None, 2.0), start=4):
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (of, None)}, STEPS), ("BTC",))

    assert {subject[0] for subject in pair.stored} == ({"r"} if is_dropped else {"q", "r"})


@pytest.mark.parametrize(
    ("said", "told"), [((0.0, 2.0, 2.0, 0.0, 2.0), [0, 0, 0, 0, 1]), ((2.0, 0.0, 0.0, 2.0), [0, 0, 0, 1])]
)
def test_who_judges_for_the_first_time_fires_nothing_on_what_was_before_a_rule_was_made(
    said: tuple[float, ...], told: list[int]
) -> None:
    pair = Pair(first=START + MINUTE)
    pair.put(replace(_rule("r", FUNDING, Compare.ABOVE, 1.0), created=START + 2 * MINUTE))

    assert told == [
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (of, None)}, STEPS), ("BTC",))
        for minute, of in enumerate(said, start=1)
    ]


@pytest.mark.parametrize("restarts", [0, 1, 2])
@pytest.mark.parametrize(
    ("said", "told"),
    [
        pytest.param({0: 0.0, 1: 0.0}, [0, 1, 0, 0], id="missing"),
        pytest.param({0: 0.0, 1: 2.0}, [0, 0, 0, 1], id="missing, met"),
        pytest.param({0: 0.0, 1: None}, [0, 0, 0, 1], id="missing, unknown"),
        pytest.param({0: 0.0, 1: 0.0, 2: 0.0}, [1, 0, 0, 0], id="there"),
        pytest.param({-3: 0.0, 0: None, 1: None, 2: None}, [0, 0, 0, 1], id="there, unknown since some were missing"),
    ],
)
def test_the_moment_before_it_was_made_arms_a_rule_also_where_the_next_one_is_missing_or_unknown(
    said: dict[int, float | None], told: list[int], restarts: int
) -> None:
    pair = Pair()
    pair.put(_rule("s", FUNDING, Compare.ABOVE, 9.0))
    for minute, of in said.items():
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (of, None)}, STEPS), ("BTC",))
    pair.put(replace(_rule("r", FUNDING, Compare.ABOVE, 1.0), created=START + 2 * MINUTE))
    pair.judge(Moment(START + 3 * MINUTE, {FUNDING: (None, None)}, STEPS), ("BTC",))
    for _ in range(restarts):
        pair.restart()

    assert told == [
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (of, None)}, STEPS), ("BTC",))
        for minute, of in enumerate((2.0, 2.0, 0.0, 2.0), start=4)
    ]


def test_who_is_told_again_is_told_how_far_past_the_line_it_is_then() -> None:
    pair = Pair()
    for number, line in enumerate((1.0, 1.2), start=1):
        one = _rule(f"r{number}", FUNDING, Compare.ABOVE, line)
        banded = replace(one.draft.conditions[0], clear=line - 0.5)
        pair.put(replace(one, draft=replace(one.draft, conditions=(banded,), every=2 * MINUTE)))
    said = (0.0, 1.5, 1.5, 1.75, 2.0, 2.25, 2.25, 2.5, 2.8)

    told = [
        pair.judge(Moment(START + minute * MINUTE, {FUNDING: (of, None)}, STEPS), ("BTC",))
        for minute, of in enumerate(said, start=1)
    ]

    assert told == [0, 2, 0, 0, 2, 0, 0, 2, 0]
    assert [state.told_excess for state in pair.stored.values()] == [3.0, pytest.approx(2.6)]


@pytest.mark.parametrize("hold", [ZERO, MINUTE])
def test_more_than_are_looked_at_together_tell_the_same_in_the_order_of_rules_and_coins(hold: timedelta) -> None:
    pair, many = Pair(), AT_ONCE + 200
    for number in range(many):
        one = _rule(f"r{number:05}", FUNDING, Compare.ABOVE, 1.0 + number % 7 / 10)
        draft = replace(one.draft, hold=hold, every=2 * MINUTE, coins=("ETH", "BTC") if number % 5 == 0 else ("BTC",))
        if number % 20 == 1:
            draft = replace(draft, until=START + 9 * MINUTE)
        if number % 20 == 2:
            draft = replace(draft, conditions=(*draft.conditions, replace(draft.conditions[0], name="ls")))
        pair.put(replace(one, draft=draft))
    cells = [replace(FUNDING, coin=coin, name=name) for coin in ("BTC", "ETH") for name in ("funding", "ls")]
    said, told = (0.0, 2.0, 2.0, 0.0, 0.9, 2.0, 9.0, 9.0, 30.0, 0.0, 0.0, 0.0), 0

    for minute, value in enumerate(said, start=1):
        told += pair.judge(Moment(START + minute * MINUTE, dict.fromkeys(cells, (value, None)), STEPS), ("BTC", "ETH"))
        assert pair.moved == sorted(pair.moved)

    assert told > 2 * many


def _rule(id_: str, cell: Cell, compare: Compare, line: float) -> Rule:
    condition = Condition(cell.name, ZERO, compare, line, line, Unit.RATIO)
    return Rule(id_, PLACE, 1, 1, Draft(("BTC",), ALL, (condition,), ZERO, None, once=False), START, 1)
