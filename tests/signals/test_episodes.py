"""A past judged in leaps is the past judged bar by bar."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.episodes import stretches, told_of
from signals.judge import verdict
from signals.model import Unit
from signals.rules.lifecycle import AlertState, Policy, Seen, Transition, Verdict, advance
from signals.rules.model import Compare, Condition
from signals.verdicts import BETWEEN, CALM, MET, UNKNOWN, VERDICTS, Said, lapsed, said, together
from tests.signals.panels import START

MINUTE = timedelta(minutes=1)
NAN = float("nan")

runs = st.lists(
    st.tuples(st.sampled_from((MET, BETWEEN, CALM, UNKNOWN)), st.integers(1, 9), st.integers(0, 4)), max_size=14
)
policies = st.builds(
    Policy,
    hold=st.sampled_from((0, 1, 3, 5)).map(lambda n: n * MINUTE),
    calm=st.sampled_from((0, 2, 5)).map(lambda n: n * MINUTE),
    repeat=st.sampled_from((None, MINUTE, 4 * MINUTE)),
    gap=st.just(2 * MINUTE),
    once=st.booleans(),
    crossing=st.booleans(),
)


def dark(known: Sequence[bool]) -> list[bool]:
    """The known bars before which two or more were missed, or all."""
    return [one and not any(known[max(0, row - 2) : row]) for row, one in enumerate(known)]


def plain(
    codes: Sequence[int], excess: Sequence[float], after_dark: Sequence[bool], policy: Policy
) -> list[Transition]:
    """Every bar, one after the other."""
    state, told, before = AlertState(), list[Transition](), None
    for row, code in enumerate(codes):
        at = START + row * MINUTE
        state, one = advance(state, Seen(at, VERDICTS[code], excess[row], before, after_dark[row]), policy)
        told += [one] if one else []
        before = at
    return told


def column(of: Sequence[float], kind: type) -> np.ndarray:  # type: ignore[type-arg] # of that kind
    return np.array(of, kind)[:, np.newaxis]


@settings(max_examples=200, deadline=None)
@given(runs, policies, st.integers(0, 2**16), st.booleans())
def test_leaps_over_bars_that_change_nothing_change_nothing(
    of: list[tuple[int, int, int]], policy: Policy, seed: int, in_turns: bool
) -> None:
    codes = [code for code, count, _ in of for _ in range(count)]
    steady = [float(worse) for _, count, worse in of for _ in range(count)]
    rng = np.random.default_rng(seed)
    noise = rng.random(len(codes))
    excess = [e + float(n) if c == MET else 0.0 for c, e, n in zip(codes, steady, noise, strict=True)]
    together_dark = dark([code != UNKNOWN for code in codes])  # or each of several cells was dark for one bar alone
    after = [one and not (in_turns and rng.random() < 0.5) for one in together_dark]
    said_of = Said(column(codes, np.int8), column(excess, np.float64), column(after, np.bool_))

    found = told_of([START + n * MINUTE for n in range(len(codes))], said_of, 0, policy)

    assert list(found) == plain(codes, excess, after, policy)


@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_two_missed_bars_in_a_row_are_the_dark(known: list[bool]) -> None:
    values = column([1.0 if one else NAN for one in known], np.float64)

    assert lapsed(values)[:, 0].tolist() == dark(known)


def test_stretches_are_counted_where_they_begin() -> None:
    codes = [[MET, CALM], [MET, MET], [CALM, BETWEEN], [MET, MET]]

    assert stretches(np.array(codes, np.int8)) == 4


values = st.one_of(st.just(NAN), st.sampled_from((-0.2, -0.1, 0.0, -0.0, 0.1, 0.2, 0.05)), st.floats(-1, 1))


@given(
    st.lists(values, min_size=1, max_size=30),
    st.sampled_from(Compare),
    st.sampled_from((-0.1, 0.0, 0.1, 0.2)),
    st.sampled_from((0.0, 0.05, 0.1)),
    st.booleans(),
)
def test_series_say_what_each_of_their_values_says(
    of: list[float], compare: Compare, line: float, band: float, absolute: bool
) -> None:
    clear = line + (band if compare.downward else -band)
    one = Condition("oi", 60 * MINUTE, compare, line, clear, Unit.FRACTION, absolute=absolute)

    found = said(one, np.array([of]), np.zeros((1, len(of)), np.bool_))

    wanted = [verdict(one, None if np.isnan(value) else value) for value in of]
    assert [VERDICTS[code] for code in found.codes[0]] == [verdict for verdict, _ in wanted]
    assert found.excess[0].tolist() == [excess for _, excess in wanted]


@pytest.mark.parametrize(
    ("leaves", "wanted"),
    [
        ((MET, MET), (Verdict.MET, 2.0)),
        ((MET, BETWEEN), (Verdict.BETWEEN, 0.0)),
        ((MET, CALM), (Verdict.CALM, 0.0)),
        ((BETWEEN, CALM), (Verdict.CALM, 0.0)),
        ((MET, UNKNOWN), (Verdict.UNKNOWN, 0.0)),
        ((CALM, UNKNOWN), (Verdict.UNKNOWN, 0.0)),
    ],
)
def test_several_conditions_hold_together_and_one_unknown_makes_all_unknown(
    leaves: tuple[int, int], wanted: tuple[Verdict, float]
) -> None:
    for first, second in (leaves, leaves[::-1]):
        parts = [
            Said(column([code], np.int8), column([worse if code == MET else 0.0], np.float64), column([0], np.bool_))
            for code, worse in ((first, 2.0), (second, 3.0))
        ]
        both = together(parts)

        assert VERDICTS[both.codes[0, 0]] is wanted[0]
        assert both.excess[0, 0] == min(wanted[1], 2.0)
