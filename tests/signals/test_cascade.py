"""`cascade` held to a truth table, to a slow calculation bar by bar, and to what must not look like one."""

from dataclasses import replace
from datetime import timedelta
from math import ceil, isnan

import numpy as np
import pytest

from signals.cascade import FRAGILE, Cascade
from signals.heard import code
from signals.model import Metric
from signals.panel import Panel, Series, to_ms
from tests.signals.panels import START, panel

SIGNAL, MINUTE, WINDOW = Cascade(), timedelta(minutes=1), timedelta(0)
ROWS, BEGINS = 1_440, 1_400
NAN = float("nan")
GATE, BOTH = code([("gate", False)]), code([("gate", False), ("okx", False)])
USUAL, BURST = 1_000.0, 50_000.0


def market(
    hot: int = 3,
    *,
    oi: float = -0.04,
    price: float = -0.02,
    side: str = "long",
    rows: int = ROWS,
    step: timedelta = MINUTE,
) -> Panel:
    """A calm day, then so many bars of forced closes with those moves of open interest and price, then calm again."""
    noise = np.random.default_rng(1).uniform(0.5, 1.5, rows) * USUAL
    closed, calm = noise.copy(), np.full(rows, USUAL / 10)
    begins = rows - ROWS + BEGINS
    closed[begins : begins + hot] = BURST
    moved = np.clip((np.arange(rows) - begins + 1) / 5, 0, 1)
    longs, shorts = (closed, calm) if side == "long" else (calm, closed)
    return panel(
        {
            Metric.LIQ_LONG: longs,
            Metric.LIQ_SHORT: shorts,
            Metric.OI_LEVEL: 1e6 * (1 + oi * moved),
            Metric.PRICE: 100 * (1 + price * moved),
        },
        step,
    )


def without(of: Panel, metric: Metric, row: int) -> Panel:
    """The same with one bar unknown."""
    holed = of.matrices[metric].copy()
    holed[row] = np.nan
    return replace(of, matrices={**of.matrices, metric: holed})


def scores(of: Panel, side: str = "") -> Series:
    return SIGNAL.score(of, WINDOW, 40, side)[:, 0]


def test_its_defaults_are_those_of_the_design() -> None:
    assert (SIGNAL.unit, SIGNAL.claim, SIGNAL.sides) == ("state", None, {"long", "short"})
    assert SIGNAL.hold == timedelta(0)


@pytest.mark.parametrize(
    ("of", "long", "short"),
    [
        (market(), True, False),
        (market(5), True, False),
        (market(side="short", price=0.02), False, True),
        (market(2), False, False),
        (market(oi=-0.031), True, False),
        (market(oi=-0.029), False, False),
        (market(oi=0.04), False, False),
        (market(price=0.02), False, False),
        (market(price=0.0), False, False),
        (market(side="short", price=-0.02), False, False),
    ],
)
def test_it_is_one_where_closes_are_rare_positions_go_and_the_price_goes_with_the_forced_orders(
    of: Panel, *, long: bool, short: bool
) -> None:
    assert [scores(of, side).max() for side in ("long", "short", "")] == [long, short, long or short]


def test_it_is_not_held_against_itself() -> None:
    assert scores(market(12, oi=-0.2))[BEGINS + 11 - (ROWS - 40)] == 1


def test_it_ends_after_fifteen_quiet_minutes() -> None:
    on = np.flatnonzero(scores(market(5)))

    hot_in_five = BEGINS + 5 + 2  # the last bar with three hot ones among the last five
    assert on[-1] + ROWS - 40 == hot_in_five - 1 + 15 - 1
    assert (np.diff(on) == 1).all()


@pytest.mark.parametrize("metric", [Metric.LIQ_LONG, Metric.LIQ_SHORT, Metric.OI_LEVEL, Metric.PRICE])
def test_a_bar_that_nobody_knows_is_not_a_quiet_one(metric: Metric) -> None:
    of = market(5)
    holed = of
    for row in range(BEGINS + 8, ROWS):
        holed = without(holed, metric, row)

    assert scores(of)[-1] == 0
    assert isnan(scores(holed)[-1])


