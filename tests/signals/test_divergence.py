from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import isnan
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.divergence import Divergence
from signals.judge import verdict
from signals.model import Direction, Fact, Family, Metric, Unit
from signals.panel import Matrix, Panel, Series
from signals.rules.lifecycle import Verdict
from signals.rules.model import Compare, Condition
from tests.signals.panels import panel

NAN = float("nan")
SIGNAL = Divergence()
WINDOW = timedelta(hours=4)
BACK = 4
BASELINE = 8 * 24
"""Hours of the baseline of windows up to four hours."""

CALM = BASELINE + BACK
SPREAD_OF_MAD = 1.4826


def moved(past: Sequence[float] | Series, fraction: float) -> Series:
    """That past, and one hour more in which the value is so much away from four hours before."""
    return np.append(past, past[-BACK] * (1 + fraction))


def market(price: float, oi: float, **more: Sequence[float] | Series) -> Panel:
    """Eight calm days and four hours, and one hour that moves both by those fractions over four hours."""
    columns = {Metric.PRICE: moved(np.full(CALM, 100.0), price), Metric.OI_LEVEL: moved(np.full(CALM, 1e6), oi)}
    return panel({**columns, **{Metric[name.upper()]: values for name, values in more.items()}})


def score(of: Panel, window: timedelta = WINDOW) -> float:
    return float(SIGNAL.score(of, window, 1)[-1, 0])


def said(value: float) -> Verdict:
    stock = Condition("divergence", WINDOW, Compare.ABOVE, SIGNAL.fire, SIGNAL.clear, Unit.SPREADS, stock=True)
    return verdict(stock, None if isnan(value) else value)[0]


def test_its_defaults_are_those_of_the_design() -> None:
    assert (SIGNAL.fire, SIGNAL.clear, SIGNAL.hold) == (1.5, 0.75, timedelta(minutes=5))
    assert (SIGNAL.family, SIGNAL.claim, SIGNAL.unit) == (Family.POSITIONING, Direction.DOWN, Unit.SPREADS)
    assert SIGNAL.windows == (timedelta(hours=4), timedelta(hours=1), timedelta(hours=24))
    assert (SIGNAL.needs, SIGNAL.basis) == (frozenset({Metric.PRICE, Metric.OI_LEVEL}), Metric.OI_LEVEL)


@pytest.mark.parametrize(
    ("price", "oi", "wanted"),
    [
        (0.01, -0.01, 0.01 / 0.003),
        (0.02, -0.015, 0.015 / 0.003),
        (0.011, -0.03, 0.011 / 0.002),
        (0.0099, -0.01, 0.0),
        (0.01, -0.0099, 0.0),
        (0.0, -0.05, 0.0),
        (0.05, 0.0, 0.0),
        (0.05, 0.03, -0.03 / 0.003),
        (-0.05, -0.03, -0.05 / 0.002),
        (-0.02, 0.06, -0.06 / 0.003),
    ],
    ids=[
        "both at their least",
        "OI is the smaller",
        "price is the smaller",
        "price under its least",
        "OI under its least",
        "price stands",
        "OI stands",
        "new longs",
        "long unwinding",
        "new shorts",
    ],
)
def test_the_score_is_the_smaller_move_in_own_spreads_and_not_above_zero_unless_both_move_apart(
    price: float, oi: float, wanted: float
) -> None:
    value = score(market(price, oi))

    assert value == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    assert said(value) is (Verdict.MET if wanted > 0 else Verdict.CALM)


