from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.judge import verdict
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.negfunding import NegFunding
from signals.panel import Panel, from_ms
from signals.rules.lifecycle import Verdict
from signals.rules.model import Compare, Condition
from tests.signals.panels import HOUR, panel

MINUTE = timedelta(minutes=1)
LEVEL = timedelta(0)
NAN = float("nan")
SIGNAL = NegFunding()
DAYS_90 = 90 * 24


def rates(*values: float, step: timedelta = MINUTE) -> Panel:
    return panel({Metric.FUNDING: values}, step)


def facts(market: Panel, coin: str = "BTC") -> Mapping[str, Fact]:
    return {fact.label: fact for fact in SIGNAL.evidence(market, coin, LEVEL)}


def test_its_defaults_are_those_of_the_design() -> None:
    assert (SIGNAL.fire, SIGNAL.clear, SIGNAL.hold) == (-0.0001, -0.00005, timedelta(minutes=15))
    assert (SIGNAL.family, SIGNAL.claim, SIGNAL.unit) == (Family.FUNDING, Direction.UP, Unit.RATE_8H)
    assert (SIGNAL.needs, SIGNAL.basis) == (frozenset({Metric.FUNDING}), Metric.FUNDING)
    assert SIGNAL.windows == (LEVEL,)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (0.01, Verdict.CALM),
        (0.0001, Verdict.CALM),
        (0.0, Verdict.CALM),
        (-0.0, Verdict.CALM),
        (-0.0000001, Verdict.CALM),
        (-0.000037, Verdict.CALM),
        (-0.000049, Verdict.CALM),
        (-0.00005, Verdict.BETWEEN),
        (-0.000051, Verdict.BETWEEN),
        (-0.0001, Verdict.BETWEEN),
        (-0.000101, Verdict.MET),
        (-0.0005, Verdict.MET),
        (-0.01, Verdict.MET),
        (NAN, Verdict.UNKNOWN),
    ],
)
def test_what_a_rate_says_at_the_default_levels(rate: float, said: Verdict) -> None:
    stock = Condition("negfunding", LEVEL, Compare.BELOW, SIGNAL.fire, SIGNAL.clear, Unit.RATE_8H, stock=True)

    score = float(SIGNAL.score(rates(0.0001, rate), LEVEL, 1)[-1, 0])

    assert verdict(stock, None if np.isnan(score) else score)[0] is said


@given(st.lists(st.one_of(st.floats(-0.0625, 0.0625, width=32), st.just(NAN)), min_size=1, max_size=40))
def test_the_score_is_the_running_rate_as_it_was_stored(values: list[float]) -> None:
    scores = SIGNAL.score(rates(*values), LEVEL)

    np.testing.assert_array_equal(scores[:, 0].astype(np.float32), np.array(values, np.float32))


@given(st.integers(-500_000, 500_000))
def test_a_rate_keeps_its_decimals(millionths: int) -> None:
    rate = millionths / 100_000_000

    assert SIGNAL.score(rates(rate), LEVEL)[0, 0] == rate


@given(st.integers(1, 12), st.integers(1, 14))
def test_the_last_rows_are_those_of_the_whole(length: int, rows: int) -> None:
    market = rates(*np.linspace(-0.001, 0.001, length))

    np.testing.assert_array_equal(SIGNAL.score(market, LEVEL, rows), SIGNAL.score(market, LEVEL)[-rows:])


@pytest.mark.parametrize(
    ("rate", "grade"),
    [
        (0.0001, None),
        (0.0, None),
        (-0.0000001, "mild"),
        (-0.000037, "mild"),
        (-0.0001, "mild"),
        (-0.000101, "notable"),
        (-0.0005, "notable"),
        (-0.000501, "extreme"),
        (-0.02, "extreme"),
    ],
)
def test_the_grade_follows_the_rate_and_is_for_rates_below_zero_alone(rate: float, grade: str | None) -> None:
    said = facts(rates(rate)).get("grade")

    assert (said.text if said else None) == grade


