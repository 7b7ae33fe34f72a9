"""The dry run tells what a plain loop over every bar tells, and says on what it rests."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.judge import MISSED_BARS, policy, said, together, tracks
from signals.model import ALL, Metric, Unit, Yardstick
from signals.panel import Panel, decimal, from_ms, to_ms
from signals.registry import BY_NAME
from signals.rehearsal import SPANS, Rehearsal, rehearse
from signals.rules.lifecycle import AlertState, Change, Seen, Transition, Verdict, advance
from signals.rules.model import Compare, Condition, Crossing, Draft
from tests.signals.panels import START, panel

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEEK = 7 * DAY
LEVEL, NAN = timedelta(0), float("nan")
NOTABLE = Condition("funding", LEVEL, Compare.BELOW, -0.0001, -0.00008, Unit.RATE_8H)
END = START + 98 * DAY


def draft(*conditions: Condition, hold: timedelta = LEVEL, once: bool = False) -> Draft:
    return Draft(("BTC",), ALL, conditions or (NOTABLE,), hold, HOUR, once=once)


def bars(
    columns: Mapping[Metric, Sequence[float] | np.ndarray],  # type: ignore[type-arg] # of numbers
    step: timedelta = HOUR,
    end: datetime = END,
    coin: str = "BTC",
) -> Panel:
    one = panel(columns, step, coin)
    return replace(one, times=one.times + to_ms(end) - int(one.times[-1]))


def rates(of: Sequence[tuple[float, int]], step: timedelta = HOUR, rows: int = 98 * 24) -> Panel:
    """Stretches of one rate each that end now; before them a calm one."""
    told = [rate for rate, count in of for _ in range(count)]
    return bars({Metric.FUNDING: [1e-4] * (rows - len(told)) + told}, step)


def run(of: Draft, market: Panel, neighbours: Sequence[Draft] = (), budget: int = 10**12) -> Rehearsal:
    return rehearse(of, market.coins, market, BY_NAME, END, budget, neighbours)


def plain(of: Draft, times: Sequence[datetime], values: Sequence[Sequence[float]], step: timedelta) -> list[Transition]:
    """Every bar of one coin, by the verdicts and phases of live, in plain Python."""
    told = []
    for track in tracks(of, BY_NAME):
        state, before, lit = AlertState(), None, [None] * len(values)
        for row, at in enumerate(times):
            now = [None if np.isnan(series[row]) else float(series[row]) for series in values]
            lapsed = False
            for i, value in enumerate(now):
                if value is not None:
                    lapsed |= lit[i] is None or at - lit[i] > MISSED_BARS * step
                    lit[i] = at
            verdict, excess = together(said(c, value) for c, value in zip(track.conditions, now, strict=True))
            state, one = advance(state, Seen(at, verdict, excess, before, lapsed), policy(of, step))
            told += [one] if one else []
            before = at
    return sorted(told, key=lambda one: one.at)


stretches = st.lists(
    st.tuples(st.sampled_from([1e-4, -1e-4, -0.9e-4, -0.00008, -0.00012, -0.0003, NAN]), st.integers(1, 9)),
    min_size=1,
    max_size=18,
)


@settings(max_examples=40, deadline=None)
@given(
    stretches,
    st.sampled_from([LEVEL, HOUR, 5 * HOUR]),
    st.sampled_from([None, *Crossing]),
    st.sampled_from([None, timedelta(minutes=30), 4 * HOUR]),
)
def test_it_fires_just_when_a_plain_loop_over_every_bar_fires(
    of: list[tuple[float, int]], hold: timedelta, way: Crossing | None, every: timedelta | None
) -> None:
    up = way in (Crossing.UP, Crossing.EITHER)
    line = replace(NOTABLE, compare=Compare.ABOVE, clear=-0.00012) if up else NOTABLE
    one = replace(draft(replace(line, crossing=way), hold=hold), every=every)
    market = rates(of, rows=8 * 24)

    judged = run(one, market).spans[WEEK]

    told = plain(one, [from_ms(ms) for ms in market.times.tolist()], [decimal(market[Metric.FUNDING][:, 0])], HOUR)
    fired = [one.at for one in told if one.change is Change.FIRED]
    assert judged is not None
    assert judged.fired == len(fired)
    assert judged.messages == len(told)
    assert judged.silence == max(b - a for a, b in pairwise([END - WEEK, *fired, END]))


def test_counts_are_of_each_span_and_coin() -> None:
    low, calm = (-0.0002, 1), (1e-4, 1)
    early = rates([low, (1e-4, 50 * 24), low, (1e-4, 10 * 24), low, calm, low, calm])

    found = run(draft(), early)

    assert [found.spans[span].fired for span in SPANS] == [2, 3, 4]  # type: ignore[union-attr] # bars reach
    assert found.spans[WEEK].messages == 4  # type: ignore[union-attr] # firings and their ends
    assert found.a_week == pytest.approx(4 / 90 * 7)
    assert found.messages_a_day == pytest.approx(8 / 90)
    assert found.spans[90 * DAY].silence == 50 * DAY + HOUR  # type: ignore[union-attr] # the same
    assert found.spans[WEEK].fires == {"BTC": 2}  # type: ignore[union-attr] # the same


def test_a_span_that_bars_do_not_reach_is_none_and_the_reach_is_said() -> None:
    found = run(draft(), bars({Metric.FUNDING: [1e-4] * (12 * 24)}))

    assert [found.spans[span] is not None for span in SPANS] == [True, False, False]
    assert found.reach == 12 * DAY - HOUR
    assert found.longest is found.spans[WEEK]


def test_nothing_known_is_no_rate_and_not_calm() -> None:
    found = run(draft(), bars({Metric.FUNDING: [NAN] * (98 * 24)}))

    assert set(found.spans.values()) == {None}
    assert (found.a_week, found.messages_a_day, found.without_hold.a_week) == (None, None, None)
    assert found.present["BTC"].verdict is Verdict.UNKNOWN
    assert found.present["BTC"].values == (None,)


def test_a_rate_is_per_time_that_could_be_judged() -> None:
    told = [(1e-4, 2), *[(-0.0002, 1), (1e-4, 1)] * 10]
    whole, half = rates([(1e-4, 1080), *told]), rates([(1e-4, 1000), (NAN, 1080), *told])

    known = run(draft(), half).longest
    assert known is not None
    assert known.known == pytest.approx(0.5, abs=0.01)
    assert run(draft(), half).a_week == pytest.approx(2 * (run(draft(), whole).a_week or 0), rel=0.02)


def test_each_span_is_judged_on_the_shortest_bars_that_reach() -> None:
    five = rates([(-0.0002, 6), (1e-4, 6)], 5 * MINUTE, 8 * 288 + 60)
    market = replace(rates([]), others={})
    every = replace(rates([], MINUTE, 1500), others={5 * MINUTE: five, HOUR: market})

    found = run(draft(hold=15 * MINUTE), every)

    assert [of.step for of in found.spans.values() if of] == [5 * MINUTE, HOUR, HOUR]
    assert found.spans[WEEK].fired == 1  # type: ignore[union-attr] # the hour's bars saw nothing of it
    assert found.spans[90 * DAY].fired == 0  # type: ignore[union-attr] # the same


def test_a_sum_is_never_judged_on_bars_longer_than_its_window() -> None:
    def liquidated(step: timedelta, rows: int) -> Panel:
        return bars({Metric.LIQ_LONG: np.ones(rows), Metric.LIQ_SHORT: np.ones(rows)}, step)

    market = replace(
        liquidated(MINUTE, 1500), others={5 * MINUTE: liquidated(5 * MINUTE, 2460), HOUR: liquidated(HOUR, 2352)}
    )
    short = Condition("liq", 15 * MINUTE, Compare.ABOVE, 8.0, 4.0, Unit.USD)

    found = run(draft(short), market)

    assert {span: of.step if of else None for span, of in found.spans.items()} == {
        WEEK: 5 * MINUTE,
        30 * DAY: None,
        90 * DAY: None,
    }
    assert 8 * DAY < found.reach < 9 * DAY
    assert found.spans[WEEK].fired == 0  # type: ignore[union-attr] # three bars of two each are six


def test_present_says_value_verdict_and_since_when_over_bars_of_all_lengths() -> None:
    low = -0.0002
    five = bars({Metric.FUNDING: [low] * 2460}, 5 * MINUTE)
    hours = rates([(low, 20 * 24)])
    market = replace(bars({Metric.FUNDING: [low] * 1500}, MINUTE), others={5 * MINUTE: five, HOUR: hours})

    found = run(draft(), market)

    assert found.present["BTC"].values == (pytest.approx(low),)
    assert found.present["BTC"].verdict is Verdict.MET
    assert found.already_true_since == END - 20 * DAY + HOUR
    assert run(draft(replace(NOTABLE, line=-0.001)), market).already_true_since is None


def test_without_the_hold_and_the_neighbours_are_judged_on_the_same_bars() -> None:
    told = [(-0.0002, 1), (1e-4, 3), (-0.0002, 5), (1e-4, 3)] * 6
    market = rates(told)
    harder = draft(replace(NOTABLE, line=-0.0003), hold=2 * HOUR)

    found = run(draft(hold=2 * HOUR), market, [harder])

    assert found.a_week == pytest.approx(6 / 90 * 7)
    assert found.without_hold.a_week == pytest.approx(12 / 90 * 7)
    assert found.without_hold.draft.hold == LEVEL
    assert [(n.draft, n.a_week) for n in found.neighbours] == [(harder, 0.0)]


def test_a_rule_that_fires_once_is_judged_as_if_it_were_armed_again() -> None:
    market = rates([(-0.0002, 1), (1e-4, 1)] * 4)

    assert run(draft(once=True), market).a_week == run(draft(), market).a_week


def many(coins: int) -> Panel:
    rng = np.random.default_rng(1)
    names = tuple(f"C{n}" for n in range(coins))
    one = rates([])
    funding = np.where(rng.random((len(one.times), coins)) < 0.05, -0.0002, 1e-4).astype(np.float32)
    return replace(one, coins=names, matrices={Metric.FUNDING: funding})


def test_too_much_work_judges_fewer_coins_and_scales_the_rates_to_all() -> None:
    market = many(40)

    whole, part = run(draft(), market), run(draft(), market, budget=200_000_000)

    assert len(whole.coins) == whole.asked == part.asked == 40
    assert 1 <= len(part.coins) < 30
    assert part.a_week == pytest.approx(whole.a_week, rel=0.15)
    assert {coin: n for coin, n in whole.spans[WEEK].fires.items() if coin in part.coins} == part.spans[WEEK].fires  # type: ignore[union-attr] # bars reach


def test_several_conditions_must_hold_together() -> None:
    low = [(-0.0002, 1), (1e-4, 1)] * 10
    market = rates(low)
    matrices = {**market.matrices, Metric.LS: np.ones(market.shape, np.float32)}
    matrices[Metric.LS][-10:] = 2.0
    long = Condition("ls", LEVEL, Compare.ABOVE, 1.5, 1.4, Unit.RATIO)

    found = run(draft(NOTABLE, long), replace(market, matrices=matrices))

    assert found.spans[WEEK].fired == 5  # type: ignore[union-attr] # of ten, the last five
    assert len(found.present["BTC"].values) == 2


def test_a_rank_is_judged_as_far_back_as_it_has_a_past() -> None:
    """90 of 98 days are its past, of which nine tenths are enough: it can be judged for the last 17."""
    rng = np.random.default_rng(2)
    market = bars({Metric.FUNDING: rng.normal(0, 1e-4, 98 * 24)})
    lowest = Condition("funding", LEVEL, Compare.BELOW, 0.05, 0.07, Unit.RANK, Yardstick.RANK)

    found = run(draft(lowest), market)

    assert [found.spans[span] is not None for span in SPANS] == [True, False, False]
    assert timedelta(days=16) < found.reach < timedelta(days=18)
    assert found.a_week == pytest.approx(0.05 * 168, rel=0.5)
