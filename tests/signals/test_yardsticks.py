"""A number held against its own past equals a slow calculation that shares no code with signals/."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from math import isnan
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signals.aggregate import Cycle, Reading, Weighing
from signals.cells import Cells, Vectors
from signals.model import ALL, Cell, Metric, Yardstick
from signals.panel import Panel, from_ms, to_ms
from signals.registry import BY_NAME, SIGNALS
from signals.yardsticks import Memory
from tests.signals.markets import noisy, spliced
from tests.signals.panels import START, panel

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEVEL = timedelta(0)
NAN = float("nan")
RANK, SPREADS, MULTIPLE = Yardstick.RANK, Yardstick.SPREADS, Yardstick.MULTIPLE

ON_FOUR_HOURS = [
    ("funding", LEVEL, RANK),
    ("funding", LEVEL, SPREADS),
    ("funding.apr", LEVEL, RANK),
    ("funding.apr", LEVEL, SPREADS),
    ("funding.settled", LEVEL, RANK),
    ("oi", 4 * HOUR, RANK),
    ("oi", 4 * HOUR, SPREADS),
    ("oi", DAY, SPREADS),
    ("oi.level", LEVEL, RANK),
    ("oi.level", LEVEL, SPREADS),
    ("oi.usd", LEVEL, RANK),
    ("oi.usd", LEVEL, SPREADS),
    ("ls", LEVEL, RANK),
    ("ls.pos", LEVEL, SPREADS),
    ("taker", 4 * HOUR, RANK),
    ("taker", DAY, SPREADS),
    ("liq", 4 * HOUR, RANK),
    ("liq.long", 4 * HOUR, SPREADS),
    ("liq", 4 * HOUR, MULTIPLE),
    ("liq.short", DAY, MULTIPLE),
    ("ratio", DAY, RANK),
    ("ratio", DAY, SPREADS),
    ("price", 4 * HOUR, RANK),
    ("price", 7 * DAY, SPREADS),
    ("basis", LEVEL, RANK),
    ("basis", LEVEL, SPREADS),
    ("volume", 4 * HOUR, RANK),
    ("volume", DAY, MULTIPLE),
    ("volume", 4 * HOUR, SPREADS),
    ("negfunding", LEVEL, RANK),
    ("divergence", 4 * HOUR, RANK),
    ("liqspike", HOUR, RANK),
]
"""On bars of four hours."""

FLOORS = {
    "price": 0.002,
    "oi": 0.003,
    "funding": 1e-5,
    "funding.settled": 1e-5,
    "funding.apr": 1e-5 * 1095,
    "basis": 1e-5,
    "ls.pos": 0.01,
    "taker": 0.01,
    "ratio": 0.001,
}
HEARD = 4095
"""Where it is not told who was heard, nothing is held against it."""

SHARES = {"oi.level": 0.003, "oi.usd": 0.003, "volume": 0.01}


def days_of(name: str, window: timedelta, yardstick: Yardstick) -> int:
    """The baseline of the design, on bars of four hours."""
    if yardstick is MULTIPLE:
        return 30
    if yardstick is RANK:
        return 60 if name in BY_NAME else 90
    return 8 if LEVEL < window <= 4 * HOUR else 90


def has_all(bars: int, t: int, before: int) -> bool:
    """Whether all whose liquidations are in the bars up to t were heard in each of the bars up to another row."""
    told = [HEARD if isnan(of) else int(of) for of in TIED[Metric.LIQ_HEARD][: t + 1, 1].tolist()]
    now, then = told[max(0, t + 1 - bars) :], told[max(0, before + 1 - bars) : before + 1]
    wanted = [bit for bit in range(11) if any(of >> bit & 1 for of in now if of < HEARD)]
    return all(of >> bit & 1 for of in then for bit in wanted)


def slow(values: Sequence[float], t: int, name: str, window: timedelta, yardstick: Yardstick, oi_usd: float) -> float:
    """The definition, in plain Python."""
    x, bars = values[t], days_of(name, window, yardstick) * 6
    stop = t - int(max(window, 4 * HOUR) / (4 * HOUR)) + 1 if yardstick is MULTIPLE else t
    known = [at for at in range(max(0, stop - bars), max(0, stop)) if not isnan(values[at])]
    summed, is_liq = int(window / (4 * HOUR)), name in ("liq", "liq.long", "liq.short")
    past = [values[at] for at in known if not is_liq or has_all(summed, t, at)]
    if isnan(x) or len(known) < 0.9 * bars or len(past) < 30 or len(past) < 0.1 * bars:
        return NAN
    if yardstick is RANK:
        return (sum(v < x for v in past) + sum(v == x for v in past) / 2) / len(past)
    least = 0.00002 * oi_usd if oi_usd > 0 else NAN
    middle = median(past)
    if yardstick is MULTIPLE:
        usual = max(middle, least) if name.startswith("liq") else middle
        return x / usual if usual > 0 and not (name.startswith("liq") and isnan(least)) else NAN
    floor = least if name.startswith("liq") else FLOORS.get(name) or SHARES[name] * abs(middle)
    return NAN if isnan(floor) else (x - middle) / max(1.4826 * median(abs(v - middle) for v in past), floor)


def cycle_of(of: Panel, row: int, *, away: float | None = None) -> Cycle:
    """The moment that the row closed; with `away`, someone's silence would have made levels so much larger."""
    readings: dict[str, dict[Metric, Reading]] = {}
    for column, coin in enumerate(of.coins):
        for metric, matrix in of.matrices.items():
            value = float(matrix[row, column])
            known = None if isnan(value) else value
            held = None if away is None or known is None else known * away
            one = Reading(known, from_ms(int(of.times[row])), ("binance",), (), 1.0, Weighing.ONE, held=held)
            readings.setdefault(coin, {})[metric] = one
    return Cycle(from_ms(int(of.times[row])), "TEST", readings, ())


