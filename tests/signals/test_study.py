"""What is counted in a study, and what is concluded."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.cases import apart
from signals.chance import Interval
from signals.model import Direction
from signals.panel import to_ms
from signals.study import Finding, Followed, Observed, Study, finding, study

HOUR = timedelta(hours=1)
BEGIN = to_ms(datetime(2026, 1, 5, tzinfo=UTC))


def market(closes: list[list[float]], events: list[tuple[int, int]], step: timedelta = HOUR) -> Observed:
    """Rows of closes, judged everywhere, with events at these rows and columns."""
    prices = np.array(closes, np.float64)
    marks = np.zeros(prices.shape, np.bool_)
    for row, column in events:
        marks[row, column] = True
    each = round(step.total_seconds() * 1000)
    ends = BEGIN + each * np.arange(1, len(prices) + 1, dtype=np.int64)
    coins = tuple(f"C{column}" for column in range(prices.shape[1]))
    return Observed(ends, coins, step, prices, np.isfinite(prices), marks)


def walk(rows: int, coins: int, seed: int, share: float = 0.1) -> Observed:
    """Random prices and random events."""
    chance = np.random.default_rng(seed)
    prices = 100 * np.exp(np.cumsum(chance.normal(0, 0.01, (rows, coins)), axis=0))
    marks = np.argwhere(chance.random((rows, coins)) < share)
    return market(prices.tolist(), [(int(row), int(column)) for row, column in marks])


def test_the_outcome_is_the_close_a_horizon_after_over_that_of_the_event() -> None:
    found = study(market([[100], [110], [99], [120]], [(0, 0)]), Direction.UP, 2 * HOUR)

    assert found.entry.mean == pytest.approx(-0.01)
    assert found.later.mean == pytest.approx(120 / 110 - 1)
    assert (found.entry.events, found.entry.hits, found.later.hits) == (1, 0, 1)


def test_an_event_within_the_horizon_of_another_of_its_coin_does_not_count() -> None:
    found = study(market([[100, 50]] * 6, [(0, 0), (1, 0), (2, 0), (1, 1)]), Direction.UP, 2 * HOUR)

    assert found.entry.events == 3


def test_a_coin_that_did_not_move_is_no_hit_either_way() -> None:
    still = market([[100]] * 4, [(0, 0)])

    assert study(still, Direction.UP, HOUR).entry.hits == 0
    assert study(still, Direction.DOWN, HOUR).entry.hits == 0


def test_best_and_worst_are_seen_from_the_claim() -> None:
    one = market([[100], [110], [99]], [(0, 0), (1, 0)])

    assert study(one, Direction.UP, HOUR).entry.best == pytest.approx(0.1)
    assert study(one, Direction.DOWN, HOUR).entry.best == pytest.approx(-0.1)
    assert study(one, Direction.DOWN, HOUR).entry.worst == pytest.approx(0.1)


def test_the_base_rate_of_a_coin_weighs_as_much_as_its_events() -> None:
    rising, falling = [100, 101, 102, 103, 104], [100, 99, 98, 97, 98]
    both = market([list(row) for row in zip(rising, falling, strict=True)], [(0, 0), (1, 1), (2, 1), (3, 1)])

    assert study(both, Direction.UP, HOUR).base_rate == pytest.approx((1 * 1.0 + 3 * 0.25) / 4)
    assert study(both, Direction.UP, HOUR).bars == 8


def test_a_day_on_which_all_coins_hit_counts_once() -> None:
    crash = market([[100.0] * 30, [90.0] * 30], [(0, column) for column in range(30)])
    found = study(crash, Direction.DOWN, HOUR)

    assert (found.entry.events, found.entry.days, found.entry.share) == (30, 1, 1.0)
    assert found.entry.on_days == pytest.approx((0.2065, 1.0), abs=1e-4)
    assert found.finding is Finding.NO_EDGE


def test_bars_that_could_not_be_judged_count_nowhere_and_are_told() -> None:
    whole = market([[100], [101], [102], [103], [104]], [(1, 0), (3, 0)])
    known = whole.known.copy()
    known[1] = False
    found = study(replace(whole, known=known), Direction.UP, HOUR)

    assert (found.entry.events, found.bars, found.no_data) == (1, 3, 0.2)


def test_an_event_whose_outcome_nobody_knows_is_open_and_still_takes_its_time() -> None:
    holed = market([[100], [101], [np.nan], [103], [104], [105]], [(0, 0), (1, 0), (2, 0), (4, 0)])
    found = study(holed, Direction.UP, 2 * HOUR)

    assert (found.entry.events, found.open) == (0, 2)


def test_one_bar_later_are_the_same_events() -> None:
    holed = market([[100], [101], [np.nan], [103], [104]], [(0, 0), (3, 0)])
    found = study(holed, Direction.UP, 2 * HOUR)

    assert (found.open, found.entry.events, found.later.events) == (2, 0, 0)


def test_a_coin_is_not_missed_before_it_was_listed() -> None:
    young = market([[100, np.nan], [101, np.nan], [102, 5], [103, np.nan], [104, 6]], [])

    assert study(young, Direction.UP, HOUR).no_data == pytest.approx(1 / 8)


def test_a_horizon_is_a_whole_number_of_bars() -> None:
    for horizon in (timedelta(minutes=30), timedelta(minutes=90)):
        with pytest.raises(ValueError, match="no whole number of bars"):
            study(market([[100], [101]], []), Direction.UP, horizon)


FEW = Followed(19, 19, 19, 1.0, Interval(0.8, 1), Interval(0.8, 1), 0.1, 0.1, 0.1, 0.1)
GOOD = replace(FEW, events=40, days=30, hits=30, share=0.75)
SOME = replace(GOOD, on_days=Interval(0.49, 0.9))


@pytest.mark.parametrize(
    ("entry", "later", "said"),
    [
        (FEW, FEW, Finding.TOO_FEW),
        (GOOD, GOOD, Finding.EDGE),
        (GOOD, SOME, Finding.NO_EDGE),
        (SOME, GOOD, Finding.NO_EDGE),
        (replace(GOOD, days=19), GOOD, Finding.NO_EDGE),
        (replace(GOOD, on_days=Interval(0.1, 0.4)), GOOD, Finding.NO_EDGE),
    ],
)
def test_an_edge_needs_cases_days_and_a_later_entry_that_agrees(
    entry: Followed, later: Followed, said: Finding
) -> None:
    assert finding(entry, later, 0.5) is said


def test_an_effect_of_the_first_bar_alone_is_said_to_be_that() -> None:
    closes, price = [], 100.0
    for row in range(2_000):
        price *= 1.02 if row % 40 == 1 else (1.001 if row % 2 else 0.999)
        closes.append([price])
    found = study(market(closes, [(row, 0) for row in range(0, 2_000, 40)]), Direction.UP, HOUR)

    assert found.entry.share == 1.0
    assert found.is_first_bar_only
    assert found.finding is Finding.NO_EDGE


def plain(of: Observed, direction: Direction, span: int) -> tuple[int, int, int, float | None]:
    """Events, hits, open ones and base rate, case by case."""
    sign = 1 if direction is Direction.UP else -1
    events = hits = opened = 0
    weighed = 0.0
    for column in range(len(of.coins)):
        prices, own, free = of.closes[:, column], 0, 0
        moves = [prices[row + span] / prices[row] - 1 for row in range(len(prices) - span)]
        for row in range(len(prices)):
            if of.events[row, column] and of.known[row, column] and row >= free:
                free = row + span
                if row < len(moves):
                    own, hits = own + 1, hits + (sign * moves[row] > 0)
                else:
                    opened += 1
        events += own
        base = [sign * move > 0 for row, move in enumerate(moves) if of.known[row, column]]
        weighed += own * sum(base) / max(1, len(base))
    return events, hits, opened, weighed / events if events else None


@given(st.integers(5, 60), st.integers(1, 3), st.integers(0, 2**32 - 1), st.integers(1, 6), st.sampled_from(Direction))
def test_a_study_counts_as_one_counts_by_hand(
    rows: int, coins: int, seed: int, span: int, direction: Direction
) -> None:
    of = walk(rows, coins, seed, share=0.3)
    of = replace(of, known=np.random.default_rng(seed).random(of.known.shape) < 0.8)
    found = study(of, direction, span * HOUR)
    events, hits, opened, base = plain(of, direction, span)

    assert (found.entry.events, found.entry.hits, found.open) == (events, hits, opened)
    if events:
        assert found.base_rate == pytest.approx(base)


@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_entering_one_bar_later_is_the_study_of_the_bar_after(seed: int, span: int) -> None:
    of = walk(80, 2, seed)
    kept = apart(of.events, span)
    after = np.concatenate([np.zeros((1, 2), np.bool_), kept[:-1]])
    later = study(of, Direction.UP, span * HOUR).later
    moved = study(replace(of, events=after), Direction.UP, span * HOUR).entry

    assert replace(moved, days=later.days, on_days=later.on_days) == later


@given(st.integers(0, 2**32 - 1), st.integers(20, 60))
def test_what_comes_after_the_last_horizon_changes_no_case(seed: int, row: int) -> None:
    of = walk(80, 2, seed)
    short = Observed(of.ends[:row], of.coins, of.step, of.closes[:row], of.known[:row], of.events[:row])
    closed = of.events.copy()
    closed[row - 3 :] = False
    cut = Observed(of.ends, of.coins, of.step, of.closes, of.known, closed)

    assert study(short, Direction.UP, 3 * HOUR).entry == study(cut, Direction.UP, 3 * HOUR).entry


def test_the_same_seed_gives_the_same_study() -> None:
    first: Study = study(walk(300, 3, 1), Direction.UP, HOUR, seed=5)

    assert study(walk(300, 3, 1), Direction.UP, HOUR, seed=5) == first
    assert study(walk(300, 3, 1), Direction.UP, HOUR, seed=6).p != first.p
