"""`/why not` says what kept a rule from firing or from being told, and how close it came."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store.base import Final
from bot.commands.base import Desk
from signals.rules.lifecycle import Change
from tests.bot.commands.desks import HERE, NOW, STEP, ask, desk, said, save
from tests.bot.commands.test_why import told


async def made(sentence: str, hours: int = 20) -> Desk:
    """A market in which that rule was made so many hours ago."""
    market = await desk()
    await save(replace(market, now=NOW - hours * STEP), sentence)
    return market


async def test_the_nearest_miss_is_told_with_value_line_distance_and_time() -> None:
    assert (
        await said(await made("ETH oi.level < 80000 coins and price 4h rises by 0.2%"), "/why not #1")
        == """\
📊 Why not #1 · not judged yet
ETH oi.level < 80k coins and price 4h rises by 0.2% for 5m every 1h
It has never fired since it is here.
Looked at 1 coin since 4 Jan 2026 16:00 UTC, bars of 1h.
Nearest miss: ETH, 5 Jan 2026 12:00 UTC
   open interest 97k ETH, fires below 80,000 ETH: 17k ETH short
   price change in 4h +0.40%, fires at or above 0.2%: past its line
[1] Rule #1
"""
    )


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("ETH funding < -0.03%", "funding −0.0140% per 8h, fires below −0.03% per 8h: 0.0160% per 8h short"),
        ("BTC price > $70000", "price $61,826, fires above $70,000: $8,174 short"),
        ("ETH price 4h moves by 3%", "+0.40%, fires from a move of 3% either way: 2.6% short"),
        ("ETH ls.top > 2", "100% of them are unknown, and neither fire nor end anything."),
        ("ETH ls.top > 2", "Nothing of it was known in that time, so it could not fire."),
        ("ETH funding < -0.01%", "Past its line already on ETH from 4 Jan 2026 17:00 UTC to 5 Jan 2026 12:00 UTC"),
        ("SOL price > $154 for 9h", "Not long enough: past its line on SOL from 5 Jan 2026 09:00 UTC"),
        ("SOL price > $154 for 9h", "for 3h of the 9h that it must hold."),
        (
            "SOL price > $154 for 3h",
            "Past its line on SOL from 5 Jan 2026 09:00 UTC to 5 Jan 2026 12:00 UTC: that is told",
        ),
        ("SOL price > $154", "Past its line on SOL from 5 Jan 2026 09:00 UTC to 5 Jan 2026 12:00 UTC: that is told"),
        ("* price > $61000", "Looked at 3 coins since "),
    ],
)
async def test_what_kept_it_from_firing_is_told(sentence: str, says: str) -> None:
    assert says in await said(await made(sentence), "/why not 1")


@pytest.mark.parametrize(
    ("before", "says"),
    [
        ("/mute #1 2h", "An alert is held back now: muted, /unmute #1"),
        ("/pause #1", "Why not #1 · paused"),
        ("/stop", "An alert is held back now: stopped, /start goes on"),
        ("/settings noise loud", "An alert is held back now: only loud alerts, /settings noise"),
    ],
)
async def test_what_holds_its_alerts_back_comes_first(before: str, says: str) -> None:
    market = await made("ETH funding < -0.03%")
    await ask(market, before)

    lines = (await said(market, "/why not #1")).splitlines()

    assert any(says in line for line in lines[:3])


async def test_what_became_of_its_last_alerts_is_counted() -> None:
    market = await made("ETH funding < -0.01%")
    (rule,) = await market.store.of(HERE)
    await market.store.subscribe_all("terminal", await market.store.last_change(), market.store.rules())
    for change, minutes in ((Change.FIRED, 0), (Change.REMINDED, 60), (Change.RESOLVED, 90)):
        event = await told(market, rule, change, minutes)
        await market.store.fan_out("terminal", event, 10, event.at)
    epoch = await market.store.lead("terminal", "me", NOW, timedelta(seconds=10))
    for why in ("muted ETH", "muted ETH"):
        claim = await market.store.claim(epoch, NOW, timedelta(seconds=9))
        await market.store.finish(claim, Final.SKIPPED, why, "", NOW)

    shown = await said(market, "/why not #1")

    assert (
        "Of its last 3 alerts: 2 held back (muted ETH), 1 on its way; it fired last on ETH, 5 Jan 2026 12:00 UTC."
        in shown
    )


async def test_a_rule_that_was_just_made_and_one_that_is_not_there_say_so() -> None:
    market = await made("ETH funding < -0.03%", hours=0)

    assert "No bar was closed since it was made." in await said(market, "/why not #1")
    assert "There is no rule #7 here now" in await said(market, "/why not #7")
    assert "Of which rule?" in await said(market, "/why not")
    assert "Of which rule?" in await said(market, "/why not ETH")