def read(of: Panel, row: int, cell: Cell, vectors: Vectors) -> float:
    cycle = tied_cycle(row) if of is TIED else cycle_of(of, row)
    value = Cells(cycle, vectors, of.step).read(cell).reading.value
    return NAN if value is None else value


def live(of: Panel, row: int, cell: Cell, memory: Memory | None = None) -> float:
    return read(of, row, cell, Vectors(of.until(row + 1), SIGNALS, 1, memory=memory))


def many_ties(seed: int) -> Panel:
    """A market in which many a rate, sum and ratio is one and the same, as the real ones are."""
    of = noisy(seed)
    rng = np.random.default_rng(seed)
    matrices = dict(of.matrices)
    for metric, usual in ((Metric.FUNDING, 1e-4), (Metric.LS, 1.5), (Metric.LIQ_LONG, 0.0), (Metric.VOLUME, 7.0)):
        same = rng.random(of.shape) < 0.5
        matrices[metric] = np.where(same & np.isfinite(matrices[metric]), np.float32(usual), matrices[metric])
    matrices[Metric.INDEX] = matrices[Metric.PRICE] * np.float32(0.999)
    return replace(of, matrices=matrices)


TIED = many_ties(11)


@cache
def tied_cycle(row: int) -> Cycle:
    return cycle_of(TIED, row)


