"""`/alerts` shows how each rule stands and what keeps it silent."""

from dataclasses import replace
from datetime import timedelta

from bot.commands.base import Desk
from signals.rules.lifecycle import AlertState, Phase
from tests.bot.commands.desks import HERE, NOW, ask, desk, put, said, save

FIRING = AlertState(Phase.FIRING, at=NOW, armed=True, fired_at=NOW - timedelta(hours=2))


async def test_a_place_without_rules_is_shown_how_to_make_one() -> None:
    assert "/alert ETH funding < -0.01%" in await said(await desk(), "/alerts")


async def test_each_rule_is_shown_with_where_it_stands() -> None:
    market = await desk()
    for line in ("* funding < -0.01%", "BTC price > 70000", "SOL price > 200", "ETH price crosses 4000"):
        await save(market, line)
    rules = await market.store.of(HERE)
    await ask(market, "/pause #3")
    await put(market, rules[0], None, FIRING, "ETH")
    await put(market, rules[0], None, replace(FIRING, phase=Phase.NO_DATA, beneath=Phase.FIRING), "SOL")
    await put(market, rules[3], None, AlertState(Phase.PENDING, at=NOW, armed=True, since=NOW), "ETH+")
    await ask(market, "/edit #2 once")
    await market.store.mark_judged(NOW)

    assert (
        await said(market, "/alerts")
        == """\
📋 4 rules
#1 * funding < -0.01% for 15m every 1h
   firing: ETH since 10:00 UTC · no data: SOL
#2 BTC price > $70000 for 0s every 1h
   calm
#3 SOL price > $200 for 0s every 1h
   paused, revision 2
#4 ETH price crosses $4000 for 0s
   past the line, not yet long enough: ETH
Change: /edit #1 · rest: /pause #1 · end: /delete 1 · silence: /mute #1 2h.
"""
    )


async def test_a_rule_that_nobody_has_judged_since_it_was_saved_says_so() -> None:
    market = await desk()
    await save(market, "BTC price > 70000")
    await market.store.mark_judged(NOW - timedelta(hours=1))

    assert "not judged yet" in await said(market, "/alerts")


async def test_a_rule_that_was_true_when_it_was_made_waits_for_the_next_time() -> None:
    market = await desk()
    for line in (
        "ETH funding < -0.001%",
        "* price > 100",
        "BTC price crosses up 100",
        "BTC ls.top > 1",
        "SOL price > 200",
    ):
        await save(market, line)
    rules = await market.store.of(HERE)
    await put(market, rules[1], None, FIRING, "ETH")
    await market.store.mark_judged(NOW)

    assert [line.strip() for line in (await said(market, "/alerts")).splitlines()[2:11:2]] == [
        "already true: ETH, armed for the next time",
        "firing: ETH since 10:00 UTC · already true: BTC, SOL, armed for the next time",
        "calm",
        "no data",
        "calm",
    ]


async def test_a_rule_that_cannot_be_looked_at_in_time_is_not_called_calm() -> None:
    market = await desk()
    await save(market, "BTC price > 70000")
    await market.store.mark_judged(NOW)

    assert "not firing" in await said(replace(market, patience=timedelta(0)), "/alerts")


async def test_rules_that_are_over_say_since_when() -> None:
    market = await desk()
    await save(market, "BTC price > 70000 until 2h")
    await save(market, "ETH price > 4000 once")
    (_, once) = await market.store.of(HERE)
    await put(market, once, None, AlertState(at=NOW, armed=True, done=True))

    text = await said(replace(market, now=NOW + timedelta(hours=3)), "/alerts")

    assert "over since 14:00 UTC" in text
    assert "done: it was to be told once" in text


async def test_a_rule_on_the_watchlist_is_about_its_coins() -> None:
    market = await desk()
    await ask(market, "/watch ETH")
    await save(market, "watchlist funding < -0.01%")

    assert "#1" in await said(market, "/alerts eth")
    assert "No rule here is about BTC" in await said(market, "/alerts BTC")


async def test_a_muted_rule_says_until_when() -> None:
    market = await desk()
    await save(market, "ETH funding < -0.01%")
    await ask(market, "/mute funding 2h")

    assert "muted until 14:00 UTC" in await said(market, "/alerts")


async def test_a_stopped_place_says_so_above_its_rules() -> None:
    market = await desk()
    await save(market, "ETH funding < -0.01%")
    await ask(market, "/stop")

    assert (await said(market, "/alerts")).startswith("📋 1 rule · stopped, /start goes on\n")


async def test_rules_of_one_coin_are_those_that_watch_it() -> None:
    market = await desk()
    for line in ("ETH price > 4000", "BTC price > 70000", "* funding < -1%"):
        await save(market, line)

    facts = dict((await ask(market, "/alerts eth")).data)

    assert [row["rule"] for row in facts["rules"]] == [1, 3]
    assert "No rule here is about" in await said(await _only_btc(), "/alerts SOL")


async def _only_btc() -> Desk:
    market = await desk()
    await save(market, "BTC price > 70000")
    return market


async def test_many_rules_come_in_pages_that_reach_the_last_one() -> None:
    market = await desk()
    for price in range(23):
        await save(market, f"BTC price > {70000 + price}")

    shown, line = [], "/alerts"
    while line:
        message = await ask(market, line)
        shown += [row["rule"] for row in dict(message.data)["rules"]]
        line = message.buttons[0].command if message.buttons else ""

    assert shown == list(range(1, 24))
