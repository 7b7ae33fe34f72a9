"""The nearest miss is the bar that a plain search over all of them finds; unknown bars are none."""

from dataclasses import replace
from datetime import datetime, timedelta
from math import inf, isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.misses import Held, Misses, misses
from signals.model import Metric
from signals.panel import Panel, decimal, to_ms
from signals.registry import BY_NAME
from signals.rules.model import Draft
from tests.signals.test_recorded import COINS, HOUR, T0, asked

HOURS = 20
AT = T0 + HOURS * HOUR


def market(funding: list[list[float]], ls: list[list[float]] | None = None) -> Panel:
    """The hours that end with AT, of as many coins as there are columns."""
    rates = np.array(funding, np.float32)
    times = np.array([to_ms(AT - HOUR * back) for back in range(len(rates))][::-1], np.int64)
    known = {Metric.FUNDING: rates} | ({} if ls is None else {Metric.LS: np.array(ls, np.float32)})
    return Panel(times, COINS[: rates.shape[1]], HOUR, known)


def found(sentence: str, panel: Panel, since: datetime = T0 - HOUR) -> Misses:
    """What is found on all coins of the panel."""
    seen = misses(asked(sentence), panel.coins, panel, BY_NAME, since, AT)
    assert seen is not None
    return seen


rates = st.sampled_from([0.0002, 0.0001, 0.00005, 0.0, -0.00005, -0.0001, -0.00012, float("nan")])
ratios = st.sampled_from([0.5, 1.0, 1.9, 2.0, 2.1, float("nan")])


def table(values: st.SearchStrategy[float]) -> st.SearchStrategy[list[list[float]]]:
    return st.lists(st.lists(values, min_size=2, max_size=2), min_size=HOURS, max_size=HOURS)


@settings(max_examples=60, deadline=None)
@given(table(rates), table(ratios))
def test_it_is_what_a_plain_search_finds(funding: list[list[float]], ls: list[list[float]]) -> None:
    panel = market(funding, ls)
    best = inf
    for row in range(HOURS):
        for column in range(2):
            rate = float(decimal(panel[Metric.FUNDING])[row, column])
            ratio = float(decimal(panel[Metric.LS])[row, column])
            if not isnan(rate + ratio) and not (rate < -0.0001 and ratio >= 2):
                best = min(best, max(0.0, rate + 0.0001) / 0.00002 + max(0.0, 2 - ratio) / 0.1)

    seen = found("* funding < -0.01% and ls >= 2", panel)

    if seen.nearest is None:
        assert best == inf
    else:
        first, second = seen.nearest.legs
        assert first.short / 0.00002 + second.short / 0.1 == pytest.approx(best, abs=1e-4)
        assert not (first.met and second.met)


def test_each_condition_says_how_short_it_was_and_on_which_coin() -> None:
    panel = market([[0.0001, 0.0001]] * 9 + [[0.0001, -0.00009]] + [[0.0001, 0.0001]] * 10, [[2.5, 1.5]] * 20)

    nearest = found("* funding < -0.01% and ls > 2", panel).nearest

    assert nearest is not None
    assert (nearest.coin, nearest.at) == ("ETH", AT - 10 * HOUR)
    assert [leg.short for leg in nearest.legs] == pytest.approx([0.00001, 0.5])
    assert [leg.met for leg in nearest.legs] == [False, False]


def test_on_the_line_itself_counts_as_the_comparison_says() -> None:
    panel = market([[0.0002]] * 19 + [[0.0001]])

    below, at_most = found("BTC funding < 0.01%", panel), found("BTC funding <= 0.01%", panel)

    assert below.held is None
    assert below.nearest is not None
    assert below.nearest.legs[0].short == pytest.approx(0, abs=1e-12)
    assert at_most.held == Held("BTC", AT, AT, from_the_start=False)


def test_how_long_it_held_at_most_is_from_the_first_close_to_the_last() -> None:
    dip = [[0.0001, 0.0001]] * 5 + [[-0.0002, 0.0001]] * 2 + [[0.0001, -0.0002]] * 3 + [[0.0001, 0.0001]] * 10

    assert found("* funding < -0.01% for 6h", market(dip)).held == Held(
        "ETH", AT - 12 * HOUR, AT - 10 * HOUR, from_the_start=False
    )


@pytest.mark.parametrize(("before", "already"), [(-0.0002, True), (float("nan"), True), (0.0001, False)])
def test_past_the_line_from_the_start_or_from_the_dark_is_said_to_be_so(before: float, already: bool) -> None:
    held = found("BTC funding < -0.01%", market([[before]] * 3 + [[-0.0002]] * 17)).held

    assert held is not None
    assert held.from_the_start is already


def test_what_is_unknown_is_no_miss_and_its_share_is_told() -> None:
    half = found("BTC funding < -0.01%", market([[float("nan")]] * 10 + [[0.0001]] * 10))
    nothing = found("BTC funding < -0.01%", market([[float("nan")]] * 20))

    assert half.known == 0.5
    assert half.nearest is not None
    assert half.nearest.at > AT - 10 * HOUR
    assert (nothing.known, nothing.nearest, nothing.held) == (0.0, None, None)


def test_only_bars_after_the_beginning_count_and_without_one_there_is_nothing() -> None:
    panel = market([[-0.00009]] + [[0.0001]] * 19)
    since = T0 + 2 * HOUR

    later = found("BTC funding < -0.01%", panel, since)

    assert later.nearest is not None
    assert later.nearest.at > since
    assert misses(asked("BTC funding < -0.01%"), ("BTC",), panel, BY_NAME, AT, AT + timedelta(minutes=5)) is None


def test_each_way_of_a_crossing_is_looked_at() -> None:
    draft: Draft = asked("BTC funding crosses 0%")
    panel = market([[0.0003]] * 10 + [[0.00001]] + [[0.0003]] * 9)

    seen = misses(replace(draft, coins=("BTC",)), ("BTC",), panel, BY_NAME, T0 - HOUR, AT)

    assert seen is not None
    assert seen.nearest is not None
    assert (seen.nearest.at, seen.nearest.legs[0].condition.compare.downward) == (AT - 9 * HOUR, True)
    assert seen.nearest.legs[0].short == pytest.approx(0.00001)


def test_of_a_move_either_way_its_size_is_compared() -> None:
    price = np.array([[100.0]] * 10 + [[97.5]] * 10, np.float32)
    times = np.array([to_ms(AT - HOUR * back) for back in range(20)][::-1], np.int64)
    panel = Panel(times, ("BTC",), HOUR, {Metric.PRICE: price}, {Metric.PRICE: {"binance": price}})

    nearest = found("BTC price 4h moves by 3%", panel).nearest

    assert nearest is not None
    assert nearest.at == AT - 9 * HOUR
    assert nearest.legs[0].value == pytest.approx(-0.025)
    assert nearest.legs[0].short == pytest.approx(0.005)
