"""`/mute` is silence with an end, for what alerts can be called by."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store.base import Mute
from bot.commands.base import Desk
from tests.bot.commands.desks import HERE, NOW, ask, desk, said

HOUR = timedelta(hours=1)


async def mutes(market: Desk) -> tuple[Mute, ...]:
    return (await market.store.settings(HERE)).mutes


@pytest.mark.parametrize(
    ("line", "mute"),
    [
        ("/mute ETH 2h", Mute("ETH", NOW + 2 * HOUR, NOW)),
        ("/mute 2h eth", Mute("ETH", NOW + 2 * HOUR, NOW)),
        ("/mute ethusdt 30m", Mute("ETH", NOW + HOUR / 2, NOW)),
        ("/mute negfunding 1d", Mute("negfunding", NOW + 24 * HOUR, NOW)),
        ("/mute liq.long 1h", Mute("liq.long", NOW + HOUR, NOW)),
        ("/mute #1 1h", Mute("#1", NOW + HOUR, NOW)),
        ("/mute 1 1h", Mute("#1", NOW + HOUR, NOW)),
        ("/mute * 1h", Mute("*", NOW + HOUR, NOW)),
        ("/mute 1h", Mute("*", NOW + HOUR, NOW)),
        ("/mute ETH", Mute("ETH", NOW + 8 * HOUR, NOW)),
    ],
)
async def test_what_is_muted_is_what_alerts_are_called_by(line: str, mute: Mute) -> None:
    market = await desk()
    await ask(market, "/alert ETH price > 4000")

    await ask(market, line)

    assert await mutes(market) == (mute,)


async def test_a_mute_says_until_when_and_how_to_end_it() -> None:
    assert (
        await said(await desk(), "/mute ETH 2h")
        == """\
🔇 ETH muted for 2h, until 14:00 UTC
Rules go on; only their messages are left out. End it: /mute ETH off
[1] Unmute
"""
    )


async def test_a_second_mute_of_the_same_replaces_the_first() -> None:
    market = await desk()
    await ask(market, "/mute ETH 2h")
    await ask(market, "/mute BTC 2h")

    await ask(market, "/mute ETH 1h")

    assert set(await mutes(market)) == {Mute("BTC", NOW + 2 * HOUR, NOW), Mute("ETH", NOW + HOUR, NOW)}


async def test_one_mute_ends_or_all_do() -> None:
    market = await desk()
    for coin in ("ETH", "BTC", "SOL"):
        await ask(market, f"/mute {coin} 2h")

    await ask(market, "/mute ETH off")
    assert [mute.subject for mute in await mutes(market)] == ["BTC", "SOL"]

    await ask(market, "/mute off")
    assert await mutes(market) == ()


async def test_a_mute_that_is_over_is_not_listed() -> None:
    market = await desk()
    await ask(market, "/mute ETH 2h")
    later = replace(market, now=NOW + 2 * HOUR)

    assert "ETH until 14:00 UTC" in await said(market, "/mute")
    assert "Nothing is muted." in await said(later, "/mute")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/mute ETHH 2h", "I do not follow ETHH."),
        ("/mute #9 2h", "There is no rule #9 here now"),
        ("/mute ETH BTC 2h", "One thing and one time"),
        ("/mute ETH 2h 3h", "One thing and one time"),
        ("/mute ETH 0h", "From 1s to 30d"),
        ("/mute ETH 31d", "From 1s to 30d"),
        ("/mute ETH 999999w", "From 1s to 30d"),
    ],
)
async def test_a_mistake_mutes_nothing(line: str, says: str) -> None:
    market = await desk()

    assert says in await said(market, line)
    assert await mutes(market) == ()


async def test_muting_leaves_a_stopped_place_stopped() -> None:
    market = await desk()
    await ask(market, "/stop")

    await ask(market, "/mute ETH 2h")

    assert (await market.store.settings(HERE)).stopped