def swinging(size: float) -> Series:
    """A past whose four-hour changes are that size, half of them up and half of them down."""
    return np.where(np.arange(CALM) // BACK % 2, 100.0 * (1 + size), 100.0)


@pytest.mark.parametrize(
    ("price", "wanted"),
    [
        (0.0225, Verdict.MET),
        (0.0220, Verdict.BETWEEN),
        (0.0115, Verdict.BETWEEN),
        (0.0105, Verdict.CALM),
    ],
)
def test_a_coin_that_always_swings_by_a_hundredth_must_move_by_more(price: float, wanted: Verdict) -> None:
    past = swinging(0.01)
    calm = moved(np.full(CALM, 1e6), -0.1)

    value = score(panel({Metric.PRICE: moved(past, price), Metric.OI_LEVEL: calm}))

    assert value == pytest.approx(price / (SPREAD_OF_MAD * 0.00995), rel=0.02)
    assert said(value) is wanted


def test_open_interest_in_dollars_would_hide_what_coins_show() -> None:
    dollars_up = market(0.05, 1.02 / 1.05 - 1)
    dollars_down = market(-0.03, 0.0)

    assert said(score(dollars_up)) is Verdict.MET
    assert said(score(dollars_down)) is Verdict.CALM


HOLES = {
    "the last bar": [-1],
    "the bar that the change starts from": [-1 - BACK],
    "more than a tenth of the baseline": range(20, 20 + BASELINE // 10 + 1),
}


@pytest.mark.parametrize("metric", [Metric.PRICE, Metric.OI_LEVEL])
@pytest.mark.parametrize("rows", HOLES.values(), ids=HOLES)
def test_without_its_bars_it_is_unknown(metric: Metric, rows: Sequence[int]) -> None:
    columns = {Metric.PRICE: moved(np.full(CALM, 100.0), 0.02), Metric.OI_LEVEL: moved(np.full(CALM, 1e6), -0.03)}
    assert said(score(panel(columns))) is Verdict.MET

    columns[metric][list(rows)] = NAN

    assert said(score(panel(columns))) is Verdict.UNKNOWN


def test_a_few_holes_in_the_baseline_change_nothing() -> None:
    whole = market(0.02, -0.03)
    price = moved(np.full(CALM, 100.0), 0.02)
    price[[50, 60, 70]] = NAN

    holed = panel({Metric.PRICE: price, Metric.OI_LEVEL: moved(np.full(CALM, 1e6), -0.03)})

    assert score(holed) == score(whole)


@pytest.mark.parametrize(("missing", "known"), [(BASELINE // 10, True), (BASELINE // 10 + 1, False)])
def test_it_needs_nine_tenths_of_eight_days(missing: int, known: bool) -> None:
    young = market(0.02, -0.03).tail(CALM + 1 - missing)

    assert isnan(score(young)) is not known


def test_a_window_of_a_day_rests_on_ninety_days() -> None:
    rows = 90 * 24 + 24
    columns = {Metric.PRICE: np.full(rows + 1, 100.0), Metric.OI_LEVEL: np.full(rows + 1, 1e6)}
    columns[Metric.PRICE][-1], columns[Metric.OI_LEVEL][-1] = 104.0, 0.94e6

    long, short = panel(columns), panel(columns).tail(60 * 24)

    assert score(long, timedelta(hours=24)) == pytest.approx(0.04 / 0.002, rel=1e-4)
    assert isnan(score(short, timedelta(hours=24)))
    assert score(short) == pytest.approx(0.04 / 0.002, rel=1e-4)


@pytest.mark.parametrize("window", [timedelta(hours=1), timedelta(hours=4)])
def test_a_window_shorter_than_a_bar_is_unknown(window: timedelta) -> None:
    days = panel({Metric.PRICE: np.full(60, 100.0), Metric.OI_LEVEL: np.full(60, 1e6)}, timedelta(days=1))

    assert np.isnan(SIGNAL.score(days, window)).all()


SHARES = {"binance": 60.0, "okx": 25.0, "bybit": 15.0}
"""Open interest of three venues, in coins."""


def venues(closing: Mapping[str, float], silent: str = "") -> Panel:
    """Price +2 % everywhere; at the end each venue's open interest moved by that fraction; one may be silent."""
    oi = {v: moved(np.full(CALM, share), closing.get(v, 0.0)) for v, share in SHARES.items()}
    price = {v: moved(np.full(CALM, 100.0), 0.02) for v in SHARES}
    expected = np.sum([*oi.values()], axis=0)
    if silent:
        oi[silent][-1] = price[silent][-1] = NAN
    columns = {
        Metric.PRICE: moved(np.full(CALM, 100.0), 0.02),
        Metric.OI_LEVEL: np.nansum([*oi.values()], axis=0),
        Metric.OI_EXPECTED: expected,
    }
    return panel(columns, legs={Metric.PRICE: price, Metric.OI_LEVEL: oi})


@pytest.mark.parametrize(
    ("closing", "silent", "wanted"),
    [
        ({}, "", Verdict.CALM),
        ({}, "bybit", Verdict.CALM),
        ({}, "okx", Verdict.UNKNOWN),
        ({}, "binance", Verdict.UNKNOWN),
        (dict.fromkeys(SHARES, -0.03), "", Verdict.MET),
        (dict.fromkeys(SHARES, -0.03), "bybit", Verdict.MET),
        ({"binance": -0.03}, "bybit", Verdict.MET),
        ({"okx": -0.03}, "bybit", Verdict.CALM),
    ],
)
def test_a_venue_that_falls_silent_did_not_close_its_positions(
    closing: Mapping[str, float], silent: str, wanted: Verdict
) -> None:
    assert said(score(venues(closing, silent))) is wanted


def test_the_order_of_venues_does_not_matter() -> None:
    forth = venues({"binance": -0.03, "okx": 0.01}, "bybit")
    back = Panel(
        forth.times,
        forth.coins,
        forth.step,
        forth.matrices,
        {m: dict([*by.items()][::-1]) for m, by in forth.legs.items()},
    )

    assert score(back) == pytest.approx(score(forth), rel=1e-9)


def noisy(seed: int, rows: int = CALM + 40) -> Panel:
    """Two venues with jumps and holes, so that both quadrants and unknown values occur."""
    rng = np.random.default_rng(seed)

    def walk(start: float) -> Series:
        path = start * np.exp(np.cumsum(rng.normal(0, 0.004, rows) + 0.03 * (rng.random(rows) < 0.03)))
        return np.where(rng.random(rows) < 0.01, NAN, path)

    price = {v: walk(100.0) for v in ("binance", "okx")}
    oi = {"binance": walk(8e5)[::-1], "okx": walk(1e5)[::-1]}
    columns = {
        Metric.PRICE: price["binance"],
        Metric.OI_LEVEL: np.nansum([*oi.values()], axis=0),
        Metric.OI_EXPECTED: np.sum([np.nan_to_num(x, nan=8e5 if v == "binance" else 1e5) for v, x in oi.items()], 0),
    }
    return panel(columns, legs={Metric.PRICE: price, Metric.OI_LEVEL: oi})


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(-20, 20), st.sampled_from([Metric.PRICE, Metric.OI_LEVEL]))
def test_neither_the_size_of_prices_nor_that_of_positions_matters(seed: int, power: int, metric: Metric) -> None:
    """Powers of two, which change no digit."""
    plain, factor = noisy(seed), 2.0**power
    sized = {metric, Metric.OI_EXPECTED} if metric is Metric.OI_LEVEL else {metric}

    def scaled(of: Metric, matrix: Matrix) -> Matrix:
        return (matrix.astype(np.float64) * factor).astype(np.float32) if of in sized else matrix

    other = Panel(
        plain.times,
        plain.coins,
        plain.step,
        {m: scaled(m, x) for m, x in plain.matrices.items()},
        {m: {v: scaled(m, x) for v, x in by.items()} for m, by in plain.legs.items()},
    )

    np.testing.assert_allclose(SIGNAL.score(other, WINDOW), SIGNAL.score(plain, WINDOW), rtol=1e-9)


def slow_change(of: Panel, metric: Metric, row: int) -> float:
    """The change over four bars, venue by venue."""
    if row < BACK or isnan(of[metric][row, 0]) or isnan(of[metric][row - BACK, 0]):
        return NAN
    legs = {v: [float(x[r, 0]) for r in (row - BACK, row)] for v, x in of.legs[metric].items()}
    oi = {v: [float(x[r, 0]) for r in (row - BACK, row)] for v, x in of.legs[Metric.OI_LEVEL].items()}
    matched = [v for v, (start, end) in legs.items() if not isnan(start) and not isnan(end)]
    for side, at in enumerate((row - BACK, row)):
        present = [v for v in legs if not isnan(legs[v][side])]
        if metric is Metric.OI_LEVEL:
            whole = float(of[Metric.OI_EXPECTED][at, 0])
            part = sum(oi[v][side] for v in matched)
        elif all(not isnan(oi[v][side]) for v in present):
            whole, part = sum(oi[v][side] for v in present), sum(oi[v][side] for v in matched)
        else:
            whole, part = len(present), len(matched)
        if not matched or part < 0.8 * whole - 1e-3 * whole:
            return NAN
    return sum(legs[v][1] - legs[v][0] for v in matched) / sum(legs[v][0] for v in matched)


def slow_z(changes: Sequence[float], row: int, floor: float) -> float:
    past = [x for x in changes[max(0, row - BASELINE) : row] if not isnan(x)]
    if len(past) < 0.9 * BASELINE:
        return NAN
    middle = median(past)
    return (changes[row] - middle) / max(1.4826 * median(abs(x - middle) for x in past), floor)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_it_equals_a_slow_calculation_bar_by_bar(seed: int) -> None:
    of = noisy(seed)
    rows = range(len(of.times))
    price = [slow_change(of, Metric.PRICE, row) for row in rows]
    oi = [slow_change(of, Metric.OI_LEVEL, row) for row in rows]

    found = SIGNAL.score(of, WINDOW)[:, 0]

    wanted = []
    for row in rows:
        up, closed = slow_z(price, row, 0.002), -slow_z(oi, row, 0.003)
        smaller = NAN if isnan(up) or isnan(closed) else min(up, closed)
        apart = price[row] >= 0.01 and oi[row] <= -0.01
        wanted.append(smaller if apart or isnan(smaller) else min(smaller, 0.0))
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9)


def test_the_slow_calculation_sees_every_kind_of_score() -> None:
    scores = np.concatenate([SIGNAL.score(noisy(seed), WINDOW)[CALM:, 0] for seed in range(30)])

    assert (scores > SIGNAL.fire).any()
    assert (scores < 0).any()
    assert np.isnan(scores).any()


def facts(of: Panel, coin: str = "BTC") -> Mapping[str, Fact]:
    return {fact.label: fact for fact in SIGNAL.evidence(of, coin, WINDOW)}


def test_the_evidence_names_both_moves_as_fractions() -> None:
    found = facts(market(0.02, -0.03))

    assert found["price"].value == pytest.approx(0.02, rel=1e-5)
    assert found["OI in coins"].value == pytest.approx(-0.03, rel=1e-5)
    assert {found["price"].unit, found["OI in coins"].unit} == {Unit.FRACTION}
    assert found["likely cause"].text == "cause unclear"


def at_end(*values: float, before: float = 0.0) -> Series:
    """A series that is `before` until it ends with those values."""
    return np.append(np.full(CALM + 1 - len(values), before), values)


P, N = 0.0001, -0.0001
COVERING = "short covering: funding came up from below zero"
SPOT_LED = "spot-led: the share of spot volume rose"
UNCLEAR = "cause unclear"


@pytest.mark.parametrize(
    ("long", "short", "cause"),
    [
        (40.0, 60.0, "short covering: 60% of liquidations were shorts"),
        (0.0, 10.0, "short covering: 100% of liquidations were shorts"),
        (41.0, 59.0, UNCLEAR),
        (100.0, 0.0, UNCLEAR),
        (0.0, 0.0, UNCLEAR),
        (NAN, 60.0, UNCLEAR),
    ],
)
def test_shorts_that_dominate_the_windows_liquidations_are_named(long: float, short: float, cause: str) -> None:
    flows = {"liq_long": at_end(*[long] * BACK), "liq_short": at_end(*[short] * BACK)}
    before = {"liq_long": at_end(0, 0, 0, 0, before=9e9), "liq_short": at_end(*[short] * BACK)}

    assert facts(market(0.02, -0.03, **flows))["likely cause"].text == cause
    assert short == 0 or isnan(long) or facts(market(0.02, -0.03, **before))["likely cause"].text.endswith("shorts")


@pytest.mark.parametrize(
    ("funding", "cause"),
    [
        (at_end(N, 0.0, 0.0, 0.0, P, before=P), COVERING),
        (at_end(-2 * P, P, P, P, N, before=P), COVERING),
        (at_end(N, P, P, P, N, before=P), UNCLEAR),
        (at_end(N, P, P, P, -2 * P, before=P), UNCLEAR),
        (at_end(0.0, P, P, P, P, before=N), UNCLEAR),
        (at_end(P, N, N, N, P, before=N), UNCLEAR),
        (at_end(NAN, N, N, N, P, before=N), UNCLEAR),
        (at_end(N, N, N, N, NAN, before=N), UNCLEAR),
    ],
    ids=["above", "less below", "as before", "lower", "from zero", "below between", "start unknown", "end unknown"],
)
def test_funding_that_came_up_from_below_zero_since_the_windows_start_is_named(funding: Series, cause: str) -> None:
    assert facts(market(0.02, -0.03, funding=funding))["likely cause"].text == cause


@pytest.mark.parametrize(
    ("spot", "cause"),
    [
        (at_end(11.0, 11.0, 11.0, 11.0, before=10.0), SPOT_LED),
        (at_end(12.0, 12.0, 12.0, 9.0, before=10.0), SPOT_LED),
        (at_end(10.0, 10.0, 10.0, 10.0, before=10.0), UNCLEAR),
        (at_end(9.0, 9.0, 9.0, 9.0, before=10.0), UNCLEAR),
        (at_end(8.0, 8.0, 8.0, 8.0, 9.0, 9.0, 9.0, 9.0, before=10.0), SPOT_LED),
        (at_end(NAN, NAN, 20.0, 20.0, before=10.0), UNCLEAR),
    ],
    ids=["rose", "rose, not lately", "stood", "fell", "rose against the window before", "unknown"],
)
def test_a_share_of_spot_volume_that_rose_is_named(spot: Series, cause: str) -> None:
    of = market(0.02, -0.03, volume_spot=spot, volume_paired=np.full(CALM + 1, 100.0))

    assert facts(of)["likely cause"].text == cause


def test_liquidated_shorts_are_named_before_funding_and_funding_before_spot() -> None:
    flows = {"liq_long": at_end(*[1.0] * BACK), "liq_short": at_end(*[9.0] * BACK)}
    funding = {"funding": at_end(N, 0.0, 0.0, 0.0, P, before=P)}
    spot = {"volume_spot": at_end(*[11.0] * BACK, before=10.0), "volume_paired": np.full(CALM + 1, 100.0)}

    assert facts(market(0.02, -0.03, **flows, **funding, **spot))["likely cause"].text.endswith("were shorts")
    assert facts(market(0.02, -0.03, **funding, **spot))["likely cause"].text == COVERING


@pytest.mark.parametrize("of", [market(0.02, NAN), market(NAN, -0.03), market(0.02, -0.03).until(2)])
def test_unknown_moves_have_no_evidence(of: Panel) -> None:
    assert facts(of) == {}
    assert facts(market(0.02, -0.03), "NOSUCH") == {}