def told_by(of: Panel, *parts: tuple[int, int]) -> Panel:
    """The same, with who was heard in its minutes: so many in a row, the rest as the last."""
    codes = np.array([code for count, code in parts for _ in range(count)], np.float32)
    codes = np.concatenate([codes, np.full(len(of.times) - len(codes), codes[-1], np.float32)])
    return replace(of, matrices={**of.matrices, Metric.LIQ_HEARD: codes[:, np.newaxis]})


@pytest.mark.parametrize(("own", "is_told"), [(137, False), (138, True)])
def test_a_venue_that_joins_makes_no_minute_hot_and_has_its_own_past_after_a_tenth_of_a_day(
    own: int, *, is_told: bool
) -> None:
    before, ends = 30, BEGINS + 5
    since, lately = (told_by(market(5), (of, GATE), (1, BOTH)).until(ends) for of in (ends - before - own, ends - 1))

    told = SIGNAL.score(since, WINDOW, 1)[0, 0]

    assert told == 1.0 if is_told else isnan(told)
    assert isnan(SIGNAL.score(lately, WINDOW, 1)[0, 0])
    assert SIGNAL.score(told_by(market(5), (ends - 1, BOTH), (1, GATE)).until(ends), WINDOW, 1) == 1.0
    assert SIGNAL.score(told_by(market(5, oi=0.0), (ends - 1, GATE), (1, BOTH)).until(ends), WINDOW, 1) == 0.0


def test_minutes_without_a_venue_are_no_yardstick_for_those_with_it() -> None:
    """Since it joined, ten hours ago, that much was closed every other hour: not rare for ten hours, rare for a day."""
    of = market(5)
    sums = of.matrices[Metric.LIQ_LONG].copy()
    sums[BEGINS - 600 : BEGINS - 30 : 120] = 2 * BURST
    often = replace(of, matrices={**of.matrices, Metric.LIQ_LONG: sums})

    told = [told_by(often, (BEGINS - 600, before), (1, BOTH)).until(BEGINS + 5) for before in (BOTH, GATE)]

    assert [SIGNAL.score(each, WINDOW, 1)[0, 0] for each in told] == [1.0, 0.0]


@pytest.mark.parametrize(("step", "is_known"), [(MINUTE, True), (5 * MINUTE, True), (10 * MINUTE, False)])
def test_on_longer_bars_it_cannot_be_told(step: timedelta, *, is_known: bool) -> None:
    rows = 300 if step > MINUTE else ROWS
    rng = np.random.default_rng(3)
    of = panel({m: rng.uniform(1, 2, rows) for m in SIGNAL.needs}, step)

    assert np.isfinite(SIGNAL.score(of, WINDOW, 2)).any() == is_known


def test_the_minutes_of_one_day_are_enough() -> None:
    """As many as are kept in memory: what is judged live is what research says."""
    of = market(5, rows=2 * ROWS)

    live = np.concatenate(
        [SIGNAL.score(of.until(row).tail(ROWS), WINDOW, 1) for row in range(2 * ROWS - 39, 2 * ROWS + 1)]
    )

    np.testing.assert_array_equal(live, SIGNAL.score(of, WINDOW, 40))
    assert live.any()


