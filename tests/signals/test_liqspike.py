from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from math import isnan
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.judge import verdict
from signals.liqspike import LiqSpike
from signals.model import Fact, Family, Metric, Unit
from signals.panel import Panel, Series
from signals.rules.lifecycle import Verdict
from signals.rules.model import Compare, Condition
from tests.signals.panels import HOUR, panel

MINUTE = timedelta(minutes=1)
NAN = float("nan")
SIGNAL = LiqSpike()
BASELINE = 30 * 24
"""Hours that the median is taken of."""

USUAL = 1_000.0
"""Dollars liquidated in a usual hour."""

OI_USD = 1e6
"""Open interest in dollars, whose 0.2 basis points are 20 dollars."""


def market(
    long: Sequence[float] | Series, short: Sequence[float] | Series, step: timedelta = HOUR, oi_usd: float = OI_USD
) -> Panel:
    """Those sums per bar beside an open interest of coins at 50 dollars each."""
    rows = len(long)
    columns = {Metric.PRICE: np.full(rows, 50.0), Metric.OI_LEVEL: np.full(rows, oi_usd / 50)}
    return panel({**columns, Metric.LIQ_LONG: long, Metric.LIQ_SHORT: short}, step)


def spike(long: float, short: float = 0.0, usual: float = USUAL, oi_usd: float = OI_USD) -> Panel:
    """Thirty usual days, half long and half short, and one hour with those sums."""
    past = np.full(BASELINE, usual / 2)
    return market(np.append(past, long), np.append(past, short), oi_usd=oi_usd)


def score(of: Panel) -> float:
    return float(SIGNAL.score(of, HOUR, 1)[-1, 0])


def said(value: float) -> Verdict:
    stock = Condition("liqspike", HOUR, Compare.ABOVE, SIGNAL.fire, SIGNAL.clear, Unit.MULTIPLE, stock=True)
    return verdict(stock, None if isnan(value) else value)[0]


def test_its_defaults_are_those_of_the_design() -> None:
    assert (SIGNAL.fire, SIGNAL.clear, SIGNAL.hold) == (20.0, 5.0, timedelta(0))
    assert (SIGNAL.family, SIGNAL.claim, SIGNAL.unit) == (Family.LIQUIDATION, None, Unit.MULTIPLE)
    assert SIGNAL.windows == (HOUR,)
    assert SIGNAL.sides == {"long", "short"}


@pytest.mark.parametrize(
    ("long", "short", "wanted", "verdict_on_it"),
    [
        (20_001.0, 0.0, 20.001, Verdict.MET),
        (0.0, 20_001.0, 20.001, Verdict.MET),
        (10_001.0, 10_000.0, 20.001, Verdict.MET),
        (20_000.0, 0.0, 20.0, Verdict.BETWEEN),
        (10_000.0, 10_000.0, 20.0, Verdict.BETWEEN),
        (5_000.0, 0.0, 5.0, Verdict.BETWEEN),
        (4_999.0, 0.0, 4.999, Verdict.CALM),
        (0.0, 0.0, 0.0, Verdict.CALM),
        (NAN, 50_000.0, NAN, Verdict.UNKNOWN),
        (50_000.0, NAN, NAN, Verdict.UNKNOWN),
    ],
)
def test_the_score_is_the_hours_sum_over_the_usual_hour(
    long: float, short: float, wanted: float, verdict_on_it: Verdict
) -> None:
    value = score(spike(long, short))

    assert value == pytest.approx(wanted, nan_ok=True)
    assert said(value) is verdict_on_it


@pytest.mark.parametrize(
    ("long", "short", "of_long", "of_short"),
    [
        (7_000.0, 3_000.0, 14.0, 0.0),
        (6_990.0, 3_010.0, 0.0, 0.0),
        (3_000.0, 7_000.0, 0.0, 14.0),
        (3_010.0, 6_990.0, 0.0, 0.0),
        (10_000.0, 0.0, 20.0, 0.0),
        (0.0, 0.0, 0.0, 0.0),
        (NAN, 10_000.0, NAN, NAN),
        (10_000.0, NAN, NAN, NAN),
    ],
)
def test_a_side_counts_its_own_liquidations_where_they_are_seven_tenths_of_all(
    long: float, short: float, of_long: float, of_short: float
) -> None:
    of = spike(long, short)

    sides = [float(SIGNAL.score(of, HOUR, 1, side)[-1, 0]) for side in ("long", "short")]

    assert sides == pytest.approx([of_long, of_short], nan_ok=True)