@pytest.mark.parametrize(
    ("lower", "ties", "grade", "rank"),
    [
        (0, 1, "extreme", 0.5 / DAYS_90),
        (21, 1, "extreme", 21.5 / DAYS_90),
        (22, 1, "mild", 22.5 / DAYS_90),
        (0, DAYS_90, "mild", 0.5),
    ],
    ids=["the lowest", "just under the 1st percentile", "just over it", "as ever"],
)
def test_a_rate_in_the_coins_own_lowest_hundredth_is_extreme(lower: int, ties: int, grade: str, rank: float) -> None:
    past = np.full(DAYS_90, 0.0001)
    past[:lower] = -0.0004
    past[DAYS_90 - ties :] = -0.00003

    said = facts(rates(*past, step=HOUR))

    assert said["grade"].text == grade
    assert said["rank of 90 days"].value == pytest.approx(rank)
    assert said["rank of 90 days"].unit is Unit.RANK


def test_a_rate_above_zero_is_never_called_extreme_however_low_for_the_coin() -> None:
    said = facts(rates(*[0.0008] * (DAYS_90 - 1), 0.0003, step=HOUR))

    assert "grade" not in said
    assert said["rank of 90 days"].value == pytest.approx(0.5 / DAYS_90)


def test_exactly_the_first_percentile_is_extreme() -> None:
    past = np.full(2050, 0.0001)
    past[:20], past[-1] = -0.0004, -0.00003

    said = facts(rates(*past, step=HOUR))

    assert (said["rank of 90 days"].value, said["grade"].text) == (0.01, "extreme")


def test_a_rank_needs_nine_tenths_of_ninety_days() -> None:
    enough, short = DAYS_90 * 9 // 10, DAYS_90 * 9 // 10 - 1

    assert "rank of 90 days" in facts(rates(*[0.0001] * (enough - 1), -0.0001, step=HOUR))
    assert "rank of 90 days" not in facts(rates(*[0.0001] * (short - 1), -0.0001, step=HOUR))


def test_the_year_and_the_distance_from_neutral_are_simple_rates() -> None:
    said = facts(rates(-0.000037))

    assert said["a year"].value == pytest.approx(-0.040515)
    assert said["a year"].unit is Unit.RATE_YEAR
    assert said["from neutral"].value == pytest.approx(-0.000137)
    assert said["from neutral"].unit is Unit.RATE_8H
    assert "+0.01%" in said["from neutral"].text


N, P, U = -0.0002, 0.0001, NAN


@pytest.mark.parametrize(
    ("minutes", "hours"),
    [
        ([P, N], 1 / 60),
        ([P, N, N, N], 3 / 60),
        ([N, N, P], None),
        ([N, N, 0.0], None),
        ([N, 0.0, N], 1 / 60),
        ([P, N, U, N], 3 / 60),
        ([P, N, U, U, N], 1 / 60),
        ([P, U, N], 1 / 60),
    ],
)
def test_how_long_below_zero_is_counted_back_to_the_last_rate_that_was_not(
    minutes: Sequence[float], hours: float | None
) -> None:
    said = facts(rates(*minutes)).get("below zero for")

    assert (said.value if said else None) == (pytest.approx(hours) if hours else None)
    assert said is None or said.unit is Unit.HOURS


def two_resolutions(minutes: Sequence[float], hours: Sequence[float]) -> Panel:
    """Hours of which the last ends where the last of the minutes ends, minus what is past the full hour."""
    fine, coarse = rates(*minutes), rates(*hours, step=HOUR)
    offset = int(coarse.times[-1]) - int(fine.times[-1]) + len(minutes) % 60 * 60_000
    return replace(fine, times=fine.times + offset, others={HOUR: coarse})