def slow(of: Panel, row: int, side: str) -> float:
    """The definition, word by word, for one row."""
    longs, shorts = of.matrices[Metric.LIQ_LONG][:, 0], of.matrices[Metric.LIQ_SHORT][:, 0]
    oi, price = of.matrices[Metric.OI_LEVEL][:, 0], of.matrices[Metric.PRICE][:, 0]
    both = [float(a) + float(b) for a, b in zip(longs, shorts, strict=True)]
    past = [x for x in both[max(0, row + 1 - 30 - 23 * 60) : max(0, row + 1 - 30)] if not isnan(x)]
    if len(past) < 0.9 * 23 * 60:
        return NAN
    ordered = sorted(past, reverse=True)
    edge = ordered[int(0.005 * len(past))]
    found = 0.0
    for at in range(row - 14, row + 1):
        if any(isnan(x) for x in both[at - 4 : at + 1]):
            return NAN
        changes = [float(m[at]) / float(m[at - 15]) - 1 for m in (oi, price)]
        if any(isnan(x) for x in changes):
            return NAN
        hot = sum(x > edge for x in both[at - 4 : at + 1]) >= ceil(0.6 * 5)
        lost, gained = sum(map(float, longs[at - 4 : at + 1])), sum(map(float, shorts[at - 4 : at + 1]))
        down, up = changes[1] < 0 and lost > gained, changes[1] > 0 and gained > lost
        went = {"long": down, "short": up, "": down or up}[side]
        found = max(found, float(hot and went and changes[0] <= -0.03))
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("side", ["", "long", "short"])
def test_it_equals_a_slow_calculation(seed: int, side: str) -> None:
    rng = np.random.default_rng(seed)
    way = rng.choice([-1, 1])
    longs, shorts = (rng.lognormal(7, 1, ROWS) for _ in range(2))
    hit = slice(1_390 + seed, 1_390 + seed + 3 + seed % 3)
    (longs if way < 0 else shorts)[hit] *= 400
    moves, gone = rng.normal(0, 2e-4, ROWS), rng.normal(0, 2e-4, ROWS)
    moves[hit], gone[hit] = 0.01 * way, -0.012
    oi, price = 1e6 * np.exp(np.cumsum(gone)), 50 * np.exp(np.cumsum(moves))
    longs[rng.integers(0, 1_300, 20)] = np.nan
    if seed == 3:
        oi[1_425] = np.nan
    of = panel({Metric.LIQ_LONG: longs, Metric.LIQ_SHORT: shorts, Metric.OI_LEVEL: oi, Metric.PRICE: price}, MINUTE)

    fast = SIGNAL.score(of, WINDOW, 60, side)[:, 0]

    np.testing.assert_array_equal(fast, [slow(of, row, side) for row in range(ROWS - 60, ROWS)])
    wanted = side in ("", "long" if way < 0 else "short")
    assert (np.nansum(fast) > 0) == wanted


def test_its_evidence_names_side_sum_and_moves() -> None:
    of = market(5, side="short", price=0.02).until(BEGINS + 5)

    said = {fact.label: fact for fact in SIGNAL.evidence(of, "BTC", WINDOW)}

    assert said["liquidated"].text == "forced buying: a squeeze"
    assert said["liquidated"].value == pytest.approx(5 * BURST + 10 * USUAL + 15 * USUAL / 10, rel=0.05)
    assert said["OI in coins"].value == pytest.approx(-0.04)
    assert said["price"].value == pytest.approx(0.02)
    assert "fragile before" not in said


@pytest.mark.parametrize(("level", "is_fragile"), [(2e6, True), (1e5, False)])
def test_a_market_with_much_open_interest_for_itself_was_fragile(level: float, *, is_fragile: bool) -> None:
    hours = 90 * 24
    past = panel({Metric.OI_LEVEL: np.linspace(2e5, 1e6, hours)})
    of = market(5).until(BEGINS + 5)
    oi = of.matrices[Metric.OI_LEVEL] * (level / 1e6)
    times = past.times - to_ms(START + timedelta(hours=hours)) + int(of.times[0])
    whole = replace(
        of,
        matrices={**of.matrices, Metric.OI_LEVEL: oi},
        others={past.step: replace(past, times=times)},
    )

    said = {fact.label: fact.value for fact in SIGNAL.evidence(whole, "BTC", WINDOW)}

    assert (said.get("fragile before", 0.0) or 0.0) >= FRAGILE if is_fragile else "fragile before" not in said