@pytest.mark.parametrize(("name", "window", "yardstick"), ON_FOUR_HOURS)
def test_every_yardstick_equals_a_slow_calculation_live_and_in_research(
    name: str, window: timedelta, yardstick: Yardstick
) -> None:
    cell = Cell(
        "SOL" if name == "liqspike" else "ETH", ALL, name, window, yardstick
    )  # a score is dark where a venue joins
    whole = Vectors(TIED, SIGNALS, None)
    bare = replace(cell, yardstick=Yardstick.VALUE)
    plain = [float(np.float32(read(TIED, row, bare, whole))) for row in range(len(TIED.times))]
    oi_usd = TIED[Metric.OI_LEVEL][:, 1].astype(np.float64) * TIED[Metric.PRICE][:, 1]

    rows = [30, 200, *range(560, 640, 9)]
    research = [read(TIED, row, cell, whole) for row in rows]

    wanted = [slow(plain, row, name, window, yardstick, float(oi_usd[row])) for row in rows]
    np.testing.assert_allclose(research, wanted, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal([live(TIED, row, cell) for row in rows[-3:]], research[-3:])
    assert np.isfinite(wanted).any()


# Laws

LAWFUL = [case for case in ON_FOUR_HOURS if case[1] in (LEVEL, 4 * HOUR, DAY)][::3]
each = pytest.mark.parametrize(("name", "window", "yardstick"), LAWFUL)


@each
def test_what_comes_later_changes_nothing(name: str, window: timedelta, yardstick: Yardstick) -> None:
    cell, row = Cell("ETH", ALL, name, window, yardstick), 600
    other = spliced(TIED, noisy(12), row + 1)

    before, after = (read(of, row, cell, Vectors(of, SIGNALS, None)) for of in (TIED, other))

    assert before == after or (isnan(before) and isnan(after))
    np.testing.assert_array_equal(TIED[Metric.PRICE][: row + 1], other[Metric.PRICE][: row + 1])
    assert not np.array_equal(TIED[Metric.PRICE], other[Metric.PRICE], equal_nan=True)


SIZES = (Metric.OI_LEVEL, Metric.OI_EXPECTED)


@each
@pytest.mark.parametrize("factor", [2.0**9, 2.0**-9])
def test_the_size_of_a_coin_does_not_matter(name: str, window: timedelta, yardstick: Yardstick, factor: float) -> None:
    """Prices times f and coins by f; dollars stay. Powers of two keep floats exact."""
    by = {Metric.PRICE: factor, Metric.INDEX: factor} | dict.fromkeys(SIZES, 1 / factor)
    other = replace(
        TIED,
        matrices={m: (x * by.get(m, 1.0)).astype(np.float32) for m, x in TIED.matrices.items()},
        legs={m: {v: (x * by.get(m, 1.0)).astype(np.float32) for v, x in of.items()} for m, of in TIED.legs.items()},
    )
    cell = Cell("ETH", ALL, name, window, yardstick)

    for row in (560, 639):
        assert live(other, row, cell) == pytest.approx(live(TIED, row, cell), rel=1e-5, nan_ok=True)


@pytest.mark.parametrize("yardstick", [RANK, SPREADS])
@pytest.mark.parametrize("known", [485, 486])
def test_a_past_with_less_than_nine_tenths_of_its_bars_is_no_past(yardstick: Yardstick, known: int) -> None:
    """90 days of four hours are 540 bars."""
    rates = np.full(541, NAN)
    rates[-1 - known :] = np.random.default_rng(1).normal(0, 1e-4, known + 1)

    value = live(panel({Metric.FUNDING: rates}, 4 * HOUR), 540, Cell("BTC", ALL, "funding", LEVEL, yardstick))

    assert isnan(value) is (known < 486)


def test_an_unknown_value_has_no_rank() -> None:
    rates = np.append(np.full(540, 1e-4), NAN)

    assert isnan(live(panel({Metric.FUNDING: rates}, 4 * HOUR), 540, Cell("BTC", ALL, "funding", LEVEL, RANK)))


@pytest.mark.parametrize(("now", "rank"), [(1e-4, 0.5), (1.0001e-4, 1.0), (0.9999e-4, 0.0)])
def test_a_rate_that_never_moved_is_in_the_middle_and_a_little_more_is_above_all(now: float, rank: float) -> None:
    """Weighted means have more digits than bars keep; a rate must tie with itself all the same."""
    usual = 1e-4 * (1 + 1e-9)
    of = panel({Metric.FUNDING: np.append(np.full(540, usual), now)}, 4 * HOUR)
    exact = {"BTC": {Metric.FUNDING: Reading(now, START, ("okx",), (), 1.0, Weighing.OI)}}
    cycle = Cycle(from_ms(int(of.times[-1])), "TEST", exact, ())
    cells = Cells(cycle, Vectors(of, SIGNALS, 1), of.step)

    for name in ("funding", "funding.apr"):
        assert cells.read(Cell("BTC", ALL, name, LEVEL, RANK)).reading.value == rank


@pytest.mark.parametrize(
    ("name", "yardstick"),
    [("funding", RANK), ("funding", SPREADS), ("oi.usd", SPREADS), ("ls", RANK), ("negfunding", RANK)],
)
def test_what_would_be_had_the_missing_stayed_is_measured_too(name: str, yardstick: Yardstick) -> None:
    row, cell = 620, Cell("ETH", ALL, name, LEVEL, yardstick)
    cells = Cells(cycle_of(TIED, row, away=0.5), Vectors(TIED, SIGNALS, None), TIED.step)
    seen, bare = cells.read(cell).reading, cells.read(replace(cell, yardstick=Yardstick.VALUE)).reading

    whole, unmeasured = Vectors(TIED, SIGNALS, None), replace(cell, yardstick=Yardstick.VALUE)
    plain = [float(np.float32(read(TIED, r, unmeasured, whole))) for r in range(80, row)]
    assert bare.held is not None
    wanted = slow([*plain, float(np.float32(bare.held))], len(plain), name, LEVEL, yardstick, 1.0)
    assert seen.held == pytest.approx(wanted, rel=1e-6)
    assert seen.value == pytest.approx(live(TIED, row, cell))
    assert live(TIED, row, cell) != pytest.approx(seen.held)


def test_nobody_missing_holds_nothing() -> None:
    cells = Cells(cycle_of(TIED, 620), Vectors(TIED, SIGNALS, 1), TIED.step)

    assert cells.read(Cell("ETH", ALL, "funding", LEVEL, RANK)).reading.held is None


@pytest.mark.parametrize(
    ("name", "yardstick"), [("funding", MULTIPLE), ("liqspike", SPREADS), ("negfunding", MULTIPLE), ("price", MULTIPLE)]
)
def test_what_cannot_be_measured_so_is_unknown(name: str, yardstick: Yardstick) -> None:
    window = HOUR if name == "liqspike" else 4 * HOUR if name == "price" else LEVEL

    assert isnan(live(TIED, 620, Cell("ETH", ALL, name, window, yardstick)))


# Bars of several lengths


def fine(minutes: int, hours: int, past_the_hour: int, seed: int) -> Panel:
    """Hours, 5 minutes and minutes of one market with coins in common, the minutes going on past the last hour."""
    rng = np.random.default_rng(seed)

    def bars(step: timedelta, rows: int, end: timedelta) -> Panel:
        scale = step / MINUTE
        one = panel(
            {
                Metric.FUNDING: np.round(rng.normal(0, 1e-4, rows), 5),
                Metric.LIQ_LONG: rng.lognormal(3, 1, rows) * scale,
                Metric.LIQ_SHORT: np.where(rng.random(rows) < 0.6, 0.0, rng.lognormal(3, 1, rows) * scale),
                Metric.PRICE: 100 * np.exp(np.cumsum(rng.normal(0, 1e-3, rows))),
                Metric.OI_LEVEL: 1e3 * np.exp(np.cumsum(rng.normal(0, 1e-3, rows))),
            },
            step,
        )
        last = to_ms(START + end)
        return replace(one, times=one.times + last - int(one.times[-1]))

    end = hours * HOUR
    now = end + past_the_hour * MINUTE
    short, five = bars(MINUTE, minutes, now), bars(5 * MINUTE, 8 * 288 + 60, end + past_the_hour // 5 * 5 * MINUTE)
    return replace(short, others={5 * MINUTE: five, HOUR: bars(HOUR, hours, end)})


def ends_before(of: Panel, end: int) -> int:
    return int((of.times < end).sum())


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**16), st.integers(0, 59))
def test_a_minute_is_held_against_the_hours_that_ended_before_it(seed: int, past_the_hour: int) -> None:
    of = fine(120, 92 * 24, past_the_hour, seed)
    hours, end = of.others[HOUR], int(of.times[-1])
    stop = ends_before(hours, end)
    rates = hours[Metric.FUNDING][stop - 2160 : stop, 0]
    now = of[Metric.FUNDING][-1, 0]

    rank = live(of, 119, Cell("BTC", ALL, "funding", LEVEL, RANK))

    assert rank == ((rates < now).sum() + 0.5 * (rates == now).sum()) / 2160


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**16), st.integers(0, 59), st.sampled_from(["liq", "liq.long", "liq.short"]))
def test_the_multiple_of_an_hour_is_that_of_the_signal(seed: int, past_the_hour: int, name: str) -> None:
    """For one hour of both sides the yardstick is `liqspike`; of one side it is its side, but for its share."""
    of = fine(120, 40 * 24, past_the_hour, seed)

    multiple = live(of, 119, Cell("BTC", ALL, name, HOUR, MULTIPLE))

    side = name[4:]
    spike = live(of, 119, Cell("BTC", ALL, "liqspike", HOUR, side=side))
    assert multiple == pytest.approx(spike, rel=1e-6) or (side and spike == 0.0)
    assert multiple > 0


