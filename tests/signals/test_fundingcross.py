from datetime import timedelta
from math import isnan

import numpy as np
import pytest

from signals.fundingcross import FundingCross
from signals.model import Metric
from signals.panel import Panel, Series
from tests.signals.hourly import NAN, holed, noise
from tests.signals.panels import HOUR, panel

SIGNAL, LEVEL, MINUTE = FundingCross(), timedelta(0), timedelta(minutes=1)
N, P = -0.0001, 0.0001
CHANGED, SAME = P - 0.00002, -0.00002


def market(rates: Series, step: timedelta, joined: int | None = None) -> Panel:
    flat = np.ones(len(rates))
    other = np.full(len(rates), NAN)
    if joined is not None:
        other[joined:] = 1e6
    oi = {"binance": 1e6 * flat, "okx": other}
    legs = {Metric.PRICE: {"binance": 100 * flat}, Metric.OI_LEVEL: oi}
    return panel(
        {Metric.FUNDING: rates, Metric.PRICE: 100 * flat, Metric.OI_LEVEL: 1e6 * flat + np.nan_to_num(other)},
        step,
        legs=legs,
    )


@pytest.mark.parametrize(
    ("minutes", "of_any", "up", "down"),
    [
        ([N] * 1_440 + [P] * 14, SAME, SAME, SAME),
        ([N] * 1_440 + [P] * 15, CHANGED, CHANGED, SAME),
        ([P] * 1_440 + [N] * 15, CHANGED, SAME, CHANGED),
        ([N] * 1_440 + [P] * 1_439, CHANGED, CHANGED, SAME),
        ([N] * 1_440 + [P] * 1_440, SAME, SAME, SAME),
        ([P] * 1_440 + [-0.00001] * 60, SAME, SAME, SAME),
        ([N] * 1_440 + [P] * 7 + [N] + [P] * 7, SAME, SAME, SAME),
        ([N] * 1_440 + [P] * 15 + [NAN], NAN, NAN, NAN),
        ([N] * 1_000 + [P] * 15, NAN, NAN, NAN),
    ],
    ids=["14 minutes", "15 minutes", "down", "a day ago", "old", "in the band", "no dwell", "unknown", "too little"],
)
def test_a_sign_changes_once_a_rate_stays_beyond_the_band(
    minutes: list[float], of_any: float, up: float, down: float
) -> None:
    of = market(np.array(minutes), MINUTE)

    told = [float(SIGNAL.score(of, LEVEL, 1, side)[0, 0]) for side in ("", "up", "down")]

    assert told == pytest.approx([of_any, up, down], nan_ok=True, abs=1e-9)


@pytest.mark.parametrize(("joined", "wanted"), [(1_445, NAN), (1_000, CHANGED)])
def test_who_joins_in_between_makes_it_unknown(joined: int, wanted: float) -> None:
    of = market(np.array([N] * 1_440 + [P] * 15), MINUTE, joined)

    assert float(SIGNAL.score(of, LEVEL, 1)[0, 0]) == pytest.approx(wanted, nan_ok=True, abs=1e-9)


def test_it_equals_a_slow_calculation() -> None:
    rates = holed(14, np.convolve(noise(14, 0.0001), np.ones(20) / 20, "same") * 3)[:900]
    rates[300:304] = NAN

    scores = SIGNAL.score(market(rates, HOUR), LEVEL)[:, 0]

    wanted = []
    for row, rate in enumerate(rates):
        signs = [1 if r > 0.00002 else -1 if r < -0.00002 else 0 for r in rates[: row + 1]]
        stood = [(i, sign) for i, sign in enumerate(signs) if sign]
        now = stood[-1][1] if stood else 0
        others = [i for i, sign in stood if sign == -now]
        changed = bool(others) and others[-1] > row - 24
        known = sum(not isnan(r) for r in rates[max(0, row - 23) : row + 1])
        told = max(0.0, now * rate) if changed else 0.0
        wanted.append(NAN if isnan(rate) or known < 0.9 * 24 else told - 0.00002)
    np.testing.assert_allclose(scores, wanted, atol=1e-9)
    assert np.isnan(wanted).sum() > 25
    assert np.nanmax(wanted) > 0
