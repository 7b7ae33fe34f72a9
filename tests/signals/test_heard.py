"""Who is in a sum of liquidations: told bar by bar, rolled into longer bars, and held only against the same."""

from datetime import timedelta
from importlib import import_module
from inspect import getsource

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.registry import VENUES
from signals.bars import roll
from signals.heard import STREAMS, code
from signals.kept import Kept
from signals.liqspike import LiqSpike
from signals.model import Metric
from signals.panel import SMALL, Buffer, Panel, from_ms
from tests.signals.panels import START, panel

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BOTH, GATE_ALONE = code([("binance", True), ("gate", False)]), code([("gate", False)])
SPIKE = 7_000.0

told = st.lists(st.tuples(st.sampled_from((*STREAMS, "another")), st.booleans()), max_size=8)


@given(told, told)
def test_a_sum_is_within_another_just_where_each_of_its_venues_is(
    mine: list[tuple[str, bool]], theirs: list[tuple[str, bool]]
) -> None:
    def tells(of: list[tuple[str, bool]], venue: str) -> int:
        known = [2 - is_sample if venue in STREAMS else 1 for name, is_sample in of if name == venue]
        return max(known, default=0)

    is_within = code(mine) & ~code(theirs) == 0

    assert is_within == all(tells(mine, venue) <= tells(theirs, venue) for venue, _ in mine)


def test_bars_in_memory_hold_any_of_them_exactly() -> None:
    most = code([(venue, False) for venue in (*STREAMS, "another")])

    assert [int(SMALL(of)) for of in range(most + 1)] == [*range(most + 1)]


def test_each_venue_with_a_stream_of_its_own_has_its_place() -> None:
    modules = {name: import_module(f"adapters.venues.{name}") for name in VENUES}

    assert {name for name, of in modules.items() if Metric.LIQ_LONG.name in getsource(of)} == set(STREAMS)


@pytest.mark.parametrize(("away", "heard"), [(6, BOTH), (7, GATE_ALONE)])
def test_in_an_hour_is_who_was_heard_in_nine_tenths_of_its_minutes(away: int, heard: int) -> None:
    codes = np.array([*[GATE_ALONE] * away, *[BOTH] * (60 - away)], np.float64)

    hour = roll(panel({Metric.LIQ_HEARD: np.random.default_rng(away).permutation(codes)}, MINUTE), HOUR, START + HOUR)

    assert hour[Metric.LIQ_HEARD].tolist() == [[heard]]


def test_an_hour_of_which_nobody_tells_it_tells_nothing() -> None:
    hour = roll(panel({Metric.LIQ_HEARD: [np.nan] * 60}, MINUTE), HOUR, START + HOUR)

    assert np.isnan(hour[Metric.LIQ_HEARD]).all()


def hours(*parts: tuple[int, float, float]) -> Panel:
    """Hours as the service keeps them: so many in a row, each with so much liquidated, and who was heard."""
    each = [(value, of) for count, value, of in parts for _ in range(count)]
    sums = np.array([value for value, _ in each])
    columns = {
        Metric.LIQ_LONG: sums,
        Metric.LIQ_SHORT: np.zeros(len(sums)),
        Metric.LIQ_HEARD: np.array([of for _, of in each]),
        Metric.OI_LEVEL: np.full(len(sums), 1e4),
        Metric.PRICE: np.full(len(sums), 1e3),
    }
    made, buffer = panel(columns, HOUR), Buffer(HOUR, len(sums))
    buffer.append(made)
    return buffer.panel()


def score(of: Panel) -> float:
    kept, afresh = (LiqSpike().score(p, HOUR, rows)[-1, 0] for p, rows in ((of.keeping(Kept()), 1), (of, 9)))
    np.testing.assert_array_equal(kept, afresh)
    return float(kept)


