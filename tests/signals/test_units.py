"""How numbers are written for people."""

import re
from collections.abc import Mapping
from datetime import UTC, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from signals.model import Unit
from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.model import Problem
from signals.units import (
    MINUS,
    age,
    canonical,
    coins,
    duration,
    eight_hourly,
    exact,
    level,
    money,
    number,
    percent,
    price,
    quantity,
    rate,
    rate_year,
    scaled,
    typed,
    yearly,
)
from tests.signals.panels import START

VALUES = st.floats(min_value=-1e15, max_value=1e15, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-12)
SCALE = {"k": 10**3, "M": 10**6, "B": 10**9}


def read(text: str) -> float:
    """The number that a person reads."""
    plain = typed(text).strip("$%≥").replace(",", "").replace("$", "").lstrip("+")
    scale = SCALE.get(plain[-1], 1)
    return float(plain.rstrip("kMB")) * scale


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (rate(-0.000121), "−0.0121%"),
        (rate(0.0000213), "0.0021%"),
        (rate(0.0000213, signed=True), "+0.0021%"),
        (rate_year(-0.132495), "−13.2%"),
        (rate_year(yearly(-0.000037)), "−4.1%"),
        (money(41_234_000, floor=True), "≥$41.2M"),
        (money(1_200_000), "$1.2M"),
        (money(999_950), "$1M"),
        (money(1.214), "$1.21"),
        (money(-2_500), "−$2.5k"),
        (coins(2_744_000, "ETH"), "2.74M ETH"),
        (price(65_012.4), "$65,012"),
        (price(3_412), "$3,412"),
        (price(0.000012345), "$0.00001234"),
        (quantity(-0.098, Unit.FRACTION), "−9.8%"),
        (quantity(0.031, Unit.FRACTION), "+3.1%"),
        (quantity(0.00008, Unit.FRACTION), "+0.0080%"),
        (quantity(0.000084, Unit.FRACTION), "+0.0084%"),
        (quantity(0.996, Unit.RANK), "99.6%"),
        (quantity(1.9 / 18.7, Unit.RATIO), "0.10"),
        (quantity(23.44, Unit.MULTIPLE), "23.4x"),
        (quantity(5.166667, Unit.HOURS), "5h 10m"),
        (quantity(None, Unit.USD), "unknown"),
        (level(-0.0001, Unit.RATE_8H), "−0.01%"),
        (level(65_000.0, Unit.USD), "$65,000"),
        (level(10_000_000.0, Unit.USD), "$10M"),
        (level(2_400_000.0, Unit.COINS, "ETH"), "2.4M ETH"),
        (level(20.0, Unit.MULTIPLE), "20x"),
        (typed(rate(-0.000121)), "-0.0121%"),
    ],
)
def test_numbers_are_written_like_this(written: str, expected: str) -> None:
    assert written == expected


@pytest.mark.parametrize(
    ("seconds", "whole", "largest"),
    [
        (2, "2s", "2s"),
        (432, "7m 12s", "7m"),
        (18_600, "5h 10m", "5h"),
        (900, "15m", "15m"),
        (86_460, "1d", "1d"),
        (12 * 86_400 + 4 * 3_600, "12d 4h", "12d"),
        (0, "0s", "0s"),
        (-3, "0s", "0s"),
    ],
)
def test_spans_are_written_like_this(seconds: int, whole: str, largest: str) -> None:
    span = timedelta(seconds=seconds)

    assert (duration(span), age(span)) == (whole, largest)


@given(VALUES, st.integers(0, 4))
def test_a_number_is_never_off_by_more_than_its_last_digit_and_never_0_unless_it_is(value: float, places: int) -> None:
    text = number(value, places)

    shown = float(typed(text).replace(",", ""))
    assert abs(shown - value) <= max(0.51 * 10**-places, 6e-4 * abs(value), 0.51)
    assert (shown == 0) == (value == 0)
    assert "e" not in text.lower()
    assert text.startswith(MINUS) == (value < 0)


TYPED: Mapping[Unit, str] = {
    Unit.USD: "BTC liq 1h > {}",
    Unit.COINS: "BTC oi.level > {}",
    Unit.RATE_8H: "BTC funding > {}",
    Unit.RATE_YEAR: "BTC funding.apr > {}",
    Unit.FRACTION: "BTC oi 4h > {}",
    Unit.RATIO: "BTC ls > {}",
    Unit.MULTIPLE: "BTC liqspike > {}",
    Unit.SPREADS: "BTC divergence > {}",
    Unit.RANK: "BTC ratiocollapse < p{}",
}
"""By unit a rule that reads a number back as its line."""

SIZES: Mapping[Unit, float] = {Unit.USD: 1e7, Unit.COINS: 1e6, Unit.MULTIPLE: 30.0, Unit.RATIO: 1.0, Unit.SPREADS: 2.0}
"""How large such numbers are; the rest are parts of one."""

each_unit = st.sampled_from(list(TYPED))


