"""A past judged in leaps is the past judged bar by bar."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.episodes import lived, starts
from signals.judge import verdict
from signals.model import Unit
from signals.rules.lifecycle import AlertState, Change, Policy, Seen, Transition, Verdict, advance
from signals.rules.model import Compare, Condition
from signals.verdicts import BETWEEN, CALM, MET, UNKNOWN, VERDICTS, Said, said, together
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
)


def plain(codes: Sequence[int], excess: Sequence[float], policy: Policy) -> tuple[list[Transition], AlertState]:
    """Every bar, one after the other."""
    state, told = AlertState(), []
    for row, code in enumerate(codes):
        state, one = advance(state, Seen(START + row * MINUTE, VERDICTS[code], excess[row]), policy)
        told += [one] if one else []
    return told, state


@settings(max_examples=600, deadline=None)
@given(runs, policies, st.integers(0, 2**16))
def test_leaps_over_bars_that_change_nothing_change_nothing(
    of: list[tuple[int, int, int]], policy: Policy, seed: int
) -> None:
    codes = [code for code, count, _ in of for _ in range(count)]
    steady = [float(worse) for _, count, worse in of for _ in range(count)]
    noise = np.random.default_rng(seed).random(len(codes))
    excess = [e + float(n) if c == MET else 0.0 for c, e, n in zip(codes, steady, noise, strict=True)]

    found = lived([START + n * MINUTE for n in range(len(codes))], np.array(codes, np.int8), np.array(excess), policy)

    told, state = plain(codes, excess, policy)
    assert list(found.told) == told
    assert found.state == state


def test_a_long_calm_is_passed_in_a_leap() -> None:
    codes = np.full(100_000, CALM, np.int8)
    codes[50_000:50_003] = MET
    looked_at = 0

    class Times(list):  # type: ignore[type-arg] # counts what is looked at
        def __getitem__(self, row):  # type: ignore[no-untyped-def]
            nonlocal looked_at
            looked_at += 1
            return START + row * MINUTE if row >= 0 else START + (len(codes) + row) * MINUTE

        def __len__(self) -> int:
            return len(codes)

    found = lived(Times(), codes, np.zeros(len(codes)), Policy(MINUTE, MINUTE, None, 2 * MINUTE))

    assert [one.change for one in found.told] == [Change.FIRED, Change.RESOLVED]
    assert looked_at < 100
    assert starts(codes[:, np.newaxis]).tolist() == [1]


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

    found = said(one, np.array([of]))

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
            Said(np.array([[code]], np.int8), np.array([[worse if code == MET else 0.0]]))
            for code, worse in ((first, 2.0), (second, 3.0))
        ]
        both = together(parts)

        assert VERDICTS[both.codes[0, 0]] is wanted[0]
        assert both.excess[0, 0] == min(wanted[1], 2.0)