@pytest.mark.parametrize(
    ("minutes", "hours", "long"),
    [
        ([N] * 120, [P, N, N, N, N, N], 5.0),
        ([N] * 150, [P, N, N, N, N, N], 5.5),
        ([*[N] * 100, P, *[N] * 19], [N] * 6, 19 / 60),
        ([*[N] * 119, P], [*[N] * 6], None),
        ([P, *[N] * 119], [N] * 6, 119 / 60),
        ([N] * 120, [N, N, P, P, P, N], 2.0),
    ],
    ids=["hours reach back", "and minutes count", "above between", "above now", "minutes reach", "hours above before"],
)
def test_hours_tell_of_the_time_before_the_minutes_only(
    minutes: Sequence[float], hours: Sequence[float], long: float | None
) -> None:
    said = facts(two_resolutions(minutes, hours)).get("below zero for")

    assert (said.value if said else None) == (pytest.approx(long) if long else None)


def settled(values: Mapping[int, float], step: timedelta = HOUR, rows: int = 48) -> Mapping[str, Fact]:
    """What is said where those bars, counted from 1, hold settled rates; the panel starts at midnight."""
    column = np.full(rows, NAN)
    for number, value in values.items():
        column[number - 1] = value
    return facts(panel({Metric.FUNDING: np.full(rows, N), Metric.FUNDING_SETTLED: column}, step))


@pytest.mark.parametrize(
    ("values", "in_a_row"),
    [
        ({8: N}, 1),
        ({8: N, 16: N, 24: N}, 3),
        ({8: P, 16: N, 24: N}, 2),
        ({8: N, 16: P, 24: N}, 1),
        ({8: N, 16: N, 24: P}, None),
        ({8: N, 16: N, 24: 0.0}, None),
        ({8: N, 24: N}, 1),
        (dict.fromkeys(range(8, 25), N), 3),
        (dict.fromkeys(range(9, 16), N), None),
    ],
    ids=["one", "three", "two", "broken", "positive now", "zero now", "a hole", "levels between", "off the grid"],
)
def test_settlements_in_a_row_are_counted_on_the_eight_hour_grid(
    values: Mapping[int, float], in_a_row: int | None
) -> None:
    said = settled(values).get("settled below zero")

    assert (said.value if said else None) == in_a_row
    assert said is None or said.text == f"{in_a_row} settlements in a row"


def test_the_last_settled_rate_is_the_last_one_known() -> None:
    last = settled({8: P, 16: N})["last settled"]

    assert (last.value, last.unit) == (N, Unit.RATE_8H)
    assert "last settled" not in settled({})


def test_bars_longer_than_a_settlement_do_not_count_settlements() -> None:
    days = settled(dict.fromkeys(range(1, 11), N), timedelta(days=1), 10)

    assert days["last settled"].value == N
    assert "settled below zero" not in days


@pytest.mark.parametrize("market", [rates(N, NAN), rates(N).until(0), panel({Metric.PRICE: [100.0]}, MINUTE)])
def test_an_unknown_rate_has_no_evidence(market: Panel) -> None:
    assert SIGNAL.evidence(market, "BTC", LEVEL) == ()
    assert SIGNAL.evidence(market, "NOSUCH", LEVEL) == ()


@given(st.integers(0, 2**32 - 1))
def test_the_counts_equal_a_slow_calculation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    funding = np.append(rng.choice([N, N, N, P], 60), N)
    paid = rng.choice([N, N, P, NAN], 61)
    market = panel({Metric.FUNDING: funding, Metric.FUNDING_SETTLED: paid}, HOUR)

    said = facts(market)

    below = 0
    while below < len(funding) and funding[-1 - below] < 0:
        below += 1
    assert said["below zero for"].value == below
    grid = [float(rate) for rate, ms in zip(paid, market.times, strict=True) if from_ms(int(ms)).hour % 8 == 0]
    known = [i for i, rate in enumerate(paid) if not np.isnan(rate)]
    until = int(market.times[known[-1]]) if known else 0
    grid = grid[: sum(from_ms(int(ms)).hour % 8 == 0 for ms in market.times if ms <= until)]
    row = 0
    while row < len(grid) and grid[-1 - row] < 0:
        row += 1
    assert (said["settled below zero"].value if row else "settled below zero" not in said) == (row or True)