@pytest.mark.parametrize(("window", "step", "bars"), [(5, 5, 2304), (1, 1, 1440)])
def test_a_window_shorter_than_an_hour_is_held_against_its_own_kind(window: int, step: int, bars: int) -> None:
    of = fine(1500, 40 * 24, 17, 3)
    grid, end = of.at(step * MINUTE), int(of.times[-1])
    stop = ends_before(grid, end)
    sums = (grid[Metric.LIQ_LONG][:, 0].astype(np.float64) + grid[Metric.LIQ_SHORT][:, 0]).astype(np.float32)
    both = of[Metric.LIQ_LONG][:, 0].astype(np.float64) + of[Metric.LIQ_SHORT][:, 0]
    now = np.float32(both[-window:].sum())

    rank = live(of, 1499, Cell("BTC", ALL, "liq", window * MINUTE, RANK))

    past = sums[max(0, stop - bars) : stop]
    assert rank == pytest.approx(((past < now).sum() + 0.5 * (past == now).sum()) / len(past))


def test_one_venue_is_held_against_what_bars_keep_of_it() -> None:
    cell = Cell("ETH", "okx", "oi", 4 * HOUR, RANK)
    vectors = Vectors(TIED, SIGNALS, None)
    unmeasured = replace(cell, yardstick=Yardstick.VALUE)
    told = [vectors.value(unmeasured, from_ms(ms))[0] for ms in TIED.times.tolist()]
    bare = [np.float32(NAN if value is None else value) for value in told]

    rank = live(TIED, 620, cell)

    past = [x for x in bare[620 - 540 : 620] if not isnan(x)]
    assert rank == pytest.approx(
        (sum(x < bare[620] for x in past) + 0.5 * sum(x == bare[620] for x in past)) / len(past)
    )
    assert rank != live(TIED, 620, replace(cell, venue=ALL))
    assert isnan(live(TIED, 620, Cell("ETH", "okx", "funding", LEVEL, RANK)))


