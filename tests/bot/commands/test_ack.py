"""An alert that was seen is not called to mind again; a role is called only where an admin chose it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.chat.base import Invocation, Message, Place
from adapters.store.base import Quota, Saved
from bot.commands.base import Desk
from bot.commands.registry import answer
from signals.event import Event
from signals.rules.lifecycle import AlertState, Change, Phase
from tests.adapters.store.stories import draft, event
from tests.bot.commands.desks import HERE, NOW, ask, desk, put, said, save

FIRST, SECOND, OTHER = "A7FKAAAAAAAAAAAA", "A7FKBBBBBBBBBBBB", "ZZZZAAAAAAAAAAAA"
CHANNEL = Place("discord", "-123")
ROLE = "123456789012345678"


async def with_alerts(market: Desk, *told: tuple[str, Change]) -> Sequence[Event]:
    """A rule on ETH whose episodes came one after the other."""
    await save(market, "ETH funding < -0.01%")
    (rule,) = await market.store.of(HERE)
    events = []
    for number, (episode, change) in enumerate(told):
        at = NOW + timedelta(minutes=number)
        one = replace(event(rule, f"E{number}", at, change), episode=episode)
        await put(market, rule, one, AlertState(Phase.FIRING, at=at, armed=True, fired_at=at, told_at=at))
        events.append(one)
    return events


async def acked(market: Desk) -> Sequence[str]:
    return (await market.store.settings(HERE)).acked


@pytest.mark.parametrize("typed", ["A-A7FK", "a7fk", "A-A7FKAA", FIRST])
async def test_an_alert_is_acked_by_the_beginning_of_its_id(typed: str) -> None:
    market = await desk()
    await with_alerts(market, (OTHER, Change.FIRED), (FIRST, Change.FIRED), (FIRST, Change.REMINDED))

    assert "A-A7FK acked · no more reminders of it" in await said(market, f"/ack {typed}")
    assert await acked(market) == (FIRST,)


async def test_two_alerts_that_begin_alike_are_asked_back_whole() -> None:
    market = await desk()
    await with_alerts(market, (FIRST, Change.FIRED), (SECOND, Change.FIRED))

    message = await ask(market, "/ack A-A7FK")

    assert [button.command for button in message.buttons] == [f"/ack A-{SECOND}", f"/ack A-{FIRST}"]
    assert await acked(market) == ()


async def test_what_goes_on_is_offered_without_what_is_over_or_acked() -> None:
    market = await desk()
    await with_alerts(market, (OTHER, Change.FIRED), (OTHER, Change.RESOLVED), (FIRST, Change.FIRED))

    assert [button.command for button in (await ask(market, "/ack")).buttons] == ["/ack A-A7FK"]
    await ask(market, "/ack A-A7FK")
    assert "Nothing goes on" in await said(market, "/ack")
    assert "A-ZZZZ is over already" in await said(market, "/ack ZZZZ")
    assert await acked(market) == (FIRST,)


@pytest.mark.parametrize("typed", ["A7F", "QQQQ", "A-", "*"])
async def test_an_alert_of_nobody_here_is_not_found(typed: str) -> None:
    market = await desk()
    await with_alerts(market, (FIRST, Change.FIRED))

    message = await ask(market, f"/ack {typed}")

    assert message.headline[0].text.startswith("There is no alert")
    assert [button.command for button in message.buttons] == ["/ack A-A7FK"]


async def test_only_so_many_acks_are_kept_the_newest() -> None:
    market = await desk()
    await with_alerts(market, (FIRST, Change.FIRED))
    await market.store.change(HERE, lambda of: replace(of, acked=tuple(map(str, range(100)))), "many")

    await ask(market, "/ack A7FK")

    assert await acked(market) == (*map(str, range(1, 100)), FIRST)


async def in_channel(market: Desk, line: str) -> Message:
    name, _, arguments = line.removeprefix("/").partition(" ")
    return await answer(Invocation(CHANNEL, "admin", name, arguments, line, NOW, owner=True), market)


async def channel() -> Desk:
    market = await desk()
    assert isinstance(await market.store.add(CHANNEL, draft(), "one", NOW, Quota(9)), Saved)
    return market


@pytest.mark.parametrize("typed", [ROLE, f"<@&{ROLE}>"])
async def test_a_rule_of_a_channel_calls_a_role_until_it_calls_none(typed: str) -> None:
    market = await channel()

    await in_channel(market, f"/mention #1 {typed}")
    assert (await market.store.settings(CHANNEL)).mentions == ((1, ROLE),)
    assert "A role is called by: #1" in (await in_channel(market, "/mention")).headline[0].text

    await in_channel(market, "/mention 1 off")
    assert (await market.store.settings(CHANNEL)).mentions == ()


@pytest.mark.parametrize("typed", ["#1 @everyone", "#1 <@123456789012345678>", "#1", "#2 off", "#1 1 2"])
async def test_anything_else_calls_nobody(typed: str) -> None:
    market = await channel()

    assert "error" in dict((await in_channel(market, f"/mention {typed}")).data)
    assert (await market.store.settings(CHANNEL)).mentions == ()


async def test_in_a_private_place_there_is_no_role_to_call() -> None:
    market = await desk()
    await save(market, "ETH price > 4000")

    assert "in a server's channel only" in await said(market, f"/mention #1 {ROLE}")
    assert (await market.store.settings(HERE)).mentions == ()