@pytest.mark.parametrize(
    ("usual", "oi_usd", "wanted"),
    [
        (0.0, 1e6, 1_000.0),
        (0.0, 1e8, 10.0),
        (19.0, 1e6, 1_000.0),
        (21.0, 1e6, 20_000 / 21),
        (USUAL, 5e7, 20.0),
        (USUAL, 1e8, 10.0),
    ],
)
def test_a_usual_hour_is_never_less_than_two_tenths_of_a_basis_point_of_open_interest(
    usual: float, oi_usd: float, wanted: float
) -> None:
    assert score(spike(20_000.0, usual=usual, oi_usd=oi_usd)) == pytest.approx(wanted)


@pytest.mark.parametrize("metric", [Metric.PRICE, Metric.OI_LEVEL])
@pytest.mark.parametrize("value", [NAN, 0.0])
def test_without_open_interest_in_dollars_the_floor_and_so_the_score_is_unknown(metric: Metric, value: float) -> None:
    whole = spike(50_000.0)
    matrices = dict(whole.matrices)
    matrices[metric] = np.append(matrices[metric][:-1], [[value]], axis=0).astype(np.float32)

    assert said(score(whole)) is Verdict.MET
    assert said(score(replace(whole, matrices=matrices))) is Verdict.UNKNOWN


