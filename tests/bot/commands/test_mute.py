"""`/mute` is silence with an end, for what alerts can be called by."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store.base import Claim, Epoch, Final, RuleChange
from adapters.store.place_settings import Mute
from bot.commands.base import Desk
from signals.event import Event
from signals.rules.lifecycle import AlertState, Change, Phase
from tests.adapters.store.stories import event
from tests.bot.commands.desks import HERE, NOW, ask, desk, put, said, save

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
    await save(market, "ETH price > 4000")

    await ask(market, line)

    assert await mutes(market) == (mute,)


async def test_a_mute_says_until_when_and_how_to_end_it() -> None:
    assert (
        await said(await desk(), "/mute ETH 2h")
        == """\
🔇 ETH muted for 2h, until 14:00 UTC
Rules go on; only their messages are left out, and counted. End it: /unmute ETH
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

    await ask(market, "/unmute")
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
        ("/mute ETH 2h until clear", "One thing and one time"),
        ("/mute ETH until clear", "ETH: nothing fires now, so there is no end to wait for."),
        ("/unmute ETH BTC", "One thing at a time"),
        ("/unmute", "Nothing was muted."),
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


FIRED = AlertState(Phase.FIRING, at=NOW, armed=True, met_since=NOW - HOUR, fired_at=NOW - HOUR, told_at=NOW - HOUR)


async def with_alerts(market: Desk, *changes: Change) -> Sequence[Event]:
    """A rule whose alerts were held back by a mute of ETH, as fan-out and sender leave them."""
    await save(market, "ETH funding < -0.01%")
    (rule,) = await market.store.of(HERE)
    await market.store.subscribe("terminal", RuleChange(rule.change, rule.id, rule))
    told = [event(rule, f"E{n:03}", NOW + n * HOUR / 60, change) for n, change in enumerate(changes)]
    epoch = await market.store.lead("terminal", "main", NOW, HOUR)
    assert isinstance(epoch, Epoch)
    for one in told:
        await put(market, rule, one, FIRED)
        await market.store.fan_out("terminal", one, 9, NOW)
        claim = await market.store.claim(epoch, NOW, HOUR)
        assert isinstance(claim, Claim)
        await market.store.finish(claim, Final.SKIPPED, "muted ETH", "", NOW)
    return told


async def test_a_mute_counts_what_it_held_back_and_lists_it_when_it_ends() -> None:
    market = await desk()
    await ask(market, "/mute ETH 2h")
    await with_alerts(market, Change.FIRED, Change.REMINDED)

    assert "ETH until 14:00 UTC · 2 alerts left out so far" in await said(market, "/mute")
    ended = await ask(market, "/unmute ETH")

    assert dict(ended.data)["held"] == ["E000", "E001"]
    assert [line[0].text for line in ended.lines] == [
        "2 alerts left out meanwhile:",
        "12:00 UTC · ETH · funding below your line",
        "12:01 UTC · ETH · funding below your line: still, and further",
    ]


async def test_a_mute_does_not_count_what_another_held_back() -> None:
    market = await desk()
    await with_alerts(market, Change.FIRED)
    await ask(market, "/mute #1 2h")

    assert "Rule #1 until 14:00 UTC · 0 alerts left out so far" in await said(market, "/mute")


async def test_a_mute_until_clear_holds_an_episode_that_fired_in_the_same_moment() -> None:
    market = await desk()
    await save(market, "ETH funding < -0.01%")
    (rule,) = await market.store.of(HERE)
    await put(market, rule, None, replace(FIRED, fired_at=NOW))

    assert "muted until it is over on ETH" in await said(market, "/mute ETH until clear")


async def test_a_longer_mute_of_the_same_goes_on_counting() -> None:
    market = await desk()
    await ask(market, "/mute ETH 2h")
    await with_alerts(market, Change.FIRED)

    await ask(replace(market, now=NOW + HOUR), "/mute ETH 4h")

    assert (await mutes(market)) == (Mute("ETH", NOW + 5 * HOUR, NOW),)


async def test_a_mute_until_clear_names_what_it_waits_for_and_is_over_with_it() -> None:
    market = await desk()
    await with_alerts(market, Change.FIRED)

    assert "muted until it is over on ETH" in await said(market, "/mute #1 until clear")
    assert (await mutes(market)) == (Mute("#1", None, NOW),)
    assert "Rule #1 until it is over" in await said(market, "/mute")

    (rule,) = await market.store.of(HERE)
    await put(market, rule, None, AlertState(at=NOW + HOUR, armed=True))
    assert "Nothing is muted." in await said(market, "/mute")


async def test_a_muted_rule_tells_its_muted_share() -> None:
    market = await desk()
    await ask(market, "/mute ETH 2h")
    await with_alerts(market, Change.FIRED, Change.REMINDED)

    text = await said(market, "/alerts")

    assert "firing: ETH since 11:00 UTC · muted until 14:00 UTC · last fired 12:00 UTC" in text
    assert "2 of its last 2 alerts muted (100%)" in text
