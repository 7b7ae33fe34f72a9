from datetime import timedelta

import numpy as np
import pytest

from signals.model import Metric
from signals.panel import Panel
from signals.trust import Grade, grade, structure, structures
from tests.signals.panels import panel

DAY = timedelta(days=1)


def graded(panel: Panel, coin: str, coverage: float, venues: int) -> Grade:
    """The grade of a reading of that coin at the panel's end."""
    pair = panel.of((coin, "BTC"))  # each coin by itself, whoever stands beside it
    ratios, ranks = structures(pair)
    alone = structures(panel.of((coin,)))
    assert np.array_equal([ratios[:1], ranks[:1]], alone, equal_nan=True)
    return grade(structure(ratios[0], ranks[0]), coverage, venues)


def market(last: float, *, days: int = 95, spot: bool = True) -> Panel:
    """Daily bars whose ratio rises evenly from 0.10 to 0.20 and then is `last`."""
    ratios = np.append(np.linspace(0.10, 0.20, days - 1), last)
    volume = np.full(days, 1e9)
    columns = {Metric.VOLUME_PAIRED: volume, Metric.VOLUME: volume}
    return panel({**columns, Metric.VOLUME_SPOT: volume * ratios} if spot else columns, DAY)


@pytest.mark.parametrize(
    ("last", "coverage", "venues", "wanted"),
    [
        (0.15, 1.0, 2, Grade.NORMAL),
        (0.15, 1.0, 1, Grade.REDUCED),
        (0.15, 0.79, 6, Grade.REDUCED),
        (0.115, 1.0, 6, Grade.REDUCED),
        (0.105, 1.0, 6, Grade.LOW),
        (0.019, 1.0, 6, Grade.LOW),
    ],
)
def test_the_grade_follows_the_coins_own_ratio(last: float, coverage: float, venues: int, wanted: Grade) -> None:
    assert graded(market(last), "BTC", coverage, venues) is wanted


def ranked(below: int, now: float = 0.2, *, ties: int = 1) -> Panel:
    """Ninety days of which so many have a lower ratio than today and so many the same."""
    ratios = np.concatenate([np.full(below, 0.1), np.full(ties, now), np.full(90 - below - ties, 0.3), [now]])
    volume = np.full(91, 1e9)
    return panel({Metric.VOLUME_PAIRED: volume, Metric.VOLUME_SPOT: volume * ratios}, DAY)


@pytest.mark.parametrize(
    ("below", "wanted"),
    [(0, Grade.LOW), (4, Grade.LOW), (5, Grade.REDUCED), (13, Grade.REDUCED), (14, Grade.NORMAL), (89, Grade.NORMAL)],
)
def test_the_5th_and_15th_percentiles_belong_to_the_lower_grade(below: int, wanted: Grade) -> None:
    """With one tie, 4 and 13 lower days are exactly those percentiles."""
    assert graded(ranked(below), "BTC", 1.0, 2) is wanted


@pytest.mark.parametrize(("now", "wanted"), [(0.02, Grade.NORMAL), (0.0199, Grade.LOW)])
def test_a_ratio_under_two_hundredths_is_low_whatever_its_rank(now: float, wanted: Grade) -> None:
    assert graded(ranked(0, now, ties=90), "BTC", 1.0, 2) is wanted


@pytest.mark.parametrize(
    ("coverage", "venues", "wanted"),
    [(0.8, 2, Grade.NORMAL), (0.7999, 2, Grade.REDUCED), (0.8, 1, Grade.REDUCED), (1.0, 0, Grade.REDUCED)],
)
def test_coverage_and_venues_reduce_and_never_more(coverage: float, venues: int, wanted: Grade) -> None:
    assert graded(ranked(45), "BTC", coverage, venues) is wanted
    assert graded(ranked(0), "BTC", coverage, venues) is Grade.LOW


def test_today_is_not_in_its_own_past() -> None:
    """With today among the days, four lower ones and a tie would lie above the 5th percentile."""
    assert graded(ranked(4), "BTC", 1.0, 2) is Grade.LOW


def test_the_ratio_is_that_of_a_day_of_hours() -> None:
    """Three hours without spot volume are the lowest day in ninety, though the last hour is as ever."""
    rows = 92 * 24
    spot = np.full(rows, 2e8)
    spot[-24:-21] = 0.0

    market = panel({Metric.VOLUME_PAIRED: np.full(rows, 1e9), Metric.VOLUME_SPOT: spot})

    assert graded(market, "BTC", 1.0, 2) is Grade.LOW
    assert graded(market.until(rows - 24), "BTC", 1.0, 2) is Grade.NORMAL


def test_without_a_spot_leg_or_enough_history_trust_is_unknown() -> None:
    assert graded(market(0.15, spot=False), "BTC", 1.0, 6) is Grade.UNKNOWN
    assert graded(market(0.15, days=60), "BTC", 1.0, 6) is Grade.UNKNOWN
    assert graded(market(0.15), "NOSUCH", 1.0, 6) is Grade.UNKNOWN


def test_a_ratio_under_the_fixed_floor_is_low_without_any_history() -> None:
    assert graded(market(0.01, days=3), "BTC", 1.0, 6) is Grade.LOW
