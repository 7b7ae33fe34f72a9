"""The small phrases that every text is made of."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.phrases import LONGEST_SAID, dated, drawn, moment, ranked, shortened, spoken, who_pays, window
from signals.model import Unit

AT = datetime(2025, 4, 1, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rank", "said"),
    [
        (0.0004, "lower than 99%"),
        (0.04, "lower than 96%"),
        (0.4999, "lower than 50%"),
        (0.5, "higher than 50%"),
        (0.58, "higher than 58%"),
        (0.999, "higher than 99%"),
    ],
)
def test_a_rank_is_told_from_its_nearer_end_and_never_rounded_up(rank: float, said: str) -> None:
    assert ranked(rank) == said


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(0), ""),
        (timedelta(minutes=15), "15m"),
        (timedelta(minutes=60), "1h"),
        (timedelta(hours=24), "24h"),
        (timedelta(days=2), "2d"),
        (timedelta(seconds=90), "90s"),
    ],
)
def test_a_window_is_said_as_the_rule_language_writes_it(span: timedelta, said: str) -> None:
    assert window(span) == said


@pytest.mark.parametrize(("rate", "said"), [(-0.0001, "Shorts"), (0.0001, "Longs"), (0.0, "Nobody")])
def test_the_sign_of_funding_says_who_pays(rate: float, said: str) -> None:
    assert who_pays(rate).startswith(said)


def test_a_moment_carries_its_date_unless_it_is_today_in_the_zone_of_the_reader() -> None:
    later = AT + timedelta(hours=1)
    berlin = timezone(timedelta(hours=2), "CEST")

    assert moment(AT, later, UTC) == "1 Apr 2025 23:30 UTC"
    assert moment(AT, later, berlin) == "01:30 CEST"
    assert dated(AT, berlin) == "2 Apr 2025 01:30 CEST"


def test_only_sums_become_floors() -> None:
    assert spoken(41_200_000.0, Unit.USD, "", floor=True) == "≥$41.2M"
    assert spoken(2_740_000.0, Unit.COINS, "ETH", floor=True) == "≥2.74M ETH"
    assert spoken(65_012.0, Unit.USD, "BTC", is_price=True, floor=True) == "$65,012"
    assert spoken(24.6, Unit.MULTIPLE, "", floor=True) == "24.6x"
    assert spoken(-0.0121, Unit.FRACTION, "", floor=True) == "−1.2%"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (-0.0001, Unit.RATE_8H, "−0.01% per 8h"),
        (1.5, Unit.SPREADS, "1.5 own spreads"),
        (20.0, Unit.MULTIPLE, "20x"),
        (65_000.0, Unit.USD, "$65,000"),
    ],
)
def test_a_line_carries_its_unit(value: float, unit: Unit, said: str) -> None:
    assert drawn(value, unit) == said


def test_what_is_said_back_is_short() -> None:
    assert shortened("x" * LONGEST_SAID) == "x" * LONGEST_SAID
    assert len(shortened("x" * 10_000)) == LONGEST_SAID
