from datetime import timedelta
from math import isnan
from statistics import median

import numpy as np
import pytest

from signals.model import Metric
from signals.panel import Panel, Series
from signals.ratiocollapse import RatioCollapse
from tests.signals.hourly import CHECKED, NAN, QUARTER, holed, noise, rank
from tests.signals.panels import panel

SIGNAL, DAY = RatioCollapse(), timedelta(hours=24)


def market(spot: Series, futures: Series) -> Panel:
    flat = np.ones(len(spot))
    volumes = {Metric.VOLUME_SPOT: spot, Metric.VOLUME_PAIRED: futures}
    return panel({**volumes, Metric.PRICE: 100 * flat, Metric.OI_LEVEL: 1e6 * flat})


@pytest.mark.parametrize(
    ("part", "wanted"), [(0.1, 0.0), (0.69, 0.0), (0.71, 0.5), (0.99, 0.5), (1.0, 0.5), (1.5, 1.0), (NAN, NAN)]
)
def test_a_ratio_collapsed_where_it_is_the_least_of_its_past_and_much_less_than_usual(
    part: float, wanted: float
) -> None:
    whole = QUARTER + 24
    spot, futures = np.full(whole + 24, 20.0), np.full(whole + 24, 100.0)
    spot[whole:] *= part
    of = market(spot, futures)
    known = of.times <= of.times[whole - 1]
    scores = SIGNAL.score(of, DAY)[:, 0]

    assert scores[-1] == pytest.approx(wanted, nan_ok=True, abs=0.012)
    assert known.sum() == whole


def test_it_equals_a_slow_calculation() -> None:
    slow = np.exp(np.sin(np.arange(len(noise(9))) / 90))
    spot, futures = holed(9, slow * np.exp(noise(9, 0.4))), holed(10, 5 * np.exp(noise(10, 0.4)))

    scores = SIGNAL.score(market(spot, futures), DAY)[:, 0]

    days = []
    for row in range(len(spot)):
        both = [
            (s, f) for s, f in zip(spot[: row + 1][-24:], futures[: row + 1][-24:], strict=True) if not isnan(s + f)
        ]
        days.append(float(np.float32(sum(s for s, _ in both) / sum(f for _, f in both))) if len(both) > 21 else NAN)
    wanted = []
    for row in CHECKED:
        past = [day for day in days[row - 720 : row] if not isnan(day)]
        own = rank(days, row)
        shrunk = days[row] <= 0.7 * median(past)
        wanted.append(NAN if isnan(own) else own if shrunk else max(own, 0.5))
    np.testing.assert_allclose(scores[list(CHECKED)], wanted, atol=0.002)
    assert np.nanmin(wanted) < 0.4
    assert np.nanmax(wanted) > 0.55


def test_a_ratio_of_just_seven_tenths_of_the_usual_has_shrunk() -> None:
    whole = QUARTER + 24
    spot, futures = np.full(whole + 24, 100.0), np.full(whole + 24, 100.0)
    spot[whole:] = 70.0

    assert SIGNAL.score(market(spot, futures), DAY)[-1, 0] == pytest.approx(0.0, abs=0.012)