@pytest.mark.parametrize(("holes", "known"), [(BASELINE // 10, True), (BASELINE // 10 + 1, False)])
def test_it_needs_nine_tenths_of_thirty_days_and_a_hole_is_no_quiet_hour(holes: int, known: bool) -> None:
    past = np.full(BASELINE, USUAL)
    past[100 : 100 + holes] = NAN
    holed = market(np.append(past, 10 * USUAL), np.append(np.zeros(BASELINE), 0.0))

    young = spike(10 * USUAL).tail(BASELINE + 1 - holes)

    assert score(holed) == pytest.approx(10.0 if known else NAN, nan_ok=True)
    assert score(young) == pytest.approx(10.0 if known else NAN, nan_ok=True)


def test_the_hour_itself_is_not_in_its_own_median() -> None:
    """Half of the hours are usual and half are ten times that: with the last one in it, the median would be higher."""
    past = np.append(np.full(BASELINE // 2, USUAL), np.full(BASELINE // 2, 10 * USUAL))
    zeros = np.zeros(BASELINE + 1)

    with_past, shifted = (
        market(np.append(past, 55_000.0), zeros),
        market(np.append(past, 55_000.0), zeros).tail(BASELINE),
    )

    assert score(with_past) == pytest.approx(10.0)
    assert score(shifted) == pytest.approx(5.5)


def by_the_minute(last: Sequence[float] | Series, hours: int = BASELINE, past_the_hour: int = 0) -> Panel:
    """Usual hours, and minutes that end so many minutes past the last of them."""
    coarse = market(np.full(hours, USUAL), np.zeros(hours))
    fine = market(last, np.zeros(len(last)), MINUTE)
    shift = int(coarse.times[-1]) + past_the_hour * 60_000 - int(fine.times[-1])
    return replace(fine, times=fine.times + shift, others={HOUR: coarse})


@pytest.mark.parametrize(
    ("known", "wanted"),
    [(60, 60.0), (54, 54.0), (53, NAN)],
)
def test_an_hour_needs_nine_tenths_of_its_minutes(known: int, wanted: float) -> None:
    minutes = np.full(120, USUAL)
    minutes[60 : 120 - known] = NAN

    assert score(by_the_minute(minutes, BASELINE + 1)) == pytest.approx(wanted, nan_ok=True)


def test_the_minutes_of_the_last_hour_count_and_no_others() -> None:
    minutes = np.zeros(180)
    minutes[119], minutes[120], minutes[179] = 7e6, 100.0, 20.0

    assert score(by_the_minute(minutes, BASELINE + 1)) == pytest.approx(0.12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 59))
def test_hours_in_the_median_end_where_the_minutes_of_the_sum_begin(seed: int, past_the_hour: int) -> None:
    rng = np.random.default_rng(seed)
    hours = rng.lognormal(7, 1, BASELINE + 3)
    sums = by_the_minute(np.full(120, 10.0), past_the_hour=past_the_hour)
    coarse = market(hours, np.zeros(len(hours)))
    shift = int(sums.others[HOUR].times[-1]) - int(coarse.times[-1])
    both = replace(sums, others={HOUR: replace(coarse, times=coarse.times + shift)})

    begins = int(both.times[-1]) - 3_600_000
    before = [x for x, ms in zip(hours.astype(np.float32), coarse.times + shift, strict=True) if ms <= begins]
    assert score(both) == pytest.approx(600.0 / median(map(float, before[-BASELINE:])), rel=1e-6)


def noisy(seed: int, rows: int = BASELINE + 40) -> Panel:
    rng = np.random.default_rng(seed)
    holes = rng.random((4, rows)) < 0.02
    long, short = (rng.lognormal(5, 2, rows) * np.where(rng.random(rows) < 0.05, 100, 1) for _ in range(2))
    columns = {
        Metric.LIQ_LONG: np.where(holes[0], NAN, long),
        Metric.LIQ_SHORT: np.where(holes[1], NAN, short),
        Metric.PRICE: np.where(holes[2], NAN, rng.lognormal(4, 0.1, rows)),
        Metric.OI_LEVEL: np.where(holes[3], NAN, rng.lognormal(12, 1, rows)),
    }
    return panel(columns)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_it_equals_a_slow_calculation_bar_by_bar(seed: int) -> None:
    of = noisy(seed)
    long, short, price, oi = (
        [float(x) for x in of[m][:, 0]] for m in (Metric.LIQ_LONG, Metric.LIQ_SHORT, Metric.PRICE, Metric.OI_LEVEL)
    )
    sums = [a + b for a, b in zip(long, short, strict=True)]

    found = SIGNAL.score(of, HOUR)[:, 0]

    wanted = []
    for row, now in enumerate(sums):
        past = [x for x in sums[max(0, row - BASELINE) : row] if not isnan(x)]
        floor = 0.2e-4 * oi[row] * price[row]
        known = len(past) >= 0.9 * BASELINE and not isnan(now) and not isnan(floor)
        wanted.append(now / max(median(past), floor) if known else NAN)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert np.isfinite(found).any()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(-20, 20))
def test_neither_the_size_of_a_market_nor_the_side_matters(seed: int, power: int) -> None:
    """All dollars times a power of two, long for short."""
    of = noisy(seed)
    factor = np.float32(2.0**power)
    swapped = {
        Metric.LIQ_LONG: of[Metric.LIQ_SHORT] * factor,
        Metric.LIQ_SHORT: of[Metric.LIQ_LONG] * factor,
        Metric.PRICE: of[Metric.PRICE],
        Metric.OI_LEVEL: of[Metric.OI_LEVEL] * factor,
    }

    np.testing.assert_allclose(SIGNAL.score(replace(of, matrices=swapped), HOUR), SIGNAL.score(of, HOUR), rtol=1e-9)


def facts(of: Panel, coin: str = "BTC") -> Mapping[str, Fact]:
    return {fact.label: fact for fact in SIGNAL.evidence(of, coin, HOUR)}


def test_the_evidence_names_the_sum_the_usual_hour_and_the_span_with_their_units() -> None:
    found = facts(spike(30_000.0, 10_000.0))

    assert [(f.label, f.value, f.unit) for f in found.values()] == [
        ("liquidated", 40_000.0, Unit.USD),
        ("side", 0.75, Unit.FRACTION),
        ("median of 30 days", 1_000.0, Unit.USD),
        ("sum over", 1.0, Unit.HOURS),
    ]


@pytest.mark.parametrize(("side", "wanted"), [("long", 30_000.0), ("short", 10_000.0)])
def test_the_evidence_of_a_side_is_its_own_sum_against_its_own_usual_hour(side: str, wanted: float) -> None:
    found = {fact.label: fact.value for fact in SIGNAL.evidence(spike(30_000.0, 10_000.0), "BTC", HOUR, side)}

    assert found[f"{side} liquidated"] == wanted
    assert found["median of 30 days"] == USUAL / 2


@pytest.mark.parametrize(
    ("long", "short", "side"),
    [
        (70.0, 30.0, "long positions: forced selling"),
        (1.0, 0.0, "long positions: forced selling"),
        (69.0, 31.0, "both sides"),
        (50.0, 50.0, "both sides"),
        (31.0, 69.0, "both sides"),
        (30.0, 70.0, "short positions: forced buying"),
        (0.0, 1.0, "short positions: forced buying"),
        (0.0, 0.0, None),
    ],
)
def test_the_side_is_that_of_the_positions_that_were_closed(long: float, short: float, side: str | None) -> None:
    found = facts(spike(long, short)).get("side")

    assert (found.text if found else None) == side


@pytest.mark.parametrize(("hours", "bars"), [(4, 30 * 6), (24, 30)])
def test_on_longer_bars_the_sum_is_one_bar_and_the_evidence_says_so(hours: int, bars: int) -> None:
    long = market(np.append(np.full(bars, USUAL), 3 * USUAL), np.zeros(bars + 1), hours * HOUR)

    assert score(long) == pytest.approx(3.0)
    assert isnan(score(long.tail(bars * 9 // 10)))
    assert facts(long)["sum over"].value == hours


@pytest.mark.parametrize("of", [spike(NAN), spike(1.0).until(0), spike(1.0).tail(100)])
def test_what_is_unknown_has_no_evidence(of: Panel) -> None:
    assert facts(of) == {}
    assert facts(spike(1.0), "NOSUCH") == {}
