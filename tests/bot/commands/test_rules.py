"""`/alerts` shows how each rule stands; `/delete` ends one for good."""

from datetime import timedelta

from adapters.chat.base import Place
from adapters.store.alert_port import Commit
from adapters.store.base import Quota
from bot.commands.base import Desk
from signals.rules.lifecycle import AlertState, Phase
from tests.bot.commands.desks import HERE, NOW, ask, desk, said
from tests.signals.rules.vocabulary import rule

FIRING = AlertState(Phase.FIRING, at=NOW, armed=True, fired_at=NOW - timedelta(hours=2))


async def put(market: Desk, number: int, coin: str, state: AlertState) -> None:
    """Store where a rule stands on a coin, as the evaluator does."""
    own = {rule.number: rule for rule in await market.store.of(HERE)}
    await market.store.commit(Commit((own[number].id, coin), own[number].revision, 0, state.at, state, None))


async def test_a_place_without_rules_is_shown_how_to_make_one() -> None:
    assert "/alert ETH funding < -0.01%" in await said(await desk(), "/alerts")


async def test_each_rule_is_shown_with_where_it_stands() -> None:
    market = await desk()
    for line in ("/alert * funding < -0.01%", "/alert BTC price > 70000", "/alert SOL price > 200"):
        await ask(market, line)
    await put(market, 1, "ETH", FIRING)
    await put(market, 1, "SOL", AlertState(Phase.NO_DATA, at=NOW, armed=True))
    await put(market, 2, "BTC", AlertState(at=NOW, armed=True))

    assert (
        await said(market, "/alerts")
        == """\
📋 3 rules
#1 * funding < -0.01% for 15m every 1h
   firing: ETH since 10:00 UTC · no data: SOL
#2 BTC price > $70000 for 0s every 1h
   calm on 1 coin
#3 SOL price > $200 for 0s every 1h
   not judged yet
End one: /delete 1. Silence one: /mute #1 2h. Silence all: /stop.
"""
    )


async def test_a_muted_rule_says_until_when() -> None:
    market = await desk()
    await ask(market, "/alert ETH funding < -0.01%")
    await ask(market, "/mute funding 2h")

    assert "muted until 14:00 UTC" in await said(market, "/alerts")


async def test_a_stopped_place_says_so_above_its_rules() -> None:
    market = await desk()
    await ask(market, "/alert ETH funding < -0.01%")
    await ask(market, "/stop")

    assert (await said(market, "/alerts")).startswith("📋 1 rule · stopped, /start goes on\n")


async def test_rules_of_one_coin_are_those_that_watch_it() -> None:
    market = await desk()
    for line in ("/alert ETH price > 4000", "/alert BTC price > 70000", "/alert * funding < -1%"):
        await ask(market, line)

    facts = dict((await ask(market, "/alerts eth")).data)

    assert [row["rule"] for row in facts["rules"]] == [1, 3]
    assert "No rule here is about" in await said(await _only_btc(), "/alerts SOL")


async def _only_btc() -> Desk:
    market = await desk()
    await ask(market, "/alert BTC price > 70000")
    return market


async def test_many_rules_come_in_pages_that_reach_the_last_one() -> None:
    market = await desk()
    for price in range(23):
        await ask(market, f"/alert BTC price > {70000 + price}")

    shown, line = [], "/alerts"
    while line:
        message = await ask(market, line)
        shown += [row["rule"] for row in dict(message.data)["rules"]]
        line = message.buttons[0].command if message.buttons else ""

    assert shown == list(range(1, 24))


async def test_a_deleted_rule_is_gone_and_can_be_pasted_back() -> None:
    market = await desk()
    await ask(market, "/alert ETH price > 4000")

    message = await ask(market, "/delete 1")

    assert await market.store.of(HERE) == []
    assert message.buttons[0].command == "/alert ETH price > $4000 for 0s every 1h"
    await ask(market, message.buttons[0].command)
    assert [rule.number for rule in await market.store.of(HERE)] == [2]


async def test_a_number_that_is_not_here_deletes_nothing() -> None:
    market = await desk()
    await ask(market, "/alert ETH price > 4000")

    assert "There is no rule #2 here now" in await said(market, "/delete 2")
    assert "Which rule?" in await said(market, "/delete ETH")
    assert "Which rule?" in await said(market, "/delete 1 2")
    assert len(await market.store.of(HERE)) == 1


async def test_a_rule_of_another_place_cannot_be_seen_or_deleted() -> None:
    market = await desk()
    elsewhere = Place("terminal", "elsewhere")
    await market.store.add(elsewhere, rule("ETH price > 4000"), "s", NOW, Quota(50))

    assert "There is no rule #1" in await said(market, "/delete 1")
    assert "No rules here yet" in await said(market, "/alerts")
    assert len(await market.store.of(elsewhere)) == 1