# What is remembered


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**16), st.lists(st.integers(1, 3), min_size=3, max_size=6))
def test_what_is_remembered_from_moment_to_moment_is_what_would_be_computed(seed: int, leaps: list[int]) -> None:
    of, memory, row = many_ties(seed % 7), Memory(), 580
    cells = [Cell("ETH", ALL, *case) for case in (ON_FOUR_HOURS[0], ON_FOUR_HOURS[6], ON_FOUR_HOURS[18])]

    for leap in leaps:
        row += leap
        kept = of.until(row + 1).tail(600)
        for cell in cells:
            carried = read(kept, len(kept.times) - 1, cell, Vectors(kept, SIGNALS, 1, memory=memory))
            afresh = read(kept, len(kept.times) - 1, cell, Vectors(kept, SIGNALS, 1))
            np.testing.assert_array_equal(carried, afresh)


def test_a_coin_that_comes_is_no_other_coins_past() -> None:
    memory, cell = Memory(), Cell("ETH", ALL, "funding", LEVEL, RANK)
    without = replace(TIED.of(("ETH", "SOL")))

    first = read(without, 620, cell, Vectors(without.until(621), SIGNALS, 1, memory=memory))

    assert read(TIED, 620, cell, Vectors(TIED.until(621), SIGNALS, 1, memory=memory)) == first
