"""What a live market says first."""

from datetime import datetime

from adapters.venues.base import Health, Quality
from bot.welcome import asking, unreachable

AT = datetime.fromisoformat("2026-11-23T14:00:00+00:00")


def health(name: str, why: str = "") -> Health:
    return Health(name, Quality.SILVER, why=why)


def text(message: object) -> str:
    return repr(message)


def test_it_says_whom_it_asks_and_when_the_first_numbers_come() -> None:
    said = text(asking(["okx", "bybit"], AT))
    assert "14:00" in said
    assert "Bybit" in said
    assert "OKX" in said


def test_it_says_whom_it_cannot_reach_and_why() -> None:
    said = text(unreachable([health("okx", "was not found (DNS)"), health("bybit")], alone=False))
    assert "OKX (was not found (DNS))" in said
    assert "Bybit (no answer yet)" in said
    assert "--demo" not in said


def test_where_nobody_can_be_reached_it_offers_the_demo() -> None:
    assert "scripts/run --demo" in text(unreachable([health("okx")], alone=True))
