"""A cascade in words: what a reader sees when it begins, while it goes on, when it is the market's, and at its end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store.place_settings import PLAIN
from bot.living import lines, what
from bot.wording import alert
from signals.event import Event
from signals.model import Fact, Unit
from signals.rules.lifecycle import Change
from tests.bot.events import AT, FUNDING

SUM = Fact("liquidated", 12.4e6, Unit.USD, "forced selling")
MOVES = (Fact("OI in coins", -0.041, Unit.FRACTION), Fact("price", -0.032, Unit.FRACTION))


def cascade(change: Change, longs: float = 0.9, *more: Fact) -> Event:
    facts = (SUM, Fact("side", longs, Unit.FRACTION, "longs"), *MOVES, *more)
    value = 0.0 if change is Change.RESOLVED else 1.0
    return replace(
        FUNDING,
        name="cascade",
        unit=Unit.STATE,
        value=value,
        line=0.5,
        clear=0.25,
        change=change,
        facts=facts,
        at=AT,
        fired_at=AT - timedelta(minutes=12),
        floor=True,
    )


def said(of: Event) -> str:
    return "\n".join("".join(piece.text for piece in one) for one in lines(of, of.at, PLAIN))


@pytest.mark.parametrize(
    ("of", "headline", "parts"),
    [
        (
            cascade(Change.FIRED),
            "long cascade",
            ["≥$12.4M liquidated, 90% longs: forced selling", "end comes as a"],
        ),
        (cascade(Change.GREW), "long cascade", ["Going on for 12m", "OI in coins −4.1%, price −3.2%"]),
        (cascade(Change.RESOLVED), "long cascade: over", ["It lasted 12m", "the last 15 minutes of it quiet"]),
        (cascade(Change.GREW, 0.1), "short squeeze", ["90% shorts: forced buying"]),
        (
            cascade(Change.GREW, 0.9, Fact("market-wide", 80e6, Unit.USD, "6 coins"), Fact("of BTC", 50e6, Unit.USD)),
            "long cascade, market-wide",
            ["Market-wide: 6 coins, ≥$80M liquidated. Largest: BTC ≥$50M."],
        ),
        (
            cascade(Change.FIRED, 0.9, Fact("fragile before", 0.93, Unit.RANK, "OI at the start")),
            "long cascade",
            ["Fragile before: open interest was higher than 93% of its own 90 days."],
        ),
    ],
)
def test_it_says_how_large_it_is_on_which_side_and_what_comes(of: Event, headline: str, parts: list[str]) -> None:
    assert what(of) == headline
    assert [part for part in parts if part not in said(of)] == []


def test_growth_is_silent_and_never_late_and_carries_the_buttons() -> None:
    of = cascade(Change.GREW)

    message = alert(replace(of, label="LIVE"), of.at + timedelta(minutes=9))

    assert message.silent
    assert message.buttons
    assert not any("Late" in piece.text for one in message.lines for piece in one)
