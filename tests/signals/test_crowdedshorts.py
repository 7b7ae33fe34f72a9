from collections.abc import Sequence
from datetime import timedelta
from math import isnan

import numpy as np
import pytest

from signals.crowdedshorts import CrowdedShorts
from signals.model import Metric
from signals.panel import Panel, Series, from_ms
from tests.signals.hourly import CHECKED, NAN, QUARTER, holed, noise, rank
from tests.signals.panels import panel

SIGNAL, LEVEL = CrowdedShorts(), timedelta(0)
N, P = -0.0001, 0.0001


def market(accounts: Series, settled: Series) -> Panel:
    flat = np.ones(len(settled))
    told = {Metric.LS: accounts, Metric.FUNDING_SETTLED: settled}
    return panel({**told, Metric.PRICE: 100 * flat, Metric.OI_LEVEL: 1e6 * flat})


@pytest.mark.parametrize(
    ("part", "paid", "wanted"),
    [
        (0.0, [N, N, N], 2.0),
        (0.2, [N, N, N], 1.0),
        (0.1, [N, N, N], 1.5),
        (0.4, [N, N, N], 0.0),
        (0.9, [N, N, N], 0.0),
        (0.0, [P, N, N], 0.0),
        (0.0, [N, P, N], 0.0),
        (0.0, [N, N, P], 0.0),
        (0.0, [N, 0.0, N], 0.0),
        (0.0, [N, NAN, N], NAN),
        (0.0, [P, NAN, N], 0.0),
    ],
)
def test_shorts_are_a_crowd_where_longs_are_few_for_the_coin_and_shorts_paid_three_times(
    part: float, paid: Sequence[float], wanted: float
) -> None:
    below = round(part * QUARTER)
    accounts = np.concatenate([np.full(below, 1.0), np.full(QUARTER - below, 3.0), np.full(8, 2.0)])
    settled = np.full(QUARTER + 8, P)
    for back, rate in zip((24, 16, 8), paid, strict=True):
        settled[len(settled) - 1 - back + 8 :] = NAN
        settled[len(settled) - 1 - back + 8] = rate
    accounts[QUARTER : QUARTER + 7] = NAN

    told = float(SIGNAL.score(market(accounts, settled), LEVEL, 1)[0, 0])

    assert told == pytest.approx(wanted, nan_ok=True, abs=0.05)


def test_it_equals_a_slow_calculation() -> None:
    accounts, settled = holed(4, np.exp(noise(4))), holed(5, np.repeat(noise(5, 0.0002), 8)[: len(noise(5))] - 0.0002)
    of = market(accounts, settled)

    scores = SIGNAL.score(of, LEVEL)[:, 0]

    wanted = []
    for row in CHECKED:
        grid = [i for i in range(row + 1) if from_ms(int(of.times[i])).hour % 8 == 0][-3:]
        above = any(rate >= 0 for rate in settled[grid[0] : row + 1])
        below, own = all(settled[i] < 0 for i in grid), rank(accounts, row)
        paid = 0.0 if above else min(2.0, max(0.0, 2 - own / 0.2))
        wanted.append(NAN if isnan(own) or not (above or below) else paid)
    np.testing.assert_allclose(scores[list(CHECKED)], wanted, rtol=1e-6, atol=1e-9)
    assert np.isnan(wanted).any()
    assert np.nanmax(wanted) > 1


def test_the_last_settled_rate_is_told_and_whether_the_row_is_whole() -> None:
    settled = np.full(QUARTER + 8, 3e-4)
    settled[-24:-16], settled[-16:-8], settled[-8:] = -1e-4, -2e-4, -4e-4
    of = market(np.full(QUARTER + 8, 2.0), settled)

    *_, now = SIGNAL.evidence(of, of.coins[0], LEVEL)
    *_, before = SIGNAL.evidence(of.until(QUARTER - 7), of.coins[0], LEVEL)

    assert (now.label, now.value, now.text) == ("last settled", -4e-4, "the last 3 all below zero")
    assert (before.label, before.value, before.text) == ("last settled", -2e-4, "")