def test_a_venue_that_joins_is_no_spike_and_has_its_own_normal_after_three_days() -> None:
    before = (720, 300.0, GATE_ALONE)

    assert np.isnan(score(hours(before, (1, SPIKE, BOTH))))
    assert np.isnan(score(hours(before, (72, SPIKE, BOTH))))
    assert score(hours(before, (73, SPIKE, BOTH))) == 1.0
    assert score(hours(before, (72, SPIKE, BOTH), (1, 30 * SPIKE, BOTH))) == 30.0


def test_a_venue_that_is_away_makes_the_sum_smaller_and_blinds_nobody() -> None:
    assert score(hours((720, 300.0, BOTH), (1, SPIKE, GATE_ALONE))) == pytest.approx(SPIKE / 300)


def test_hours_without_a_venue_are_no_yardstick_while_most_have_it() -> None:
    assert score(hours((300, 100.0, GATE_ALONE), (420, 700.0, BOTH), (1, SPIKE, BOTH))) == 10.0


def test_bars_that_do_not_tell_who_was_heard_are_held_against_as_before() -> None:
    assert score(hours((720, 700.0, np.nan), (1, SPIKE, BOTH))) == 10.0
    assert score(hours((720, 700.0, BOTH), (1, SPIKE, np.nan))) == 10.0


def test_too_little_past_is_unknown_whoever_was_heard() -> None:
    assert np.isnan(score(hours((600, 700.0, BOTH), (1, SPIKE, BOTH))))


def test_what_is_kept_is_told_anew_when_somebody_joins_within_the_hour() -> None:
    past = hours((720, 300.0, GATE_ALONE))
    kept = Kept()
    columns = {of: np.full(60, value) for of, value in ((Metric.OI_LEVEL, 1e4), (Metric.PRICE, 1e3))}
    columns |= {Metric.LIQ_LONG: np.full(60, 50.0), Metric.LIQ_SHORT: np.zeros(60)}
    columns[Metric.LIQ_HEARD] = np.array([*[GATE_ALONE] * 58, *[BOTH] * 2], np.float64)
    minutes = panel(columns, MINUTE)
    shifted = Panel(
        minutes.times + int(past.times[-1]) - int(minutes.times[0]) + 60_000,
        minutes.coins,
        MINUTE,
        minutes.matrices,
        minutes.legs,
        {HOUR: past},
    )

    def now(of: Panel) -> float:
        return float(LiqSpike().score(of.keeping(kept), HOUR, 1)[0, 0])

    assert np.isfinite(now(shifted.until(58)))
    assert np.isnan([now(shifted.until(59)), now(shifted)]).all()
    assert from_ms(int(shifted.times[-1])) - from_ms(int(past.times[-1])) == HOUR


def test_whoever_was_heard_in_any_bar_of_the_window_is_in_it() -> None:
    """The one who joined is silent again in the last bar, and what it told is in the sum still."""
    past, codes = hours((720, 300.0, GATE_ALONE)), np.array([*[BOTH] * 30, *[GATE_ALONE] * 30], np.float64)
    columns = {of: np.full(60, value) for of, value in ((Metric.OI_LEVEL, 1e4), (Metric.PRICE, 1e3))}
    columns |= {Metric.LIQ_LONG: np.full(60, 50.0), Metric.LIQ_SHORT: np.zeros(60), Metric.LIQ_HEARD: codes}
    minutes = panel(columns, MINUTE)
    times = minutes.times + int(past.times[-1]) - int(minutes.times[0]) + 60_000

    for heard, is_known in ((codes, False), (np.full(60, GATE_ALONE), True)):
        matrices = {**minutes.matrices, Metric.LIQ_HEARD: heard.astype(np.float32).reshape(-1, 1)}
        market = Panel(times, minutes.coins, MINUTE, matrices, minutes.legs, {HOUR: past})
        scores = LiqSpike().score(market, HOUR, 1), LiqSpike().score(market, HOUR, 2)[-1:]
        assert [bool(np.isfinite(of).all()) for of in scores] == [is_known] * 2
