"""`/digest` tells what the day of the place brought so far."""

from datetime import timedelta

import pytest

from adapters.store.base import Claim, Epoch, Final, RuleChange
from bot.commands.base import Desk
from signals.rules.lifecycle import AlertState, Phase
from tests.adapters.store.stories import event
from tests.bot.commands.desks import HERE, NOW, ask, desk, put, said, save

HOUR = timedelta(hours=1)


async def over_budget(market: Desk, *hours_ago: float) -> None:
    """A rule whose alerts were held back by the budget, one that long ago each."""
    await save(market, "ETH funding < -0.01%")
    (rule,) = await market.store.of(HERE)
    await market.store.subscribe("terminal", RuleChange(rule.change, rule.id, rule))
    epoch = await market.store.lead("terminal", "main", NOW, HOUR)
    assert isinstance(epoch, Epoch)
    for hours in hours_ago:
        at = NOW - hours * HOUR
        one = event(rule, f"E{hours}", at)
        await put(market, rule, one, AlertState(Phase.FIRING, at=at, armed=True, fired_at=at, told_at=at))
        await market.store.fan_out("terminal", one, 9, NOW)
        claim = await market.store.claim(epoch, NOW, HOUR)
        assert isinstance(claim, Claim)
        await market.store.finish(claim, Final.SKIPPED, "over budget", "", NOW)


@pytest.mark.parametrize(
    ("zone", "says"),
    [
        ("UTC", "1 alert, 0 sent"),
        ("Europe/Berlin", "2 alerts, 0 sent"),
        ("Asia/Kathmandu", "3 alerts, 0 sent"),
        ("America/New_York", "1 alert, 0 sent"),
        ("Pacific/Honolulu", "no alerts"),
    ],
)
async def test_a_day_begins_at_midnight_in_the_zone_of_the_place(zone: str, says: str) -> None:
    market = await desk()
    await over_budget(market, 15, 12.5, 3)
    await ask(market, f"/settings timezone {zone}")

    assert (await ask(market, "/digest")).headline[0].text == f"Today so far: {says}"


async def test_it_names_what_the_budget_left_out_and_how_to_be_told_each_day() -> None:
    market = await desk()
    await over_budget(market, 3)

    text = await said(market, "/digest")

    assert "1 alert over budget, the best of them first:\n09:00 UTC · ETH · funding below your line\n" in text
    assert "To be told each day: /settings digest 08:00" in text
    await ask(market, "/settings digest 20:15")
    assert "Told each day at 20:15." in await said(market, "/digest")


async def test_a_quiet_day_says_so() -> None:
    assert "Nothing fired and nothing ended." in await said(await desk(), "/digest")
