from datetime import timedelta

import numpy as np
import pytest

from signals.model import Metric
from signals.panel import Panel
from signals.trust import Grade, grade
from tests.signals.panels import panel

DAY = timedelta(days=1)


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
    assert grade(market(last), "BTC", coverage, venues) is wanted


def test_without_a_spot_leg_or_enough_history_trust_is_unknown() -> None:
    assert grade(market(0.15, spot=False), "BTC", 1.0, 6) is Grade.UNKNOWN
    assert grade(market(0.15, days=60), "BTC", 1.0, 6) is Grade.UNKNOWN
    assert grade(market(0.15), "NOSUCH", 1.0, 6) is Grade.UNKNOWN


def test_a_ratio_under_the_fixed_floor_is_low_without_any_history() -> None:
    assert grade(market(0.01, days=3), "BTC", 1.0, 6) is Grade.LOW