def typed_back(text: str, unit: Unit) -> Decimal:
    """What our own parser makes of a number as it is shown, in its unit."""
    bare = typed(text).removesuffix(" per 8h").removesuffix(" a year").removesuffix(" own spreads").lstrip("+")
    bare = bare.removesuffix(" ETH") + " coins" if unit is Unit.COINS else bare
    bare = bare.removesuffix("%") if unit is Unit.RANK else bare
    read_back = parse(TYPED[unit].format(bare), Vocabulary(("BTC",), ("okx",), SIGNALS, START, UTC))
    assert not isinstance(read_back, Problem), (text, read_back)
    return Decimal(repr(read_back.conditions[0].line))


def half_a_digit(text: str) -> Decimal:
    """Half of one in the last place of a number as it is shown."""
    figures = re.search(r"([0-9.,]+)([kMB%]?)", text)
    assert figures is not None
    scale = {"%": Decimal("0.01")}.get(figures[2], Decimal(SCALE.get(figures[2], 1)))
    return scale * Decimal(1).scaleb(-len(figures[1].partition(".")[2])) / 2


@st.composite
def beside_a_line(draw: st.DrawFn) -> tuple[Unit, float, float]:
    """A unit with a value and a line, which are often near each other."""
    unit = draw(each_unit)
    size = draw(st.floats(0.01, 0.99)) * SIZES.get(unit, 0.01 if unit is not Unit.RANK else 1.0)
    line = float(f"{size:.2g}")
    value = (
        line * (1 + draw(st.sampled_from([-1, 1])) * 10 ** -draw(st.floats(0.5, 5))) if draw(st.booleans()) else size
    )
    sign = draw(st.sampled_from([-1, 1])) if unit in (Unit.RATE_8H, Unit.RATE_YEAR, Unit.FRACTION) else 1
    return unit, sign * float(f"{min(value, 0.999) if unit is Unit.RANK else value:.6g}"), sign * line


@given(beside_a_line())
@example((Unit.RATE_8H, -0.00010002, -0.0001))
@example((Unit.USD, 20_040_000.0, 20_000_000.0))
@example((Unit.MULTIPLE, 19.96, 20.0))
@example((Unit.RANK, 0.996, 1.0))
def test_what_is_shown_reads_back_as_it_lies_from_its_line_and_within_half_a_last_digit(
    of: tuple[Unit, float, float],
) -> None:
    unit, value, line = of
    text = quantity(value, unit, "ETH", (line,))

    shown = typed_back(text, unit)

    assert shown.compare(Decimal(repr(line))) == Decimal(repr(value)).compare(Decimal(repr(line)))
    assert abs(shown - Decimal(repr(value))) <= half_a_digit(text)


@given(VALUES.filter(lambda x: abs(x) < 10_000))
def test_below_ten_thousand_at_most_four_digits_matter(value: float) -> None:
    digits = number(value, 4).lstrip(MINUS).replace(",", "").replace(".", "").lstrip("0")

    assert len(digits) <= 5 if digits.startswith("10000") else len(digits) <= 4


@given(VALUES)
@example(0.375)
def test_sums_keep_three_digits_at_most_two_decimals_from_a_hundredth_on_and_their_scale(value: float) -> None:
    text = scaled(value)

    coarsest = 5.1e-3 if abs(value) >= 0.01 else 1e-12
    assert read(text) == pytest.approx(value, rel=6e-3, abs=coarsest)
    assert text.startswith(MINUS) == (value < 0)
    assert "e" not in text.lower()


@given(VALUES)
def test_exact_numbers_read_back_to_the_same_value(value: float) -> None:
    assert Decimal(typed(exact(value)).replace(",", "")) == Decimal(repr(value))


@given(st.floats(-1e9, 1e9), st.sampled_from(list(Unit)))
def test_every_unit_can_be_written_for_every_value(value: float, unit: Unit) -> None:
    assert quantity(value, unit, "ETH").strip()
    assert level(value, unit, "ETH").strip()


@given(st.sampled_from(list(Unit)))
def test_unknown_is_said_and_never_0(unit: Unit) -> None:
    assert quantity(None, unit) == "unknown"


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9_999)))
def test_a_span_is_written_short_by_less_than_its_second_unit(span: timedelta) -> None:
    units = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
    parts = duration(span).split(" ")

    shown = sum(int(part[:-1]) * units[part[-1]] for part in parts)
    largest = units[parts[0][-1]]
    assert 0 <= span.total_seconds() - shown < max(1, largest)
    assert len(parts) <= 2


@given(VALUES)
def test_what_is_typed_back_is_ascii(value: float) -> None:
    assert typed(percent(value, 2)).isascii()


@pytest.mark.parametrize("interval", [1.0, 2.0, 4.0, 8.0])
def test_the_same_economics_give_the_same_yearly_rate_at_every_interval(interval: float) -> None:
    per_hour = -0.0000046

    assert yearly(eight_hourly(per_hour * interval, interval)) == pytest.approx(per_hour * 8760)


@pytest.mark.parametrize(
    ("venue", "base", "expected"),
    [
        ("binance", "1000PEPE", ("PEPE", 1000.0)),
        ("binance", "1MBABYDOGE", ("BABYDOGE", 1_000_000.0)),
        ("hyperliquid", "kPEPE", ("PEPE", 1000.0)),
        ("okx", "XBT", ("BTC", 1.0)),
        ("gate", "1INCH", ("1INCH", 1.0)),
    ],
)
def test_one_coin_name_everywhere(venue: str, base: str, expected: tuple[str, float]) -> None:
    assert canonical(venue, base) == expected
